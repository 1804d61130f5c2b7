"""Charts and maps of the picture, made of its figures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.picture_classes import Classes, make_classes
from wijkspil.insight.picture_wording import (
    say_figure,
    say_unit,
    say_why_missing,
)
from wijkspil.insight.selectors.picture import Shown
from wijkspil.insight.types import Indicator
from wijkspil.ui.charts.planes import draw_line
from wijkspil.ui.charts.rows import draw_bars, draw_dots
from wijkspil.ui.charts.types import Bar, Chart, Dot, DotRow, Line, LinePoint
from wijkspil.ui.navigation import MapCategory

#: More rows than this do not fit in a chart that is read at a glance.
MOST_ROWS = 15


@dataclass(frozen=True, slots=True)
class Choropleth:
    """What a map says of each area, and its legend; withheld areas are ``unknown``."""

    categories: tuple[MapCategory, ...]
    states: Mapping[str, Mapping[str, Any]]


def make_choropleth(indicator: Indicator, rows: Sequence[Shown]) -> Choropleth:
    """Return the classes of an indicator over areas."""
    known = [row.value for row in rows if row.value is not None]
    classes = make_classes(known, decimals=indicator.decimals)
    states = {
        row.area_code: {
            "category": "unknown" if row.value is None else classes.key_of(row.value),
            "text": say_why_missing(indicator, row)
            if row.value is None
            else say_figure(indicator, row.value),
        }
        for row in rows
    }
    return Choropleth(_legend(classes, indicator, rows, bool(known)), states)


def _legend(
    classes: Classes, indicator: Indicator, rows: Sequence[Shown], has_values: bool
) -> tuple[MapCategory, ...]:
    unit = say_unit(indicator)
    labels = classes.labels() if has_values else []
    # The unit once: with the first class.
    said = [
        MapCategory(key, f"{words} {unit}" if number == 0 else words)
        for number, (key, words) in enumerate(labels)
    ]
    if any(row.value is None for row in rows):
        said.append(MapCategory("unknown", _("withheld or not known")))
    return tuple(said)


def draw_areas(
    indicator: Indicator,
    rows: Sequence[Shown],
    *,
    urls: Mapping[str, str],
    reference: tuple[str, float] | None,
    first: str,
) -> Chart:
    """Return the highest areas as bars, with the value of the whole as a line."""
    ordered = sorted(
        rows, key=lambda row: (row.value is None, -(row.value or 0.0), row.area_name)
    )
    shown = ordered[:MOST_ROWS]
    note = ""
    if len(ordered) > len(shown):
        note = _("The %(count)s highest of %(all)s; the table has them all.") % {
            "count": len(shown),
            "all": len(ordered),
        }
    return draw_bars(
        [
            Bar(
                row.area_name,
                row.value,
                row.low,
                row.high,
                why=_("withheld") if row.is_withheld else "",
                url=urls.get(row.area_code, ""),
            )
            for row in shown
        ],
        title=str(indicator.name),
        unit=say_unit(indicator),
        decimals=indicator.decimals,
        note=note,
        first=first,
        reference=None if reference is None else reference[1],
        reference_label="" if reference is None else reference[0],
    )


def draw_beside(
    indicator: Indicator,
    rows: Sequence[Shown],
    others: Sequence[Shown],
    *,
    series: tuple[str, str],
    urls: Mapping[str, str],
    first: str,
) -> Chart:
    """Return areas in two months beside each other."""
    before = {row.area_code: row for row in others}
    ordered = sorted(
        rows, key=lambda row: (row.value is None, -(row.value or 0.0), row.area_name)
    )[:MOST_ROWS]
    return draw_dots(
        [
            DotRow(
                row.area_name,
                (_dot(row), _dot(before.get(row.area_code))),
                url=urls.get(row.area_code, ""),
            )
            for row in ordered
        ],
        series=series,
        title=str(indicator.name),
        unit=say_unit(indicator),
        decimals=indicator.decimals,
        first=first,
    )


def draw_parts(
    indicator: Indicator, rows: Sequence[Shown], names: Mapping[str, str]
) -> Chart | None:
    """Return an indicator by part of the day; None when it has none."""
    by_part = {row.part_of_day: row for row in rows if row.indicator == indicator.code}
    if not any(part in by_part for part in names):
        return None
    return draw_bars(
        [
            Bar(
                name,
                row.value,
                row.low,
                row.high,
                why=_("withheld") if row.is_withheld else "",
            )
            for part, name in names.items()
            if (row := by_part.get(part)) is not None
        ],
        title=_("%(what)s by part of the day") % {"what": indicator.name},
        unit=say_unit(indicator),
        decimals=indicator.decimals,
        first=_("Part of the day"),
    )


def draw_years(expected: Sequence[Shown]) -> Chart | None:
    """Return need against capacity through the years; None when not computed."""
    lines = [
        Line(
            str(INDICATORS[code].name),
            [
                LinePoint(
                    row.valid_from.year,
                    str(row.valid_from.year),
                    row.value,
                    row.low,
                    row.high,
                )
                for row in sorted(expected, key=lambda one: one.valid_from)
                if row.indicator == code
            ],
            kind=kind,
        )
        for code, kind in (("need_hours", "solid"), ("capacity_hours", "dashed"))
    ]
    if not all(line.points for line in lines):
        return None
    return draw_line(
        lines,
        title=_("Need and capacity, year by year"),
        unit=say_unit(INDICATORS["need_hours"]),
        note=_(
            "If nothing new is done. The band holds 8 of 10 computed futures; the "
            "scale does not begin at zero."
        ),
        from_zero=False,
    )


def _dot(row: Shown | None) -> Dot:
    return Dot(None) if row is None else Dot(row.value, row.low, row.high)
