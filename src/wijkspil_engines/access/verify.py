"""Is a result right? A second opinion by plain loops, slow and obvious.

Shares no code with the measures: rows of (site, cost) for each area, sums in the order
of the text of the papers. For problems of up to some hundred thousand pairs.
"""

import math
from collections import defaultdict

from wijkspil_engines.access.measures import Params, Result
from wijkspil_engines.access.problem import AccessProblem

#: Values that differ by a smaller share are the same.
TOLERANCE = 1e-9


def verify(result: Result, *, tolerance: float = TOLERANCE) -> list[str]:
    """Return what is wrong with a result, one sentence each; empty when nothing is."""
    problem = result.problem
    wrong = []
    if result.input_hash != problem.input_hash:
        wrong.append("input_hash is not that of the problem")
    expected = values_by_loops(problem, result.params)
    if len(expected) != len(result.values):
        return [*wrong, f"{len(result.values)} values for {len(expected)} areas"]
    for area, value, right in zip(
        problem.area_ids, result.values.tolist(), expected, strict=True
    ):
        both_none = math.isnan(value) and math.isnan(right)
        if not both_none and not math.isclose(
            value, right, rel_tol=tolerance, abs_tol=1e-300
        ):
            wrong.append(f"area {area!r} has {value}, expected {right}")
    return wrong


def values_by_loops(problem: AccessProblem, params: Params) -> list[float]:
    """Return the value of each area, NaN where the measure is not defined."""
    reaches: list[list[tuple[int, float]]] = []
    for i in range(problem.n):
        pairs = range(int(problem.start[i]), int(problem.start[i + 1]))
        reaches.append([(int(problem.site[k]), float(problem.cost[k])) for k in pairs])
    demand = problem.demand.tolist()
    room = [
        supply if is_open else 0.0
        for supply, is_open in zip(
            problem.supply.tolist(), problem.is_open.tolist(), strict=True
        )
    ]
    measure, edge = params.measure, params.threshold
    if measure in ("nearest", "within"):
        return _count(reaches, room, measure, edge)
    if measure == "raam":
        return _raam(reaches, demand, room, params)

    def weight(cost: float) -> float:
        if measure == "2sfca":
            return 1.0 if cost <= edge else 0.0
        import numpy as np

        found = float(params.decay.weigh(np.array([cost]))[0])
        return found if cost <= edge or measure == "3sfca" else 0.0

    weights = [[(j, weight(cost), cost) for j, cost in reach] for reach in reaches]
    if measure == "balanced":
        return _balanced(weights, demand, room, params.form)
    if measure == "3sfca":
        for i, row in enumerate(weights):
            total = sum(w for _, w, _ in row)
            weights[i] = [
                (j, w * w / total if total > 0 and cost <= edge else 0.0, cost)
                for j, w, cost in row
            ]
    at_site: dict[int, float] = defaultdict(float)
    for people, row in zip(demand, weights, strict=True):
        for j, w, _ in row:
            at_site[j] += people * w
    return [
        sum(w * room[j] / at_site[j] for j, w, _ in row if at_site[j] > 0)
        for row in weights
    ]


def _count(
    reaches: list[list[tuple[int, float]]], room: list[float], measure: str, edge: float
) -> list[float]:
    values = []
    for reach in reaches:
        near = [cost for j, cost in reach if room[j] > 0 and cost <= edge]
        if measure == "within":
            values.append(float(len(near)))
        else:
            values.append(min(near, default=math.nan))
    return values


def _balanced(
    weights: list[list[tuple[int, float, float]]],
    demand: list[float],
    room: list[float],
    form: str,
) -> list[float]:
    at_site: dict[int, float] = defaultdict(float)
    by_site: dict[int, float] = defaultdict(float)
    shares = []
    for people, row in zip(demand, weights, strict=True):
        total = sum(w for j, w, _ in row if room[j] > 0)
        share = {j: w / total for j, w, _ in row if room[j] > 0 and total > 0}
        shares.append(share)
        for j, part in share.items():
            at_site[j] += people * part
        for j, w, _ in row:
            by_site[j] += w
    ratio = {j: room[j] / people for j, people in at_site.items() if people > 0}
    if form == "people":
        return [sum(p * ratio.get(j, 0.0) for j, p in row.items()) for row in shares]
    return [
        sum(w / by_site[j] * ratio.get(j, 0.0) for j, w, _ in row if w > 0)
        for row in weights
    ]


def _raam(
    reaches: list[list[tuple[int, float]]],
    demand: list[float],
    room: list[float],
    params: Params,
) -> list[float]:
    asked = params.raam
    reaches = [
        [pair for pair in reach if pair[1] <= params.threshold] for reach in reaches
    ]
    if params.nearest_sites is not None:
        most = params.nearest_sites
        reaches = [
            sorted(reach, key=lambda pair: (pair[1], pair[0]))[:most]
            for reach in reaches
        ]
    total_room = sum(room)
    rho = asked.rho
    if rho is None:
        rho = sum(demand) / total_room if total_room > 0 else 1.0
    travel = [
        {j: cost / asked.tau for j, cost in sorted(reach) if room[j] > 0}
        for reach in reaches
    ]
    goes: list[dict[int, float]] = [{} for _ in reaches]
    for i, near in enumerate(travel):
        if demand[i] > 0 and near:
            goes[i][min(near, key=lambda j: (near[j], j))] = demand[i]
    crowding = dict.fromkeys(range(len(room)), 0.0)
    for cycle in range(asked.cycles):
        crowd: dict[int, float] = defaultdict(float)
        for going in goes:
            for j, people in going.items():
                crowd[j] += people
        crowding = {
            j: crowd[j] / (room[j] * rho) for j in range(len(room)) if room[j] > 0
        }
        half = 0.5 ** (cycle / asked.half_life)
        is_share = isinstance(asked.first_step, float)
        step = asked.first_step * half if is_share else round(asked.first_step * half)
        step = max(step, asked.least_step)
        moves = []
        wanted: dict[int, float] = defaultdict(float)
        for i, going in enumerate(goes):
            if not going:
                continue
            cost = {j: crowding[j] + time for j, time in travel[i].items()}
            low = min(cost, key=lambda j: (cost[j], j))
            high = max(going, key=lambda j: (cost[j], -j))
            if low == high:
                continue
            # As many move as make both places cost the same.
            here, there = room[low] * rho, room[high] * rho
            at_low, at_high = going.get(low, 0.0), going[high]
            even = ((here * there) / (here + there)) * (
                (travel[i][high] - travel[i][low])
                + (at_low + at_high + crowd[high] - at_high) / there
                - (crowd[low] - at_low) / here
            )
            most_moved = step * demand[i] if is_share else step
            people = float(int(min(even - at_low, at_high, most_moved)))
            moves.append((i, low, high, people))
            wanted[low] += people
        for i, low, high, people in moves:
            if cycle < 20:
                people = float(round(people / max(wanted[low] / (room[low] * rho), 1)))
            goes[i][low] = goes[i].get(low, 0.0) + people
            goes[i][high] -= people
            goes[i] = {j: each for j, each in goes[i].items() if each != 0}
    return [
        sum((crowding[j] + travel[i][j]) * people for j, people in going.items())
        / sum(going.values())
        if going
        else math.nan
        for i, going in enumerate(goes)
    ]
