"""REST of requests: a hospital asks and follows, a team answers and gives care."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate
from openapi_spec_validator import validate

from tests.apps.referrals.rest import (
    API,
    System,
    need_body,
    problem_of,
    request_body,
)
from tests.factories.directory import OrganizationFactory
from tests.factories.referrals import PATIENT, ReferralsWijk, make_wijk, send
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import CapacityReport, CapacityReservation
from wijkspil.directory.types import OrganizationType
from wijkspil.referrals.models import (
    Consent,
    Offer,
    Patient,
    RequestEvent,
    RoomCheck,
    ServiceRequest,
)

pytestmark = pytest.mark.django_db

IDENTITY = (
    PATIENT.name,
    PATIENT.address,
    PATIENT.phone,
    PATIENT.representative_name,
    PATIENT.representative_phone,
    PATIENT.gp_name,
    PATIENT.birth_date.isoformat(),
)
#: What else a team that was only asked must not read.
REQUESTER = ("Transferpunt Aanvraagster", "070 555 0744", "2512AB", "2512 AB")


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def hospital(wijk: ReferralsWijk) -> System:
    return System(wijk.hospital)


@pytest.fixture
def providers(wijk: ReferralsWijk) -> list[System]:
    return [System(team.organization) for team in wijk.teams]


def sent(hospital: System, wijk: ReferralsWijk, **changes: Any) -> dict[str, Any]:
    answer = hospital.post("/requests", request_body(wijk, **changes))
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def open_offer(provider: System) -> dict[str, Any]:
    (item,) = provider.get("/offers").json()["items"]
    assert isinstance(item, dict)
    return item


def placed(hospital: System, provider: System, wijk: ReferralsWijk) -> str:
    number = sent(hospital, wijk)["number"]
    answer = provider.post(f"/offers/{open_offer(provider)['id']}/acceptance")
    assert answer.status_code == 201, answer.content
    return str(number)


class TestRoomCheck:
    def test_it_ranks_the_teams_before_anything_personal(self, wijk, hospital):
        answer = hospital.post("/room-checks", need_body(wijk, age=83))
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert [team["serviceId"] for team in body["candidates"]] == [
            team.pk for team in wijk.teams
        ]
        assert body["candidates"][0]["isOwn"] is True
        assert body["candidates"][0]["room"]["clients"] == 2
        assert 0 < body["hours"]["low"] < body["hours"]["high"]
        assert body["withRoom"] == 3
        assert RoomCheck.objects.get().candidates == 3
        assert not ServiceRequest.objects.exists()

    def test_it_counts_who_cannot_by_what_is_in_the_way(self, wijk, hospital):
        CapacityReport.objects.filter(service=wijk.teams[0]).update(
            new_clients=0, no_room_reason="full"
        )
        refused = [wijk.teams[1].organization_id]
        body = hospital.post(
            "/room-checks", need_body(wijk, refusedOrganizationIds=refused)
        ).json()
        assert {e["condition"]: e["teams"] for e in body["excluded"]} == {
            "no-room": 1,
            "objected": 1,
        }


class TestSending:
    def test_a_request_is_sent_and_the_first_team_is_asked(self, wijk, hospital):
        body = sent(hospital, wijk)
        assert body["status"] == "offered"
        assert body["owner"] == {
            "kind": "requester",
            "name": "Transferpunt Aanvraagster",
        }
        assert body["dueAt"]
        assert body["requester"]["kind"] == "hospital"
        assert body["requester"]["organizationId"] == wijk.hospital.pk
        assert Offer.objects.get().service == wijk.teams[0]
        assert Patient.objects.get().name == PATIENT.name
        assert Consent.objects.get().decision == "agreed"

    def test_the_link_opens_the_page_of_the_client_and_is_shown_once(
        self, wijk, hospital
    ):
        body = sent(hospital, wijk)
        link = body["clientLink"]
        assert len(link["code"]) == 6
        page = Client().get(link["url"])
        assert page.status_code == 200
        again = hospital.get(f"/requests/{body['number']}")
        assert "clientLink" not in again.json()
        assert link["code"] not in again.content.decode()

    def test_the_same_sent_again_is_one_request(self, wijk, hospital):
        body = request_body(wijk)
        first, again = [hospital.post("/requests", body, key="k") for _ in "12"]
        assert again.content == first.content
        assert again["Idempotency-Replayed"] == "true"
        assert ServiceRequest.objects.count() == 1

    def test_with_an_objection_nothing_is_stored(self, wijk, hospital):
        answer = hospital.post(
            "/requests", request_body(wijk, consent={"decision": "objected"})
        )
        assert problem_of(answer, 409)["code"] == "no-basis"
        assert not ServiceRequest.objects.exists()
        assert not Patient.objects.exists()

    def test_a_team_that_took_it_by_phone_is_not_asked_again(self, wijk, hospital):
        body = sent(
            hospital,
            wijk,
            phoneAgreement={"serviceId": wijk.teams[1].pk, "spokeWith": "N. Urse"},
        )
        assert (body["status"], body["serviceId"]) == ("accepted", wijk.teams[1].pk)
        assert Offer.objects.get().answered_by_name == "N. Urse"
        assert CapacityReservation.objects.get().service == wijk.teams[1]

    def test_a_phone_agreement_that_cannot_be_undoes_the_request(self, wijk, hospital):
        answer = hospital.post(
            "/requests", request_body(wijk, phoneAgreement={"serviceId": 999_999})
        )
        assert problem_of(answer, 400)["invalidParams"][0]["name"] == "serviceId"
        assert not ServiceRequest.objects.exists()
        assert not Patient.objects.exists()

    def test_who_asks_follows_from_the_organization(self, wijk, hospital):
        answer = hospital.post(
            "/requests", request_body(wijk, requester={"kind": "gp"})
        )
        names = [p["name"] for p in problem_of(answer, 400)["invalidParams"]]
        assert names == ["requester.kind"]
        other = System(OrganizationFactory(type=OrganizationType.COORDINATION))
        answer = other.post("/requests", request_body(wijk))
        names = [p["name"] for p in problem_of(answer, 400)["invalidParams"]]
        assert names == ["requester.kind"]
        answer = other.post(
            "/requests", request_body(wijk, requester={"kind": "municipality"})
        )
        assert answer.json()["requester"]["kind"] == "municipality"


class TestFollowing:
    def test_an_organization_lists_its_own_by_state(self, wijk, hospital):
        numbers = [sent(hospital, wijk)["number"] for _ in range(3)]
        hospital.post(f"/requests/{numbers[0]}/cancellation", {"reason": "mistake"})
        send(wijk)  # of the GP practice
        body = hospital.get("/requests").json()
        assert body["total"] == 3
        assert {item["number"] for item in body["items"]} == set(numbers)
        page = hospital.get("/requests", status="offered", pageSize=1, page=2).json()
        assert (page["total"], len(page["items"])) == (2, 1)
        assert hospital.get("/requests", status="ended").json()["total"] == 0

    def test_a_provider_lists_the_clients_it_has(self, wijk, hospital, providers):
        number = placed(hospital, providers[0], wijk)
        items = providers[0].get("/requests", part="team").json()["items"]
        assert [item["number"] for item in items] == [number]
        assert providers[0].get("/requests", part="requester").json()["total"] == 0
        assert providers[1].get("/requests").json()["total"] == 0

    def test_what_happened_is_told_in_sentences_and_codes(
        self, wijk, hospital, providers
    ):
        number = placed(hospital, providers[0], wijk)
        body = hospital.get(f"/requests/{number}/events").json()
        assert [event["kind"] for event in body["items"]][-2:] == [
            "offered",
            "submitted",
        ]
        assert body["items"][0]["kind"] == "accepted"
        assert "Team Zuiderpark 1" in body["items"][0]["text"]
        first = hospital.get(f"/requests/{number}/events", pageSize=1, page=3).json()
        assert [event["kind"] for event in first["items"]] == ["submitted"]
        teams = hospital.get(f"/requests/{number}/offers").json()["items"]
        assert [(t["name"], t["status"]) for t in teams] == [
            ("Team Zuiderpark 1", "accepted")
        ]

    def test_a_signed_in_colleague_reads_the_same(self, wijk, hospital):
        number = sent(hospital, wijk)["number"]
        browser = wijk.transfer_nurse.browser()
        assert browser.get(f"{API}/requests/{number}").json()["number"] == number
        assert browser.get(f"{API}/requests").json()["total"] == 1

    def test_nobody_else_learns_that_it_exists(self, wijk, hospital, providers):
        number = sent(hospital, wijk)["number"]
        strangers = [
            *(provider.client for provider in providers),  # also the team asked
            System(OrganizationFactory()).client,
            wijk.referrer.browser(),
            wijk.nurses[0].browser(),
            Client(),
        ]
        for stranger in strangers:
            for part in ("", "/events", "/offers", "/patient"):
                answer = stranger.get(f"{API}/requests/{number}{part}")
                body = problem_of(answer, 404)
                unknown = stranger.get(f"{API}/requests/A-222222{part}").json()
                assert body["code"] == unknown["code"] == "unknown-request"

    def test_the_coordinator_of_the_region_reads_it(self, wijk, hospital):
        number = sent(hospital, wijk)["number"]
        browser = wijk.coordinator.browser()
        assert browser.get(f"{API}/requests/{number}").status_code == 200

    def test_an_address_of_a_request_is_read_in_any_case(self, wijk, hospital):
        number = sent(hospital, wijk)["number"]
        assert hospital.get(f"/requests/{number.lower()}").status_code == 200
        for wrong in ("%00", "9" * 400, "A-%C3%A9", "..%2F"):
            assert hospital.get(f"/requests/{wrong}").status_code == 404


class TestPatient:
    def test_every_reading_is_written_down(self, wijk, hospital):
        number = sent(hospital, wijk)["number"]
        answer = hospital.get(f"/requests/{number}/patient")
        assert answer.json()["name"] == PATIENT.name
        assert "no-store" in answer["Cache-Control"]
        event = AuditEvent.objects.get(entity_type="patient", action="read")
        assert event.purpose == "api.patient"
        assert event.actor_label.startswith("system:")

    def test_the_list_and_the_request_hold_no_identity(self, wijk, hospital):
        number = sent(hospital, wijk)["number"]
        for path in (
            "/requests",
            f"/requests/{number}",
            f"/requests/{number}/events",
            f"/requests/{number}/offers",
        ):
            text = hospital.get(path).content.decode()
            assert not [word for word in IDENTITY if word in text], path

    def test_a_client_that_was_removed_is_not_found(self, wijk, hospital):
        number = sent(hospital, wijk)["number"]
        Patient.objects.all().delete()
        problem_of(hospital.get(f"/requests/{number}/patient"), 404)


class TestOffers:
    def test_a_team_sees_a_profile_without_identity(self, wijk, hospital, providers):
        sent(hospital, wijk)
        answer = providers[0].get("/offers")
        offer = answer.json()["items"][0]
        one = providers[0].get(f"/offers/{offer['id']}")
        assert one.json() == offer
        assert offer["profile"]["ages"] == {"from": 80, "until": 90}
        assert offer["profile"]["hoursHigh"] > 0
        assert offer["fit"]["misfits"] == []
        for text in (answer.content.decode(), one.content.decode()):
            found = [word for word in (*IDENTITY, *REQUESTER) if word in text]
            assert not found

    def test_accepting_releases_identity_to_that_team_only(
        self, wijk, hospital, providers
    ):
        sent(hospital, wijk, need={"urgency": "today"})  # three teams at once
        offers = [open_offer(provider)["id"] for provider in providers]
        number = ServiceRequest.objects.get().number
        assert not AuditEvent.objects.filter(action="read").exists()

        answer = providers[1].post(f"/offers/{offers[1]}/acceptance")
        assert answer.status_code == 201, answer.content
        body = answer.json()
        assert body["patient"]["name"] == PATIENT.name
        assert body["patient"]["birthDate"] == PATIENT.birth_date.isoformat()
        assert body["request"]["requester"]["phone"] == "070 555 0744"
        reads = AuditEvent.objects.filter(entity_type="patient", action="read")
        assert {event.purpose for event in reads} == {
            f"release-to-service-{wijk.teams[1].pk}",
            "api.acceptance",
        }
        patient = providers[1].get(f"/requests/{number}/patient")
        assert patient.json()["address"] == PATIENT.address

        for other in (0, 2):
            lost = problem_of(
                providers[other].post(f"/offers/{offers[other]}/acceptance"), 409
            )
            assert lost["code"] == "already-taken"
            for path in (
                f"/requests/{number}",
                f"/requests/{number}/patient",
                f"/offers/{offers[1]}",
            ):
                problem_of(providers[other].get(path), 404)
            seen = providers[other].get(f"/offers/{offers[other]}")
            assert seen.json()["wasTaken"] is True
            assert not [
                word
                for word in (*IDENTITY, *REQUESTER)
                if word in seen.content.decode()
            ]

    def test_the_accepted_band_is_reserved_and_twice_is_once(
        self, wijk, hospital, providers
    ):
        sent(hospital, wijk)
        path = f"/offers/{open_offer(providers[0])['id']}/acceptance"
        first, again = [providers[0].post(path, {}) for _ in "12"]
        assert first.status_code == again.status_code == 201
        assert again.json() == first.json()
        replayed = [providers[0].post(path, {}, key="k") for _ in "12"][1]
        assert replayed["Idempotency-Replayed"] == "true"
        reservation = CapacityReservation.objects.get()
        assert (
            float(reservation.hours_per_week)
            == (first.json()["request"]["hours"]["high"])
        )

    def test_without_room_the_team_decides_itself(self, wijk, hospital, providers):
        sent(hospital, wijk)
        CapacityReport.objects.update(new_clients=0, no_room_reason="full")
        path = f"/offers/{open_offer(providers[0])['id']}/acceptance"
        refused = problem_of(providers[0].post(path, {}), 409)
        assert refused["code"] == "no-room-left"
        assert not AuditEvent.objects.filter(action="read").exists()
        assert ServiceRequest.objects.get().status == "offered"
        assert providers[0].post(path, {"overCapacity": True}).status_code == 201

    def test_declining_asks_the_next_team_and_corrects_the_room(
        self, wijk, hospital, providers
    ):
        sent(hospital, wijk)
        offer = open_offer(providers[0])
        again_on = (localdate(wijk.at) + timedelta(days=9)).isoformat()
        answer = providers[0].post(
            f"/offers/{offer['id']}/decline",
            {"reason": "no-room", "note": "Vol", "roomAgainOn": again_on},
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "declined"
        assert answer.json()["fit"] is None
        assert open_offer(providers[1])["requestNumber"] == offer["requestNumber"]
        newest = CapacityReport.objects.filter(service=wijk.teams[0]).latest("pk")
        assert (newest.new_clients, newest.source) == (0, "decline")
        asked = hospital.get(f"/requests/{offer['requestNumber']}/offers").json()
        assert [
            (team["status"], team["declineReason"], team["declineNote"])
            for team in asked["items"]
        ] == [("declined", "no-room", "Vol"), ("open", "", "")]
        closed = problem_of(providers[0].post(f"/offers/{offer['id']}/acceptance"), 409)
        assert closed["code"] == "offer-is-closed"

    def test_a_list_is_of_own_services_by_state(self, wijk, hospital, providers):
        number = placed(hospital, providers[0], wijk)
        assert providers[0].get("/offers").json()["total"] == 0
        accepted = providers[0].get("/offers", status="accepted").json()
        assert [item["requestNumber"] for item in accepted["items"]] == [number]
        assert accepted["items"][0]["hasClient"] is True
        for provider in providers[1:]:
            assert provider.get("/offers", status="accepted").json()["total"] == 0
        own, other = wijk.teams[0].pk, wijk.teams[1].pk
        query = {"status": "accepted", "service": own}
        assert providers[0].get("/offers", **query).json()["total"] == 1
        assert providers[1].get("/offers", **query).status_code == 403
        assert providers[0].get("/offers", service=other).status_code == 403

    def test_the_nurse_reads_those_of_the_own_team_only(self, wijk, hospital):
        sent(hospital, wijk)
        own, other = (wijk.nurses[n].browser() for n in (0, 1))
        assert own.get(f"{API}/offers").json()["total"] == 1
        assert other.get(f"{API}/offers").json()["total"] == 0
        assert wijk.referrer.browser().get(f"{API}/offers").status_code == 403
        assert Client().get(f"{API}/offers").status_code == 403

    def test_a_question_to_another_team_does_not_exist(self, wijk, hospital, providers):
        sent(hospital, wijk)
        offer = open_offer(providers[0])["id"]
        for system in (providers[1], hospital):
            for number in (offer, 999_999, "9" * 30, 0):
                answers = [
                    system.get(f"/offers/{number}"),
                    system.post(f"/offers/{number}/acceptance"),
                    system.post(f"/offers/{number}/decline", {"reason": "no-room"}),
                ]
                assert {problem_of(a, 404)["code"] for a in answers} == {
                    "unknown-offer"
                }
        assert Offer.objects.get().status == "open"

    def test_a_long_list_costs_as_many_queries_as_a_short_one(
        self, wijk, hospital, providers, django_assert_max_num_queries
    ):
        for _ in range(5):
            sent(hospital, wijk)
        with django_assert_max_num_queries(6):
            body = providers[0].get("/offers").json()
        assert body["total"] == 5


class TestCare:
    def test_hours_start_and_end_of_care(self, wijk, hospital, providers):
        number = placed(hospital, providers[0], wijk)
        review = (localdate(wijk.at) + timedelta(days=42)).isoformat()
        answer = providers[0].post(
            f"/requests/{number}/hours",
            {"hoursPerWeek": 4.25, "hoursExpected": 2, "reviewOn": review},
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "intake-done"
        assert answer.json()["hours"]["perWeek"] == 4.25
        assert answer.json()["owner"]["name"] == "Team Zuiderpark 1"
        assert float(CapacityReservation.objects.get().hours_per_week) == 4.25
        started = providers[0].post(f"/requests/{number}/care-start")
        assert started.json()["status"] == "in-care"
        ended = providers[0].post(
            f"/requests/{number}/care-end", {"reason": "goals-reached"}
        )
        assert (ended.json()["status"], ended.json()["closeReason"]) == (
            "ended",
            "goals-reached",
        )
        assert CapacityReservation.objects.get().released_at is not None

    def test_only_the_team_that_has_the_client_does_so(self, wijk, hospital, providers):
        number = placed(hospital, providers[0], wijk)
        review = (localdate(wijk.at) + timedelta(days=42)).isoformat()
        for path, body in (
            ("hours", {"hoursPerWeek": 4, "reviewOn": review}),
            ("care-start", None),
            ("care-end", {"reason": "died"}),
        ):
            path = f"/requests/{number}/{path}"
            assert hospital.post(path, body).status_code == 403
            assert providers[1].post(path, body).status_code == 404
        early = providers[0].post(f"/requests/{number}/care-start")
        assert problem_of(early, 409)["code"] == "not-now"

    def test_a_team_gives_a_client_back(self, wijk, hospital, providers):
        number = placed(hospital, providers[0], wijk)
        answer = providers[0].post(
            f"/requests/{number}/reopening", {"reason": "team-stops"}
        )
        assert answer.json()["owner"]["kind"] == "coordinator"
        assert providers[0].get(f"/requests/{number}").status_code == 404
        assert open_offer(providers[1])["requestNumber"] == number


class TestSteering:
    @pytest.mark.parametrize(
        ("act", "status"), [("withdrawal", "withdrawn"), ("cancellation", "cancelled")]
    )
    def test_who_sent_it_stops_it(self, wijk, hospital, providers, act, status):
        number = sent(hospital, wijk)["number"]
        reason = {"reason": "own-network"}
        assert providers[0].post(f"/requests/{number}/{act}", reason).status_code == 404
        answer = hospital.post(f"/requests/{number}/{act}", reason)
        assert (answer.json()["status"], answer.json()["owner"]) == (status, None)
        assert Offer.objects.get().status == "withdrawn"
        again = hospital.post(f"/requests/{number}/{act}", reason)
        assert problem_of(again, 409)["code"] == "not-now"
        opened = hospital.post(
            f"/requests/{number}/reopening", {"reason": "changed-mind"}
        )
        assert opened.json()["status"] == "offered"

    def test_the_team_that_has_the_client_does_not_withdraw_it(
        self, wijk, hospital, providers
    ):
        number = placed(hospital, providers[0], wijk)
        answer = providers[0].post(
            f"/requests/{number}/withdrawal", {"reason": "not-needed"}
        )
        problem_of(answer, 403)

    def test_a_phone_call_places_the_client(self, wijk, hospital, providers):
        number = sent(hospital, wijk)["number"]
        body = {"serviceId": wijk.teams[2].pk, "spokeWith": "de wijkzuster"}
        path = f"/requests/{number}/phone-agreement"
        assert providers[2].post(path, body).status_code == 404
        answer = hospital.post(path, body)
        assert answer.json()["serviceId"] == wijk.teams[2].pk
        assert providers[2].get(f"/requests/{number}/patient").status_code == 200
        assert problem_of(hospital.post(path, body), 409)["code"] == "not-now"


class TestWhoWrites:
    def test_a_session_alone_does_not_write(self, wijk, hospital, providers):
        number = sent(hospital, wijk)["number"]
        offer = open_offer(providers[0])["id"]
        before = RequestEvent.objects.count()
        browser = System(wijk.hospital)
        browser.client = wijk.nurses[0].browser()
        for path in (
            "/room-checks",
            "/requests",
            *(
                f"/requests/{number}/{act}"
                for act in (
                    "withdrawal",
                    "cancellation",
                    "reopening",
                    "phone-agreement",
                    "hours",
                    "care-start",
                    "care-end",
                )
            ),
            f"/offers/{offer}/acceptance",
            f"/offers/{offer}/decline",
        ):
            assert problem_of(browser.post(path, {}), 401)["code"] == "unknown-token"
        assert RequestEvent.objects.count() == before

    def test_the_sample_of_what_a_client_says_never_echoes_identity(
        self, wijk, hospital
    ):
        answer = hospital.post(
            "/requests", request_body(wijk, patient={"birthDate": "2999-01-01"})
        )
        body = problem_of(answer, 400)
        assert [p["name"] for p in body["invalidParams"]] == ["patient.birthDate"]
        assert not [word for word in IDENTITY if word in answer.content.decode()]


def test_the_description_of_the_interface_is_valid_and_complete() -> None:
    body = Client().get(f"{API}/openapi.json").json()
    validate(body)
    assert {
        "/room-checks",
        "/requests/{number}/patient",
        "/offers/{offer_id}/acceptance",
    } <= set(body["paths"])
    schemas = body["components"]["schemas"]
    assert [name for name, one in schemas.items() if not one.get("description")] == []
