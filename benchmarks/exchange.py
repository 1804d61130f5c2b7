"""Is a national round solved faster than by a general flow solver, and as well?

The instance of docs/algorithms/exchange.md: 600,000 wishes of single persons, 4,800
practices. Peer: SimpleMinCostFlow of OR-Tools with strictly lexicographic weights. Both
in this run, each in a process of its own (its peak memory is its own), equal values on
every level asked. Time of processor and of the clock; compiling is told apart.

    python -m benchmarks.exchange [--wishes 600000] [--skewed] [--no-peer] [--json FILE]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from wijkspil_engines.exchange import (
    LEVELS,
    NONE,
    ExchangeProblem,
    Params,
    level_value,
    solve,
    verify,
)
from wijkspil_engines.exchange.generate import Recipe, generate

DAY = date(2026, 11, 22)
THREE = ("class0", "moved", "rank")
LIMIT_FASTER, LIMIT_FIVE, LIMIT_CYCLES_S, LIMIT_WARM, LIMIT_VERIFY_S = 5, 2, 0.25, 5, 2

#: A changed round is solved so many times in each way.
TURNS = 5

_Made = TypeVar("_Made")


def make_problem(n_wishes: int, *, skewed: bool, seed: int = 1) -> ExchangeProblem:
    """Draw the national instance; skewed: people leave where few wish to go."""
    recipe = Recipe(
        n_wishes=n_wishes,
        seed=seed,
        room_at_unpopular=skewed,
        leaving_unpopular=2.0 if skewed else 0.0,
    )
    return generate(recipe, date=DAY)


def timed(run: Callable[[], _Made]) -> tuple[_Made, dict[str, float]]:
    clock, processor = time.perf_counter(), time.process_time()
    made = run()
    return made, {
        "s": round(time.perf_counter() - clock, 3),
        "processor_s": round(time.process_time() - processor, 3),
    }


def peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def compile_all() -> float:
    """Load what is compiled, or compile it the first time."""
    started = time.perf_counter()
    small = make_problem(200, skewed=False)
    for mechanism in ("optimum", "ttc"):
        solve(small, mechanism=mechanism)
    return round(time.perf_counter() - started, 2)


def change(problem: ExchangeProblem, share: float) -> ExchangeProblem:
    """Give a share of the wishes other options, drawn from those of others."""
    rng = np.random.default_rng(7)
    other = make_problem(problem.n_wishes, skewed=False, seed=2)
    new = rng.random(problem.n_wishes) < share
    lengths = np.where(new, np.diff(other.first_option), np.diff(problem.first_option))
    first = np.concatenate(([0], np.cumsum(lengths)))
    wish = np.repeat(np.arange(problem.n_wishes), lengths)
    within = np.arange(first[-1]) - first[wish]
    option = np.where(
        new[wish],
        other.option[
            np.where(new, other.first_option[:-1], 0)[wish] + within * new[wish]
        ],
        problem.option[
            np.where(new, 0, problem.first_option[:-1])[wish] + within * ~new[wish]
        ],
    )
    return replace(
        problem,
        origin=np.where(new, other.origin, problem.origin),
        priority_class=np.where(new, other.priority_class, problem.priority_class),
        first_option=first,
        option=option,
    )


def measure_ours(problem: ExchangeProblem) -> dict[str, Any]:
    """Time what is asked, and check each result by its prices."""
    start_mb = peak_mb()
    row: dict[str, Any] = {"first_use_s": compile_all(), "instance_mb": start_mb}
    for name, levels in (("three", THREE), ("five", LEVELS)):
        params = Params(levels=levels)
        result, took = timed(partial(solve, problem, params=params))
        row[name] = {
            **took,
            "levels": {level.name: level.value for level in result.levels},
            "moved": result.moved_people,
            "first_choices": result.first_choices,
            "peak_mb": peak_mb(),
        }
        wrong, took = timed(partial(verify, problem, result))
        assert not wrong, wrong
        row[name]["verify_s"] = took["s"]
        row[name]["verify_processor_s"] = took["processor_s"]
    cycles, took = timed(partial(solve, problem, mechanism="ttc"))
    row["cycles"] = {**took, "moved": cycles.moved_people}
    listed, took = timed(partial(solve, problem, mechanism="waitlist"))
    row["waitlist"] = {**took, "moved": listed.moved_people}
    changed = change(problem, 0.02)
    for name, levels in (("three", THREE), ("five", LEVELS)):
        row[f"changed_{name}"] = measure_changed(problem, changed, levels)
    return row


def measure_changed(
    problem: ExchangeProblem, changed: ExchangeProblem, levels: Sequence[str]
) -> dict[str, Any]:
    """Solve a changed round anew and from the last prices, in turns; medians."""
    params = Params(levels=tuple(levels))
    before = solve(problem, params=params).levels
    solve(changed, params=params, warm=before)  # loads what is compiled
    colds, warms = [], []
    for _turn in range(TURNS):
        cold, took = timed(partial(solve, changed, params=params))
        colds.append(took["processor_s"])
        warm, took = timed(partial(solve, changed, params=params, warm=before))
        warms.append(took["processor_s"])
        assert [x.value for x in warm.levels] == [x.value for x in cold.levels]
    assert not verify(changed, warm)
    cold_s, warm_s = statistics.median(colds), statistics.median(warms)
    return {
        "cold_processor_s": cold_s,
        "warm_processor_s": warm_s,
        "faster": round(cold_s / warm_s, 1),
    }


def measure_peer(problem: ExchangeProblem) -> dict[str, Any]:
    """Give the whole round to SimpleMinCostFlow, strictly lexicographic (lex 3)."""
    from ortools.graph.python import min_cost_flow

    start_mb = peak_mb()
    n, p = problem.n_wishes, problem.n_practices
    person, end = p + np.arange(n), p + n
    has_one = problem.origin != NONE
    home = np.where(has_one, problem.origin, end)
    at_home = np.bincount(problem.origin[has_one], minlength=p)
    wish = problem.wish_of_option
    rank = np.arange(problem.option.size) - problem.first_option[wish]
    first = problem.priority_class[wish] == 0
    big = n + 1
    worth = (4 * big + 5) * big * first + (4 * big + 1) + 4 - rank

    def run() -> Any:
        flow = min_cost_flow.SimpleMinCostFlow()
        nothing = np.zeros(p, dtype=np.int64)
        flow.add_arcs_with_capacity_and_unit_cost(
            np.full(p, end), np.arange(p), at_home, nothing
        )
        flow.add_arcs_with_capacity_and_unit_cost(
            home, person, np.ones(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        )
        arcs = flow.add_arcs_with_capacity_and_unit_cost(
            person[wish], problem.option, np.ones(wish.size, dtype=np.int64), -worth
        )
        flow.add_arcs_with_capacity_and_unit_cost(
            np.arange(p), np.full(p, end), problem.free_places, nothing
        )
        status = flow.solve()
        assert status == flow.OPTIMAL, status
        return flow.flows(arcs)

    flows, took = timed(run)
    choice = np.full(n, -1, dtype=np.int32)
    used = np.flatnonzero(flows)
    choice[wish[used]] = rank[used]
    return {
        **took,
        "peak_mb": peak_mb(),
        "instance_mb": start_mb,
        "levels": {name: level_value(problem, choice, name) for name in THREE},
    }


def run_alone(what: str, arguments: list[str]) -> dict[str, Any]:
    """Measure in a process of its own, on one thread."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.exchange", "--only", what, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    )
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(what, json.dumps(row, indent=1), flush=True)
    return row


