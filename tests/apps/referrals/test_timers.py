"""Time passes: answers that do not come, nights, dates that slip."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.referrals import (
    AT,
    agree,
    end_roles,
    make_coordinator,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.referrals.selectors.policy import ANSWER_MINUTES, DEFAULT, Agreed
from wijkspil.referrals.services.course import set_hours
from wijkspil.referrals.services.offers import run_timers
from wijkspil.referrals.services.ownership import answer_by
from wijkspil.referrals.services.steering import move_date, take_over
from wijkspil.referrals.types import OfferStatus, Urgency

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def local(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """Return a moment of November 2026 on the clock of Amsterdam."""
    return datetime(2026, month, day, hour, minute, tzinfo=AMSTERDAM)


class TestAnswerBy:
    @pytest.mark.parametrize(
        ("urgency", "asked", "due"),
        [
            # By day: simply the time agreed.
            ("days", local(17, 10), local(17, 14)),
            ("week", local(17, 10), local(17, 18)),
            ("planned", local(17, 10), local(18, 10)),
            # Into the evening: on the next morning.
            ("days", local(17, 16), local(18, 8)),
            ("days", local(17, 18, 30), local(18, 10, 30)),
            ("days", local(17, 23), local(18, 12)),
            ("days", local(18, 1), local(18, 12)),
            ("days", local(18, 4), local(18, 8)),
            # Urgent: also at night.
            ("today", local(17, 23), local(17, 23, 45)),
            ("tomorrow", local(18, 2), local(18, 4)),
        ],
    )
    def test_what_is_not_urgent_is_answered_by_day(self, urgency, asked, due):
        assert answer_by(urgency, agreed=DEFAULT, at=asked) == due

    @pytest.mark.parametrize(
        ("asked", "due"),
        [
            # Clocks go forward on 29 March 2026 and back on 25 October 2026.
            (local(28, 22, month=3), local(29, 12, month=3)),
            (local(28, 19, month=3), local(29, 11, month=3)),
            (local(24, 22, month=10), local(25, 12, month=10)),
            (local(24, 19, month=10), local(25, 11, month=10)),
        ],
    )
    def test_a_night_in_which_the_clock_jumps_changes_nothing(self, asked, due):
        assert answer_by("days", agreed=DEFAULT, at=asked) == due

    @given(
        st.datetimes(
            min_value=datetime(2026, 1, 1),  # noqa: DTZ001  (the zone is added)
            max_value=datetime(2027, 12, 31),  # noqa: DTZ001
            timezones=st.just(UTC),
        ),
        st.sampled_from(Urgency.values),
        st.integers(min_value=1, max_value=4320),
    )
    def test_it_is_ahead_within_a_day_and_by_day_unless_urgent(
        self, at, urgency, minutes
    ):
        agreed = Agreed(answer_minutes={urgency: minutes})
        due = answer_by(urgency, agreed=agreed, at=at)
        plain = at + timedelta(minutes=minutes)
        assert at < due
        assert plain <= due <= plain + timedelta(hours=17)
        if urgency not in ("today", "tomorrow"):
            clock = due.astimezone(AMSTERDAM).time()
            assert time(8) <= clock < time(20)

    def test_the_region_decides_how_long(self):
        agreed = Agreed(answer_minutes={"days": 30})
        assert answer_by("days", agreed=agreed, at=AT) == AT + timedelta(minutes=30)
        assert answer_by("week", agreed=agreed, at=AT) == AT + timedelta(
            minutes=ANSWER_MINUTES[Urgency.WEEK]
        )


@pytest.mark.django_db
class TestExpiring:
    def test_a_question_that_is_not_answered_goes_to_the_next_team(self):
        wijk = make_wijk()
        request = send(wijk)
        [offer] = open_offers(request)
        assert run_timers(at=offer.answer_by - timedelta(seconds=1)).offers == 0
        assert run_timers(at=offer.answer_by).offers == 1
        offer.refresh_from_db()
        assert offer.status == OfferStatus.EXPIRED
        assert [o.service for o in open_offers(request)] == [wijk.teams[1]]
        assert run_timers(at=offer.answer_by).offers == 0

    def test_after_the_last_silence_a_coordinator_has_it(self):
        wijk = make_wijk(teams=2)
        request = send(wijk)
        at = AT
        for _team in range(2):
            at = open_offers(request)[0].answer_by
            run_timers(at=at)
        request.refresh_from_db()
        assert (request.status, request.owner) == ("open", wijk.coordinator.user)
        assert request.due_at is not None
        assert request.due_at > at

    def test_of_several_that_were_asked_the_last_silence_counts(self):
        wijk = make_wijk()
        request = send(wijk, urgency="today")
        done = run_timers(at=AT + timedelta(hours=1))
        assert done.offers == 3
        assert request.events.filter(kind="no-team").count() == 1

    def test_a_run_stops_at_its_limit_and_the_next_goes_on(self):
        wijk = make_wijk()
        for _number in range(3):
            send(wijk)
        at = AT + timedelta(hours=5)
        assert run_timers(at=at, limit=2).offers == 2
        assert run_timers(at=at, limit=2).offers == 1

    def test_the_region_decides_how_long_a_team_has(self):
        wijk = make_wijk()
        agree(wijk, answer_minutes={"days": 7})
        [offer] = open_offers(send(wijk))
        assert offer.answer_by == AT + timedelta(minutes=7)


@pytest.mark.django_db
class TestDatesThatPass:
    def stranded(self, **values):
        wijk = make_wijk(teams=0, **values)
        return wijk, send(wijk)

    def overdue(self, request):
        return request.events.filter(kind="overdue").count()

    def test_a_date_that_passes_is_noticed_once(self):
        wijk, request = self.stranded()
        assert run_timers(at=request.due_at - timedelta(seconds=1)).overdue == 0
        for hours in (0, 1, 30):
            run_timers(at=request.due_at + timedelta(hours=hours))
        assert self.overdue(request) == 1
        due_at = request.due_at
        request.refresh_from_db()
        assert request.overdue_since == due_at
        assert request.owner == wijk.coordinator.user

    def test_what_a_referrer_lets_slip_goes_to_a_coordinator_with_a_new_date(self):
        wijk = make_wijk()
        request = send(wijk)
        # The teams still have it when the referrer's own date passes.
        request.due_at = AT + timedelta(minutes=5)
        request.save()
        at = AT + timedelta(minutes=6)
        assert run_timers(at=at).overdue == 1
        request.refresh_from_db()
        assert request.owner == wijk.coordinator.user
        assert request.due_at > at

    def test_the_date_of_the_coordinator_is_noticed_as_well(self):
        wijk = make_wijk()
        request = send(wijk)
        request.due_at = AT + timedelta(minutes=5)
        request.save()
        run_timers(at=AT + timedelta(minutes=6))
        request.refresh_from_db()
        second = request.due_at
        request.offers.update(status="withdrawn")
        run_timers(at=second)
        run_timers(at=second + timedelta(hours=1))
        assert self.overdue(request) == 2

    def test_a_new_date_starts_anew(self):
        wijk, request = self.stranded()
        run_timers(at=request.due_at)
        at = request.due_at + timedelta(minutes=1)
        move_date(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            due_at=at + timedelta(days=1),
            why="Morgen overleg",
            at=at,
        )
        run_timers(at=at + timedelta(days=1))
        assert self.overdue(request) == 2

    def test_without_a_coordinator_it_stays_late_and_is_said_once(self):
        wijk, request = self.stranded(with_coordinator=False)
        due_at = request.due_at
        for hours in range(0, 30, 3):
            run_timers(at=due_at + timedelta(hours=hours))
        request.refresh_from_db()
        assert self.overdue(request) == 1
        assert (request.due_at, request.owner) == (due_at, wijk.referrer.user)

    def test_what_a_coordinator_who_left_had_goes_to_another(self):
        wijk, request = self.stranded()
        end_roles(wijk.coordinator, at=AT + timedelta(minutes=1))
        other = make_coordinator(wijk.region, name="Nieuw")
        run_timers(at=request.due_at)
        request.refresh_from_db()
        assert (request.owner, request.owner_name) == (other.user, "Nieuw")

    def test_who_takes_over_a_late_request_gets_time(self):
        wijk, request = self.stranded()
        other = make_coordinator(wijk.region)
        at = request.due_at + timedelta(hours=1)
        run_timers(at=at)
        take_over(actor=other.actor, request_id=request.pk, at=at)
        request.refresh_from_db()
        assert request.due_at > at
        assert request.overdue_since is None

    def test_a_team_that_does_no_intake_is_noticed_and_keeps_the_client(self):
        wijk = make_wijk()
        request = place(wijk)
        assert request.due_at is not None
        run_timers(at=request.due_at)
        request.refresh_from_db()
        assert self.overdue(request) == 1
        assert (request.status, request.owner) == ("accepted", wijk.nurses[0].user)

    def test_after_the_hours_the_first_visit_is_what_must_happen(self):
        wijk = make_wijk()
        request = place(wijk)
        set_hours(
            actor=wijk.nurses[0].actor,
            request_id=request.pk,
            hours_per_week=Decimal(2),
            review_on=AT.date() + timedelta(days=40),
            at=AT + timedelta(days=1),
        )
        request.refresh_from_db()
        first_day = datetime.combine(request.first_visit_on, time(23, 59), AMSTERDAM)
        assert request.due_at == max(first_day, AT + timedelta(days=1, hours=4))
