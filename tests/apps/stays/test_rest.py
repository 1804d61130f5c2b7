"""The REST interface: beds from a provider's system, stays from a hospital's."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.signing_in import token_header
from tests.factories import stays as make
from wijkspil.core.models import AuditEvent
from wijkspil.stays.models import BedClaim, BedReport, StayPatient, StayRequest
from wijkspil.stays.types import StayKind

pytestmark = pytest.mark.django_db
API = "/api/v1"
KIND = StayKind.ELV_LOW


class System:
    """The own system of an organization."""

    def __init__(self, organization: object) -> None:
        self.client = Client()
        self.headers = token_header(organization)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request with a new key, and return the answer."""
        return self.client.generic(
            method,
            f"{API}{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={
                **self.headers,
                "Idempotency-Key": str(uuid.uuid4()),
                "accept-language": "en",
            },
        )


@pytest.fixture
def region() -> make.StayRegion:
    """Return a region now: the interface takes the moment from the clock."""
    return make.make_region(at=timezone.now())


def stay_body(**changes: Any) -> dict[str, Any]:
    """Return a stay as a hospital's system asks for it."""
    return {
        "postcode": "2512AB",
        "age": 83,
        "happened": "discharge",
        "neededOn": timezone.localdate().isoformat(),
        "answers": make.ELV_LOW,
        "requester": {"name": "Transfer", "phone": "070 000 0002"},
        **changes,
    }


def confirm_body(**changes: Any) -> dict[str, Any]:
    """Return a confirmation."""
    now = timezone.now()
    return {
        "arrivesAt": (now + timedelta(hours=2)).isoformat(),
        "plannedEnd": (now + timedelta(days=10)).date().isoformat(),
        "decision": "agreed",
        "givenBy": "client",
        "patient": {
            "name": make.PATIENT.name,
            "birthDate": "1943-02-03",
            "address": make.PATIENT.address,
            "phone": make.PATIENT.phone,
        },
        **changes,
    }


class TestBeds:
    def test_a_providers_system_promises_and_everybody_finds_it(
        self, region: make.StayRegion
    ) -> None:
        own = System(region.place.organization)
        answer = own.call(
            "PUT",
            f"/services/{region.place.pk}/beds/{KIND}",
            {"free": 2, "features": ["oxygen"], "validHours": 12},
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["free"] == 2
        assert BedReport.objects.get().source == "system"

        found = System(region.practice).call(
            "GET", f"/beds?postcode=2512AB&kind={KIND}&need=oxygen"
        )
        assert found.status_code == 200, found.content
        [item] = found.json()["items"]
        assert (item["free"], item["fits"], item["distanceKm"]) == (2, True, 3.3)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"free": -1},
            {"free": 61},
            {"free": "two"},
            {"free": 1, "features": ["pool"]},
            {"free": 1, "fromOn": "2020-01-01"},
            {"free": 1, "validHours": 0},
            {"free": 1, "color": "red"},
        ],
    )
    def test_a_wrong_promise_is_refused(
        self, region: make.StayRegion, body: dict[str, Any]
    ) -> None:
        own = System(region.place.organization)
        answer = own.call("PUT", f"/services/{region.place.pk}/beds/{KIND}", body)
        assert answer.status_code == 400
        assert answer.json()["invalidParams"]
        assert not BedReport.objects.exists()

    def test_another_providers_system_is_refused(self, region: make.StayRegion) -> None:
        other = System(region.places[1].organization)
        path = f"/services/{region.place.pk}/beds/{KIND}"
        assert other.call("PUT", path, {"free": 1}).status_code == 403
        unknown = other.call("PUT", f"/services/0/beds/{KIND}", {"free": 1})
        assert unknown.status_code == 404
        sofa = other.call("PUT", f"/services/{region.place.pk}/beds/sofa", {"free": 1})
        assert sofa.status_code == 400

    def test_a_visitor_sees_no_beds(
        self, client: Client, region: make.StayRegion
    ) -> None:
        assert client.get(f"{API}/beds?postcode=2512AB").status_code == 403
        assert client.get(f"{API}/stay-questions").status_code == 403

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("", 400),
            ("postcode=x", 400),
            ("postcode=9999ZZ", 404),
            ("postcode=2512AB&kind=sofa", 400),
            ("postcode=2512AB&color=red", 400),
        ],
    )
    def test_a_wrong_question_is_refused(
        self, region: make.StayRegion, query: str, status: int
    ) -> None:
        answer = System(region.practice).call("GET", f"/beds?{query}")
        assert answer.status_code == status


