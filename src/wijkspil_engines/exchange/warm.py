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
    n_came: Whole
    #: By node who sits outside and has it on the list.
    listed: Whole
    outsider: Short


class _Pairs(NamedTuple):
    """Of pairs of nodes who minds least to leave the one for the other.

    A row has the pairs of one node with each ``other``: those that lead from it, or
    once turned those that lead to it. ``begin``, ``room`` and ``filled`` tell where.
    A row is sorted when it is first needed, by ``key``: what is lost and the price of
    the other node when last seen. Since then prices moved one way and people left
    (``who`` is -1: not looked yet who is next), both of which only add to it.
    """

    begin: Whole
    room: Whole
    filled: Whole
    is_sorted: Flags
    other: Short
    cost: Whole
    who: Short
    key: Whole
    end: Whole


class _Search(NamedTuple):
    """Room to search in.

    ``label`` has how far each node is that was reached, ``cursor`` where in its row
    the search is and ``reach`` how far the node is that this leads to; ``above`` from
    which node it was reached, and by whom.
    """

    label: Whole
    reach: Whole
    cursor: Whole
    heap: Short
    place: Short
    above: Short
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
    _choose(first, node, home, can_stay, each, per_rank, price, cap, chosen, occ)
    wrong = 0
    for a in range(n_nodes):
        if a != outside and (occ[a] > cap[a] or price[a] > 0):
            wrong += abs(occ[a] - cap[a])
    if wrong > 100 + home.size // _MOST_WRONG:
        return False
    order, people = _lay_out(n_nodes, first, node, home, can_stay, each, chosen)
    pairs = _make_pairs(n_nodes, 2 * (node.size + home.size) + 64 * n_nodes)
    slot = np.zeros(n_nodes, dtype=np.int64)
    for a in range(n_nodes):
        if a != outside:
            _fill(a, people, pairs, per_rank, slot)
    search = _make_search(n_nodes)
    patience = node.size // 2 + 10_000
    for falling in range(2):
        if falling:
            _fill(outside, people, pairs, per_rank, slot)
            _list_outside(outside, people)
            pairs = _turn(pairs)
        for a in range(n_nodes):
            while a != outside and (
                (occ[a] > cap[a])
                if falling == 0
                else (occ[a] < cap[a] and price[a] > 0)
            ):
                patience -= _relieve(
                    falling, outside, a, people, pairs, per_rank, price, cap, occ,
                    search,
                )  # fmt: skip
                if patience < 0:
                    return False
    pairs = _turn(pairs)
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
        np.zeros(1, dtype=np.int64),
        np.zeros(n_nodes + 1, dtype=np.int64),
        np.empty(node.size, dtype=np.int32),
    )


@compiled
def _make_pairs(n_nodes: int, size: int) -> _Pairs:
    return _Pairs(
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.bool_),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int64),
        np.empty(size, dtype=np.int32),
        np.empty(size, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
    )


@compiled
def _make_search(n_nodes: int) -> _Search:
    return _Search(
        np.full(n_nodes, _FAR, dtype=np.int64),
        np.empty(n_nodes, dtype=np.int64),
        np.full(n_nodes, -1, dtype=np.int64),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.int32),
    )


@compiled
def _worth(i: int, k: int, people: _People, per_rank: int) -> int:
    return people.each[i] - per_rank * k if k >= 0 else 0


@compiled
def _fill(a: int, people: _People, pairs: _Pairs, per_rank: int, slot: Whole) -> None:
    """Make the row of a node: who minds least to leave it for each other one."""
    begin = pairs.end[0]
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
            pair = slot[b]
            if pair < begin or pair >= end or pairs.other[pair] != b:
                pair = end
                slot[b] = pair
                pairs.other[pair] = b
                end += 1
            elif pairs.cost[pair] <= cost:
                continue
            pairs.cost[pair] = cost
            pairs.who[pair] = i
    pairs.begin[a] = begin
    pairs.filled[a] = end - begin
    pairs.room[a] = (end - begin) * 3 // 2 + 8
    pairs.end[0] += pairs.room[a]


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
def _turn(pairs: _Pairs) -> _Pairs:
    """List the pairs by their other node."""
    n_nodes = pairs.begin.size
    turned = _make_pairs(n_nodes, pairs.cost.size)
    for a in range(n_nodes):
        for pair in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
            turned.room[pairs.other[pair]] += 1
    for a in range(n_nodes):
        turned.begin[a] = turned.end[0]
        turned.room[a] += turned.room[a] // 2 + 8
        turned.end[0] += turned.room[a]
    for a in range(n_nodes):
        for pair in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
            b = pairs.other[pair]
            new = turned.begin[b] + turned.filled[b]
            turned.filled[b] += 1
            turned.other[new] = a
            turned.cost[new] = pairs.cost[pair]
            turned.who[new] = pairs.who[pair]
    return turned


