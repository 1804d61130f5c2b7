"""Who a household is: shown to the practice that takes it, and to the one it leaves.

To the new practice from the household's yes on; to the old one once it is carried out,
to send the record on. Every showing is written down.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from wijkspil.accounts.types import Actor
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.registrations.models import Move, WishMember
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.selectors.proposals import is_known_to_new
from wijkspil.registrations.services.household import read_member
from wijkspil.registrations.types import Consent, MoveStatus


@dataclass(frozen=True, slots=True)
class SeenMember:
    """One member as a practice sees them."""

    row: int
    name: str
    birth_date: date


@transaction.atomic
def show_to_practice(
    *,
    actor: Actor,
    service_id: int,
    move_ids: Collection[int],
    purpose: str,
    at: datetime,
    action: AuditEvent.Action = AuditEvent.Action.READ,
) -> dict[int, tuple[SeenMember, ...]]:
    """Return proposal -> who they are, and log it; what may not be seen is left out.

    Nobody of a household is in it once the time to keep it is over. Five queries.

    Raises
    ------
    UnknownService
        If there is no such practice.
    NotPermitted
        If it is not the actor's practice.
    """
    check_can_keep_list(actor, get_service_target(service_id))
    moves = [
        move
        for move in Move.objects.filter(pk__in=list(move_ids)).filter(
            Q(to_service_id=service_id) | Q(from_service_id=service_id)
        )
        if _may_see(move, service_id)
    ]
    of_wish: dict[int, list[SeenMember]] = {}
    numbers: dict[int, str] = {}
    for member in (
        WishMember.objects.filter(wish_id__in=[move.wish_id for move in moves])
        .exclude(consent=Consent.OBJECTED)
        .select_related("wish")
        .defer("wish__contact")
        .order_by("wish_id", "row")
    ):
        who = read_member(member)
        if who is not None:
            numbers[member.wish_id] = member.wish.number
            of_wish.setdefault(member.wish_id, []).append(
                SeenMember(member.row, who.name, who.birth_date)
            )
    if numbers:
        record_access(
            at=at,
            actor_id=actor.user_id,
            actor_label=actor.label,
            action=action,
            entity_type="household",
            entity_ids=sorted(numbers.values()),
            purpose=purpose,
        )
    return {
        move.pk: tuple(of_wish[move.wish_id])
        for move in moves
        if move.wish_id in of_wish
    }


def _may_see(move: Move, service_id: int) -> bool:
    if move.to_service_id == service_id:
        return is_known_to_new(move.status, move.household_answer)
    return move.status == MoveStatus.EXECUTED
