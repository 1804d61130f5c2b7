"""Count every figure of today, per wijk and for every area that wijken lie in.

One function per theme, each giving rows that may be stored as they are: small numbers
are withheld here. Reads the rooms below through their selectors and writes nothing.
A stock (room, lists, who waits) is that of the moment and stands for its month; a flow
(placements, calls) is that of the month so far.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import numpy as np
from django.utils.timezone import localdate
from numpy.typing import NDArray

from wijkspil.calls.selectors.insight import list_arrivals
from wijkspil.core.periods import Period
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.coverage_check import check_coverage
from wijkspil.directory.selectors.gp_practices import list_gp_points
from wijkspil.directory.selectors.insight import (
    list_gp_points_in,
    list_wijken_per_holder,
)
from wijkspil.directory.selectors.wijken import (
    list_home_care_of_region,
    list_wijken_of_places,
)
from wijkspil.directory.types import AreaKind, Care, RegionPurpose
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.engine_io.access import measure_gp_access
from wijkspil.insight.intervals import NORMAL_80, wilson
from wijkspil.insight.selectors.ground import (
    CountedGround,
    read_wide_ground,
)
from wijkspil.insight.selectors.room import PARTS, place_of_wijken
from wijkspil.insight.selectors.uploads import Pooled, list_uploaded, pool
from wijkspil.insight.services.withholding import Counts, Levels, withhold
from wijkspil.insight.types import Floats, Scale, Theme
from wijkspil.referrals.selectors.insight import (
    Placement,
    count_declines_by_wijk,
    count_unmet_by_wijk,
    list_placements,
)
from wijkspil.registrations.selectors.insight import count_waiting_by_place, list_sizes

#: A request is placed in time within this.
IN_TIME = timedelta(hours=24)
#: How far ahead night cover is looked at.
NIGHTS = timedelta(days=7)
#: On weekdays in these hours the day teams work.
DAY_STARTS, DAY_ENDS = 7, 17


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in Amsterdam, half-open."""

    first: date
    next: date

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """Return the month of a moment."""
        return cls.starting(localdate(at, AMSTERDAM).replace(day=1))

    @classmethod
    def starting(cls, first: date) -> "Month":
        """Return the month that begins on a day."""
        return cls(first, (first + timedelta(days=31)).replace(day=1))

    @property
    def previous(self) -> "Month":
        """The month before."""
        return Month.starting((self.first - timedelta(days=1)).replace(day=1))

    @property
    def period(self) -> Period:
        """The month as moments."""
        return Period(*(datetime.combine(day, time(), AMSTERDAM) for day in self.days))

    @property
    def days(self) -> tuple[date, date]:
        """The first day, and the day after the last."""
        return self.first, self.next


@dataclass(frozen=True, slots=True)
class Row:
    """A figure to store, by id of its area."""

    indicator: str
    area_id: int
    month: Month
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None
    part_of_day: str = ""
    source: str = ""
    is_withheld: bool = False


@dataclass(frozen=True, eq=False)
class Scene:
    """What is counted: a ground, the areas above its wijken, and the moment."""

    counted: CountedGround
    members: Mapping[int, Counts]
    levels: Levels
    region_code: str | None
    at: datetime

    @property
    def month(self) -> Month:
        """The month the figures are of."""
        return Month.of(self.at)

    @property
    def area_ids(self) -> list[int]:
        """Every area that gets figures."""
        return list(self.members)


Counter = Callable[[Scene], list[Row]]


def set_scene(counted: CountedGround, *, region_id: int | None, at: datetime) -> Scene:
    """Return what is counted; only areas of which all wijken are in the ground."""
    wijken, holders = counted.wijken, counted.holders
    members: dict[int, list[int]] = {}
    for place, wijk in enumerate(wijken):
        for pk in wijk.within:
            if pk in holders:
                members.setdefault(pk, []).append(place)
    if region_id is not None:
        whole = list_wijken_per_holder(members, year=counted.ground.year)
        members = {
            pk: places for pk, places in members.items() if len(places) == whole[pk]
        }
    arrays = {pk: np.array(places, dtype=np.int64) for pk, places in members.items()}
    holder = None if region_id is None else holders.get(region_id)
    return Scene(
        counted=counted,
        members={
            wijk.id: np.array([place], dtype=np.int64)
            for place, wijk in enumerate(wijken)
        }
        | arrays,
        levels=_levels(counted, arrays),
        region_code=None if holder is None else holder.code,
        at=at,
    )


