"""What is the chance, per wijk, that a nurse is there in time at night?

Draws nights, plays them with the nurses of all providers together (``pooled``) and
with each provider for itself (``separate``) on the same calls, and counts. The method
is told in ``docs/algorithms/dispatch.md``; ``exact`` and ``verify`` check it.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.dispatch.checks import InvalidProblem, check_range
from wijkspil_engines.dispatch.draw import Calls, draw_calls
from wijkspil_engines.dispatch.intervals import chance_interval, paired_interval
from wijkspil_engines.dispatch.night import (
    MODES,
    QUANTILES,
    Mode,
    ModeResult,
    NightParams,
    NightProblem,
    NightResult,
)
from wijkspil_engines.dispatch.travel import HOURS_A_DAY, MatrixTable, StraightLine

STEP_MIN, N_STEPS = 5.0, 13


def simulate_night(
    problem: NightProblem,
    *,
    params: NightParams | None = None,
    seed: int = 0,
    n_nights: int = 10_000,
    modes: Sequence[Mode] = MODES,
) -> NightResult:
    """Simulate nights; the same calls in each mode, the same result for each seed.

    Raises
    ------
    InvalidProblem
        If there is no wijk, a number is out of range, or a driving time is not known.
    """
    started = time.perf_counter()
    params = params or NightParams()
    check_range(n_nights, 1, 10_000_000, "n_nights")
    check_range(seed, 0, math.inf, "seed")
    if not problem.wijken:
        raise InvalidProblem("is empty; give the wijken of the region", field="wijken")
    if not modes or any(mode not in MODES for mode in modes):
        raise InvalidProblem(
            f"{tuple(modes)!r} is not known; use {' or '.join(MODES)}", field="modes"
        )
    region = Region.of(problem, params)
    counts = {mode: _Count(problem, params, region) for mode in modes}
    for calls in draw_calls(problem, params, seed=seed, n_nights=n_nights):
        for mode, count in counts.items():
            count.add(calls, play(region, params, calls, mode))
    found = {mode: count.result() for mode, count in counts.items()}
    gain = None
    if len(found) == len(MODES):
        pooled, separate = found["pooled"], found["separate"]
        gain = paired_interval(
            pooled.in_time_by_night - separate.in_time_by_night, pooled.calls_by_night
        )
    return NightResult(
        status="feasible",
        modes=MappingProxyType(found),
        gain=gain,
        terms=MappingProxyType(
            {f"chance_{mode}": result.region[0] for mode, result in found.items()}
        ),
        n_nights=n_nights,
        seed=seed,
        params=params,
        runtime_s=time.perf_counter() - started,
        input_hash=problem.input_hash,
    )


@dataclass(frozen=True, eq=False)
class Region:
    """The problem as arrays for the loops.

    Parameters
    ----------
    teams
        Row in ``problem.teams`` of each base; bases are in order of the key.
    team_of_nurse
        (n_nurses,) base of each nurse.
    allowed
        By mode, (n_groups, n_teams, n_wijken) bool: who may go; a call's group is 0
        in ``pooled``, and its provider + 1 in ``separate`` (0: nobody's).
    minutes
        (24, n_places, n_places) driving times by hour: bases, then wijken.
    """

    teams: tuple[int, ...]
    team_of_nurse: NDArray[np.int64]
    allowed: dict[Mode, NDArray[np.bool_]]
    minutes: NDArray[np.float64]

    @classmethod
    def of(cls, problem: NightProblem, params: NightParams) -> "Region":
        """Build the arrays.

        Raises
        ------
        InvalidProblem
            If a driving time that is needed is not known.
        """
        rows = sorted(range(len(problem.teams)), key=lambda i: problem.teams[i].key)
        teams = [problem.teams[row] for row in rows]
        n_wijken = len(problem.wijken)
        separate = np.zeros((len(problem.providers) + 1, len(teams), n_wijken), bool)
        for i, team in enumerate(teams):
            goes = [
                team.covers is None or wijk.key in team.covers
                for wijk in problem.wijken
            ]
            separate[problem.providers.index(team.provider) + 1, i] = goes
        pooled = np.ones((1, len(teams), n_wijken), bool)
        nurses = np.repeat(np.arange(len(teams)), [team.n_nurses for team in teams])
        return cls(
            tuple(rows),
            nurses.astype(np.int64),
            {"pooled": pooled, "separate": separate},
            _find_minutes(problem, params, rows),
        )


@dataclass(frozen=True, eq=False)
class Played:
    """What came of each call: (n_calls,) start, arrival (infinite: nobody), nurse.

    ``busy_min`` (n_nurses,) adds up over the nights.
    """

    start_min: NDArray[np.float64]
    arrival_min: NDArray[np.float64]
    nurse: NDArray[np.int64]
    busy_min: NDArray[np.float64]


def play(region: Region, params: NightParams, calls: Calls, mode: Mode) -> Played:
    """Play the nights of ``calls`` in one mode."""
    # Loading what is compiled takes half a second, which a choice does not need.
    from wijkspil_engines.dispatch.loop import run_committing, run_queueing

    n = calls.time_min.size
    played = Played(
        np.full(n, np.inf),
        np.full(n, np.inf),
        np.full(n, -1, np.int64),
        np.zeros(region.team_of_nurse.size),
    )
    group = np.zeros(n, np.int64) if mode == "pooled" else calls.provider + 1
    is_exponential = params.service_shape == "exponential"
    settings = np.array(
        [
            60.0 * params.start_hour,
            params.overhead.preparation_min,
            params.overhead.access_min,
            params.service_mean_min,
            params.log_mean,
            0.0 if is_exponential else params.log_sd,
            params.night_min,
        ]
    )
    given = (
        calls.offsets,
        calls.time_min,
        calls.wijk + len(region.teams),
        group,
        calls.service_min,
        region.team_of_nurse,
        region.allowed[mode],
        region.minutes,
        settings,
        params.service_covers == "round-trip",
        params.after_visit == "return",
    )
    out = (played.arrival_min, played.start_min, played.nurse, played.busy_min)
    if params.when_busy == "commit":
        run_committing(*given, *out)
    else:
        run_queueing(*given, params.when_busy == "lost", *out)
    return played


class _Count:
    """Adds up what came of the calls, block after block."""

    def __init__(
        self, problem: NightProblem, params: NightParams, region: Region
    ) -> None:
        n = len(problem.wijken)
        self._params, self._region = params, region
        self._n_teams, self._n_wijken = len(problem.teams), n
        self._hits, self._calls = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self._unserved = np.zeros(n, np.int64)
        # Sums over nights of hits², hits x calls and calls²: the spread follows.
        self._products = np.zeros((3, n))
        self._waits: list[NDArray[np.float64]] = []
        self._arrivals: list[NDArray[np.float64]] = []
        self._by_night: list[NDArray[np.int64]] = []
        self._hits_by_night: list[NDArray[np.int64]] = []
        self._busy_min = np.zeros(region.team_of_nurse.size)

    def add(self, calls: Calls, played: Played) -> None:
        n_nights = calls.offsets.size - 1
        night = np.repeat(np.arange(n_nights), np.diff(calls.offsets))
        counted = calls.time_min >= 0
        at = calls.time_min[counted]
        wait = played.start_min[counted] - at
        arrival = played.arrival_min[counted] - at
        night, wijk = night[counted], calls.wijk[counted]
        in_time = arrival <= self._params.within_min + 1e-9
        shape = (n_nights, self._n_wijken)
        cell = night * self._n_wijken + wijk
        n_cells = shape[0] * shape[1]
        number = np.bincount(cell, minlength=n_cells).reshape(shape)
        hits = np.bincount(cell[in_time], minlength=n_cells).reshape(shape)
        self._calls += number.sum(0)
        self._hits += hits.sum(0)
        self._unserved += np.bincount(wijk[np.isinf(arrival)], minlength=shape[1])
        self._products += [
            (hits * hits).sum(0),
            (hits * number).sum(0),
            (number * number).sum(0),
        ]
        self._waits.append(wait)
        self._arrivals.append(arrival)
        self._by_night.append(number.sum(1))
        self._hits_by_night.append(hits.sum(1))
        self._busy_min += played.busy_min

    def result(self) -> ModeResult:
        by_night = np.concatenate(self._by_night)
        hits_by_night = np.concatenate(self._hits_by_night)
        n_nights = by_night.size
        chances = np.empty((3, self._n_wijken))
        for i in range(self._n_wijken):
            hits, calls = float(self._hits[i]), float(self._calls[i])
            chance = hits / calls if calls else 0.0
            h2, hn, n2 = self._products[:, i].tolist()
            squares = h2 - 2 * chance * hn + chance * chance * n2
            chances[:, i] = chance_interval(hits, calls, squares, n_nights)
        total, in_time = int(by_night.sum()), int(hits_by_night.sum())
        chance = in_time / total if total else 0.0
        squares = float(((hits_by_night - chance * by_night) ** 2).sum())
        arrival = np.concatenate(self._arrivals)
        wait = np.concatenate(self._waits)
        served = np.isfinite(arrival)
        quantiles = (math.nan,) * len(QUANTILES)
        if total:
            values = np.quantile(arrival, QUANTILES, method="inverted_cdf")
            quantiles = tuple(values.tolist())
        # A hair more, so that 20 minutes computed as 19.999... count as 20.
        steps = np.minimum((arrival[served] + 1e-9) // STEP_MIN, N_STEPS - 1)
        arrays = (
            *chances,
            self._calls,
            self._hits,
            self._unserved,
            np.bincount(steps.astype(np.int64), minlength=N_STEPS),
            self._utilisation(n_nights),
            by_night,
            hits_by_night,
        )
        for array in arrays:
            array.flags.writeable = False
        return ModeResult(
            chance=chances[0],
            chance_low=chances[1],
            chance_high=chances[2],
            region=chance_interval(in_time, total, squares, n_nights),
            calls=self._calls,
            in_time=self._hits,
            unserved=self._unserved,
            arrival_quantiles_min=quantiles,
            arrival_mean_min=_mean(arrival[served]),
            wait_mean_min=_mean(wait[served]),
            waited_share=_mean(wait[served] > 0),
            histogram=arrays[6],
            utilisation=arrays[7],
            calls_by_night=by_night,
            in_time_by_night=hits_by_night,
        )

    def _utilisation(self, n_nights: int) -> NDArray[np.float64]:
        part = np.full(self._n_teams, math.nan)
        for i, row in enumerate(self._region.teams):
            nurses = self._region.team_of_nurse == i
            if nurses.any():
                minutes = n_nights * self._params.night_min * int(nurses.sum())
                part[row] = self._busy_min[nurses].sum() / minutes
        return part


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else math.nan


def _find_minutes(
    problem: NightProblem, params: NightParams, rows: Sequence[int]
) -> NDArray[np.float64]:
    teams = [problem.teams[row].place for row in rows]
    wijken = [wijk.place for wijk in problem.wijken]
    places = [*teams, *wijken]
    moves = params.service_covers == "visit"
    returns = moves and params.after_visit == "return"
    table = problem.travel
    # Two known tables only scale with the hour: ask them once.
    factors: tuple[float, ...] | None = None
    if type(table) is StraightLine:
        factors = tuple(table.speeds_kmh[0] / speed for speed in table.speeds_kmh)
    elif type(table) is MatrixTable:
        factors = tuple(factor / table.factors[0] for factor in table.factors)
    minutes = np.full((HOURS_A_DAY, len(places), len(places)), np.inf)
    for hour in range(HOURS_A_DAY):
        if hour and factors is not None:
            minutes[hour] = minutes[0] * factors[hour]
            continue
        for i, origin in enumerate(places):
            is_base = i < len(teams)
            if not is_base and not moves:
                continue
            for k, destination in enumerate(places):
                if k < len(teams) and (is_base or not returns):
                    continue
                value = table.minutes(origin, destination, float(hour))
                if value is None or math.isnan(value) or value < 0:
                    raise InvalidProblem(
                        f"from {origin.key!r} to {destination.key!r} is "
                        f"{'not known' if value is None else value}; give both a "
                        "place, or a table with both",
                        field="travel",
                    )
                minutes[hour, i, k] = value
    return minutes
