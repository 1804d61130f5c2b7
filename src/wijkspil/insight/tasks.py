"""What the worker does for insight: scenarios that were asked, and what stopped."""

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.insight.services.running import mend_runs, run_scenario


@app.task(pass_context=False)
def compute_scenario(run_id: int) -> None:
    """Compute a scenario that somebody, or the night, asked for."""
    run_scenario(run_id=run_id, at=timezone.now(), clock=timezone.now)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="insight.runs", pass_context=False)
def mend_scenario_runs(timestamp: int) -> None:
    """Take up again what lost its worker, or mark it as failed."""
    mend_runs(at=timezone.now())
