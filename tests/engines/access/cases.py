"""Small problems, read or drawn."""

import csv
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from wijkspil_engines.access import AccessProblem

RECORDED = Path(__file__).parent / "recorded"


def read_columns(name):
    with (RECORDED / name).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {key: [row[key] for row in rows] for key in rows[0]}


def recorded_problem():
    tables = [read_columns(f"{name}.csv") for name in ("demand", "supply", "costs")]
    for table, column in zip(tables, ("demand", "supply", "cost"), strict=True):
        table[column] = np.array(table[column], float)
    return AccessProblem.from_tables(*tables)


def make_problem(demand, supply, costs, **more):
    """Return a problem of a dense matrix; NaN where an area cannot reach a site."""
    costs = np.array(costs, float).reshape(len(demand), len(supply))
    area, site = np.nonzero(~np.isnan(costs))
    areas = [f"a{row}" for row in range(len(demand))]
    sites = [f"s{row}" for row in range(len(supply))]
    return AccessProblem.from_tables(
        {"area_id": areas, "demand": np.array(demand, float)},
        {"site_id": sites, "supply": np.array(supply, float)},
        {
            "area_id": [areas[row] for row in area],
            "site_id": [sites[row] for row in site],
            "cost": costs[area, site],
        },
        **more,
    )


@st.composite
def problems(draw, *, least_demand=0):
    """Problems of up to 7 areas and 6 sites, with sites and areas apart."""
    n = draw(st.integers(1, 7))
    m = draw(st.integers(1, 6))
    demand = draw(st.lists(st.integers(least_demand, 50), min_size=n, max_size=n))
    supply = draw(st.lists(st.sampled_from([0, 1, 2.5, 4]), min_size=m, max_size=m))
    cost = st.sampled_from([np.nan, 0, 3, 7.5, 10, 12, 20, 25.25, 30, 31])
    costs = draw(st.lists(cost, min_size=n * m, max_size=n * m))
    return make_problem(demand, supply, costs)
