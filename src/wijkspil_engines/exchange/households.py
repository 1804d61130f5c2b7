"""Who moves where when households stay together, or when load counts?

With households the best plan is hard to find and harder to prove (it holds the
knapsack problem). The way here: the splittable problem, solved exactly, gives bounds
and prices per level; rounding and repair give a plan close to it; few wishes are
solved to the end by branch and bound. What is left between value and bound is told.

First the levels that count people are settled (class0, class1, moved, as far as they
come first), then the others without giving up any of these.

The same input, parameters and seed give the same plan, unless ``time_limit_s`` ends
the search: then the result says ``timed_out``.
"""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange import household_exact, household_lp
from wijkspil_engines.exchange.household_bound import (
    Layout,
    Proof,
    digits_of,
    lay_out,
    level_entry,
    prove_by_digits,
    solve_split,
    tighten,
    weigh_lighter,
    weigh_to,
)
from wijkspil_engines.exchange.household_flow import Flow
from wijkspil_engines.exchange.household_repair import (
    fill_room,
    improve,
    luck,
    round_whole,
    send_home_overload,
    solve_one_size,
)
from wijkspil_engines.exchange.problem import (
    LOAD_UNIT,
    NO_LIMIT,
    ExchangeProblem,
    Infeasible,
    Params,
)
from wijkspil_engines.exchange.result import (
    LevelValue,
    Progress,
    Result,
    Status,
    level_value,
    make_result,
)

_PEOPLE_LEVELS = ("class0", "class1", "moved")
#: Regions tried at a time, and their numbers of practices, in turn.
_BATCH = 200
_REGIONS = (12, 25, 50)
#: So many batches in a row that better nothing are enough; most batches at all.
_IN_VAIN, _MOST_BATCHES = 6, 45
#: Weights of earlier levels that are tried for a bound.
_PROOF_ROUNDS = 6
#: How much luck plays a part in rounding, as a share of the people of a household.
_NOISE = 1.0