class TestStays:
    def start(self, region: make.StayRegion) -> tuple[System, str]:
        make.promise(region, 1)
        asker = System(region.practice)
        answer = asker.call("POST", "/stays", stay_body())
        assert answer.status_code == 201, answer.content
        self.told = answer.json()
        return asker, self.told["number"]

    def test_the_whole_way_from_asking_to_the_end(
        self, region: make.StayRegion
    ) -> None:
        asker, number = self.start(region)
        assert self.told["suggestion"]["kind"] == KIND
        assert self.told["suggestion"]["decidedBy"] == "gp"
        assert self.told["suggestion"]["sources"]
        [bed] = self.told["beds"]
        taken = asker.call(
            "POST",
            f"/stays/{number}/claim",
            {"serviceId": bed["serviceId"], "kind": bed["kind"]},
        )
        assert taken.status_code == 201, taken.content
        assert taken.json()["claim"]["status"] == "held"

        place = System(region.place.organization)
        assert place.call("GET", f"/stays/{number}").status_code == 200
        assert place.call("GET", f"/stays/{number}/patient").status_code == 403

        confirmed = asker.call("POST", f"/stays/{number}/confirm", confirm_body())
        assert confirmed.status_code == 200, confirmed.content
        who = place.call("GET", f"/stays/{number}/patient")
        assert who.json()["name"] == make.PATIENT.name
        assert AuditEvent.objects.filter(purpose="api.stay-patient").count() == 1

        assert place.call("POST", f"/stays/{number}/arrival").status_code == 200
        ended = place.call("POST", f"/stays/{number}/end", {"reason": "home"})
        assert ended.json()["status"] == "ended"

    def test_a_bed_that_is_not_delivered_has_a_ground_and_cannot_be_declined(
        self, region: make.StayRegion
    ) -> None:
        asker, number = self.start(region)
        taken = {"serviceId": region.place.pk, "kind": KIND}
        asker.call("POST", f"/stays/{number}/claim", taken)
        place = System(region.place.organization)
        assert place.call("POST", f"/stays/{number}/decline", {}).status_code == 404
        for body in ({}, {"ground": "no reason"}):
            answer = place.call("POST", f"/stays/{number}/cannot-deliver", body)
            assert answer.status_code == 400
        answer = place.call(
            "POST", f"/stays/{number}/cannot-deliver", {"ground": "double-booked"}
        )
        assert answer.status_code == 200, answer.content
        assert BedClaim.objects.get().ground == "double-booked"
        assert answer.json()["owner"] == "C. Oordinator"

    def test_the_second_is_told_that_somebody_was_first(
        self, region: make.StayRegion
    ) -> None:
        asker, number = self.start(region)
        make.claim(region)
        taken = {"serviceId": region.place.pk, "kind": KIND}
        answer = asker.call("POST", f"/stays/{number}/claim", taken)
        assert (answer.status_code, answer.json()["code"]) == (409, "bed-taken")

    def test_giving_back_opens_it_again(self, region: make.StayRegion) -> None:
        asker, number = self.start(region)
        taken = {"serviceId": region.place.pk, "kind": KIND}
        asker.call("POST", f"/stays/{number}/claim", taken)
        answer = asker.call("POST", f"/stays/{number}/give-back")
        assert answer.json()["status"] == "open"

    def test_what_one_may_not_know_of_is_not_found(
        self, region: make.StayRegion
    ) -> None:
        _asker, number = self.start(region)
        other = System(region.places[1].organization)
        taken = {"serviceId": region.places[1].pk, "kind": KIND}
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/patient", None),
            ("POST", "/claim", taken),
            ("POST", "/confirm", confirm_body()),
            ("POST", "/arrival", None),
            ("POST", "/cannot-deliver", {"ground": "staff"}),
        ):
            answer = other.call(method, f"/stays/{number}{path}", body)
            assert answer.status_code == 404, path

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"postcode": "x"}, 400),
            ({"postcode": "9999ZZ"}, 404),
            ({"age": 121}, 400),
            ({"happened": "party"}, 400),
            ({"neededOn": "2020-01-01"}, 400),
            ({"answers": {"urgent": "soon"}}, 400),
            ({"answers": {"mood": "good"}}, 400),
            ({"answers": {"urgent": "life"}}, 409),
            ({"requester": {"name": "", "phone": ""}}, 400),
            ({"note": "a\0b"}, 400),
            ({"name": "Jan"}, 400),
        ],
    )
    def test_a_wrong_stay_is_refused_and_nothing_is_stored(
        self, region: make.StayRegion, changes: dict[str, Any], status: int
    ) -> None:
        answer = System(region.practice).call("POST", "/stays", stay_body(**changes))
        assert answer.status_code == status, answer.content
        assert not StayRequest.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"arrivesAt": "2026-11-17T10:00:00"}, 400),
            ({"arrivesAt": "2020-01-01T10:00:00Z"}, 400),
            ({"plannedEnd": "2020-01-01"}, 400),
            ({"decision": "objected"}, 409),
            ({"patient": None}, 400),
        ],
    )
    def test_a_wrong_confirmation_stores_nobody(
        self, region: make.StayRegion, changes: dict[str, Any], status: int
    ) -> None:
        asker, number = self.start(region)
        taken = {"serviceId": region.place.pk, "kind": KIND}
        asker.call("POST", f"/stays/{number}/claim", taken)
        body = confirm_body(**changes)
        answer = asker.call("POST", f"/stays/{number}/confirm", body)
        assert answer.status_code == status, answer.content
        assert not any(text in answer.content.decode() for text in make.TEXTS)
        assert not StayPatient.objects.exists()

    def test_the_questions_are_told_with_their_answers(
        self, region: make.StayRegion
    ) -> None:
        told = System(region.practice).call("GET", "/stay-questions").json()
        codes = [item["code"] for item in told["items"]]
        assert codes == list(make.ELV_LOW)


