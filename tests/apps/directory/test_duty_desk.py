"""Who the night desk may call: the right people, once each, in the right order."""

from datetime import timedelta

import pytest

from tests.factories.directory import (
    AreaFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.directory.selectors.duty import list_on_duty
from wijkspil.directory.types import Care, CareTask


@pytest.fixture
def region():
    return AreaFactory(region=True)


@pytest.fixture
def wijk(region):
    return AreaFactory(lies_in=[region])


@pytest.fixture
def place(wijk):
    return AreaFactory(pc6=True, parent=wijk)


@pytest.mark.django_db
class TestOnDuty:
    def test_the_local_line_comes_first_then_the_region_then_the_pool(
        self, region, wijk, place
    ):
        wide = DutyPeriodFactory(area=region)
        second = DutyPeriodFactory(area=wijk, rank=2)
        first = DutyPeriodFactory(area=wijk, rank=1)
        elsewhere = DutyPeriodFactory(area=AreaFactory(lies_in=[region]))
        DutyPeriodFactory(area=AreaFactory(lies_in=[AreaFactory(region=True)]))
        at = first.valid_from

        local = list_on_duty(at=at, place_id=place.pk)
        pool = list_on_duty(at=at, place_id=place.pk, region_id=region.pk)

        assert [d.duty_id for d in local] == [first.pk, second.pk, wide.pk]
        assert [d.duty_id for d in pool] == [
            first.pk,
            second.pk,
            wide.pk,
            elsewhere.pk,
        ]
        assert [d.is_for_place for d in pool] == [True, True, True, False]

    def test_the_period_is_half_open(self, wijk):
        row = DutyPeriodFactory(area=wijk)
        second = timedelta(seconds=1)
        for at, n in [
            (row.valid_from - second, 0),
            (row.valid_from, 1),
            (row.valid_until - second, 1),
            (row.valid_until, 0),
        ]:
            assert len(list_on_duty(at=at, area_ids=[wijk.pk])) == n

    def test_another_care_and_an_ended_service_do_not_answer(self, wijk):
        DutyPeriodFactory(area=wijk, care=Care.PHARMACY)
        row = DutyPeriodFactory(
            area=wijk, service=HealthcareServiceFactory(is_active=False)
        )
        assert list_on_duty(at=row.valid_from, area_ids=[wijk.pk]) == []

    def test_a_person_for_several_areas_comes_once(self, region):
        service = HealthcareServiceFactory()
        rows = [
            DutyPeriodFactory(
                service=service,
                area=AreaFactory(lies_in=[region]),
                person_name="N. Nacht",
                phone="06 12 34 56 78",
            )
            for _ in range(3)
        ]
        found = list_on_duty(at=rows[0].valid_from, region_id=region.pk)
        assert [d.duty_id for d in found] == [rows[0].pk]

    def test_what_is_needed_to_choose_is_there(self, wijk):
        service = HealthcareServiceFactory(
            tasks=[CareTask.CATHETER], lon=4.31, lat=52.07
        )
        row = DutyPeriodFactory(area=wijk, service=service)
        (found,) = list_on_duty(at=row.valid_from, area_ids=[wijk.pk])
        assert (found.service_id, found.organization_id) == (
            service.pk,
            service.organization_id,
        )
        assert (found.lon, found.lat, found.tasks) == (4.31, 52.07, ("catheter",))
        assert (found.person_name, found.phone) == (row.person_name, row.phone)
        assert found.valid_until == row.valid_until

    def test_it_takes_two_queries_whatever_the_size(
        self, region, wijk, place, django_assert_num_queries
    ):
        rows = DutyPeriodFactory.create_batch(12, area=wijk)
        with django_assert_num_queries(2):
            found = list_on_duty(
                at=rows[0].valid_from, place_id=place.pk, region_id=region.pk
            )
        assert len(found) == 12

    def test_an_unknown_place_has_nobody(self, wijk):
        row = DutyPeriodFactory(area=wijk)
        assert list_on_duty(at=row.valid_from, place_id=0) == []
        assert list_on_duty(at=row.valid_from) == []
