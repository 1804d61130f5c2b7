"""Which site serves an area and what does it gain; whom does each site serve?

In data, for the page to say in words. "Before" is with the fixed sites alone: what is
there today, when today's sites are fixed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.location.equity import (
    EquityProblem,
    EquityResult,
    access_of,
)
from wijkspil_engines.access.location.problem import LocationProblem, LocationResult


@dataclass(frozen=True)
class ServedClient:
    """How one client is served; costs per person, sites -1 for none.

    Parameters
    ----------
    next_site, next_cost
        The next cheapest open site: where people go if the first closes.
    before_site, before_cost
        The cheapest fixed site.
    gain
        What a person gains over before; infinite when nothing was in reach and there
        is no cost for that.
    """

    client: int
    people: float
    site: int
    cost: float
    next_site: int
    next_cost: float
    before_site: int
    before_cost: float

    @property
    def gain(self) -> float:
        """What a person gains over the fixed sites alone."""
        return self.before_cost - self.cost if self.before_cost > self.cost else 0.0


@dataclass(frozen=True, eq=False)
class OpenSite:
    """Whom one open site serves.

    Parameters
    ----------
    clients
        Numbers of the clients it serves, most people first.
    people, mean_cost, farthest_cost
        Of those clients.
    saved_cost
        What all would cost more if this site alone closed; infinite when somebody is
        then out of reach and there is no cost for that.
    people_gaining
        People it serves for whom it is cheaper than the fixed sites alone.
    """

    site: int
    is_fixed: bool
    clients: NDArray[np.int64]
    people: float
    mean_cost: float
    farthest_cost: float
    saved_cost: float
    people_gaining: float


@dataclass(frozen=True)
class ReachedClient:
    """What one client has by access that counts who else comes.

    Parameters
    ----------
    access, before
        Supply per person with the open sites, and with the fixed sites alone.
    parts
        Site and what it brings, most first; sums to ``access``.
    is_worst_off
        Whether the client is among the worst-off share of the people.
    """

    client: int
    people: float
    access: float
    before: float
    parts: tuple[tuple[int, float], ...]
    is_worst_off: bool


def explain_client(
    problem: LocationProblem, result: LocationResult, client: int
) -> ServedClient:
    """Return which site serves a client, and what else there is and was."""
    pairs = slice(int(problem.first[client]), int(problem.first[client + 1]))
    site, cost = problem.site[pairs], problem.cost[pairs]
    reached = cost < problem.unreached_cost
    opened = reached & np.isin(site, result.opened)
    fixed = reached & problem.is_fixed[site]

    def cheapest(which: NDArray[np.bool_], place: int = 0) -> tuple[int, float]:
        order = np.flatnonzero(which)[np.argsort(cost[which], kind="stable")]
        if order.size <= place:
            return -1, problem.unreached_cost
        return int(site[order[place]]), float(cost[order[place]])

    return ServedClient(
        client,
        float(problem.weight[client]),
        *cheapest(opened),
        *cheapest(opened, 1),
        *cheapest(fixed),
    )


def explain_sites(
    problem: LocationProblem, result: LocationResult
) -> tuple[OpenSite, ...]:
    """Return whom each open site serves, most people first.

    People out of reach of every open site are served by none; with a cover, people
    farther than its limit count here where they would go.
    """
    n = problem.n_clients
    client = np.repeat(np.arange(n), np.diff(problem.first))
    order = np.lexsort((problem.site, problem.cost, client))
    usable = order[
        np.isin(problem.site[order], result.opened)
        & (problem.cost[order] < problem.unreached_cost)
    ]
    serving = np.full(n, -1)
    cost = np.full((2, n), problem.unreached_cost)
    rank = np.arange(usable.size) - np.searchsorted(client[usable], client[usable])
    for place in (0, 1):
        at = usable[rank == place]
        cost[place, client[at]] = problem.cost[at]
        if place == 0:
            serving[client[at]] = problem.site[at]
    before = np.full(n, problem.unreached_cost)
    fixed = problem.is_fixed[problem.site]
    np.minimum.at(before, client[fixed], problem.cost[fixed])
    sites = []
    for j in result.opened.tolist():
        served = np.flatnonzero((serving == j) & (problem.weight > 0))
        weight = problem.weight[served]
        people = float(weight.sum())
        nearest = cost[0, served]
        sites.append(
            OpenSite(
                site=j,
                is_fixed=bool(problem.is_fixed[j]),
                clients=served[np.argsort(-weight, kind="stable")],
                people=people,
                mean_cost=float(weight @ nearest) / people if people else 0.0,
                farthest_cost=float(nearest.max(initial=0.0)),
                saved_cost=float(weight @ (cost[1, served] - nearest)),
                people_gaining=float(weight[nearest < before[served]].sum()),
            )
        )
    return tuple(sorted(sites, key=lambda each: (-each.people, each.site)))


def explain_access(
    problem: EquityProblem, result: EquityResult, client: int
) -> ReachedClient:
    """Return what a client has, from which sites, and what it had before."""
    opened = np.isin(np.arange(problem.n_sites), result.opened)
    decay = problem.decay
    pairs = np.flatnonzero(decay.indices == client)
    site = np.searchsorted(decay.indptr, pairs, side="right") - 1
    pairs, site = pairs[opened[site]], site[opened[site]]
    if problem.measure == "catchment":
        amounts = problem.worth[pairs]
    else:
        reach = decay @ opened.astype(np.float64)
        going = np.divide(
            problem.people, reach, out=np.zeros(problem.n_clients), where=reach > 0
        )
        load = decay.T @ going
        amounts = problem.supply[site] / load[site] * decay.data[pairs] / reach[client]
    order = np.argsort(-amounts, kind="stable")
    below = problem.people[result.access < result.access[client]].sum()
    return ReachedClient(
        client=client,
        people=float(problem.people[client]),
        access=float(result.access[client]),
        before=float(access_of(problem, problem.is_fixed)[client]),
        parts=tuple((int(site[k]), float(amounts[k])) for k in order),
        is_worst_off=bool(below < problem.share * problem.people.sum()),
    )
