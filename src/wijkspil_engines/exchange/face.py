"""Place single persons over practices for one level: prices that clear every practice.

A person sits at one of a few nodes (staying is one of them), each worth a whole
number. A node takes ``cap`` people; ``equal`` nodes must be exactly full. Sought: the
most valuable placing, with prices that prove it.

Everything happens on practices, not on persons: the arc from a to b costs what the
person at a who minds least loses by sitting at b instead. Those costs do not depend on
prices, so that one heap per pair of practices keeps them while people move. Prices
rise where too many sit (shortest paths from all of these at once, Dijkstra with
potentials, then a blocking flow along the arcs that are tight), and fall where a
priced place is left empty. This is the primal-dual method for minimum-cost flow
(Ford and Fulkerson 1962) with the blocking flows of Dinic (1970), on a graph of 4,800
nodes instead of 600,000. Only compiled code: loading it loads numba.
"""

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled

Whole = NDArray[np.int64]
Short = NDArray[np.int32]
Flags = NDArray[np.bool_]

FAR = np.int64(2**60)
NO_KEY = np.int32(2**30)
_HOP = np.int64(2**20)


@compiled
def find_pairs(
    n_nodes: int, first: Whole, node: Short
) -> tuple[Whole, Short, Short, Whole, Short]:
    """List the ordered pairs of nodes some person could change between.

    Returns where the pairs of each node begin, the second node of each, and a table
    by which a pair is found: keys, the pair and the pair the other way round.
    """
    size = 1 << 16
    keys = np.full(size, -1, dtype=np.int64)
    count = 0
    degree = np.zeros(n_nodes + 1, dtype=np.int64)
    for i in range(first.size - 1):
        for j in range(first[i], first[i + 1]):
            for k in range(j + 1, first[i + 1]):
                a, b = node[j], node[k]
                if a > b:
                    a, b = b, a
                key = np.int64(a) * n_nodes + b
                slot = _slot(keys, key)
                if keys[slot] == -1:
                    keys[slot] = key
                    count += 1
                    degree[a + 1] += 1
                    degree[b + 1] += 1
                    if 3 * count > size:
                        size *= 2
                        larger = np.full(size, -1, dtype=np.int64)
                        for old in keys:
                            if old != -1:
                                larger[_slot(larger, old)] = old
                        keys = larger
    start = np.cumsum(degree)
    fill = start[:-1].copy()
    to = np.empty(2 * count, dtype=np.int32)
    back = np.empty(2 * count, dtype=np.int32)
    pair = np.empty(2 * size, dtype=np.int32)
    ordered = np.sort(keys[keys != -1])
    for key in ordered:
        a, b = key // n_nodes, key % n_nodes
        slot = _slot(keys, key)
        pair[2 * slot] = fill[a]
        pair[2 * slot + 1] = fill[b]
        to[fill[a]] = b
        to[fill[b]] = a
        back[fill[a]] = fill[b]
        back[fill[b]] = fill[a]
        fill[a] += 1
        fill[b] += 1
    return start, to, back, keys, pair


@compiled
def _slot(keys: Whole, key: int) -> int:
    mask = keys.size - 1
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    slot = np.int64(mixed >> np.uint64(20)) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@compiled
def _pair_of(n_nodes: int, keys: Whole, pair: Short, a: int, b: int) -> int:
    if a < b:
        return pair[2 * _slot(keys, np.int64(a) * n_nodes + b)]
    return pair[2 * _slot(keys, np.int64(b) * n_nodes + a) + 1]


# A heap of people for each pair: a pairing heap (Fredman, Sedgewick, Sleator, Tarjan
# 1986) in a pool of entries. ``pool[e]`` = (person, first child, next sibling).


@compiled
def _merge(key: Short, pool: Short, one: int, other: int) -> int:
    if one == -1:
        return other
    if other == -1:
        return one
    if key[other] < key[one]:
        one, other = other, one
    pool[other, 2] = pool[one, 1]
    pool[one, 1] = other
    return one


