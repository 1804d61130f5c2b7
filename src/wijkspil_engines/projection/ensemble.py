"""How are all runs of all areas done, on one core, on more, or on more machines?

The work is cut in groups of blocks of areas. What a group gives depends on the problem
and the seed only, and groups are added up in their order: the result has the same bits
for any number of workers and any kind of pool.
"""

import math
import multiprocessing
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from threading import Lock
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.compiled import compiled
from wijkspil_engines.projection.cohorts import (
    Floats,
    make_steps,
    mix,
    need_weights,
    people_of,
)
from wijkspil_engines.projection.draws import Draws
from wijkspil_engines.projection.problem import InvalidProblem, ProjectionProblem
from wijkspil_engines.projection.quantiles import areas_in_block, take_quantiles
from wijkspil_engines.projection.supply import (
    Supply,
    make_supply,
    mean_hours_of_fte,
)

#: Called with how many groups are done and how many there are.
Progress = Callable[[int, int], None]

Pool = Literal["threads", "processes"]
Measure = Literal["need", "capacity", "gap", "gap_fte"]
MEASURES: tuple[Measure, ...] = get_args(Measure)

#: Blocks a worker does at once.
_GROUP = 8
_CLASSES_KEPT = 2


@dataclass(frozen=True)
class Params:
    """How to project.

    Parameters
    ----------
    n_runs
        Runs drawn, 0 or more; run 0 comes on top.
    quantiles
        Shares, each 0 to 1.
    measures
        Of which of ``MEASURES`` areas get quantiles; each but the first costs about
        as much as all the rest.
    short_ratio
        An area is short in a run when need is more than this times its capacity.
    """

    n_runs: int = 1000
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
    measures: tuple[Measure, ...] = ("need", "gap")
    short_ratio: float = 1.0

    def __post_init__(self) -> None:
        if self.n_runs < 0:
            raise InvalidProblem(f"{self.n_runs} is less than 0", field="n_runs")
        for share in self.quantiles:
            if not 0 <= share <= 1:
                raise InvalidProblem(f"{share} is no share", field="quantiles")
        for name in self.measures:
            if name not in MEASURES:
                raise InvalidProblem(
                    f"{name!r} is not one of {', '.join(MEASURES)}", field="measures"
                )
        if not (math.isfinite(self.short_ratio) and self.short_ratio > 0):
            raise InvalidProblem(
                f"{self.short_ratio} is not above 0", field="short_ratio"
            )


