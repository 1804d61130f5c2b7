"""Scenarios against solving anew, and what they say about people."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.access.cases import make_problem, problems, recorded_problem
from tests.engines.access.test_measures import with_supply
from wijkspil_engines.access import (
    Gaussian,
    InvalidProblem,
    Steps,
    balanced,
    three_step,
    two_step,
    weigh_pairs,
    within,
)
from wijkspil_engines.access.closures import (
    BalancedScenarios,
    LinearScenarios,
    Scenario,
    closures,
)
from wijkspil_engines.access.measures import share_pairs

CAPACITIES = st.sampled_from([0.0, 0.5, 2.5, 9.0])


def whole(prepared, outcome):
    values = prepared.values.copy()
    values[outcome.areas] = outcome.values
    return values


def changed(problem, scenario):
    supply = problem.supply.copy()
    for row, capacity in scenario.capacity.items():
        supply[row] = capacity
    return with_supply(problem, supply)


@st.composite
def cases(draw):
    problem = draw(problems())
    rows = st.dictionaries(st.integers(0, problem.m - 1), CAPACITIES, max_size=3)
    drawn = draw(st.lists(rows, min_size=1, max_size=19))
    return problem, [Scenario(str(k), each) for k, each in enumerate(drawn)]


@settings(max_examples=60, deadline=None)
@given(case=cases(), decay=st.sampled_from([Steps(), Gaussian(2, 40), within(20)]))
def test_balanced_scenarios_are_as_solving_anew(case, decay):
    problem, scenarios = case
    prepared = BalancedScenarios(problem, decay)
    outcomes = list(prepared.run(scenarios))
    assert [each.scenario for each in outcomes] == scenarios
    for outcome in outcomes:
        expected = balanced(changed(problem, outcome.scenario), decay).values
        np.testing.assert_allclose(
            whole(prepared, outcome), expected, rtol=1e-9, atol=0
        )
        assert (np.diff(outcome.areas) > 0).all()
        assert (outcome.values != outcome.before).all()


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_linear_scenarios_are_as_solving_anew(case):
    problem, scenarios = case
    prepared = LinearScenarios(problem, weigh_pairs(problem, Steps()))
    for outcome in prepared.run(scenarios):
        expected = two_step(changed(problem, outcome.scenario), Steps())
        np.testing.assert_allclose(
            whole(prepared, outcome), expected, rtol=1e-9, atol=1e-12
        )


def test_linear_scenarios_also_go_with_three_steps_and_whole_capacities():
    problem = recorded_problem()
    weight = share_pairs(problem, weigh_pairs(problem, Steps()), 30.0)
    prepared = LinearScenarios(problem, weight)
    np.testing.assert_allclose(prepared.values, three_step(problem, Steps()))
    supplies = np.random.default_rng(1).uniform(0, 3, (4, problem.m))
    for supply, values in zip(supplies, prepared.values_of(supplies), strict=True):
        expected = three_step(with_supply(problem, supply), Steps(), threshold=30.0)
        np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_every_closure_of_a_region_is_as_solving_anew():
    problem = recorded_problem()
    prepared = BalancedScenarios(problem, Steps())
    told: list[int] = []
    for outcome in prepared.run(closures(problem), progress=told.append):
        expected = balanced(changed(problem, outcome.scenario), Steps()).values
        np.testing.assert_allclose(
            whole(prepared, outcome), expected, rtol=1e-12, atol=0
        )
    assert told[-1] == problem.m
    assert told == sorted(told)


def test_people_of_a_closing_site_crowd_its_neighbours():
    problem = make_problem(
        [100, 100, 100], [1, 1, 1], [[5, 5, 99], [99, 5, 5], [99, 99, 5]]
    )
    prepared = BalancedScenarios(problem, within(10))
    (outcome,) = prepared.run([Scenario("stops", {0: 0.0})])
    # Area 0 goes to site 1, which area 1 uses too, and from there it goes on to 2.
    assert outcome.areas.tolist() == [0, 1]
    assert (outcome.values < outcome.before).all()
    assert outcome.people_losing(0.0) == 200
    assert outcome.people_losing(0.5, relative=True) == 100
    assert outcome.people_losing(1.0) == 0


def test_an_area_without_a_site_left_has_nothing():
    problem = make_problem([10, 10], [1, 1], [[5, 99], [99, 5]])
    prepared = BalancedScenarios(problem, within(10))
    (outcome,) = prepared.run([Scenario("stops", {0: 0.0})])
    assert (outcome.areas.tolist(), outcome.values.tolist()) == ([0], [0.0])


def test_a_site_that_opens_takes_people_over():
    problem = make_problem([10, 10], [1, 0], [[5, 99], [5, 5]])
    prepared = BalancedScenarios(problem, within(10))
    (outcome,) = prepared.run([Scenario("opens", {1: 2.0})])
    np.testing.assert_allclose(outcome.before, [0.05, 0.05])
    np.testing.assert_allclose(outcome.values, [1 / 15, (1 / 15 + 2 / 5) / 2])


def test_more_scenarios_than_are_read_at_once_keep_their_order():
    problem = recorded_problem()
    prepared = BalancedScenarios(problem, Steps())
    scenarios = [Scenario(str(k), {k % problem.m: 0.1 * k}) for k in range(1100)]
    outcomes = list(prepared.run(iter(scenarios)))
    assert [each.scenario.name for each in outcomes] == [str(k) for k in range(1100)]


@pytest.mark.parametrize("capacity", [{99: 1.0}, {-1: 0.0}, {0: -1.0}, {0: np.nan}])
def test_a_scenario_that_cannot_be_is_refused(capacity):
    problem = recorded_problem()
    for prepared in (
        BalancedScenarios(problem, Steps()),
        LinearScenarios(problem, weigh_pairs(problem, Steps())),
    ):
        with pytest.raises(InvalidProblem, match="scenario 'x'"):
            list(prepared.run([Scenario("x", capacity)]))