def solve_households(
    problem: ExchangeProblem,
    *,
    params: Params,
    seed: int = 0,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Result:
    """Find a plan for households, with the bound of every level.

    ``status`` is "optimal" when every level reaches its bound. Prices prove it, which
    ``verify`` can check, or for few wishes branch and bound: such a level has the
    ``proof`` "search" and no prices, and ``verify`` can only search once more.

    Raises
    ------
    Infeasible
        If the required wishes cannot all move, or no plan was found in which they do.
    """
    started = time.perf_counter()
    search = _Search(problem, params, seed, progress, started, time_limit_s)
    choice, levels = search.run()
    n_proven = _count_proven(levels)
    if (
        n_proven < len(levels)
        and problem.option.size <= household_exact.MOST_OPTIONS
        and not search.is_over()
    ):
        exact = household_exact.search(problem, params.levels, params.required)
        if exact is not None and (
            exact.n_proven >= n_proven
            and _rank_of(problem, exact.choice, params.levels)
            >= _rank_of(problem, choice, params.levels)
        ):
            choice = exact.choice
            levels = search.entries(choice)
            levels = tuple(
                level
                if index >= exact.n_proven or level.gap == 0
                else LevelValue(level.name, level.value, level.value, proof="search")
                for index, level in enumerate(levels)
            )
    if not household_exact.is_possible(problem, choice, params.required):
        if params.required is not None and (choice[params.required] < 0).any():
            raise Infeasible(
                f"{int((choice[params.required] < 0).sum())} of the required wishes "
                "found no place; not proven that they cannot"
            )
        raise AssertionError("every step keeps the plan possible")
    status: Status = "feasible"
    if all(level.gap == 0 for level in levels):
        status = "optimal"
    elif search.is_timed_out:
        status = "timed_out"
    bound = next((level.bound for level in levels if level.name == "moved"), None)
    return make_result(
        problem,
        choice,
        status=status,
        mechanism="optimum",
        seed=seed,
        seconds=time.perf_counter() - started,
        levels=levels,
        bound_people=bound,
        seat_prices=search.seat_prices,
    )


def _count_proven(levels: Sequence[LevelValue]) -> int:
    """Return how many levels from the first on reach their bound."""
    for index, level in enumerate(levels):
        if level.gap:
            return index
    return len(levels)


def _rank_of(
    problem: ExchangeProblem, choice: NDArray[np.int32], levels: Sequence[str]
) -> tuple[int, ...]:
    return tuple(
        level_value(problem, choice, name) * (-1 if name == "rank" else 1)
        for name in levels
    )


class _Search:
    """One search: the layout, the prices, and the best plan so far."""

    def __init__(
        self,
        problem: ExchangeProblem,
        params: Params,
        seed: int,
        progress: Progress | None,
        started: float,
        time_limit_s: float | None,
    ) -> None:
        self._problem = problem
        self._levels, self._required = params.levels, params.required
        self._layout = lay_out(problem, params.levels, params.required)
        self._n_extra = len(self._layout.weight) - len(params.levels)
        self._seed = seed
        self._progress = progress
        self._started, self._time_limit_s = started, time_limit_s
        self.is_timed_out = False
        self.seat_prices: NDArray[np.int64] | None = None
        self._digits: list[NDArray[np.int64]] = []
        self._state = luck(seed)
        self._load = _Load(self._layout)

    def run(self) -> tuple[NDArray[np.int32], tuple[LevelValue, ...]]:
        """Return the plan and its levels."""
        layout = self._layout
        n_rows = len(layout.weight)
        n_people = self._n_extra
        for name in self._levels:
            if name not in _PEOPLE_LEVELS:
                break
            n_people += 1
        whole: Flow | None = None
        price = layout.flow.price
        for row in range(n_rows):
            self._tell(row)
            if self.is_over() and row:
                # Prices of the levels so far; the others have none.
                break
            solve_split(layout, row)
            self._check_required(row)
            if row + 1 == n_people and n_people < n_rows:
                whole = self._make_whole(layout.flow, row)
        self._digits = digits_of(layout)
        self._tell(n_rows)
        price = layout.flow.price.copy()
        if whole is None:
            whole = self._make_whole(layout.flow, n_rows - 1)
        else:
            whole.value = weigh_to(layout, n_rows - 1)
            if not self._load.counts:
                for size in layout.sizes.tolist():
                    solve_one_size(whole, layout.size, size, price)
            self._repair(whole, price, n_rows - 1, everywhere=True)
        self._tell(n_rows + 1)
        choice = self._choice(whole.people)
        if self._load.counts:
            choice = self._plan_by_load(whole, choice)
        levels = self.entries(choice)
        for index, name in enumerate(self._levels):
            if name == "moved":
                p = self._problem.n_practices
                self.seat_prices = self._digits[self._n_extra + index][:p].copy()
        return choice, levels

    def entries(self, choice: NDArray[np.int32]) -> tuple[LevelValue, ...]:
        """Return the levels of a plan with bounds."""
        layout = self._layout
        values = [layout.n_required] * self._n_extra
        values += _rank_of(self._problem, choice, self._levels)
        made: list[LevelValue] = []
        by_digits = True
        for index, name in enumerate(self._levels):
            row = self._n_extra + index
            level = self._entry_by_digits(row, values, name) if by_digits else None
            found = level
            if level is None:
                proofs = [weigh_lighter(layout, self._digits, row, values)]
                if (
                    name in _PEOPLE_LEVELS
                    and row <= self._n_people_row()
                    and not self.is_over()
                ):
                    proofs.append(
                        tighten(layout, self._digits, row, values, rounds=_PROOF_ROUNDS)
                    )
                found = self._better(None, proofs, row, values, name)
            if (
                found is not None
                and found.gap
                and self._problem.option.size <= household_lp.MOST_OPTIONS
                and not self.is_over()
            ):
                proof = household_lp.prove_by_program(
                    layout, row, self._levels, values, self._required
                )
                if proof is not None:
                    found = self._better(found, [proof], row, values, name)
            if found is None:
                raise AssertionError("without prices everybody could move")
            made.append(found)
            by_digits = by_digits and found is level and not found.gap
        return tuple(made)

    def _entry_by_digits(
        self, row: int, values: Sequence[int], name: str
    ) -> LevelValue | None:
        """Return a level after levels that reach their bounds, by its own prices."""
        proof = prove_by_digits(self._layout, self._digits, row)
        if proof is None:
            return None
        sign = -1 if name == "rank" else 1
        return LevelValue(
            name=name,
            value=sign * values[row],
            bound=sign * proof.most,
            prices=proof.place,
            entry_prices=proof.entry if proof.entry.any() else None,
        )

    def _better(
        self,
        level: LevelValue | None,
        proofs: Sequence[Proof],
        row: int,
        values: Sequence[int],
        name: str,
    ) -> LevelValue | None:
        """Return the level as bounded best: as it is or by one of the proofs."""
        for proof in proofs:
            entry = level_entry(self._layout, row, values, name, proof)
            if level is None or entry.gap < level.gap:
                level = entry
        return level

    def _check_required(self, row: int) -> None:
        if row == 0 and self._n_extra:
            most = self._layout.values(self._layout.flow.people)[0]
            if most < self._layout.n_required:
                raise Infeasible(
                    "the required wishes cannot all move: at most "
                    f"{most} of their {self._layout.n_required} people"
                )

    def _make_whole(self, split: Flow, row: int) -> Flow:
        layout = self._layout
        whole = split.copy()
        round_whole(whole, layout.size, layout.sizes, self._seed)
        self._load.fit(whole, layout)
        self._repair(whole, split.price, row, everywhere=False)
        return whole

    def _repair(
        self, whole: Flow, price: NDArray[np.int64], row: int, *, everywhere: bool
    ) -> None:
        """Win back what rounding lost, around the practices where it was lost."""
        layout = self._layout
        rng = np.random.default_rng([self._seed, row])
        worth = layout.worth[: row + 1]
        near = layout.weight[row] // 2
        if row + 1 == len(layout.weight):
            near = layout.weight[min(row, max(0, self._n_people_row()))] // 2
        n_in_vain = 0
        batches: list[NDArray[np.int32]] = []
        if everywhere:
            # Waiting days and ranks are lost everywhere, not in a few places.
            order = rng.permutation(self._problem.n_practices).astype(np.int32)
            batches = [order[k : k + _BATCH] for k in range(0, order.size, _BATCH)]
        least = max(1, layout.weight[row] if not everywhere else near)
        for turn in range(_MOST_BATCHES + len(batches)):
            if self.is_over():
                return
            if turn < len(batches):
                centers = batches[turn]
            else:
                lost = _losses(whole, price)
                centers = np.flatnonzero(lost >= least).astype(np.int32)
                centers = rng.permutation(centers)[:_BATCH]
            if centers.size == 0:
                return
            n_better, _ = improve(
                centers,
                1 if turn % 2 == 0 else 2,
                _REGIONS[turn % len(_REGIONS)],
                _NOISE,
                max(near, 1),
                layout.size,
                layout.sizes,
                whole.slot,
                whole.node,
                whole.household,
                whole.value,
                worth,
                whole.people,
                whole.room,
                whole.used,
                price,
                whole.seen_from,
                whole.seen,
                self._load.of,
                self._load.place,
                self._load.free,
                self._state,
            )
            if turn >= len(batches):
                n_in_vain = 0 if n_better else n_in_vain + 1
            if n_in_vain >= _IN_VAIN:
                return

    def _plan_by_load(
        self, whole: Flow, choice: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """Return a better plan where load counts, which the flow does not see.

        The program with load splits few households, which are fixed in turn. Who is
        too heavy for what is left then goes home, and who fits comes in.
        """
        problem, layout = self._problem, self._layout
        if problem.option.size > household_lp.MOST_OPTIONS or self.is_over():
            return choice
        into = household_lp.dive(
            problem,
            self._levels,
            self._required,
            seed=self._seed,
            is_over=self.is_over,
        )
        if into is None:
            return choice
        whole.people[:] = layout.flow_at_home()
        n = layout.wish.size
        end = int(whole.slot[n])
        slots = np.flatnonzero(layout.option[:end] >= 0)
        slots = slots[into[layout.option[slots]]]
        who = whole.household[slots]
        whole.people[slots] = layout.size[who]
        whole.people[whole.slot[who]] = 0
        whole.used[:] = np.bincount(
            whole.node, weights=whole.people, minlength=whole.used.size
        ).astype(np.int64)
        # Who comes in through a door pushes as many of its quota inside.
        for quota in range(n, whole.slot.size - 1):
            s = int(whole.slot[quota])
            door = int(whole.node[s])
            pushed = max(0, int(whole.used[door] - whole.room[door]))
            whole.people[s] -= pushed
            whole.people[s + 1] += pushed
            whole.used[door] -= pushed
            whole.used[whole.node[s + 1]] += pushed
        self._load.fit(whole, layout)
        found = self._choice(whole.people)
        is_better = household_exact.is_possible(problem, found, self._required) and (
            _rank_of(problem, found, self._levels)
            > _rank_of(problem, choice, self._levels)
        )
        return found if is_better else choice

    def _n_people_row(self) -> int:
        """Return the last row of the levels that count people and come first."""
        row = self._n_extra - 1
        for name in self._levels:
            if name not in _PEOPLE_LEVELS:
                break
            row += 1
        return row

    def _choice(self, people: NDArray[np.int32]) -> NDArray[np.int32]:
        layout, problem = self._layout, self._problem
        taken = layout.option[(people > 0) & (layout.option >= 0)]
        choice = np.full(problem.n_wishes, -1, dtype=np.int32)
        wish = problem.wish_of_option[taken]
        choice[wish] = taken - problem.first_option[wish]
        return choice

    def is_over(self) -> bool:
        """Return whether the time is up; keep that it is."""
        if self._time_limit_s is None:
            return False
        if time.perf_counter() - self._started > self._time_limit_s:
            self.is_timed_out = True
        return self.is_timed_out

    def _tell(self, step: int) -> None:
        if self._progress is not None:
            self._progress("levels", step, len(self._layout.weight) + 1)


class _Load:
    """Load of households where a limit on it can bind; else empty arrays."""

    def __init__(self, layout: Layout) -> None:
        problem = layout.problem
        sizes = problem.size.astype(np.int64)
        self.counts = problem.has_load_limits and not bool(
            (problem.load == sizes * LOAD_UNIT).all()
        )
        n = layout.wish.size
        self.of = np.zeros(0, dtype=np.int64)
        self.place = np.zeros(0, dtype=np.int32)
        self.free = np.zeros(problem.n_practices, dtype=np.int64)
        if not self.counts:
            return
        self.of = np.zeros(layout.size.size, dtype=np.int64)
        self.of[:n] = problem.load[layout.wish]
        p = problem.n_practices
        practice = np.full(layout.flow.price.size, -1, dtype=np.int32)
        practice[:p] = np.arange(p)
        practice[layout.door] = np.arange(p)
        self.place = practice[layout.flow.node]
        self.free = problem.free_load.copy()

    def fit(self, whole: Flow, layout: Layout) -> None:
        """Send home who is too heavy; then let in who fits."""
        if not self.counts:
            return
        problem = layout.problem
        there = whole.people > 0
        count = np.zeros(problem.n_practices, dtype=np.int64)
        slots = np.flatnonzero(there & (self.place >= 0))
        np.add.at(count, self.place[slots], self.of[whole.household[slots]])
        stays = whole.slot[:-1]
        stays = stays[self.place[stays] >= 0]
        np.subtract.at(count, self.place[stays], self.of[whole.household[stays]])
        self.free = np.minimum(problem.free_load, NO_LIMIT) - count
        send_home_overload(
            whole.slot, whole.node, whole.value, whole.people, whole.room, whole.used,
            layout.size, self.of, self.place, self.free,
        )  # fmt: skip
        fill_room(
            whole.slot, whole.node, whole.value, whole.people, whole.room, whole.used,
            layout.size, self.of, self.place, self.free,
        )  # fmt: skip


def _losses(whole: Flow, price: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what is lost against the prices around each node, (N,).

    A household that is not where it is best loses at its home and where it is; a place
    with a price that is empty loses its price.
    """
    worth = whole.value - price[whole.node]
    best = np.maximum.reduceat(worth, whole.slot[:-1])
    there = np.flatnonzero(whole.people)
    who = whole.household[there]
    missed = ((best[who] - worth[there]) * whole.people[there]).astype(np.float64)
    lost = (whole.room - whole.used).astype(np.float64) * price
    np.add.at(lost, whole.node[there], missed)
    np.add.at(lost, whole.node[whole.slot[who]], missed)
    lost[-1] = 0.0
    return lost


__all__ = ["solve_households"]
