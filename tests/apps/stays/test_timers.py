"""What the clock does: beds that return, dates that pass, going home, forgetting."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.directory.at_once import at_once
from tests.factories import stays as make
from wijkspil.communications.models import Communication
from wijkspil.core.errors import Conflict
from wijkspil.core.models import AuditEvent
from wijkspil.stays.models import (
    BedClaim,
    BedReport,
    StayConsent,
    StayEvent,
    StayPatient,
    StayPolicy,
    StayRequest,
)
from wijkspil.stays.selectors.beds import get_newest_report
from wijkspil.stays.selectors.stays import get_stay
from wijkspil.stays.services.beds import confirm_beds
from wijkspil.stays.services.course import (
    add_note,
    change_planned_end,
    end_stay,
    give_back,
    report_not_delivered,
)
from wijkspil.stays.services.retention import (
    delete_fictional_stays,
    remove_old_patients,
)
from wijkspil.stays.services.timers import run_timers
from wijkspil.stays.types import (
    LIVE,
    ClaimStatus,
    EndReason,
    NotDeliveredGround,
    OwnerKind,
    StayKind,
    StayStatus,
    TimersRun,
)

pytestmark = pytest.mark.django_db
KIND = StayKind.ELV_LOW
HOUR = timedelta(hours=1)


def left(region: make.StayRegion) -> int:
    """Return what is left of the nearest place's promise."""
    newest = get_newest_report(region.place.pk, KIND)
    assert newest is not None
    return newest.left


class TestHolding:
    def test_a_bed_that_is_not_confirmed_returns_and_the_coordinator_gets_it(
        self,
    ) -> None:
        region = make.make_region()
        make.promise(region)
        taken = make.claim(region)
        assert run_timers(at=region.at + 4 * HOUR - timedelta(seconds=1)).released == 0
        assert left(region) == 0
        assert run_timers(at=region.at + 4 * HOUR) == TimersRun(1, 0, 0)
        taken.refresh_from_db()
        stay = get_stay(taken.stay_id)
        assert taken.status == ClaimStatus.RELEASED
        assert left(region) == 1
        assert stay.status == StayStatus.OPEN
        assert stay.owner_id == region.coordinator.user.pk
        assert stay.due_at == region.at + 8 * HOUR

    def test_a_region_can_agree_on_another_time(self) -> None:
        region = make.make_region()
        StayPolicy.objects.create(region=region.region, hold_hours=1)
        make.promise(region)
        make.claim(region)
        assert run_timers(at=region.at + HOUR).released == 1

    def test_a_confirmed_bed_does_not_return(self) -> None:
        region = make.make_region()
        make.promise(region)
        make.confirm(region, make.claim(region))
        assert run_timers(at=region.at + 4 * HOUR).released == 0
        assert left(region) == 0

    def test_running_twice_does_it_once(self) -> None:
        region = make.make_region()
        make.promise(region)
        make.claim(region)
        run_timers(at=region.at + 4 * HOUR)
        before = (StayEvent.objects.count(), Communication.objects.count())
        assert run_timers(at=region.at + 4 * HOUR) == TimersRun(0, 0, 0)
        assert (StayEvent.objects.count(), Communication.objects.count()) == before

    def test_four_workers_at_once_do_it_once(self, transactional_db: None) -> None:
        region = make.make_region()
        make.promise(region, 3)
        for _ in range(3):
            make.claim(region)
        at = region.at + 4 * HOUR
        runs = at_once(*[lambda: run_timers(at=at)] * 4)
        assert sum(run.released for run in runs) == 3
        assert left(region) == 3
        assert StayEvent.objects.filter(kind="released").count() == 3


