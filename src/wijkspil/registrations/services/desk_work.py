"""The desk of a practice ticks off what it entered, and which records it sent on."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.registrations.models import Move
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.services.trail import add_wish_event
from wijkspil.registrations.types import MoveStatus


@transaction.atomic
def tick_work(
    *,
    actor: Actor,
    service_id: int,
    move_ids: Collection[int],
    is_done: bool = True,
    at: datetime,
) -> int:
    """Tick work off, or take a tick back; return how many rows changed.

    Of a household that comes it is the registration, of one that leaves the record. A
    row that is not this practice's, or was ticked already, is left as it is. Locks the
    rows.

    Raises
    ------
    UnknownService
        If there is no such practice.
    NotPermitted
        If it is not the actor's practice.
    """
    check_can_keep_list(actor, get_service_target(service_id))
    changed = 0
    for move in (
        Move.objects.select_for_update(of=("self",))
        .select_related("wish")
        .filter(
            Q(to_service_id=service_id) | Q(from_service_id=service_id),
            pk__in=list(move_ids),
            status=MoveStatus.EXECUTED,
        )
        .order_by("pk")
    ):
        is_in = move.to_service_id == service_id
        field = "worked_at" if is_in else "record_sent_at"
        if (getattr(move, field) is not None) == is_done:
            continue
        setattr(move, field, at if is_done else None)
        move.save(update_fields=[field])
        if is_done:
            add_wish_event(
                move.wish,
                "entered" if is_in else "record-sent",
                actor=actor,
                at=at,
                move_id=move.pk,
                service_id=service_id,
            )
        changed += 1
    return changed
