"""The ``wijkspil`` command: every thing that is done outside the browser.

Only wires: each command's work lives in the room it belongs to. Anticipated errors
end with a sentence and exit code 2, never with a traceback.
"""

import json
import os
import resource
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wijkspil.config import runtime
from wijkspil.config.cli_access import access
from wijkspil.config.cli_client import client_app
from wijkspil.config.cli_coverage import coverage_check
from wijkspil.config.cli_db import db_app
from wijkspil.config.cli_duty import duty_app
from wijkspil.config.cli_engines import routing_app
from wijkspil.config.cli_exchange import exchange_app
from wijkspil.config.cli_fhir import fhir_app
from wijkspil.config.cli_generate import generate
from wijkspil.config.cli_insight import insight_app
from wijkspil.config.cli_load import load
from wijkspil.config.cli_progress import show_progress
from wijkspil.config.cli_simulate import simulate_app
from wijkspil.config.cli_summary import (
    show_main_job,
    show_sandbox,
    show_summary,
)
from wijkspil.config.doctor import doctor

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console()

app.add_typer(db_app, name="db")
app.add_typer(client_app, name="client")
app.add_typer(routing_app, name="routing")
app.add_typer(exchange_app, name="exchange")
app.add_typer(duty_app, name="duty")
app.add_typer(simulate_app, name="simulate")
app.add_typer(fhir_app, name="fhir")
app.add_typer(insight_app, name="insight")
app.command()(doctor)
app.command("access")(access)


#: Commands that find the application started.
_ON_THE_APPLICATION = {
    "client",
    "load",
    "generate",
    "coverage-check",
    "duty",
    "fhir",
    "migrate",
    "sandbox-tokens",
    "serve",
    "worker",
}


@app.callback()
def prepare(
    context: typer.Context,
    database: Annotated[
        str,
        typer.Option(
            help="Database on the embedded server, as in wijkspil_haaglanden."
        ),
    ] = runtime.DEFAULT_DATABASE,
) -> None:
    """Wijkspil: who is responsible here, now, and who has room."""
    if context.invoked_subcommand in _ON_THE_APPLICATION:
        runtime.start_application(database=database)


app.command()(load)
app.command()(generate)
app.command("coverage-check")(coverage_check)


@app.command()
def migrate() -> None:
    """Create or update the tables (``demo`` and ``serve`` do it themselves)."""
    console.print("De tabellen zijn bijgewerkt.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 2,
) -> None:
    """Serve the site."""
    runtime.serve(host=host, port=port, workers=workers)


@app.command()
def worker() -> None:
    """Keep the time: late questions and owners (``serve`` and ``demo`` do it too)."""
    from wijkspil.config.worker import run_worker

    run_worker()


@app.command("sandbox-tokens")
def sandbox_tokens() -> None:
    """Print fixed tokens to connect a system with, on an invented region only."""
    from dataclasses import asdict

    from wijkspil.config.sandbox import keep_sandbox_tokens

    show_sandbox(console, [asdict(one) for one in keep_sandbox_tokens(at=_now())])


@app.command()
def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the publishers' open data: real areas."),
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Care office region in the data, as HAAGLANDEN.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole country in the data.")
    ] = False,
    supply: Annotated[
        float, typer.Option(min=0.1, max=3.0, help="Room against demand; 1 is even.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same region.")] = 1,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Throw this demo away and make it anew.")
    ] = False,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Stop after the summary.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the summary to this file.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Make a fictional region, show what is in it, and serve it.

    Without --data on invented geography; with it, on the real areas of a region.
    Each region has a database of its own, so that they never mix.
    """
    from wijkspil.config import demo as demo_room

    started = time.monotonic()
    choice = demo_room.choose_place(data=data, region=region, everything=everything)
    runtime.start_application(database=choice.database)
    with show_progress(console) as progress:
        summary = demo_room.prepare(
            choice,
            supply=supply,
            seed=seed,
            fresh=fresh,
            at=_now(),
            progress=progress,
        )
    summary["seconds"] = round(time.monotonic() - started, 1)
    summary["peak_mb"] = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1
    )
    show_summary(console, summary)
    show_main_job(console, summary)
    console.print(f"Klaar in {summary['seconds']} s. Open http://localhost:{port}/")
    if json_file is not None:
        json_file.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    if not no_serve:
        runtime.serve(host="127.0.0.1", port=port, workers=2)


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()


def main() -> None:
    """Run the command line; anticipated errors become one clear sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    try:
        app()
    except Exception as error:
        if not _is_anticipated(error):
            raise
        Console(stderr=True).print(f"[bold]wijkspil:[/bold] {error}", highlight=False)
        sys.exit(2)


def _is_anticipated(error: Exception) -> bool:
    from django.core.exceptions import ImproperlyConfigured

    from wijkspil.config.postgres import PostgresError
    from wijkspil.core.errors import WijkspilError

    return isinstance(error, (WijkspilError, PostgresError, ImproperlyConfigured))
