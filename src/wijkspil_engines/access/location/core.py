"""Which sites serve everybody at the least cost: bound, search and proof, compiled.

What ``p_median`` and ``cover`` share. Costs are times weight. Of each client there is
a list of the nearest sites, cheapest first; what the lists leave out is looked up in
the whole table. Three parts:

- *Swaps*: the best exchange of an open site for a closed one, all at once (Whitaker
  1983; Resende and Werneck 2007, doi:10.1016/j.ejor.2005.05.028).
- *Prices* u of the clients: the sum of u plus the p lowest of
  rho_j = sum_i min(0, cost_ij - u_i) is a bound that holds for any u (Cornuejols,
  Fisher and Nemhauser 1977, doi:10.1287/mnsc.23.8.789). Climbed along averaged
  subgradients (Barahona and Anbil 2000, doi:10.1007/s101070050002).
- *Search*: open or close a site, depth first; sites whose price shows that they are
  in every or no better plan are decided without a branch.

State of a site: 1 is open, -1 is closed, 0 is free.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled

#: Longer lists are sorted by numpy.
_MOST_INSERTED = 64
#: A plan this many times as dear as the best is not improved.
_WORTH_SWAPPING = 1.1
#: Rounds of prices between two attempts at a plan.
_ROUNDS_BETWEEN = 20
#: Enough swaps to end at what no swap improves.
MOST_SWAPS = 10_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
States = NDArray[np.int8]


class Table(NamedTuple):
    """Every client and site within reach, by client: ``first`` (n + 1,)."""

    first: NDArray[np.int64]
    site: Ints
    cost: Floats


class Lists(NamedTuple):
    """The nearest free or open sites of each client, cheapest first.

    ``beyond`` (n,): the cost of a client whom no open site reaches; ``cap`` (n,): the
    highest price; ``is_cut`` (n,): the list leaves out sites of the table.
    """

    first: NDArray[np.int64]
    site: Ints
    cost: Floats
    cap: Floats
    beyond: Floats
    is_cut: NDArray[np.bool_]


@compiled
def make_lists(
    first: NDArray[np.int64],
    site: Ints,
    cost: Floats,
    beyond: Floats,
    state: States,
    most: int,
) -> Lists:
    """Return the ``most`` nearest sites that are not closed (all when it is 0)."""
    n = first.size - 1
    n_sites = state.size
    start = np.zeros(n + 1, np.int64)
    room = site.size if most == 0 else min(site.size, n * most)
    list_site = np.empty(room, np.int32)
    list_cost = np.empty(room, np.float64)
    cap = np.empty(n, np.float64)
    is_cut = np.zeros(n, np.bool_)
    row_cost = np.empty(n_sites, np.float64)
    row_site = np.empty(n_sites, np.int32)
    size = 0
    for i in range(n):
        found = 0
        for e in range(first[i], first[i + 1]):
            if state[site[e]] >= 0 and cost[e] < beyond[i]:
                row_cost[found] = cost[e]
                row_site[found] = site[e]
                found += 1
        if most and found > most:
            limit = np.partition(row_cost[:found], most - 1)[most - 1]
            kept = 0
            for e in range(found):
                if row_cost[e] < limit:
                    row_cost[kept] = row_cost[e]
                    row_site[kept] = row_site[e]
                    kept += 1
            # Sites exactly at the limit are left out: no price goes above it.
            found = kept
            is_cut[i] = True
            cap[i] = limit
        if found > _MOST_INSERTED:
            order = np.argsort(row_cost[:found])
            for e in range(found):
                list_cost[size + e] = row_cost[order[e]]
                list_site[size + e] = row_site[order[e]]
        else:
            for e in range(found):
                k = size + e
                while k > size and list_cost[k - 1] > row_cost[e]:
                    list_cost[k] = list_cost[k - 1]
                    list_site[k] = list_site[k - 1]
                    k -= 1
                list_cost[k] = row_cost[e]
                list_site[k] = row_site[e]
        size += found
        if not is_cut[i]:
            cap[i] = beyond[i]
            if beyond[i] == np.inf:
                cap[i] = list_cost[size - 1] if found else 0.0
        start[i + 1] = size
    return Lists(
        start, list_site[:size].copy(), list_cost[:size].copy(), cap, beyond, is_cut
    )


@compiled
def two_nearest(
    i: int, lists: Lists, table: Table, is_open: NDArray[np.bool_]
) -> tuple[int, float, float, bool]:
    """Return the site that serves a client (-1: none), its cost, that of the next.

    The last says whether the list names every site cheaper than the next.
    """
    beyond = lists.beyond[i]
    serving = -1
    nearest = beyond
    for e in range(lists.first[i], lists.first[i + 1]):
        if is_open[lists.site[e]]:
            if serving == -1:
                serving = lists.site[e]
                nearest = lists.cost[e]
            else:
                return serving, nearest, lists.cost[e], True
    if not lists.is_cut[i]:
        if serving == -1:
            return -1, nearest, nearest, True
        if beyond == np.inf:
            # Nobody else is open: the farthest will do, it cancels out.
            return serving, nearest, lists.cost[lists.first[i + 1] - 1], True
        return serving, nearest, beyond, True
    serving = -1
    nearest = beyond
    following = beyond
    farthest = 0.0
    for e in range(table.first[i], table.first[i + 1]):
        cost = table.cost[e]
        farthest = max(farthest, cost)
        if is_open[table.site[e]] and cost < following:
            if cost < nearest or (cost == nearest and serving == -1):
                following = nearest
                nearest = cost
                serving = table.site[e]
            else:
                following = cost
    if following == np.inf:
        following = farthest
    return serving, nearest, following, False


@compiled
def total_cost(lists: Lists, table: Table, is_open: NDArray[np.bool_]) -> float:
    """Return what everybody costs together."""
    total = 0.0
    for i in range(lists.first.size - 1):
        found = False
        for e in range(lists.first[i], lists.first[i + 1]):
            if is_open[lists.site[e]]:
                total += lists.cost[e]
                found = True
                break
        if not found:
            nearest = lists.beyond[i]
            if lists.is_cut[i]:
                for e in range(table.first[i], table.first[i + 1]):
                    if table.cost[e] < nearest and is_open[table.site[e]]:
                        nearest = table.cost[e]
            total += nearest
    return total


@compiled
def find_nearest_open(
    first: NDArray[np.int64],
    site: Ints,
    cost: Floats,
    is_open: NDArray[np.bool_],
    beyond: float,
) -> tuple[Ints, Floats]:
    """Return the cheapest open site of each client (-1: none) and its cost."""
    n = first.size - 1
    serving = np.full(n, -1, np.int32)
    nearest = np.full(n, beyond)
    for i in range(n):
        for e in range(first[i], first[i + 1]):
            if cost[e] < nearest[i] and is_open[site[e]]:
                nearest[i] = cost[e]
                serving[i] = site[e]
    return serving, nearest


@compiled
def open_greedily(
    lists: Lists, table: Table, state: States, n_open: int
) -> NDArray[np.bool_]:
    """Return sites opened one by one, each where it saves most; ties by number."""
    n = lists.first.size - 1
    n_sites = state.size
    is_open: NDArray[np.bool_] = state == 1
    current = np.empty(n, np.float64)
    for i in range(n):
        _, cost, _, _ = two_nearest(i, lists, table, is_open)
        if cost == np.inf:
            cost = 1.0 + 2.0 * lists.cap[i]
        current[i] = cost
    gain = np.zeros(n_sites, np.float64)
    for _ in range(n_open - int(is_open.sum())):
        gain[:] = 0.0
        for i in range(n):
            for e in range(lists.first[i], lists.first[i + 1]):
                if lists.cost[e] >= current[i]:
                    break
                gain[lists.site[e]] += current[i] - lists.cost[e]
        best = -1
        for j in range(n_sites):
            if state[j] == 0 and not is_open[j] and (best < 0 or gain[j] > gain[best]):
                best = j
        is_open[best] = True
        for i in range(n):
            for e in range(lists.first[i], lists.first[i + 1]):
                if lists.cost[e] >= current[i]:
                    break
                if lists.site[e] == best:
                    current[i] = lists.cost[e]
                    break
    return is_open


@compiled
def improve_by_swaps(
    lists: Lists,
    table: Table,
    state: States,
    is_open: NDArray[np.bool_],
    most_swaps: int,
) -> float:
    """Exchange open and closed sites while that saves; returns the total cost."""
    n = lists.first.size - 1
    n_sites = state.size
    opened = np.flatnonzero(is_open)
    slot = np.full(n_sites, -1, np.int32)
    for k in range(opened.size):
        slot[opened[k]] = k
    gain = np.empty(n_sites, np.float64)
    loss = np.empty(opened.size, np.float64)
    extra = np.empty((n_sites, opened.size), np.float64)
    total = 0.0
    for _ in range(most_swaps + 1):
        gain[:] = 0.0
        loss[:] = 0.0
        extra[:] = 0.0
        total = 0.0
        for i in range(n):
            serving, nearest, following, is_listed = two_nearest(
                i, lists, table, is_open
            )
            total += nearest
            if serving >= 0:
                loss[slot[serving]] += following - nearest
            if is_listed:
                for e in range(lists.first[i], lists.first[i + 1]):
                    cost = lists.cost[e]
                    if cost >= following:
                        break
                    j = lists.site[e]
                    if cost < nearest:
                        gain[j] += nearest - cost
                        if serving >= 0:
                            extra[j, slot[serving]] += following - nearest
                    elif serving >= 0:
                        extra[j, slot[serving]] += following - cost
            else:
                for e in range(table.first[i], table.first[i + 1]):
                    cost = table.cost[e]
                    if cost >= following:
                        continue
                    j = table.site[e]
                    if cost < nearest:
                        gain[j] += nearest - cost
                        if serving >= 0:
                            extra[j, slot[serving]] += following - nearest
                    elif serving >= 0:
                        extra[j, slot[serving]] += following - cost
        best = 1e-9 * total
        enters = -1
        leaves = -1
        for j in range(n_sites):
            if is_open[j] or state[j] != 0:
                continue
            for k in range(opened.size):
                saved = gain[j] - loss[k] + extra[j, k]
                if saved > best and state[opened[k]] == 0:
                    best = saved
                    enters = j
                    leaves = k
        if enters < 0:
            break
        is_open[opened[leaves]] = False
        slot[opened[leaves]] = -1
        is_open[enters] = True
        slot[enters] = leaves
        opened[leaves] = enters
        total -= best
    return total


@compiled
def lower_bound(
    lists: Lists,
    price: Floats,
    state: States,
    n_open: int,
    rho: Floats,
    taken: NDArray[np.bool_],
) -> tuple[float, float, float]:
    """Return the bound of these prices, and the highest rho taken and lowest left.

    Fills ``rho`` (m,) and ``taken`` (m,), the sites that make the bound.
    """
    n_sites = state.size
    rho[:] = 0.0
    bound = 0.0
    for i in range(price.size):
        u = price[i]
        bound += u
        for e in range(lists.first[i], lists.first[i + 1]):
            cost = lists.cost[e]
            if cost >= u:
                break
            rho[lists.site[e]] += cost - u
    free = np.empty(n_sites, np.float64)
    n_free = 0
    left = n_open
    for j in range(n_sites):
        taken[j] = state[j] == 1
        if state[j] == 0:
            free[n_free] = rho[j]
            n_free += 1
        elif state[j] == 1:
            left -= 1
            bound += rho[j]
    if left < 0 or left > n_free:
        return np.inf, np.inf, np.inf
    if left == 0:
        lowest_left = np.inf
        for k in range(n_free):
            lowest_left = min(lowest_left, free[k])
        return bound, -np.inf, lowest_left
    limit = np.partition(free[:n_free], left - 1)[left - 1]
    ties = left
    for k in range(n_free):
        if free[k] < limit:
            ties -= 1
    lowest_left = np.inf
    for j in range(n_sites):
        if state[j] != 0:
            continue
        if rho[j] < limit:
            taken[j] = True
            bound += rho[j]
        elif rho[j] == limit and ties > 0:
            ties -= 1
            taken[j] = True
            bound += rho[j]
        else:
            lowest_left = min(lowest_left, rho[j])
    return bound, limit, lowest_left


class Climb(NamedTuple):
    """Where the prices of one node came: ``price`` and ``rho`` are of ``bound``."""

    bound: float
    price: Floats
    rho: Floats
    share: Floats
    limit: float
    lowest_left: float


@compiled
def climb(
    lists: Lists,
    table: Table,
    start_price: Floats,
    state: States,
    n_open: int,
    best_open: NDArray[np.bool_],
    best: Floats,
    tolerance: float,
    most_rounds: int,
    patience: int,
    step: float,
    is_searching: bool,
) -> Climb:
    """Raise the bound; ``best`` (1,) and ``best_open`` keep the best plan met.

    ``share`` (m,): how often a site was taken lately, 0 to 1.
    """
    n = start_price.size
    n_sites = state.size
    price = start_price.copy()
    center = start_price.copy()
    rho = np.empty(n_sites, np.float64)
    center_rho = np.zeros(n_sites, np.float64)
    taken = np.zeros(n_sites, np.bool_)
    share = np.zeros(n_sites, np.float64)
    direction = np.zeros(n, np.float64)
    bound = -np.inf
    center_limit = np.inf
    center_left = np.inf
    idle = 0
    factor = step
    tried = -_ROUNDS_BETWEEN
    for round_ in range(most_rounds):
        value, limit, left = lower_bound(lists, price, state, n_open, rho, taken)
        if value == np.inf:
            bound = np.inf
            break
        better = value > bound
        if better:
            if value > bound + 1e-4 * (best[0] - bound):
                idle = 0
            else:
                idle += 1
            bound = value
            center[:] = price
            center_rho[:] = rho
            center_limit = limit
            center_left = left
            if bound >= best[0] - tolerance:
                break
        else:
            idle += 1
        if is_searching and better and round_ >= tried + _ROUNDS_BETWEEN:
            tried = round_
            candidate = taken.copy()
            if (round_ // _ROUNDS_BETWEEN) % 2 == 1:
                # What was taken most often lately, instead of what is taken now.
                wanted = share + 2.0 * state
                order = np.argsort(-wanted)
                candidate[:] = False
                candidate[order[:n_open]] = True
            found = total_cost(lists, table, candidate)
            if found < _WORTH_SWAPPING * best[0]:
                found = improve_by_swaps(lists, table, state, candidate, MOST_SWAPS)
            if found < best[0] * (1 - 1e-12):
                best[0] = found
                best_open[:] = candidate
        if idle >= patience:
            idle = 0
            factor *= 0.6
            if factor < 0.02 * step:
                break
            price[:] = center
        weight = 1.0 if round_ == 0 else 0.25
        length = 0.0
        for i in range(n):
            u = price[i]
            served = 0
            for e in range(lists.first[i], lists.first[i + 1]):
                if lists.cost[e] >= u:
                    break
                if taken[lists.site[e]]:
                    served += 1
            direction[i] += weight * (1 - served - direction[i])
            length += direction[i] ** 2
        for j in range(n_sites):
            share[j] += weight * (taken[j] - share[j])
        if length < 1e-12:
            break
        # Aim a little above the best plan known: the bound may be equal to it.
        size = factor * (1.001 * best[0] - value) / length
        for i in range(n):
            lowest = lists.cap[i]
            if lists.first[i + 1] > lists.first[i]:
                lowest = min(lowest, lists.cost[lists.first[i]])
            price[i] = min(max(price[i] + size * direction[i], lowest), lists.cap[i])
    return Climb(bound, center, center_rho, share, center_limit, center_left)


@compiled
def decide_sites(
    found: Climb, state: States, n_open: int, target: float
) -> tuple[int, int]:
    """Open and close what every plan below ``target`` has; return how many of each."""
    opened = 0
    closed = 0
    for j in range(state.size):
        if state[j] != 0:
            continue
        rho = found.rho[j]
        if rho > found.limit or (rho == found.limit and found.limit == -np.inf):
            if found.bound + rho - found.limit > target:
                state[j] = -1
                closed += 1
        elif (
            found.lowest_left < np.inf
            and found.bound + found.lowest_left - rho > target
        ):
            state[j] = 1
            opened += 1
    return opened, closed


@compiled
def start_prices(lists: Lists, table: Table, is_open: NDArray[np.bool_]) -> Floats:
    """Return prices between what the serving and the next open site cost."""
    n = lists.first.size - 1
    price = np.empty(n, np.float64)
    for i in range(n):
        _, nearest, following, _ = two_nearest(i, lists, table, is_open)
        price[i] = min(0.5 * (nearest + following), lists.cap[i])
    return price


class Stack(NamedTuple):
    """Nodes still to search, the last first; ``size`` (1,) of them."""

    state: NDArray[np.int8]
    price: Floats
    bound: Floats
    size: NDArray[np.int64]


@compiled
def search(
    lists: Lists,
    table: Table,
    n_open: int,
    stack: Stack,
    best_open: NDArray[np.bool_],
    best: Floats,
    tolerance: float,
    most_nodes: int,
    most_rounds: int,
    patience: int,
    step: float,
) -> int:
    """Search nodes, depth first; returns how many. The stack is empty at the proof."""
    n_nodes = 0
    while stack.size[0] > 0 and n_nodes < most_nodes:
        top = stack.size[0] - 1
        stack.size[0] = top
        if stack.bound[top] >= best[0] - tolerance:
            continue
        n_nodes += 1
        state = stack.state[top].copy()
        found = climb(
            lists,
            table,
            stack.price[top],
            state,
            n_open,
            best_open,
            best,
            tolerance,
            most_rounds,
            patience,
            step,
            n_nodes % 8 == 1,
        )
        bound = max(found.bound, stack.bound[top])
        if bound >= best[0] - tolerance:
            continue
        decide_sites(found, state, n_open, best[0] - tolerance)
        n_free = int((state == 0).sum())
        left = n_open - int((state == 1).sum())
        if left < 0 or n_free < left:
            continue
        if left == 0 or n_free == left:
            leaf = (state == 1) | ((state == 0) & (left > 0))
            cost = total_cost(lists, table, leaf)
            if cost < best[0]:
                best[0] = cost
                best_open[:] = leaf
            continue
        branch = -1
        most = -1.0
        for j in range(state.size):
            if state[j] != 0:
                continue
            likely = found.share[j]
            if branch < 0 or likely > most:
                most = likely
                branch = j
        for side in (-1, 1):
            k = stack.size[0]
            stack.state[k] = state
            stack.state[k, branch] = side
            stack.price[k] = found.price
            stack.bound[k] = bound
            stack.size[0] = k + 1
    return n_nodes
