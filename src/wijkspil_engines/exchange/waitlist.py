"""Who would be helped by waiting lists, as other countries have them?

``solve_waitlist``: a place goes to the longest waiting household that wants it and
for which there is room, best choice first; the place a household leaves behind goes to
the next in the same way, until nobody waiting fits anywhere. That is first come, first
served with refill. ``solve_waitlist_without_refill``: one pass; a vacated place is not
given out in this round.

A household needs room for all its people and its whole load; a smaller one further
down the list goes before a larger one that does not fit. Nobody swaps: to enter a full
practice somebody must have left it first. Once served a household is off all lists.
"""

import time
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.exchange.order import priority_order
from wijkspil_engines.exchange.problem import ExchangeProblem, Params
from wijkspil_engines.exchange.result import Progress, Result, make_result


def solve_waitlist(
    problem: ExchangeProblem,
    *,
    params: Params | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Serve by waiting list, giving out again what is vacated."""
    return _solve(problem, params or Params(), seed, progress, refills=True)


def solve_waitlist_without_refill(
    problem: ExchangeProblem,
    *,
    params: Params | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Serve by waiting list, leaving vacated places empty in this round."""
    return _solve(problem, params or Params(), seed, progress, refills=False)


def _solve(
    problem: ExchangeProblem,
    params: Params,
    seed: int,
    progress: Progress | None,
    *,
    refills: bool,
) -> Result:
    started = time.perf_counter()
    order, lottery = priority_order(problem, seed=seed, class_first=params.class_first)
    choice = _serve(
        order,
        problem.first_option,
        problem.option,
        problem.size,
        problem.load,
        problem.origin,
        problem.free_places.copy(),
        problem.free_load.copy(),
        problem.max_inflow.copy(),
        refills,
    )
    if progress is not None:
        progress("waiting list", 1, 1)
    return make_result(
        problem,
        choice,
        status="feasible",
        mechanism="waitlist" if refills else "waitlist-without-refill",
        seed=seed,
        seconds=time.perf_counter() - started,
        lottery=lottery,
    )


@compiled
def _first_fit(
    wish: int,
    first: NDArray[np.int64],
    option: NDArray[np.int32],
    size: NDArray[np.int32],
    load: NDArray[np.int64],
    room: NDArray[np.int64],
    load_room: NDArray[np.int64],
    inflow: NDArray[np.int64],
) -> int:
    for k in range(first[wish], first[wish + 1]):
        b = option[k]
        if (
            room[b] >= size[wish]
            and inflow[b] >= size[wish]
            and load_room[b] >= load[wish]
        ):
            return int(k - first[wish])
    return -1


@compiled
def _next_in_line(
    practice: int,
    now: int,
    order: NDArray[np.int64],
    start: NDArray[np.int64],
    line: NDArray[np.int32],
    head: NDArray[np.int64],
    choice: NDArray[np.int32],
    size: NDArray[np.int32],
    load: NDArray[np.int64],
    room: NDArray[np.int64],
    load_room: NDArray[np.int64],
    inflow: NDArray[np.int64],
) -> int:
    """Return the first place in the order that waits here and fits; -1 for none."""
    end = start[practice + 1]
    while head[practice] < end and choice[order[line[head[practice]]]] >= 0:
        head[practice] += 1
    most = min(room[practice], inflow[practice])
    if most <= 0:
        return -1
    for k in range(head[practice], end):
        at = line[k]
        if at > now:
            break
        wish = order[at]
        if (
            choice[wish] < 0
            and size[wish] <= most
            and load[wish] <= load_room[practice]
        ):
            return int(at)
    return -1


@compiled
def _serve(
    order: NDArray[np.int64],
    first: NDArray[np.int64],
    option: NDArray[np.int32],
    size: NDArray[np.int32],
    load: NDArray[np.int64],
    origin: NDArray[np.int32],
    room: NDArray[np.int64],
    load_room: NDArray[np.int64],
    inflow: NDArray[np.int64],
    refills: bool,
) -> NDArray[np.int32]:
    """Return the choices (W,).

    Between two wishes of the order nobody before them fits anywhere. Only a practice
    that was just left can change that, so its line is looked through (``head`` = its
    first that still waits); when several were left, the longest waiting goes first.
    """
    n_wishes, n_practices = order.size, room.size
    choice = np.full(n_wishes, -1, np.int32)
    start = np.zeros(n_practices + 1, np.int64)
    line = np.empty(option.size if refills else 0, np.int32)
    if refills:
        for k in range(option.size):
            start[option[k] + 1] += 1
        for b in range(n_practices):
            start[b + 1] += start[b]
        at_end = start[:-1].copy()
        for at in range(n_wishes):
            wish = order[at]
            for k in range(first[wish], first[wish + 1]):
                b = option[k]
                line[at_end[b]] = at
                at_end[b] += 1
    head = start[:-1].copy()
    ready = [np.int64(0) for _ in range(0)]  # Place in the order x P + practice.
    for now in range(n_wishes):
        wish = order[now]
        taken = _first_fit(wish, first, option, size, load, room, load_room, inflow)
        while taken >= 0:
            choice[wish] = taken
            b = option[first[wish] + taken]
            room[b] -= size[wish]
            inflow[b] -= size[wish]
            load_room[b] -= load[wish]
            if not refills:
                break
            left = origin[wish]
            if left >= 0:
                room[left] += size[wish]
                load_room[left] += load[wish]
                at = _next_in_line(
                    left,
                    now,
                    order,
                    start,
                    line,
                    head,
                    choice,
                    size,
                    load,
                    room,
                    load_room,
                    inflow,
                )
                if at >= 0:
                    heappush(ready, np.int64(at * n_practices + left))
            taken = -1
            while len(ready) > 0:
                key = heappop(ready)
                wish = order[key // n_practices]
                b = int(key % n_practices)
                fits = (
                    choice[wish] < 0
                    and size[wish] <= min(room[b], inflow[b])
                    and load[wish] <= load_room[b]
                )
                if fits:
                    # Looked at again when this one is placed: more may fit here.
                    heappush(ready, key)
                    taken = _first_fit(
                        wish, first, option, size, load, room, load_room, inflow
                    )
                    break
                at = _next_in_line(
                    b,
                    now,
                    order,
                    start,
                    line,
                    head,
                    choice,
                    size,
                    load,
                    room,
                    load_room,
                    inflow,
                )
                if at >= 0:
                    heappush(ready, np.int64(at * n_practices + b))
    return choice
