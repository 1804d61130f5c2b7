"""Courses small enough to follow with a pencil."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.engines.desk.cases import PERFECT, make_problem, make_request, make_team
from wijkspil_engines.desk import (
    WAYS,
    Assumptions,
    DeskPolicy,
    DeskProblem,
    Event,
    play,
    verify_courses,
)
from wijkspil_engines.desk.draws import draw_places
from wijkspil_engines.desk.figures import count_contacted, hours_to_answer
from wijkspil_engines.routing import Tier

SEEDS = range(5)


def _contacted(problem: DeskProblem, taken: Assumptions, seed: int) -> dict[str, int]:
    courses = play(problem, assumptions=taken, seed=seed)
    assert verify_courses(problem, taken, seed, courses) == []
    return {way: count_contacted(problem, courses[way])[0] for way in WAYS}


def test_one_team_with_room_takes_it_either_way() -> None:
    problem = make_problem([make_team("a")], [make_request("r")])
    courses = play(problem, assumptions=PERFECT)

    assert verify_courses(problem, PERFECT, 0, courses) == []
    assert {courses[way].ends[0].outcome for way in WAYS} == {"placed"}
    assert courses["today"].ends[0].through == "phone"
    assert courses["wijkspil"].ends[0].through == "offer"
    # A call of eight minutes; the form, and then what the team needs to answer.
    assert hours_to_answer(problem, courses["today"])[0] == pytest.approx(8 / 60)
    asked = next(e for e in courses["wijkspil"].log if e.kind == "ask")
    assert asked.at_h == pytest.approx(33 + 8 / 60)


@pytest.mark.parametrize("seed", SEEDS)
def test_perfect_knowledge_and_willingness_take_one_contact(seed: int) -> None:
    problem = make_problem(
        [make_team("a", tier=Tier.OWN), make_team("b"), make_team("c")],
        [make_request(f"r{i}", at_h=33.0 + 24 * i) for i in range(3)],
        days=1.0,
    )
    # Places enough that nobody is ever full.
    taken = PERFECT.with_value("supply", 30.0)
    courses = play(problem, assumptions=taken, seed=seed)

    assert verify_courses(problem, taken, seed, courses) == []
    assert all(count_contacted(problem, courses[way]) == [1, 1, 1] for way in WAYS)
    assert all(end.team == 0 for end in courses["today"].ends)


def test_only_the_phone_meets_those_without_room() -> None:
    # One place in four teams: the phone goes by them, the desk knows where it is.
    problem = make_problem(
        [make_team(key) for key in "abcd"], [make_request("r")], days=1.0
    )
    seen = [_contacted(problem, PERFECT, seed) for seed in range(12)]

    assert {each["wijkspil"] for each in seen} == {1}
    assert {each["today"] for each in seen} == {1, 2, 3, 4}


def test_every_provider_is_called_once_when_nobody_has_room() -> None:
    problem = make_problem([make_team(key) for key in "abc"], [make_request("r")])
    taken = PERFECT.with_value("supply", 0.0)
    courses = play(problem, assumptions=taken)
    first_day = [e for e in courses["today"].log if e.kind == "call" and e.at_h < 41]

    assert verify_courses(problem, taken, 0, courses) == []
    assert sorted(event.who for event in first_day) == [0, 1, 2]
    assert [event.at_h for event in first_day] == pytest.approx(
        [33, 33 + 8 / 60, 33 + 16 / 60]
    )
    for way in WAYS:
        assert courses[way].ends[0].outcome == "gp-practice"
        assert courses[way].ends[0].at_h == pytest.approx(33 + 72)
    # Nobody is asked by the desk: a coordinator phones, and gives up in the end.
    assert not [e for e in courses["wijkspil"].log if e.kind == "ask"]


def test_the_own_team_is_phoned_first_by_who_knows_it() -> None:
    problem = make_problem(
        [make_team("a"), make_team("b"), make_team("z", tier=Tier.OWN)],
        [make_request("r")],
    )
    for seed in SEEDS:
        courses = play(problem, assumptions=PERFECT, seed=seed)
        first = next(e for e in courses["today"].log if e.kind == "call")
        assert problem.providers[first.who] == "p-z"


@pytest.mark.parametrize(("days", "first"), [(7.0, "p-b"), (0.0, "p-a")])
def test_who_said_no_this_week_is_phoned_last(days: float, first: str) -> None:
    # Only the own team is phoned for the first request, and has no room.
    objecting = make_request("r0")
    objecting = replace(
        objecting, need=replace(objecting.need, objected=frozenset({"p-b"}))
    )
    problem = make_problem(
        [make_team("a", tier=Tier.OWN), make_team("b")],
        [objecting, make_request("r1", at_h=40.0)],
    )
    taken = replace(PERFECT, supply=0.0, remembers_days=days)
    log = play(problem, assumptions=taken)["today"].log
    called = [e.who for e in log if e.kind == "call" and e.request == 1]

    assert problem.providers[called[0]] == first


def test_nobody_is_phoned_at_night_or_on_sunday() -> None:
    # Saturday at ten, not urgent: the phone waits for Monday, the desk does not.
    problem = make_problem([make_team("a")], [make_request("r", at_h=130.0)], days=1.0)
    courses = play(problem, assumptions=PERFECT)
    call = next(e for e in courses["today"].log if e.kind == "call")

    assert call.at_h == pytest.approx(7 * 24 + 8.5)
    assert courses["wijkspil"].ends[0].at_h < 150


def test_office_hours_hold_the_desk_until_monday() -> None:
    problem = make_problem(
        [make_team("a")],
        [make_request("r", at_h=130.0)],
        policy=DeskPolicy(hours="office"),
    )
    courses = play(problem, assumptions=PERFECT)
    ask = next(e for e in courses["wijkspil"].log if e.kind == "ask")

    assert ask.at_h == pytest.approx(7 * 24 + 8)


@pytest.mark.parametrize(("urgency", "asked"), [("today", 3), ("days", 1)])
def test_only_urgent_requests_go_to_several_teams_at_once(
    urgency: str, asked: int
) -> None:
    problem = make_problem(
        [make_team(key) for key in "abcd"], [make_request("r", urgency=urgency)]
    )
    taken = PERFECT.with_value("supply", 40.0)
    log = play(problem, assumptions=taken)["wijkspil"].log
    moment = next(e.at_h for e in log if e.kind == "ask")

    assert sum(e.kind == "ask" and e.at_h == moment for e in log) == asked
    assert sum(e.kind == "withdrawn" for e in log) == asked - 1


def test_the_own_team_is_asked_alone_where_that_was_agreed() -> None:
    problem = make_problem(
        [make_team("a"), make_team("b"), make_team("z", tier=Tier.OWN)],
        [make_request("r", urgency="today")],
        policy=DeskPolicy(own_team_first=True),
    )
    taken = PERFECT.with_value("supply", 40.0)
    log = play(problem, assumptions=taken)["wijkspil"].log

    assert [event.who for event in log if event.kind == "ask"] == [2]


def test_a_no_for_want_of_room_keeps_the_next_question_away() -> None:
    # Room is told on Monday and soon gone; who is asked then finds out and says so.
    problem = make_problem(
        [make_team("a")],
        [make_request("r0", at_h=33.0), make_request("r1", at_h=40.0)],
    )
    taken = replace(PERFECT, place_lives_days=1.0, report_every_h=72.0)
    seen = 0
    for seed in range(60):
        log = play(problem, assumptions=taken, seed=seed)["wijkspil"].log
        told_h = [e.at_h for e in log if e.kind == "no" and e.request == 0]
        if told_h and told_h[0] < 40:
            seen += 1
            asked = [e.at_h for e in log if e.kind == "ask" and e.request == 1]
            # Not before room can have been told anew, or nothing is known again.
            assert all(at_h > 48 for at_h in asked)
    assert seen > 0


def test_a_team_without_room_is_asked_again_once_it_reports_some() -> None:
    # Places come and go in ten days; what is told is two days old.
    problem = make_problem(
        [make_team("a")], [make_request("r", urgency="planned")], days=10.0
    )
    taken = replace(
        PERFECT, supply=6.0, place_lives_days=0.5, report_every_h=48.0, no_answer=1.0
    )
    seen = 0
    for seed in range(40):
        courses = play(problem, assumptions=taken, seed=seed)
        assert verify_courses(problem, taken, seed, courses) == []
        places = draw_places(problem, taken, seed=seed)
        told: list[Event] = [
            e for e in courses["wijkspil"].log if e.kind in ("ask", "no")
        ]
        for no, again in pairwise(told):
            if (no.kind, again.kind) == ("no", "ask"):
                seen += 1
                assert 0 < again.at_h - no.at_h < problem.policy.rest_h
                # It was full then; nobody but this request takes a place.
                assert not any((places.from_h <= no.at_h) & (no.at_h < places.until_h))
                assert any((places.from_h > no.at_h) & (places.from_h < again.at_h))
    assert seen > 3


def test_a_team_that_does_not_want_rests_although_it_reports_room() -> None:
    problem = make_problem(
        [make_team("a")], [make_request("r", urgency="planned")], days=10.0
    )
    taken = replace(PERFECT, supply=6.0, accepts_when_it_fits=0.0, no_answer=1.0)
    log = play(problem, assumptions=taken)["wijkspil"].log
    asked_h = [e.at_h for e in log if e.kind == "ask"]

    assert len(asked_h) == 2
    assert asked_h[1] - asked_h[0] > problem.policy.rest_h


def test_who_nobody_takes_falls_back_by_who_asked() -> None:
    problem = make_problem(
        [make_team("a")],
        [
            make_request("g"),
            make_request("h", asker="hospital"),
            make_request("m", asker="municipality"),
        ],
    )
    taken = PERFECT.with_value("supply", 0.0)
    for course in play(problem, assumptions=taken).values():
        assert [end.outcome for end in course.ends] == [
            "gp-practice",
            "extra-hospital-days",
            "family",
        ]
