"""How do people flow to where they are worth most, if households could be split?

The splittable problem is a minimum cost flow. Everything lives on the practices: each
has a price, people sit on "slots" (staying, or one of the options of their wish), and
a person goes from the slot of one practice to that of another. Nowhere is the last
node: always room, price 0.

Method: prices and flow are repaired together by shortest paths from practices that
are too full, then from those that are empty although they have a price (the primal
dual method; many sources at once with blocking flows, single sources for the rest).
Every step keeps: who has a better slot at these prices is there. Values are whole
numbers, so that the prices found are exact; scaling of values is up to the caller.

Whole numbers in, whole numbers out: for single people this is an exact optimum.

Source: R. Ahuja, T. Magnanti, J. Orlin, Network Flows (1993), chapter 9; E. Dinic,
Soviet Math. Doklady 11 (1970).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled

_FAR = np.int64(2**62)


@dataclass(eq=False)
class Flow:
    """People on slots; the slots of household h are ``slot[h]`` to ``slot[h + 1]``.

    Nodes are practices, the last node is nowhere. ``value`` (S,) of one person on a
    slot, ``people`` (S,) now there, ``room`` (N,) of each node, ``used`` (N,),
    ``price`` (N,). ``seen_from[node]`` to ``seen_from[node + 1]`` in ``seen``: the
    slots at a node that take part.
    """

    slot: NDArray[np.int64]
    node: NDArray[np.int32]
    household: NDArray[np.int32]
    value: NDArray[np.int64]
    people: NDArray[np.int32]
    room: NDArray[np.int64]
    used: NDArray[np.int64]
    price: NDArray[np.int64]
    seen_from: NDArray[np.int64]
    seen: NDArray[np.int32]
    #: (N,) nodes that people could not leave, after ``settle`` says so.
    stuck: NDArray[np.bool_]

    def take_part(self, moves: NDArray[np.bool_]) -> None:
        """Let only these households (H,) move; the others stay where they are."""
        self.seen_from, self.seen = slots_by_node(
            self.node, self.household, moves, self.price.size
        )

    def choose_best(self) -> None:
        """Put people who could be better off, at these prices, where they are best."""
        choose_best(
            self.slot,
            self.node,
            self.household,
            self.value,
            self.people,
            self.used,
            self.price,
            self.seen,
        )

    def settle(self) -> int:
        """Make people fit and prices prove it; return the node in trouble or -1.

        In trouble: people who may not move exceed the room of a node.
        """
        return int(
            settle(
                self.slot,
                self.node,
                self.household,
                self.value,
                self.people,
                self.room,
                self.used,
                self.price,
                self.seen_from,
                self.seen,
                self.stuck,
            )
        )

    def copy(self) -> "Flow":
        """Return a flow that can change apart from this one."""
        return Flow(
            self.slot,
            self.node,
            self.household,
            self.value.copy(),
            self.people.copy(),
            self.room.copy(),
            self.used.copy(),
            self.price.copy(),
            self.seen_from,
            self.seen,
            self.stuck.copy(),
        )


@compiled
def slots_by_node(
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    moves: NDArray[np.bool_],
    n_nodes: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List the slots at each node of households that move."""
    start = np.zeros(n_nodes + 1, np.int64)
    for s in range(node.size):
        if moves[household[s]]:
            start[node[s] + 1] += 1
    for n in range(n_nodes):
        start[n + 1] += start[n]
    at = start[:-1].copy()
    seen = np.empty(start[n_nodes], np.int32)
    for s in range(node.size):
        if moves[household[s]]:
            seen[at[node[s]]] = s
            at[node[s]] += 1
    return start, seen


@compiled
def choose_best(
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    seen: NDArray[np.int32],
) -> None:
    """Put people where they are best at these prices; see ``Flow.choose_best``."""
    done = np.zeros(slot.size - 1, np.bool_)
    for each in range(seen.size):
        h = household[seen[each]]
        if done[h]:
            continue
        done[h] = True
        best = -_FAR
        to = -1
        for s in range(slot[h], slot[h + 1]):
            worth = value[s] - price[node[s]]
            # Who is already on a slot as good as any stays on it.
            if worth > best or (worth == best and people[s] > 0 and people[to] == 0):
                best = worth
                to = s
        for s in range(slot[h], slot[h + 1]):
            if people[s] > 0 and value[s] - price[node[s]] < best:
                used[node[s]] -= people[s]
                used[node[to]] += people[s]
                people[to] += people[s]
                people[s] = 0


