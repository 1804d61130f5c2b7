"""Is a reported round possible, are its numbers right, and is it really the best?

A second opinion in other code than the solver's, one pass over the options per level.

**Why prices prove it.** Give every practice b a price for a place, p(b) >= 0, and for
coming in, m(b) >= 0. Whoever moves from a to b frees a place worth p(a) and takes one
worth p(b) + m(b). For every plan that is possible

    value <= sum of free places x p + sum of max inflow x m
             + sum over wishes of max(0, best over its options of
                                         worth + p(a) - p(b) - m(b))

because places given out never exceed places free. A plan that reaches the right-hand
side is the best there is. With several levels everything above is a row of numbers,
one per level, compared like words in a dictionary, first level first.

A level after one that stays below its bound has prices of all levels together, with
what a unit of each earlier level counts for: ``_Proof.bound_together``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import (
    NO_LIMIT,
    ExchangeProblem,
    Params,
)
from wijkspil_engines.exchange.result import LevelValue, Result

#: A search is taken as proof of a level up to so many options.
MOST_SEARCHED = 2000
#: Prices and weights are no larger, so that all sums are exact.
_MOST = 2**40
#: Days waited count no further.
_MOST_WORTH = 3650
#: Prices of places, of coming in and of load, (P,) each.
_Prices = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Failure:
    """One thing that is not as reported: a code and a sentence."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def verify(
    problem: ExchangeProblem, result: Result, *, params: Params | None = None
) -> tuple[Failure, ...]:
    """Return what is wrong with a result; nothing if all of it holds.

    Give the ``params`` it was solved with when wishes were required to move.

    A result without levels (a waiting list) is checked for what is possible and for
    its counts only. Every bound must be what its prices prove, or for few wishes what
    a search found and another does not better (``levels_by_search``); of ``status``
    "optimal" every value must equal its bound.
    """
    wrong: list[Failure] = []
    choice = result.choice
    if choice.shape != (problem.n_wishes,):
        return (Failure("choice", f"must have {problem.n_wishes} rows"),)
    lengths = np.diff(problem.first_option)
    off_list = np.flatnonzero((choice < -1) | (choice >= lengths))
    if off_list.size:
        name = problem.wish_ids[off_list[0]]
        return (Failure("option", f"{name}: moves to what is not on its list"),)
    if result.input_sha256 != problem.input_hash:
        wrong.append(
            Failure(
                "input",
                f"the report is about input {result.input_sha256[:12]!r}, "
                f"not {problem.input_hash[:12]!r}",
            )
        )
    wrong += _check_room(problem, choice)
    wrong += _check_counts(problem, result)
    required = None if params is None else params.required
    if required is not None and (choice[required] < 0).any():
        name = problem.wish_ids[np.flatnonzero(required & (choice < 0))[0]]
        wrong.append(Failure("required", f"{name}: must move and does not"))
    if not wrong and result.levels:
        wrong += _check_levels(problem, result, required)
    return tuple(wrong)


def _check_room(problem: ExchangeProblem, choice: NDArray[np.int32]) -> list[Failure]:
    moved = np.flatnonzero(choice >= 0)
    into = problem.option[problem.first_option[moved] + choice[moved]]
    origin = problem.origin[moved]
    left = moved[origin >= 0]
    p = problem.n_practices
    wrong = []

    def total(where: NDArray[np.int32], what: NDArray[Any]) -> NDArray[np.int64]:
        counted = np.bincount(where, weights=what, minlength=p)
        whole: NDArray[np.int64] = np.rint(counted).astype(np.int64)
        return whole

    came = total(into, problem.size[moved])
    grown = came - total(problem.origin[left], problem.size[left])
    heavier = total(into, problem.load[moved]) - total(
        problem.origin[left], problem.load[left]
    )
    for code, found, most, says in (
        (
            "places",
            grown,
            problem.free_places,
            "grows by {} people with {} places free",
        ),
        ("inflow", came, problem.max_inflow, "takes in {} people, at most {}"),
        ("load", heavier, problem.free_load, "grows by {} of load with {} free"),
    ):
        too_many = np.flatnonzero((found > most) & (most < NO_LIMIT))
        if too_many.size:
            b = too_many[0]
            wrong.append(
                Failure(
                    code,
                    f"{problem.practice_ids[b]} {says.format(found[b], most[b])}"
                    f" ({too_many.size} practices)",
                )
            )
    return wrong


