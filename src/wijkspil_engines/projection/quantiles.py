"""What are the quantiles of all runs, when not all runs of all areas fit in memory?

Areas stream, runs do not: a block of areas holds all its runs, gives its exact
quantiles and is forgotten. So no sketch and no error: the quantiles are those of
``numpy.quantile`` (linear, type 7 of Hyndman and Fan 1996, doi:10.2307/2684934), and
memory is that of the weights and one block per worker, whatever the number of areas.
No quantile depends on how areas are spread over blocks or workers.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Numbers in a block: 8 MB, of which the cache of a core holds a good part.
BLOCK_NUMBERS = 2**20


def areas_in_block(n_years: int, n_runs: int) -> int:
    """Return how many areas are taken together; depends on the problem only."""
    return max(1, min(256, BLOCK_NUMBERS // (n_years * (n_runs + 1))))


def take_quantiles(
    values: NDArray[np.float64], shares: Sequence[float]
) -> NDArray[np.float64]:
    """Return (q, ...) quantiles over the last axis; sorts ``values`` in place.

    NaN without any value.
    """
    size = values.shape[-1]
    out = np.full((len(shares), *values.shape[:-1]), np.nan)
    if size == 0:
        return out
    values.sort(axis=-1)
    for row, share in enumerate(shares):
        place = (size - 1) * share
        low = math.floor(place)
        high = min(low + 1, size - 1)
        step = values[..., high] - values[..., low]
        out[row] = values[..., low] + (place - low) * step
    return out
