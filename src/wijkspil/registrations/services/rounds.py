"""Run a round: open, divide, propose, close, divide again, carry out.

Each step locks the round, looks whether it is still asked and writes in one transaction
(proposals in batches of one transaction each). So a step may be done
twice, by two workers, or be killed halfway and done again: it happens once. The steps
that take long run as a job; the page of the round says how far it is.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from wijkspil.accounts.types import Actor, Target
from wijkspil.communications.services.sending import send
from wijkspil.communications.types import ServiceOf, Topic
from wijkspil.directory.errors import UnknownService
from wijkspil.directory.selectors.gp_practices import (
    list_gp_practices,
    list_gp_practices_of_region,
)
from wijkspil.directory.services.capacity import lock_active_service
from wijkspil.registrations.engine_io import (
    TakenWish,
    read_moves,
    read_taken_wishes,
    settle,
)
from wijkspil.registrations.errors import InvalidRegistration, NotNow
from wijkspil.registrations.models import Move, Round, RoundWish, Wish, WishChoice
from wijkspil.registrations.permissions import check_can_run_rounds, round_target
from wijkspil.registrations.policies import (
    first_allowed_monday,
    is_quarter_day,
    next_move_status,
    next_round_status,
    next_wish_status,
)
from wijkspil.registrations.round_topics import (
    JOIN_SOON,
    PROPOSALS,
    ROUND_CLOSED,
    ROUND_EXECUTED,
    ROUND_OPEN,
)
from wijkspil.registrations.selectors.rounds import (
    find_live_round,
    get_round,
    list_due_rounds,
    list_joined,
    list_practices_who_owe_answers,
    list_stopped_rounds,
    lock_round,
)
from wijkspil.registrations.services.moves import execute_move
from wijkspil.registrations.services.moves_back import let_wish_wait
from wijkspil.registrations.services.notices import NEWS, PROPOSAL, tell_household
from wijkspil.registrations.services.round_snapshot import take_snapshot
from wijkspil.registrations.services.round_solving import (
    Tell,
    let_fall,
    read_answers,
    resolve_round,
    solve_round,
    verify_round,
)
from wijkspil.registrations.services.trail import (
    SYSTEM,
    add_round_event,
    add_wish_event,
)
from wijkspil.registrations.types import (
    Answer,
    MoveStatus,
    RoundStatus,
    RoundStep,
    WishStatus,
)

__all__ = [
    "RoundGiven",
    "ask_step",
    "cancel_round",
    "close_answers",
    "execute_round",
    "open_round",
    "publish_round",
    "resolve_round",
    "run_round_timers",
    "run_step",
    "solve_round",
    "suggest_round",
    "take_snapshot",
    "verify_round",
]

JOIN_DAYS = 14
ANSWER_DAYS = 10
#: Between the last answer and the day registrations change the desks enter them.
WORK_DAYS = 3
SHORTEST_ANSWER, LONGEST_ANSWER = 3, 30
LONGEST_AHEAD = timedelta(days=180)
BATCH = 200
#: A job that told nothing for so long has stopped.
SILENT = timedelta(seconds=90)
#: Who did not answer yet is reminded so long before the end.
REMIND_BEFORE = timedelta(days=3)
#: The job that does a step; by name, since tasks lie above services.
RUN_STEP = "wijkspil.registrations.tasks.run_round_step"
REFRESH_OUTLOOK = "wijkspil.registrations.tasks.refresh_outlook_of_region"

#: step -> states of the round in which it has something to do.
STEP_STATES: dict[RoundStep, tuple[RoundStatus, ...]] = {
    RoundStep.DIVIDE: (RoundStatus.OPEN, RoundStatus.TAKEN, RoundStatus.SOLVED),
    RoundStep.PUBLISH: (RoundStatus.VERIFIED,),
    RoundStep.CLOSE: (RoundStatus.PUBLISHED,),
    RoundStep.AGAIN: (RoundStatus.CLOSED, RoundStatus.SOLVED),
    RoundStep.EXECUTE: (RoundStatus.CLOSED,),
}
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class RoundGiven:
    """What is agreed when a round is opened; ``levels`` empty: the usual ones."""

    name: str
    region_id: int | None
    join_until: date
    effective_on: date
    answer_days: int = ANSWER_DAYS
    mechanism: str = "optimum"
    is_guarded: bool = False
    levels: tuple[str, ...] = field(default=())


def suggest_round(region_id: int | None, name: str, *, at: datetime) -> RoundGiven:
    """Return sensible dates: two weeks to join, ten days to answer, then a Monday."""
    today = localdate(at)
    join_until = today + timedelta(days=JOIN_DAYS)
    return RoundGiven(
        name=name,
        region_id=region_id,
        join_until=join_until,
        effective_on=first_day_after(join_until, ANSWER_DAYS),
    )


def first_day_after(join_until: date, answer_days: int) -> date:
    """Return the first day on which registrations can change."""
    return first_allowed_monday(
        join_until + timedelta(days=answer_days + 1 + WORK_DAYS)
    )


@transaction.atomic
def open_round(*, actor: Actor, given: RoundGiven, at: datetime) -> Round:
    """Open a round that practices can join; they are told.

    The seed of the lottery is drawn here, before anybody knows who takes part.

    Raises
    ------
    NotPermitted
        If the actor does not run rounds there.
    InvalidRegistration
        With every field that breaks a rule.
    NotNow
        If the region has a round that is not over.
    """
    ids = frozenset(() if given.region_id is None else {given.region_id})
    check_can_run_rounds(actor, Target(region_ids=ids))
    _check_given(given, today=localdate(at))
    busy = _("This region has a round that is not over yet. Finish that one first.")
    if find_live_round(given.region_id) is not None:
        raise NotNow(busy)
    row = Round(
        name=given.name.replace("\0", "").strip()[:80],
        region_id=given.region_id,
        status=RoundStatus.OPEN,
        mechanism=given.mechanism,
        levels=list(given.levels),
        is_guarded=given.is_guarded,
        seed=secrets.randbelow(2**31),
        join_until=end_of(given.join_until),
        answer_days=given.answer_days,
        effective_on=given.effective_on,
        opened_by_id=actor.user_id,
        opened_by_name=actor.label[:120],
        opened_at=at,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "round_one_live" not in str(error):
            raise
        raise NotNow(busy) from error
    add_round_event(row, "opened", actor=actor, at=at, seed=row.seed)
    if given.region_id is not None:
        practices = list_gp_practices_of_region(given.region_id, at=at)
        _tell_practices(
            row,
            ROUND_OPEN,
            [(one.organization_id, one.id) for one in practices],
            at=at,
            key="open",
        )
    return row


def end_of(day: date) -> datetime:
    """Return the end of a local day: the first moment of the next."""
    return datetime.combine(
        day + timedelta(days=1), time(), tzinfo=get_current_timezone()
    )


@transaction.atomic
def ask_step(*, actor: Actor, round_id: int, step: str, at: datetime) -> bool:
    """Let the worker do a step; False while a step of this round runs.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotPermitted
        If the actor does not run rounds there.
    NotNow
        If the state of the round does not allow the step.
    """
    row = lock_round(round_id)
    check_can_run_rounds(actor, round_target(row))
    wanted = RoundStep(step)
    _check_step(row, wanted, at=at)
    if is_running(row, at=at):
        return False
    _begin(row, wanted, actor, at=at)
    return True


def is_running(row: Round, *, at: datetime) -> bool:
    """Whether a job works on the round that told something lately."""
    if not row.progress:
        return False
    return at - datetime.fromisoformat(row.progress["beat"]) < SILENT


def run_step(
    *, round_id: int, step: str, at: datetime, clock: Callable[[], datetime]
) -> None:
    """Do what ``ask_step`` asked for; what is done already is passed over.

    ``clock`` says when it tells how far it is.
    """
    row = get_round(round_id)
    tell = _teller(round_id, clock)
    actor = _asker_of(row)
    try:
        match RoundStep(step):
            case RoundStep.DIVIDE:
                take_snapshot(round_id=round_id, actor=actor, at=at)
                solve_round(round_id=round_id, at=at, tell=tell)
                verify_round(round_id=round_id, at=at)
            case RoundStep.PUBLISH:
                publish_round(round_id=round_id, actor=actor, at=at, tell=tell)
            case RoundStep.CLOSE:
                close_answers(round_id=round_id, actor=actor, at=at, tell=tell)
            case RoundStep.AGAIN:
                resolve_round(round_id=round_id, at=at, tell=tell)
                verify_round(round_id=round_id, at=at)
            case RoundStep.EXECUTE:
                execute_round(round_id=round_id, actor=actor, at=at, tell=tell)
    except Exception as error:
        _stop(round_id, step, error, at=at)
        raise
    Round.objects.filter(pk=round_id).update(progress=None)


def publish_round(
    *, round_id: int, actor: Actor, at: datetime, tell: Tell | None = None
) -> Round:
    """Make the proposals of the newest division and tell both sides.

    Killed halfway it goes on where it was: a household has one proposal of a pass. A
    wish that changed after it was fixed gets none; what that breaks is divided again
    after the answers.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotNow
        If it is not checked yet, or was cancelled.
    """
    with transaction.atomic():
        row = lock_round(round_id)
        if row.status in (
            RoundStatus.PUBLISHED,
            RoundStatus.CLOSED,
            RoundStatus.EXECUTED,
        ):
            return row
        next_round_status("publish", row.status)
        newest = row.round_passes.order_by("-number").first()
        assert newest is not None
        if row.passes < newest.number:
            row.passes = newest.number
            row.answer_by = end_of(localdate(at) + timedelta(days=row.answer_days))
            row.effective_on = max(
                row.effective_on, first_day_after(localdate(at), row.answer_days)
            )
            row.save(update_fields=["passes", "answer_by", "effective_on"])
    planned = read_moves(bytes(newest.moves_csv))
    ids: dict[str, int] = dict(
        RoundWish.objects.filter(round_id=round_id).values_list("key", "wish_id")
    )
    wanted = sorted((ids[one.key], int(one.to)) for one in planned)
    assert row.wishes_csv is not None
    taken = {ids[one.key]: one for one in read_taken_wishes(bytes(row.wishes_csv))}
    made = 0
    for batch in _batches(wanted):
        made += _propose(row, batch, taken, actor=actor, at=at)
        if tell is not None:
            tell("publish", made, len(wanted))
    with transaction.atomic():
        row = lock_round(round_id)
        if row.status != RoundStatus.VERIFIED:
            return row
        row.status = next_round_status("publish", row.status)
        row.published_at = row.published_at or at
        row.save(update_fields=["status", "published_at"])
        proposals = row.moves.filter(number_of_pass=row.passes).count()
        held = row.moves.filter(
            number_of_pass__lt=row.passes, status=MoveStatus.CONFIRMED
        ).count()
        add_round_event(
            row,
            "published",
            actor=actor,
            at=at,
            number=row.passes,
            households=proposals,
            changed_meanwhile=max(0, len(wanted) - proposals - held),
        )
        owed = list_practices_who_owe_answers(row.pk)
        _tell_practices(
            row, PROPOSALS, _with_organizations(owed, at=at), at=at, key="proposals"
        )
    return row


def close_answers(
    *, round_id: int, actor: Actor = SYSTEM, at: datetime, tell: Tell | None = None
) -> Round:
    """End the time to answer: what was not answered by both lapses.

    Before its time only when nobody has to answer any more.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotNow
        If the time to answer is not over and somebody may still answer.
    """
    with transaction.atomic():
        row = lock_round(round_id)
        if row.status in (RoundStatus.CLOSED, RoundStatus.EXECUTED):
            return row
        _check_step(row, RoundStep.CLOSE, at=at)
    while True:
        batch = list(
            Move.objects.filter(round_id=round_id, status=MoveStatus.PROPOSED)
            .order_by("wish_id")
            .values_list("wish_id", flat=True)[:BATCH]
        )
        if not batch:
            break
        _expire(round_id, batch, at=at)
        if tell is not None:
            tell("close", 0, 0)
    with transaction.atomic():
        row = lock_round(round_id)
        if row.status != RoundStatus.PUBLISHED:
            return row
        row.status = next_round_status("close-answers", row.status)
        row.save(update_fields=["status"])
        add_round_event(
            row,
            "closed",
            actor=actor,
            at=at,
            number=row.passes,
            confirmed=row.moves.filter(status=MoveStatus.CONFIRMED).count(),
            broken=row.moves.exclude(
                status__in=[MoveStatus.CONFIRMED, MoveStatus.EXECUTED]
            ).count(),
        )
        _tell_region(row, ROUND_CLOSED, at=at, key=f"closed-{row.passes}")
    return row


@transaction.atomic
def execute_round(
    *, round_id: int, actor: Actor, at: datetime, tell: Tell | None = None
) -> Round:
    """Carry out what both sides confirmed and leaves every practice in balance.

    All of it or nothing, in one transaction: no cycle is ever carried out in part. A
    confirmed move for which no place opened falls: its household waits on, in its old
    place in line. Locks the round, the wishes, the moves, then the services.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotNow
        If the answers are not closed yet, or the round was cancelled.
    """
    row = lock_round(round_id)
    if row.status == RoundStatus.EXECUTED:
        return row
    row.status = next_round_status("execute", row.status)
    assert row.practices_csv is not None
    assert row.wishes_csv is not None
    # Whoever withdraws at this moment comes before, or finds it carried out.
    confirmed_moves = Move.objects.filter(round=row, status=MoveStatus.CONFIRMED)
    wish_ids = list(confirmed_moves.values_list("wish_id", flat=True))
    list(Wish.objects.select_for_update().filter(pk__in=wish_ids).order_by("pk"))
    confirmed = read_answers(row).confirmed
    going = settle(
        bytes(row.practices_csv),
        bytes(row.wishes_csv),
        confirmed,
        seed=row.seed,
        on=localdate(row.taken_at),
    )
    ids: dict[str, int] = dict(
        RoundWish.objects.filter(round=row, key__in=list(confirmed)).values_list(
            "key", "wish_id"
        )
    )
    fallen = let_fall(row, [ids[key] for key in confirmed if key not in going], at=at)
    row.effective_on = max(row.effective_on, first_allowed_monday(localdate(at)))
    row.executed_at = at
    row.progress = None
    row.save(update_fields=["status", "effective_on", "executed_at", "progress"])
    moves = list(confirmed_moves.select_for_update().order_by("wish_id"))
    # In one order, so that two who carry out at once do not wait for each other.
    for service_id in sorted(
        {move.to_service_id for move in moves}
        | {move.from_service_id for move in moves if move.from_service_id is not None}
    ):
        with suppress(UnknownService):  # one that has ended still sends its records
            lock_active_service(service_id)
    for done, move in enumerate(moves):
        execute_move(move=move, at=at)
        if tell is not None:
            tell("execute", done, len(moves))
    add_round_event(
        row,
        "executed",
        actor=actor,
        at=at,
        households=len(moves),
        people=sum(move.size for move in moves),
        fallen=fallen,
        effective_on=row.effective_on.isoformat(),
    )
    joined = list_joined(row.pk)
    _tell_practices(
        row,
        ROUND_EXECUTED,
        [(one.service.organization_id, one.service_id) for one in joined],
        at=at,
        key="executed",
    )
    if row.region_id is not None:
        app.configure_task(REFRESH_OUTLOOK).defer(region_id=row.region_id)
    return row


@transaction.atomic
def cancel_round(*, actor: Actor, round_id: int, at: datetime) -> Round:
    """Stop a round; open proposals fall and everybody keeps the place in line.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotPermitted
        If the actor does not run rounds there.
    NotNow
        If proposals are being answered, or the round is over.
    """
    row = lock_round(round_id)
    check_can_run_rounds(actor, round_target(row))
    if row.status == RoundStatus.CANCELLED:
        return row
    row.status = next_round_status("cancel", row.status)
    row.progress = None
    row.save(update_fields=["status", "progress"])
    ids = list(
        Move.objects.filter(
            round=row, status__in=[MoveStatus.PROPOSED, MoveStatus.CONFIRMED]
        ).values_list("wish_id", flat=True)
    )
    fallen = let_fall(row, ids, at=at)
    add_round_event(row, "cancelled", actor=actor, at=at, fallen=fallen)
    return row


def run_round_timers(*, at: datetime) -> int:
    """Close what is due, go on with jobs that stopped, remind; return how much.

    Every minute; done twice it happens once.
    """
    count = 0
    for row in list_due_rounds(at=at):
        with transaction.atomic():
            locked = lock_round(row.pk)
            if locked.status == RoundStatus.PUBLISHED and not is_running(locked, at=at):
                _begin(locked, RoundStep.CLOSE, SYSTEM, at=at)
                count += 1
    for row in list_stopped_rounds(before=at - SILENT):
        with transaction.atomic():
            locked = lock_round(row.pk)
            if (
                locked.progress
                and not locked.progress.get("error")
                and not is_running(locked, at=at)
            ):
                _begin(
                    locked,
                    RoundStep(locked.progress["step"]),
                    _asker_of(locked),
                    at=at,
                )
                count += 1
    return count + _remind(at=at)


# --- parts of steps


def _check_given(given: RoundGiven, *, today: date) -> None:
    wrong: dict[str, list[str]] = {}
    if not given.name.strip("\0 "):
        wrong["name"] = [_("Give the round a name that residents understand.")]
    if not today <= given.join_until <= today + LONGEST_AHEAD:
        wrong["join_until"] = [
            _("%(day)s: give today or a day within %(days)s days.")
            % {"day": given.join_until.isoformat(), "days": LONGEST_AHEAD.days}
        ]
    if not SHORTEST_ANSWER <= given.answer_days <= LONGEST_ANSWER:
        wrong["answer_days"] = [
            _("%(days)s days: give %(least)s to %(most)s.")
            % {
                "days": given.answer_days,
                "least": SHORTEST_ANSWER,
                "most": LONGEST_ANSWER,
            }
        ]
    elif is_quarter_day(given.effective_on):
        wrong["effective_on"] = [
            _(
                "Registrations may not change on the first day of a quarter. Give "
                "another day."
            )
        ]
    elif given.effective_on <= given.join_until + timedelta(days=given.answer_days):
        wrong["effective_on"] = [
            _(
                "Then not everybody has answered yet. Give %(day)s or later, or fewer "
                "days to answer."
            )
            % {"day": first_day_after(given.join_until, given.answer_days).isoformat()}
        ]
    elif given.effective_on > today + 2 * LONGEST_AHEAD:
        wrong["effective_on"] = [_("This day is more than a year ahead.")]
    if wrong:
        raise InvalidRegistration(wrong)


def _check_step(row: Round, step: RoundStep, *, at: datetime) -> None:
    if row.status not in STEP_STATES[step]:
        raise NotNow(
            _("That step is not possible now. The round: %(state)s.")
            % {"state": str(RoundStatus(row.status).label).lower()}
        )
    if step == RoundStep.CLOSE:
        assert row.answer_by is not None
        if at < row.answer_by and row.moves.filter(status=MoveStatus.PROPOSED).exists():
            raise NotNow(
                _(
                    "Some may still answer. The answers close by themselves when the "
                    "time is over, or when everybody has answered."
                )
            )
    if step == RoundStep.DIVIDE and not row.practices.exists():
        raise NotNow(
            _("No practice joined yet. Without practices there is nothing to divide.")
        )


def _begin(row: Round, step: RoundStep, actor: Actor, *, at: datetime) -> None:
    """Ask the worker for a step, in the caller's transaction with the round locked."""
    row.progress = {
        "step": str(step),
        "done": 0,
        "of": 0,
        "beat": at.isoformat(),
        "by": actor.user_id,
        "name": actor.label[:120],
    }
    row.save(update_fields=["progress"])
    app.configure_task(RUN_STEP).defer(round_id=row.pk, step=str(step))


