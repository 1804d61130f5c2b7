"""What a round comes to: who moves where, values and prices per level.

A level's ``bound`` is what nobody can go beyond (below it for ``rank``); ``prices``
prove it, see ``verify``. Prices are per person, in whole numbers over ``scale``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import ExchangeProblem

VERSION = "1"

#: Called with the name of a step, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]

Status = Literal["optimal", "feasible", "timed_out"]


@dataclass(frozen=True, eq=False)
class LevelValue:
    """How far one level came.

    Parameters
    ----------
    name
        One of ``LEVELS``.
    value
        People; for ``waiting`` days over all people moved; for ``rank`` places down
        the list over all people moved (0 each for a first choice).
    bound
        What no plan that is as good on the levels before can better.
    prices
        (P,) price of a free place, times ``scale``; None when nothing is proven.
    entry_prices
        (P,) price of coming in, where ``max_inflow`` binds; None when it never does.
    load_prices
        (P,) price of a thousandth of load; None when load never binds.
    scale
        What prices are multiplied by to be whole.
    earlier
        What a unit of each level before counts for in the proof, times ``scale``; with
        them ``prices`` are of all these levels together. Empty: prices are of this
        level alone, those of earlier levels come before them.
    proof
        "prices" or, for few wishes, "search": branch and bound found no better plan.
    """

    name: str
    value: int
    bound: int
    prices: NDArray[np.int64] | None = None
    entry_prices: NDArray[np.int64] | None = None
    load_prices: NDArray[np.int64] | None = None
    scale: int = 1
    earlier: tuple[int, ...] = ()
    proof: Literal["prices", "search"] = "prices"

    @property
    def gap(self) -> int:
        """How much better it could be at most."""
        return abs(self.bound - self.value)


@dataclass(frozen=True, eq=False)
class Result:
    """One solved round.

    ``choice`` (W,): which option of each wish is taken, -1 for staying.
    ``seat_prices`` (P,): how many more people move if that practice opens one place
    (None if not known). ``lottery`` (W,): the number that breaks ties of each wish,
    where a mechanism drew one. ``bound_people``: most people any plan can move.
    """

    status: Status
    choice: NDArray[np.int32]
    levels: tuple[LevelValue, ...]
    moved_households: int
    moved_people: int
    moved_people_by_class: tuple[int, int, int]
    first_choices: int
    bound_people: int
    seat_prices: NDArray[np.int64] | None
    seconds: float
    mechanism: str
    seed: int
    input_sha256: str
    version: str = VERSION
    lottery: NDArray[np.int64] | None = None

    @property
    def gap_people(self) -> int:
        """People that could move beyond those who do, at most."""
        return max(0, self.bound_people - self.moved_people)


def taken_practice(
    problem: ExchangeProblem, choice: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return where each household is afterwards, (W,); ``NONE`` for nowhere."""
    moved = choice >= 0
    place = problem.origin.copy()
    place[moved] = problem.option[problem.first_option[:-1][moved] + choice[moved]]
    return place


def level_value(problem: ExchangeProblem, choice: NDArray[np.int32], name: str) -> int:
    """Return what a choice reaches on a level; places down the list for ``rank``."""
    people = _people_moved(problem, choice)
    if name == "moved":
        return int(people.sum())
    if name == "waiting":
        return int(people @ problem.capped_days)
    if name == "rank":
        return int(people @ choice)
    return int(people @ (problem.priority_class == int(name[-1])))


def _people_moved(
    problem: ExchangeProblem, choice: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the people of each wish that move, (W,): 0 for who stays."""
    return problem.size.astype(np.int64) * (choice >= 0)


def make_result(
    problem: ExchangeProblem,
    choice: NDArray[np.int32],
    *,
    status: Status,
    mechanism: str,
    seed: int,
    seconds: float,
    levels: tuple[LevelValue, ...] = (),
    bound_people: int | None = None,
    seat_prices: NDArray[np.int64] | None = None,
    lottery: NDArray[np.int64] | None = None,
) -> Result:
    """Count what a choice comes to.

    Without a bound nobody can say more than that all with an option could move.
    """
    chosen = np.asarray(choice, dtype=np.int32).copy()
    chosen.setflags(write=False)
    people = _people_moved(problem, chosen)
    if bound_people is None:
        has_option = np.diff(problem.first_option) > 0
        bound_people = int(problem.size[has_option].sum(dtype=np.int64))
    by_class = [int(people @ (problem.priority_class == each)) for each in (0, 1, 2)]
    return Result(
        status=status,
        choice=chosen,
        levels=levels,
        moved_households=int((chosen >= 0).sum()),
        moved_people=int(people.sum()),
        moved_people_by_class=(by_class[0], by_class[1], by_class[2]),
        first_choices=int(people @ (chosen == 0)),
        bound_people=bound_people,
        seat_prices=seat_prices,
        seconds=seconds,
        mechanism=mechanism,
        seed=seed,
        input_sha256=problem.input_hash,
        lottery=lottery,
    )


def waiting_order(
    problem: ExchangeProblem, *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the wishes, longest waiting first, and the lottery number of each.

    Who waited equally long goes by a number drawn once for each wish; the number is
    part of the report. Uncapped days count.
    """
    lottery = np.random.default_rng(seed).permutation(problem.n_wishes)
    order = np.lexsort((lottery, -problem.waiting_days.astype(np.int64)))
    return order.astype(np.int64), lottery.astype(np.int64)
