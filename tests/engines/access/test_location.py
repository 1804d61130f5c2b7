"""Where to open next: every choice there is, against what the engine says."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from wijkspil_engines.access.location import cover
from wijkspil_engines.access.location.cover import solve_cover
from wijkspil_engines.access.location.p_median import solve_p_median
from wijkspil_engines.access.location.problem import (
    InvalidLocations,
    LocationParams,
    LocationProblem,
)
from wijkspil_engines.access.location.verify import verify_cover, verify_p_median


def draw(n, m, p, *, seed, reach=None, unreached=None, fixed=(), candidates=None):
    """A region of 100 x 100 with people and sites anywhere."""
    rng = np.random.default_rng([n, m, p, seed])
    people, sites = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    cost = np.hypot(*(people[:, None] - sites[None]).transpose(2, 0, 1))
    weight = rng.integers(0, 3001, n).astype(float)
    if reach is not None:
        cost[cost > reach] = np.inf
    return LocationProblem.from_table(
        weight, cost, n_open=p, fixed=fixed, candidates=candidates,
        unreached_cost=unreached,
    )  # fmt: skip


def all_choices(problem):
    usable = np.flatnonzero(problem.is_fixed | problem.is_candidate).tolist()
    for choice in combinations(usable, problem.n_open):
        if set(np.flatnonzero(problem.is_fixed).tolist()) <= set(choice):
            yield choice


def dense(problem):
    cost = np.full((problem.n_clients, problem.n_sites), problem.unreached_cost)
    rows = np.repeat(np.arange(problem.n_clients), np.diff(problem.first))
    cost[rows, problem.site] = np.minimum(problem.cost, problem.unreached_cost)
    return cost


def least_cost(problem):
    cost = dense(problem)
    return min(
        float(problem.weight @ cost[:, list(choice)].min(axis=1))
        for choice in all_choices(problem)
    )


def most_covered(problem, within):
    near = dense(problem) <= within
    return max(
        float(problem.weight @ near[:, list(choice)].any(axis=1))
        for choice in all_choices(problem)
    )


regions = st.builds(
    draw,
    st.integers(1, 25),
    st.integers(5, 9),
    st.integers(2, 4),
    seed=st.integers(0, 10_000),
    reach=st.sampled_from([20.0, 40.0, 200.0]),
    unreached=st.sampled_from([30.0, 100.0]),
    fixed=st.sampled_from([(), (1,), (0, 4)]),
    candidates=st.sampled_from([None, (0, 1, 2, 3)]),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(regions)
def test_no_other_choice_costs_less(problem):
    result = solve_p_median(problem)
    assert verify_p_median(problem, result) == ()
    assert result.status == "optimal"
    assert result.objective == pytest.approx(least_cost(problem), rel=1e-9)
    assert result.price_bound <= result.objective * (1 + 1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(regions, st.sampled_from([5.0, 15.0, 25.0]))
def test_no_other_choice_covers_more(problem, within):
    result = solve_cover(problem, within=within)
    assert verify_cover(problem, result, within=within) == ()
    assert result.status == "optimal"
    assert result.objective == most_covered(problem, within)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("listed", [1.0, 4.0])
def test_lists_that_are_cut_change_no_answer(seed, listed):
    problem = draw(40, 14, 3, seed=seed)
    result = solve_p_median(problem, params=LocationParams(listed=listed))
    assert verify_p_median(problem, result) == ()
    assert result.objective == pytest.approx(least_cost(problem), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_middling_region_is_proven_by_prices_and_search(seed):
    problem = draw(200, 60, 8, seed=seed)
    result = solve_p_median(problem)
    assert result.status == "optimal"
    assert result.bound == result.objective
    assert result.price_bound >= 0.99 * result.objective
    assert verify_p_median(problem, result) == ()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_a_cover_that_the_first_search_leaves_open_is_proven(monkeypatch, seed, scale):
    monkeypatch.setattr(cover, "_NODES_FIRST", 0)
    problem = draw(60, 13, 4, seed=seed, fixed=(1,))
    problem = replace(problem, weight=problem.weight * scale)
    result = solve_cover(problem, within=18.0)
    assert verify_cover(problem, result, within=18.0) == ()
    assert result.status == "optimal"
    assert result.objective == pytest.approx(most_covered(problem, 18.0))


def test_the_same_seed_gives_the_same_answer():
    problem = draw(300, 80, 20, seed=4)
    params = LocationParams(max_nodes=5, max_shakes=10)
    one, two = (solve_p_median(problem, params=params, seed=7) for _ in range(2))
    assert one.opened.tolist() == two.opened.tolist()
    assert (one.objective, one.bound) == (two.objective, two.bound)


def test_a_time_limit_of_nothing_still_gives_a_plan_and_a_bound():
    problem = draw(900, 120, 40, seed=1)
    result = solve_p_median(problem, time_limit_s=0.0)
    assert result.status in ("timed_out", "optimal")
    assert verify_p_median(problem, result) == ()
    assert 0 <= result.gap < 0.05


def test_a_sparse_table_gives_what_the_full_one_gives():
    full = draw(50, 12, 4, seed=3, reach=30.0, unreached=60.0)
    rows = np.repeat(np.arange(50), np.diff(full.first))
    table = sparse.coo_array((full.cost, (rows, full.site)), shape=(50, 12))
    thin = LocationProblem.from_table(full.weight, table, n_open=4, unreached_cost=60.0)
    assert thin.input_hash == full.input_hash
    assert solve_p_median(thin).objective == solve_p_median(full).objective


def test_fixed_sites_stay_and_one_more_helps_most():
    problem = draw(60, 10, 4, seed=2, fixed=(0, 1, 2))
    result = solve_p_median(problem)
    assert {0, 1, 2} <= set(result.opened.tolist())
    assert result.objective == pytest.approx(least_cost(problem))


def test_nothing_to_choose_is_optimal():
    problem = draw(30, 5, 3, seed=1, fixed=(0, 2, 4))
    result = solve_p_median(problem)
    assert (result.status, result.opened.tolist()) == ("optimal", [0, 2, 4])
    assert verify_p_median(problem, result) == ()
    assert solve_p_median(draw(30, 5, 5, seed=1)).status == "optimal"


def test_a_wrong_result_is_told():
    problem = draw(40, 9, 3, seed=5, fixed=(0,))
    result = solve_p_median(problem)
    closed = next(j for j in range(9) if j not in result.opened)
    moved = np.sort(np.append(result.opened[result.opened != 0], closed))
    for wrong in (
        replace(result, objective=result.objective + 1),
        replace(result, opened=moved),
        replace(result, bound=result.objective * 1.01),
        replace(result, bound=result.objective * 0.99),
        replace(result, prices=result.prices * 0.5),
        replace(result, serving=np.roll(result.serving, 1)),
        replace(result, input_hash="other"),
    ):
        assert verify_p_median(problem, wrong) != ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weight": [1.0, -2.0]}, r"weight\[1\] is -2.0"),
        ({"weight": [1.0]}, "one weight for each row"),
        ({"cost": [[1.0, np.nan], [1.0, 2.0]]}, r"cost\[1\] is nan"),
        ({"cost": [[1.0, np.inf], [1.0, 2.0]]}, "give unreached_cost"),
        ({"n_open": 3}, "give 1 to 2"),
        ({"fixed": [2]}, "names site 2"),
        ({"unreached_cost": 0.0}, "a number above 0"),
    ],
)
def test_input_that_cannot_be_says_what_and_where(changed, said):
    given = {
        "weight": [1.0, 2.0], "cost": [[1.0, 2.0], [2.0, 1.0]], "n_open": 1, **changed
    }  # fmt: skip
    with pytest.raises(InvalidLocations, match=said):
        LocationProblem.from_table(given.pop("weight"), given.pop("cost"), **given)


def test_the_example_of_the_explanation():
    km = np.abs(np.array([0, 2, 6, 10])[:, None] - np.array([0, 6, 10])[None])
    problem = LocationProblem.from_table([10, 20, 10, 30], km, n_open=2)
    result = solve_p_median(problem)
    assert (result.opened.tolist(), result.objective) == ([0, 2], 80)
    by_hand = replace(
        result, prices=np.array([60.0, 80.0, 40.0, 120.0]), price_bound=80.0
    )
    assert verify_p_median(problem, by_hand) == ()
    near = solve_cover(problem, within=2)
    assert (near.opened.tolist(), near.objective) == ([0, 2], 60)
