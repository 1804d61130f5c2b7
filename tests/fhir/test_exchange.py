"""A request over FHIR: placed by a hospital's system, taken by a provider's."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone
from django.utils.timezone import localdate

from tests.factories.directory import OrganizationFactory
from tests.factories.referrals import PATIENT, ReferralsWijk, make_wijk
from tests.fhir.exchanging import (
    System,
    concept,
    consent_resource,
    hours_outputs,
    outcome_of,
    output,
    patient_resource,
    request_resource,
)
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import CapacityReport, CapacityReservation
from wijkspil.fhir.exchange.mapping import codes
from wijkspil.fhir.exchange.services.staging import remove_old_staged
from wijkspil.fhir.mapping.codes import CARE_TASK
from wijkspil.fhir.models import StagedPatient
from wijkspil.referrals.models import (
    Consent,
    Offer,
    Patient,
    RoomCheck,
    ServiceRequest,
)

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


def status_step(status: str) -> dict[str, Any]:
    return {"op": "replace", "path": "/status", "value": status}


def accept(provider: System, task: dict[str, Any]) -> Any:
    return provider.patch(
        f"Task/{task['id']}",
        status_step("accepted"),
        If_Match=f'W/"{task["meta"]["versionId"]}"',
    )


def taken(provider: System) -> dict[str, Any]:
    task = provider.only("Task", status="requested")
    answer = accept(provider, task)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def params(**values: Any) -> dict[str, Any]:
    listed = [
        {"name": name.replace("_", "-"), "valueString": one}
        for name, value in values.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return {"resourceType": "Parameters", "parameter": listed}


def day(days: int) -> str:
    return (localdate() + timedelta(days=days)).isoformat()


class TestRoom:
    def test_room_is_asked_before_anything_personal(self, wijk, hospital):
        asked = params(
            postcode="2512AB",
            task=["stockings", "medication"],
            part_of_day="morning",
            first_visit_on=day(2),
            urgency="days",
            urgency_reason="discharge",
        )
        answer = hospital.post("HealthcareService/$check-room", asked)
        assert answer.status_code == 200, answer.content
        found = [
            part["valueReference"]["reference"]
            for one in answer.json()["parameter"]
            if one["name"] == "candidate"
            for part in one["part"]
            if part["name"] == "service"
        ]
        assert found == [f"HealthcareService/{team.fhir_id}" for team in wijk.teams]
        assert RoomCheck.objects.get().candidates == 3
        assert not ServiceRequest.objects.exists()

    def test_a_name_is_refused_before_anything_is_looked_at(self, wijk, hospital):
        asked = params(postcode="2512AB", name=PATIENT.name)
        issue = outcome_of(hospital.post("HealthcareService/$check-room", asked), 422)
        assert "'name'" in issue["expression"][0]
        assert PATIENT.name not in str(issue)
        assert not RoomCheck.objects.exists()


class TestPlacing:
    def test_a_request_is_placed_and_the_first_team_is_asked(self, wijk, hospital):
        answer = hospital.post("ServiceRequest", request_resource(wijk))
        request = answer.json()
        row = ServiceRequest.objects.get(number=request["id"])
        assert row.status == "offered"
        assert row.requester_organization == wijk.hospital
        assert row.urgency == "days"
        assert row.tasks == ["stockings", "medication"]
        assert row.parts_of_day == ["morning"]
        assert row.first_visit_on == localdate() + timedelta(days=2)
        assert answer["Location"].endswith(
            f"/fhir/ServiceRequest/{row.number}/_history/{request['meta']['versionId']}"
        )
        assert answer["ETag"] == f'W/"{request["meta"]["versionId"]}"'
        assert request["status"] == "active"
        assert request["requisition"]["value"] == row.number
        assert Patient.objects.get().name == PATIENT.name
        assert Patient.objects.get().gp_name == PATIENT.gp_name
        assert (
            Patient.objects.get().representative_phone == PATIENT.representative_phone
        )
        assert Consent.objects.get().decision == "agreed"

    def test_there_is_one_coordination_and_a_task_per_team(self, wijk, hospital):
        request = placed(hospital, wijk)
        focus = {"reference": f"ServiceRequest/{request['id']}"}
        coordination = hospital.only("Task", code="coordination")
        assert coordination["focus"] == focus
        assert coordination["status"] == "requested"
        assert "owner" not in coordination
        question = hospital.only("Task", code="question")
        assert question["partOf"] == [{"reference": f"Task/{coordination['id']}"}]
        assert question["status"] == "requested"
        assert question["owner"]["reference"].endswith(
            Offer.objects.get().service.fhir_id
        )
        assert question["groupIdentifier"]["value"] == request["id"]

    def test_everything_the_services_take_can_be_said(self, wijk, hospital):
        preferred, known, refused = (
            OrganizationFactory(ura="00001234"),
            OrganizationFactory(),
            OrganizationFactory(),
        )
        number = {"system": "http://fhir.nl/fhir/NamingSystem/uzovi", "value": "3311"}
        placed(
            hospital,
            wijk,
            performer=[
                {
                    "identifier": {
                        "system": "http://fhir.nl/fhir/NamingSystem/ura",
                        "value": "00001234",
                    }
                }
            ],
            note=[{"text": "Sleutel bij de buren."}],
            extension=[
                {"url": codes.EXT_URGENCY, "valueCode": "tomorrow"},
                {"url": codes.EXT_CARE_LAW, "valueCode": "wlz"},
                {"url": codes.EXT_INSURER, "valueIdentifier": number},
                {"url": codes.EXT_LANGUAGE, "valueCode": "tr"},
                {"url": codes.EXT_ORDER_PRESENT, "valueCode": "yes"},
                {"url": codes.EXT_MATERIALS_PRESENT, "valueCode": "no"},
                {
                    "url": codes.EXT_KNOWN,
                    "valueReference": {"reference": f"Organization/{known.fhir_id}"},
                },
                {
                    "url": codes.EXT_REFUSED,
                    "valueReference": {"reference": f"Organization/{refused.fhir_id}"},
                },
            ],
        )
        row = ServiceRequest.objects.get()
        assert (row.urgency, row.care_law, row.insurer) == ("tomorrow", "wlz", "3311")
        assert (row.language, row.order_present) == ("tr", "yes")
        assert row.materials_present == "no"
        assert row.preferred_organization == preferred
        assert row.known_organization == known
        assert row.refused_organizations == [refused.pk]
        assert row.note == "Sleutel bij de buren."

    def test_every_wrong_element_is_told_with_its_place(self, wijk, hospital):
        body = request_resource(
            wijk,
            priority="urgent",
            orderDetail=[concept(CARE_TASK, "gardening")],
            reasonCode=[],
        )
        del body["reasonCode"]
        answer = hospital.post("ServiceRequest", body)
        outcome_of(answer, 422)
        places = {issue["expression"][0] for issue in answer.json()["issue"]}
        assert places == {
            "ServiceRequest.orderDetail[0]",
            "ServiceRequest.reasonCode",
        }
        assert not ServiceRequest.objects.exists()

    def test_an_element_that_r4_does_not_have_is_refused(self, wijk, hospital):
        answer = hospital.post(
            "ServiceRequest", request_resource(wijk, notAnElement=True)
        )
        assert outcome_of(answer, 422)["code"] == "structure"

    def test_nothing_is_stored_against_an_objection(self, wijk, hospital):
        body = request_resource(wijk)
        body["contained"][1] = consent_resource("objected")
        outcome_of(hospital.post("ServiceRequest", body), 409)
        assert not ServiceRequest.objects.exists()
        assert not Patient.objects.exists()

    def test_a_request_without_a_basis_is_refused(self, wijk, hospital):
        body = request_resource(wijk)
        del body["contained"][1]
        assert outcome_of(hospital.post("ServiceRequest", body), 422)["code"] == (
            "required"
        )

    def test_other_care_than_district_nursing_is_refused(self, wijk, hospital):
        body = request_resource(wijk, code=concept("http://loinc.org", "58410-2"))
        outcome_of(hospital.post("ServiceRequest", body), 422)

    @override_settings(FHIR_WRITES_PER_SECOND=2)
    def test_who_writes_too_fast_waits_and_nothing_is_stored(self, wijk, hospital):
        body = request_resource(wijk)
        del body["contained"][1]  # refused for that, as long as there is a turn
        with time_machine.travel(timezone.now(), tick=False):
            codes = [
                hospital.post("ServiceRequest", body).status_code for _turn in range(4)
            ]
            late = hospital.post("ServiceRequest", request_resource(wijk))
        assert codes == [422, 422, 429, 429]
        assert outcome_of(late, 429)["code"] == "throttled"
        assert late["Retry-After"] == "1"
        assert not ServiceRequest.objects.exists()

    def test_sending_it_again_gives_the_same_request(self, wijk, hospital):
        number = {"system": "https://ziekenhuis.example/orders", "value": "O-1"}
        body = request_resource(wijk, identifier=[number])
        condition = f"identifier={number['system']}|{number['value']}"
        first = hospital.post("ServiceRequest", body, If_None_Exist=condition)
        again = hospital.post("ServiceRequest", body, If_None_Exist=condition)
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["id"] == first.json()["id"]
        assert ServiceRequest.objects.count() == 1
        outcome_of(hospital.post("ServiceRequest", body), 409)
        assert ServiceRequest.objects.count() == 1
        found = hospital.only("ServiceRequest", identifier="O-1")
        assert number in found["identifier"]

    def test_a_transaction_places_it_with_patient_and_consent(self, wijk, hospital):
        asked = request_resource(wijk)
        requester = asked["contained"][2]
        asked |= {
            "contained": [requester],
            "subject": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"},
        }
        entries = [
            (patient_resource(), "Patient"),
            (consent_resource(), "Consent"),
            (asked, "ServiceRequest"),
            (
                {
                    "resourceType": "Task",
                    "status": "requested",
                    "intent": "order",
                    "code": concept(codes.TASK_CODE, "coordination"),
                },
                "Task",
            ),
        ]
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "fullUrl": "urn:uuid:11111111-1111-4111-8111-11111111111"
                    + str(place + 1),
                    "resource": resource,
                    "request": {"method": "POST", "url": type_},
                }
                for place, (resource, type_) in enumerate(entries)
            ],
        }
        answer = hospital.post("", bundle)
        assert answer.status_code == 200, answer.content
        responses = [one["response"] for one in answer.json()["entry"]]
        assert {one["status"] for one in responses} == {"201 Created"}
        row = ServiceRequest.objects.get()
        assert responses[2]["location"] == f"ServiceRequest/{row.number}"
        for one in responses:
            assert hospital.get(one["location"]).status_code == 200

    def test_a_draft_names_nobody_and_is_sent_later(self, wijk, hospital):
        body = request_resource(wijk, status="draft")
        body["contained"] = body["contained"][2:]
        body["subject"] = {"display": "nog niet bekend"}
        body["locationCode"] = [{"coding": [{"code": "2512AB"}]}]
        answer = hospital.post("ServiceRequest", body)
        assert answer.status_code == 201, answer.content
        draft = answer.json()
        assert draft["status"] == "draft"
        assert not Patient.objects.exists()
        assert hospital.all("Task") == []
        sent = hospital.put(
            f"ServiceRequest/{draft['id']}",
            request_resource(wijk, id=draft["id"]),
            If_Match=answer["ETag"],
        )
        assert sent.status_code == 200, sent.content
        assert sent.json()["status"] == "active"
        assert Patient.objects.get().name == PATIENT.name

    def test_a_phone_agreement_places_it_at_once(self, wijk, hospital):
        team = {"reference": f"HealthcareService/{wijk.teams[1].fhir_id}"}
        placed(
            hospital,
            wijk,
            extension=[
                {
                    "url": codes.EXT_PHONE_AGREEMENT,
                    "extension": [
                        {"url": "team", "valueReference": team},
                        {"url": "spoke-with", "valueString": "W. Ijkzuster"},
                    ],
                }
            ],
        )
        assert ServiceRequest.objects.get().placed_service == wijk.teams[1]
        assert hospital.only("Task", code="question")["status"] == "accepted"

    def test_the_client_link_is_given_once(self, wijk, hospital):
        request = placed(hospital, wijk)
        urls = [one["url"] for one in request["extension"]]
        assert codes.EXT_CLIENT_LINK in urls
        later = hospital.get(f"ServiceRequest/{request['id']}").json()
        assert codes.EXT_CLIENT_LINK not in [one["url"] for one in later["extension"]]


class TestStaging:
    def test_a_patient_sent_ahead_becomes_the_client(self, wijk, hospital, providers):
        sent = hospital.post("Patient", patient_resource())
        assert sent.status_code == 201, sent.content
        patient_id = sent.json()["id"]
        body = request_resource(wijk, subject={"reference": f"Patient/{patient_id}"})
        del body["contained"][0]
        answer = hospital.post("ServiceRequest", body)
        assert answer.status_code == 201, answer.content
        assert answer.json()["subject"]["reference"] == f"Patient/{patient_id}"
        assert Patient.objects.get().name == PATIENT.name
        assert hospital.all("Patient") == []
        outcome_of(providers[0].get(f"Patient/{patient_id}"), 404)
        taken(providers[0])
        read = providers[0].get(f"Patient/{patient_id}").json()
        assert read["name"][0]["text"] == PATIENT.name

    def test_nobody_else_sees_it(self, wijk, hospital, providers):
        patient = hospital.post("Patient", patient_resource()).json()
        for other in (providers[0], System(wijk.hospital), System(wijk.practice)):
            outcome_of(other.get(f"Patient/{patient['id']}"), 404)
            outcome_of(other.get(f"Patient/{patient['id']}/_history"), 404)
            assert other.all("Patient") == []
            outcome_of(other.put(f"Patient/{patient['id']}", patient), 404)
        outcome_of(System(None).get(f"Patient/{patient['id']}"), 404)

    def test_versions_rise_and_a_stale_change_is_refused(self, hospital):
        number = {"system": "urn:oid:1.2.3", "value": "MRN-1"}
        sent = hospital.post("Patient", patient_resource(identifier=[number]))
        path = f"Patient/{sent.json()['id']}"
        same = hospital.post(
            "Patient",
            patient_resource(identifier=[number]),
            If_None_Exist="identifier=urn:oid:1.2.3|MRN-1",
        )
        assert same.status_code == 200
        assert same.json()["id"] == sent.json()["id"]
        assert hospital.only("Patient", identifier="urn:oid:1.2.3|MRN-1")
        assert hospital.all("Patient", identifier="urn:oid:1.2.4|MRN-1") == []
        body = {**sent.json(), "gender": "female"}
        changed = hospital.put(path, body, If_Match='W/"1"')
        assert changed.json()["meta"]["versionId"] == "2"
        outcome_of(hospital.put(path, body, If_Match='W/"1"'), 412)
        assert "gender" not in hospital.get(f"{path}/_history/1").json()
        history = hospital.get(f"{path}/_history").json()
        assert [e["request"]["method"] for e in history["entry"]] == ["PUT", "POST"]
        outcome_of(hospital.post("Patient", patient_resource(foo=1)), 422)

    def test_it_is_sealed_logged_and_gone_after_a_day(self, hospital):
        patient = hospital.post("Patient", patient_resource()).json()
        row = StagedPatient.objects.get()
        assert PATIENT.name.encode() not in bytes(row.versions or b"")
        assert row.versions
        hospital.get(f"Patient/{patient['id']}")
        events = AuditEvent.objects.filter(purpose="fhir.staged-patient")
        assert sorted(events.values_list("action", flat=True)) == ["create", "read"]
        assert remove_old_staged(at=timezone.now() + timedelta(hours=23)) == 0
        assert remove_old_staged(at=timezone.now() + timedelta(hours=25)) == 1
        outcome_of(hospital.get(f"Patient/{patient['id']}"), 404)


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
        done = answer.json()
        assert done["status"] == "accepted"
        assert done["requester"]["reference"].endswith(wijk.hospital.fhir_id)
        assert ServiceRequest.objects.get().placed_service == wijk.teams[0]
        assert CapacityReservation.objects.count() == 1
        now = providers[0].get(f"ServiceRequest/{request['id']}").json()
        AuditEvent.objects.all().delete()
        patient = providers[0].get(now["subject"]["reference"]).json()
        assert patient["name"][0]["text"] == PATIENT.name
        assert AuditEvent.objects.filter(purpose="fhir.patient").count() == 1
        outcome_of(providers[1].get(now["subject"]["reference"]), 404)

    def test_the_hand_over_is_for_the_winner(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        task = providers[0].only("Task", status="requested")
        notice = task["input"][0]["valueReference"]["reference"]
        advance = providers[0].get(notice).json()
        assert advance["type"]["coding"][0]["code"] == "57830-2"
        outcome_of(providers[0].get(f"Composition/{number}"), 404)
        outcome_of(providers[1].get(notice), 404)
        done = taken(providers[0])
        handoff = done["output"][0]["valueReference"]["reference"]
        document = providers[0].get(f"{handoff}/$document").json()
        assert [one["resource"]["resourceType"] for one in document["entry"]] == [
            "Composition",
            "ServiceRequest",
            "Patient",
            "Consent",
        ]
        assert (
            PATIENT.name
            in document["entry"][0]["resource"]["section"][0]["text"]["div"]
        )
        outcome_of(providers[1].get(handoff), 404)

    def test_declining_needs_a_reason_and_asks_the_next_team(
        self, wijk, hospital, providers
    ):
        placed(hospital, wijk)
        task = providers[0].only("Task", status="requested")
        path = f"Task/{task['id']}"
        outcome_of(providers[0].patch(path, status_step("rejected")), 422)
        answer = providers[0].put(
            path,
            {
                **task,
                "status": "rejected",
                "statusReason": concept(codes.DECLINE_REASON, "no-room"),
                "output": [output("room-again-on", valueDate=day(9))],
            },
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "rejected"
        assert answer.json()["statusReason"]["coding"][0]["code"] == "no-room"
        assert Offer.objects.get(service=wijk.teams[0]).room_again_on is not None
        latest = CapacityReport.objects.filter(service=wijk.teams[0]).latest(
            "reported_at"
        )
        assert latest.new_clients == 0
        assert providers[1].only("Task", status="requested")

    def test_the_whole_course_goes_by_the_task(self, wijk, hospital, providers):
        placed(hospital, wijk)
        task = taken(providers[0])
        path = f"Task/{task['id']}"

        def put(status: str, **more: Any) -> Any:
            now = providers[0].get(path)
            answer = providers[0].put(
                path,
                {**now.json(), "status": status, **more},
                If_Match=now["ETag"],
            )
            assert answer.status_code == 200, answer.content
            return answer.json()

        done = put("in-progress", output=hours_outputs(wijk))
        assert {
            o["valueQuantity"]["value"] for o in done["output"] if "valueQuantity" in o
        } == {2.5}
        assert ServiceRequest.objects.get().status == "intake-done"
        put("in-progress", businessStatus=concept(codes.REQUEST_STATUS, "in-care"))
        assert ServiceRequest.objects.get().status == "in-care"
        put("on-hold", output=[output("admitted-to", valueCode="hospital")])
        assert ServiceRequest.objects.get().status == "paused"
        put("accepted", output=[output("first-visit-on", valueDate=day(3))])
        assert ServiceRequest.objects.get().status == "accepted"
        put("in-progress", output=hours_outputs(wijk, 3))
        put("in-progress", businessStatus=concept(codes.REQUEST_STATUS, "in-care"))
        done = put(
            "completed", statusReason=concept(codes.CLOSE_REASON, "goals-reached")
        )
        assert done["status"] == "completed"
        assert ServiceRequest.objects.get().status == "ended"

    def test_giving_back_names_why_and_asks_again(self, wijk, hospital, providers):
        placed(hospital, wijk)
        task = taken(providers[0])
        answer = providers[0].put(
            f"Task/{task['id']}",
            {
                **task,
                "status": "failed",
                "statusReason": concept(codes.REOPEN_REASON, "team-stops"),
            },
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["statusReason"]["coding"][0]["code"] == "team-stops"
        assert providers[1].only("Task", status="requested")
        outcome_of(providers[0].get(f"Patient/{task['groupIdentifier']['value']}"), 404)

    def test_what_cannot_follow_is_refused_with_what_can(
        self, wijk, hospital, providers
    ):
        placed(hospital, wijk)
        task = taken(providers[0])
        issue = outcome_of(
            providers[0].patch(f"Task/{task['id']}", status_step("completed")), 422
        )
        assert "in-progress, on-hold, failed" in issue["diagnostics"]

    def test_who_asked_cannot_answer_for_a_team(self, wijk, hospital, providers):
        placed(hospital, wijk)
        question = hospital.only("Task", code="question")
        outcome_of(accept(hospital, question), 403)
        outcome_of(accept(providers[1], question), 404)
        assert Offer.objects.get().status == "open"

    def test_a_closed_question_tells_what_happened(self, wijk, hospital, providers):
        placed(hospital, wijk)
        task = providers[0].only("Task", status="requested")
        hospital.post(
            f"ServiceRequest/{task['groupIdentifier']['value']}/$cancel",
            params(reason="mistake"),
        )
        answer = providers[0].patch(f"Task/{task['id']}", status_step("accepted"))
        assert outcome_of(answer, 409)["code"] == "conflict"
        now = providers[0].get(f"Task/{task['id']}").json()
        assert now["status"] == "cancelled"
        assert now["statusReason"]["coding"][0]["code"] == "not-needed"


class TestSteering:
    def test_who_asked_stops_by_the_coordination(self, wijk, hospital):
        number = placed(hospital, wijk)["id"]
        task = hospital.get(f"Task/{number}")
        answer = hospital.put(
            f"Task/{number}",
            {
                **task.json(),
                "status": "cancelled",
                "statusReason": concept(codes.CLOSE_REASON, "own-network"),
            },
            If_Match=task["ETag"],
        )
        assert answer.status_code == 200, answer.content
        assert ServiceRequest.objects.get().status == "withdrawn"
        assert answer.json()["status"] == "cancelled"

    def test_who_asked_may_ask_to_stop_by_the_business_status(self, wijk, hospital):
        number = placed(hospital, wijk)["id"]
        task = hospital.get(f"Task/{number}").json()
        other = {**task, "businessStatus": concept(codes.REQUEST_STATUS, "accepted")}
        outcome_of(hospital.put(f"Task/{number}", other), 422)
        body = {
            **task,
            "businessStatus": concept(codes.REQUEST_STATUS, "cancellation-requested"),
            "statusReason": concept(codes.CLOSE_REASON, "not-needed"),
        }
        answer = hospital.put(f"Task/{number}", body)
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "cancelled"

    def test_what_is_asked_is_not_changed_on_the_task(self, wijk, hospital):
        number = placed(hospital, wijk)["id"]
        answer = hospital.patch(
            f"Task/{number}", {"op": "replace", "path": "/intent", "value": "plan"}
        )
        assert outcome_of(answer, 422)["expression"] == ["Task.intent"]

    def test_who_asked_stops_by_the_request(self, wijk, hospital):
        number = placed(hospital, wijk)["id"]
        now = hospital.get(f"ServiceRequest/{number}")
        why = {
            "url": codes.EXT_STATUS_REASON,
            "valueCodeableConcept": concept(codes.CLOSE_REASON, "mistake"),
        }
        body = {**now.json(), "status": "revoked"}
        body["extension"] = [*body["extension"], why]
        answer = hospital.put(f"ServiceRequest/{number}", body, If_Match=now["ETag"])
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "revoked"
        assert ServiceRequest.objects.get().status == "cancelled"

    def test_who_asked_chooses_the_next_team(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        owner = {"reference": f"HealthcareService/{wijk.teams[2].fhir_id}"}
        answer = hospital.patch(
            f"Task/{number}", {"op": "add", "path": "/owner", "value": owner}
        )
        assert answer.status_code == 200, answer.content
        assert providers[2].only("Task", status="requested")

    def test_a_later_discharge_moves_the_first_visit(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        before = hospital.get(f"ServiceRequest/{number}")
        seen = providers[0].get(f"ServiceRequest/{number}")
        body = before.json()
        body["occurrenceTiming"]["repeat"]["boundsPeriod"]["start"] = day(5)
        body["extension"].append(
            {
                "url": codes.EXT_CHANGE_REASON,
                "valueCodeableConcept": concept(codes.CHANGE_REASON, "discharge-later"),
            }
        )
        answer = hospital.put(f"ServiceRequest/{number}", body, If_Match=before["ETag"])
        assert answer.status_code == 200, answer.content
        row = ServiceRequest.objects.get()
        assert row.first_visit_on.isoformat() == day(5)
        outcome_of(
            hospital.put(f"ServiceRequest/{number}", body, If_Match=before["ETag"]),
            412,
        )
        later = providers[0].get(f"ServiceRequest/{number}")
        assert later["ETag"] > seen["ETag"]

    def test_another_need_asks_anew(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        answer = hospital.patch(
            f"ServiceRequest/{number}",
            {
                "op": "replace",
                "path": "/orderDetail",
                "value": [concept(CARE_TASK, "wound")],
            },
            {
                "op": "add",
                "path": "/extension/-",
                "value": {
                    "url": codes.EXT_CHANGE_REASON,
                    "valueCodeableConcept": concept(codes.CHANGE_REASON, "worse"),
                },
            },
        )
        assert answer.status_code == 200, answer.content
        assert ServiceRequest.objects.get().tasks == ["wound"]

    def test_what_is_not_changeable_is_named(self, wijk, hospital):
        number = placed(hospital, wijk)["id"]
        answer = hospital.patch(
            f"ServiceRequest/{number}",
            {"op": "replace", "path": "/priority", "value": "stat"},
        )
        assert outcome_of(answer, 422)["expression"] == ["ServiceRequest.priority"]

    def test_admission_and_coming_home(self, wijk, hospital):
        number = placed(hospital, wijk)["id"]
        paused = hospital.patch(
            f"ServiceRequest/{number}",
            status_step("on-hold"),
            {
                "op": "add",
                "path": "/extension/-",
                "value": {"url": codes.EXT_ADMITTED_TO, "valueCode": "hospital"},
            },
        )
        assert paused.status_code == 200, paused.content
        assert paused.json()["status"] == "on-hold"
        resumed = hospital.patch(f"ServiceRequest/{number}", status_step("active"))
        assert resumed.status_code == 200, resumed.content
        assert resumed.json()["status"] == "active"

    def test_a_death_closes_everything(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        taken(providers[0])
        answer = hospital.post(f"ServiceRequest/{number}/$report-death", params())
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "revoked"
        question = hospital.only("Task", code="question")
        assert question["status"] == "cancelled"

    def test_an_objection_to_a_provider_ends_its_question(
        self, wijk, hospital, providers
    ):
        number = placed(hospital, wijk)["id"]
        provider = {"reference": f"Organization/{wijk.teams[0].organization.fhir_id}"}
        answer = hospital.post(
            f"ServiceRequest/{number}/$object",
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "provider", "valueReference": provider}],
            },
        )
        assert answer.status_code == 200, answer.content
        assert providers[0].only("Task")["status"] == "cancelled"
        assert providers[1].only("Task", status="requested")
        outcome_of(
            hospital.post(f"ServiceRequest/{number}/$object", params(name="x")), 422
        )


class TestFollowing:
    def test_tasks_are_found_by_what_they_say(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        other = placed(hospital, wijk)["id"]
        service = f"HealthcareService/{wijk.teams[0].fhir_id}"
        organization = f"Organization/{wijk.teams[0].organization.fhir_id}"
        asked = f"Organization/{wijk.hospital.fhir_id}"
        found = {
            "_id": (f"{number},nope", 1),
            "status": ("requested", 4),
            "business-status": (f"{codes.REQUEST_STATUS}|offered", 2),
            "code": ("question", 2),
            "owner": (service, 2),
            "requester": (asked, 4),
            "focus": (f"ServiceRequest/{number}", 2),
            "based-on": (other, 2),
            "part-of": (f"Task/{number}", 1),
            "group-identifier": (f"{codes.REQUEST_NUMBER}|{number}", 2),
            "authored-on": (f"ge{localdate().isoformat()}", 4),
            "_lastUpdated": ("gt2020", 4),
        }
        for name, (value, count) in found.items():
            assert len(hospital.all("Task", **{name: value})) == count, name
        assert len(hospital.all("Task", owner=organization)) == 2
        assert hospital.all("Task", **{"authored-on": "lt2020-01-01"}) == []
        # Whose request it is cannot be found out by searching for it.
        assert len(providers[0].all("Task")) == 2
        assert providers[0].all("Task", requester=asked) == []
        assert providers[1].all("Task", owner=service) == []
        outcome_of(hospital.get("Task", subject="Patient/1"), 400)
        outcome_of(hospital.get("Task", _count="x"), 400)

    def test_pages_follow_each_other(self, wijk, hospital):
        numbers = {placed(hospital, wijk)["id"] for _ in range(3)}
        for type_, many in (("Task", 6), ("ServiceRequest", 3)):
            seen = []
            url = f"{type_}?_count=2"
            while url:
                page = hospital.get(url.removeprefix("http://testserver/fhir/")).json()
                assert page["total"] == many
                seen += [e["resource"]["id"] for e in page.get("entry", [])]
                url = next(
                    (one["url"] for one in page["link"] if one["relation"] == "next"),
                    "",
                )
            assert len(seen) == len(set(seen)) == many
        assert numbers <= set(seen)

    def test_requests_are_found_by_what_they_say(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        assert hospital.only("ServiceRequest", status="active")["id"] == number
        assert hospital.all("ServiceRequest", status="completed") == []
        assert hospital.only("ServiceRequest", identifier=number)
        assert hospital.only(
            "ServiceRequest", requester=f"Organization/{wijk.hospital.fhir_id}"
        )
        assert providers[0].only("ServiceRequest", status="active")["id"] == number
        assert (
            providers[0].all(
                "ServiceRequest", requester=f"Organization/{wijk.hospital.fhir_id}"
            )
            == []
        )
        assert providers[1].all("ServiceRequest") == []
        assert System(None).all("ServiceRequest") == []
        assert System(None).all("Task") == []

    def test_a_read_that_did_not_change_is_empty(self, wijk, hospital):
        number = placed(hospital, wijk)["id"]
        for path in (f"ServiceRequest/{number}", f"Task/{number}"):
            etag = hospital.get(path)["ETag"]
            again = hospital.get(path, headers={"If-None-Match": etag})
            assert again.status_code == 304

    def test_consent_is_for_who_may_see_the_client(self, wijk, hospital, providers):
        number = placed(hospital, wijk)["id"]
        consent = hospital.only("Consent", patient=f"Patient/{number}")
        assert consent["provision"]["type"] == "permit"
        outcome_of(providers[0].get(f"Consent/{consent['id']}"), 404)
        assert providers[0].all("Consent", patient=number) == []
        taken(providers[0])
        assert providers[0].get(f"Consent/{consent['id']}").status_code == 200
        assert AuditEvent.objects.filter(purpose="fhir.consent").exists()
