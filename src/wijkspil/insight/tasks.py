"""What the worker does for insight: scenarios that were asked, and what stopped."""

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.insight.services.refreshing import refresh_figures
from wijkspil.insight.services.running import (
    list_regions_to_compute,
    mend_runs,
    refresh_base_runs,
    run_scenario,
)
from wijkspil.insight.services.warnings import tell_subscribers


@app.task(pass_context=False)
def compute_scenario(run_id: int) -> None:
    """Compute a scenario that somebody, or the night, asked for."""
    run_scenario(run_id=run_id, at=timezone.now(), clock=timezone.now)


@app.periodic(cron="20 3 * * *")
@app.task(queueing_lock="insight.base-runs", pass_context=False)
def compute_base_scenarios(timestamp: int) -> None:
    """Compute the reference of every region in use anew, each night."""
    now = timezone.now()
    refresh_base_runs(region_ids=list_regions_to_compute(at=now), at=now)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="insight.runs", pass_context=False)
def mend_scenario_runs(timestamp: int) -> None:
    """Take up again what lost its worker, or mark it as failed."""
    mend_runs(at=timezone.now())


@app.periodic(cron="40 1 * * *")
@app.task(queueing_lock="insight.figures", pass_context=False)
def refresh_all_figures(timestamp: int) -> None:
    """Count every figure of the country anew."""
    refresh_figures(region_id=None, at=timezone.now())


@app.task(pass_context=False)
def refresh_figures_of(region_id: int) -> None:
    """Count the figures of one region anew, because somebody asked for it."""
    refresh_figures(region_id=region_id, at=timezone.now())


@app.periodic(cron="20 6 * * *")
@app.task(queueing_lock="insight.warnings", pass_context=False)
def warn_of_thresholds(timestamp: int) -> None:
    """Tell who asked for it of wijken that will newly fall short."""
    tell_subscribers(at=timezone.now())
