"""Tell all subscribers that wait, for at most some seconds."""

import time

from django.utils import timezone

from wijkspil.fhir.subscriptions.notifying import notify_next

#: Other work of the worker waits for this; what remains goes with the next sweep.
_LONGEST_RUN_S = 20.0


def tell_who_waits() -> int:
    """Tell what is due and return how many events were told.

    A system that does not answer is left alone for the rest of the round: the others
    need not wait for it.
    """
    told = 0
    silent: set[int] = set()
    stop_at_s = time.monotonic() + _LONGEST_RUN_S
    while time.monotonic() < stop_at_s:
        one = notify_next(at=timezone.now(), skip=frozenset(silent))
        if one is None:
            break
        told += one.events
        if one.error:
            silent.add(one.subscription_id)
    return told
