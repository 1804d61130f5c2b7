"""The directory and its room as files, and room taken back from one."""

import csv
import io
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of, token_header
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    ContactPointFactory,
    CoverageFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.models import CapacityReport, HealthcareService
from wijkspil.directory.services.directory_files import (
    CAPACITY_COLUMNS,
    ORGANIZATION_COLUMNS,
    SERVICE_COLUMNS,
)
from wijkspil.directory.types import Audience
from wijkspil.referrals.services.request_files import REQUEST_COLUMNS

pytestmark = pytest.mark.django_db
FILES = "/api/v1/files"
CODEBOOK = Path(__file__).resolve().parents[3] / "docs" / "howto" / "files.md"


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.fixture
def team() -> HealthcareService:
    made: HealthcareService = HealthcareServiceFactory.create(name="=Team Laak")
    CoverageFactory.create(service=made, area=AreaFactory.create(code="WK051801"))
    for audience, value in (
        (Audience.RESIDENT, "070-0000001"),
        (Audience.PROFESSIONAL, "070-0000002"),
    ):
        ContactPointFactory.create(service=made, audience=audience, value=value)
    CapacityReportFactory.create(
        service=made, new_clients=3, reported_at=timezone.now() - timedelta(hours=2)
    )
    return made


def send(team: HealthcareService, text: str) -> Any:
    return Client().put(
        f"{FILES}/capacity",
        text.encode(),
        content_type="text/csv",
        headers={
            **token_header(team.organization),
            "Idempotency-Key": str(uuid.uuid4()),
            "accept-language": "en",
        },
    )


class TestOut:
    def test_services_show_each_reader_what_it_may_see(
        self, team: HealthcareService
    ) -> None:
        HealthcareServiceFactory.create(name="Elders")
        (shown,) = rows_of(Client().get(f"{FILES}/services?area=WK051801"))
        assert shown["service"] == "'=Team Laak"  # no formula in a spreadsheet
        assert shown["areas"] == "WK051801"
        assert shown["phone_residents"] == "070-0000001"
        assert (shown["phone_professionals"], shown["room"]) == ("", "")
        header = token_header(team.organization)
        (told,) = rows_of(
            Client().get(f"{FILES}/services?area=WK051801", headers=header)
        )
        assert told["phone_professionals"] == "070-0000002"
        assert told["room"] == "limited"
        assert told["room_age_hours"] == "2.0"
        assert len(rows_of(Client().get(f"{FILES}/services"))) == 2

    def test_organizations_say_how_many_services_they_have(
        self, team: HealthcareService
    ) -> None:
        OrganizationFactory.create(name="Gestopt", is_active=False)
        rows = rows_of(Client().get(f"{FILES}/organizations"))
        assert [(row["organization_id"], row["services"]) for row in rows] == [
            (str(team.organization_id), "1")
        ]

    def test_room_is_for_professionals(self, team: HealthcareService) -> None:
        assert Client().get(f"{FILES}/capacity").status_code == 403
        browser = browser_of(Role.REFERRER, organization=team.organization)
        (row,) = rows_of(browser.get(f"{FILES}/capacity"))
        assert (row["new_clients"], row["parts_of_day"]) == ("3", "morning")

    def test_a_country_is_read_in_parts(
        self, team: HealthcareService, django_assert_max_num_queries: Any
    ) -> None:
        for _number in range(5):
            HealthcareServiceFactory.create(organization=team.organization)
        with django_assert_max_num_queries(12):
            rows = rows_of(
                Client().get(
                    f"{FILES}/services", headers=token_header(team.organization)
                )
            )
        assert len(rows) == 6


class TestRoomBack:
    def test_what_was_taken_out_can_be_sent_back(self, team: HealthcareService) -> None:
        header = token_header(team.organization)
        text = Client().get(f"{FILES}/capacity", headers=header).content.decode()
        answer = send(team, text.replace(f"{team.pk};3;", f"{team.pk};7;"))
        assert answer.status_code == 200, answer.content
        assert [one["newClients"] for one in answer.json()["items"]] == [7]
        newest = CapacityReport.objects.latest("reported_at")
        assert (newest.new_clients, newest.source) == (7, "system")

    def test_one_wrong_line_refuses_all_and_each_is_named(
        self, team: HealthcareService
    ) -> None:
        stranger = HealthcareServiceFactory.create()
        answer = send(
            team,
            "service_id;new_clients;size_band;parts_of_day\n"
            f"{team.pk};4;any;morning\n"
            f"{stranger.pk};4;any;morning\n"
            "999999;4;any;morning\n"
            f"{team.pk};many;any;morning\n"
            f"{team.pk};4;any;\n",
        )
        assert answer.status_code == 400
        body = answer.json()
        assert body["code"] == "refused-capacity-file"
        assert [one["name"] for one in body["invalidParams"]] == [
            "3/service_id",
            "4/service_id",
            "5/new_clients",
            "6/service_id",
        ]
        assert CapacityReport.objects.count() == 1

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "new_clients"),
            ("service_id;new_clients\n", "no lines"),
            ("service_id;new_client\n1;2\n", "new_clients"),
            ("service_id;new_clients;mood\n1;2;good\n", "mood"),
        ],
    )
    def test_another_file_is_refused_in_words(
        self, team: HealthcareService, text: str, told: str
    ) -> None:
        answer = send(team, text)
        assert answer.status_code == 400, answer.content
        assert told in answer.json()["detail"]

    def test_a_session_cannot_write(self, team: HealthcareService) -> None:
        browser = browser_of(Role.PROVIDER_MANAGER, organization=team.organization)
        answer = browser.put(
            f"{FILES}/capacity",
            "service_id;new_clients",
            content_type="text/csv",
            headers={"Idempotency-Key": "x"},
        )
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("services", SERVICE_COLUMNS),
        ("organizations", ORGANIZATION_COLUMNS),
        ("room", CAPACITY_COLUMNS),
        ("requests", REQUEST_COLUMNS),
    ],
)
def test_the_codebook_tells_every_column(title: str, columns: tuple[str, ...]) -> None:
    part = CODEBOOK.read_text().split(f"## Columns of {title}\n")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == columns
