"""A generated region: believable, marked fictional, and gone when replaced."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from tests.factories.directory import (
    AreaFactory,
    CapacityReservationFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.models import Membership, User
from wijkspil.accounts.selectors import get_actor, get_token_actor
from wijkspil.accounts.types import Role
from wijkspil.config import cli_generate
from wijkspil.core.errors import Conflict, InvalidValue, NotFound
from wijkspil.core.periods import Period
from wijkspil.core.progress import Silent
from wijkspil.directory import models
from wijkspil.directory.fictional.calibration import (
    load_calibration,
    weekly_new_clients,
)
from wijkspil.directory.fictional.generation import generate
from wijkspil.directory.importing import GpLocation
from wijkspil.directory.selectors import coverage_check
from wijkspil.directory.selectors.responsibility import Answer, get_who_helps
from wijkspil.directory.services.areas import refresh_within
from wijkspil.directory.types import Care, CoverageRole

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
AT = datetime(2026, 11, 22, 14, tzinfo=AMSTERDAM)
PASSWORD = "a password for tests"


def _generate(**options: Any):
    arguments: dict[str, Any] = {
        "seed": 1,
        "at": AT,
        "password": PASSWORD,
        "gemeenten": 1,
        "progress": Silent(),
    }
    return generate(**(arguments | options))


@pytest.fixture(scope="module")
def region(django_db_setup, django_db_blocker):
    """One region for all tests that only read it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _generate(gemeenten=3)
        transaction.set_rollback(True)


def _history(model: Any) -> Any:
    return model.pgh_event_model


def _who_helps(summary, at, care=Care.DISTRICT_NURSING):
    found = get_who_helps(
        postcode=summary.example_postcode,
        at=at,
        cares=[care],
        audiences=["resident", "referrer", "professional"],
        show_room=True,
        show_duty_person=True,
    )
    return found.by_care[care]


