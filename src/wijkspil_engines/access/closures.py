"""What changes when a practice closes, opens, or takes more or fewer people?

A scenario gives some sites another capacity: 0 closes, a site of 0 that gets some
opens (have its pairs in the problem). Two ways:

- ``LinearScenarios`` for 2SFCA, E2SFCA and 3SFCA: the values are a matrix times the
  capacities, so all scenarios are one sparse product. Demand does not move on.
- ``BalancedScenarios``: demand moves on. Only what a change reaches is computed; the
  values are those of a full solve of ``balanced``.

    prepared = BalancedScenarios(problem, Steps())
    for outcome in prepared.run(closures(problem)):
        outcome.people_losing(0.1)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.balanced import solve_balanced
from wijkspil_engines.access.catchment import Decay, weigh_pairs
from wijkspil_engines.access.measures import ratios
from wijkspil_engines.access.problem import AccessProblem, InvalidProblem

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
#: Is told how many scenarios are done.
Progress = Callable[[int], None]
#: Scenarios that are read ahead, to compute neighbours together.
_AHEAD = 1024


@dataclass(frozen=True)
class Scenario:
    """A name, and the new capacity of each row of a site that changes, 0 or more."""

    name: str
    capacity: Mapping[int, float]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one scenario changes.

    Parameters
    ----------
    scenario
        The scenario.
    areas
        (a,) rows of the areas whose value changes, rising.
    before, values
        (a,) values before and in the scenario.
    demand
        (a,) demand of these areas.
    """

    scenario: Scenario
    areas: Rows
    before: Floats
    values: Floats
    demand: Floats

    def people_losing(self, more_than: float, *, relative: bool = False) -> float:
        """Return the demand of areas that lose more than an amount.

        Parameters
        ----------
        more_than
            In the unit of the measure; with ``relative`` a share of what it was, 0.1
            for a tenth.
        """
        loss = self.before - self.values
        edge = more_than * self.before if relative else more_than
        return float(self.demand[loss > edge].sum())


def closures(
    problem: AccessProblem, sites: Iterable[int] | None = None
) -> list[Scenario]:
    """Return for each site (or each given) with capacity that it closes."""
    rows = np.flatnonzero(problem.capacity > 0) if sites is None else sites
    return [Scenario(problem.site_ids[row], {int(row): 0.0}) for row in rows]


class LinearScenarios:
    """Scenarios of a catchment measure: ``weight`` as of ``weigh_pairs``, (p,).

    For 3SFCA give ``share_pairs(...)`` as weight.
    """

    def __init__(self, problem: AccessProblem, weight: Floats) -> None:
        from scipy.sparse import csr_matrix

        from wijkspil_engines.access.kernels import sum_by_area, sum_by_site

        demand = sum_by_site(
            problem.start, problem.site, weight, problem.demand, problem.m
        )
        per_capacity = np.zeros(problem.m)
        np.divide(1.0, demand, out=per_capacity, where=demand > 0.0)
        self._problem = problem
        self._matrix = csr_matrix(
            (weight * per_capacity[problem.site], problem.site, problem.start),
            (problem.n, problem.m),
        )
        #: (n,) values as things are.
        self.values = sum_by_area(
            problem.start, problem.site, weight, ratios(problem, weight)
        )

    def values_of(self, capacities: Floats) -> Floats:
        """Return (s, n) values of (s, m) capacities, as one product."""
        values: Floats = (self._matrix @ np.asarray(capacities, np.float64).T).T
        return values

    def run(self, scenarios: Sequence[Scenario]) -> list[Outcome]:
        """Return what each scenario changes, by one sparse product."""
        from scipy.sparse import csc_matrix

        problem = self._problem
        lane, changed, capacity = _changes(problem, scenarios)
        change = csc_matrix(
            (capacity - problem.capacity[changed], (changed, lane)),
            (problem.m, len(scenarios)),
        )
        product = (self._matrix @ change).tocsc()
        product.sort_indices()
        outcomes = []
        for s, scenario in enumerate(scenarios):
            part = slice(product.indptr[s], product.indptr[s + 1])
            areas = product.indices[part].astype(np.int32)
            difference = product.data[part]
            kept = difference != 0.0
            areas, before = areas[kept], self.values[areas[kept]]
            # Never below 0 by rounding where all that there was closes.
            now = np.maximum(before + difference[kept], 0.0)
            outcomes.append(
                Outcome(scenario, areas, before, now, problem.demand[areas])
            )
        return outcomes


