"""Which p sites bring care nearest to everybody together (p-median), how sure is that?

Fixed sites stay open, so "where to open next" is the same question. No capacities: a
site serves all who come. Steps, on what ``core`` compiles:

1. Open greedily, then swap: the start.
2. Prices give a bound; the sites they take, and those they took most often lately, are
   improved by swaps.
3. Still far from the bound: shake the best plan, swap anew.
4. Search from there: open or close a site.

Without a time limit the result is the same on every machine.
"""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.location import core
from wijkspil_engines.access.location.problem import (
    LocationParams,
    LocationProblem,
    LocationResult,
    Status,
)

#: Objective and bound are equal when they differ by less than this share.
PROVEN = 1e-9
#: Bound and plan further apart than this: shake before searching.
SHAKEN_GAP = 0.002
#: Nodes times pairs that are searched without a limit of nodes or time.
_SEARCHED_PAIRS, _MOST_NODES = 100_000_000, 5000
_NODES_AT_ONCE = 20
_SHAKEN_SHARE = 20
_LEAST_LISTED = 8
_STEP, _PATIENCE, _PATIENCE_FAR = 0.25, 8, 40
_ROUNDS_NODE = 25


class Chosen(NamedTuple):
    """The best plan found and what is proven of it; costs times weight."""

    is_open: NDArray[np.bool_]
    cost: float
    bound: float
    prices: NDArray[np.float64]
    price_bound: float
    n_nodes: int
    status: Status