class TestLate:
    def test_an_open_stay_nobody_moved_goes_to_the_coordinator(self) -> None:
        region = make.make_region()
        make.promise(region)
        stay = make.ask(region)
        assert run_timers(at=region.at + 2 * HOUR).escalated == 1
        stay.refresh_from_db()
        assert stay.owner_kind == OwnerKind.COORDINATOR
        assert stay.due_at == region.at + 6 * HOUR
        assert run_timers(at=region.at + 2 * HOUR).escalated == 0

    def test_a_coordinators_date_that_passes_is_noticed_once_and_stays(self) -> None:
        region = make.make_region()
        stay = make.ask(region)
        due_at = stay.due_at
        assert due_at is not None
        assert run_timers(at=due_at).escalated == 1
        assert run_timers(at=due_at + HOUR).escalated == 0
        stay.refresh_from_db()
        assert (stay.due_at, stay.overdue_since) == (due_at, due_at)
        assert Communication.objects.filter(topic="stays.coordinator").count() == 2

    def test_who_did_not_arrive_is_noticed(self) -> None:
        region = make.make_region()
        make.promise(region)
        taken = make.confirm(region, make.claim(region))
        assert run_timers(at=region.at + 5 * HOUR).escalated == 1
        stay = get_stay(taken.stay_id)
        assert stay.owner_id == region.coordinator.user.pk
        # The bed stays taken: perhaps the client is there.
        assert left(region) == 0

    def test_a_stay_past_its_last_day_is_noticed(self) -> None:
        region = make.make_region()
        make.promise(region)
        taken = make.arrive(region, make.confirm(region, make.claim(region)))
        at = region.at + timedelta(days=14, hours=12)
        assert run_timers(at=at).escalated == 1
        assert get_stay(taken.stay_id).owner_kind == OwnerKind.COORDINATOR


class TestGoingHome:
    def stay(self) -> tuple[make.StayRegion, BedClaim]:
        region = make.make_region()
        make.promise(region)
        return region, make.arrive(region, make.confirm(region, make.claim(region)))

    def test_five_days_before_the_end_both_sides_are_reminded_once(self) -> None:
        region, taken = self.stay()
        assert run_timers(at=region.at + timedelta(days=8)).reminded == 0
        assert run_timers(at=region.at + timedelta(days=9)).reminded == 1
        assert run_timers(at=region.at + timedelta(days=10)).reminded == 0
        messages = Communication.objects.filter(topic="stays.going-home")
        assert {(m.to_user_id, m.to_service_id) for m in messages} == {
            (region.referrer.user.pk, None),
            (None, region.place.pk),
        }
        assert get_stay(taken.stay_id).reminded_at is not None

    def test_another_last_day_moves_the_reminder(self) -> None:
        region, taken = self.stay()
        at = region.at + timedelta(days=9)
        run_timers(at=at)
        change_planned_end(
            actor=region.nurse.actor,
            stay_id=taken.stay_id,
            planned_end=(region.at + timedelta(days=30)).date(),
            at=at,
        )
        assert run_timers(at=at + HOUR).reminded == 0
        assert run_timers(at=region.at + timedelta(days=25)).reminded == 1


