"""Measures by hand, by plain loops, and what always holds of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.access.cases import make_problem, problems, recorded_problem
from wijkspil_engines.access import (
    MEASURES,
    AccessProblem,
    ByFunction,
    Gaussian,
    Gravity,
    InvalidProblem,
    Params,
    RaamParams,
    Steps,
    Table,
    balanced,
    count_within,
    find_nearest,
    raam,
    solve,
    two_step,
    within,
)
from wijkspil_engines.access.explain import explain
from wijkspil_engines.access.verify import verify

NONE = float("nan")
#: The worked example of docs/algorithms/access.md.
EXAMPLE = ([1000, 2000, 500], [3.0, 2.0], [[5, NONE], [12, 8], [NONE, 25]])


def params_of(measure, **more):
    edge = {"threshold": 20.0} if measure in ("2sfca", "within") else {}
    few = {"raam": RaamParams(cycles=12)}
    return Params(measure=measure, **{**few, **edge, **more})


def test_the_worked_example_comes_out_as_by_hand():
    problem = make_problem(*EXAMPLE)
    # Site 0: 1000 + 0.68 x 2000 people; site 1: 2000 + 0.22 x 500.
    near, far = 3.0 / 2360, 2.0 / 2110
    np.testing.assert_allclose(
        two_step(problem, Steps()), [near, 0.68 * near + far, 0.22 * far]
    )
    found = balanced(problem, Steps())
    moved = 2000 * 0.68 / 1.68
    np.testing.assert_allclose(found.load, [1000 + moved, 2500 - moved])
    full, calm = 3.0 / (1000 + moved), 2.0 / (2500 - moved)
    np.testing.assert_allclose(found.values, [full, (0.68 * full + calm) / 1.68, calm])


def test_two_step_gives_the_ratio_of_the_only_site_to_all_around():
    problem = make_problem([30, 70], [2.0], [[5], [15]])
    np.testing.assert_allclose(two_step(problem, within(15)), [0.02, 0.02])
    np.testing.assert_allclose(two_step(problem, within(14)), [2 / 30, 0.0])


def test_the_nearest_open_site_is_found_and_counted():
    problem = make_problem(
        [1, 1, 1], [0.0, 1.0, 1.0], [[1, 9, 9], [1, NONE, 16], [1, NONE, NONE]]
    )
    found = find_nearest(problem)
    np.testing.assert_array_equal(found.cost, [9.0, 16.0, NONE])
    assert found.site.tolist() == [1, 2, -1]
    assert count_within(problem, 15).tolist() == [2.0, 0.0, 0.0]


def test_a_patient_stop_counts_as_no_room_for_new_people():
    problem = make_problem(*EXAMPLE)
    stopped = AccessProblem(
        problem.area_ids,
        problem.demand,
        problem.site_ids,
        problem.supply,
        problem.start,
        problem.site,
        problem.cost,
        np.array([True, False]),
    )
    assert stopped.capacity.tolist() == [3.0, 0.0]
    assert two_step(stopped, Steps())[2] == 0.0
    assert np.isnan(find_nearest(stopped).cost[2])


def test_a_closing_site_crowds_its_neighbours_only_where_demand_moves_on():
    costs = [[5, 5], [5, 5]]
    before, after = (make_problem([10, 10], s, costs) for s in ([1, 1], [1, 0]))
    # Plain catchments: the other site stays as it was.
    np.testing.assert_allclose(two_step(before, within(9)), 0.1)
    np.testing.assert_allclose(two_step(after, within(9)), 0.05)
    assert balanced(before, within(9)).load.tolist() == [10.0, 10.0]
    assert balanced(after, within(9)).load.tolist() == [20.0, 0.0]


def test_the_published_balanced_form_keeps_the_sum_of_the_ratios():
    found = balanced(recorded_problem(), Gaussian(12, 40), form="published")
    assert found.values.sum() == pytest.approx(found.ratio.sum(), rel=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=30, deadline=None)
@given(problem=problems())
def test_a_measure_is_what_plain_loops_give(measure, problem):
    assert verify(solve(problem, params=params_of(measure))) == []


@pytest.mark.parametrize("form", ["people", "published"])
@pytest.mark.parametrize(
    "decay",
    [
        Gaussian(9, 30),
        Gravity(10, -1.5, 2),
        Table(((5, 1.0), (25, 0.2))),
        ByFunction(lambda cost: 1 / (1 + cost), 25),
    ],
)
def test_any_decay_goes_with_any_measure(decay, form):
    problem = recorded_problem()
    for measure in ("e2sfca", "3sfca", "balanced"):
        asked = params_of(measure, decay=decay, form=form, threshold=28.0)
        assert verify(solve(problem, params=asked)) == []


@settings(max_examples=50, deadline=None)
@given(problem=problems(least_demand=1))
def test_balanced_keeps_people_and_supply(problem):
    found = balanced(problem, Steps())
    has_site = found.reach > 0
    assert found.load.sum() == pytest.approx(problem.demand[has_site].sum())
    reached = problem.capacity[found.load > 0].sum()
    assert (found.values * problem.demand).sum() == pytest.approx(reached)


@pytest.mark.parametrize("measure", ["2sfca", "e2sfca", "3sfca", "balanced"])
@settings(max_examples=30, deadline=None)
@given(problem=problems(), row=st.integers(0, 5), more=st.floats(0.1, 9))
def test_more_supply_never_lowers_a_value(measure, problem, row, more):
    row %= problem.m
    if measure == "balanced" and problem.supply[row] == 0:
        return  # Opening draws people: a poor site may lower a mean.
    supply = problem.supply.copy()
    supply[row] += more
    asked = params_of(measure)
    before = solve(problem, params=asked).values
    after = solve(with_supply(problem, supply), params=asked).values
    assert (after >= before * (1 - 1e-12)).all()


def with_supply(problem, supply):
    return AccessProblem(
        problem.area_ids,
        problem.demand,
        problem.site_ids,
        supply,
        problem.start,
        problem.site,
        problem.cost,
    )


@pytest.mark.parametrize("measure", MEASURES)
def test_the_order_of_the_rows_does_not_matter(measure):
    problem = recorded_problem()
    rng = np.random.default_rng(5)
    areas, sites, pairs = map(rng.permutation, (problem.n, problem.m, problem.n_pairs))
    area = np.repeat(np.arange(problem.n), np.diff(problem.start))[pairs]
    other = AccessProblem.from_tables(
        {
            "area_id": [problem.area_ids[row] for row in areas],
            "demand": problem.demand[areas],
        },
        {
            "site_id": [problem.site_ids[row] for row in sites],
            "supply": problem.supply[sites],
        },
        {
            "area_id": [problem.area_ids[row] for row in area],
            "site_id": [problem.site_ids[row] for row in problem.site[pairs]],
            "cost": problem.cost[pairs],
        },
    )
    asked = params_of(measure)
    expected = solve(problem, params=asked).values[areas]
    np.testing.assert_allclose(solve(other, params=asked).values, expected, rtol=1e-12)


def test_raam_moves_people_from_a_crowded_site_to_a_calm_one():
    problem = make_problem([100, 100], [1.0, 1.0], [[1, 2], [1, 2]])
    found = raam(problem, RaamParams(tau=60))
    assert found.demand_at_site.sum() == 200
    assert found.demand_at_site[0] == pytest.approx(101, abs=2)
    costs = found.values
    assert costs == pytest.approx([1.0 + 1.5 / 60] * 2, abs=0.02)


def test_raam_can_be_kept_to_the_nearest_sites():
    problem = recorded_problem()
    asked = params_of("raam", nearest_sites=3, threshold=40.0)
    assert verify(solve(problem, params=asked)) == []
    few = problem.keep_nearest(3)
    assert np.diff(few.start).max() == 3
    for area in range(problem.n):
        here = slice(problem.start[area], problem.start[area + 1])
        kept = few.cost[few.start[area] : few.start[area + 1]]
        assert sorted(kept) == sorted(problem.cost[here])[:3]


@pytest.mark.parametrize("measure", ["2sfca", "e2sfca", "3sfca", "balanced", "within"])
def test_the_parts_of_an_explanation_add_up_to_the_value(measure):
    result = solve(recorded_problem(), params=params_of(measure))
    for area in (0, 17, 59):
        told = explain(result, area)
        assert sum(site.part for site in told.sites) == pytest.approx(told.value)
        assert {site.why for site in told.sites} <= {"reached", "too-far"}


def test_an_explanation_of_raam_says_where_people_go():
    result = solve(recorded_problem(), params=params_of("raam", nearest_sites=5))
    told = explain(result, 3)
    assert sum(site.weight for site in told.sites) == pytest.approx(1.0)
    assert sum(site.part for site in told.sites) == pytest.approx(told.value, rel=0.1)


def test_an_explanation_names_who_takes_nobody():
    problem = make_problem([10], [1, 0, 1], [[5, 6, 31]])
    told = explain(solve(problem), 0)
    assert [(site.site_id, site.why) for site in told.sites] == [
        ("s0", "reached"), ("s1", "closed"), ("s2", "too-far"),
    ]  # fmt: skip


def test_a_result_says_how_it_came_about():
    clock = iter([10.0, 12.5])
    problem = recorded_problem()
    result = solve(problem, clock=lambda: next(clock))
    assert (result.status, result.runtime_s, result.gap) == ("optimal", 2.5, None)
    assert result.input_hash == problem.input_hash
    assert len(result.by_area) == problem.n
    assert result.unit == "places for each unit of demand"


def test_a_wrong_value_does_not_verify():
    result = solve(recorded_problem())
    values = result.values.copy()
    values[4] *= 1.001
    wrong = verify(type(result)(**{**result.__dict__, "values": values}))
    assert len(wrong) == 1
    assert "BU00000004" in wrong[0]


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (lambda: Steps(((10, 1.0), (10, 0.5))), "steps"),
        (lambda: Steps(((10, -1.0),)), "steps"),
        (lambda: Steps(()), "steps"),
        (lambda: Gaussian(0), "sigma"),
        (lambda: Gravity(0, -1), "scale"),
        (lambda: RaamParams(tau=0), "tau"),
        (lambda: RaamParams(cycles=0), "cycles"),
        (lambda: params_of("4sfca"), "measure"),
        (lambda: solve(recorded_problem(), params=Params("2sfca")), "threshold"),
        (
            lambda: two_step(recorded_problem(), ByFunction(lambda cost: -cost)),
            "decay",
        ),
    ],
)
def test_an_option_out_of_range_is_refused(make, place):
    with pytest.raises(InvalidProblem) as error:
        make()
    assert error.value.field == place
