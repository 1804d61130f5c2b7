"""What happened to a wish or a round is written down; and who saw who it is about."""

from datetime import datetime
from typing import Any

from wijkspil.accounts.types import Actor
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.registrations.models import Round, RoundEvent, Wish, WishEvent

#: Who acts when the timers of the system do.
SYSTEM = Actor(label="Wijkspil", grants=())


def add_wish_event(
    wish: Wish, kind: str, *, actor: Actor, at: datetime, **detail: Any
) -> None:
    """Add one line to the timeline of a wish, in the caller's transaction."""
    WishEvent.objects.create(
        wish=wish,
        at=at,
        kind=kind,
        actor_id=actor.user_id,
        actor_name=actor.label[:120],
        detail=detail,
    )


def add_round_event(
    round_: Round, kind: str, *, actor: Actor, at: datetime, **detail: Any
) -> None:
    """Add one step to the history of a round, in the caller's transaction."""
    RoundEvent.objects.create(
        round=round_,
        at=at,
        kind=kind,
        actor_id=actor.user_id,
        actor_name=actor.label[:120],
        detail=detail,
    )


def record_household_access(
    wish: Wish,
    *,
    actor: Actor,
    action: AuditEvent.Action,
    purpose: str,
    at: datetime,
) -> None:
    """Write in the audit trail that somebody saw or changed who a household is."""
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type="household",
        entity_ids=[wish.number],
        purpose=purpose,
    )
