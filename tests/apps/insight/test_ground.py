"""The ground holds who lives where, what is given, and what teams can still give."""

from datetime import timedelta

import numpy as np
import pytest

from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from tests.factories.insight import AT, InsightRegion, make_region
from tests.factories.referrals import ServiceRequestFactory
from wijkspil.directory.types import Care, CoverageRole, PartOfDay, SizeBand
from wijkspil.insight.selectors.ground import (
    count_ground,
    read_ground,
    read_wide_ground,
)
from wijkspil.insight.selectors.national import read_national, spread_ages
from wijkspil.insight.selectors.room import PARTS, spread_small
from wijkspil.referrals.types import RequestStatus

pytestmark = pytest.mark.django_db


def team_in(made: InsightRegion, *numbers: int, **report: object) -> None:
    service = HealthcareServiceFactory(organization=made.provider)
    for number in numbers:
        CoverageFactory(service=service, area=made.wijken[number])
    CapacityReportFactory(
        service=service,
        **{
            "reported_at": AT - timedelta(hours=1),
            "valid_until": AT + timedelta(days=2),
        }
        | report,
    )


def ask(made: InsightRegion, number: int, *, hours: float = 3.0, **values: object):
    return ServiceRequestFactory(
        wijk=made.wijken[number],
        region=made.zorgkantoor,
        hours_high=hours,
        hours_by_part={"morning": hours},
        submitted_at=AT - timedelta(hours=3),
        **values,
    )


class TestAges:
    def test_wide_bands_are_divided_as_in_the_country(self) -> None:
        people = spread_ages({"0-14": 100.0, "15-24": 50.0, "65+": 200.0}, None)

        assert people.shape == (2, 20)
        assert people[:, :3].sum() == pytest.approx(100)
        assert people[:, 3:5].sum() == pytest.approx(50)
        assert people[:, 13:].sum() == pytest.approx(200)
        assert people[1, 18] > people[0, 18], "more women than men of 90"

    def test_full_bands_keep_their_numbers(self) -> None:
        people = spread_ages({"95+": 12.0, "90-94": 30.0}, None)

        assert people[:, 19].sum() == pytest.approx(12)
        assert people[:, 18].sum() == pytest.approx(30)

    def test_the_sum_is_the_number_of_inhabitants(self) -> None:
        assert spread_ages({"0-14": 99.0, "65+": 101.0}, 400).sum() == pytest.approx(
            400
        )

    def test_without_bands_people_are_as_old_as_in_the_country(self) -> None:
        people = spread_ages({}, 1000)
        share = read_national().profile / read_national().profile.sum()

        assert np.allclose(people, 1000 * share)

    def test_nobody_stays_nobody(self) -> None:
        assert spread_ages({}, 0).sum() == 0

    def test_a_strange_band_is_refused(self) -> None:
        with pytest.raises(ValueError, match="is no age band"):
            spread_ages({"old": 3.0}, None)

    def test_the_country_has_its_published_clients(self) -> None:
        national = read_national()
        people = national.profile.sum(axis=0) / national.profile.sum() * 17_475_415

        assert people @ national.clients_per_head == pytest.approx(293_000)


