"""A round: fixed, divided, checked, proposed, answered, divided again, carried out."""

import csv
import hashlib
import io
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from django.utils.timezone import localdate

from tests.apps.directory.at_once import at_once
from tests.apps.registrations.round_play import (
    DAY,
    both_say_yes,
    given,
    household_says,
    join,
    move_of,
    open_one,
    practice_says,
    step,
)
from tests.factories.registrations import (
    GpRegion,
    make_gp_region,
    make_wish,
    publish,
)
from wijkspil.communications.models import Communication
from wijkspil.core.errors import NotPermitted
from wijkspil.registrations import engine_io
from wijkspil.registrations.errors import InvalidRegistration, NotNow, NotVerified
from wijkspil.registrations.models import (
    Move,
    PracticeList,
    Round,
    RoundEvent,
    RoundWish,
    Wish,
    WishEvent,
)
from wijkspil.registrations.policies import is_quarter_day
from wijkspil.registrations.services import moves, round_solving, rounds
from wijkspil.registrations.services.notices import NEWS
from wijkspil.registrations.services.rounds import (
    ask_step,
    cancel_round,
    execute_round,
    first_day_after,
    open_round,
    publish_round,
    run_round_timers,
    solve_round,
    take_snapshot,
    verify_round,
)
from wijkspil.registrations.services.trail import SYSTEM
from wijkspil.registrations.types import (
    LeftOut,
    ListStatus,
    MoveStatus,
    RoundStatus,
    Unmet,
    WishReason,
    WishStatus,
)

pytestmark = pytest.mark.django_db


def swap_of_three(region: GpRegion) -> tuple[Any, list[Wish]]:
    """Let three full practices join, with a wish from each to the next."""
    for service in region.practices:
        if not PracticeList.objects.filter(service=service).exists():
            publish(service, status=ListStatus.CLOSED)
    wishes = [
        make_wish(region, current=0, choices=[1]),
        make_wish(region, current=1, choices=[2]),
        make_wish(region, current=2, choices=[0]),
    ]
    row = open_one(region)
    for place in range(3):
        join(row, region, place)
    return row, wishes


def published(region: GpRegion) -> tuple[Any, list[Wish]]:
    """Bring the swap of three to where proposals are out."""
    row, wishes = swap_of_three(region)
    step(row, "divide", region.at)
    return step(row, "publish", region.at), wishes


def counts() -> tuple[int, ...]:
    """Return how many rows there are of all that a step may add."""
    tables: tuple[Any, ...] = (Move, RoundWish, RoundEvent, WishEvent, Communication)
    return tuple(table.objects.count() for table in tables)


