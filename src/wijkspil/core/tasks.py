"""What the clock does for the core: answers kept for repeated writes go after a day."""

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.core.idempotency import KEPT_HOURS, remove_old_idempotency_records


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="core.idempotency", pass_context=False)
def remove_old_answers(timestamp: int) -> None:
    """Remove stored answers older than a day: they may name a person."""
    remove_old_idempotency_records(before=timezone.now() - timedelta(hours=KEPT_HOURS))