def solve_p_median(
    problem: LocationProblem,
    *,
    params: LocationParams | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> LocationResult:
    """Open the sites with the least total cost.

    ``terms``: ``mean_cost`` per person, ``people``, ``people_unreached``.

    Parameters
    ----------
    time_limit_s
        Seconds after which the best so far is returned (``timed_out``); looked at
        between steps, of which one takes a few seconds at 14,000 x 1,000.
    """
    started = time.perf_counter()
    params = params or LocationParams()
    deadline = np.inf if time_limit_s is None else started + time_limit_s
    lengths = np.diff(problem.first)
    table = core.Table(
        problem.first, problem.site, problem.cost * np.repeat(problem.weight, lengths)
    )
    beyond = (
        np.full(problem.n_clients, np.inf)
        if problem.unreached_cost == np.inf
        else problem.weight * problem.unreached_cost
    )
    chosen = choose(problem, table, beyond, params=params, seed=seed, deadline=deadline)
    serving, nearest = nearest_open(problem, chosen.is_open)
    people = float(problem.weight.sum())
    objective = float(problem.weight @ nearest)
    return LocationResult(
        status=chosen.status,
        opened=np.flatnonzero(chosen.is_open),
        serving=serving,
        objective=objective,
        bound=objective if chosen.status == "optimal" else chosen.bound,
        terms={
            "mean_cost": objective / people if people else 0.0,
            "people": people,
            "people_unreached": float(problem.weight[serving < 0].sum()),
        },
        prices=chosen.prices,
        price_bound=chosen.price_bound,
        n_nodes=chosen.n_nodes,
        algorithm="p-median: swaps, prices, search",
        seed=seed,
        runtime_s=time.perf_counter() - started,
        input_hash=problem.input_hash,
    )


def nearest_open(
    problem: LocationProblem, is_open: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the cheapest open site (-1: none in reach) and its cost, both (n,)."""
    return core.find_nearest_open(
        problem.first, problem.site, problem.cost, is_open, problem.unreached_cost
    )


def choose(
    problem: LocationProblem,
    table: core.Table,
    beyond: NDArray[np.float64],
    *,
    params: LocationParams,
    seed: int,
    deadline: float,
    is_whole: bool = False,
) -> Chosen:
    """Open the sites of ``problem`` with the least cost of this ``table``.

    ``is_whole``: every total is a whole number, so that less than 1 apart is proven.
    """
    n, m, p = problem.n_clients, problem.n_sites, problem.n_open
    state = np.where(problem.is_candidate, 0, -1).astype(np.int8)
    state[problem.is_fixed] = 1
    usable = int((state >= 0).sum())
    most = min(usable, max(_LEAST_LISTED, int(params.listed * usable / p)))
    if 2 * np.count_nonzero(table.cost) < table.cost.size:
        # Costs hardly differ: a list that is cut at a tie would hold nothing.
        most = 0
    lists = core.make_lists(*table, beyond, state, most)
    best_open = core.open_greedily(lists, table, state, p)
    first_cost = core.improve_by_swaps(lists, table, state, best_open, core.MOST_SWAPS)
    best = np.array([first_cost])

    def slack() -> float:
        apart = max(params.gap, PROVEN) * float(best[0])
        return max(apart, 1.0 - 1e-6) if is_whole else apart

    def climb(price: NDArray[np.float64], patience: int) -> core.Climb:
        return core.climb(
            lists, table, price, state, p, best_open, best, slack(),
            params.max_rounds, patience, _STEP, True,
        )  # fmt: skip

    found = climb(core.start_prices(lists, table, best_open), _PATIENCE)
    if found.bound < best[0] * (1 - SHAKEN_GAP) - slack():
        again = climb(found.price, _PATIENCE_FAR)
        found = again if again.bound > found.bound else found
    prices, price_bound = found.price, found.bound
    if price_bound < best[0] * (1 - SHAKEN_GAP) - slack():
        _shake(
            lists, table, state, best_open, best,
            rng=np.random.default_rng(seed), params=params, deadline=deadline,
            target=price_bound + slack(),
        )  # fmt: skip
    bound, n_nodes, is_over = price_bound, 0, False
    if bound < best[0] - slack():
        core.decide_sites(found, state, p, best[0] - slack())
        lists = core.make_lists(*table, beyond, state, most)
        stack = core.Stack(
            np.empty((m + 2, m), np.int8),
            np.empty((m + 2, n)),
            np.empty(m + 2),
            np.ones(1, np.int64),
        )
        stack.state[0], stack.price[0], stack.bound[0] = state, found.price, bound
        limit = params.max_nodes
        if limit is None:
            limit = (
                min(
                    _MOST_NODES,
                    max(_NODES_AT_ONCE, _SEARCHED_PAIRS // max(1, table.cost.size)),
                )
                if deadline == np.inf
                else np.iinfo(np.int64).max
            )
        while stack.size[0] and n_nodes < limit:
            if time.perf_counter() >= deadline:
                is_over = True
                break
            n_nodes += core.search(
                lists, table, p, stack, best_open, best, slack(),
                min(_NODES_AT_ONCE, limit - n_nodes), _ROUNDS_NODE, _PATIENCE, _STEP,
            )  # fmt: skip
        left = stack.bound[: stack.size[0]]
        bound = max(bound, min(left.min(initial=np.inf), best[0] - slack()))
    cost = float(best[0])
    status: Status = "feasible"
    whole_step = 1.0 - 1e-6 if is_whole else 0.0
    if bound >= cost - max(PROVEN * cost, whole_step):
        status, bound = "optimal", cost
    elif is_over:
        status = "timed_out"
    return Chosen(
        best_open, cost, float(bound), prices, float(price_bound), n_nodes, status
    )


def _shake(
    lists: core.Lists,
    table: core.Table,
    state: core.States,
    best_open: NDArray[np.bool_],
    best: NDArray[np.float64],
    *,
    rng: np.random.Generator,
    params: LocationParams,
    deadline: float,
    target: float,
) -> None:
    """Replace some sites of the best plan at random and swap anew, again and again.

    With a deadline half of the time that is left.
    """
    now = time.perf_counter()
    until = deadline if deadline == np.inf else now + (deadline - now) / 2
    free = state == 0
    shaken = max(2, int((best_open & free).sum()) // _SHAKEN_SHARE)
    count = 0
    while best[0] > target:
        if time.perf_counter() >= until:
            return
        if until == np.inf and count >= params.max_shakes:
            return
        count += 1
        leaving = np.flatnonzero(best_open & free)
        entering = np.flatnonzero(~best_open & free)
        k = min(shaken, leaving.size, entering.size)
        if k == 0:
            return
        tried = best_open.copy()
        tried[rng.choice(leaving, k, replace=False)] = False
        tried[rng.choice(entering, k, replace=False)] = True
        cost = core.improve_by_swaps(lists, table, state, tried, core.MOST_SWAPS)
        if cost < best[0] * (1 - 1e-12):
            best[0] = cost
            best_open[:] = tried
