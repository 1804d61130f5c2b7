"""REST of places: own organization, areas, alliances, room in lists, coverage check."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of, token_header
from tests.factories.directory import (
    AllianceFactory,
    AllianceMemberFactory,
    AreaFactory,
    CapacityReportFactory,
    ContactPointFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.types import Audience

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def visitor() -> Client:
    return Client()


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["name"] for item in answer.json()["items"]]


class TestTheOwnOrganization:
    def test_a_token_learns_whose_it_is(self, visitor: Client) -> None:
        service = HealthcareServiceFactory.create(name="Team Laak")
        header = token_header(service.organization)
        body = visitor.get(f"{API}/own-organization", headers=header).json()
        assert body["id"] == service.organization_id
        assert [one["name"] for one in body["services"]] == ["Team Laak"]

    def test_a_visitor_has_none(self, visitor: Client) -> None:
        answer = visitor.get(f"{API}/own-organization")
        assert answer.status_code == 404
        assert answer.json()["code"] == "unknown-entry"


class TestAreas:
    def test_a_postcode_gives_what_is_around_it_from_small_to_large(
        self, visitor: Client
    ) -> None:
        region = AreaFactory.create(region=True, code="ZK01")
        gemeente = AreaFactory.create(gemeente=True, code="GM0518")
        wijk = AreaFactory.create(
            code="WK051801", population=12_000, lies_in=[gemeente, region]
        )
        AreaFactory.create(pc4=True, code="2512", parent=wijk)
        body = visitor.get(f"{API}/areas?postcode=2512").json()
        assert body["postcode"] == "2512"
        assert [one["code"] for one in body["items"]][:2] == ["2512", "WK051801"]
        assert body["items"][1]["population"] == 12_000
        assert {"GM0518", "ZK01"} <= {one["code"] for one in body["items"]}

    @pytest.mark.parametrize(
        ("query", "status"),
        [("", 400), ("postcode=9", 400), ("postcode=9999", 404), ("pc=2512", 400)],
    )
    def test_another_question_is_refused(
        self, visitor: Client, query: str, status: int
    ) -> None:
        assert visitor.get(f"{API}/areas?{query}").status_code == status


class TestRoomInLists:
    def test_only_professionals_see_room_and_its_age(self, visitor: Client) -> None:
        service = HealthcareServiceFactory.create(name="Team Laak")
        CapacityReportFactory.create(
            service=service,
            new_clients=4,
            parts_of_day=["morning", "evening"],
            reported_at=timezone.now(),
        )
        header = token_header(service.organization)
        for path in ("services", f"services/{service.pk}"):
            told = visitor.get(f"{API}/{path}", headers=header).json()
            shown = visitor.get(f"{API}/{path}").json()
            if path == "services":
                (told,), (shown,) = told["items"], shown["items"]
            assert told["room"]["status"] == "room"
            assert told["room"]["newClients"] == 4
            assert told["room"]["reportedAt"]
            assert shown["room"] is None

    def test_services_with_room_at_a_place(self, visitor: Client) -> None:
        wijk = AreaFactory.create(code="WK051801")
        AreaFactory.create(pc4=True, code="2512", parent=wijk)
        for name, clients in (("Full", 0), ("Open", 5), ("Silent", None)):
            service = HealthcareServiceFactory.create(name=name)
            CoverageFactory.create(service=service, area=wijk)
            if clients is not None:
                CapacityReportFactory.create(
                    service=service,
                    new_clients=clients,
                    parts_of_day=["morning", "evening"],
                    no_room_reason="" if clients else "full",
                    reported_at=timezone.now(),
                )
        header = token_header(service.organization)
        path = f"{API}/services?postcode=2512"
        ask = visitor.get
        assert names(ask(f"{path}&room=room", headers=header)) == ["Open"]
        assert names(ask(f"{path}&room=full&room=unknown", headers=header)) == [
            "Full",
            "Silent",
        ]
        assert ask(f"{path}&room=room").status_code == 403
        assert ask(f"{API}/services?room=room", headers=header).status_code == 400
        assert ask(f"{path}&room=plenty", headers=header).status_code == 400


class TestAlliances:
    def test_who_takes_part_with_numbers_for_the_reader(self, visitor: Client) -> None:
        area = AreaFactory.create(region=True, purpose="alliance")
        wijk = AreaFactory.create(code="WK051801", name="Laak", lies_in=[area])
        AreaFactory.create(pc4=True, code="2512", parent=wijk)
        alliance = AllianceFactory.create(
            name="Laak samen", area=area, complex_care_phone="070-0000001"
        )
        member = AllianceMemberFactory.create(alliance=alliance)
        for audience, value in (
            (Audience.RESIDENT, "070-0000002"),
            (Audience.PROFESSIONAL, "070-0000003"),
        ):
            ContactPointFactory.create(
                service=member.service, audience=audience, value=value
            )
        AllianceFactory.create(name="Elders samen")
        assert names(visitor.get(f"{API}/alliances")) == ["Elders samen", "Laak samen"]
        assert names(visitor.get(f"{API}/alliances?postcode=2512")) == ["Laak samen"]
        assert names(visitor.get(f"{API}/alliances?q=LAAK")) == ["Laak samen"]
        path = f"{API}/alliances/{alliance.pk}"
        shown = visitor.get(path).json()
        assert [one["name"] for one in shown["wijken"]] == ["Laak"]
        assert [one["value"] for one in shown["members"][0]["contacts"]] == [
            "070-0000002"
        ]
        assert shown["complexCarePhone"] == ""
        header = token_header(member.service.organization)
        told = visitor.get(path, headers=header).json()
        assert told["complexCarePhone"] == "070-0000001"
        assert len(told["members"][0]["contacts"]) == 2
        assert visitor.get(f"{API}/alliances/999999").status_code == 404


class TestTheCoverageCheck:
    def test_tells_who_runs_the_region_every_gap(self, visitor: Client) -> None:
        region = AreaFactory.create(region=True, name="Haagland")
        wijk = AreaFactory.create(code="WK051801", lies_in=[region])
        AreaFactory.create(code="WK051802", lies_in=[region])
        always = HealthcareServiceFactory.create(
            opening_hours=[
                {
                    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "from": "00:00",
                    "until": "24:00",
                }
            ],
            is_open_on_holidays=True,
        )
        CoverageFactory.create(
            service=always, area=wijk, valid_from=timezone.now() - timedelta(days=9)
        )
        path = f"{API}/regions/{region.pk}/coverage-check?from=2026-11-30&days=2"
        coordinator = browser_of(Role.COORDINATOR, region=region)
        answer = coordinator.get(path)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert (body["wijkenChecked"], body["wijkenWithGap"]) == (2, 1)
        assert body["from"] == "2026-11-29T23:00:00Z"
        gaps = {one["code"]: one["gaps"] for one in body["wijken"]}
        assert gaps["WK051801"] == []
        assert [(gap["from"], gap["until"]) for gap in gaps["WK051802"]] == [
            ("2026-11-29T23:00:00Z", "2026-12-01T23:00:00Z")
        ]
        for refused in (
            visitor.get(path),
            browser_of(Role.COORDINATOR, region=AreaFactory.create(region=True)).get(
                path
            ),
            visitor.get(path, headers=token_header(always.organization)),
        ):
            assert refused.status_code == 403
        assert coordinator.get(f"{path}&care=magic").status_code == 400
        assert coordinator.get(path.replace("days=2", "days=99")).status_code == 400
