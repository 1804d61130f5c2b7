"""Who moves when people may swap along cycles and chains, by turns?

Top trading cycles with chains ("you request my house, I get your turn"; Abdulkadiroglu
and Sonmez 1999, doi:10.1006/jeth.1999.2553), with many equal places per practice. In
the order of the waiting list each household asks for its best practice that is not out
of reach. A free place is given, and all who wait in the chain behind move up. A full
practice hands the turn to the first in order of its own members who still has a wish;
when the turn comes back to somebody in the chain, that cycle swaps. Who finds nothing
stays, keeping the own place.

Proven, for single persons (every wish one person; no ``max_inflow``, load that does
not bind beyond people): the plan is feasible, nobody gets what is not on the list,
nobody can be helped more without helping somebody else less (Pareto efficient), and
nobody gains by another list than the own one, within one round (truthful). Places of a
practice are equal and every person breaks the tie between them alike, so this is
trading cycles with strict preferences. With ``max_inflow`` only: feasible, on the
list, Pareto efficient.

Households: feasible (people, load, inflow) and on the list, nobody else is moved. Not
proven: efficiency and truthfulness. A member of a full practice is asked only if the
place left behind, with what is free, is enough; two small households are never asked
to leave together for a large one; rounds are repeated while anybody moves.
"""

import time

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.exchange.order import priority_order
from wijkspil_engines.exchange.problem import ExchangeProblem, Params
from wijkspil_engines.exchange.result import Progress, Result, make_result

#: Repetitions for households; each but the last moves somebody.
_MOST_PASSES = 50

_IN_MARKET, _STAYS, _MOVES = -1, -2, -3


