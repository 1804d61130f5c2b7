"""A report that does not hold is refused, whatever number was changed."""

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest

from wijkspil_engines.exchange import (
    ExchangeProblem,
    LevelValue,
    Params,
    Result,
    make_result,
    solve,
    verify,
)
from wijkspil_engines.exchange.generate import Recipe, generate
from wijkspil_engines.exchange.verify import levels_by_search


@pytest.fixture(scope="module")
def problem() -> ExchangeProblem:
    recipe = Recipe(n_wishes=3000, n_practices=60, leaving_unpopular=1.0, inflow_cap=60)
    return generate(recipe, date=date(2026, 11, 22))


@pytest.fixture(scope="module")
def result(problem: ExchangeProblem) -> Result:
    return solve(problem)


def codes(problem: ExchangeProblem, result: Result) -> set[str]:
    return {failure.code for failure in verify(problem, result)}


def test_what_is_solved_verifies(problem: ExchangeProblem, result: Result) -> None:
    assert verify(problem, result) == ()
    assert any(level.entry_prices is not None for level in result.levels)
    for mechanism in ("ttc", "waitlist", "waitlist-without-refill"):
        assert verify(problem, solve(problem, mechanism=mechanism)) == ()


@pytest.mark.parametrize(
    "name",
    ["moved_households", "moved_people", "first_choices", "bound_people"],
)
@pytest.mark.parametrize("by", [-1, 1])
def test_a_changed_count_is_found(
    problem: ExchangeProblem, result: Result, name: str, by: int
) -> None:
    changed = replace(result, **{name: getattr(result, name) + by})
    assert codes(problem, changed) & {"count", "bound"}


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("name", ["value", "bound", "both"])
@pytest.mark.parametrize("by", [-1, 1])
def test_a_changed_value_or_bound_of_a_level_is_found(
    problem: ExchangeProblem, result: Result, number: int, name: str, by: int
) -> None:
    level = result.levels[number]
    changes = {
        each: getattr(level, each) + by
        for each in ("value", "bound")
        if name in (each, "both")
    }
    levels = list(result.levels)
    levels[number] = replace(level, **changes)
    assert codes(problem, replace(result, levels=tuple(levels)))


@pytest.mark.parametrize("number", range(5))
def test_prices_that_prove_less_are_found(
    problem: ExchangeProblem, result: Result, number: int
) -> None:
    level = result.levels[number]
    assert level.prices is not None
    for b in np.flatnonzero(level.prices)[:5]:
        prices = level.prices.copy()
        prices[b] = -7
        levels = list(result.levels)
        levels[number] = replace(level, prices=prices)
        assert codes(problem, replace(result, levels=tuple(levels))) & {
            "prices", "bound", "gap", "seat-prices",
        }  # fmt: skip
    levels = list(result.levels)
    levels[number] = replace(level, prices=None)
    assert "prices" in codes(problem, replace(result, levels=tuple(levels)))


def test_a_changed_seat_price_is_found(
    problem: ExchangeProblem, result: Result
) -> None:
    assert result.seat_prices is not None
    changed = replace(result, seat_prices=result.seat_prices + 1)
    assert codes(problem, changed) == {"seat-prices"}


def test_one_move_more_than_there_is_room_is_found(
    problem: ExchangeProblem, result: Result
) -> None:
    stays = np.flatnonzero((result.choice < 0) & (np.diff(problem.first_option) > 0))
    assert stays.size
    for i in stays[:20]:
        choice = result.choice.copy()
        choice[i] = 0
        assert codes(problem, replace(result, choice=choice)) & {"places", "inflow"}


def test_a_move_left_out_is_found(problem: ExchangeProblem, result: Result) -> None:
    for i in np.flatnonzero(result.choice >= 0)[:20]:
        choice = result.choice.copy()
        choice[i] = -1
        assert codes(problem, replace(result, choice=choice))


def test_a_choice_off_the_list_is_found(
    problem: ExchangeProblem, result: Result
) -> None:
    choice = result.choice.copy()
    choice[0] = 99
    assert codes(problem, replace(result, choice=choice)) == {"option"}
    assert codes(problem, replace(result, choice=choice[:-1])) == {"choice"}


