"""The process that keeps the time: late offers, late owners, and what may go.

Started beside the site by ``serve`` and ``demo``, or alone (``wijkspil worker``) on any
host with the same ``DATABASE_URL``; several do no harm. What is due stands in the
database, so a worker that dies is replaced by starting another.
"""

import os
import threading


def run_worker() -> None:
    """Do periodic work until stopped; Django is set up already.

    Beside it the engine that divides requests is compiled, the first time only, so
    that no coordinator waits for that.
    """
    from django.core.management import call_command

    from wijkspil.referrals.engine_io import prepare_engine

    threading.Thread(target=prepare_engine, daemon=True).start()
    call_command(
        "procrastinate", "worker", "--concurrency", "3", "--delete-jobs", "successful"
    )


def main() -> None:
    """Run as a process of its own, on the database of ``DATABASE_URL``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    import django

    django.setup()
    run_worker()


if __name__ == "__main__":
    main()