def _levels(counted: CountedGround, members: Mapping[int, Counts]) -> Levels:
    holders, wijken = counted.holders, counted.wijken
    gemeenten = [pk for pk in members if holders[pk].kind == AreaKind.GEMEENTE]
    gemeente_of = np.zeros(len(wijken), dtype=np.int64)
    # A wijk outside every whole gemeente stands alone, under a number that is no area.
    alone = np.ones(len(wijken), dtype=bool)
    for number, pk in enumerate(gemeenten):
        gemeente_of[members[pk]] = number
        alone[members[pk]] = False
    ids = list(gemeenten)
    for place in np.flatnonzero(alone):
        gemeente_of[place] = len(ids)
        ids.append(-1 - int(place))
    regions: dict[int, Counts] = {}
    others: dict[int, Counts] = {}
    sizes = np.bincount(gemeente_of, minlength=len(ids))
    for pk, places in members.items():
        if holders[pk].kind == AreaKind.GEMEENTE:
            continue
        numbers, counts = np.unique(gemeente_of[places], return_counts=True)
        if (
            holders[pk].purpose != RegionPurpose.ALLIANCE
            and (counts == sizes[numbers]).all()
        ):
            regions[pk] = numbers
        else:
            others[pk] = places
    return Levels(
        wijk_ids=[wijk.id for wijk in wijken],
        gemeente_of=gemeente_of,
        gemeenten=ids,
        regions=regions,
        others=others,
    )


# -- Making rows ----------------------------------------------------------------------


def _rows(
    scene: Scene,
    code: str,
    numerator: Floats,
    denominator: Floats,
    *,
    month: Month | None = None,
    counts: Counts | None = None,
    part_of_day: str = "",
    hidden: frozenset[int] | None = None,
    source: str = "",
) -> list[Row]:
    """Return a row per area, of numbers per wijk that add up.

    ``counts``: of how many people or requests the number of a wijk is, where few of
    them may not be told; ``hidden``: ids that are withheld anyhow. A ratio of nothing
    gives no row.
    """
    one = INDICATORS[code]
    if hidden is None:
        hidden = (
            withhold(counts, scene.levels, smallest=one.smallest)
            if counts is not None
            else frozenset()
        )
    made = []
    for pk, members in scene.members.items():
        row = Row(
            indicator=code,
            area_id=pk,
            month=month or scene.month,
            value=None,
            part_of_day=part_of_day,
            source=source,
        )
        above = float(numerator[members].sum())
        below = float(denominator[members].sum())
        if pk in hidden or (counts is None and 0 < below < one.smallest):
            made.append(replace(row, is_withheld=True))
        elif one.scale == Scale.RATIO:
            if below != 0:
                made.append(_ratio(row, above, below, with_interval=counts is not None))
        else:
            made.append(replace(row, value=above, numerator=above, denominator=below))
    return made


def _ratio(row: Row, above: float, below: float, *, with_interval: bool) -> Row:
    factor = INDICATORS[row.indicator].factor
    low = high = None
    if with_interval:
        low, high = (factor * bound for bound in wilson(above, below, z=NORMAL_80))
    return replace(
        row,
        value=factor * above / below,
        numerator=above,
        denominator=below,
        low=low,
        high=high,
    )


def _own(
    scene: Scene,
    code: str,
    values: Sequence[Sequence[float]],
    *,
    month: Month | None = None,
) -> list[Row]:
    """Return the median per area of values per wijk; none where there is no value."""
    one = INDICATORS[code]
    counts = np.array([len(each) for each in values], dtype=np.int64)
    hidden = withhold(counts, scene.levels, smallest=one.smallest)
    made = []
    for pk, members in scene.members.items():
        total = int(counts[members].sum())
        if total == 0:
            continue
        row = Row(code, pk, month or scene.month, None)
        if pk in hidden:
            made.append(replace(row, is_withheld=True))
            continue
        every = np.concatenate([np.asarray(values[place]) for place in members])
        median = float(np.median(every))
        made.append(
            replace(row, value=median, numerator=median, denominator=float(total))
        )
    return made


# -- The themes -----------------------------------------------------------------------


