"""What the clock does: every minute what is late, every night what may go."""

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.stays.services.retention import remove_old_patients
from wijkspil.stays.services.timers import run_timers


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="stays.timers", pass_context=False)
def move_late_stays(timestamp: int) -> None:
    """Return beds that were not confirmed, escalate what is late, remind."""
    run_timers(at=timezone.now())


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="stays.retention", pass_context=False)
def remove_old_stay_patients(timestamp: int) -> None:
    """Remove who clients were, where the time to keep it has passed."""
    now = timezone.now()
    remove_old_patients(on=timezone.localdate(now), at=now)
