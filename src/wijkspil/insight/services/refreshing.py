"""Store the figures of today: each night, and when somebody asks.

Each theme of a region is one transaction, under a lock, that replaces the figures of
its months and leaves older months alone: safe to run twice, to run beside another, and
to be killed between two themes.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotFound
from wijkspil.core.progress import Progress, Silent
from wijkspil.insight.catalogue import list_of_theme
from wijkspil.insight.models import Figure
from wijkspil.insight.permissions import check_can_view_insight
from wijkspil.insight.selectors.ground import count_ground
from wijkspil.insight.services.counting import THEMES, Row, set_scene
from wijkspil.insight.types import Theme

#: Of the advisory locks of this room; the second number is the theme.
_LOCK = 713_001
_COLUMNS = (
    "indicator",
    "area_id",
    "valid_from",
    "valid_until",
    "part_of_day",
    "value",
    "numerator",
    "denominator",
    "low",
    "high",
    "is_withheld",
    "source",
    "measured_at",
    "computed_at",
)


def refresh_figures(
    *,
    region_id: int | None,
    at: datetime,
    themes: Iterable[Theme] = tuple(THEMES),
    progress: Progress | None = None,
) -> int:
    """Count and store the figures of a region (None: the country); return how many.

    A region may also be a gemeente. Figures are those of the wijken and of every area
    of which all wijken lie in the region.

    Raises
    ------
    NotFound
        If no wijk lies in the region.
    """
    watch = progress or Silent()
    wanted = list(themes)
    counted = count_ground(region_id=region_id, at=at)
    if not counted.wijken:
        raise NotFound(
            _("No wijk lies in area %(id)s: choose a region.") % {"id": region_id}
        )
    scene = set_scene(counted, region_id=region_id, at=at)
    watch.start(_("Counting %(name)s") % {"name": counted.ground.name}, len(wanted))
    stored = 0
    for theme in wanted:
        rows = THEMES[theme](scene)
        months = {scene.month.first, *(row.month.first for row in rows)}
        # What was brought in can be corrected long after: all of it is told anew.
        _store(
            theme,
            rows,
            area_ids=scene.area_ids,
            months=None if theme is Theme.QUALITY else months,
            at=at,
        )
        stored += len(rows)
        watch.advance()
    return stored


def refresh_now(*, region_id: int, actor: Actor, at: datetime) -> int:
    """Refresh the figures of a region for somebody who may see them.

    Raises
    ------
    NotPermitted
        If the region is not theirs.
    """
    check_can_view_insight(actor, Target(region_ids=frozenset({region_id})))
    return refresh_figures(region_id=region_id, at=at)


def _store(
    theme: Theme,
    rows: Sequence[Row],
    *,
    area_ids: Sequence[int],
    months: Collection[date] | None,
    at: datetime,
) -> None:
    """Put the rows in the place of what is there, for months (None: for all)."""
    codes = [one.code for one in list_of_theme(theme)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, list(Theme).index(theme)]
        )
        old = Figure.objects.filter(run=None, indicator__in=codes, area_id__in=area_ids)
        if months is not None:
            old = old.filter(valid_from__in=months)
        old.delete()
        table = Figure._meta.db_table  # noqa: SLF001 - as documented by Django
        with cursor.copy(f"COPY {table} ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(
                    (
                        row.indicator,
                        row.area_id,
                        row.month.first,
                        row.month.next,
                        row.part_of_day,
                        row.value,
                        row.numerator,
                        row.denominator,
                        row.low,
                        row.high,
                        row.is_withheld,
                        row.source,
                        at,
                        at,
                    )
                )
