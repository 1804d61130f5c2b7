"""Divide a round, check the division by other code, and divide again around a "no".

What is computed runs outside any lock and is written in one transaction that looks
again whether it is still asked: two workers that do the same step, or one that is
killed halfway, leave what one would.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.registrations.engine_io import (
    Answered,
    Divided,
    Goals,
    check_division,
    divide,
    divide_again,
)
from wijkspil.registrations.errors import NotNow, NotVerified
from wijkspil.registrations.models import (
    Move,
    Round,
    RoundPass,
    RoundPractice,
    RoundWish,
    Wish,
)
from wijkspil.registrations.policies import next_move_status, next_round_status
from wijkspil.registrations.selectors.rounds import lock_round
from wijkspil.registrations.services.moves_back import let_wish_wait
from wijkspil.registrations.services.notices import NEWS, tell_household
from wijkspil.registrations.services.trail import SYSTEM, add_round_event
from wijkspil.registrations.types import (
    Answer,
    DeclineReason,
    MoveStatus,
    RoundStatus,
    WishStatus,
)

#: Told how far a computation is: step, done, of.
Tell = Callable[[str, int, int], None]
#: After these a household wants no other proposal of this round.
_OUT = (DeclineReason.STAYS, DeclineReason.FOUND, DeclineReason.NOT_NOW)
#: Most times that proposals are made in one round.
MOST_PASSES = 3


def solve_round(*, round_id: int, at: datetime, tell: Tell | None = None) -> Round:
    """Divide what was fixed. Done before: nothing happens.

    Raises
    ------
    UnknownRound
        If there is no such round.
    """
    row = Round.objects.get(pk=round_id)
    if row.status != RoundStatus.TAKEN:
        return row
    assert row.practices_csv is not None
    assert row.wishes_csv is not None
    divided = divide(
        bytes(row.practices_csv),
        bytes(row.wishes_csv),
        goals=_goals_of(row),
        groups=_groups_of(row),
        tell=tell,
    )
    return _keep(row.pk, divided, number=1, before=RoundStatus.TAKEN, at=at)


def verify_round(*, round_id: int, at: datetime) -> Round:
    """Let other code than the solver's check the newest division.

    Done before: nothing happens.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotVerified
        If anything does not stand up; the round stays as it is.
    """
    row = Round.objects.get(pk=round_id)
    if row.status != RoundStatus.SOLVED:
        return row
    newest = row.round_passes.order_by("-number").first()
    assert newest is not None
    check_again(row, newest)
    with transaction.atomic():
        row = lock_round(round_id)
        if row.status == RoundStatus.SOLVED:
            row.status = next_round_status("verify", row.status)
            row.progress = None
            row.save(update_fields=["status", "progress"])
            add_round_event(row, "verified", actor=SYSTEM, at=at, number=newest.number)
    return row


def check_again(row: Round, one: RoundPass) -> None:
    """Compute hash, counts and proof of one division anew from the stored files.

    Raises
    ------
    NotVerified
        With the first thing that does not stand up.
    """
    wishes = one.wishes_csv if one.wishes_csv is not None else row.wishes_csv
    if row.practices_csv is None or wishes is None:
        raise NotVerified(_("The files of this round are no longer kept."))
    wrong = check_division(
        bytes(row.practices_csv),
        bytes(wishes),
        bytes(one.moves_csv),
        one.receipt,
        on=localdate(row.taken_at),
    )
    if wrong:
        raise NotVerified(
            _("The division does not stand up to the check: %(what)s")
            % {"what": wrong[0]}
        )


def resolve_round(*, round_id: int, at: datetime, tell: Tell | None = None) -> Round:
    """Divide again what came free after a "no", among the confirmed moves.

    Confirmed moves that leaned on a "no" fall, and their households take part again. A
    round that is not closed is left as it is; so is one in which nobody more can move.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotNow
        If proposals were made often enough.
    """
    row = Round.objects.get(pk=round_id)
    if row.status != RoundStatus.CLOSED:
        return row
    number = row.passes + 1
    if number > MOST_PASSES:
        raise NotNow(
            _("Proposals were made %(n)s times. Carry out what is confirmed.")
            % {"n": row.passes}
        )
    assert row.practices_csv is not None
    assert row.wishes_csv is not None
    answered = read_answers(row)
    divided = divide_again(
        bytes(row.practices_csv),
        bytes(row.wishes_csv),
        goals=_goals_of(row),
        answered=answered,
        tell=tell,
    )
    if not divided.is_new:
        with transaction.atomic():
            row = lock_round(round_id)
            if row.status == RoundStatus.CLOSED:
                row.progress = None
                row.save(update_fields=["progress"])
                add_round_event(row, "nothing-left", actor=SYSTEM, at=at)
        return row
    return _keep(row.pk, divided, number=number, before=RoundStatus.CLOSED, at=at)


def read_answers(row: Round) -> Answered:
    """Return what was answered in a round so far, in the names of the round."""
    keys: dict[int, str] = dict(
        RoundWish.objects.filter(round=row).values_list("wish_id", "key")
    )
    confirmed: dict[str, str] = {}
    refused: set[tuple[str, str]] = set()
    out: set[str] = set()
    for move in Move.objects.filter(round=row).only(
        "wish_id",
        "to_service_id",
        "status",
        "household_answer",
        "household_reason",
        "practice_answer",
    ):
        key, practice = keys[move.wish_id], str(move.to_service_id)
        if move.status in (MoveStatus.CONFIRMED, MoveStatus.EXECUTED):
            confirmed[key] = practice
        elif _is_out(move):
            out.add(key)
        elif move.status in (
            MoveStatus.DECLINED,
            MoveStatus.REFUSED,
            MoveStatus.EXPIRED,
        ):
            refused.add((key, practice))
    waits = set(
        Wish.objects.filter(pk__in=keys, status=WishStatus.WAITING).values_list(
            "pk", flat=True
        )
    )
    out |= {keys[pk] for pk in keys if pk not in waits and keys[pk] not in confirmed}
    return Answered(confirmed=confirmed, refused=frozenset(refused), out=frozenset(out))


def _is_out(move: Move) -> bool:
    """Whether a household wants no other proposal of this round, or did not answer."""
    if move.status == MoveStatus.EXPIRED:
        return move.household_answer != Answer.YES
    return move.status == MoveStatus.DECLINED and move.household_reason in _OUT


@transaction.atomic
def _keep(
    round_id: int, divided: Divided, *, number: int, before: RoundStatus, at: datetime
) -> Round:
    """Write a division, if it is still asked."""
    row = lock_round(round_id)
    if row.status != before or row.passes + 1 != number:
        return row
    row.status = next_round_status("solve", row.status)
    row.moves_csv = divided.moves_csv
    row.receipt = dict(divided.receipt)
    if divided.fairness is not None:
        row.fairness = dict(divided.fairness)
    row.save(
        update_fields=["status", "moves_csv", "receipt", "fairness"],
    )
    RoundPass.objects.create(
        round=row,
        number=number,
        wishes_csv=divided.wishes_csv,
        moves_csv=divided.moves_csv,
        receipt=dict(divided.receipt),
        solved_at=at,
    )
    _keep_totals(row, divided)
    _keep_outcomes(row, divided.outcomes)
    fallen = _let_fall(row, divided.suspended, at=at)
    add_round_event(
        row,
        "solved",
        actor=SYSTEM,
        at=at,
        number=number,
        moved_people=divided.receipt["moved_people"],
        bound_people=divided.receipt["bound_people"],
        fallen=fallen,
        input_sha256=divided.receipt["input_sha256"],
    )
    return row


def _keep_totals(row: Round, divided: Divided) -> None:
    practices = list(RoundPractice.objects.filter(round=row))
    for one in practices:
        total = divided.totals[str(one.service_id)]
        one.people_in, one.people_out = total.people_in, total.people_out
        one.load_in, one.load_out = total.load_in, total.load_out
        if total.seat_price is not None:
            # Below zero: one more place serves people of an earlier class, and so
            # fewer in all. On no account do more people move.
            one.seat_price = max(0, total.seat_price)
    RoundPractice.objects.bulk_update(
        practices,
        ["people_in", "people_out", "load_in", "load_out", "seat_price"],
        batch_size=1000,
    )


def _keep_outcomes(row: Round, outcomes: Mapping[str, Mapping[str, Any]]) -> None:
    changed = []
    for one in RoundWish.objects.filter(round=row, key__in=list(outcomes)):
        one.outcome = dict(outcomes[one.key])
        changed.append(one)
    RoundWish.objects.bulk_update(changed, ["outcome"], batch_size=2000)


def _let_fall(row: Round, suspended: frozenset[str], *, at: datetime) -> int:
    """Let confirmed moves fall that leaned on somebody's "no"."""
    if not suspended:
        return 0
    wish_ids = RoundWish.objects.filter(round=row, key__in=suspended).values_list(
        "wish_id", flat=True
    )
    return let_fall(row, list(wish_ids), at=at)


