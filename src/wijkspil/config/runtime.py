"""Bring the process to where Django can work: database, settings, tables, words.

Every command that needs the application calls ``start_application`` first. With
``DATABASE_URL`` set it uses that server; without, it starts the embedded one.
"""

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

#: The database of the embedded server that commands use unless told otherwise.
DEFAULT_DATABASE = "wijkspil"


def start_application(*, database: str = DEFAULT_DATABASE) -> None:
    """Start the embedded PostgreSQL if needed, set Django up and migrate.

    ``database`` is used (and made) on the embedded server; ``DATABASE_URL`` names
    its own.

    Raises
    ------
    PostgresError
        If the embedded server cannot be started; says what to do.
    ImproperlyConfigured
        If a setting is wrong.
    """
    from wijkspil.config import messages, postgres

    if not os.environ.get("DATABASE_URL"):
        server = postgres.ensure_running(postgres.default_data_dir())
        postgres.ensure_database(server, database)
        os.environ["DATABASE_URL"] = server.url(database)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    messages.compile_catalogues()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def serve(*, host: str, port: int, workers: int, job_workers: int = 1) -> None:
    """Serve the site, the timers beside it, until SIGTERM, SIGINT or SIGHUP.

    Call it after ``start_application``. Web workers and timers are processes of their
    own: copies of this one, which has loaded the application. One that dies is started
    again, in milliseconds, and what it had in hand is in the database: deadlines are
    kept, messages go once more with the same id, and a write is done once under its
    Idempotency-Key. Ends with the code of the web workers if these cannot start.

    Raises
    ------
    InvalidValue
        If somebody listens on the port already: both would be given requests.
    """
    from django.urls import get_resolver

    from wijkspil.config import web, worker

    _check_is_free(host, port)
    # Loads all views, two seconds of work: each copy would do it anew, and a worker
    # that comes in the place of another has something better to do.
    _addresses = get_resolver().url_patterns
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_signal: asked.set())
    site = _Kept(
        SITE_NAME,
        lambda _is_first: web.run_site(host=host, port=port, workers=workers),
    )
    timers = [
        _Kept(TIMERS_NAME, lambda is_first: worker.run_worker(prepare=is_first))
        for _number in range(job_workers)
    ]
    while not asked.wait(_LOOK_EVERY_S) and not site.cannot_start:
        for kept in (site, *timers):
            kept.keep()
    for kept in (site, *timers):
        kept.ask_to_stop()
    for kept in (site, *timers):
        kept.stop()
    sys.exit(site.process.exitcode if site.cannot_start else 0)


def _check_is_free(host: str, port: int) -> None:
    from wijkspil.core.errors import InvalidValue

    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise InvalidValue(
            f"--port {port}: cannot listen there on {host} ({error.strerror}). Stop "
            "what uses it, or choose another port."
        ) from error


#: What the processes are called in a list of processes, where the system has that.
SITE_NAME, TIMERS_NAME = "wijkspil-web", "wijkspil-timers"
_LOOK_EVERY_S = 0.2
#: PR_SET_PDEATHSIG of Linux.
_TELL_WHEN_PARENT_DIES = 1
#: A process that lives shorter is not started again at once.
_SHORT_LIFE_S = 5.0
_LONGEST_PAUSE_S = 30.0
#: Longer than web workers take to answer what they have in hand.
_STOP_WITHIN_S = 40.0


class _Kept:
    """A process that is started again when it ends, sooner or later.

    ``work`` is told whether it is the first time.
    """

    def __init__(self, name: str, work: Callable[[bool], None]) -> None:
        self.name, self.work = name, work
        self.pause_s = 0.0
        self.may_start_at_s = 0.0
        self.has_lived = False
        self.start(is_first=True)

    def start(self, *, is_first: bool = False) -> None:
        from django.db import connections

        connections.close_all()  # no two processes may share one
        self.process = get_context("fork").Process(
            target=_run, args=(self.name, self.work, is_first)
        )
        self.process.start()
        self.started_at_s = time.monotonic()

    @property
    def cannot_start(self) -> bool:
        """Whether it ended at once, and never did anything else."""
        return not self.process.is_alive() and not self.has_lived

    def keep(self) -> None:
        """Start it again if it has ended; who ends soon waits longer each time."""
        now_s = time.monotonic()
        lived_s = now_s - self.started_at_s
        if self.process.is_alive():
            self.has_lived = self.has_lived or lived_s > _SHORT_LIFE_S
            return
        if not self.may_start_at_s:
            is_short = lived_s < _SHORT_LIFE_S
            self.pause_s = min(_LONGEST_PAUSE_S, self.pause_s * 2 + 1) * is_short
            self.may_start_at_s = now_s + self.pause_s
        if now_s >= self.may_start_at_s:
            self.may_start_at_s = 0.0
            self.start()

    def ask_to_stop(self) -> None:
        """Let it finish what it has in hand."""
        self.process.terminate()

    def stop(self) -> None:
        """Wait for its end; kill it when that takes too long."""
        self.process.join(_STOP_WITHIN_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _run(name: str, work: Callable[[bool], None], is_first: bool) -> None:
    """Work as a process of its own: Ctrl-C reaches the first process only."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        Path("/proc/self/comm").write_text(name)
        # Killed, the first process leaves nobody behind who answers in its place.
        ctypes.CDLL(None).prctl(_TELL_WHEN_PARENT_DIES, signal.SIGTERM)
    work(is_first)
