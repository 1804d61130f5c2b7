"""Which set of clients is best for one team, with up to six kinds of room at once?

Dynamic programming over lists of states (room used, highest profit), client by client.
What a state can still become is bounded by a table: the smallest rooms are counted
exactly (a few hours in the evening are lumpy), the others cost a linear price (client
places and mornings are many and small). States that cannot beat the best set known are
dropped. Before that, such bounds say who is surely in or out, and nobody is kept for
whom too many go before: those who ask no more and bring no less.

Where a list grows too long, the states of the lowest bounds are dropped too; the
highest of these bounds then is part of the answer, so that it stays proven.

Source: S. Martello, P. Toth, Knapsack Problems, Wiley 1990, chapters 2 and 3.
"""

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled

_TINY = 1e-6
#: Units of an hour.
_PER_HOUR = 4.0
#: A first, narrow pass finds a good set; the second pass then has less to look at.
_NARROW = 100
#: Cells, for each client, of the table that bounds what a state can become.
_CELLS = 6_000
#: Bits of the number that says how much of each kind of room is used.
_BITS = 62


@compiled
def _fill_greedily(
    profit: NDArray[np.float64],
    use: NDArray[np.float64],
    room: NDArray[np.float64],
    order: NDArray[np.int64],
    taken: NDArray[np.bool_],
) -> float:
    """Take what fits, in this order; return the profit."""
    left = room.copy()
    total = 0.0
    taken[:] = False
    for k in order:
        if profit[k] <= _TINY:
            continue
        fits = True
        for kind in range(room.size):
            fits &= use[k, kind] <= left[kind] + _TINY
        if fits:
            taken[k] = True
            total += profit[k]
            for kind in range(room.size):
                left[kind] -= use[k, kind]
    return total


