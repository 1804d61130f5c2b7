"""The best round: as good as trying every plan, and true whatever is drawn."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.exchange.cases import best_values, draw_round
from wijkspil_engines.exchange import (
    LEVELS,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    Params,
    Result,
    solve,
    taken_practice,
    verify,
)

LISTS = st.lists(st.sampled_from(LEVELS), min_size=1, unique=True).map(tuple)


def values(result: Result) -> tuple[int, ...]:
    return tuple(
        (-1 if level.name == "rank" else 1) * level.value for level in result.levels
    )


def rounds(with_caps: bool = True) -> st.SearchStrategy[ExchangeProblem]:
    return st.integers(0, 2**32).map(
        lambda seed: draw_round(np.random.default_rng(seed), with_caps=with_caps)
    )


@pytest.mark.parametrize("batch", range(8))
def test_small_rounds_are_as_good_as_trying_every_plan(batch: int) -> None:
    for seed in range(300 * batch, 300 * (batch + 1)):
        rng = np.random.default_rng(seed)
        problem = draw_round(rng, with_caps=seed % 2 == 1)
        levels = LEVELS
        if seed % 3:
            levels = tuple(rng.permutation(LEVELS)[: rng.integers(1, 6)].tolist())
        result = solve(problem, params=Params(levels=levels))
        assert values(result) == best_values(problem, levels), seed
        assert not verify(problem, result), seed


def test_who_is_required_moves_or_it_is_said_to_be_impossible() -> None:
    impossible = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        problem = draw_round(rng, with_caps=seed % 2 == 1)
        params = Params(required=rng.random(problem.n_wishes) < 0.3)
        best = best_values(problem, params.levels, params.required)
        if best is None:
            with pytest.raises(Infeasible):
                solve(problem, params=params)
            impossible += 1
            continue
        result = solve(problem, params=params)
        assert values(result) == best, seed
        assert not verify(problem, result, params=params), seed
    assert 0 < impossible < 300


def test_a_seat_price_is_how_many_more_move_when_a_place_opens() -> None:
    seen = set()
    for seed in range(150):
        rng = np.random.default_rng(seed)
        problem = draw_round(rng, with_caps=seed % 2 == 1)
        for levels in (("moved",), ("class0", "moved", "rank")):
            params = Params(levels=levels)
            result = solve(problem, params=params)
            assert result.seat_prices is not None
            for b in range(problem.n_practices):
                places = problem.free_places.copy()
                places[b] += 1
                more = solve(replace(problem, free_places=places), params=params)
                gain = more.moved_people - result.moved_people
                assert gain == result.seat_prices[b], (seed, levels, b)
                seen.add(int(gain))
    assert {0, 1} < seen


@settings(max_examples=60, deadline=None)
@given(rounds(), LISTS)
def test_nobody_loses_a_place_and_no_practice_grows(
    problem: ExchangeProblem, levels: tuple[str, ...]
) -> None:
    result = solve(problem, params=Params(levels=levels))
    place = taken_practice(problem, result.choice)
    assert (place[problem.origin != NONE] != NONE).all()
    assert not verify(problem, result)


@settings(max_examples=60, deadline=None)
@given(rounds(with_caps=False), st.integers(0, 4))
def test_a_place_more_never_makes_it_worse(problem: ExchangeProblem, at: int) -> None:
    places = problem.free_places.copy()
    places[at % problem.n_practices] += 1
    more = solve(replace(problem, free_places=places))
    assert values(more) >= values(solve(problem))


@settings(max_examples=60, deadline=None)
@given(rounds(), LISTS, st.randoms(use_true_random=False))
def test_the_order_of_wishes_does_not_change_what_is_reached(
    problem: ExchangeProblem, levels: tuple[str, ...], random
) -> None:
    order = list(range(problem.n_wishes))
    random.shuffle(order)
    begins = problem.first_option
    turned = ExchangeProblem.build(
        practice_ids=problem.practice_ids,
        free_places=problem.free_places,
        max_inflow=problem.max_inflow,
        wish_ids=[problem.wish_ids[i] for i in order],
        origin=problem.origin[order],
        options=[problem.option[begins[i] : begins[i + 1]].tolist() for i in order],
        priority_class=problem.priority_class[order],
        waiting_days=problem.waiting_days[order],
    )
    params = Params(levels=levels)
    assert values(solve(turned, params=params)) == values(solve(problem, params=params))


@settings(max_examples=60, deadline=None)
@given(rounds(), LISTS, st.integers(0, 2**32))
def test_beginning_from_any_prices_reaches_the_same(
    problem: ExchangeProblem, levels: tuple[str, ...], seed: int
) -> None:
    params = Params(levels=levels)
    cold = solve(problem, params=params)
    rng = np.random.default_rng(seed)
    wild = [
        replace(
            level,
            prices=rng.integers(-3, 4, problem.n_practices) * rng.choice([1, 1, 700]),
            entry_prices=rng.integers(-1, 3, problem.n_practices),
        )
        for level in cold.levels
    ]
    for warm in (cold.levels, wild, wild[:1]):
        found = solve(problem, params=params, warm=warm)
        assert values(found) == values(cold)
        assert not verify(problem, found, params=params)


def test_a_ring_of_three_swaps_where_no_place_is_free() -> None:
    problem = ExchangeProblem.build(
        practice_ids=["a", "b", "c"],
        free_places=[0, 0, 0],
        wish_ids=["x", "y", "z"],
        origin=[0, 1, 2],
        options=[[1], [2], [0]],
    )
    result = solve(problem)
    assert result.status == "optimal"
    assert result.choice.tolist() == [0, 0, 0]


def test_load_of_one_unit_a_person_limits_like_places() -> None:
    problem = ExchangeProblem.build(
        practice_ids=["a"],
        free_places=[5],
        free_load=[1_999],
        wish_ids=["x", "y"],
        origin=[NONE, NONE],
        options=[[0], [0]],
        waiting_days=[10, 20],
    )
    result = solve(problem)
    assert result.choice.tolist() == [-1, 0]
    assert not verify(problem, result)


def test_the_same_round_gives_the_same_moves() -> None:
    problem = draw_round(np.random.default_rng(3), with_caps=True)
    assert (solve(problem).choice == solve(problem).choice).all()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("free_places[1]", {"free_places": [0, -1]}),
        ("max_inflow[0]", {"max_inflow": [-1, NO_LIMIT]}),
        ("origin[0]", {"origin": [2]}),
        ("option[0]", {"options": [[0]]}),
        ("option[1]", {"options": [[1, 1]]}),
        ("size[0]", {"size": [0]}),
        ("priority_class[0]", {"priority_class": [3]}),
        ("waiting_days[0]", {"waiting_days": [-1]}),
        ("free_places[0]", {"free_places": [0.5, 0]}),
        ("practice_ids[1]", {"practice_ids": ["a", "a"]}),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(field: str, change) -> None:
    good = {
        "practice_ids": ["a", "b"],
        "free_places": [0, 0],
        "wish_ids": ["x"],
        "origin": [0],
        "options": [[1]],
    }
    with pytest.raises(InvalidProblem) as caught:
        ExchangeProblem.build(**(good | change))
    assert caught.value.field == field


def test_levels_that_are_not_known_or_twice_are_refused() -> None:
    for levels in ((), ("moves",), ("moved", "moved")):
        with pytest.raises(InvalidProblem):
            Params(levels=levels)
    problem = draw_round(np.random.default_rng(3), with_caps=True)
    with pytest.raises(InvalidProblem, match="optimum, ttc"):
        solve(problem, mechanism="best")
