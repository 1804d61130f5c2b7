"""Compiled loops of the balanced measure and of its scenarios."""

import numpy as np

from wijkspil_engines.access.kernels import Floats, Rows, Starts
from wijkspil_engines.compiled import compiled


@compiled
def load_sites(
    start: Starts, site: Rows, weight: Floats, demand: Floats, capacity: Floats
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    """Return the demand at each site and the weight each area reaches."""
    n = start.size - 1
    load = np.zeros(capacity.size)
    reach = np.zeros(n)
    for i in range(n):
        total = 0.0
        for k in range(start[i], start[i + 1]):
            if capacity[site[k]] > 0.0:
                total += weight[k]
        reach[i] = total
        if total > 0.0:
            here = demand[i] / total
            for k in range(start[i], start[i + 1]):
                if capacity[site[k]] > 0.0:
                    load[site[k]] += weight[k] * here
    return load, reach


@compiled
def mean_ratio(
    start: Starts,
    site: Rows,
    weight: Floats,
    ratio: Floats,
    capacity: Floats,
    reach: Floats,
) -> Floats:  # pragma: no cover - compiled
    """Return the mean ratio of where the people of each area go; 0 for nowhere."""
    n = start.size - 1
    value = np.zeros(n)
    for i in range(n):
        if reach[i] > 0.0:
            total = 0.0
            for k in range(start[i], start[i + 1]):
                if capacity[site[k]] > 0.0:
                    total += weight[k] * ratio[site[k]]
            value[i] = total / reach[i]
    return value
