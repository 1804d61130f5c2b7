"""Who declines against its own stated room corrects that room on the spot."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.referrals import (
    AT,
    ReferralsWijk,
    make_wijk,
    open_offers,
    report_room,
    send,
)
from wijkspil.directory.errors import InvalidCapacity
from wijkspil.directory.models import CapacityReport
from wijkspil.directory.selectors.capacity import RoomLeft, get_room_left
from wijkspil.referrals.models import Offer
from wijkspil.referrals.services.correction import RoomCorrection
from wijkspil.referrals.services.offers import decline_offer
from wijkspil.referrals.types import DeclineReason

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(minutes=5)
ENGLISH = {"Accept-Language": "en"}


def decline(
    wijk: ReferralsWijk, offer: Offer, reason: str, **values: Any
) -> tuple[Offer, RoomLeft]:
    """Decline for the team; return the answer and the room that others see."""
    decline_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        reason=reason,
        at=LATER,
        **values,
    )
    offer.refresh_from_db()
    return offer, get_room_left([offer.service_id], at=LATER)[offer.service_id]


def reports_of(offer: Offer) -> int:
    return CapacityReport.objects.filter(service=offer.service_id).count()


@pytest.mark.parametrize(
    ("reason", "stated", "against"),
    [
        ("no-room", {}, True),
        ("sickness", {}, True),
        ("part-of-day", {}, True),
        ("part-of-day", {"parts_of_day": ["evening"]}, False),
        ("skills", {}, True),
        ("skills", {"tasks_excluded": ["stockings"]}, False),
        ("travel", {}, False),
        ("safety", {}, False),
        ("no-room", {"new_clients": 0}, False),
        ("no-room", {"valid_until": AT - timedelta(days=1)}, False),
    ],
)
def test_a_decline_is_against_the_room_that_was_stated(
    reason: str, stated: dict[str, Any], against: bool
) -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    team = next(t for t in wijk.teams if t.pk == offer.service_id)
    CapacityReport.objects.filter(service=team).delete()
    if "valid_until" in stated:
        stated = stated | {"reported_at": AT - timedelta(days=5)}
    report_room(team, **stated)
    answer, _room = decline(wijk, offer, reason)
    assert answer.against_own_room is against
    told = answer.request.events.get(kind="declined").detail
    assert told["against_own_room"] is against


def test_without_a_correction_no_room_is_full_as_ever() -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    _answer, room = decline(wijk, offer, "no-room", correction=RoomCorrection())
    assert (room.clients, room.no_room_reason) == (0, "full")


def test_one_place_that_is_left_stays_in_sight_with_the_parts_of_the_day() -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    _answer, room = decline(
        wijk,
        offer,
        "no-room",
        correction=RoomCorrection(new_clients=1, parts_of_day=("evening",)),
    )
    assert (room.clients, tuple(room.parts_of_day)) == (1, ("evening",))
    assert room.is_known
    newest = CapacityReport.objects.filter(service=offer.service_id).latest("pk")
    assert newest.source == "decline"


def test_a_team_that_keeps_a_place_is_not_asked_the_same_again_at_once() -> None:
    wijk = make_wijk(teams=1)
    request = send(wijk)
    [offer] = open_offers(request)
    decline(wijk, offer, "no-room", correction=RoomCorrection(new_clients=1))
    assert open_offers(request) == []


def test_another_part_of_the_day_is_taken_off_and_the_places_stay() -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    _answer, room = decline(
        wijk,
        offer,
        "part-of-day",
        correction=RoomCorrection(parts_of_day=("afternoon", "evening")),
    )
    assert (room.clients, list(room.parts_of_day)) == (2, ["afternoon", "evening"])


def test_a_task_that_cannot_be_done_is_taken_off() -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    _answer, room = decline(
        wijk, offer, "skills", correction=RoomCorrection(tasks_excluded=("stockings",))
    )
    assert (room.clients, list(room.tasks_excluded)) == (2, ["stockings"])


@pytest.mark.parametrize("reason", ["part-of-day", "skills"])
def test_what_was_not_touched_adds_no_report(reason: str) -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    before = reports_of(offer)
    decline(wijk, offer, reason, correction=RoomCorrection())
    assert reports_of(offer) == before


def test_a_reason_that_is_not_about_room_changes_no_room() -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    _answer, room = decline(
        wijk, offer, "travel", correction=RoomCorrection(new_clients=0)
    )
    assert room.clients == 2


def test_full_until_a_day_for_skills_says_full() -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    _answer, room = decline(
        wijk,
        offer,
        "skills",
        correction=RoomCorrection(new_clients=0),
        room_again_on=(AT + timedelta(days=9)).date(),
    )
    assert (room.clients, room.no_room_reason) == (0, "full")


def test_a_correction_that_contradicts_itself_leaves_the_question_open() -> None:
    wijk = make_wijk()
    [offer] = open_offers(send(wijk))
    with pytest.raises(InvalidCapacity):
        decline(
            wijk,
            offer,
            "no-room",
            correction=RoomCorrection(new_clients=1, parts_of_day=()),
        )
    offer.refresh_from_db()
    assert offer.status == "open"


# --- on the page


@pytest.fixture
def now_wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def path_of(offer: Offer) -> str:
    return f"/postvak/{offer.pk}/afwijzen/"


def press(browser: Client, offer: Offer, reason: str, **data: Any) -> Any:
    return browser.post(
        path_of(offer), {"reason": reason, "corrects": "1", **data}, headers=ENGLISH
    )


def test_the_page_shows_what_others_see_and_asks_what_is_left(
    now_wijk: ReferralsWijk,
) -> None:
    [offer] = open_offers(send(now_wijk))
    page = now_wijk.nurses[0].browser().get(path_of(offer), headers=ENGLISH)
    text = page.content.decode()
    assert "Others see: 2 new clients" in text
    form = page.context["form"]
    assert [value for value, _label in form.fields["places"].choices] == ["", 0, 1, 2]
    assert form["parts_of_day"].value() == ["morning", "afternoon", "evening", "night"]


def test_a_team_that_stated_no_room_is_not_asked(now_wijk: ReferralsWijk) -> None:
    [offer] = open_offers(send(now_wijk))
    report_room(
        now_wijk.teams[0],
        at=now_wijk.at,
        new_clients=0,
        reported_at=now_wijk.at - timedelta(minutes=5),
    )
    page = now_wijk.nurses[0].browser().get(path_of(offer), headers=ENGLISH)
    assert "Others see" not in page.content.decode()
    assert "places" not in page.context["form"].fields


def test_one_tap_more_keeps_a_place(now_wijk: ReferralsWijk) -> None:
    [offer] = open_offers(send(now_wijk))
    browser = now_wijk.nurses[0].browser()
    parts = ["morning", "afternoon", "evening", "night"]
    answer = press(browser, offer, "no-room", places="1", parts_of_day=parts)
    assert answer["Location"] == "/postvak/"
    page = browser.get("/postvak/", headers=ENGLISH).content.decode()
    assert "Your room now says: 1 new client" in page
    newest = CapacityReport.objects.filter(service=now_wijk.teams[0]).latest("pk")
    assert (newest.new_clients, newest.parts_of_day) == (1, parts)


def test_parts_of_the_day_alone_are_corrected_by_that_reason(
    now_wijk: ReferralsWijk,
) -> None:
    [offer] = open_offers(send(now_wijk))
    press(
        now_wijk.nurses[0].browser(),
        offer,
        DeclineReason.PART_OF_DAY,
        parts_of_day=["evening"],
    )
    newest = CapacityReport.objects.filter(service=now_wijk.teams[0]).latest("pk")
    assert (newest.new_clients, newest.parts_of_day) == (2, ["evening"])


def test_places_without_a_part_of_the_day_come_back_beside_the_field(
    now_wijk: ReferralsWijk,
) -> None:
    [offer] = open_offers(send(now_wijk))
    answer = press(now_wijk.nurses[0].browser(), offer, "no-room", places="1")
    assert answer.status_code == 422
    assert answer.context["form"].errors["parts_of_day"]
    offer.refresh_from_db()
    assert offer.status == "open"


def test_pressing_the_reason_twice_corrects_once(now_wijk: ReferralsWijk) -> None:
    [offer] = open_offers(send(now_wijk))
    browser = now_wijk.nurses[0].browser()
    for _press in range(2):
        press(browser, offer, "no-room", places="0")
    made = CapacityReport.objects.filter(service=now_wijk.teams[0], source="decline")
    assert made.count() == 1
