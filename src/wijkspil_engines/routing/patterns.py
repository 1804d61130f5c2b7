"""Which set of clients is best for one team, given what each client is worth?

A knapsack with up to five kinds of room, by dynamic programming over quarters of an
hour. Kinds of room that would make the table too large are priced instead
(Lagrangian relaxation): the bound then still holds and the set is repaired.

Source: S. Martello, P. Toth, Knapsack Problems, Wiley 1990, chapters 2 and 7.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.assign import N_ROOM, Pairs

#: Units of an hour in the table.
_PER_HOUR = 4
_SCALE = np.array([1.0] + [_PER_HOUR] * (N_ROOM - 1))
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Pattern:
    """Pairs of one team that fit in its room together."""

    team: int
    pairs: NDArray[np.intp]


def find_patterns(
    pairs: Pairs,
    profit: NDArray[np.float64],
    price: NDArray[np.float64],
    known: NDArray[np.float64],
    *,
    max_cells: int,
) -> tuple[NDArray[np.float64], list[Pattern]]:
    """Return for each team an upper bound of the profit, and better patterns.

    Parameters
    ----------
    profit
        (n_pairs,) what each pair is worth now; below 0 is never chosen.
    price
        (n_teams, 5) price of each kind of room, 0 or more; any price gives a valid
        bound, the dual prices of the linear relaxation a good one.
    known
        (n_teams,) profit that is already known to be reachable.
    max_cells
        Largest table; above it a kind of room is priced.

    Returns
    -------
    upper, patterns
        (n_teams,) bounds, and a pattern for each team that beats ``known``.
    """
    reduced = profit - (price[pairs.team] * pairs.use).sum(1)
    linear = (price * pairs.room).sum(1) + np.bincount(
        pairs.team, np.maximum(reduced, 0.0), pairs.n_teams
    )
    upper = np.minimum(linear, np.maximum(known, 0.0))
    patterns = []
    for j in np.flatnonzero(linear > known + _TINY).tolist():
        slack = linear[j] - known[j]
        own = pairs.of_team[j]
        own = own[(profit[own] > _TINY) & (reduced[own] > -slack)]
        best, chosen = _fill(
            profit[own],
            pairs.use[own],
            pairs.room[j],
            price[j],
            must=reduced[own] > slack,
            max_cells=max_cells,
        )
        upper[j] = min(linear[j], max(best, known[j]))
        if profit[own[chosen]].sum() > known[j] + _TINY:
            patterns.append(Pattern(j, own[chosen]))
    return upper, patterns


def _fill(
    profit: NDArray[np.float64],
    use: NDArray[np.float64],
    room: NDArray[np.float64],
    price: NDArray[np.float64],
    *,
    must: NDArray[np.bool_],
    max_cells: int,
) -> tuple[float, NDArray[np.intp]]:
    """Return an upper bound of the profit and the indices of a set that fits.

    Pairs that ``must`` be in are in every set that is worth knowing.
    """
    if (use[must].sum(0) > room + _TINY).any():
        return -np.inf, np.empty(0, np.intp)
    # Floors on both sides: no set that fits is lost, also with odd hours.
    units = np.floor(use * _SCALE + _TINY).astype(np.int64)
    free = np.floor(room * _SCALE + _TINY).astype(np.int64) - units[must].sum(0)
    free = np.maximum(free, 0)
    base = float(profit[must].sum())
    index = np.flatnonzero(~must & (units <= free).all(1))
    units = units[index]
    kept: list[int] = []
    cells = 1
    binding: list[int] = np.flatnonzero(units.sum(0) > free).tolist()
    for kind in sorted(binding, key=lambda kind: int(free[kind])):
        if cells * (free[kind] + 1) <= max_cells:
            kept.append(kind)
            cells *= int(free[kind]) + 1
    worth = profit[index].copy()
    for kind in set(binding) - set(kept):
        worth -= price[kind] / _SCALE[kind] * units[:, kind]
        base += float(price[kind] / _SCALE[kind] * free[kind])
    useful = worth > _TINY
    index, worth, units = index[useful], worth[useful], units[useful][:, kept]
    total, chosen = _run_table(worth, units, free[kept])
    picked = np.concatenate((np.flatnonzero(must), index[chosen]))
    return base + total, _repair(picked, profit, use, room)


def _run_table(
    worth: NDArray[np.float64], units: NDArray[np.int64], free: NDArray[np.int64]
) -> tuple[float, list[int]]:
    """Solve the knapsack exactly; every row of ``units`` fits alone."""
    if not len(free):
        return float(worth.sum()), list(range(len(worth)))
    table = np.zeros(tuple(free + 1))
    takes: list[NDArray[np.bool_]] = []
    rows = units.tolist()
    for value, row in zip(worth.tolist(), rows, strict=True):
        target = table[tuple(slice(u, None) for u in row)]
        source = table[
            tuple(slice(0, size - u) for u, size in zip(row, table.shape, strict=True))
        ]
        with_it: NDArray[Any] = source + value
        takes.append(with_it > target)
        np.maximum(target, with_it, out=target)
    chosen = []
    place = free.copy()
    for k in range(len(rows) - 1, -1, -1):
        offset = place - units[k]
        if (offset >= 0).all() and takes[k][tuple(offset)]:
            chosen.append(k)
            place = offset
    return float(table[tuple(free)]), chosen


def _repair(
    picked: NDArray[np.intp],
    profit: NDArray[np.float64],
    use: NDArray[np.float64],
    room: NDArray[np.float64],
) -> NDArray[np.intp]:
    """Drop the least profitable until the set fits in every kind of room."""
    excess = use[picked].sum(0) - room > _TINY
    while excess.any():
        cost = profit[picked] / np.maximum(use[picked][:, excess].sum(1), _TINY)
        picked = np.delete(picked, int(np.argmin(cost)))
        excess = use[picked].sum(0) - room > _TINY
    return picked