class TestForgetting:
    def ended(self) -> tuple[make.StayRegion, BedClaim]:
        region = make.make_region()
        make.promise(region)
        taken = make.claim(region, make.ask(region, note="Slaapt slecht"))
        make.arrive(region, make.confirm(region, taken))
        add_note(
            actor=region.referrer.actor,
            stay_id=taken.stay_id,
            text="Dochter gebeld",
            at=region.at + 3 * HOUR,
        )
        end_stay(
            actor=region.nurse.actor,
            stay_id=taken.stay_id,
            reason=EndReason.HOME,
            at=region.at + timedelta(days=10),
        )
        return region, taken

    def test_who_it_was_goes_a_year_after_the_end(self) -> None:
        region, taken = self.ended()
        last = region.at + timedelta(days=374)
        assert remove_old_patients(on=last.date(), at=last) == 0
        day = region.at + timedelta(days=375)
        assert remove_old_patients(on=day.date(), at=day) == 1
        stay = get_stay(taken.stay_id)
        assert not StayPatient.objects.exists()
        assert not StayConsent.objects.exists()
        assert (stay.age, stay.note, stay.needs, stay.answers) == (None, "", [], {})
        assert stay.postcode == "2512"
        assert "Dochter" not in str(list(StayEvent.objects.values()))
        assert AuditEvent.objects.filter(
            purpose="retention", entity_id=stay.number
        ).exists()
        assert remove_old_patients(on=day.date(), at=day) == 0

    def test_who_is_there_is_not_forgotten(self) -> None:
        region = make.make_region()
        make.promise(region)
        make.arrive(region, make.confirm(region, make.claim(region)))
        day = region.at + timedelta(days=1000)
        assert remove_old_patients(on=day.date(), at=day) == 0

    def test_what_was_invented_goes_as_a_whole(self) -> None:
        self.ended()
        assert delete_fictional_stays() == 1
        assert not StayRequest.objects.exists()
        assert not BedReport.objects.exists()


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("promise"), st.integers(0, 4)),
        st.tuples(st.just("claim"), st.integers(0, 0)),
        st.tuples(st.just("still true"), st.integers(0, 0)),
        st.tuples(st.just("give back"), st.integers(0, 5)),
        st.tuples(st.just("confirm"), st.integers(0, 5)),
        st.tuples(st.just("break"), st.integers(0, 5)),
        st.tuples(st.just("time"), st.integers(0, 5)),
    ),
    min_size=1,
    max_size=14,
)


class TestFreeBeds:
    @settings(
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(acts=ACTS)
    def test_what_is_left_is_what_was_promised_less_live_claims(
        self, acts: list[tuple[str, int]]
    ) -> None:
        """Compare with a count by hand: beds free, and who took which."""
        from django.db import transaction

        with transaction.atomic():
            self.play(acts)
            transaction.set_rollback(True)

    def play(self, acts: list[tuple[str, int]]) -> None:
        region = make.make_region(places=1)
        at = region.at
        free: int | None = None
        live: list[BedClaim] = []
        corrected: set[int] = set()  # claims of before a correction
        for act, number in acts:
            at += timedelta(minutes=1)
            chosen = live[number % len(live)] if live else None
            if act == "promise":
                make.promise(region, number, at=at, valid_hours=100)
                free = number
            elif act == "claim":
                try:
                    live.append(make.claim(region, at=at))
                except Conflict:
                    assert not free
                else:
                    assert free
                    free -= 1
            elif act == "still true" and free is not None:
                confirm_beds(
                    actor=region.nurse.actor,
                    service_id=region.place.pk,
                    kind=KIND,
                    at=at,
                )
            elif act == "time":
                run_timers(at=at)
            elif chosen is None or free is None:
                continue
            elif act == "confirm":
                if BedClaim.objects.get(pk=chosen.pk).status == ClaimStatus.HELD:
                    make.confirm(region, chosen, at=at)
            elif act == "give back":
                give_back(actor=region.referrer.actor, stay_id=chosen.stay_id, at=at)
                live.remove(chosen)
                if chosen.pk not in corrected:
                    free += 1
            elif act == "break":
                report_not_delivered(
                    actor=region.nurse.actor,
                    stay_id=chosen.stay_id,
                    ground=NotDeliveredGround.STAFF,
                    free_left=number,
                    at=at,
                )
                live.remove(chosen)
                free = min(free, number)
                corrected |= {one.pk for one in live}
            self.check(region, free, live)

    def check(
        self, region: make.StayRegion, free: int | None, live: list[BedClaim]
    ) -> None:
        newest = get_newest_report(region.place.pk, KIND)
        if free is None:
            assert newest is None
            return
        assert newest is not None
        assert newest.left == free
        stored = BedClaim.objects.filter(status__in=[*map(str, LIVE)])
        assert {one.pk for one in stored} == {one.pk for one in live}
        on_this = sum(one.report_id == newest.pk for one in stored)
        assert newest.left >= newest.free - newest.claimed
        assert newest.claimed >= on_this
        assert not _below_zero()


def _below_zero() -> list[Any]:
    return [report for report in BedReport.objects.all() if report.left < 0]
