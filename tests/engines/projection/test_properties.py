from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.projection.regions import make_parameter, make_problem
from wijkspil_engines.projection import Closure, split_net
from wijkspil_engines.projection.cohorts import project_population
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.solve import solve

SEEDS = st.integers(0, 10_000)
SMALL = Params(n_runs=4, measures=("need",))
EXAMPLES = settings(max_examples=25, deadline=None)


@EXAMPLES
@given(seed=SEEDS, mortality=st.floats(0, 10), departures=st.floats(0, 10))
def test_nobody_is_fewer_than_nobody(seed, mortality, departures):
    problem = make_problem(seed=seed).with_parameters(
        make_parameter("mortality", mortality, mortality),
        make_parameter("departures", 0, departures),
    )
    assert project_population(problem, seed=seed, run=3).min() >= 0
    result = solve(problem, params=SMALL, seed=seed)
    for name in ("need", "clients", "people", "capacity", "short"):
        assert result.totals[name].min() >= -1e-9


@EXAMPLES
@given(seed=SEEDS)
def test_going_back_in_time_gives_what_going_forward_gives(seed):
    problem = make_problem(seed=seed)
    people = project_population(problem).sum(axis=(1, 2))
    found = solve(problem, params=Params(n_runs=0)).baselines["people"][:, 0]
    assert np.abs(people / found - 1).max() < 1e-12


@EXAMPLES
@given(seed=SEEDS)
def test_without_use_there_is_no_need(seed):
    base = make_problem(seed=seed)
    kinds = tuple(replace(each, use=np.zeros_like(each.use)) for each in base.kinds)
    result = solve(replace(base, kinds=kinds), params=SMALL, seed=seed)
    for name in ("need", "clients", "starts", "short"):
        assert not result.totals[name].any()


@EXAMPLES
@given(seed=SEEDS, more=st.floats(1.0, 5.0))
def test_more_outflow_never_gives_more_supply(seed, more):
    base = make_problem(seed=seed)
    worse = base.with_parameters(
        make_parameter("outflow.level-3", 0.8 * more, 1.2 * more),
        make_parameter("retirement", more, more),
    )
    before = solve(base, params=SMALL, seed=seed).totals["capacity"]
    after = solve(worse, params=SMALL, seed=seed).totals["capacity"]
    assert (after <= before * (1 + 1e-12)).all()


@EXAMPLES
@given(seed=SEEDS, share=st.floats(0, 1), moved=st.floats(0, 1))
def test_a_practice_that_stops_never_adds_supply(seed, share, moved):
    base = make_problem(seed=seed)
    closure = Closure("x", "u0", 2028, share, (("u1", moved),))
    before = solve(base, params=SMALL, seed=seed).totals["capacity"].sum(axis=0)
    after = solve(replace(base, closures=(closure,)), params=SMALL, seed=seed)
    after_sum = after.totals["capacity"].sum(axis=0)
    assert (after_sum <= before * (1 + 1e-12)).all()
    assert np.array_equal(after_sum[:, :3], before[:, :3])


@EXAMPLES
@given(seed=SEEDS)
def test_net_migration_is_met_in_the_first_year(seed):
    rng = np.random.default_rng(seed)
    problem = make_problem(seed=seed, n_years=2, years_per_band=1)
    net = rng.uniform(-0.1, 0.1, problem.population.shape) * problem.population
    departures, arrivals = split_net(net, problem.population, problem.class_of_area)
    moved = replace(
        problem,
        departures=departures,
        arrivals=arrivals,
        mortality=np.zeros_like(problem.mortality),
        fertility=np.zeros_like(problem.fertility),
        parameters=tuple(
            each
            for each in problem.parameters
            if each.name not in ("arrivals", "mortality_improvement", "fertility")
        ),
    )
    people = project_population(moved).sum(axis=(1, 2))
    assert np.abs(people[:, 1] - people[:, 0] - net.sum(axis=(1, 2))).max() < 1e-8
