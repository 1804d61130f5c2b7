"""What a computed scenario says: one sentence first, then charts of its numbers.

Pure: a projection (and what it changes against the base) in, words and charts out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.engine_io.results import (
    Comparison,
    Difference,
    Projection,
    TornadoRow,
    WaterfallRow,
)
from wijkspil.insight.scenario_wording import say_cause, say_parameter, say_range
from wijkspil.ui.charts.frame import say_interval, say_value
from wijkspil.ui.charts.planes import draw_line
from wijkspil.ui.charts.rows import draw_bars, draw_tornado, draw_waterfall
from wijkspil.ui.charts.types import Bar, Chart, Effect, Line, LinePoint, Part

#: Values that move the outcome most; the others are in the table of all values.
TORNADO_ROWS = 10
#: Below this share of the need a gap is called none.
NO_GAP_SHARE = 0.5
#: From this share of the need on a gap is called large.
LARGE_GAP_SHARE = 10.0
#: Beside each other on one page.
MOST_COMPARED = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a scenario says in one sentence, with what stands behind it."""

    title: str
    tone: str
    sure: str
    against_base: str


def read_comparison(result: Mapping[str, Any]) -> Comparison | None:
    """Return what a stored run changes against the base, where it was compared."""
    found = result.get("against_base")
    if not found:
        return None
    return Comparison(
        first=found["first"],
        second=found["second"],
        differences=tuple(Difference(**row) for row in found["differences"]),
        waterfall=tuple(WaterfallRow(**row) for row in found["waterfall"]),
    )


def say_answer(
    projection: Projection, against: Comparison | None, *, year: int
) -> Answer:
    """Return the answer for a year, and how sure it is."""
    gap = projection.total("gap_hours", year)
    share = projection.total("gap_share", year).value
    values = {"year": year, "gap": say_value(abs(gap.value))}
    if share <= NO_GAP_SHARE:
        title = (
            _("In %(year)s there is enough district nursing: %(gap)s hours to spare")
            if gap.value < 0
            else _("In %(year)s need and capacity of district nursing are about equal")
        ) % values
    else:
        title = (
            _("In %(year)s about %(gap)s hours of district nursing a week fall short")
            % values
        )
    tone = (
        "good"
        if share <= NO_GAP_SHARE
        else "limited"
        if share < LARGE_GAP_SHARE
        else "full"
    )
    chance = projection.total("gap_chance", year).value
    low = gap.low if gap.low is not None else gap.value
    high = gap.high if gap.high is not None else gap.value
    bounds = {
        "low": say_value(abs(low)),
        "high": say_value(abs(high)),
        "chance": say_value(chance),
    }
    if low < 0 < high:
        words = _(
            "In 8 of 10 futures it lies between %(low)s hours a week to spare and "
            "%(high)s short. The chance that care falls short is %(chance)s %%."
        )
    elif high <= 0:
        words = _(
            "In 8 of 10 futures between %(high)s and %(low)s hours a week are to "
            "spare. The chance that care falls short is %(chance)s %%."
        )
    else:
        words = _(
            "In 8 of 10 futures between %(low)s and %(high)s hours a week fall short. "
            "The chance that care falls short is %(chance)s %%."
        )
    sure = words % bounds
    return Answer(title, tone, sure, say_against(against, year=year))


def say_against(against: Comparison | None, *, year: int) -> str:
    """Return what a scenario changes against the base; empty without a base."""
    if against is None:
        return ""
    one = against.difference("gap_hours", year)
    values = {
        "hours": say_value(abs(one.value)),
        "low": say_value(min(abs(one.low), abs(one.high))),
        "high": say_value(max(abs(one.low), abs(one.high))),
    }
    if round(abs(one.value)) == 0:
        return _("That is the same as in the base.")
    if one.low <= 0 <= one.high:
        return (
            _(
                "Against the base that is %(hours)s hours a week less, but it may as "
                "well be none."
            )
            if one.value < 0
            else _(
                "Against the base that is %(hours)s hours a week more, but it may as "
                "well be none."
            )
        ) % values
    if one.value < 0:
        return (
            _(
                "Against the base that is %(hours)s hours a week less (between %(low)s "
                "and %(high)s)."
            )
            % values
        )
    return (
        _(
            "Against the base that is %(hours)s hours a week more (between %(low)s and "
            "%(high)s)."
        )
        % values
    )


def draw_need(projection: Projection) -> Chart:
    """Return need against capacity through the years, each with its band."""
    return draw_line(
        [
            _line(projection, "need_hours", _("Need")),
            _line(projection, "capacity_hours", _("Capacity"), kind="dashed"),
        ],
        title=_("Need and capacity, %(first)s to %(last)s")
        % {"first": projection.first_year, "last": projection.horizon_year},
        unit=_("hours a week"),
        note=_("The band holds 8 of 10 futures."),
    )


