"""What is the desk worth: both ways of working over seeds, and what decides it.

``solve`` plays every seed in both ways with the same draws and returns means and
differences with 95 % intervals (Student's t over the seeds, paired for differences);
``sweep`` moves the assumptions one at a time.
"""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from wijkspil_engines.desk.assumptions import Assumption, Assumptions, list_assumptions
from wijkspil_engines.desk.course import WAYS, Course, Way
from wijkspil_engines.desk.draws import draw, draw_places
from wijkspil_engines.desk.figures import FIGURES, PAIRED, count_figures, count_paired
from wijkspil_engines.desk.problem import DeskProblem
from wijkspil_engines.desk.terrain import Terrain
from wijkspil_engines.desk.today import Today
from wijkspil_engines.desk.wijkspil import Wijkspil
from wijkspil_engines.routing.problem import InvalidProblem

#: The figures by which assumptions are put in order.
HEADLINES = ("providers_mean", "both_hours_median")
_WORLDS = {"today": Today, "wijkspil": Wijkspil}

_NORMAL_975 = 1.959963985
_STUDENT_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)

Tick = Callable[[], None]


class Interval(NamedTuple):
    """Mean over seeds and its 95 % interval; the ends are NaN with one seed."""

    mean: float
    low: float
    high: float


class Swing(NamedTuple):
    """What the difference (Wijkspil minus today) is at both ends of an assumption."""

    assumption: Assumption
    headline: str
    at_low: float
    at_value: float
    at_high: float

    @property
    def size(self) -> float:
        """Largest change from the value taken."""
        return max(abs(self.at_low - self.at_value), abs(self.at_high - self.at_value))


class Together(NamedTuple):
    """The difference with several assumptions at once at their unfavorable ends.

    Unfavorable to Wijkspil by this headline, as each was alone.
    """

    headline: str
    names: tuple[str, ...]
    at_value: float
    difference: float


class NightSwing(NamedTuple):
    """The chances at night at both ends of an assumption, which is said by its unit."""

    unit: str
    value: float
    low: float
    high: float
    pooled_at_low: float
    separate_at_low: float
    pooled_at_high: float
    separate_at_high: float


class NightArrival(NamedTuple):
    """Chance that a nurse arrives within ``minutes`` on an unplanned call at night.

    Intervals are over nights. ``setting``: whose duties, in words. ``worst``: the
    wijken with the least pooled chance, with the pooled and the separate one.
    ``less``: wijken that lose by pooling, intervals apart. ``swings``: largest first.
    """

    minutes: float
    pooled: Interval
    separate: Interval
    difference: Interval
    n_nights: int = 0
    n_nurses: int = 0
    calls_a_night: float = math.nan
    setting: str = ""
    worst: tuple[tuple[str, float, float], ...] = ()
    less: tuple[str, ...] = ()
    swings: tuple[NightSwing, ...] = ()


@dataclass(frozen=True, eq=False)
class Run:
    """One seed: the course of each way, and its figures."""

    seed: int
    problem: DeskProblem
    courses: Mapping[Way, Course]
    figures: Mapping[Way, Mapping[str, float]]
    paired: Mapping[str, float]

    @property
    def differences(self) -> dict[str, float]:
        """Wijkspil minus today, of every figure."""
        today, wijkspil = self.figures["today"], self.figures["wijkspil"]
        return {name: wijkspil[name] - today[name] for name in FIGURES} | dict(
            self.paired
        )


@dataclass(frozen=True, eq=False)
class Result:
    """Figures over all seeds.

    Parameters
    ----------
    status
        ``complete``: all seeds were played. ``timed_out``: those of ``runs`` were.
    means
        Way -> name -> interval; names are those of ``FIGURES``.
    differences
        Wijkspil minus today, paired by seed; also ``PAIRED``.
    swings
        What moving one assumption does; empty without a sweep.
    together
        What moving several to their unfavorable ends does; empty without a sweep.
    night
        Filled by who simulates nights; None when nobody did.
    """

    status: Literal["complete", "timed_out"]
    runs: tuple[Run, ...]
    means: Mapping[Way, Mapping[str, Interval]]
    differences: Mapping[str, Interval]
    assumptions: Assumptions
    seeds: tuple[int, ...]
    runtime_s: float
    input_hash: str
    swings: tuple[Swing, ...] = ()
    together: tuple[Together, ...] = ()
    sweep_seeds: tuple[int, ...] = ()
    night: NightArrival | None = None
    algorithm: str = "desk-events"
    version: str = "2"

    def largest_swings(self, headline: str, count: int = 3) -> list[Swing]:
        """Return the assumptions that move a headline most, largest first."""
        return sorted(
            (swing for swing in self.swings if swing.headline == headline),
            key=lambda swing: (-swing.size, swing.assumption.name),
        )[:count]


def play(
    problem: DeskProblem,
    *,
    assumptions: Assumptions | None = None,
    seed: int = 0,
    ways: Sequence[Way] = WAYS,
) -> dict[Way, Course]:
    """Play one seed; both ways share requests, places and every draw."""
    taken = assumptions or Assumptions()
    draws = draw(problem, taken, seed=seed)
    terrain = Terrain(problem)
    return {way: _WORLDS[way](problem, taken, draws, terrain).run() for way in ways}


