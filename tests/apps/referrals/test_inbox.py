"""The inbox of a team: pseudonymous until accepted, answered in two taps."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import escape

from tests.factories import referrals as make
from tests.factories.accounts import MembershipFactory
from tests.factories.referrals import PATIENT, Person, ReferralsWijk
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import CapacityReport, HealthcareService
from wijkspil.directory.types import SizeBand
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.selectors.inbox import UNTOLD_REASONS, get_question
from wijkspil.referrals.services.offers import accept_offer, run_timers
from wijkspil.referrals.services.steering import withdraw_request
from wijkspil.referrals.types import (
    CloseReason,
    DeclineReason,
    OfferStatus,
    RequestStatus,
    Urgency,
)

pytestmark = pytest.mark.django_db

INBOX = "/postvak/"
#: Whatever says who the client is, where exactly, or how to reach who asked.
SECRETS = (
    PATIENT.name,
    PATIENT.address,
    PATIENT.phone,
    PATIENT.representative_name,
    PATIENT.representative_phone,
    PATIENT.gp_name,
    "1943",
    "2512AB",
    "2512 AB",
    "070 000 0001",
    "Huisartsen Parkzicht",
    "R. Eferrer",
)


@pytest.fixture
def wijk() -> ReferralsWijk:
    """Return a wijk with three teams, now."""
    return make.make_wijk(at=timezone.now())


def test_a_question_shows_what_is_asked_and_never_who(wijk: ReferralsWijk) -> None:
    [offer] = make.open_offers(make.send(wijk, note="Sleutel bij de buren"))
    browser = wijk.nurses[0].browser()
    for path in (INBOX, page_of(offer), path_to(offer, "decline")):
        assert_tells_nobody(browser, path)
    page = text_of(browser, INBOX)
    assert "Sleutel bij de buren" in page
    assert "80 to 90 years" in page or "80 tot 90 jaar" in page
    assert offer.request.number in page


def test_a_team_is_not_told_that_the_client_knows_or_prefers_its_provider(
    wijk: ReferralsWijk,
) -> None:
    organization_id = wijk.teams[0].organization_id
    request = make.send(
        wijk,
        preferred_organization_id=organization_id,
        known_organization_id=organization_id,
    )
    [offer] = make.open_offers(request)
    assert {"known", "preferred"} <= {reason["code"] for reason in offer.reasons}
    question = get_question(offer.pk, at=wijk.at)
    assert {row["code"] for row in question.reasons}.isdisjoint(UNTOLD_REASONS)
    page = text_of(wijk.nurses[0].browser(), INBOX)
    assert "You are the team of" in page or "Jullie zijn het vaste team" in page
    assert "prefers" not in page
    assert "voorkeur" not in page


@pytest.mark.parametrize(
    ("status", "way"),
    [
        (OfferStatus.DECLINED, "declines"),
        (OfferStatus.WITHDRAWN, "loses"),
        (OfferStatus.WITHDRAWN, "is not needed"),
        (OfferStatus.EXPIRED, "is late"),
    ],
)
def test_a_closed_question_tells_nobody_who_it_was(
    wijk: ReferralsWijk, status: str, way: str
) -> None:
    request = make.send(wijk, urgency=Urgency.TOMORROW, note="Sleutel bij de buren")
    first, second = make.open_offers(request)[:2]
    browser = browser_for(wijk, first)
    close(way, wijk, request, first, second)
    first.refresh_from_db()
    assert first.status == status
    for path in (INBOX, page_of(first)):
        assert_tells_nobody(browser, path)
        assert "Sleutel" not in text_of(browser, path)
    assert request.number in text_of(browser, INBOX)


def close(
    way: str, wijk: ReferralsWijk, request: ServiceRequest, first: Offer, second: Offer
) -> None:
    """Close the first of two questions."""
    now = timezone.now()
    if way == "declines":
        post(browser_for(wijk, first), first, "decline", reason=DeclineReason.TRAVEL)
    elif way == "loses":
        winner = wijk.nurse_of(second.service_id).actor
        accept_offer(actor=winner, offer_id=second.pk, at=now)
    elif way == "is not needed":
        withdraw_request(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            reason=CloseReason.NOT_NEEDED,
            at=now,
        )
    else:
        run_timers(at=now + timedelta(days=2))


def test_accepting_takes_one_press_and_shows_who_it_is(wijk: ReferralsWijk) -> None:
    request = make.send(wijk)
    [offer] = make.open_offers(request)
    browser = wijk.nurses[0].browser()
    seen_before = accesses(request)
    answer = browser.post(path_to(offer, "accept"), follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    for shown in (PATIENT.name, PATIENT.address, PATIENT.phone):
        assert shown in page
    request.refresh_from_db()
    assert request.status == RequestStatus.ACCEPTED
    assert request.placed_service_id == wijk.teams[0].pk
    # The release, and the showing on the page.
    assert accesses(request) == seen_before + 2


def test_accepting_twice_gives_the_same_page(wijk: ReferralsWijk) -> None:
    [offer] = make.open_offers(make.send(wijk))
    browser = wijk.nurses[0].browser()
    pages = [browser.post(path_to(offer, "accept")) for _ in range(2)]
    assert [page.status_code for page in pages] == [302, 302]
    assert pages[0]["Location"] == pages[1]["Location"] == page_of(offer)


def test_without_room_the_team_is_asked_once_whether_it_is_sure(
    wijk: ReferralsWijk,
) -> None:
    [offer] = make.open_offers(make.send(wijk))
    say_full(wijk.teams[0])
    browser = wijk.nurses[0].browser()
    asked = browser.post(path_to(offer, "accept"))
    assert asked.status_code == 409
    assert 'name="over_capacity"' in asked.content.decode()
    offer.refresh_from_db()
    assert offer.status == OfferStatus.OPEN
    browser.post(path_to(offer, "accept"), {"over_capacity": "yes"})
    offer.refresh_from_db()
    assert offer.status == OfferStatus.ACCEPTED


def test_who_comes_second_reads_that_there_is_nothing_to_do(
    wijk: ReferralsWijk,
) -> None:
    request = make.send(wijk, urgency=Urgency.TOMORROW)
    first, second = make.open_offers(request)[:2]
    accept_offer(
        actor=wijk.nurse_of(first.service_id).actor,
        offer_id=first.pk,
        at=timezone.now(),
    )
    late = browser_for(wijk, second).post(path_to(second, "accept"))
    page = late.content.decode()
    assert late.status_code == 409
    assert_words(page, "Another team was first. You do not need to do anything.")
    assert [secret for secret in SECRETS if secret in page] == []


def test_accepting_what_has_expired_changes_nothing(wijk: ReferralsWijk) -> None:
    [offer] = make.open_offers(make.send(wijk))
    run_timers(at=timezone.now() + timedelta(days=2))
    for act in ("accept", "decline"):
        answer = post(wijk.nurses[0].browser(), offer, act, reason="no-room")
        assert answer.status_code == 409
    offer.refresh_from_db()
    assert offer.status == OfferStatus.EXPIRED


def test_declining_for_want_of_room_corrects_the_room_and_says_so(
    wijk: ReferralsWijk,
) -> None:
    [offer] = make.open_offers(make.send(wijk))
    browser = wijk.nurses[0].browser()
    day = timezone.localdate() + timedelta(days=20)
    answer = post(
        browser,
        offer,
        "decline",
        reason=DeclineReason.NO_ROOM,
        room_again_on=day.isoformat(),
        note="Na de kerst weer",
    )
    assert answer["Location"] == INBOX
    page = text_of(browser, INBOX)
    assert f'href="{capacity_of(wijk.teams[0])}"' in page
    assert_words(page, "Your room now says: full. Is that not right?")
    newest = CapacityReport.objects.filter(service=wijk.teams[0]).latest("pk")
    assert (newest.new_clients, newest.no_room_until) == (0, day)
    offer.refresh_from_db()
    assert (offer.decline_note, offer.room_again_on) == ("Na de kerst weer", day)


def test_declining_for_another_reason_leaves_the_room_as_it_is(
    wijk: ReferralsWijk,
) -> None:
    [offer] = make.open_offers(make.send(wijk))
    browser = wijk.nurses[0].browser()
    post(browser, offer, "decline", reason=DeclineReason.SKILLS)
    newest = CapacityReport.objects.filter(service=wijk.teams[0]).latest("pk")
    assert newest.new_clients == 2
    assert offer.request.offers.filter(status=OfferStatus.OPEN).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"reason": "because"},
        {"reason": "no-room", "room_again_on": "2020-01-01"},
        {"reason": "no-room", "room_again_on": "soon"},
        {"reason": "no-room", "note": "x" * 301},
        {"reason": "no-room\0"},
    ],
)
def test_a_wrong_answer_comes_back_with_what_was_typed(
    wijk: ReferralsWijk, wrong: dict[str, str]
) -> None:
    [offer] = make.open_offers(make.send(wijk))
    data = {"note": "Bel mij gerust", **wrong}
    answer = post(wijk.nurses[0].browser(), offer, "decline", **data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="error-summary"' in page or "error-summary" in page
    assert data["note"] in page
    offer.refresh_from_db()
    assert offer.status == OfferStatus.OPEN


def test_the_enter_key_presses_no_reason(wijk: ReferralsWijk) -> None:
    [offer] = make.open_offers(make.send(wijk))
    page = text_of(wijk.nurses[0].browser(), path_to(offer, "decline"))
    form = page[page.index("novalidate") :]
    assert form.index("disabled hidden") < form.index('name="reason"')


def test_a_member_sees_the_questions_of_the_own_team_only(wijk: ReferralsWijk) -> None:
    request = make.send(wijk)
    [offer] = make.open_offers(request)
    other = wijk.nurses[1].browser()
    assert request.number not in text_of(other, INBOX)
    for path in (page_of(offer), path_to(offer, "decline")):
        assert other.get(path).status_code == 404
    for act in ("accept", "decline"):
        assert post(other, offer, act, reason="travel").status_code == 404
    offer.refresh_from_db()
    assert offer.status == OfferStatus.OPEN


def test_a_manager_sees_the_questions_by_team(wijk: ReferralsWijk) -> None:
    sister = make.make_team(
        wijk.wijk,
        at=timezone.now(),
        name="Team Zuiderpark zus",
        organization=wijk.teams[0].organization,
    )
    request = make.send(wijk)
    page = text_of(wijk.managers[0].browser(), INBOX)
    assert request.number in page
    assert page.index("Team Zuiderpark 1") < page.index(request.number)
    assert sister.name in page
    assert request.number not in text_of(wijk.managers[1].browser(), INBOX)


@pytest.mark.parametrize("role", [Role.REFERRER, Role.COORDINATOR, Role.INSURER])
def test_the_inbox_is_for_teams(wijk: ReferralsWijk, role: Role) -> None:
    [offer] = make.open_offers(make.send(wijk))
    client = Client()
    client.force_login(
        MembershipFactory(
            role=role, organization=wijk.practice, region=wijk.region
        ).user
    )
    assert client.get(INBOX).status_code == 403
    assert client.get("/clienten/").status_code == 403
    assert client.get(page_of(offer)).status_code == 404
    assert client.post(path_to(offer, "accept")).status_code == 404


def test_a_visitor_is_asked_to_sign_in(wijk: ReferralsWijk, client: Client) -> None:
    [offer] = make.open_offers(make.send(wijk))
    for path in (INBOX, page_of(offer), path_to(offer, "accept"), "/clienten/"):
        assert "aanmelden" in client.get(path)["Location"]
    assert client.post(path_to(offer, "accept")).status_code == 403


def test_the_title_counts_the_questions(wijk: ReferralsWijk) -> None:
    browser = wijk.nurses[0].browser()
    assert "<title>(" not in text_of(browser, INBOX)
    make.send(wijk)
    assert "<title>(1) " in text_of(browser, INBOX)


def test_an_empty_inbox_asks_whether_the_room_is_still_right(
    wijk: ReferralsWijk,
) -> None:
    page = text_of(wijk.nurses[0].browser(), INBOX)
    assert capacity_of(wijk.teams[0]) in page


def test_a_page_that_is_open_renews_only_the_time_while_nothing_changed(
    wijk: ReferralsWijk,
) -> None:
    [offer] = make.open_offers(make.send(wijk))
    browser = wijk.nurses[0].browser()
    renew = renewal_address(text_of(browser, INBOX))
    same = browser.get(renew, headers={"HX-Request": "true"})
    assert same["HX-Reswap"] == "none"
    assert f'id="left-{offer.pk}"' in same.content.decode()
    assert_tells_nobody(browser, renew)
    post(browser, offer, "decline", reason=DeclineReason.TRAVEL)
    changed = browser.get(renew, headers={"HX-Request": "true"})
    assert "HX-Reswap" not in changed
    assert 'id="inbox"' in changed.content.decode()


def test_an_open_page_whose_session_is_over_loads_anew(client: Client) -> None:
    answer = client.get(INBOX, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_a_question_that_does_not_fit_says_why(wijk: ReferralsWijk) -> None:
    make.send(wijk)
    now = timezone.now()
    make.report_room(
        wijk.teams[0],
        at=now + timedelta(hours=2, seconds=-1),
        new_clients=1,
        parts_of_day=["evening"],
        tasks_excluded=["medication"],
        size_band=SizeBand.TO_2,
    )
    page = text_of(wijk.nurses[0].browser(), INBOX)
    assert_words(page, "Does not fit in your room")


def test_the_inbox_takes_as_many_queries_for_ten_questions_as_for_one(
    wijk: ReferralsWijk, django_assert_max_num_queries: Any
) -> None:
    make.send(wijk)
    browser = wijk.nurses[0].browser()
    browser.get(INBOX)
    for _ in range(4):
        make.send(wijk)
    with django_assert_max_num_queries(16):
        browser.get(INBOX)


# --- the list of clients


def test_the_list_of_clients_holds_numbers_and_no_names(wijk: ReferralsWijk) -> None:
    request = make.place(wijk)
    nurse = nurse_with(wijk, request)
    page = text_of(nurse.browser(), "/clienten/")
    assert request.number in page
    assert not any(secret in page for secret in SECRETS)
    others = [person for person in wijk.nurses if person is not nurse]
    assert all(
        request.number not in text_of(person.browser(), "/clienten/")
        for person in others
    )


def test_a_client_is_found_by_number(wijk: ReferralsWijk) -> None:
    request = make.place(wijk)
    browser = nurse_with(wijk, request).browser()
    assert request.number in text_of(browser, f"/clienten/?q={request.number.lower()}")
    for text in ("A-000000", "%00", "'", "%25"):
        page = text_of(browser, f"/clienten/?q={text}")
        assert (f"/{request.number}/" in page) is (text == "%00")


# --- what the tests share


def page_of(offer: Offer) -> str:
    """Return the address of a question."""
    return reverse("referrals:offer", args=[offer.pk])


def path_to(offer: Offer, act: str) -> str:
    """Return the address of an act on a question."""
    return reverse(f"referrals:offer-{act}", args=[offer.pk])


def post(browser: Client, offer: Offer, act: str, **data: str) -> Any:
    """Answer a question."""
    return browser.post(path_to(offer, act), data)


def say_full(service: HealthcareService) -> None:
    """Let a team report just now that it is full."""
    make.report_room(
        service,
        at=timezone.now() + timedelta(hours=2, seconds=-1),
        new_clients=0,
        size_band="",
        parts_of_day=[],
        no_room_reason="full",
    )


def capacity_of(service: HealthcareService) -> str:
    """Return the address where a team reports its room."""
    return reverse("directory:capacity", args=[service.pk])


def browser_for(wijk: ReferralsWijk, offer: Offer) -> Client:
    """Return the browser of the nurse a question was put to."""
    return wijk.nurse_of(offer.service_id).browser()


def nurse_with(wijk: ReferralsWijk, request: ServiceRequest) -> Person:
    """Return the nurse of the team that has a client."""
    assert request.placed_service_id is not None
    return wijk.nurse_of(request.placed_service_id)


def text_of(browser: Client, path: str) -> str:
    """Return a page that must be there."""
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def assert_tells_nobody(browser: Client, path: str) -> None:
    """Check that nothing on a page says who it is about or who asked."""
    page = text_of(browser, path)
    assert [secret for secret in SECRETS if secret in page] == []


def assert_words(page: str, english: str) -> None:
    """Check for a sentence, in the language the page is shown in."""
    with translation.override("nl"):
        dutch = translation.gettext(english)
    assert escape(english) in page or escape(dutch) in page


def renewal_address(page: str) -> str:
    """Return where an open page asks for what is new."""
    start = page.index('hx-get="') + len('hx-get="')
    return page[start : page.index('"', start)]


def accesses(request: ServiceRequest) -> int:
    """Return how often the trail holds that somebody saw the client."""
    return AuditEvent.objects.filter(
        entity_type="patient", entity_id=str(request.pk)
    ).count()
