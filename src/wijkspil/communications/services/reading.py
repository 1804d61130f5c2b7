"""Mark messages as read."""

import uuid
from datetime import datetime

from wijkspil.accounts.types import Actor
from wijkspil.communications.errors import unknown_message
from wijkspil.communications.models import Communication
from wijkspil.communications.selectors.inbox import inbox_of


def mark_read(*, actor: Actor, message_id: uuid.UUID, at: datetime) -> None:
    """Mark one message as read; the first who reads it counts.

    Raises
    ------
    UnknownMessage
        If there is none, or it is for others.
    """
    found = inbox_of(actor)
    if found is None or not found.filter(pk=message_id).exists():
        raise unknown_message()
    found.filter(pk=message_id, read_at=None).update(
        read_at=at, read_by_id=actor.user_id
    )


def mark_all_read(*, actor: Actor, until: datetime, at: datetime) -> int:
    """Mark what came at or before ``until`` as read and return how many (one query).

    ``until`` is when the reader's page was made: what came later was not seen.
    """
    found = inbox_of(actor)
    if found is None:
        return 0
    return found.filter(read_at=None, created_at__lte=until).update(
        read_at=at, read_by_id=actor.user_id
    )


def mark_older_read(before: datetime, *, at: datetime) -> int:
    """Mark everybody's messages from before a moment as read; return how many.

    For a demo, in which nobody was there to read them; read is not e-mailed either.
    """
    return Communication.objects.filter(read_at=None, created_at__lt=before).update(
        read_at=at
    )