@dataclass(frozen=True)
class Job:
    """A problem with a seed: what every worker needs to know. Equal by content."""

    input_hash: str
    seed: int
    params: Params
    problem: ProjectionProblem = field(compare=False, repr=False)

    @cached_property
    def blocks(self) -> list[NDArray[np.int64]]:
        """Rows of areas that are done together, each of one class."""
        rows = self.problem.class_of_area
        assert rows is not None
        size = areas_in_block(self.problem.n_years, self.params.n_runs)
        made = []
        for row in np.unique(rows):
            here = np.flatnonzero(rows == row)
            made += [here[i : i + size] for i in range(0, len(here), size)]
        return made

    @property
    def n_groups(self) -> int:
        """How many pieces of work there are."""
        return -(-len(self.blocks) // _GROUP)


@dataclass(frozen=True, eq=False)
class Group:
    """What some blocks give; n areas, k kinds, y years, r runs, m regions.

    Parameters
    ----------
    areas
        (n,) rows.
    means, baselines
        Measure -> (n, k, y), over the runs, and of run 0.
    quantiles
        Measure -> (q, n, k, y).
    short_runs
        (n, k, y) runs in which need exceeds capacity; -1 where supply is not known.
    regions
        (m,) rows.
    totals
        ``capacity``, ``gap`` and ``short`` -> (m, k, y, r) over areas whose supply is
        known; ``short`` adds up gaps above 0.
    """

    areas: NDArray[np.int64]
    means: dict[str, Floats]
    baselines: dict[str, Floats]
    quantiles: dict[str, Floats]
    short_runs: NDArray[np.int32]
    regions: NDArray[np.int64]
    totals: dict[str, Floats]


class Plan:
    """What all groups of a job share; made once in each process."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.draws = Draws(job.problem, job.seed, job.params.n_runs)
        n_kinds = range(len(job.problem.kinds))
        self.supplies: list[Supply | None] = [
            make_supply(job.problem, self.draws, row) for row in n_kinds
        ]
        self.hours_of_fte = [
            mean_hours_of_fte(job.problem, self.draws, row) for row in n_kinds
        ]
        self._weights: OrderedDict[int, list[Floats]] = OrderedDict()
        self._lock = Lock()

    def weights(self, row: int) -> list[Floats]:
        """Return the weights of need of a class, per kind of care."""
        with self._lock:
            if row not in self._weights:
                while len(self._weights) >= _CLASSES_KEPT:
                    self._weights.popitem(last=False)
                steps = make_steps(self.job.problem, self.draws, row)
                self._weights[row] = [
                    need_weights(self.job.problem, self.draws, steps, kind)
                    for kind in self.job.problem.kinds
                ]
            self._weights.move_to_end(row)
            return self._weights[row]

    def run_group(self, number: int) -> Group:
        """Do the blocks of one group."""
        blocks = self.job.blocks[number * _GROUP : (number + 1) * _GROUP]
        areas = np.concatenate(blocks)
        problem, params = self.job.problem, self.job.params
        shape = (len(areas), len(problem.kinds), problem.n_years)
        regions = np.unique(problem.region_of_area[areas]).astype(np.int64)
        runs = params.n_runs + 1
        made = Group(
            areas=areas,
            means={name: np.full(shape, np.nan) for name in MEASURES},
            baselines={name: np.full(shape, np.nan) for name in MEASURES},
            quantiles={
                name: np.full((len(params.quantiles), *shape), np.nan)
                for name in params.measures
            },
            short_runs=np.full(shape, -1, np.int32),
            regions=regions,
            totals={
                name: np.zeros((len(regions), *shape[1:], runs))
                for name in ("capacity", "gap", "short")
            },
        )
        first = 0
        for block in blocks:
            rows = slice(first, first + len(block))
            for kind in range(len(problem.kinds)):
                self._run_block(block, kind, rows, made)
            first += len(block)
        return made

    def _run_block(
        self, areas: NDArray[np.int64], kind: int, rows: slice, made: Group
    ) -> None:
        problem, params = self.job.problem, self.job.params
        assert problem.area_factor is not None
        assert problem.class_of_area is not None
        assert problem.unit_of_area is not None
        weights = self.weights(int(problem.class_of_area[areas[0]]))[kind]
        people = people_of(problem, areas) * problem.area_factor[areas, kind, None]
        need = np.empty((len(areas), problem.n_years, params.n_runs + 1))
        mix(people, weights, need)
        found = {"need": need}
        units = problem.unit_of_area[areas, kind]
        known = np.flatnonzero(units >= 0)
        supply = self.supplies[kind]
        if supply is not None and known.size:
            distinct, which = np.unique(units[known], return_inverse=True)
            hours_of_fte = self.hours_of_fte[kind]
            # Only where supply is not known is not filled below: NaN costs time.
            capacity, gap = np.empty_like(need), np.empty_like(need)
            capacity[units < 0] = gap[units < 0] = np.nan
            local = np.searchsorted(made.regions, problem.region_of_area[areas])
            short = np.full((len(areas), problem.n_years), -1, np.int32)
            _confront(
                need,
                supply.capacity(distinct.astype(np.int64)),
                known,
                which.astype(np.int64),
                self.shares[areas[known], kind],
                local.astype(np.int64),
                params.short_ratio,
                capacity,
                gap,
                short,
                made.totals["capacity"][:, kind],
                made.totals["gap"][:, kind],
                made.totals["short"][:, kind],
            )
            found |= {"capacity": capacity, "gap": gap}
            found["gap_fte"] = gap / hours_of_fte
            made.short_runs[rows, kind] = short
        for name, value in found.items():
            made.baselines[name][rows, kind] = value[..., 0]
            drawn = value[..., 1:] if params.n_runs else value
            made.means[name][rows, kind] = drawn.mean(axis=-1)
            if name in params.measures:
                made.quantiles[name][:, rows, kind] = take_quantiles(
                    value[..., 1:], params.quantiles
                )

    @cached_property
    def shares(self) -> Floats:
        """(a, k) share of its unit that each area gets."""
        return shares_of_units(self.job.problem)


def shares_of_units(problem: ProjectionProblem) -> Floats:
    """Return (a, k) shares: those given, else by the need of the first year."""
    if problem.share_of_unit is not None:
        return problem.share_of_unit
    assert problem.unit_of_area is not None
    assert problem.area_factor is not None
    made = np.zeros((len(problem.areas), len(problem.kinds)))
    for row, kind in enumerate(problem.kinds):
        known = problem.unit_of_area[:, row] >= 0
        units = problem.unit_of_area[known, row]
        hours = (problem.population[known] * (kind.use * kind.hours)).sum(axis=(1, 2))
        hours *= problem.area_factor[known, row]
        total = np.bincount(units, hours, minlength=len(problem.units))
        count = np.bincount(units, minlength=len(problem.units))
        made[known, row] = np.where(
            total[units] > 0,
            hours / np.where(total[units] > 0, total[units], 1),
            1 / count[units],
        )
    return made


@compiled
def _confront(
    need: Floats,
    unit_capacity: Floats,
    known: NDArray[np.int64],
    which: NDArray[np.int64],
    share: Floats,
    region: NDArray[np.int64],
    ratio: float,
    capacity: Floats,
    gap: Floats,
    short: NDArray[np.int32],
    total_capacity: Floats,
    total_gap: Floats,
    total_short: Floats,
) -> None:
    """Set need against capacity of areas with known supply; run 0 is not counted."""
    _, years, runs = need.shape
    for i in range(known.size):
        area = known[i]
        row = region[area]
        for y in range(years):
            count = 0
            for r in range(runs):
                has = share[i] * unit_capacity[which[i], y, r]
                lacks = need[area, y, r] - has
                capacity[area, y, r] = has
                gap[area, y, r] = lacks
                total_capacity[row, y, r] += has
                total_gap[row, y, r] += lacks
                total_short[row, y, r] += max(lacks, 0.0)
                if r > 0 and need[area, y, r] > ratio * has:
                    count += 1
            short[area, y] = count


@lru_cache(maxsize=1)
def _plan_of(job: Job) -> Plan:
    """Return the plan of a job, made once in each process that works for others."""
    return Plan(job)


def run_group(job: Job, number: int) -> Group:
    """Do one group in a process of a pool or cluster."""
    return _plan_of(job).run_group(number)


def run_groups(
    plan: Plan,
    *,
    workers: int = 1,
    pool: Pool = "threads",
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Group]:
    """Yield all groups in their order.

    Parameters
    ----------
    workers
        Threads or processes on this machine, 1 or more.
    pool
        Threads share the weights; processes start anew (spawn).
    scheduler
        Address of a Dask scheduler (``tcp://host:8786``), or ``local`` for a cluster
        of ``workers`` processes on this machine.

    Raises
    ------
    InvalidProblem
        If there is no worker, or no scheduler answers.
    """
    if workers < 1:
        raise InvalidProblem(f"{workers} is less than 1", field="workers")
    job = plan.job
    total = job.n_groups
    if progress is not None:
        progress(0, total)
    if scheduler is not None:
        # Takes half a second to load: only where runs are spread over machines.
        from wijkspil_engines.projection.distributed import spread

        groups = spread(job, workers=workers, scheduler=scheduler)
    elif workers == 1:
        groups = (plan.run_group(number) for number in range(total))
    else:
        groups = _pooled(plan, workers, pool)
    for done, group in enumerate(groups, 1):
        if progress is not None:
            progress(done, total)
        yield group


def _pooled(plan: Plan, workers: int, pool: Pool) -> Iterator[Group]:
    executor: Executor
    work: Callable[[int], Group]
    if pool == "threads":
        executor, work = ThreadPoolExecutor(workers), plan.run_group
    else:
        spawn = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(workers, mp_context=spawn)
        work = partial(run_group, plan.job)
    # Not all at once: what is done waits for its turn in memory.
    ahead = 4 * workers
    total = plan.job.n_groups
    with executor:
        waiting: dict[int, Future[Group]] = {}
        try:
            for number in range(total):
                for later in range(number, min(number + ahead, total)):
                    if later not in waiting:
                        waiting[later] = executor.submit(work, later)
                yield waiting[number].result()
                waiting[number] = Future()
        finally:
            for future in waiting.values():
                future.cancel()
