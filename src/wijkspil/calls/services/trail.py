"""Write what happened to a call, and who saw who it is about."""

from datetime import datetime
from typing import Any

from wijkspil.accounts.types import Actor
from wijkspil.calls.models import Call, CallEvent
from wijkspil.calls.types import CallEventKind
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent

#: Who acts when the timers of the system do.
SYSTEM = Actor(label="Wijkspil", grants=())


def add_event(
    call: Call,
    kind: CallEventKind,
    *,
    actor: Actor,
    at: datetime,
    service_id: int | None = None,
    **detail: Any,
) -> None:
    """Add one line to the timeline, in the caller's transaction."""
    CallEvent.objects.create(
        call=call,
        at=at,
        kind=kind,
        actor_id=actor.user_id,
        actor_name=actor.label,
        service_id=service_id,
        detail=detail,
    )


def record_patient_access(
    numbers: list[str],
    *,
    actor: Actor,
    action: AuditEvent.Action,
    purpose: str,
    at: datetime,
) -> None:
    """Write in the audit trail that somebody saw or changed who a call is about."""
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type="call-patient",
        entity_ids=numbers,
        purpose=purpose,
    )