def count_people(scene: Scene) -> list[Row]:
    """Count who lives where."""
    ground, wijken = scene.counted.ground, scene.counted.wijken
    people = ground.population.sum(axis=(1, 2))
    old = ground.population[:, :, 15:].sum(axis=(1, 2))
    source = wijken[0].source if wijken else ""
    rows = _rows(scene, "population", people, people, source=source)
    return rows + _rows(scene, "population_75plus_share", old, people, source=source)


def count_gap(scene: Scene) -> list[Row]:
    """Count need, capacity, what is free and what was asked."""
    counted, month = scene.counted, scene.month
    ground, room = counted.ground, counted.room
    people = ground.population.sum(axis=(1, 2))
    need, capacity = ground.given["need_hours"], ground.capacity_hours
    rows = [
        *_rows(scene, "need_hours", need, people),
        *_rows(scene, "capacity_hours", capacity, people),
        *_rows(scene, "gap_hours", need - capacity, people),
        *_rows(scene, "gap_share", need - capacity, need),
        *_rows(scene, "clients", ground.given["clients"], people),
    ]
    teams = _count_teams(scene)
    telling = {row.area_id: row.denominator for row in teams}
    free = _rows(scene, "free_hours", room.free_hours, people)
    by_part = _asked_by_part(scene)
    for column, part in enumerate(PARTS):
        hours = room.free_by_part[:, column]
        free += _rows(scene, "free_hours", hours, people, part_of_day=part)
        rows += _rows(
            scene, "gap_hours", by_part[:, column] - hours, people, part_of_day=part
        )
    rows += [replace(row, denominator=telling.get(row.area_id, 0.0)) for row in free]
    rows += _count_asked(scene)
    rows += teams
    unmet = _by_wijk(scene, count_unmet_by_wijk(month.period))
    rows += _rows(
        scene,
        "unmet_requests",
        unmet.astype(np.float64),
        unmet.astype(np.float64),
        counts=unmet,
    )
    return rows


def _asked_by_part(scene: Scene) -> Floats:
    """Return (wijken, parts) hours asked, divided as in all wijken together.

    A part of the day with few requests is left out of the division.
    """
    demand = scene.counted.demand
    hours = demand.hours_by_part.sum(axis=0)
    few = INDICATORS["asked_hours"].smallest
    hours[demand.requests_by_part.sum(axis=0) < few] = 0.0
    share = hours / hours.sum() if hours.any() else hours
    return np.outer(scene.counted.ground.given["asked_hours"], share)


def _count_asked(scene: Scene) -> list[Row]:
    """Count hours asked; a part of the day only where every part can be told."""
    demand = scene.counted.demand
    rows = _rows(
        scene,
        "asked_hours",
        demand.hours,
        demand.requests.astype(np.float64),
        counts=demand.requests,
    )
    smallest = INDICATORS["asked_hours"].smallest
    hidden = frozenset(row.area_id for row in rows if row.is_withheld)
    for column in range(len(PARTS)):
        hidden |= withhold(
            demand.requests_by_part[:, column], scene.levels, smallest=smallest
        )
    for column, part in enumerate(PARTS):
        rows += _rows(
            scene,
            "asked_hours",
            demand.hours_by_part[:, column],
            demand.requests_by_part[:, column].astype(np.float64),
            part_of_day=part,
            hidden=hidden,
        )
    return rows


def _count_teams(scene: Scene) -> list[Row]:
    """Count teams once in every area, however many of its wijken they work in."""
    teams: dict[int, list[int]] = {pk: [0, 0] for pk in scene.members}
    holders_of: list[list[int]] = [[] for _ in scene.counted.wijken]
    for pk, members in scene.members.items():
        for place in members:
            holders_of[place].append(pk)
    for team in scene.counted.room.teams:
        if team.has_room is None:
            continue
        for pk in {pk for place in team.wijken for pk in holders_of[place]}:
            teams[pk][0] += team.has_room
            teams[pk][1] += 1
    return [
        Row(
            "room_teams_share",
            pk,
            scene.month,
            value=100.0 * with_room / telling,
            numerator=float(with_room),
            denominator=float(telling),
        )
        for pk, (with_room, telling) in teams.items()
        if telling
    ]


def count_waiting(scene: Scene) -> list[Row]:
    """Count how requests were placed, in this month and the one before."""
    demand = scene.counted.demand
    waiting = demand.open.astype(np.float64)
    rows = _rows(scene, "open_requests", waiting, waiting, counts=demand.open)
    for month in (scene.month.previous, scene.month):
        rows += _count_placements(scene, month)
        declines = count_declines_by_wijk(month.period)
        no_room = _by_wijk(scene, {pk: n for pk, (n, _all) in declines.items()})
        every = _by_wijk(scene, {pk: n for pk, (_no_room, n) in declines.items()})
        rows += _rows(
            scene,
            "no_room_declines_share",
            no_room.astype(np.float64),
            every.astype(np.float64),
            month=month,
            counts=every,
        )
    return rows


