"""Is this result what it says it is? A slow, plain second opinion.

Computes everything anew from the definitions in ``docs/algorithms/routing.md``, row by
row, and shares no computation with ``rank``, ``assign`` or ``solve``. It does not prove
that the bound holds; that is what the brute-force tests are for.
"""

import math
from collections.abc import Sequence

from wijkspil_engines.routing.problem import (
    TERMS,
    AssignmentProblem,
    Policy,
    Request,
    Result,
    Teams,
)

_TOLERANCE = 1e-6
_EARTH_RADIUS_KM = 6371.0


def verify(problem: AssignmentProblem, result: Result) -> tuple[str, ...]:
    """Return what is wrong with a result, in sentences; empty when it holds."""
    wrong: list[str] = []
    n = len(problem.requests)
    if result.input_hash != problem.input_hash:
        wrong.append("The result belongs to other input.")
    for name, assignment in (
        ("assignment", result.assignment),
        ("greedy_assignment", result.greedy_assignment),
    ):
        if assignment.shape != (n,):
            return (*wrong, f"{name} has shape {assignment.shape}, not ({n},).")
        wrong += _check_assignment(problem, assignment.tolist(), name)
    if wrong:
        return tuple(wrong)
    totals = compute_totals(problem, result, result.assignment.tolist())
    for term in ("placed", "placed_weighted", "score"):
        wrong += _compare(f"terms.{term}", result.terms[term], totals[term])
    wrong += _compare("value", result.value, totals["value"])
    one_by_one = place_plainly(problem)
    if one_by_one != result.greedy_assignment.tolist():
        wrong.append("Placing one by one gives another assignment.")
    greedy = compute_totals(problem, result, one_by_one)
    wrong += _compare("greedy_value", result.greedy_value, greedy["value"])
    wrong += _compare("greedy_placed", result.greedy_placed, greedy["placed"])
    if totals["value"] < greedy["value"] - _TOLERANCE * max(1.0, greedy["value"]):
        wrong.append("The value is below that of placing one by one.")
    if totals["placed"] < greedy["placed"]:
        wrong.append("Fewer are placed than one by one.")
    slack = _TOLERANCE * max(1.0, abs(result.bound))
    if result.bound < totals["value"] - slack:
        wrong.append(f"The bound {result.bound} is below the value {result.value}.")
    if result.status == "optimal" and result.bound > totals["value"] + slack:
        wrong.append("The status is optimal, but value and bound differ.")
    return tuple(wrong)


def find_conditions_plainly(
    request: Request,
    teams: Teams,
    j: int,
    *,
    unknown_room: str,
    clients: int,
    hours: Sequence[float],
    week: float,
) -> tuple[str, ...]:
    """Return the codes that exclude team ``j`` when it has this room left.

    ``hours`` are free in each part of the day, ``week`` in all together.
    """
    codes = []
    if teams.tier[request.area, j] == 0:
        codes.append("not-covering")
    if teams.providers[j] in request.objected:
        codes.append("objected")
    does = {c for c, row in zip(teams.task_codes, teams.tasks, strict=True) if row[j]}
    if not request.tasks <= does:
        codes.append("task")
    laws = zip(teams.care_law_codes, teams.care_laws, strict=True)
    if request.care_law not in {code for code, row in laws if row[j]}:
        codes.append("care-law")
    if not teams.room_known[j]:
        return (*codes, "unknown-room") if unknown_room == "exclude" else tuple(codes)
    asked = [(h, f) for h, f in zip(request.hours_by_part, hours, strict=True) if h > 0]
    if clients < 1:
        codes.append("no-room")
    if (
        request.hours > teams.largest_hours[j] + _TOLERANCE
        or request.hours > week + _TOLERANCE
        or any(0 < free < need - _TOLERANCE for need, free in asked)
    ):
        codes.append("too-large")
    if any(free <= 0 for _, free in asked):
        codes.append("part-of-day")
    return tuple(codes)


def compute_terms_plainly(
    request: Request,
    teams: Teams,
    policy: Policy,
    j: int,
    *,
    hours: Sequence[float],
    week: float,
) -> dict[str, float]:
    """Return the terms of team ``j`` when it has these hours left."""
    provider, known = teams.providers[j], bool(teams.room_known[j])
    part_fit = size_fit = 1.0
    for need, free in zip(request.hours_by_part, hours, strict=True):
        if need > 0:
            fit = 0.5 if math.isinf(free) else max(0.0, 1 - need / max(free, need))
            part_fit = min(part_fit, fit)
    largest = min(float(teams.largest_hours[j]), week)
    if request.hours > 0 and not math.isinf(largest):
        size_fit = max(0.0, 1 - request.hours / max(largest, request.hours))
    late = max(0.0, float(teams.earliest_days[j]) - request.first_visit_days)
    lon, lat = float(teams.lon[j]), float(teams.lat[j])
    travel = 0.5
    if request.lon is not None and request.lat is not None and not math.isnan(lon):
        # On the sphere, by vectors: another way than in ``rank``.
        km = _EARTH_RADIUS_KM * _angle(request.lon, request.lat, lon, lat)
        travel = policy.travel_km / (policy.travel_km + km)
    values = {
        "own_team": policy.tier_values[int(teams.tier[request.area, j])],
        "continuity": float(provider in request.known_to),
        "preference": float(provider in request.preferred),
        "size_fit": size_fit if known else 0.0,
        "part_fit": part_fit if known else 0.0,
        "first_visit": max(0.0, 1 - late / policy.first_visit_days),
        "travel": travel,
        "fair_share": 1 / (1 + float(teams.share[j]) ** request.complexity),
    }
    return {term: round(values[term], 9) for term in TERMS}


