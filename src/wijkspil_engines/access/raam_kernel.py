"""The compiled loop of RAAM: see ``raam``."""

import numpy as np

from wijkspil_engines.access.kernels import Floats, Rows, Starts
from wijkspil_engines.compiled import compiled


@compiled
def iterate_raam(
    start: Starts,
    site: Rows,
    cost: Floats,
    demand: Floats,
    room: Floats,
    tau: float,
    cycles: int,
    first_share: float,
    first_people: float,
    least_step: float,
    half_life: float,
    n_careful: int,
) -> tuple[Floats, Floats, Floats]:  # pragma: no cover - compiled
    """Return cost by area (NaN: not defined), people by site, and by pair.

    ``room`` (m,) is supply times rho; sites with 0 are left out, areas without demand
    or without site too. Steps are a share of the demand (``first_share``) or, where
    that is below 0, a number of people (``first_people``).
    """
    n, m = start.size - 1, room.size
    assigned = np.zeros(site.size)
    travel = np.empty(site.size)
    crowd = np.zeros(m)
    load = np.zeros(m)
    best = np.full(n, -1, np.int64)
    worst = np.empty(n, np.int64)
    delta = np.zeros(n)
    wanted = np.empty(m)
    value = np.full(n, np.nan)
    for i in range(n):
        if not demand[i] > 0.0:
            continue
        for k in range(start[i], start[i + 1]):
            travel[k] = cost[k] / tau
            if not room[site[k]] > 0.0:
                continue
            at = best[i]
            if (
                at < 0
                or travel[k] < travel[at]
                or (travel[k] == travel[at] and site[k] < site[at])
            ):
                best[i] = k
        if best[i] >= 0:
            assigned[best[i]] = demand[i]
            load[site[best[i]]] += demand[i]
    for cycle in range(cycles):
        for j in range(m):
            crowd[j] = load[j] / room[j] if room[j] > 0.0 else np.inf
            wanted[j] = 0.0
        if first_share >= 0.0:
            step = max(first_share * 0.5 ** (cycle / half_life), least_step)
        else:
            step = np.round(first_people * 0.5 ** (cycle / half_life))
            step = max(step, least_step)
        for i in range(n):
            if best[i] < 0:
                continue
            low, high = np.inf, -np.inf
            at_low, at_high = -1, -1
            for k in range(start[i], start[i + 1]):
                here = crowd[site[k]] + travel[k]
                if here <= low and (
                    here < low or (at_low >= 0 and site[k] < site[at_low])
                ):
                    low, at_low = here, k
                if assigned[k] != 0.0 and (
                    here > high or (here == high and site[k] < site[at_high])
                ):
                    high, at_high = here, k
            if at_high < 0:
                at_high = at_low
            best[i], worst[i] = at_low, at_high
            moved = 0.0
            if at_low != at_high:
                room_low, room_high = room[site[at_low]], room[site[at_high]]
                here_low, here_high = assigned[at_low], assigned[at_high]
                both = here_low + here_high
                other_low = load[site[at_low]] - here_low
                other_high = load[site[at_high]] - here_high
                even = ((room_low * room_high) / (room_low + room_high)) * (
                    (travel[at_high] - travel[at_low])
                    + (both + other_high) / room_high
                    - other_low / room_low
                )
                moved = min(even - here_low, here_high)
                if first_share >= 0.0:
                    moved = np.trunc(min(moved, step * demand[i]))
                else:
                    moved = np.trunc(min(moved, step))
            delta[i] = moved
            wanted[site[at_low]] += moved
        for i in range(n):
            if best[i] < 0 or delta[i] == 0.0:
                continue
            low_site = site[best[i]]
            if cycle < n_careful:
                scale = max(wanted[low_site] / room[low_site], 1.0)
                delta[i] = np.round(delta[i] / scale)
            assigned[best[i]] += delta[i]
            assigned[worst[i]] -= delta[i]
            load[low_site] += delta[i]
            load[site[worst[i]]] -= delta[i]
    # The crowding is that before the last move: so the published code has it.
    for i in range(n):
        if best[i] < 0:
            continue
        total = 0.0
        people = 0.0
        for k in range(start[i], start[i + 1]):
            if assigned[k] != 0.0:
                total += (crowd[site[k]] + travel[k]) * assigned[k]
                people += assigned[k]
        value[i] = total / people
    return value, load, assigned
