"""What the worker does: deliver what was sent, sweep what is due, remove the old."""

import time
import uuid

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.communications.services.delivering import Outcome, deliver_next
from wijkspil.communications.services.retention import remove_old_messages

#: Other work of the worker waits for this; what remains goes with the next sweep.
_LONGEST_RUN_S = 20.0


@app.task(pass_context=False)
def deliver_messages(communication_ids: list[str]) -> None:
    """Deliver what was just sent."""
    deliver_what_is_due([uuid.UUID(text) for text in communication_ids])


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="communications.sweep", pass_context=False)
def sweep_deliveries(timestamp: int) -> None:
    """Deliver what is due: failed before, or left by a worker that died."""
    deliver_what_is_due(None)


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="communications.retention", pass_context=False)
def remove_what_is_old(timestamp: int) -> None:
    """Remove messages of more than half a year ago."""
    remove_old_messages(at=timezone.now())


def deliver_what_is_due(communication_ids: list[uuid.UUID] | None) -> int:
    """Try what is due, for at most some seconds, and return how many were tried.

    A system that does not answer is left alone for the rest of the run: the others
    need not wait for it.
    """
    tried = 0
    silent: set[int] = set()
    stop_at_s = time.monotonic() + _LONGEST_RUN_S
    while time.monotonic() < stop_at_s:
        attempt = deliver_next(
            at=timezone.now(),
            communication_ids=communication_ids,
            skip_endpoint_ids=silent,
        )
        if attempt is None:
            break
        tried += 1
        if attempt.outcome is Outcome.FAILED and attempt.endpoint_id is not None:
            silent.add(attempt.endpoint_id)
    return tried
