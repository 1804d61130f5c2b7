from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.exchange.rounds import draw_round
from wijkspil_engines.exchange.explain import (
    CODES,
    OPTION_CODES,
    PlacingCost,
    cost_of_placing,
    explain,
    find_shortages,
)
from wijkspil_engines.exchange.problem import (
    NONE,
    ExchangeProblem,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import Result
from wijkspil_engines.exchange.solve import solve


def make(free, origin, options, **more) -> ExchangeProblem:
    return ExchangeProblem.build(
        practice_ids=[f"p{b}" for b in range(len(free))],
        free_places=free,
        wish_ids=[f"w{i}" for i in range(len(origin))],
        origin=origin,
        options=options,
        **more,
    )


def codes(problem: ExchangeProblem, result: Result) -> list[str]:
    return [explain(problem, result, i).code for i in range(problem.n_wishes)]


def placing(problem: ExchangeProblem, wish: int, **more) -> PlacingCost:
    params = Params(**more)
    return cost_of_placing(
        problem,
        solve(problem, params=params),
        wish,
        solve=lambda asked, with_: solve(asked, params=with_),
        params=params,
    )


def test_of_three_for_one_place_the_longest_waiting_goes_first():
    problem = make([1], [NONE] * 3, [[0]] * 3, waiting_days=[90, 10, 5])
    result = solve(problem)
    assert codes(problem, result) == [
        "placed-first-choice",
        "next-in-line",
        "others-waited-longer",
    ]
    told = explain(problem, result, 2).options[0]
    assert (told.level, told.gives, told.costs) == ("waiting", 5, 10)
    assert placing(problem, 1) == PlacingCost("others-waited-longer", "waiting", 90, 10)
    assert placing(problem, 0) == PlacingCost("no-cost")


def test_equal_in_everything_placing_costs_nothing():
    problem = make([1], [NONE, NONE], [[0], [0]], waiting_days=[10, 10])
    assert sorted(codes(problem, solve(problem))) == [
        "next-in-line",
        "placed-first-choice",
    ]
    assert placing(problem, 0) == placing(problem, 1) == PlacingCost("no-cost")


def test_who_ends_a_chain_costs_those_behind_their_move():
    # The one place of p0 lets x in, and y after x: "alone" would end that chain.
    problem = make([1, 0], [NONE, 1, NONE], [[0], [0], [1]], priority_class=[2, 2, 2])
    cost = placing(problem, 0, levels=("moved",))
    assert cost == PlacingCost("costs-more-than-frees", "moved", 2, 1)


def test_where_nobody_can_enter_placing_is_not_possible():
    problem = make([0, 1], [NONE], [[0]])
    assert placing(problem, 0) == PlacingCost("not-possible")


def test_a_practice_without_room_that_nobody_leaves_is_told_apart():
    problem = make([0, 0, 1], [2, NONE, NONE], [[0], [0, 1], []])
    assert codes(problem, solve(problem)) == [
        "no-option-open",
        "no-option-open",
        "no-option",
    ]


def test_who_is_placed_lower_is_told_what_the_better_one_cost():
    problem = make([1, 1], [NONE, NONE], [[0, 1], [0]], waiting_days=[90, 10])
    result = solve(problem)
    told = explain(problem, result, 0)
    assert (told.code, told.choice_rank, told.practice) == ("placed-lower", 2, 1)
    assert told.options[0].code == "next-in-line"
    assert told.options[1].code == "taken"


def test_without_prices_others_came_before():
    problem = make([1], [NONE, NONE], [[0], [0]], waiting_days=[90, 10])
    result = solve(problem, mechanism="waitlist")
    assert codes(problem, result) == ["placed-first-choice", "others-before"]


def test_an_unknown_wish_is_refused():
    problem = make([1], [NONE], [[0]])
    with pytest.raises(InvalidProblem, match="wish: 1 must be from 0 to 0"):
        explain(problem, solve(problem), 1)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_prices_speak_against_every_better_option(seed: int, with_caps: bool):
    problem = draw_round(
        np.random.default_rng(seed),
        wishes=30,
        practices=6,
        most_free=2,
        with_caps=with_caps,
    )
    result = solve(problem)
    for wish in range(problem.n_wishes):
        told = explain(problem, result, wish)
        assert told.code in CODES
        assert (told.choice_rank is not None) == (result.choice[wish] >= 0)
        better = told.options[: max(int(result.choice[wish]), 0)]
        if told.choice_rank is None:
            better = told.options
        for each in better:
            assert each.code in OPTION_CODES[2:-1]
            if each.level is not None:
                assert each.gives is not None
                assert each.costs is not None
                assert each.gives < each.costs


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_plan_helps_more_of_a_region_in_shortage(seed: int):
    problem = draw_round(np.random.default_rng(seed), wishes=7, practices=4)
    shortages = find_shortages(problem, solve(problem))
    lists = np.split(problem.option, problem.first_option[1:-1])
    for each in shortages:
        inside = [
            i
            for i, own in enumerate(lists)
            if own.size and set(own) <= {*each.practices}
        ]
        assert len(inside) == each.wishers
        most = 0
        for plan in product(*(range(-1, own.size) for own in lists)):
            net = problem.free_places.copy()
            for i, k in enumerate(plan):
                if k >= 0:
                    net[lists[i][k]] -= 1
                    if problem.origin[i] != NONE:
                        net[problem.origin[i]] += 1
            if (net >= 0).all():
                most = max(most, sum(plan[i] >= 0 for i in inside))
        assert most <= each.wishers - each.missing


def test_a_town_without_room_is_cut_off():
    # Five want p0 or p1 only, which have one place together and one who may leave.
    problem = make(
        [1, 0, 5],
        [NONE, NONE, NONE, NONE, 2, 0],
        [[0, 1], [1], [0], [1, 0], [0], [2]],
    )
    (town,) = find_shortages(problem, solve(problem, params=Params(levels=("moved",))))
    assert town.practices == (0, 1)
    assert (town.wishers, town.free, town.leaving, town.missing) == (5, 1, 1, 3)


@pytest.mark.parametrize("seed", range(10))
def test_households_are_explained_too(seed: int):
    problem = draw_round(
        np.random.default_rng(seed),
        wishes=20,
        practices=5,
        most_size=3,
        most_free=3,
        with_load=True,
    )
    result = solve(problem)
    for wish in range(problem.n_wishes):
        told = explain(problem, result, wish)
        assert told.code in CODES
        assert (told.choice_rank is not None) == (result.choice[wish] >= 0)
        assert all(each.code in OPTION_CODES for each in told.options)
