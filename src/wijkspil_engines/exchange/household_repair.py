"""How do households that the flow splits become whole again, at the least loss?

Rounding goes from large to small: split households of the largest size go wholly to
one of their slots, then smaller ones flow again around them; single people are whole
by nature. What is lost is then won back region by region: all households now at some
practices near a loss are let go, flow again and are rounded with other luck; the
outcome is kept if it is no worse on any level.

Never splits and never exceeds room; says so where it cannot (``round_down``).
"""

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.exchange.household_flow import (
    Flow,
    _search,
    choose_best,
    settle,
    slots_by_node,
)

_FAR = np.int64(2**62)
#: How often a region is rounded with other luck although it can gain nothing.
_ANYWAY = 0.1
_SPREAD = np.uint64(2685821657736338717)


@compiled
def _draw(state: NDArray[np.uint64]) -> float:
    """Return the next number in [0, 1) (xorshift64*)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * _SPREAD) >> np.uint64(11)) / 2.0**53


@compiled
def _make_whole(
    size_now: int,
    share: float,
    size: NDArray[np.int32],
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    people: NDArray[np.int32],
    used: NDArray[np.int64],
    room: NDArray[np.int64],
    fixed: NDArray[np.int64],
    moves: NDArray[np.bool_],
    noise: float,
    state: NDArray[np.uint64],
) -> None:
    """Put split households of a size on one slot each, evenly over practices.

    Only a ``share`` of them, by lot; who is made whole moves no more. ``fixed`` (N,):
    people of households that move no more; updated.
    """
    nowhere = room.size - 1
    off = np.zeros(room.size)
    for h in range(size.size):
        if size[h] != size_now or not moves[h]:
            continue
        is_split = False
        for t in range(slot[h], slot[h + 1]):
            if people[t] > 0:
                is_split = people[t] < size_now
                break
        if not is_split:
            continue
        if share < 1 and _draw(state) > share:
            continue
        best = 1e300
        to = -1
        for t in range(slot[h], slot[h + 1]):
            if people[t] == 0 or fixed[node[t]] + size_now > room[node[t]]:
                continue
            cost = 0.0
            for u in range(slot[h], slot[h + 1]):
                if people[u] > 0 and node[u] != nowhere:
                    d = off[node[u]] - people[u] + (size_now if u == t else 0)
                    cost += d * d
            if noise > 0:
                cost += noise * size_now * size_now * _draw(state)
            if cost < best:
                best = cost
                to = t
        if to < 0:
            to = slot[h]
        for u in range(slot[h], slot[h + 1]):
            if people[u] > 0:
                off[node[u]] -= people[u]
                used[node[u]] -= people[u]
                people[u] = 0
        people[to] = size_now
        used[node[to]] += size_now
        off[node[to]] += size_now
        fixed[node[to]] += size_now
        moves[h] = False


@compiled
def _is_better(
    people: NDArray[np.int32], worth: NDArray[np.int32], before: NDArray[np.int64]
) -> bool:
    for level in range(before.size):
        after = np.int64(0)
        for k in range(people.size):
            after += people[k] * worth[level, k]
        if after != before[level]:
            return bool(after > before[level])
    return False


@compiled
def _round_here(
    rounds: int,
    size: NDArray[np.int32],
    sizes: NDArray[np.int32],
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    noise: float,
    worth: NDArray[np.int32],
    before: NDArray[np.int64],
    state: NDArray[np.uint64],
) -> bool:
    """Flow, then round from large to small; False where that cannot be better.

    ``before`` (L,) is what there was on ``worth`` (L, S): where even split households
    come to no more, or people do not fit, nothing is rounded.

    Households of size 0 are quotas: they flow and need not be whole.
    """
    fixed = np.zeros(price.size, np.int64)
    stuck = np.zeros(price.size, np.bool_)
    moves = np.ones(size.size, np.bool_)
    seen_from, seen = slots_by_node(node, household, moves, price.size)
    choose_best(slot, node, household, value, people, used, price, seen)
    if (
        settle(
            slot,
            node,
            household,
            value,
            people,
            room,
            used,
            price,
            seen_from,
            seen,
            stuck,
        )
        >= 0
    ):
        return False
    if not _is_better(people, worth, before) and _draw(state) > _ANYWAY:
        return False
    for size_now in sizes:
        if size_now == 1:
            break
        for turn in range(rounds):
            is_last = turn + 1 == rounds
            _make_whole(
                size_now, 1.0 if is_last else 0.5, size, slot, node, people, used,
                room, fixed, moves, noise, state,
            )  # fmt: skip
            if is_last:
                for h in range(size.size):
                    if size[h] == size_now and moves[h]:
                        moves[h] = False
                        for t in range(slot[h], slot[h + 1]):
                            fixed[node[t]] += people[t]
            seen_from, seen = slots_by_node(node, household, moves, price.size)
            if (
                settle(
                    slot, node, household, value, people, room, used, price,
                    seen_from, seen, stuck,
                )
                >= 0
            ):  # fmt: skip
                return False
    return True


@compiled
def _ball(
    begin_with: NDArray[np.int32],
    most: int,
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    price: NDArray[np.int64],
    seen_from: NDArray[np.int64],
    seen: NDArray[np.int32],
    near: int,
    state: NDArray[np.uint64],
) -> NDArray[np.int32]:
    """List practices that exchange households with the first, at a loss below near."""
    nowhere = price.size - 1
    most = max(most, begin_with.size)
    found = np.empty(most, np.int32)
    inside = np.zeros(price.size, np.bool_)
    inside[nowhere] = True
    count = 0
    for n in begin_with:
        found[count] = n
        inside[n] = True
        count += 1
    at = 0
    while at < count and count < most:
        n = found[at]
        at += 1
        begin, end = seen_from[n], seen_from[n + 1]
        if end == begin:
            continue
        shift = int(_draw(state) * (end - begin))
        for each in range(end - begin):
            s = seen[begin + (each + shift) % (end - begin)]
            h = household[s]
            best = -_FAR
            for t in range(slot[h], slot[h + 1]):
                worth = value[t] - price[node[t]]
                best = max(best, worth)
            if value[s] - price[n] < best - near:
                continue
            for t in range(slot[h], slot[h + 1]):
                m = node[t]
                if inside[m] or value[t] - price[m] < best - near:
                    continue
                if people[s] == 0 and people[t] == 0:
                    continue
                inside[m] = True
                found[count] = m
                count += 1
                if count == most:
                    return found
    return found[:count].copy()


@compiled
def _way_to_fill(
    center: int,
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
) -> NDArray[np.int32]:
    """List the practices along which one person could come to fill a center."""
    one = np.empty(1, np.int32)
    one[0] = center
    if used[center] >= room[center]:
        return one
    _, end, n_touched = _search(
        False, one, slot, node, household, value, people, room, used, price, seen_from,
        seen, key, at, heap, touched, by_from, by_to,
    )  # fmt: skip
    for each in range(n_touched):
        at[touched[each]] = -1
    way = np.empty(price.size, np.int32)
    count = 0
    n = end
    while n >= 0 and n != center and count < way.size - 1:
        if n != price.size - 1:
            way[count] = n
            count += 1
        n = node[by_to[n]]
    way[count] = center
    return way[: count + 1].copy()


@compiled
def improve(
    centers: NDArray[np.int32],
    rounds: int,
    most: int,
    noise: float,
    near: int,
    size: NDArray[np.int32],
    sizes: NDArray[np.int32],
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    household: NDArray[np.int32],
    value: NDArray[np.int64],
    levels: NDArray[np.int32],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    seen_from: NDArray[np.int64],
    seen: NDArray[np.int32],
    load: NDArray[np.int64],
    place: NDArray[np.int32],
    free_load: NDArray[np.int64],
    state: NDArray[np.uint64],
) -> tuple[int, int]:
    """Let go of what is around each center and keep what is no worse.

    ``levels`` (L, S): what one person adds to each level. Returns how many were
    better and how many equal. ``load`` (H,), empty where it does not matter;
    ``place`` (S,) practice whose load a slot adds to, -1 for none; ``free_load`` (P,)
    what is left of it, updated.
    """
    n_nodes = price.size
    n_levels = levels.shape[0]
    local = np.full(n_nodes, -1, np.int32)
    inside = np.zeros(n_nodes, np.bool_)
    key = np.empty(n_nodes, np.int64)
    at = np.full(n_nodes, -1, np.int32)
    heap = np.empty(n_nodes, np.int32)
    touched = np.empty(n_nodes, np.int32)
    by_from = np.empty(n_nodes, np.int32)
    by_to = np.empty(n_nodes, np.int32)
    heavier = np.zeros(free_load.size, np.int64)
    n_better, n_equal = 0, 0
    for center in centers:
        way = _way_to_fill(
            center, slot, node, household, value, people, room, used, price, seen_from,
            seen, key, at, heap, touched, by_from, by_to,
        )  # fmt: skip
        ball = _ball(
            way, most + way.size, slot, node, household, value, people, price,
            seen_from, seen, near, state,
        )  # fmt: skip
        # Households that are at the practices of the ball; a quota sits at two.
        for n in ball:
            inside[n] = True
        count, n_slots = 0, 0
        for n in ball:
            for each in range(seen_from[n], seen_from[n + 1]):
                if people[seen[each]] > 0:
                    count += 1
                    h = household[seen[each]]
                    n_slots += slot[h + 1] - slot[h]
        sub_size = np.empty(count, np.int32)
        sub_slot = np.zeros(count + 1, np.int64)
        whole_slot = np.empty(n_slots, np.int32)
        sub_node = np.empty(n_slots, np.int32)
        sub_household = np.empty(n_slots, np.int32)
        sub_value = np.empty(n_slots, np.int64)
        sub_people = np.empty(n_slots, np.int32)
        nodes = np.empty(n_slots + 1, np.int32)
        n_local = 0
        count, n_slots = 0, 0
        for n in ball:
            for each in range(seen_from[n], seen_from[n + 1]):
                if people[seen[each]] == 0:
                    continue
                h = household[seen[each]]
                home = slot[h]
                if (
                    size[h] == 0
                    and seen[each] != home
                    and people[home] > 0
                    and inside[node[home]]
                ):
                    continue
                sub_size[count] = size[h]
                for t in range(slot[h], slot[h + 1]):
                    m = node[t]
                    if m != n_nodes - 1 and local[m] < 0:
                        local[m] = n_local
                        nodes[n_local] = m
                        n_local += 1
                    whole_slot[n_slots] = t
                    sub_node[n_slots] = local[m]  # -1 for nowhere, for now
                    sub_household[n_slots] = count
                    sub_value[n_slots] = value[t]
                    sub_people[n_slots] = people[t]
                    n_slots += 1
                count += 1
                sub_slot[count] = n_slots
        for n in ball:
            inside[n] = False
        nodes[n_local] = n_nodes - 1
        n_local += 1
        sub_used = np.zeros(n_local, np.int64)
        sub_room = np.empty(n_local, np.int64)
        sub_price = np.empty(n_local, np.int64)
        for k in range(n_slots):
            if sub_node[k] < 0:
                sub_node[k] = n_local - 1
            sub_used[sub_node[k]] += sub_people[k]
        for n in range(n_local):
            m = nodes[n]
            sub_room[n] = room[m] - used[m] + sub_used[n]
            sub_price[n] = price[m]
            local[m] = -1
        sub_worth = np.empty((n_levels, n_slots), np.int32)
        before = np.zeros(n_levels, np.int64)
        for level in range(n_levels):
            for k in range(n_slots):
                sub_worth[level, k] = levels[level, whole_slot[k]]
                before[level] += sub_people[k] * sub_worth[level, k]
        fits = _round_here(
            rounds, sub_size[:count], sizes, sub_slot[: count + 1], sub_node[:n_slots],
            sub_household[:n_slots], sub_value[:n_slots], sub_people[:n_slots],
            sub_room[:n_local], sub_used[:n_local], sub_price[:n_local], noise,
            sub_worth, before, state,
        )  # fmt: skip
        if not fits:
            continue
        is_better, is_worse = False, False
        for level in range(n_levels):
            after = 0
            for k in range(n_slots):
                after += sub_people[k] * levels[level, whole_slot[k]]
            if after != before[level]:
                is_better = after > before[level]
                is_worse = not is_better
                break
        if is_worse:
            continue
        if load.size:
            # What people and prices do not see: load at the practices.
            for k in range(n_slots):
                change = np.int64(sub_people[k] > 0) - (people[whole_slot[k]] > 0)
                b = place[whole_slot[k]]
                if b >= 0 and change != 0:
                    heavier[b] += change * load[household[whole_slot[k]]]
            for k in range(n_slots):
                b = place[whole_slot[k]]
                if b >= 0 and heavier[b] > free_load[b]:
                    fits = False
            for k in range(n_slots):
                change = np.int64(sub_people[k] > 0) - (people[whole_slot[k]] > 0)
                b = place[whole_slot[k]]
                if b >= 0 and change != 0:
                    if fits:
                        free_load[b] -= change * load[household[whole_slot[k]]]
                    heavier[b] = 0
            if not fits:
                continue
        if is_better:
            n_better += 1
        else:
            n_equal += 1
        for k in range(n_slots):
            t = whole_slot[k]
            if people[t] != sub_people[k]:
                used[node[t]] += sub_people[k] - people[t]
                people[t] = sub_people[k]
    return n_better, n_equal


@compiled
def _evict(
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    used: NDArray[np.int64],
    price: NDArray[np.int64],
    fixed: NDArray[np.int64],
    moves: NDArray[np.bool_],
    stuck: NDArray[np.bool_],
) -> bool:
    """Send one whole household that came to a stuck practice home, at least loss."""
    best = _FAR
    who, which = -1, -1
    for h in range(slot.size - 1):
        if moves[h]:
            continue
        home = slot[h]
        for s in range(home + 1, slot[h + 1]):
            if people[s] == 0 or not stuck[node[s]]:
                continue
            loss = value[s] - price[node[s]] - value[home] + price[node[home]]
            loss = min(max(loss, 0), _FAR // 4)
            if stuck[node[home]]:
                loss += _FAR // 4
            if loss < best:
                best = loss
                who, which = h, s
    if who < 0:
        return False
    home = slot[who]
    amount = people[which]
    people[which] -= amount
    used[node[which]] -= amount
    fixed[node[which]] -= amount
    people[home] += amount
    used[node[home]] += amount
    fixed[node[home]] += amount
    return True


def round_whole(
    flow: Flow, size: NDArray[np.int32], sizes: NDArray[np.int32], seed: int
) -> None:
    """Make every household of a flow whole: large ones first, people always fit."""
    moves = np.ones(size.size, dtype=np.bool_)
    fixed = np.zeros(flow.room.size, dtype=np.int64)
    state = luck(seed)
    for size_now in sizes.tolist():
        if size_now == 1:
            break
        _make_whole(
            size_now,
            1.0,
            size,
            flow.slot,
            flow.node,
            flow.people,
            flow.used,
            flow.room,
            fixed,
            moves,
            0.0,
            state,
        )
        staying = moves & (size == size_now)
        moves &= ~staying
        there = staying[flow.household]
        fixed += np.bincount(
            flow.node[there], weights=flow.people[there], minlength=fixed.size
        ).astype(np.int64)
        flow.take_part(moves)
        while flow.settle() >= 0:
            if not _evict(
                flow.slot,
                flow.node,
                flow.value,
                flow.people,
                flow.used,
                flow.price,
                fixed,
                moves,
                flow.stuck,
            ):
                raise AssertionError("all can stay at home, so that somebody can leave")
    flow.take_part(np.ones(size.size, dtype=np.bool_))


def solve_one_size(
    flow: Flow, size: NDArray[np.int32], size_now: int, price: NDArray[np.int64]
) -> None:
    """Place all households of one size as well as possible, the others staying.

    Counted in households they are single persons: solved exactly. Quotas stay.
    """
    part = (size == size_now)[flow.household]
    units = np.where(part, flow.people // size_now, 0).astype(np.int32)
    others = np.bincount(
        flow.node, weights=np.where(part, 0, flow.people), minlength=flow.room.size
    ).astype(np.int64)
    single = flow.copy()
    single.people = units
    single.room = (flow.room - others) // size_now
    single.used = np.bincount(
        flow.node, weights=units, minlength=flow.room.size
    ).astype(np.int64)
    single.price = price.copy()
    single.take_part(size == size_now)
    single.choose_best()
    if single.settle() >= 0:
        return
    flow.people[part] = single.people[part] * size_now
    flow.used[:] = others + single.used * size_now


@compiled
def send_home_overload(
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    size: NDArray[np.int32],
    load: NDArray[np.int64],
    place: NDArray[np.int32],
    free_load: NDArray[np.int64],
) -> None:
    """Send home who came to practices with too much load or people.

    Ends: all at home fit. Quotas go with whom they let in.
    """
    is_door = np.zeros(room.size, np.bool_)
    inside = np.full(room.size, -1, np.int64)
    for h in range(size.size):
        if size[h] == 0:
            is_door[node[slot[h]]] = True
            inside[node[slot[h]]] = slot[h]
    changed = True
    while changed:
        changed = False
        for h in range(size.size):
            if size[h] == 0:
                continue
            home = slot[h]
            for s in range(home + 1, slot[h + 1]):
                if people[s] == 0:
                    continue
                b = place[s]
                if free_load[b] >= 0 and used[b] <= room[b]:
                    continue
                people[home] = people[s]
                people[s] = 0
                used[node[home]] += people[home]
                used[node[s]] -= people[home]
                free_load[b] += load[h]
                if place[home] >= 0:
                    free_load[place[home]] -= load[h]
                if is_door[node[s]]:
                    quota = inside[node[s]]
                    people[quota] += people[home]
                    people[quota + 1] -= people[home]
                    used[node[quota]] += people[home]
                    used[node[quota + 1]] -= people[home]
                changed = True
                break


@compiled
def fill_room(
    slot: NDArray[np.int64],
    node: NDArray[np.int32],
    value: NDArray[np.int64],
    people: NDArray[np.int32],
    room: NDArray[np.int64],
    used: NDArray[np.int64],
    size: NDArray[np.int32],
    load: NDArray[np.int64],
    place: NDArray[np.int32],
    free_load: NDArray[np.int64],
) -> None:
    """Let households that stay move to where people and load still fit."""
    is_door = np.zeros(room.size, np.bool_)
    for h in range(size.size):
        if size[h] == 0:
            is_door[node[slot[h]]] = True
    again = True
    while again:
        again = False
        for h in range(size.size):
            home = slot[h]
            if size[h] == 0 or people[home] == 0:
                continue
            for s in range(home + 1, slot[h + 1]):
                b = node[s]
                if (
                    is_door[b]
                    or used[b] + size[h] > room[b]
                    or free_load[place[s]] < load[h]
                    or value[s] <= 0
                ):
                    continue
                people[s] = size[h]
                people[home] = 0
                used[b] += size[h]
                used[node[home]] -= size[h]
                free_load[place[s]] -= load[h]
                if place[home] >= 0:
                    free_load[place[home]] += load[h]
                again = True
                break


def luck(seed: int) -> NDArray[np.uint64]:
    """Return the state that numbers are drawn from; never 0."""
    drawn = np.random.default_rng(seed).integers(1, 2**63, 1)
    return drawn.astype(np.uint64)


__all__ = [
    "fill_room",
    "improve",
    "luck",
    "round_whole",
    "send_home_overload",
    "solve_one_size",
]
