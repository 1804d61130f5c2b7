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
from wijkspil_engines.exchange.face import Flags, Short, Whole, sift_down, sift_up
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


class _People(NamedTuple):
    """Who has more than one place, in the order of where they sit at first.

    ``sat`` says by node who sat there at first, ``last`` who came in last, ``came`` and
    ``before`` who that was and who came before.
    """

    first: Whole
    node: Short
    home: Short
    can_stay: Flags
    each: Whole
    chosen: Choice
    seat: Short
    sat: Whole
    last: Short
    came: Short
    before: Short
    #: By node who sits outside and has it on the list.
    listed: Whole
    outsider: Short


class _Pairs(NamedTuple):
    """Of pairs of nodes who minds least to leave the one for the other.

    ``begin``, ``room`` and ``filled`` tell where the row of a node is (``filled`` -1:
    not made yet). Who left since (``seat`` is elsewhere) minded no more than others.
    ``origin`` and ``pair`` are the rows the other way round, from ``start``; ``newer``,
    ``next`` and ``late`` what came since. ``ends`` holds the ends of what is filled:
    of pairs, of arrivals, of late pairs (-1: not yet the other way round).
    """

    begin: Whole
    room: Whole
    filled: Whole
    to: Short
    cost: Whole
    who: Short
    how: Choice
    slot: Whole
    start: Whole
    origin: Short
    pair: Short
    newer: Short
    next: Short
    late: Short
    ends: Whole


class _Search(NamedTuple):
    """Room to search in: how far each node is and by which pair it was reached."""

    label: Whole
    mark: Whole
    heap: Short
    place: Short
    entry: Short
    above: Short
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
    _choose(first, node, home, can_stay, each, per_rank, price, cap, chosen, occ)
    wrong = 0
    for a in range(n_nodes):
        if a != outside and (occ[a] > cap[a] or price[a] > 0):
            wrong += abs(occ[a] - cap[a])
    if wrong > 100 + home.size // _MOST_WRONG:
        return False
    order, people = _lay_out(n_nodes, first, node, home, can_stay, each, chosen)
    pairs = _make_pairs(n_nodes, 2 * (node.size + home.size) + 64 * n_nodes)
    search = _make_search(n_nodes)
    patience = node.size // 2 + 10_000
    for falling in range(2):
        if falling:
            for a in range(n_nodes):
                if pairs.filled[a] < 0:
                    _fill(a, people, pairs, per_rank)
            _list_outside(outside, people)
        for a in range(n_nodes):
            while a != outside and (
                (occ[a] > cap[a])
                if falling == 0
                else (occ[a] < cap[a] and price[a] > 0)
            ):
                if falling and pairs.ends[2] < 0:
                    _turn(pairs)
                patience -= _relieve(
                    falling, outside, a, people, pairs, per_rank, price, cap, occ,
                    search,
                )  # fmt: skip
                if patience < 0:
                    return False
    _lower(outside, people, pairs, per_rank, price, search)
    for i in range(order.size):
        chosen[order[i]] = people.chosen[i]
    return True


@compiled
def _lay_out(
    n_nodes: int,
    first: Whole,
    node: Short,
    home: Short,
    can_stay: Flags,
    each: Whole,
    chosen: Choice,
) -> tuple[Short, _People]:
    sat = np.zeros(n_nodes + 1, dtype=np.int64)
    seat = np.empty(home.size, dtype=np.int32)
    for i in range(home.size):
        a = home[i] if chosen[i] == -1 else node[first[i] + chosen[i]]
        if first[i + 1] - first[i] + can_stay[i] > 1:
            seat[i] = a
            sat[a + 1] += 1
        else:
            seat[i] = -1
    sat = np.cumsum(sat)
    fill = sat[:-1].copy()
    n = sat[-1]
    order = np.empty(n, dtype=np.int32)
    for i in range(home.size):
        if seat[i] >= 0:
            order[fill[seat[i]]] = i
            fill[seat[i]] += 1
    first_of = np.zeros(n + 1, dtype=np.int64)
    node_of = np.empty(node.size, dtype=np.int32)
    k = 0
    for at in range(n):
        i = order[at]
        for j in range(first[i], first[i + 1]):
            node_of[k] = node[j]
            k += 1
        first_of[at + 1] = k
    return order, _People(
        first_of,
        node_of,
        home[order],
        can_stay[order],
        each[order],
        chosen[order],
        seat[order],
        sat,
        np.full(n_nodes, -1, dtype=np.int32),
        np.empty(2 * n + 4 * n_nodes, dtype=np.int32),
        np.empty(2 * n + 4 * n_nodes, dtype=np.int32),
        np.zeros(n_nodes + 1, dtype=np.int64),
        np.empty(node.size, dtype=np.int32),
    )


@compiled
def _make_pairs(n_nodes: int, size: int) -> _Pairs:
    return _Pairs(
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        np.full(n_nodes, -1, dtype=np.int64),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int64),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int16),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes + 1, dtype=np.int64),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int32),
        np.array([0, 0, -1]),
    )