def test_a_report_about_other_files_is_found(
    problem: ExchangeProblem, result: Result
) -> None:
    assert codes(problem, replace(result, input_sha256="0" * 64)) == {"input"}


def test_a_wish_that_is_required_must_move(problem: ExchangeProblem) -> None:
    result = solve(problem)
    required = np.zeros(problem.n_wishes, bool)
    required[np.flatnonzero(result.choice < 0)[0]] = True
    found = verify(problem, result, params=Params(required=required))
    assert {failure.code for failure in found} == {"required"}


def test_households_move_together_in_people_and_load() -> None:
    problem = ExchangeProblem.build(
        practice_ids=["a", "b"],
        free_places=[0, 2],
        free_load=[0, 2_500],
        wish_ids=["x", "y"],
        origin=[0, 1],
        options=[[1], [0]],
        size=[3, 1],
        load=[3_000, 1_000],
    )
    known = {each.name for each in fields(Result)}
    assert "choice" in known
    base = solve(problem, mechanism="waitlist")
    both = replace(base, choice=np.array([0, 0], dtype=np.int32))
    assert not codes(problem, both) & {"places", "load"}
    one = replace(base, choice=np.array([0, -1], dtype=np.int32))
    assert {"places", "load"} <= codes(problem, one)
    other = replace(base, choice=np.array([-1, 0], dtype=np.int32))
    assert {"places", "load"} <= codes(problem, other)


@pytest.fixture(scope="module")
def households() -> ExchangeProblem:
    recipe = Recipe(
        n_wishes=900, n_practices=30, size_chances=(0.3, 0.25, 0.2, 0.25),
        with_load=True, inflow_cap=40,
    )  # fmt: skip
    return generate(recipe, date=date(2026, 11, 22))


@pytest.fixture(scope="module")
def plan(households: ExchangeProblem) -> Result:
    return solve(households)


def test_every_bound_of_households_is_proven_by_prices(
    households: ExchangeProblem, plan: Result
) -> None:
    assert verify(households, plan) == ()
    assert all(
        level.prices is not None or level.proof == "search" for level in plan.levels
    )
    assert any(level.earlier and level.load_prices is not None for level in plan.levels)


def test_a_changed_price_weight_or_bound_of_households_is_found(
    households: ExchangeProblem, plan: Result
) -> None:
    for number, level in enumerate(plan.levels):
        changes: list[dict[str, object]] = [
            {"bound": level.bound + by} for by in (-1, 1)
        ]
        for k, weight in enumerate(level.earlier):
            # Where an earlier level has no gap another weight may prove as much.
            more = [1000 * (weight + level.scale)] if plan.levels[k].gap else []
            for changed in (-1, *more):
                earlier = list(level.earlier)
                earlier[k] = changed
                changes.append({"earlier": tuple(earlier)})
        if level.earlier:
            changes.append({"earlier": (*level.earlier, 0)})
        for name in ("prices", "entry_prices", "load_prices"):
            prices = getattr(level, name)
            for b in [] if prices is None else np.flatnonzero(prices)[:6]:
                for changed in (prices[b] * 3 + level.scale, -5):
                    other = prices.copy()
                    other[b] = changed
                    changes.append({name: other})
        for change in changes:
            levels = list(plan.levels)
            levels[number] = replace(level, **change)  # type: ignore[arg-type]
            failures = codes(households, replace(plan, levels=tuple(levels)))
            assert failures, (level.name, change)


def test_a_search_is_searched_again() -> None:
    problem = ExchangeProblem.build(
        practice_ids=["a"],
        free_places=[3],
        wish_ids=["four", "two", "two_more"],
        origin=[-1, -1, -1],
        options=[[0], [0], [0]],
        size=[4, 2, 2],
    )
    params = Params(levels=("moved",))
    best = solve(problem, params=params)
    assert best.status == "optimal"
    assert best.levels[0].proof == "search"
    assert verify(problem, best, params=params) == ()
    assert levels_by_search(problem, best) == ("moved",)
    worse = make_result(
        problem, np.array([-1, -1, -1], np.int32), status="optimal", seed=0,
        mechanism="optimum", seconds=0.0, bound_people=0,
        levels=(LevelValue("moved", 0, 0, proof="search"),),
    )  # fmt: skip
    assert codes(problem, worse) == {"search"}
