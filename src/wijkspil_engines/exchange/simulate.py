"""How long do groups wait when rounds are held for years, by each mechanism?

One run plays the drawn course of a region (``years_course``) with one mechanism: before
each round lists shrink and grow, practices stop, open and take people, wishes come and
are given up; then everybody with a wish takes part in the round and those who move
leave the pool. Not played: refusals, and practices that hide room.

Waiting is measured by the curve of Kaplan and Meier (1958,
doi:10.1080/01621459.1958.10501452): giving up, and the end of the run, end the
observation and not the wait. ``mean_days`` is the area under it up to the horizon.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as Date

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import (
    LOAD_UNIT,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    Params,
)
from wijkspil_engines.exchange.result import Result
from wijkspil_engines.exchange.solve import solve
from wijkspil_engines.exchange.years_config import YearsConfig
from wijkspil_engines.exchange.years_course import KINDS, NEVER, Course, draw_course

#: Groups by which waiting is told.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "all": ("all",),
    "reason": KINDS,
    "current-practice": ("none", "unpopular", "popular"),
    "household": ("1", "2", "3+"),
    "income": ("lowest", "middle", "highest"),
}

#: What is told of each group.
MEASURES = ("wishes", "served_share", "mean_days", "over_180_days_share")


@dataclass(frozen=True, eq=False)
class Played:
    """One run.

    Parameters
    ----------
    served_day
        (N,) day of the move; ``NEVER`` for none.
    made
        (N,) whether the wish was ever made.
    waiting, moved, free
        (R,) people in the pool before each round, people moved, free places before.
    price_levels, prices, costs, left
        Names of the levels of the optimum; of each round, level and practice (R, L, P)
        the price of a place, and that with the price of coming in where inflow is
        capped; places left after each round, -1 at a practice that takes nobody (R, P).
        None for other mechanisms.
    """

    mechanism: str
    seed: int
    course: Course
    served_day: NDArray[np.int64]
    made: NDArray[np.bool_]
    waiting: NDArray[np.int64]
    moved: NDArray[np.int64]
    free: NDArray[np.int64]
    price_levels: tuple[str, ...] = ()
    prices: NDArray[np.float64] | None = None
    costs: NDArray[np.float64] | None = None
    left: NDArray[np.int64] | None = None


#: Told of each round that is played: the problem and what came of it.
Watch = Callable[[int, ExchangeProblem, NDArray[np.int64], Result], None]


def play(
    config: YearsConfig,
    mechanism: str,
    seed: int,
    *,
    course: Course | None = None,
    watch: Watch | None = None,
    keeps_prices: bool = False,
) -> Played:
    """Play one run; ``course`` is drawn from the seed when not given."""
    course = course or draw_course(config, seed)
    state = _State(config, course)
    levels: tuple[str, ...] = ()
    prices: NDArray[np.float64] | None = None
    costs: NDArray[np.float64] | None = None
    left: NDArray[np.int64] | None = None
    counts = np.zeros((3, config.n_rounds), np.int64)
    for number in range(config.n_rounds):
        state.advance(number)
        problem, rows = state.make_problem(number)
        result = solve_round(config, mechanism, problem, seed=_round_seed(seed, number))
        if watch is not None:
            watch(number, problem, rows, result)
        counts[:, number] = (
            problem.n_people,
            result.moved_people,
            problem.free_places.sum(),
        )
        if keeps_prices and mechanism == "optimum":
            if prices is None or costs is None or left is None:
                left = np.full((config.n_rounds, problem.n_practices), -1, np.int64)
                levels = tuple(each.name for each in result.levels)
                shape = (config.n_rounds, len(levels), problem.n_practices)
                prices, costs = np.zeros(shape), np.zeros(shape)
            for row, level in enumerate(result.levels):
                if level.earlier:  # Prices of several levels together.
                    continue
                if level.prices is not None:
                    prices[number, row] = level.prices / level.scale
                    costs[number, row] = prices[number, row]
                if level.entry_prices is not None:
                    costs[number, row] += level.entry_prices / level.scale
            left[number] = state.places_left(number, problem, result)
        state.carry_out(number, problem, rows, result)
    return Played(
        mechanism,
        seed,
        course,
        state.served_day,
        state.made,
        counts[0],
        counts[1],
        counts[2],
        levels,
        prices,
        costs,
        left,
    )


def solve_round(
    config: YearsConfig, mechanism: str, problem: ExchangeProblem, *, seed: int
) -> Result:
    """Solve one round by the mechanism of that name."""
    params = Params(levels=config.study.levels, class_first=config.study.class_first)
    return solve(problem, params=params, mechanism=mechanism, seed=seed)


def _round_seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, 2, number]).generate_state(1)[0])


class _State:
    """Practices and wishes as the run goes; only this changes."""

    def __init__(self, config: YearsConfig, course: Course) -> None:
        self._config, self._course = config, course
        self.capacity = course.capacity.copy()
        self.registered = course.registered.astype(np.int64)
        self.origin = course.origin.copy()
        self.priority_class = course.priority_class.copy()
        self.served_day = np.full(course.day.size, NEVER, np.int64)
        self._stops = course.kind == KINDS.index("practice-stops")
        self.made = ~self._stops
        self._by_origin_of_stop = {
            int(b): np.flatnonzero(self._stops & (course.origin == b))
            for b in np.flatnonzero(course.notice_day < NEVER)
        }

    def day(self, number: int) -> int:
        """Return the day of a round."""
        return (number + 1) * self._config.rounds.days_between

    def takes(self, number: int) -> NDArray[np.bool_]:
        """(P,) which practices take people in a round."""
        now = self.day(number)
        return (self._course.open_day <= now) & (self._course.notice_day > now)

    def places_left(
        self, number: int, problem: ExchangeProblem, result: Result
    ) -> NDArray[np.int64]:
        """(P,) places left after a round, -1 at a practice that takes nobody."""
        came, went = _people_in_out(problem, result)
        left = np.minimum(problem.free_places - came + went, problem.max_inflow - came)
        return np.where(self.takes(number), left, -1)

    def is_waiting(self, now: int) -> NDArray[np.bool_]:
        """(N,) who has a wish on this day."""
        course = self._course
        return np.asarray(
            self.made
            & (course.day <= now)
            & (self.served_day == NEVER)
            & (course.withdraw_day > now)
        )

    def advance(self, number: int) -> None:
        """Let the days until the next round pass."""
        course, practices = self._course, self._config.practices
        now = self.day(number)
        before = now - self._config.rounds.days_between
        years = self._config.rounds.days_between / 365
        expected = self.registered * practices.leave_rate * years
        left = np.rint(expected + np.sqrt(expected) * course.leaving[number])
        born = np.rint(self.registered * practices.newborn_rate * years)
        change = born - np.maximum(left, 0)
        self.registered = np.maximum(self.registered + change, 0).astype(np.int64)
        is_open = (course.open_day <= now) & (course.close_day > now)
        self.registered[~is_open] = 0
        self.capacity += np.where(is_open, course.grown[number], 0)
        for b in np.flatnonzero(
            (course.notice_day <= now) & (course.notice_day < NEVER)
        ):
            if course.notice_day[b] > before or (number == 0):
                self._give_notice(int(b), now)
        closed = np.flatnonzero((course.close_day > before) & (course.close_day <= now))
        at_closed = np.isin(self.origin, closed) & (self.served_day == NEVER)
        self.origin[at_closed] = NONE
        self.priority_class[at_closed] = 0

    def _give_notice(self, practice: int, now: int) -> None:
        """Make a wish for every household of a practice that stops."""
        course = self._course
        rows = self._by_origin_of_stop[practice]
        at = (self.origin == practice) & self.is_waiting(now)
        self.priority_class[at] = np.minimum(self.priority_class[at], 1)
        people = self.registered[practice] - course.size[at].sum()
        self.made[rows[np.cumsum(course.size[rows]) <= people]] = True

    def make_problem(self, number: int) -> tuple[ExchangeProblem, NDArray[np.int64]]:
        """Return the round and which wishes (rows of the course) are in it."""
        course, now = self._course, self.day(number)
        takes = self.takes(number)
        rows = np.flatnonzero(self.is_waiting(now))
        named = course.ranking[rows]
        usable = (named != NONE) & takes[named] & (named != self.origin[rows][:, None])
        usable &= usable.cumsum(1) <= course.length[rows][:, None]
        free = np.where(takes, np.maximum(self.capacity - self.registered, 0), 0)
        cap = self._config.practices.cap_per_round or NO_LIMIT
        n = takes.size
        size = course.size[rows]
        problem = ExchangeProblem(
            practice_ids=tuple(map(str, range(n))),
            free_places=free,
            max_inflow=np.full(n, cap),
            free_load=np.full(n, NO_LIMIT),
            wish_ids=tuple(map(str, rows.tolist())),
            size=size.astype(np.int32),
            origin=self.origin[rows].astype(np.int32),
            priority_class=self.priority_class[rows].astype(np.int8),
            waiting_days=(now - course.day[rows]).astype(np.int32),
            load=size * LOAD_UNIT,
            first_option=np.concatenate(([0], np.cumsum(usable.sum(1)))),
            option=named[usable],
            date=Date.fromordinal(Date(2000, 1, 1).toordinal() + now),
        )
        return problem, rows

    def carry_out(
        self,
        number: int,
        problem: ExchangeProblem,
        rows: NDArray[np.int64],
        result: Result,
    ) -> None:
        """Let those who move take their place on the new list."""
        came, went = _people_in_out(problem, result)
        self.registered = np.maximum(self.registered + came - went, 0)
        self.served_day[rows[result.choice >= 0]] = self.day(number)


def _people_in_out(
    problem: ExchangeProblem, result: Result
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    moved = np.flatnonzero(result.choice >= 0)
    to = problem.option[problem.first_option[moved] + result.choice[moved]]
    left = problem.origin[moved]
    size = problem.size[moved]
    n = problem.n_practices
    came = np.bincount(to, size, minlength=n)
    went = np.bincount(left[left != NONE], size[left != NONE], minlength=n)
    return came.astype(np.int64), went.astype(np.int64)


def group_codes(course: Course) -> dict[str, NDArray[np.int64]]:
    """Return (N,) the row of each group of ``GROUPS`` a wish belongs to."""
    middle = np.median(course.popularity)
    popular = course.popularity[course.origin] > middle
    at = np.where(course.origin == NONE, 0, np.where(popular, 2, 1))
    return {
        "all": np.zeros(course.day.size, np.int64),
        "reason": course.kind,
        "current-practice": at.astype(np.int64),
        "household": np.minimum(course.size, 3) - 1,
        "income": course.income.astype(np.int64),
    }


def measure(config: YearsConfig, played: Played) -> dict[str, float]:
    """Return every figure of one run by name, as ``income/lowest/mean_days``.

    People are counted. A group without wishes has NaN.
    """
    course = played.course
    last = config.n_rounds * config.rounds.days_between
    counted = played.made & (course.day >= config.rounds.warm_up_days)
    counted &= course.day < last
    end = np.minimum(np.minimum(played.served_day, course.withdraw_day), last)
    waited = np.maximum(end - course.day, 0)
    served = played.served_day < NEVER
    found: dict[str, float] = {}
    for name, code in group_codes(course).items():
        for row, label in enumerate(GROUPS[name]):
            inside = counted & (code == row)
            figures = _measure_group(
                waited[inside],
                served[inside],
                course.size[inside],
                config.rounds.horizon_days,
            )
            for each, value in zip(MEASURES, figures, strict=True):
                found[f"{name}/{label}/{each}"] = value
    found["rounds/moved_people"] = float(played.moved.sum())
    found["rounds/waiting_at_end"] = float(played.waiting[-1])
    return found


def _measure_group(
    waited: NDArray[np.int64],
    served: NDArray[np.bool_],
    size: NDArray[np.int64],
    horizon: int,
) -> tuple[float, float, float, float]:
    people = int(size.sum())
    if people == 0:
        return 0.0, float("nan"), float("nan"), float("nan")
    share = float(size[served].sum()) / people
    days, survival = waiting_curve(waited, served, size)
    mean = _area(days, survival, horizon)
    at = int(np.searchsorted(days, 180, side="right")) - 1
    return float(people), share, mean, float(survival[at])


def waiting_curve(
    waited: NDArray[np.int64], served: NDArray[np.bool_], size: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the share still waiting from each day on (Kaplan-Meier), from day 0."""
    days, row = np.unique(waited, return_inverse=True)
    ended = np.bincount(row, size, minlength=days.size)
    helped = np.bincount(row, size * served, minlength=days.size)
    at_risk = ended[::-1].cumsum()[::-1]
    survival = np.cumprod(1.0 - helped / at_risk)
    if days[0] == 0:
        return days, survival
    return np.concatenate(([0], days)), np.concatenate(([1.0], survival))


def _area(
    days: NDArray[np.int64], survival: NDArray[np.float64], horizon: int
) -> float:
    inside = days < horizon
    edges = np.append(days[inside], horizon)
    return float((np.diff(edges) * survival[inside]).sum())
