"""Who sent a request and who coordinates it move it on, each within what they may."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate, localtime

from tests.factories.referrals import (
    PATIENT,
    ReferralsWijk,
    make_coordinator,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.models import AssignmentAgreement, ServiceRequest
from wijkspil.referrals.services.offers import decline_offer
from wijkspil.referrals.types import DeclineReason, RequestStatus
from wijkspil.referrals.views.steering import ACTS, steering_panel

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
REQUESTER_ACTS = {
    "vragen",
    "telefoon",
    "bezwaar",
    "intrekken",
    "annuleren",
    "notitie",
    "eerste-dag",
    "andere-zorg",
    "opgenomen",
    "overleden",
}


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def browser_of(wijk: ReferralsWijk) -> Client:
    assert wijk.coordinator is not None
    return wijk.coordinator.browser()


def address(request: ServiceRequest, act: str) -> str:
    return f"/aanvragen/{request.number}/sturen/{act}/"


def make_open(wijk: ReferralsWijk, **changes: Any) -> ServiceRequest:
    """Return a request that every team declined."""
    request = send(wijk, **changes)
    while offers := open_offers(request):
        decline_offer(
            actor=wijk.nurse_of(offers[0].service_id).actor,
            offer_id=offers[0].pk,
            reason=DeclineReason.TRAVEL,
            at=wijk.at,
        )
    request.refresh_from_db()
    assert request.status == RequestStatus.OPEN
    return request


def acts_of(panel: dict[str, Any] | None) -> set[str]:
    assert panel is not None
    return {act["url"].rstrip("/").rsplit("/", 1)[1] for act in panel["acts"]} | (
        {"vragen"} if panel["may_ask"] else set()
    )


def test_the_requester_gets_only_what_a_requester_may(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    panel = steering_panel(wijk.referrer.actor, request, wijk.at)
    assert acts_of(panel) == REQUESTER_ACTS
    assert panel is not None
    assert not panel["may_take"]


def test_the_coordinator_gets_every_act_that_is_possible(wijk: ReferralsWijk) -> None:
    assert wijk.coordinator is not None
    make_coordinator(wijk.region, at=wijk.at, name="C. Ollega-Coördinator")
    panel = steering_panel(wijk.coordinator.actor, make_open(wijk), wijk.at)
    assert acts_of(panel) == {act.key for act in ACTS} - {"heropenen", "thuis"}


def test_a_team_that_was_only_asked_has_no_panel(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    assert steering_panel(wijk.nurses[0].actor, request, wijk.at) is None


@pytest.mark.parametrize("act", [act.key for act in ACTS])
def test_nobody_without_a_part_in_it_learns_that_it_exists(
    wijk: ReferralsWijk, act: str
) -> None:
    request = send(wijk)
    browser = wijk.nurses[1].browser()
    assert browser.get(address(request, act)).status_code == 404
    assert browser.post(address(request, act)).status_code == 404


@pytest.mark.parametrize("act", [act.key for act in ACTS if not act.is_for_requester])
def test_the_requester_is_refused_what_only_a_coordinator_may(
    wijk: ReferralsWijk, act: str
) -> None:
    answer = wijk.referrer.browser().post(address(make_open(wijk), act))
    assert answer.status_code == 403


def test_an_objection_told_on_the_phone_is_written_down(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    provider = wijk.teams[0].organization_id
    answer = wijk.referrer.browser().post(
        address(request, "bezwaar"), {"organization": provider, "given_by": "client"}
    )
    assert answer.status_code == 302
    request.refresh_from_db()
    assert request.refused_organizations == [provider]
    assert not request.offers.filter(
        status="open", service__organization_id=provider
    ).exists()


def test_the_request_page_shows_the_panel(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    page = browser_of(wijk).get(f"/aanvragen/{request.number}/", headers=ENGLISH)
    assert "Move this request on" in page.content.decode()
    own = wijk.referrer.browser().get(f"/aanvragen/{request.number}/", headers=ENGLISH)
    assert "What you can do with this request" in own.content.decode()


def test_a_team_that_declined_can_be_asked_again(wijk: ReferralsWijk) -> None:
    request = make_open(wijk)
    declined = wijk.teams[2]
    page = browser_of(wijk).get(address(request, "vragen"), headers=ENGLISH)
    assert "Asked before: too far to travel" in page.content.decode()
    browser_of(wijk).post(address(request, "vragen"), {"service_ids": [declined.pk]})
    assert [offer.service_id for offer in open_offers(request)] == [declined.pk]


def test_teams_are_found_by_name_and_refused_ones_are_not(wijk: ReferralsWijk) -> None:
    refused = wijk.teams[1]
    request = send(wijk, refused_organization_ids=(refused.organization_id,))
    answer = browser_of(wijk).get(address(request, "vragen") + "?zoek=zuiderpark")
    page = answer.content.decode()
    assert wijk.teams[2].name in page
    assert f'value="{refused.pk}"' not in page
    empty = browser_of(wijk).get(
        address(request, "vragen") + "?zoek=qqq", headers=ENGLISH
    )
    assert "No team has this name" in empty.content.decode()


def test_a_phone_agreement_places_the_client(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    team = wijk.teams[2]
    answer = wijk.referrer.browser().post(
        address(request, "telefoon"),
        {"service_id": team.pk, "spoke_with": "Wijkverpleegkundige Bo"},
    )
    assert answer["Location"] == f"/aanvragen/{request.number}/"
    request.refresh_from_db()
    assert (request.status, request.placed_service_id) == ("accepted", team.pk)


def test_a_form_with_a_mistake_keeps_what_was_typed(wijk: ReferralsWijk) -> None:
    request = make_open(wijk)
    answer = browser_of(wijk).post(
        address(request, "overbruggen"),
        {"helped_by": "Dochter en buurvrouw", "until": "2020-01-01"},
        headers=ENGLISH,
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Dochter en buurvrouw" in page
    assert "give a day ahead" in page


def test_bridging_keeps_it_open_with_a_date(wijk: ReferralsWijk) -> None:
    request = make_open(wijk)
    until = localdate(wijk.at) + timedelta(days=3)
    browser_of(wijk).post(
        address(request, "overbruggen"),
        {"helped_by": "Ziekenhuis", "until": until.isoformat()},
    )
    request.refresh_from_db()
    assert request.status == RequestStatus.BRIDGED
    assert request.due_at is not None
    assert localtime(request.due_at).date() == until


def test_the_date_moves_with_a_reason(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    moment = localtime(wijk.at + timedelta(days=2)).replace(second=0, microsecond=0)
    browser = browser_of(wijk)
    without = browser.post(
        address(request, "datum"), {"due_at": f"{moment:%Y-%m-%dT%H:%M}", "why": ""}
    )
    assert without.status_code == 422
    browser.post(
        address(request, "datum"),
        {"due_at": f"{moment:%Y-%m-%dT%H:%M}", "why": "Familie belt terug"},
    )
    request.refresh_from_db()
    assert request.due_at == moment


def test_the_insurer_gets_it_only_after_the_dossier_was_sent(
    wijk: ReferralsWijk,
) -> None:
    request = make_open(wijk, insurer="3311")
    browser = browser_of(wijk)
    assert browser.post(address(request, "verzekeraar"), {}).status_code == 422
    request.refresh_from_db()
    assert request.status == RequestStatus.OPEN
    browser.post(address(request, "verzekeraar"), {"is_sent": "on"})
    request.refresh_from_db()
    assert request.status == RequestStatus.MEDIATION


def test_without_a_known_insurer_the_page_says_what_to_do(wijk: ReferralsWijk) -> None:
    answer = browser_of(wijk).post(
        address(make_open(wijk), "verzekeraar"), {"is_sent": "on"}, headers=ENGLISH
    )
    assert answer.status_code == 422
    assert "Ask the client" in answer.content.decode()


def test_taking_out_the_dossier_is_written_down_every_time(
    wijk: ReferralsWijk,
) -> None:
    request = make_open(wijk, insurer="3311")
    browser = browser_of(wijk)
    sent = browser.get(f"/aanvragen/{request.number}/dossier.json")
    assert json.loads(sent.content)["client"]["name"] == PATIENT.name
    assert "attachment" in sent["Content-Disposition"]
    shown = browser.get(f"/aanvragen/{request.number}/dossier")
    assert PATIENT.name in shown.content.decode()
    trail = AuditEvent.objects.filter(
        entity_id=str(request.pk), action=AuditEvent.Action.EXPORT
    )
    assert trail.count() == 2


def test_the_requester_does_not_get_the_dossier(wijk: ReferralsWijk) -> None:
    request = make_open(wijk)
    for tail in ("dossier", "dossier.json"):
        answer = wijk.referrer.browser().get(f"/aanvragen/{request.number}/{tail}")
        assert answer.status_code == 403


def test_assigning_needs_a_signed_agreement(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    team = wijk.teams[2]
    browser = browser_of(wijk)
    none = browser.get(address(request, "toewijzen"), headers=ENGLISH)
    assert "There is no team to choose" in none.content.decode()
    refused = browser.post(address(request, "toewijzen"), {"service_id": team.pk})
    assert refused.status_code == 422
    today = localdate(wijk.at)
    AssignmentAgreement.objects.create(
        organization=team.organization,
        region=wijk.region,
        signed_by="Bestuurder",
        signed_on=today,
        valid_from=today,
        document="Archief",
    )
    browser.post(address(request, "toewijzen"), {"service_id": team.pk})
    request.refresh_from_db()
    assert request.placed_service_id == team.pk


def test_cancelling_twice_is_told_and_harmless(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    browser = wijk.referrer.browser()
    for _press in range(2):
        answer = browser.post(address(request, "annuleren"), {"reason": "mistake"})
        assert answer["Location"] == f"/aanvragen/{request.number}/"
    request.refresh_from_db()
    assert request.status == RequestStatus.CANCELLED
    assert request.events.filter(kind="cancelled").count() == 1


def test_what_was_closed_is_opened_again_with_a_reason(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    browser = wijk.referrer.browser()
    browser.post(address(request, "intrekken"), {"reason": "client-refuses"})
    assert browser.post(address(request, "heropenen"), {}).status_code == 422
    browser.post(address(request, "heropenen"), {"reason": "changed-mind"})
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED


def test_a_requester_does_not_take_a_client_from_its_team(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    wijk.referrer.browser().post(address(request, "heropenen"), {"reason": "mistake"})
    request.refresh_from_db()
    assert request.status == RequestStatus.ACCEPTED


def test_an_act_that_does_not_exist_is_not_found(wijk: ReferralsWijk) -> None:
    assert browser_of(wijk).get(address(send(wijk), "opheffen")).status_code == 404