def missed_limits(ours: dict[str, Any], peer: dict[str, Any] | None) -> list[str]:
    missed = []
    three, five = ours["three"], ours["five"]
    if peer is not None:
        if peer["levels"] != three["levels"]:
            missed.append(f"values differ: {three['levels']}, peer {peer['levels']}")
        faster = peer["processor_s"] / three["processor_s"]
        print(f"three levels {faster:.1f} times as fast as the peer")
        if faster < LIMIT_FASTER:
            missed.append(f"{faster:.1f} times as fast as the peer")
        if three["peak_mb"] > peer["peak_mb"]:
            missed.append(f"{three['peak_mb']} MB, peer {peer['peak_mb']} MB")
    times = five["processor_s"] / three["processor_s"]
    print(f"five levels take {times:.2f} times the time of three")
    if times > LIMIT_FIVE:
        missed.append(f"five levels take {times:.2f} times the time of three")
    if ours["cycles"]["processor_s"] > LIMIT_CYCLES_S:
        missed.append(f"trading cycles take {ours['cycles']['processor_s']} s")
    if ours["changed_five"]["faster"] < LIMIT_WARM:
        missed.append(f"re-solve {ours['changed_five']['faster']} times faster")
    if five["verify_processor_s"] > LIMIT_VERIFY_S:
        missed.append(f"verify takes {five['verify_processor_s']} s")
    return missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wishes", type=int, default=600_000)
    parser.add_argument("--skewed", action="store_true")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--only", choices=("ours", "peer"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.only:
        problem = make_problem(options.wishes, skewed=options.skewed)
        run = measure_ours if options.only == "ours" else measure_peer
        print(json.dumps(run(problem)))
        return
    arguments = ["--wishes", str(options.wishes)]
    arguments += ["--skewed"] if options.skewed else []
    ours = run_alone("ours", arguments)
    peer = None if options.no_peer else run_alone("peer", arguments)
    missed = missed_limits(ours, peer)
    if options.json:
        report = {"wishes": options.wishes, "ours": ours, "peer": peer}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    sys.exit("Above a limit:\n" + "\n".join(missed) if missed else 0)


if __name__ == "__main__":
    main()
