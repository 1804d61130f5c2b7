"""What the worker does for other systems: copy directories, tell them what changed.

Each minute it looks which are due; when a directory is asked next stands in the
database, spread at random, so that not all servers ask at once.
"""

from secrets import SystemRandom

from django.utils import timezone
from procrastinate.contrib.django import app

from wijkspil.fhir.exchange.services.staging import remove_old_staged
from wijkspil.fhir.services.publishing import publish_all
from wijkspil.fhir.services.replica import copy_directory, list_due
from wijkspil.fhir.services.upstream import list_due_upstream, push_directory
from wijkspil.fhir.subscriptions.rounds import tell_who_waits


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fhir.replicas", pass_context=False)
def bring_replicas_up_to_date(timestamp: int) -> None:
    """Copy what changed in the directories that are followed."""
    for directory_id in list_due(at=timezone.now()):
        copy_directory(
            directory_id=directory_id,
            clock=timezone.now,
            draw=SystemRandom().random,
        )


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fhir.upstream", pass_context=False)
def tell_other_directories(timestamp: int) -> None:
    """Send what changed of our own to the directories that are told of it."""
    for directory_id in list_due_upstream(at=timezone.now()):
        push_directory(
            directory_id=directory_id,
            clock=timezone.now,
            draw=SystemRandom().random,
        )


@app.task(pass_context=False)
def tell_subscribers() -> None:
    """Tell subscribers of what just changed."""
    tell_who_waits()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fhir.subscriptions", pass_context=False)
def sweep_subscriptions(timestamp: int) -> None:
    """Tell what failed before, or was left by a worker that died; beat the heart."""
    tell_who_waits()


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="fhir.staged", pass_context=False)
def remove_what_was_sent_ahead(timestamp: int) -> None:
    """Remove Patients that were sent ahead and that no request used within a day."""
    remove_old_staged(at=timezone.now())


@app.periodic(cron="51 2 * * *")
@app.task(queueing_lock="fhir.publishing", pass_context=False)
def publish_what_time_changed(timestamp: int) -> None:
    """Publish what no statement showed: periods that ended, areas divided anew."""
    publish_all()