class TestGround:
    def test_places_are_the_wijken_of_the_newest_division(self) -> None:
        made = make_region()
        AreaFactory(code="WK000000", year=2020, lies_in=[made.region])
        AreaFactory(
            code="WK000001", year=2027, lies_in=[made.region], lon=None, lat=None
        )

        ground = read_ground(region_id=made.region.pk, at=AT)

        assert [place.code for place in ground.places] == [w.code for w in made.wijken]
        assert ground.population.sum(axis=(1, 2)) == pytest.approx(
            [5000, 5000, 3000, 3000]
        )
        assert ground.places[0].within == {
            "resv/DUIN",
            "zorgkantoor/DUIN",
            made.gemeenten[0].code,
        }

    def test_a_region_leaves_out_what_lies_elsewhere(self) -> None:
        made = make_region()
        AreaFactory(name="Elders", year=2025)

        assert len(read_ground(region_id=made.region.pk, at=AT).places) == 4
        assert len(read_ground(region_id=None, at=AT).places) == 5

    def test_around_it_people_are_counted_for_its_practices(self) -> None:
        made = make_region()
        AreaFactory(name="Buren", year=2025, lon=4.4, lat=52.1)
        AreaFactory(name="Ver", year=2025, lon=6.5, lat=53.2)
        counted = count_ground(region_id=made.region.pk, at=AT)

        assert len(read_wide_ground(counted, at=AT).places) == 5

    def test_every_assumption_is_named_with_its_source(self) -> None:
        ground = read_ground(region_id=make_region().region.pk, at=AT)

        assert {one.key for one in ground.assumptions} >= {
            "age-profile",
            "use-by-age",
            "hours-of-a-client",
            "few-requests",
        }
        assert all(one.source and one.status for one in ground.assumptions)

    def test_free_hours_are_spread_by_inhabitants(self) -> None:
        made = make_region()
        team_in(made, 0, 2, new_clients=2, hours_per_week=8, parts_of_day=["morning"])

        ground = read_ground(region_id=made.region.pk, at=AT)

        assert ground.given["free_hours"] == pytest.approx([5, 0, 3, 0])
        free = ground.capacity_hours - ground.used_hours
        assert free == pytest.approx([5, 0, 3, 0])

    def test_places_count_for_their_usual_hours(self) -> None:
        made = make_region()
        team_in(made, 1, new_clients=2, size_band=SizeBand.TO_5)

        ground = read_ground(region_id=made.region.pk, at=AT)

        assert ground.given["free_hours"] == pytest.approx([0, 7, 0, 0])

    def test_a_stale_report_is_no_room_but_is_not_known_either(self) -> None:
        made = make_region()
        team_in(made, 0, new_clients=2, valid_until=AT - timedelta(minutes=1))

        counted = count_ground(region_id=made.region.pk, at=AT)

        assert counted.room.free_hours.sum() == 0
        assert counted.room.telling.tolist() == [0, 0, 0, 0]
        assert counted.room.teams[0].has_room is None

    def test_a_back_up_gives_no_room(self) -> None:
        made = make_region()
        service = HealthcareServiceFactory()
        CoverageFactory(service=service, area=made.wijken[0], role=CoverageRole.BACK_UP)
        CapacityReportFactory(
            service=service,
            reported_at=AT - timedelta(hours=1),
            valid_until=AT + timedelta(hours=1),
        )

        assert count_ground(region_id=None, at=AT).room.teams == ()

    def test_a_team_of_the_gemeente_works_in_its_wijken(self) -> None:
        made = make_region()
        service = HealthcareServiceFactory()
        CoverageFactory(service=service, area=made.gemeenten[1])

        [team] = count_ground(region_id=made.region.pk, at=AT).room.teams

        assert team.wijken == (2, 3)

    def test_rooms_of_the_day_are_divided(self) -> None:
        made = make_region()
        team_in(
            made,
            3,
            new_clients=1,
            hours_per_week=6,
            parts_of_day=[PartOfDay.AFTERNOON, PartOfDay.EVENING],
        )

        by_part = count_ground(region_id=None, at=AT).room.free_by_part[3]

        assert dict(zip(PARTS, by_part.tolist(), strict=True)) == {
            "morning": 0,
            "afternoon": 3,
            "evening": 3,
            "night": 0,
        }


class TestDemand:
    def test_what_nobody_took_is_needed(self) -> None:
        made = make_region()
        for _ in range(6):
            ask(made, 0, hours=4, status=RequestStatus.OPEN)

        ground = read_ground(region_id=made.region.pk, at=AT)

        more = ground.given["need_hours"] - ground.used_hours
        assert more == pytest.approx([24, 0, 0, 0])

    def test_what_a_team_took_is_not(self) -> None:
        made = make_region()
        ask(made, 0, status=RequestStatus.WITHDRAWN)
        ask(made, 0, status=RequestStatus.MEDIATION)

        demand = count_ground(region_id=made.region.pk, at=AT).demand

        assert demand.requests.tolist() == [1, 0, 0, 0]
        assert demand.open.tolist() == [0, 0, 0, 0]

    def test_a_few_requests_cannot_be_seen_in_their_wijk(self) -> None:
        made = make_region()
        for number in (0, 0, 1, 1, 1):
            ask(made, number, hours=4, status=RequestStatus.OPEN)

        given = read_ground(region_id=made.region.pk, at=AT).given

        # Both wijken have as many inhabitants of the same ages.
        assert given["asked_hours"] == pytest.approx([10, 10, 0, 0])

    def test_hours_of_fewer_than_five_in_all_are_left_out(self) -> None:
        made = make_region()
        ask(made, 0, hours=4, status=RequestStatus.OPEN)

        assert read_ground(region_id=None, at=AT).given["asked_hours"].sum() == 0

    def test_hours_are_kept_when_they_are_spread(self) -> None:
        hours = np.array([30.0, 2.0, 3.0, 4.0])
        spread = spread_small(
            hours,
            np.array([9, 2, 2, 2]),
            weight=np.array([1.0, 1.0, 2.0, 1.0]),
            groups=[[0, 0, 1, 1], [0, 0, 0, 0]],
        )

        assert spread.sum() == pytest.approx(39)
        assert spread == pytest.approx([30, 2.25, 4.5, 2.25])


class TestPractices:
    def test_a_practice_that_is_silent_has_the_usual_list(self) -> None:
        made = make_region()
        HealthcareServiceFactory(
            organization=made.other_provider, care=Care.GP_CARE, lon=4.27, lat=52.06
        )

        [site] = read_ground(region_id=made.region.pk, at=AT).gp_sites

        assert site.capacity == 3591
        assert site.takes_new is None
