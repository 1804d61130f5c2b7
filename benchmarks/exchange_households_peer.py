"""The peer of ``exchange_households``: most people moved if households could be split.

    python -m benchmarks.exchange_households_peer PROBLEM.npz

Prints the people and the seconds as JSON.
"""

import json
import sys
import time

import numpy as np
from ortools.graph.python import min_cost_flow


def main() -> int:
    given = np.load(sys.argv[1])
    size, wish = given["size"].astype(np.int64), given["wish"]
    free, option = given["free"], given["option"]
    n, p, k = size.size, free.size, option.size
    # Nodes: practices, then nowhere (also where places stay empty), then households.
    nowhere = p
    home = np.where(given["origin"] < 0, nowhere, given["origin"])
    household = p + 1 + np.arange(n)
    leavers = np.bincount(home, weights=size, minlength=p + 1).astype(np.int64)
    started = time.perf_counter()
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate((home, household[wish], np.arange(p), np.full(p, nowhere))),
        np.concatenate((household, option, np.full(p, nowhere), np.arange(p))),
        np.concatenate((size, size[wish], free, leavers[:p])),
        np.repeat(np.array([0, -1, 0]), [n, k, 2 * p]),
    )
    flow.set_nodes_supplies(np.arange(p + 1 + n), np.zeros(p + 1 + n, dtype=np.int64))
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"ended with status {status}")
    print(json.dumps([-int(flow.optimal_cost()), time.perf_counter() - started]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
