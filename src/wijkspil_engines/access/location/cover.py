"""Which p sites have most people within reach (maximal covering location)?

Church and ReVelle 1974 (doi:10.1007/BF01942293). The same as a p-median where a person
within reach costs 0 and any other 1, so bound, search and proof are those of
``p_median``.
"""

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.location import core
from wijkspil_engines.access.location.p_median import (
    PROVEN,
    Chosen,
    choose,
    nearest_open,
)
from wijkspil_engines.access.location.problem import (
    InvalidLocations,
    LocationParams,
    LocationProblem,
    LocationResult,
    Status,
)

#: Up to so many pairs HiGHS goes on after so many nodes of the own search, for so many.
_EXACT_PAIRS, _NODES_FIRST, _NODES_EXACT = 100_000, 400, 2000


def solve_cover(
    problem: LocationProblem,
    *,
    within: float,
    params: LocationParams | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> LocationResult:
    """Open the sites with most people at a cost of ``within`` or less.

    ``objective``: people covered; ``bound``: the most any choice covers. ``serving`` is
    the cheapest open site of those covered. ``terms``: ``share_covered``, ``people``,
    ``people_uncovered``, ``within``. ``prices`` are per client in people, see
    ``as_cover``.

    Raises
    ------
    InvalidLocations
        If ``within`` is not 0 or more.
    """
    started = time.perf_counter()
    params = params or LocationParams()
    deadline = np.inf if time_limit_s is None else started + time_limit_s
    covering = as_cover(problem, within=within)
    table = core.Table(covering.first, covering.site, covering.cost)
    people = float(problem.weight.sum())
    is_small = covering.cost.size <= _EXACT_PAIRS
    chosen = choose(
        covering,
        table,
        covering.weight,
        params=replace(params, max_nodes=_NODES_FIRST)
        if is_small and params.max_nodes is None
        else params,
        seed=seed,
        deadline=deadline,
        is_whole=_are_whole(covering.weight),
    )
    if chosen.status != "optimal" and is_small:
        chosen = _search(covering, chosen, params, deadline)
    serving, nearest = nearest_open(problem, chosen.is_open)
    serving = np.where(nearest <= within, serving, -1).astype(np.int32)
    covered = float(problem.weight[serving >= 0].sum())
    return LocationResult(
        status=chosen.status,
        opened=np.flatnonzero(chosen.is_open),
        serving=serving,
        objective=covered,
        bound=covered if chosen.status == "optimal" else people - chosen.bound,
        terms={
            "share_covered": covered / people if people else 0.0,
            "people": people,
            "people_uncovered": people - covered,
            "within": within,
        },
        prices=chosen.prices,
        price_bound=people - chosen.price_bound,
        n_nodes=chosen.n_nodes,
        algorithm="cover: swaps, prices, search",
        seed=seed,
        runtime_s=time.perf_counter() - started,
        input_hash=problem.input_hash,
    )


def _search(
    covering: LocationProblem, chosen: Chosen, params: LocationParams, deadline: float
) -> Chosen:
    """Go on with HiGHS; costs are people not covered."""
    from wijkspil_engines.access.location.cover_exact import search_cover

    seconds = deadline - time.perf_counter()
    enough = max(params.gap, PROVEN) * chosen.cost
    if seconds <= 0 or params.max_nodes == 0 or chosen.cost - chosen.bound <= enough:
        return chosen
    nodes = params.max_nodes or _NODES_EXACT
    found = search_cover(covering, seconds=seconds, max_nodes=nodes)
    people = float(covering.weight.sum())
    is_open, cost = chosen.is_open, chosen.cost
    if found.is_open is not None:
        serving, _ = nearest_open(covering, found.is_open)
        left = float(covering.weight[serving < 0].sum())
        if left < cost:
            is_open, cost = found.is_open, left
    bound = min(cost, max(chosen.bound, people - found.bound))
    # HiGHS works to a millionth.
    apart = 1.0 - 1e-6 if _are_whole(covering.weight) else 1e-6 * people
    status: Status = "feasible"
    if cost - bound <= apart:
        status, bound = "optimal", cost
    elif time.perf_counter() >= deadline:
        status = "timed_out"
    return chosen._replace(is_open=is_open, cost=cost, bound=bound, status=status)


def as_cover(problem: LocationProblem, *, within: float) -> LocationProblem:
    """Return the p-median with the same answer: 0 within reach, 1 beyond.

    Raises
    ------
    InvalidLocations
        If ``within`` is not 0 or more.
    """
    if not within >= 0:
        raise InvalidLocations(f"within is {within}; give a number, 0 or more")
    near = problem.cost <= within
    if problem.unreached_cost <= within:
        raise InvalidLocations(
            f"within is {within}, but who reaches no site already counts as "
            f"{problem.unreached_cost}; give a smaller number"
        )
    first = np.concatenate([[0], np.cumsum(near)])[problem.first].astype(np.int64)
    site, cost = problem.site[near], np.zeros(int(near.sum()))
    for each in (first, site, cost):
        each.flags.writeable = False
    return replace(problem, first=first, site=site, cost=cost, unreached_cost=1.0)


def _are_whole(weight: NDArray[np.float64]) -> bool:
    return bool((weight == np.floor(weight)).all() and weight.sum() < 2**52)