class TestChanging:
    def started(self, region: make.StayRegion) -> tuple[System, System, str]:
        own, hospital = System(region.place.organization), System(region.practice)
        own.call(
            "PUT",
            f"/services/{region.place.pk}/beds/{KIND}",
            {"free": 2, "features": [], "validHours": 12},
        )
        answer = hospital.call("POST", "/stays", stay_body())
        assert answer.status_code == 201, answer.content
        return own, hospital, answer.json()["number"]

    def test_who_asked_cancels_and_the_bed_goes_back(
        self, region: make.StayRegion
    ) -> None:
        own, hospital, number = self.started(region)
        claim = {"serviceId": region.place.pk, "kind": KIND}
        hospital.call("POST", f"/stays/{number}/claim", claim)
        path = f"/stays/{number}/cancellation"
        assert own.call("POST", path, {"reason": "home"}).status_code in (403, 404)
        assert hospital.call("POST", path, {"reason": "mood"}).status_code == 400
        answer = hospital.call("POST", path, {"reason": "home"})
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "cancelled"
        again = hospital.call("POST", path, {"reason": "home"})
        assert again.status_code == 409

    def test_the_provider_changes_the_day_of_leaving(
        self, region: make.StayRegion
    ) -> None:
        own, hospital, number = self.started(region)
        claim = {"serviceId": region.place.pk, "kind": KIND}
        hospital.call("POST", f"/stays/{number}/claim", claim)
        hospital.call("POST", f"/stays/{number}/confirm", confirm_body())
        own.call("POST", f"/stays/{number}/arrival")
        day = (timezone.localdate() + timedelta(days=5)).isoformat()
        path = f"/stays/{number}/planned-end"
        answer = own.call("POST", path, {"plannedEnd": day})
        assert answer.status_code == 200, answer.content
        assert answer.json()["plannedEnd"] == day
        past = own.call("POST", path, {"plannedEnd": "2020-01-01"})
        assert past.status_code == 400
        assert past.json()["invalidParams"][0]["name"] == "plannedEnd"
        assert hospital.call("POST", path, {"plannedEnd": day}).status_code == 403
