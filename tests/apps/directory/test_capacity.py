"""A team reports its room: what is accepted, what counts, and what a race leaves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import VISITOR, Actor, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.errors import (
    AlreadyChanged,
    InvalidCapacity,
    NothingToConfirm,
    UnknownService,
)
from wijkspil.directory.models import (
    CapacityReport,
    HealthcareService,
    RegionPolicy,
)
from wijkspil.directory.room import derive_room
from wijkspil.directory.selectors.capacity import as_room_report, get_newest_report
from wijkspil.directory.services.capacity import (
    Capacity,
    confirm_capacity,
    report_capacity,
)
from wijkspil.directory.types import CapacitySource, Room

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROOM = Capacity(new_clients=2, size_band="to-5", parts_of_day=("morning", "evening"))
FULL = Capacity(new_clients=0, no_room_reason="sickness")


def team_member(service: HealthcareService) -> Actor:
    return actor_of(Role.TEAM_MEMBER, service_id=service.pk)


@pytest.mark.django_db
class TestReporting:
    def test_a_report_counts_until_the_strictest_limit_of_its_regions(self):
        strict, loose = AreaFactory.create_batch(2, region=True)
        RegionPolicy.objects.create(region=strict, capacity_valid_hours=12)
        RegionPolicy.objects.create(region=loose, capacity_valid_hours=100)
        coverage = CoverageFactory(area=AreaFactory(lies_in=[strict, loose]))

        row = report_capacity(
            actor=team_member(coverage.service),
            service_id=coverage.service_id,
            capacity=ROOM,
            at=AT,
        )

        assert row.valid_until == AT + timedelta(hours=12)
        told = as_room_report(row)
        assert derive_room(told, at=AT) == Room.ROOM
        assert derive_room(told, at=AT + timedelta(hours=12)) == Room.UNKNOWN

    def test_who_reported_is_kept_by_id_and_by_name(self):
        service = HealthcareServiceFactory()
        actor = team_member(service)
        row = report_capacity(actor=actor, service_id=service.pk, capacity=ROOM, at=AT)
        assert (row.reported_by_id, row.reporter_label) == (actor.user_id, actor.label)

    def test_a_part_of_the_day_given_twice_counts_once(self):
        service = HealthcareServiceFactory()
        row = report_capacity(
            actor=team_member(service),
            service_id=service.pk,
            capacity=Capacity(
                new_clients=3, size_band="any", parts_of_day=("morning", "morning")
            ),
            at=AT,
        )
        assert row.parts_of_day == ["morning"]
        assert derive_room(as_room_report(row), at=AT) == Room.LIMITED

    @pytest.mark.parametrize(
        ("capacity", "field"),
        [
            (Capacity(new_clients=-1), "new_clients"),
            (Capacity(new_clients=100), "new_clients"),
            (Capacity(new_clients=0), "no_room_reason"),
            (Capacity(new_clients=0, no_room_reason="bored"), "no_room_reason"),
            (
                Capacity(
                    new_clients=0,
                    no_room_reason="sickness",
                    no_room_until=date(2026, 11, 20),
                ),
                "no_room_until",
            ),
            (Capacity(new_clients=1, parts_of_day=("morning",)), "size_band"),
            (Capacity(new_clients=1, size_band="to-2"), "parts_of_day"),
            (
                Capacity(new_clients=1, size_band="huge", parts_of_day=("morning",)),
                "size_band",
            ),
            (
                Capacity(new_clients=1, size_band="to-2", parts_of_day=("noon",)),
                "parts_of_day",
            ),
            (
                Capacity(
                    new_clients=1,
                    size_band="to-2",
                    parts_of_day=("morning",),
                    tasks_excluded=("juggling",),
                ),
                "tasks_excluded",
            ),
            (
                Capacity(
                    new_clients=1,
                    size_band="to-2",
                    parts_of_day=("morning",),
                    no_room_reason="sickness",
                ),
                "no_room_reason",
            ),
            (
                Capacity(
                    new_clients=1,
                    size_band="to-2",
                    parts_of_day=("morning",),
                    hours_per_week=Decimal("NaN"),
                ),
                "hours_per_week",
            ),
        ],
    )
    def test_a_contradicting_report_is_refused_at_its_field(self, capacity, field):
        service = HealthcareServiceFactory()
        with pytest.raises(InvalidCapacity) as refusal:
            report_capacity(
                actor=team_member(service),
                service_id=service.pk,
                capacity=capacity,
                at=AT,
            )
        assert refusal.value.field == field
        assert not CapacityReport.objects.exists()

    def test_the_expected_end_is_weighed_by_the_local_day(self):
        # 23.30 UTC on the 20th is half past midnight on the 21st in Amsterdam.
        service = HealthcareServiceFactory()
        late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
        with pytest.raises(InvalidCapacity):
            report_capacity(
                actor=team_member(service),
                service_id=service.pk,
                capacity=Capacity(
                    new_clients=0,
                    no_room_reason="full",
                    no_room_until=date(2026, 11, 21),
                ),
                at=late,
            )

    @pytest.mark.parametrize(
        "role",
        [
            Role.REFERRER,
            Role.COORDINATOR,
            Role.DIRECTORY_EDITOR,
            Role.INSURER,
            Role.AUDITOR,
            Role.ADMINISTRATOR,
        ],
    )
    def test_others_than_the_team_cannot_report(self, role):
        service = HealthcareServiceFactory()
        with pytest.raises(NotPermitted):
            report_capacity(
                actor=actor_of(role), service_id=service.pk, capacity=ROOM, at=AT
            )

    def test_a_visitor_or_another_team_cannot_report(self):
        mine, other = HealthcareServiceFactory.create_batch(2)
        for actor in (VISITOR, team_member(mine)):
            with pytest.raises(NotPermitted):
                report_capacity(actor=actor, service_id=other.pk, capacity=ROOM, at=AT)

    def test_a_service_that_ended_takes_no_report(self):
        service = HealthcareServiceFactory(is_active=False)
        with pytest.raises(UnknownService):
            report_capacity(
                actor=team_member(service),
                service_id=service.pk,
                capacity=ROOM,
                at=AT,
            )

    def test_sending_the_same_page_twice_adds_one_report(self):
        service = HealthcareServiceFactory()
        actor = team_member(service)
        sent = [
            report_capacity(
                actor=actor,
                service_id=service.pk,
                capacity=ROOM,
                at=AT + timedelta(seconds=second),
                seen_report_id=0,
            )
            for second in (0, 1)
        ]
        assert sent[0].pk == sent[1].pk
        assert CapacityReport.objects.count() == 1

    def test_the_same_report_of_a_colleague_is_kept_beside_mine(self):
        service = HealthcareServiceFactory()
        for actor in (team_member(service), team_member(service)):
            report_capacity(
                actor=actor,
                service_id=service.pk,
                capacity=ROOM,
                at=AT,
                seen_report_id=0,
            )
        assert CapacityReport.objects.count() == 2


@pytest.mark.django_db
class TestConfirming:
    def test_still_true_starts_the_age_anew_and_keeps_the_earlier_report(self):
        service = HealthcareServiceFactory()
        first = CapacityReportFactory(service=service)
        later = first.valid_until + timedelta(hours=1)

        row = confirm_capacity(
            actor=team_member(service), service_id=service.pk, at=later
        )

        assert row.source == CapacitySource.CONFIRMED
        assert Capacity.of_report(row) == Capacity.of_report(first)
        assert row.reported_at == later
        assert CapacityReport.objects.count() == 2

    def test_there_must_be_something_to_confirm(self):
        service = HealthcareServiceFactory()
        with pytest.raises(NothingToConfirm):
            confirm_capacity(actor=team_member(service), service_id=service.pk, at=AT)

    def test_no_room_cannot_be_confirmed_after_its_expected_end(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(
            service=service,
            no_room=True,
            no_room_until=date(2026, 11, 21),
            reported_at=AT,
        )
        actor = team_member(service)
        confirm_capacity(actor=actor, service_id=service.pk, at=AT)
        # Past midnight in Amsterdam, not yet in UTC.
        with pytest.raises(NothingToConfirm):
            confirm_capacity(
                actor=actor,
                service_id=service.pk,
                at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
            )

    def test_a_newer_report_that_was_not_seen_is_not_confirmed(self):
        service = HealthcareServiceFactory()
        seen = CapacityReportFactory(service=service)
        CapacityReportFactory(
            service=service, no_room=True, reported_at=AT, reporter_label="C. Ollega"
        )
        with pytest.raises(AlreadyChanged, match=r"C\. Ollega"):
            confirm_capacity(
                actor=team_member(service),
                service_id=service.pk,
                at=AT,
                seen_report_id=seen.pk,
            )
        assert CapacityReport.objects.count() == 2

    def test_a_second_tap_adds_nothing(self):
        service = HealthcareServiceFactory()
        seen = CapacityReportFactory(service=service)
        for second in (0, 1):
            confirm_capacity(
                actor=team_member(service),
                service_id=service.pk,
                at=AT + timedelta(seconds=second),
                seen_report_id=seen.pk,
            )
        assert CapacityReport.objects.count() == 2


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_reports_at_once_are_both_kept_and_the_last_stored_counts(self):
        service = HealthcareServiceFactory()
        actors = [team_member(service), team_member(service)]
        capacities = [ROOM, FULL]

        outcomes = at_once(
            *(
                lambda actor=actor, capacity=capacity, second=second: report_capacity(
                    actor=actor,
                    service_id=service.pk,
                    capacity=capacity,
                    at=AT + timedelta(seconds=second),
                )
                for second, (actor, capacity) in enumerate(
                    zip(actors, capacities, strict=True)
                )
            )
        )

        assert all(isinstance(outcome, CapacityReport) for outcome in outcomes)
        assert CapacityReport.objects.count() == 2
        assert get_newest_report(service.pk) == CapacityReport.objects.latest("pk")

    def test_a_double_tap_at_once_adds_one_report(self):
        service = HealthcareServiceFactory()
        actor = team_member(service)

        def send():
            return report_capacity(
                actor=actor,
                service_id=service.pk,
                capacity=ROOM,
                at=AT,
                seen_report_id=0,
            )

        first, second = at_once(send, send)

        assert first.pk == second.pk
        assert CapacityReport.objects.count() == 1

    def test_confirming_while_a_colleague_reports_never_hides_the_report(self):
        service = HealthcareServiceFactory()
        seen = CapacityReportFactory(service=service)
        nurse, colleague = team_member(service), team_member(service)

        at_once(
            lambda: report_capacity(
                actor=colleague, service_id=service.pk, capacity=FULL, at=AT
            ),
            lambda: confirm_capacity(
                actor=nurse,
                service_id=service.pk,
                at=AT + timedelta(seconds=1),
                seen_report_id=seen.pk,
            ),
        )

        # Either the confirmation came first, or it was refused.
        newest = get_newest_report(service.pk)
        assert newest is not None
        assert newest.new_clients == 0
