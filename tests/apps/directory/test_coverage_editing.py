"""Who covers what from when: overlaps are named, and entries end instead of vanish."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AreaFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.errors import (
    AlreadyChanged,
    InvalidEntry,
    OverlapsAnother,
    UnknownService,
)
from wijkspil.directory.models import Coverage
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.selectors.search_areas import (
    distance_km,
    list_postcodes_around,
    search_areas,
    search_practices,
)
from wijkspil.directory.services.coverage import (
    CoverageDetails,
    add_coverage,
    change_coverage,
    end_coverage,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


def part(**values: Any) -> CoverageDetails:
    return CoverageDetails(**{"role": "regular", "valid_from": START, **values})


@pytest.fixture
def region():
    return AreaFactory(region=True)


@pytest.fixture
def wijk(region):
    return AreaFactory(name="Zuiderpark", lies_in=[region])


@pytest.fixture
def coordinator(region):
    return actor_of(Role.COORDINATOR, region_id=region.pk)


def add(actor, service, *areas, **values):
    return add_coverage(
        actor=actor,
        service_id=service.pk,
        area_ids=[area.pk for area in areas],
        care="district-nursing",
        details=part(**values),
    )


@pytest.mark.django_db
class TestAdding:
    def test_a_service_covers_several_areas_in_one_go(self, coordinator, wijk, region):
        service = HealthcareServiceFactory()
        other = AreaFactory(pc4=True, lies_in=[region])
        rows = add(coordinator, service, wijk, other, wijk)
        assert {row.area_id for row in rows} == {wijk.pk, other.pk}

    def test_an_overlap_names_the_period_in_the_way_and_adds_nothing(
        self, coordinator, wijk, region
    ):
        service = HealthcareServiceFactory(name="Team Zuid")
        add(coordinator, service, wijk, valid_from=JUNE, valid_until=DECEMBER)
        other = AreaFactory(lies_in=[region])
        with pytest.raises(OverlapsAnother) as refusal:
            add(coordinator, service, other, wijk)
        message = str(refusal.value)
        assert "Team Zuid" in message
        assert "Zuiderpark" in message
        assert "2026" in message
        assert Coverage.objects.count() == 1

    def test_periods_that_touch_do_not_overlap(self, coordinator, wijk):
        service = HealthcareServiceFactory()
        add(coordinator, service, wijk, valid_until=JUNE)
        add(coordinator, service, wijk, valid_from=JUNE, valid_until=DECEMBER)
        add(coordinator, service, wijk, valid_from=DECEMBER)
        assert Coverage.objects.count() == 3

    def test_another_role_or_care_in_the_same_period_is_another_coverage(
        self, coordinator, wijk
    ):
        service = HealthcareServiceFactory()
        add(coordinator, service, wijk)
        add(coordinator, service, wijk, role="back-up")
        assert Coverage.objects.count() == 2

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"role": "king"}, "role"),
            ({"rank": -1}, "rank"),
            ({"rank": 99999}, "rank"),
            ({"valid_until": START}, "valid_until"),
        ],
    )
    def test_a_wrong_value_is_refused_at_its_field(
        self, coordinator, wijk, values, field
    ):
        with pytest.raises(InvalidEntry) as refusal:
            add(coordinator, HealthcareServiceFactory(), wijk, **values)
        assert field in refusal.value.fields

    def test_no_area_an_unknown_one_or_too_many_are_refused(self, coordinator):
        service = HealthcareServiceFactory()
        for ids in ([], [999999], list(range(1, 502))):
            with pytest.raises(InvalidEntry) as refusal:
                add_coverage(
                    actor=coordinator,
                    service_id=service.pk,
                    area_ids=ids,
                    care="district-nursing",
                    details=part(),
                )
            assert "areas" in refusal.value.fields

    def test_an_area_of_another_region_is_refused_with_all(self, coordinator, wijk):
        with pytest.raises(NotPermitted):
            add(coordinator, HealthcareServiceFactory(), wijk, AreaFactory())
        assert not Coverage.objects.exists()

    def test_a_provider_does_not_give_itself_coverage(self, wijk):
        service = HealthcareServiceFactory()
        manager = actor_of(
            Role.PROVIDER_MANAGER, organization_id=service.organization_id
        )
        with pytest.raises(NotPermitted):
            add(manager, service, wijk)

    def test_a_service_that_ended_covers_nothing_new(self, coordinator, wijk):
        with pytest.raises(UnknownService):
            add(coordinator, HealthcareServiceFactory(is_active=False), wijk)


@pytest.mark.django_db
class TestChanging:
    def test_a_coverage_ends_at_a_moment(self, coordinator, wijk):
        row = CoverageFactory(area=wijk)
        withdrawn = end_coverage(
            actor=coordinator, coverage_id=row.pk, version=None, at=JUNE
        )
        row.refresh_from_db()
        assert (withdrawn, row.valid_until) == (False, JUNE)

    def test_what_had_not_begun_is_withdrawn(self, coordinator, wijk):
        row = CoverageFactory(area=wijk, valid_from=DECEMBER)
        assert end_coverage(
            actor=coordinator, coverage_id=row.pk, version=None, at=JUNE
        )
        assert not Coverage.objects.exists()

    def test_ending_twice_keeps_the_first_end(self, coordinator, wijk):
        row = CoverageFactory(area=wijk)
        for at in (JUNE, DECEMBER):
            end_coverage(actor=coordinator, coverage_id=row.pk, version=None, at=at)
        row.refresh_from_db()
        assert row.valid_until == JUNE

    def test_a_longer_period_that_meets_the_next_is_refused(self, coordinator, wijk):
        first = CoverageFactory(area=wijk, valid_until=JUNE)
        CoverageFactory(area=wijk, service=first.service, valid_from=DECEMBER)
        with pytest.raises(OverlapsAnother):
            change_coverage(
                actor=coordinator,
                coverage_id=first.pk,
                version=None,
                details=part(),
            )
        first.refresh_from_db()
        assert first.valid_until == JUNE


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_two_overlapping_entries_at_once_one_is_stored(self):
        region = AreaFactory(region=True)
        wijk = AreaFactory(lies_in=[region])
        service = HealthcareServiceFactory()
        actor = actor_of(Role.COORDINATOR, region_id=region.pk)

        outcomes = at_once(
            *(
                lambda start=start: add(actor, service, wijk, valid_from=start)
                for start in (START, JUNE, DECEMBER)
            )
        )

        assert sum(isinstance(o, list) for o in outcomes) == 1
        assert sum(isinstance(o, OverlapsAnother) for o in outcomes) == 2
        assert Coverage.objects.count() == 1

    def test_ending_and_changing_at_once_is_won_by_one(self):
        region = AreaFactory(region=True)
        row = CoverageFactory(area=AreaFactory(lies_in=[region]))
        actor = actor_of(Role.COORDINATOR, region_id=region.pk)
        version = get_version(EntryKind.COVERAGE, row.pk)

        outcomes = at_once(
            lambda: end_coverage(
                actor=actor, coverage_id=row.pk, version=version, at=JUNE
            ),
            lambda: change_coverage(
                actor=actor,
                coverage_id=row.pk,
                version=version,
                details=part(role="back-up"),
            ),
        )

        assert sum(isinstance(o, AlreadyChanged) for o in outcomes) == 1
        row.refresh_from_db()
        assert (row.valid_until == JUNE) != (row.role == "back-up")


@pytest.mark.django_db
class TestFindingAreas:
    def test_a_name_is_found_by_a_part_in_any_case(self):
        AreaFactory(name="Zuiderpark")
        AreaFactory(gemeente=True, name="Zuidplas")
        AreaFactory(name="Noord")
        assert [hit.name for hit in search_areas("zuid")] == ["Zuidplas", "Zuiderpark"]

    def test_the_exact_name_comes_first(self):
        AreaFactory(name="Laak Noord")
        AreaFactory(name="Laak")
        assert search_areas("laak")[0].name == "Laak"

    def test_a_postcode_is_found_with_or_without_its_space(self):
        AreaFactory(pc4=True, code="2512")
        AreaFactory(pc6=True, code="2512AB")
        for text in ("2512 ab", "2512AB", "2512ab"):
            assert [hit.code for hit in search_areas(text)] == ["2512AB"]
        assert [hit.code for hit in search_areas("2512")] == ["2512", "2512AB"]

    def test_last_years_division_is_not_offered(self):
        AreaFactory(name="Oud", year=2024)
        new = AreaFactory(name="Oud en nieuw", year=2025)
        assert [hit.id for hit in search_areas("oud")] == [new.pk]

    @pytest.mark.parametrize("text", ["", " ", "a", "\0\0", "%", "_%", "zz" * 500])
    def test_nothing_or_nonsense_finds_nothing(self, text):
        AreaFactory(name="Zuiderpark")
        assert search_areas(text) == []

    def test_postcodes_around_a_practice_come_nearest_first(self):
        practice = HealthcareServiceFactory(gp_practice=True, lon=4.3, lat=52.0)
        for code, lat in (("2001", 52.02), ("2002", 52.005), ("2003", 52.1)):
            AreaFactory(pc4=True, code=code, lon=4.3, lat=lat)
        hits = list_postcodes_around(practice.pk, km=3)
        assert [hit.code for hit in hits] == ["2002", "2001"]
        assert hits[0].distance_km == pytest.approx(0.556, abs=0.001)

    def test_a_practice_without_a_place_has_nothing_around_it(self):
        practice = HealthcareServiceFactory(gp_practice=True, lon=None, lat=None)
        assert list_postcodes_around(practice.pk, km=3) == []
        assert list_postcodes_around(999999, km=3) == []

    def test_the_distance_is_that_of_the_globe(self):
        # Amsterdam Dam to Utrecht Dom: 35.0 km by the haversine formula.
        assert distance_km(4.8926, 52.3731, 5.1214, 52.0907) == pytest.approx(
            35.05, abs=0.1
        )

    def test_only_practices_with_a_place_are_offered(self):
        HealthcareServiceFactory(gp_practice=True, name="Praktijk Laak")
        HealthcareServiceFactory(gp_practice=True, name="Praktijk Laak 2", lon=None)
        HealthcareServiceFactory(name="Team Laak")
        assert [label for _id, label in search_practices("laak")] == [
            "Praktijk Laak, 2512AB"
        ]
