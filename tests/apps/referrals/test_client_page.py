"""The client's link shows progress only; the code shows the rest, and is logged."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.referrals import (
    PATIENT,
    ReferralsWijk,
    make_wijk,
    open_offers,
    submit,
)
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import CapacityReservation
from wijkspil.directory.types import CareTask
from wijkspil.referrals.models import ClientLink, Consent, ServiceRequest
from wijkspil.referrals.services.disclosure import show_patient
from wijkspil.referrals.services.offers import accept_offer
from wijkspil.referrals.types import RequestStatus, Submitted

pytestmark = pytest.mark.django_db

#: Words that would tell what somebody needs, or from whom.
HEALTH = ("stocking", "medication", "hospital", "nursing", "Zuiderpark", "80 to 90")


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def sent(wijk: ReferralsWijk) -> Submitted:
    return submit(wijk)


@pytest.fixture
def browser() -> Client:
    return Client(headers={"Accept-Language": "en"})


def path(sent: Submitted, tail: str = "") -> str:
    return f"/volg/{sent.link_token}/{tail}"


def main_of(answer: object) -> str:
    html = answer.content.decode()  # type: ignore[attr-defined]
    return re.search(r"<main.*</main>", html, re.DOTALL)[0]  # type: ignore[index]


def open_page(browser: Client, sent: Submitted) -> str:
    answer = browser.post(path(sent), {"code": sent.link_code}, follow=True)
    assert answer.status_code == 200
    return main_of(answer)


def accept(wijk: ReferralsWijk, sent: Submitted) -> None:
    offer = open_offers(stored(sent))[0]
    accept_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        at=timezone.now(),
    )


def stored(sent: Submitted) -> ServiceRequest:
    return ServiceRequest.objects.get(pk=sent.request_id)


def test_the_link_alone_says_nothing_about_health_and_names_nobody(
    wijk: ReferralsWijk, sent: Submitted, browser: Client
) -> None:
    for act in (lambda: None, lambda: accept(wijk, sent)):
        act()
        page = main_of(browser.get(path(sent)))
        told = [word for word in HEALTH if word.lower() in page.lower()]
        assert told == []
        assert PATIENT.name not in page
        assert "R. Eferrer" not in page
        assert wijk.practice.name not in page
    assert not AuditEvent.objects.filter(actor_label="client").exists()


def test_the_page_is_kept_by_nobody(sent: Submitted, browser: Client) -> None:
    answer = browser.get(path(sent))
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_code_shows_who_comes_and_what_was_asked(
    wijk: ReferralsWijk, sent: Submitted, browser: Client
) -> None:
    accept(wijk, sent)
    page = open_page(browser, sent)
    assert "Team Zuiderpark 1" in page
    assert CareTask.STOCKINGS.label.lower() in page.lower()
    assert PATIENT.name in page
    assert "N. Urse 1" in page  # who saw the name


def test_every_showing_of_the_name_is_logged(sent: Submitted, browser: Client) -> None:
    open_page(browser, sent)
    browser.get(path(sent))
    shown = AuditEvent.objects.filter(
        actor_label="client", entity_type="patient", entity_id=str(sent.request_id)
    )
    assert shown.count() == 2


def test_a_wrong_code_shows_nothing_and_five_close_it(
    sent: Submitted, browser: Client
) -> None:
    wrong = "000000" if sent.link_code != "000000" else "000001"
    for _n in range(5):
        answer = browser.post(path(sent), {"code": wrong})
        assert answer.status_code == 422
        assert "This code is not right" in answer.content.decode()
    answer = browser.post(path(sent), {"code": sent.link_code})
    assert "too many wrong codes" in answer.content.decode()
    assert PATIENT.name not in answer.content.decode()


def test_a_code_may_be_typed_with_a_space(sent: Submitted, browser: Client) -> None:
    code = f"{sent.link_code[:3]} {sent.link_code[3:]}"
    page = main_of(browser.post(path(sent), {"code": code}, follow=True))
    assert PATIENT.name in page


def test_half_an_hour_after_the_code_the_page_is_closed_again(
    sent: Submitted, browser: Client
) -> None:
    open_page(browser, sent)
    session = browser.session
    session["private-links"] = {
        key: until - timedelta(minutes=31).total_seconds()
        for key, until in session["private-links"].items()
    }
    session.save()
    assert PATIENT.name not in main_of(browser.get(path(sent)))


def test_the_code_opens_one_link_only(wijk: ReferralsWijk, browser: Client) -> None:
    first, second = submit(wijk), submit(wijk)
    open_page(browser, first)
    assert PATIENT.name not in main_of(browser.get(path(second)))


def test_the_code_is_not_kept_in_the_session(sent: Submitted, browser: Client) -> None:
    open_page(browser, sent)
    assert sent.link_code not in str(dict(browser.session))
    assert sent.link_token not in str(dict(browser.session))


def test_closing_asks_the_code_again(sent: Submitted, browser: Client) -> None:
    open_page(browser, sent)
    browser.post(path(sent, "sluiten"))
    assert PATIENT.name not in main_of(browser.get(path(sent)))


def test_an_unknown_or_ended_link_is_not_found(
    sent: Submitted, browser: Client
) -> None:
    assert browser.get("/volg/unknown/").status_code == 404
    ClientLink.objects.update(valid_until=timezone.now())
    for tail in ("", "intrekken"):
        assert browser.get(path(sent, tail)).status_code == 404
    for tail in ("", "bezwaar", "intrekken", "sluiten"):
        assert browser.post(path(sent, tail)).status_code == 404


def test_an_objection_ends_the_question_and_asks_the_next(
    wijk: ReferralsWijk, sent: Submitted, browser: Client
) -> None:
    first = open_offers(stored(sent))[0].service
    open_page(browser, sent)
    choice = {"organization": first.organization_id}
    for _twice in range(2):
        browser.post(path(sent, "bezwaar"), choice)
    request = stored(sent)
    assert request.refused_organizations == [first.organization_id]
    assert [offer.service_id for offer in open_offers(request)] == [wijk.teams[1].pk]
    objections = Consent.objects.filter(request=request, decision="objected")
    assert [row.organization_id for row in objections] == [first.organization_id]


def test_who_objects_to_the_provider_that_has_the_client_gets_another_team(
    wijk: ReferralsWijk, sent: Submitted, browser: Client
) -> None:
    accept(wijk, sent)
    team, nurse = wijk.teams[0], wijk.nurses[0]
    assert path(sent, "ander-team") in open_page(browser, sent)
    shown = main_of(browser.get(path(sent, "ander-team")))
    assert team.organization.name in shown
    for _twice in range(2):
        answer = browser.post(
            path(sent, "ander-team"), {"organization": team.organization_id}
        )
        assert answer.status_code == 302
    request = stored(sent)
    assert request.placed_service_id is None
    assert request.refused_organizations == [team.organization_id]
    assert (request.owner_id, request.owner_kind) == (
        wijk.coordinator.user.pk,
        "coordinator",
    )
    assert [offer.service_id for offer in open_offers(request)] == [wijk.teams[1].pk]
    event = request.events.get(kind="reopened")
    assert (event.detail["reason"], event.actor_name) == ("objection", "client")
    objection = Consent.objects.get(request=request, decision="objected")
    assert objection.organization_id == team.organization_id
    assert not CapacityReservation.objects.filter(released_at=None).exists()
    # From that moment the team sees nobody any more.
    with pytest.raises(NotPermitted):
        show_patient(
            actor=nurse.actor,
            request_id=request.pk,
            purpose="page.request",
            at=timezone.now(),
        )
    page = nurse.browser().get(f"/aanvragen/{request.number}/")
    assert page.status_code == 404
    told = main_of(
        wijk.referrer.browser().get(
            f"/aanvragen/{request.number}/", headers={"Accept-Language": "en"}
        )
    )
    assert "the client does not want this provider" in told


def test_an_objection_from_an_old_page_never_hits_another_provider(
    wijk: ReferralsWijk, sent: Submitted, browser: Client
) -> None:
    accept(wijk, sent)
    open_page(browser, sent)
    other = wijk.teams[1].organization_id
    browser.post(path(sent, "ander-team"), {"organization": other})
    assert stored(sent).status == RequestStatus.ACCEPTED
    browser.post(path(sent, "bezwaar"), {"organization": other})
    assert stored(sent).refused_organizations == []


def test_a_team_whose_client_withdrew_no_longer_sees_who_it_was(
    wijk: ReferralsWijk, sent: Submitted, browser: Client
) -> None:
    accept(wijk, sent)
    open_page(browser, sent)
    browser.post(path(sent, "intrekken"), {"reason": "objection"})
    assert stored(sent).status == RequestStatus.WITHDRAWN
    with pytest.raises(NotPermitted):
        show_patient(
            actor=wijk.nurses[0].actor,
            request_id=sent.request_id,
            purpose="page.request",
            at=timezone.now(),
        )


def test_without_the_code_nothing_can_be_changed(
    sent: Submitted, browser: Client
) -> None:
    first = open_offers(stored(sent))[0].service
    browser.post(path(sent, "bezwaar"), {"organization": first.organization_id})
    browser.post(path(sent, "ander-team"), {"organization": first.organization_id})
    browser.post(path(sent, "intrekken"), {"reason": "not-needed"})
    request = stored(sent)
    assert request.refused_organizations == []
    assert request.status == RequestStatus.OFFERED


def test_an_objection_needs_a_provider_from_the_list(
    sent: Submitted, browser: Client
) -> None:
    open_page(browser, sent)
    answer = browser.post(path(sent, "bezwaar"), {"organization": "999999"})
    assert answer.status_code == 422
    assert "Choose a provider from the list." in answer.content.decode()


def test_the_client_takes_the_request_back_once_with_a_reason(
    sent: Submitted, browser: Client
) -> None:
    open_page(browser, sent)
    answer = browser.post(path(sent, "intrekken"), {})
    assert answer.status_code == 422
    assert stored(sent).status == RequestStatus.OFFERED
    for _twice in range(2):
        browser.post(path(sent, "intrekken"), {"reason": "not-needed"})
    request = stored(sent)
    assert (request.status, request.close_reason) == ("withdrawn", "not-needed")
    assert open_offers(request) == []
    assert request.events.filter(kind="withdrawn").count() == 1


def test_the_page_holds_in_every_state(sent: Submitted, browser: Client) -> None:
    open_page(browser, sent)
    team = open_offers(stored(sent))[0].service_id
    for status in RequestStatus:
        if status == RequestStatus.DRAFT:
            continue
        ServiceRequest.objects.filter(pk=sent.request_id).update(
            status=status,
            placed_service=team,
            placed_at=timezone.now(),
        )
        assert browser.get(path(sent)).status_code == 200, status
        assert Client().get(path(sent)).status_code == 200, status
