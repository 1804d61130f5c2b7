"""Solve a round from the prices of the last one: only where something changed.

All levels are one number: a price is a row of digits, the first level first, so that
a larger number is a better row. Everybody takes what is worth most at the last prices;
where nothing changed that still clears. A practice with too many people sends one
along the cheapest chain to where there is room; an empty one with a price draws one
in: successive shortest paths (Dijkstra with potentials), each search ending at the
nearest practice that can be helped. At the end every digit must be small enough for the
numbers to compare as rows do: then the digits are prices that prove every level.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.exchange.face import (
    Flags,
    Short,
    Whole,
    drop_root,
    merge,
    sift_down,
    sift_up,
)
from wijkspil_engines.exchange.problem import (
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import LevelValue

#: A level, its prices of places and of coming in.
Prices = tuple[str, NDArray[np.int64], NDArray[np.int64] | None]

Choice = NDArray[np.int16]

_FAR = np.int64(2**61)
#: What a pair costs that nobody can change between; larger with any price taken off.
_NOBODY = np.int64(2**62)
_MUCH = 2**40

#: Bits of the digit of a level.
_BITS = {"class0": 8, "class1": 9, "moved": 9, "waiting": 22, "rank": 12}

#: Digits of prices within this share of their room compare as rows.
_SAFE = 8

#: With more than this part of the people in the wrong place starting anew is faster.
_MOST_WRONG = 10


def mend(
    problem: ExchangeProblem, params: Params, warm: Sequence[LevelValue]
) -> tuple[NDArray[np.int32], list[Prices]] | None:
    """Return choices and the prices of each level; None when starting anew is better.

    Raises
    ------
    InvalidProblem
        If there are not as many prices as practices.
    """
    lengths = np.diff(problem.first_option)
    if lengths.size == 0 or lengths.max() > 1000:
        return None
    if params.required is not None and (lengths[params.required] == 0).any():
        return None
    n, p = problem.n_wishes, problem.n_practices
    unit, shift = {}, 0
    for name in reversed(params.levels):
        unit[name] = 1 << shift
        shift += _BITS[name]
    price, coming_in = _pack(p, unit, warm)
    each = np.zeros(n, dtype=np.int64)
    for name in params.levels:
        if name == "moved":
            each += unit[name]
        elif name == "waiting":
            each += unit[name] * problem.capped_days
        elif name != "rank":
            each += unit[name] * (problem.priority_class == int(name[-1]))
    # A door before each practice with a cap: as many porters as may come in stand there
    # and go inside, one for each person that comes.
    wanted = np.bincount(problem.option, minlength=p)
    doors = np.flatnonzero(problem.max_inflow < wanted)
    porters = np.repeat(doors, problem.max_inflow[doors])
    door = np.full(p, NONE)
    door[doors] = p + 1 + np.arange(doors.size)
    node, home = problem.option, np.where(problem.origin == NONE, p, problem.origin)
    first = problem.first_option
    can_stay = np.ones(n + porters.size, dtype=np.bool_)
    if params.required is not None:
        can_stay[:n] = ~params.required
    if doors.size:
        node = np.where(door[node] == NONE, node, door[node])
        node = np.concatenate((node, porters)).astype(np.int32)
        home = np.concatenate((home, door[porters]))
        each = np.concatenate((each, np.zeros(porters.size, dtype=np.int64)))
        first = np.concatenate((first, first[-1] + 1 + np.arange(porters.size)))
    here = problem.origin[problem.origin != NONE]
    cap = np.concatenate(
        (
            problem.unit_places + np.bincount(here, minlength=p),
            [NO_LIMIT],
            problem.max_inflow[doors],
        )
    )
    price = np.concatenate((price, [0], (price + coming_in)[doors]))
    chosen = np.empty(home.size, dtype=np.int16)
    if not mend_places(
        p, first, node, home.astype(np.int32), can_stay, each, unit.get("rank", 0),
        price, cap, chosen,
    ):  # fmt: skip
        return None
    digits = _unpack(price, params.levels)
    if digits is None:
        return None
    levels = []
    # Where nobody comes in the door may be cheaper than inside: that is no price.
    opens = price[p + 1 :] > price[doors]
    for name in params.levels:
        places = digits[name][:p].copy()
        entry = np.zeros(p, dtype=np.int64)
        entry[doors] = np.where(opens, digits[name][p + 1 :] - places[doors], 0)
        levels.append((name, places, entry if entry.any() else None))
    return chosen[:n].astype(np.int32), levels


def _pack(
    n_places: int, unit: dict[str, int], warm: Sequence[LevelValue]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the prices of places and of coming in, all levels in one number."""
    packed = np.zeros((2, n_places), dtype=np.int64)
    for level in warm:
        if level.name not in unit or level.prices is None or level.scale != 1:
            continue
        most = (1 << _BITS[level.name]) // _SAFE
        for row, prices in zip(packed, (level.prices, level.entry_prices), strict=True):
            if prices is None:
                continue
            if prices.shape != (n_places,):
                raise InvalidProblem(
                    f"must have {n_places} prices", field=f"warm.{level.name}"
                )
            row += unit[level.name] * np.clip(prices, -most, most)
    return np.maximum(packed[0], 0), np.maximum(packed[1], 0)


