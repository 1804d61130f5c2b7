"""``wijkspil simulate``: what the design is worth, played on a region.

Only reads: the database is not migrated and its session refuses to write.
"""

import json
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from wijkspil.config.cli_progress import show_progress
from wijkspil.config.cli_reading import check_writable, database_of, start_reading
from wijkspil.config.cli_simulate_night import night

if TYPE_CHECKING:
    from wijkspil_engines.desk import NightArrival, Result

simulate_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Check the design by simulation, on the areas and teams of a region.",
)
console = Console()


simulate_app.command()(night)


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
    nights: Annotated[
        int, typer.Option(min=0, max=100_000, help="Nights; 0 leaves them out.")
    ] = 10_000,
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
        check_writable(file)
    started = time.monotonic()
    name = start_reading(region=region, database=database_of(context))
    from django.utils import timezone

    from wijkspil.calls.fictional.night_study import (
        NightAssumptions,
        as_night_arrival,
        choose_evening,
        study_nights,
    )
    from wijkspil.referrals.fictional.desk_study import study_desk
    from wijkspil_engines.desk import Assumptions, to_figures, to_markdown

    at: datetime = timezone.now()
    day = timezone.localdate(at)
    with show_progress(console) as progress:
        result = study_desk(
            seeds=range(1, seeds + 1),
            days=days,
            assumptions=Assumptions(supply=supply),
            at=at,
            progress=progress,
            with_sweep=not no_sweep,
        )
        if nights:
            found = study_nights(
                evening=choose_evening(day),
                n_nights=nights,
                seed=0,
                assumptions=NightAssumptions(),
                progress=progress,
                with_sweep=not no_sweep,
            )
            result = replace(result, night=as_night_arrival(found))
    _show(result, name)
    console.print(f"{time.monotonic() - started:.0f} s")
    if json_file is not None:
        figures = {"region": name, "day": day.isoformat(), **to_figures(result)}
        json_file.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    if markdown_file is not None:
        markdown_file.write_text(to_markdown(result, region=name, day=day))


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
    _show_night(result.night)
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


def _show_night(night: "NightArrival | None") -> None:
    from wijkspil_engines.desk.report import say_short, say_worst

    if night is None:
        console.print("Night arrival: not simulated in this run.")
        return
    pooled, separate, gain = (
        say_short(each, 1, 100)
        for each in (night.pooled, night.separate, night.difference)
    )
    console.print(
        f"Night arrival within {night.minutes:g} minutes: {pooled} % pooled, "
        f"{separate} % separate, difference {gain} ({night.n_nurses} nurses, "
        f"{night.calls_a_night:.1f} calls a night, {night.n_nights} nights)."
    )
    if night.worst:
        console.print(f"{say_worst(night)}.", markup=False)
    for swing in night.swings[:3]:
        console.print(
            f"  {swing.unit}, {swing.low:g} to {swing.high:g}: pooled "
            f"{100 * swing.pooled_at_low:.1f} to {100 * swing.pooled_at_high:.1f} %, "
            f"separate {100 * swing.separate_at_low:.1f} to "
            f"{100 * swing.separate_at_high:.1f} %",
            markup=False,
        )
