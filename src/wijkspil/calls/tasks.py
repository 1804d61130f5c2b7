"""What the clock does: every minute what is late, in the morning what was done."""

from datetime import UTC, datetime

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.calls.services.alerts import run_timers
from wijkspil.calls.services.reports import send_morning_reports
from wijkspil.calls.services.retention import remove_old_call_patients

#: Local hour in which the teams hear of the night, at a quarter to the next.
MORNING_REPORT_HOUR = 6


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="calls.timers", pass_context=False)
def move_late_calls(timestamp: int) -> None:
    """Alert the next nurse where nobody answered, and notice missed check-ins."""
    run_timers(at=timezone.now())


@app.periodic(cron="45 4,5 * * *")
@app.task(queueing_lock="calls.morning-report", pass_context=False)
def report_the_night(timestamp: int) -> None:
    """Tell the teams at 6.45 local: of both UTC hours the one that is it."""
    planned = datetime.fromtimestamp(timestamp, UTC)
    if timezone.localtime(planned).hour == MORNING_REPORT_HOUR:
        send_morning_reports(at=timezone.now())


@app.periodic(cron="37 3 * * *")
@app.task(queueing_lock="calls.retention", pass_context=False)
def remove_old_patients_of_calls(timestamp: int) -> None:
    """Remove who clients were, where the retention period has passed."""
    now = timezone.now()
    remove_old_call_patients(on=timezone.localdate(now), at=now)
