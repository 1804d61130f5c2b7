"""Write the trail of access to personal data. Reading it is for the auditor."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wijkspil.core.models import AuditEvent
from wijkspil.core.prepared import run


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


_CALL = """
INSERT INTO core_auditevent
  (at, actor_id, actor_label, action, entity_type, entity_id, purpose, detail)
VALUES (%(at)s, NULL, %(actor)s, %(action)s, %(type)s, %(id)s, %(purpose)s, %(detail)s)
"""


def record_call(
    *,
    at: datetime,
    actor_label: str,
    action: AuditEvent.Action,
    entity_type: str,
    entity_id: str,
    purpose: str,
    detail: Mapping[str, Any],
) -> None:
    """Write one event of a call by a system (one query, made for thousands a minute).

    ``detail`` holds no values of what was asked or shown.
    """
    run(
        _CALL,
        {
            "at": at,
            "actor": actor_label,
            "action": action.value,
            "type": entity_type[:60],
            "id": entity_id[:60],
            "purpose": purpose[:200],
            "detail": json.dumps(detail),
        },
    )
