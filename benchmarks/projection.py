"""How fast is a cohort projection of the country, against plain numpy per draw?

14,000 areas x 2 sexes x 20 bands of age x 25 years: ageing, deaths and births, use by
age, weekly hours, a trend, and a saving of 1.2 to 3.6 hours a week that is adopted
along a logistic curve. Peers: numpy that steps all areas through the years for each
draw (the usual way), the same as pandas tables (merge and groupby, two years of one
draw, times 12.5), and numpy that is told our trick (weights of today's people) and
takes its quantiles from BLAS and ``numpy.sort``. Same draws, same hours (compared).
Ours gives the exact quantiles of every area and year in the same time; plain numpy only
the hours of a draw. Each in a process of its own, seconds of processor and peak memory.
"full" is ours with migration, turnover, supply of 31 regions and quantiles of the gap.

    python -m benchmarks.projection [--runs 1000] [--areas 14000] [--repeats 5]
        [--no-peer] [--json FILE]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from wijkspil_engines.projection import (
    Inflow,
    Kind,
    Parameter,
    ProjectionProblem,
    Saving,
    Skill,
    Variant,
)

LIMIT_FASTER, LIMIT_MB, LIMIT_SAME, LIMIT_PAIRED = 3.0, 2048, 1e-9, 1 / 3
SEED, YEARS, AGES = 7, 25, 20
PEER_DRAWS = 10


def _parameter(name: str, low: float, high: float) -> Parameter:
    return Parameter(name, low, high, "see lever", "made up for this benchmark")


def make_country(n_areas: int, *, full: bool = False) -> ProjectionProblem:
    """Draw a country; full: also migration, turnover of clients, variants, supply."""
    rng = np.random.default_rng(SEED)
    age = np.arange(AGES) * 5.0
    shape = np.interp(age, [0, 50, 70, 100], [1, 1.25, 0.9, 0.02])
    people = rng.lognormal(7, 0.8, n_areas)[:, None, None] * shape / shape.sum() / 2
    people = people * rng.lognormal(0, 0.2, (n_areas, 2, AGES))
    use = np.tile(0.25 / (1 + np.exp(-(age - 82) / 6)), (2, 1)) * [[0.9], [1.1]]
    hours = np.tile(np.interp(age, [0, 65, 85], [6.0, 7.0, 9.0]), (2, 1))
    fertility = np.zeros((1, AGES))
    fertility[:, 3:10] = 1.5 / 35
    x = np.arange(YEARS)
    logistic = 1 / (1 + np.exp(-(x - 8) / 2.5))
    logistic = (logistic - logistic[0]) / (logistic[-1] - logistic[0])
    more: dict[str, Any] = {}
    parameters = [
        _parameter("mortality_improvement", 0.005, 0.02),
        _parameter("fertility", 0.9, 1.1),
        _parameter("use_trend", -0.005, 0.015),
        _parameter("hours", 0.95, 1.05),
        _parameter("saved", 1.2, 3.6),
        _parameter("adopted", 0.2, 0.5),
    ]
    if full:
        n_regions = 31
        region = np.arange(n_areas) % n_regions
        work = np.ones((n_regions, 4, 11)) * (people * use * hours).sum()
        work /= n_regions * 44 * 36 * 0.65 * 0.6
        leaving = np.linspace(0.12, 0.04, 11)
        retiring = np.where(np.arange(11) >= 9, 0.3, 0.0)
        entry = np.zeros(11)
        entry[:4] = 0.25
        names = ("niveau-2", "niveau-3", "niveau-4", "niveau-5")
        more = {
            "departures": np.full((1, 2, AGES), 0.02),
            "arrivals": 0.02 * people,
            "regions": tuple(f"r{i}" for i in range(n_regions)),
            "region_of_area": region,
            "units": tuple(f"r{i}" for i in range(n_regions)),
            "unit_of_area": region[:, None],
            "workers": work,
            "skills": tuple(
                Skill(name, "wijkverpleging", leaving, retiring, entry, 0.65)
                for name in names
            ),
            "inflows": tuple(
                Inflow(name, name, np.full(YEARS, work[:, 0].sum() * 0.06))
                for name in names
            ),
            "variants": (
                Variant("middle", 0.4),
                Variant("more arrivals", 0.3, arrivals=1.3),
                Variant("longer lives", 0.3, mortality=0.9),
            ),
        }
        parameters += [
            _parameter("arrivals", 0.8, 1.2),
            _parameter("stay", 0.9, 1.15),
            _parameter("outflow", 0.85, 1.15),
            _parameter("training", 0.8, 1.1),
            _parameter("absence", 0.06, 0.09),
            _parameter("client_facing", 0.55, 0.65),
        ]
    made: dict[str, Any] = {
        "first_year": 2025,
        "n_years": YEARS,
        "areas": tuple(f"b{i:05d}" for i in range(n_areas)),
        "regions": ("nl",),
        "region_of_area": np.zeros(n_areas, int),
        "population": people,
        "mortality": np.tile(np.minimum(5e-5 * np.exp(age / 10.5), 0.5), (1, 2, 1)),
        "fertility": fertility,
        "kinds": (Kind("wijkverpleging", "zvw", use, hours, 0.84 if full else 0.0),),
        "savings": (
            Saving("hybrid", "wijkverpleging", ("saved",), 0.1, "adopted", logistic),
        ),
        "parameters": tuple(parameters),
    }
    return ProjectionProblem(**(made | more))


def step_plainly(
    problem: ProjectionProblem, values: dict[str, NDArray[np.float64]], run: int
) -> NDArray[np.float64]:
    """Return (areas, years) hours of one draw, in numpy as most would write it."""
    kind, saving = problem.kinds[0], problem.savings[0]
    drawn = {name: float(value[run]) for name, value in values.items()}
    people = problem.population.copy()
    out = np.empty((people.shape[0], YEARS))
    for year in range(YEARS):
        use = kind.use * (1 + drawn["use_trend"]) ** year
        saved = drawn["saved"] * (drawn["adopted"] - 0.1) * saving.progress[year]
        hours = np.maximum(kind.hours * drawn["hours"] - saved, 0)
        out[:, year] = (people * (np.minimum(use, 1) * hours)).sum(axis=(1, 2))
        fall = (1 - drawn["mortality_improvement"]) ** year
        children = people[:, 1] @ (problem.fertility[0] * drawn["fertility"])
        people = people * (1 - np.minimum(problem.mortality[0] * fall, 1))
        moving = people[:, :, :-1] / 5
        people[:, :, :-1] -= moving
        people[:, :, 1:] += moving
        people[:, 0, 0] += 0.512 * children
        people[:, 1, 0] += 0.488 * children
    return out


def step_tables(
    problem: ProjectionProblem, values: dict[str, NDArray[np.float64]], years: int
) -> NDArray[np.float64]:
    """Return (areas, years) hours of run 0, as a pipeline of tables."""
    import pandas as pd  # Only here: its memory is not that of the others.

    kind, saving = problem.kinds[0], problem.savings[0]
    drawn = {name: float(value[0]) for name, value in values.items()}
    keys = pd.MultiIndex.from_product(
        [problem.areas, ("men", "women"), range(AGES)], names=["area", "sex", "age"]
    )
    people = pd.DataFrame({"people": problem.population.ravel()}, keys).reset_index()
    rates = pd.DataFrame(
        {
            "use": kind.use.ravel(),
            "hours": kind.hours.ravel(),
            "mortality": problem.mortality[0].ravel(),
            "children": np.concatenate([np.zeros(AGES), problem.fertility[0]]),
        },
        pd.MultiIndex.from_product(
            [("men", "women"), range(AGES)], names=keys.names[1:]
        ),
    ).reset_index()
    out = []
    for year in range(years):
        use = rates["use"] * (1 + drawn["use_trend"]) ** year
        saved = drawn["saved"] * (drawn["adopted"] - 0.1) * saving.progress[year]
        fall = (1 - drawn["mortality_improvement"]) ** year
        now = rates.assign(
            need=use.clip(upper=1)
            * (rates["hours"] * drawn["hours"] - saved).clip(lower=0),
            keep=1 - (rates["mortality"] * fall).clip(upper=1),
            children=rates["children"] * drawn["fertility"],
        )
        table = people.merge(now, on=["sex", "age"])
        table["need"] *= table["people"]
        out.append(table.groupby("area")["need"].sum())
        table["children"] *= table["people"]
        born = table.groupby("area")["children"].sum().reset_index()
        table["people"] *= table["keep"]
        moving = table.assign(people=table["people"] / 5)
        moving = moving[moving["age"] < AGES - 1]
        table.loc[table["age"] < AGES - 1, "people"] *= 0.8
        parts = [
            table[["area", "sex", "age", "people"]],
            moving.assign(age=moving["age"] + 1)[["area", "sex", "age", "people"]],
        ]
        for sex, share in (("men", 0.512), ("women", 0.488)):
            parts.append(
                born.assign(sex=sex, age=0, people=born["children"] * share)[
                    ["area", "sex", "age", "people"]
                ]
            )
        people = (
            pd.concat(parts)
            .groupby(["area", "sex", "age"])["people"]
            .sum()
            .reset_index()
        )
    return np.array([each.reindex(problem.areas) for each in out]).T


def measure(what: str, n_areas: int, n_runs: int, workers: int) -> dict[str, Any]:
    """Do one thing and say what it took; runs in a process of its own."""
    from wijkspil_engines.projection import cohorts, draws
    from wijkspil_engines.projection.ensemble import Params
    from wijkspil_engines.projection.solve import solve

    problem = make_country(n_areas, full=what == "full")
    small = make_country(50, full=what == "full")
    for n in (0, 20):  # Compile, or load what was.
        solve(small, params=Params(n_runs=n), seed=SEED, workers=workers)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    clock, processor = time.perf_counter(), time.process_time()
    check: list[float] = []
    if what == "plain":
        values = draws.Draws(problem, SEED, n_runs).values
        for run in range(PEER_DRAWS):
            check = step_plainly(problem, values, run).sum(axis=0).tolist()
        done: float = PEER_DRAWS
    elif what == "tables":
        values = draws.Draws(problem, SEED, 0).values
        made = step_tables(problem, values, 2)
        done = 2 / YEARS
        plain = step_plainly(problem, values, 0)[:, :2]
        if not np.allclose(made, plain, rtol=1e-9):
            raise SystemExit("tables and numpy differ")
    elif what == "told":
        drawn = draws.Draws(problem, SEED, n_runs)
        steps = cohorts.make_steps(problem, drawn, 0)
        weights = cohorts.need_weights(problem, drawn, steps, problem.kinds[0])
        people = cohorts.people_of(problem, np.arange(n_areas))
        quantiles = np.empty((3, n_areas, YEARS))
        for first in range(0, n_areas, 40):
            hours = np.einsum(
                "ic,ycr->iyr", people[first : first + 40], weights, optimize=True
            )
            hours = np.sort(hours[..., 1:], axis=-1)
            places = (np.array([0.1, 0.5, 0.9]) * (n_runs - 1)).astype(int)
            quantiles[:, first : first + 40] = np.moveaxis(hours[..., places], -1, 0)
        done = n_runs
    else:
        params = Params(
            n_runs=n_runs, measures=("need",) if what == "ours" else ("need", "gap")
        )
        result = solve(problem, params=params, seed=SEED, workers=workers)
        done = n_runs
        if n_runs >= PEER_DRAWS and what == "ours":
            check = result.totals["need"][0, 0, :, PEER_DRAWS - 1].tolist()
    used, lasted = time.process_time() - processor, time.perf_counter() - clock
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "what": what,
        "draws": done,
        "workers": workers,
        "cpu_ms_per_draw": used / done * 1e3,
        "wall_ms_per_draw": lasted / done * 1e3,
        "cpu_s": used,
        "wall_s": lasted,
        "peak_mb": peak_mb,
        "extra_mb": peak_mb - before_mb,
        "check": check,
    }


def measure_apart(what: str, options: argparse.Namespace, workers: int) -> Any:
    command = [
        sys.executable, "-m", "benchmarks.projection", "--only", what,
        "--areas", str(options.areas), "--runs", str(options.runs),
        "--workers", str(workers),
    ]  # fmt: skip
    env = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, env=env)
    return json.loads(done.stdout)


def measure_pairing(n_runs: int) -> dict[str, Any]:
    """Compare two scenarios on the same draws and on others: width of 80 %."""
    from dataclasses import replace

    from wijkspil_engines.projection.ensemble import Params
    from wijkspil_engines.projection.solve import solve

    base = make_country(62, full=True)
    other = replace(
        base.with_parameters(_parameter("adopted", 0.4, 0.7)), key_of_share="same"
    )
    params = Params(n_runs=n_runs, measures=())
    gaps = [
        solve(problem, params=params, seed=seed).totals["gap"][:, 0, -1, 1:].sum(axis=0)
        for problem, seed in ((base, 1), (other, 1), (other, 2))
    ]
    widths = [
        float(np.subtract(*np.quantile(each - gaps[0], [0.9, 0.1])))
        for each in gaps[1:]
    ]
    return {
        "what": "difference of two scenarios",
        "paired_width": widths[0],
        "independent_width": widths[1],
        "ratio": widths[0] / widths[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--areas", type=int, default=14_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.only:
        made = measure(options.only, options.areas, options.runs, options.workers)
        print(json.dumps(made))
        return
    print(describe_machine(), flush=True)
    kinds = ["ours"] if options.no_peer else ["plain", "told", "ours"]
    rows: list[dict[str, Any]] = []
    for _ in range(options.repeats):
        rows += [measure_apart(what, options, 1) for what in kinds]
    once = [("ours", 2), ("full", 1)]
    if not options.no_peer:
        once.append(("tables", 1))
    rows += [measure_apart(what, options, workers) for what, workers in once]
    for what, workers in (*((each, 1) for each in kinds), *once):
        here = [
            each for each in rows if (each["what"], each["workers"]) == (what, workers)
        ]
        print(
            f"{what:6} workers {workers}: "
            + ", ".join(
                f"{name} {statistics.median(each[name] for each in here):.2f}"
                for name in ("cpu_ms_per_draw", "wall_ms_per_draw", "wall_s")
            )
            + f", peak {max(each['peak_mb'] for each in here):.0f} MB",
            flush=True,
        )
    pairing = measure_pairing(options.runs)
    print(f"paired / independent width: {pairing['ratio']:.3f}")
    missed = []
    if pairing["ratio"] > LIMIT_PAIRED:
        missed.append("width of a difference")
    if max(each["peak_mb"] for each in rows) > LIMIT_MB:
        missed.append("memory")
    if not options.no_peer:
        cost = {
            what: statistics.median(
                each["cpu_ms_per_draw"]
                for each in rows
                if each["what"] == what and each["workers"] == 1
            )
            for what in (*kinds, "tables")
        }
        for what in ("plain", "told", "tables"):
            print(f"against {what}: {cost[what] / cost['ours']:.1f} x")
        if cost["plain"] < LIMIT_FASTER * cost["ours"]:
            missed.append("against plain numpy")
        checks = {each["what"]: np.array(each["check"]) for each in rows}
        apart = float(np.abs(checks["ours"] / checks["plain"] - 1).max())
        print(f"largest relative difference of the hours of a draw: {apart:.1e}")
        if apart > LIMIT_SAME:
            missed.append("same hours")
    if options.json:
        options.json.write_text(json.dumps([*rows, pairing], indent=1) + "\n")
    sys.exit("Above a limit: " + ", ".join(missed) if missed else 0)


if __name__ == "__main__":
    main()
