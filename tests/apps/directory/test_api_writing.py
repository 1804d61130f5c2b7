"""REST writing: a provider's own system reports room and enters duties."""

import json
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of, token_header
from tests.factories.accounts import ApiTokenFactory
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import CapacityReport, DutyPeriod

pytestmark = pytest.mark.django_db
API = "/api/v1"
ROOM = {"newClients": 2, "sizeBand": "to-5", "partsOfDay": ["morning"]}


@pytest.fixture
def coverage():
    wijk = AreaFactory(code="WK051801", lies_in=[AreaFactory(region=True)])
    AreaFactory(pc4=True, code="2512", parent=wijk)
    return CoverageFactory(area=wijk)


@pytest.fixture
def system(coverage):
    return Client(headers=token_header(coverage.service.organization))


def send(client, path, body=None, *, key=None, headers=None):
    return client.post(
        API + path,
        body if isinstance(body, str) else json.dumps(body or {}),
        content_type="application/json",
        headers={"Idempotency-Key": key or str(uuid.uuid4()), **(headers or {})},
    )


def tonight():
    start = timezone.now().replace(microsecond=0) + timedelta(hours=3)
    return {
        "areaKind": "wijk",
        "areaCode": "WK051801",
        "personName": "N. Nacht",
        "phone": "06 12345678",
        "validFrom": start.isoformat(),
        "validUntil": (start + timedelta(hours=9)).isoformat(),
    }


class TestCapacity:
    def test_a_system_reports_for_its_own_organization(self, system, coverage):
        path = f"/services/{coverage.service_id}/capacity"
        answer = send(system, path, {**ROOM, "hoursPerWeek": 16.5})
        assert answer.status_code == 201, answer.content
        body = answer.json()
        assert (body["status"], body["source"]) == ("limited", "system")
        assert body["hoursPerWeek"] == 16.5
        row = CapacityReport.objects.get()
        assert row.reporter_label.startswith("system:")
        read = system.get(API + path)
        assert read.json()["newClients"] == 2

    def test_it_confirms_what_it_reported(self, system, coverage):
        path = f"/services/{coverage.service_id}/capacity"
        assert send(system, f"{path}/confirmation").status_code == 409
        send(system, path, ROOM)
        answer = send(system, f"{path}/confirmation")
        assert (answer.status_code, answer.json()["source"]) == (201, "confirmed")

    def test_the_same_sent_again_is_one_report(self, system, coverage):
        path = f"/services/{coverage.service_id}/capacity"
        for part in ("", "/confirmation"):
            first, again = [
                send(system, path + part, ROOM, key=f"k{part}") for _ in "12"
            ]
            assert first.status_code == again.status_code == 201
            assert again.content == first.content
            assert again["Idempotency-Replayed"] == "true"
        assert CapacityReport.objects.count() == 2

    def test_another_organization_is_refused(self, system):
        other = HealthcareServiceFactory()
        answer = send(system, f"/services/{other.pk}/capacity", ROOM)
        assert answer.status_code == 403
        assert not CapacityReport.objects.exists()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"newClients": 0}, "noRoomReason"),
            ({**ROOM, "newClients": 100}, "newClients"),
            ({**ROOM, "newClients": "many"}, "newClients"),
            ({**ROOM, "newClients": None}, "newClients"),
            ({**ROOM, "sizeBand": "huge"}, "sizeBand"),
            ({**ROOM, "partsOfDay": "morning"}, "partsOfDay"),
            ({**ROOM, "hoursPerWeek": "NaN"}, "hoursPerWeek"),
            ({**ROOM, "hoursPerWeek": 1e30}, "hoursPerWeek"),
            ({**ROOM, "noRoomUntil": "soon"}, "noRoomUntil"),
            ({**ROOM, "colour": "red"}, "colour"),
        ],
    )
    def test_a_wrong_value_is_named_and_nothing_is_stored(
        self, system, coverage, body, field
    ):
        answer = send(system, f"/services/{coverage.service_id}/capacity", body)
        assert answer.status_code == 400, answer.content
        names = [param["name"] for param in answer.json()["invalidParams"]]
        assert any(name.split(".")[-1] == field for name in names), names
        assert not CapacityReport.objects.exists()

    def test_what_is_no_json_is_refused(self, system, coverage):
        path = f"/services/{coverage.service_id}/capacity"
        for body in ("", "{", "[]", '"room"', "null", "\0"):
            answer = send(system, path, body)
            assert answer.status_code == 400, body
            assert answer["Content-Type"] == "application/problem+json"

    def test_room_is_not_shown_to_a_visitor(self, coverage):
        CapacityReportFactory(service=coverage.service)
        path = f"{API}/services/{coverage.service_id}/capacity"
        assert Client().get(path).status_code == 403
        assert browser_of(Role.INSURER).get(path).status_code == 403
        assert browser_of(Role.REFERRER).get(path).status_code == 200