@compiled
def _sift_up(
    heap: NDArray[np.int32],
    at: NDArray[np.int32],
    key: NDArray[np.int64],
    i: int,
) -> None:
    n = heap[i]
    while i > 0:
        parent = (i - 1) >> 1
        if key[heap[parent]] <= key[n]:
            break
        heap[i] = heap[parent]
        at[heap[i]] = i
        i = parent
    heap[i] = n
    at[n] = i


@compiled
def _pop(
    heap: NDArray[np.int32],
    at: NDArray[np.int32],
    key: NDArray[np.int64],
    size: int,
) -> int:
    """Take the first off a heap of ``size``; what is left has one less."""
    top = heap[0]
    at[top] = -2
    size -= 1
    if size > 0:
        n = heap[size]
        i = 0
        while True:
            child = 2 * i + 1
            if child >= size:
                break
            if child + 1 < size and key[heap[child + 1]] < key[heap[child]]:
                child += 1
            if key[heap[child]] >= key[n]:
                break
            heap[i] = heap[child]
            at[heap[i]] = i
            i = child
        heap[i] = n
        at[n] = i
    return int(top)


@compiled
def _search(
    forward: bool,
    sources: NDArray[np.int32],
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    seen_from: NDArray[np.int64],
    seen: NDArray[np.int32],
    key: NDArray[np.int64],
    at: NDArray[np.int32],
    heap: NDArray[np.int32],
    touched: NDArray[np.int32],
    by_from: NDArray[np.int32],
    by_to: NDArray[np.int32],
) -> tuple[int, int, int]:
    """Find the nearest end; return its distance, its node and how many were touched.

    Forward: people leave the sources; an end has room. Backward: people come to the
    sources; an end is nowhere or a practice that may stay empty, at the distance of
    its price. ``at`` must be -1 everywhere; the caller clears what was touched.
    """
    nowhere = price.size - 1
    size = 0
    n_touched = 0
    nearest = _FAR
    end = -1
    for source in sources:
        key[source] = 0
        at[source] = size
        heap[size] = source
        by_from[source] = -1
        size += 1
        touched[n_touched] = source
        n_touched += 1
        if not forward and price[source] < nearest:
            nearest = price[source]
            end = source
    while size > 0:
        n = heap[0]
        d = key[n]
        if d >= nearest:
            break
        _pop(heap, at, key, size)
        size -= 1
        p = price[n]
        for each in range(seen_from[n], seen_from[n + 1]):
            s = seen[each]
            if forward and people[s] == 0:
                continue
            mine = value[s] - p
            h = household[s]
            for t in range(slot[h], slot[h + 1]):
                if t == s or (not forward and people[t] == 0):
                    continue
                m = node[t]
                length = mine - value[t] + price[m]
                if not forward:
                    length = -length
                total = d + length
                if total >= nearest:
                    continue
                if at[m] == -1 or (at[m] >= 0 and total < key[m]):
                    if at[m] == -1:
                        touched[n_touched] = m
                        n_touched += 1
                        if m == nowhere:
                            at[m] = -2
                        else:
                            at[m] = size
                            heap[size] = m
                            size += 1
                    key[m] = total
                    if forward:
                        by_from[m] = s
                        by_to[m] = t
                    else:
                        by_from[m] = t
                        by_to[m] = s
                    if m == nowhere:
                        nearest = total
                        end = m
                        continue
                    _sift_up(heap, at, key, at[m])
                    if forward:
                        if used[m] < room[m]:
                            nearest = total
                            end = m
                    elif total + price[m] < nearest:
                        nearest = total + price[m]
                        end = m
                elif m == nowhere and total < key[m]:
                    key[m] = total
                    if forward:
                        by_from[m] = s
                        by_to[m] = t
                    else:
                        by_from[m] = t
                        by_to[m] = s
                    nearest = total
                    end = m
    return int(nearest), end, n_touched


@compiled
def _reprice(
    forward: bool,
    nearest: int,
    n_touched: int,
    price: NDArray[np.int64],
    key: NDArray[np.int64],
    at: NDArray[np.int32],
    touched: NDArray[np.int32],
) -> None:
    """Shift prices so that the shortest paths cost nothing; clear the search."""
    nowhere = price.size - 1
    for each in range(n_touched):
        n = touched[each]
        at[n] = -1
        if n != nowhere and key[n] < nearest:
            if forward:
                price[n] += nearest - key[n]
            else:
                price[n] -= nearest - key[n]


