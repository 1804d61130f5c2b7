import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.exchange.rounds import balance_breaks, draw_round
from wijkspil_engines.exchange.guard import (
    Grouping,
    compare,
    must_serve,
    solve_guarded,
    standard_groupings,
)
from wijkspil_engines.exchange.optimum import solve_optimum
from wijkspil_engines.exchange.problem import (
    NONE,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.solve import solve
from wijkspil_engines.exchange.waitlist import solve_waitlist

#: The list serves the one of group A; the optimum moves two others instead.
CLASH = ExchangeProblem.build(
    practice_ids=["a", "b", "c"],
    free_places=[1, 0, 0],
    wish_ids=["longest", "x", "y"],
    origin=[NONE, 1, 2],
    options=[[0], [0], [1]],
    priority_class=[2, 2, 2],
    waiting_days=[900, 10, 10],
)
GROUPS = (Grouping("kind", ("A", "B"), np.array([0, 1, 1])),)


def solve_with(problem: ExchangeProblem, levels=("moved", "waiting", "rank")):
    return lambda required: solve_optimum(
        problem, params=Params(levels=levels, required=required)
    )


def test_a_group_the_optimum_passes_over_is_named():
    listed, best = solve_waitlist(CLASH), solve_with(CLASH)(None)
    assert listed.choice.tolist() == [0, -1, -1]
    assert best.choice.tolist() == [-1, 0, 0]
    of_a, of_b = compare(CLASH, GROUPS, listed, best)
    assert (of_a.served_by_list, of_a.served, of_a.lost, of_a.gained) == (1, 0, 1, 0)
    assert of_a.is_served_later
    assert (of_b.served_by_list, of_b.served, of_b.lost, of_b.gained) == (0, 2, 0, 2)
    assert must_serve(CLASH, GROUPS, listed, best).tolist() == [True, False, False]


def test_the_guard_serves_that_group_and_tells_its_price():
    guarded = solve_guarded(CLASH, GROUPS, solve_waitlist(CLASH), solve_with(CLASH))
    assert guarded.result.choice.tolist() == [0, -1, -1]
    assert guarded.price_people == 1
    assert not any(each.is_served_later for each in guarded.outcomes)


def test_without_a_group_served_later_nothing_is_required():
    one = (Grouping("all", ("all",), np.zeros(3, np.int64)),)
    guarded = solve_guarded(CLASH, one, solve_waitlist(CLASH), solve_with(CLASH))
    assert guarded.price_people == 0
    assert not guarded.required.any()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_group_is_served_later_under_the_guard(seed: int):
    rng = np.random.default_rng(seed)
    problem = draw_round(rng, wishes=30, practices=6, most_free=2)
    income = rng.integers(-1, 3, 30)
    groupings = standard_groupings(problem, income)
    listed = solve_waitlist(problem, seed=seed % 5)
    guarded = solve_guarded(problem, groupings, listed, solve_with(problem))
    assert balance_breaks(problem, guarded.result) == []
    assert not any(each.is_served_later for each in guarded.outcomes)
    assert (guarded.result.choice[guarded.required] >= 0).all()
    assert listed.moved_people <= guarded.result.moved_people
    assert guarded.result.moved_people <= guarded.free.moved_people


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_each_group_counts_its_people_once(seed: int):
    rng = np.random.default_rng(seed)
    problem = draw_round(rng, wishes=20, practices=5, most_size=3)
    listed, plan = solve_waitlist(problem, seed=1), solve_waitlist(problem, seed=2)
    outcomes = compare(problem, standard_groupings(problem), listed, plan)
    for name in ("class", "current-practice", "household"):
        of = [each for each in outcomes if each.grouping == name]
        assert sum(each.people for each in of) == problem.n_people
        assert sum(each.served for each in of) == plan.moved_people
        assert sum(each.served_by_list for each in of) == listed.moved_people


def test_a_code_outside_the_labels_is_refused():
    with pytest.raises(InvalidProblem, match="grouping 'kind'"):
        Grouping("kind", ("A",), np.array([0, 1]))


@pytest.mark.parametrize("seed", range(12))
def test_the_guard_holds_for_households(seed: int):
    problem = draw_round(
        np.random.default_rng(seed), wishes=20, practices=5, most_size=3, most_free=3
    )
    listed = solve_waitlist(problem)
    guarded = solve_guarded(
        problem,
        standard_groupings(problem),
        listed,
        lambda required: solve(problem, params=Params(required=required)),
    )
    assert balance_breaks(problem, guarded.result) == []
    assert not any(each.is_served_later for each in guarded.outcomes)


def test_the_plan_of_the_list_is_the_answer_if_no_other_is_found():
    def gives_up(required):
        if required is not None:
            raise Infeasible("no place found")
        return solve_with(CLASH)(None)

    listed = solve_waitlist(CLASH)
    guarded = solve_guarded(CLASH, GROUPS, listed, gives_up)
    assert guarded.is_list
    assert guarded.result.choice.tolist() == listed.choice.tolist()
