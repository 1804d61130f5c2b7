"""Duties as a planner, a coordinator and a roster system meet them, over HTTP."""

import io
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from tests.apps.directory.signing_in import browser_of, token_header
from tests.factories.directory import (
    AreaFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.config.cli_duty import duty_app
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import DutyPeriod
from wijkspil.directory.selectors.duty_week import Week, list_services_of_area

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HEAD = "area_kind;area_code;person_name;phone;start;end"


@pytest.fixture
def region():
    return AreaFactory(region=True, purpose="zorgkantoor", name="Delta", code="DELTA")


@pytest.fixture
def coverage(region):
    return CoverageFactory(
        area=AreaFactory(name="Dorp", lies_in=[region], code="WK051801"),
        service__never_open=True,
    )


@pytest.fixture
def planner(coverage):
    client = browser_of(
        Role.PROVIDER_MANAGER, organization=coverage.service.organization
    )
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def night(coverage):
    """A night of next week."""
    monday = Week.of(timezone.localdate()).later(1).period.start
    start = monday.astimezone(AMSTERDAM) + timedelta(hours=23)
    return DutyPeriodFactory(
        service=coverage.service,
        area=coverage.area,
        valid_from=start,
        valid_until=start + timedelta(hours=8),
    )


def url(name, *args):
    return reverse(f"directory:{name}", args=args)


def next_week():
    return Week.of(timezone.localdate()).later(1).code


def clock(moment):
    return f"{moment.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M}"


def roster(*lines):
    return "\r\n".join((HEAD, *lines, "")).encode()


def line(day=None, name="B. Beter", code="WK051801"):
    day = day or timezone.localdate() + timedelta(days=3)
    after = day + timedelta(days=1)
    return f"wijk;{code};{name};061234567;{day}T23:00;{after}T07:00"


class TestWeek:
    def test_a_planner_sees_the_night_and_the_gaps_around_it(self, planner, night):
        page = planner.get(url("duty-week"), {"week": next_week()}).content.decode()
        assert "N. Nacht" in page
        assert "nobody" in page
        assert "wd-gap-block" in page
        (event,) = AuditEvent.objects.all()
        assert (event.entity_type, event.action) == ("duty-week", "read")

    def test_every_gap_leads_to_a_form_that_is_filled_in(self, planner, coverage):
        page = planner.get(url("duty-week")).content.decode()
        link = page.split('<a class="wd-gap-block" href="')[1].split('"')[0]
        answer = planner.get(link.replace("&amp;", "&"), follow=True)
        assert answer.redirect_chain[0][0].startswith(
            url("duty-new", coverage.service_id)
        )
        assert f'value="{coverage.area_id}"' in answer.content.decode()

    def test_a_team_with_duties_only_is_offered_its_areas(
        self, planner, coverage, night
    ):
        area = coverage.area
        coverage.delete()
        assert [s.id for s in list_services_of_area(area.pk, care="")] == [
            night.service_id
        ]
        page = planner.get(url("duty-new", night.service_id)).content.decode()
        assert f'value="{area.pk}"' in page

    def test_another_provider_sees_neither_person_nor_area(self, night, region):
        other = CoverageFactory(area=AreaFactory(name="Veld", lies_in=[region]))
        client = browser_of(
            Role.TEAM_MEMBER,
            service=other.service,
            organization=other.service.organization,
        )
        page = client.get(url("duty-week"), {"week": next_week()}).content.decode()
        main = page[page.index("<main") : page.index("</main")]
        assert "Nacht" not in main
        assert "Veld" in page
        assert "Dorp" not in page
        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize("role", [Role.REFERRER, Role.INSURER, Role.AUDITOR])
    def test_other_roles_are_refused(self, region, role):
        client = browser_of(role, region=region)
        assert client.get(url("duty-week")).status_code == 403

    def test_a_week_that_is_none_is_said(self, planner):
        answer = planner.get(url("duty-week"), {"week": "2026-W60"})
        assert answer.status_code == 400
        assert "2026-W48" in answer.content.decode()

    def test_a_coordinator_is_warned_of_nobody(self, region, coverage):
        client = browser_of(Role.COORDINATOR, region=region)
        client.cookies["django_language"] = "en"
        page = client.get(url("duty-week")).content.decode()
        assert "Nobody can be reached" in page


class TestChanging:
    def test_a_duty_is_changed_swapped_and_shown(self, planner, night, coverage):
        page = planner.get(url("duty-change", night.pk)).content.decode()
        version = page.split('name="version" value="')[1].split('"')[0]
        answer = planner.post(
            url("duty-change", night.pk),
            {
                "person_name": "B. Beter",
                "phone": "061234567",
                "valid_from": clock(night.valid_from),
                "valid_until": clock(night.valid_until),
                "rank": "1",
                "areas": coverage.area_id,
                "version": version,
            },
        )
        assert answer.status_code == 302
        row = DutyPeriod.objects.get()
        assert row.person_name == "B. Beter"
        other = DutyPeriodFactory(
            service=row.service,
            area=row.area,
            rank=2,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        assert "N. Nacht" in planner.get(url("duty-swap", row.pk)).content.decode()
        planner.post(url("duty-swap", row.pk), {"other": other.pk})
        other.refresh_from_db()
        assert other.person_name == "B. Beter"

    def test_a_week_is_repeated_after_a_look(self, planner, night):
        until = date.fromisoformat(str(night.valid_from.date())) + timedelta(days=14)
        asked = {"week": next_week(), "until": until.isoformat()}
        page = planner.get(url("duty-repeat"), asked).content.decode()
        assert DutyPeriod.objects.count() == 1
        signature = page.split('name="signature" value="')[1].split('"')[0]
        answer = planner.post(
            f"{url('duty-repeat')}?week={next_week()}",
            {"until": until.isoformat(), "signature": signature},
        )
        assert answer.status_code == 302
        assert DutyPeriod.objects.count() == 3


class TestFiles:
    def send(self, client, content, coverage, name="rooster.csv"):
        file = io.BytesIO(content)
        file.name = name
        return client.post(
            url("duty-import"), {"file": file, "service": coverage.service_id}
        ).content.decode()

    def test_a_roster_is_looked_at_and_then_entered(self, planner, coverage):
        page = self.send(planner, roster(line()), coverage)
        assert not DutyPeriod.objects.exists()
        hidden = {
            name: page.split(f'name="{name}" value="')[1].split('"')[0]
            for name in ("content", "name", "service", "area", "signature")
        }
        assert planner.post(url("duty-import"), hidden).status_code == 302
        assert DutyPeriod.objects.get().person_name == "B. Beter"
        assert "nothing new" in self.send(planner, roster(line()), coverage)

    def test_a_bad_line_is_shown_and_nothing_can_be_entered(self, planner, coverage):
        page = self.send(planner, roster(line(), line(code="WK9")), coverage)
        assert "line 3" in page
        assert 'name="content"' not in page

    def test_a_download_is_an_export_in_the_trail(self, planner, night):
        for name, first in (("duty-csv", "\ufeffservice_code"), ("duty-ics", "BEGIN:")):
            answer = planner.get(url(name), {"week": next_week()})
            assert answer.content.decode().startswith(first)
            assert "N. Nacht" in answer.content.decode()
        assert AuditEvent.objects.filter(action="export").count() == 2


class TestSystems:
    @pytest.fixture
    def headers(self, coverage):
        return token_header(coverage.service.organization)

    def put(self, headers, coverage, content, key="a", query=""):
        return Client().put(
            f"/api/v1/services/{coverage.service_id}/roster{query}",
            content,
            content_type="text/csv",
            headers={**headers, "Idempotency-Key": key},
        )

    def test_a_roster_is_put_and_read_back(self, headers, coverage):
        content = roster(line())
        looked = self.put(headers, coverage, content, query="?preview=true")
        assert looked.json()["new"] == 1
        assert not DutyPeriod.objects.exists()
        assert self.put(headers, coverage, content, "b").json()["new"] == 1
        assert self.put(headers, coverage, content, "c").json()["same"] == 1
        path = f"/api/v1/services/{coverage.service_id}/roster"
        for kind in ("csv", "ics"):
            answer = Client().get(path, {"format": kind}, headers=headers)
            assert "B. Beter" in answer.content.decode()

    def test_a_bad_line_refuses_it_all_with_its_place(self, headers, coverage):
        answer = self.put(headers, coverage, roster(line(), line(name="")))
        assert answer.status_code == 400
        assert [x["name"] for x in answer.json()["invalidParams"]] == ["3/person_name"]
        assert not DutyPeriod.objects.exists()

    def test_another_system_and_a_visitor_are_refused(self, headers, coverage):
        other = token_header(HealthcareServiceFactory().organization)
        assert self.put(other, coverage, roster(line())).status_code == 403
        path = f"/api/v1/services/{coverage.service_id}/roster"
        assert Client().get(path, headers=other).status_code == 403
        assert Client().get(path).status_code == 403


class TestCommand:
    def test_a_roster_goes_in_and_comes_out(self, coverage, tmp_path):
        file = tmp_path / "in.csv"
        file.write_bytes(roster(line()))
        service = str(coverage.service_id)
        run = CliRunner().invoke
        assert (
            "new 1" in run(duty_app, ["import", str(file), "--service", service]).output
        )
        out = tmp_path / "out.ics"
        assert run(duty_app, ["export", service, str(out)]).exit_code == 0
        assert "B. Beter" in out.read_text()
        again = run(duty_app, ["import", str(out), "--service", service])
        assert "same 1" in again.output

    def test_a_bad_line_ends_with_2_and_says_where(self, coverage, tmp_path):
        file = tmp_path / "in.csv"
        file.write_bytes(roster(line(name="")))
        for options in ([], ["--preview"]):
            result = CliRunner().invoke(
                duty_app,
                ["import", str(file), "--service", str(coverage.service_id), *options],
            )
            assert result.exit_code == 2
            assert "in.csv, line 2, person_name" in result.output