@compiled
def _push_single(
    forward: bool,
    source: int,
    end: int,
    most: int,
    node: NDArray[np.int32],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    by_from: NDArray[np.int32],
    by_to: NDArray[np.int32],
) -> int:
    """Move people along the path that was found; return how many."""
    nowhere = price.size - 1
    amount = most
    if forward and end != nowhere:
        amount = min(amount, room[end] - used[end])
    n = end
    while n != source:
        amount = min(amount, people[by_from[n]])
        n = node[by_from[n]] if forward else node[by_to[n]]
    n = end
    while n != source:
        people[by_from[n]] -= amount
        people[by_to[n]] += amount
        n = node[by_from[n]] if forward else node[by_to[n]]
    if forward:
        used[source] -= amount
        used[end] += amount
    else:
        used[source] += amount
        used[end] -= amount
    return amount


@compiled
def _tight_slots(
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    value: NDArray[np.int64],
    price: NDArray[np.int64],
    household: NDArray[np.int32],
    seen_from: NDArray[np.int64],
    seen: NDArray[np.int32],
) -> tuple[
    NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32],
    NDArray[np.int32], NDArray[np.int32],
]:  # fmt: skip
    """List the slots between which people may go for nothing.

    Returns for these the slot, its node, where the slots of the same household begin
    and end; and by node where its slots begin and which they are.
    """
    n_nodes = price.size
    takes_part = np.zeros(slot.size - 1, np.bool_)
    for each in range(seen.size):
        takes_part[household[seen[each]]] = True
    count = 0
    tight = np.empty(node.size, np.int32)
    first = np.empty(node.size, np.int32)
    last = np.empty(node.size, np.int32)
    for h in range(slot.size - 1):
        if not takes_part[h]:
            continue
        best = -_FAR
        begin = count
        for s in range(slot[h], slot[h + 1]):
            worth = value[s] - price[node[s]]
            if worth > best:
                best = worth
                count = begin
            if worth == best:
                tight[count] = s
                count += 1
        if count == begin + 1:
            count = begin
        for k in range(begin, count):
            first[k] = begin
            last[k] = count
    at_node = np.empty(count, np.int32)
    start = np.zeros(n_nodes + 1, np.int32)
    for k in range(count):
        at_node[k] = node[tight[k]]
        start[at_node[k] + 1] += 1
    for n in range(n_nodes):
        start[n + 1] += start[n]
    at = start[:-1].copy()
    order = np.empty(count, np.int32)
    for k in range(count):
        order[at[at_node[k]]] = k
        at[at_node[k]] += 1
    return (
        tight[:count].copy(), at_node, first[:count].copy(), last[:count].copy(),
        start, order,
    )  # fmt: skip


@compiled
def _push_many(
    forward: bool,
    sources: NDArray[np.int32],
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    seen_from: NDArray[np.int64],
    seen: NDArray[np.int32],
) -> int:
    """Move people along paths that cost nothing until there is none; return how many.

    Layer by layer (Dinic), with in each node a pointer to the next way to try.
    """
    n_nodes = price.size
    nowhere = n_nodes - 1
    tight, at_node, first_of, last_of, start, order = _tight_slots(
        slot, node, value, price, household, seen_from, seen
    )
    here = np.empty(tight.size, np.int32)
    for k in range(tight.size):
        here[k] = people[tight[k]]
    level = np.empty(n_nodes, np.int32)
    queue = np.empty(n_nodes, np.int32)
    way = np.empty(n_nodes, np.int32)
    side = np.empty(n_nodes, np.int32)
    path_from = np.empty(n_nodes + 1, np.int32)
    path_to = np.empty(n_nodes + 1, np.int32)
    path = np.empty(n_nodes + 1, np.int32)
    total = 0
    while True:
        level[:] = -1
        first, last = 0, 0
        for source in sources:
            excess = used[source] - room[source]
            if (forward and excess > 0) or (
                not forward and excess < 0 and price[source] > 0
            ):
                level[source] = 0
                queue[last] = source
                last += 1
        depth = n_nodes
        while first < last:
            n = queue[first]
            first += 1
            if level[n] >= depth:
                break
            for each in range(start[n], start[n + 1]):
                k = order[each]
                if forward and here[k] == 0:
                    continue
                for j in range(first_of[k], last_of[k]):
                    m = at_node[j]
                    if level[m] >= 0 or (not forward and here[j] == 0):
                        continue
                    level[m] = level[n] + 1
                    queue[last] = m
                    last += 1
                    if (
                        m == nowhere
                        or (forward and used[m] < room[m])
                        or (not forward and price[m] == 0)
                    ):
                        depth = level[m]
        if depth == n_nodes:
            break
        for n in range(n_nodes):
            way[n] = start[n]
            side[n] = -1
        for source in sources:
            if level[source] != 0:
                continue
            left = used[source] - room[source]
            if not forward:
                left = -left
            while left > 0:
                length = 0
                path[0] = source
                found = False
                while True:
                    n = path[length]
                    if length > 0 and (
                        n == nowhere
                        or (forward and used[n] < room[n])
                        or (not forward and price[n] == 0)
                    ):
                        found = True
                        break
                    advanced = False
                    if n != nowhere and level[n] < depth:
                        while way[n] < start[n + 1]:
                            k = order[way[n]]
                            if not (forward and here[k] == 0):
                                if side[n] < 0:
                                    side[n] = first_of[k]
                                while side[n] < last_of[k]:
                                    j = side[n]
                                    if level[at_node[j]] == level[n] + 1 and (
                                        forward or here[j] > 0
                                    ):
                                        advanced = True
                                        break
                                    side[n] += 1
                                if advanced:
                                    break
                            way[n] += 1
                            side[n] = -1
                    if advanced:
                        if forward:
                            path_from[length] = order[way[n]]
                            path_to[length] = side[n]
                        else:
                            path_from[length] = side[n]
                            path_to[length] = order[way[n]]
                        length += 1
                        path[length] = at_node[side[n]]
                        continue
                    level[n] = -1
                    if length == 0:
                        break
                    length -= 1
                if not found:
                    break
                end = path[length]
                amount = left
                if forward and end != nowhere:
                    amount = min(amount, room[end] - used[end])
                for k in range(length):
                    amount = min(amount, here[path_from[k]])
                for k in range(length):
                    here[path_from[k]] -= amount
                    here[path_to[k]] += amount
                if forward:
                    used[source] -= amount
                    used[end] += amount
                else:
                    used[source] += amount
                    used[end] -= amount
                left -= amount
                total += amount
    for k in range(tight.size):
        people[tight[k]] = here[k]
    return total


