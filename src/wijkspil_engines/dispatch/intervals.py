"""How sure is a chance that was counted over nights?

Calls of one night depend on each other, nights do not: the night is the unit.
"""

import math

import numpy as np
from numpy.typing import NDArray

#: 97.5 % point of the normal distribution.
Z_95 = 1.959963984540054


def chance_interval(
    hits: float, calls: float, squares: float, n_nights: int
) -> tuple[float, float, float]:
    """Return a ratio of sums over nights and its 95 % interval.

    The spread of the ratio by linearization over nights gives the number of
    independent calls that would be as uncertain (never more than there were calls);
    the interval is that of Wilson (1927, doi:10.1080/01621459.1927.10502953) for that
    number, so that 0 and 1 get an honest interval too.

    Parameters
    ----------
    squares
        Sum over nights of (hits - chance x calls)², with chance the ratio.
    """
    if calls <= 0:
        return math.nan, math.nan, math.nan
    chance = hits / calls
    n = float(calls)
    if n_nights > 1 and squares > 0:
        variance = squares / calls**2 * n_nights / (n_nights - 1)
        n = min(n, chance * (1 - chance) / variance)
    z2 = Z_95**2
    middle = (chance + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n)
    half *= math.sqrt(chance * (1 - chance) / n + z2 / (4 * n * n))
    # Rounding must not put the chance itself outside.
    low, high = min(middle - half, chance), max(middle + half, chance)
    return chance, max(low, 0.0), min(high, 1.0)


def paired_interval(
    gained: NDArray[np.int64], calls: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Return the difference of two chances on the same calls and its 95 % interval.

    ``gained`` (n_nights,) hits of the one minus hits of the other. Normal, by
    linearization over nights.
    """
    total, n_nights = float(calls.sum()), calls.size
    if total <= 0:
        return math.nan, math.nan, math.nan
    gain = float(gained.sum()) / total
    if n_nights < 2:
        return gain, -1.0, 1.0
    spread = float(((gained - gain * calls) ** 2).sum()) / total**2
    half = Z_95 * math.sqrt(spread * n_nights / (n_nights - 1))
    return gain, max(gain - half, -1.0), min(gain + half, 1.0)
