"""What the worker does: steps of rounds, and what the clock asks."""

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.registrations.services import rehousing
from wijkspil.registrations.services.moves import run_answer_timers
from wijkspil.registrations.services.outlook import (
    refresh_all_outlooks,
    refresh_outlook,
)
from wijkspil.registrations.services.retention import remove_old_households
from wijkspil.registrations.services.rounds import run_round_timers, run_step
from wijkspil.registrations.services.wish_timers import run_wish_timers


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="registrations.rounds", pass_context=False)
def move_rounds_on(timestamp: int) -> None:
    """Close answers that are due, go on with steps that stopped, remind."""
    run_round_timers(at=timezone.now())


@app.task(pass_context=False)
def run_round_step(round_id: int, step: str) -> None:
    """Do a step of a round that somebody asked for."""
    run_step(round_id=round_id, step=step, at=timezone.now(), clock=timezone.now)


@app.task(pass_context=False)
def plan_rehousing(rehousing_id: int) -> None:
    """Place the people of a practice that stops."""
    rehousing.plan_rehousing(
        rehousing_id=rehousing_id, at=timezone.now(), clock=timezone.now
    )


@app.task(pass_context=False)
def refresh_outlook_of_region(region_id: int) -> None:
    """Play rounds of a region anew after one was carried out."""
    refresh_outlook(region_id=region_id, at=timezone.now())


@app.periodic(cron="41 2 * * *")
@app.task(queueing_lock="registrations.outlook", pass_context=False)
def refresh_outlooks(timestamp: int) -> None:
    """Play rounds of every region anew, each night."""
    refresh_all_outlooks(at=timezone.now())


@app.periodic(cron="17 7 * * *")
@app.task(queueing_lock="registrations.wishes", pass_context=False)
def ask_who_still_looks(timestamp: int) -> None:
    """Remind households to confirm their wish, and end what was not confirmed."""
    run_wish_timers(at=timezone.now())


@app.periodic(cron="29 3 * * *")
@app.task(queueing_lock="registrations.retention", pass_context=False)
def forget_old_households(timestamp: int) -> None:
    """Remove names and contact where the time to keep them has passed."""
    now = timezone.now()
    remove_old_households(on=timezone.localdate(now), at=now)


@app.periodic(cron="11 * * * *")
@app.task(queueing_lock="registrations.answers", pass_context=False)
def move_answers_on(timestamp: int) -> None:
    """Remind practices, and end registrations that nobody answered in time."""
    run_answer_timers(at=timezone.now())
