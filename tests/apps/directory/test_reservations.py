"""Accepted requests take room: who wins the last place, and what is left for others."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of, browser_of
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    CapacityReservationFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.errors import (
    AlreadyReserved,
    InvalidCapacity,
    NoRoomLeft,
    RoomTakenSince,
    UnknownReservation,
    UnknownService,
)
from wijkspil.directory.models import CapacityReport, CapacityReservation
from wijkspil.directory.room import derive_room
from wijkspil.directory.selectors.capacity import (
    get_newest_reservation_id,
    get_room_left,
    list_current_reports,
)
from wijkspil.directory.selectors.listing import get_team, list_reporting_teams
from wijkspil.directory.selectors.room_overview import list_wijk_room
from wijkspil.directory.services.capacity import (
    Capacity,
    confirm_capacity,
    repeat_report,
    report_capacity,
)
from wijkspil.directory.services.reservations import (
    change_reservation,
    correct_room,
    release_room,
    reserve_room,
)
from wijkspil.directory.types import CapacitySource, Care, NoRoomReason, Room
from wijkspil.directory.wording import say_capacity

#: The report of the factory is of 8:00 and counts for three days.
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def reserve(service, reference="r-1", *, hours="3", at=AT, over_capacity=False):
    """Reserve in a transaction of its own, as an accepting room does."""
    with transaction.atomic():
        return reserve_room(
            service_id=service.pk,
            reference=reference,
            hours_per_week=Decimal(hours),
            parts_of_day=["morning"],
            at=at,
            over_capacity=over_capacity,
        )


def room_left(service, *, at=LATER):
    return get_room_left([service.pk], at=at)[service.pk]


def current(service, *, at=LATER):
    return list_current_reports([service.pk], at=at)[service.pk]


def team_member(service):
    return actor_of(Role.TEAM_MEMBER, service_id=service.pk)


@pytest.mark.django_db
class TestReserving:
    def test_a_reservation_takes_a_place_and_its_hours(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, hours_per_week=Decimal("8.0"))
        row = reserve(service, hours="3.25")
        assert (row.reserved_at, row.clients, row.parts_of_day) == (AT, 1, ["morning"])
        left = room_left(service)
        assert (left.clients, left.hours) == (1, 4.75)
        assert (left.reported_clients, left.reserved_clients) == (2, 1)

    def test_the_place_after_the_last_is_refused_with_what_is_left(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, new_clients=1)
        reserve(service)
        with pytest.raises(NoRoomLeft, match="1 reported, 1 reserved") as refusal:
            reserve(service, "r-2")
        assert refusal.value.code == "no-room-left"
        assert (refusal.value.clients, refusal.value.is_known) == (0, True)
        assert CapacityReservation.objects.count() == 1

    def test_more_hours_than_are_left_are_refused_with_both_figures(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, hours_per_week=Decimal("5.0"))
        reserve(service, hours="3")
        with pytest.raises(NoRoomLeft, match=r"2 hours a week.*needs 2\.25") as refusal:
            reserve(service, "r-2", hours="2.25")
        assert refusal.value.hours == 2.0
        reserve(service, "r-2", hours="2")

    @pytest.mark.parametrize("report", ["none", "stale"])
    def test_unknown_room_is_not_given_away(self, report):
        service = HealthcareServiceFactory()
        if report == "stale":
            CapacityReportFactory(service=service, valid_until=AT)
        with pytest.raises(NoRoomLeft) as refusal:
            reserve(service)
        assert not refusal.value.is_known

    @pytest.mark.parametrize("report", ["none", "stale", "full"])
    def test_the_team_itself_may_take_one_more(self, report):
        service = HealthcareServiceFactory()
        if report == "stale":
            CapacityReportFactory(service=service, valid_until=AT)
        if report == "full":
            CapacityReportFactory(service=service, no_room=True)
        reserve(service, over_capacity=True)
        assert CapacityReservation.objects.get().service == service
        assert room_left(service).clients == (1 if report == "stale" else 0)

    def test_one_taken_beyond_the_report_never_makes_room_negative(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(
            service=service, new_clients=1, hours_per_week=Decimal("2.0")
        )
        reserve(service, hours="2")
        reserve(service, "r-2", hours="2", over_capacity=True)
        left = room_left(service)
        assert (left.clients, left.hours) == (0, 0.0)
        assert (left.reported_clients, left.reserved_clients) == (1, 2)

    def test_a_reservation_older_than_the_report_is_in_its_figures(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        reserve(service)
        report_capacity(
            actor=team_member(service),
            service_id=service.pk,
            capacity=Capacity(
                new_clients=1, size_band="to-5", parts_of_day=("morning",)
            ),
            at=LATER,
        )
        left = room_left(service)
        assert (left.clients, left.reserved_clients) == (1, 0)

    def test_who_waited_for_the_lock_is_counted_off_the_report_that_came_between(self):
        service = HealthcareServiceFactory()
        report = CapacityReportFactory(service=service, new_clients=1, reported_at=AT)
        row = reserve(service, at=AT - timedelta(seconds=3))
        assert row.reserved_at == report.reported_at
        assert room_left(service).clients == 0

    def test_a_reference_takes_its_room_once(self):
        service, other = HealthcareServiceFactory.create_batch(2)
        CapacityReportFactory(service=service)
        CapacityReportFactory(service=other)
        with transaction.atomic():
            reserve(service)
            for again in (service, other):
                with pytest.raises(AlreadyReserved, match="r-1"):
                    reserve(again)
            # The caller's transaction is still usable.
            assert CapacityReservation.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"hours_per_week": Decimal("-1")}, "hours_per_week"),
            ({"hours_per_week": Decimal("NaN")}, "hours_per_week"),
            ({"hours_per_week": Decimal(169)}, "hours_per_week"),
            ({"parts_of_day": ["noon"]}, "parts_of_day"),
            ({"reference": ""}, "reference"),
            ({"reference": "x" * 41}, "reference"),
        ],
    )
    def test_a_wrong_value_is_refused_at_its_field(self, changes, field):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        given = {
            "service_id": service.pk,
            "reference": "r-1",
            "hours_per_week": Decimal(3),
            "parts_of_day": ["morning"],
            "at": AT,
        }
        with pytest.raises(InvalidCapacity) as refusal:
            reserve_room(**(given | changes))
        assert refusal.value.field == field

    def test_a_service_that_ended_gives_no_room(self):
        service = HealthcareServiceFactory(is_active=False)
        CapacityReportFactory(service=service)
        with pytest.raises(UnknownService):
            reserve(service)


@pytest.mark.django_db(transaction=True)
def test_reserving_needs_the_transaction_of_the_caller():
    service = HealthcareServiceFactory()
    CapacityReportFactory(service=service)
    with pytest.raises(AssertionError):
        reserve_room(
            service_id=service.pk,
            reference="r-1",
            hours_per_week=Decimal(3),
            parts_of_day=[],
            at=AT,
        )


@pytest.mark.django_db(transaction=True)
def test_room_comes_back_when_the_acceptance_fails():
    service = HealthcareServiceFactory()
    CapacityReportFactory(service=service)

    def accept_and_fail():
        with transaction.atomic():
            reserve(service)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        accept_and_fail()
    assert room_left(service).clients == 2


@pytest.mark.django_db
class TestChangingAndReleasing:
    def test_the_intake_changes_the_hours_even_beyond_what_is_left(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, hours_per_week=Decimal("5.0"))
        reserve(service, hours="3")
        row = change_reservation(
            reference="r-1",
            hours_per_week=Decimal("6.5"),
            parts_of_day=["evening", "morning"],
            at=LATER,
        )
        row.refresh_from_db()
        assert row.parts_of_day == ["morning", "evening"]
        assert (row.hours_per_week, row.changed_at) == (Decimal("6.50"), LATER)
        assert room_left(service).hours == 0.0

    def test_a_change_needs_a_running_reservation(self):
        CapacityReservationFactory(reference="gone", released=True)
        for reference in ("gone", "never"):
            with pytest.raises(UnknownReservation, match=reference):
                change_reservation(
                    reference=reference,
                    hours_per_week=Decimal(1),
                    parts_of_day=[],
                    at=LATER,
                )

    def test_releasing_gives_the_place_back_once(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, new_clients=1)
        reserve(service)
        row = release_room(reference="r-1", reason="withdrawn", at=LATER)
        assert row is not None
        assert (row.released_at, row.release_reason) == (LATER, "withdrawn")
        assert release_room(reference="r-1", reason="other", at=LATER) is None
        row.refresh_from_db()
        assert row.release_reason == "withdrawn"
        assert room_left(service).clients == 1

    def test_a_released_reference_may_take_room_again(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, new_clients=1)
        reserve(service)
        release_room(reference="r-1", reason="withdrawn", at=LATER)
        reserve(service, at=LATER)
        assert CapacityReservation.objects.count() == 2

    def test_room_of_a_service_that_ended_is_released(self):
        row = CapacityReservationFactory(service__is_active=False)
        assert release_room(reference=row.reference, reason="ended", at=LATER) == row


@pytest.mark.django_db
class TestWhatEveryoneReads:
    @pytest.mark.parametrize(
        ("reported", "reserved", "word"),
        [
            (3, 0, Room.ROOM),
            (3, 1, Room.ROOM),
            (3, 2, Room.LIMITED),
            (3, 3, Room.FULL),
            (3, 4, Room.FULL),
        ],
    )
    def test_the_word_follows_what_is_left(self, reported, reserved, word):
        service = HealthcareServiceFactory()
        CapacityReportFactory(
            service=service,
            new_clients=reported,
            parts_of_day=["morning", "evening"],
        )
        CapacityReservationFactory.create_batch(reserved, service=service)
        assert derive_room(current(service), at=LATER) == word
        assert current(service).reported_clients == reported

    def test_a_team_without_hours_left_is_full(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, hours_per_week=Decimal("3.0"))
        reserve(service, hours="3")
        assert derive_room(current(service), at=LATER) == Room.FULL
        assert "new requests" in say_capacity(current(service))

    def test_the_words_name_what_was_reported_and_what_was_reserved(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, tasks_excluded=[])
        reserve(service)
        assert say_capacity(current(service)) == (
            "1 new client (2 reported, 1 reserved), up to 5 hours a week, morning"
        )

    def test_full_by_requests_is_said_instead_of_a_reason(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        reserve(service)
        reserve(service, "r-2")
        assert say_capacity(current(service)) == (
            "full because of new requests (2 reported, 2 reserved)"
        )

    def test_the_reason_of_the_team_stays_when_it_takes_one_more(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, no_room=True)
        reserve(service, over_capacity=True)
        assert say_capacity(current(service)) == (
            "no room for new clients: not enough staff"
        )

    def test_only_reservations_that_run_and_are_made_since_count(self):
        service, other = HealthcareServiceFactory.create_batch(2)
        CapacityReportFactory(service=service, new_clients=9)
        CapacityReportFactory(service=service, new_clients=5, reported_at=AT)
        CapacityReportFactory(service=other, new_clients=4)
        CapacityReservationFactory(service=service)
        CapacityReservationFactory(service=service, reserved_at=LATER)
        CapacityReservationFactory(
            service=service, reserved_at=LATER + timedelta(hours=1)
        )
        CapacityReservationFactory(
            service=service, reserved_at=AT - timedelta(seconds=1)
        )
        CapacityReservationFactory(service=service, released=True)
        left = get_room_left([service.pk, other.pk], at=LATER)
        assert (left[service.pk].clients, left[other.pk].clients) == (3, 4)

    def test_the_overview_of_a_region_counts_what_is_left(self):
        region = AreaFactory(region=True)
        wijk = AreaFactory(lies_in=[region])
        for reported, reserved in ((2, 0), (2, 2), (3, 1)):
            service = CoverageFactory(area=wijk).service
            CapacityReportFactory(
                service=service,
                new_clients=reported,
                parts_of_day=["morning", "evening"],
                hours_per_week=Decimal("20.0"),
            )
            CapacityReservationFactory.create_batch(reserved, service=service)
        spent = CoverageFactory(area=wijk).service
        CapacityReportFactory(service=spent, hours_per_week=Decimal("3.0"))
        CapacityReservationFactory(service=spent)
        (counted,) = list_wijk_room(
            region_id=region.pk, care=Care.DISTRICT_NURSING, at=LATER
        )
        assert (counted.room, counted.limited, counted.full) == (2, 0, 2)

    def test_the_list_and_the_page_of_teams_say_what_is_left(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        reserve(service)
        (listed,) = list_reporting_teams(
            service_ids=[service.pk], organization_ids=[], at=LATER
        )
        for team in (listed, get_team(service.pk, at=LATER)):
            assert team.room == Room.LIMITED
            assert "(2 reported, 1 reserved)" in team.words

    def test_the_interface_for_systems_answers_what_is_left(self):
        service = HealthcareServiceFactory()
        now = timezone.now()
        CapacityReportFactory(
            service=service, reported_at=now, valid_until=now + timedelta(hours=1)
        )
        CapacityReservationFactory(service=service, reserved_at=now)
        body = (
            browser_of(Role.REFERRER)
            .get(f"/api/v1/services/{service.pk}/capacity")
            .json()
        )
        assert (body["newClients"], body["status"]) == (1, "limited")
        assert (body["reportedClients"], body["reservedClients"]) == (2, 1)

    def test_room_left_answers_for_every_service_without_a_queryset(
        self, django_assert_num_queries
    ):
        services = HealthcareServiceFactory.create_batch(3)
        CapacityReportFactory(service=services[0])
        CapacityReportFactory(service=services[1], valid_until=AT)
        CapacityReservationFactory(service=services[0])
        with django_assert_num_queries(1):  # one prepared statement
            left = get_room_left([service.pk for service in services], at=LATER)
        assert [left[s.pk].is_known for s in services] == [True, False, False]
        assert left[services[2].pk].reported_at is None


@pytest.mark.django_db
class TestConfirming:
    def confirm(self, service, *, seen=None, second=0):
        return confirm_capacity(
            actor=team_member(service),
            service_id=service.pk,
            at=LATER + timedelta(seconds=second),
            seen_report_id=seen,
        )

    def test_still_true_writes_what_is_left(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, hours_per_week=Decimal("8.0"))
        reserve(service, hours="3.25")
        row = self.confirm(service)
        assert (row.new_clients, row.source) == (1, CapacitySource.CONFIRMED)
        # 4.75 left: a report holds tenths, and never more than there is.
        assert row.hours_per_week == Decimal("4.7")
        assert room_left(service, at=LATER).clients == 1

    def test_confirming_twice_never_counts_a_reservation_twice(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        reserve(service)
        for second in (0, 1):
            self.confirm(service, second=second)
        assert room_left(service, at=LATER + timedelta(seconds=2)).clients == 1

    def test_a_reservation_of_the_same_moment_is_in_the_confirmed_figures_once(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        reserve(service, at=LATER + timedelta(seconds=1))
        row = self.confirm(service, second=1)
        assert row.new_clients == 1
        assert room_left(service, at=row.reported_at).clients == 1

    def test_nothing_left_is_confirmed_as_full(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, new_clients=1)
        reserve(service)
        row = self.confirm(service)
        assert (row.new_clients, row.no_room_reason) == (0, NoRoomReason.FULL)

    def test_a_stale_report_is_confirmed_without_the_reserved_places(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, valid_until=AT + timedelta(minutes=5))
        reserve(service)
        assert self.confirm(service).new_clients == 1

    def test_a_report_that_missed_a_reservation_is_asked_about(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        report = {
            "actor": team_member(service),
            "service_id": service.pk,
            "capacity": Capacity(
                new_clients=2, size_band="to-5", parts_of_day=("morning",)
            ),
            "at": LATER,
        }
        for reference in ("r-1", "r-2"):
            reserve(service, reference)
        with pytest.raises(RoomTakenSince, match=r"2 clients.* was 2, now it is 0"):
            report_capacity(seen_reservation_id=0, **report)
        seen = get_newest_reservation_id(service.pk)
        assert report_capacity(seen_reservation_id=seen, **report).new_clients == 2
        # A planning system has seen nothing of a page: its figure counts as told.
        assert report_capacity(**report).new_clients == 2

    def test_a_second_tap_after_a_reservation_adds_nothing(self):
        service = HealthcareServiceFactory()
        seen = CapacityReportFactory(service=service)
        reserve(service)
        first = self.confirm(service, seen=seen.pk)
        assert self.confirm(service, seen=seen.pk, second=1) == first
        release_room(
            reference="r-1", reason="withdrawn", at=LATER + timedelta(minutes=1)
        )
        assert self.confirm(service, seen=seen.pk, second=90) == first

    def test_an_earlier_repeat_report_never_revives_a_reserved_place(self):
        service = HealthcareServiceFactory()
        earlier = CapacityReportFactory(service=service)
        reserve(service)
        CapacityReportFactory(service=service, no_room=True, reported_at=AT)
        row = repeat_report(
            actor=team_member(service),
            service_id=service.pk,
            report_id=earlier.pk,
            at=LATER,
        )
        assert row.new_clients == 1


@pytest.mark.django_db
class TestCorrecting:
    def correct(self, service, *, actor=None, until=None, at=LATER):
        return correct_room(
            service_id=service.pk,
            actor=actor or team_member(service),
            reason=NoRoomReason.SICKNESS,
            until=until,
            at=at,
        )

    def test_a_decline_for_want_of_room_is_reported_as_no_room(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service)
        row = self.correct(service, until=date(2026, 12, 1))
        assert (row.new_clients, row.source) == (0, CapacitySource.DECLINE)
        assert (row.no_room_reason, row.no_room_until) == (
            NoRoomReason.SICKNESS,
            date(2026, 12, 1),
        )
        assert derive_room(current(service), at=LATER) == Room.FULL

    def test_no_room_that_still_counts_is_not_reported_again(self):
        service = HealthcareServiceFactory()
        told = CapacityReportFactory(service=service, no_room=True)
        assert self.correct(service) == told
        assert CapacityReport.objects.count() == 1

    def test_no_room_that_is_stale_is_reported_anew(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, no_room=True, valid_until=AT)
        self.correct(service)
        assert CapacityReport.objects.count() == 2

    def test_others_than_the_team_cannot_correct(self):
        service = HealthcareServiceFactory()
        with pytest.raises(NotPermitted):
            self.correct(service, actor=actor_of(Role.REFERRER))

    def test_an_expected_end_that_passed_is_refused(self):
        with pytest.raises(InvalidCapacity):
            self.correct(HealthcareServiceFactory(), until=date(2026, 11, 20))


@pytest.mark.django_db(transaction=True)
class TestRaces:
    @pytest.mark.parametrize("places", [1, 3])
    def test_the_last_places_are_given_away_exactly_once(self, places):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, new_clients=places)

        outcomes = at_once(
            *(
                lambda number=number: reserve(service, f"r-{number}")
                for number in range(8)
            )
        )

        won = [o for o in outcomes if isinstance(o, CapacityReservation)]
        lost = [o for o in outcomes if isinstance(o, NoRoomLeft)]
        assert (len(won), len(lost)) == (places, 8 - places)
        ledger = {(row.pk, row.service_id, row.reference) for row in won}
        assert ledger == set(
            CapacityReservation.objects.values_list("pk", "service_id", "reference")
        )

    def test_one_reference_sent_to_many_teams_at_once_takes_room_of_one(self):
        services = HealthcareServiceFactory.create_batch(6)
        for service in services:
            CapacityReportFactory(service=service)

        outcomes = at_once(*(lambda s=service: reserve(s) for service in services))

        assert sum(isinstance(o, CapacityReservation) for o in outcomes) == 1
        assert sum(isinstance(o, AlreadyReserved) for o in outcomes) == 5
        assert CapacityReservation.objects.count() == 1

    def test_releasing_and_reserving_at_once_never_gives_more_than_there_is(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, new_clients=2)
        held = [reserve(service, f"held-{number}") for number in range(2)]

        def release(reference):
            with transaction.atomic():
                return release_room(reference=reference, reason="withdrawn", at=LATER)

        outcomes = at_once(
            *(lambda row=row: release(row.reference) for row in held),
            *(lambda row=row: release(row.reference) for row in held),
            *(
                lambda number=number: reserve(service, f"r-{number}", at=LATER)
                for number in range(5)
            ),
        )

        released = [o for o in outcomes[:4] if isinstance(o, CapacityReservation)]
        won = [o for o in outcomes[4:] if isinstance(o, CapacityReservation)]
        # Each is released by one of its two senders; those who came too early lost.
        assert {row.pk for row in released} == {row.pk for row in held}
        assert len(released) == 2
        assert len(won) <= 2
        assert all(isinstance(o, NoRoomLeft) for o in outcomes[4:] if o not in won)
        running = CapacityReservation.objects.filter(released_at__isnull=True)
        assert {row.pk for row in won} == set(running.values_list("pk", flat=True))

    def test_confirming_while_places_are_taken_never_revives_one(self):
        service = HealthcareServiceFactory()
        CapacityReportFactory(service=service, new_clients=3)
        nurse = team_member(service)

        outcomes = at_once(
            *(
                lambda number=number: reserve(
                    service, f"r-{number}", at=LATER + timedelta(milliseconds=number)
                )
                for number in range(5)
            ),
            *(
                lambda number=number: confirm_capacity(
                    actor=nurse,
                    service_id=service.pk,
                    at=LATER + timedelta(milliseconds=number),
                )
                for number in range(3)
            ),
        )

        won = [o for o in outcomes if isinstance(o, CapacityReservation)]
        assert len(won) == 3
        assert all(isinstance(o, CapacityReport) for o in outcomes[5:])
        assert room_left(service, at=LATER + timedelta(minutes=1)).clients == 0
