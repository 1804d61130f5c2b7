"""What happens in a night, call by call? The compiled loops.

Plain arrays in and out; ``simulate`` makes them. Places are rows of ``minutes``: first
the bases, then the wijken. Times are minutes from the start of the night.
"""

import math

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Arrivals that differ by less are the same; the first nurse in order goes.
TIE_MIN = 1e-9
#: Standard deviations beyond which the tail of a visit is taken from its limit.
_FAR_SD = 8.0


@compiled
def residual_min(
    elapsed_min: float, mean_min: float, log_mean: float, log_sd: float
) -> float:
    """Return the expected minutes left of a visit that already took so long.

    Lognormal, E[S - a | S > a]; ``log_sd`` 0 stands for exponential.
    """
    if log_sd == 0.0 or elapsed_min <= 0.0:
        return mean_min
    z = (math.log(elapsed_min) - log_mean) / log_sd
    if z > _FAR_SD:
        return elapsed_min * log_sd / z
    beyond = 0.5 * math.erfc(z / math.sqrt(2.0))
    weight = 0.5 * math.erfc((z - log_sd) / math.sqrt(2.0))
    return mean_min * weight / beyond - elapsed_min


@compiled
def _drive(
    minutes: Floats,
    start_min: float,
    leaves: float,
    place: int,
    base: int,
    ready: float,
    called: float,
    target: int,
    returns: bool,
) -> float:
    """Return the minutes from where she is when called; on the way back in between."""
    slot = math.floor((start_min + leaves) / 60.0) % 24
    direct: float = minutes[slot, place, target]
    if not returns or place == base:
        return direct
    back = minutes[slot, place, base]
    if math.isinf(back):
        return direct
    from_base: float = minutes[slot, base, target]
    if called - ready >= back:
        return from_base
    part: float = (called - ready) / back
    return (1.0 - part) * direct + part * from_base


@compiled
def run_committing(
    offsets: Ints,
    time: Floats,
    target: Ints,
    group: Ints,
    service: Floats,
    team: Ints,
    allowed: Bools,
    minutes: Floats,
    settings: Floats,
    round_trip: bool,
    returns: bool,
    arrival: Floats,
    start: Floats,
    nurse: Ints,
    busy: Floats,
) -> None:
    """Send to each call at once the nurse with the shortest expected arrival.

    ``settings``: start of the night in minutes of the day, preparation, access, mean
    visit, its log mean and log sd, minutes of the night. Fills ``arrival``, ``start``
    and ``nurse`` (n_calls,) and adds to ``busy`` (n_nurses,).
    """
    start_min, preparation, access = settings[0], settings[1], settings[2]
    mean, log_mean, log_sd, night = settings[3], settings[4], settings[5], settings[6]
    n_nurses = team.size
    n_bases = allowed.shape[1]
    most = 0
    for i in range(offsets.size - 1):
        most = max(most, offsets[i + 1] - offsets[i])
    pending = np.empty((n_nurses, max(most, 1)), np.int64)
    finish = np.empty(time.size, np.float64)
    head = np.empty(n_nurses, np.int64)
    tail = np.empty(n_nurses, np.int64)
    place = np.empty(n_nurses, np.int64)
    ready = np.empty(n_nurses, np.float64)
    for i in range(offsets.size - 1):
        for j in range(n_nurses):
            head[j] = tail[j] = 0
            place[j] = team[j]
            ready[j] = -np.inf
        for call in range(offsets[i], offsets[i + 1]):
            now = time[call]
            to = target[call]
            best, best_arrival = -1, np.inf
            for j in range(n_nurses):
                if not allowed[group[call], team[j], to - n_bases]:
                    continue
                while head[j] < tail[j] and finish[pending[j, head[j]]] <= now:
                    head[j] += 1
                leaves = now
                if head[j] < tail[j]:
                    first = pending[j, head[j]]
                    began = start[first] if round_trip else arrival[first]
                    leaves = max(now, began)
                    leaves += residual_min(now - began, mean, log_mean, log_sd)
                    before = target[first]
                    for k in range(head[j] + 1, tail[j]):
                        later = pending[j, k]
                        if not round_trip:
                            off = leaves + preparation
                            slot = math.floor((start_min + off) / 60.0) % 24
                            leaves = off + minutes[slot, before, target[later]]
                            leaves += access
                            before = target[later]
                        leaves += mean
                drive = _drive(
                    minutes,
                    start_min,
                    leaves + preparation,
                    place[j],
                    team[j],
                    ready[j] if head[j] == tail[j] else leaves,
                    leaves,
                    to,
                    returns,
                )
                expected = leaves + preparation + drive + access
                if expected < best_arrival - TIE_MIN:
                    best, best_arrival = j, expected
            nurse[call] = best
            if best < 0:
                arrival[call] = start[call] = np.inf
                continue
            j = best
            leaves = max(now, ready[j])
            drive = _drive(
                minutes,
                start_min,
                leaves + preparation,
                place[j],
                team[j],
                ready[j],
                leaves,
                to,
                returns,
            )
            start[call] = leaves
            arrival[call] = leaves + preparation + drive + access
            if round_trip:
                finish[call] = leaves + service[call]
            else:
                finish[call] = arrival[call] + service[call]
                place[j] = to
            ready[j] = finish[call]
            pending[j, tail[j]] = call
            tail[j] += 1
            busy[j] += max(0.0, min(finish[call], night) - max(leaves, 0.0))


