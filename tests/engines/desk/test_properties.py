"""What holds in every region: nothing is lost or placed twice, draws are shared."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.desk.cases import PERFECT, draw_problem, make_problem, make_request
from wijkspil_engines.desk import (
    WAYS,
    Assumptions,
    Course,
    DeskPolicy,
    DeskProblem,
    list_assumptions,
    play,
    verify_courses,
)
from wijkspil_engines.desk.clock import PHONE, PHONE_URGENT, after, next_open
from wijkspil_engines.desk.draws import draw
from wijkspil_engines.routing import InvalidProblem

_ROWS = list_assumptions(Assumptions())
_ANY = st.fixed_dictionaries(
    {}, optional={row.name: st.floats(row.low, row.high) for row in _ROWS}
)
_HOURS = st.sampled_from(["daytime", "always", "office"])


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), values=_ANY, hours=_HOURS)
def test_every_course_stands_up_to_its_check(
    seed: int, values: dict[str, float], hours: Any
) -> None:
    problem = replace(
        draw_problem(seed), policy=DeskPolicy(hours=hours, own_team_first=seed % 2 == 0)
    )
    taken = Assumptions(**values)
    courses = play(problem, assumptions=taken, seed=seed)

    assert verify_courses(problem, taken, seed, courses) == []


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000))
def test_the_same_seed_gives_the_same_course(seed: int) -> None:
    problem = draw_problem(seed)
    first, second = (play(problem, seed=seed) for _ in range(2))

    assert all(first[way].log == second[way].log for way in WAYS)
    assert all(first[way].ends == second[way].ends for way in WAYS)


@settings(max_examples=6)
@given(seed=st.integers(0, 10_000))
def test_one_way_does_not_move_the_other(seed: int) -> None:
    problem = draw_problem(seed)
    both = play(problem, seed=seed)

    for way in WAYS:
        assert play(problem, seed=seed, ways=(way,))[way].log == both[way].log


def test_another_seed_gives_another_course() -> None:
    problem = draw_problem(3)

    assert play(problem, seed=1)["today"].log != play(problem, seed=2)["today"].log


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.name)
def test_moving_an_assumption_leaves_the_other_way_alone(row: object) -> None:
    assumption = next(r for r in _ROWS if r is row)
    problem = draw_problem(5)
    moved = Assumptions().with_value(assumption.name, assumption.high)
    before, after_ = play(problem, seed=5), play(problem, assumptions=moved, seed=5)

    for way in WAYS:
        if assumption.touches not in (way, "both"):
            assert before[way].log == after_[way].log


def test_draws_do_not_hang_on_the_figures() -> None:
    problem = draw_problem(7)
    one = draw(problem, Assumptions(), seed=7)
    other = draw(
        problem,
        Assumptions(accepts_when_it_fits=0.7, place_lives_days=4.0, no_answer=0.4),
        seed=7,
    )

    for name in ("willing", "answers", "answer_delay", "phone", "call_back", "knows"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert np.array_equal(one.places.team, other.places.team)
    assert np.array_equal(one.places.from_h, other.places.from_h)
    # Shorter lives, from the same draw.
    lives = [places.until_h - places.from_h for places in (one.places, other.places)]
    assert np.allclose(lives[0] * 0.4, lives[1])


def test_more_supply_keeps_the_places_there_were() -> None:
    problem = draw_problem(8)
    few, many = (
        draw(problem, Assumptions(supply=supply), seed=8).places
        for supply in (0.7, 1.4)
    )

    assert set(few.until_h.round(9)) <= set(many.until_h.round(9))


def test_room_taken_is_never_more_than_places_that_came() -> None:
    problem = draw_problem(11, n=120)
    taken = Assumptions(supply=0.5)
    for course in play(problem, assumptions=taken, seed=11).values():
        placed = sum(end.outcome == "placed" for end in course.ends)
        assert 0 < placed <= 60


def test_the_check_finds_a_place_that_was_given_twice() -> None:
    problem = draw_problem(2)
    courses = play(problem, seed=2)
    course = courses["today"]
    yes = [i for i, event in enumerate(course.log) if event.kind == "yes"]
    log = list(course.log)
    log[yes[1]] = log[yes[1]]._replace(place=log[yes[0]].place)
    broken = {**courses, "today": replace(course, log=tuple(log))}

    assert any("place" in w for w in verify_courses(problem, Assumptions(), 2, broken))


def _drop(course: Course, kind: str) -> Course:
    place = next(i for i, event in enumerate(course.log) if event.kind == kind)
    return replace(course, log=course.log[:place] + course.log[place + 1 :])


@pytest.mark.parametrize("kind", ["call", "yes", "end", "no"])
def test_the_check_finds_a_line_that_is_missing(kind: str) -> None:
    problem = draw_problem(4)
    courses = play(problem, seed=4)
    broken = {**courses, "today": _drop(courses["today"], kind)}

    assert verify_courses(problem, Assumptions(), 4, broken)


def test_the_check_finds_an_end_out_of_time() -> None:
    problem = draw_problem(4)
    courses = play(problem, seed=4)
    ends = list(courses["today"].ends)
    ends[0] = ends[0]._replace(at_h=ends[0].at_h + 1000)
    broken = {**courses, "today": replace(courses["today"], ends=tuple(ends))}

    assert verify_courses(problem, Assumptions(), 4, broken)


def test_the_problem_is_not_changed_by_playing() -> None:
    problem = draw_problem(6)
    before = problem.input_hash
    play(problem, seed=6)

    assert draw_problem(6).input_hash == before == replace(problem).input_hash


@given(
    at_h=st.floats(0, 500),
    open_h=st.floats(0, 30),
    first_weekday=st.integers(0, 6),
    weekends=st.booleans(),
)
def test_moments_fall_within_opening_hours(
    at_h: float, open_h: float, first_weekday: int, weekends: bool
) -> None:
    hours = PHONE_URGENT if weekends else PHONE
    for moment in (
        next_open(at_h, hours, first_weekday),
        after(at_h, open_h, hours, first_weekday),
    ):
        day, hour = divmod(moment, 24)
        assert moment >= at_h
        assert hours.first - 1e-6 <= hour <= hours.last
        assert weekends or (int(day) + first_weekday) % 7 < 5


def test_working_hours_skip_the_weekend() -> None:
    # Friday 16:00 and two working hours: Monday 9:30.
    assert after(4 * 24 + 16, 2, PHONE, 0) == pytest.approx(7 * 24 + 9.5)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"days": 0}, "days"),
        ({"largest_hours": np.ones((2, 2))}, "largest_hours"),
        ({"patience_h": {"today": 1.0}}, "patience_h"),
    ],
)
def test_a_wrong_problem_names_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        replace(draw_problem(1), **change)

    assert caught.value.field == place


def test_requests_must_come_in_order() -> None:
    problem = draw_problem(1)
    with pytest.raises(InvalidProblem, match="before"):
        replace(problem, requests=problem.requests[::-1])


@pytest.mark.parametrize(
    ("name", "value"), [("no_answer", 1.1), ("supply", -1.0), ("place_lives_days", 0.0)]
)
def test_an_impossible_figure_is_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidProblem, match="assumptions"):
        Assumptions().with_value(name, value)


def test_a_region_without_a_team_lets_all_fall_back() -> None:
    problem: DeskProblem = make_problem([], [make_request("r")])
    for course in play(problem, assumptions=PERFECT).values():
        assert course.ends[0].outcome == "gp-practice"
