"""What can no assignment exceed? The linear relaxation, then patterns.

Patterns (sets of clients that fit in a team together) are made by column generation.
For any prices of the requests, the sum of the prices plus the best pattern of each
team is a bound that holds. Prices stay in a box around the best so far.

Source: M. Savelsbergh, A branch-and-price algorithm for the generalized assignment
problem, Operations Research 45 (1997), doi:10.1287/opre.45.6.831; box:
O. du Merle et al., Stabilized column generation, Discrete Mathematics 194 (1999),
doi:10.1016/S0012-365X(98)00213-1. Linear programs: HiGHS.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.assign import Pairs
from wijkspil_engines.routing.linear import (
    INFINITY,
    TeamPrices,
    quiet,
    solve_relaxation,
)
from wijkspil_engines.routing.patterns import Pattern, find_patterns

_WHOLE = 1e-6
#: Width of the box around the prices of the requests, as a share of what a pair is
#: usually worth: first, how it shrinks, smallest.
_BOX, _BOX_SHRINK, _BOX_SMALLEST = 0.005, 0.8, 0.0005
#: How far the prices stay at the best so far, 0 to 1 (Wentges smoothing).
_SMOOTH = 0.5
#: Rounds in a row that lower the bound by less than this share are enough.
_STALLED, _LITTLE = 6, 1e-5
#: A round with fewer new patterns has seen what the box allows.
_FEW = 8


class _Stage(NamedTuple):
    """From which share of the time on, and states in the knapsack of each team."""

    share: float
    width: int


#: Short lists find good prices soon; long ones then prove what these are worth.
_STAGES = (_Stage(0.0, 300), _Stage(0.5, 3_000), _Stage(0.75, 20_000))


class Bounding:
    """The best bound so far and the patterns that prove it."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._pool: list[Pattern] = []
        self._seen: set[tuple[int, bytes]] = set()
        self.bound = 0.0
        #: (n_pairs,) what choosing each pair adds to the relaxation, 0 or less.
        self.reduced = np.zeros(pairs.n)

    def relax(self) -> NDArray[np.int64] | None:
        """Solve the linear relaxation; the assignment (pairs) if that is whole."""
        pairs = self._pairs
        if pairs.n == 0:
            return np.full(pairs.n_requests, -1)
        self.bound, self._prices, self._room_price, shares = solve_relaxation(pairs)
        self.reduced = pairs.value - self._prices[pairs.request]
        self.reduced -= (self._room_price[pairs.team] * pairs.use).sum(1)
        whole = shares > 1 - _WHOLE
        if not (whole | (shares < _WHOLE)).all():
            return None
        chosen = np.full(pairs.n_requests, -1)
        hit = np.flatnonzero(whole)
        chosen[pairs.request[hit]] = hit
        return chosen

    def add_assignment(self, chosen: NDArray[np.int64]) -> None:
        """Add the patterns of an assignment (pairs by request, or -1)."""
        placed = chosen[chosen >= 0]
        team = self._pairs.team[placed]
        self._add([Pattern(int(j), placed[team == j]) for j in np.unique(team)])

    def generate(
        self,
        max_rounds: int,
        is_over: Callable[[], bool],
        spent: Callable[[], float] | None = None,
    ) -> None:
        """Lower the bound round by round, after ``relax``.

        ``spent`` gives the share of the time that is over, 0 to 1; without it the
        rounds count.
        """
        pairs = self._pairs
        master, team_prices = _Master(pairs), TeamPrices(pairs)
        prices = center = self._prices
        room_price = self._room_price
        usual = float(pairs.value.mean())
        box, smooth, stage, n_stalled = _BOX * usual, _SMOOTH, 0, 0
        lowest = np.inf
        for round_ in range(max_rounds):
            if is_over():
                return
            share = round_ / max_rounds if spent is None else spent()
            is_last = stage + 1 == len(_STAGES)
            if n_stalled >= _STALLED and is_last:
                return
            if not is_last and (
                n_stalled >= _STALLED or share >= _STAGES[stage + 1].share
            ):
                # Longer lists: first prove what the prices so far are worth.
                stage, n_stalled, lowest = stage + 1, 0, np.inf
                prices = center
            elif round_:
                master.set_box(center, box)
                master.add(self._pool)
                prices = smooth * center + (1 - smooth) * master.solve()
                if is_over():
                    return
            profit = pairs.value - prices[pairs.request]
            if round_:
                room_price = team_prices.find(profit)
            upper, value, found = find_patterns(
                pairs,
                profit,
                room_price,
                self._best_known(profit),
                width=_STAGES[stage].width,
                is_over=is_over,
            )
            self.bound = min(self.bound, float(prices.sum() + upper.sum()))
            # Bounds of short lists are loose: what is found then says more.
            guess = float(prices.sum() + (upper if stage else value).sum())
            n_stalled = 0 if lowest - guess > _LITTLE * guess else n_stalled + 1
            if guess < lowest:
                lowest, center = guess, prices
            n_new = self._add(found)
            if n_new < _FEW and round_:
                box = max(box * _BOX_SHRINK, _BOX_SMALLEST * usual)
            # Nothing new on the way to the master's prices: go all the way once.
            smooth = _SMOOTH if n_new else 0.0

    def _add(self, patterns: list[Pattern]) -> int:
        """Add patterns that are new; return how many."""
        n_before = len(self._pool)
        for pattern in patterns:
            key = (pattern.team, np.sort(pattern.pairs).tobytes())
            if key not in self._seen:
                self._seen.add(key)
                self._pool.append(pattern)
        return len(self._pool) - n_before

    def _best_known(self, profit: NDArray[np.float64]) -> dict[int, Pattern]:
        """Return the pattern of each team with the highest profit."""
        if not self._pool:
            return {}
        sizes = [len(pattern.pairs) for pattern in self._pool]
        owner = np.repeat(np.arange(len(sizes)), sizes)
        flat = np.concatenate([pattern.pairs for pattern in self._pool])
        totals = np.bincount(owner, np.maximum(profit[flat], 0.0), len(sizes))
        # The last of each team in this order is its best.
        order = np.argsort(totals, kind="stable").tolist()
        return {self._pool[k].team: self._pool[k] for k in order}


