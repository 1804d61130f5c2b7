"""``wijkspil db``: start, stop, look at, copy out and put back the embedded database.

Only wires ``wijkspil.config.postgres`` to the command line; starts no Django. With
``DATABASE_URL`` set Wijkspil runs on that server and does not use the embedded one, so
these commands refuse rather than act on data nobody looks at.
"""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from wijkspil.config import postgres
from wijkspil.config.postgres.errors import (
    DatabaseMissing,
    EmbeddedUnused,
    NotRunning,
)

db_app = typer.Typer(
    help="The embedded PostgreSQL: start|stop|status|dump|restore.",
    no_args_is_help=True,
)
console = Console()

DataDir = Annotated[
    Path | None,
    typer.Option(help="Data folder of the database, when not the usual one."),
]
Database = Annotated[
    str | None,
    typer.Option(help="Which database, when there is more than one."),
]


@db_app.command()
def start(data_dir: DataDir = None) -> None:
    """Start the database; does nothing when it already runs."""
    server = postgres.ensure_running(_place(data_dir))
    console.print(f"The database runs. Its data: {server.data_dir}", soft_wrap=True)


@db_app.command()
def stop(data_dir: DataDir = None) -> None:
    """Stop the database; open work that was not saved is rolled back."""
    place = _place(data_dir)
    if postgres.stop(place):
        console.print("The database is stopped.")
    else:
        console.print("The database was not running.")


@db_app.command()
def status(data_dir: DataDir = None) -> None:
    """Show whether the database runs and where everything lies.

    Ends with code 1 when it does not run.
    """
    found = postgres.status(_place(data_dir))
    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("state", STATES[found.state])
    table.add_row("data folder", str(found.data_dir))
    if found.cluster and found.cluster.parent.parent != found.data_dir:
        table.add_row("data themselves", str(found.cluster))
    if found.log_dir:
        table.add_row("log", str(found.log_dir))
    if found.version:
        table.add_row("PostgreSQL", found.version)
    if found.pid:
        table.add_row("process", str(found.pid))
    if found.server:
        for name in postgres.list_databases(found.server):
            table.add_row("database", f"{name}  {found.server.url(name)}")
    console.print(table)
    if found.state != "running":
        raise typer.Exit(1)


@db_app.command()
def dump(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Write a database to one file, which only you may read."""
    server = postgres.ensure_running(_existing(data_dir))
    name = database or _only_database(server)
    with console.status(f"Writing {name}"):
        postgres.dump(server, name, file)
    size_mb = file.stat().st_size / 1e6
    console.print(f"Wrote {name} to {file} ({size_mb:.1f} MB).", soft_wrap=True)


@db_app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `dump` wrote.")],
    database: Database = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before replacing.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Replace a database by what a file holds, whole or not at all."""
    server = postgres.ensure_running(_place(data_dir))
    names = postgres.list_databases(server)
    name = database or (_only_database(server) if names else "wijkspil")
    if name in names and not yes:
        typer.confirm(f"Replace everything in {name} by {file}?", abort=True)
    with console.status(f"Reading {file}"):
        postgres.restore(server, name, file)
    console.print(f"Restored {name} from {file}.", soft_wrap=True)


STATES = {
    "absent": "there is no database here yet; make demo makes one",
    "stopped": "stopped; wijkspil db start starts it",
    "unresponsive": "alive but not answering; after a crash it recovers first",
    "running": "running",
}


def _place(data_dir: Path | None) -> Path:
    if data_dir is not None:
        return data_dir
    if os.environ.get("DATABASE_URL"):
        raise EmbeddedUnused(
            "DATABASE_URL is set, so Wijkspil does not use the embedded database.",
            why="This command would act on data nobody looks at.",
            remedy="Use that server's own tools (pg_dump, pg_restore), unset "
            "DATABASE_URL, or name the embedded one with --data-dir.",
        )
    return postgres.default_data_dir()


def _existing(data_dir: Path | None) -> Path:
    place = _place(data_dir)
    if postgres.status(place).state == "absent":
        raise NotRunning(
            f"There is no embedded database in {place} yet.",
            why="There is nothing to write out.",
            remedy="Make one first: make demo. Or name another with --data-dir.",
        )
    return place


def _only_database(server: postgres.Server) -> str:
    names = postgres.list_databases(server)
    if len(names) == 1:
        return names[0]
    raise DatabaseMissing(
        f"There are {len(names)} databases: {', '.join(names) or 'none'}.",
        why="The command acts on one.",
        remedy="Say which with --database NAME.",
    )
