"""In which order do wishes come when a place goes to one of them?

Longest waiting first; who waited equally long goes by a number drawn once for each
wish. The order is that of ``result.waiting_order``, made by counting instead of
comparing, and may put the priority class before the days.
"""

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.exchange.problem import PRIORITY_CLASSES, ExchangeProblem
from wijkspil_engines.exchange.result import waiting_order

#: Above so many different days, counting no longer pays.
_MOST_BUCKETS = 2_000_000


def priority_order(
    problem: ExchangeProblem, *, seed: int, class_first: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the wishes, first served first, and the lottery number of each.

    Both (W,). With ``class_first`` a lower priority class comes before the days.
    """
    most = int(problem.waiting_days.max(initial=0))
    if (most + 1) * len(PRIORITY_CLASSES) > _MOST_BUCKETS:
        order, lottery = waiting_order(problem, seed=seed)
        if class_first:
            by_class = np.argsort(problem.priority_class[order], kind="stable")
            order = order[by_class]
        return order, lottery
    lottery = np.random.default_rng(seed).permutation(problem.n_wishes)
    bucket = most - problem.waiting_days
    if class_first:
        bucket = bucket + problem.priority_class.astype(np.int32) * np.int32(most + 1)
    n_buckets = (most + 1) * len(PRIORITY_CLASSES)
    return _by_counting(bucket, lottery, n_buckets), lottery.astype(np.int64)


@compiled
def _by_counting(
    bucket: NDArray[np.int32], lottery: NDArray[np.int64], n_buckets: int
) -> NDArray[np.int64]:
    n = bucket.size
    drawn = np.empty(n, np.int32)
    for wish in range(n):
        drawn[lottery[wish]] = wish
    start = np.zeros(n_buckets + 1, np.int64)
    for wish in range(n):
        start[bucket[wish] + 1] += 1
    for each in range(n_buckets):
        start[each + 1] += start[each]
    order = np.empty(n, np.int64)
    for number in range(n):
        wish = drawn[number]
        at = bucket[wish]
        order[start[at]] = wish
        start[at] += 1
    return order
