"""What is compiled: loops over millions of pairs of an area and a site.

Pairs are by area: ``start`` (n + 1,), then ``site`` (p,) and ``cost`` or ``weight``
(p,). Import this where something is computed, never to describe a problem.
"""

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Starts = NDArray[np.int64]


_FULL = -2


@compiled
def _number(
    address: Starts, bits: int, most: int, number: Rows, first: Starts
) -> int:  # pragma: no cover - compiled
    """Do ``number_addresses`` in a table of 2 to the ``bits``; say when it is full."""
    mask = (1 << bits) - 1
    keys = np.zeros(1 << bits, np.int64)
    values = np.empty(1 << bits, np.int32)
    n_found = 0
    last, last_number = np.int64(-1), np.int32(0)
    for row in range(address.size):
        key = address[row]
        if key == last:
            number[row] = last_number
            continue
        if key == 0:
            return -1
        # Objects lie at multiples of 16.
        slot = ((key >> 4) * np.int64(0x9E3779B97F4A7C1)) >> 20 & mask
        while keys[slot] != key:
            if keys[slot] == 0:
                if n_found >= most and 2 * n_found > row:
                    return -1
                if 2 * n_found > mask:
                    return _FULL
                keys[slot] = key
                values[slot] = n_found
                first[n_found] = row
                n_found += 1
                break
            slot = (slot + 1) & mask
        last, last_number = key, values[slot]
        number[row] = last_number
    return n_found


@compiled
def number_addresses(
    address: Starts, most: int, number: Rows, first: Starts
) -> int:  # pragma: no cover - compiled
    """Number different addresses from 0 in order of appearance.

    ``number`` (p,) gets the number of each row, ``first`` (at least half of p, and
    ``most``) the row where each appears first. Returns how many there are, or -1 when
    there are more than ``most`` and they are more than half of the rows so far: then
    rows do not share their objects. -1 too when an address is nothing.
    """
    bits = 4
    while (1 << bits) < 2 * most:
        bits += 1
    found = _number(address, bits, most, number, first)
    while found == _FULL:
        bits += 2
        found = _number(address, bits, most, number, first)
    return found