def draw_gaps(projections: Sequence[tuple[str, Projection]]) -> Chart:
    """Return the gap of at most three scenarios through the years."""
    kinds = ("solid", "dashed", "dotted")
    return draw_line(
        [
            _line(each, "gap_hours", name, kind=kind)
            for (name, each), kind in zip(
                projections[:MOST_COMPARED], kinds, strict=False
            )
        ],
        title=_("The gap through the years"),
        unit=_("hours a week"),
        note=_("Above zero care falls short. The band holds 8 of 10 futures."),
    )


def draw_differences(
    pairs: Sequence[tuple[str, Comparison]], *, first: str
) -> Chart | None:
    """Return how much larger the gap is than in the first; None without pairs."""
    if not pairs:
        return None
    kinds = ("solid", "dashed", "dotted")
    return draw_line(
        [
            Line(
                name,
                [
                    LinePoint(row.year, str(row.year), row.value, row.low, row.high)
                    for row in each.differences
                    if row.indicator == "gap_hours"
                ],
                kind=kind,
            )
            for (name, each), kind in zip(pairs, kinds, strict=False)
        ],
        title=_("How the gap differs from “%(name)s”") % {"name": first},
        unit=_("hours a week"),
        note=_(
            "Below zero the gap is smaller. Future by future, so the band shows how "
            "sure the difference is."
        ),
    )


def _line(
    projection: Projection, indicator: str, label: str, *, kind: str = "solid"
) -> Line:
    return Line(
        label,
        [
            LinePoint(row.year, str(row.year), row.value, row.low, row.high)
            for row in projection.totals
            if row.indicator == indicator
        ],
        kind=kind,
    )


def draw_causes(
    rows: Sequence[WaterfallRow], *, title: str, start: str, end: str
) -> Chart | None:
    """Return which causes lead from one gap to another; None without rows."""
    if not rows:
        return None
    first = next(row for row in rows if row.kind == "start")
    last = next(row for row in rows if row.kind == "end")
    parts = [row for row in rows if row.kind in ("cause", "interaction")]
    return draw_waterfall(
        [
            Part(say_cause(row.key), row.value)
            for row in parts
            if abs(row.value) >= 1e-9 or row.kind == "interaction"
        ],
        title=title,
        start=(start, first.value),
        end=(end, last.value),
        unit=_("hours a week"),
        note=_(
            "To the right: the gap grows. To the left: it gets smaller. Every value is "
            "in the middle of its interval."
        ),
    )


def draw_swings(projection: Projection) -> Chart | None:
    """Return which values move the gap of the last year most; None without rows."""
    rows = sorted(projection.tornado, key=lambda row: -row.swing)
    rows = [row for row in rows if row.swing > 0][:TORNADO_ROWS]
    if not rows:
        return None
    middle = next(row.value for row in projection.waterfall if row.kind == "end")
    return draw_tornado(
        [_effect(row, middle) for row in rows],
        title=_("What moves the gap of %(year)s most")
        % {"year": projection.horizon_year},
        unit=_("hours a week"),
        note=_("One value at the end of its interval, all others in the middle."),
    )


def _effect(row: TornadoRow, middle: float) -> Effect:
    return Effect(
        f"{say_parameter(row.parameter)} ({say_range(row.low, row.high, row.unit)})",
        row.at_low - middle,
        row.at_high - middle,
        row.set_by,
    )


def draw_moves(rows: Sequence[tuple[str, float]]) -> Chart:
    """Return to which practices people go when another stops."""
    return draw_bars(
        [Bar(name, people) for name, people in rows],
        title=_("Where the people of this practice go"),
        unit=_("people"),
        first=_("Practice"),
        note=_("Shared by distance and size of the list; people choose themselves."),
    )


def tone_of_gap(share: float | None) -> str:
    """Return the category of a gap on the map."""
    if share is None:
        return "unknown"
    if share <= NO_GAP_SHARE:
        return "good"
    return "limited" if share < LARGE_GAP_SHARE else "full"


def say_figure(indicator: str, value: float | None) -> str:
    """Return a number of an indicator with its decimals and unit."""
    if value is None:
        return _("not known")
    known = INDICATORS[indicator]
    return say_value(value, known.decimals, str(known.unit))


def say_bounds(indicator: str, low: float | None, high: float | None) -> str:
    """Return "10 – 14" with the decimals of an indicator; empty without bounds."""
    return say_interval(low, high, INDICATORS[indicator].decimals)
