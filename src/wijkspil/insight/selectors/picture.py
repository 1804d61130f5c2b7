"""Figures as the pages of the picture show them: of one area, and of what lies in it.

Counted figures have no run; what is expected comes from the newest computed reference
scenario. Nothing is computed here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Min, QuerySet

from wijkspil.directory.selectors.picture_areas import (
    PictureArea,
    list_pictured_areas,
)
from wijkspil.directory.types import AreaKind
from wijkspil.insight.models import Figure
from wijkspil.insight.types import RunStatus

#: Key of the shipped scenario in which nothing special is done.
_BASE = "base"


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with the area it is about; see ``types.FigureRow``."""

    indicator: str
    area_id: int
    area_code: str
    area_name: str
    valid_from: date
    valid_until: date
    part_of_day: str
    value: float | None
    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None
    is_withheld: bool
    source: str
    measured_at: datetime | None
    computed_at: datetime
    around: str = ""


def get_picture_area(code: str) -> PictureArea | None:
    """Return an area by its code: of the division that has figures (two queries)."""
    found = list_pictured_areas(code)
    if len(found) < 2:
        return found[0] if found else None
    with_figures = set(
        Figure.objects.filter(area_id__in=[area.id for area in found])
        .values_list("area_id", flat=True)
        .distinct()
    )
    return next((area for area in found if area.id in with_figures), found[0])


def list_periods(
    area_ids: Collection[int], *, indicators: Collection[str] = ()
) -> list[tuple[date, date]]:
    """Return the periods of which these areas have counted figures, newest first."""
    rows = Figure.objects.filter(run=None, area_id__in=list(area_ids))
    if indicators:
        rows = rows.filter(indicator__in=list(indicators))
    return list(
        rows.values_list("valid_from", "valid_until")
        .distinct()
        .order_by("-valid_from", "-valid_until")
    )


def list_newest(
    area_ids: Collection[int],
    *,
    indicators: Collection[str] = (),
    month: date | None = None,
) -> list[Shown]:
    """Return counted figures of areas: of a month, or of each the newest (one query).

    Every part of the day; ``part_of_day`` is empty for the whole.
    """
    rows = Figure.objects.filter(run=None, area_id__in=list(area_ids))
    if indicators:
        rows = rows.filter(indicator__in=list(indicators))
    if month is not None:
        return _shown(rows.filter(valid_from=month))
    return _shown(
        rows.order_by("area_id", "indicator", "part_of_day", "-valid_from").distinct(
            "area_id", "indicator", "part_of_day"
        )
    )


def list_within(
    indicators: Collection[str],
    *,
    kind: str,
    within: int | None,
    month: date | None,
    purpose: str = "",
    part_of_day: str = "",
) -> list[Shown]:
    """Return counted figures of what lies in an area, by name (two queries).

    ``kind`` is wijk, gemeente or region (of one ``purpose``); ``within`` None is the
    country; ``month`` None is the newest month of the indicators there.
    """
    rows = Figure.objects.filter(
        run=None,
        indicator__in=list(indicators),
        area__kind=kind,
        part_of_day=part_of_day,
    )
    if purpose:
        rows = rows.filter(area__purpose=purpose)
    if within is not None:
        rows = rows.filter(area__within__contains=[within])
    if month is None:
        month = rows.aggregate(newest=Max("valid_from"))["newest"]
    return _shown(rows.filter(valid_from=month).order_by("area__name", "area__code"))


def list_expected(
    area_ids: Collection[int], *, indicators: Collection[str]
) -> list[Shown]:
    """Return what the newest reference run expects of areas, by year (two queries)."""
    return _expected(Figure.objects.filter(area_id__in=list(area_ids)), indicators)


def list_expected_within(
    indicators: Collection[str],
    *,
    year: int,
    kind: str,
    within: int | None,
    purpose: str = "",
) -> list[Shown]:
    """Return what is expected in a year of what lies in an area (two queries)."""
    rows = Figure.objects.filter(
        area__kind=kind,
        valid_from__gte=date(year, 1, 1),
        valid_from__lt=date(year + 1, 1, 1),
    )
    if purpose:
        rows = rows.filter(area__purpose=purpose)
    if within is not None:
        rows = rows.filter(area__within__contains=[within])
    return _expected(rows, indicators)


def get_age(area_ids: Collection[int]) -> datetime | None:
    """Return when the oldest of the newest figures was made (one query)."""
    newest = (
        Figure.objects.filter(run=None, area_id__in=list(area_ids))
        .values("indicator")
        .annotate(made=Max("computed_at"))
    )
    oldest: datetime | None = newest.aggregate(oldest=Min("made"))["oldest"]
    return oldest


def by_indicator(rows: Iterable[Shown]) -> Mapping[str, Shown]:
    """Return the figures of one area over the whole day by indicator."""
    return {row.indicator: row for row in rows if not row.part_of_day}


def _expected(rows: QuerySet[Figure], indicators: Collection[str]) -> list[Shown]:
    # Of two regions that were computed, the newest run counts for an area.
    return _shown(
        rows.filter(
            indicator__in=list(indicators),
            run__status=RunStatus.DONE,
            run__scenario__base=_BASE,
            run__scenario__owner=None,
            run__scenario__overrides={},
            run__scenario__closing=[],
        )
        .order_by("area_id", "indicator", "part_of_day", "valid_from", "-run_id")
        .distinct("area_id", "indicator", "part_of_day", "valid_from")
    )


#: Columns of a figure that are shown as they are.
_PLAIN = (
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


def _shown(rows: QuerySet[Figure]) -> list[Shown]:
    found = rows.values_list(
        "indicator",
        "area_id",
        "area__code",
        "area__name",
        "area__kind",
        "area__purpose",
        "area__parent__name",
        *_PLAIN,
    )
    return [
        Shown(
            indicator=indicator,
            area_id=area_id,
            area_code=f"{purpose}/{code}" if kind == AreaKind.REGION else code,
            area_name=name,
            around=around or "",
            **dict(zip(_PLAIN, plain, strict=True)),
        )
        for indicator, area_id, code, name, kind, purpose, around, *plain in found
    ]