def compute_totals(
    problem: AssignmentProblem, result: Result, assignment: Sequence[int]
) -> dict[str, float]:
    """Return value, placed, placed_weighted and score of an assignment."""
    params, weights = result.params, _weights(problem.policy)
    totals = {"placed": 0.0, "placed_weighted": 0.0, "score": 0.0}
    for request, j in zip(problem.requests, assignment, strict=True):
        if j < 0:
            continue
        terms = compute_terms_plainly(
            request,
            problem.teams,
            problem.policy,
            j,
            hours=problem.teams.free_hours_by_part[j].tolist(),
            week=float(problem.teams.free_hours[j]),
        )
        totals["placed"] += 1
        totals["placed_weighted"] += request.urgency * (
            params.placed + params.per_hour * request.hours
        )
        totals["score"] += sum(weights[term] * terms[term] for term in TERMS)
    totals["value"] = totals["placed_weighted"] + params.per_score * totals["score"]
    return totals


def place_plainly(problem: AssignmentProblem) -> list[int]:
    """Place one by one in the given order, by plain loops."""
    teams, policy = problem.teams, problem.policy
    clients = teams.free_clients.tolist()
    hours, week = teams.free_hours_by_part.tolist(), teams.free_hours.tolist()
    total = sum(policy.weights.values())
    assignment = []
    for request in problem.requests:
        found = []
        for j in range(teams.n):
            # Most teams are somewhere else: no need to ask what else excludes them.
            if teams.tier[request.area, j] == 0:
                continue
            if (request.key, teams.keys[j]) in problem.forbidden:
                continue
            if find_conditions_plainly(
                request,
                teams,
                j,
                unknown_room="exclude",
                clients=clients[j],
                hours=hours[j],
                week=week[j],
            ):
                continue
            terms = compute_terms_plainly(
                request, teams, policy, j, hours=hours[j], week=week[j]
            )
            score = sum(policy.weights[term] * terms[term] for term in TERMS) / total
            first = tuple(-terms[term] for term in policy.order)
            found.append((first, round(-score, 9), teams.keys[j], j))
        best = min(found)[-1] if found else -1
        assignment.append(best)
        if best >= 0:
            clients[best] -= 1
            left = zip(hours[best], request.hours_by_part, strict=True)
            hours[best] = [max(0.0, free - need) for free, need in left]
            week[best] = max(0.0, week[best] - request.hours)
    return assignment


def _check_assignment(
    problem: AssignmentProblem, assignment: Sequence[int], name: str
) -> list[str]:
    teams, wrong = problem.teams, []
    clients = [0] * teams.n
    hours = [[0.0] * 4 for _ in range(teams.n)]
    for request, j in zip(problem.requests, assignment, strict=True):
        if j == -1:
            continue
        place = f"{name}: request {request.key!r}"
        if not 0 <= j < teams.n:
            wrong.append(f"{place} has team {j}, which does not exist.")
            continue
        codes = find_conditions_plainly(
            request,
            teams,
            j,
            unknown_room="exclude",
            clients=int(teams.free_clients[j]),
            hours=teams.free_hours_by_part[j].tolist(),
            week=float(teams.free_hours[j]),
        )
        if codes:
            wrong.append(f"{place} has {teams.keys[j]!r} against {', '.join(codes)}.")
        if (request.key, teams.keys[j]) in problem.forbidden:
            wrong.append(f"{place} has {teams.keys[j]!r}, which is forbidden.")
        clients[j] += 1
        for part, need in enumerate(request.hours_by_part):
            hours[j][part] += need
    for j in range(teams.n):
        if clients[j] > teams.free_clients[j]:
            wrong.append(f"{name}: {teams.keys[j]!r} has too many clients.")
        free = teams.free_hours_by_part[j].tolist()
        if sum(hours[j]) > teams.free_hours[j] + _TOLERANCE or any(
            n > f + _TOLERANCE for n, f in zip(hours[j], free, strict=True)
        ):
            wrong.append(f"{name}: {teams.keys[j]!r} has too many hours.")
    return wrong


def _weights(policy: Policy) -> dict[str, float]:
    """Weights with sum 1; a term of the order counts ten times all that follows."""
    weights = {term: policy.weights[term] for term in TERMS}
    total = sum(weights.values())
    weights = {term: weight / total for term, weight in weights.items()}
    for term in reversed(policy.order):
        weights[term] += 10 * sum(weights.values())
        total = sum(weights.values())
        weights = {name: weight / total for name, weight in weights.items()}
    return weights


def _angle(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Return the angle between two places in radians."""

    def vector(lon: float, lat: float) -> tuple[float, float, float]:
        lon, lat = math.radians(lon), math.radians(lat)
        return (
            math.cos(lat) * math.cos(lon),
            math.cos(lat) * math.sin(lon),
            math.sin(lat),
        )

    # The chord keeps its precision for places that are close.
    chord = math.dist(vector(lon_a, lat_a), vector(lon_b, lat_b))
    return 2 * math.asin(min(1.0, chord / 2))


def _compare(name: str, said: float, found: float) -> list[str]:
    if abs(said - found) <= _TOLERANCE * max(1.0, abs(found)):
        return []
    return [f"{name} says {said}, but is {found}."]
