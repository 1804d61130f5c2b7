"""Every code has words, and an unknown one never breaks a page."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.factories.referrals import AT, NEED
from wijkspil.directory.selectors.capacity import RoomLeft
from wijkspil.referrals.models import RequestEvent, ServiceRequest
from wijkspil.referrals.selectors.inbox import UNTOLD_REASONS
from wijkspil.referrals.types import EventKind, OfferStatus, RequestStatus
from wijkspil.referrals.wording import (
    CONDITION_WORDS,
    OFFER_TONES,
    REASON_WORDS,
    REASON_WORDS_FOR_TEAM,
    STATUS_TONES,
    UNSAID_REASONS,
    WARNING_WORDS,
    say_age,
    say_band,
    say_condition,
    say_day,
    say_event,
    say_need,
    say_reasons,
    say_room,
    say_standing,
    say_until,
    say_warning,
)
from wijkspil_engines.routing import explain, problem

#: What an event of every kind may carry; a kind uses its own part of it.
DETAIL = {
    "services": [1, 2],
    "answer_by": "2026-11-17T13:00:00+00:00",
    "due_at": "2026-11-18T13:00:00+00:00",
    "reason": "no-room",
    "owner": "C. Oordinator",
    "excluded": {"no-room": 3, "task": 1, "a-new-code": 1},
    "review_on": "2026-12-01",
    "until": "2026-11-20",
    "helped_by": "Team Noord",
    "where": "Duinhof",
    "insurer": "3311",
    "ground": "home",
    "why": "Waiting for the hospital",
    "text": "Called twice",
}


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_a_sentence(kind: EventKind) -> None:
    event = RequestEvent(kind=kind, actor_name="R. Eferrer", service_id=1)
    for detail in (DETAIL, {}):
        event.detail = detail
        said = say_event(event, {1: "Team One", 2: "Team Two"})
        assert said
        assert "%(" not in said


def test_an_event_names_teams_and_reason() -> None:
    event = RequestEvent(
        kind=EventKind.DECLINED, service_id=1, detail={"reason": "no-room"}
    )
    assert say_event(event, {1: "Team One"}) == (
        "Team One cannot take the client: no room."
    )


def test_an_objection_of_the_client_is_told_as_such() -> None:
    event = RequestEvent(
        kind=EventKind.NOTE,
        actor_name="client",
        detail={"code": "objection", "organization": "Nachtzorg"},
    )
    assert say_event(event, {}) == "The client objects to Nachtzorg; it is not asked."


@pytest.mark.parametrize("status", RequestStatus)
def test_every_state_has_a_sentence_and_a_color(status: RequestStatus) -> None:
    request = ServiceRequest(status=status, bridged_by="Team Noord")
    said = say_standing(request, team="Team One", asked=["Team One", "Team Two"])
    assert said.endswith(".")
    assert status in STATUS_TONES
    assert "%(" not in said


def test_every_answer_of_a_team_has_a_color() -> None:
    assert set(OFFER_TONES) == set(OfferStatus)


def test_every_condition_and_warning_of_the_engine_has_words() -> None:
    conditions = {code for member in problem.Condition for code in member.codes}
    warnings = {code for member in problem.Warn for code in member.codes}
    assert conditions == set(CONDITION_WORDS)
    assert warnings == set(WARNING_WORDS)


def test_every_reason_of_the_engine_has_words_or_is_left_out_on_purpose() -> None:
    source = Path(explain.__file__).read_text("utf-8")
    start = source.index("def _reasons(")
    body = source[start : source.index("\ndef ", start + 1)]
    codes = set(re.findall(r'"code": "([a-z-]+)"', body))
    codes |= set(re.findall(r'Tier\.[A-Z_]+: "([a-z-]+)"', source))
    assert "own-team" in codes
    assert codes - UNSAID_REASONS == set(REASON_WORDS)


def test_a_team_is_spoken_to_and_not_told_what_the_engine_hides() -> None:
    assert explain.HIDDEN["team"] <= UNTOLD_REASONS
    assert set(REASON_WORDS_FOR_TEAM) == set(REASON_WORDS) - UNTOLD_REASONS
    reasons = [{"code": "own-team"}, {"code": "known"}, {"code": "in-time"}]
    assert say_reasons(reasons, "team") == [
        "You are the team of this neighborhood.",
        "You can make the first visit in time.",
    ]


def test_an_unknown_code_never_breaks_a_page() -> None:
    assert say_reasons([{"code": "made-up"}, {"code": "distance"}]) == []
    assert say_condition("made-up") == "made-up"
    assert say_warning("made-up") == "made-up"


def test_reasons_are_said_with_their_values() -> None:
    reasons: list[dict[str, object]] = [
        {"code": "own-team"},
        {"code": "distance", "km": 1.2},
    ]
    assert say_reasons(reasons) == [
        "This is the team of the neighborhood.",
        "The team is 1.2 km away.",
    ]


def test_a_band_is_always_called_provisional() -> None:
    assert say_band(Decimal(2), Decimal("3.25")) == (
        "2 to 3.25 hours a week, provisional"
    )
    assert say_band(Decimal("1.5"), Decimal("1.5")) == "1.5 hours a week, provisional"


def test_a_day_is_said_as_people_do() -> None:
    today = date(2026, 11, 22)
    assert say_day(today, today) == "today"
    assert say_day(date(2026, 11, 23), today) == "tomorrow"
    assert say_day(date(2026, 11, 26), today) == "Thursday 26 November"
    assert say_day(date(2027, 1, 4), today) == "Monday 4 January 2027"


def test_a_deadline_is_said_in_minutes_when_it_is_near() -> None:
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert say_until(datetime(2026, 11, 22, 9, 35, tzinfo=UTC), at) == (
        "within 35 minutes"
    )
    assert say_until(datetime(2026, 11, 22, 16, tzinfo=UTC), at) == "today before 17:00"


def test_an_age_is_said_in_tens() -> None:
    assert say_age(83) == "80 to 90 years"
    assert say_age((80, 90)) == "80 to 90 years"
    assert say_age(104) == "90 to 100 years"
    assert say_age(None) == "age not known"


def test_a_need_says_nothing_of_who_or_where() -> None:
    said = " ".join(say_need(NEED))
    assert "2512" not in said
    assert "83" not in said
    assert "compression stockings" in said.lower()


def test_room_that_is_not_known_is_not_called_full() -> None:
    room = RoomLeft(
        clients=0,
        hours=None,
        size_band="",
        parts_of_day=(),
        tasks_excluded=(),
        is_known=False,
        reported_clients=0,
        reserved_clients=0,
        no_room_reason="",
        reported_at=AT,
        valid_until=AT,
    )
    assert say_room(room) == say_room(None) == "not known how much room there is"
