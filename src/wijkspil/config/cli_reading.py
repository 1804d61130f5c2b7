"""Read a fictional region from the command line: only read, whatever goes wrong."""

import os
from pathlib import Path

import typer

from wijkspil.config import runtime
from wijkspil.config.demo import choose_place
from wijkspil.core.errors import InvalidValue


def start_reading(*, region: str | None, database: str) -> str:
    """Set Django up on a database for reading; return the name of the region.

    The database is not migrated and its session refuses to write.

    Raises
    ------
    PostgresError
        If the embedded server cannot be started.
    InvalidValue
        If nothing was generated in this database.
    """
    from wijkspil.config import messages, postgres

    if not os.environ.get("DATABASE_URL"):
        if region is not None:
            database = choose_place(
                data=Path(), region=region, everything=False
            ).database
        server = postgres.ensure_running(postgres.default_data_dir())
        postgres.ensure_database(server, database)
        os.environ["DATABASE_URL"] = server.url(database)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    messages.compile_catalogues()
    import django

    django.setup()
    from django.db import ProgrammingError, connection

    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only TO on")
    from wijkspil.directory.fictional.store import is_generated

    try:
        if is_generated():
            return region or connection.settings_dict["NAME"]
    except ProgrammingError:
        # No tables yet, or those of another version: to be prepared as well.
        pass
    raise InvalidValue(
        f"{database}: there is no fictional region in it. Make one first: "
        "`wijkspil demo --no-serve` (with --data FOLDER --region NAME for real areas)."
    )


def database_of(context: typer.Context) -> str:
    """Return the database that was asked for with ``--database``."""
    parent = context.find_root().params
    return str(parent.get("database") or runtime.DEFAULT_DATABASE)


def check_writable(file: Path | None) -> None:
    """Refuse a file that cannot be written before the work is done, not after."""
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise InvalidValue(
            f"{file} cannot be written: give a file in a folder that exists."
        )
