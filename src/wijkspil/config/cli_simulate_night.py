"""``wijkspil simulate night``: nights of a region, from its database or from files.

Also ``python -m wijkspil.config.cli_simulate_night``. Only wires to the engine; errors
in a file end with one sentence and exit code 2.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wijkspil.config.cli_progress import show_progress
from wijkspil.config.cli_reading import check_writable, database_of, start_reading
from wijkspil.core.errors import InvalidValue
from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.dispatch import InvalidProblem, NightProblem, NightResult
from wijkspil_engines.dispatch.csvio import run_night, write_night

if TYPE_CHECKING:
    from wijkspil.calls.fictional.night_study import NightStudy


def night(
    context: typer.Context,
    region: Annotated[
        str | None,
        typer.Option(
            help="Region of a demo, as HAAGLANDEN; without, the invented one."
        ),
    ] = None,
    evening: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Whose duties: the night that begins on this day; without, the first "
            "one on a weekday.",
        ),
    ] = None,
    files: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="WIJKEN.CSV TEAMS.CSV",
            help="No database: the wijken with their calls, and the teams on duty.",
        ),
    ] = None,
    params_file: Annotated[
        Path | None,
        typer.Option("--params", help="With files: JSON with how a night goes."),
    ] = None,
    table_file: Annotated[
        Path | None,
        typer.Option(
            "--table",
            help="With files: driving times of OSRM or Valhalla (JSON) between all "
            "teams and wijken, in the order of the files.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    nights: Annotated[int, typer.Option(min=1, max=1_000_000)] = 10_000,
    no_sweep: Annotated[
        bool, typer.Option("--no-sweep", help="Do not vary the assumptions.")
    ] = False,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write each wijk here.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Wijken shown, worst first.")] = 10,
) -> None:
    """Say the chance, per wijk, that a nurse is there in time at night.

    With the nurses of all providers together, and with each provider for itself. On
    the areas and duties of a region made by ``wijkspil demo`` or ``generate``.
    """
    if files is None:
        if params_file is not None or table_file is not None:
            raise InvalidValue(
                "--params and --table go with --files; leave them out, or give files."
            )
        for file in (csv_file, json_file):
            check_writable(file)
        name = start_reading(region=region, database=database_of(context))
        study = _study(evening, nights, seed, with_sweep=not no_sweep)
        _show_study(study, name, most)
        if csv_file is not None:
            with csv_file.open("w", encoding="utf-8", newline="") as stream:
                write_night(stream, study.problem, study.result)
        if json_file is not None:
            from wijkspil.calls.fictional.night_study import to_figures

            figures = {"region_name": name, **to_figures(study)}
            json_file.write_text(
                json.dumps(figures, indent=1, ensure_ascii=False) + "\n",
                encoding="utf-8",
            )
        return
    if region is not None or evening is not None:
        raise InvalidValue(
            "--region and --evening do not go with --files: choose one of both."
        )
    try:
        problem, result = run_night(
            *files,
            params_file=params_file,
            table_file=table_file,
            seed=seed,
            n_nights=nights,
            csv_file=csv_file,
            json_file=json_file,
        )
    except (InvalidFile, InvalidProblem) as error:
        # A value from a file may look like markup: print it as it is.
        text = Text.assemble(("wijkspil:", "bold"), " ", str(error))
        Console(stderr=True).print(text, soft_wrap=True)
        raise typer.Exit(2) from error
    _show(problem, result, most)


def _study(
    evening: datetime | None, n_nights: int, seed: int, *, with_sweep: bool
) -> "NightStudy":
    from django.utils import timezone

    from wijkspil.calls.fictional.night_study import (
        NightAssumptions,
        choose_evening,
        study_nights,
    )

    with show_progress(Console()) as progress:
        return study_nights(
            evening=choose_evening(timezone.localdate())
            if evening is None
            else evening.date(),
            n_nights=n_nights,
            seed=seed,
            assumptions=NightAssumptions(),
            progress=progress,
            with_sweep=with_sweep,
        )


def _show_study(study: "NightStudy", name: str, most: int) -> None:
    from wijkspil.calls.fictional.night_study import FIRST_WORDS, describe

    console = Console()
    console.print(FIRST_WORDS, style="bold")
    console.print(
        f"{name}: {study.n_nurses} nurses go to calls. {describe(study)}",
        markup=False,
    )
    _show(study.problem, study.result, most)
    if study.result.gain is not None:
        gain, low, high = (100 * value for value in study.result.gain)
        console.print(
            f"pooled minus separate, the same calls: {gain:+.1f} points "
            f"({low:.1f} to {high:.1f})"
        )
    worse = study.worse_when_pooled
    if worse:
        keys = ", ".join(study.problem.wijken[row].key for row in worse)
        console.print(f"Less when pooled, intervals apart: {keys}", markup=False)
    if not study.ends:
        return
    table = Table(
        title=f"What moves these chances most, {study.sweep_nights} nights each",
        title_justify="left",
        caption="Not measured: what we hold for possible. All are in --json.",
    )
    table.add_column("assumption")
    for title in ("from", "pooled, separate", "to", "pooled, separate"):
        table.add_column(title, justify="right")
    for end in study.ends[:3]:
        row = end.assumption
        table.add_row(
            f"{row.unit} ({row.value:g})",
            f"{row.low:g}",
            f"{100 * end.pooled_at_low:.1f}, {100 * end.separate_at_low:.1f} %",
            f"{row.high:g}",
            f"{100 * end.pooled_at_high:.1f}, {100 * end.separate_at_high:.1f} %",
        )
    console.print(table)


def _show(problem: NightProblem, result: NightResult, most: int) -> None:
    console = Console()
    within = f"{result.params.within_min:g}"
    table = Table(title=f"There within {within} minutes", title_justify="left")
    table.add_column("wijk")
    table.add_column("calls a night", justify="right")
    for name in result.modes:
        table.add_column(name, justify="right")
    first = next(iter(result.modes.values()))
    rows = [i for i in range(len(problem.wijken)) if first.calls[i]]
    rows.sort(key=lambda i: (float(first.chance[i]), problem.wijken[i].key))
    for i in rows[:most]:
        table.add_row(
            problem.wijken[i].key,
            f"{problem.wijken[i].calls_per_night:.2f}",
            *(
                _percent(mode.chance[i], mode.chance_low[i], mode.chance_high[i])
                for mode in result.modes.values()
            ),
        )
    table.add_row(
        "region",
        f"{first.calls.sum() / result.n_nights:.2f}",
        *(_percent(*mode.region) for mode in result.modes.values()),
        style="bold",
    )
    table.caption = f"{result.n_nights} nights, 95 % intervals, an internal check"
    console.print(table)
    for team, part in zip(problem.teams, first.utilisation, strict=True):
        console.print(
            f"{team.key}: busy {100 * part:.0f} % of the night (pooled)", markup=False
        )


def _percent(chance: float, low: float, high: float) -> str:
    return f"{100 * chance:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def main() -> None:
    """Run this command alone."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(night)
    app(prog_name="wijkspil-night", args=sys.argv[1:])


if __name__ == "__main__":
    main()
