import numpy as np
import pytest

from tests.engines.exchange.rounds import Params, balance_breaks, draw_round, options_of
from wijkspil_engines.exchange.order import priority_order
from wijkspil_engines.exchange.problem import NONE, ExchangeProblem
from wijkspil_engines.exchange.result import taken_practice
from wijkspil_engines.exchange.waitlist import (
    solve_waitlist,
    solve_waitlist_without_refill,
)


def serve_slowly(problem: ExchangeProblem, order: list[int], *, refills: bool):
    """Again and again: the longest waiting who fits somewhere takes the best place."""
    room, inflow = problem.free_places.copy(), problem.max_inflow.copy()
    load = problem.free_load.copy()
    final = [int(b) for b in problem.origin]
    waiting = list(order)
    served = True
    while served:
        served = False
        for i in waiting:
            size = int(problem.size[i])
            fits = [
                b
                for b in options_of(problem, i)
                if size <= room[b] and size <= inflow[b] and problem.load[i] <= load[b]
            ]
            if not fits:
                continue
            to = fits[0]
            room[to] -= size
            inflow[to] -= size
            load[to] -= problem.load[i]
            if refills and problem.origin[i] != NONE:
                room[problem.origin[i]] += size
                load[problem.origin[i]] += problem.load[i]
            final[i] = to
            waiting.remove(i)
            served = True
            break
    return final


@pytest.mark.parametrize("refills", [True, False])
@pytest.mark.parametrize("class_first", [True, False])
@pytest.mark.parametrize("kind", ["single", "household", "capped", "load"])
def test_it_equals_the_list_worked_by_hand(kind: str, class_first: bool, refills: bool):
    solve = solve_waitlist if refills else solve_waitlist_without_refill
    for seed in range(60):
        problem = draw_round(
            np.random.default_rng(seed),
            wishes=25,
            practices=5,
            most_size=1 if kind == "single" else 3,
            most_free=3,
            with_caps=kind == "capped",
            with_load=kind == "load",
        )
        order, _ = priority_order(problem, seed=seed, class_first=class_first)
        result = solve(problem, params=Params(class_first=class_first), seed=seed)
        assert balance_breaks(problem, result) == []
        assert taken_practice(problem, result.choice).tolist() == serve_slowly(
            problem, order.tolist(), refills=refills
        )


def test_nobody_swaps_between_full_practices():
    problem = ExchangeProblem.build(
        practice_ids=["a", "b"],
        free_places=[0, 0],
        wish_ids=["x", "y"],
        origin=[0, 1],
        options=[[1], [0]],
    )
    assert solve_waitlist(problem).moved_people == 0


def test_a_vacated_place_goes_to_the_longest_waiting():
    problem = ExchangeProblem.build(
        practice_ids=["a", "b"],
        free_places=[0, 1],
        wish_ids=["new", "late", "mover"],
        origin=[NONE, NONE, 0],
        options=[[0], [0], [1]],
        waiting_days=[50, 40, 10],
    )
    assert solve_waitlist(problem).choice.tolist() == [0, -1, 0]
    without = solve_waitlist_without_refill(problem)
    assert without.choice.tolist() == [-1, -1, 0]
    assert without.mechanism == "waitlist-without-refill"
