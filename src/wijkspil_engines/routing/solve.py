"""What is the best assignment of all open requests together, and how sure is that?

Maximize the value of the chosen pairs; each request at most one team; per team the
clients and the hours of each part of the day fit. Steps:

1. Place one by one (``assign.place_one_by_one``): the result never falls below it.
2. The linear relaxation gives a bound and prices. If it is whole, it is the optimum.
3. Patterns (sets of clients that fit in a team together) are made by column
   generation; prices stay in a box around the best found. Every round gives a bound
   that holds: the prices of the requests plus the best pattern of each team.
4. Whole solutions: the patterns of the master, completed by choosing anew for one
   team at a time against the value its clients have elsewhere.

Source: M. Savelsbergh, A branch-and-price algorithm for the generalized assignment
problem, Operations Research 45 (1997), doi:10.1287/opre.45.6.831; box:
O. du Merle et al., Stabilized column generation, Discrete Mathematics 194 (1999),
doi:10.1016/S0012-365X(98)00213-1. Linear programs: HiGHS.
"""

import time
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.assign import (
    N_ROOM,
    Pairs,
    list_pairs,
    place_one_by_one,
)
from wijkspil_engines.routing.patterns import Pattern, find_patterns
from wijkspil_engines.routing.problem import AssignmentProblem, Params, Result

_INFINITY = highspy.kHighsInf
_WHOLE = 1e-6
#: Cells of the tables: for bounds, and for improving a whole solution.
_CELLS, _CELLS_IMPROVING = 15_000, 5_000
#: Width of the box around the prices of the requests, in value: first, smallest.
_BOX, _BOX_SHRINK, _BOX_SMALLEST = 50.0, 0.5, 1.0
#: How far the prices stay at the best so far, 0 to 1 (Wentges smoothing).
_SMOOTH = 0.85
#: Rounds in a row that lower the bound by less than this share end the patterns.
_STALLED, _LITTLE = 6, 1e-5
#: Teams chosen anew together, nodes for each try, and tries in place of a round.
_NEIGHBORS, _NODES, _TRIES = 6, 60, 2
#: A round with fewer new patterns has seen what the box allows.
_FEW = 8
_ROUNDS_PER_ROUNDING = 4


