"""Life goes on while a request runs: an owner and a date remain, or it ends."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import localdate, localtime

from tests.apps.referrals.messages import messages_about, told_services, told_users
from tests.factories.referrals import (
    AT,
    ReferralsWijk,
    agree,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.directory.models import CapacityReservation
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import ServiceRequest, UnmetDemand
from wijkspil.referrals.services.changes import (
    change_asked_care,
    move_first_visit,
    pause_request,
    release_kept_rooms,
    report_death,
    report_death_for_client,
    resume_request,
)
from wijkspil.referrals.services.course import set_hours, start_care
from wijkspil.referrals.services.offers import run_timers
from wijkspil.referrals.types import CloseReason, RequestStatus

pytestmark = pytest.mark.django_db

TODAY = localdate(AT)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk()


def running(request: ServiceRequest) -> Decimal | None:
    """Return the hours a week that are reserved for a request, or None."""
    return (
        CapacityReservation.objects.filter(
            reference=request.number, released_at__isnull=True
        )
        .values_list("hours_per_week", flat=True)
        .first()
    )


def pause(
    wijk: ReferralsWijk, request: ServiceRequest, *, home_on: date | None = None
) -> ServiceRequest:
    return pause_request(
        actor=wijk.referrer.actor,
        request_id=request.pk,
        where="hospital",
        home_on=home_on,
        at=LATER,
    )


class TestAnotherFirstDay:
    def test_teams_that_were_asked_keep_the_question_and_hear_the_day(
        self, wijk: ReferralsWijk
    ) -> None:
        request = send(wijk)
        [offer] = open_offers(request)
        day = TODAY + timedelta(days=5)
        move_first_visit(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            day=day,
            reason="discharge-later",
            at=LATER,
        )
        assert [o.pk for o in open_offers(request)] == [offer.pk]
        assert told_services(request.number, "visit-moved") == {offer.service_id}
        assert request.events.get(kind="visit-moved").detail["reason"] == (
            "discharge-later"
        )

    def test_the_team_that_has_the_client_hears_it_and_is_due_that_day(
        self, wijk: ReferralsWijk
    ) -> None:
        request = place(wijk)
        day = TODAY + timedelta(days=5)
        moved = move_first_visit(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            day=day,
            reason="client-asked",
            at=LATER,
        )
        assert moved.due_at is not None
        assert localtime(moved.due_at).date() == day
        assert told_services(request.number, "visit-moved") == {
            request.placed_service_id
        }
        assert told_users(request.number, "visit-moved") == {wijk.referrer.user.pk}

    def test_who_moves_it_is_not_told_that_it_moved(self, wijk: ReferralsWijk) -> None:
        request = place(wijk)
        assert request.placed_service_id is not None
        move_first_visit(
            actor=wijk.nurse_of(request.placed_service_id).actor,
            request_id=request.pk,
            day=TODAY + timedelta(days=5),
            reason="client-asked",
            at=LATER,
        )
        assert told_services(request.number, "visit-moved") == set()

    def test_the_same_day_or_one_that_passed_is_refused(
        self, wijk: ReferralsWijk
    ) -> None:
        request = send(wijk)
        for day in (request.first_visit_on, TODAY - timedelta(days=1)):
            with pytest.raises(InvalidRequest) as refused:
                move_first_visit(
                    actor=wijk.referrer.actor,
                    request_id=request.pk,
                    day=day,
                    reason="better",
                    at=LATER,
                )
            assert list(refused.value.fields) == ["first_visit_on"]


class TestOtherCare:
    def change(self, wijk: ReferralsWijk, request: ServiceRequest) -> ServiceRequest:
        return change_asked_care(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            tasks=["wound", "stockings"],
            parts_of_day=["evening", "morning"],
            reason="worse",
            at=LATER,
        )

    def test_asked_teams_are_released_and_the_best_ones_asked_anew(
        self, wijk: ReferralsWijk
    ) -> None:
        request = send(wijk)
        [before] = open_offers(request)
        changed = self.change(wijk, request)
        before.refresh_from_db()
        [now] = open_offers(request)
        assert (before.status, now.pk != before.pk) == ("withdrawn", True)
        assert changed.parts_of_day == ["morning", "evening"]
        assert changed.hours_high > request.hours_high
        assert told_services(request.number, "no-longer-needed") == {before.service_id}

    def test_a_team_looks_at_the_hours_again_and_has_them_reserved_meanwhile(
        self, wijk: ReferralsWijk
    ) -> None:
        request = place(wijk)
        assert request.placed_service_id is not None
        nurse = wijk.nurse_of(request.placed_service_id).actor
        set_hours(
            actor=nurse,
            request_id=request.pk,
            hours_per_week=Decimal(1),
            review_on=TODAY + timedelta(days=30),
            at=LATER,
        )
        start_care(actor=nurse, request_id=request.pk, at=LATER)
        changed = self.change(wijk, request)
        assert (changed.status, changed.hours_set) == ("accepted", None)
        assert running(request) == changed.hours_high
        assert changed.due_at is not None
        assert told_services(request.number, "need-changed") >= {
            request.placed_service_id
        }

    def test_nothing_different_is_refused(self, wijk: ReferralsWijk) -> None:
        request = send(wijk)
        with pytest.raises(InvalidRequest):
            change_asked_care(
                actor=wijk.referrer.actor,
                request_id=request.pk,
                tasks=request.tasks[::-1],
                parts_of_day=request.parts_of_day,
                reason="worse",
                at=LATER,
            )


class TestAdmitted:
    def test_the_search_waits_with_a_coordinator_and_a_date(
        self, wijk: ReferralsWijk
    ) -> None:
        request = send(wijk)
        [offer] = open_offers(request)
        paused = pause(wijk, request)
        assert open_offers(request) == []
        assert (paused.owner_id, paused.room_kept_until) == (
            wijk.coordinator.user.pk,
            None,
        )
        assert paused.due_at is not None
        assert paused.due_at > LATER
        assert told_services(request.number, "no-longer-needed") == {offer.service_id}

    def test_the_place_is_kept_as_long_as_the_region_agreed(
        self, wijk: ReferralsWijk
    ) -> None:
        agree(wijk, room_kept_days=9)
        request = place(wijk)
        paused = pause(wijk, request, home_on=TODAY + timedelta(days=4))
        assert paused.room_kept_until == TODAY + timedelta(days=9)
        assert running(request) == request.hours_high
        assert (paused.owner_kind, paused.status) == ("team", RequestStatus.PAUSED)
        assert paused.due_at is not None
        assert localtime(paused.due_at).date() == TODAY + timedelta(days=4)
        last = AT + timedelta(days=9)
        assert release_kept_rooms(at=last) == 0

    def test_after_that_the_place_goes_to_others_and_a_coordinator_has_it(
        self, wijk: ReferralsWijk
    ) -> None:
        request = place(wijk)
        team = request.placed_service_id
        until = pause(wijk, request, home_on=TODAY + timedelta(days=60)).room_kept_until
        assert until is not None
        at = AT + (until - TODAY) + timedelta(days=1)
        assert release_kept_rooms(at=at) == 1
        assert release_kept_rooms(at=at) == 0
        request.refresh_from_db()
        assert (request.status, request.placed_service_id) == ("paused", None)
        assert request.owner_id == wijk.coordinator.user.pk
        assert running(request) is None
        assert told_services(request.number, "room-released") == {team}
        assert request.events.filter(kind="room-released").count() == 1

    def test_the_team_that_kept_the_place_has_the_client_again(
        self, wijk: ReferralsWijk
    ) -> None:
        request = place(wijk)
        pause(wijk, request)
        back = resume_request(
            actor=wijk.referrer.actor,
            request_id=request.pk,
            first_visit_on=TODAY + timedelta(days=3),
            at=LATER,
        )
        assert (back.status, back.placed_service_id, back.room_kept_until) == (
            "accepted",
            request.placed_service_id,
            None,
        )
        assert told_services(request.number, "resumed") == {request.placed_service_id}

    def test_without_a_team_who_cared_is_asked_first(self, wijk: ReferralsWijk) -> None:
        request = place(wijk)
        team = request.placed_service_id
        pause(wijk, request, home_on=TODAY + timedelta(days=40))
        at = AT + timedelta(days=40)
        release_kept_rooms(at=at)
        for service in wijk.teams:
            service.capacity_reports.update(
                reported_at=at - timedelta(hours=1), valid_until=at + timedelta(days=2)
            )
        resume_request(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            first_visit_on=localdate(at),
            at=at,
        )
        assert [offer.service_id for offer in open_offers(request)] == [team]

    def test_a_day_that_passed_is_refused_beside_its_field(
        self, wijk: ReferralsWijk
    ) -> None:
        with pytest.raises(InvalidRequest) as refused:
            pause(wijk, send(wijk), home_on=TODAY - timedelta(days=1))
        assert list(refused.value.fields) == ["home_on"]

    def test_twice_admitted_is_once(self, wijk: ReferralsWijk) -> None:
        request = place(wijk)
        pause(wijk, request)
        with pytest.raises(NotNow):
            pause(wijk, request)
        assert request.events.filter(kind="paused").count() == 1


class TestDeath:
    def test_everything_stops_and_nobody_is_reminded(self, wijk: ReferralsWijk) -> None:
        request = send(wijk, urgency="today")
        asked = {offer.service_id for offer in open_offers(request)}
        report_death(actor=wijk.referrer.actor, request_id=request.pk, at=LATER)
        said = len(messages_about(request.number))
        for hours in (2, 24, 24 * 30):
            run_timers(at=AT + timedelta(hours=hours))
        request.refresh_from_db()
        assert (request.close_reason, request.due_at) == (CloseReason.DIED, None)
        assert open_offers(request) == []
        assert told_services(request.number, "no-longer-needed") == asked
        assert len(messages_about(request.number)) == said

    def test_the_team_and_who_asked_are_told_once(self, wijk: ReferralsWijk) -> None:
        request = place(wijk)
        for _time in range(2):
            report_death(actor=wijk.coordinator.actor, request_id=request.pk, at=LATER)
        assert running(request) is None
        told = messages_about(request.number, "died")
        assert [(row.to_service_id, row.to_user_id) for row in told] in (
            [(request.placed_service_id, None), (None, wijk.referrer.user.pk)],
            [(None, wijk.referrer.user.pk), (request.placed_service_id, None)],
        )
        assert request.events.filter(kind="died").count() == 1

    def test_it_is_no_unmet_demand(self, wijk: ReferralsWijk) -> None:
        request = send(wijk)
        report_death(actor=wijk.referrer.actor, request_id=request.pk, at=LATER)
        assert not UnmetDemand.objects.exists()

    def test_the_family_records_it_on_the_page_of_the_client(
        self, wijk: ReferralsWijk
    ) -> None:
        request = place(wijk)
        closed = report_death_for_client(request_id=request.pk, at=LATER)
        assert closed.close_reason == CloseReason.DIED
        assert told_services(request.number, "died") >= {request.placed_service_id}

    def test_what_was_closed_for_another_reason_stays_so(
        self, wijk: ReferralsWijk
    ) -> None:
        request = send(wijk)
        report_death(actor=wijk.referrer.actor, request_id=request.pk, at=LATER)
        ServiceRequest.objects.filter(pk=request.pk).update(close_reason="not-needed")
        with pytest.raises(NotNow):
            report_death(actor=wijk.referrer.actor, request_id=request.pk, at=LATER)