@compiled
def _drop_root(key: Short, pool: Short, root: int) -> int:
    """Return the root of what is left without the root."""
    child = pool[root, 1]
    merged = -1
    while child != -1:  # Merge two by two, from left to right...
        second = pool[child, 2]
        rest = -1
        pool[child, 2] = -1
        if second != -1:
            rest = pool[second, 2]
            pool[second, 2] = -1
        both = _merge(key, pool, child, second)
        pool[both, 2] = merged
        merged = both
        child = rest
    root = -1
    while merged != -1:  # ... and all together on the way back.
        before = pool[merged, 2]
        pool[merged, 2] = -1
        root = _merge(key, pool, root, merged)
        merged = before
    return root


@compiled
def _push(
    at: int,
    person: int,
    cost: int,
    root: Short,
    least: Short,
    key: Short,
    pool: Short,
    free: Short,
) -> None:
    entry = free[0]
    free[0] = pool[entry, 1]
    key[entry] = cost
    pool[entry, 0] = person
    pool[entry, 1] = -1
    pool[entry, 2] = -1
    root[at] = _merge(key, pool, root[at], entry)
    least[at] = key[root[at]]


@compiled
def _clean(
    at: int,
    a: int,
    node: Short,
    pos: Whole,
    root: Short,
    least: Short,
    key: Short,
    pool: Short,
    free: Short,
) -> None:
    """Drop from the top of a heap who no longer sits at its first node."""
    top = root[at]
    while top != -1 and node[pos[pool[top, 0]]] != a:
        rest = _drop_root(key, pool, top)
        pool[top, 1] = free[0]
        free[0] = top
        top = rest
    root[at] = top
    least[at] = NO_KEY if top == -1 else key[top]


@compiled
def fill_heaps(
    n_nodes: int,
    first: Whole,
    node: Short,
    worth: Short,
    pos: Whole,
    keys: Whole,
    pair: Short,
    root: Short,
    least: Short,
    key: Short,
    pool: Short,
    free: Short,
) -> None:
    """Put everybody in the heaps of where they sit."""
    root[:] = -1
    least[:] = NO_KEY
    for entry in range(key.size):
        pool[entry, 1] = entry + 1
    pool[key.size - 1, 1] = -1
    free[0] = 0
    for i in range(pos.size):
        a = node[pos[i]]
        for j in range(first[i], first[i + 1]):
            if j != pos[i]:
                at = _pair_of(n_nodes, keys, pair, a, node[j])
                _push(at, i, worth[pos[i]] - worth[j], root, least, key, pool, free)


@compiled
def choose(
    first: Whole,
    node: Short,
    worth: Short,
    pos: Whole,
    price: Whole,
    cap: Whole,
    occ: Whole,
) -> None:
    """Let everybody sit where it is worth most; who already does stays there.

    Of what is worth the same the place with most room goes first; who has one best
    place chooses before the others.
    """
    undecided = np.zeros(pos.size, dtype=np.bool_)
    for i in range(pos.size):
        best = worth[pos[i]] - price[node[pos[i]]]
        better = -1
        ties = 0
        for j in range(first[i], first[i + 1]):
            value = worth[j] - price[node[j]]
            if value > best:
                best = value
                better = j
                ties = 1
            elif value == best and better >= 0:
                ties += 1
        if better >= 0:
            occ[node[pos[i]]] -= 1
            if ties == 1:
                pos[i] = better
                occ[node[better]] += 1
            else:
                undecided[i] = True
                pos[i] = better
    for i in range(pos.size):
        if undecided[i]:
            best = worth[pos[i]] - price[node[pos[i]]]
            room = -FAR
            for j in range(first[i], first[i + 1]):
                b = node[j]
                if worth[j] - price[b] == best and cap[b] - occ[b] > room:
                    room = cap[b] - occ[b]
                    pos[i] = j
            occ[node[pos[i]]] += 1


@compiled
def _sift_up(heap: Short, place: Short, label: Whole, index: int) -> None:
    item = heap[index]
    while index > 0:
        parent = (index - 1) >> 1
        if label[heap[parent]] <= label[item]:
            break
        heap[index] = heap[parent]
        place[heap[index]] = index
        index = parent
    heap[index] = item
    place[item] = index


@compiled
def _sift_down(heap: Short, place: Short, label: Whole, size: int) -> None:
    item = heap[0]
    index = 0
    while True:
        child = 2 * index + 1
        if child >= size:
            break
        if child + 1 < size and label[heap[child + 1]] < label[heap[child]]:
            child += 1
        if label[heap[child]] >= label[item]:
            break
        heap[index] = heap[child]
        place[heap[index]] = index
        index = child
    heap[index] = item
    place[item] = index


