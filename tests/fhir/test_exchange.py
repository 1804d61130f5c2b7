"""A request over FHIR: placed by a hospital's system, taken by a provider's."""

from typing import Any

import pytest
from django.utils import timezone

from tests.factories.referrals import PATIENT, ReferralsWijk, make_wijk
from tests.fhir.exchanging import (
    System,
    hours_outputs,
    outcome_of,
    request_resource,
)
from wijkspil.referrals.models import Offer, ServiceRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def hospital(wijk: ReferralsWijk) -> System:
    return System(wijk.hospital)


@pytest.fixture
def providers(wijk: ReferralsWijk) -> list[System]:
    return [System(team.organization) for team in wijk.teams]


def placed(hospital: System, wijk: ReferralsWijk, **changes: Any) -> dict[str, Any]:
    answer = hospital.post("ServiceRequest", request_resource(wijk, **changes))
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def accept(provider: System, task: dict[str, Any]) -> Any:
    return provider.patch(
        f"Task/{task['id']}",
        {"op": "replace", "path": "/status", "value": "accepted"},
        If_Match=f'W/"{task["meta"]["versionId"]}"',
    )


class TestPlacing:
    def test_a_request_is_placed_and_the_first_team_is_asked(self, wijk, hospital):
        request = placed(hospital, wijk)
        row = ServiceRequest.objects.get(number=request["id"])
        assert row.status == "offered"
        assert row.requester_organization == wijk.hospital
        assert request["status"] == "active"
        assert request["requisition"]["value"] == row.number
        coordination = hospital.only("Task", code="coordination")
        assert coordination["focus"]["reference"] == f"ServiceRequest/{row.number}"
        question = hospital.only("Task", code="question")
        assert question["status"] == "requested"
        assert question["owner"]["reference"].endswith(
            Offer.objects.get().service.fhir_id
        )


class TestTaking:
    def test_the_first_team_takes_the_client_and_learns_who_it_is(
        self, wijk, hospital, providers
    ):
        request = placed(hospital, wijk)
        task = providers[0].only("Task", status="requested")
        assert providers[1].all("Task") == []
        assert "requester" not in task
        answer = accept(providers[0], task)
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "accepted"
        assert ServiceRequest.objects.get().placed_service == wijk.teams[0]
        now = providers[0].get(f"ServiceRequest/{request['id']}").json()
        patient = providers[0].get(now["subject"]["reference"]).json()
        assert patient["name"][0]["text"] == PATIENT.name
        outcome_of(providers[1].get(now["subject"]["reference"]), 404)

    def test_the_whole_course_goes_by_the_task(self, wijk, hospital, providers):
        placed(hospital, wijk)
        task = providers[0].only("Task", status="requested")
        accept(providers[0], task)
        path = f"Task/{task['id']}"
        taken = providers[0].get(path).json()
        started = providers[0].put(
            path, {**taken, "status": "in-progress", "output": hours_outputs(wijk)}
        )
        assert started.status_code == 200, started.content
        assert ServiceRequest.objects.get().status == "intake-done"