@compiled
def _find_core(
    profit: NDArray[np.float64],
    use: NDArray[np.float64],
    room: NDArray[np.float64],
    most: NDArray[np.float64],
    reduced: NDArray[np.float64],
    order: NDArray[np.int64],
    slack: float,
    best: float,
    surely: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Set who is ``surely`` in; return who may be, in the order given.

    ``most`` (n,) is the highest profit there can be with a client in.
    """
    left = room.copy()
    surely[:] = False
    core = np.empty(order.size, np.int64)
    m = 0
    for k in order:
        if profit[k] <= _TINY or most[k] < best:
            continue
        if reduced[k] > slack:
            surely[k] = True
            left -= use[k]
        else:
            core[m] = k
            m += 1
    before = core[:m].copy()
    kept = 0
    kinds = room.size
    needed = np.empty(kinds)
    for j in range(m):
        is_kept = True
        for kind in range(kinds):
            needed[kind] = use[core[j], kind]
            is_kept &= needed[kind] <= left[kind] + _TINY
        for i in range(j):
            if not is_kept:
                break
            if profit[before[i]] < profit[core[j]]:
                continue
            goes_before = True
            for kind in range(kinds):
                if use[before[i], kind] > use[core[j], kind] + 1e-9:
                    goes_before = False
                    break
            if goes_before:
                for kind in range(kinds):
                    needed[kind] += use[before[i], kind]
                    is_kept &= needed[kind] <= left[kind] + _TINY
        if is_kept:
            core[kept] = core[j]
            kept += 1
    return core[:kept]


@compiled
def _choose_exact(room: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the step in the table of each kind of room, 0 where it has a price."""
    stride = np.zeros(room.size, np.int64)
    cells = 1
    for kind in np.argsort(room):
        if cells * (room[kind] + 1) > _CELLS:
            break
        stride[kind] = cells
        cells *= room[kind] + 1
    return stride


@compiled
def _tabulate(
    kept: NDArray[np.float64],
    offset: NDArray[np.int64],
    step: NDArray[np.int64],
    packed: NDArray[np.int64],
    guards: np.int64,
) -> NDArray[np.float64]:
    """Return (m + 1, cells): the most that clients from k on add to a state.

    ``kept`` (m,) is what is left of the gain after the priced room, ``offset`` (m,)
    what a client takes in cells and ``step`` (m,) in bits, ``packed`` (cells,) the
    exact room left in bits.
    """
    m, cells = kept.size, packed.size
    table = np.zeros((m + 1, cells))
    for k in range(m - 1, -1, -1):
        below, now = table[k + 1], table[k]
        for cell in range(cells):
            most = below[cell]
            if kept[k] > 0 and (packed[cell] - step[k]) & guards == guards:
                most = max(most, below[cell - offset[k]] + kept[k])
            now[cell] = most
    return table


@compiled
def _run(
    gain: NDArray[np.float64],
    need: NDArray[np.int64],
    room: NDArray[np.int64],
    price: NDArray[np.float64],
    stride: NDArray[np.int64],
    least: float,
    width: int,
    is_in: NDArray[np.bool_],
    most: NDArray[np.float64],
) -> tuple[float, float]:
    """Return a bound and the best total above ``least``; ``is_in`` is that set.

    (m, kinds) ``need`` and (kinds,) ``room`` are in units, ``price`` (kinds,) is that
    of a unit, ``stride`` as from ``_choose_exact``. ``most`` (m,) becomes the highest
    total there can be with a client in.
    """
    m, kinds = need.shape
    is_in[:] = False
    # Each kind has its bits and one more, the guard, to see that a room is exceeded.
    shift = np.zeros(kinds + 1, np.int64)
    for kind in range(kinds):
        bits = 1
        while (np.int64(1) << bits) <= room[kind]:
            bits += 1
        shift[kind + 1] = shift[kind] + bits + 1
    if shift[kinds] > _BITS:
        most[:] = gain.sum()
        return float(gain.sum()), least
    guards, exact_guards, full = np.int64(0), np.int64(0), np.int64(0)
    step, exact_step = np.zeros(m, np.int64), np.zeros(m, np.int64)
    cost, offset = np.zeros(m), np.zeros(m, np.int64)
    budget, cells = 0.0, 1
    for kind in range(kinds):
        guard = np.int64(1) << (shift[kind + 1] - 1)
        guards |= guard
        full |= room[kind] << shift[kind]
        step += need[:, kind] << shift[kind]
        if stride[kind] > 0:
            exact_guards |= guard
            exact_step += need[:, kind] << shift[kind]
            offset += need[:, kind] * stride[kind]
            cells *= room[kind] + 1
        else:
            budget += price[kind] * room[kind]
            cost += price[kind] * need[:, kind]
    full |= guards
    packed = np.full(cells, exact_guards)
    for kind in range(kinds):
        if stride[kind] > 0:
            for cell in range(cells):
                units = (cell // stride[kind]) % (room[kind] + 1)
                packed[cell] |= units << shift[kind]
    kept = gain - cost
    table = _tabulate(kept, offset, exact_step, packed, exact_guards)
    root = budget + table[0, cells - 1]
    for k in range(m):
        most[k] = budget + kept[k] + table[0, cells - 1 - offset[k]]
        if offset[k] == 0:
            most[k] = min(most[k], root + min(kept[k], 0.0))
    used, total = np.zeros(1, np.int64), np.zeros(1)
    rest, cell_of = np.full(1, budget), np.full(1, cells - 1)
    # Of each state: the state before it, times two, plus one if the client is in.
    # One list for all steps, that grows: most steps have few states.
    came = np.empty(1024, np.int32)
    first = np.zeros(m + 1, np.int64)
    # Nobody of the core is a set too.
    best, best_step, best_state = max(least, 0.0), -1, -1
    upper = least
    for k in range(m):
        n = used.size
        now_used, now_total = np.empty(2 * n, np.int64), np.empty(2 * n)
        now_rest, now_bound = np.empty(2 * n), np.empty(2 * n)
        now_cell, now_came = np.empty(2 * n, np.int64), np.empty(2 * n, np.int32)
        without, within, size = 0, 0, 0
        key = np.int64(0)
        while without < n or within < n:
            if within < n:
                key = used[within] + step[k]
                if (full - key) & guards != guards:
                    within += 1
                    continue
            if within >= n or (without < n and used[without] < key):
                source, takes = without, False
                without += 1
            elif without < n and used[without] == key:
                takes = total[within] + gain[k] > total[without]
                source = within if takes else without
                without += 1
                within += 1
            else:
                source, takes = within, True
                within += 1
            value, left, state = total[source], rest[source], used[source]
            cell = cell_of[source]
            if takes:
                value, left, state = value + gain[k], left - cost[k], key
                cell -= offset[k]
            bound = value + left + table[k + 1, cell]
            if value > best + 1e-9:
                best, best_step, best_state = value, k, size
            elif bound <= best + 1e-9:
                continue
            now_used[size], now_total[size], now_rest[size] = state, value, left
            now_bound[size], now_cell[size] = bound, cell
            now_came[size] = 2 * source + takes
            size += 1
        if size > width:
            limit = np.partition(now_bound[:size], size - width)[size - width]
            kept_size = 0
            for i in range(size):
                # The best set is never lost: its way is kept with it.
                is_best = best_step == k and best_state == i
                if (now_bound[i] > limit and kept_size < width) or is_best:
                    if kept_size == width:
                        kept_size -= 1
                        upper = max(upper, now_bound[kept_size])
                    if is_best:
                        best_state = kept_size
                    j = kept_size
                    now_used[j], now_total[j] = now_used[i], now_total[i]
                    now_rest[j], now_bound[j] = now_rest[i], now_bound[i]
                    now_cell[j], now_came[j] = now_cell[i], now_came[i]
                    kept_size += 1
                else:
                    upper = max(upper, now_bound[i])
            size = kept_size
        used, total, rest = now_used[:size], now_total[:size], now_rest[:size]
        cell_of = now_cell[:size]
        end = first[k] + size
        if end > came.size:
            longer = np.empty(2 * end, np.int32)
            longer[: first[k]] = came[: first[k]]
            came = longer
        came[first[k] : end] = now_came[:size]
        first[k + 1] = end
        if size == 0:
            break
    for k in range(best_step, -1, -1):
        way = came[first[k] + best_state]
        is_in[k] = way % 2 == 1
        best_state = way // 2
    return max(min(upper, root), best), best


@compiled
def fill_one(
    profit: NDArray[np.float64],
    use: NDArray[np.float64],
    room: NDArray[np.float64],
    price: NDArray[np.float64],
    taken: NDArray[np.bool_],
    width: int,
) -> tuple[float, float]:
    """Return an upper bound of the profit, and the profit of ``taken``.

    Parameters
    ----------
    profit, use, room, price
        (n,), (n, kinds), (kinds,), (kinds,); any price of 0 or more gives a bound.
    taken
        (n,) a set that fits, to start from; changed to the best found.
    width
        Longest list of states. As long as it is not reached, the bound is the profit,
        provided that all hours are whole quarters.
    """
    n, kinds = use.shape
    weight = (use * price).sum(1)
    reduced = profit - weight
    linear = (price * room).sum() + np.maximum(reduced, 0.0).sum()
    taken &= profit > _TINY
    best = profit[taken].sum()
    order = np.argsort(-profit / (weight + _TINY))
    found = np.zeros(n, np.bool_)
    total = _fill_greedily(profit, use, room, order, found)
    if total > best:
        best = total
        taken[:] = found
    upper = linear
    most = linear + np.minimum(reduced, 0.0)
    for passed in range(2):
        slack = linear - best
        if slack <= _TINY or upper <= best + _TINY:
            break
        core = _find_core(profit, use, room, most, reduced, order, slack, best, found)
        left = room.copy()
        base = 0.0
        for k in range(n):
            if found[k]:
                left -= use[k]
                base += profit[k]
        if left.min() < -_TINY:
            upper = best
            break
        # Only kinds of room that can run out; floors on both sides lose no set.
        asked = np.zeros(kinds)
        for k in core:
            asked += use[k]
        binding = np.flatnonzero(asked > left + _TINY)
        need = np.empty((core.size, binding.size), np.int64)
        units = np.empty(binding.size, np.int64)
        unit_price = np.empty(binding.size)
        for b in range(binding.size):
            kind = binding[b]
            scale = 1.0 if kind == 0 else _PER_HOUR
            unit_price[b] = price[kind] / scale
            units[b] = int(np.floor(max(left[kind], 0.0) * scale + _TINY))
            for i in range(core.size):
                need[i, b] = int(np.floor(use[core[i], kind] * scale + _TINY))
        stride = _choose_exact(units)
        # Who needs one of the smaller rooms comes last: about them the table says most,
        # and the lists stay shorter than in the order of profit for the room.
        is_lumpy = np.zeros(core.size, np.bool_)
        for b in range(binding.size):
            if binding[b] > 0 and units[b] < units.max():
                is_lumpy |= need[:, b] > 0
        turn = np.concatenate((np.flatnonzero(~is_lumpy), np.flatnonzero(is_lumpy)))
        core, need = core[turn], need[turn]
        is_in, within = np.zeros(core.size, np.bool_), np.zeros(core.size)
        bound, total = _run(
            profit[core], need, units, unit_price, stride, best - base,
            width if passed else min(width, _NARROW), is_in, within,
        )  # fmt: skip
        upper = min(upper, bound + base)
        most[core] = np.minimum(most[core], within + base)
        if total + base > best + 1e-9:
            for i in range(core.size):
                found[core[i]] = is_in[i]
            # Hours that are no whole quarters may need more than they seem to.
            total = _fill_greedily(
                np.where(found, profit, 0.0), use, room, order, found
            )
            if total > best:
                best = total
                taken[:] = found
    return max(min(upper, linear), best), best


@compiled
def fill_all(
    order: NDArray[np.int64],
    first: NDArray[np.int64],
    profit: NDArray[np.float64],
    use: NDArray[np.float64],
    room: NDArray[np.float64],
    price: NDArray[np.float64],
    taken: NDArray[np.bool_],
    upper: NDArray[np.float64],
    value: NDArray[np.float64],
    width: int,
    start: int,
    stop: int,
) -> None:
    """Do ``fill_one`` for teams from ``start`` to before ``stop``.

    ``order`` lists the pairs team by team; ``first`` (n_teams + 1,) is where a team
    begins in it; ``taken`` (n_pairs,),
    ``upper`` and ``value`` (n_teams,) are changed.
    """
    for team in range(start, stop):
        own = order[first[team] : first[team + 1]]
        part = taken[own]
        upper[team], value[team] = fill_one(
            profit[own], use[own], room[team], price[team], part, width
        )
        taken[own] = part
