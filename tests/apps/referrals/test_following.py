"""Who follows a request sees where it stands; who the client is only on asking."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.directory import OrganizationFactory
from tests.factories.referrals import (
    PATIENT,
    ReferralsWijk,
    draft,
    make_person,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.services.links import find_by_link
from wijkspil.referrals.services.offers import decline_offer, run_timers
from wijkspil.referrals.services.steering import cancel_request, withdraw_request
from wijkspil.referrals.types import CloseReason

pytestmark = pytest.mark.django_db

SECRETS = (
    PATIENT.name,
    PATIENT.address,
    PATIENT.phone,
    PATIENT.representative_name,
    PATIENT.representative_phone,
    PATIENT.gp_name,
)


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def read(browser: Client, request: ServiceRequest, tail: str = "") -> str:
    answer = browser.get(
        f"/aanvragen/{request.number}/{tail}", headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_answer_comes_first_with_owner_and_otherwise(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    page = read(wijk.referrer.browser(), request)
    assert "Team Zuiderpark 1 has the question." in page
    assert "R. Eferrer" in page
    assert "the next team is asked by itself" in page
    assert page.index("has the question") < page.index("What was asked")


def test_nobody_named_is_on_the_page_before_asking(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    for person in (wijk.referrer, wijk.coordinator, wijk.nurses[0]):
        assert person is not None
        page = read(person.browser(), request)
        assert not [secret for secret in SECRETS if secret in page]
    assert not AuditEvent.objects.filter(purpose="page.request").exists()


def test_showing_who_it_is_is_written_down(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    browser = wijk.referrer.browser()
    answer = browser.post(f"/aanvragen/{request.number}/wie")
    assert PATIENT.name in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(purpose="page.request")
    assert (event.actor_label, event.entity_id) == ("R. Eferrer", str(request.pk))
    assert (
        "R. Eferrer"
        in read(wijk.colleague.browser(), request).split("Who looked at this")[1]
    )


def test_a_team_that_was_only_asked_does_not_learn_that_it_exists(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    browser = wijk.nurses[0].browser()
    assert open_offers(request)[0].service_id == wijk.teams[0].pk
    for tail in ("", "stand", "link"):
        assert browser.get(f"/aanvragen/{request.number}/{tail}").status_code == 404
    assert browser.post(f"/aanvragen/{request.number}/wie").status_code == 404


def test_another_organization_does_not_see_it(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    stranger = make_person(
        Role.REFERRER, name="S. Tranger", at=wijk.at, organization=OrganizationFactory()
    )
    assert stranger.browser().get(f"/aanvragen/{request.number}/").status_code == 404
    assert request.number not in stranger.browser().get("/aanvragen/").content.decode()


def test_declining_is_told_with_its_reason(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    offer = open_offers(request)[0]
    decline_offer(
        actor=wijk.nurses[0].actor, offer_id=offer.pk, reason="no-room", at=wijk.at
    )
    page = read(wijk.referrer.browser(), request)
    assert "Team Zuiderpark 1 cannot take the client: no room." in page
    assert "Team Zuiderpark 2 has the question." in page


def test_the_status_part_says_when_there_is_news(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    browser = wijk.referrer.browser()
    newest = request.events.order_by("-pk")[0].pk
    assert "Something happened" not in read(browser, request, f"stand?seen={newest}")
    offer = open_offers(request)[0]
    decline_offer(
        actor=wijk.nurses[0].actor, offer_id=offer.pk, reason="no-room", at=wijk.at
    )
    part = read(browser, request, f"stand?seen={newest}")
    assert "Something happened" in part
    assert "Team Zuiderpark 2 has the question." in part
    assert "<html" not in part


def test_a_closed_request_no_longer_asks_for_news(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    assert "every 20s" in read(wijk.referrer.browser(), request)
    cancel_request(
        actor=wijk.referrer.actor, request_id=request.pk, reason="mistake", at=wijk.at
    )
    assert "every 20s" not in read(wijk.referrer.browser(), request)


def test_a_new_link_ends_the_old_one_and_is_shown_once(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    browser = wijk.colleague.browser()
    path = f"/aanvragen/{request.number}/link"
    assert "/volg/" not in browser.get(path).content.decode()
    page = browser.post(path).content.decode()
    token = page.split("/volg/")[1].split("/")[0]
    assert find_by_link(token, at=wijk.at) == request.pk
    assert token not in browser.get(path).content.decode()
    assert AuditEvent.objects.filter(
        purpose="client-link.renew", actor_label="C. Ollega"
    ).exists()


def test_my_requests_are_in_groups_what_waits_first(wijk: ReferralsWijk) -> None:
    placed, waiting, unsent = place(wijk), send(wijk), draft(wijk)
    closed = send(wijk)
    cancel_request(
        actor=wijk.referrer.actor, request_id=closed.pk, reason="mistake", at=wijk.at
    )
    page = (
        wijk.colleague.browser()
        .get("/aanvragen/", headers={"Accept-Language": "en"})
        .content.decode()
    )
    places = [page.index(r.number) for r in (waiting, unsent, placed, closed)]
    assert places == sorted(places)
    assert page.index("<details") < places[3]
    assert not [secret for secret in SECRETS if secret in page]


def test_colleagues_keep_the_request_of_who_left(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    assert request.owner == wijk.referrer.user
    wijk.referrer.user.delete()
    request.refresh_from_db()
    assert (request.owner_id, request.requester_id) == (None, None)
    assert (request.owner_name, request.owner_kind) == ("R. Eferrer", "requester")
    browser = wijk.colleague.browser()
    assert request.number in browser.get("/aanvragen/").content.decode()
    assert "R. Eferrer" in read(browser, request)
    # And can still act on it.
    withdraw_request(
        actor=wijk.colleague.actor,
        request_id=request.pk,
        reason=CloseReason.NOT_NEEDED,
        at=timezone.now(),
    )


def test_when_no_team_is_left_a_coordinator_has_it_from_who_left(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    wijk.referrer.user.delete()
    for days in range(1, 5):
        run_timers(at=wijk.at + timedelta(days=days))
    request.refresh_from_db()
    assert (request.status, request.owner) == ("open", wijk.coordinator.user)


def test_nobody_with_requests_is_told_how_to_start(wijk: ReferralsWijk) -> None:
    answer = wijk.referrer.browser().get(
        "/aanvragen/", headers={"Accept-Language": "en"}
    )
    assert "No requests yet" in answer.content.decode()
    assert "/zorg-aanvragen/" in answer.content.decode()


def test_the_list_takes_no_more_queries_with_more_requests(
    wijk: ReferralsWijk, django_assert_max_num_queries: object
) -> None:
    for _n in range(4):
        send(wijk)
    browser = wijk.referrer.browser()
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        browser.get("/aanvragen/")


def test_the_page_of_a_draft_does_not_break(wijk: ReferralsWijk) -> None:
    assert "was not sent yet" in read(wijk.referrer.browser(), draft(wijk))


def test_the_trail_leads_to_the_list_of_this_reader(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    assert wijk.coordinator is not None
    for person, path in (
        (wijk.referrer, "/aanvragen/"),
        (wijk.nurses[0], "/clienten/"),
        (wijk.coordinator, "/regietafel/"),
    ):
        page = read(person.browser(), request)
        trail = page[page.index("wp-breadcrumb") :][:600]
        assert f'href="{path}"' in trail
