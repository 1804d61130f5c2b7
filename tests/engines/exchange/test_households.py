"""Households move together and load counts: plans against brute force and bounds."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.exchange.rounds import balance_breaks
from wijkspil_engines.exchange.generate import Recipe, generate
from wijkspil_engines.exchange.household_bound import (
    exact_sum,
    lay_out,
    solve_split,
    tighten,
)
from wijkspil_engines.exchange.household_exact import is_possible
from wijkspil_engines.exchange.households import solve_households
from wijkspil_engines.exchange.optimum import solve_optimum
from wijkspil_engines.exchange.problem import (
    LEVELS,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    Infeasible,
    Params,
)
from wijkspil_engines.exchange.result import Result, level_value, taken_practice
from wijkspil_engines.exchange.verify import verify

Values = tuple[int, ...]
DAY = date(2026, 11, 22)


def draw(
    rng: np.random.Generator,
    *,
    most_wishes: int = 6,
    with_load: bool = False,
    with_caps: bool = False,
) -> ExchangeProblem:
    n, p = int(rng.integers(1, most_wishes + 1)), int(rng.integers(2, 5))
    size = rng.integers(1, 5, n)
    origin = rng.integers(NONE, p, n)
    options = [
        [int(b) for b in rng.permutation(p) if b != at][: int(rng.integers(0, 4))]
        for at in origin
    ]
    extra: dict[str, Any] = {}
    if with_load:
        extra["load"] = size * 1000 + rng.choice([-300, 0, 600], n)
        some = rng.random(p) < 0.7
        extra["free_load"] = np.where(some, rng.integers(0, 4000, p), NO_LIMIT)
    if with_caps:
        some = rng.random(p) < 0.6
        extra["max_inflow"] = np.where(some, rng.integers(0, 6, p), NO_LIMIT)
    return ExchangeProblem.build(
        practice_ids=[f"p{b}" for b in range(p)],
        free_places=rng.choice([0, 0, 1, 2, 4], p),
        wish_ids=[f"w{i}" for i in range(n)],
        origin=origin,
        options=options,
        size=size,
        priority_class=np.where(origin == NONE, 0, rng.integers(1, 3, n)),
        waiting_days=rng.integers(0, 5000, n),
        **extra,
    )


def best_of_all(
    problem: ExchangeProblem, params: Params
) -> tuple[Values, np.ndarray] | None:
    """Try every plan there is."""
    best: tuple[Values, np.ndarray] | None = None
    lengths = np.diff(problem.first_option).tolist()
    for each in itertools.product(*[range(-1, length) for length in lengths]):
        choice = np.array(each, dtype=np.int32)
        if breaks_room(problem, choice):
            continue
        if params.required is not None and (choice[params.required] < 0).any():
            continue
        values = values_of(problem, choice, params)
        if best is None or values > best[0]:
            best = values, choice
    return best


def breaks_room(problem: ExchangeProblem, choice: np.ndarray) -> bool:
    people = [0] * problem.n_practices
    load = [0] * problem.n_practices
    came = [0] * problem.n_practices
    place = taken_practice(problem, choice)
    for wish in np.flatnonzero(choice >= 0).tolist():
        to, home = int(place[wish]), int(problem.origin[wish])
        size, weight = int(problem.size[wish]), int(problem.load[wish])
        people[to] += size
        load[to] += weight
        came[to] += size
        if home != NONE:
            people[home] -= size
            load[home] -= weight
    return any(
        people[b] > problem.free_places[b]
        or load[b] > problem.free_load[b]
        or came[b] > problem.max_inflow[b]
        for b in range(problem.n_practices)
    )


def values_of(problem: ExchangeProblem, choice: np.ndarray, params: Params) -> Values:
    """Values by level, more is better."""
    return tuple(
        level_value(problem, choice, name) * (-1 if name == "rank" else 1)
        for name in params.levels
    )


def signed(result: Result, what: str) -> Values:
    return tuple(
        getattr(level, what) * (-1 if level.name == "rank" else 1)
        for level in result.levels
    )


@pytest.mark.parametrize("block", range(8))
def test_a_small_round_is_as_good_as_the_best_of_all_plans(block: int):
    for seed in range(block * 60, block * 60 + 60):
        rng = np.random.default_rng(seed)
        problem = draw(rng, with_load=seed % 3 == 1, with_caps=seed % 4 == 2)
        levels = LEVELS
        if seed % 2:
            levels = tuple(rng.permutation(LEVELS)[: rng.integers(1, 6)].tolist())
        required = rng.random(problem.n_wishes) < 0.3 if seed % 5 == 0 else None
        params = Params(levels=levels, required=required)
        best = best_of_all(problem, params)
        if best is None:
            with pytest.raises(Infeasible):
                solve_households(problem, params=params)
            continue
        result = solve_households(problem, params=params)
        assert signed(result, "value") == best[0], seed
        assert signed(result, "bound") == best[0], seed
        assert verify(problem, result, params=params) == (), seed


def middling(seed: int, **extra: Any) -> ExchangeProblem:
    return generate(
        Recipe(
            n_wishes=1500,
            n_practices=60,
            seed=seed,
            size_chances=(0.3, 0.25, 0.2, 0.25),
            room_at_unpopular=seed % 2 == 1,
            leaving_unpopular=2.0 * (seed % 2),
            **extra,
        ),
        date=DAY,
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("extra", [{}, {"inflow_cap": 15}, {"with_load": True}])
def test_a_larger_round_fits_and_stays_within_its_bounds(
    seed: int, extra: dict[str, Any]
):
    problem = middling(seed, **extra)
    result = solve_households(problem, params=Params(), seed=seed)
    assert balance_breaks(problem, result) == []
    assert verify(problem, result) == ()
    assert all(
        value <= bound
        for value, bound in zip(
            signed(result, "value"), signed(result, "bound"), strict=True
        )
    )
    most = 0.1 if "with_load" in extra else 0.03
    assert result.gap_people <= most * result.bound_people


def test_single_persons_come_out_as_the_exact_optimum_says():
    for seed in range(3):
        problem = generate(
            Recipe(n_wishes=3000, n_practices=80, seed=seed, inflow_cap=25), date=DAY
        )
        exact = solve_optimum(problem, params=Params())
        found = solve_households(problem, params=Params())
        assert signed(found, "value") == signed(exact, "value")
        assert found.status == "optimal"


def test_the_same_seed_gives_the_same_plan():
    problem = middling(1)
    first = solve_households(problem, params=Params(), seed=5)
    again = solve_households(problem, params=Params(), seed=5)
    assert (first.choice == again.choice).all()
    assert signed(first, "bound") == signed(again, "bound")


def test_a_frail_person_for_a_young_one_is_refused_when_no_load_is_free():
    def swap(free_load: int) -> Result:
        problem = ExchangeProblem.build(
            practice_ids=["a", "b"],
            free_places=[0, 0],
            free_load=[free_load, free_load],
            wish_ids=["young", "frail"],
            origin=[0, 1],
            options=[[1], [0]],
            load=[700, 2400],
        )
        return solve_households(problem, params=Params())

    assert swap(0).moved_people == 0
    assert swap(1699).moved_people == 0
    assert swap(1700).moved_people == 2


def test_a_household_too_large_for_the_place_gives_way_to_two_that_fit():
    problem = ExchangeProblem.build(
        practice_ids=["a"],
        free_places=[3],
        wish_ids=["four", "two", "one"],
        origin=[NONE, NONE, NONE],
        options=[[0], [0], [0]],
        size=[4, 2, 1],
    )
    result = solve_households(problem, params=Params())
    assert result.choice.tolist() == [-1, 0, 0]
    assert result.moved_people == result.bound_people == 3


def test_required_wishes_that_cannot_all_move_are_told():
    problem = ExchangeProblem.build(
        practice_ids=["a"],
        free_places=[3],
        wish_ids=["w1", "w2"],
        origin=[NONE, NONE],
        options=[[0], [0]],
        size=[2, 2],
    )
    required = np.array([True, True])
    with pytest.raises(Infeasible, match="required wishes"):
        solve_households(problem, params=Params(required=required))


def test_a_round_without_options_or_wishes_moves_nobody():
    for n in (0, 2):
        problem = ExchangeProblem.build(
            practice_ids=["a"],
            free_places=[3],
            wish_ids=[f"w{i}" for i in range(n)],
            origin=[NONE] * n,
            options=[[]] * n,
            size=[2] * n,
        )
        assert solve_households(problem, params=Params()).moved_people == 0


def test_a_search_that_is_cut_off_says_so_and_is_still_possible():
    problem = middling(1)
    result = solve_households(problem, params=Params(), time_limit_s=0.0)
    assert result.status in ("timed_out", "optimal")
    assert is_possible(problem, result.choice, None)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_one_more_place_never_lowers_the_outcome(seed: int):
    rng = np.random.default_rng(seed)
    problem = draw(rng, with_caps=bool(seed % 2))
    more = problem.free_places.copy()
    more[int(rng.integers(problem.n_practices))] += 1
    before = solve_households(problem, params=Params())
    after = solve_households(replace(problem, free_places=more), params=Params())
    assert signed(after, "value") >= signed(before, "value")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_any_weights_of_earlier_levels_bound_the_best_plan(seed: int):
    problem = draw(np.random.default_rng(seed), most_wishes=5)
    params = Params(levels=("class0", "moved", "waiting"))
    best = best_of_all(problem, params)
    assert best is not None
    layout = lay_out(problem, params.levels, None)
    zeros = [np.zeros(layout.flow.price.size, np.int64)] * 3
    for row in range(3):
        solve_split(layout, row)
    for row in (1, 2):
        proof = tighten(layout, zeros, row, best[0], rounds=4)
        assert proof.bound(layout, best[0]) >= best[0][row]


def test_sums_beyond_64_bits_are_exact():
    values = np.array([2**62, 2**62, 2**62, -5], dtype=np.int64)
    assert exact_sum(values) == 3 * 2**62 - 5
