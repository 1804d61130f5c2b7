"""Tables of any make become the same problem; what cannot be is refused."""

import numpy as np
import pandas
import polars
import pytest

from tests.engines.access.cases import make_problem, read_columns, recorded_problem
from wijkspil_engines.access import (
    AccessProblem,
    InvalidProblem,
    Travel,
    weighted_demand,
)
from wijkspil_engines.access.tables import rows_of, texts_of

DEMAND = {"area_id": ["a", "b"], "demand": np.array([1.0, 2.0])}
SUPPLY = {"site_id": ["s", "t"], "supply": np.array([3.0, 4.0])}
COSTS = {
    "area_id": ["a", "b", "b"],
    "site_id": ["s", "s", "t"],
    "cost": np.array([5.0, 6.0, 7.0]),
}


def tables():
    numbers = {"demand": "demand", "supply": "supply", "costs": "cost"}
    made = []
    for name, column in numbers.items():
        table = read_columns(f"{name}.csv")
        made.append({**table, column: [float(text) for text in table[column]]})
    return made


def hash_of(frames):
    return AccessProblem.from_tables(*frames).input_hash


@pytest.mark.parametrize(
    "make",
    [
        pandas.DataFrame,
        polars.DataFrame,
        lambda table: pandas.DataFrame(table).astype({next(iter(table)): "category"}),
        lambda table: {k: np.array(v) for k, v in table.items()},
        lambda table: {k: np.array(v, object) for k, v in table.items()},
    ],
)
def test_a_table_may_be_of_any_make(make):
    expected = recorded_problem().input_hash
    assert hash_of([make(table) for table in tables()]) == expected


def test_ids_with_an_object_each_are_found_too():
    known = [f"area-{row}" for row in range(50)]
    ids = [f"area-{row % 50}" for row in range(5000)]
    assert len({id(each) for each in ids}) == 5000
    rows = rows_of(texts_of(ids), known)
    np.testing.assert_array_equal(rows, np.arange(5000) % 50)


def test_ids_are_found_whoever_owns_the_objects():
    known = [f"area-{row}" for row in range(50)]
    shared = [f"area-{row}" for row in range(50)]
    order = np.random.default_rng(1).integers(0, 50, 3000)
    ids = np.array(shared, object)[order]
    np.testing.assert_array_equal(rows_of(ids, known), order)
    np.testing.assert_array_equal(
        rows_of(np.array([*ids, None], object), known), [*order, -1]
    )


def test_ids_read_in_parts_have_more_objects_than_there_are_ids():
    known = [f"area-{row}" for row in range(50)]
    parts = [
        np.array([f"area-{row}" for row in range(50)], object)[np.arange(900) % 50]
        for _ in range(40)
    ]
    rows = rows_of(np.concatenate(parts), known)
    np.testing.assert_array_equal(rows, np.tile(np.arange(900) % 50, 40))


def test_numbers_as_ids_are_their_text():
    found = AccessProblem.from_tables(
        {"area_id": [1, 2], "demand": [1.0, 2.0]},
        {"site_id": ["s"], "supply": [1.0]},
        {"area_id": ["1", "2"], "site_id": ["s", "s"], "cost": [5, 6]},
    )
    assert found.area_ids == ("1", "2")
    assert found.cost.tolist() == [5.0, 6.0]


def test_rows_of_costs_may_have_any_order():
    frames = [pandas.DataFrame(table) for table in tables()]
    demand, supply, costs = frames
    mixed = costs.sample(frac=1.0, random_state=3).sort_values("site_id", kind="stable")
    first, second = (
        AccessProblem.from_tables(demand, supply, each) for each in (costs, mixed)
    )
    assert (first.costs != second.costs).nnz == 0
    assert first.costs.nnz == len(costs)