def _unpack(
    price: NDArray[np.int64], levels: tuple[str, ...]
) -> dict[str, NDArray[np.int64]] | None:
    """Return the digits of each level; None when one is too large to be sure."""
    digits = {}
    for name in reversed(levels):
        half = 1 << (_BITS[name] - 1)
        digit = price if name == levels[0] else (price + half) % (2 * half) - half
        if np.abs(digit).max(initial=0) > 2 * half // _SAFE:
            return None
        digits[name] = digit
        price = (price - digit) >> _BITS[name]
    return digits


_PAIR = np.dtype([("cost", np.int64), ("other", np.uint32), ("root", np.int32)])


class _People(NamedTuple):
    """Who has which places, and where they sit."""

    first: Whole
    node: Short
    home: Short
    can_stay: Flags
    each: Whole
    chosen: Choice
    seat: Short


class _Pairs(NamedTuple):
    """Of pairs of nodes who minds least to leave the one for the other.

    A row has the pairs of one node with each ``other``: those that lead from it, or
    once turned those that lead to it. ``begin``, ``room`` and ``filled`` tell where. Of
    a row the first ``n_sorted`` are the cheapest, in order: as far as a search came.
    ``cost`` is what is lost at the prices of when rows were made or turned. ``root`` is
    of a heap of all who could: ``key`` has what they lose before prices, ``pool`` the
    person, first child and next sibling.
    """

    begin: Whole
    room: Whole
    filled: Whole
    n_sorted: Whole
    cost: Whole
    other: Short
    root: Short
    end: Whole
    key: Whole
    pool: Short
    used: Whole


class _Search(NamedTuple):
    """Room to search in.

    ``label`` has how far each node is that was reached, ``mark`` the same less what its
    price ``moved`` (up, or down once turned) since rows were made; ``above`` from which
    node and ``via`` by which pair it was reached, ``mover`` who goes along a chain.
    """

    moved: Whole
    label: Whole
    mark: Whole
    heap: Short
    place: Short
    above: Short
    via: Short
    mover: Short
    seen: Short


@compiled
def mend_places(
    outside: int,
    first: Whole,
    node: Short,
    home: Short,
    can_stay: Flags,
    each: Whole,
    per_rank: int,
    price: Whole,
    cap: Whole,
    chosen: Choice,
) -> bool:
    """Move ``price`` and ``chosen`` (-1: stays) to the optimum, with lowest prices.

    A person's place is worth ``each`` minus ``per_rank`` for each place down the list;
    staying is worth 0. False when that takes too long or no plan is possible.
    """
    n_nodes = price.size
    occ = np.zeros(n_nodes, dtype=np.int64)
    seat = np.empty(home.size, dtype=np.int32)
    _choose(first, node, home, can_stay, each, per_rank, price, cap, chosen, seat, occ)
    wrong = 0
    for a in range(n_nodes):
        if a != outside and (occ[a] > cap[a] or price[a] > 0):
            wrong += abs(occ[a] - cap[a])
    if wrong > 100 + home.size // _MOST_WRONG:
        return False
    people = _People(first, node, home, can_stay, each, chosen, seat)
    pairs = _list_pairs(people, per_rank, price)
    search = _make_search(n_nodes)
    moved = search.moved
    patience = node.size // 2 + 10_000
    # Where places are dear searches are long: first, while prices are as they were.
    order = np.argsort(-price)
    for falling in range(2):
        if falling:
            pairs = _turn(pairs, moved)
            price += moved
            moved[:] = 0
            order = np.arange(n_nodes)
        for a in order:
            while a != outside and (
                (occ[a] > cap[a])
                if falling == 0
                else (occ[a] < cap[a] and price[a] > moved[a])
            ):
                patience -= _relieve(
                    falling, outside, a, people, pairs, per_rank, price, cap, occ,
                    search,
                )  # fmt: skip
                if patience < 0:
                    return False
    price -= moved
    _lower(outside, pairs, price, moved)
    return True


