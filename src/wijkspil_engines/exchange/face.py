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

FAR = np.int64(2**49)
NO_KEY = np.int32(2**30)
_HOP = np.int64(2**20)


@compiled
def find_pairs(n_nodes: int, first: Whole, node: Short) -> tuple[Whole, Short, Short]:
    """List the ordered pairs of nodes some person could change between.

    Returns where the pairs of each node begin, the second node of each (in order),
    and which is the pair the other way round.
    """
    begin = np.zeros(n_nodes + 1, dtype=np.int64)
    for b in node:
        begin[b + 1] += 1
    begin = np.cumsum(begin)
    fill = begin[:-1].copy()
    who = np.empty(node.size, dtype=np.int32)
    for i in range(first.size - 1):
        for j in range(first[i], first[i + 1]):
            who[fill[node[j]]] = i
            fill[node[j]] += 1
    seen = np.full(n_nodes, -1, dtype=np.int32)
    start = np.zeros(n_nodes + 1, dtype=np.int64)
    found = np.empty(max(16, node.size), dtype=np.int32)
    count = 0
    for a in range(n_nodes):
        seen[a] = a
        for at in range(begin[a], begin[a + 1]):
            i = who[at]
            for j in range(first[i], first[i + 1]):
                b = node[j]
                if seen[b] != a:
                    seen[b] = a
                    if count == found.size:
                        larger = np.empty(2 * count, dtype=np.int32)
                        larger[:count] = found
                        found = larger
                    found[count] = b
                    count += 1
        start[a + 1] = count
    fill = start[:-1].copy()
    to = np.empty(count, dtype=np.int32)
    for a in range(n_nodes):  # The other way round, so that each list is in order.
        for at in range(start[a], start[a + 1]):
            b = found[at]
            to[fill[b]] = a
            fill[b] += 1
    fill = start[:-1].copy()
    back = found[:count]
    for a in range(n_nodes):
        for at in range(start[a], start[a + 1]):
            b = to[at]
            back[at] = fill[b]
            fill[b] += 1
    return start, to, back.copy()


@compiled
def _pair_of(start: Whole, to: Short, a: int, b: int) -> int:
    low, high = start[a], start[a + 1]
    while high - low > 1:
        middle = (low + high) >> 1
        if to[middle] <= b:
            low = middle
        else:
            high = middle
    return int(low)


# A heap of people for each pair: a pairing heap (Fredman, Sedgewick, Sleator, Tarjan
# 1986) in a pool of entries. ``pool[e]`` = (person, first child, next sibling).


@compiled
def merge(key: Whole | Short, pool: Short, one: int, other: int) -> int:
    """Return the root of two heaps put together; -1 is an empty one."""
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
def drop_root(key: Whole | Short, pool: Short, root: int) -> int:
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
        both = merge(key, pool, child, second)
        pool[both, 2] = merged
        merged = both
        child = rest
    root = -1
    while merged != -1:  # ... and all together on the way back.
        before = pool[merged, 2]
        pool[merged, 2] = -1
        root = merge(key, pool, root, merged)
        merged = before
    return root


