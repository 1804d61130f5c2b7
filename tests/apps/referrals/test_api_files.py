"""The worklist of an organization as a file, without who it is about."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.referrals.rest import API, System, request_body
from tests.apps.referrals.test_api import IDENTITY
from tests.factories.directory import OrganizationFactory
from tests.factories.referrals import ReferralsWijk, make_wijk

pytestmark = pytest.mark.django_db


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_who_sent_requests_takes_them_out_without_identity(
    wijk: ReferralsWijk,
) -> None:
    hospital = System(wijk.hospital)
    sent = hospital.post("/requests", request_body(wijk)).json()
    answer = hospital.get("/files/requests")
    (row,) = rows_of(answer)
    assert row["number"] == sent["number"]
    assert row["status"] == "offered"
    assert row["tasks"] == "stockings medication"
    assert row["service_id"] == ""
    text = answer.content.decode()
    assert [one for one in IDENTITY if one and one in text] == []
    assert rows_of(hospital.get("/files/requests", part="team")) == []
    assert rows_of(hospital.get("/files/requests", status="cancelled")) == []


def test_another_organization_gets_an_empty_file(wijk: ReferralsWijk) -> None:
    System(wijk.hospital).post("/requests", request_body(wijk))
    asked_only = System(wijk.teams[0].organization)
    assert rows_of(asked_only.get("/files/requests")) == []
    stranger = System(OrganizationFactory.create())
    assert rows_of(stranger.get("/files/requests")) == []


def test_a_visitor_and_an_unknown_state_are_refused(wijk: ReferralsWijk) -> None:
    assert Client().get(f"{API}/files/requests").status_code == 403
    answer = System(wijk.hospital).get("/files/requests", status="somewhere")
    assert answer.status_code == 400