def _asker_of(row: Round) -> Actor:
    asked = row.progress or {}
    if asked.get("by") is None:
        return SYSTEM
    return Actor(user_id=asked["by"], label=asked.get("name", ""), grants=())


def _stop(round_id: int, step: str, error: Exception, *, at: datetime) -> None:
    """Keep that a step failed, so that the page can say so and offer it again."""
    Round.objects.filter(pk=round_id).update(
        progress={
            "step": step,
            "done": 0,
            "of": 0,
            "beat": (at - SILENT).isoformat(),
            "error": str(getattr(error, "code", type(error).__name__))[:60],
            "message": str(error)[:300] if hasattr(error, "code") else "",
        }
    )


def _teller(round_id: int, clock: Callable[[], datetime]) -> Tell:
    last: list[datetime] = []

    def tell(step: str, done: int, of: int) -> None:
        now = clock()
        if last and now - last[0] < timedelta(seconds=1) and done < of:
            return
        last[:] = [now]
        row = Round.objects.filter(pk=round_id).only("progress").first()
        if row is None or not row.progress:
            return
        progress = row.progress | {
            "part": step,
            "done": done,
            "of": of,
            "beat": now.isoformat(),
        }
        Round.objects.filter(pk=round_id).update(progress=progress)

    return tell