def rows_of(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV."""
    return list(csv.DictReader(io.StringIO(bytes(content).decode())))


class TestOpening:
    def test_the_usual_days_leave_time_and_are_no_quarter_day(self) -> None:
        region = make_gp_region(practices=1)
        row = open_one(region)
        assert localdate(row.join_until) == date(2026, 12, 2)  # the end of 1 December
        assert row.answer_days == 10
        assert row.effective_on == date(2026, 12, 21)
        assert row.effective_on.weekday() == 0

    @pytest.mark.parametrize(
        ("join_until", "day"),
        [
            (date(2026, 9, 10), date(2026, 9, 28)),
            (date(2029, 9, 16), date(2029, 10, 2)),
        ],
    )
    def test_the_first_day_is_a_monday_or_the_day_after_a_quarter_day(
        self, join_until: date, day: date
    ) -> None:
        assert first_day_after(join_until, 10) == day
        assert not is_quarter_day(day)

    def test_one_live_round_in_a_region(self) -> None:
        region = make_gp_region(practices=1)
        open_one(region)
        with pytest.raises(NotNow):
            open_one(region)
        assert Round.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": " \0"}, "name"),
            ({"join_until": date(2026, 11, 16)}, "join_until"),
            ({"answer_days": 2}, "answer_days"),
            ({"effective_on": date(2027, 1, 1)}, "effective_on"),
            ({"effective_on": date(2026, 12, 11)}, "effective_on"),
        ],
    )
    def test_what_cannot_be_is_told_beside_its_field(
        self, changes: dict[str, Any], field: str
    ) -> None:
        region = make_gp_region(practices=1)
        with pytest.raises(InvalidRegistration) as caught:
            open_one(region, **changes)
        assert list(caught.value.fields) == [field]

    def test_only_the_gp_organization_of_the_region_opens(self) -> None:
        region = make_gp_region(practices=1)
        with pytest.raises(NotPermitted):
            open_round(
                actor=region.managers[0].actor, given=given(region), at=region.at
            )

    def test_every_practice_of_the_region_is_told_once(self) -> None:
        region = make_gp_region(practices=2)
        open_one(region)
        told = Communication.objects.filter(topic="registrations.round-open")
        assert told.count() == 2


class TestFixing:
    def test_the_hash_is_that_of_the_files_and_nobody_is_named(self) -> None:
        region = make_gp_region()
        row, wishes = swap_of_three(region)
        row = step(row, "divide", region.at)
        files = bytes(row.practices_csv) + bytes(row.wishes_csv)
        assert row.receipt["input_sha256"] == hashlib.sha256(files).hexdigest()
        assert not any(wish.number.encode() in files for wish in wishes)
        keys = {one["wish_id"] for one in rows_of(row.wishes_csv)}
        assert keys == set(RoundWish.objects.values_list("key", flat=True))

    def test_a_choice_that_cannot_be_is_left_out_with_its_reason(self) -> None:
        region = make_gp_region(practices=4)
        publish(region.practices[0])
        publish(region.practices[1], status=ListStatus.LIMITED, postcodes=["3011"])
        publish(region.practices[2], status=ListStatus.LIMITED, most_minutes=2)
        wish = make_wish(region, choices=[1, 2, 3, 0])
        nowhere = make_wish(region, choices=[3])
        row = open_one(region)
        for place in range(3):
            join(row, region, place, free=1)
        row = step(row, "divide", region.at)
        told = RoundWish.objects.get(wish=wish)
        one, two, three = (region.practices[k].pk for k in (1, 2, 3))
        assert told.left_out == [
            {"service": one, "why": [Unmet.POSTCODE]},
            {"service": two, "why": [Unmet.MINUTES]},
            {"service": three, "why": [LeftOut.NOT_JOINED]},
        ]
        assert told.outcome == {"code": "placed-first-choice", "rank": 1}
        assert RoundWish.objects.get(wish=nowhere).outcome == {"code": "no-option"}
        assert len(rows_of(row.wishes_csv)) == 1
        step(row, "publish", region.at)
        assert move_of(wish).choice_rank == 4  # of their own list

    def test_who_leaves_a_practice_that_did_not_join_brings_no_place(self) -> None:
        region = make_gp_region()
        for service in region.practices:
            publish(service)
        leaves = make_wish(region, current=2, choices=[1], reason=WishReason.MOVED)
        row = open_one(region)
        join(row, region, 1)
        row = step(row, "divide", region.at)
        (line,) = rows_of(row.wishes_csv)
        assert (line["current_practice_id"], line["priority_class"]) == ("", "1")
        assert row.receipt["moved_people"] == 0
        told = RoundWish.objects.get(wish=leaves).outcome
        assert told is not None
        assert told["code"] == "no-option-open"

    def test_the_cap_of_an_age_band_is_never_passed(self) -> None:
        region = make_gp_region()
        publish(
            region.practices[1],
            status=ListStatus.LIMITED,
            most_of_band={"0-64": 2},
        )
        wishes = [
            make_wish(region, choices=[1], waiting_since=region.at - n * DAY)
            for n in range(4)
        ]
        row = open_one(region)
        join(row, region, 1, free=10)
        row = step(row, "divide", region.at)
        assert row.receipt["moved_people"] == 2
        left = set(
            RoundWish.objects.filter(outcome__code="no-option").values_list(
                "wish_id", flat=True
            )
        )
        assert left == {wishes[0].pk, wishes[1].pk}  # who waits shortest

    def test_without_practices_there_is_nothing_to_divide(self) -> None:
        region = make_gp_region()
        make_wish(region, choices=[1])
        row = open_one(region)
        with pytest.raises(NotNow):
            ask_step(
                actor=region.coordinator.actor,
                round_id=row.pk,
                step="divide",
                at=region.at,
            )
        with pytest.raises(NotNow):
            take_snapshot(round_id=row.pk, actor=SYSTEM, at=region.at)

    def test_a_round_without_wishes_ends_without_moves(self) -> None:
        region = make_gp_region()
        row = open_one(region)
        join(row, region, 1, free=3)
        for name in ("divide", "publish", "close", "execute"):
            row = step(row, name, region.at)
        assert row.status == RoundStatus.EXECUTED
        assert row.receipt["moved_people"] == 0


class TestTheWholeWay:
    def test_three_full_practices_swap_and_none_grows(self) -> None:
        region = make_gp_region()
        row, wishes = swap_of_three(region)
        row = step(row, "divide", region.at)
        assert row.status == RoundStatus.VERIFIED
        assert row.receipt["status"] == "optimal"
        assert row.receipt["moved_people"] == row.receipt["bound_people"] == 3
        totals = [(one.people_in, one.people_out) for one in row.practices.all()]
        assert totals == [(1, 1)] * 3
        row = step(row, "publish", region.at)
        assert Wish.objects.filter(status=WishStatus.PROPOSED).count() == 3
        for wish in wishes:
            both_say_yes(region, wish, region.at + DAY)
        step(row, "close", region.at + 2 * DAY)
        row = step(row, "execute", region.at + 2 * DAY)
        assert row.status == RoundStatus.EXECUTED
        assert Wish.objects.filter(status=WishStatus.PLACED).count() == 3
        for move in Move.objects.all():
            assert move.status == MoveStatus.EXECUTED
            assert move.effective_on == row.effective_on
            assert move.work_on is not None

    def test_households_stay_together_and_the_load_counts(self) -> None:
        region = make_gp_region()
        family = make_wish(region, current=0, choices=[1], people=3)
        back = make_wish(region, current=1, choices=[0], people=2)
        row = open_one(region)
        join(row, region, 0)
        join(row, region, 1)
        row = step(row, "divide", region.at)
        # Two can come for three, not three for two.
        assert row.receipt["moved_people"] == 0
        cancel_round(actor=region.coordinator.actor, round_id=row.pk, at=region.at)
        row = open_one(region)
        join(row, region, 0)
        join(row, region, 1, free=1)
        row = step(row, "divide", region.at)
        assert row.receipt["moved_people"] == 5
        step(row, "publish", region.at)
        assert {move_of(family).size, move_of(back).size} == {3, 2}

    def test_a_no_is_divided_again_among_who_said_yes(self) -> None:
        region = make_gp_region()
        row, (a, b, c) = swap_of_three(region)
        other = make_wish(region, current=2, choices=[0])
        Wish.objects.filter(pk=c.pk).update(waiting_since=region.at - 9 * DAY)
        step(row, "divide", region.at)
        row = step(row, "publish", region.at)
        both_say_yes(region, a, region.at + DAY)
        both_say_yes(region, b, region.at + DAY)
        household_says(c, "no", region.at + DAY, reason="not-now")
        row = step(row, "close", region.at + 2 * DAY)
        row = step(row, "again", region.at + 2 * DAY)
        assert row.status == RoundStatus.VERIFIED
        assert move_of(a, MoveStatus.CONFIRMED)
        step(row, "publish", region.at + 2 * DAY)
        assert move_of(other).number_of_pass == 2
        both_say_yes(region, other, region.at + 3 * DAY)
        row = step(row, "close", region.at + 4 * DAY)
        row = step(row, "execute", region.at + 4 * DAY)
        assert Move.objects.filter(status=MoveStatus.EXECUTED).count() == 3
        c.refresh_from_db()
        assert c.status == WishStatus.WAITING

    def test_a_broken_swap_takes_nobodys_place(self) -> None:
        region = make_gp_region()
        row, (a, b, c) = published(region)
        Wish.objects.filter(pk=a.pk).update(helper=region.coordinator.user)
        both_say_yes(region, a, region.at + DAY)
        both_say_yes(region, b, region.at + DAY)
        practice_says(region, c, "no", region.at + DAY, reason="outside-area")
        step(row, "close", region.at + 2 * DAY)
        row = step(row, "execute", region.at + 2 * DAY)
        assert row.status == RoundStatus.EXECUTED
        assert not Move.objects.filter(status=MoveStatus.EXECUTED).exists()
        for wish, since in ((a, a.waiting_since), (b, b.waiting_since)):
            wish.refresh_from_db()
            assert (wish.status, wish.waiting_since) == (WishStatus.WAITING, since)
        assert Move.objects.filter(status=MoveStatus.FALLEN).count() == 2
        told = Communication.objects.filter(topic=NEWS.code, key__contains="fallen")
        assert told.count() == 1

    def test_a_chain_from_a_free_place_holds_without_its_end(self) -> None:
        region = make_gp_region()
        for service in region.practices:
            publish(service)
        first = make_wish(region, current=0, choices=[1])
        second = make_wish(region, current=2, choices=[0])
        row = open_one(region)
        join(row, region, 0)
        join(row, region, 1, free=1)
        step(row, "divide", region.at)
        step(row, "publish", region.at)
        both_say_yes(region, first, region.at + DAY)
        household_says(second, "no", region.at + DAY, reason="too-far")
        step(row, "close", region.at + 2 * DAY)
        step(row, "execute", region.at + 2 * DAY)
        assert move_of(first, MoveStatus.EXECUTED)

    def test_who_changed_since_the_fixing_gets_no_proposal(self) -> None:
        region = make_gp_region()
        row, (a, b, c) = swap_of_three(region)
        step(row, "divide", region.at)
        Wish.objects.filter(pk=b.pk).update(size=2, load=2000)
        Wish.objects.filter(pk=c.pk).update(status=WishStatus.WITHDRAWN)
        row = step(row, "publish", region.at)
        assert list(Move.objects.values_list("wish_id", flat=True)) == [a.pk]
        detail = RoundEvent.objects.get(kind="published").detail
        assert (detail["households"], detail["changed_meanwhile"]) == (1, 2)

    def test_the_waiting_list_is_replayed_beside_it(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        row = step(row, "divide", region.at)
        assert row.fairness["list_people"] == 0  # nobody can begin
        groups = {
            (one["grouping"], one["label"]): one for one in row.fairness["groups"]
        }
        assert groups["class", "other"]["served"] == 3
        assert groups["channel", "digital"]["people"] == 3

    def test_a_guarded_round_serves_no_group_later(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        Round.objects.filter(pk=row.pk).update(is_guarded=True)
        row = step(row, "divide", region.at)
        assert row.fairness["guard_price_people"] == 0
        assert not any(one["later"] for one in row.fairness["groups"])

    def test_a_national_round_takes_every_region(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        Round.objects.filter(pk=row.pk).update(region=None)
        row = step(row, "divide", region.at)
        assert row.receipt["moved_people"] == 3
        with pytest.raises(NotPermitted):
            ask_step(
                actor=region.coordinator.actor,
                round_id=row.pk,
                step="publish",
                at=region.at,
            )


class TestDoneTwiceOrKilled:
    def test_every_step_done_twice_happens_once(self) -> None:
        region = make_gp_region()
        row, wishes = swap_of_three(region)
        for name in ("divide", "publish", "close", "execute"):
            if name == "close":
                for wish in wishes:
                    both_say_yes(region, wish, region.at + DAY)
            step(row, name, region.at + DAY)
            before = counts()
            state = Round.objects.get(pk=row.pk)
            again = step(row, name, region.at + DAY)
            assert counts() == before, name
            assert again.status == state.status

    @pytest.mark.parametrize(
        ("broken", "name"),
        [
            ("take_snapshot", "divide"),
            ("solve_round", "divide"),
            ("verify_round", "divide"),
        ],
    )
    def test_killed_between_steps_it_goes_on(self, broken: str, name: str) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        with patch.object(rounds, broken, side_effect=Killed), pytest.raises(Killed):
            step(row, name, region.at)
        row = step(row, name, region.at)
        assert row.status == RoundStatus.VERIFIED
        assert RoundEvent.objects.filter(kind="taken").count() == 1
        assert RoundEvent.objects.filter(kind="solved").count() == 1
        assert RoundWish.objects.count() == 3

    def test_killed_within_fixing_nothing_is_fixed(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        path = "wijkspil.registrations.services.round_snapshot.write_files"
        with patch(path, side_effect=Killed), pytest.raises(Killed):
            step(row, "divide", region.at)
        assert not RoundWish.objects.exists()
        assert Round.objects.get().status == RoundStatus.OPEN

    def test_killed_between_batches_nobody_gets_two_proposals(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        step(row, "divide", region.at)
        done = []

        def die(step_name: str, made: int, of: int) -> None:
            done.append((step_name, made, of))
            if len(done) == 2:
                raise Killed

        with patch.object(rounds, "BATCH", 1):
            with pytest.raises(Killed):
                publish_round(round_id=row.pk, actor=SYSTEM, at=region.at, tell=die)
            assert Move.objects.count() == 2
            assert Round.objects.get().status == RoundStatus.VERIFIED
            by = Round.objects.get().answer_by
            publish_round(round_id=row.pk, actor=SYSTEM, at=region.at + DAY)
        assert Move.objects.count() == 3
        assert set(Move.objects.values_list("answer_by", flat=True)) == {by}
        assert Communication.objects.filter(topic="registrations.proposal").count() == 0
        assert RoundEvent.objects.filter(kind="published").count() == 1

    def test_killed_while_carrying_out_nothing_is_carried_out(self) -> None:
        region = make_gp_region()
        row, wishes = published(region)
        for wish in wishes:
            both_say_yes(region, wish, region.at + DAY)
        step(row, "close", region.at + DAY)
        real, calls = moves.execute_move, []

        def die(**values: Any) -> Move:
            calls.append(values)
            if len(calls) == 2:
                raise Killed
            return real(**values)

        with patch.object(rounds, "execute_move", die), pytest.raises(Killed):
            step(row, "execute", region.at + DAY)
        assert not Move.objects.filter(status=MoveStatus.EXECUTED).exists()
        row = step(row, "execute", region.at + DAY)
        assert Move.objects.filter(status=MoveStatus.EXECUTED).count() == 3
        assert row.progress is None

    def test_a_step_that_fails_says_so_and_can_be_done_again(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        wrong = NotVerified("It does not stand up.")
        with (
            patch.object(rounds, "verify_round", side_effect=wrong),
            pytest.raises(NotVerified),
        ):
            step(row, "divide", region.at)
        progress = Round.objects.get().progress
        assert progress is not None
        assert progress["error"] == "not-verified"
        assert run_round_timers(at=region.at + DAY) == 0
        assert step(row, "divide", region.at).status == RoundStatus.VERIFIED

    def test_two_workers_at_once_leave_what_one_would(
        self, transactional_db: None
    ) -> None:
        region = make_gp_region()
        row, wishes = swap_of_three(region)
        for name in ("divide", "publish"):
            outcomes = at_once(*[lambda n=name: step(row, n, region.at)] * 2)
            assert not [one for one in outcomes if isinstance(one, Exception)]
        assert Move.objects.count() == 3
        assert RoundWish.objects.count() == 3
        assert RoundEvent.objects.filter(kind="published").count() == 1
        for wish in wishes:
            both_say_yes(region, wish, region.at + DAY)
        step(row, "close", region.at + DAY)
        at_once(
            *[lambda: execute_round(round_id=row.pk, actor=SYSTEM, at=region.at + DAY)]
            * 2
        )
        assert WishEvent.objects.filter(kind="placed").count() == 3
        assert RoundEvent.objects.filter(kind="executed").count() == 1

    def test_a_result_that_is_tampered_with_stays_unverified(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        take_snapshot(round_id=row.pk, actor=SYSTEM, at=region.at)
        solve_round(round_id=row.pk, at=region.at)
        one = row.round_passes.get()
        one.moves_csv = bytes(one.moves_csv).replace(b",1\n", b",2\n", 1)
        one.save()
        with pytest.raises(NotVerified):
            verify_round(round_id=row.pk, at=region.at)
        assert Round.objects.get().status == RoundStatus.SOLVED

    def test_dividing_computes_without_holding_the_round(
        self, transactional_db: None
    ) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        take_snapshot(round_id=row.pk, actor=SYSTEM, at=region.at)
        real = engine_io.divide

        def cancel_meanwhile(*args: Any, **values: Any) -> Any:
            divided = real(*args, **values)
            (gone,) = at_once(
                lambda: cancel_round(
                    actor=region.coordinator.actor, round_id=row.pk, at=region.at
                )
            )
            assert isinstance(gone, Round), gone
            return divided

        with patch.object(round_solving, "divide", cancel_meanwhile):
            row = solve_round(round_id=row.pk, at=region.at)
        assert row.status == RoundStatus.CANCELLED
        assert not row.round_passes.exists()


class TestTheClock:
    def test_answers_close_when_the_time_is_over(self) -> None:
        region = make_gp_region()
        row, (a, b, _c) = published(region)
        both_say_yes(region, a, region.at + DAY)
        household_says(b, "yes", region.at + DAY)
        assert row.answer_by is not None
        assert run_round_timers(at=row.answer_by - DAY * 9) == 0
        assert run_round_timers(at=row.answer_by) == 1
        row = step(row, "close", row.answer_by)
        assert row.status == RoundStatus.CLOSED
        assert Move.objects.filter(status=MoveStatus.EXPIRED).count() == 2
        b.refresh_from_db()
        assert b.status == WishStatus.WAITING

    def test_nobody_loses_time_to_answer(self) -> None:
        region = make_gp_region()
        row, _wishes = published(region)
        with pytest.raises(NotNow):
            step(row, "close", region.at + DAY)

    def test_a_job_that_died_is_started_again(self) -> None:
        region = make_gp_region()
        row, _wishes = swap_of_three(region)
        ask_step(
            actor=region.coordinator.actor,
            round_id=row.pk,
            step="divide",
            at=region.at,
        )
        assert not ask_step(
            actor=region.coordinator.actor,
            round_id=row.pk,
            step="divide",
            at=region.at,
        )
        assert run_round_timers(at=region.at + rounds.SILENT / 2) == 0
        assert run_round_timers(at=region.at + 2 * rounds.SILENT) == 1
        assert run_round_timers(at=region.at + 2 * rounds.SILENT) == 0

    def test_reminders_go_once(self) -> None:
        region = make_gp_region()
        row, wishes = swap_of_three(region)
        soon = row.join_until - 2 * DAY
        late = make_gp_practice_that_did_not_join(region)
        assert run_round_timers(at=soon) == 1
        assert run_round_timers(at=soon) == 0
        told = Communication.objects.filter(topic="registrations.round-join-soon")
        assert [one.to_service_id for one in told] == [late]
        step(row, "divide", soon)
        row = step(row, "publish", soon)
        assert row.answer_by is not None
        assert run_round_timers(at=row.answer_by - 2 * DAY) == 1
        assert run_round_timers(at=row.answer_by - 2 * DAY) == 0
        assert len(wishes) == 3


class Killed(BaseException):
    """Stands for a worker that is killed: nothing catches it."""


def make_gp_practice_that_did_not_join(region: GpRegion) -> int:
    """Return a practice of the region that is not in the round."""
    from tests.factories.directory import HealthcareServiceFactory, OrganizationFactory
    from wijkspil.directory.types import Care

    made = HealthcareServiceFactory(
        organization=OrganizationFactory(gp_practice=True, name="Huisartsen Laat"),
        care=Care.GP_CARE,
        name="Huisartsen Laat",
        postcode="2512AB",
    )
    return int(made.pk)