@compiled
def _make_pairs(
    n_nodes: int, size: int, key: Whole, pool: Short, used: Whole
) -> _Pairs:
    pairs = np.empty(size, dtype=_PAIR)
    return _Pairs(
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        pairs["cost"],
        pairs["other"],
        pairs["root"],
        np.zeros(1, dtype=np.int64),
        key,
        pool,
        used,
    )


@compiled
def _make_search(n_nodes: int) -> _Search:
    return _Search(
        np.zeros(n_nodes, dtype=np.int64),
        np.empty(n_nodes, dtype=np.int64),
        np.full(n_nodes, _FAR, dtype=np.int64),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
    )


@compiled
def _list_pairs(people: _People, per_rank: int, price: Whole) -> _Pairs:
    first, node, home, can_stay, each, chosen, seat = people
    n_nodes = price.size
    # Who sits at one node is put together: a heap is then in one corner of memory.
    begin = np.zeros(n_nodes + 1, dtype=np.int64)
    for i in range(seat.size):
        begin[seat[i] + 1] += first[i + 1] - first[i] + can_stay[i] - 1
    begin = np.cumsum(begin)
    n = begin[-1]
    key = np.empty(n + n // 2 + 1000, dtype=np.int64)
    pool = np.empty((key.size, 3), dtype=np.int32)
    used = np.full(1, n)
    target = np.empty(n, dtype=np.int32)
    fill = begin[:-1].copy()
    for i in range(seat.size):
        a = seat[i]
        now = each[i] - per_rank * chosen[i] if chosen[i] >= 0 else 0
        entry = fill[a]
        for k in range(-can_stay[i], first[i + 1] - first[i]):
            if k == chosen[i]:
                continue
            target[entry] = home[i] if k == -1 else node[first[i] + k]
            key[entry] = now - (each[i] - per_rank * k if k >= 0 else 0)
            pool[entry, 0] = i
            entry += 1
        fill[a] = entry
    pairs = _make_pairs(n_nodes, 3 * n + 64 * n_nodes + 2000, key, pool, used)
    starts, room, filled, _, costs, others, roots, _, _, _, _ = pairs
    slot = np.full(n_nodes, -1)
    end = 0
    for a in range(n_nodes):
        start = end
        for entry in range(begin[a], begin[a + 1]):
            b = target[entry]
            if slot[b] < start:
                slot[b] = end
                others[end] = b
                roots[end] = -1
                end += 1
            root = roots[slot[b]]
            if root == -1 or key[entry] < key[root]:
                roots[slot[b]] = entry
                pool[entry, 1] = root
                pool[entry, 2] = -1
            else:
                pool[entry, 1] = -1
                pool[entry, 2] = pool[root, 1]
                pool[root, 1] = entry
        for at in range(start, end):
            costs[at] = key[roots[at]] + price[others[at]] - price[a]
        starts[a] = start
        filled[a] = end - start
        end += filled[a] // 2 + 8
        room[a] = end - start
    pairs.end[0] = end
    return pairs


@compiled
def _turn(pairs: _Pairs, moved: Whole) -> _Pairs:
    """List the pairs by their other node, at the prices as they are now."""
    n_nodes = pairs.begin.size
    turned = _make_pairs(n_nodes, pairs.cost.size, pairs.key, pairs.pool, pairs.used)
    for a in range(n_nodes):
        for at in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
            turned.room[pairs.other[at]] += 1
    for a in range(n_nodes):
        turned.begin[a] = turned.end[0]
        turned.room[a] += turned.room[a] // 2 + 8
        turned.end[0] += turned.room[a]
    for a in range(n_nodes):
        for at in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
            b = pairs.other[at]
            new = turned.begin[b] + turned.filled[b]
            turned.filled[b] += 1
            turned.other[new] = a
            turned.cost[new] = pairs.cost[at] + moved[b] - moved[a]
            turned.root[new] = pairs.root[at]
    return turned


@compiled
def _select(at: int, end: int, costs: Whole, others: Short, roots: Short) -> None:
    """Put the cheapest of what is left of a row first."""
    least = at
    for other in range(at + 1, end):
        if costs[other] < costs[least]:
            least = other
    _swap(at, least, costs, others, roots)


@compiled
def _swap(one: int, other: int, costs: Whole, others: Short, roots: Short) -> None:
    costs[one], costs[other] = costs[other], costs[one]
    others[one], others[other] = others[other], others[one]
    roots[one], roots[other] = roots[other], roots[one]


@compiled
def _put(
    a: int,
    at: int,
    cost: int,
    begin: Whole,
    n_sorted: Whole,
    costs: Whole,
    others: Short,
    roots: Short,
) -> None:
    """Give a pair another cost, and its place in what is sorted of the row."""
    costs[at] = cost
    end = begin[a] + n_sorted[a]
    if at >= end and n_sorted[a] > 0 and cost < costs[end - 1]:
        _swap(at, end, costs, others, roots)
        at = end
        end += 1
        n_sorted[a] += 1
    if at >= end:
        return
    while at > begin[a] and costs[at - 1] > cost:
        _swap(at - 1, at, costs, others, roots)
        at -= 1
    while at + 1 < end and costs[at + 1] < cost:
        _swap(at, at + 1, costs, others, roots)
        at += 1
    if at + 1 == end:  # What is not sorted may be cheaper.
        n_sorted[a] -= 1


@compiled
def _change(
    falling: int,
    i: int,
    b: int,
    outside: int,
    people: _People,
    pairs: _Pairs,
    per_rank: int,
    price: Whole,
) -> bool:
    """Let a person move to b. False when there is no room to list that."""
    seat, node, home, each = people.seat, people.node, people.home[i], people.each[i]
    first, end = people.first[i], people.first[i + 1]
    begin, room, filled, n_sorted, costs, others, roots, _, key, pool, used = pairs
    left = seat[i]
    seat[i] = b
    if used[0] + 1 + end - first > key.size:
        return False
    k = -1
    for at in range(first, end):
        if k == -1 and node[at] == b:
            k = at - first
    people.chosen[i] = k
    now = each - per_rank * k if k >= 0 else 0
    for option in range(-people.can_stay[i], end - first):
        to = home if option == -1 else node[first + option]
        if to == outside and falling:
            continue
        if to != left:
            a, other = (to, left) if falling else (left, to)
            at = begin[a]
            while others[at] != other:
                at += 1
            root = roots[at]
            if pool[root, 0] == i:
                before = key[root]
                while root != -1 and seat[pool[root, 0]] != left:
                    root = drop_root(key, pool, root)
                roots[at] = root
                cost = int(_NOBODY)
                if root != -1:
                    cost = costs[at] + key[root] - before
                _put(a, at, cost, begin, n_sorted, costs, others, roots)
        if to != b:
            a, other = (to, b) if falling else (b, to)
            at = begin[a]
            stop = at + filled[a]
            while at < stop and others[at] != other:
                at += 1
            if at == stop:
                if filled[a] == room[a] and not _move(a, pairs):
                    return False
                at = begin[a] + filled[a]
                filled[a] += 1
                others[at] = other
                costs[at] = _NOBODY
                roots[at] = -1
            loss = now - (each - per_rank * option if option >= 0 else 0)
            cost = loss + price[to] - price[b]
            entry = used[0]
            used[0] += 1
            key[entry] = loss
            pool[entry, 0] = i
            pool[entry, 1] = -1
            pool[entry, 2] = -1
            roots[at] = merge(key, pool, roots[at], entry)
            if cost < costs[at]:
                _put(a, at, cost, begin, n_sorted, costs, others, roots)
    return True


@compiled
def _move(a: int, pairs: _Pairs) -> bool:
    """Move a row to where it has double the room. False when there is none."""
    end = pairs.end[0]
    if end + 2 * pairs.room[a] > pairs.cost.size:
        return False
    for at in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
        pairs.cost[end] = pairs.cost[at]
        pairs.other[end] = pairs.other[at]
        pairs.root[end] = pairs.root[at]
        end += 1
    pairs.begin[a] = pairs.end[0]
    pairs.room[a] *= 2
    pairs.end[0] += pairs.room[a]
    return True


@compiled
def _relieve(
    falling: int,
    outside: int,
    wrong: int,
    people: _People,
    pairs: _Pairs,
    per_rank: int,
    price: Whole,
    cap: Whole,
    occ: Whole,
    search: _Search,
) -> int:
    """Send one person out of a node along the cheapest chain, or draw one in.

    Returns how many nodes were looked at; so many that nobody waits for more when
    there is no such chain.
    """
    moved, label, mark, heap, place, above, via, mover, seen = search
    begin, _, filled, n_sorted, costs, others, roots, _, _, pool, _ = pairs
    label[wrong] = 0
    mark[wrong] = -moved[wrong]
    seen[0] = wrong
    n_seen, n_done, size = 1, 0, 0
    end, far = -1, _FAR
    if falling:  # A place can stay empty: it costs nothing then.
        end, far = wrong, price[wrong] - moved[wrong]
    a = wrong
    while True:
        n_done += 1
        stop = begin[a] + filled[a]
        for at in range(begin[a], stop):
            if at == begin[a] + n_sorted[a]:
                _select(at, stop, costs, others, roots)
                n_sorted[a] += 1
            new = mark[a] + costs[at]
            if new >= far:  # So are all after it: what moved only adds to it.
                break
            b = others[at]
            if new >= mark[b] or new + moved[b] >= far:
                continue
            is_new = mark[b] == _FAR
            mark[b] = new
            label[b] = new + moved[b]
            above[b] = a
            via[b] = at
            if is_new:
                seen[n_seen] = b
                n_seen += 1
            if falling:
                if label[b] + price[b] - moved[b] < far:
                    far = label[b] + price[b] - moved[b]
                    end = b
            elif b == outside or occ[b] < cap[b]:
                far = label[b]
                end = b
                continue
            if is_new:
                heap[size] = b
                place[b] = size
                size += 1
            sift_up(heap, place, label, place[b])
        if size == 0:
            break
        a = heap[0]
        if label[a] >= far:
            break
        size -= 1
        heap[0] = heap[size]
        place[heap[0]] = 0
        sift_down(heap, place, label, size)
    for k in range(n_seen):
        a = seen[k]
        if end >= 0 and label[a] < far:
            moved[a] += far - label[a]
        mark[a] = _FAR
    if end == -1:
        return _MUCH
    sign = 1 - 2 * falling
    occ[end] += sign
    occ[wrong] -= sign
    b = end
    while b != wrong:
        mover[b] = pool[roots[via[b]], 0]
        b = above[b]
    b = end
    while b != wrong:
        to = above[b] if falling else b
        if not _change(falling, mover[b], to, outside, people, pairs, per_rank, price):
            return _MUCH
        b = above[b]
    return n_done


@compiled
def _lower(outside: int, pairs: _Pairs, price: Whole, moved: Whole) -> None:
    """Make every price the smallest that still proves the placing.

    A price can fall to 0, unless somebody would rather sit there then: as far as the
    price where they sit can fall, and what they lose. Expects turned rows.
    """
    begin, _, filled, n_sorted, costs, others, roots, _, _, _, _ = pairs
    fall = price.copy()
    is_better = True
    while is_better:
        is_better = False
        for a in range(price.size):
            if a == outside:
                continue
            stop = begin[a] + filled[a]
            for at in range(begin[a], stop):
                if at == begin[a] + n_sorted[a]:
                    _select(at, stop, costs, others, roots)
                    n_sorted[a] += 1
                lost = costs[at] - moved[a]
                if lost >= fall[a]:
                    break
                b = others[at]
                if fall[b] + lost + moved[b] < fall[a]:
                    fall[a] = fall[b] + lost + moved[b]
                    is_better = True
    price -= fall


@compiled
def _choose(
    first: Whole,
    node: Short,
    home: Short,
    can_stay: Flags,
    each: Whole,
    per_rank: int,
    price: Whole,
    cap: Whole,
    chosen: Choice,
    seat: Short,
    occ: Whole,
) -> None:
    """Let everybody take what is worth most; of what is equal, where most room is."""
    best = np.empty(home.size, dtype=np.int64)
    is_tied = np.zeros(home.size, dtype=np.bool_)
    for i in range(home.size):
        most = -price[home[i]] if can_stay[i] else -_FAR
        to, k = home[i], -1
        for j in range(first[i], first[i + 1]):
            value = each[i] - per_rank * (j - first[i]) - price[node[j]]
            if value > most:
                most, to, k = value, node[j], j - first[i]
                is_tied[i] = False
            elif value == most:
                is_tied[i] = True
        best[i] = most
        chosen[i] = k
        seat[i] = to
        if not is_tied[i]:
            occ[to] += 1
    for i in range(home.size):
        if is_tied[i]:
            to, k = home[i], -1
            room = -_FAR
            if can_stay[i] and -price[to] == best[i]:
                room = cap[to] - occ[to]
            for j in range(first[i], first[i + 1]):
                b = node[j]
                value = each[i] - per_rank * (j - first[i]) - price[b]
                if value == best[i] and cap[b] - occ[b] > room:
                    room = cap[b] - occ[b]
                    to, k = b, j - first[i]
            chosen[i] = k
            seat[i] = to
            occ[to] += 1