@compiled
def _renew(
    source: int,
    to: int,
    pair: int,
    outside: int,
    people: _People,
    pairs: _Pairs,
    per_rank: int,
) -> None:
    """Look again who minds least, as the one that did left."""
    first, node, home, can_stay, each, chosen, seat, sat, last, came, before = people[
        :11
    ]
    least, by = int(_NOBODY), -1
    person, end, coming = sat[source], sat[source + 1], last[source]
    owner, at, stop = person, first[person], first[end]
    if source == outside:
        person, end, at = people.listed[to], people.listed[to + 1], stop
    while True:
        if source == outside and person < end:
            i = people.outsider[person]
            person += 1
        elif at < stop:
            while at < stop and node[at] != to:
                at += 1
            if at == stop:
                continue
            while first[owner + 1] <= at:
                owner += 1
            i = owner
            at += 1
        elif source != outside and person < end:
            while person < end and home[person] != to:
                person += 1
            if person == end:
                continue
            i = person
            person += 1
        elif coming != -1:
            i = came[coming]
            coming = before[coming]
        else:
            break
        if seat[i] != source:
            continue
        now = each[i] - per_rank * chosen[i] if chosen[i] >= 0 else 0
        if home[i] == to and can_stay[i] and now < least:
            least, by = now, i
        for j in range(first[i], first[i + 1]):
            if node[j] == to:
                cost = now - each[i] + per_rank * (j - first[i])
                if cost < least:
                    least, by = cost, i
    pairs.cost[pair] = least
    pairs.who[pair] = by


@compiled
def _sort(a: int, sign: int, pairs: _Pairs, price: Whole) -> None:
    begin = pairs.begin[a]
    end = begin + pairs.filled[a]
    for at in range(begin, end):
        pairs.key[at] = pairs.cost[at] + sign * price[pairs.other[at]]
    order = begin + np.argsort(pairs.key[begin:end])
    pairs.key[begin:end] = pairs.key[order]
    pairs.other[begin:end] = pairs.other[order]
    pairs.cost[begin:end] = pairs.cost[order]
    pairs.who[begin:end] = pairs.who[order]
    pairs.is_sorted[a] = True


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
    begin, room, filled, is_sorted, others, costs, who, keys, _ = pairs
    left = people.seat[i]
    people.seat[i] = b
    new = people.n_came[0]
    people.n_came[0] += 1
    people.came[new] = i
    people.before[new] = people.last[b]
    people.last[b] = new
    node, home, each = people.node, people.home[i], people.each[i]
    first, end = people.first[i], people.first[i + 1]
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
            if who[at] == i:
                who[at] = -1
        if to == b or (b == outside and not falling):
            continue
        a, other = (to, b) if falling else (b, to)
        cost = now - (each - per_rank * option if option >= 0 else 0)
        at = begin[a]
        end = at + filled[a]
        while at < end and others[at] != other:
            at += 1
        if at == end:
            if filled[a] == room[a] and not _move(a, pairs):
                return False
            at = begin[a] + filled[a]
            filled[a] += 1
            keys[at] = _NOBODY
        elif costs[at] <= cost:
            continue
        if is_sorted[a]:
            key = min(keys[at], cost + (1 - 2 * falling) * price[other])
            while at > begin[a] and keys[at - 1] > key:
                keys[at] = keys[at - 1]
                others[at] = others[at - 1]
                costs[at] = costs[at - 1]
                who[at] = who[at - 1]
                at -= 1
            keys[at] = key
        others[at] = other
        costs[at] = cost
        who[at] = i
    return True


