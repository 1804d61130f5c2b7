"""Who is on duty: entered once, withdrawn without loss, every sight written down."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AreaFactory,
    AreaOverlapFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import InvalidEntry, OverlapsAnother, UnknownEntry
from wijkspil.directory.models import DutyPeriod
from wijkspil.directory.services.duty import (
    Duty,
    add_duty,
    record_duties_read,
    withdraw_duty,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 22, tzinfo=UTC)
MORNING = datetime(2026, 11, 21, 6, tzinfo=UTC)


def manager_of(service) -> Actor:
    return actor_of(Role.PROVIDER_MANAGER, organization_id=service.organization_id)


def night_in(area, **values) -> Duty:
    return replace(
        Duty(
            area_id=area.pk,
            care="district-nursing",
            person_name="N. Nacht",
            phone="06 12 34 56 78",
            valid_from=NIGHT,
            valid_until=MORNING,
        ),
        **values,
    )


@pytest.fixture
def coverage():
    region = AreaFactory(region=True)
    return CoverageFactory(area=AreaFactory(lies_in=[region]))


def enter(coverage, *, actor=None, area=None, **values):
    return add_duty(
        actor=actor or manager_of(coverage.service),
        service_id=coverage.service_id,
        duty=night_in(area or coverage.area, **values),
        at=NOW,
    )


@pytest.mark.django_db
class TestEntering:
    def test_a_duty_is_stored_and_its_writing_is_in_the_trail(self, coverage):
        actor = manager_of(coverage.service)
        row = enter(coverage, actor=actor)
        assert (row.valid_from, row.valid_until) == (NIGHT, MORNING)
        event = AuditEvent.objects.get()
        assert (event.action, event.actor_id, event.entity_id) == (
            "create",
            actor.user_id,
            str(row.pk),
        )
        assert "N. Nacht" not in str(event.detail)

    def test_the_same_duty_twice_is_refused_with_its_number(self, coverage):
        row = enter(coverage)
        with pytest.raises(OverlapsAnother, match=str(row.pk)):
            enter(coverage)
        assert DutyPeriod.objects.count() == 1

    def test_an_overlap_names_the_period_and_no_person(self, coverage):
        enter(coverage)
        with pytest.raises(OverlapsAnother) as refusal:
            enter(
                coverage, person_name="A. Ander", valid_from=NIGHT - timedelta(hours=1)
            )
        assert "2026" in str(refusal.value)
        assert "Nacht" not in str(refusal.value)

    def test_the_next_in_line_may_be_on_duty_in_the_same_hours(self, coverage):
        enter(coverage)
        enter(coverage, rank=2)
        enter(coverage, valid_from=MORNING, valid_until=MORNING + timedelta(hours=8))
        assert DutyPeriod.objects.count() == 3

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"person_name": " "}, "person_name"),
            ({"person_name": "x" * 121}, "person_name"),
            ({"person_name": "nul\0"}, "person_name"),
            ({"phone": "ask at the desk"}, "phone"),
            ({"valid_until": NIGHT}, "valid_until"),
            ({"valid_until": NIGHT + timedelta(days=31, minutes=1)}, "valid_until"),
            (
                {
                    "valid_from": NOW - timedelta(hours=2),
                    "valid_until": NOW - timedelta(hours=1),
                },
                "valid_until",
            ),
            ({"valid_from": datetime(2026, 11, 20, 22)}, "valid_from"),  # noqa: DTZ001
            ({"care": "baking"}, "care"),
            ({"rank": 40000}, "rank"),
            ({"area_id": 999999}, "area"),
        ],
    )
    def test_a_wrong_value_is_refused_at_its_field(self, coverage, values, field):
        with pytest.raises(InvalidEntry) as refusal:
            enter(coverage, **values)
        assert field in refusal.value.fields
        assert not DutyPeriod.objects.exists()

    def test_a_duty_of_31_days_is_accepted(self, coverage):
        assert enter(coverage, valid_until=NIGHT + timedelta(days=31)).pk


@pytest.mark.django_db
class TestWhere:
    def test_a_provider_enters_duties_only_where_it_covers(self, coverage):
        with pytest.raises(NotPermitted, match="does not cover"):
            enter(coverage, area=AreaFactory())

    def test_a_part_of_what_it_covers_is_fine(self, coverage):
        buurt = AreaFactory(buurt=True, parent=coverage.area)
        postcode = AreaFactory(pc4=True)
        AreaOverlapFactory(part=postcode, whole=coverage.area)
        enter(coverage, area=buurt)
        enter(coverage, area=postcode)

    def test_the_region_around_it_is_not(self, coverage):
        region = AreaFactory(region=True)
        wijk = AreaFactory(lies_in=[region])
        CoverageFactory(service=coverage.service, area=wijk)
        with pytest.raises(NotPermitted):
            enter(coverage, area=region)

    def test_the_coordinator_of_the_region_may_everywhere_in_it(self, coverage):
        region = AreaFactory(region=True)
        wijk = AreaFactory(lies_in=[region])
        CoverageFactory(service=coverage.service, area=AreaFactory(lies_in=[region]))
        enter(
            coverage, area=wijk, actor=actor_of(Role.COORDINATOR, region_id=region.pk)
        )

    def test_another_provider_may_not(self, coverage):
        with pytest.raises(NotPermitted):
            enter(coverage, actor=manager_of(HealthcareServiceFactory()))


@pytest.mark.django_db
class TestWithdrawing:
    def test_a_running_duty_ends_now(self, coverage):
        row = DutyPeriodFactory(service=coverage.service, area=coverage.area)
        at = row.valid_from + timedelta(hours=1)
        done = withdraw_duty(actor=manager_of(coverage.service), duty_id=row.pk, at=at)
        row.refresh_from_db()
        assert row.valid_until == at == done.ended_at

    def test_a_duty_that_did_not_begin_is_taken_back(self, coverage):
        row = DutyPeriodFactory(service=coverage.service, area=coverage.area)
        done = withdraw_duty(actor=manager_of(coverage.service), duty_id=row.pk, at=NOW)
        assert done.ended_at is None
        assert not DutyPeriod.objects.exists()

    @pytest.mark.parametrize("later_h", [-1, 1])
    def test_twice_is_harmless(self, coverage, later_h):
        row = DutyPeriodFactory(service=coverage.service, area=coverage.area)
        at = row.valid_from + timedelta(hours=later_h)
        actor = manager_of(coverage.service)
        first = withdraw_duty(actor=actor, duty_id=row.pk, at=at)
        again = withdraw_duty(actor=actor, duty_id=row.pk, at=at + timedelta(minutes=5))
        assert first == again

    def test_another_provider_may_not_even_when_it_is_withdrawn(self, coverage):
        row = DutyPeriodFactory(service=coverage.service, area=coverage.area)
        stranger = manager_of(HealthcareServiceFactory())
        with pytest.raises(NotPermitted):
            withdraw_duty(actor=stranger, duty_id=row.pk, at=NOW)
        withdraw_duty(actor=manager_of(coverage.service), duty_id=row.pk, at=NOW)
        with pytest.raises(NotPermitted):
            withdraw_duty(actor=stranger, duty_id=row.pk, at=NOW)

    def test_an_unknown_duty_is_not_found(self, coverage):
        with pytest.raises(UnknownEntry):
            withdraw_duty(actor=manager_of(coverage.service), duty_id=1, at=NOW)


@pytest.mark.django_db
class TestReading:
    def test_every_person_shown_is_one_event(self):
        actor = actor_of(Role.REFERRER)
        record_duties_read(actor=actor, duty_ids=[3, 4], purpose="test", at=NOW)
        record_duties_read(actor=actor, duty_ids=[], purpose="test", at=NOW)
        assert sorted(AuditEvent.objects.values_list("entity_id", flat=True)) == [
            "3",
            "4",
        ]


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_the_same_duty_sent_twice_at_once_is_stored_once(self):
        coverage = CoverageFactory(area=AreaFactory(lies_in=[AreaFactory(region=True)]))
        actor = manager_of(coverage.service)

        outcomes = at_once(*[lambda: enter(coverage, actor=actor)] * 4)

        assert sum(isinstance(o, DutyPeriod) for o in outcomes) == 1
        assert sum(isinstance(o, OverlapsAnother) for o in outcomes) == 3
        assert DutyPeriod.objects.count() == 1