def _check_counts(problem: ExchangeProblem, result: Result) -> list[Failure]:
    moved = result.choice >= 0
    people = np.where(moved, problem.size, 0).astype(np.int64)
    found = {
        "moved_households": int(moved.sum()),
        "moved_people": int(people.sum()),
        "moved_people_by_class": tuple(
            int(people[problem.priority_class == each].sum()) for each in range(3)
        ),
        "first_choices": int(people[result.choice == 0].sum()),
    }
    for level in result.levels:
        is_proven = level.prices is not None or level.proof == "search"
        if level.name == "moved" and is_proven:
            found["bound_people"] = level.bound
    wrong = []
    for name, value in found.items():
        said = getattr(result, name)
        if said != value:
            wrong.append(Failure("count", f"{name} is {value}, the report says {said}"))
    for level in result.levels:
        seats = result.seat_prices
        if (
            level.name == "moved"
            and seats is not None
            and level.prices is not None
            and level.scale == 1
            and not level.earlier
            and not np.array_equal(seats, level.prices)
        ):
            wrong.append(
                Failure("seat-prices", "are not the prices of the level moved")
            )
    if result.bound_people < result.moved_people:
        wrong.append(Failure("bound", "bound_people is below moved_people"))
    return wrong


def _check_levels(
    problem: ExchangeProblem, result: Result, required: NDArray[np.bool_] | None
) -> list[Failure]:
    """Check values, bounds and prices, level by level on what is left of each list."""
    wrong: list[Failure] = []
    size = problem.size.astype(np.int64)
    moved = result.choice >= 0
    worths = {
        "class0": (problem.priority_class == 0).astype(np.int64),
        "class1": (problem.priority_class == 1).astype(np.int64),
        "moved": np.ones(problem.n_wishes, dtype=np.int64),
        "waiting": np.minimum(problem.waiting_days, 3650).astype(np.int64),
    }
    proof = _Proof(problem, required)
    for index, level in enumerate(result.levels):
        if level.name == "rank":
            value = int((size[moved] * result.choice[moved]).sum())
            sign = -1
        else:
            value = int((size * worths[level.name])[moved].sum())
            sign = 1
        if value != level.value:
            wrong.append(
                Failure(
                    "value", f"{level.name} is {value}, the report says {level.value}"
                )
            )
        if level.proof == "search":
            wrong += _check_search(problem, result.levels[: index + 1], required)
            proof.start_again()
            continue
        if level.prices is None:
            if result.mechanism == "optimum" or result.status == "optimal":
                wrong.append(Failure("prices", f"{level.name}: has no prices"))
            proof.start_again()
            continue
        if level.earlier:
            proven = proof.bound_together(level, result.levels[:index], worths)
        else:
            proven = proof.bound(level, worths.get(level.name))
        if isinstance(proven, Failure):
            wrong.append(proven)
            break
        if sign * level.bound != proven:
            wrong.append(
                Failure(
                    "bound",
                    f"{level.name}: the prices prove {sign * proven}, not "
                    f"{level.bound}",
                )
            )
        if result.status == "optimal" and level.bound != level.value:
            wrong.append(
                Failure("gap", f"{level.name}: {level.value} is not {level.bound}")
            )
    return wrong


def levels_by_search(
    problem: ExchangeProblem, result: Result, *, params: Params | None = None
) -> tuple[str, ...]:
    """Return the levels that a search says are the best and no prices prove."""
    required = None if params is None else params.required
    return tuple(
        level.name
        for index, level in enumerate(result.levels)
        if level.proof == "search"
        and _can_be_better(problem, result.levels[: index + 1], required, split=True)
    )


def _can_be_better(
    problem: ExchangeProblem,
    levels: Sequence[LevelValue],
    required: NDArray[np.bool_] | None,
    *,
    split: bool,
) -> bool:
    # Loading HiGHS takes time: only where a level rests on a search.
    from wijkspil_engines.exchange.verify_search import can_be_better

    return can_be_better(problem, levels, required, split=split)


