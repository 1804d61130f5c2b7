"""Compiled loops of the balanced measure and of its scenarios."""

import numpy as np

from wijkspil_engines.access.kernels import Floats, Rows, Starts
from wijkspil_engines.compiled import compiled


@compiled
def load_sites(
    start: Starts, site: Rows, weight: Floats, demand: Floats, capacity: Floats
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    """Return the demand at each site and the weight each area reaches."""
    n = start.size - 1
    load = np.zeros(capacity.size)
    reach = np.zeros(n)
    for i in range(n):
        total = 0.0
        for k in range(start[i], start[i + 1]):
            if capacity[site[k]] > 0.0:
                total += weight[k]
        reach[i] = total
        if total > 0.0:
            here = demand[i] / total
            for k in range(start[i], start[i + 1]):
                if capacity[site[k]] > 0.0:
                    load[site[k]] += weight[k] * here
    return load, reach


@compiled
def mean_ratio(
    start: Starts,
    site: Rows,
    weight: Floats,
    ratio: Floats,
    capacity: Floats,
    reach: Floats,
) -> Floats:  # pragma: no cover - compiled
    """Return the mean ratio of where the people of each area go; 0 for nowhere."""
    n = start.size - 1
    value = np.zeros(n)
    for i in range(n):
        if reach[i] > 0.0:
            total = 0.0
            for k in range(start[i], start[i + 1]):
                if capacity[site[k]] > 0.0:
                    total += weight[k] * ratio[site[k]]
            value[i] = total / reach[i]
    return value


#: Scenarios that are computed together, in the lanes of the processor.
LANES = 8
#: Below this share of what it was, a difference is not trusted but summed anew.
_ANEW = 1e-4


@compiled
def by_site(
    start: Starts, site: Rows, weight: Floats, m: int
) -> tuple[Starts, Rows, Floats]:  # pragma: no cover - compiled
    """Return the pairs by site: ``start`` (m + 1,), areas and weights."""
    begin = np.zeros(m + 1, np.int64)
    for k in range(site.size):
        begin[site[k] + 1] += 1
    for j in range(m):
        begin[j + 1] += begin[j]
    free = begin.copy()
    area = np.empty(site.size, np.int32)
    weights = np.empty(site.size)
    for i in range(start.size - 1):
        for k in range(start[i], start[i + 1]):
            place = free[site[k]]
            area[place] = i
            weights[place] = weight[k]
            free[site[k]] = place + 1
    return begin, area, weights


@compiled
def _spread(
    rows: Rows, weight: Floats, total: Floats, lanes: Floats
) -> None:  # pragma: no cover - compiled
    """Add weight times ``lanes`` to each of the rows of ``total``."""
    # Eight names: an array might be what is written to, and would be read each time.
    m0, m1, m2, m3 = lanes[0], lanes[1], lanes[2], lanes[3]
    m4, m5, m6, m7 = lanes[4], lanes[5], lanes[6], lanes[7]
    for k in range(rows.size):
        row, here = rows[k], weight[k]
        total[row, 0] += here * m0
        total[row, 1] += here * m1
        total[row, 2] += here * m2
        total[row, 3] += here * m3
        total[row, 4] += here * m4
        total[row, 5] += here * m5
        total[row, 6] += here * m6
        total[row, 7] += here * m7


@compiled
def change_together(
    start: Starts,
    site: Rows,
    weight: Floats,
    begin: Starts,
    area: Rows,
    weight_by_site: Floats,
    demand: Floats,
    capacity: Floats,
    reach: Floats,
    load: Floats,
    ratio: Floats,
    value: Floats,
    lane: Rows,
    changed: Rows,
    new_capacity: Floats,
) -> tuple[Starts, Rows, Floats]:  # pragma: no cover - compiled
    """Return what up to ``LANES`` scenarios change: start by lane, areas, values.

    Change ``c`` gives site ``changed[c]`` the capacity ``new_capacity[c]`` in scenario
    ``lane[c]``. Only areas and sites that a change reaches are looked at:

    1. areas that reach a site that opens or closes divide their people anew;
    2. the loads and so the ratios of all sites these areas reach change;
    3. and with them the values of all areas that reach one of these sites.
    """
    n, m = start.size - 1, capacity.size
    # 1. Which areas, and how much weight they reach now.
    reach_now = np.zeros((n, LANES))
    is_divided = np.zeros(n, np.bool_)
    divided = np.empty(n, np.int32)
    n_divided = 0
    room = np.empty((m, LANES))
    is_touched = np.zeros(m, np.bool_)
    touched = np.empty(m, np.int32)
    n_touched = 0
    for j in range(m):
        for b in range(LANES):
            room[j, b] = capacity[j]
    for c in range(changed.size):
        j, b = changed[c], lane[c]
        room[j, b] = new_capacity[c]
        if not is_touched[j]:
            is_touched[j] = True
            touched[n_touched] = j
            n_touched += 1
        if (capacity[j] > 0.0) == (new_capacity[c] > 0.0):
            continue
        sign = 1.0 if new_capacity[c] > 0.0 else -1.0
        for k in range(begin[j], begin[j + 1]):
            i = area[k]
            if not is_divided[i]:
                is_divided[i] = True
                divided[n_divided] = i
                n_divided += 1
                for other in range(LANES):
                    reach_now[i, other] = reach[i]
            reach_now[i, b] += sign * weight_by_site[k]
    # 2. Their people over the sites.
    load_change = np.zeros((m, LANES))
    moved = np.empty(LANES)
    for at in range(n_divided):
        i = divided[at]
        for b in range(LANES):
            if reach_now[i, b] < _ANEW * reach[i]:
                total = 0.0
                for k in range(start[i], start[i + 1]):
                    if room[site[k], b] > 0.0:
                        total += weight[k]
                reach_now[i, b] = total
            now = demand[i] / reach_now[i, b] if reach_now[i, b] > 0.0 else 0.0
            before = demand[i] / reach[i] if reach[i] > 0.0 else 0.0
            moved[b] = now - before
        for k in range(start[i], start[i + 1]):
            j = site[k]
            if not is_touched[j]:
                is_touched[j] = True
                touched[n_touched] = j
                n_touched += 1
        begins, ends = start[i], start[i + 1]
        _spread(site[begins:ends], weight[begins:ends], load_change, moved)
    # 3. The ratios, and what that does in the areas.
    change = np.zeros((n, LANES))
    is_reached = is_divided.copy()
    reached = divided.copy()
    n_reached = n_divided
    ratio_now = load_change
    for at in range(n_touched):
        j = touched[at]
        is_any = False
        for b in range(LANES):
            now = 0.0
            if room[j, b] > 0.0:
                here = load[j] + load_change[j, b]
                if not capacity[j] > 0.0 or here < _ANEW * load[j]:
                    here = 0.0
                    for k in range(begin[j], begin[j + 1]):
                        i = area[k]
                        total = reach_now[i, b] if is_divided[i] else reach[i]
                        if total > 0.0:
                            here += weight_by_site[k] * (demand[i] / total)
                now = room[j, b] / here if here > 0.0 else 0.0
            moved[b] = now - ratio[j]
            ratio_now[j, b] = now
            is_any = is_any or moved[b] != 0.0
        if not is_any:
            continue
        for k in range(begin[j], begin[j + 1]):
            i = area[k]
            if not is_reached[i]:
                is_reached[i] = True
                reached[n_reached] = i
                n_reached += 1
        begins, ends = begin[j], begin[j + 1]
        _spread(area[begins:ends], weight_by_site[begins:ends], change, moved)
    # What came of it: by lane, areas in their order.
    order = np.sort(reached[:n_reached])
    out_start = np.zeros(LANES + 1, np.int64)
    out_area = np.empty(n_reached * LANES, np.int32)
    out_value = np.empty(n_reached * LANES)
    place = 0
    for b in range(LANES):
        for at in range(n_reached):
            i = order[at]
            total = reach_now[i, b] if is_divided[i] else reach[i]
            if change[i, b] == 0.0 and total == reach[i]:
                continue
            here = 0.0
            if total > 0.0:
                before = value[i] * reach[i]
                here = before + change[i, b]
                if here < _ANEW * before:
                    here = 0.0
                    for k in range(start[i], start[i + 1]):
                        j = site[k]
                        if room[j, b] > 0.0:
                            now = ratio_now[j, b] if is_touched[j] else ratio[j]
                            here += weight[k] * now
                here /= total
            if here != value[i]:
                out_area[place] = i
                out_value[place] = here
                place += 1
        out_start[b + 1] = place
    return out_start, out_area[:place].copy(), out_value[:place].copy()