def solve(
    problem: AssignmentProblem,
    *,
    params: Params | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Result:
    """Place all requests together; never worse than one by one.

    Parameters
    ----------
    time_limit_s
        Seconds after which the best so far is returned (``timed_out``). With None
        the search ends after ``params.max_rounds`` and is the same on every machine.
    """
    started = time.perf_counter()
    params = params or Params()
    deadline = np.inf if time_limit_s is None else started + time_limit_s
    pairs = list_pairs(problem, params)
    greedy = pairs.from_assignment(place_one_by_one(problem))
    search = _Search(pairs, greedy, deadline, np.random.default_rng(seed), params.gap)
    search.run(params.max_rounds)
    chosen = search.best
    placed = chosen[chosen >= 0]
    if search.is_closed(1e-9):
        status = "optimal"
    elif time.perf_counter() >= deadline:
        status = "timed_out"
    else:
        status = "feasible"
    assignment = pairs.to_assignment(chosen)
    before = pairs.to_assignment(greedy)
    assignment.flags.writeable = before.flags.writeable = False
    value = pairs.total(chosen)
    return Result(
        status=status,  # type: ignore[arg-type]
        assignment=assignment,
        value=value,
        bound=max(search.bound, value),
        terms={
            "placed": float(placed.size),
            "placed_weighted": float(pairs.placing[placed].sum()),
            "score": float(pairs.score[placed].sum()),
        },
        greedy_value=pairs.total(greedy),
        greedy_placed=int((greedy >= 0).sum()),
        greedy_assignment=before,
        runtime_s=time.perf_counter() - started,
        seed=seed,
        params=params,
        input_hash=problem.input_hash,
    )


@dataclass(eq=False)
class _Search:
    """The state of one search: the best whole solution and the best bound."""

    pairs: Pairs
    best: NDArray[np.int64]
    deadline: float
    rng: np.random.Generator
    gap: float
    bound: float = np.inf
    pool: list[Pattern] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.n_placed_least = int((self.best >= 0).sum())
        self.seen: set[tuple[int, bytes]] = set()

    def is_closed(self, gap: float) -> bool:
        """Say whether value and bound differ by no more than this share."""
        missing = self.bound - self.pairs.total(self.best)
        return bool(missing <= max(gap * abs(self.bound), _WHOLE))

    def is_over(self) -> bool:
        """Say whether there is no time or no need to look further."""
        return time.perf_counter() >= self.deadline or self.is_closed(self.gap)

    def run(self, max_rounds: int) -> None:
        """Search until closed, out of time or out of rounds."""
        pairs = self.pairs
        if pairs.n == 0:
            self.bound = 0.0
            return
        self.bound, prices, room_price, shares = _solve_relaxation(pairs)
        whole = shares > 1 - _WHOLE
        if (whole | (shares < _WHOLE)).all():
            self.offer(_as_chosen(pairs, np.flatnonzero(whole)))
            if self.is_closed(1e-9):
                return
        self.teams_lp = _TeamPrices(pairs)
        self.improve(self.best.copy())
        start = np.full(pairs.n_requests, -1)
        order = np.argsort(-shares, kind="stable")
        start = self.complete(order[shares[order] > 0.5], start)
        self.improve(start)
        n_rounds = self.generate(prices, room_price, max_rounds)
        for _ in range(_TRIES * (max_rounds - n_rounds)):
            if self.is_over():
                return
            self.exchange_neighbors()

    def offer(self, chosen: NDArray[np.int64]) -> None:
        """Keep a whole solution if it is better and places enough requests."""
        if (chosen >= 0).sum() >= self.n_placed_least and self.pairs.total(
            chosen
        ) > self.pairs.total(self.best):
            self.best = chosen.copy()

    def complete(
        self, candidates: NDArray[np.intp], chosen: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Choose the candidate pairs one after the other as far as they fit."""
        pairs = self.pairs
        left = pairs.room.copy()
        for pair in chosen[chosen >= 0]:
            left[pairs.team[pair]] -= pairs.use[pair]
        for pair in candidates:
            team = pairs.team[pair]
            if (
                chosen[pairs.request[pair]] < 0
                and (pairs.use[pair] <= left[team] + _WHOLE).all()
            ):
                chosen[pairs.request[pair]] = pair
                left[team] -= pairs.use[pair]
        return chosen

    def improve(self, chosen: NDArray[np.int64]) -> None:
        """Choose anew for one team at a time until nothing gets better."""
        pairs = self.pairs
        while time.perf_counter() < self.deadline:
            now = np.where(chosen >= 0, pairs.value[chosen], 0.0)
            own = np.where(chosen >= 0, pairs.team[chosen], -1)
            is_own = own[pairs.request] == pairs.team
            profit = pairs.value - np.where(is_own, 0.0, now[pairs.request])
            known = np.bincount(own[own >= 0], now[own >= 0], pairs.n_teams).astype(
                np.float64
            )
            price = self.teams_lp.find(profit)
            _, found = find_patterns(
                pairs, profit, price, known, max_cells=_CELLS_IMPROVING
            )
            gains = [profit[p.pairs].sum() - known[p.team] for p in found]
            changed = False
            for k in np.argsort(-np.array(gains), kind="stable"):
                changed |= self._exchange(chosen, found[k])
            if not changed:
                break
        self.offer(chosen)
        self.add(self._patterns_of(chosen))

    def _exchange(self, chosen: NDArray[np.int64], pattern: Pattern) -> bool:
        """Give a team this pattern if that is a gain as things are now."""
        pairs = self.pairs
        wanted = pairs.request[pattern.pairs]
        own = np.flatnonzero(
            np.where(chosen >= 0, pairs.team[chosen], -1) == pattern.team
        )
        lost = np.union1d(wanted, own)
        lost = lost[chosen[lost] >= 0]
        gain = pairs.value[pattern.pairs].sum() - pairs.value[chosen[lost]].sum()
        if gain <= _WHOLE:
            return False
        chosen[own] = -1
        chosen[wanted] = pattern.pairs
        return True

    def _patterns_of(self, chosen: NDArray[np.int64]) -> list[Pattern]:
        placed = chosen[chosen >= 0]
        team = self.pairs.team[placed]
        return [Pattern(int(j), placed[team == j]) for j in np.unique(team)]

    def add(self, patterns: list[Pattern]) -> int:
        """Add patterns that are new; return how many."""
        n_before = len(self.pool)
        for pattern in patterns:
            key = (pattern.team, np.sort(pattern.pairs).tobytes())
            if key not in self.seen:
                self.seen.add(key)
                self.pool.append(pattern)
        return len(self.pool) - n_before

    def best_known(self, profit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the best profit of each team among the patterns, (n_teams,)."""
        best = np.zeros(self.pairs.n_teams)
        if not self.pool:
            return best
        sizes = [len(pattern.pairs) for pattern in self.pool]
        owner = np.repeat(np.arange(len(sizes)), sizes)
        flat = np.concatenate([pattern.pairs for pattern in self.pool])
        totals = np.bincount(owner, profit[flat], len(sizes))
        np.maximum.at(best, [pattern.team for pattern in self.pool], totals)
        return best

    def generate(
        self,
        prices: NDArray[np.float64],
        room_price: NDArray[np.float64],
        max_rounds: int,
    ) -> int:
        """Generate patterns; each round may lower the bound and raise the value.

        Returns the number of rounds used: fewer when the bound hardly moves.
        """
        pairs = self.pairs
        master = _Master(pairs)
        center, box, smooth, n_stalled = prices, _BOX, _SMOOTH, 0
        for round_ in range(max_rounds):
            if self.is_over() or n_stalled >= _STALLED:
                return round_
            if round_:
                master.set_box(center, box)
                master.add(self.pool)
                prices = smooth * center + (1 - smooth) * master.solve()
                profit = pairs.value - prices[pairs.request]
                room_price = self.teams_lp.find(profit)
            profit = pairs.value - prices[pairs.request]
            upper, found = find_patterns(
                pairs, profit, room_price, self.best_known(profit), max_cells=_CELLS
            )
            bound = float(prices.sum() + upper.sum())
            gained = self.bound - bound
            n_stalled = 0 if gained > _LITTLE * self.bound else n_stalled + 1
            if gained > 0:
                self.bound, center = bound, prices
            n_new = self.add(found)
            if n_new < _FEW and round_:
                box = max(box * _BOX_SHRINK, _BOX_SMALLEST)
            # Nothing new on the way to the master's prices: go all the way once.
            smooth = _SMOOTH if n_new else 0.0
            if round_ % _ROUNDS_PER_ROUNDING == _ROUNDS_PER_ROUNDING - 1:
                self.round(master.shares)
        return max_rounds

    def exchange_neighbors(self) -> None:
        """Choose anew for a few teams that could take each other's clients."""
        pairs, chosen = self.pairs, self.best
        own = np.where(chosen >= 0, pairs.team[chosen], -1)
        first = int(self.rng.choice(pairs.team))
        of_first = pairs.request[pairs.of_team[first]]
        rivals = np.bincount(
            pairs.team[np.isin(pairs.request, of_first)], minlength=pairs.n_teams
        )
        odds = rivals / rivals.sum()
        odds[first] += 10.0
        n_teams = min(_NEIGHBORS, int((odds > 0).sum()))
        teams = self.rng.choice(
            pairs.n_teams, n_teams, replace=False, p=odds / odds.sum()
        )
        is_chosen = np.isin(pairs.team, teams)
        is_free = np.isin(own[pairs.request], [-1, *teams])
        index = np.flatnonzero(is_chosen & is_free)
        if index.size == 0:
            return
        requests, row = np.unique(pairs.request[index], return_inverse=True)
        part = Pairs(
            request=row,
            team=pairs.team[index],
            score=pairs.score[index],
            placing=pairs.placing[index],
            value=pairs.value[index],
            use=pairs.use[index],
            room=pairs.room,
            n_requests=requests.size,
        )
        start = (chosen[pairs.request[index]] == index).astype(np.float64)
        hit = _solve_exactly(part, start, self.deadline - time.perf_counter())
        after = chosen.copy()
        after[requests] = -1
        after[pairs.request[index[hit]]] = index[hit]
        self.offer(after)

    def round(self, shares: NDArray[np.float64]) -> None:
        """Make a whole solution of the shares of the patterns in the master."""
        pairs = self.pairs
        chosen = np.full(pairs.n_requests, -1)
        done: set[int] = set()
        # A little noise: the same shares then do not give the same solution again.
        keen = shares + 0.1 * self.rng.random(shares.size) * (shares > _WHOLE)
        for k in np.argsort(-keen, kind="stable"):
            if shares[k] <= _WHOLE:
                break
            pattern = self.pool[k]
            if pattern.team in done:
                continue
            done.add(pattern.team)
            free = chosen[pairs.request[pattern.pairs]] < 0
            chosen[pairs.request[pattern.pairs[free]]] = pattern.pairs[free]
        self.improve(chosen)


def _as_chosen(pairs: Pairs, hit: NDArray[np.intp]) -> NDArray[np.int64]:
    chosen = np.full(pairs.n_requests, -1)
    chosen[pairs.request[hit]] = hit
    return chosen


def _quiet() -> highspy.Highs:
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    # One thread: the same result everywhere.
    model.setOptionValue("threads", 1)
    return model


def _program(
    pairs: Pairs,
    use: NDArray[np.float64],
    rows: NDArray[np.int64],
    upper: NDArray[np.float64],
    most: float,
) -> highspy.HighsLp:
    """Return min -value x, rows of ``use`` x at most ``upper``, 0 <= x <= most."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = pairs.n, upper.size
    lp.col_cost_ = -pairs.value
    lp.col_lower_, lp.col_upper_ = np.zeros(pairs.n), np.full(pairs.n, most)
    lp.row_lower_, lp.row_upper_ = np.full(upper.size, -_INFINITY), upper
    filled = use > 0
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.concatenate(([0], np.cumsum(filled.sum(1))))
    lp.a_matrix_.index_ = rows[filled]
    lp.a_matrix_.value_ = use[filled]
    return lp


def _room_rows(pairs: Pairs, first_row: int) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = (
        first_row + N_ROOM * pairs.team[:, None] + np.arange(N_ROOM)
    )
    return rows


def _solve_exactly(
    pairs: Pairs, start: NDArray[np.float64], seconds: float
) -> NDArray[np.intp]:
    """Return the pairs of the best whole solution found from ``start``."""
    n = pairs.n_requests
    lp = _program(
        pairs,
        np.column_stack((np.ones(pairs.n), pairs.use)),
        np.column_stack((pairs.request, _room_rows(pairs, n))),
        np.concatenate((np.ones(n), pairs.room.ravel())),
        1.0,
    )
    lp.integrality_ = [highspy.HighsVarType.kInteger] * pairs.n
    model = _quiet()
    model.setOptionValue("mip_max_nodes", _NODES)
    if np.isfinite(seconds):
        model.setOptionValue("time_limit", max(seconds, 0.0))
    model.passModel(lp)
    given = highspy.HighsSolution()
    given.col_value = start.tolist()
    model.setSolution(given)
    model.run()
    found = np.array(model.getSolution().col_value)
    if found.size != pairs.n or pairs.value @ found < pairs.value @ start:
        found = start
    return np.flatnonzero(found > 0.5)


def _solve_relaxation(
    pairs: Pairs,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return bound, prices of requests (n_requests,) and room (n_teams, 5), shares."""
    n = pairs.n_requests
    lp = _program(
        pairs,
        np.column_stack((np.ones(pairs.n), pairs.use)),
        np.column_stack((pairs.request, _room_rows(pairs, n))),
        np.concatenate((np.ones(n), pairs.room.ravel())),
        _INFINITY,
    )
    model = _quiet()
    model.passModel(lp)
    model.run()
    solution = model.getSolution()
    dual = np.maximum(-np.array(solution.row_dual), 0.0)
    prices, room_price = dual[:n], dual[n:].reshape(-1, N_ROOM)
    # From the prices, not from the objective: any prices of 0 or more give a bound
    # that holds, whatever the tolerances of the solver.
    left = pairs.value - prices[pairs.request]
    left -= (room_price[pairs.team] * pairs.use).sum(1)
    extra = np.zeros(n)
    np.maximum.at(extra, pairs.request, left)
    bound = float(prices.sum() + (room_price * pairs.room).sum() + extra.sum())
    return bound, prices, room_price, np.array(solution.col_value)


class _TeamPrices:
    """Prices of room when each team may choose for itself; warm from call to call."""

    def __init__(self, pairs: Pairs) -> None:
        self._model = _quiet()
        self._model.passModel(
            _program(pairs, pairs.use, _room_rows(pairs, 0), pairs.room.ravel(), 1.0)
        )
        self._columns = np.arange(pairs.n, dtype=np.int32)

    def find(self, profit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n_teams, 5) prices of room, 0 or more."""
        self._model.changeColsCost(self._columns.size, self._columns, -profit)
        self._model.run()
        dual = -np.array(self._model.getSolution().row_dual)
        price: NDArray[np.float64] = np.maximum(dual.reshape(-1, N_ROOM), 0.0)
        return price


class _Master:
    """The linear program over patterns, with a box around the request prices."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._n_added = 0
        n, none = pairs.n_requests, np.empty(0, np.int32)
        rows = n + pairs.n_teams
        self._model = _quiet()
        self._model.addRows(
            rows, np.full(rows, -_INFINITY), np.ones(rows), 0, none, none, np.empty(0)
        )
        for sign in (1.0, -1.0):
            for i in range(n):
                self._model.addCol(
                    0.0, 0.0, _INFINITY, 1, np.array([i], np.int32), np.array([sign])
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
            self._model.addCol(-value, 0.0, _INFINITY, row.size, row, np.ones(row.size))
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