@compiled
def _list_sources(
    forward: bool,
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
) -> NDArray[np.int32]:
    found = np.empty(price.size, np.int32)
    count = 0
    for n in range(price.size - 1):
        if forward:
            if used[n] > room[n]:
                found[count] = n
                count += 1
        elif used[n] < room[n] and price[n] > 0:
            found[count] = n
            count += 1
    return found[:count].copy()


#: From so few people put in place at once, practices are served one by one.
_FEW_PEOPLE = 12


@compiled
def settle(
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    seen_from: NDArray[np.int64],
    seen: NDArray[np.int32],
    stuck: NDArray[np.bool_],
) -> int:
    """Make people fit and prices prove it; see ``Flow.settle``."""
    n_nodes = price.size
    key = np.empty(n_nodes, np.int64)
    at = np.full(n_nodes, -1, np.int32)
    heap = np.empty(n_nodes, np.int32)
    touched = np.empty(n_nodes, np.int32)
    by_from = np.empty(n_nodes, np.int32)
    by_to = np.empty(n_nodes, np.int32)
    one = np.empty(1, np.int32)
    for turn in range(2):
        forward = turn == 0
        while True:
            sources = _list_sources(forward, room, used, price)
            if sources.size < 2:
                break
            nearest, end, n_touched = _search(
                forward, sources, slot, node, household, value, people, room, used,
                price, seen_from, seen, key, at, heap, touched, by_from, by_to,
            )  # fmt: skip
            if end < 0:
                for each in range(n_touched):
                    at[touched[each]] = -1
                break
            _reprice(forward, nearest, n_touched, price, key, at, touched)
            moved = _push_many(
                forward, sources, slot, node, household, value, people, room, used,
                price, seen_from, seen,
            )  # fmt: skip
            if moved < _FEW_PEOPLE:
                break
        for source in _list_sources(forward, room, used, price):
            one[0] = source
            while True:
                left = used[source] - room[source]
                if not forward:
                    left = 0 if price[source] == 0 else -left
                if left <= 0:
                    break
                nearest, end, n_touched = _search(
                    forward, one, slot, node, household, value, people, room, used,
                    price, seen_from, seen, key, at, heap, touched, by_from, by_to,
                )  # fmt: skip
                if end < 0:
                    stuck[:] = False
                    for each in range(n_touched):
                        stuck[touched[each]] = True
                    return int(source)
                _reprice(forward, nearest, n_touched, price, key, at, touched)
                if end != source:
                    _push_single(
                        forward, source, end, left, node, people, room, used, price,
                        by_from, by_to,
                    )  # fmt: skip
    return -1


__all__ = ["Flow", "choose_best", "settle", "slots_by_node"]
