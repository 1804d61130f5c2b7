"""What happens to a proposed round when a person or a practice says no?

Nothing is carried out before everything it leans on is confirmed. After a "no" the rest
is solved again among the confirmed moves:

1. *Hold*: of the confirmed moves, keep the most people such that, with others that may
   still move, every practice stays in balance. Confirmed moves beyond that leaned on
   somebody who said no: they are *suspended*. Those households stay where they are,
   keep their wish and their days, and take part in step 2 with their whole list: a
   partly executed cycle takes nobody's place.
2. *Propose*: the held moves are fixed (one option, and it must be taken); all others
   are solved anew with the levels of the round. What was refused is out.

So the balance of every practice holds counting only held and proposed moves. A move may
be *carried out* at once if it needs no open answer: ``executable`` says which of the
confirmed moves hold their balance among themselves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.problem import (
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import Result, make_result, taken_practice

#: Solves a problem to the optimum of the levels in the parameters.
Solve = Callable[[ExchangeProblem, Params], Result]


@dataclass(frozen=True, eq=False)
class Repaired:
    """A round after answers.

    Parameters
    ----------
    result
        Choices count the options of the problem as it was; held moves included.
    held
        (W,) confirmed moves that stay.
    suspended
        (W,) confirmed moves that leaned on a "no"; a new proposal may be in ``result``.
    proposed
        (W,) moves to be answered now: new ones, and those open that stayed the same.
    rest, rest_params, rest_result
        What was solved and how, for ``verify``: its levels count the options of
        ``rest``, in which held moves have one option and refused ones are gone.
    """

    result: Result
    rest: ExchangeProblem
    rest_params: Params
    rest_result: Result
    held: NDArray[np.bool_]
    suspended: NDArray[np.bool_]
    proposed: NDArray[np.bool_]


def resolve_after(
    problem: ExchangeProblem,
    result: Result,
    *,
    confirmed: NDArray[np.bool_],
    solve: Solve,
    refused_pairs: Iterable[tuple[int, int]] = (),
    refused_wishes: Iterable[int] = (),
    params: Params | None = None,
) -> Repaired:
    """Solve the rest of a round among its confirmed moves.

    Parameters
    ----------
    confirmed
        (W,) moves of ``result`` that both sides confirmed.
    refused_pairs
        (wish, practice): the practice is no option of that wish any more.
    refused_wishes
        Wishes that leave the round: they stay where they are.

    For households the solver may find no plan with all held moves; then the plan that
    showed they can be held is the answer.

    Raises
    ------
    InvalidProblem
        If a confirmed wish has no move, or is refused as well.
    """
    params = params or Params()
    confirmed = np.asarray(confirmed, bool)
    _check(problem, result, confirmed)
    kept = np.ones(problem.option.size, bool)
    refused = np.fromiter(refused_wishes, np.int64)
    kept[np.isin(problem.wish_of_option, refused)] = False
    for wish, practice in refused_pairs:
        begin, end = problem.first_option[wish], problem.first_option[wish + 1]
        kept[begin:end] &= problem.option[begin:end] != practice
    fixed = problem.first_option[:-1] + np.maximum(result.choice, 0)
    sure = np.flatnonzero(confirmed)
    clash = sure[~kept[fixed[sure]]]
    if clash.size:
        raise InvalidProblem(
            "is confirmed and refused; a refused move is not confirmed",
            field=f"confirmed[{clash[0]}]",
        )
    owner, index = problem.wish_of_option, np.arange(problem.option.size)
    held = confirmed.copy()
    if confirmed.any():
        free = kept & (~confirmed[owner] | (index == fixed[owner]))
        rest, asked = _ask_to_hold(problem, free, confirmed, params)
        found = solve(rest, asked)
        held = np.asarray(confirmed & (found.choice >= 0))
    free_now = kept & (~held[owner] | (index == fixed[owner]))
    anew = problem.with_options(free_now)
    with_held = replace(params, required=held if held.any() else None)
    try:
        found = solve(anew, with_held)
        rest, asked, free = anew, with_held, free_now
    except Infeasible:
        # Not proven that there is no plan (households): the one just found has one.
        if not held.any():
            raise
    choice = _in_old_options(problem, free, found.choice)
    moved = choice >= 0
    made = make_result(
        problem,
        choice,
        status=found.status,
        mechanism=found.mechanism,
        seed=found.seed,
        seconds=found.seconds,
        levels=found.levels,
        bound_people=found.bound_people,
        seat_prices=found.seat_prices,
        lottery=found.lottery,
    )
    return Repaired(
        result=made,
        rest=rest,
        rest_params=asked,
        rest_result=found,
        held=held,
        suspended=confirmed & ~held,
        proposed=moved & ~held,
    )


def executable(
    problem: ExchangeProblem, result: Result, confirmed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return confirmed moves (W,) that can be carried out now, without any other.

    Every practice is in balance counting only these. Where more would come in than
    there is room, the shortest waiting wait for an answer; what leaned on them waits
    too. Not always the largest such set.
    """
    going = np.asarray(confirmed, bool) & (result.choice >= 0)
    to = taken_practice(problem, result.choice)
    last_first = np.lexsort((np.arange(problem.n_wishes), problem.waiting_days))
    while True:
        people = _net(problem, going, to, problem.size.astype(np.int64))
        load = _net(problem, going, to, problem.load)
        over = (people > problem.free_places) | (load > problem.free_load)
        if not over.any():
            return going
        for b in np.flatnonzero(over):
            too_many = int(people[b] - problem.free_places[b])
            too_much = int(load[b] - problem.free_load[b])
            for wish in last_first[(going & (to == b))[last_first]]:
                if too_many <= 0 and too_much <= 0:
                    break
                going[wish] = False
                too_many -= int(problem.size[wish])
                too_much -= int(problem.load[wish])


