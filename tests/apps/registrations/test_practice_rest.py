"""A practice's own system: its list, answers to households, the work of its desk."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.signing_in import token_header
from tests.apps.registrations.test_lists import make_move
from tests.apps.registrations.test_practice_pages import (
    executed,
    make_round,
    name_members,
)
from tests.factories.registrations import GpRegion, make_gp_region, publish
from wijkspil.core.models import AuditEvent
from wijkspil.registrations.models import Move, PracticeList

pytestmark = pytest.mark.django_db
LIST = {
    "status": "limited",
    "reason": "full",
    "placesPerMonth": 8,
    "people": 2100,
    "conditions": {"postcodes": ["2512"], "mostOfBand": {"85+": 2}},
}


class System:
    """The own system of a practice."""

    def __init__(self, organization: object) -> None:
        self.client = Client()
        self.headers = token_header(organization)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> Any:
        """Send a request, with a new key unless one is given."""
        return self.client.generic(
            method,
            f"/api/v1{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={
                **self.headers,
                "Idempotency-Key": key or str(uuid.uuid4()),
                "accept-language": "en",
            },
        )


@pytest.fixture
def region() -> GpRegion:
    return make_gp_region(at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def system(region: GpRegion) -> System:
    return System(region.practices[0].organization)


def test_a_list_is_put_and_read(region: GpRegion, system: System) -> None:
    path = f"/gp-practices/{region.practices[0].pk}/list"
    assert system.call("GET", path).status_code == 404
    answer = system.call("PUT", path, LIST)
    assert answer.status_code == 200, answer.content
    told = system.call("GET", path).json()
    assert told["status"] == "limited"
    assert told["placesLeftThisMonth"] == 8
    assert told["conditions"]["mostOfBand"] == {"85+": 2}
    assert PracticeList.objects.get().published_by is None


def test_the_same_put_sent_again_publishes_once(
    region: GpRegion, system: System
) -> None:
    path, key = f"/gp-practices/{region.practices[0].pk}/list", str(uuid.uuid4())
    first = system.call("PUT", path, LIST, key=key)
    second = system.call("PUT", path, LIST, key=key)
    assert first.content == second.content
    assert PracticeList.objects.count() == 1


def test_what_breaks_a_rule_is_named(region: GpRegion, system: System) -> None:
    path = f"/gp-practices/{region.practices[0].pk}/list"
    answer = system.call("PUT", path, {"status": "closed", "placesPerMonth": 3})
    assert answer.status_code == 400
    assert [one["name"] for one in answer.json()["invalidParams"]] == ["reason"]


def test_another_practice_is_refused(region: GpRegion, system: System) -> None:
    other = region.practices[1].pk
    publish(region.practices[1], at=region.at)
    move = make_move(region, to=1)
    for method, path, body in (
        ("GET", f"/gp-practices/{other}/list", None),
        ("PUT", f"/gp-practices/{other}/list", LIST),
        ("GET", f"/gp-practices/{other}/proposals", None),
        ("GET", f"/gp-practices/{other}/work", None),
        ("POST", f"/gp-practices/{other}/work", {"proposalIds": [move.pk]}),
    ):
        assert system.call(method, path, body).status_code == 403, path
    one = f"/gp-proposals/{move.pk}"
    assert system.call("GET", one).status_code == 404
    assert system.call("GET", f"{one}/household").status_code == 404
    yes = {"answer": "yes"}
    assert system.call("POST", f"{one}/answer", yes).status_code == 404
    visitor = Client().get(f"/api/v1/gp-practices/{other}/list")
    assert visitor.status_code == 403


def test_households_are_read_and_answered(region: GpRegion, system: System) -> None:
    row = make_round(region)
    first = make_move(region, to=0, origin=1, people=2, round=row)
    second = make_move(region, to=0, round=row)
    name_members(first, "Anna Jansen", "Bram Jansen")
    found = system.call("GET", f"/gp-practices/{region.practices[0].pk}/proposals")
    items = found.json()["items"]
    assert {item["id"] for item in items} == {first.pk, second.pk}
    assert "Anna" not in found.content.decode()
    who = f"/gp-proposals/{first.pk}/household"
    assert system.call("GET", who).status_code == 404
    Move.objects.filter(pk=first.pk).update(household_answer="yes")
    assert [one["name"] for one in system.call("GET", who).json()["members"]] == [
        "Anna Jansen",
        "Bram Jansen",
    ]
    assert AuditEvent.objects.get(purpose="api.household").entity_type == "household"
    path = f"/gp-proposals/{first.pk}/answer"
    answer = system.call("POST", path, {"answer": "yes"})
    assert answer.json()["status"] == "confirmed"
    late = system.call("POST", path, {"answer": "no", "reason": "emergency"})
    assert late.status_code == 409
    path = f"/gp-proposals/{second.pk}/answer"
    assert system.call("POST", path, {"answer": "no"}).status_code == 400
    unknown = {"answer": "no", "reason": "too-ill"}
    assert system.call("POST", path, unknown).status_code == 400
    answer = system.call("POST", path, {"answer": "no", "reason": "emergency"})
    assert answer.json()["status"] == "refused"


def test_the_work_is_read_with_names_and_ticked_off(
    region: GpRegion, system: System
) -> None:
    coming = executed(region, to=0, origin=1)
    going = executed(region, to=2, origin=0)
    elsewhere = executed(region, to=2, origin=1)
    name_members(coming, "Anna Jansen")
    path = f"/gp-practices/{region.practices[0].pk}/work"
    items = system.call("GET", path).json()["items"]
    told = [(one["proposalId"], one["what"], one["people"]) for one in items]
    assert told == [(coming.pk, "enter", 1), (going.pk, "send-record", 1)]
    assert items[0]["members"] == [{"name": "Anna Jansen", "birthDate": "1980-05-24"}]
    body = {"proposalIds": [coming.pk, going.pk, elsewhere.pk]}
    assert system.call("POST", path, body).json() == {"changed": 2}
    assert system.call("GET", path).json()["items"] == []
    undo = {"proposalIds": [coming.pk], "isDone": False}
    assert system.call("POST", path, undo).json() == {"changed": 1}
