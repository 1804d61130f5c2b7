"""Agreements and signals by REST: read by every professional, filed by a system."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.referrals.rest import API, System
from tests.apps.referrals.test_policy_versions import Table, make_table
from wijkspil.referrals.models import Signal

pytestmark = pytest.mark.django_db


@pytest.fixture
def table() -> Table:
    return make_table(timezone.now())


def test_what_holds_is_read_by_code_or_number_with_its_versions(table: Table) -> None:
    now = timezone.now()
    policy_id = table.draft(answer_minutes={"today": 60}, at=now)
    table.propose(policy_id, at=now)
    table.agree(policy_id, at=now)
    hospital = System(table.wijk.hospital)
    for region in (table.wijk.region.code, str(table.region_id)):
        answer = hospital.get(f"/regions/{region}/agreements")
        assert answer.status_code == 200
        body = answer.json()
        assert body["inForce"]["answerMinutes"]["today"] == 60
        assert body["inForce"]["answerMinutes"]["days"] == 240
        [version] = body["versions"]
        assert (version["number"], version["status"]) == (1, "approved")
        assert "answer_minutes" in version["changed"]
        assert [word["party"] for word in version["words"]] == ["nurses", "referrers"]
        assert "V. Woord" not in answer.content.decode()


def test_a_person_reads_with_the_session_and_a_visitor_does_not(table: Table) -> None:
    path = f"{API}/regions/{table.region_id}/agreements"
    assert table.wijk.nurses[0].browser().get(path).status_code == 200
    assert Client().get(path).status_code in {401, 403}
    assert (
        System(table.wijk.hospital).get("/regions/nergens/agreements").json()["status"]
        == 404
    )


def test_a_signal_is_filed_once_with_an_owner_and_a_day(table: Table) -> None:
    body = {
        "region": table.wijk.region.code,
        "topic": "night",
        "text": "In het weekend antwoordt niemand op tijd.",
    }
    hospital = System(table.wijk.hospital)
    first, second = (hospital.post("/signals", body) for _press in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["owner"] == "C. Oordinator"
    row = Signal.objects.get()
    assert row.filed_by_id is None
    assert row.filed_by_name.startswith("system:")


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("topic", "weather", 400),
        ("text", "kort", 400),
        ("text", "x" * 1001, 400),
        ("region", "nergens", 404),
    ],
)
def test_a_wrong_signal_is_refused(
    table: Table, field: str, value: str, status: int
) -> None:
    body = {"region": str(table.region_id), "topic": "times", "text": "Te kort, echt."}
    answer = System(table.wijk.hospital).post("/signals", body | {field: value})
    assert answer.status_code == status
    assert not Signal.objects.exists()
