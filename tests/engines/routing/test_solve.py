"""Placing a batch: against all assignments there are, and the promises it makes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.routing.cases import draw_problem
from wijkspil_engines.routing import (
    AssignmentProblem,
    InvalidProblem,
    Params,
    Policy,
    Request,
    Team,
    Teams,
    Tier,
    solve,
    verify,
)
from wijkspil_engines.routing.assign import Pairs, list_pairs
from wijkspil_engines.routing.patterns import find_patterns

SEEDS = st.integers(0, 100_000)


def best_by_trying_all(pairs: Pairs, *, at_least: int) -> float:
    """Try every assignment; the value of the best that places enough."""
    choices = [
        [-1, *np.flatnonzero(pairs.request == i)] for i in range(pairs.n_requests)
    ]
    best = -np.inf

    def extend(i: int, left: np.ndarray, value: float, placed: int) -> None:
        nonlocal best
        if i == pairs.n_requests:
            if placed >= at_least:
                best = max(best, value)
            return
        for pair in choices[i]:
            if pair < 0:
                extend(i + 1, left, value, placed)
                continue
            after = left.copy()
            after[pairs.team[pair]] -= pairs.use[pair]
            if (after >= -1e-6).all():
                extend(i + 1, after, value + pairs.value[pair], placed + 1)

    extend(0, pairs.room, 0.0, 0)
    return best


@settings(max_examples=60)
@given(seed=SEEDS)
def test_the_value_and_the_bound_enclose_the_best_of_all(seed: int) -> None:
    problem = draw_problem(seed)
    result = solve(problem)
    assert verify(problem, result) == ()
    pairs = list_pairs(problem, Params())
    best = best_by_trying_all(pairs, at_least=result.greedy_placed)
    assert result.value <= best + 1e-6
    assert result.bound >= best - 1e-6
    if result.status == "optimal":
        assert result.value == pytest.approx(best)


@settings(max_examples=25)
@given(seed=SEEDS)
def test_a_batch_is_never_worse_than_one_by_one(seed: int) -> None:
    problem = draw_problem(seed, n_requests=25, n_teams=6, n_areas=3)
    result = solve(problem, params=Params(max_rounds=10))
    assert verify(problem, result) == ()
    assert result.greedy_value <= result.value <= result.bound + 1e-6
    assert result.terms["placed"] >= result.greedy_placed


@settings(max_examples=20)
@given(seed=SEEDS)
def test_a_batch_with_an_order_of_terms_holds(seed: int) -> None:
    policy = Policy(order=("own_team",), weights={"travel": 1.0, "fair_share": 2.0})
    problem = draw_problem(seed, n_requests=12, n_teams=5, policy=policy)
    assert verify(problem, solve(problem)) == ()


@settings(max_examples=25)
@given(seed=SEEDS)
def test_more_room_never_lowers_what_can_be_reached(seed: int) -> None:
    problem = draw_problem(seed)
    teams = problem.teams
    # The room itself is in the scores; without scores only placing counts.
    params = Params(per_score=0.0)
    more = replace(
        problem,
        teams=teams.with_room(
            free_clients=teams.free_clients + 1,
            free_hours_by_part=teams.free_hours_by_part + 1.0,
        ),
    )
    before = best_by_trying_all(list_pairs(problem, params), at_least=0)
    assert solve(more, params=params).bound >= before - 1e-6


@settings(max_examples=20)
@given(seed=SEEDS)
def test_no_client_gets_a_provider_objected_to(seed: int) -> None:
    problem = draw_problem(seed, n_requests=15, n_teams=6)
    result = solve(problem)
    for request, team in zip(problem.requests, result.assignment, strict=True):
        if team >= 0:
            assert problem.teams.providers[team] not in request.objected


@settings(max_examples=15)
@given(seed=SEEDS)
def test_the_order_of_teams_does_not_change_a_proven_value(seed: int) -> None:
    problem = draw_problem(seed)
    turned = AssignmentProblem(
        problem.requests, _reversed(problem.teams), problem.policy, problem.forbidden
    )
    first, second = solve(problem), solve(turned)
    assert first.greedy_value == pytest.approx(second.greedy_value)
    assert first.value <= second.bound + 1e-6
    assert second.value <= first.bound + 1e-6


def _reversed(teams: Teams) -> Teams:
    changes = {}
    for name in ("keys", "providers"):
        changes[name] = getattr(teams, name)[::-1]
    for name in ("tier", "tasks", "care_laws", "insurers", "languages"):
        changes[name] = getattr(teams, name)[:, ::-1]
    for name in (
        "contracts_known", "lon", "lat", "free_clients", "free_hours_by_part",
        "largest_hours", "room_known", "earliest_days", "share",
    ):  # fmt: skip
        changes[name] = getattr(teams, name)[::-1]
    return replace(teams, **changes)


@settings(max_examples=40)
@given(seed=SEEDS, cells=st.sampled_from([1, 20, 500, 100_000]))
def test_patterns_fit_and_their_bound_holds(seed: int, cells: int) -> None:
    pairs = list_pairs(draw_problem(seed, n_requests=7, n_teams=2), Params())
    rng = np.random.default_rng(seed)
    profit = pairs.value * rng.uniform(-0.3, 1.0, pairs.n)
    price = rng.uniform(0, 300, (pairs.n_teams, 5))
    known = np.zeros(pairs.n_teams)
    upper, patterns = find_patterns(pairs, profit, price, known, max_cells=cells)
    for pattern in patterns:
        assert (
            pairs.use[pattern.pairs].sum(0) <= pairs.room[pattern.team] + 1e-6
        ).all()
    for j in range(pairs.n_teams):
        own = np.flatnonzero(pairs.team == j)
        best = max(
            profit[own[list(chosen)]].sum()
            for chosen in _subsets(len(own))
            if (pairs.use[own[list(chosen)]].sum(0) <= pairs.room[j] + 1e-6).all()
        )
        assert upper[j] >= best - 1e-6
        if cells == 100_000:
            assert upper[j] == pytest.approx(max(best, 0.0), abs=1e-5)


def _subsets(n: int) -> list[list[int]]:
    return [[k for k in range(n) if bits >> k & 1] for bits in range(2**n)]


def test_one_kind_of_room_is_solved_to_the_proof() -> None:
    requests = tuple(Request(f"r{i}", 0, urgency=1.0 + i % 3) for i in range(20))
    rows = [
        Team(f"t{j}", "p", {0: Tier.OWN}, free_clients=j, share=j / 3) for j in range(5)
    ]
    problem = AssignmentProblem(requests, Teams.from_teams(rows, n_areas=1))
    result = solve(problem)
    assert result.status == "optimal"
    assert result.terms["placed"] == 10
    assert verify(problem, result) == ()


def test_the_same_seed_gives_the_same_assignment() -> None:
    problem = draw_problem(4, n_requests=25, n_teams=6, n_areas=3)
    first = solve(problem, seed=3)
    again = solve(problem, seed=3)
    assert first.assignment.tolist() == again.assignment.tolist()
    assert first.bound == again.bound


def test_without_time_what_was_placed_one_by_one_is_returned() -> None:
    problem = draw_problem(7, n_requests=30, n_teams=8, n_areas=3)
    result = solve(problem, time_limit_s=0.0)
    assert result.status in ("optimal", "timed_out")
    assert verify(problem, result) == ()


@pytest.mark.parametrize("n_requests", [0, 3])
def test_nothing_to_place_is_an_answer(n_requests: int) -> None:
    requests = tuple(Request(f"r{i}", 0) for i in range(n_requests))
    problem = AssignmentProblem(requests, Teams.from_teams([], n_areas=1))
    result = solve(problem)
    assert result.status == "optimal"
    assert result.assignment.tolist() == [-1] * n_requests
    assert verify(problem, result) == ()


def test_verify_finds_each_lie() -> None:
    problem = draw_problem(5, n_requests=25, n_teams=6, n_areas=3)
    result = solve(problem)
    assert verify(problem, result) == ()
    nobody = np.full(25, -1)
    for lie in (
        {"value": result.value + 1},
        {"bound": result.value / 2},
        {"greedy_value": 0.0},
        {"assignment": nobody},
        {"assignment": nobody[1:]},
        {"assignment": np.zeros(25, int)},
        {"assignment": np.full(25, 99)},
        {"greedy_assignment": nobody},
        {"input_hash": "other"},
        {"terms": {**result.terms, "score": 0.0}},
        {"status": "optimal", "bound": result.value * 1.5},
    ):
        assert verify(problem, replace(result, **lie)), lie


@pytest.mark.parametrize(
    "change",
    [
        {"requests": (Request("r", 0), Request("r", 0))},
        {"requests": (Request("r", 9),)},
        {"forbidden": frozenset({("nobody", "t0")})},
    ],
)
def test_a_problem_that_does_not_fit_together_is_refused(
    change: dict[str, object],
) -> None:
    with pytest.raises(InvalidProblem):
        replace(draw_problem(1), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"placed": 0}, {"per_hour": -1}, {"gap": 2}])
def test_params_out_of_range_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InvalidProblem):
        Params(**change)  # type: ignore[arg-type]