@compiled
def _push(
    at: int,
    person: int,
    cost: int,
    root: Short,
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
    root[at] = merge(key, pool, root[at], entry)


@compiled
def _clean(
    at: int,
    a: int,
    node: Short,
    pos: Whole,
    root: Short,
    key: Short,
    pool: Short,
    free: Short,
) -> None:
    """Drop from the top of a heap who no longer sits at its first node."""
    top = root[at]
    while top != -1 and node[pos[pool[top, 0]]] != a:
        rest = drop_root(key, pool, top)
        pool[top, 1] = free[0]
        free[0] = top
        top = rest
    root[at] = top


@compiled
def fill_heaps(
    first: Whole,
    node: Short,
    worth: Short,
    pos: Whole,
    start: Whole,
    to: Short,
    back: Short,
    root: Short,
    least: Short,
    least_in: Short,
    key: Short,
    pool: Short,
    free: Short,
) -> None:
    """Put everybody in the heaps of where they sit.

    ``least`` becomes the cost of each pair, ``least_in`` that of the pair back.
    """
    n_nodes = start.size - 1
    begin = np.zeros(n_nodes + 1, dtype=np.int64)
    for at in pos:
        begin[node[at] + 1] += 1
    begin = np.cumsum(begin)
    fill = begin[:-1].copy()
    who = np.empty(pos.size, dtype=np.int32)
    for i in range(pos.size):
        a = node[pos[i]]
        who[fill[a]] = i
        fill[a] += 1
    pair = np.zeros(n_nodes, dtype=np.int32)
    root[:] = -1
    entry = 0
    for a in range(n_nodes):
        if begin[a] == begin[a + 1]:
            continue
        for at in range(start[a], start[a + 1]):
            pair[to[at]] = at
        for k in range(begin[a], begin[a + 1]):
            i = who[k]
            for j in range(first[i], first[i + 1]):
                if j != pos[i]:
                    at = pair[node[j]]
                    key[entry] = worth[pos[i]] - worth[j]
                    pool[entry, 0] = i
                    pool[entry, 1] = -1
                    pool[entry, 2] = -1
                    root[at] = merge(key, pool, root[at], entry)
                    entry += 1
    for rest in range(entry, key.size):
        pool[rest, 1] = rest + 1
    pool[key.size - 1, 1] = -1
    free[0] = entry
    for at in range(root.size):
        least[at] = NO_KEY if root[at] == -1 else key[root[at]]
    for at in range(root.size):
        least_in[at] = least[back[at]]


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
def sift_up(heap: Short, place: Short, label: Whole, index: int) -> None:
    """Let a node whose label became smaller rise in a heap of nodes."""
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
def sift_down(heap: Short, place: Short, label: Whole, size: int) -> None:
    """Let the node put at the top of a heap of nodes sink."""
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
def _is_open(a: int, twin: Short, thru: Whole, limit: Whole, n_places: int) -> bool:
    """Say whether one more can pass the door of a (in at an entry, back elsewhere)."""
    if twin[a] == -1:
        return False
    if a > n_places:
        return bool(thru[a] < limit[a])
    return bool(thru[twin[a]] > 0)


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
    root: Short,
    least: Short,
    least_in: Short,
    key: Short,
    pool: Short,
    free: Short,
    counts: Whole,
) -> int:
    """Move people and prices until every practice is cleared.

    Nodes are 0 to ``n_places`` - 1, then outside (``n_places``, price 0, any number),
    then entries. Expects everybody at a best place at ``price``. Returns 0 when done,
    1 when too many must sit somewhere, 2 when an ``equal`` node cannot be filled, 3
    when the pool is full: fill the heaps anew and go on.
    """
    n_nodes = price.size
    hop = np.empty(n_nodes, dtype=np.int64)
    mark = np.empty(n_nodes, dtype=np.int64)
    current = np.empty(n_nodes, dtype=np.int64)
    path = np.empty(n_nodes + 1, dtype=np.int64)
    on_path = np.empty(n_nodes + 1, dtype=np.int32)
    for falling in range(2):
        ahead = least if falling == 0 else least_in
        while True:
            found = _spread(
                falling,
                n_places,
                price,
                cap,
                occ,
                equal,
                twin,
                thru,
                limit,
                start,
                to,
                least_in if falling == 0 else least,
                hop,
                mark,
            )
            if found == 1:
                break
            if found == 2:
                return 1 + falling
            counts[0] += 1
            # A blocking flow along tight arcs, one hop nearer each.
            current[:] = start[:-1]
            for source in range(n_nodes):
                if source == n_places or hop[source] < 1:
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
                    while True:
                        if hop[a] == 0 and (
                            falling == 1 or a == n_places or occ[a] < cap[a]
                        ):
                            break
                        b = -1
                        if hop[a] > 0:
                            nearer = mark[a] - 1
                            end = start[a + 1]
                            at = current[a]
                            while at < end:
                                if mark[to[at]] + ahead[at] * _HOP == nearer:
                                    b = to[at]
                                    break
                                at += 1
                            if at == end and twin[a] != -1:
                                c = twin[a]
                                if mark[c] == nearer and _is_open(
                                    a if falling == 0 else c,
                                    twin,
                                    thru,
                                    limit,
                                    n_places,
                                ):
                                    b = c
                            current[a] = at
                        if b != -1:
                            path[depth] = at
                            depth += 1
                            on_path[depth] = b
                            a = b
                            continue
                        hop[a] = -1  # Nothing nearer is left.
                        mark[a] = FAR
                        if depth == 0:
                            break
                        depth -= 1
                        a = on_path[depth]
                    if hop[a] != 0:
                        break
                    counts[1] += 1
                    for step in range(depth):
                        a, b = on_path[step], on_path[step + 1]
                        at = path[step]
                        is_door = at == start[a + 1]
                        if falling == 1:
                            a, b = b, a
                            if not is_door:
                                at = back[at]
                        counts[2] += 1
                        occ[a] -= 1
                        occ[b] += 1
                        if is_door:
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
                                other = _pair_of(start, to, a, node[j])
                                if pool[root[other], 0] == i:
                                    _clean(other, a, node, pos, root, key, pool, free)
                                    cost = NO_KEY
                                    if root[other] != -1:
                                        cost = key[root[other]]
                                    least[other] = cost
                                    least_in[back[other]] = cost
                        for j in range(first[i], first[i + 1]):
                            if j != now:
                                if free[0] == -1:
                                    return 3
                                other = _pair_of(start, to, b, node[j])
                                _push(
                                    other,
                                    i,
                                    worth[now] - worth[j],
                                    root,
                                    key,
                                    pool,
                                    free,
                                )
                                cost = key[root[other]]
                                least[other] = cost
                                least_in[back[other]] = cost
    return 0


