"""Which sites help the worst-off most: evaluation, swaps and bound, compiled.

The mean access of the worst-off share of the people is the least of q . A over the
weights q that sum to 1 and give nobody more than 1 / (share of all people) (Rockafellar
and Uryasev 2000, doi:10.21314/JOR.2000.038, on the low side). With E2SFCA, A is the sum
of what each open site brings, so for any q the p sites worth most under q bound every
choice. ``lower_ceiling`` looks for the q with the lowest bound; ``improve_worst``
skips each swap that the q of the current worst-off already rules out.

``people`` are shares of all people and sum to 1; sites are given by site: ``first``
(m + 1,), ``client`` and ``worth``, what the site adds to the access of the client.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.location.core import Floats, Ints, States
from wijkspil_engines.compiled import compiled

#: Wider shares count a little, so that swaps see a way where the worst-off have none.
_WIDER = 3.0
_WEIGHT_WIDER = 1e-3


class Sites(NamedTuple):
    """What each site brings to whom, by site."""

    first: NDArray[np.int64]
    client: Ints
    worth: Floats


@compiled
def worst_mean(access: Floats, people: Floats, share: float) -> tuple[float, float]:
    """Return the mean of the worst-off share, and the access at its edge.

    By weighted quickselect: no sorting.
    """
    value = access.copy()
    count = people.copy()
    low = 0
    high = value.size - 1
    left = share
    total = 0.0
    while low < high:
        middle = (low + high) // 2
        a = value[low]
        b = value[middle]
        c = value[high]
        pivot = max(min(a, b), min(max(a, b), c))
        below = 0.0
        worth = 0.0
        i = low
        j = low
        k = high
        # Three parts: below the pivot, equal, above.
        while j <= k:
            x = value[j]
            if x < pivot:
                below += count[j]
                worth += count[j] * x
                value[i], value[j] = value[j], value[i]
                count[i], count[j] = count[j], count[i]
                i += 1
                j += 1
            elif x > pivot:
                value[k], value[j] = value[j], value[k]
                count[k], count[j] = count[j], count[k]
                k -= 1
            else:
                j += 1
        if below >= left:
            high = i - 1
            continue
        equal = 0.0
        for e in range(i, k + 1):
            equal += count[e]
        total += worth
        left -= below
        if equal >= left or k + 1 > high:
            return (total + left * pivot) / share, pivot
        total += equal * pivot
        left -= equal
        low = k + 1
    return (total + left * value[low]) / share, value[low]


@compiled
def worst_weights(access: Floats, people: Floats, share: float) -> Floats:
    """Return weights (n,) that sum to 1, over the worst-off share of the people."""
    _, edge = worst_mean(access, people, share)
    weights = np.zeros(access.size)
    left = share
    for i in range(access.size):
        if access[i] < edge:
            weights[i] = people[i] / share
            left -= people[i]
    for i in range(access.size):
        if access[i] == edge and left > 0:
            taken = min(left, people[i])
            weights[i] = taken / share
            left -= taken
    return weights


@compiled
def sum_access(sites: Sites, is_open: NDArray[np.bool_], n: int) -> Floats:
    """Return the access (n,) that the open sites give together."""
    access = np.zeros(n)
    for j in range(is_open.size):
        if is_open[j]:
            for e in range(sites.first[j], sites.first[j + 1]):
                access[sites.client[e]] += sites.worth[e]
    return access


@compiled
def score_sites(sites: Sites, weights: Floats) -> Floats:
    """Return what each site (m,) brings under these weights of clients."""
    scores = np.zeros(sites.first.size - 1)
    for j in range(scores.size):
        for e in range(sites.first[j], sites.first[j + 1]):
            scores[j] += weights[sites.client[e]] * sites.worth[e]
    return scores


@compiled
def _value(access: Floats, people: Floats, share: float) -> float:
    narrow, _ = worst_mean(access, people, share)
    wide, _ = worst_mean(access, people, min(1.0, _WIDER * share))
    return narrow + _WEIGHT_WIDER * wide


@compiled
def _short(access: float, edge: float, wide_edge: float) -> float:
    """Return how much somebody falls short, per person, of both edges."""
    return max(edge - access, 0.0) + _WEIGHT_WIDER / _WIDER * max(
        wide_edge - access, 0.0
    )


@compiled
def _swap_by_edges(
    sites: Sites,
    people: Floats,
    share: float,
    state: States,
    is_open: NDArray[np.bool_],
    access: Floats,
    order: NDArray[np.int64],
) -> bool:
    """Make the first swap that surely helps; say whether there was one.

    The worst mean is at least what it is with the edge of now, which only the clients
    of the two sites change.
    """
    _, edge = worst_mean(access, people, share)
    _, wide_edge = worst_mean(access, people, min(1.0, _WIDER * share))
    total = 0.0
    for i in range(people.size):
        total += people[i] * _short(access[i], edge, wide_edge)
    for enters in order:
        if is_open[enters] or state[enters] != 0:
            continue
        gain = 0.0
        for e in range(sites.first[enters], sites.first[enters + 1]):
            i = sites.client[e]
            before = _short(access[i], edge, wide_edge)
            access[i] += sites.worth[e]
            gain += people[i] * (before - _short(access[i], edge, wide_edge))
        best = 1e-9 * total
        leaves = -1
        if gain > best:
            for r in range(state.size):
                if not is_open[r] or state[r] != 0:
                    continue
                left = gain
                for e in range(sites.first[r], sites.first[r + 1]):
                    i = sites.client[e]
                    left -= people[i] * (
                        _short(access[i] - sites.worth[e], edge, wide_edge)
                        - _short(access[i], edge, wide_edge)
                    )
                    if left <= best:
                        break
                if left > best:
                    best = left
                    leaves = r
        if leaves >= 0:
            is_open[enters] = True
            is_open[leaves] = False
            return True
        for e in range(sites.first[enters], sites.first[enters + 1]):
            access[sites.client[e]] -= sites.worth[e]
    return False


@compiled
def improve_worst(
    sites: Sites,
    people: Floats,
    share: float,
    state: States,
    is_open: NDArray[np.bool_],
    most_swaps: int,
    most_tried: int,
) -> float:
    """Swap while the worst-off gain; returns their mean. Changes ``is_open``."""
    n = people.size
    n_sites = state.size
    access = sum_access(sites, is_open, n)
    value = _value(access, people, share)
    for _ in range(most_swaps):
        weights = worst_weights(access, people, share)
        wide = worst_weights(access, people, min(1.0, _WIDER * share))
        for i in range(n):
            weights[i] += _WEIGHT_WIDER * wide[i]
        scores = score_sites(sites, weights)
        order = np.argsort(-scores)
        before = is_open.copy()
        if _swap_by_edges(sites, people, share, state, is_open, access, order):
            # Anew, so that rounding does not pile up.
            access = sum_access(sites, is_open, n)
            found = _value(access, people, share)
            if found > value * (1 + 1e-12):
                value = found
                continue
            is_open[:] = before
        access = sum_access(sites, is_open, n)
        tried = 0
        swapped = False
        for enters in order:
            if swapped or tried >= most_tried:
                break
            if is_open[enters] or state[enters] != 0:
                continue
            for place in range(n_sites - 1, -1, -1):
                leaves = order[place]
                if not is_open[leaves] or state[leaves] != 0:
                    continue
                # No swap gains more than its score under any weights.
                if scores[enters] - scores[leaves] <= 1e-12 * value:
                    break
                changed = access.copy()
                for e in range(sites.first[enters], sites.first[enters + 1]):
                    changed[sites.client[e]] += sites.worth[e]
                for e in range(sites.first[leaves], sites.first[leaves + 1]):
                    changed[sites.client[e]] -= sites.worth[e]
                tried += 1
                found = _value(changed, people, share)
                if found > value * (1 + 1e-12) and found > value + 1e-300:
                    is_open[enters] = True
                    is_open[leaves] = False
                    access = sum_access(sites, is_open, n)
                    value = _value(access, people, share)
                    swapped = True
                    break
                if tried >= most_tried:
                    break
        if not swapped:
            break
    mean, _ = worst_mean(access, people, share)
    return mean


@compiled
def _project(weights: Floats, people: Floats, share: float) -> None:
    """Move weights per person to the nearest that sum to 1 and stay within the most."""
    most = 1.0 / share
    low = weights.min() - most
    high = weights.max()
    for _ in range(60):
        middle = 0.5 * (low + high)
        total = 0.0
        for i in range(weights.size):
            total += people[i] * min(max(weights[i] - middle, 0.0), most)
        if total > 1.0:
            low = middle
        else:
            high = middle
    for i in range(weights.size):
        weights[i] = min(max(weights[i] - high, 0.0), most)


class Ceiling(NamedTuple):
    """The lowest bound found; ``weights`` (n,) prove it; ``share`` (m,) of rounds."""

    bound: float
    weights: Floats
    share: Floats


@compiled
def lower_ceiling(
    sites: Sites,
    people: Floats,
    share: float,
    state: States,
    n_open: int,
    best: float,
    most_rounds: int,
) -> Ceiling:
    """Look for the weights of the clients with the lowest bound."""
    n = people.size
    n_sites = state.size
    per_person = np.ones(n)
    kept = per_person.copy()
    weights = np.empty(n)
    bound = np.inf
    share_taken = np.zeros(n_sites)
    direction = np.zeros(n)
    taken = np.zeros(n_sites, np.bool_)
    factor = 1.0
    idle = 0
    for round_ in range(most_rounds):
        for i in range(n):
            weights[i] = people[i] * per_person[i]
        scores = score_sites(sites, weights)
        rank = scores.copy()
        left = n_open
        for j in range(n_sites):
            taken[j] = state[j] == 1
            if state[j] == 1:
                left -= 1
            if state[j] != 0:
                rank[j] = -1.0
        order = np.argsort(-rank)
        for k in range(left):
            taken[order[k]] = True
        value = 0.0
        for j in range(n_sites):
            if taken[j]:
                value += scores[j]
        # The weights sum to 1 but for rounding.
        value /= weights.sum()
        if value < bound:
            idle = idle + 1 if value > bound - 1e-4 * (bound - best) else 0
            bound = value
            kept[:] = per_person
        else:
            idle += 1
        if bound <= best * (1 + 1e-9):
            break
        if idle >= 20:
            idle = 0
            factor *= 0.6
            if factor < 0.005:
                break
            per_person[:] = kept
        fresh = 1.0 if round_ == 0 else 0.25
        access = sum_access(sites, taken, n)
        mean = 0.0
        for i in range(n):
            direction[i] += fresh * (access[i] - direction[i])
            mean += people[i] * direction[i]
        length = 0.0
        for i in range(n):
            length += people[i] * (direction[i] - mean) ** 2
        for j in range(n_sites):
            share_taken[j] += fresh * (taken[j] - share_taken[j])
        if length <= 0.0:
            break
        size = factor * (value - 0.999 * best) / length
        for i in range(n):
            per_person[i] -= size * direction[i]
        _project(per_person, people, share)
    return Ceiling(bound, kept * people / (kept * people).sum(), share_taken)


@compiled
def balanced_access(
    sites: Sites, supply: Floats, is_open: NDArray[np.bool_], people: Floats
) -> Floats:
    """Return supply per person (n,) when people divide over the open sites in reach.

    ``worth`` holds the weights of distance here.
    """
    n = people.size
    reach = sum_access(sites, is_open, n)
    access = np.zeros(n)
    for j in range(is_open.size):
        if not is_open[j]:
            continue
        load = 0.0
        for e in range(sites.first[j], sites.first[j + 1]):
            i = sites.client[e]
            if reach[i] > 0:
                load += people[i] * sites.worth[e] / reach[i]
        if load <= 0.0:
            continue
        for e in range(sites.first[j], sites.first[j + 1]):
            i = sites.client[e]
            if reach[i] > 0:
                access[i] += supply[j] / load * sites.worth[e] / reach[i]
    return access


@compiled
def unequal(access: Floats, people: Floats) -> float:
    """Return the Gini coefficient; 0 when nobody has anything."""
    order = np.argsort(access)
    total = 0.0
    apart = 0.0
    before = 0.0
    for i in order:
        total += people[i] * access[i]
        apart += people[i] * access[i] * (2 * before + people[i] - 1.0)
        before += people[i]
    return apart / total if total > 0 else 0.0


@compiled
def value_of(
    sites: Sites,
    supply: Floats,
    is_open: NDArray[np.bool_],
    people: Floats,
    share: float,
    is_balanced: bool,
    is_gini: bool,
) -> float:
    """Return what a choice is worth to any measure and objective, more is better."""
    if is_balanced:
        access = balanced_access(sites, supply, is_open, people)
    else:
        access = sum_access(sites, is_open, people.size)
    if is_gini:
        if access.max() == 0.0:
            return -1.0
        return -unequal(access, people)
    return _value(access, people, share)


@compiled
def improve_any(
    sites: Sites,
    supply: Floats,
    people: Floats,
    share: float,
    is_balanced: bool,
    is_gini: bool,
    state: States,
    is_open: NDArray[np.bool_],
    order: NDArray[np.int64],
    most_tried: int,
) -> float:
    """Swap, the first gain first, in this order of entering sites; returns the value.

    Ends after a round without a gain, or ``most_tried`` evaluations.
    """
    value = value_of(sites, supply, is_open, people, share, is_balanced, is_gini)
    tried = 0
    gained = True
    while gained:
        gained = False
        for enters in order:
            if is_open[enters] or state[enters] != 0:
                continue
            for leaves in range(state.size):
                if not is_open[leaves] or state[leaves] != 0:
                    continue
                if tried >= most_tried:
                    return value
                tried += 1
                is_open[enters] = True
                is_open[leaves] = False
                found = value_of(
                    sites, supply, is_open, people, share, is_balanced, is_gini
                )
                if found > value + 1e-12 * abs(value):
                    value = found
                    gained = True
                    break
                is_open[enters] = False
                is_open[leaves] = True
    return value