class TestWhoWrites:
    def test_a_session_alone_does_not_write_so_no_other_site_can(self, coverage):
        nurse = browser_of(Role.TEAM_MEMBER, service=coverage.service)
        CapacityReportFactory(service=coverage.service)
        for path, body in (
            ("/capacity", ROOM),
            ("/capacity/confirmation", {}),
            ("/duties", tonight()),
        ):
            answer = send(nurse, f"/services/{coverage.service_id}{path}", body)
            assert answer.status_code == 401
            assert answer.json()["code"] == "unknown-token"
        duty = DutyPeriodFactory(service=coverage.service)
        assert send(nurse, f"/duties/{duty.pk}/withdrawal").status_code == 401
        assert CapacityReport.objects.count() == 1
        assert DutyPeriod.objects.count() == 1

    def test_a_token_beside_a_session_decides(self, coverage):
        client = browser_of(Role.TEAM_MEMBER, service=coverage.service)
        other = HealthcareServiceFactory()
        answer = send(
            client,
            f"/services/{coverage.service_id}/capacity",
            ROOM,
            headers=token_header(other.organization),
        )
        assert answer.status_code == 403

    def test_a_token_that_ended_is_refused(self, coverage):
        ApiTokenFactory.create(
            organization=coverage.service.organization,
            secret="old",
            valid_until=timezone.now(),
        )
        answer = send(
            Client(),
            f"/services/{coverage.service_id}/capacity",
            ROOM,
            headers={"Authorization": "Bearer old"},
        )
        assert answer.status_code == 401