def _count_placements(scene: Scene, month: Month) -> list[Row]:
    sent = list_placements(month.period)
    places = place_of_wijken(scene.counted.wijken, {one.wijk_id for one in sent})
    known = [(places[one.wijk_id], one) for one in sent if one.wijk_id in places]
    count = len(scene.counted.wijken)
    minutes: list[list[float]] = [[] for _ in range(count)]
    for place, one in known:
        if one.minutes is not None:
            minutes[place].append(one.minutes)
    # What was sent less than a day ago can still be in time.
    old = [
        (place, one) for place, one in known if one.submitted_at <= scene.at - IN_TIME
    ]
    in_time = _tally(count, (place for place, one in old if _is_in_time(one)))
    all_old = _tally(count, (place for place, _one in old))
    placed = np.array([len(each) for each in minutes], dtype=np.int64)
    own = _tally(count, (place for place, one in known if one.is_own_team))
    return [
        *_own(scene, "placement_minutes_median", minutes, month=month),
        *_rows(
            scene,
            "placed_share",
            in_time.astype(np.float64),
            all_old.astype(np.float64),
            month=month,
            counts=all_old,
        ),
        *_rows(
            scene,
            "own_team_share",
            own.astype(np.float64),
            placed.astype(np.float64),
            month=month,
            counts=placed,
        ),
    ]


def _is_in_time(one: Placement) -> bool:
    return one.minutes is not None and one.minutes <= IN_TIME / timedelta(minutes=1)


def count_gp(scene: Scene) -> list[Row]:
    """Count how people reach a GP, which lists are closed, and who looks for one."""
    counted, month = scene.counted, scene.month
    wide = (
        counted.ground
        if scene.region_code is None
        else read_wide_ground(counted, at=scene.at)
    )
    place_of = {wijk.code: place for place, wijk in enumerate(counted.wijken)}
    count = len(counted.wijken)
    people = counted.ground.population.sum(axis=(1, 2))
    values: dict[str, Floats] = {}
    if wide.gp_sites:
        for figure in measure_gp_access(
            wide, valid_from=month.first, valid_until=month.next
        ):
            place = place_of.get(figure.area_code)
            if place is not None and figure.value is not None:
                values.setdefault(figure.indicator, np.zeros(count))[place] = (
                    figure.value
                )
    rows: list[Row] = []
    for code, value in values.items():
        factor = INDICATORS[code].factor
        rows += _rows(scene, code, value / factor * people, people)
    return rows + _count_lists(scene)


def _count_lists(scene: Scene) -> list[Row]:
    points = list_gp_points_in(None)
    place_ids = list_gp_points({postcode for _pk, _name, postcode, *_ in points})
    wijk_of = list_wijken_of_places({place for place, *_ in place_ids.values()})
    sizes = list_sizes([pk for pk, *_ in points], at=scene.at)
    told: dict[int, int] = {}
    stops: dict[int, int] = {}
    for pk, _name, postcode, *_ in points:
        place = place_ids.get(postcode)
        wijk = None if place is None else wijk_of.get(place[0])
        if wijk is None or pk not in sizes:
            continue
        told[wijk.id] = told.get(wijk.id, 0) + 1
        stops[wijk.id] = stops.get(wijk.id, 0) + (not sizes[pk].takes_new)
    waiting = count_waiting_by_place()
    wijken = list_wijken_of_places(waiting)
    people: dict[int, int] = {}
    for place_id, number in waiting.items():
        if place_id in wijken:
            pk = wijken[place_id].id
            people[pk] = people.get(pk, 0) + number
    wishes = _by_wijk(scene, people)
    return [
        *_rows(
            scene,
            "gp_stop_share",
            _by_wijk(scene, stops).astype(np.float64),
            _by_wijk(scene, told).astype(np.float64),
        ),
        *_rows(
            scene,
            "gp_wishes",
            wishes.astype(np.float64),
            wishes.astype(np.float64),
            counts=wishes,
        ),
    ]


