"""Charts and maps of the report, from the figures of a picture."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from wijkspil.insight.engine_io.results import Projection
from wijkspil.insight.scenario_charts import (
    draw_causes,
    draw_need,
    draw_swings,
    say_figure,
)
from wijkspil.insight.scenario_wording import say_cause
from wijkspil.insight.services.reporting.numbers import (
    Numbers,
    indicator_of,
    say,
)
from wijkspil.insight.services.reporting.print_map import Geometry, draw_map
from wijkspil.insight.services.reporting.shape import Drawing
from wijkspil.insight.types import Better, FigureRow
from wijkspil.ui.charts.planes import draw_lorenz
from wijkspil.ui.charts.rows import draw_bars, draw_dots
from wijkspil.ui.charts.types import Bar, Chart, Curve, Dot, DotRow

#: Rows of the table behind a map.
_MOST_ROWS = 20


def map_of(
    numbers: Numbers,
    indicator: str,
    shapes: Mapping[str, Geometry],
    *,
    year: int | None = None,
) -> Drawing | None:
    """Return a map of the places; None without shapes or figures."""
    rows = numbers.of_places(indicator, year)
    meaning = indicator_of(indicator)
    here = {
        place.code: shapes[place.code]
        for place in numbers.picture.ground.places
        if place.code in shapes
    }
    if not rows or not here:
        return None
    ordered = sorted(
        rows,
        key=lambda row: (row.value or 0.0, row.area_code),
        reverse=_from_top(indicator),
    )
    marked = [row.area_code for row in ordered[:3]]
    title = str(meaning.name) if year is None else f"{meaning.name}, {year}"
    svg = draw_map(
        here,
        {row.area_code: row.value for row in rows},
        title=title,
        decimals=meaning.decimals,
        unit=str(meaning.unit),
        marked=marked,
        key=f"{indicator}-{year or 'now'}".replace("_", "-"),
    )
    return Drawing(
        Chart(
            title=title,
            svg=svg,
            narrow_svg=svg,
            head=(_("Area"), str(meaning.name)),
            rows=tuple(
                (numbers.name(row.area_code), say(row)) for row in ordered[:_MOST_ROWS]
            ),
        ),
        told=_("Map of %(what)s per area. With a heavy edge: %(places)s.")
        % {
            "what": title,
            "places": ", ".join(numbers.name(code) for code in marked),
        },
        is_map=True,
    )


def bars_of(numbers: Numbers, indicator: str, *, most: int) -> Drawing | None:
    """Return the areas where an indicator stands out, with intervals."""
    meaning = indicator_of(indicator)
    rows = sorted(
        numbers.of_places(indicator),
        key=lambda row: (row.value or 0.0, row.area_code),
        reverse=_from_top(indicator),
    )[:most]
    if not rows:
        return None
    chart = draw_bars(
        [
            Bar(numbers.name(row.area_code), row.value, row.low, row.high)
            for row in rows
        ],
        title=_("%(what)s: the areas that stand out") % {"what": meaning.name},
        unit=str(meaning.unit),
        decimals=meaning.decimals,
        first=_("Area"),
    )
    return Drawing(
        chart,
        told=_("Bars from %(first)s to %(last)s.")
        % {
            "first": _row_words(numbers, rows[0]),
            "last": _row_words(numbers, rows[-1]),
        },
    )


def years_of(projection: Projection) -> Drawing:
    """Return need against capacity through the years, each with its band."""
    ends = [
        _("%(what)s from %(first)s to %(last)s")
        % {
            "what": str(indicator_of(indicator).name).lower(),
            "first": say_figure(
                indicator, projection.total(indicator, projection.first_year).value
            ),
            "last": say_figure(
                indicator, projection.total(indicator, projection.horizon_year).value
            ),
        }
        for indicator in ("need_hours", "capacity_hours")
    ]
    return Drawing(draw_need(projection), told="; ".join(ends))


def causes_of(projection: Projection) -> Drawing | None:
    """Return which causes lead from the first year's gap to the last."""
    chart = draw_causes(
        projection.waterfall,
        title=_("What changes the gap until %(year)s")
        % {"year": projection.horizon_year},
        start=str(projection.first_year),
        end=str(projection.horizon_year),
    )
    if chart is None:
        return None
    causes = [row for row in projection.waterfall if row.kind == "cause"]
    largest = max(causes, key=lambda row: abs(row.value))
    return Drawing(
        chart,
        told=_("The largest cause is: %(cause)s.") % {"cause": say_cause(largest.key)},
    )


def doubts_of(projection: Projection) -> Drawing | None:
    """Return what we are least sure of: how far each supposition moves the gap."""
    chart = draw_swings(projection)
    if chart is None:
        return None
    return Drawing(
        chart, told=_("The gap depends most on: %(what)s.") % {"what": chart.rows[0][0]}
    )


def help_of(numbers: Numbers, year: int) -> Drawing | None:
    """Return what each measure does to the gap of a year."""
    picture = numbers.picture
    rows = [
        DotRow(picture.projections[name].title, [Dot(one.value, one.low, one.high)])
        for name, comparison in picture.comparisons.items()
        if name in picture.projections
        for one in comparison.differences
        if one.indicator == "gap_hours" and one.year == year
    ]
    if not rows:
        return None
    chart = draw_dots(
        rows,
        series=[_("change of the gap")],
        title=_("What each measure changes in %(year)s") % {"year": year},
        unit=_("hours a week"),
        first=_("Measure"),
        from_zero=True,
        note=_("Left of zero: less gap. The line holds 8 of 10 futures."),
    )
    return Drawing(
        chart, told=_("Dots with intervals; the numbers stand in the table.")
    )


def lorenz_of(numbers: Numbers) -> Drawing | None:
    """Return how evenly GP places are shared over the people."""
    rows = sorted(
        (
            row
            for row in numbers.of_places("gp_places_per_1000")
            if row.denominator and row.value is not None
        ),
        key=lambda row: row.value or 0.0,
    )
    people = sum(row.denominator or 0.0 for row in rows)
    total = sum((row.denominator or 0.0) * (row.value or 0.0) for row in rows)
    if len(rows) < 3 or not total:
        return None
    points, seen, had = [(0.0, 0.0)], 0.0, 0.0
    for row in rows:
        seen += row.denominator or 0.0
        had += (row.denominator or 0.0) * (row.value or 0.0)
        points.append((seen / people, had / total))
    chart = draw_lorenz(
        [Curve(_("GP places"), points)],
        title=_("How evenly GP places are shared"),
        people=_("people, the fewest places first"),
        shared=_("places within reach"),
    )
    return Drawing(
        chart,
        told=_("The nearer to the straight line, the more evenly it is shared."),
    )


def _from_top(indicator: str) -> bool:
    """Whether the areas that stand out are those with the highest value."""
    return indicator_of(indicator).better is not Better.HIGHER


def _row_words(numbers: Numbers, row: FigureRow) -> str:
    return f"{numbers.name(row.area_code)} ({say(row)})"
