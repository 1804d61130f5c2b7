"""Which whole assignment is good, found by many small changes?

Simulated annealing: put a request with another team; who no longer fits there leaves
and goes to the likeliest team with room, or waits; what became free is filled with
who is likeliest there. Likely is what loses little in the linear relaxation: that
counts what the room is worth to others, which the value of a pair does not. A change
that lowers the value is kept with a chance that falls with the temperature.

Source: S. Kirkpatrick, C. Gelatt, M. Vecchi, Optimization by simulated annealing,
Science 220 (1983), doi:10.1126/science.220.4598.671; ejection as in M. Yagiura,
T. Ibaraki, F. Glover, INFORMS Journal on Computing 16 (2004),
doi:10.1287/ijoc.1030.0036.
"""

import time
from threading import Event
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.routing.assign import N_ROOM, Pairs

_TINY = 1e-6
#: Most steps of one change; a longer chain stops filling.
_LONGEST = 400
#: First and last temperature, as a share of what a pair is usually worth.
_HOT, _COLD = 0.1, 0.003
_MOVES_AT_ONCE = 20_000
#: Pairs whose reduced value is lower, as such a share, are tried less often,
_WORTH_TRYING = 0.02
#: or never; they are tried in this share of the moves.
_WORTH_KNOWING, _FAR = 0.2, 0.1
#: How often who has to leave passes over a place that fits.
_PASSED_OVER = 0.15
#: To look up the pair of a request and a team costs as much as so many steps.
_WORK_TO_FIND = 8


class Problem(NamedTuple):
    """The pairs as arrays.

    ``choices`` lists by request the pairs to choose from, likeliest first, from
    ``first`` (n_requests + 1,) on; the first ``near`` (n_requests,) of each are the
    likely ones. ``team_choices`` lists the same by team, from ``team_first``
    (n_teams + 1,) on; ``rank`` (n_pairs,) is the place of a pair in it, or -1. The
    pairs of a request begin at ``pair_first`` (n_requests + 1,), by team.
    ``request``, ``team``, ``value`` (n_pairs,), ``need`` (n_requests, 6), ``room``
    (n_teams, 6); ``least`` are to be placed. What a pair takes depends on the request
    only: the smaller table stays near the processor.
    """

    first: NDArray[np.int64]
    near: NDArray[np.int64]
    choices: NDArray[np.int64]
    request: NDArray[np.int64]
    team: NDArray[np.int64]
    value: NDArray[np.float64]
    need: NDArray[np.float64]
    room: NDArray[np.float64]
    team_first: NDArray[np.int64]
    team_choices: NDArray[np.int64]
    rank: NDArray[np.int64]
    pair_first: NDArray[np.int64]
    least: int


class _State(NamedTuple):
    """An assignment that can be changed and changed back quickly.

    Row ``t`` of ``members`` lists the clients of team ``t``; the last row lists who
    waits. ``where`` is the place of a request in its row.
    """

    chosen: NDArray[np.int64]
    left: NDArray[np.float64]
    members: NDArray[np.int64]
    size: NDArray[np.int64]
    where: NDArray[np.int64]


