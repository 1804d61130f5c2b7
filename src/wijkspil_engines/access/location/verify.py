"""Is this choice of sites what it says it is? A slow, plain second opinion.

Computes everything anew, client by client, and shares no computation with ``core``.
The bound of the prices is computed anew too. What a search adds to that bound it cannot
show: see the tests with every choice there is.
"""

import math

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.location.cover import as_cover
from wijkspil_engines.access.location.equity import EquityProblem, EquityResult
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


def verify_equity(problem: EquityProblem, result: EquityResult) -> tuple[str, ...]:
    """Return what is wrong with equal access, in sentences; empty when it holds.

    Of the bound it checks what the weights prove, and that a mean is a mean; what a
    search adds it cannot show.
    """
    wrong = _check_opened(problem, result)
    if wrong:
        return tuple(wrong)
    opened = result.opened.tolist()
    decay = problem.decay.toarray()
    people = problem.people.tolist()
    access = _plain_access(problem, decay, opened)
    for i, value in enumerate(access):
        wrong += _compare(f"access[{i}]", float(result.access[i]), value)
    everybody = sum(people)
    order = sorted(range(len(people)), key=access.__getitem__)
    left, worst = problem.share * everybody, 0.0
    for i in order:
        taken = min(left, people[i])
        worst += taken * access[i]
        left -= taken
    worst /= problem.share * everybody
    total = sum(a * b for a, b in zip(people, access, strict=True))
    apart = sum(
        people[i] * people[k] * abs(access[i] - access[k])
        for i in range(len(people))
        for k in range(i)
    )
    unequal = apart / (everybody * total) if total else 0.0
    wrong += _compare_small("terms.worst_mean", result.terms["worst_mean"], worst)
    wrong += _compare_small("terms.mean", result.terms["mean"], total / everybody)
    wrong += _compare_small("terms.gini", result.terms["gini"], unequal)
    objective = worst if problem.objective == "worst" else unequal
    wrong += _compare_small("objective", result.objective, objective)
    sign = 1 if problem.objective == "worst" else -1
    slack = _TOLERANCE * max(abs(result.bound), abs(objective))
    if sign * (result.bound - objective) < -slack:
        wrong.append(f"The objective {objective} is better than {result.bound}.")
    if result.status == "optimal" and abs(result.bound - objective) > slack:
        wrong.append("The status is optimal, but objective and bound differ.")
    if result.weights is not None:
        wrong += _check_weights(problem, result, decay)
    return tuple(wrong)


def _plain_access(
    problem: EquityProblem, decay: NDArray[np.float64], opened: list[int]
) -> list[float]:
    """Return everybody's access, by loops over the definitions."""
    n = problem.n_clients
    part = np.zeros((n, len(opened)))
    for i in range(n):
        reach = sum(decay[i, j] for j in opened)
        for k, j in enumerate(opened):
            if problem.measure == "catchment":
                part[i, k] = decay[i, j]
            elif reach > 0:
                part[i, k] = decay[i, j] / reach
    access = [0.0] * n
    for k, j in enumerate(opened):
        load = sum(problem.people[i] * part[i, k] for i in range(n))
        for i in range(n):
            if load > 0:
                access[i] += float(problem.supply[j] / load * part[i, k])
    return access


def _check_weights(
    problem: EquityProblem, result: EquityResult, decay: NDArray[np.float64]
) -> list[str]:
    """Check that the weights are allowed and prove the bound they are said to."""
    weights = [] if result.weights is None else result.weights.tolist()
    everybody = float(problem.people.sum())
    most = (problem.people / (problem.share * everybody)).tolist()
    wrong = _compare("sum of weights", sum(weights), 1.0)
    if any(w < 0 or w > top + _TOLERANCE for w, top in zip(weights, most, strict=True)):
        wrong.append("A client weighs more than the worst-off may.")
    scores = []
    for j in range(problem.n_sites):
        catchment = float(problem.people @ decay[:, j])
        gains = sum(w * d for w, d in zip(weights, decay[:, j], strict=True))
        scores.append(problem.supply[j] / catchment * gains if catchment else 0.0)
    fixed = [scores[j] for j in np.flatnonzero(problem.is_fixed)]
    others = sorted(
        (scores[j] for j in np.flatnonzero(problem.is_candidate & ~problem.is_fixed)),
        reverse=True,
    )
    proven = float(sum(fixed) + sum(others[: problem.n_open - len(fixed)]))
    return wrong + _compare_small("weights_bound", result.weights_bound, proven)


def _check_opened(
    problem: LocationProblem | EquityProblem, result: LocationResult | EquityResult
) -> list[str]:
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
    return wrong


def _check_sites(problem: LocationProblem, result: LocationResult) -> list[str]:
    wrong = _check_opened(problem, result)
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
    return float(sum(prices) + sum(fixed) + sum(others[: problem.n_open - len(fixed)]))


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


def _compare_small(name: str, given: float, found: float) -> list[str]:
    if abs(given - found) <= _TOLERANCE * max(abs(given), abs(found), 1e-12):
        return []
    return [f"{name} is {given}, but comes to {found}."]