def count_night(scene: Scene) -> list[Row]:
    """Count hours with a nurse on duty in the coming week, and how fast one came."""
    start = datetime.combine(localdate(scene.at, AMSTERDAM), time(), AMSTERDAM)
    period = Period(start, start + NIGHTS)
    windows = _windows(period)
    hours = sum(window.hours for window in windows)
    people = scene.counted.ground.population.sum(axis=(1, 2))
    place_of = {wijk.code: place for place, wijk in enumerate(scene.counted.wijken)}
    covered = np.zeros(len(people))
    is_checked = np.zeros(len(people), dtype=bool)
    result = check_coverage(
        period=period, care=Care.DISTRICT_NURSING, region_code=scene.region_code
    )
    for wijk in result.wijken:
        place = place_of.get(wijk.code)
        if place is None:
            continue
        open_hours = sum(
            _overlap_hours(gap.period, window)
            for gap in wijk.gaps
            for window in windows
        )
        is_checked[place] = True
        covered[place] = (hours - open_hours) * people[place]
    rows = _rows(scene, "night_covered_share", covered, hours * people * is_checked)
    for month in (scene.month.previous, scene.month):
        rows += _own(
            scene,
            "night_arrival_min_median",
            _minutes_of_calls(scene, month),
            month=month,
        )
    return rows


def count_quality(scene: Scene) -> list[Row]:
    """Count what providers brought in, per region, over at least three of them.

    The newest period of each indicator; a provider that works in more than one region
    counts in each. Two queries per region.
    """
    rows: list[Row] = []
    for pk in scene.levels.regions:
        providers = list_home_care_of_region(pk, at=scene.at)
        newest: dict[str, Pooled] = {}
        for one in pool(list_uploaded(providers)):
            newest.setdefault(one.indicator, one)
        for code, one in newest.items():
            rows.append(
                Row(
                    code,
                    pk,
                    Month(one.valid_from, one.valid_until),
                    value=one.value,
                    numerator=one.value * one.count / INDICATORS[code].factor,
                    denominator=float(one.count),
                )
            )
    return rows


def _minutes_of_calls(scene: Scene, month: Month) -> list[list[float]]:
    calls = list_arrivals(month.period)
    wijken = list_wijken_of_places({place for place, _minutes in calls})
    places = place_of_wijken(
        scene.counted.wijken, {wijk.id for wijk in wijken.values()}
    )
    minutes: list[list[float]] = [[] for _ in scene.counted.wijken]
    for place_id, one in calls:
        wijk = wijken.get(place_id)
        if wijk is not None and wijk.id in places:
            minutes[places[wijk.id]].append(one)
    return minutes


def _windows(period: Period) -> list[Period]:
    """Return the hours of a period outside the day on weekdays."""
    made = []
    day = localdate(period.start, AMSTERDAM)
    while day < localdate(period.end, AMSTERDAM):
        following = day + timedelta(days=1)
        midnight, next_midnight = (
            datetime.combine(one, time(), AMSTERDAM) for one in (day, following)
        )
        if day.weekday() < 5:
            morning, evening = (
                datetime.combine(day, time(hour), AMSTERDAM)
                for hour in (DAY_STARTS, DAY_ENDS)
            )
            made += [Period(midnight, morning), Period(evening, next_midnight)]
        else:
            made.append(Period(midnight, next_midnight))
        day = following
    return made


def _overlap_hours(one: Period, other: Period) -> float:
    overlap = min(one.end, other.end) - max(one.start, other.start)
    return max(0.0, overlap / timedelta(hours=1))


def _by_wijk(scene: Scene, counts: Mapping[int, int]) -> Counts:
    """Return counts by wijk id as an array, also of other years' wijken."""
    places = place_of_wijken(scene.counted.wijken, set(counts))
    made: NDArray[np.int64] = np.zeros(len(scene.counted.wijken), dtype=np.int64)
    for pk, number in counts.items():
        if pk in places:
            made[places[pk]] += number
    return made


def _tally(count: int, places: Iterable[int]) -> Counts:
    return np.bincount(np.fromiter(places, dtype=np.int64), minlength=count)


#: What is counted in one go, and which indicators are stored anew by it.
THEMES: Mapping[Theme, Counter] = {
    Theme.PEOPLE: count_people,
    Theme.GAP: count_gap,
    Theme.WAITING: count_waiting,
    Theme.GP: count_gp,
    Theme.NIGHT: count_night,
    Theme.QUALITY: count_quality,
}
