"""Who gains by the optimum, and who would a waiting list have served instead?

The waiting list is replayed on the same wishes, with the same seed. Per group is told
how many people each serves. A group is *served later* if the plan serves fewer of its
people than the list does.

The constraint "no group served later than by the waiting list" is met by requiring
wishes by name: of the groups that are served later, the households the list serves and
the plan does not, until no group is served later. The plan of the list itself meets
every such requirement, so there always is a plan; if the solver finds no other (as can
be with households), that plan is the answer. For single persons what comes out is the
proven optimum *given those names*. It asks more than the counts alone would (these
people, not as many people), so its price in moves is at least that of the counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import (
    NONE,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
)
from wijkspil_engines.exchange.result import Result

#: Solves with wishes (W,) that must move; None for none.
SolveRequired = Callable[[NDArray[np.bool_] | None], Result]

#: Of these rounds all but the last ask only for the households that lose.
_MOST_ROUNDS = 6


@dataclass(frozen=True, eq=False)
class Grouping:
    """A division of all wishes: ``code`` (W,) is a row of ``labels``, -1 for none."""

    name: str
    labels: tuple[str, ...]
    code: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.code.size and not (
            self.code.min() >= -1 and self.code.max() < len(self.labels)
        ):
            raise InvalidProblem(
                f"must be a row of the {len(self.labels)} labels, or -1",
                field=f"grouping {self.name!r}.code",
            )


@dataclass(frozen=True)
class GroupOutcome:
    """What becomes of a group, in people.

    ``gained``: served by the plan, and by the list not or lower down their own list.
    ``lost``: served by the list and not by the plan: served later. ``lower``: served
    by both, by the plan lower down their own list.
    """

    grouping: str
    label: str
    people: int
    served_by_list: int
    served: int
    gained: int
    lost: int
    lower: int

    @property
    def is_served_later(self) -> bool:
        """Whether the plan serves fewer of them than the waiting list."""
        return self.served < self.served_by_list


@dataclass(frozen=True, eq=False)
class Guarded:
    """A plan that serves no group later than the waiting list.

    ``free``: the plan without the constraint; ``required`` (W,): wishes asked for by
    name; ``price_people``: how many more people move without the constraint;
    ``is_list``: no plan but that of the list itself was found (households only).
    """

    result: Result
    free: Result
    listed: Result
    required: NDArray[np.bool_]
    outcomes: tuple[GroupOutcome, ...]
    is_list: bool = False

    @property
    def price_people(self) -> int:
        """People who do not move because of the constraint."""
        return self.free.moved_people - self.result.moved_people


def standard_groupings(
    problem: ExchangeProblem, income: NDArray[np.int64] | None = None
) -> tuple[Grouping, ...]:
    """Return the groups that are always looked at.

    ``income`` (W,): third of the income of the wijk of the home, 0 the lowest, -1 if
    not known. An *unwanted* practice: more people wish to leave than name it.
    """
    size = problem.size.astype(np.int64)
    has_one = problem.origin != NONE
    leaving = np.bincount(
        problem.origin[has_one], size[has_one], minlength=problem.n_practices
    )
    named = np.bincount(
        problem.option,
        size[problem.wish_of_option],
        minlength=problem.n_practices,
    )
    unwanted = np.append(leaving > named, False)
    at = np.where(has_one, np.where(unwanted[problem.origin], 1, 2), 0)
    made = [
        Grouping(
            "class",
            ("without-practice", "moved-or-practice-stops", "other"),
            problem.priority_class.astype(np.int64),
        ),
        Grouping(
            "current-practice",
            ("none", "more-leave-than-want-in", "other"),
            at.astype(np.int64),
        ),
        Grouping("household", ("1", "2", "3", "4+"), np.minimum(size, 4) - 1),
    ]
    if income is not None:
        made.append(Grouping("income", ("lowest", "middle", "highest"), income))
    return tuple(made)


def compare(
    problem: ExchangeProblem,
    groupings: Sequence[Grouping],
    listed: Result,
    result: Result,
) -> tuple[GroupOutcome, ...]:
    """Return what becomes of each group, by the plan and by the waiting list."""
    size = problem.size.astype(np.int64)
    by_list, by_plan = listed.choice >= 0, result.choice >= 0
    lower = by_list & by_plan & (result.choice > listed.choice)
    gained = by_plan & (~by_list | (result.choice < listed.choice))
    columns = [size * 1, size * by_list, size * by_plan]
    columns += [size * gained, size * (by_list & ~by_plan), size * lower]
    made = []
    for grouping in groupings:
        kept = grouping.code >= 0
        counts = [
            np.bincount(
                grouping.code[kept], column[kept], minlength=len(grouping.labels)
            )
            for column in columns
        ]
        made += [
            GroupOutcome(grouping.name, label, *(int(each[row]) for each in counts))
            for row, label in enumerate(grouping.labels)
        ]
    return tuple(made)


def must_serve(
    problem: ExchangeProblem,
    groupings: Sequence[Grouping],
    listed: Result,
    result: Result,
    *,
    also_served: bool = False,
) -> NDArray[np.bool_]:
    """Return the wishes (W,) to require next; none if no group is served later.

    Those that the list serves and the plan does not, in the groups that are served
    later; with ``also_served`` also those that the plan serves too, so that they do
    not drop out for the others.
    """
    by_list, by_plan = listed.choice >= 0, result.choice >= 0
    size = problem.size.astype(np.int64)
    named = np.zeros(problem.n_wishes, bool)
    for grouping in groupings:
        for row in range(len(grouping.labels)):
            inside = grouping.code == row
            if size[inside & by_plan].sum() < size[inside & by_list].sum():
                named |= inside & by_list
    return named if also_served else named & ~by_plan


def solve_guarded(
    problem: ExchangeProblem,
    groupings: Sequence[Grouping],
    listed: Result,
    solve: SolveRequired,
) -> Guarded:
    """Solve so that no group is served later than by the waiting list.

    ``solve`` is called with the wishes that must move, first with None.
    """
    free = solve(None)
    result = free
    required = np.zeros(problem.n_wishes, bool)
    rounds = 0
    while True:
        rounds += 1
        named = must_serve(
            problem, groupings, listed, result, also_served=rounds >= _MOST_ROUNDS
        )
        if not (named & ~required).any():
            break
        required |= named
        try:
            result = solve(required)
        except Infeasible:
            # The list itself shows a plan that moves them all.
            result = listed
            break
    required.setflags(write=False)
    outcomes = compare(problem, groupings, listed, result)
    return Guarded(result, free, listed, required, outcomes, is_list=result is listed)