@transaction.atomic
def _propose(
    row: Round,
    wanted: Sequence[tuple[int, int]],
    taken: Mapping[int, TakenWish],
    *,
    actor: Actor,
    at: datetime,
) -> int:
    """Make proposals for one batch of (wish, practice); return how many there are."""
    assert row.answer_by is not None
    targets = dict(wanted)
    wishes = list(
        Wish.objects.select_for_update().filter(pk__in=targets).order_by("pk")
    )
    there = set(
        Move.objects.filter(
            round=row, number_of_pass=row.passes, wish_id__in=targets
        ).values_list("wish_id", flat=True)
    )
    ranks: dict[tuple[int, int], int] = {
        (wish_id, service_id): rank
        for wish_id, service_id, rank in WishChoice.objects.filter(
            wish_id__in=targets
        ).values_list("wish_id", "service_id", "rank")
    }
    moves = []
    for wish in wishes:
        target = targets[wish.pk]
        rank = ranks.get((wish.pk, target))
        if (
            wish.pk in there
            or wish.status != WishStatus.WAITING
            or rank is None
            or _has_changed(wish, taken[wish.pk], target)
        ):
            continue
        wish.status = next_wish_status("propose", wish.status)
        wish.save(update_fields=["status"])
        moves.append(
            Move(
                round=row,
                number_of_pass=row.passes,
                wish=wish,
                from_service_id=wish.current_practice_id,
                to_service_id=target,
                choice_rank=rank,
                size=wish.size,
                load=wish.load,
                status=MoveStatus.PROPOSED,
                proposed_at=at,
                answer_by=row.answer_by,
                effective_on=row.effective_on,
            )
        )
    made = Move.objects.bulk_create(moves)
    by_wish = {wish.pk: wish for wish in wishes}
    for move in made:
        wish = by_wish[move.wish_id]
        add_wish_event(
            wish,
            "proposed",
            actor=actor,
            at=at,
            move_id=move.pk,
            service_id=move.to_service_id,
            rank=move.choice_rank,
            round_id=row.pk,
        )
        tell_household(wish, PROPOSAL, at=at, key=f"move-{move.pk}")
    return len(there) + len(made)


