"""What does every area need and have in each year, and how sure is that?"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.projection.cohorts import (
    Floats,
    client_weights,
    make_steps,
    mix,
    people_of,
    people_weights,
    start_weights,
)
from wijkspil_engines.projection.ensemble import (
    Group,
    Job,
    Params,
    Plan,
    Pool,
    Progress,
    run_groups,
)
from wijkspil_engines.projection.problem import ProjectionProblem

ALGORITHM = "cohorts, back in time"
VERSION = "1"

#: What regions are counted in, for every run.
TOTALS = (
    "need",
    "clients",
    "starts",
    "capacity",
    "gap",
    "short",
    "people",
    "people_75",
)
#: What areas are counted in, on average.
_LINEAR = ("clients", "starts", "people", "people_75")
_OLD_AGE = 75


@dataclass(frozen=True, eq=False)
class Result:
    """A projection: a areas, k kinds, y years, m regions, q quantiles, r runs + 1.

    Hours are hours a week. NaN: supply is not known.

    Parameters
    ----------
    status
        ``complete``; a projection is not a search and has no other end.
    means
        Measure -> (a, k, y) over runs 1 on (the principal projection): ``need``,
        ``capacity``, ``gap`` (need - capacity), ``gap_fte``, ``clients`` (at a
        moment), ``starts`` (new clients a year; 0 without turnover), ``people``,
        ``people_75`` (the same for each kind).
    baselines
        The same of run 0, every parameter at its middle.
    quantiles
        Measure of ``params.measures`` -> (q, a, k, y), exact.
    chance_short
        (a, k, y) share of runs in which need exceeds capacity.
    totals
        Measure of ``TOTALS`` -> (m, k, y, r) of each region; item 0 is run 0.
        ``capacity``, ``gap`` and ``short`` over areas whose supply is known;
        ``short`` adds up what areas lack and does not set it off against what others
        have over.
    hours_of_fte
        (k, y, r) hours a week that one fte gives: hours / this = fte.
    parameters
        What each run drew: name -> (r,).
    runtime_s
        By the clock of this machine; no part of the result otherwise.
    """

    status: Literal["complete"]
    years: tuple[int, ...]
    means: Mapping[str, Floats]
    baselines: Mapping[str, Floats]
    quantiles: Mapping[str, Floats]
    chance_short: Floats
    totals: Mapping[str, Floats]
    hours_of_fte: Floats
    parameters: Mapping[str, Floats]
    params: Params
    seed: int
    input_hash: str
    runtime_s: float
    algorithm: str = ALGORITHM
    version: str = VERSION

    def first_short_year(self, chance: float = 0.5) -> NDArray[np.int64]:
        """Return (a, k) first year in which an area is short with this chance.

        0 where that does not come within the years, or supply is not known.
        """
        is_short = np.nan_to_num(self.chance_short, nan=-1.0) >= chance
        first = np.array(self.years)[is_short.argmax(axis=2)]
        return np.where(is_short.any(axis=2), first, 0)

    def total_fte(self, measure: str) -> Floats:
        """Return (m, k, y, r) a total in fte in the place of hours a week."""
        return self.totals[measure] / self.hours_of_fte

    def persons_in_care(self, *, years: float) -> Floats:
        """Return (m, k, y, r) persons in care at some time of a period.

        ``years``: its length, as 1/12 for a month, at most 1.
        """
        return self.totals["clients"] + years * self.totals["starts"]


def solve(
    problem: ProjectionProblem,
    *,
    params: Params | None = None,
    seed: int = 0,
    workers: int = 1,
    pool: Pool = "threads",
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Project all runs; the same bits for any number and kind of workers.

    ``workers``, ``pool``, ``scheduler``, ``progress``: see ``ensemble.run_groups``.

    Raises
    ------
    InvalidProblem
        If there is no worker, or no scheduler answers.
    """
    started = time.perf_counter()
    params = params or Params()
    job = Job(problem.input_hash, seed, params, problem)
    shape = (len(problem.areas), len(problem.kinds), problem.n_years)
    means: dict[str, Floats] = {}
    baselines: dict[str, Floats] = {}
    quantiles: dict[str, Floats] = {}
    plan = Plan(job)
    totals = _linear(plan, means, baselines)
    for name in ("capacity", "gap", "short"):
        totals[name] = np.zeros_like(totals["need"])
    chance = np.full(shape, np.nan)
    for group in run_groups(
        plan, workers=workers, pool=pool, scheduler=scheduler, progress=progress
    ):
        _put(group, shape, params, means, baselines, quantiles, chance, totals)
    return Result(
        status="complete",
        years=problem.years,
        means=means,
        baselines=baselines,
        quantiles=quantiles,
        chance_short=chance,
        totals={name: totals[name] for name in TOTALS},
        hours_of_fte=np.array(plan.hours_of_fte),
        parameters=plan.draws.values,
        params=params,
        seed=seed,
        input_hash=problem.input_hash,
        runtime_s=time.perf_counter() - started,
    )


