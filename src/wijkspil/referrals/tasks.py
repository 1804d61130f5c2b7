"""What the worker does: every minute what is late, every night what may go.

Also, when somebody asks for it, what other agreements would have done.
"""

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.referrals.services.changes import release_kept_rooms
from wijkspil.referrals.services.offers import run_timers
from wijkspil.referrals.services.preview import run_preview
from wijkspil.referrals.services.retention import remove_old_patients


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="referrals.timers", pass_context=False)
def move_what_is_late(timestamp: int) -> None:
    """Remind, close what was not answered, ask the next team, escalate what is late."""
    now = timezone.now()
    run_timers(at=now)
    release_kept_rooms(at=now)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="referrals.retention", pass_context=False)
def remove_what_may_go(timestamp: int) -> None:
    """Remove who clients were, where the retention period has passed."""
    now = timezone.now()
    remove_old_patients(on=timezone.localdate(now), at=now)


@app.task(pass_context=False)
def preview_agreements(policy_id: int, run: str) -> None:
    """Look what a version of the agreements would have done with last month."""
    run_preview(policy_id=policy_id, run=run, at=timezone.now(), clock=timezone.now)
