"""How fast is a choice, and how fast are 10,000 nights of a region?

Limits: 40 nurses in 5 ms (median); 10,000 nights of 80 wijken and 12 nurses, pooled
and separate, in 10 s after loading. Prints what the made-up region gives.

    python -m benchmarks.dispatch [--nights 10000] [--json FILE]
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from wijkspil_engines.dispatch import (
    Call,
    CallProblem,
    NightParams,
    NightProblem,
    NightTeam,
    Nurse,
    Wijk,
    choose,
    simulate_night,
    verify_choice,
    verify_night,
)

LIMIT_CHOOSE_MS, LIMIT_NIGHTS_S = 5.0, 10.0
KM_PER_LON, KM_PER_LAT = 68.0, 111.0


def make_region(
    *, n_wijken: int, n_nurses: int, calls_per_night: float, seed: int
) -> NightProblem:
    """Draw a region of some 40 km wide with four providers; one nurse a team."""
    rng = np.random.default_rng([seed, n_wijken])
    x, y = rng.normal(0, 8.0, (2, n_wijken))
    people = rng.lognormal(0, 0.6, n_wijken)
    rates = calls_per_night * people / people.sum()
    providers = ("a", "b", "c", "d")
    shares = rng.dirichlet((4.0, 3.0, 2.0, 1.0), n_wijken)
    wijken = tuple(
        Wijk(
            key=f"w{i:03d}",
            lon=4.3 + float(x[i]) / KM_PER_LON,
            lat=52.07 + float(y[i]) / KM_PER_LAT,
            calls_per_night=float(rates[i]),
            shares=dict(zip(providers, shares[i].tolist(), strict=True)),
            area_km2=4.0,
        )
        for i in range(n_wijken)
    )
    bases = rng.choice(n_wijken, n_nurses, replace=False, p=people / people.sum())
    owners = [providers[k] for k in (0, 1, 2, 0, 1, 3, 0, 2, 1, 0, 0, 1)]
    teams = tuple(
        NightTeam(
            key=f"t{j:03d}",
            provider=owners[j % len(owners)],
            lon=wijken[base].lon,
            lat=wijken[base].lat,
        )
        for j, base in enumerate(bases.tolist())
    )
    return NightProblem(wijken, teams)


def measure_choose() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    times = []
    for number in range(300):
        nurses = tuple(
            Nurse(
                key=f"n{j}",
                organization=f"p{j % 5}",
                lon=4.0 + float(rng.random()),
                lat=52.0 + float(rng.random()) / 2,
                tasks=frozenset(t for t in ("a", "b", "c") if rng.random() < 0.9),
                free_from_min=float(rng.choice([0, 0, 20, 45])),
                covers=bool(rng.random() < 0.8),
            )
            for j in range(40)
        )
        call = Call(f"c{number}", 3.2, 4.5, 52.2, frozenset({"a"}))
        problem = CallProblem(call, nurses)
        start = time.perf_counter()
        choice = choose(problem)
        times.append(1000 * (time.perf_counter() - start))
        assert not verify_choice(problem, choice)
    return {
        "what": "choose, 40 nurses",
        "ms_median": round(float(np.median(times)), 3),
        "ms_p95": round(float(np.percentile(times, 95)), 3),
    }


def measure_nights(n_nights: int, calls: float, **params: Any) -> dict[str, Any]:
    problem = make_region(n_wijken=80, n_nurses=12, calls_per_night=calls, seed=1)
    start = time.perf_counter()
    result = simulate_night(
        problem, params=NightParams(**params), seed=1, n_nights=n_nights
    )
    wall_s = time.perf_counter() - start
    wrong = verify_night(problem, result)
    assert not wrong, wrong
    row: dict[str, Any] = {
        "what": f"{n_nights} nights, 80 wijken, 12 nurses",
        "calls_per_night": calls,
        **params,
        "wall_s": round(wall_s, 2),
    }
    for name, mode in result.modes.items():
        row[name] = {
            "chance": [round(value, 4) for value in mode.region],
            "by_wijk": [
                round(float(np.quantile(mode.chance, q)), 3) for q in (0, 0.5, 1)
            ],
            "arrival_min": [round(value, 1) for value in mode.arrival_quantiles_min],
            "waited_share": round(mode.waited_share, 3),
            "utilisation": [
                round(float(value), 3)
                for value in (mode.utilisation.min(), mode.utilisation.max())
            ],
        }
    assert result.gain is not None
    row["gain"] = [round(value, 4) for value in result.gain]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    start = time.perf_counter()
    measure_nights(1, 10.0)
    measure_nights(1, 10.0, when_busy="queue")
    rows: list[dict[str, Any]] = [
        {"what": "loading", "s": round(time.perf_counter() - start, 2)}
    ]
    rows.append(measure_choose())
    print(*rows, sep="\n", flush=True)
    for calls in (20.0, 40.0, 80.0):
        for when_busy in ("commit", "queue"):
            row = measure_nights(options.nights, calls, when_busy=when_busy)
            print(row, flush=True)
            rows.append(row)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    missed = [
        str(row["what"])
        for row in rows
        if row.get("ms_median", 0) > LIMIT_CHOOSE_MS
        or row.get("wall_s", 0) > LIMIT_NIGHTS_S
    ]
    sys.exit("Above a limit:\n" + "\n".join(missed) if missed else 0)


if __name__ == "__main__":
    main()
