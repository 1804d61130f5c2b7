"""Which mechanism makes whom wait less, and how sure is that?

Runs every mechanism on the same seeds, in this process or spread over processes and
machines by Dask distributed. A run depends on its seed and the configuration only and
runs are put in order afterwards: the figures are the same to the last bit for any
number of workers.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.exchange.result import VERSION, Progress
from wijkspil_engines.exchange.simulate import measure, play
from wijkspil_engines.exchange.years_config import InvalidConfig, YearsConfig

_STEP = "runs"


@dataclass(frozen=True, eq=False)
class Run:
    """The figures of one run; people per round as plain numbers."""

    mechanism: str
    seed: int
    figures: Mapping[str, float]
    waiting: tuple[int, ...]
    moved: tuple[int, ...]
    free: tuple[int, ...]
    price_levels: tuple[str, ...] = ()
    prices: NDArray[np.float64] | None = None
    costs: NDArray[np.float64] | None = None
    left: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % interval (Student); NaN where not known."""

    mean: float
    low: float
    high: float

    @property
    def is_decided(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, eq=False)
class Study:
    """All runs, by mechanism in the order of the configuration, then by seed.

    ``means`` and ``differences`` (mechanism minus reference, seed by seed): mechanism →
    name of a figure → interval.
    """

    config: YearsConfig
    runs: tuple[Run, ...]
    means: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[str, Mapping[str, Interval]]


def run_one(
    config: YearsConfig, mechanism: str, seed: int, *, keeps_prices: bool = False
) -> Run:
    """Play one run and count."""
    played = play(config, mechanism, seed, keeps_prices=keeps_prices)
    return Run(
        mechanism,
        seed,
        measure(config, played),
        waiting=tuple(played.waiting.tolist()),
        moved=tuple(played.moved.tolist()),
        free=tuple(played.free.tolist()),
        price_levels=played.price_levels,
        prices=played.prices,
        costs=played.costs,
        left=played.left,
    )


def run_study(
    config: YearsConfig,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    keeps_prices: bool = False,
    progress: Progress | None = None,
) -> Study:
    """Play all runs.

    Parameters
    ----------
    workers
        Processes on this machine; 1 plays in this one. Not used with ``scheduler``.
    scheduler
        Address of a Dask scheduler, as ``tcp://host:8786``, whose workers have this
        package.
    keeps_prices
        Keep the prices of each round of ``optimum``, for ``outlook``.

    Raises
    ------
    InvalidConfig
        If the scheduler cannot be reached.
    """
    study = config.study
    tasks = [
        (mechanism, seed)
        for mechanism in study.mechanisms
        for seed in range(study.first_seed, study.first_seed + study.seeds)
    ]
    runs: dict[tuple[str, int], Run] = {}
    if progress is not None:
        progress(_STEP, 0, len(tasks))
    if workers == 1 and scheduler is None:
        done: Iterator[Run] = (
            run_one(config, *task, keeps_prices=keeps_prices) for task in tasks
        )
    else:
        done = _spread(config, tasks, workers, scheduler, keeps_prices)
    for run in done:
        runs[run.mechanism, run.seed] = run
        if progress is not None:
            progress(_STEP, len(runs), len(tasks))
    ordered = tuple(runs[task] for task in tasks)
    figures = {
        mechanism: [run.figures for run in ordered if run.mechanism == mechanism]
        for mechanism in study.mechanisms
    }
    reference = figures[study.reference]
    return Study(
        config,
        ordered,
        {name: _summarize(rows) for name, rows in figures.items()},
        {
            name: _summarize(
                [
                    {key: row[key] - other[key] for key in row}
                    for row, other in zip(rows, reference, strict=True)
                ]
            )
            for name, rows in figures.items()
            if name != study.reference
        },
    )


def _spread(
    config: YearsConfig,
    tasks: Sequence[tuple[str, int]],
    workers: int,
    scheduler: str | None,
    keeps_prices: bool,
) -> Iterator[Run]:
    # Takes half a second to load: only where runs are spread.
    import distributed

    dask: Any = distributed  # Its functions have no types.

    def play_all(client: Any) -> Iterator[Run]:
        futures = [
            client.submit(
                run_one,
                config,
                mechanism,
                seed,
                keeps_prices=keeps_prices,
                key=f"exchange-{config.digest[:16]}-{keeps_prices}-{mechanism}-{seed}",
            )
            for mechanism, seed in tasks
        ]
        for _future, run in dask.as_completed(futures, with_results=True):
            yield run

    if scheduler is not None:
        try:
            client = dask.Client(scheduler, timeout=10)
        except (OSError, ValueError) as error:
            raise InvalidConfig(
                f"{scheduler[:100]!r}: no Dask scheduler answers there ({error})"
            ) from error
        with client:
            yield from play_all(client)
        return
    with (
        dask.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
        ) as cluster,
        dask.Client(cluster) as client,
    ):
        yield from play_all(client)


def _summarize(rows: Sequence[Mapping[str, float]]) -> dict[str, Interval]:
    return {name: estimate([row[name] for row in rows]) for name in rows[0]}


def estimate(values: Sequence[float]) -> Interval:
    """Return the mean with its 95 % interval; seeds that say nothing are left out."""
    known = np.array([value for value in values if not math.isnan(value)])
    if known.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(known.mean())
    if known.size == 1:
        return Interval(mean, math.nan, math.nan)
    half = student_975(known.size - 1) * float(known.std(ddof=1))
    half /= math.sqrt(known.size)
    return Interval(mean, mean - half, mean + half)


def student_975(freedom: int) -> float:
    """Return the 97.5 % point of Student's t, by halving on its exact distribution.

    Abramowitz and Stegun, 26.7.3 and 26.7.4.
    """
    low, high = 0.0, 20.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if _within(middle, freedom) < 0.95:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """Return the chance of a value between -t and t."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    odd = freedom % 2 == 1
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def to_json(study: Study) -> str:
    """Return all figures as text; the same for the same configuration.

    No moment and no duration is in it. What is not known is null.
    """
    reference = study.config.study.reference
    value = {
        "version": VERSION,
        "config_sha256": study.config.digest,
        "config": asdict(study.config),
        "reference": reference,
        "means": _plain(study.means),
        "differences": _plain(study.differences),
        "runs": [
            {
                "mechanism": run.mechanism,
                "seed": run.seed,
                "figures": {key: _or_none(each) for key, each in run.figures.items()},
                "waiting": run.waiting,
                "moved": run.moved,
                "free_places": run.free,
            }
            for run in study.runs
        ],
    }
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def _plain(
    table: Mapping[str, Mapping[str, Interval]],
) -> dict[str, dict[str, list[float | None]]]:
    return {
        mechanism: {
            name: [_or_none(each.mean), _or_none(each.low), _or_none(each.high)]
            for name, each in rows.items()
        }
        for mechanism, rows in table.items()
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
