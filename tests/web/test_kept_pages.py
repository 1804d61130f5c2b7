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
        now = timezone.now()
        CapacityReportFactory(
            service=service,
            new_clients=3,
            parts_of_day=["morning", "evening"],
            reported_at=now,
            valid_until=now + timedelta(hours=1),
        )
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