def let_fall(row: Round, wish_ids: list[int], *, at: datetime) -> int:
    """Let the live moves of these wishes in a round fall; the households are told.

    The wishes wait again, in their old place in line.
    In the caller's transaction. Locks the wishes, then the moves.
    """
    wishes = {
        wish.pk: wish
        for wish in Wish.objects.select_for_update()
        .filter(pk__in=wish_ids)
        .order_by("pk")
    }
    moves = list(
        Move.objects.select_for_update()
        .filter(
            round=row,
            wish_id__in=wish_ids,
            status__in=[MoveStatus.PROPOSED, MoveStatus.CONFIRMED],
        )
        .order_by("pk")
    )
    for move in moves:
        move.status = next_move_status("fall", move.status)
        move.closed_at = at
        move.save(update_fields=["status", "closed_at"])
        wish = wishes[move.wish_id]
        let_wish_wait(wish, move, kind="fallen", actor=SYSTEM, at=at)
        tell_household(wish, NEWS, at=at, key=f"fallen-{move.pk}")
    return len(moves)


def _goals_of(row: Round) -> Goals:
    assert row.taken_at is not None
    return Goals(
        mechanism=row.mechanism,
        levels=tuple(row.levels),
        is_guarded=row.is_guarded,
        seed=row.seed,
        on=localdate(row.taken_at),
    )


def _groups_of(row: Round) -> Mapping[str, Mapping[str, str]]:
    """Return name of the round -> group -> label, for what the files do not tell."""
    return {
        key: {
            "reason": reason,
            "channel": "assisted" if helper is not None or desk else "digital",
        }
        for key, reason, helper, desk in RoundWish.objects.filter(
            round=row
        ).values_list(
            "key", "wish__reason", "wish__helper_id", "wish__helper_organization_id"
        )
    }
