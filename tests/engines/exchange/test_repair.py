import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.exchange.rounds import balance_breaks, draw_round
from wijkspil_engines.exchange.optimum import solve_optimum
from wijkspil_engines.exchange.problem import (
    NONE,
    ExchangeProblem,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.repair import executable, resolve_after
from wijkspil_engines.exchange.result import make_result, taken_practice
from wijkspil_engines.exchange.solve import solve as solve_any
from wijkspil_engines.exchange.verify import verify

#: x, y and z can swap in a circle; u can take the place of y.
CIRCLE = ExchangeProblem.build(
    practice_ids=["a", "b", "c"],
    free_places=[0, 0, 0],
    wish_ids=["x", "y", "z", "u"],
    origin=[0, 1, 2, 1],
    options=[[1], [2], [0], [2]],
    waiting_days=[9, 9, 9, 1],
)


def solve(problem: ExchangeProblem, params: Params):
    return solve_optimum(problem, params=params)


def repair(problem, result, confirmed, **refused):
    return resolve_after(
        problem, result, confirmed=np.array(confirmed, bool), solve=solve, **refused
    )


def test_another_takes_the_turn_of_who_says_no():
    result = solve(CIRCLE, Params())
    assert result.choice.tolist() == [0, 0, 0, -1]
    repaired = repair(CIRCLE, result, [1, 0, 1, 0], refused_wishes=[1])
    assert repaired.held.tolist() == [True, False, True, False]
    assert repaired.proposed.tolist() == [False, False, False, True]
    assert repaired.result.choice.tolist() == [0, -1, 0, 0]
    assert not repaired.suspended.any()


def test_a_circle_that_nobody_can_mend_moves_nobody():
    result = solve(CIRCLE, Params())
    repaired = repair(CIRCLE, result, [1, 0, 1, 0], refused_wishes=[1, 3])
    assert repaired.suspended.tolist() == [True, False, True, False]
    assert repaired.result.moved_people == 0


def test_a_practice_refuses_one_household_and_its_next_choice_is_proposed():
    problem = ExchangeProblem.build(
        practice_ids=["a", "b"],
        free_places=[1, 1],
        wish_ids=["x"],
        origin=[NONE],
        options=[[0, 1]],
    )
    result = solve(problem, Params())
    repaired = repair(problem, result, [0], refused_pairs=[(0, 0)])
    assert repaired.result.choice.tolist() == [1]
    assert repaired.result.first_choices == 0


def test_a_confirmed_move_cannot_be_refused_too():
    result = solve(CIRCLE, Params())
    with pytest.raises(InvalidProblem, match=r"confirmed\[0\]: is confirmed and"):
        repair(CIRCLE, result, [1, 0, 0, 0], refused_wishes=[0])
    with pytest.raises(InvalidProblem, match=r"confirmed\[3\]: has no proposed"):
        repair(CIRCLE, result, [0, 0, 0, 1])


def test_a_swap_is_carried_out_only_when_all_in_it_confirmed():
    result = solve(CIRCLE, Params())
    some = executable(CIRCLE, result, np.array([1, 1, 0, 0], bool))
    assert not some.any()
    every = executable(CIRCLE, result, np.array([1, 1, 1, 0], bool))
    assert every.tolist() == [True, True, True, False]


@pytest.mark.parametrize(("practices", "wishes"), [(0, 0), (2, 0), (2, 3)])
def test_a_round_without_options_stays_as_it_is(practices: int, wishes: int):
    problem = ExchangeProblem.build(
        practice_ids=[f"p{b}" for b in range(practices)],
        free_places=[0] * practices,
        wish_ids=[f"w{i}" for i in range(wishes)],
        origin=[0] * wishes,
        options=[[]] * wishes,
    )
    result = solve(problem, Params())
    nobody = np.zeros(wishes, bool)
    assert not executable(problem, result, nobody).any()
    assert repair(problem, result, nobody).result.moved_people == 0


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_no_takes_nobodys_place(seed: int):
    """Play answers round after round until nobody is asked any more."""
    rng = np.random.default_rng(seed)
    problem = draw_round(rng, wishes=30, practices=6, most_free=2)
    result = solve(problem, Params())
    confirmed = np.zeros(30, bool)
    pairs: list[tuple[int, int]] = []
    wishes: list[int] = []
    open_ = result.choice >= 0
    for _ in range(40):
        place = taken_practice(problem, result.choice)
        for wish in np.flatnonzero(open_):
            answer = rng.random()
            if answer < 0.6:
                confirmed[wish] = True
            elif answer < 0.8:
                pairs.append((int(wish), int(place[wish])))
            else:
                wishes.append(int(wish))
        before = result
        repaired = resolve_after(
            problem,
            before,
            confirmed=confirmed,
            solve=solve,
            refused_pairs=pairs,
            refused_wishes=wishes,
        )
        result = repaired.result
        assert balance_breaks(problem, result) == []
        assert not verify(
            repaired.rest, repaired.rest_result, params=repaired.rest_params
        )
        now = taken_practice(problem, result.choice)
        assert (result.choice[wishes] == -1).all()
        assert all(now[wish] != practice for wish, practice in pairs)
        held = repaired.held
        assert (now[held] == place[held]).all()
        assert ((result.choice >= 0) == (held | repaired.proposed)).all()
        assert not (held & repaired.suspended).any()
        # What is carried out early needs no answer of anybody else.
        early = executable(problem, result, held)
        only = make_result(
            problem,
            np.where(early, result.choice, -1),
            status="feasible",
            mechanism="optimum",
            seed=0,
            seconds=0.0,
        )
        assert balance_breaks(problem, only) == []
        confirmed = held.copy()
        open_ = repaired.proposed
        if not open_.any():
            break
    assert executable(problem, result, held).tolist() == held.tolist()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_without_a_no_the_round_stays_as_good(seed: int):
    rng = np.random.default_rng(seed)
    problem = draw_round(rng, wishes=30, practices=6, most_free=2)
    result = solve(problem, Params())
    confirmed = (result.choice >= 0) & (rng.random(30) < 0.5)
    repaired = repair(problem, result, confirmed)
    assert (repaired.held == confirmed).all()
    assert repaired.result.moved_people == result.moved_people


@pytest.mark.parametrize("seed", range(12))
def test_households_are_re_solved_too(seed: int):
    rng = np.random.default_rng(seed)
    problem = draw_round(rng, wishes=20, practices=5, most_size=3, most_free=3)
    result = solve_any(problem, params=Params())
    moved = result.choice >= 0
    confirmed = moved & (rng.random(20) < 0.6)
    refused = np.flatnonzero(moved & ~confirmed & (rng.random(20) < 0.5))
    repaired = resolve_after(
        problem,
        result,
        confirmed=confirmed,
        solve=lambda asked, params: solve_any(asked, params=params),
        refused_wishes=refused,
    )
    assert balance_breaks(problem, repaired.result) == []
    assert (repaired.result.choice[repaired.held] >= 0).all()
    assert repaired.result.moved_people_by_class == tuple(
        problem.size[
            (repaired.result.choice >= 0) & (problem.priority_class == c)
        ].sum()
        for c in (0, 1, 2)
    )
    if refused.size == 0:
        assert (repaired.held == confirmed).all()
