"""Why did this household get this practice, or none? And which region is cut off?

Ingredients only: codes and numbers, no sentences. What is told follows from the prices
that prove the plan. For an option, level after level: what moving counts, plus the
price of the place that is freed, minus the price of the place that is taken (per
person, in whole numbers over the level's scale). The first level that is not 0 decides.
Above 0: the option would be taken. Below 0: it costs others more than it gives. 0 on
every level: the household is next in line, one more place there could be its own; what
it would cost to place it now, ``cost_of_placing`` finds by solving once more.

Of a plan without prices (waiting list, trading cycles) less can be said: which options
nobody can enter, and which went to households before in the order.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import (
    NONE,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import LevelValue, Result, level_value

#: Solves a problem to the optimum of the levels in the parameters.
Solve = Callable[[ExchangeProblem, Params], Result]

#: What is told of a household.
CODES = (
    "placed-first-choice",
    "placed-lower",
    "no-option",
    "no-option-open",
    "costs-more-than-frees",
    "others-waited-longer",
    "others-named-it-higher",
    "next-in-line",
    "others-before",
)

#: What is told of an option that was not taken.
OPTION_CODES = (
    "taken",
    "lower-on-own-list",
    "nobody-can-enter",
    "costs-more-than-frees",
    "others-waited-longer",
    "others-named-it-higher",
    "next-in-line",
    "others-before",
)

_OF_LEVEL = {
    "class0": "costs-more-than-frees",
    "class1": "costs-more-than-frees",
    "moved": "costs-more-than-frees",
    "waiting": "others-waited-longer",
    "rank": "others-named-it-higher",
}


@dataclass(frozen=True)
class OptionReason:
    """Why an option was not taken.

    ``level`` decides, with ``gives`` (what moving counts and the place freed are worth,
    or for a better option of who is placed: what the option taken leaves over) against
    ``costs`` (the place taken), per household, over ``scale``. None where no level
    decides.
    """

    practice: int
    choice_rank: int
    code: str
    level: str | None = None
    gives: int | None = None
    costs: int | None = None
    scale: int = 1


@dataclass(frozen=True)
class Explanation:
    """Why one household is where it is; ``choice_rank`` from 1, None if it stays."""

    wish: int
    code: str
    choice_rank: int | None
    practice: int | None
    options: tuple[OptionReason, ...]


@dataclass(frozen=True)
class PlacingCost:
    """What placing a household would cost the others.

    ``code``: "no-cost" (only the lottery decided), "not-possible", or the code of the
    first level that gets worse: from ``now`` to ``then``.
    """

    code: str
    level: str | None = None
    now: int | None = None
    then: int | None = None


@dataclass(frozen=True)
class Shortage:
    """A set of practices that cannot take all who want only these.

    Whoever is counted in ``wishers`` named practices of the set only. At most ``free``
    of them and as many as leave it (``leaving``, all who wish to) can come in: of the
    wishers at least ``missing`` people stay where they are in any plan. For single
    persons.
    """

    practices: tuple[int, ...]
    wishers: int
    free: int
    leaving: int

    @property
    def missing(self) -> int:
        """People who cannot be helped, whatever the plan."""
        return max(0, self.wishers - self.free - self.leaving)


class Explainer:
    """Explains many households of one round; what they share is counted once."""

    def __init__(self, problem: ExchangeProblem, result: Result) -> None:
        self._problem, self._result = problem, result
        # Prices of several levels together say nothing about one of them.
        self._levels = [
            each
            for each in result.levels
            if each.prices is not None and not each.earlier
        ]
        leaves = (problem.origin != NONE) & (np.diff(problem.first_option) > 0)
        at, p = problem.origin[leaves], problem.n_practices
        people = np.bincount(at, problem.size[leaves], minlength=p)
        load = np.bincount(at, problem.load[leaves], minlength=p)
        self._most_people = np.minimum(
            problem.free_places + people.astype(np.int64), problem.max_inflow
        )
        self._most_load = problem.free_load + load.astype(np.int64)

    def explain(self, wish: int) -> Explanation:
        """Return why this household is where it is.

        Raises
        ------
        InvalidProblem
            If there is no such wish.
        """
        problem = self._problem
        if not 0 <= wish < problem.n_wishes:
            raise InvalidProblem(
                f"{wish} must be from 0 to {problem.n_wishes - 1}", field="wish"
            )
        begin, end = problem.first_option[wish], problem.first_option[wish + 1]
        options = [int(b) for b in problem.option[begin:end]]
        chosen = int(self._result.choice[wish])
        if not options:
            return Explanation(wish, "no-option", None, None, ())
        reasons = [self._reason(wish, options, k, chosen) for k in range(len(options))]
        if chosen >= 0:
            code = "placed-first-choice" if chosen == 0 else "placed-lower"
            return Explanation(wish, code, chosen + 1, options[chosen], tuple(reasons))
        return Explanation(wish, _sum_up(reasons), None, None, tuple(reasons))

    def _can_enter(self, wish: int, b: int) -> bool:
        """Return whether anybody could: there is room, or somebody may leave."""
        return bool(
            self._most_people[b] >= self._problem.size[wish]
            and self._most_load[b] >= self._problem.load[wish]
        )

    def _reason(
        self, wish: int, options: list[int], k: int, chosen: int
    ) -> OptionReason:
        problem, b = self._problem, options[k]
        if k == chosen:
            return OptionReason(b, k + 1, "taken")
        if 0 <= chosen < k:
            return OptionReason(b, k + 1, "lower-on-own-list")
        if not self._can_enter(wish, b):
            return OptionReason(b, k + 1, "nobody-can-enter")
        if not self._levels:
            return OptionReason(b, k + 1, "others-before")
        for level in self._levels:
            worth = _worth(problem, level, wish, k)
            costs = _cost(problem, level, wish, b)
            if chosen >= 0:
                gives = worth + _cost(problem, level, wish, options[chosen])
                gives -= _worth(problem, level, wish, chosen)
            else:
                gives = worth + _freed(problem, level, wish)
            if gives != costs:
                # Above 0 happens only where a level is not proven (households).
                code = _OF_LEVEL[level.name] if gives < costs else "next-in-line"
                return OptionReason(
                    b, k + 1, code, level.name, gives, costs, level.scale
                )
        return OptionReason(b, k + 1, "next-in-line")


def explain(problem: ExchangeProblem, result: Result, wish: int) -> Explanation:
    """Return why this household is where it is; for many use ``Explainer``."""
    return Explainer(problem, result).explain(wish)


def cost_of_placing(
    problem: ExchangeProblem,
    result: Result,
    wish: int,
    *,
    solve: Solve,
    params: Params | None = None,
) -> PlacingCost:
    """Return what others lose if this household must be placed: solves once more.

    Exact for single persons; for households as good as both plans are.
    """
    params = params or Params()
    required = np.zeros(problem.n_wishes, bool)
    if params.required is not None:
        required |= params.required
    required[wish] = True
    try:
        other = solve(problem, replace(params, required=required))
    except Infeasible:
        return PlacingCost("not-possible")
    for name in params.levels:
        now = level_value(problem, result.choice, name)
        then = level_value(problem, other.choice, name)
        if now != then:
            return PlacingCost(_OF_LEVEL[name], name, now, then)
    return PlacingCost("no-cost")


def _sum_up(reasons: list[OptionReason]) -> str:
    """Return the code of the option that came nearest to being taken."""
    if all(each.code == "nobody-can-enter" for each in reasons):
        return "no-option-open"
    nearest = max(OPTION_CODES.index(each.code) for each in reasons)
    return OPTION_CODES[nearest]


def _worth(problem: ExchangeProblem, level: LevelValue, wish: int, k: int) -> int:
    """Return what moving to the k-th option counts on a level, times the scale."""
    size = int(problem.size[wish])
    each = {
        "class0": int(problem.priority_class[wish] == 0),
        "class1": int(problem.priority_class[wish] == 1),
        "moved": 1,
        "waiting": int(problem.capped_days[wish]),
        "rank": -k,
    }[level.name]
    return size * each * level.scale


def _cost(problem: ExchangeProblem, level: LevelValue, wish: int, b: int) -> int:
    size, load = int(problem.size[wish]), int(problem.load[wish])
    total = 0
    for prices, amount in (
        (level.prices, size),
        (level.entry_prices, size),
        (level.load_prices, load),
    ):
        if prices is not None:
            total += amount * int(prices[b])
    return total


def _freed(problem: ExchangeProblem, level: LevelValue, wish: int) -> int:
    origin = int(problem.origin[wish])
    if origin == NONE:
        return 0
    total = 0
    for prices, amount in (
        (level.prices, int(problem.size[wish])),
        (level.load_prices, int(problem.load[wish])),
    ):
        if prices is not None:
            total += amount * int(prices[origin])
    return total


def find_shortages(
    problem: ExchangeProblem, result: Result, *, level: str = "moved"
) -> tuple[Shortage, ...]:
    """Return the regions in shortage, the largest first.

    The practices with a price are divided into regions: two belong together if a
    household that named only such practices named both. Empty without prices.
    """
    for each in result.levels:
        if each.name == level and each.prices is not None:
            priced = each.prices > 0
            break
    else:
        return ()
    lengths = np.diff(problem.first_option)
    outside = np.bincount(
        problem.wish_of_option,
        ~priced[problem.option],
        minlength=problem.n_wishes,
    )
    inside = (lengths > 0) & (outside == 0)
    root = _join(problem, inside)
    size = problem.size.astype(np.int64)
    first = problem.option[problem.first_option[:-1][inside]]
    p = problem.n_practices
    wishers = np.bincount(root[first], size[inside], minlength=p)
    free = np.bincount(root[priced], problem.free_places[priced], minlength=p)
    leaves = (problem.origin != NONE) & (lengths > 0)
    leaves[leaves] = priced[problem.origin[leaves]]
    leaving = np.bincount(root[problem.origin[leaves]], size[leaves], minlength=p)
    found = [
        Shortage(
            tuple(int(b) for b in np.flatnonzero(priced & (root == r))),
            int(wishers[r]),
            int(free[r]),
            int(leaving[r]),
        )
        for r in np.unique(root[first])
    ]
    short = [each for each in found if each.missing > 0]
    return tuple(sorted(short, key=lambda each: (-each.missing, each.practices)))


def _join(problem: ExchangeProblem, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (P,) one practice that stands for the region of each."""
    root = list(range(problem.n_practices))

    def find(b: int) -> int:
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        return b

    first = problem.option[problem.first_option[:-1][inside]]
    kept = inside[problem.wish_of_option]
    count = np.diff(problem.first_option)[inside]
    keys = np.repeat(first.astype(np.int64), count) * problem.n_practices
    for key in np.unique(keys + problem.option[kept]).tolist():
        one, other = divmod(key, problem.n_practices)
        low, high = sorted((find(one), find(other)))
        root[high] = low
    return np.array([find(b) for b in range(problem.n_practices)], np.int64)
