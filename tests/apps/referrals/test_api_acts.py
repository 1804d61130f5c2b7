"""What else the systems of who asks and who cares can do to a request."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.referrals.rest import System, problem_of
from tests.factories.referrals import (
    AssignmentAgreementFactory,
    ReferralsWijk,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.models import ServiceRequest
from wijkspil.referrals.services.offers import assign_by_agreement

pytestmark = pytest.mark.django_db


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def practice(wijk: ReferralsWijk) -> System:
    return System(wijk.practice)


def acts(wijk: ReferralsWijk) -> dict[str, Any]:
    organization = wijk.teams[0].organization_id
    return {
        "objection": {"organizationId": organization, "givenBy": "representative"},
        "date": {
            "dueAt": (timezone.now() + timedelta(days=2)).isoformat(),
            "why": "familie belt terug",
        },
        "notes": {"text": "Sleutel ligt bij de buren"},
        "client-link": None,
    }


def test_an_objection_asks_the_next_team(wijk: ReferralsWijk, practice: System) -> None:
    request = send(wijk)
    assert [one.service_id for one in open_offers(request)] == [wijk.teams[0].pk]
    path = f"/requests/{request.number}/objection"
    body = acts(wijk)["objection"]
    for _time in range(2):  # twice is harmless
        assert practice.post(path, body).status_code == 200
    assert [one.service_id for one in open_offers(request)] == [wijk.teams[1].pk]
    wrong = problem_of(practice.post(path, {"organizationId": 999_999}), 400)
    assert wrong["invalidParams"][0]["name"] == "organizationId"


def test_a_date_moves_with_a_reason(wijk: ReferralsWijk, practice: System) -> None:
    request = send(wijk)
    path = f"/requests/{request.number}/date"
    answer = practice.post(path, acts(wijk)["date"])
    assert answer.status_code == 200, answer.content
    late = {"dueAt": "2020-01-01T09:00:00+01:00", "why": "te laat"}
    wrong = problem_of(practice.post(path, late), 400)
    assert wrong["invalidParams"][0]["name"] == "dueAt"
    without_zone = {"dueAt": "2030-01-01T09:00:00", "why": "zone"}
    problem_of(practice.post(path, without_zone), 400)


def test_a_note_is_among_what_happened(wijk: ReferralsWijk, practice: System) -> None:
    request = send(wijk)
    path = f"/requests/{request.number}"
    assert practice.post(f"{path}/notes", acts(wijk)["notes"]).status_code == 200
    newest = practice.get(f"{path}/events").json()["items"][0]
    assert (newest["kind"], newest["detail"]["text"]) == (
        "note",
        "Sleutel ligt bij de buren",
    )
    problem_of(practice.post(f"{path}/notes", {"text": " "}), 400)


def test_a_new_link_ends_the_old_one_and_is_logged(
    wijk: ReferralsWijk, practice: System
) -> None:
    request = send(wijk)
    path = f"/requests/{request.number}/client-link"
    first, second = practice.post(path).json(), practice.post(path).json()
    assert first["url"] != second["url"]
    assert len(second["code"]) == 6
    visitor = Client()
    assert visitor.get(second["url"].split("testserver")[1]).status_code == 200
    assert visitor.get(first["url"].split("testserver")[1]).status_code == 404
    assert AuditEvent.objects.filter(purpose="client-link.renew").count() == 2


def test_a_team_stops_an_assignment_that_is_not_safe(wijk: ReferralsWijk) -> None:
    AssignmentAgreementFactory.create(
        organization=wijk.teams[1].organization, region=wijk.region
    )
    request = send(wijk)
    assign_by_agreement(
        actor=wijk.coordinator.actor,
        request_id=request.pk,
        service_id=wijk.teams[1].pk,
        at=timezone.now(),
    )
    team = System(wijk.teams[1].organization)
    path = f"/requests/{request.number}/safety-stop"
    body = {"ground": "staffing", "explanation": "Niemand in de avond"}
    problem_of(team.post(path, {**body, "ground": "mood"}), 400)
    problem_of(System(wijk.practice).post(path, body), 403)
    answer = team.post(path, body)
    assert answer.status_code == 200, answer.content
    assert ServiceRequest.objects.get(pk=request.pk).placed_service_id is None


def test_a_client_that_a_team_took_itself_is_not_stopped_so(
    wijk: ReferralsWijk,
) -> None:
    request = place(wijk)
    team = next(t for t in wijk.teams if t.pk == request.placed_service_id)
    body = {"ground": "home", "explanation": "Hond"}
    answer = System(team.organization).post(
        f"/requests/{request.number}/safety-stop", body
    )
    problem_of(answer, 400)


@pytest.mark.parametrize("act", ["objection", "date", "notes", "client-link"])
def test_a_team_that_was_only_asked_learns_nothing(
    wijk: ReferralsWijk, act: str
) -> None:
    request = send(wijk)
    team = System(wijk.teams[0].organization)
    problem_of(team.post(f"/requests/{request.number}/{act}", acts(wijk)[act]), 404)
