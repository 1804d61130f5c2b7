"""One competitor of ``benchmarks.access`` in a process of its own.

    python -m benchmarks.access_worker access|plain|ours

Reads a JSON line for each thing to do, answers with a JSON line. The tables are pandas
frames with text ids, the same for all. ``access`` is run in an environment of its own
(requirements/bench.txt), the others in that of the project.
"""

import contextlib
import ctypes
import gc
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.access_region import Country, draw_country

STEPS = {10: 1.0, 20: 0.68, 30: 0.22}
STEPS_3 = {10: 0.962, 20: 0.704, 30: 0.377, 60: 0.042}
Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def frames_of(country: Country, *, is_shuffled: bool = False) -> Frames:
    demand = pd.DataFrame({"area_id": country.area_ids, "demand": country.people})
    supply = pd.DataFrame({"site_id": country.site_ids, "supply": country.fte})
    costs = pd.DataFrame(
        {
            "area_id": country.area_ids[country.area],
            "site_id": country.site_ids[country.site],
            "cost": country.minutes,
        }
    )
    if is_shuffled:
        order = np.random.default_rng(1).permutation(len(costs))
        costs = costs.iloc[order].reset_index(drop=True)
    return demand, supply, costs


def by_access(frames: Frames, what: str, cycles: int) -> np.ndarray:
    from access import Access, weights

    demand, supply, costs = frames
    peer = Access(
        demand_df=demand,
        demand_index="area_id",
        demand_value="demand",
        supply_df=supply,
        supply_index="site_id",
        supply_value="supply",
        cost_df=costs,
        cost_origin="area_id",
        cost_dest="site_id",
        cost_name="cost",
    )
    found = {
        "2sfca": lambda: peer.two_stage_fca(max_cost=15),
        "e2sfca": lambda: peer.enhanced_two_stage_fca(
            max_cost=30, weight_fn=weights.step_fn(STEPS)
        ),
        "gaussian": lambda: peer.enhanced_two_stage_fca(
            max_cost=30, weight_fn=weights.gaussian(10)
        ),
        "3sfca": lambda: peer.three_stage_fca(
            max_cost=30, weight_fn=weights.step_fn(STEPS_3)
        ),
        "raam": lambda: peer.raam(tau=60, max_cycles=cycles),
    }[what]()
    values: np.ndarray = found.iloc[:, 0].reindex(demand["area_id"]).to_numpy()
    return values


def by_plain(frames: Frames, what: str, cycles: int) -> np.ndarray:
    """Do it as any reviewer would with scipy.sparse, as well as can be in few lines."""
    from scipy.sparse import csr_matrix

    demand, supply, costs = frames
    area = pd.Index(demand["area_id"]).get_indexer(costs["area_id"])
    site = pd.Index(supply["site_id"]).get_indexer(costs["site_id"])
    cost = costs["cost"].to_numpy()
    if what == "2sfca":
        weight = (cost <= 15).astype(float)
    elif what == "e2sfca":
        edges, steps = np.array(list(STEPS)), np.array([*STEPS.values(), 0.0])
        weight = steps[np.searchsorted(edges, cost)]
    elif what == "gaussian":
        weight = np.exp(-cost * cost / 200.0)
    else:
        raise KeyError(what)
    matrix = csr_matrix((weight, (area, site)), shape=(len(demand), len(supply)))
    ratio = supply["supply"].to_numpy() / (matrix.T @ demand["demand"].to_numpy())
    values: np.ndarray = matrix @ ratio
    return values


def by_us(frames: Frames, what: str, cycles: int) -> np.ndarray:
    from wijkspil_engines.access import (
        AccessProblem,
        Gaussian,
        RaamParams,
        Steps,
        raam,
        three_step,
        two_step,
        within,
    )

    problem = AccessProblem.from_tables(*frames)
    measures: dict[str, Callable[[], np.ndarray]] = {
        "2sfca": lambda: two_step(problem, within(15)),
        "e2sfca": lambda: two_step(problem, Steps(tuple(STEPS.items()))),
        "gaussian": lambda: two_step(problem, Gaussian(10, 30)),
        "3sfca": lambda: three_step(
            problem, Steps(tuple(STEPS_3.items())), threshold=30
        ),
        "raam": lambda: raam(problem, RaamParams(cycles=cycles)).values,
    }
    return measures[what]()


COMPETITORS: dict[str, Callable[[Frames, str, int], np.ndarray]] = {
    "access": by_access,
    "plain": by_plain,
    "ours": by_us,
}


def resident_mb(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Give back what is free, so that using it again counts; begin a new peak."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    # Linux: 5 sets the highest resident size to that of now.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    run = COMPETITORS[sys.argv[1]]
    warnings.simplefilter("ignore")
    frames: Frames | None = None
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        answer: dict[str, Any] = {}
        if "draw" in asked:
            nearest = asked["draw"].pop("nearest", None)
            is_shuffled = asked["draw"].pop("shuffled", False)
            country = draw_country(**asked["draw"])
            if nearest:
                country = country.nearest(nearest)
            frames = frames_of(country, is_shuffled=is_shuffled)
            answer = {"pairs": len(frames[2])}
            del country
        else:
            assert frames is not None
            forget_peak()
            before = resident_mb("VmRSS")
            cpu, wall = time.process_time(), time.perf_counter()
            values = run(frames, asked["what"], asked.get("cycles", 10))
            answer = {
                "cpu_s": time.process_time() - cpu,
                "wall_s": time.perf_counter() - wall,
                "extra_mb": resident_mb("VmHWM") - before,
            }
            if "save" in asked:
                np.save(asked["save"], values)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
