"""Why has this area this value? Ingredients of sentences, not sentences.

For each site in reach: how far it is, how much it counts, how crowded it is, and which
part of the value it gives. The parts add up to the value, where the measure is a sum.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.balanced import solve_balanced
from wijkspil_engines.access.catchment import weigh_pairs, within
from wijkspil_engines.access.measures import Params, Result, Until, ratios, share_pairs
from wijkspil_engines.access.problem import AccessProblem, InvalidProblem
from wijkspil_engines.access.raam import raam

Floats = NDArray[np.float64]
Reason = Literal["reached", "closed", "stop", "too-far"]


@dataclass(frozen=True)
class Reached:
    """One site, seen from an area.

    Parameters
    ----------
    site
        Row of the site.
    site_id
        Its id.
    cost
        In the cost unit of the problem.
    why
        ``reached``; ``closed``: no supply; ``stop``: takes no new people; ``too-far``:
        has weight 0.
    weight
        How much the site counts for the area; for ``raam`` and ``balanced`` the share
        of the people of the area that go there.
    demand
        Demand at the site from everywhere, as the measure counts it.
    ratio
        Capacity for each unit of demand there; for ``raam`` the crowding, 1 is the
        mean.
    part
        What the site adds to the value.
    """

    site: int
    site_id: str
    cost: float
    why: Reason
    weight: float
    demand: float
    ratio: float
    part: float


@dataclass(frozen=True)
class Explanation:
    """Why an area has its value; the sites that add most first."""

    area: int
    area_id: str
    demand: float
    value: float
    unit: str
    sites: tuple[Reached, ...]


def explain(result: Result, area: int) -> Explanation:
    """Explain the value of one area; ``area`` is its row.

    For ``nearest`` and ``within`` the weight is 1 for each site that counts. For
    ``raam`` the parts are those after the last move, the value is from just before.

    Raises
    ------
    IndexError
        If there is no such area.
    """
    problem = result.problem
    if not 0 <= area < problem.n:
        raise IndexError(f"there is no area {area}; there are {problem.n}, from 0")
    few, weight, demand, ratio, part = _ingredients(problem, result.params)
    sites = []
    for k in range(int(few.start[area]), int(few.start[area + 1])):
        j = int(few.site[k])
        why: Reason = "reached"
        if not few.is_open[j]:
            why = "stop"
        elif not few.supply[j] > 0:
            why = "closed"
        elif not weight[k] > 0:
            why = "too-far"
        sites.append(
            Reached(
                site=j,
                site_id=few.site_ids[j],
                cost=float(few.cost[k]),
                why=why,
                weight=float(weight[k]),
                demand=float(demand[j]),
                ratio=float(ratio[j]),
                part=float(part[k]),
            )
        )
    return Explanation(
        area,
        problem.area_ids[area],
        float(problem.demand[area]),
        float(result.values[area]),
        result.unit,
        tuple(sorted(sites, key=lambda each: (-each.part, each.cost, each.site))),
    )


def _ingredients(
    problem: AccessProblem, params: Params
) -> tuple[AccessProblem, Floats, Floats, Floats, Floats]:
    """Return the problem looked at, and weight, demand, ratio and part."""
    from wijkspil_engines.access.kernels import sum_by_site

    measure, edge = params.measure, params.threshold
    if measure == "raam":
        problem = problem.keep_within(edge)
        if params.nearest_sites is not None:
            problem = problem.keep_nearest(params.nearest_sites)
        found = raam(problem, params.raam)
        people = np.repeat(problem.demand, np.diff(problem.start))
        share = np.zeros(people.size)
        np.divide(found.people, people, out=share, where=people > 0)
        crowding = np.zeros(problem.m)
        room = problem.capacity * found.rho
        np.divide(found.demand_at_site, room, out=crowding, where=room > 0)
        part = share * (crowding[problem.site] + problem.cost / params.raam.tau)
        return problem, share, found.demand_at_site, crowding, part
    if measure in ("nearest", "within"):
        is_near = (problem.cost <= edge) & (problem.capacity[problem.site] > 0)
        weight = is_near.astype(np.float64)
        nothing = np.zeros(problem.m)
        return problem, weight, nothing, nothing, weight
    decay = within(edge) if measure == "2sfca" else params.decay
    if np.isfinite(edge) and measure in ("e2sfca", "balanced"):
        decay = Until(decay, edge)
    weight = weigh_pairs(problem, decay)
    if measure == "balanced":
        if params.form != "people":
            raise InvalidProblem("only people is explained", field="form")
        base = solve_balanced(problem, weight, problem.capacity)
        reach = np.repeat(base.reach, np.diff(problem.start))
        is_used = (problem.capacity[problem.site] > 0) & (reach > 0)
        share = np.zeros(weight.size)
        np.divide(weight, reach, out=share, where=is_used)
        return problem, share, base.load, base.ratio, share * base.ratio[problem.site]
    if measure == "3sfca":
        weight = share_pairs(problem, weight, edge)
    demand = sum_by_site(problem.start, problem.site, weight, problem.demand, problem.m)
    ratio = ratios(problem, weight)
    return problem, weight, demand, ratio, weight * ratio[problem.site]
