"""The process that keeps the time: late offers, late owners, and what may go.

Started beside the site by ``serve`` and ``demo``, or alone (``wijkspil worker``) on any
host with the same ``DATABASE_URL``; several do no harm. What is due stands in the
database, so a worker that dies is replaced by starting another; what it had in hand
the others do again within about a minute.
"""

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procrastinate import App, JobContext

#: On a full machine who waits for a page goes first; work goes on at a third.
_NICENESS = 5
#: A worker tells every 10 s that it lives.
DEAD_AFTER_S = 30.0


def run_worker(*, prepare: bool = True) -> None:
    """Do periodic work until stopped; Django is set up already.

    With ``prepare`` the engine that divides requests is compiled beside it, so that no
    coordinator waits for that; who comes in the place of a worker need not.
    """
    from django.core.management import call_command
    from procrastinate.contrib.django.procrastinate_app import current_app

    from wijkspil.referrals.engine_io import prepare_engine

    os.nice(_NICENESS)
    add_take_over(current_app)
    if prepare:
        threading.Thread(target=prepare_engine, daemon=True).start()
    call_command(
        "procrastinate", "worker", "--concurrency", "3", "--delete-jobs", "successful"
    )


def add_take_over(app: "App") -> None:
    """Let each worker, every minute, take over the jobs of workers that died.

    Without it a job that a killed worker had in hand stays "doing" for ever. Every
    job of ours may be done twice.
    """
    from procrastinate.jobs import Status

    async def take_over(context: "JobContext", timestamp: int) -> None:
        jobs = context.app.job_manager
        for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_S):
            if job.queueing_lock:  # periodic: the next one does what is due
                await jobs.finish_job(job, Status.FAILED, delete_job=True)
            else:
                await jobs.retry_job(job)

    task = app.task(
        name="config.take_over", queueing_lock="config.take_over", pass_context=True
    )(take_over)
    app.periodic(cron="* * * * *")(task)


def main() -> None:
    """Run as a process of its own, on the database of ``DATABASE_URL``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    run_worker()


if __name__ == "__main__":
    main()
