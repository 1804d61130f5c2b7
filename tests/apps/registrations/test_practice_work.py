"""A practice joins rounds, sees who comes and goes, and ticks its work off."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.registrations.test_lists import make_move, make_round
from tests.factories.directory import AreaFactory
from tests.factories.registrations import (
    AT,
    GpRegion,
    make_gp_region,
    make_wish,
    publish,
)
from wijkspil.accounts.types import VISITOR
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.core.sealing import seal
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownRound
from wijkspil.registrations.models import Move, RoundEvent, RoundPractice, WishMember
from wijkspil.registrations.promise import Promise, usual_free_load
from wijkspil.registrations.selectors.desk_work import (
    count_work,
    get_usual_per_day,
    list_work,
)
from wijkspil.registrations.selectors.practice_rounds import (
    count_wanting,
    list_rounds_of_practice,
)
from wijkspil.registrations.selectors.proposals import get_balance
from wijkspil.registrations.services.desk_work import tick_work
from wijkspil.registrations.services.joining import join_round, leave_round
from wijkspil.registrations.services.practice_disclosure import show_to_practice
from wijkspil.registrations.types import MoveStatus, RoundStatus

pytestmark = pytest.mark.django_db


def join(region: GpRegion, round_id: int, *, of: int = 0, **given: Any) -> Any:
    values: dict[str, Any] = {
        "actor": region.managers[of].actor,
        "service_id": region.practices[of].pk,
        "free_places": 0,
        "at": AT + timedelta(days=1),
    }
    return join_round(round_id=round_id, **(values | given))


def executed(region: GpRegion, **changes: Any) -> Move:
    values: dict[str, Any] = {
        "status": MoveStatus.EXECUTED,
        "household_answer": "yes",
        "practice_answer": "yes",
        "work_on": date(2026, 12, 10),
        "record_on": date(2026, 12, 15),
        "closed_at": AT,
    }
    return make_move(region, **(values | changes))


def name_members(move: Move, *names: str) -> None:
    for member, name in zip(move.wish.members.order_by("row"), names, strict=True):
        member.identity = seal(json.dumps({"name": name, "birth_date": "1980-05-24"}))
        member.save()


class TestJoining:
    def test_a_practice_joins_changes_and_leaves(self) -> None:
        region = make_gp_region()
        publish(region.practices[0], people=2300)
        round_ = make_round(region)
        row = join(region, round_.pk, free_places=3, free_load=5000)
        assert (row.free_places, row.people_before) == (3, 2300)
        join(region, round_.pk, free_places=0)
        assert RoundPractice.objects.get().free_places == 0
        done: dict[str, Any] = {
            "actor": region.managers[0].actor,
            "round_id": round_.pk,
            "service_id": region.practices[0].pk,
            "at": AT + timedelta(days=2),
        }
        assert leave_round(**done)
        assert not leave_round(**done)
        assert not RoundPractice.objects.exists()
        kinds = list(RoundEvent.objects.order_by("pk").values_list("kind", flat=True))
        assert kinds == ["joined", "joined", "left"]

    def test_what_comes_in_fits_the_desk(self) -> None:
        region = make_gp_region()
        publish(region.practices[0], work_per_day=2)
        # Answers until 11 December; the five days from the 14th are for the desk.
        round_ = make_round(
            region, effective_on=date(2026, 12, 21), join_until=AT + timedelta(days=14)
        )
        assert AT.date() + timedelta(days=24) == date(2026, 12, 11)
        assert join(region, round_.pk).max_inflow == 20
        assert join(region, round_.pk, max_inflow=5).max_inflow == 5
        assert join(region, round_.pk, max_inflow=500).max_inflow == 20

    @pytest.mark.parametrize(
        ("status", "at"),
        [
            (RoundStatus.TAKEN, AT + timedelta(days=1)),
            (RoundStatus.CANCELLED, AT + timedelta(days=1)),
            (RoundStatus.OPEN, AT + timedelta(days=14)),
        ],
    )
    def test_once_practices_are_fixed_nobody_joins_or_leaves(
        self, status: str, at: Any
    ) -> None:
        region = make_gp_region()
        round_ = make_round(region, status=status)
        with pytest.raises(NotNow):
            join(region, round_.pk, at=at)

    def test_a_round_of_another_region_is_unknown_and_a_national_one_is_for_all(
        self,
    ) -> None:
        region = make_gp_region()
        other = AreaFactory(region=True, purpose="gp-out-of-hours")
        elsewhere = make_round(region, region=other)
        with pytest.raises(UnknownRound):
            join(region, elsewhere.pk)
        national = make_round(region, region=None)
        assert join(region, national.pk).pk

    def test_numbers_that_cannot_be_are_named(self) -> None:
        region = make_gp_region()
        round_ = make_round(region)
        with pytest.raises(InvalidRegistration) as refused:
            join(region, round_.pk, free_places=-1, free_load=-5)
        assert set(refused.value.fields) == {"free_places", "free_load"}

    def test_only_the_manager_of_the_practice_joins(self) -> None:
        region = make_gp_region()
        round_ = make_round(region)
        for actor in (VISITOR, region.managers[1].actor, region.coordinator.actor):
            with pytest.raises(NotPermitted):
                join(region, round_.pk, actor=actor)

    def test_rounds_of_the_region_and_joined_ones_are_listed(self) -> None:
        region = make_gp_region()
        mine = make_round(region)
        other = AreaFactory(region=True, purpose="gp-out-of-hours")
        make_round(region, region=other)
        done = make_round(
            region, status=RoundStatus.EXECUTED, executed_at=AT - timedelta(days=3)
        )
        found = list_rounds_of_practice(
            region.practices[0].pk, region_id=region.region.pk, at=AT
        )
        assert [row.round.pk for row in found] == [mine.pk]
        RoundPractice.objects.create(
            round=done, service=region.practices[0], joined_by_name="P", joined_at=AT
        )
        found = list_rounds_of_practice(
            region.practices[0].pk, region_id=region.region.pk, at=AT
        )
        assert {row.round.pk for row in found} == {mine.pk, done.pk}

    def test_who_wants_to_come_and_go_is_counted_in_people(self) -> None:
        region = make_gp_region()
        make_wish(region, choices=[0, 1], current=2, people=3)
        make_wish(region, choices=[0], people=2)
        wanting = count_wanting([one.pk for one in region.practices])
        told = [
            (wanting[one.pk].leaving, wanting[one.pk].coming)
            for one in region.practices
        ]
        assert told == [(0, 5), (0, 3), (3, 0)]


@pytest.mark.django_db(transaction=True)
def test_two_managers_join_at_once_and_the_practice_joined_once() -> None:
    region = make_gp_region()
    round_ = make_round(region)
    outcomes = at_once(
        *[lambda n=n: join(region, round_.pk, free_places=n) for n in (1, 2, 3)]
    )
    assert all(isinstance(one, RoundPractice) for one in outcomes), outcomes
    assert RoundPractice.objects.count() == 1


class TestPromise:
    def test_swapping_costs_no_place(self) -> None:
        promise = Promise(
            free_places=0, max_inflow=30, free_load=3000, people_before=2300
        )
        assert promise.costs_nothing
        assert promise.most_people == 2300
        assert promise.least_leaving == 30

    def test_the_list_grows_at_most_by_what_was_given(self) -> None:
        promise = Promise(
            free_places=5, max_inflow=30, free_load=None, people_before=2300
        )
        assert (promise.most_growth, promise.most_people) == (5, 2305)
        assert promise.most_load is None

    def test_a_little_load_is_left_so_that_ages_can_swap(self) -> None:
        assert usual_free_load(free_places=0, people=None) == 3000
        assert usual_free_load(free_places=2, people=2300) == 13_000

    def test_the_balance_of_a_round_counts_what_may_still_happen(self) -> None:
        region = make_gp_region()
        round_ = make_round(region, status=RoundStatus.CLOSED)
        yes: dict[str, Any] = {"household_answer": "yes", "practice_answer": "yes"}
        make_move(region, to=0, origin=1, round=round_, people=2)
        make_move(
            region, to=1, origin=0, round=round_, people=3, status="confirmed", **yes
        )
        make_move(region, to=0, round=round_, status="refused")
        balance = get_balance(round_.pk, region.practices[0].pk)
        assert (balance.people_in, balance.people_out, balance.people) == (2, 3, -1)
        assert (balance.confirmed_in, balance.confirmed_out) == (0, 3)
        assert balance.load == -1000


class TestWhoTheyAre:
    def see(self, region: GpRegion, move: Move, *, of: int) -> Any:
        return show_to_practice(
            actor=region.managers[of].actor,
            service_id=region.practices[of].pk,
            move_ids=[move.pk],
            purpose="page.move",
            at=AT,
        )

    def test_the_new_practice_sees_them_from_their_yes_on_and_it_is_logged(
        self,
    ) -> None:
        region = make_gp_region()
        move = make_move(region, to=1, origin=0, people=2, round=make_round(region))
        name_members(move, "A. Jansen", "B. Jansen")
        assert self.see(region, move, of=1) == {}
        assert not AuditEvent.objects.filter(entity_type="household").exists()
        Move.objects.update(household_answer="yes")
        seen = self.see(region, move, of=1)[move.pk]
        assert [(one.name, one.birth_date.year) for one in seen] == [
            ("A. Jansen", 1980),
            ("B. Jansen", 1980),
        ]
        event = AuditEvent.objects.get(entity_type="household")
        assert event.entity_id == move.wish.number
        assert event.actor_id == region.managers[1].user.pk

    def test_the_old_practice_sees_them_once_it_is_carried_out(self) -> None:
        region = make_gp_region()
        move = make_move(
            region,
            to=1,
            origin=0,
            household_answer="yes",
            practice_answer="yes",
            status="confirmed",
        )
        name_members(move, "A. Jansen")
        assert self.see(region, move, of=0) == {}
        Move.objects.update(status="executed")
        assert self.see(region, move, of=0)[move.pk][0].name == "A. Jansen"

    @pytest.mark.parametrize("status", ["declined", "refused", "expired", "fallen"])
    def test_after_a_no_nobody_sees_them_any_more(self, status: str) -> None:
        region = make_gp_region()
        refusal: dict[str, Any] = {}
        if status == "refused":
            refusal["practice_reason"] = "identity"
        move = make_move(region, to=1, household_answer="yes", status=status, **refusal)
        name_members(move, "A. Jansen")
        assert self.see(region, move, of=1) == {}

    def test_another_practice_sees_nobody(self) -> None:
        region = make_gp_region()
        move = executed(region, to=1, origin=0)
        name_members(move, "A. Jansen")
        assert self.see(region, move, of=2) == {}
        with pytest.raises(NotPermitted):
            show_to_practice(
                actor=region.managers[2].actor,
                service_id=region.practices[1].pk,
                move_ids=[move.pk],
                purpose="page.move",
                at=AT,
            )

    def test_who_did_not_want_to_come_along_is_not_in_it(self) -> None:
        region = make_gp_region()
        move = executed(region, to=1, people=2)
        name_members(move, "A. Jansen", "B. Jansen")
        WishMember.objects.filter(row=2).update(consent="objected")
        assert [one.name for one in self.see(region, move, of=1)[move.pk]] == [
            "A. Jansen"
        ]


class TestWork:
    def test_both_sides_have_their_work_by_day(self) -> None:
        region = make_gp_region()
        move = executed(region, to=1, origin=0, people=2)
        executed(region, to=1, origin=2, work_on=date(2026, 12, 9))
        today = date(2026, 12, 9)
        rows = list_work(region.practices[1].pk, today=today)
        assert [(row.work_on.day, row.is_in, row.size) for row in rows] == [
            (9, True, 1),
            (10, True, 2),
        ]
        rows = list_work(region.practices[0].pk, today=today)
        assert [(row.work_on.day, row.is_in, row.move_id) for row in rows] == [
            (15, False, move.pk)
        ]
        counts = count_work([one.pk for one in region.practices], today=today)
        told = [
            (counts[one.pk].to_enter, counts[one.pk].to_send, counts[one.pk].due)
            for one in region.practices
        ]
        assert told == [(0, 2, 0), (3, 0, 1), (0, 1, 0)]

    def test_work_is_ticked_off_once_and_can_be_taken_back(self) -> None:
        region = make_gp_region()
        move = executed(region, to=1, origin=0)
        tick: dict[str, Any] = {
            "actor": region.managers[1].actor,
            "service_id": region.practices[1].pk,
            "move_ids": [move.pk],
            "at": AT,
        }
        assert tick_work(**tick) == 1
        assert tick_work(**tick) == 0
        move.refresh_from_db()
        assert move.worked_at is not None
        assert move.record_sent_at is None
        old = {
            "actor": region.managers[0].actor,
            "service_id": region.practices[0].pk,
        }
        assert tick_work(**(tick | old)) == 1
        assert tick_work(**tick, is_done=False) == 1
        move.refresh_from_db()
        assert move.worked_at is None
        assert move.record_sent_at is not None
        kinds = list(move.wish.events.order_by("pk").values_list("kind", flat=True))
        assert kinds == ["entered", "record-sent"]

    def test_nobody_ticks_off_the_work_of_another_practice(self) -> None:
        region = make_gp_region()
        move = executed(region, to=1, origin=0)
        asked: dict[str, Any] = {"move_ids": [move.pk], "at": AT}
        third = region.managers[2].actor
        assert tick_work(actor=third, service_id=region.practices[2].pk, **asked) == 0
        with pytest.raises(NotPermitted):
            tick_work(actor=third, service_id=region.practices[1].pk, **asked)

    def test_what_a_desk_usually_enters_is_known_or_said(self) -> None:
        region = make_gp_region()
        service = region.practices[1]
        assert get_usual_per_day(service.pk, at=AT) == 6
        for hours in (1, 2):
            executed(
                region, to=1, people=5, worked_at=AT - timedelta(days=1, hours=hours)
            )
        assert get_usual_per_day(service.pk, at=AT) == 10
        publish(service, work_per_day=3)
        assert get_usual_per_day(service.pk, at=AT) == 3