@compiled
def _make_search(n_nodes: int) -> _Search:
    return _Search(
        np.full(n_nodes, _FAR, dtype=np.int64),
        np.full(n_nodes, _FAR, dtype=np.int64),
        np.empty(n_nodes, dtype=np.int32),
        np.full(n_nodes, -1, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
    )


@compiled
def _worth(i: int, k: int, people: _People, per_rank: int) -> int:
    return people.each[i] - per_rank * k if k >= 0 else 0


@compiled
def _fill(a: int, people: _People, pairs: _Pairs, per_rank: int) -> None:
    """Make the row of a node: who minds least to leave it for each other one."""
    begin = pairs.ends[0]
    end = begin
    at, coming = people.sat[a], people.last[a]
    while True:
        if at < people.sat[a + 1]:
            i = at
            at += 1
        elif coming != -1:
            i = people.came[coming]
            coming = people.before[coming]
        else:
            break
        if people.seat[i] != a:
            continue
        now = _worth(i, people.chosen[i], people, per_rank)
        first = people.first[i]
        for k in range(-people.can_stay[i], people.first[i + 1] - first):
            if k == people.chosen[i]:
                continue
            b = people.home[i] if k == -1 else people.node[first + k]
            cost = now - _worth(i, k, people, per_rank)
            slot = pairs.slot[b]
            if slot < begin or slot >= end or pairs.to[slot] != b:
                slot = end
                pairs.slot[b] = slot
                pairs.to[slot] = b
                end += 1
            elif pairs.cost[slot] <= cost:
                continue
            pairs.cost[slot] = cost
            pairs.who[slot] = i
            pairs.how[slot] = k
    pairs.begin[a] = begin
    pairs.filled[a] = end - begin
    pairs.room[a] = (end - begin) * 3 // 2 + 8
    pairs.ends[0] += pairs.room[a]


@compiled
def _list_outside(outside: int, people: _People) -> None:
    """List who sits outside: too many to go through for one pair."""
    listed = people.listed
    for i in range(people.seat.size):
        if people.seat[i] == outside:
            for at in range(people.first[i], people.first[i + 1]):
                listed[people.node[at] + 1] += 1
    for a in range(listed.size - 1):
        listed[a + 1] += listed[a]
    fill = listed[:-1].copy()
    for i in range(people.seat.size):
        if people.seat[i] == outside:
            for at in range(people.first[i], people.first[i + 1]):
                b = people.node[at]
                people.outsider[fill[b]] = i
                fill[b] += 1
    people.last[outside] = -1


@compiled
def _turn(pairs: _Pairs) -> None:
    """List the pairs by the node they lead to."""
    pairs.start[:] = 0
    n_nodes = pairs.begin.size
    for a in range(n_nodes):
        for at in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
            pairs.start[pairs.to[at] + 1] += 1
    for a in range(n_nodes):
        pairs.start[a + 1] += pairs.start[a]
    fill = pairs.start[:-1].copy()
    for a in range(n_nodes):
        for at in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
            b = pairs.to[at]
            pairs.origin[fill[b]] = a
            pairs.pair[fill[b]] = at
            fill[b] += 1
    pairs.newer[:] = -1
    pairs.ends[2] = 0


@compiled
def _renew(
    a: int, at: int, outside: int, people: _People, pairs: _Pairs, per_rank: int
) -> None:
    """Look again who minds least, as the one that did left."""
    to = pairs.to[at]
    pairs.cost[at] = _NOBODY
    pairs.who[at] = -1
    person, end, coming = people.sat[a], people.sat[a + 1], people.last[a]
    if a == outside:
        person, end = people.listed[to], people.listed[to + 1]
    while True:
        if person < end:
            i = people.outsider[person] if a == outside else person
            person += 1
        elif coming != -1:
            i = people.came[coming]
            coming = people.before[coming]
        else:
            break
        if people.seat[i] != a:
            continue
        first = people.first[i]
        for k in range(-people.can_stay[i], people.first[i + 1] - first):
            if (people.home[i] if k == -1 else people.node[first + k]) == to:
                cost = _worth(i, people.chosen[i], people, per_rank)
                cost -= _worth(i, k, people, per_rank)
                if cost < pairs.cost[at]:
                    pairs.cost[at] = cost
                    pairs.who[at] = i
                    pairs.how[at] = k


@compiled
def _change(
    i: int, k: int, b: int, people: _People, pairs: _Pairs, per_rank: int
) -> None:
    """Let a person take place k of the list, at b."""
    people.chosen[i] = k
    people.seat[i] = b
    new = pairs.ends[1]
    pairs.ends[1] += 1
    people.came[new] = i
    people.before[new] = people.last[b]
    people.last[b] = new
    if pairs.filled[b] < 0:
        return
    now = _worth(i, k, people, per_rank)
    first = people.first[i]
    for other in range(-people.can_stay[i], people.first[i + 1] - first):
        if other == k:
            continue
        to = people.home[i] if other == -1 else people.node[first + other]
        cost = now - _worth(i, other, people, per_rank)
        end = pairs.begin[b] + pairs.filled[b]
        at = pairs.begin[b]
        while at < end and pairs.to[at] != to:
            at += 1
        if at == end:
            if pairs.filled[b] == pairs.room[b]:
                at = pairs.ends[0]
                for old in range(pairs.begin[b], end):
                    pairs.to[at] = pairs.to[old]
                    pairs.cost[at] = pairs.cost[old]
                    pairs.who[at] = pairs.who[old]
                    pairs.how[at] = pairs.how[old]
                    at += 1
                pairs.begin[b] = pairs.ends[0]
                pairs.room[b] *= 2
                pairs.ends[0] += pairs.room[b]
                pairs.ends[2] = -1
            pairs.filled[b] += 1
            pairs.to[at] = to
            if pairs.ends[2] >= 0:
                new = pairs.ends[2]
                pairs.ends[2] += 1
                pairs.next[new] = pairs.newer[to]
                pairs.late[new] = at
                pairs.newer[to] = new
                pairs.origin[pairs.start[-1] + new] = b
        elif pairs.cost[at] <= cost:
            continue
        pairs.cost[at] = cost
        pairs.who[at] = i
        pairs.how[at] = other


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
    label, mark, heap, place, entry, above, seen = search
    sign = 1 - 2 * falling
    seen[0] = wrong
    label[wrong] = 0
    mark[wrong] = -sign * price[wrong]
    heap[0] = wrong
    place[wrong] = 0
    n_seen, size, looked = 1, 1, 0
    end, far = -1, _FAR
    if 2 * (pairs.ends[1] + wrong) > people.came.size:
        return _MUCH
    while size > 0:
        a = heap[0]
        size -= 1
        heap[0] = heap[size]
        place[heap[0]] = 0
        place[a] = -2
        if size > 0:
            sift_down(heap, place, label, size)
        if label[a] >= far:
            break
        looked += 1
        if pairs.filled[a] < 0:
            _fill(a, people, pairs, per_rank)
        if falling and label[a] + price[a] < far:
            far = label[a] + price[a]  # Its place stays empty: it costs nothing then.
            end = a
        base = mark[a]
        at = pairs.begin[a]
        stop = at + pairs.filled[a]
        late = -1
        if falling:
            at, stop = pairs.start[a], pairs.start[a + 1]
            late = pairs.newer[a]
        while True:
            if at < stop:
                pair = at
                b = pairs.to[at]
                if falling:
                    pair = pairs.pair[at]
                    b = pairs.origin[at]
                at += 1
            elif late != -1:
                pair = pairs.late[late]
                b = pairs.origin[pairs.start[-1] + late]
                late = pairs.next[late]
            else:
                break
            new = base + pairs.cost[pair]
            if new >= mark[b] or new + sign * price[b] >= far:
                continue
            source = b if falling else a
            if people.seat[pairs.who[pair]] != source:
                _renew(source, pair, outside, people, pairs, per_rank)
                new = base + pairs.cost[pair]
                if new >= mark[b] or new + sign * price[b] >= far:
                    continue
            mark[b] = new
            new += sign * price[b]
            label[b] = new
            entry[b] = pair
            above[b] = a
            if place[b] == -1:
                seen[n_seen] = b
                n_seen += 1
                heap[size] = b
                place[b] = size
                size += 1
            sift_up(heap, place, label, place[b])
            if b == outside or sign * (cap[b] - occ[b]) > 0:
                far = new
                end = b
    for k in range(n_seen):
        a = seen[k]
        if end >= 0 and label[a] < far:
            price[a] += sign * (far - label[a])
        label[a] = _FAR
        mark[a] = _FAR
        place[a] = -1
    if end == -1:
        return _MUCH
    occ[end] += sign
    occ[wrong] -= sign
    b = end
    while b != wrong:
        i, k = pairs.who[entry[b]], pairs.how[entry[b]]
        _change(i, k, above[b] if falling else b, people, pairs, per_rank)
        b = above[b]
    return looked


@compiled
def _lower(
    outside: int,
    people: _People,
    pairs: _Pairs,
    per_rank: int,
    price: Whole,
    search: _Search,
) -> None:
    """Make every price the smallest that still proves the placing.

    A price can fall to 0, unless somebody would rather sit there then: as far as the
    price where they sit can fall, and what they lose.
    """
    label, heap, place = search.label, search.heap, search.place
    size = 0
    for a in range(price.size):
        label[a] = price[a]
        heap[size] = a
        place[a] = size
        size += 1
        sift_up(heap, place, label, size - 1)
    while size > 0:
        a = heap[0]
        size -= 1
        heap[0] = heap[size]
        place[heap[0]] = 0
        place[a] = -2
        if size > 0:
            sift_down(heap, place, label, size)
        base = label[a] - price[a]
        for at in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
            b = pairs.to[at]
            if base + pairs.cost[at] + price[b] < label[b]:
                if people.seat[pairs.who[at]] != a:
                    _renew(a, at, outside, people, pairs, per_rank)
                    if base + pairs.cost[at] + price[b] >= label[b]:
                        continue
                label[b] = base + pairs.cost[at] + price[b]
                sift_up(heap, place, label, place[b])
    for a in range(price.size):
        price[a] -= label[a]


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
            occ[to] += 1
