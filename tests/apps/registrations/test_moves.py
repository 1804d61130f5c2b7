"""A proposal is answered by both sides; what both want is carried out, once."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.registrations.test_lists import make_move, make_round
from tests.factories.registrations import AT, GpRegion, make_gp_region, publish
from wijkspil.accounts.types import VISITOR, Actor, Grant, Role
from wijkspil.communications.models import Communication
from wijkspil.core.errors import NotPermitted
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownMove
from wijkspil.registrations.models import Move, WishEvent
from wijkspil.registrations.selectors.lists import get_list
from wijkspil.registrations.services.moves import (
    answer_for_household,
    answer_for_practice,
    execute_move,
    run_answer_timers,
    take_several,
)
from wijkspil.registrations.types import (
    DeclineReason,
    MoveStatus,
    RefusalReason,
    RoundStatus,
)
from wijkspil.registrations.work_days import is_work_day

RESIDENT = Actor(label="bewoner H-000001", grants=(Grant(Role.RESIDENT),))


def household(move: Move, answer: str = "yes", **given: Any) -> Move:
    values: dict[str, Any] = {"actor": RESIDENT, "at": AT + timedelta(days=1)}
    return answer_for_household(move_id=move.pk, answer=answer, **(values | given))


def practice(region: GpRegion, move: Move, answer: str = "yes", **given: Any) -> Move:
    number = [p.pk for p in region.practices].index(move.to_service_id)
    values: dict[str, Any] = {
        "actor": region.managers[number].actor,
        "at": AT + timedelta(days=1),
    }
    return answer_for_practice(move_id=move.pk, answer=answer, **(values | given))


def in_round(region: GpRegion, **changes: Any) -> Move:
    return make_move(
        region, to=1, origin=0, round=make_round(region, status="open"), **changes
    )


def topics() -> set[str]:
    return set(Communication.objects.values_list("topic", flat=True))


@pytest.mark.django_db
class TestAnswering:
    @pytest.mark.parametrize("first", ["household", "practice"])
    def test_both_yes_confirms_in_either_order(self, first: str) -> None:
        region = make_gp_region()
        move = in_round(region)
        acts = [lambda: household(move), lambda: practice(region, move)]
        for act in acts if first == "household" else reversed(acts):
            assert Move.objects.get().status == MoveStatus.PROPOSED
            act()
        move.refresh_from_db()
        assert move.status == MoveStatus.CONFIRMED
        assert move.practice_by_name == "P. Manager 2"
        assert Move.objects.get().wish.status == "proposed"

    def test_said_twice_is_said_once(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        household(move)
        household(move)
        practice(region, move)
        practice(region, move)
        kinds = list(WishEvent.objects.values_list("kind", flat=True))
        assert sorted(kinds) == ["both-yes", "household-yes", "practice-yes"]

    def test_a_refusal_has_a_known_reason_and_never_health(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        for reason in ("", "too-ill", "expensive"):
            with pytest.raises(InvalidRegistration) as refused:
                practice(region, move, "no", reason=reason)
            assert "reason" in refused.value.fields

    def test_after_a_refusal_the_household_keeps_its_place_in_line(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        since = move.wish.waiting_since
        practice(region, move, "no", reason=RefusalReason.OUTSIDE_AREA)
        move = Move.objects.get()
        assert (move.status, move.wish.status) == ("refused", "waiting")
        assert move.wish.waiting_since == since

    def test_that_a_refused_household_did_fit_is_kept(self) -> None:
        region = make_gp_region()
        publish(region.practices[1], status="limited", postcodes=["9999"])
        move = in_round(region)
        practice(region, move, "no", reason=RefusalReason.CONDITION)
        event = WishEvent.objects.get(kind="practice-no")
        assert event.detail["unmet"] == ["postcode"]

    def test_who_they_are_is_no_reason_before_it_is_known(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        with pytest.raises(NotNow):
            practice(region, move, "no", reason=RefusalReason.TRUST)
        household(move)
        practice(region, move, "no", reason=RefusalReason.TRUST)
        assert Move.objects.get().status == MoveStatus.REFUSED

    def test_a_practice_may_change_its_yes_until_the_household_says_yes(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        practice(region, move)
        practice(region, move, "no", reason=RefusalReason.EMERGENCY)
        assert Move.objects.get().status == MoveStatus.REFUSED
        other = make_move(region, to=2, round=move.round)
        practice(region, other)
        household(other)
        with pytest.raises(NotNow):
            practice(region, other, "no", reason=RefusalReason.EMERGENCY)

    def test_a_household_may_still_decline_what_both_confirmed(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        household(move)
        practice(region, move)
        household(move, "no", reason=DeclineReason.TOO_FAR)
        move = Move.objects.get()
        assert (move.status, move.wish.status) == ("declined", "waiting")
        assert "registrations.household-no" in topics()

    def test_who_stays_or_found_another_looks_no_more(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        household(move, "no", reason=DeclineReason.FOUND)
        wish = Move.objects.get().wish
        assert (wish.status, wish.close_reason) == ("withdrawn", "found")

    def test_after_its_time_nobody_answers(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        late: dict[str, Any] = {"at": move.answer_by}
        with pytest.raises(NotNow):
            household(move, **late)
        with pytest.raises(NotNow):
            practice(region, move, **late)

    def test_only_the_new_practice_answers(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        for actor in (
            VISITOR,
            region.managers[0].actor,
            region.managers[2].actor,
            region.coordinator.actor,
        ):
            with pytest.raises(NotPermitted):
                practice(region, move, actor=actor)

    def test_a_proposal_of_another_wish_is_not_answered(self) -> None:
        region = make_gp_region()
        move, other = in_round(region), make_move(region, to=2)
        with pytest.raises(UnknownMove):
            household(move, wish_id=other.wish_id)

    def test_several_at_once_and_one_that_is_over_holds_up_nobody(self) -> None:
        region = make_gp_region()
        round_ = make_round(region)
        moves = [make_move(region, to=1, round=round_, people=n) for n in (1, 2, 3)]
        elsewhere = make_move(region, to=2, round=round_)
        household(moves[1], "no", reason=DeclineReason.NOT_NOW)
        done = take_several(
            actor=region.managers[1].actor,
            service_id=region.practices[1].pk,
            move_ids=[*(one.pk for one in moves), moves[0].pk, elsewhere.pk, 10**9],
            at=AT + timedelta(days=1),
        )
        assert (done.taken, done.people, len(done.not_taken)) == (2, 4, 3)
        elsewhere.refresh_from_db()
        assert elsewhere.practice_answer == ""


@pytest.mark.django_db
class TestCarryingOut:
    def test_a_direct_registration_is_carried_out_when_the_practice_says_yes(
        self,
    ) -> None:
        region = make_gp_region()
        publish(region.practices[1])
        move = make_move(region, to=1, origin=0, household_answer="yes")
        done = practice(region, move)
        assert done.status == MoveStatus.EXECUTED
        move = Move.objects.get()
        assert move.wish.status == "placed"
        assert move.work_on is not None
        assert AT.date() < move.work_on < move.effective_on
        assert move.record_on is not None
        assert move.record_on >= move.effective_on
        assert {"registrations.work", "registrations.records"} <= topics()
        now = get_list(region.practices[1].pk, AT)
        assert now is not None
        assert now.places_left_this_month == 9

    def test_a_refused_direct_registration_gives_its_place_back(self) -> None:
        region = make_gp_region()
        publish(region.practices[1])
        move = make_move(region, to=1, household_answer="yes")
        practice(region, move, "no", reason=RefusalReason.ALREADY_HERE)
        now = get_list(region.practices[1].pk, AT)
        assert now is not None
        assert now.places_left_this_month == 10

    def test_in_a_round_all_change_on_the_day_of_the_round(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        household(move)
        practice(region, move)
        day = date(2026, 12, 21)
        assert move.round is not None
        move.round.effective_on = day
        move.round.save()
        done = execute_move(move=move, at=AT + timedelta(days=10))
        assert done.effective_on == day
        assert done.status == MoveStatus.EXECUTED

    def test_no_registration_starts_on_the_first_day_of_a_quarter(self) -> None:
        region = make_gp_region()
        at = AT.replace(month=12, day=20)
        direct = make_move(
            region,
            to=1,
            household_answer="yes",
            answer_by=at + timedelta(days=5),
            effective_on=date(2026, 12, 31),
        )
        # The desk is full on every day before 31 December.
        for day in (21, 22, 23, 24, 28, 29, 30):
            make_move(
                region,
                to=1,
                people=12,
                status="executed",
                household_answer="yes",
                practice_answer="yes",
                work_on=date(2026, 12, day),
                closed_at=AT,
            )
        done = practice(region, direct, at=at)
        assert done.effective_on == date(2027, 1, 2)
        assert done.work_on == date(2026, 12, 31)

    def test_the_work_of_a_round_is_spread(self) -> None:
        region = make_gp_region()
        round_ = make_round(region, status=RoundStatus.CLOSED)
        yes = {"household_answer": "yes", "practice_answer": "yes"}
        moves = [
            make_move(region, to=1, origin=0, round=round_, status="confirmed", **yes)
            for _ in range(20)
        ]
        for move in moves:
            execute_move(move=move, at=AT + timedelta(days=12))
        days: dict[date, int] = {}
        for move in Move.objects.all():
            assert move.work_on is not None
            assert is_work_day(move.work_on)
            assert move.work_on < round_.effective_on
            days[move.work_on] = days.get(move.work_on, 0) + 1
        assert max(days.values()) - min(days.values()) <= 1
        assert max(days.values()) <= 12
        # One message a day for all the work, not twenty.
        assert Communication.objects.filter(topic="registrations.work").count() == 1

    def test_what_is_not_confirmed_is_not_carried_out(self) -> None:
        region = make_gp_region()
        with pytest.raises(NotNow):
            execute_move(move=in_round(region), at=AT)

    def test_a_registration_nobody_answered_ends_and_the_household_waits_on(
        self,
    ) -> None:
        region = make_gp_region()
        direct = make_move(region, to=1, household_answer="yes")
        of_round = make_move(region, to=2, round=make_round(region))
        assert run_answer_timers(at=direct.answer_by - timedelta(days=1)) == (0, 2)
        assert run_answer_timers(at=direct.answer_by) == (1, 0)
        assert run_answer_timers(at=direct.answer_by) == (0, 0)
        direct, of_round = Move.objects.order_by("pk")
        assert (direct.status, direct.wish.status) == ("expired", "waiting")
        assert of_round.status == "proposed"
        reminders = Communication.objects.filter(topic="registrations.answer-reminder")
        assert reminders.count() == 2


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_household_declines_while_the_practice_confirms(self) -> None:
        region = make_gp_region()
        move = make_move(region, to=1, household_answer="yes")
        outcomes = at_once(
            lambda: household(move, "no", reason=DeclineReason.NOT_NOW),
            lambda: practice(region, move),
        )
        refused = [one for one in outcomes if isinstance(one, NotNow)]
        assert len(refused) == 1, outcomes
        move = Move.objects.get()
        assert (move.status, move.wish.status) in {
            ("executed", "placed"),
            ("declined", "waiting"),
        }

    def test_two_managers_answer_at_once_and_the_first_one_counts(self) -> None:
        region = make_gp_region()
        move = make_move(region, to=1, household_answer="yes")
        outcomes = at_once(
            lambda: practice(region, move, "no", reason=RefusalReason.IDENTITY),
            lambda: practice(region, move),
        )
        assert sum(isinstance(one, NotNow) for one in outcomes) == 1, outcomes
        move = Move.objects.get()
        assert (move.status, move.wish.status) in {
            ("executed", "placed"),
            ("refused", "waiting"),
        }

    def test_carried_out_twice_at_once_is_carried_out_once(self) -> None:
        region = make_gp_region()
        move = in_round(region)
        household(move)
        practice(region, move)
        outcomes = at_once(
            *[lambda: execute_move(move=move, at=AT + timedelta(days=12))] * 3
        )
        assert [one.status for one in outcomes] == ["executed"] * 3
        assert WishEvent.objects.filter(kind="placed").count() == 1
        assert Communication.objects.filter(topic="registrations.work").count() == 1

    def test_two_moves_of_one_practice_at_once_do_not_land_on_one_full_day(
        self,
    ) -> None:
        region = make_gp_region()
        publish(region.practices[1], work_per_day=1)
        moves = [
            make_move(region, to=1, people=2, household_answer="yes") for _ in range(3)
        ]
        at_once(*[lambda one=one: practice(region, one) for one in moves])
        days = [one.work_on for one in Move.objects.all()]
        assert len(set(days)) == 3
