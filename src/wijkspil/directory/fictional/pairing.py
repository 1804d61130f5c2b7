"""Which places lie next to each other, and which wijken share an alliance."""

from collections.abc import Iterator

import numpy as np

from wijkspil.directory.fictional.hexmap import Floats, Ints

#: A wijk with fewer people looks for a partner, up to so many together.
SMALL_WIJK, LARGEST_PAIR = 6_000, 10_000


def nearest(points: Floats, targets: Floats, count: int) -> Ints:
    """Return per point the numbers of the nearest targets, nearest first."""
    count = min(count, len(targets))
    found = np.empty((len(points), count), dtype=np.int64)
    block = max(1, 4_000_000 // len(targets))
    norm = (targets**2).sum(axis=1)
    for start in range(0, len(points), block):
        part = points[start : start + block]
        distance = norm - 2 * part @ targets.T
        some = np.argpartition(distance, count - 1, axis=1)[:, :count]
        order = np.argsort(
            np.take_along_axis(distance, some, axis=1), axis=1, kind="stable"
        )
        found[start : start + block] = np.take_along_axis(some, order, axis=1)
    return found


def pair_wijken(*, near: Ints, people: Floats, gemeente: Ints) -> Iterator[list[int]]:
    """Yield groups of one or two wijken: small ones with a neighbour of their gemeente.

    ``near`` (n_wijken, k) are the nearest wijken of each. Every wijk is in one group.
    """
    free = np.ones(len(people), dtype=bool)
    for wijk in np.argsort(gemeente, kind="stable").tolist():
        if not free[wijk]:
            continue
        free[wijk] = False
        group = [wijk]
        if people[wijk] < SMALL_WIJK:
            for other in near[wijk].tolist():
                if (
                    free[other]
                    and gemeente[other] == gemeente[wijk]
                    and people[wijk] + people[other] < LARGEST_PAIR
                ):
                    free[other] = False
                    group.append(other)
                    break
        yield group