@compiled
def _special(a: int, twin: Short, thru: Whole, limit: Whole, n_places: int) -> bool:
    """Say whether one more can pass the door of a (in at an entry, back elsewhere)."""
    if twin[a] == -1:
        return False
    if a > n_places:
        return thru[a] < limit[a]
    return thru[twin[a]] > 0


@compiled
def clear(
    n_places: int,
    first: Whole,
    node: Short,
    worth: Short,
    pos: Whole,
    price: Whole,
    cap: Whole,
    occ: Whole,
    equal: Flags,
    twin: Short,
    thru: Whole,
    limit: Whole,
    start: Whole,
    to: Short,
    back: Short,
    keys: Whole,
    pair: Short,
    root: Short,
    least: Short,
    key: Short,
    pool: Short,
    free: Short,
    counts: Whole,
) -> int:
    """Move people and prices until every practice is cleared.

    Nodes are 0 to ``n_places`` - 1, then outside (``n_places``, price 0, any number),
    then entries. Expects everybody at a best place at ``price``. Returns 0, or 1 when
    too many must sit somewhere, 2 when an ``equal`` node cannot be filled.
    """
    n_nodes = price.size
    outside = n_places
    label = np.empty(n_nodes, dtype=np.int64)
    heap = np.empty(n_nodes, dtype=np.int32)
    place = np.empty(n_nodes, dtype=np.int32)
    current = np.empty(n_nodes, dtype=np.int64)
    path = np.empty(n_nodes + 1, dtype=np.int64)
    on_path = np.empty(n_nodes + 1, dtype=np.int32)
    for falling in range(2):
        while True:
            # Distances from all nodes with too many (or, falling, with too few).
            label[:] = FAR
            size = 0
            for a in range(n_nodes):
                if a == outside:
                    continue
                wrong = occ[a] > cap[a]
                if falling == 1:
                    wrong = occ[a] < cap[a] and (equal[a] or price[a] > 0)
                if wrong:
                    label[a] = 0
                    heap[size] = a
                    place[a] = size
                    size += 1
            if size == 0:
                break
            for a in range(n_nodes):
                if label[a] == FAR:
                    place[a] = -1
            nearest = FAR
            while size > 0:
                a = heap[0]
                here = label[a]
                if here // _HOP > nearest:
                    break
                size -= 1
                heap[0] = heap[size]
                place[heap[0]] = 0
                place[a] = -2
                if size > 0:
                    _sift_down(heap, place, label, size)
                distance = here // _HOP
                if falling == 0:
                    if a == outside or occ[a] < cap[a]:
                        nearest = min(nearest, distance)
                        continue
                elif a == outside:
                    nearest = min(nearest, distance)
                    continue
                elif not equal[a]:
                    nearest = min(nearest, distance + price[a])
                    if price[a] == 0:
                        continue
                limit_label = (min(nearest, FAR // _HOP // 4) + 1) * _HOP
                for at in range(start[a], start[a + 1] + 1):
                    if at == start[a + 1]:
                        if twin[a] == -1:
                            break
                        b = twin[a]
                        if falling == 0:
                            if not _special(a, twin, thru, limit, n_places):
                                break
                            reduced = price[b] - price[a]
                        else:
                            if not _special(b, twin, thru, limit, n_places):
                                break
                            reduced = price[a] - price[b]
                    else:
                        b = to[at]
                        if place[b] == -2:
                            continue
                        if falling == 0:
                            if least[at] == NO_KEY:
                                continue
                            reduced = least[at] - price[a] + price[b]
                        else:
                            if least[back[at]] == NO_KEY:
                                continue
                            reduced = least[back[at]] - price[b] + price[a]
                    if place[b] == -2:
                        continue
                    new = here + reduced * _HOP + 1
                    if new < label[b] and new < limit_label:
                        label[b] = new
                        if place[b] == -1:
                            heap[size] = b
                            place[b] = size
                            size += 1
                        _sift_up(heap, place, label, place[b])
            if nearest == FAR:
                return 1 + falling
            counts[0] += 1
            for a in range(n_nodes):
                if place[a] == -2 and label[a] // _HOP < nearest:
                    rise = nearest - label[a] // _HOP
                    price[a] += rise if falling == 0 else -rise
                if place[a] != -2:
                    label[a] = FAR
            # A blocking flow along tight arcs, one hop further each.
            for a in range(n_nodes):
                current[a] = start[a]
            for source in range(n_nodes):
                if label[source] != 0:
                    continue
                while True:
                    if falling == 0:
                        if occ[source] <= cap[source]:
                            break
                    elif occ[source] >= cap[source] or (
                        not equal[source] and price[source] == 0
                    ):
                        break
                    depth = 0
                    on_path[0] = source
                    a = source
                    found = False
                    while True:
                        if depth > 0:
                            if falling == 0:
                                found = a == outside or occ[a] < cap[a]
                            else:
                                found = a == outside or (not equal[a] and price[a] == 0)
                            if found:
                                break
                        moved = False
                        while current[a] <= start[a + 1]:
                            at = current[a]
                            b = -1
                            if at == start[a + 1]:
                                if twin[a] != -1 and label[twin[a]] != FAR:
                                    c = twin[a]
                                    door = a if falling == 0 else c
                                    if (
                                        label[c] % _HOP == label[a] % _HOP + 1
                                        and price[c] == price[a]
                                        and _special(door, twin, thru, limit, n_places)
                                    ):
                                        b = c
                            else:
                                c = to[at]
                                if label[c] % _HOP == label[a] % _HOP + 1:
                                    if label[c] != FAR:
                                        if falling == 0:
                                            if least[at] - price[a] + price[c] == 0:
                                                b = c
                                        elif least[back[at]] - price[c] + price[a] == 0:
                                            b = c
                            if b != -1:
                                path[depth] = at
                                depth += 1
                                on_path[depth] = b
                                a = b
                                moved = True
                                break
                            current[a] += 1
                        if not moved:
                            if depth == 0:
                                break
                            depth -= 1
                            a = on_path[depth]
                            current[a] += 1
                    if not found:
                        break
                    counts[1] += 1
                    for step in range(depth):
                        a, b = on_path[step], on_path[step + 1]
                        at = path[step]
                        special = at == start[a + 1]
                        if falling == 1:
                            a, b = b, a
                            if not special:
                                at = back[at]
                        counts[2] += 1
                        occ[a] -= 1
                        occ[b] += 1
                        if special:
                            if a > n_places:
                                thru[a] += 1
                            else:
                                thru[b] -= 1
                            continue
                        i = pool[root[at], 0]
                        was = pos[i]
                        for j in range(first[i], first[i + 1]):
                            if node[j] == b:
                                pos[i] = j
                        now = pos[i]
                        for j in range(first[i], first[i + 1]):
                            if j != was:
                                other = _pair_of(n_nodes, keys, pair, a, node[j])
                                if pool[root[other], 0] == i:
                                    _clean(
                                        other,
                                        a,
                                        node,
                                        pos,
                                        root,
                                        least,
                                        key,
                                        pool,
                                        free,
                                    )
                        for j in range(first[i], first[i + 1]):
                            if j != now:
                                if free[0] == -1:
                                    return 3
                                other = _pair_of(n_nodes, keys, pair, b, node[j])
                                _push(
                                    other,
                                    i,
                                    worth[now] - worth[j],
                                    root,
                                    least,
                                    key,
                                    pool,
                                    free,
                                )
    return 0


@compiled
def lower(
    n_places: int,
    price: Whole,
    equal: Flags,
    occ: Whole,
    twin: Short,
    thru: Whole,
    limit: Whole,
    start: Whole,
    to: Short,
    least: Short,
) -> None:
    """Make every price the smallest that still proves the placing.

    A price can fall by the shortest distance to the node from a price that is fixed:
    that of outside, or 0 at a node that need not be full.
    """
    n_nodes = price.size
    label = np.empty(n_nodes, dtype=np.int64)
    heap = np.empty(n_nodes, dtype=np.int32)
    place = np.full(n_nodes, -1, dtype=np.int32)
    size = 0
    for a in range(n_nodes):
        label[a] = FAR
        if a == n_places:
            label[a] = 0
        elif not equal[a]:
            label[a] = price[a]
        if label[a] < FAR:
            heap[size] = a
            place[a] = size
            size += 1
            _sift_up(heap, place, label, size - 1)
    while size > 0:
        a = heap[0]
        size -= 1
        heap[0] = heap[size]
        place[heap[0]] = 0
        place[a] = -2
        if size > 0:
            _sift_down(heap, place, label, size)
        for at in range(start[a], start[a + 1] + 1):
            if at == start[a + 1]:
                if twin[a] == -1 or not _special(a, twin, thru, limit, n_places):
                    break
                b = twin[a]
                reduced = price[b] - price[a]
            else:
                b = to[at]
                if least[at] == NO_KEY:
                    continue
                reduced = least[at] - price[a] + price[b]
            new = label[a] + reduced
            if place[b] != -2 and new < label[b]:
                label[b] = new
                if place[b] == -1:
                    heap[size] = b
                    place[b] = size
                    size += 1
                _sift_up(heap, place, label, place[b])
    for a in range(n_nodes):
        if label[a] < FAR:
            price[a] -= label[a]


@compiled
def narrow(
    first: Whole,
    node: Short,
    worth: Short,
    pos: Whole,
    price: Whole,
    cap: Whole,
    person: Short,
    rank: NDArray[np.int8],
    taken: NDArray[np.int8],
) -> tuple[Whole, Short, Whole, Short, NDArray[np.int8]]:
    """Keep of each person only the best places; who has one left is settled there.

    Writes the choice of who is settled in ``taken`` and takes their place from
    ``cap``. Returns first, node, pos, person and rank of the others.
    """
    n_left, k_left = 0, 0
    for i in range(pos.size):
        best = worth[pos[i]] - price[node[pos[i]]]
        ties = 0
        for j in range(first[i], first[i + 1]):
            ties += worth[j] - price[node[j]] == best
        if ties > 1:
            n_left += 1
            k_left += ties
    new_first = np.empty(n_left + 1, dtype=np.int64)
    new_node = np.empty(k_left, dtype=np.int32)
    new_rank = np.empty(k_left, dtype=np.int8)
    new_pos = np.empty(n_left, dtype=np.int64)
    new_person = np.empty(n_left, dtype=np.int32)
    n, k = 0, 0
    new_first[0] = 0
    for i in range(pos.size):
        best = worth[pos[i]] - price[node[pos[i]]]
        ties = 0
        for j in range(first[i], first[i + 1]):
            ties += worth[j] - price[node[j]] == best
        if ties == 1:
            cap[node[pos[i]]] -= 1
            taken[person[i]] = rank[pos[i]]
            continue
        for j in range(first[i], first[i + 1]):
            if worth[j] - price[node[j]] == best:
                new_node[k] = node[j]
                new_rank[k] = rank[j]
                if j == pos[i]:
                    new_pos[n] = k
                k += 1
        new_person[n] = person[i]
        n += 1
        new_first[n] = k
    return new_first, new_node, new_pos, new_person, new_rank


@compiled
def lay_out(
    first_option: Whole,
    option: Short,
    origin: Short,
    required: Flags,
    entry: Short,
    outside: int,
) -> tuple[Whole, Short, NDArray[np.int8], Short, Whole]:
    """Put the places of everybody in a row: staying first, unless they must move.

    Who has one place only is left out. Returns first, node, rank (-1 for staying),
    person, and how many are settled at each node.
    """
    n, k = 0, 0
    for i in range(origin.size):
        count = first_option[i + 1] - first_option[i] + (not required[i])
        if count > 1:
            n += 1
            k += count
    first = np.empty(n + 1, dtype=np.int64)
    node = np.empty(k, dtype=np.int32)
    rank = np.empty(k, dtype=np.int8)
    person = np.empty(n, dtype=np.int32)
    settled = np.zeros(outside + 1 + entry.size, dtype=np.int64)
    n, k = 0, 0
    first[0] = 0
    for i in range(origin.size):
        home = outside if origin[i] == -1 else origin[i]
        count = first_option[i + 1] - first_option[i] + (not required[i])
        if count == 1:
            if not required[i]:
                settled[home] += 1
            else:
                b = option[first_option[i]]
                settled[b if entry[b] == -1 else entry[b]] += 1
        if count <= 1:
            continue
        if not required[i]:
            node[k] = home
            rank[k] = -1
            k += 1
        for j in range(first_option[i], first_option[i + 1]):
            b = option[j]
            node[k] = b if entry[b] == -1 else entry[b]
            rank[k] = j - first_option[i]
            k += 1
        person[n] = i
        n += 1
        first[n] = k
    return first, node, rank, person, settled
