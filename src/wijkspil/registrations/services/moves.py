"""A proposal is answered by both sides, and what both want is carried out.

A household answers through its private link or a desk, a practice through its manager
or its own system, in either order. Every act locks the wish first, then the proposal,
then the service: whoever is second finds out what the first said.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import WijkspilError
from wijkspil.directory.errors import UnknownService
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.capacity import lock_active_service
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownMove
from wijkspil.registrations.models import Move, Wish
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.policies import (
    first_allowed_day,
    next_move_status,
    next_wish_status,
)
from wijkspil.registrations.selectors.desk_work import (
    get_usual_per_day,
    list_planned_records,
    list_planned_work,
)
from wijkspil.registrations.selectors.lists import get_list
from wijkspil.registrations.selectors.proposals import get_move, get_proposal
from wijkspil.registrations.services.fitting import check_fit
from wijkspil.registrations.services.household import end_wish, lock_wish
from wijkspil.registrations.services.moves_back import let_wish_wait
from wijkspil.registrations.services.notices import NEWS, PLACED, tell_household
from wijkspil.registrations.services.practice_notices import (
    HOUSEHOLD_NO,
    RECORDS_TO_SEND,
    REMINDER,
    WORK_TO_DO,
    tell_practice,
)
from wijkspil.registrations.services.trail import SYSTEM, add_wish_event
from wijkspil.registrations.types import (
    LIVE_MOVES,
    REFUSALS_OF_WHO,
    Answer,
    DeclineReason,
    MoveStatus,
    RefusalReason,
    WishStatus,
    WithdrawReason,
)
from wijkspil.registrations.work_days import (
    plan_effective_on,
    plan_in_round,
    plan_record_day,
)

#: Who declines for one of these wants no other practice either.
ENDS_THE_WISH = {
    DeclineReason.STAYS: WithdrawReason.STAYS,
    DeclineReason.FOUND: WithdrawReason.FOUND,
}
#: A practice is reminded once, so long before the time to answer is over.
REMIND_BEFORE = timedelta(days=2)


@transaction.atomic
def answer_for_household(
    *,
    actor: Actor,
    move_id: int,
    answer: str,
    reason: str = "",
    wish_id: int | None = None,
    at: datetime,
) -> Move:
    """Take the answer of a household. Said twice is said once.

    Checks no permission: the private link, or the desk, is checked by who calls; with
    ``wish_id`` the proposal must be of that wish. After a "no" the wish waits on in
    its old place in line, unless the reason says that nobody looks any more: then it
    is withdrawn. Locks the wish, then the proposal.

    Raises
    ------
    UnknownMove
        If there is no such proposal, or it is of another wish.
    NotNow
        If the proposal is over, or its time has passed.
    InvalidRegistration
        If the answer is neither yes nor no, or a "no" has no known reason.
    """
    found = get_move(move_id)
    if wish_id is not None and found.wish_id != wish_id:
        raise _unknown(move_id)
    wish = lock_wish(found.wish_id)
    move = _lock_move(move_id)
    _check_answer(answer, reason, DeclineReason.values)
    if move.household_answer == answer and (
        answer == Answer.YES or move.status == MoveStatus.DECLINED
    ):
        return move
    if answer == Answer.NO:
        _decline(move, wish, DeclineReason(reason), actor=actor, at=at)
        return move
    _check_open(move, at=at)
    move.household_answer = Answer.YES
    move.household_at = at
    move.save(update_fields=["household_answer", "household_at"])
    add_wish_event(wish, "household-yes", actor=actor, at=at, move_id=move.pk)
    _confirm_if_both(move, wish, actor=actor, at=at)
    return move


@transaction.atomic
def answer_for_practice(
    *, actor: Actor, move_id: int, answer: str, reason: str = "", at: datetime
) -> Move:
    """Take the answer of the new practice. Said twice is said once.

    A practice may refuse for a coded reason, never for health; what can only be said
    by who knows who they are waits for the household's yes. Locks the wish, then the
    proposal.

    Raises
    ------
    UnknownMove
        If there is no such proposal.
    NotPermitted
        If it is not the actor's practice.
    NotNow
        If the proposal is over, or its time has passed.
    InvalidRegistration
        If the answer is neither yes nor no, or a "no" has no known reason.
    """
    found = get_move(move_id)
    check_can_keep_list(actor, get_service_target(found.to_service_id))
    wish = lock_wish(found.wish_id)
    move = _lock_move(move_id)
    _check_answer(answer, reason, RefusalReason.values)
    if move.practice_answer == answer and (
        answer == Answer.YES or move.status == MoveStatus.REFUSED
    ):
        return move
    _check_open(move, at=at)
    if answer == Answer.NO:
        _refuse(move, wish, RefusalReason(reason), actor=actor, at=at)
        return move
    move.practice_answer = Answer.YES
    move.practice_reason = ""
    move.practice_at = at
    move.practice_by_name = actor.label[:120]
    move.save(
        update_fields=[
            "practice_answer",
            "practice_reason",
            "practice_at",
            "practice_by_name",
        ]
    )
    add_wish_event(wish, "practice-yes", actor=actor, at=at, move_id=move.pk)
    _confirm_if_both(move, wish, actor=actor, at=at)
    return move


@dataclass(frozen=True)
class SeveralAnswered:
    """What became of a yes to several households at once."""

    taken: int
    people: int
    not_taken: Sequence[str]


def take_several(
    *, actor: Actor, service_id: int, move_ids: Iterable[int], at: datetime
) -> SeveralAnswered:
    """Say yes to several households of one practice, each in its own transaction.

    One that is over in the meantime does not hold up the others; it is told.

    Raises
    ------
    UnknownService, NotPermitted
        If it is not the actor's practice.
    """
    check_can_keep_list(actor, get_service_target(service_id))
    taken = people = 0
    not_taken = []
    for move_id in dict.fromkeys(move_ids):
        try:
            if get_move(move_id).to_service_id != service_id:
                raise _unknown(move_id)
            move = answer_for_practice(
                actor=actor, move_id=move_id, answer=Answer.YES, at=at
            )
        except WijkspilError as error:
            not_taken.append(str(error))
        else:
            taken += 1
            people += move.size
    return SeveralAnswered(taken=taken, people=people, not_taken=not_taken)


def drop_live_move(
    wish: Wish, *, reason: DeclineReason, actor: Actor, at: datetime
) -> Move | None:
    """End the live proposal of a wish that is withdrawn; the practice is told.

    In the caller's transaction, with the wish locked; the wish is left as it is.
    """
    move = (
        Move.objects.select_for_update()
        .filter(wish=wish, status__in=[*map(str, LIVE_MOVES)])
        .first()
    )
    if move is not None:
        _close_declined(move, wish, reason, actor=actor, at=at)
    return move


@transaction.atomic
def execute_move(*, move: Move, at: datetime, actor: Actor = SYSTEM) -> Move:
    """Carry out what both sides confirmed: the household has its place. Once.

    The work of both practices is planned on working days: entering the registration
    before the change, sending the record on after it. In a round the day is that of
    the round; a registration that stands alone moves to a day the desk has room for.
    Locks the wish, the proposal, then both services.

    Raises
    ------
    NotNow
        If it is not confirmed by both.
    """
    wish = lock_wish(move.wish_id)
    move = _lock_move(move.pk)
    if move.status == MoveStatus.EXECUTED:
        return move
    move.status = next_move_status("execute", move.status)
    services = sorted(
        one for one in (move.to_service_id, move.from_service_id) if one is not None
    )
    for service_id in services:
        _lock_service(service_id)
    _plan(move, at=at)
    move.closed_at = at
    move.save()
    end_wish(
        wish, status=next_wish_status("place", wish.status), reason="placed", at=at
    )
    # Both practices work with who they are until the record has been sent on.
    wish.retain_until += max(timedelta(0), move.effective_on - localdate(at))
    wish.save()
    add_wish_event(
        wish,
        "placed",
        actor=actor,
        at=at,
        move_id=move.pk,
        service_id=move.to_service_id,
        effective_on=move.effective_on.isoformat(),
    )
    tell_household(wish, PLACED, at=at, key=f"placed-{move.pk}")
    # One message for all the work of a day, however many moves.
    day = localdate(at).isoformat()
    tell_practice(move.to_service_id, WORK_TO_DO, page="work", at=at, key=f"work-{day}")
    if move.from_service_id is not None:
        tell_practice(
            move.from_service_id,
            RECORDS_TO_SEND,
            page="work",
            at=at,
            key=f"records-{day}",
        )
    return move


def run_answer_timers(*, at: datetime, limit: int = 1000) -> tuple[int, int]:
    """Remind practices, and end direct proposals that nobody answered in time.

    Those of a round end with its answers (``services.rounds``). Each in a transaction
    of its own; safe to run twice, on several machines, and to be killed. Returns how
    many ended, and how many were reminded of.
    """
    late = (
        Move.objects.filter(round=None, status=MoveStatus.PROPOSED, answer_by__lte=at)
        .order_by("answer_by", "pk")
        .values_list("pk", "wish_id")[:limit]
    )
    ended = sum(_expire(pk, wish_id, at=at) for pk, wish_id in list(late))
    owing = (
        Move.objects.filter(
            status=MoveStatus.PROPOSED,
            practice_answer=Answer.NONE,
            answer_by__gt=at,
            answer_by__lte=at + REMIND_BEFORE,
        )
        .order_by("to_service_id", "answer_by")
        .values_list("to_service_id", "answer_by")
        .distinct()[:limit]
    )
    reminded = 0
    for service_id, answer_by in list(owing):
        # The key makes it once, however often this runs.
        with transaction.atomic():
            tell_practice(
                service_id,
                REMINDER,
                page="home",
                at=at,
                key=f"remind-{answer_by:%Y%m%dT%H%M}",
            )
        reminded += 1
    return ended, reminded


def _expire(move_id: int, wish_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        wish = Wish.objects.select_for_update(skip_locked=True).filter(pk=wish_id)
        held = wish.first()
        if held is None:
            return 0
        move = _lock_move(move_id)
        # Weighed again under the lock: somebody may have answered.
        if move.status != MoveStatus.PROPOSED or move.answer_by > at:
            return 0
        move.status = next_move_status("expire", move.status)
        move.closed_at = at
        move.save(update_fields=["status", "closed_at"])
        let_wish_wait(held, move, kind="expired", actor=SYSTEM, at=at)
        tell_household(held, NEWS, at=at, key=f"expired-{move.pk}")
        return 1


def _confirm_if_both(move: Move, wish: Wish, *, actor: Actor, at: datetime) -> None:
    if not move.household_answer == move.practice_answer == Answer.YES:
        return
    move.status = next_move_status("confirm", move.status)
    move.save(update_fields=["status"])
    add_wish_event(wish, "both-yes", actor=actor, at=at, move_id=move.pk)
    if move.round_id is None:
        done = execute_move(move=move, at=at)
        _copy(done, move)
    else:
        tell_household(wish, NEWS, at=at, key=f"both-{move.pk}")


def _decline(
    move: Move, wish: Wish, reason: DeclineReason, *, actor: Actor, at: datetime
) -> None:
    _close_declined(move, wish, reason, actor=actor, at=at)
    ends = ENDS_THE_WISH.get(reason)
    if ends is None:
        let_wish_wait(wish, move, kind="waits-again", actor=actor, at=at)
    elif wish.status == WishStatus.PROPOSED:
        status = next_wish_status("withdraw", wish.status)
        end_wish(wish, status=status, reason=str(ends), at=at)
        wish.save()
        add_wish_event(wish, "withdrawn", actor=actor, at=at, reason=str(ends))


def _close_declined(
    move: Move, wish: Wish, reason: DeclineReason, *, actor: Actor, at: datetime
) -> None:
    move.status = next_move_status("decline", move.status)
    move.household_answer = Answer.NO
    move.household_reason = reason
    move.household_at = at
    move.closed_at = at
    move.save()
    add_wish_event(
        wish, "household-no", actor=actor, at=at, move_id=move.pk, reason=str(reason)
    )
    tell_practice(
        move.to_service_id,
        HOUSEHOLD_NO,
        page="home",
        at=at,
        key=f"declined-{move.pk}",
    )


def _refuse(
    move: Move, wish: Wish, reason: RefusalReason, *, actor: Actor, at: datetime
) -> None:
    if reason in REFUSALS_OF_WHO and move.household_answer != Answer.YES:
        raise NotNow(
            _(
                "You cannot know that yet: who they are is shown to you once the "
                "household says yes. Choose another reason, or wait for their answer."
            )
        )
    # Kept beside the reason, so that refusing who fits can be seen and asked about.
    unmet = check_fit(get_proposal(move.pk), get_list(move.to_service_id, at))
    move.status = next_move_status("refuse", move.status)
    move.practice_answer = Answer.NO
    move.practice_reason = reason
    move.practice_at = at
    move.practice_by_name = actor.label[:120]
    move.closed_at = at
    move.save()
    add_wish_event(
        wish,
        "practice-no",
        actor=actor,
        at=at,
        move_id=move.pk,
        service_id=move.to_service_id,
        reason=str(reason),
        unmet=[str(code) for code in unmet],
    )
    let_wish_wait(wish, move, kind="waits-again", actor=actor, at=at)
    tell_household(wish, NEWS, at=at, key=f"refused-{move.pk}")


def _plan(move: Move, *, at: datetime) -> None:
    today = localdate(at)
    days: dict[str, Any] = {
        "today": today,
        "people": move.size,
        "planned": list_planned_work(move.to_service_id, today=today),
        "usual": get_usual_per_day(move.to_service_id, at=at),
    }
    if move.round is None:
        move.effective_on, move.work_on = plan_effective_on(
            effective_on=move.effective_on, **days
        )
    else:
        move.effective_on = first_allowed_day(move.round.effective_on)
        move.work_on = plan_in_round(effective_on=move.effective_on, **days)
    if move.from_service_id is not None:
        move.record_on = plan_record_day(
            today=today,
            effective_on=move.effective_on,
            people=move.size,
            planned=list_planned_records(move.from_service_id, today=today),
        )


def _lock_service(service_id: int) -> None:
    # A practice that has ended still sends its records on.
    with suppress(UnknownService):
        lock_active_service(service_id)


def _lock_move(move_id: int) -> Move:
    move = (
        Move.objects.select_for_update(of=("self",))
        .select_related("round")
        .defer("round__practices_csv", "round__wishes_csv", "round__moves_csv")
        .filter(pk=move_id)
        .first()
    )
    if move is None:
        raise _unknown(move_id)
    return move


def _check_open(move: Move, *, at: datetime) -> None:
    if move.status != MoveStatus.PROPOSED:
        raise NotNow(_say_over(move))
    if at >= move.answer_by:
        raise NotNow(
            _("The time to answer is over. The household waits for a next proposal.")
        )


def _say_over(move: Move) -> str:
    return _("That is not possible any more. The proposal: %(state)s.") % {
        "state": str(MoveStatus(move.status).label).lower()
    }


def _check_answer(answer: str, reason: str, known: Sequence[str]) -> None:
    if answer not in (Answer.YES, Answer.NO):
        raise InvalidRegistration(
            {"answer": [_("“%(value)s”: answer yes or no.") % {"value": answer[:20]}]}
        )
    if answer == Answer.NO and reason not in known:
        raise InvalidRegistration(
            {
                "reason": [
                    _("“%(value)s” is not a known choice. Choose from: %(known)s.")
                    % {"value": reason[:40], "known": ", ".join(known)}
                    if reason
                    else _("Choose the reason: the other side reads it.")
                ]
            }
        )


def _copy(done: Move, move: Move) -> None:
    for name in ("status", "effective_on", "work_on", "record_on", "closed_at"):
        setattr(move, name, getattr(done, name))


def _unknown(move_id: int) -> UnknownMove:
    return UnknownMove(
        _("There is no proposal %(id)s that you may see.") % {"id": move_id}
    )
