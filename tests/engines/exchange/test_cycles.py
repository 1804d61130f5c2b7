from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.exchange.rounds import (
    balance_breaks,
    draw_round,
    options_of,
    rank_of,
)
from wijkspil_engines.exchange.cycles import solve_cycles, trade_households
from wijkspil_engines.exchange.order import priority_order
from wijkspil_engines.exchange.problem import NO_LIMIT, NONE, ExchangeProblem
from wijkspil_engines.exchange.result import make_result, taken_practice, waiting_order


def feasible_plans(problem: ExchangeProblem):
    """Every feasible plan, one choice per wish (slow)."""
    lists = [range(-1, len(options_of(problem, i))) for i in range(problem.n_wishes)]
    for plan in product(*lists):
        result = make_result(
            problem,
            np.array(plan),
            status="feasible",
            mechanism="ttc",
            seed=0,
            seconds=0.0,
        )
        if not balance_breaks(problem, result):
            yield result


def with_list(problem: ExchangeProblem, wish: int, listed: list[int]):
    options = [options_of(problem, i) for i in range(problem.n_wishes)]
    options[wish] = listed
    return ExchangeProblem.build(
        practice_ids=problem.practice_ids,
        free_places=problem.free_places,
        max_inflow=problem.max_inflow,
        wish_ids=problem.wish_ids,
        origin=problem.origin,
        options=options,
        priority_class=problem.priority_class,
        waiting_days=problem.waiting_days,
    )


def trade_slowly(problem: ExchangeProblem, order: list[int]) -> list[int]:
    """Trading cycles as in the paper: point, find a cycle, execute, again.

    A free place points to the first in the order still in the market, a taken one to
    its holder; everybody points to the best practice with a place left, to a free
    place there first and otherwise to that of the first in order.
    """
    places: list[tuple[int, int]] = []  # (practice, holder or -1)
    for b, count in enumerate(problem.unit_places):
        places += [(b, -1)] * int(count)
    places += [(int(problem.origin[i]), i) for i in order if problem.origin[i] != NONE]
    market = list(order)
    final = [int(b) for b in problem.origin]
    while market:
        wants: dict[int, tuple[int, int]] = {}
        for i in market:
            for b in options_of(problem, i):
                here = [place for place in places if place[0] == b]
                if here:
                    free = [place for place in here if place[1] == -1]
                    wants[i] = free[0] if free else here[0]
                    break
            else:
                own = [place for place in places if place[1] == i]
                if own:
                    wants[i] = own[0]
        nobody = [i for i in market if i not in wants]
        if nobody:
            market = [i for i in market if i not in nobody]
            continue
        path: list[int] = []
        i = market[0]
        while i not in path:
            path.append(i)
            holder = wants[i][1]
            i = holder if holder != -1 else market[0]
        for each in path[path.index(i) :]:
            place = wants[each]
            final[each] = place[0]
            places.remove(place)
            market.remove(each)
        # Whoever left by a chain leaves the own place empty.
        places = [(b, h if h in market else -1) for b, h in places]
        places.sort(key=lambda place: -1 if place[1] < 0 else order.index(place[1]))
    return final


def test_two_who_want_each_others_practice_swap_between_full_ones():
    problem = ExchangeProblem.build(
        practice_ids=["a", "b"],
        free_places=[0, 0],
        wish_ids=["x", "y"],
        origin=[0, 1],
        options=[[1], [0]],
    )
    assert solve_cycles(problem).choice.tolist() == [0, 0]


def test_a_free_place_moves_a_whole_chain_up():
    problem = ExchangeProblem.build(
        practice_ids=["a", "b", "c"],
        free_places=[0, 0, 1],
        wish_ids=["new", "x", "y"],
        origin=[NONE, 0, 1],
        options=[[0], [1], [2]],
    )
    result = solve_cycles(problem)
    assert result.moved_people == 3
    assert result.mechanism == "ttc"


@pytest.mark.parametrize("seed", range(300))
def test_it_equals_trading_cycles_done_slowly(seed: int):
    rng = np.random.default_rng(seed)
    problem = draw_round(rng, wishes=12, practices=5, most_free=2)
    order, _ = priority_order(problem, seed=3, class_first=True)
    got = taken_practice(problem, solve_cycles(problem, seed=3).choice)
    assert got.tolist() == trade_slowly(problem, order.tolist())


@pytest.mark.parametrize("with_caps", [False, True])
def test_nobody_can_be_helped_more_without_helping_another_less(with_caps: bool):
    rng = np.random.default_rng(5)
    for _ in range(60):
        problem = draw_round(rng, wishes=5, practices=4, with_caps=with_caps)
        result = solve_cycles(problem)
        mine = [rank_of(problem, result, i) for i in range(problem.n_wishes)]
        for other in feasible_plans(problem):
            theirs = [rank_of(problem, other, i) for i in range(problem.n_wishes)]
            assert theirs == mine or any(
                a > b for a, b in zip(theirs, mine, strict=True)
            )


def test_no_list_but_the_true_one_gives_more():
    rng = np.random.default_rng(6)
    for _ in range(60):
        problem = draw_round(rng, wishes=6, practices=4)
        honest = solve_cycles(problem)
        for wish in range(problem.n_wishes):
            truth = options_of(problem, wish)
            others = [b for b in range(4) if b != problem.origin[wish]]
            lists = [list(each) for n in range(4) for each in permutations(others, n)]
            for listed in lists:
                told = solve_cycles(with_list(problem, wish, listed))
                chosen = int(told.choice[wish])
                if chosen < 0 or listed[chosen] not in truth:
                    continue
                assert truth.index(listed[chosen]) >= rank_of(problem, honest, wish)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_households_stay_within_people_load_and_inflow(
    seed: int, with_caps: bool, with_load: bool
):
    problem = draw_round(
        np.random.default_rng(seed),
        wishes=25,
        practices=5,
        most_size=4,
        most_free=3,
        with_caps=with_caps,
        with_load=with_load,
    )
    result = solve_cycles(problem, seed=seed % 7)
    assert balance_breaks(problem, result) == []
    assert (
        result.choice.tolist() == solve_cycles(problem, seed=seed % 7).choice.tolist()
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_trading_by_household_is_trading_by_person_when_all_live_alone(
    seed: int, with_caps: bool
):
    problem = draw_round(
        np.random.default_rng(seed), wishes=40, practices=6, with_caps=with_caps
    )
    order, _ = priority_order(problem, seed=0, class_first=True)
    alone = solve_cycles(problem, seed=0).choice
    assert trade_households(problem, order).tolist() == alone.tolist()


def test_a_couple_and_a_family_do_not_swap_where_there_is_no_room():
    problem = ExchangeProblem.build(
        practice_ids=["a", "b"],
        free_places=[0, 0],
        wish_ids=["couple", "family"],
        origin=[0, 1],
        options=[[1], [0]],
        size=[2, 4],
    )
    assert solve_cycles(problem).moved_people == 0


def test_the_order_is_that_of_the_report():
    rng = np.random.default_rng(1)
    problem = draw_round(rng, wishes=500, practices=5)
    order, lottery = priority_order(problem, seed=9, class_first=False)
    expected, drawn = waiting_order(problem, seed=9)
    assert order.tolist() == expected.tolist()
    assert lottery.tolist() == drawn.tolist()
    by_class, _ = priority_order(problem, seed=9, class_first=True)
    classes = problem.priority_class[by_class]
    assert (np.diff(classes) >= 0).all()
    assert problem.max_inflow.max() == NO_LIMIT