class TestReadOnly:
    """What one region holds."""

    def test_all_is_marked_fictional(self, region):
        for model in (
            models.Area,
            models.Organization,
            models.HealthcareService,
            models.Alliance,
            User,
        ):
            assert model.objects.exists()
            assert not model.objects.filter(is_fictional=False).exists()

    def test_rows_obey_the_rules_of_their_tables(self, region):
        for model in (
            models.Organization,
            models.HealthcareService,
            models.CareTeam,
            models.ContactPoint,
            models.CapacityReport,
            models.Alliance,
        ):
            for row in model.objects.order_by("?")[:80]:
                row.full_clean(validate_unique=False, validate_constraints=False)

    def test_numbers_cannot_be_anybodys(self, region):
        phones = [
            *models.ContactPoint.objects.filter(system="phone").values_list(
                "value", flat=True
            ),
            *models.DutyPeriod.objects.values_list("phone", flat=True),
            *models.Alliance.objects.values_list("complex_care_phone", flat=True),
        ]
        assert all(re.fullmatch(r"0119-\d{6}|06-0\d{7}", phone) for phone in phones)
        for agb, ura, kvk in models.Organization.objects.values_list(
            "agb_code", "ura", "kvk_number"
        ):
            assert agb == "" or agb.startswith("99")
            assert ura == "" or ura.startswith("99")
            assert kvk.startswith("00")
        addresses = models.ContactPoint.objects.filter(
            system__in=["email", "fhir", "web"]
        ).values_list("value", flat=True)
        assert all("example.nl" in address for address in addresses)

    def test_within_is_what_the_product_works_out_itself(self, region):
        assert refresh_within() == 0

    def test_every_wijk_has_one_first_contact_and_a_coordinator(self, region):
        wijken = set(
            models.Area.objects.filter(kind="wijk").values_list("id", flat=True)
        )
        first = Counter(
            models.Coverage.objects.filter(
                role=CoverageRole.FIRST_CONTACT, care=Care.DISTRICT_NURSING
            ).values_list("area_id", flat=True)
        )
        assert first == dict.fromkeys(wijken, 1)
        for audience in ("referrer", "professional"):
            coordinators = models.ContactPoint.objects.filter(
                purpose="complex-care", audience=audience
            ).values_list("area_id", flat=True)
            assert set(coordinators) == wijken

    def test_back_ups_are_of_another_provider(self, region):
        first = dict(
            models.Coverage.objects.filter(
                role=CoverageRole.FIRST_CONTACT, care=Care.DISTRICT_NURSING
            ).values_list("area_id", "service__organization_id")
        )
        back_ups = models.Coverage.objects.filter(
            role=CoverageRole.BACK_UP, area__kind="wijk"
        ).values_list("area_id", "service__organization_id")
        assert len(back_ups) > len(first)
        assert all(first[wijk] != organization for wijk, organization in back_ups)

    def test_history_begins_at_creation(self, region):
        for model in (
            models.Organization,
            models.HealthcareService,
            models.CareTeam,
            models.ContactPoint,
            models.Coverage,
            models.DutyPeriod,
            models.Alliance,
            models.AllianceMember,
        ):
            events = _history(model).objects
            assert set(events.values_list("pgh_label", flat=True)) == {"insert"}
            assert set(events.values_list("pgh_obj_id", flat=True)) == set(
                model.objects.values_list("pk", flat=True)
            )

    def test_a_change_afterwards_is_kept_as_well(self, region):
        with transaction.atomic():
            organization = models.Organization.objects.all()[0]
            organization.name = "Another name"
            organization.save()
            labels = (
                _history(models.Organization)
                .objects.filter(pgh_obj_id=organization.pk)
                .values_list("pgh_label", flat=True)
            )
            assert sorted(labels) == ["insert", "update"]
            transaction.set_rollback(True)

    def test_counts_follow_the_published_figures(self, region):
        share = region.counts["inhabitants"] / 17_590_672

        assert region.counts["organizations"] == pytest.approx(20_000 * share, rel=0.03)
        assert region.counts["nursing_teams"] == pytest.approx(9_000 * share, rel=0.12)
        kinds = Counter(models.Organization.objects.values_list("type", flat=True))
        assert kinds["home-care"] == pytest.approx(3_000 * share, abs=1.5)
        assert kinds["gp-practice"] == pytest.approx(4_866 * share, rel=0.05)
        assert kinds["pharmacy"] == pytest.approx(2_000 * share, abs=1.0)
        assert kinds["coordination"] == 1

    def test_few_providers_are_large(self, region):
        teams = Counter(
            models.HealthcareService.objects.filter(
                care=Care.DISTRICT_NURSING
            ).values_list("organization_id", flat=True)
        )
        sizes = sorted(teams.values(), reverse=True)
        assert sum(sizes[:2]) > 0.35 * sum(sizes)
        assert sizes[len(sizes) // 2] <= 2

    def test_room_adds_up_to_a_weeks_new_clients(self, region):
        newest = (
            models.CapacityReport.objects.order_by("service_id", "-reported_at")
            .distinct("service_id")
            .values_list("new_clients", "valid_until")
        )
        room = sum(clients for clients, until in newest if until > AT)
        assert room == round(weekly_new_clients(region.counts["inhabitants"]))

    def test_some_room_is_stale_some_closed_and_some_unknown(self, region):
        newest = list(
            models.CapacityReport.objects.order_by(
                "service_id", "-reported_at"
            ).distinct("service_id")
        )
        assert any(report.valid_until <= AT for report in newest)
        closed = [report for report in newest if report.new_clients == 0]
        assert closed
        assert all(report.no_room_reason for report in closed)
        assert any(report.no_room_until for report in closed)
        assert all(report.reported_at <= AT for report in newest)
        reporting = {report.service_id for report in newest}
        teams = models.HealthcareService.objects.filter(care=Care.DISTRICT_NURSING)
        assert teams.exclude(id__in=reporting).exists()

    def test_by_day_the_team_helps_and_at_night_who_is_on_duty(self, region):
        monday = datetime(2026, 11, 23, tzinfo=AMSTERDAM)

        by_day = _who_helps(region, monday.replace(hour=14))
        at_night = _who_helps(region, monday.replace(hour=3))

        assert by_day.answer in {Answer.TEAM, Answer.FIRST_CONTACT}
        assert at_night.answer is Answer.ON_DUTY
        assert at_night.on_duty is not None
        assert at_night.on_duty.person_name
        assert at_night.coordinator is not None

    def test_the_gp_post_helps_at_night_and_the_practice_by_day(self, region):
        monday = datetime(2026, 11, 23, tzinfo=AMSTERDAM)

        post = _who_helps(region, monday.replace(hour=3), Care.GP_OUT_OF_HOURS)
        practice = _who_helps(region, monday.replace(hour=10), Care.GP_CARE)

        assert post.answer is Answer.TEAM
        assert practice.answer is Answer.TEAM

    def test_one_night_has_nobody_but_the_region(self, region):
        start = AT.astimezone(AMSTERDAM).replace(hour=3) + timedelta(days=4)
        on_duty = models.DutyPeriod.objects.filter(
            care=Care.DISTRICT_NURSING, valid_from__lte=start, valid_until__gt=start
        )
        bare = models.Area.objects.filter(kind="wijk").exclude(
            id__in=on_duty.values("area_id")
        )
        assert bare.exists()
        wijk = bare.first()
        assert wijk is not None
        postcode = models.Area.objects.filter(
            kind="pc6", within__contains=[wijk.pk]
        ).values_list("code", flat=True)[0]
        found = get_who_helps(
            postcode=postcode,
            at=start,
            cares=[Care.DISTRICT_NURSING],
            audiences=["professional"],
            show_room=False,
            show_duty_person=True,
        ).by_care[Care.DISTRICT_NURSING]
        assert found.answer is Answer.REGION_FALLBACK

    def test_each_alliance_has_its_members_by_role(self, region):
        for alliance in models.Alliance.objects.all():
            roles = set(alliance.members.values_list("role", flat=True))
            assert {"gp", "district-nurse", "pharmacist", "social-domain"} <= roles
            assert alliance.complex_care_phone
            assert 1 <= alliance.area.members.count() <= 2

    def test_one_account_per_role_signs_in(self, region):
        made = {account.role: account for account in region.accounts}
        assert set(made) == set(Role.values) - {"resident", "provider-system"}
        for role, account in made.items():
            user = User.objects.get(email=account.email)
            assert user.check_password(PASSWORD)
            actor = get_actor(user_id=user.pk, label=user.name, at=AT)
            assert {grant.role for grant in actor.grants} == {role}

    def test_the_token_is_that_of_a_provider(self, region):
        actor = get_token_actor(secret=region.token_secret, at=AT)
        assert actor is not None
        organization_id = actor.grants[0].organization_id
        assert organization_id is not None
        organizations = models.Organization.objects.filter(pk=organization_id)
        assert [row.name for row in organizations] == [region.token_organization]


@pytest.fixture
def quick_passwords(settings):
    """Spare a second per region: hashing well is tested where people sign in."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.django_db
@pytest.mark.usefixtures("quick_passwords")
class TestGenerating:
    """What generating does to a database."""

    def test_the_same_input_gives_the_same_rows(self):
        one = _generate()
        first = _content()
        other = _generate(replace=True)

        assert one.digest == other.digest
        assert _content() == first
        assert _generate(replace=True, seed=2).digest != one.digest

    def test_a_second_region_is_refused(self):
        _generate()
        with pytest.raises(Conflict, match="--replace"):
            _generate()

    def test_replacing_leaves_nothing_behind(self):
        _generate()
        counts = _counts()
        CapacityReservationFactory(service=models.HealthcareService.objects.all()[0])
        _generate(replace=True)

        assert _counts() == counts
        assert not models.CapacityReservation.objects.exists()

    def test_supply_sets_the_room(self):
        poor = _generate(supply=0.3, gemeenten=3)
        poor_room = _room_now()
        rich = _generate(supply=2.0, gemeenten=3, replace=True)

        inflow = weekly_new_clients(rich.counts["inhabitants"])
        assert poor_room == round(0.3 * inflow)
        assert _room_now() == round(2.0 * inflow)
        assert poor.counts["services"] == rich.counts["services"]

    @pytest.mark.parametrize("supply", [-0.1, 21.0, float("nan")])
    def test_a_senseless_supply_is_refused(self, supply):
        with pytest.raises(InvalidValue) as refused:
            _generate(supply=supply)
        assert refused.value.field == "supply"

    def test_a_moment_without_a_zone_is_refused(self):
        with pytest.raises(InvalidValue) as refused:
            _generate(at=AT.replace(tzinfo=None))
        assert refused.value.field == "at"

    def test_christmas_by_day_has_a_gp_post_and_a_district_nurse(self):
        at = datetime(2026, 12, 20, 12, tzinfo=AMSTERDAM)
        summary = _generate(at=at)
        christmas = datetime(2026, 12, 25, 11, tzinfo=AMSTERDAM)

        post = _who_helps(summary, christmas, Care.GP_OUT_OF_HOURS)
        nurse = _who_helps(summary, christmas)

        assert post.answer is Answer.ON_DUTY
        assert nurse.answer is Answer.TEAM

    def test_replacing_keeps_what_is_real(self):
        real = OrganizationFactory(is_fictional=False, name="Real")
        summary = _generate()
        fictional = models.Organization.objects.filter(is_fictional=True)[0]
        person = User.objects.create(email="real@example.nl", name="Real")
        for organization in (real, fictional):
            Membership.objects.create(
                user=person,
                role=Role.PROVIDER_MANAGER,
                organization=organization,
                valid_from=AT,
            )

        _generate(replace=True)

        assert models.Organization.objects.filter(pk=real.pk).exists()
        assert [m.organization_id for m in person.memberships.all()] == [real.pk]
        assert summary.counts["accounts"] + 1 == User.objects.count()

    def test_replacing_stops_where_something_real_hangs_on_it(self):
        _generate()
        wijk = models.Area.objects.filter(kind="wijk")[0]
        service = HealthcareServiceFactory(
            is_fictional=False, organization__is_fictional=False
        )
        models.Coverage.objects.create(
            service=service,
            area=wijk,
            care=Care.DISTRICT_NURSING,
            role=CoverageRole.REGULAR,
            valid_from=AT,
        )
        before = _counts()

        with pytest.raises(Conflict, match="directory_coverage"):
            _generate(replace=True)

        assert _counts() == before


@pytest.mark.django_db
@pytest.mark.usefixtures("quick_passwords")
class TestLoadedAreas:
    """Fictional providers on areas that were loaded."""

    @pytest.fixture(autouse=True)
    def _areas(self):
        gemeente = AreaFactory(
            gemeente=True, name="Echt", is_fictional=False, population=30_000
        )
        for number in range(6):
            wijk = AreaFactory(
                parent=gemeente,
                name=f"Wijk {number}",
                lon=4.3 + 0.02 * number,
                lat=52.08,
                is_fictional=False,
                population=[0, 800, 5000, 6000, 9000, 9200][number],
            )
            AreaFactory(
                pc4=True,
                code=str(2500 + number),
                parent=wijk,
                lon=wijk.lon,
                lat=wijk.lat,
                is_fictional=False,
            )
        refresh_within()

    def test_missing_regions_are_made_and_marked(self):
        _generate()
        regions = models.Area.objects.filter(kind="region")
        assert set(regions.values_list("purpose", flat=True)) == {
            "zorgkantoor",
            "resv",
            "gp-out-of-hours",
            "night-care",
            "alliance",
        }
        assert not regions.filter(is_fictional=False).exists()
        assert refresh_within() == 0

    def test_the_areas_stay_when_the_providers_are_replaced(self):
        _generate()
        real = models.Area.objects.filter(is_fictional=False)
        before = list(real.order_by("id").values_list("id", "code"))
        _generate(replace=True)

        assert list(real.order_by("id").values_list("id", "code")) == before
        known = set(models.Area.objects.values_list("id", flat=True))
        assert all(set(area.within) <= known for area in real)

    def test_small_wijken_share_the_team_of_a_neighbour(self):
        _generate()
        first = {
            row.area.name: row.service.name
            for row in models.Coverage.objects.filter(
                role=CoverageRole.FIRST_CONTACT, care=Care.DISTRICT_NURSING
            ).select_related("area", "service")
        }
        assert first["Wijk 0"] == first["Wijk 1"] == first["Wijk 2"]
        assert first["Wijk 2"] == "Wijkteam Wijk 2"

    def test_gp_practices_sit_at_the_locations_given(self):
        places = [
            GpLocation("1", "praktijk", "2502AB", "2502", "Echt", 52.081, 4.341, True),
            GpLocation("2", "praktijk", "2503AB", "2503", "Echt", 52.082, 4.361, False),
            GpLocation("3", "praktijk", "9999AB", "9999", "Ver", 53.0, 6.0, True),
            GpLocation(
                "4", "mogelijk_huisartsenpost", "2503AB", "2503", "Echt", 52, 4.3, True
            ),
        ]
        _generate(gp_locations=places)

        practices = models.HealthcareService.objects.filter(care=Care.GP_CARE)
        assert sorted(practices.values_list("postcode", flat=True)) == [
            "2502AB",
            "2503AB",
        ]
        exact = practices.get(postcode="2502AB")
        assert (exact.lon, exact.lat) == (4.341, 52.081)

    def test_one_region_of_several_can_be_chosen(self):
        region = AreaFactory(region=True, purpose="zorgkantoor", name="Klein")
        wijk = models.Area.objects.get(name="Wijk 3")
        models.RegionMember.objects.create(region=region, area=wijk)
        refresh_within()

        summary = _generate(region_code="klein")

        assert summary.counts["wijken"] == 1

    def test_an_unknown_region_is_named(self):
        with pytest.raises(NotFound, match="Nergens"):
            _generate(region_code="Nergens")


def test_every_figure_has_a_unit_and_a_source():
    for name, figure in load_calibration().items():
        assert set(figure) == {"value", "unit", "source"}, name
        assert figure["unit"]
        assert figure["source"]


def _room_now():
    newest = (
        models.CapacityReport.objects.order_by("service_id", "-reported_at")
        .distinct("service_id")
        .values_list("new_clients", "valid_until")
    )
    return sum(clients for clients, until in newest if until > AT)


_TABLES = (
    models.Area,
    models.AreaShape,
    models.AreaOverlap,
    models.RegionMember,
    models.Organization,
    models.HealthcareService,
    models.CareTeam,
    models.ContactPoint,
    models.Coverage,
    models.DutyPeriod,
    models.CapacityReport,
    models.Alliance,
    models.AllianceMember,
    User,
    Membership,
)


def _counts():
    counts = {model.__name__: model.objects.count() for model in _TABLES}
    for model in _TABLES:
        events = getattr(model, "pgh_event_model", None)
        if events is not None:
            counts[f"{model.__name__} history"] = events.objects.count()
    return counts


def _content():
    """Everything that does not carry an id, in a fixed order."""
    return {
        "services": sorted(
            models.HealthcareService.objects.values_list(
                "organization__name", "name", "postcode", "lon", "tasks", "insurers"
            )
        ),
        "coverage": sorted(
            models.Coverage.objects.values_list(
                "service__name", "area__code", "role", "rank"
            )
        ),
        "duties": sorted(
            models.DutyPeriod.objects.values_list(
                "service__name", "area__code", "rank", "valid_from", "person_name"
            )
        ),
        "reports": sorted(
            models.CapacityReport.objects.values_list(
                "service__name", "reported_at", "new_clients", "reporter_label"
            )
        ),
        "contacts": sorted(
            models.ContactPoint.objects.values_list(
                "service__name", "audience", "value", "area__code"
            ),
            key=str,
        ),
    }


def test_the_coverage_check_finds_the_gaps_left_on_purpose(region):
    start = AT.replace(hour=0)
    check = coverage_check.check_coverage(
        period=Period(start, start + timedelta(days=7)), care=Care.DISTRICT_NURSING
    )
    assert check.totals.wijk_hours.uncovered > 0
    assert check.totals.wijk_hours_with_fallback.uncovered == 0


@pytest.mark.django_db
class TestCommand:
    """``wijkspil generate`` as typed; the process around it is tested elsewhere."""

    def test_it_shows_what_was_made_and_how_to_sign_in(self, capsys):
        cli_generate.generate(
            gemeenten=1, at="2026-11-22T14:00:00+01:00", password=PASSWORD
        )

        shown = capsys.readouterr().out
        assert "verwijzer@example.nl" in shown
        assert PASSWORD in shown
        team = models.HealthcareService.objects.filter(care=Care.DISTRICT_NURSING)
        assert str(team.count()) in shown

    @pytest.mark.parametrize("text", ["gisteren", "2026-13-01", "2026-11-22T14:00:00"])
    def test_a_moment_it_cannot_read_is_refused(self, text):
        with pytest.raises(InvalidValue) as refused:
            cli_generate.generate(at=text)
        assert text in str(refused.value)
        assert not models.Area.objects.exists()