@compiled
def count_rows(area: Rows, n: int) -> tuple[Starts, bool]:  # pragma: no cover
    """Return ``start`` of pairs in any order, and whether they already are by area."""
    start = np.zeros(n + 1, np.int64)
    is_ordered = True
    last = np.int32(0)
    for row in range(area.size):
        here = area[row]
        if here < last:
            is_ordered = False
        last = here
        start[here + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    return start, is_ordered


@compiled
def order_pairs(
    area: Rows, site: Rows, cost: Floats, start: Starts
) -> tuple[Rows, Floats]:  # pragma: no cover - compiled
    """Return sites and costs by area; within an area in the order given."""
    free = start.copy()
    ordered = np.empty(site.size, np.int32)
    costs = np.empty(site.size, np.float64)
    for row in range(area.size):
        place = free[area[row]]
        ordered[place] = site[row]
        costs[place] = cost[row]
        free[area[row]] = place + 1
    return ordered, costs


@compiled
def find_wrong_pair(
    start: Starts, site: Rows, cost: Floats, m: int
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Return what is wrong (0 nothing, 1 a cost, 2 twice, 3 a site) and which pair."""
    seen = np.full(m, -1, np.int32)
    for i in range(start.size - 1):
        for k in range(start[i], start[i + 1]):
            j = site[k]
            if j < 0 or j >= m:
                return 3, k
            if not (cost[k] >= 0.0 and cost[k] < np.inf):
                return 1, k
            if seen[j] == i:
                return 2, k
            seen[j] = i
    return 0, -1


@compiled
def step_weights(
    cost: Floats, until: Floats, value: Floats
) -> Floats:  # pragma: no cover - compiled
    """Return the value of the first step that reaches the cost; 0 beyond the last."""
    weight = np.zeros(cost.size)
    # From far to near over a block that stays in the cache: no branch for each pair.
    for begin in range(0, cost.size, 1024):
        block, out = cost[begin : begin + 1024], weight[begin : begin + 1024]
        for step in range(until.size - 1, -1, -1):
            edge, here = until[step], value[step]
            for k in range(block.size):
                out[k] = here if block[k] <= edge else out[k]
    return weight


@compiled
def sum_by_site(
    start: Starts, site: Rows, weight: Floats, demand: Floats, m: int
) -> Floats:  # pragma: no cover - compiled
    """Return the weighted demand at each site."""
    total = np.zeros(m)
    for i in range(start.size - 1):
        here = demand[i]
        for k in range(start[i], start[i + 1]):
            total[site[k]] += weight[k] * here
    return total


@compiled
def sum_by_area(
    start: Starts, site: Rows, weight: Floats, ratio: Floats
) -> Floats:  # pragma: no cover - compiled
    """Return the weighted sum of what is at the sites each area reaches."""
    value = np.empty(start.size - 1)
    for i in range(start.size - 1):
        total = 0.0
        for k in range(start[i], start[i + 1]):
            total += weight[k] * ratio[site[k]]
        value[i] = total
    return value


@compiled
def nearest_by_area(
    start: Starts, site: Rows, cost: Floats, is_open: NDArray[np.bool_]
) -> tuple[Floats, Rows]:  # pragma: no cover - compiled
    """Return the lowest cost to an open site (NaN: none) and that site (-1: none)."""
    n = start.size - 1
    least = np.full(n, np.nan)
    which = np.full(n, -1, np.int32)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            j = site[k]
            if not is_open[j]:
                continue
            if (
                which[i] < 0
                or cost[k] < least[i]
                or (cost[k] == least[i] and j < which[i])
            ):
                least[i], which[i] = cost[k], j
    return least, which


@compiled
def count_by_area(
    start: Starts,
    site: Rows,
    cost: Floats,
    is_open: NDArray[np.bool_],
    most: float,
) -> Floats:  # pragma: no cover - compiled
    """Return how many open sites are within a cost."""
    n = start.size - 1
    count = np.zeros(n)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            if cost[k] <= most and is_open[site[k]]:
                count[i] += 1.0
    return count


@compiled
def share_weights(
    start: Starts, weight: Floats, reach: Floats
) -> Floats:  # pragma: no cover - compiled
    """Return ``weight`` times its share of the sum of ``weight`` in the area.

    The share is of all pairs; only those with ``reach`` above 0 keep a weight.
    """
    shared = np.zeros(weight.size)
    for i in range(start.size - 1):
        total = 0.0
        for k in range(start[i], start[i + 1]):
            total += weight[k]
        if total > 0.0:
            for k in range(start[i], start[i + 1]):
                if reach[k] > 0.0:
                    shared[k] = weight[k] * (weight[k] / total)
    return shared


@compiled
def choose_nearest(
    start: Starts, site: Rows, cost: Floats, most: int
) -> tuple[Starts, Starts]:  # pragma: no cover - compiled
    """Return ``start`` and the pairs that are the ``most`` nearest of each area.

    Equally far goes by row of the site; the pairs stay in their order.
    """
    n = start.size - 1
    chosen_start = np.zeros(n + 1, np.int64)
    for i in range(n):
        chosen_start[i + 1] = chosen_start[i] + min(most, start[i + 1] - start[i])
    chosen = np.empty(chosen_start[n], np.int64)
    for i in range(n):
        begin, end = start[i], start[i + 1]
        place = chosen_start[i]
        if end - begin <= most:
            for k in range(begin, end):
                chosen[place] = k
                place += 1
            continue
        limit = np.partition(cost[begin:end], most - 1)[most - 1]
        n_below = 0
        for k in range(begin, end):
            if cost[k] < limit:
                n_below += 1
        equal = np.empty(end - begin, np.int32)
        n_equal = 0
        for k in range(begin, end):
            if cost[k] == limit:
                equal[n_equal] = site[k]
                n_equal += 1
        last = np.sort(equal[:n_equal])[most - n_below - 1]
        for k in range(begin, end):
            if cost[k] < limit or (cost[k] == limit and site[k] <= last):
                chosen[place] = k
                place += 1
    return chosen_start, chosen
