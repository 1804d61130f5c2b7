"""``wijkspil simulate``: what the design is worth, played on a region.

Only reads: the database is not migrated and its session refuses to write.
"""

import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from wijkspil.config import runtime
from wijkspil.config.cli_progress import show_progress
from wijkspil.config.demo import choose_place
from wijkspil.core.errors import InvalidValue

if TYPE_CHECKING:
    from wijkspil_engines.desk import Result

simulate_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Check the design by simulation, on the areas and teams of a region.",
)
console = Console()


@simulate_app.callback()
def _group() -> None:
    """Keep ``desk`` a command of its own while it is the only one."""


# The place for ``simulate night`` (wijkspil_engines.dispatch.simulate_night).


@simulate_app.command()
def desk(
    context: typer.Context,
    region: Annotated[
        str | None,
        typer.Option(
            help="Region of a demo, as HAAGLANDEN; without, the invented one."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    days: Annotated[int, typer.Option(min=1, max=365)] = 28,
    supply: Annotated[
        float,
        typer.Option(min=0.05, max=10.0, help="Places that come free per request."),
    ] = 1.0,
    no_sweep: Annotated[
        bool, typer.Option("--no-sweep", help="Do not vary the assumptions.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures.")
    ] = None,
    markdown_file: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="Write a dated report."),
    ] = None,
) -> None:
    """Place the same requests as today and by Wijkspil, and compare.

    Needs a region filled by ``wijkspil demo`` or ``wijkspil generate``. With
    DATABASE_URL set it reads that database.
    """
    for file in (json_file, markdown_file):
        _check_writable(file)
    started = time.monotonic()
    name = start_reading(region=region, database=_database(context))
    from django.utils import timezone

    from wijkspil.referrals.fictional.desk_study import study_desk
    from wijkspil_engines.desk import Assumptions, to_figures, to_markdown

    at: datetime = timezone.now()
    with show_progress(console) as progress:
        result = study_desk(
            seeds=range(1, seeds + 1),
            days=days,
            assumptions=Assumptions(supply=supply),
            at=at,
            progress=progress,
            with_sweep=not no_sweep,
        )
    _show(result, name)
    console.print(f"{time.monotonic() - started:.0f} s")
    if json_file is not None:
        figures = {"region": name, "day": at.date().isoformat(), **to_figures(result)}
        json_file.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    if markdown_file is not None:
        day = timezone.localdate(at)
        markdown_file.write_text(to_markdown(result, region=name, day=day))


def start_reading(*, region: str | None, database: str) -> str:
    """Set Django up on a database for reading; return the name of the region.

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


def _database(context: typer.Context) -> str:
    parent = context.find_root().params
    return str(parent.get("database") or runtime.DEFAULT_DATABASE)


def _check_writable(file: Path | None) -> None:
    """Refuse a file that cannot be written before the work is done, not after."""
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise InvalidValue(
            f"{file} cannot be written: give a file in a folder that exists."
        )


def _show(result: "Result", region: str) -> None:
    from wijkspil_engines.desk import FIGURES, HEADLINES, WAYS
    from wijkspil_engines.desk.report import (
        FIRST_WORDS,
        LABELS,
        is_decided,
        say_short,
        say_together,
    )

    console.print(FIRST_WORDS, style="bold")
    runs = result.runs
    table = Table(
        title=f"{region}: {len(runs)} seeds, {len(runs[0].problem.requests)} requests, "
        f"supply {result.assumptions.supply:g}; mean ± 95 %",
        title_justify="left",
    )
    table.add_column("")
    for title in (*WAYS, "difference"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, (says, decimals, scale) in LABELS.items():
        difference = result.differences[name]
        means = [result.means[way][name] if name in FIGURES else None for way in WAYS]
        table.add_row(
            says,
            *(
                "" if each is None else say_short(each, decimals, scale)
                for each in means
            ),
            say_short(difference, decimals, scale),
            style=None if is_decided(difference) else "dim",
        )
    table.caption = "Dim: no difference that can be told from chance."
    console.print(table)
    if result.night is None:
        console.print("Night arrival: not simulated in this run.")
    for headline in HEADLINES:
        says, decimals, _scale = LABELS[headline]
        swings = result.largest_swings(headline)
        if not swings:
            return
        table = Table(
            title=f"What moves the difference most: {says} "
            f"({swings[0].at_value:+.{decimals}f} as taken)",
            title_justify="left",
        )
        for title in ("assumption", "from", "difference", "to", "difference"):
            table.add_column(
                title, justify="left" if title == "assumption" else "right"
            )
        for swing in swings:
            row = swing.assumption
            table.add_row(
                row.unit,
                f"{row.low:g}",
                f"{swing.at_low:+.{decimals}f}",
                f"{row.high:g}",
                f"{swing.at_high:+.{decimals}f}",
            )
        console.print(table)
        count = len(result.assumptions.as_mapping())
        for joint in result.together:
            if joint.headline == headline:
                console.print(say_together(joint, count))
