"""What is the best assignment of all open requests together, and how sure is that?

Maximize the value of the chosen pairs; each request at most one team; per team the
clients, the hours of each part of the day and those of the week fit. Steps:

1. Place one by one (``assign.place_one_by_one``): the result never falls below it.
2. Many small changes of that start give a good assignment (``anneal``).
3. The linear relaxation gives a bound; if it is whole, it is the optimum. Patterns
   lower the bound (``bound``).
4. When these no longer do, branch and cut goes on from the best so far (``linear``).

With a time limit 2 runs beside 3 and 4, and how far they come depends on the
machine. Without one they run one after the other and the result is always the same.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.assign import Pairs, list_pairs, place_one_by_one
from wijkspil_engines.routing.problem import AssignmentProblem, Params, Result

_WHOLE = 1e-6
_PROVEN = 1e-9
#: Small changes for each pair and each of ``params.max_rounds``: without a time limit,
#: and at most with one.
_MOVES, _MOVES_TIMED = 5, 25
#: Rounds of the bound when the clock says how long.
_ROUNDS_TIMED = 10_000
#: Nodes of branch and cut, without a time limit and with one.
_NODES, _NODES_TIMED = 1_000, 10**9


def solve(
    problem: AssignmentProblem,
    *,
    params: Params | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Result:
    """Place all requests together; never worse than one by one.

    Parameters
    ----------
    time_limit_s
        Seconds after which the best so far is returned (``timed_out``). With None
        the search ends after ``params.max_rounds`` and a number of nodes, the same on
        every machine.
    """
    started = time.perf_counter()
    params = params or Params()
    deadline = np.inf if time_limit_s is None else started + time_limit_s
    pairs = list_pairs(problem, params)
    greedy, chosen, bound = _search(problem, pairs, params, seed, deadline)
    value = pairs.total(chosen)
    placed = chosen[chosen >= 0]
    if _is_closed(value, bound, _PROVEN):
        status = "optimal"
    elif time.perf_counter() >= deadline:
        status = "timed_out"
    else:
        status = "feasible"
    assignment = pairs.to_assignment(chosen)
    before = pairs.to_assignment(greedy)
    assignment.flags.writeable = before.flags.writeable = False
    return Result(
        status=status,  # type: ignore[arg-type]
        assignment=assignment,
        value=value,
        bound=max(bound, value),
        terms={
            "placed": float(placed.size),
            "placed_weighted": float(pairs.placing[placed].sum()),
            "score": float(pairs.score[placed].sum()),
        },
        greedy_value=pairs.total(greedy),
        greedy_placed=int((greedy >= 0).sum()),
        greedy_assignment=before,
        runtime_s=time.perf_counter() - started,
        seed=seed,
        params=params,
        input_hash=problem.input_hash,
    )


def _search(
    problem: AssignmentProblem,
    pairs: Pairs,
    params: Params,
    seed: int,
    deadline: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Return the pairs chosen one by one, the best pairs found, and a bound."""
    # Loading what is compiled takes half a second, which a ranking does not need.
    from wijkspil_engines.routing.anneal import Annealing
    from wijkspil_engines.routing.bound import Bounding
    from wijkspil_engines.routing.linear import solve_whole

    bounding = Bounding(pairs)
    stop = Event()
    with ThreadPoolExecutor(1) as beside:
        relaxing = beside.submit(bounding.relax)
        greedy = pairs.from_assignment(place_one_by_one(problem))
        best, least = greedy, int((greedy >= 0).sum())
        whole = relaxing.result()
        if whole is not None and (whole >= 0).sum() >= least:
            best = max(best, whole, key=pairs.total)
        if _is_closed(pairs.total(best), bounding.bound, _PROVEN):
            return greedy, best, bounding.bound
        annealing = Annealing(pairs, greedy, bounding.reduced, seed)

        def is_over() -> bool:
            found = max(annealing.value, pairs.total(best))
            closed = _is_closed(found, bounding.bound, params.gap)
            return closed or time.perf_counter() >= deadline

        is_timed = bool(np.isfinite(deadline))
        moves = _MOVES_TIMED if is_timed else _MOVES
        n_moves = moves * pairs.n * params.max_rounds
        changing = beside.submit(annealing.run, n_moves, stop, deadline)
        try:
            if not is_timed:
                changing.result()
                bounding.add_assignment(annealing.best)
            began = time.perf_counter()

            def spent() -> float:
                return (time.perf_counter() - began) / max(deadline - began, 1e-9)

            bounding.generate(
                params.max_rounds if not is_timed else _ROUNDS_TIMED,
                is_over,
                spent if is_timed else None,
            )
            if not is_over():
                upper, whole = solve_whole(
                    pairs,
                    annealing.best,
                    least=least,
                    seconds=deadline - time.perf_counter(),
                    max_nodes=_NODES_TIMED if is_timed else _NODES,
                )
                bounding.bound = min(bounding.bound, upper)
                best = max(best, whole, key=pairs.total)
            if is_over():
                stop.set()
        except BaseException:
            stop.set()
            raise
        changing.result()
    return greedy, max(best, annealing.best, key=pairs.total), bounding.bound


def _is_closed(value: float, bound: float, gap: float) -> bool:
    """Say whether value and bound differ by no more than this share."""
    return bool(bound - value <= max(gap * abs(bound), _WHOLE))
