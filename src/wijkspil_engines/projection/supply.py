"""How many hours a week can workers give, in each unit and year?

Workers of a skill age, leave, retire and are joined by new ones; chances are the same
in all units, so here too the hours of a unit are a sum over its workers of today and
its share of each inflow, times weights that all units have in common (see
``cohorts``). A practice that stops takes away a share of its unit afterwards.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.projection.cohorts import Floats, mix
from wijkspil_engines.projection.draws import Draws, growth
from wijkspil_engines.projection.problem import Inflow, ProjectionProblem, Skill


@dataclass(frozen=True, eq=False)
class Supply:
    """What units can do for one kind of care in all runs; r = runs.

    Parameters
    ----------
    weights
        (y, columns, r) hours a week per unit of ``amounts``.
    amounts
        (u, columns) workers by skill and age, then shares of inflows.
    """

    problem: ProjectionProblem
    draws: Draws
    weights: Floats
    amounts: Floats

    def capacity(self, units: NDArray[np.int64]) -> Floats:
        """Return (n, y, r) hours a week of these units, after closures."""
        made = self._before_closures(units)
        for unit, kept, gained in self._changes:
            here = np.flatnonzero(units == unit)
            if not here.size:
                continue
            made[here] *= kept
            for other, share in gained:
                made[here] += self._before_closures(np.array([other]))[0] * share
        return made

    def _before_closures(self, units: NDArray[np.int64]) -> Floats:
        years, _, runs = self.weights.shape
        out = np.empty((len(units), years, runs))
        mix(np.ascontiguousarray(self.amounts[units]), self.weights, out)
        return out

    @cached_property
    def _changes(
        self,
    ) -> list[tuple[int, Floats, list[tuple[int, Floats]]]]:
        """Unit, (y, r) share of its own that stays, and (y, r) shares of others."""
        problem = self.problem
        if "closures" in problem.frozen:
            return []
        years, runs = problem.n_years, self.draws.n_runs + 1
        kept: dict[int, Floats] = {}
        gained: dict[int, list[tuple[int, Floats]]] = {}
        for closure in problem.closures:
            unit = problem.unit_rows[closure.unit]
            is_after = np.array(problem.years)[:, None] >= closure.year
            lost = closure.share * (is_after & self.draws.closes(closure))
            before = kept.setdefault(unit, np.ones((years, runs)))
            taken: Floats = before * lost
            kept[unit] = before - taken
            for name, share in closure.moves_to:
                gained.setdefault(problem.unit_rows[name], []).append(
                    (unit, taken * share)
                )
        one = np.ones((years, runs))
        return [
            (unit, kept.get(unit, one), gained.get(unit, []))
            for unit in sorted({*kept, *gained})
        ]


def make_supply(problem: ProjectionProblem, draws: Draws, row: int) -> Supply | None:
    """Return the supply of a kind of care; None when nobody does it."""
    kind = problem.kinds[row]
    rows = [i for i, each in enumerate(problem.skills) if each.kind == kind.name]
    if not rows:
        return None
    assert problem.workers is not None
    names = {problem.skills[i].name for i in rows}
    inflows = [each for each in problem.inflows if each.skill in names]
    bands = problem.workers.shape[2]
    years, runs = problem.n_years, draws.n_runs + 1
    columns = len(rows) * bands + len(inflows)
    weights = np.zeros((years, columns, runs))
    for place, i in enumerate(rows):
        skill = problem.skills[i]
        own = [n for n, each in enumerate(inflows) if each.skill == skill.name]
        inflow_columns = np.array([len(rows) * bands + n for n in own], np.int64)
        coming = np.array([_coming(draws, skill, inflows[n]) for n in own]).reshape(
            len(own), years, runs
        )
        worth = draws.lever("part_time", skill) * hours_of_fte(problem, draws, skill)
        _sweep_workers(
            _keep(draws, skill),
            worth,
            np.ascontiguousarray(skill.entry),
            coming,
            problem.worker_years_per_band,
            "workers" in problem.frozen,
            place * bands,
            inflow_columns,
            weights,
        )
    amounts = np.concatenate(
        [problem.workers[:, rows].reshape(len(problem.units), -1)]
        + [
            _shares(problem, each.skill, each.share_of_unit)[:, None]
            for each in inflows
        ],
        axis=1,
    )
    return Supply(problem, draws, weights, amounts)


def hours_of_fte(problem: ProjectionProblem, draws: Draws, skill: Skill) -> Floats:
    """Return (y, r) hours of care a week that one fte gives, as they counted today."""
    kind = next(each for each in problem.kinds if each.name == skill.kind)
    rate = draws.lever("productivity", kind)
    if "productivity" in problem.frozen:
        rate = 0 * rate
    hours = draws.lever("hours_per_fte", skill) * (1 - draws.lever("absence", skill))
    made: Floats = (
        hours * draws.lever("client_facing", skill) * growth(rate, problem.n_years)
    )
    return made


def mean_hours_of_fte(problem: ProjectionProblem, draws: Draws, row: int) -> Floats:
    """Return (y, r) hours of care of an fte in a kind, over the fte of today.

    NaN where nobody does it.
    """
    assert problem.workers is not None
    total = np.zeros((problem.n_years, draws.n_runs + 1))
    weight = 0.0
    skills = [
        (each, float(problem.workers[:, i].sum()) * each.part_time)
        for i, each in enumerate(problem.skills)
        if each.kind == problem.kinds[row].name
    ]
    is_empty = not sum(fte for _, fte in skills)
    for skill, fte in skills:
        size = 1.0 if is_empty else fte
        total += size * hours_of_fte(problem, draws, skill)
        weight += size
    return total / weight if weight else np.full_like(total, np.nan)


def _keep(draws: Draws, skill: Skill) -> Floats:
    """Return (b, r) chance to be at work a year later."""
    leave = np.minimum(skill.leave[:, None] * draws.lever("outflow", skill), 1)
    retire = np.minimum(skill.retire[:, None] * draws.lever("retirement", skill), 1)
    made: Floats = (1 - leave) * (1 - retire)
    return made


def _coming(draws: Draws, skill: Skill, inflow: Inflow) -> Floats:
    """Return (y, r) persons who come in a year."""
    factor = draws.lever("training", skill)
    for name in inflow.factors:
        factor = factor * draws.values[name]
    made: Floats = inflow.workers_by_year[:, None] * np.maximum(factor, 0)
    return made


def _shares(problem: ProjectionProblem, skill: str, given: Floats | None) -> Floats:
    """Return (u,) where new workers go."""
    if given is not None:
        return given
    assert problem.workers is not None
    row = next(i for i, each in enumerate(problem.skills) if each.name == skill)
    now = problem.workers[:, row].sum(axis=1)
    total = now.sum()
    return now / total if total > 0 else np.full(len(now), 1 / max(len(now), 1))


@compiled
def _sweep_workers(
    keep: Floats,
    worth: Floats,
    entry: Floats,
    coming: Floats,
    width: int,
    is_frozen: bool,
    first: int,
    inflow_columns: NDArray[np.int64],
    out: Floats,
) -> None:
    """Go back from each year to today; adds to ``out`` (y, columns, r)."""
    bands, runs = keep.shape
    years = worth.shape[0]
    up = 1.0 / width
    value = np.empty((bands, runs))
    for year in range(years):
        for b in range(bands):
            for r in range(runs):
                value[b, r] = worth[year, r]
        if not is_frozen:
            for t in range(year - 1, -1, -1):
                for i in range(inflow_columns.size):
                    column = inflow_columns[i]
                    for b in range(bands):
                        for r in range(runs):
                            out[year, column, r] += (
                                coming[i, t, r] * entry[b] * value[b, r]
                            )
                for b in range(bands):
                    for r in range(runs):
                        kept = value[b, r]
                        if b < bands - 1:
                            kept = (1.0 - up) * kept + up * value[b + 1, r]
                        value[b, r] = keep[b, r] * kept
        for b in range(bands):
            for r in range(runs):
                out[year, first + b, r] += value[b, r]
