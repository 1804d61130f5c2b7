"""Serve the site at a moment of its own, so that a journey can play a whole day.

``python -m tests.e2e.clocked PORT MOMENT``. ``/_clock?at=MOMENT`` moves the clock and
then does once what the worker does every minute. The product knows nothing of it: only
``time`` itself is moved.
"""

import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import time_machine


def main() -> None:
    port, moment = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    with time_machine.travel(moment, tick=True) as clock:
        import django

        django.setup()
        from django.core.servers.basehttp import (
            ThreadedWSGIServer,
            WSGIRequestHandler,
        )

        from wijkspil.config.wsgi import application

        class Quiet(WSGIRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: a journey tells what went wrong."""

        server = ThreadedWSGIServer(("127.0.0.1", port), Quiet)
        server.set_app(_with_clock(application, clock.move_to))
        server.serve_forever()


def _with_clock(
    application: WSGIApplication, move_to: Callable[[datetime], None]
) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/_clock":
            return application(environ, start)
        move_to(datetime.fromisoformat(parse_qs(environ["QUERY_STRING"])["at"][0]))
        do_what_the_worker_does()
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"moved"]

    return answer


def do_what_the_worker_does() -> None:
    """Run what is due every minute, and then the jobs that wait."""
    from django.utils import timezone
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from wijkspil.calls import tasks as calls
    from wijkspil.referrals import tasks as referrals

    now = int(timezone.now().timestamp())
    referrals.move_what_is_late(timestamp=now)
    calls.move_late_calls(timestamp=now)
    calls.report_the_night(timestamp=now)
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    with app.replace_connector(connector.get_worker_connector()) as worker:
        worker.run_worker(
            wait=False, install_signal_handlers=False, listen_notify=False
        )


if __name__ == "__main__":
    main()
