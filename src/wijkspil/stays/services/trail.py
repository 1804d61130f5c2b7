"""What happened to a stay is written down; and who saw who it is about."""

from datetime import datetime
from typing import Any

from wijkspil.accounts.types import Actor
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.stays.models import StayEvent, StayRequest
from wijkspil.stays.types import EventKind

#: Who acts when the timers of the system do.
SYSTEM = Actor(label="Wijkspil", grants=())


def add_event(
    stay: StayRequest,
    kind: EventKind,
    *,
    actor: Actor,
    at: datetime,
    service_id: int | None = None,
    **detail: Any,
) -> None:
    """Add one line to the timeline, in the caller's transaction."""
    StayEvent.objects.create(
        stay=stay,
        at=at,
        kind=kind,
        actor_id=actor.user_id,
        actor_name=actor.label[:120],
        service_id=service_id,
        detail=detail,
    )


def record_patient_access(
    stay: StayRequest,
    *,
    actor: Actor,
    action: AuditEvent.Action,
    purpose: str,
    at: datetime,
) -> None:
    """Write in the audit trail that somebody saw or changed who the client is."""
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type="stay-patient",
        entity_ids=[stay.number],
        purpose=purpose,
    )
