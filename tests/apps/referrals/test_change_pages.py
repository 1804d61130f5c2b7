"""The pages on which a change is told: one question, errors beside it, sent once."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate

from tests.factories.referrals import (
    Person,
    ReferralsWijk,
    make_wijk,
    open_offers,
    place,
    send,
    submit,
)
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.services.changes import release_kept_rooms, report_death
from wijkspil.referrals.services.offers import accept_offer
from wijkspil.referrals.types import RequestStatus

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
CHANGES = ("eerste-dag", "andere-zorg", "opgenomen", "overleden")


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def placed(wijk: ReferralsWijk) -> ServiceRequest:
    return place(wijk)


def nurse_of(wijk: ReferralsWijk, request: ServiceRequest) -> Person:
    assert request.placed_service_id is not None
    return wijk.nurse_of(request.placed_service_id)


def address(request: ServiceRequest, act: str) -> str:
    return f"/aanvragen/{request.number}/sturen/{act}/"


def page_of(browser: Client, request: ServiceRequest) -> str:
    answer = browser.get(f"/aanvragen/{request.number}/", headers=ENGLISH)
    assert answer.status_code == 200
    return answer.content.decode()


def day(days: int) -> str:
    return (localdate() + timedelta(days=days)).isoformat()


def status_of(request: ServiceRequest) -> str:
    request.refresh_from_db()
    return request.status


@pytest.mark.parametrize("who", ["referrer", "coordinator", "nurse"])
def test_who_has_a_part_in_it_finds_every_change_on_the_page(
    wijk: ReferralsWijk, placed: ServiceRequest, who: str
) -> None:
    person = nurse_of(wijk, placed) if who == "nurse" else getattr(wijk, who)
    page = page_of(person.browser(), placed)
    for act in CHANGES:
        assert page.count(f'href="{address(placed, act)}"') == 1, act
        answer = person.browser().get(address(placed, act), headers=ENGLISH)
        assert answer.status_code == 200


@pytest.mark.parametrize("act", [*CHANGES, "thuis"])
def test_a_team_that_was_only_asked_and_a_stranger_find_nothing(
    wijk: ReferralsWijk, act: str
) -> None:
    request = send(wijk)
    [offer] = open_offers(request)
    for person in (wijk.nurse_of(offer.service_id), wijk.transfer_nurse):
        for answer in (
            person.browser().get(address(request, act)),
            person.browser().post(address(request, act)),
        ):
            assert answer.status_code == 404


def test_the_team_does_not_get_what_is_for_who_sent_it(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = nurse_of(wijk, placed).browser()
    for act in ("annuleren", "intrekken", "telefoon", "datum"):
        assert browser.post(address(placed, act)).status_code == 403


@pytest.mark.parametrize(
    ("act", "data", "field"),
    [
        ("eerste-dag", {"day": "", "reason": "better"}, "day"),
        ("eerste-dag", {"day": "2020-01-01", "reason": "better"}, "day"),
        ("eerste-dag", {"day": "soon", "reason": "better"}, "day"),
        ("eerste-dag", {"day": "2199-01-01", "reason": "better"}, "day"),
        ("eerste-dag", {"day": day(4)}, "reason"),
        ("andere-zorg", {"parts_of_day": "morning", "reason": "worse"}, "tasks"),
        ("andere-zorg", {"tasks": "wound", "reason": "worse"}, "parts_of_day"),
        ("opgenomen", {}, "where"),
        ("opgenomen", {"where": "hospital", "home_on": "2020-01-01"}, "home_on"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    wijk: ReferralsWijk, act: str, data: dict[str, Any], field: str
) -> None:
    request = send(wijk)
    answer = wijk.referrer.browser().post(address(request, act), data)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert status_of(request) == RequestStatus.OFFERED


@pytest.mark.parametrize(
    ("act", "data", "kind"),
    [
        ("eerste-dag", {"day": day(6), "reason": "discharge-later"}, "visit-moved"),
        (
            "andere-zorg",
            {"tasks": ["wound"], "parts_of_day": ["evening"], "reason": "worse"},
            "need-changed",
        ),
        ("opgenomen", {"where": "hospital", "home_on": day(6)}, "paused"),
        ("overleden", {}, "died"),
    ],
)
def test_sending_a_page_twice_does_it_once(
    wijk: ReferralsWijk,
    placed: ServiceRequest,
    act: str,
    data: dict[str, Any],
    kind: str,
) -> None:
    browser = nurse_of(wijk, placed).browser()
    form = browser.get(address(placed, act)).context["form"]
    seen = {"seen": form["seen"].value()} if "seen" in form.fields else {}
    for _press in range(2):
        answer = browser.post(address(placed, act), data | seen)
        assert answer["Location"] == f"/aanvragen/{placed.number}/"
    assert placed.events.filter(kind=kind).count() == 1


def test_a_kept_place_is_shown_to_the_team_and_on_its_list(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = nurse_of(wijk, placed).browser()
    browser.post(address(placed, "opgenomen"), {"where": "hospital"})
    assert status_of(placed) == RequestStatus.PAUSED
    page = page_of(browser, placed)
    assert "The place with your team is kept until" in page
    assert address(placed, "thuis") in page
    clients = browser.get("/clienten/", headers=ENGLISH).content.decode()
    assert placed.number in clients
    assert "Place kept until" in clients
    # Who sent it finds it among what has a team, not among what is closed.
    mine = wijk.referrer.browser().get("/aanvragen/", headers=ENGLISH)
    assert [row.number for row in mine.context["placed"]] == [placed.number]


def test_coming_home_gives_the_client_back_to_the_team(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = wijk.referrer.browser()
    browser.post(address(placed, "opgenomen"), {"where": "hospital"})
    assert browser.post(address(placed, "thuis"), {}).status_code == 422
    browser.post(address(placed, "thuis"), {"first_visit_on": day(2)})
    assert status_of(placed) == RequestStatus.ACCEPTED
    page = page_of(nurse_of(wijk, placed).browser(), placed)
    assert "Fill in the hours" in page


def test_after_the_place_was_given_away_the_team_sees_no_client_any_more(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    team = nurse_of(wijk, placed)
    wijk.referrer.browser().post(address(placed, "opgenomen"), {"where": "hospital"})
    release_kept_rooms(at=timezone.now() + timedelta(days=60))
    answer = team.browser().get(f"/aanvragen/{placed.number}/")
    assert answer.status_code == 404
    assert placed.number not in team.browser().get("/clienten/").content.decode()
    waiting = wijk.referrer.browser().get("/aanvragen/").context["waiting"]
    assert [row.number for row in waiting] == [placed.number]


def test_a_death_is_asked_once_in_calm_words_and_closes_it(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = wijk.coordinator.browser()
    asked = browser.get(address(placed, "overleden"), headers=ENGLISH).content.decode()
    assert "Nobody gets a reminder any more." in asked
    assert "!" not in asked.split("<main", 1)[1].split("</main", 1)[0].replace(
        "<!--", ""
    )
    assert status_of(placed) == RequestStatus.ACCEPTED
    browser.post(address(placed, "overleden"))
    page = page_of(browser, placed)
    assert "The client has died. The request is closed." in page
    assert "Withdrawn by the client" not in page
    for act in (*CHANGES, "thuis"):
        assert address(placed, act) not in page


def test_the_reasons_to_stop_leave_a_death_to_its_own_page(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    for act in ("intrekken", "annuleren"):
        answer = wijk.referrer.browser().post(address(request, act), {"reason": "died"})
        assert answer.status_code == 422


def open_client_page(wijk: ReferralsWijk, *, accept: bool) -> tuple[Any, Client, str]:
    """Send a request; return it, a browser in which its page is open, the address."""
    submitted = submit(wijk)
    request = ServiceRequest.objects.get(pk=submitted.request_id)
    if accept:
        [offer] = open_offers(request)
        accept_offer(
            actor=wijk.nurse_of(offer.service_id).actor, offer_id=offer.pk, at=wijk.at
        )
    browser = Client(headers=ENGLISH)
    path = f"/volg/{submitted.link_token}/"
    browser.post(path, {"code": submitted.link_code})
    return request, browser, path


@pytest.mark.parametrize("accept", [True, False])
def test_the_client_reads_that_it_waits_and_the_link_alone_says_no_health(
    wijk: ReferralsWijk, accept: bool
) -> None:
    request, browser, path = open_client_page(wijk, accept=accept)
    wijk.referrer.browser().post(address(request, "opgenomen"), {"where": "hospital"})
    alone = Client(headers=ENGLISH).get(path).content.decode()
    assert "Your request is on hold for now" in alone
    assert "admitted" not in alone.lower()
    opened = browser.get(path).content.decode()
    said = "keeps the place until" if accept else "We look for a team when you come"
    assert said in opened


def test_after_a_death_the_page_is_neutral_and_asks_nothing(
    wijk: ReferralsWijk,
) -> None:
    request, _browser, path = open_client_page(wijk, accept=True)
    report_death(actor=wijk.referrer.actor, request_id=request.pk, at=timezone.now())
    page = Client(headers=ENGLISH).get(path).content.decode()
    main = page.split("<main", 1)[1].split("</main", 1)[0]
    assert "This request is closed" in main
    assert "<form" not in main
    assert "<button" not in main
    assert "died" not in main
    assert "112" not in main


def test_the_family_says_it_on_the_page_of_the_client(wijk: ReferralsWijk) -> None:
    request, browser, path = open_client_page(wijk, accept=True)
    browser.post(f"{path}intrekken", {"reason": "died"})
    request.refresh_from_db()
    assert request.close_reason == "died"
    assert request.events.get(kind="died").actor_name
    assert not request.events.filter(kind="withdrawn").exists()


def test_the_inbox_says_a_paused_client_is_still_the_teams(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    wijk.referrer.browser().post(address(placed, "opgenomen"), {"where": "hospital"})
    page = nurse_of(wijk, placed).browser().get("/postvak/", headers=ENGLISH)
    assert "Your team has this client." in page.content.decode()
