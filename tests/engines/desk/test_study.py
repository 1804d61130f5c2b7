"""Figures, intervals, the sweep and the report."""

import json
import math
from dataclasses import replace
from datetime import date

import pytest

from tests.engines.desk.cases import PERFECT, draw_problem, make_problem, make_request
from tests.engines.desk.cases import make_team as team
from wijkspil_engines.desk import (
    FIGURES,
    WAYS,
    Assumptions,
    Interval,
    NightArrival,
    join_worst,
    solve,
    sweep,
    to_figures,
    to_markdown,
    verify,
)
from wijkspil_engines.desk.assumptions import list_fields
from wijkspil_engines.desk.figures import gini
from wijkspil_engines.desk.study import estimate, student_975
from wijkspil_engines.routing import InvalidProblem

PROBLEMS = {seed: draw_problem(seed) for seed in (1, 2, 3)}


def test_a_study_compares_both_ways_over_seeds() -> None:
    result = solve(PROBLEMS)

    assert verify(result) == ()
    assert result.status == "complete"
    assert result.seeds == (1, 2, 3)
    for name in FIGURES:
        means = [result.means[way][name].mean for way in WAYS]
        if not any(math.isnan(mean) for mean in means):
            found = result.differences[name].mean
            assert found == pytest.approx(means[1] - means[0], abs=1e-9)


def test_outcomes_add_up_to_all_requests() -> None:
    result = solve(PROBLEMS)
    for run in result.runs:
        for figures in run.figures.values():
            parts = ("placed", "extra_hospital_days", "gp_practice", "family")
            assert sum(figures[name] for name in parts) == pytest.approx(1)


def test_the_same_input_gives_the_same_result_and_hash() -> None:
    one, two = solve(PROBLEMS), solve(PROBLEMS)
    other = solve(PROBLEMS, assumptions=Assumptions(supply=1.1))

    assert one.input_hash == two.input_hash != other.input_hash
    assert [run.figures for run in one.runs] == [run.figures for run in two.runs]


def test_the_second_opinion_finds_a_wrong_figure() -> None:
    result = solve({1: PROBLEMS[1]})
    run = result.runs[0]
    figures = {**run.figures, "today": {**run.figures["today"], "placed": 0.99}}

    assert verify(replace(result, runs=(replace(run, figures=figures),)))


def test_time_that_is_over_leaves_what_was_played() -> None:
    result = solve(PROBLEMS, time_limit_s=0.0)

    assert result.status == "timed_out"
    assert result.seeds == (1,)
    assert verify(result) == ()


def test_a_study_needs_a_seed() -> None:
    with pytest.raises(InvalidProblem, match="seed"):
        solve({})


def test_intervals_are_those_of_student() -> None:
    # Published: 97.5 % points of Student's t.
    published = {1: 12.706, 4: 2.776, 9: 2.262, 10: 2.228, 19: 2.093, 60: 2.000}
    for freedom, value in published.items():
        assert student_975(freedom) == pytest.approx(value, abs=6e-4)
    # Mean 2, standard deviation 1, three seeds: half is 4.303 / sqrt(3).
    found = estimate([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.high - found.mean == pytest.approx(4.303 / math.sqrt(3))


def test_one_seed_has_no_interval() -> None:
    found = estimate([1.5])

    assert found.mean == 1.5
    assert math.isnan(found.low)


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 1, 1], 0.0), ([0, 0, 1], 2 / 3), ([1, 3], 0.25)]
)
def test_gini_is_that_of_the_textbook(values: list[float], expected: float) -> None:
    assert gini(values) == pytest.approx(expected)


def test_the_sweep_moves_every_assumption_to_both_ends() -> None:
    few = {1: PROBLEMS[1]}
    ticks: list[int] = []
    swings = sweep(few, tick=lambda: ticks.append(1))

    assert len(ticks) == 2 * len(list_fields())
    assert len(swings) == 2 * len(list_fields())
    base = solve(few).differences["providers_mean"].mean
    assert all(
        swing.at_value == pytest.approx(base)
        for swing in swings
        if swing.headline == "providers_mean"
    )
    # The ends are those of a study of its own.
    row = next(s for s in swings if s.assumption.name == "no_answer")
    alone = solve(few, assumptions=Assumptions(no_answer=row.assumption.high))
    assert row.at_high == pytest.approx(alone.differences[row.headline].mean)


def test_several_wrong_assumptions_are_tried_together() -> None:
    few = {1: PROBLEMS[1]}
    swings = sweep(few)
    three, every = (
        joint for joint in join_worst(few, swings) if joint.headline == "providers_mean"
    )

    assert len(three.names) == 3
    assert set(every.names) == {row.name for row in list_fields()}
    # By hand: the three, each at its end that is worst for Wijkspil.
    moved = Assumptions()
    for swing in swings:
        if swing.headline == "providers_mean" and swing.assumption.name in three.names:
            worst = max(swing.at_low, swing.at_high)
            if worst > swing.at_value:
                row = swing.assumption
                end = row.low if worst == swing.at_low else row.high
                moved = moved.with_value(row.name, end)
    alone = solve(few, assumptions=moved).differences["providers_mean"].mean
    assert three.difference == pytest.approx(alone)
    result = replace(solve(few), swings=swings, together=(three, every))
    text = to_markdown(result, region="TESTLAND", day=date(2026, 11, 22))
    assert "With the first 3 at the ends unfavorable to Wijkspil together" in text
    assert "With all at the ends" in text
    assert len(to_figures(result)["together"]) == 2


def test_the_report_begins_with_what_it_is() -> None:
    result = replace(solve(PROBLEMS), swings=sweep({1: PROBLEMS[1]}), sweep_seeds=(1,))
    text = to_markdown(result, region="TESTLAND", day=date(2026, 11, 22))

    assert "not a promise to users" in "\n".join(text.splitlines()[:4])
    assert "TESTLAND, 2026-11-22" in text
    assert "Not simulated in this run." in text
    for row in list_fields():
        assert f"| `{row.name}` |" in text
    figures = json.loads(json.dumps(to_figures(result), allow_nan=False))
    assert figures["night"] is None
    assert set(figures["figures"]) == set(FIGURES)


def test_night_arrival_has_its_place_in_the_report() -> None:
    night = NightArrival(
        30,
        Interval(0.9, 0.88, 0.92),
        Interval(0.7, 0.66, 0.74),
        Interval(0.2, 0.1, 0.3),
    )
    result = replace(solve({1: PROBLEMS[1]}), night=night)
    text = to_markdown(result, region="TESTLAND", day=date(2026, 11, 22))

    assert "| 70.0 (66.0 to 74.0) | 90.0 (88.0 to 92.0) |" in text
    assert to_figures(result)["night"]["pooled"] == [0.9, 0.88, 0.92]


def test_every_assumption_says_unit_range_and_source() -> None:
    for row in list_fields():
        assert row.unit
        assert row.source
        assert row.low <= row.value <= row.high
        assert row.low < row.high


def test_nothing_to_say_is_said_as_nothing() -> None:
    problem = make_problem([team("a")], [make_request("r")])
    result = solve({1: problem}, assumptions=PERFECT.with_value("supply", 0.0))

    assert math.isnan(result.means["today"]["hours_mean"].mean)
    text = to_markdown(result, region="LEEG", day=date(2026, 11, 22))
    assert "| - | - | - |" in text
    json.dumps(to_figures(result), allow_nan=False)
