"""Access for the worst-off: every choice there is, against what the engine says."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wijkspil_engines.access.inequality import gini, mean_of_worst
from wijkspil_engines.access.location import equity_core
from wijkspil_engines.access.location.equity import (
    EquityParams,
    EquityProblem,
    access_of,
    solve_equity,
)
from wijkspil_engines.access.location.p_median import solve_p_median
from wijkspil_engines.access.location.problem import InvalidLocations, LocationProblem
from wijkspil_engines.access.location.verify import verify_equity


def travel_times(n, m, *, seed):
    """People, minutes by car in a region of 70 x 70 km."""
    rng = np.random.default_rng([n, m, seed])
    people, sites = rng.uniform(0, 70, (n, 2)), rng.uniform(0, 70, (m, 2))
    km = np.hypot(*(people[:, None] - sites[None]).transpose(2, 0, 1))
    return rng.integers(0, 3001, n).astype(float), km * 1.3 / 45 * 60 / 2


def draw(n, m, p, *, seed, **changes):
    people, minutes = travel_times(n, m, seed=seed)
    people[0] += 1
    decay = np.select([minutes <= 10, minutes <= 20, minutes <= 30], [1, 0.68, 0.22], 0)
    supply = np.random.default_rng(seed).uniform(5, 15, m)
    return EquityProblem.from_table(people, decay, supply, n_open=p, **changes)


def all_values(problem):
    """The objective of every choice there is."""
    usable = np.flatnonzero(problem.is_fixed | problem.is_candidate).tolist()
    for choice in combinations(usable, problem.n_open):
        is_open = np.isin(np.arange(problem.n_sites), choice)
        if (problem.is_fixed & ~is_open).any():
            continue
        access = access_of(problem, is_open)
        if problem.objective == "gini":
            yield gini(access, problem.people)
        else:
            yield mean_of_worst(access, problem.people, problem.share)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0, 1.5, 2.0, 7.0]), st.integers(0, 5)),
        min_size=1,
        max_size=15,
    ).filter(lambda rows: any(people for _, people in rows)),
    st.sampled_from([0.1, 0.3, 0.5, 1.0]),
)
def test_the_worst_mean_is_found_without_sorting(rows, share):
    access, people = (np.array(each, dtype=float) for each in zip(*rows, strict=True))
    people /= people.sum()
    mean, edge = equity_core.worst_mean(access, people, share)
    assert mean == pytest.approx(mean_of_worst(access, people, share), abs=1e-12)
    weights = equity_core.worst_weights(access, people, share)
    assert weights.sum() == pytest.approx(1)
    assert weights @ access == pytest.approx(mean, abs=1e-12)
    assert (weights <= people / share + 1e-12).all()
    assert (access[weights > 1e-12] <= edge).all()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fixed", [(), (2,)])
def test_no_other_choice_gives_the_worst_off_more(seed, fixed):
    problem = draw(30, 10, 4, seed=seed, fixed=fixed, share=0.2)
    result = solve_equity(problem)
    assert verify_equity(problem, result) == ()
    most = max(all_values(problem))
    assert result.objective == pytest.approx(most, rel=1e-6)
    assert result.bound >= most * (1 - 1e-6)
    assert result.weights_bound >= most * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("measure", ["catchment", "balanced"])
@pytest.mark.parametrize("objective", ["worst", "gini"])
def test_what_has_no_proof_is_still_found(seed, measure, objective):
    problem = draw(25, 9, 4, seed=seed, measure=measure, objective=objective)
    result = solve_equity(problem)
    assert verify_equity(problem, result) == ()
    values = list(all_values(problem))
    best = max(values) if objective == "worst" else min(values)
    assert result.objective == pytest.approx(best, rel=1e-6, abs=1e-12)
    expected = {"worst": ("weights", "search", "mean"), "gini": ("none",)}[objective]
    assert result.bound_kind in expected


@pytest.mark.parametrize("seed", range(10))
def test_the_worst_tenth_has_a_tenth_more_than_with_the_shortest_distances(seed):
    people, minutes = travel_times(120, 40, seed=seed)
    problem = draw(120, 40, 8, seed=seed)
    problem = EquityProblem.from_table(
        people, problem.decay, np.full(40, 10.0), n_open=8
    )
    median = solve_p_median(LocationProblem.from_table(people, minutes, n_open=8))
    is_open = np.isin(np.arange(40), median.opened)
    before = mean_of_worst(access_of(problem, is_open), people)
    result = solve_equity(problem, params=EquityParams(searched_pairs=0))
    assert result.objective >= 1.1 * before
    assert result.objective <= result.bound


def test_a_plan_that_is_given_is_never_made_worse():
    problem = draw(60, 20, 5, seed=3, measure="balanced")
    params = EquityParams(max_shakes=0)
    free = solve_equity(problem, params=params)
    again = solve_equity(problem, params=params, start=free.opened, seed=5)
    assert again.objective >= free.objective
    with pytest.raises(InvalidLocations, match="start must open 5"):
        solve_equity(problem, start=free.opened[:-1])


def test_balanced_access_divides_all_supply_in_reach():
    problem = draw(40, 8, 4, seed=1, measure="balanced")
    result = solve_equity(problem)
    reached = [j for j in result.opened if problem.decay[:, [j]].sum() > 0]
    assert result.access @ problem.people == pytest.approx(
        problem.supply[reached].sum()
    )


def test_the_same_seed_gives_the_same_sites():
    problem = draw(80, 25, 6, seed=2)
    one, two = (solve_equity(problem, seed=4) for _ in range(2))
    assert one.opened.tolist() == two.opened.tolist()
    assert (one.objective, one.bound) == (two.objective, two.bound)


def test_a_wrong_result_is_told():
    problem = draw(30, 10, 4, seed=1)
    result = solve_equity(problem)
    assert result.weights is not None
    for wrong in (
        replace(result, objective=result.objective * 1.01),
        replace(result, bound=result.objective * 0.9),
        replace(result, access=result.access * 2),
        replace(result, weights=result.weights * 2),
        replace(result, weights_bound=result.weights_bound * 0.9),
        replace(result, opened=result.opened[1:]),
    ):
        assert verify_equity(problem, wrong) != ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"people": [0.0, 0.0]}, "nobody lives"),
        ({"supply": [1.0, -1.0]}, r"supply\[1\] is -1.0"),
        ({"share": 0.0}, "share is 0.0"),
        ({"measure": "nearest"}, "use catchment or balanced"),
        ({"objective": "best"}, "use worst or gini"),
        ({"people": [1.0]}, "a row per client"),
        ({"n_open": 0}, "give 1 to 2"),
    ],
)
def test_input_that_cannot_be_says_what_and_where(changed, said):
    given = {
        "people": [1.0, 2.0], "decay": [[1.0, 0.0], [0.5, 1.0]], "supply": [1.0, 1.0],
        "n_open": 1, **changed,
    }  # fmt: skip
    with pytest.raises(InvalidLocations, match=said):
        EquityProblem.from_table(
            given.pop("people"), given.pop("decay"), given.pop("supply"), **given
        )


def test_the_example_of_the_explanation():
    decay = [[1, 0, 0.22], [1, 1, 0.22], [0, 1, 0.22]]
    problem = EquityProblem.from_table(
        [10, 10, 10], decay, [10, 10, 10], n_open=1, share=1 / 3
    )
    result = solve_equity(problem)
    assert (result.status, result.opened.tolist()) == ("optimal", [2])
    assert result.objective == pytest.approx(1 / 3)
    assert result.access.tolist() == pytest.approx([1 / 3] * 3)