def _check_search(
    problem: ExchangeProblem,
    levels: Sequence[LevelValue],
    required: NDArray[np.bool_] | None,
) -> list[Failure]:
    """Check the last level, said to be the best by a search."""
    level = levels[-1]
    if problem.option.size > MOST_SEARCHED:
        return [
            Failure(
                "search",
                f"{level.name}: a search proves nothing beyond {MOST_SEARCHED} options",
            )
        ]
    if level.bound != level.value:
        return [Failure("bound", f"{level.name}: {level.value} is not {level.bound}")]
    if _can_be_better(problem, levels, required, split=True) and _can_be_better(
        problem, levels, required, split=False
    ):
        return [Failure("search", f"{level.name}: there is a better plan")]
    return []


class _Proof:
    """What is left to prove with: the options that are best at the prices so far.

    Once a level's value equals its bound, a plan as good uses only options that are
    best at its prices, and fills every practice with a price: there the prices of
    later levels may be negative. Where a level is not proven, later bounds must hold
    by themselves: nothing is left out and no price is negative.
    """

    def __init__(
        self, problem: ExchangeProblem, required: NDArray[np.bool_] | None
    ) -> None:
        self.problem = problem
        self.size = problem.size.astype(np.int64)
        self.load = problem.load
        self.is_single = bool((self.size == 1).all())
        places = problem.free_places
        if (problem.load == 1000 * self.size).all():
            places = np.minimum(places, problem.free_load // 1000)
        self.places = places
        n = problem.n_wishes
        self.can_stay = np.ones(n, dtype=np.bool_)
        if required is not None:
            self.can_stay = ~required
        self.may_stay = self.can_stay.copy()
        self.wish = np.repeat(np.arange(n), np.diff(problem.first_option))
        self.option = problem.option
        self.rank = np.arange(problem.option.size) - problem.first_option[self.wish]
        zero = np.zeros(problem.n_practices, dtype=np.bool_)
        self.has_price = zero
        self.has_entry_price = zero
        self.has_load_price = zero
        self.is_whole = True

    def bound(
        self, level: LevelValue, worth: NDArray[np.int64] | None
    ) -> int | Failure:
        """Return the most the prices allow; for ``rank`` (no worth) minus places.

        Leaves out what no plan with this value uses, for the next level.
        """
        prices = self._read(level)
        if isinstance(prices, Failure):
            return prices
        place, entry, by_load = prices
        total = self._cost_of_room(prices)
        value = self._gain(prices, self.wish, self.option)
        if worth is not None:
            value += self.size[self.wish] * (worth * level.scale)[self.wish]
        elif self.is_single:
            value -= level.scale * self.rank
        else:
            value -= self.size[self.wish] * (level.scale * self.rank)
        if self.wish.size:
            begins = np.flatnonzero(np.diff(self.wish, prepend=-1))
            who = self.wish[begins]
            most = np.maximum.reduceat(value, begins)
            may_stay = self.can_stay[who]
            most[may_stay] = np.maximum(most[may_stay], 0)
            total += _exact_sum(most)
        exact = level.value if worth is not None else -level.value
        if self.is_whole and total == exact * level.scale:
            self.has_price = self.has_price | (place > 0)
            self.has_entry_price = self.has_entry_price | (entry > 0)
            self.has_load_price = self.has_load_price | (by_load > 0)
            if self.wish.size:
                self.can_stay[who] = may_stay & (most == 0)
                count = np.diff(begins, append=self.wish.size)
                kept = value == np.repeat(most, count)
                self.wish = self.wish[kept]
                self.option = self.option[kept]
                self.rank = self.rank[kept]
        elif self.is_whole:
            self.start_again()
        return total // level.scale

    def bound_together(
        self,
        level: LevelValue,
        before: Sequence[LevelValue],
        worths: Mapping[str, NDArray[np.int64]],
    ) -> int | Failure:
        """Return the most for plans that are as good on the levels before.

        Such a plan loses nothing when what it has more on those levels counts for
        ``earlier``. Every option counts again, and no price is negative.
        """
        if len(level.earlier) != len(before):
            return Failure("earlier", f"{level.name}: must have {len(before)} weights")
        if any(not 0 <= each <= _MOST for each in level.earlier):
            return Failure("earlier", f"{level.name}: weights are out of range")
        self.start_again()
        none = np.zeros(self.problem.n_practices, dtype=np.bool_)
        self.has_price = self.has_entry_price = self.has_load_price = none
        prices = self._read(level)
        if isinstance(prices, Failure):
            return prices
        problem = self.problem
        lengths = np.diff(problem.first_option)
        wish = np.repeat(np.arange(problem.n_wishes), lengths)
        rank = np.arange(problem.option.size) - problem.first_option[wish]
        value = self._gain(prices, wish, problem.option)
        total = self._cost_of_room(prices)
        for each, weight in zip(
            (*before, level), (*level.earlier, level.scale), strict=True
        ):
            if each.name == "rank":
                value -= self.size[wish] * rank * weight
            else:
                value += (self.size * worths[each.name] * weight)[wish]
            if each is not level:
                sign = -1 if each.name == "rank" else 1
                total -= weight * sign * each.value
        begins = np.flatnonzero(np.diff(wish, prepend=-1))
        if begins.size:
            most = np.maximum.reduceat(value, begins)
            may_stay = self.may_stay[wish[begins]]
            most[may_stay] = np.maximum(most[may_stay], 0)
            total += _exact_sum(most)
        return total // level.scale

    def _read(self, level: LevelValue) -> _Prices | Failure:
        """Return prices of places, of coming in and of load, all possible."""
        p = self.problem.n_practices
        none = np.zeros(p, dtype=np.int64)
        prices = []
        for kind, given, positive, room in (
            ("prices", level.prices, self.has_price, self.places),
            (
                "entry_prices",
                level.entry_prices,
                self.has_entry_price,
                self.problem.max_inflow,
            ),
            (
                "load_prices",
                level.load_prices,
                self.has_load_price,
                self.problem.free_load,
            ),
        ):
            price = none if given is None else given
            if price.shape != (p,):
                return Failure("prices", f"{level.name}: must have {p} {kind}")
            if (np.abs(price) > _MOST).any() or not 1 <= level.scale <= 2**30:
                return Failure("prices", f"{level.name}: {kind} are out of range")
            below = (price < 0) & ~positive
            if below.any():
                name = self.problem.practice_ids[np.flatnonzero(below)[0]]
                return Failure("prices", f"{level.name}: {kind} of {name} is negative")
            if ((price != 0) & (room >= NO_LIMIT)).any():
                return Failure("prices", f"{level.name}: {kind} where is no limit")
            prices.append(price)
        # What one household comes to must fit in 64 bits: sums are then exact.
        largest = [int(np.abs(price).max(initial=0)) for price in prices]
        longest = int(np.diff(self.problem.first_option).max(initial=0))
        worth = max(_MOST_WORTH, longest) * (level.scale + sum(level.earlier))
        each = int(self.size.max(initial=0)) * (2 * largest[0] + largest[1] + worth)
        each += 2 * int(self.load.max(initial=0)) * largest[2]
        if each >= 2**62:
            return Failure("prices", f"{level.name}: prices are out of range")
        return prices[0], prices[1], prices[2]

    def _cost_of_room(self, prices: _Prices) -> int:
        rooms = self.places, self.problem.max_inflow, self.problem.free_load
        return sum(
            int(price[b]) * int(room[b])
            for price, room in zip(prices, rooms, strict=True)
            for b in np.flatnonzero(price).tolist()
        )

    def _gain(
        self, prices: _Prices, wish: NDArray[np.int64], option: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Return what each option frees less what it takes, at these prices."""
        place, entry, by_load = prices
        origin = self.problem.origin
        freed = np.where(origin >= 0, place[origin], 0)
        cost = place + entry
        gain: NDArray[np.int64] = (freed * self.size)[wish]
        gain -= cost[option] if self.is_single else self.size[wish] * cost[option]
        if by_load.any():
            freed_load = self.load * np.where(origin >= 0, by_load[origin], 0)
            gain += freed_load[wish] - self.load[wish] * by_load[option]
        return gain

    def start_again(self) -> None:
        """Prove what follows without what came before."""
        self.is_whole = False


def _exact_sum(values: NDArray[np.int64]) -> int:
    """Return a sum that may be larger than 64 bits hold."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
