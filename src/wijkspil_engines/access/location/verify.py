"""Is this choice of sites what it says it is? A slow, plain second opinion.

Computes everything anew, client by client, and shares no computation with ``core``.
The bound of the prices is computed anew too. What a search adds to that bound it cannot
show: see the tests with every choice there is.
"""

import math

import numpy as np

from wijkspil_engines.access.location.cover import as_cover
from wijkspil_engines.access.location.problem import LocationProblem, LocationResult

_TOLERANCE = 1e-7


def verify_p_median(
    problem: LocationProblem, result: LocationResult
) -> tuple[str, ...]:
    """Return what is wrong with a p-median, in sentences; empty when it holds."""
    wrong = _check_sites(problem, result)
    if wrong:
        return tuple(wrong)
    wrong += _check_serving(problem, result, math.inf)
    total = unreached = 0.0
    for i in range(problem.n_clients):
        reached = _open_pairs(problem, result, i)
        cheapest = min([cost for cost, _ in reached], default=problem.unreached_cost)
        total += float(problem.weight[i]) * cheapest
        unreached += 0.0 if reached else float(problem.weight[i])
    wrong += _compare("objective", result.objective, total)
    wrong += _compare(
        "terms.people_unreached", result.terms["people_unreached"], unreached
    )
    wrong += _check_bound(problem, result)
    if result.bound > total + _slack(total):
        wrong.append(f"The bound {result.bound} is above the cost {total}.")
    if result.price_bound > result.bound + _slack(total):
        wrong.append("The bound is below what the prices prove.")
    if result.status == "optimal" and result.bound < total - _slack(total):
        wrong.append("The status is optimal, but objective and bound differ.")
    return tuple(wrong)


def verify_cover(
    problem: LocationProblem, result: LocationResult, *, within: float
) -> tuple[str, ...]:
    """Return what is wrong with a cover, in sentences; empty when it holds."""
    wrong = _check_sites(problem, result)
    if wrong:
        return tuple(wrong)
    wrong += _check_serving(problem, result, within)
    covered = 0.0
    for i in range(problem.n_clients):
        if any(cost <= within for cost, _ in _open_pairs(problem, result, i)):
            covered += float(problem.weight[i])
    wrong += _compare("objective", result.objective, covered)
    people = float(problem.weight.sum())
    proven = _price_bound(as_cover(problem, within=within), result)
    if proven is None:
        wrong.append("A price is above what it costs to reach no site.")
    else:
        wrong += _compare("price_bound", result.price_bound, people - proven)
    if result.bound < covered - _slack(people):
        wrong.append(f"The bound {result.bound} is below the people {covered}.")
    if result.status == "optimal" and result.bound > covered + _slack(people):
        wrong.append("The status is optimal, but objective and bound differ.")
    return tuple(wrong)


def _check_sites(problem: LocationProblem, result: LocationResult) -> list[str]:
    opened = result.opened.tolist()
    wrong = []
    if result.input_hash != problem.input_hash:
        wrong.append("The result belongs to other input.")
    if len(set(opened)) != len(opened) or len(opened) != problem.n_open:
        wrong.append(f"{len(opened)} sites are open, not {problem.n_open} different.")
    for j in opened:
        if not 0 <= j < problem.n_sites:
            wrong.append(f"Site {j} does not exist.")
        elif not (problem.is_fixed[j] or problem.is_candidate[j]):
            wrong.append(f"Site {j} is open, but is no candidate.")
    wrong += [
        f"Site {j} is fixed, but not open."
        for j in np.flatnonzero(problem.is_fixed).tolist()
        if j not in opened
    ]
    if result.serving.shape != (problem.n_clients,):
        wrong.append(f"serving has shape {result.serving.shape}.")
    return wrong


def _open_pairs(
    problem: LocationProblem, result: LocationResult, client: int
) -> list[tuple[float, int]]:
    """Return cost and site of the open sites a client reaches."""
    opened = set(result.opened.tolist())
    pairs = range(int(problem.first[client]), int(problem.first[client + 1]))
    return [
        (float(problem.cost[e]), int(problem.site[e]))
        for e in pairs
        if int(problem.site[e]) in opened and problem.cost[e] < problem.unreached_cost
    ]


def _check_serving(
    problem: LocationProblem, result: LocationResult, within: float
) -> list[str]:
    wrong = []
    for i, site in enumerate(result.serving.tolist()):
        reached = [
            pair for pair in _open_pairs(problem, result, i) if pair[0] <= within
        ]
        if site == -1:
            if reached:
                wrong.append(f"Client {i} reaches {len(reached)} sites, but has none.")
        elif not any(j == site and cost == min(reached)[0] for cost, j in reached):
            wrong.append(f"Client {i} is served from {site}, which is not the nearest.")
    return wrong


def _price_bound(problem: LocationProblem, result: LocationResult) -> float | None:
    """Return the bound that the prices prove; None if a price cannot be."""
    worth = [0.0] * problem.n_sites
    prices = result.prices.tolist()
    for i, price in enumerate(prices):
        weight = float(problem.weight[i])
        if weight and price > weight * problem.unreached_cost * (1 + _TOLERANCE):
            return None
        for e in range(int(problem.first[i]), int(problem.first[i + 1])):
            worth[problem.site[e]] += min(0.0, weight * problem.cost[e] - price)
    fixed = [worth[j] for j in np.flatnonzero(problem.is_fixed)]
    others = sorted(
        worth[j] for j in np.flatnonzero(problem.is_candidate & ~problem.is_fixed)
    )
    return sum(prices) + sum(fixed) + sum(others[: problem.n_open - len(fixed)])


def _check_bound(problem: LocationProblem, result: LocationResult) -> list[str]:
    proven = _price_bound(problem, result)
    if proven is None:
        return ["A price is above what it costs to reach no site."]
    return _compare("price_bound", result.price_bound, proven)


def _slack(value: float) -> float:
    return _TOLERANCE * max(1.0, abs(value))


def _compare(name: str, given: float, found: float) -> list[str]:
    if abs(given - found) <= _slack(found):
        return []
    return [f"{name} is {given}, but comes to {found}."]
