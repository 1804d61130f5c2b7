"""Write what happened to a request, and who saw or changed who it is about."""

from datetime import datetime
from typing import Any

from wijkspil.accounts.types import Actor
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.models import RequestEvent, ServiceRequest
from wijkspil.referrals.services.ledger import note_unmet
from wijkspil.referrals.types import EventKind

#: Who acts when the timers of the system do.
SYSTEM = Actor(label="Wijkspil", grants=())


def add_event(
    request: ServiceRequest,
    kind: EventKind,
    *,
    actor: Actor,
    at: datetime,
    service_id: int | None = None,
    **detail: Any,
) -> None:
    """Add one line to the timeline, in the caller's transaction.

    What it says of demand that was not met goes in the region's ledger as well.
    """
    RequestEvent.objects.create(
        request=request,
        at=at,
        kind=kind,
        actor_id=actor.user_id,
        actor_name=actor.label,
        service_id=service_id,
        detail=detail,
    )
    note_unmet(request, kind, reason=str(detail.get("reason", "")), at=at)


def record_patient_access(
    request_id: int,
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
        entity_type="patient",
        entity_ids=[request_id],
        purpose=purpose,
    )