def solve_cycles(
    problem: ExchangeProblem,
    *,
    params: Params | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Result:
    """Trade along cycles and chains.

    Turns go by priority class first: unlike in a waiting list that costs no moves,
    since who comes without a place does not end the chain of another.
    """
    del params  # Nothing to choose: levels are of ``optimum``.
    started = time.perf_counter()
    order, lottery = priority_order(problem, seed=seed, class_first=True)
    if problem.is_unit:
        choice = _trade_single(
            order,
            problem.first_option,
            problem.option,
            problem.origin,
            problem.unit_places.astype(np.int64),
            problem.max_inflow.copy(),
        )
    else:
        choice = trade_households(problem, order)
    if progress is not None:
        progress("trading cycles", 1, 1)
    return make_result(
        problem,
        choice,
        status="feasible",
        mechanism="ttc",
        seed=seed,
        seconds=time.perf_counter() - started,
        lottery=lottery,
    )


def trade_households(
    problem: ExchangeProblem, order: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the choices (W,) of trading with sizes and loads, in this order."""
    choice = np.full(problem.n_wishes, -1, np.int32)
    room = problem.free_places.copy()
    load_room = problem.free_load.copy()
    inflow = problem.max_inflow.copy()
    for _ in range(_MOST_PASSES):
        moved = _trade_pass(
            order,
            problem.first_option,
            problem.option,
            problem.size,
            problem.load,
            problem.origin,
            room,
            load_room,
            inflow,
            choice,
        )
        if moved == 0:
            break
    return choice


@compiled
def _members(
    order: NDArray[np.int64],
    origin: NDArray[np.int32],
    choice: NDArray[np.int32],
    n_practices: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return who wishes to leave each practice, in order; those placed left out."""
    start = np.zeros(n_practices + 1, np.int64)
    for wish in range(order.size):
        if origin[wish] >= 0 and choice[wish] < 0:
            start[origin[wish] + 1] += 1
    for b in range(n_practices):
        start[b + 1] += start[b]
    member = np.empty(start[n_practices], np.int32)
    end = start[:-1].copy()
    for at in range(order.size):
        wish = order[at]
        b = origin[wish]
        if b >= 0 and choice[wish] < 0:
            member[end[b]] = wish
            end[b] += 1
    return start, member


@compiled
def _lay_out(
    order: NDArray[np.int64],
    first: NDArray[np.int64],
    option: NDArray[np.int32],
    origin: NDArray[np.int32],
    n_practices: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Number the wishes anew by practice and then by order: neighbors in memory.

    Returns where the members of each practice begin (those of none last), the wish of
    each new number, the new number of each place in the order, and per new number:
    the option it is at, the end of its options, that option's practice, its state.
    """
    n_wishes = order.size
    start = np.zeros(n_practices + 2, np.int32)
    for wish in range(n_wishes):
        b = origin[wish]
        start[(b if b >= 0 else n_practices) + 1] += 1
    for b in range(n_practices + 1):
        start[b + 1] += start[b]
    end = start[:-1].copy()
    wish_of = np.empty(n_wishes, np.int32)
    row = np.empty(n_wishes, np.int32)
    for at in range(n_wishes):
        wish = order[at]
        b = origin[wish]
        if b < 0:
            b = n_practices
        wish_of[end[b]] = wish
        row[at] = end[b]
        end[b] += 1
    person = np.empty((n_wishes, 4), np.int32)
    for i in range(n_wishes):
        begin, stop = first[wish_of[i]], first[wish_of[i] + 1]
        person[i, 0] = begin
        person[i, 1] = stop
        person[i, 2] = option[begin] if stop > begin else -1
        person[i, 3] = _IN_MARKET
    return start, wish_of, row, person


@compiled
def _trade_single(
    order: NDArray[np.int64],
    first: NDArray[np.int64],
    option: NDArray[np.int32],
    origin: NDArray[np.int32],
    room: NDArray[np.int64],
    inflow: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Return the choices (W,).

    The state of a person is one of the above, or its place in the chain. A practice is
    asked by one person of the chain at most: a second one would close a cycle.
    """
    n_wishes, n_practices = order.size, room.size
    start, wish_of, row, person = _lay_out(order, first, option, origin, n_practices)
    head = start[:-1].copy()
    chain = np.empty(n_practices + 2, np.int32)
    for at in range(n_wishes):
        if person[row[at], 3] != _IN_MARKET:
            continue
        top = 0
        chain[0] = row[at]
        person[row[at], 3] = 0
        while top >= 0:
            i = chain[top]
            k = person[i, 0]
            if k == person[i, 1]:
                person[i, 3] = _STAYS
                top -= 1
                continue
            b = person[i, 2]
            low = -1
            if inflow[b] > 0:
                if room[b] > 0:
                    room[b] -= 1
                    left = origin[wish_of[chain[0]]]
                    if left >= 0:
                        room[left] += 1
                    low = 0
                else:
                    member, end = head[b], start[b + 1]
                    while member < end and person[member, 3] <= _STAYS:
                        member += 1
                    head[b] = member
                    if member < end and person[member, 3] == _IN_MARKET:
                        top += 1
                        chain[top] = member
                        person[member, 3] = top
                        continue
                    if member < end:
                        low = person[member, 3]
            if low < 0:
                person[i, 0] = k + 1
                if k + 1 < person[i, 1]:
                    person[i, 2] = option[k + 1]
                continue
            for each in range(low, top + 1):
                i = chain[each]
                person[i, 3] = _MOVES
                inflow[person[i, 2]] -= 1
            top = low - 1
    choice = np.full(n_wishes, -1, np.int32)
    for i in range(n_wishes):
        if person[i, 3] == _MOVES:
            choice[wish_of[i]] = person[i, 0] - first[wish_of[i]]
    return choice


@compiled
def _trade_pass(
    order: NDArray[np.int64],
    first: NDArray[np.int64],
    option: NDArray[np.int32],
    size: NDArray[np.int32],
    load: NDArray[np.int64],
    origin: NDArray[np.int32],
    room: NDArray[np.int64],
    load_room: NDArray[np.int64],
    inflow: NDArray[np.int64],
    choice: NDArray[np.int32],
) -> int:
    """Trade once with sizes and loads; changes the rooms and choices, returns moves.

    A link of the chain (who asks, who is asked to leave) reserves what the leaver
    lacks, at once; what the leaver leaves over is given free only when the link is
    carried out. So a link can always be taken back.
    """
    n_wishes, n_practices = order.size, room.size
    start, member = _members(order, origin, choice, n_practices)
    asked = np.zeros(n_wishes, np.int32)
    state = np.full(n_wishes, -2, np.int32)
    chain = np.empty(n_wishes + 1, np.int32)
    moves = 0
    for at in range(n_wishes):
        begin = order[at]
        if state[begin] != -2 or choice[begin] >= 0:
            continue
        top = 0
        chain[0] = begin
        state[begin] = 0
        while top >= 0:
            wish = chain[top]
            k = first[wish] + asked[wish]
            if k == first[wish + 1]:
                state[wish] = -1
                top -= 1
                if top >= 0:  # Take back the link to this one.
                    asker = chain[top]
                    b = origin[wish]
                    room[b] -= min(0, size[wish] - size[asker])
                    load_room[b] -= min(0, load[wish] - load[asker])
                    inflow[b] += size[asker]
                continue
            b = option[k]
            need, need_load = size[wish], load[wish]
            low = -2
            if inflow[b] >= need and room[b] >= need and load_room[b] >= need_load:
                room[b] -= need
                load_room[b] -= need_load
                inflow[b] -= need
                left = origin[chain[0]]
                if left >= 0:
                    room[left] += size[chain[0]]
                    load_room[left] += load[chain[0]]
                low = 0
            else:
                for m in range(start[b], start[b + 1]):
                    other = member[m]
                    place = state[other]
                    if place == -1:
                        continue
                    free, free_load, may = room[b], load_room[b], inflow[b]
                    if place > 0:  # The link to it would be taken back.
                        asker = chain[place - 1]
                        free -= min(0, size[other] - size[asker])
                        free_load -= min(0, load[other] - load[asker])
                        may += size[asker]
                    if (
                        may < need
                        or free + size[other] < need
                        or free_load + load[other] < need_load
                    ):
                        continue
                    if place == -2:
                        room[b] += min(0, size[other] - need)
                        load_room[b] += min(0, load[other] - need_load)
                        inflow[b] -= need
                        top += 1
                        chain[top] = other
                        state[other] = top
                        low = -1
                    else:
                        room[b] = free + size[other] - need
                        load_room[b] = free_load + load[other] - need_load
                        inflow[b] = may - need
                        low = place
                    break
            if low == -1:
                continue
            if low == -2:
                asked[wish] += 1
                continue
            for each in range(low, top + 1):
                wish = chain[each]
                if each < top:
                    other = chain[each + 1]
                    b = origin[other]
                    room[b] += max(0, size[other] - size[wish])
                    load_room[b] += max(0, load[other] - load[wish])
                choice[wish] = asked[wish]
                state[wish] = -1
                moves += 1
            top = low - 1
    return moves
