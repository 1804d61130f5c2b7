"""``wijkspil simulate night``: nights of a region from CSV files, without a database.

Also ``python -m wijkspil.config.cli_simulate_night``. Only wires files to the engine;
errors in a file end with one sentence and exit code 2.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wijkspil_engines.dispatch import InvalidProblem, NightProblem, NightResult
from wijkspil_engines.dispatch.csvio import run_night
from wijkspil_engines.dispatch.tables import InvalidFile


def night(
    wijken_file: Annotated[
        Path, typer.Argument(help="CSV file with the wijken and their calls.")
    ],
    teams_file: Annotated[
        Path, typer.Argument(help="CSV file with the teams on duty.")
    ],
    params_file: Annotated[
        Path | None, typer.Option("--params", help="JSON file with how a night goes.")
    ] = None,
    table_file: Annotated[
        Path | None,
        typer.Option(
            "--table",
            help="Driving times of OSRM or Valhalla (JSON) between all teams and "
            "wijken, in the order of the files.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    nights: Annotated[int, typer.Option(min=1, max=1_000_000)] = 10_000,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write each wijk here.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Wijken shown, worst first.")] = 10,
) -> None:
    """Say the chance, per wijk, that a nurse is there in time at night.

    With the nurses of all providers together, and with each provider for itself.
    """
    try:
        problem, result = run_night(
            wijken_file,
            teams_file,
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
