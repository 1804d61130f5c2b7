"""Bring the process to where Django can work: database, settings, tables, words.

Every command that needs the application calls ``start_application`` first. With
``DATABASE_URL`` set it uses that server; without, it starts the embedded one.
"""

import os
import signal
import subprocess
import sys
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


def serve(*, host: str, port: int, workers: int) -> None:
    """Serve the site with granian, the timers beside it, until interrupted.

    The timers run in a process of their own; when they stop, for whatever reason, the
    site goes on and says so. Their deadlines are in the database, so nothing is lost.
    """
    timers = subprocess.Popen([sys.executable, "-m", "wijkspil.config.worker"])
    site = subprocess.Popen(_granian(host=host, port=port, workers=workers))
    signal.signal(signal.SIGTERM, lambda *_: site.terminate())
    try:
        code = site.wait()
    except KeyboardInterrupt:
        code = site.wait()
    finally:
        timers.terminate()
        timers.wait()
    sys.exit(code)


def _granian(*, host: str, port: int, workers: int) -> list[str]:
    granian = Path(sys.executable).with_name("granian")
    return [
        str(granian),
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        # One thread a worker: threads that wait for the interpreter lock doubled
        # the slowest answers. More at once takes more workers.
        "--blocking-threads",
        "1",
        "--no-ws",
        "wijkspil.config.wsgi:application",
    ]