@compiled
def _move(a: int, pairs: _Pairs) -> bool:
    """Move a row to where it has double the room. False when there is none."""
    end = pairs.end[0]
    if end + 2 * pairs.room[a] > pairs.cost.size:
        return False
    for pair in range(pairs.begin[a], pairs.begin[a] + pairs.filled[a]):
        pairs.other[end] = pairs.other[pair]
        pairs.cost[end] = pairs.cost[pair]
        pairs.who[end] = pairs.who[pair]
        end += 1
    pairs.begin[a] = pairs.end[0]
    pairs.room[a] *= 2
    pairs.end[0] += pairs.room[a]
    pairs.is_sorted[a] = False
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
    label, reach, cursor, heap, place, above, mover, seen = search
    begin, _, filled, is_sorted, others, costs, who, keys, _ = pairs
    if 2 * (people.n_came[0] + wrong) > people.came.size:
        return _MUCH
    sign = 1 - 2 * falling
    label[wrong] = 0
    seen[0] = wrong
    n_seen, size = 1, 0
    end, far = -1, _FAR
    if falling:  # A place can stay empty: it costs nothing then.
        end, far = wrong, price[wrong]
    a = wrong
    while True:
        # Where does it lead first? Who left and prices put that off.
        is_new = cursor[a] == -1
        if is_new:
            if not is_sorted[a]:
                _sort(a, sign, pairs, price)
            cursor[a] = begin[a]
        base = label[a] - sign * price[a]
        at = cursor[a]
        stop = begin[a] + filled[a]
        reach[a] = _FAR
        while at < stop and base + keys[at] < far:
            b = others[at]
            if label[b] < _FAR:
                at += 1
                continue
            cost = costs[at]
            if keys[at] == cost + sign * price[b]:
                if who[at] != -1:
                    reach[a] = base + keys[at]
                    break
                source, to = (b, a) if falling else (a, b)
                _renew(source, to, at, outside, people, pairs, per_rank)
                cost = costs[at]
            by = who[at]
            key = cost + sign * price[b]
            new = at
            while new + 1 < stop and keys[new + 1] < key:
                keys[new] = keys[new + 1]
                others[new] = others[new + 1]
                costs[new] = costs[new + 1]
                who[new] = who[new + 1]
                new += 1
            keys[new] = key
            others[new] = b
            costs[new] = cost
            who[new] = by
        cursor[a] = at
        if reach[a] < far:
            b = others[at]
            ends_at = _FAR
            if falling:
                ends_at = reach[a] + price[b]
            elif b == outside or occ[b] < cap[b]:
                ends_at = reach[a]
            if ends_at < far:
                far = ends_at
                end = b
                above[b] = a
                mover[b] = who[at]
        if not is_new:
            sift_down(heap, place, reach, size)
        elif reach[a] < far:
            heap[size] = a
            size += 1
            sift_up(heap, place, reach, size - 1)
        if size == 0:
            break
        a = heap[0]
        if reach[a] >= far:
            break
        at = cursor[a]
        b = others[at]
        if label[b] == _FAR:
            label[b] = reach[a]
            above[b] = a
            mover[b] = who[at]
            seen[n_seen] = b
            n_seen += 1
            a = b
    for k in range(n_seen):
        a = seen[k]
        if end >= 0 and label[a] < far:
            price[a] += sign * (far - label[a])
        label[a] = _FAR
        cursor[a] = -1
    if end == -1:
        return _MUCH
    occ[end] += sign
    occ[wrong] -= sign
    b = end
    while b != wrong:
        if not _change(
            falling, mover[b], above[b] if falling else b, outside, people,
            pairs, per_rank, price,
        ):  # fmt: skip
            return _MUCH
        b = above[b]
    return n_seen


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
            b = pairs.other[at]
            if base + pairs.cost[at] + price[b] < label[b]:
                if pairs.who[at] == -1:
                    _renew(a, b, at, outside, people, pairs, per_rank)
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