class BalancedScenarios:
    """Scenarios of the balanced measure (``people``), without solving it anew.

    Equal to a full solve to 1e-9 relative: differences that would lose digits are
    summed anew.
    """

    def __init__(self, problem: AccessProblem, decay: Decay) -> None:
        from wijkspil_engines.access.balanced_kernel import by_site

        weight = weigh_pairs(problem, decay)
        start, site = problem.start, problem.site
        if weight.size and weight.min() == 0.0:
            kept = weight > 0.0
            counts = np.zeros(problem.n + 1, np.int64)
            np.cumsum(
                np.bincount(
                    np.repeat(np.arange(problem.n), np.diff(start))[kept],
                    minlength=problem.n,
                ),
                out=counts[1:],
            )
            start, site, weight = counts, site[kept], weight[kept]
        base = solve_balanced(problem, weigh_pairs(problem, decay), problem.capacity)
        self._problem = problem
        self._pairs = (start, site, weight)
        self._by_site = by_site(start, site, weight, problem.m)
        self._base = base
        #: (n,) values as things are.
        self.values = base.values

    def run(
        self, scenarios: Iterable[Scenario], *, progress: Progress | None = None
    ) -> Iterator[Outcome]:
        """Yield what each scenario changes, in the order given.

        Raises
        ------
        InvalidProblem
            If a site is not there or a capacity is not 0 or more.
        """
        waiting = iter(scenarios)
        done = 0
        while ahead := list(islice(waiting, _AHEAD)):
            outcomes: list[Outcome | None] = [None] * len(ahead)
            for group in self._group(ahead):
                together = self._run_together([ahead[s] for s in group])
                for s, outcome in zip(group, together, strict=True):
                    outcomes[s] = outcome
                done += len(group)
                if progress is not None:
                    progress(done)
            for each in outcomes:
                assert each is not None
                yield each

    def _run_together(self, scenarios: Sequence[Scenario]) -> Iterator[Outcome]:
        from wijkspil_engines.access.balanced_kernel import change_together

        problem, base = self._problem, self._base
        lane, changed, capacity = _changes(problem, scenarios)
        start, areas, values = change_together(
            *self._pairs,
            *self._by_site,
            problem.demand,
            problem.capacity,
            base.reach,
            base.load,
            base.ratio,
            base.values,
            lane,
            changed,
            capacity,
        )
        for s, scenario in enumerate(scenarios):
            part = slice(start[s], start[s + 1])
            rows = areas[part]
            yield Outcome(
                scenario, rows, base.values[rows], values[part], problem.demand[rows]
            )

    def _group(self, scenarios: Sequence[Scenario]) -> Iterator[list[int]]:
        """Yield groups of scenarios, neighbours together: they share most work."""
        from wijkspil_engines.access.balanced_kernel import LANES

        start, site, _ = self._pairs
        begin, area, weight = self._by_site
        waiting_at: dict[int, list[int]] = {}
        for s, scenario in enumerate(scenarios):
            for row in scenario.capacity:
                waiting_at.setdefault(row, []).append(s)
        is_waiting = np.ones(len(scenarios), bool)
        is_wanted = np.zeros(self._problem.m, bool)
        is_wanted[[row for row in waiting_at if 0 <= row < self._problem.m]] = True
        for first in range(len(scenarios)):
            if not is_waiting[first]:
                continue
            group = [first]
            is_waiting[first] = False
            row = next(iter(scenarios[first].capacity), -1)
            if 0 <= row < self._problem.m:
                pairs = slice(begin[row], begin[row + 1])
                close = area[pairs][np.argsort(-weight[pairs], kind="stable")[:12]]
                near = [site[start[i] : start[i + 1]] for i in close]
                if near:
                    rows = np.concatenate(near)
                    rows, counts = np.unique(rows[is_wanted[rows]], return_counts=True)
                    for other in rows[np.argsort(-counts, kind="stable")]:
                        for s in waiting_at[int(other)]:
                            if is_waiting[s] and len(group) < LANES:
                                group.append(s)
                                is_waiting[s] = False
                        if len(group) == LANES:
                            break
            yield group


def _changes(
    problem: AccessProblem, scenarios: Sequence[Scenario]
) -> tuple[Rows, Rows, Floats]:
    """Return scenario, site and new capacity of each change.

    Raises
    ------
    InvalidProblem
        If a site is not there or a capacity is not 0 or more.
    """
    changes = [
        (s, row, capacity)
        for s, scenario in enumerate(scenarios)
        for row, capacity in scenario.capacity.items()
    ]
    for s, row, capacity in changes:
        place = f"scenario {scenarios[s].name[:40]!r}"
        if not 0 <= row < problem.m:
            raise InvalidProblem(
                f"row {row} is no site; there are {problem.m}", field=place
            )
        if not 0.0 <= capacity < np.inf:
            raise InvalidProblem(
                f"capacity {capacity} of site {problem.site_ids[row]!r} is not 0 or "
                "more",
                field=place,
            )
    lane = np.array([each[0] for each in changes], np.int32)
    changed = np.array([each[1] for each in changes], np.int32)
    return lane, changed, np.array([each[2] for each in changes], np.float64)
