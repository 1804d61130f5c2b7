"""Which set of clients is best for each team, given what each client is worth?

The search itself is in ``knapsack``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.assign import Pairs
from wijkspil_engines.routing.knapsack import fill_all

_TINY = 1e-6
#: Teams between two looks at the clock, and the list when the time is over.
_TEAMS_AT_ONCE, _SHORT = 4, 100


@dataclass(frozen=True, eq=False)
class Pattern:
    """Pairs of one team that fit in its room together."""

    team: int
    pairs: NDArray[np.int64]


def find_patterns(
    pairs: Pairs,
    profit: NDArray[np.float64],
    price: NDArray[np.float64],
    known: dict[int, Pattern],
    *,
    width: int,
    is_over: Callable[[], bool] = lambda: False,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Pattern]]:
    """Return for each team an upper bound of the profit, and better patterns.

    Parameters
    ----------
    profit
        (n_pairs,) what each pair is worth now; 0 or below is never chosen.
    price
        (n_teams, 6) price of each kind of room, 0 or more; any price gives a valid
        bound, the dual prices of the linear relaxation a good one.
    known
        For teams with one: the best pattern that is already known.
    width
        Longest list of states in the search for a team; above it bounds are looser.
    is_over
        Asked before each team; once true, the others get a short list.

    Returns
    -------
    upper, value, patterns
        (n_teams,) bounds, (n_teams,) the highest profit known, and a pattern for each
        team that beats what was known.
    """
    order = np.argsort(pairs.team, kind="stable")
    first = np.searchsorted(pairs.team[order], np.arange(pairs.n_teams + 1))
    taken = np.zeros(pairs.n, np.bool_)
    before = np.zeros(pairs.n_teams)
    for team, pattern in known.items():
        taken[pattern.pairs] = True
        before[team] = profit[pattern.pairs].sum()
    upper, value = np.zeros(pairs.n_teams), np.zeros(pairs.n_teams)
    for start in range(0, pairs.n_teams, _TEAMS_AT_ONCE):
        fill_all(
            order, first, profit, pairs.use, pairs.room, price, taken, upper, value,
            min(width, _SHORT) if is_over() else width,
            start, min(start + _TEAMS_AT_ONCE, pairs.n_teams),
        )  # fmt: skip
    patterns = []
    for team in np.flatnonzero(value > before + _TINY).tolist():
        own = order[first[team] : first[team + 1]]
        patterns.append(Pattern(team, own[taken[own]]))
    return upper, value, patterns
