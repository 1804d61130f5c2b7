"""Where do the people of a practice that stops go, and on which day?

All households are placed at once over practices that are willing and temporary ones, by
the optimum of a round in which nobody has a place to leave: the ill and house-bound
first, then as many people as can be, then as near as can be. Households stay together.
Nearness are ranked options: practices within reach in bands of distance, temporary ones
after the others; who is house-bound goes no further than a home visit, if there is a
practice that near.

Then the days: the ill and house-bound first, then who lives nearest to the new
practice, each on the first working day on which practice and region still have a turn.
Never on the first day of a quarter, on which practices are paid for the people they
have. A household larger than the day of a practice has a day of its own.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import (
    LOAD_UNIT,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import Progress, Result, taken_practice
from wijkspil_engines.exchange.solve import solve

LEVELS = ("class0", "moved", "rank")

_KM_PER_DEGREE = 111.195
_MOST_DAYS = 3650


@dataclass(frozen=True)
class TakingPractice:
    """A practice that takes people.

    ``places`` people in all; ``most_per_day`` people on one day; ``free_load`` in
    thousandths, None for no limit; degrees (WGS 84).
    """

    practice_id: str
    lon: float
    lat: float
    places: int
    most_per_day: int
    is_temporary: bool = False
    free_load: int | None = None


@dataclass(frozen=True)
class MovingHousehold:
    """A household that loses its practice.

    ``load`` in thousandths, None for one unit a person.
    """

    household_id: str
    lon: float
    lat: float
    size: int = 1
    load: int | None = None
    is_ill: bool = False
    is_house_bound: bool = False

    @property
    def goes_first(self) -> bool:
        """Whether somebody in it is ill or house-bound."""
        return self.is_ill or self.is_house_bound


@dataclass(frozen=True)
class RehouseParams:
    """How to place.

    Parameters
    ----------
    first_day
        No household goes before this day.
    last_day
        The last day the practice is there: nobody is placed beyond what practices can
        take until then. None for no such day.
    most_km, most_km_house_bound
        As the crow flies.
    band_km
        Practices in the same band of distance are as near; then the one with more
        places comes first.
    most_options
        Nearest practices that are looked at for each household, and as many temporary
        ones; 1 to 50.
    most_per_day
        People per day in all; None for no limit.
    holidays
        Days on which nothing is done, besides weekends and first days of a quarter.
    """

    first_day: Date
    last_day: Date | None = None
    most_km: float = 15.0
    most_km_house_bound: float = 5.0
    band_km: float = 1.0
    most_options: int = 12
    most_per_day: int | None = None
    holidays: frozenset[Date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.last_day is not None and self.last_day < self.first_day:
            raise InvalidProblem(
                f"{self.last_day} is before the first day, {self.first_day}",
                field="last_day",
            )
        for name in ("most_km", "most_km_house_bound", "band_km"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InvalidProblem(f"{value!r} is not a number above 0", field=name)
        if not 1 <= self.most_options <= 50:
            raise InvalidProblem("must be 1 to 50", field="most_options")
        if self.most_per_day is not None and self.most_per_day < 1:
            raise InvalidProblem("must be 1 or more", field="most_per_day")


@dataclass(frozen=True)
class DayProgress:
    """What is done on one day, and what has been done by then."""

    day: Date
    households: int
    people: int
    people_done: int
    first_people_done: int


@dataclass(frozen=True, eq=False)
class Rehousing:
    """Where each household goes and when.

    Parameters
    ----------
    practice
        (H,) row of the practices, ``NONE`` where no practice within reach has room.
    km
        (H,) as the crow flies; NaN where none.
    day
        (H,) None where none.
    progress
        Day by day, days on which nobody goes left out.
    late_people
        People who go after ``last_day``: turns did not fit.
    problem, result
        What was solved, for ``verify``.
    """

    practice: NDArray[np.int32]
    km: NDArray[np.float64]
    day: tuple[Date | None, ...]
    progress: tuple[DayProgress, ...]
    late_people: int
    problem: ExchangeProblem
    result: Result
    seconds: float


def rehouse(
    practices: Sequence[TakingPractice],
    households: Sequence[MovingHousehold],
    params: RehouseParams,
    *,
    seed: int = 0,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Rehousing:
    """Place households over practices, and give each a day.

    Raises
    ------
    InvalidProblem
        If a value cannot be used, or an identifier occurs twice.
    """
    started = time.perf_counter()
    _check(practices, households)
    problem, km = make_problem(practices, households, params)
    result = solve(
        problem,
        params=Params(levels=LEVELS),
        seed=seed,
        time_limit_s=time_limit_s,
        progress=progress,
    )
    practice = taken_practice(problem, result.choice)
    moved = result.choice >= 0
    gone = np.full(len(households), np.nan)
    gone[moved] = km[problem.first_option[:-1][moved] + result.choice[moved]]
    day = schedule(practices, households, practice, gone, params)
    last = params.last_day or Date.max
    late = sum(
        household.size
        for household, each in zip(households, day, strict=True)
        if each is not None and each > last
    )
    return Rehousing(
        practice,
        gone,
        day,
        count_days(households, day),
        late,
        problem,
        result,
        time.perf_counter() - started,
    )


def make_problem(
    practices: Sequence[TakingPractice],
    households: Sequence[MovingHousehold],
    params: RehouseParams,
) -> tuple[ExchangeProblem, NDArray[np.float64]]:
    """Return the round that places everybody, and the km of each option (K,)."""
    places = np.array([each.places for each in practices], np.int64)
    caps = np.full(places.size, NO_LIMIT, np.int64)
    if params.last_day is not None:
        n_days = sum(1 for _ in working_days(params, until=params.last_day))
        per_day = np.array([each.most_per_day for each in practices], np.int64)
        caps = np.minimum(per_day * n_days, NO_LIMIT)
    temporary = np.array([each.is_temporary for each in practices], bool)
    distance = _distances(practices, households)
    bands = np.floor(distance / params.band_km)
    nearest = np.lexsort(
        (
            np.broadcast_to(-places, distance.shape),
            bands,
            np.broadcast_to(temporary, distance.shape),
        ),
        axis=1,
    )
    options: list[list[int]] = []
    km: list[float] = []
    for row, household in enumerate(households):
        reach = params.most_km
        if household.is_house_bound and distance[row].min() <= (
            params.most_km_house_bound
        ):
            reach = min(reach, params.most_km_house_bound)
        usable = [
            int(b)
            for b in nearest[row]
            if distance[row, b] <= reach and places[b] >= household.size
        ]
        # Where all others are full, the temporary ones must still be in sight.
        usable = [
            *[b for b in usable if not temporary[b]][: params.most_options],
            *[b for b in usable if temporary[b]][: params.most_options],
        ]
        options.append(usable)
        km += [float(distance[row, b]) for b in usable]
    size = np.array([each.size for each in households], np.int64)
    problem = ExchangeProblem.build(
        practice_ids=[each.practice_id for each in practices],
        free_places=places,
        max_inflow=caps,
        free_load=np.array(
            [NO_LIMIT if p.free_load is None else p.free_load for p in practices]
        ),
        wish_ids=[each.household_id for each in households],
        origin=np.full(len(households), NONE),
        options=options,
        size=size,
        load=np.array(
            [
                each.size * LOAD_UNIT if each.load is None else each.load
                for each in households
            ]
        ),
        priority_class=np.array([0 if each.goes_first else 1 for each in households]),
        date=params.first_day,
    )
    return problem, np.array(km)


def working_days(params: RehouseParams, *, until: Date | None = None) -> list[Date]:
    """Return the days on which households can go: up to ``until``, or ten years."""
    last = until or params.first_day + timedelta(days=_MOST_DAYS)
    days = []
    day = params.first_day
    while day <= last:
        starts_quarter = day.day == 1 and day.month in (1, 4, 7, 10)
        if day.weekday() < 5 and not starts_quarter and day not in params.holidays:
            days.append(day)
        day += timedelta(days=1)
    return days


def schedule(
    practices: Sequence[TakingPractice],
    households: Sequence[MovingHousehold],
    practice: NDArray[np.int32],
    km: NDArray[np.float64],
    params: RehouseParams,
) -> tuple[Date | None, ...]:
    """Return a day for each household that has a practice.

    With ``last_day`` people may be left over by the turns of a day where households do
    not fill it; they come after the last day rather than nowhere.
    """
    days = working_days(params)
    at_practice = np.zeros((len(practices), 0), np.int64)
    in_all = np.zeros(0, np.int64)
    found: list[Date | None] = [None] * len(households)
    order = sorted(
        (row for row in range(len(households)) if practice[row] != NONE),
        key=lambda row: (not households[row].goes_first, km[row], row),
    )
    # Before this day a practice has no turn left, not even for one person.
    first = [0] * len(practices)
    for row in order:
        b, size = int(practice[row]), households[row].size
        cap = practices[b].most_per_day
        number = first[b]
        while True:
            if number >= len(days):
                raise InvalidProblem(
                    f"{practices[b].practice_id} needs more than ten years at "
                    f"{cap} people a day",
                    field="most_per_day",
                )
            if number >= in_all.size:
                at_practice = np.pad(at_practice, ((0, 0), (0, number + 64)))
                in_all = np.pad(in_all, (0, number + 64))
            if _fits(int(at_practice[b, number]), size, cap) and (
                params.most_per_day is None
                or _fits(int(in_all[number]), size, params.most_per_day)
            ):
                break
            number += 1
        at_practice[b, number] += size
        in_all[number] += size
        found[row] = days[number]
        while first[b] < in_all.size and at_practice[b, first[b]] >= cap:
            first[b] += 1
    return tuple(found)


def _fits(there: int, size: int, cap: int) -> bool:
    """Return whether a household fits into a day; a too large one into an empty one."""
    return there + size <= cap or (there == 0 and size > cap)


def count_days(
    households: Sequence[MovingHousehold], day: Sequence[Date | None]
) -> tuple[DayProgress, ...]:
    """Return what is done day by day."""
    by_day: dict[Date, list[int]] = {}
    for row, each in enumerate(day):
        if each is not None:
            by_day.setdefault(each, []).append(row)
    made = []
    done = first_done = 0
    for each in sorted(by_day):
        rows = by_day[each]
        people = sum(households[row].size for row in rows)
        done += people
        first_done += sum(
            households[row].size for row in rows if households[row].goes_first
        )
        made.append(DayProgress(each, len(rows), people, done, first_done))
    return tuple(made)


def _check(
    practices: Sequence[TakingPractice], households: Sequence[MovingHousehold]
) -> None:
    if not practices:
        raise InvalidProblem("is empty; give a practice that takes", field="practices")
    for index, each in enumerate(practices):
        place = f"practices[{index}]"
        _check_degrees(each.lon, each.lat, place)
        if each.places < 0:
            raise InvalidProblem(f"{each.places} is below 0", field=f"{place}.places")
        if each.most_per_day < 1:
            raise InvalidProblem(
                f"{each.most_per_day} must be 1 or more", field=f"{place}.most_per_day"
            )
    for index, one in enumerate(households):
        _check_degrees(one.lon, one.lat, f"households[{index}]")


def _check_degrees(lon: float, lat: float, place: str) -> None:
    if not -180 <= lon <= 180:
        raise InvalidProblem(f"{lon!r} is not from -180 to 180", field=f"{place}.lon")
    if not -90 <= lat <= 90:
        raise InvalidProblem(f"{lat!r} is not from -90 to 90", field=f"{place}.lat")


def _distances(
    practices: Sequence[TakingPractice], households: Sequence[MovingHousehold]
) -> NDArray[np.float64]:
    """Return (H, P) km as the crow flies; flat, which is right within a region."""
    to = np.array([(each.lon, each.lat) for each in practices], np.float64)
    own = np.array([(one.lon, one.lat) for one in households], np.float64)
    own = own.reshape(-1, 2)
    east = own[:, None, 0] - to[None, :, 0]
    north = own[:, None, 1] - to[None, :, 1]
    east = east * np.cos(np.radians(to[:, 1]))[None, :]
    return np.asarray(_KM_PER_DEGREE * np.hypot(east, north), np.float64)