@compiled
def _draw(random: NDArray[np.uint64]) -> float:
    """Return a number from 0 to 1 (xorshift64)."""
    x = random[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    random[0] = x
    return float((x >> np.uint64(11)) * (1.0 / 9007199254740992.0))


@compiled
def _put(problem: Problem, state: _State, request: int, pair: int) -> float:
    """Choose this pair for a request (-1: wait); return the change in value."""
    team, need, value = problem.team, problem.need, problem.value
    waiting = problem.room.shape[0]
    gain = 0.0
    before = state.chosen[request]
    source = waiting
    if before >= 0:
        source = team[before]
        for kind in range(N_ROOM):
            state.left[source, kind] += need[request, kind]
        gain -= value[before]
    state.size[source] -= 1
    other = state.members[source, state.size[source]]
    state.members[source, state.where[request]] = other
    state.where[other] = state.where[request]
    target = waiting
    if pair >= 0:
        target = team[pair]
        for kind in range(N_ROOM):
            state.left[target, kind] -= need[request, kind]
        gain += value[pair]
    state.members[target, state.size[target]] = request
    state.where[request] = state.size[target]
    state.size[target] += 1
    state.chosen[request] = pair
    return gain


@compiled
def _fits(problem: Problem, state: _State, team: int, request: int) -> bool:
    fits = True
    for kind in range(N_ROOM):
        fits &= problem.need[request, kind] <= state.left[team, kind] + _TINY
    return fits


@compiled
def _find_leaver(
    problem: Problem, state: _State, team: int, stays: int, random: NDArray[np.uint64]
) -> int:
    """Return who leaves a team that is too full, or -1 if nobody has to.

    Whoever is worth least for the room it gives back, with some chance in it.
    """
    left = state.left[team]
    is_full = False
    for kind in range(N_ROOM):
        is_full |= left[kind] < -_TINY
    if not is_full:
        return -1
    lowest, leaver = np.inf, -1
    for k in range(state.size[team]):
        request = state.members[team, k]
        if request == stays:
            continue
        pair = state.chosen[request]
        relief = 0.0
        for kind in range(N_ROOM):
            if left[kind] < -_TINY:
                relief += min(problem.need[request, kind] / -left[kind], 1.0)
        if relief > 0:
            price = problem.value[pair] / relief * (0.3 + _draw(random))
            if price < lowest:
                lowest, leaver = price, request
    return leaver


@compiled
def _find_newcomer(problem: Problem, state: _State, team: int) -> int:
    """Return the likeliest pair of those who wait and fit, or -1.

    Looks through who waits or through the pairs of the team, whichever is shorter.
    """
    if state.left[team, 0] < 1 - _TINY:
        return -1
    start, stop = problem.team_first[team], problem.team_first[team + 1]
    waiting = problem.room.shape[0]
    if _WORK_TO_FIND * state.size[waiting] >= stop - start:
        for k in range(start, stop):
            pair = problem.team_choices[k]
            request = problem.request[pair]
            if state.chosen[request] < 0 and _fits(problem, state, team, request):
                return int(pair)
        return -1
    likeliest, newcomer = stop, -1
    for k in range(state.size[waiting]):
        request = state.members[waiting, k]
        if not _fits(problem, state, team, request):
            continue
        low, high = problem.pair_first[request], problem.pair_first[request + 1]
        while low < high:
            middle = (low + high) // 2
            if problem.team[middle] < team:
                low = middle + 1
            else:
                high = middle
        if low == problem.pair_first[request + 1] or problem.team[low] != team:
            continue
        if 0 <= problem.rank[low] < likeliest:
            likeliest, newcomer = problem.rank[low], low
    return int(newcomer)


@compiled
def _find_place(
    problem: Problem, state: _State, request: int, random: NDArray[np.uint64]
) -> int:
    """Return the likeliest pair of a request that fits, or -1.

    Now and then one is passed over: always the same place would end the same way.
    """
    for k in range(problem.first[request], problem.first[request + 1]):
        pair = problem.choices[k]
        fits = _fits(problem, state, problem.team[pair], request)
        if fits and _draw(random) >= _PASSED_OVER:
            return int(pair)
    return -1


@compiled
def anneal(
    problem: Problem,
    chosen: NDArray[np.int64],
    best: NDArray[np.int64],
    random: NDArray[np.uint64],
    n_moves: int,
    temperature: float,
) -> None:
    """Change ``chosen`` (pairs by request, must fit) and keep the best in ``best``.

    ``random`` (1,) is the state of the generator, not 0; all three are changed.
    """
    n, n_teams = chosen.size, problem.room.shape[0]
    state = _State(
        np.full(n, -1),
        problem.room.copy(),
        np.zeros((n_teams + 1, n + 1), np.int64),
        np.zeros(n_teams + 1, np.int64),
        np.zeros(n, np.int64),
    )
    state.size[n_teams] = n
    for request in range(n):
        state.members[n_teams, request] = state.where[request] = request
    value, highest = 0.0, 0.0
    for request in range(n):
        if best[request] >= 0:
            highest += problem.value[best[request]]
        if chosen[request] >= 0:
            value += _put(problem, state, request, chosen[request])
    done = np.empty((_LONGEST + 2 * n, 2), np.int64)
    for _ in range(n_moves):
        n_waiting = state.size[n_teams]
        if n_waiting > 0 and _draw(random) < 0.5:
            request = state.members[n_teams, int(_draw(random) * n_waiting)]
        else:
            request = int(_draw(random) * n)
        start = problem.first[request]
        n_choices = problem.near[request]
        if n_choices == 0 or _draw(random) < _FAR:
            n_choices = problem.first[request + 1] - start
        if n_choices == 0:
            continue
        pair = problem.choices[start + int(_draw(random) * n_choices)]
        before = state.chosen[request]
        if pair == before:
            continue
        done[0, 0], done[0, 1] = request, before
        n_done = 1
        gain = _put(problem, state, request, pair)
        team = problem.team[pair]
        leaver = _find_leaver(problem, state, team, request, random)
        while leaver >= 0:
            done[n_done, 0], done[n_done, 1] = leaver, state.chosen[leaver]
            n_done += 1
            gain += _put(problem, state, leaver, -1)
            leaver = _find_leaver(problem, state, team, request, random)
        for k in range(1, n_done):
            place = _find_place(problem, state, done[k, 0], random)
            if place >= 0:
                done[n_done, 0], done[n_done, 1] = done[k, 0], -1
                n_done += 1
                gain += _put(problem, state, done[k, 0], place)
        for side in range(2):
            if side == 0 and before < 0:
                continue
            to_fill = problem.team[before] if side == 0 else team
            newcomer = _find_newcomer(problem, state, to_fill)
            while newcomer >= 0 and n_done < _LONGEST:
                done[n_done, 0], done[n_done, 1] = problem.request[newcomer], -1
                n_done += 1
                gain += _put(problem, state, problem.request[newcomer], newcomer)
                newcomer = _find_newcomer(problem, state, to_fill)
        if gain >= 0 or _draw(random) < np.exp(gain / temperature):
            value += gain
            if value > highest + _TINY and n - state.size[n_teams] >= problem.least:
                highest = value
                best[:] = state.chosen
        else:
            for k in range(n_done - 1, -1, -1):
                _put(problem, state, done[k, 0], done[k, 1])
    chosen[:] = state.chosen


class Annealing:
    """The search by small changes; may run in a thread of its own.

    ``reduced`` (n_pairs,) is what choosing a pair adds to the linear relaxation, 0 or
    less: pairs below 0 are seldom in a good assignment, but who has to leave a team
    may need one.

    ``value`` is that of ``best`` after each batch of moves, for others to read.
    """

    def __init__(
        self,
        pairs: Pairs,
        start: NDArray[np.int64],
        reduced: NDArray[np.float64],
        seed: int,
    ) -> None:
        usual = float(pairs.value.mean()) if pairs.n else 1.0
        choices = np.flatnonzero(reduced >= -_WORTH_KNOWING * usual)
        # By request, likely pairs first.
        order = np.lexsort((-reduced[choices], pairs.request[choices]))
        choices = choices[order]
        likely = pairs.request[reduced >= -_WORTH_TRYING * usual]
        need = np.zeros((pairs.n_requests, pairs.use.shape[1]))
        need[pairs.request] = pairs.use
        # By team, likely pairs first.
        of_team = np.lexsort((-reduced[choices], pairs.team[choices]))
        team_choices = choices[of_team]
        rank = np.full(pairs.n, -1)
        rank[team_choices] = np.arange(team_choices.size)
        self._problem = Problem(
            np.searchsorted(pairs.request[choices], np.arange(pairs.n_requests + 1)),
            np.bincount(likely, minlength=pairs.n_requests),
            choices,
            pairs.request,
            pairs.team,
            pairs.value,
            need,
            pairs.room,
            np.searchsorted(pairs.team[team_choices], np.arange(pairs.n_teams + 1)),
            team_choices,
            rank,
            np.searchsorted(pairs.request, np.arange(pairs.n_requests + 1)),
            int((start >= 0).sum()),
        )
        self._usual = usual
        drawn = np.random.default_rng(seed).integers(1, 2**63, 1)
        self._random = drawn.astype(np.uint64)
        self.best = start.astype(np.int64)
        self.value = pairs.total(self.best)

    def run(self, n_moves: int, stop: Event, deadline: float) -> None:
        """Cool down until the moves are made, the time is over or ``stop`` is set.

        With a deadline the temperature follows the clock when that is faster.
        """
        started = time.perf_counter()
        chosen = self.best.copy()
        n_done = 0
        while n_done < n_moves and not stop.is_set():
            now = time.perf_counter()
            if now >= deadline:
                return
            part = max(n_done / n_moves, (now - started) / (deadline - started))
            n_now = min(_MOVES_AT_ONCE, n_moves - n_done)
            temperature = self._usual * _HOT * (_COLD / _HOT) ** part
            best = self.best.copy()
            anneal(self._problem, chosen, best, self._random, n_now, temperature)
            self.best = best
            self.value = float(self._problem.value[best[best >= 0]].sum())
            n_done += n_now