@pytest.mark.parametrize(
    ("table", "change", "field", "words"),
    [
        (2, {"area_id": ["a", "c", "b"]}, "costs.area_id[1]", "'c' is not in"),
        (2, {"site_id": ["s", "s", "x"]}, "costs.site_id[2]", "'x' is not in"),
        (2, {"site_id": ["s", "t", "t"]}, "area 'b' and site 't'", "twice"),
        (2, {"cost": [5.0, -1.0, 7.0]}, "area 'b' and site 's'", "-1.0"),
        (2, {"cost": [5.0, 6.0, np.nan]}, "area 'b' and site 't'", "nan"),
        (2, {"cost": ["5", "six", "7"]}, "costs", "numbers"),
        (0, {"demand": [1.0, -2.0]}, "demand of 'b'", "-2.0"),
        (0, {"area_id": ["a", "a"]}, "demand.area_id[1]", "twice"),
        (1, {"supply": [np.inf, 1.0]}, "supply of 's'", "inf"),
        (1, {"site_id": ["t", "t"]}, "supply.site_id[1]", "twice"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(table, change, field, words):
    given = [dict(DEMAND), dict(SUPPLY), dict(COSTS)]
    given[table] |= change
    with pytest.raises(InvalidProblem, match=words) as error:
        AccessProblem.from_tables(*given)
    assert field in error.value.field


def test_costs_of_others_can_be_dropped():
    costs = {
        "area_id": ["a", "x", "b"], "site_id": ["s", "s", "y"], "cost": [1.0, 2, 3],
    }  # fmt: skip
    found = AccessProblem.from_tables(DEMAND, SUPPLY, costs, unknown_ids="drop")
    assert found.n_pairs == 1


def test_points_give_the_pairs_within_the_threshold():
    rng = np.random.default_rng(4)
    areas, sites = rng.uniform(0, 20_000, (30, 2)), rng.uniform(0, 20_000, (12, 2))
    problem = AccessProblem.from_points(
        [f"a{row}" for row in range(30)],
        np.ones(30),
        areas,
        [f"s{row}" for row in range(12)],
        np.ones(12),
        sites,
        threshold=10.0,
    )
    metres = np.hypot(*(areas[:, None] - sites[None]).T).T
    minutes = metres * Travel().minutes_per_metre
    found = np.where(problem.costs.toarray() > 0, problem.costs.toarray(), np.nan)
    np.testing.assert_allclose(found, np.where(minutes <= 10, minutes, np.nan))
    assert Travel(1.3, 45).minutes_per_metre == pytest.approx(1.3 * 60 / 45_000)


def test_points_on_the_threshold_stay_and_metres_are_straight():
    problem = AccessProblem.from_points(
        ["a"], [1.0], [[0.0, 0.0]], ["s", "t"], [1.0, 1.0], [[3.0, 4.0], [3.0, 4.001]],
        threshold=5.0, cost_unit="metres",
    )  # fmt: skip
    assert problem.cost.tolist() == [5.0]


def test_points_in_no_place_are_refused():
    with pytest.raises(InvalidProblem, match="no place"):
        AccessProblem.from_points(
            ["a"], [1.0], np.array([[0, np.nan]]), ["s"], [1.0], [[3, 4]], threshold=5.0
        )


def test_arrays_of_a_problem_cannot_be_written():
    problem = make_problem([1, 2], [1], [[1], [2]])
    with pytest.raises(ValueError, match="read-only"):
        problem.demand[0] = 3


def test_the_hash_changes_with_what_matters():
    first = make_problem([1, 2], [1], [[1], [2]])
    second = make_problem([1, 2], [1], [[1], [2.5]])
    assert first.input_hash == make_problem([1, 2], [1], [[1], [2]]).input_hash
    assert first.input_hash != second.input_hash


def test_demand_is_weighted_by_age():
    people = np.array([[100, 10], [50, 40]])
    assert weighted_demand(people, np.array([1.0, 4.0])).tolist() == [140.0, 210.0]
    with pytest.raises(InvalidProblem, match="0 or more"):
        weighted_demand(people, np.array([1.0, -4.0]))
