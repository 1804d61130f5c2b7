"""Write the trail of access to personal data. Reading it is for the auditor."""

from collections.abc import Sequence
from datetime import datetime

from wijkspil.core.models import AuditEvent


def record_access(
    *,
    at: datetime,
    actor_id: int | None,
    actor_label: str,
    action: AuditEvent.Action,
    entity_type: str,
    entity_ids: Sequence[int | str],
    purpose: str,
    fields: Sequence[str] = (),
) -> None:
    """Write one event per entity, in the caller's transaction (one query)."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=at,
            actor_id=actor_id,
            actor_label=actor_label,
            action=action,
            entity_type=entity_type,
            entity_id=str(entity_id),
            purpose=purpose,
            detail={"fields": list(fields)} if fields else {},
        )
        for entity_id in entity_ids
    )