class TestDuties:
    def test_a_duty_is_entered_read_and_withdrawn(self, system, coverage):
        answer = send(system, f"/services/{coverage.service_id}/duties", tonight())
        assert answer.status_code == 201, answer.content
        body = answer.json()
        assert body["areaCode"] == "WK051801"
        assert body["care"] == coverage.care

        referrer = browser_of(Role.REFERRER)
        for path in (
            f"/services/{coverage.service_id}/duties",
            "/duties?postcode=2512",
        ):
            items = referrer.get(API + path).json()["items"]
            assert [item["personName"] for item in items] == ["N. Nacht"]
        reads = AuditEvent.objects.filter(action="read", entity_type="duty-period")
        assert {event.purpose for event in reads} == {
            "api.service-duties",
            "api.duties",
        }

        for _time in range(2):
            done = send(system, f"/duties/{body['id']}/withdrawal")
            assert done.status_code == 200
            assert done.json() == {
                "id": body["id"],
                "serviceId": coverage.service_id,
                "endedAt": None,
            }
        assert not DutyPeriod.objects.exists()

    def test_the_same_duty_twice_answers_409_with_its_number(self, system, coverage):
        path, body = f"/services/{coverage.service_id}/duties", tonight()
        first = send(system, path, body).json()["id"]
        again = send(system, path, body)
        assert again.status_code == 409
        assert again.json()["code"] == "overlaps-another"
        assert str(first) in again.json()["detail"]

    def test_a_duty_sent_again_with_its_key_answers_as_the_first(
        self, system, coverage
    ):
        path, body = f"/services/{coverage.service_id}/duties", tonight()
        first, again = [send(system, path, body, key="k") for _ in "12"]
        assert (again.status_code, again.content) == (201, first.content)
        other = send(system, path, {**body, "rank": 2}, key="k")
        assert (other.status_code, other.json()["code"]) == (
            422,
            "idempotency-key-reused",
        )
        assert DutyPeriod.objects.count() == 1
        withdrawal = f"/duties/{first.json()['id']}/withdrawal"
        done, again = [send(system, withdrawal, key="w") for _ in "12"]
        assert (again.status_code, again.content) == (200, done.content)

    def test_the_history_names_the_system(self, system, coverage):
        answer = send(system, f"/services/{coverage.service_id}/duties", tonight())
        event = DutyPeriod.objects.get(pk=answer.json()["id"])
        from wijkspil.directory.selectors.history import EntryKind, list_changes

        (created,) = list_changes(EntryKind.DUTY, event.pk, show_persons=False)
        assert created.by.startswith("system:")

    @pytest.mark.parametrize(
        ("change", "status", "field"),
        [
            ({"areaKind": "planet"}, 400, "areaKind"),
            ({"areaCode": "WK999999"}, 404, "areaCode"),
            ({"areaCode": "\0"}, 404, "areaCode"),
            ({"personName": " "}, 400, "personName"),
            ({"personName": "a\0b"}, 400, "personName"),
            ({"personName": "x" * 121}, 400, "personName"),
            ({"phone": "no"}, 400, "phone"),
            ({"validFrom": "tonight"}, 400, "validFrom"),
            ({"validFrom": "2026-11-21T22:30:00"}, 400, "validFrom"),
            ({"validUntil": "2020-01-01T00:00:00Z"}, 400, "validUntil"),
            ({"validUntil": "2150-01-01T00:00:00Z"}, 400, "validUntil"),
            ({"validUntil": "99999-01-01T00:00:00Z"}, 400, "validUntil"),
            ({"care": "baking"}, 400, "care"),
            ({"rank": 0}, 400, "rank"),
            ({"rank": 10**30}, 400, "rank"),
            ({"colour": "red"}, 400, "colour"),
        ],
    )
    def test_a_wrong_value_is_named_and_nothing_is_stored(
        self, system, coverage, change, status, field
    ):
        answer = send(
            system, f"/services/{coverage.service_id}/duties", {**tonight(), **change}
        )
        assert answer.status_code == status, answer.content
        names = [param["name"] for param in answer.json()["invalidParams"]]
        assert any(name.split(".")[-1] == field for name in names), names
        assert not DutyPeriod.objects.exists()

    def test_every_refused_field_is_told_at_once(self, system, coverage):
        answer = send(
            system,
            f"/services/{coverage.service_id}/duties",
            {**tonight(), "phone": "no", "personName": ""},
        )
        names = {param["name"] for param in answer.json()["invalidParams"]}
        assert names == {"phone", "personName"}

    def test_only_the_own_organization_and_where_it_covers(self, system, coverage):
        other = CoverageFactory(area=coverage.area)
        answer = send(system, f"/services/{other.service_id}/duties", tonight())
        assert answer.status_code == 403
        far = AreaFactory(code="WK036300")
        answer = send(
            system,
            f"/services/{coverage.service_id}/duties",
            {**tonight(), "areaCode": far.code},
        )
        assert answer.status_code == 403
        foreign = DutyPeriodFactory(service=other.service, area=coverage.area)
        assert send(system, f"/duties/{foreign.pk}/withdrawal").status_code == 403

    def test_what_is_not_there_is_not_found(self, system):
        assert send(system, "/duties/99999/withdrawal").status_code == 404
        assert send(system, f"/duties/{'9' * 25}/withdrawal").status_code == 404
        assert send(system, "/services/99999/duties", tonight()).status_code == 404

    def test_a_visitor_and_an_insurer_do_not_see_who_is_on_duty(self, coverage):
        DutyPeriodFactory(service=coverage.service, area=coverage.area)
        for client in (Client(), browser_of(Role.INSURER), browser_of(Role.AUDITOR)):
            for path in (
                f"/services/{coverage.service_id}/duties",
                "/duties?postcode=2512",
            ):
                assert client.get(API + path).status_code == 403
        assert not AuditEvent.objects.filter(action="read").exists()

    @pytest.mark.parametrize(
        "query",
        [
            "from=yesterday",
            "until=2020-01-01T00:00:00Z",
            "from=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z",
            "from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
            "pageSize=1000",
            "form=2026-01-01T00:00:00Z",
        ],
    )
    def test_a_period_that_makes_no_sense_is_refused(self, coverage, query):
        client = browser_of(Role.REFERRER)
        for path in (
            f"/services/{coverage.service_id}/duties?{query}",
            f"/duties?postcode=2512&{query}",
        ):
            assert client.get(API + path).status_code == 400

    def test_a_list_of_duties_costs_a_fixed_number_of_queries(
        self, coverage, django_assert_max_num_queries
    ):
        client = browser_of(Role.REFERRER)
        now = timezone.now()
        for rank in range(1, 20):
            DutyPeriodFactory(
                service=coverage.service,
                area=coverage.area,
                rank=rank,
                valid_from=now,
                valid_until=now + timedelta(hours=8),
            )
        with django_assert_max_num_queries(8):
            body = client.get(f"{API}/duties?postcode=2512").json()
        assert body["total"] == 19