def solve(
    problems: Mapping[int, DeskProblem],
    *,
    assumptions: Assumptions | None = None,
    time_limit_s: float | None = None,
    tick: Tick = lambda: None,
) -> Result:
    """Play every seed in both ways; ``problems`` gives the region's requests per seed.

    ``tick`` is called after each seed. With a time limit the seeds that were begun in
    time are finished.

    Raises
    ------
    InvalidProblem
        If there is no seed.
    """
    if not problems:
        raise InvalidProblem("is empty; give at least one seed", field="problems")
    taken = assumptions or Assumptions()
    started = time.perf_counter()
    runs: list[Run] = []
    for seed, problem in sorted(problems.items()):
        spent_s = time.perf_counter() - started
        if runs and time_limit_s is not None and spent_s > time_limit_s:
            break
        runs.append(_run(problem, taken, seed))
        tick()
    return Result(
        status="complete" if len(runs) == len(problems) else "timed_out",
        runs=tuple(runs),
        means={
            way: {
                name: estimate([run.figures[way][name] for run in runs])
                for name in FIGURES
            }
            for way in WAYS
        },
        differences={
            name: estimate([run.differences[name] for run in runs])
            for name in (*FIGURES, *PAIRED)
        },
        assumptions=taken,
        seeds=tuple(run.seed for run in runs),
        runtime_s=time.perf_counter() - started,
        input_hash=hash_study(problems, taken),
    )


def sweep(
    problems: Mapping[int, DeskProblem],
    *,
    assumptions: Assumptions | None = None,
    tick: Tick = lambda: None,
) -> tuple[Swing, ...]:
    """Move each assumption to its low and high end, all others as they are.

    With the same draws, so few seeds will do. A way of working that an assumption
    does not touch is not played again. ``tick`` is called twice per assumption.
    """
    taken = assumptions or Assumptions()
    base = {
        seed: _run(problem, taken, seed, WAYS, {}) for seed, problem in problems.items()
    }

    def with_value(name: str, value: float, ways: Sequence[Way]) -> list[Run]:
        other = taken.with_value(name, value)
        return [
            _run(problem, other, seed, ways, base[seed].courses)
            for seed, problem in problems.items()
        ]

    at_value = _headlines(list(base.values()))
    swings = []
    for row in list_assumptions(taken):
        ways = WAYS if row.touches == "both" else (row.touches,)
        at_low = _headlines(with_value(row.name, row.low, ways))
        tick()
        at_high = _headlines(with_value(row.name, row.high, ways))
        tick()
        swings += [
            Swing(row, name, at_low[name], at_value[name], at_high[name])
            for name in HEADLINES
        ]
    return tuple(swings)


def join_worst(
    problems: Mapping[int, DeskProblem],
    swings: Sequence[Swing],
    *,
    assumptions: Assumptions | None = None,
) -> tuple[Together, ...]:
    """Put the three that move a headline most, and then all, at their worst ends.

    Worst is what makes the difference (Wijkspil minus today) largest, as each did
    alone in ``sweep``. All at once is a corner where nobody need ever be.
    """
    taken = assumptions or Assumptions()
    found = []
    for headline in HEADLINES:
        ordered = sorted(
            (swing for swing in swings if swing.headline == headline),
            key=lambda swing: (-swing.size, swing.assumption.name),
        )
        for count in (3, len(ordered)):
            chosen = ordered[:count]
            moved = taken
            for swing in chosen:
                row = swing.assumption
                ends = ((swing.at_low, row.low), (swing.at_high, row.high))
                worst, value = max(ends)
                if worst > swing.at_value:
                    moved = moved.with_value(row.name, value)
            runs = [_run(problem, moved, seed) for seed, problem in problems.items()]
            found.append(
                Together(
                    headline,
                    tuple(swing.assumption.name for swing in chosen),
                    chosen[0].at_value,
                    _headlines(runs)[headline],
                )
            )
    return tuple(found)


def _headlines(runs: Sequence[Run]) -> dict[str, float]:
    """Return Wijkspil minus today, the mean over seeds."""
    return {
        name: float(np.mean([run.differences[name] for run in runs]))
        for name in HEADLINES
    }


def estimate(values: Sequence[float]) -> Interval:
    """Return the mean over seeds with its 95 % interval (Student's t).

    Seeds about which nothing can be said (NaN) are left out.
    """
    known = np.array([value for value in values if not math.isnan(value)])
    if known.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(known.mean())
    if known.size == 1:
        return Interval(mean, math.nan, math.nan)
    half = student_975(known.size - 1) * known.std(ddof=1) / math.sqrt(known.size)
    return Interval(mean, float(mean - half), float(mean + half))


def student_975(freedom: int) -> float:
    """Return the 97.5 % point of Student's t, to three decimals.

    Abramowitz and Stegun 26.7.5 (expansion around the normal), and their table 26.10
    below ten degrees of freedom, where it is not close enough.
    """
    if freedom < len(_STUDENT_975) + 1:
        return _STUDENT_975[freedom - 1]
    z, f = _NORMAL_975, float(freedom)
    return (
        z
        + (z**3 + z) / (4 * f)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * f**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * f**3)
    )


def hash_study(problems: Mapping[int, DeskProblem], taken: Assumptions) -> str:
    """Return a hash of the regions, the seeds and the assumptions."""
    state = hashlib.blake2b(digest_size=16)
    for seed, problem in sorted(problems.items()):
        state.update(f"{seed}:{problem.input_hash};".encode())
    state.update(repr(sorted(taken.as_mapping().items())).encode())
    return state.hexdigest()


def _run(
    problem: DeskProblem,
    taken: Assumptions,
    seed: int,
    ways: Sequence[Way] = WAYS,
    kept: Mapping[Way, Course] | None = None,
) -> Run:
    """Play the ways given; of the others ``kept`` has the course."""
    courses = {**(kept or {}), **play(problem, assumptions=taken, seed=seed, ways=ways)}
    places = draw_places(problem, taken, seed=seed)
    return Run(
        seed=seed,
        problem=problem,
        courses=courses,
        figures={
            way: count_figures(problem, places, course)
            for way, course in courses.items()
        },
        paired=count_paired(problem, courses),
    )
