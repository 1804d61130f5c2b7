"""A proposal ends without a move: the household keeps its place in line."""

from datetime import datetime

from wijkspil.accounts.types import Actor
from wijkspil.registrations.models import Move, Wish
from wijkspil.registrations.policies import next_wish_status
from wijkspil.registrations.services.trail import add_wish_event
from wijkspil.registrations.types import WishStatus


def let_wish_wait(
    wish: Wish, move: Move, *, kind: str, actor: Actor, at: datetime
) -> None:
    """Let a wish wait again after its proposal ended; one that left stays away.

    In the caller's transaction, with the wish locked.
    """
    if wish.status != WishStatus.PROPOSED:
        return
    wish.status = next_wish_status("fall-back", wish.status)
    wish.save(update_fields=["status"])
    add_wish_event(
        wish,
        kind,
        actor=actor,
        at=at,
        move_id=move.pk,
        service_id=move.to_service_id,
    )
