"""Who was shown a person on duty? Written down at every showing, page or API."""

from collections.abc import Iterator
from datetime import datetime

from wijkspil.accounts.types import Actor
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.directory.selectors.responsibility import (
    DutyCard,
    Responsibility,
    WhoHelps,
)


def record_duty_views(
    *, actor: Actor, found: WhoHelps, purpose: str, at: datetime
) -> None:
    """Write one event per duty of which the person was shown.

    Nothing when no person was shown (no query), else one query. A duty that stands
    in several places of an answer counts once.
    """
    seen = {
        duty.id: None
        for answer in found.by_care.values()
        for duty in _duties(answer)
        if duty.person_name or duty.phone
    }
    if seen:
        record_access(
            at=at,
            actor_id=actor.user_id,
            actor_label=actor.label,
            action=AuditEvent.Action.READ,
            entity_type="duty-period",
            entity_ids=list(seen),
            purpose=purpose,
            fields=["person_name", "phone"],
        )


def _duties(answer: Responsibility) -> Iterator[DutyCard]:
    for card in (answer.now, answer.on_duty, answer.next_in_line):
        if isinstance(card, DutyCard):
            yield card