def _has_changed(wish: Wish, taken: TakenWish, target: int) -> bool:
    """Whether the household is another than the one that was divided."""
    return (
        (wish.size, wish.load) != (taken.size, taken.load)
        or wish.current_practice_id == target
        or (taken.current != "" and str(wish.current_practice_id) != taken.current)
    )


@transaction.atomic
def _expire(round_id: int, wish_ids: Sequence[int], *, at: datetime) -> None:
    """Close open proposals of one batch: locks the wishes, then the moves."""
    wishes = {
        wish.pk: wish
        for wish in Wish.objects.select_for_update()
        .filter(pk__in=wish_ids)
        .order_by("pk")
    }
    moves = (
        Move.objects.select_for_update()
        .filter(round_id=round_id, wish_id__in=wish_ids, status=MoveStatus.PROPOSED)
        .order_by("pk")
    )
    for move in moves:
        move.status = next_move_status("expire", move.status)
        move.closed_at = at
        move.save(update_fields=["status", "closed_at"])
        wish = wishes[move.wish_id]
        let_wish_wait(wish, move, kind="expired", actor=SYSTEM, at=at)
        tell_household(wish, NEWS, at=at, key=f"move-{move.pk}-expired")


def _remind(*, at: datetime) -> int:
    """Remind who may still join or must still answer, once for each end."""
    count = 0
    soon = at + REMIND_BEFORE
    for row in Round.objects.filter(
        status=RoundStatus.OPEN, join_until__gt=at, join_until__lte=soon
    ).exclude(region=None):
        if _is_reminded(row, "reminded-join"):
            continue
        with transaction.atomic():
            assert row.region_id is not None
            joined = {one.service_id for one in list_joined(row.pk)}
            late = [
                (one.organization_id, one.id)
                for one in list_gp_practices_of_region(row.region_id, at=at)
                if one.id not in joined
            ]
            _tell_practices(row, JOIN_SOON, late, at=at, key="join-soon")
            add_round_event(
                row, "reminded-join", actor=SYSTEM, at=at, practices=len(late)
            )
        count += 1
    for row in Round.objects.filter(
        status=RoundStatus.PUBLISHED, answer_by__gt=at, answer_by__lte=soon
    ):
        kind = f"reminded-answer-{row.passes}"
        if _is_reminded(row, kind):
            continue
        with transaction.atomic():
            silent = list(
                Wish.objects.filter(
                    moves__round=row,
                    moves__status=MoveStatus.PROPOSED,
                    moves__household_answer=Answer.NONE,
                )
            )
            for wish in silent:
                tell_household(wish, PROPOSAL, at=at, key=f"round-{row.pk}-{kind}")
            add_round_event(row, kind, actor=SYSTEM, at=at, households=len(silent))
        count += 1
    return count