@compiled
def run_queueing(
    offsets: Ints,
    time: Floats,
    target: Ints,
    group: Ints,
    service: Floats,
    team: Ints,
    allowed: Bools,
    minutes: Floats,
    settings: Floats,
    round_trip: bool,
    returns: bool,
    loses: bool,
    arrival: Floats,
    start: Floats,
    nurse: Ints,
    busy: Floats,
) -> None:
    """Send the free nurse who is there first; else the call waits, or is lost.

    Arguments as of ``run_committing``. A nurse who comes free takes the oldest call
    that she may take; the calls of a night are all finished, however late.
    """
    start_min, preparation, access = settings[0], settings[1], settings[2]
    night = settings[6]
    n_nurses = team.size
    n_bases = allowed.shape[1]
    place = np.empty(n_nurses, np.int64)
    ready = np.empty(n_nurses, np.float64)
    is_busy = np.empty(n_nurses, np.bool_)
    for i in range(offsets.size - 1):
        for j in range(n_nurses):
            place[j] = team[j]
            ready[j] = -np.inf
            is_busy[j] = False
        oldest = offsets[i]
        for call in range(offsets[i], offsets[i + 1]):
            nurse[call] = -1
            arrival[call] = start[call] = np.inf
        for number in range(offsets[i], offsets[i + 1] + 1):
            is_last = number == offsets[i + 1]
            now = np.inf if is_last else time[number]
            # First everyone who comes free before this call, in order of time.
            while True:
                j = -1
                for k in range(n_nurses):
                    if (
                        is_busy[k]
                        and ready[k] <= now
                        and (j < 0 or ready[k] < ready[j])
                    ):
                        j = k
                if j < 0:
                    break
                is_busy[j] = False
                if loses:
                    continue
                while oldest < number and nurse[oldest] >= 0:
                    oldest += 1
                for call in range(oldest, number):
                    if nurse[call] >= 0:
                        continue
                    to = target[call]
                    if not allowed[group[call], team[j], to - n_bases]:
                        continue
                    leaves = ready[j]
                    drive = _drive(
                        minutes,
                        start_min,
                        leaves + preparation,
                        place[j],
                        team[j],
                        ready[j],
                        leaves,
                        to,
                        returns,
                    )
                    if math.isinf(drive):
                        continue
                    nurse[call] = j
                    start[call] = leaves
                    arrival[call] = leaves + preparation + drive + access
                    if round_trip:
                        ready[j] = leaves + service[call]
                    else:
                        ready[j] = arrival[call] + service[call]
                        place[j] = to
                    is_busy[j] = True
                    busy[j] += max(0.0, min(ready[j], night) - max(leaves, 0.0))
                    break
            if is_last:
                break
            to = target[number]
            best, best_drive = -1, np.inf
            for j in range(n_nurses):
                if is_busy[j] or not allowed[group[number], team[j], to - n_bases]:
                    continue
                drive = _drive(
                    minutes,
                    start_min,
                    now + preparation,
                    place[j],
                    team[j],
                    ready[j],
                    now,
                    to,
                    returns,
                )
                if drive < best_drive - TIE_MIN:
                    best, best_drive = j, drive
            if best < 0:
                continue
            nurse[number] = best
            start[number] = now
            arrival[number] = now + preparation + best_drive + access
            if round_trip:
                ready[best] = now + service[number]
            else:
                ready[best] = arrival[number] + service[number]
                place[best] = to
            is_busy[best] = True
            busy[best] += max(0.0, min(ready[best], night) - max(now, 0.0))
