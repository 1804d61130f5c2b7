"""What web workers keep of the heavy pages is thrown away at the change that matters.

Each page is asked, something changes, and the page is asked again at once, as a
worker that keeps for half a minute.
"""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    CapacityReservationFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from tests.factories.referrals import ServiceRequestFactory
from wijkspil.accounts.models import User
from wijkspil.accounts.types import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_worker_that_keeps(settings):
    settings.KEPT_FOR_S = 30


def read(client, url):
    client.cookies["django_language"] = "en"
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def make_region():
    region = AreaFactory(region=True, purpose="zorgkantoor", name="Delta", code="DELTA")
    return region, AreaFactory(name="Dorp", lies_in=[region])


def report_room(service):
    now = timezone.now()
    CapacityReportFactory(
        service=service,
        new_clients=3,
        parts_of_day=["morning", "evening"],
        reported_at=now,
        valid_until=now + timedelta(hours=1),
    )


class TestRoomInTheRegion:
    def counts(self, client):
        page = read(client, "/ruimte-in-de-regio")
        row = page[page.index('<th scope="row">Dorp') :].split("</tr>")[0]
        return re.findall(r'wp-number" data-label="[^"]+">(\d+)<', row)

    def test_what_a_team_reports_and_a_request_reserves_is_seen_at_once(self):
        region, wijk = make_region()
        service = CoverageFactory(area=wijk).service
        client = browser_of(Role.COORDINATOR, region=region)
        assert self.counts(client) == ["1", "0", "0", "0", "1"]
        report_room(service)
        assert self.counts(client) == ["1", "1", "0", "0", "0"]
        reserved = CapacityReservationFactory(
            service=service, clients=3, reserved_at=timezone.now()
        )
        assert self.counts(client) == ["1", "0", "0", "1", "0"]
        reserved.released_at = timezone.now()
        reserved.save()
        assert self.counts(client) == ["1", "1", "0", "0", "0"]

    def test_a_team_that_comes_or_stops_is_seen_at_once(self):
        region, wijk = make_region()
        client = browser_of(Role.COORDINATOR, region=region)
        assert self.counts(client)[0] == "0"
        service = CoverageFactory(area=wijk).service
        assert self.counts(client)[0] == "1"
        service.is_active = False
        service.save()
        assert self.counts(client)[0] == "0"

    def test_a_row_is_said_in_the_language_of_each_reader(self):
        region, wijk = make_region()
        CoverageFactory(area=wijk)
        client = browser_of(Role.COORDINATOR, region=region)
        assert "no report that counts" in read(client, "/ruimte-in-de-regio")
        client.cookies["django_language"] = "nl"
        page = client.get("/ruimte-in-de-regio").content.decode()
        assert "no report that counts" not in page


class TestCoverage:
    def test_who_covers_a_wijk_from_now_on_is_seen_at_once(self):
        region, wijk = make_region()
        client = browser_of(Role.COORDINATOR, region=region)
        assert "Every wijk is covered" not in read(client, "/dekking/")
        coverage = CoverageFactory(
            area=wijk, service=HealthcareServiceFactory(always_open=True)
        )
        assert "Every wijk is covered" in read(client, "/dekking/")
        coverage.delete()
        assert "Every wijk is covered" not in read(client, "/dekking/")

    def test_a_report_of_room_does_not_throw_the_coverage_away(self):
        region, wijk = make_region()
        service = CoverageFactory(area=wijk).service
        client = browser_of(Role.COORDINATOR, region=region)
        read(client, "/dekking/")
        CapacityReportFactory(service=service)
        with CaptureQueriesContext(connection) as queries:
            read(client, "/dekking/")
        assert not [q for q in queries if 'FROM "directory_coverage"' in q["sql"]]
        CoverageFactory(area=wijk)
        with CaptureQueriesContext(connection) as queries:
            read(client, "/dekking/")
        assert [q for q in queries if 'FROM "directory_coverage"' in q["sql"]]


class TestDesk:
    @pytest.fixture
    def asked(self):
        region, wijk = make_region()
        at = timezone.now()
        return region, ServiceRequestFactory(
            region=region,
            place=wijk,
            postcode="2512AB",
            status="open",
            owner_name="Regietafel",
            due_at=at + timedelta(days=2),
        )

    def row(self, client, asked):
        page = read(client, "/regietafel/?toon=alles")
        start = page.index(f'id="rij-{asked.number}"')
        return page[start:].split("</li>")[0]

    def test_a_request_that_changes_hands_or_becomes_late_is_seen_at_once(self, asked):
        region, request = asked
        client = browser_of(Role.COORDINATOR, region=region)
        assert "Regietafel" in self.row(client, request)
        request.owner_name = "Another"
        request.save()
        assert "Another" in self.row(client, request)
        request.due_at = timezone.now() - timedelta(seconds=1)
        request.save()
        assert "Too late" in self.row(client, request)

    def test_your_own_request_is_yours_to_you_alone(self, asked):
        region, request = asked
        mine = browser_of(Role.COORDINATOR, region=region)
        other = browser_of(Role.COORDINATOR, region=region)
        owner = User.objects.get(pk=mine.session["_auth_user_id"])
        request.owner, request.owner_name = owner, "Owner of it"
        request.save()
        for _time in range(2):
            assert "you</p>" in self.row(mine, request)
            assert "Owner of it</p>" in self.row(other, request)

    def test_who_coordinates_another_region_gets_no_row_of_this_one(self, asked):
        region, request = asked
        client = browser_of(Role.COORDINATOR, region=region)
        assert self.row(client, request)
        elsewhere = browser_of(Role.COORDINATOR, region=AreaFactory(region=True))
        assert request.number not in read(elsewhere, "/regietafel/?toon=alles")


class TestStatistics:
    def names(self, client):
        return "Thuiszorg Alfa" in read(client, "/regiocijfers/")

    def test_what_is_kept_does_not_show_names_to_who_may_not_see_them(self):
        region, wijk = make_region()
        service = CoverageFactory(
            area=wijk,
            service=HealthcareServiceFactory(organization__name="Thuiszorg Alfa"),
        ).service
        report_room(service)
        coordinator = browser_of(Role.COORDINATOR, region=region)
        administrator = browser_of(Role.ADMINISTRATOR)
        for _time in range(2):
            assert self.names(coordinator)
            assert not self.names(administrator)

    def test_a_provider_that_comes_is_seen_at_once(self):
        region, wijk = make_region()
        client = browser_of(Role.COORDINATOR, region=region)
        assert not self.names(client)
        service = HealthcareServiceFactory(organization__name="Thuiszorg Alfa")
        report_room(service)
        CoverageFactory(area=wijk, service=service)
        assert self.names(client)