@compiled
def _spread(
    falling: int,
    n_places: int,
    price: Whole,
    cap: Whole,
    occ: Whole,
    equal: Flags,
    twin: Short,
    thru: Whole,
    limit: Whole,
    start: Whole,
    to: Short,
    cost: Short,
    hop: Whole,
    mark: Whole,
) -> int:
    """Change prices so that a tight path leads from each wrong node to a right one.

    Rising: from too full nodes to places that are left; prices rise by the distance.
    Falling: from who may give up to nodes left empty; prices fall by it. Fills the
    hops to go (-1: too far) and ``mark``: the distance in hops and the price before, in
    one number, so that an arc leads nearer exactly if its ends differ by its cost and
    one hop. Returns 0, 1 when no node is wrong, 2 when one stays so.
    """
    n_nodes = price.size
    label = np.full(n_nodes, FAR, dtype=np.int64)
    heap = np.empty(n_nodes, dtype=np.int32)
    place = np.full(n_nodes, -1, dtype=np.int32)
    is_wrong = np.zeros(n_nodes, dtype=np.bool_)
    wrong = 0
    size = 0
    for a in range(n_nodes):
        if a == n_places:
            label[a] = 0
        elif falling == 0:
            is_wrong[a] = occ[a] > cap[a]
            if occ[a] < cap[a]:
                label[a] = 0
        else:
            is_wrong[a] = occ[a] < cap[a] and (equal[a] or price[a] > 0)
            if not equal[a]:
                label[a] = price[a] * _HOP
        wrong += is_wrong[a]
        if label[a] < FAR:
            heap[size] = a
            place[a] = size
            size += 1
            sift_up(heap, place, label, size - 1)
    if wrong == 0:
        return 1
    sign = 1 - 2 * falling
    for a in range(n_nodes):
        mark[a] = label[a] + sign * price[a] * _HOP
    farthest = 0
    while size > 0 and wrong > 0:
        b = heap[0]
        here = label[b]
        size -= 1
        heap[0] = heap[size]
        place[heap[0]] = 0
        place[b] = -2
        if size > 0:
            sift_down(heap, place, label, size)
        if is_wrong[b]:
            wrong -= 1
            farthest = here // _HOP
        base = mark[b] + 1
        for at in range(start[b], start[b + 1]):
            a = to[at]
            new = base + cost[at] * _HOP  # Without a person this is beyond FAR.
            if new < mark[a]:
                mark[a] = new
                label[a] = new - sign * price[a] * _HOP
                if place[a] == -1:
                    heap[size] = a
                    place[a] = size
                    size += 1
                sift_up(heap, place, label, place[a])
        if twin[b] != -1:
            a = twin[b]
            door = a if falling == 0 else b
            if base < mark[a] and _is_open(door, twin, thru, limit, n_places):
                mark[a] = base
                label[a] = base - sign * price[a] * _HOP
                if place[a] == -1:
                    heap[size] = a
                    place[a] = size
                    size += 1
                sift_up(heap, place, label, place[a])
    if wrong > 0:
        return 2
    for a in range(n_nodes):
        if place[a] == -2:
            price[a] += sign * (label[a] // _HOP)
            hop[a] = label[a] % _HOP
        else:
            if a != n_places:
                price[a] += sign * farthest
            hop[a] = -1
            mark[a] = FAR
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
            sift_up(heap, place, label, size - 1)
    while size > 0:
        a = heap[0]
        size -= 1
        heap[0] = heap[size]
        place[heap[0]] = 0
        place[a] = -2
        if size > 0:
            sift_down(heap, place, label, size)
        for at in range(start[a], start[a + 1] + 1):
            if at == start[a + 1]:
                if twin[a] == -1 or not _is_open(a, twin, thru, limit, n_places):
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
                sift_up(heap, place, label, place[b])
    farthest = 0
    for a in range(n_nodes):
        if label[a] < FAR:
            farthest = max(farthest, label[a])
    for a in range(n_nodes):  # What nothing holds up falls with the others.
        price[a] -= min(label[a], farthest)


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

    People of one practice are put together. Who has one place only is left out.
    Returns first, node, rank (-1 for staying), person, and how many are settled at
    each node.
    """
    n, k = 0, 0
    begin = np.zeros(outside + 2, dtype=np.int64)
    settled = np.zeros(outside + 1 + entry.size, dtype=np.int64)
    for i in range(origin.size):
        home = outside if origin[i] == -1 else origin[i]
        count = first_option[i + 1] - first_option[i] + (not required[i])
        if count > 1:
            begin[home + 1] += 1
            n += 1
            k += count
        elif count == 1:
            if not required[i]:
                settled[home] += 1
            else:
                b = option[first_option[i]]
                settled[b if entry[b] == -1 else entry[b]] += 1
    begin = np.cumsum(begin)
    person = np.empty(n, dtype=np.int32)
    for i in range(origin.size):
        if first_option[i + 1] - first_option[i] + (not required[i]) > 1:
            home = outside if origin[i] == -1 else origin[i]
            person[begin[home]] = i
            begin[home] += 1
    first = np.empty(n + 1, dtype=np.int64)
    node = np.empty(k, dtype=np.int32)
    rank = np.empty(k, dtype=np.int8)
    k = 0
    first[0] = 0
    for n in range(person.size):
        i = person[n]
        if not required[i]:
            node[k] = outside if origin[i] == -1 else origin[i]
            rank[k] = -1
            k += 1
        for j in range(first_option[i], first_option[i + 1]):
            b = option[j]
            node[k] = b if entry[b] == -1 else entry[b]
            rank[k] = j - first_option[i]
            k += 1
        first[n + 1] = k
    return first, node, rank, person, settled


@compiled
def sit_by(
    first: Whole,
    node: Short,
    rank: NDArray[np.int8],
    worth: Whole,
    per_rank: int,
    price: Whole,
    pos: Whole,
) -> None:
    """Let everybody sit where it is worth most, all levels in one number.

    ``worth`` of a person is that of moving to the first choice; each place down the
    list costs ``per_rank``.
    """
    for i in range(pos.size):
        best = -FAR
        for j in range(first[i], first[i + 1]):
            value = -price[node[j]]
            if rank[j] >= 0:
                value += worth[i] - per_rank * rank[j]
            if value > best:
                best = value
                pos[i] = j