def _check(
    problem: ExchangeProblem, result: Result, confirmed: NDArray[np.bool_]
) -> None:
    if confirmed.shape != (problem.n_wishes,):
        raise InvalidProblem(
            f"must have shape ({problem.n_wishes},), has {confirmed.shape}",
            field="confirmed",
        )
    still = np.flatnonzero(confirmed & (result.choice < 0))
    if still.size:
        raise InvalidProblem(
            "has no proposed move to confirm", field=f"confirmed[{still[0]}]"
        )


def _ask_to_hold(
    problem: ExchangeProblem,
    free: NDArray[np.bool_],
    confirmed: NDArray[np.bool_],
    params: Params,
) -> tuple[ExchangeProblem, Params]:
    """Return the round whose optimum holds the most people of confirmed moves."""
    asked = replace(
        problem.with_options(free),
        priority_class=np.where(confirmed, 0, 2).astype(np.int8),
    )
    rest = tuple(each for each in params.levels if each in ("moved", "waiting"))
    return asked, Params(levels=("class0", *rest))


def _in_old_options(
    problem: ExchangeProblem, kept: NDArray[np.bool_], choice: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Count choices among the kept options as choices of the problem as it was."""
    before = np.concatenate(([0], np.cumsum(kept)))
    old = np.flatnonzero(kept)
    moved = choice >= 0
    made = np.full(problem.n_wishes, -1, np.int32)
    begin = problem.first_option[:-1]
    made[moved] = old[before[begin[moved]] + choice[moved]] - begin[moved]
    made.setflags(write=False)
    return made


def _net(
    problem: ExchangeProblem,
    going: NDArray[np.bool_],
    to: NDArray[np.int32],
    amount: NDArray[np.int64],
) -> NDArray[np.int64]:
    leaves = going & (problem.origin >= 0)
    came = np.bincount(to[going], amount[going], minlength=problem.n_practices)
    went = np.bincount(
        problem.origin[leaves], amount[leaves], minlength=problem.n_practices
    )
    return (came - went).astype(np.int64)