def _is_reminded(row: Round, kind: str) -> bool:
    return row.events.filter(kind=kind).exists()


def _with_organizations(
    service_ids: Iterable[int], *, at: datetime
) -> list[tuple[int, int]]:
    return [
        (one.organization_id, one.id)
        for one in list_gp_practices(service_ids, at=at).values()
    ]


def _tell_practices(
    row: Round,
    topic: Topic,
    practices: Iterable[tuple[int, int]],
    *,
    at: datetime,
    key: str,
) -> None:
    """Tell practices (organization, service), once for this round, pass and key."""
    send(
        topic=topic,
        to_organizations=[ServiceOf(*one) for one in practices],
        params={"day": _day_of(row, topic)},
        link="/praktijk/",
        about=f"round:{row.pk}",
        at=at,
        key=f"round-{row.pk}-{row.passes}-{key}",
    )


def _day_of(row: Round, topic: Topic) -> str:
    """Return the day a message names, as people write it."""
    if topic in (ROUND_OPEN, JOIN_SOON):
        moment = row.join_until
    elif topic == PROPOSALS and row.answer_by is not None:
        moment = row.answer_by
    else:
        return f"{row.effective_on.day}-{row.effective_on.month}"
    day = localdate(moment - timedelta(seconds=1))
    return f"{day.day}-{day.month}"


def _tell_region(row: Round, topic: Topic, *, at: datetime, key: str) -> None:
    if row.region_id is None:
        return
    send(
        topic=topic,
        to_regions=[row.region_id],
        params={},
        link=reverse("registrations:round", args=[row.pk]),
        about=f"round:{row.pk}",
        at=at,
        key=f"round-{row.pk}-{key}",
    )


def _batches(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