def _put(
    group: Group,
    shape: tuple[int, ...],
    params: Params,
    means: dict[str, Floats],
    baselines: dict[str, Floats],
    quantiles: dict[str, Floats],
    chance: Floats,
    totals: dict[str, Floats],
) -> None:
    """Add a group to what is known."""
    for into, values in ((means, group.means), (baselines, group.baselines)):
        for name, value in values.items():
            into.setdefault(name, np.full(shape, np.nan))[group.areas] = value
    for name, value in group.quantiles.items():
        full = (len(params.quantiles), *shape)
        quantiles.setdefault(name, np.full(full, np.nan))[:, group.areas] = value
    counted = group.short_runs.astype(float)
    counted[group.short_runs < 0] = np.nan
    chance[group.areas] = counted / params.n_runs if params.n_runs else np.nan
    for name, value in group.totals.items():
        totals[name][group.regions] += value


def _linear(
    plan: Plan, means: dict[str, Floats], baselines: dict[str, Floats]
) -> dict[str, Floats]:
    """Count what adds up over people: regions in all runs, areas on average."""
    problem, params = plan.job.problem, plan.job.params
    assert problem.class_of_area is not None
    assert problem.area_factor is not None
    draws = plan.draws
    kinds, years = len(problem.kinds), problem.n_years
    regions, runs = len(problem.regions), params.n_runs + 1
    totals = {
        name: np.zeros((regions, kinds, years, runs)) for name in ("need", *_LINEAR)
    }
    for into in (means, baselines):
        for name in _LINEAR:
            into[name] = np.empty((len(problem.areas), kinds, years))
    for row in np.unique(problem.class_of_area):
        areas = np.flatnonzero(problem.class_of_area == row)
        steps = make_steps(problem, draws, int(row))
        people = people_of(problem, areas)
        here, local = np.unique(problem.region_of_area[areas], return_inverse=True)
        for k, kind in enumerate(problem.kinds):
            factor = problem.area_factor[areas, k, None]
            for name in totals:
                amounts = people
                if name == "need":
                    weights = plan.weights(int(row))[k]
                elif name == "clients":
                    weights = client_weights(problem, draws, steps, kind)
                elif name == "starts":
                    weights = start_weights(problem, draws, steps, kind)
                elif k == 0:
                    age = 0 if name == "people" else _OLD_AGE
                    weights = people_weights(problem, draws, steps, from_age=age)
                else:  # The same people for every kind.
                    totals[name][here, k] = totals[name][here, 0]
                    for into in (means, baselines):
                        into[name][areas, k] = into[name][areas, 0]
                    continue
                if not name.startswith("people"):
                    amounts = people * factor
                summed = np.zeros((len(here), amounts.shape[1]))
                np.add.at(summed, local, amounts)
                out = np.empty((len(here), years, runs))
                mix(summed, weights, out)
                totals[name][here, k] += out
                if name == "need":
                    continue
                drawn = weights[..., 1:] if params.n_runs else weights
                pair = np.stack([weights[..., 0], drawn.mean(axis=-1)], axis=-1)
                both = np.empty((len(areas), years, 2))
                mix(amounts, pair, both)
                baselines[name][areas, k] = both[..., 0]
                means[name][areas, k] = both[..., 1]
    return totals
