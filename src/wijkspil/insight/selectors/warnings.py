"""Which areas will cross a threshold, from when, and with what chance?

From the newest complete run of the region's own reference scenario: what happens when
nothing new is done. The chance is that of a year, the mean of many computed futures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import erf, sqrt

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.intervals import NORMAL_80
from wijkspil.insight.models import Subscription
from wijkspil.insight.selectors.figures import list_area_figures, list_children
from wijkspil.insight.selectors.scenarios import get_base_run
from wijkspil.insight.types import Better, FigureRow

#: Figures that can be warned of, with the threshold that is usual.
WARNED: Mapping[str, float] = {
    "gap_share": 0.0,
    "gap_hours": 0.0,
    "gp_places_per_1000": 900.0,
}
#: Of these the run itself counted how often need exceeds capacity.
_COUNTED = frozenset({"gap_share", "gap_hours"})
#: Years ahead that can be asked.
MOST_YEARS = 15


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to be warned of; ``chance`` is 0..1, from which on."""

    region_id: int
    indicator: str
    threshold: float
    within_years: int
    chance: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """An area that crosses, and the first year in which the chance is large enough.

    ``value``, ``low`` and ``high`` are of that year; ``is_now`` when it is the first
    year that was computed. ``chance`` is 0..1.
    """

    area_id: int
    code: str
    name: str
    gemeente: str
    year: int
    chance: float
    value: float
    low: float | None
    high: float | None
    is_now: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run says; ``computed_at`` None: there is no run to ask."""

    crossings: tuple[Crossing, ...]
    areas: int
    computed_at: datetime | None
    run_id: int | None


def find_crossings(question: Question, *, year: int) -> Outlook:
    """Return the wijken that cross within the years asked, soonest and surest first.

    ``year`` is the present one. At most six queries.
    """
    run = get_base_run(question.region_id)
    if run is None:
        return Outlook((), 0, None, None)
    areas = {one.id: one for one in list_children(question.region_id, "wijk")}
    figures = list_area_figures(
        area_ids=areas,
        indicators={question.indicator, "gap_chance", "gap_hours", "need_hours"},
        run_id=run.pk,
    )
    others = {
        (one.row.indicator, one.area_id, one.row.valid_from.year): one.row
        for one in figures
    }
    found: dict[int, Crossing] = {}
    first_year = min((one.row.valid_from.year for one in figures), default=year)
    for one in figures:
        row, its_year = one.row, one.row.valid_from.year
        if row.indicator == "gap_share":
            row = _with_interval(
                row,
                hours=others.get(("gap_hours", one.area_id, its_year)),
                need=others.get(("need_hours", one.area_id, its_year)),
            )
        if (
            row.indicator != question.indicator
            or row.value is None
            or one.area_id in found
            or not year <= its_year <= year + question.within_years
        ):
            continue
        known = others.get(("gap_chance", one.area_id, its_year))
        chance = (
            known.value / 100.0
            if known is not None
            and known.value is not None
            and question.indicator in _COUNTED
            and question.threshold == 0.0
            else chance_of_crossing(row, question.threshold)
        )
        if chance < question.chance:
            continue
        area = areas[one.area_id]
        found[one.area_id] = Crossing(
            area_id=one.area_id,
            code=area.code,
            name=area.name,
            gemeente=area.gemeente,
            year=its_year,
            chance=chance,
            value=row.value,
            low=row.low,
            high=row.high,
            is_now=its_year <= max(year, first_year),
        )
    return Outlook(
        crossings=tuple(
            sorted(found.values(), key=lambda one: (one.year, -one.chance, one.name))
        ),
        areas=len(areas),
        computed_at=run.finished_at,
        run_id=run.pk,
    )


def _with_interval(
    row: FigureRow, *, hours: FigureRow | None, need: FigureRow | None
) -> FigureRow:
    """Return a share of the need with the interval of its hours, where it has none."""
    if (
        row.low is not None
        or hours is None
        or hours.low is None
        or hours.high is None
        or need is None
        or not need.value
    ):
        return row
    return replace(
        row, low=100 * hours.low / need.value, high=100 * hours.high / need.value
    )


def chance_of_crossing(row: FigureRow, threshold: float) -> float:
    """Return the chance (0..1) that a figure is on the wrong side of a threshold.

    By the normal distribution that has its value and its 80 % interval; without an
    interval it is 0 or 1.
    """
    assert row.value is not None
    over = row.value - threshold
    if INDICATORS[row.indicator].better is Better.HIGHER:
        over = -over
    if row.low is None or row.high is None or row.high <= row.low:
        return 1.0 if over > 0 else 0.0
    deviation = (row.high - row.low) / (2 * NORMAL_80)
    return 0.5 * (1 + erf(over / deviation / sqrt(2)))


def list_subscriptions(user_id: int) -> list[Subscription]:
    """Return what somebody wants to be warned of (one query)."""
    return list(
        Subscription.objects.filter(user_id=user_id)
        .select_related("region")
        .order_by("region__name", "indicator")
    )


def list_all_subscription_ids() -> list[int]:
    """Return every subscription (one query)."""
    return list(Subscription.objects.order_by("pk").values_list("pk", flat=True))


def question_of(row: Subscription) -> Question:
    """Return what a subscription asks."""
    return Question(
        region_id=row.region_id,
        indicator=row.indicator,
        threshold=row.threshold,
        within_years=row.within_years,
        chance=row.chance,
    )
