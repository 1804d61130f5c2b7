"""The coverage of a region as its coordinator sees it: map, table, export, mending."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of
from tests.factories.directory import (
    AreaFactory,
    ContactPointFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.models import AreaShape, Coverage, DutyPeriod

pytestmark = pytest.mark.django_db
SQUARE = [[4.3, 52.0], [4.31, 52.0], [4.31, 52.01], [4.3, 52.0]]


@pytest.fixture
def region():
    return AreaFactory(
        region=True, name="Haaglanden", purpose="zorgkantoor", code="HAAGLANDEN"
    )


@pytest.fixture
def wijken(region):
    """Laak is always covered, Park by day, Zuid only by the region, Strand never."""
    gemeente = AreaFactory(gemeente=True, name="Den Haag", lies_in=[region])
    wijken = {
        name: AreaFactory(name=name, parent=gemeente, lies_in=[region], code=code)
        for name, code in (
            ("Laak", "WK01"),
            ("Park", "WK02"),
            ("Zuid", "WK03"),
        )
    }
    for wijk in wijken.values():
        AreaShape.objects.create(
            area=wijk, geometry={"type": "Polygon", "coordinates": [SQUARE]}
        )
    CoverageFactory(
        area=wijken["Laak"], service=HealthcareServiceFactory(always_open=True)
    )
    CoverageFactory(area=wijken["Park"], service__name="Team Park")
    CoverageFactory(
        area=region,
        role="back-up",
        service=HealthcareServiceFactory(always_open=True, name="Achterwacht"),
    )
    return wijken


@pytest.fixture
def coordinator(region):
    client = browser_of(Role.COORDINATOR, region=region)
    client.cookies["django_language"] = "en"
    return client


def url(name, *args):
    return reverse(f"directory:{name}", args=args)


def map_states(page):
    """Return what the page tells the map of each wijk."""
    found = re.search(r'<script id="wijken-states"[^>]*>(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def text(answer):
    return answer.content.decode()


class TestMapPage:
    def test_the_totals_stand_on_top_in_a_sentence(self, coordinator, wijken):
        answer = coordinator.get(url("coverage"), {"vanaf": "2026-11-23"})
        # Park: five working days of 9 hours; 7 x 24 - 45 = 123. Zuid: all 168.
        assert "2 of 3 wijken have a gap; 291 wijk-hours." in text(answer)
        assert answer.context["nobody"] == "0"

    def test_the_table_holds_what_the_map_holds(self, coordinator, wijken):
        answer = coordinator.get(url("coverage"))
        page = text(answer)
        states = {code: s["category"] for code, s in map_states(page).items()}
        assert states == {"WK01": "covered", "WK02": "backup", "WK03": "backup"}
        shapes = coordinator.get(answer.context["map_url"])
        areas = shapes.json()["features"]
        assert {f["properties"]["code"] for f in areas} == set(states)
        for code in ("WK01", "WK02", "WK03"):
            assert f'data-map-area="{code}"' in page
            assert url("coverage-wijk", code) in page

    def test_the_map_is_right_at_once_after_an_edit(self, coordinator, wijken):
        before = coordinator.get(url("coverage"))
        assert map_states(text(before))["WK02"]["category"] == "backup"
        CoverageFactory(
            area=wijken["Park"], service=HealthcareServiceFactory(always_open=True)
        )
        after = coordinator.get(url("coverage"))
        assert map_states(text(after))["WK02"]["category"] == "covered"
        assert after.context["map_url"] == before.context["map_url"]

    def test_the_shapes_are_kept_by_the_browser_and_cost_no_check(
        self, coordinator, wijken, django_assert_max_num_queries
    ):
        address = coordinator.get(url("coverage")).context["map_url"]
        with django_assert_max_num_queries(6):
            shapes = coordinator.get(address)
        assert shapes["Cache-Control"] == "private, max-age=86400"
        assert "category" not in shapes.json()["features"][0]["properties"]
        other_year = coordinator.get(address.replace("jaar=", "jaar=x"))
        assert other_year.json()["features"] == []

    def test_without_the_fallback_of_the_region_nobody_is_there(
        self, coordinator, wijken
    ):
        Coverage.objects.filter(role="back-up").delete()
        answer = coordinator.get(url("coverage"))
        assert "A person must act" in text(answer)
        rows = {row["wijk"].name: row["state"] for row in answer.context["rows"]}
        assert rows == {"Laak": "covered", "Park": "gap", "Zuid": "gap"}
        assert answer.context["rows"][0]["wijk"].name == "Zuid"

    def test_chips_keep_to_one_state_and_columns_sort(self, coordinator, wijken):
        answer = coordinator.get(url("coverage"), {"toon": "covered"})
        assert [row["wijk"].name for row in answer.context["rows"]] == ["Laak"]
        answer = coordinator.get(url("coverage"), {"sort": "-wijk"})
        assert [row["wijk"].name for row in answer.context["rows"]] == [
            "Zuid",
            "Park",
            "Laak",
        ]
        answer = coordinator.get(url("coverage"), {"toon": "gap"})
        assert "No wijk is in this state" in text(answer)

    def test_the_export_holds_every_gap(self, coordinator, wijken):
        answer = coordinator.get(url("coverage-export"), {"vanaf": "2026-11-23"})
        assert answer["Content-Type"].startswith("text/csv")
        assert "dekking-haaglanden-2026-11-23.csv" in answer["Content-Disposition"]
        lines = text(answer).splitlines()
        assert lines[0].lstrip("\ufeff").startswith("wijk;name;gemeente")
        assert sum(line.startswith("WK03;Zuid") for line in lines) == 1
        assert any("2026-11-23T00:00:00+01:00" in line for line in lines)

    def test_a_name_cannot_be_a_formula_in_the_export(self, coordinator, wijken):
        wijk = wijken["Zuid"]
        wijk.name = "=cmd()"
        wijk.save()
        assert ";'=cmd();" in text(coordinator.get(url("coverage-export")))

    @pytest.mark.parametrize(
        "query",
        [
            {"vanaf": "soon"},
            {"vanaf": "1800-01-01"},
            {"vanaf": "9999-12-31"},
            {"zorg": "baking"},
            {"regio": "x"},
            {"regio": "999999"},
            {"regio": "9" * 30},
        ],
    )
    def test_a_question_that_makes_no_sense_is_told_beside_its_field(
        self, coordinator, wijken, query
    ):
        answer = coordinator.get(url("coverage"), query)
        assert answer.status_code == 400
        assert next(iter(query)) in answer.context["form"].errors
        for name in ("coverage-areas", "coverage-export"):
            assert coordinator.get(url(name), query).status_code == 404

    def test_nonsense_in_sort_and_state_does_no_harm(self, coordinator, wijken):
        for query in ({"sort": "x"}, {"sort": "-"}, {"toon": "x"}):
            assert coordinator.get(url("coverage"), query).status_code == 200

    def test_a_region_without_wijken_says_so(self, coordinator):
        assert "There are no wijken to check" in text(coordinator.get(url("coverage")))

    def test_the_number_of_queries_does_not_grow_with_the_wijken(
        self, coordinator, wijken, region, django_assert_max_num_queries
    ):
        for _number in range(20):
            AreaFactory(parent=wijken["Laak"].parent, lies_in=[region])
        with django_assert_max_num_queries(16):
            coordinator.get(url("coverage"))


class TestWijkPage:
    def test_it_lists_the_gaps_in_words_and_who_could_help(self, coordinator, wijken):
        near = HealthcareServiceFactory(name="Team Dichtbij", lon=4.31, lat=52.08)
        ContactPointFactory(service=near, value="070 222 33 44", for_referrers=True)
        HealthcareServiceFactory(name="Team Ver", lon=6.5, lat=53.2)
        page = text(
            coordinator.get(url("coverage-wijk", "WK02"), {"vanaf": "2026-11-23"})
        )
        assert "Mon 23 Nov 0:00 – 8:00 (8 hours)" in page
        assert "070 222 33 44" in page
        assert "Team Ver" not in page
        assert page.index("Team Park") < page.index("Team Dichtbij")
        assert page.index("Team Dichtbij") < page.index("Achterwacht")

    def test_from_the_gap_a_duty_and_an_area_are_one_step_away(
        self, coordinator, wijken
    ):
        team = Coverage.objects.get(area=wijken["Park"]).service
        day = timezone.localdate() + timedelta(days=1)
        answer = coordinator.get(
            url("coverage-wijk", "WK02"), {"vanaf": day.isoformat()}
        )
        duty_url = f"{url('duty-new', team.pk)}?{answer.context['first_duty_query']}"
        form = coordinator.get(duty_url).context["form"]
        assert str(form["areas"].value()) == str(wijken["Park"].pk)
        assert str(form["valid_from"].value()).startswith(day.isoformat())
        coordinator.post(
            url("duty-new", team.pk),
            {
                "areas": wijken["Park"].pk,
                "valid_from": form["valid_from"].value(),
                "valid_until": form["valid_until"].value(),
                "person_name": "N. Nacht",
                "phone": "06 12345678",
                "rank": "1",
            },
        )
        assert DutyPeriod.objects.get().area_id == wijken["Park"].pk
        page = coordinator.get(
            f"{url('coverage-new', team.pk)}?areas={wijken['Zuid'].pk}"
        )
        assert page.context["form"]["areas"].value() == [wijken["Zuid"].pk]

    def test_a_covered_wijk_says_that_there_are_no_gaps(self, coordinator, wijken):
        assert "No gaps" in text(coordinator.get(url("coverage-wijk", "WK01")))

    @pytest.mark.parametrize("code", ["WK99", "x", "%00", "WK01'"])
    def test_a_wijk_that_is_not_there_is_not_found(self, coordinator, wijken, code):
        assert coordinator.get(f"/dekking/wijk/{code}/").status_code == 404


class TestWhoMay:
    def test_a_visitor_signs_in_first(self, wijken):
        assert Client().get(url("coverage")).status_code == 302

    @pytest.mark.parametrize(
        "role", [Role.REFERRER, Role.TEAM_MEMBER, Role.PROVIDER_MANAGER]
    )
    def test_it_is_not_open_to_providers_and_referrers(self, wijken, region, role):
        client = browser_of(role, region=region)
        for name, args in (
            ("coverage", ()),
            ("coverage-areas", ()),
            ("coverage-export", ()),
            ("coverage-wijk", ("WK01",)),
        ):
            assert client.get(url(name, *args)).status_code == 403

    def test_the_coordinator_of_another_region_sees_the_own_one(self, wijken, region):
        other = AreaFactory(region=True, purpose="zorgkantoor", name="Elders")
        client = browser_of(Role.COORDINATOR, region=other)
        assert "Laak" not in text(client.get(url("coverage")))
        assert client.get(url("coverage"), {"regio": region.pk}).status_code == 400
        assert client.get(url("coverage-wijk", "WK01")).status_code == 403

    def test_an_insurer_sees_hours_and_no_numbers_of_professionals(
        self, wijken, region
    ):
        ContactPointFactory(
            service=Coverage.objects.get(area=wijken["Park"]).service,
            value="070 222 33 44",
            for_referrers=True,
        )
        insurer = browser_of(Role.INSURER, region=region)
        assert insurer.get(url("coverage")).status_code == 200
        page = text(insurer.get(url("coverage-wijk", "WK02")))
        assert "070 222 33 44" not in page
        assert "Vol" not in page
        assert "diensttijd-toevoegen" not in page

    def test_without_a_region_the_page_says_what_to_do(self):
        client = browser_of(Role.INSURER)
        client.cookies["django_language"] = "en"
        assert "No region is tied to your account" in text(client.get(url("coverage")))

    def test_an_auditor_chooses_among_all_care_office_regions(self, wijken, region):
        AreaFactory(region=True, purpose="zorgkantoor", name="Elders")
        auditor = browser_of(Role.AUDITOR)
        answer = auditor.get(url("coverage"), {"regio": region.pk})
        assert "Elders" in text(answer)
        assert "Laak" in text(answer)