class _Master:
    """The linear program over patterns, with a box around the request prices."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._n_added = 0
        n, none = pairs.n_requests, np.empty(0, np.int32)
        rows = n + pairs.n_teams
        self._model = quiet()
        # Columns come and costs change: the primal simplex goes on from there.
        self._model.setOptionValue("simplex_strategy", 4)
        self._model.addRows(
            rows, np.full(rows, -INFINITY), np.ones(rows), 0, none, none, np.empty(0)
        )
        for sign in (1.0, -1.0):
            for i in range(n):
                self._model.addCol(
                    0.0, 0.0, INFINITY, 1, np.array([i], np.int32), np.array([sign])
                )
        self.shares: NDArray[np.float64] = np.empty(0)

    def set_box(self, center: NDArray[np.float64], width: float) -> None:
        """Keep the price of each request within ``width`` of its center."""
        count = 2 * self._pairs.n_requests
        low, high = np.maximum(center - width, 0.0), center + width
        self._model.changeColsCost(
            count, np.arange(count, dtype=np.int32), np.concatenate((-low, high))
        )

    def add(self, pool: list[Pattern]) -> None:
        """Add the patterns that came since the last call."""
        pairs = self._pairs
        for pattern in pool[self._n_added :]:
            row = np.append(
                pairs.request[pattern.pairs], pairs.n_requests + pattern.team
            ).astype(np.int32)
            value = pairs.value[pattern.pairs].sum()
            self._model.addCol(-value, 0.0, INFINITY, row.size, row, np.ones(row.size))
        self._n_added = len(pool)

    def solve(self) -> NDArray[np.float64]:
        """Return the prices of the requests, (n_requests,), 0 or more."""
        self._model.run()
        solution = self._model.getSolution()
        n = self._pairs.n_requests
        self.shares = np.array(solution.col_value)[2 * n :]
        dual = -np.array(solution.row_dual)[:n]
        price: NDArray[np.float64] = np.maximum(dual, 0.0)
        return price
