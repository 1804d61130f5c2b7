"""What is the chance exactly, in a case small enough to compute?

A Markov chain over who is busy and how many calls wait: the hypercube model of Larson
(1974, rand.org/pubs/reports/R1238), from an empty start, by uniformization (Jensen
1953). It checks ``simulate``; it does not replace it. Exact when visits are exponential
and cover the round trip, and driving times do not change over the night.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.dispatch.checks import InvalidProblem
from wijkspil_engines.dispatch.draw import call_rates
from wijkspil_engines.dispatch.night import Mode, NightParams, NightProblem
from wijkspil_engines.dispatch.simulate import Region

MOST_NURSES = 8
#: Part of the probability that may be cut off: of jumps, and of states in the queue.
_CUT = 1e-12
_MOST_WAITING = 400


@dataclass(frozen=True, eq=False)
class Exact:
    """The exact figures of a small night.

    Parameters
    ----------
    chance
        (n_wijken,) chance of arrival in time.
    utilisation
        (n_nurses,) part of the night a nurse is busy, by team key.
    all_busy
        Part of the calls that find everyone busy.
    wait_mean_min
        Minutes until a nurse can start, over all calls; 0 without a queue.
    """

    chance: NDArray[np.float64]
    utilisation: NDArray[np.float64]
    all_busy: float
    wait_mean_min: float


def solve_exactly(
    problem: NightProblem, *, params: NightParams, mode: Mode = "pooled"
) -> Exact:
    """Compute the chances that ``simulate_night`` estimates.

    ``lost`` works in both modes; ``queue`` only when every nurse may take every call
    (``pooled``).

    Raises
    ------
    InvalidProblem
        If the case is outside what the chain describes exactly.
    """
    region = Region.of(problem, params)
    _check(problem, params, mode, region)
    chain = _Chain(problem, params, mode, region)
    starts, parts = call_rates(params)
    calls = sum(wijk.calls_per_night for wijk in problem.wijken)
    lengths = np.concatenate(([params.warm_up_min], np.full(parts.size - 1, 60.0)))
    state = np.zeros(chain.n_states)
    state[0] = 1.0
    seen, busy = np.zeros(chain.n_states), np.zeros(chain.n_states)
    for start, part, length in zip(starts, parts, lengths, strict=True):
        if length <= 0:
            continue
        rate = calls * part / length
        state, spent = chain.advance(state, rate, float(length))
        if start >= 0:
            seen += spent * part / length
            busy += spent / params.night_min
    chance, wait = chain.rewards(params)
    full = (1 << chain.n_nurses) - 1
    return Exact(
        chance=chance @ seen,
        utilisation=np.array(
            [
                sum(busy[s] for s in range(chain.n_states) if min(s, full) >> j & 1)
                for j in range(chain.n_nurses)
            ]
        ),
        all_busy=float(seen[full:].sum()),
        wait_mean_min=float(wait @ seen),
    )


def erlang_c(n_servers: int, offered: float) -> float:
    """Return the chance to wait with Poisson calls and exponential service.

    Erlang (1917). ``offered`` is the rate of calls times the mean service, 0 up to
    ``n_servers``; the mean wait is this chance times service / (servers - offered).

    Raises
    ------
    InvalidProblem
        If the servers cannot keep up.
    """
    if not 0 <= offered < n_servers:
        raise InvalidProblem(
            f"{offered} is not below the {n_servers} servers; nobody would catch up",
            field="offered",
        )
    blocked = 1.0
    for servers in range(1, n_servers + 1):
        blocked = offered * blocked / (servers + offered * blocked)
    return blocked / (1 - offered / n_servers * (1 - blocked))


class _Chain:
    """States: sets of busy nurses as bits; beyond the full set, calls that wait."""

    def __init__(
        self, problem: NightProblem, params: NightParams, mode: Mode, region: Region
    ) -> None:
        self.n_nurses = int(region.team_of_nurse.size)
        self._full = (1 << self.n_nurses) - 1
        self._queues = params.when_busy == "queue"
        self.n_states = self._full + 1 + (_MOST_WAITING if self._queues else 0)
        self._leave = 1.0 / params.service_mean_min
        self._drive = region.minutes[0][region.team_of_nurse, len(region.teams) :]
        self._flows = _flows(problem, mode, region)
        self._jumps = self._find_jumps()

    def _first(self, group: int, wijk: int, state: int) -> int:
        """Return the nurse who goes, or -1: the nearest that is free and may."""
        may = self._flows.allowed[group][:, wijk]
        free = [
            (round(self._drive[j, wijk], 9), j)
            for j in range(self.n_nurses)
            if not state >> j & 1 and may[j] and math.isfinite(self._drive[j, wijk])
        ]
        return min(free)[1] if free else -1

    def _find_jumps(self) -> list[tuple[int, int, float]]:
        """Return (from, to, part of all calls) of the arrivals."""
        jumps = []
        for state in range(self._full + 1):
            for (group, wijk), part in self._flows.parts.items():
                nurse = self._first(group, wijk, state)
                if nurse >= 0:
                    jumps.append((state, state | 1 << nurse, part))
        if self._queues:
            last = self.n_states - 1
            jumps += [(state, state + 1, 1.0) for state in range(self._full, last)]
        return jumps

    def _generator(self, rate: float) -> NDArray[np.float64]:
        matrix = np.zeros((self.n_states, self.n_states))
        for before, after, part in self._jumps:
            matrix[before, after] += rate * part
        for state in range(self.n_states):
            if state > self._full:
                matrix[state, state - 1] += self.n_nurses * self._leave
                continue
            for j in range(self.n_nurses):
                if state >> j & 1:
                    matrix[state, state ^ 1 << j] += self._leave
        matrix -= np.diag(matrix.sum(1))
        return matrix

    def advance(
        self, state: NDArray[np.float64], rate: float, length_min: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the chances after so many minutes, and the minutes in each state."""
        matrix = self._generator(rate)
        speed = float(-matrix.diagonal().min()) or 1.0
        step = np.eye(self.n_states) + matrix / speed
        # Short pieces keep exp(-mean) far from underflow.
        n_pieces = max(1, math.ceil(speed * length_min / 100.0))
        mean = speed * length_min / n_pieces
        spent = np.zeros_like(state)
        for _ in range(n_pieces):
            weight, passed = math.exp(-mean), 0.0
            moved, after = state, np.zeros_like(state)
            jumps = 0
            while True:
                after = after + weight * moved
                passed += weight
                spent += (1.0 - passed) / speed * moved
                jumps += 1
                if 1.0 - passed < _CUT and jumps > mean:
                    break
                moved = moved @ step
                weight *= mean / jumps
            state = after / after.sum()
        return state, spent

    def rewards(
        self, params: NightParams
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return chance in time (n_wijken, n_states) and wait (n_states,)."""
        overhead = params.overhead.preparation_min + params.overhead.access_min
        left = params.within_min + 1e-9 - overhead - self._drive
        n_wijken = left.shape[1]
        chance = np.zeros((n_wijken, self.n_states))
        wait = np.zeros(self.n_states)
        for wijk in range(n_wijken):
            total = sum(p for (_, w), p in self._flows.parts.items() if w == wijk)
            if total == 0:
                chance[wijk] = math.nan
                continue
            for (group, at), part in self._flows.parts.items():
                if at != wijk:
                    continue
                for state in range(self._full + 1):
                    nurse = self._first(group, wijk, state)
                    if nurse >= 0 and left[nurse, wijk] >= 0:
                        chance[wijk, state] += part / total
        if self._queues:
            together = self.n_nurses * self._leave
            for state in range(self._full, self.n_states):
                ahead = state - self._full + 1
                wait[state] = ahead / together
                for wijk in range(n_wijken):
                    # Who comes free is as likely to be the one as the other.
                    chance[wijk, state] = np.mean(
                        [_erlang_below(ahead, together * t) for t in left[:, wijk]]
                    )
        return chance, wait


@dataclass(frozen=True, eq=False)
class _Flows:
    """Part of the calls by (group, wijk); and by group who may go where."""

    parts: dict[tuple[int, int], float]
    allowed: list[NDArray[np.bool_]]


def _flows(problem: NightProblem, mode: Mode, region: Region) -> _Flows:
    total = sum(wijk.calls_per_night for wijk in problem.wijken)
    parts: dict[tuple[int, int], float] = {}
    for w, wijk in enumerate(problem.wijken):
        if wijk.calls_per_night <= 0:
            continue
        part = wijk.calls_per_night / total
        if mode == "pooled" or not wijk.shares:
            parts[0, w] = part
            continue
        for provider, share in wijk.shares.items():
            if share > 0:
                parts[problem.providers.index(provider) + 1, w] = part * share
    allowed = [group[region.team_of_nurse] for group in region.allowed[mode]]
    return _Flows(parts, allowed)


def _erlang_below(stages: int, rate_time: float) -> float:
    """Return the chance that this many exponential stages are over by then."""
    if rate_time <= 0:
        return 0.0
    term, below = math.exp(-rate_time), 0.0
    for k in range(stages):
        below += term
        term *= rate_time / (k + 1)
    return max(1.0 - below, 0.0)


def _check(
    problem: NightProblem, params: NightParams, mode: Mode, region: Region
) -> None:
    def refuse(wrong: bool, place: str, message: str) -> None:
        if wrong:
            raise InvalidProblem(f"{message}; simulate it instead", field=place)

    refuse(
        params.service_shape != "exponential",
        "params.service_shape",
        "only exponential visits are a Markov chain",
    )
    refuse(
        params.service_covers != "round-trip",
        "params.service_covers",
        "only round trips have no memory of where the nurse is",
    )
    refuse(
        params.when_busy == "commit"
        or (params.when_busy == "queue" and mode == "separate"),
        "params.when_busy",
        f"{params.when_busy} is not computed exactly in {mode}",
    )
    n = region.team_of_nurse.size
    refuse(not 1 <= n <= MOST_NURSES, "teams", f"{n} nurses are not 1 to {MOST_NURSES}")
    calls = sum(wijk.calls_per_night for wijk in problem.wijken)
    refuse(calls <= 0, "wijken", "there are no calls")
    drive = region.minutes[:, : len(region.teams), len(region.teams) :]
    changes = not np.array_equal(drive, np.broadcast_to(drive[0], drive.shape))
    refuse(changes, "travel", "driving times change over the night")
    refuse(
        params.when_busy == "queue" and not np.isfinite(drive).all(),
        "travel",
        "a wijk cannot be reached",
    )
