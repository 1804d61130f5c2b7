"""``wijkspil access``: how accessible scarce care is, from files to a file.

Also ``python -m wijkspil.config.cli_access``. Neither Django nor a database; only
wires files to the engine. Errors in a file or option end with one sentence and exit
code 2.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wijkspil.config.cli_progress import show_progress
from wijkspil_engines.access import (
    MEASURES,
    Decay,
    Gaussian,
    InvalidProblem,
    Params,
    RaamParams,
    Result,
    Steps,
    Travel,
    solve,
)
from wijkspil_engines.access.csvio import read_problem, write_values
from wijkspil_engines.access.measures import Measure
from wijkspil_engines.csvfile import InvalidFile

Unit = Literal["minutes", "metres"]
#: Pairs up to which the slow second opinion is asked before writing.
_MOST_VERIFIED = 100_000
#: Without costs and threshold: who is further does not count, in minutes.
_FURTHEST_MINUTES = 60.0


def access(
    origins_file: Annotated[
        Path,
        typer.Argument(
            metavar="ORIGINS.csv",
            help="Areas: area_id,demand,x,y; x and y in metres (RD), needed without "
            "COSTS.csv.",
        ),
    ],
    supply_file: Annotated[
        Path,
        typer.Argument(
            metavar="SUPPLY.csv",
            help="Sites: site_id,supply,x,y, and open (yes or no: takes new people).",
        ),
    ],
    costs_file: Annotated[
        Path | None,
        typer.Argument(
            metavar="COSTS.csv",
            help="Pairs: area_id,site_id,cost, in minutes (or --unit). Without it from "
            "x and y: straight metres x --detour at --speed.",
        ),
    ] = None,
    out_file: Annotated[
        Path, typer.Option("--out", help="Write area_id,value here.")
    ] = ...,  # type: ignore[assignment]
    measure: Annotated[
        str, typer.Option(help=f"One of {', '.join(MEASURES)}.")
    ] = "e2sfca",
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Furthest that counts, in minutes (or --unit). Default 15 for 2sfca "
            "and within, the last step for the steps; 60 for raam and nearest "
            "without COSTS.csv.",
        ),
    ] = None,
    steps: Annotated[
        str, typer.Option(help="Weight up to each cost, in minutes (or --unit).")
    ] = "10:1.0,20:0.68,30:0.22",
    gaussian: Annotated[
        float | None,
        typer.Option(
            help="Sigma of a Gaussian decay instead of steps; asks threshold."
        ),
    ] = None,
    unit: Annotated[
        str, typer.Option(help="Of costs, threshold, steps, tau: minutes or metres.")
    ] = "minutes",
    detour: Annotated[
        float, typer.Option(help="Metres of road for each straight metre.")
    ] = 1.3,
    speed: Annotated[float, typer.Option(help="Speed in km/h.")] = 45.0,
    tau: Annotated[
        float,
        typer.Option(help="raam: travel that counts as much as the mean crowding."),
    ] = 60.0,
    cycles: Annotated[int, typer.Option(help="raam: rounds of choosing.")] = 150,
    nearest_sites: Annotated[
        int | None,
        typer.Option(help="raam: only so many nearest sites of each area."),
    ] = None,
    report_file: Annotated[
        Path | None, typer.Option("--report", help="Write the figures as JSON.")
    ] = None,
) -> None:
    """Compute how accessible scarce care is from each area.

    2sfca, e2sfca, 3sfca and balanced give supply for each unit of demand; raam the
    cost of travel and crowding (1: next door and as crowded as the mean); nearest the
    minutes or metres to the nearest site; within how many sites there are. An empty
    value: no site in reach (nearest, raam) or no demand (raam). Told in
    docs/algorithms/access.md.
    """
    started = time.perf_counter()
    with _saying_errors():
        params, furthest = _params(
            measure=measure,
            threshold=threshold,
            steps=steps,
            gaussian=gaussian,
            unit=unit,
            tau=tau,
            cycles=cycles,
            nearest_sites=nearest_sites,
            has_costs=costs_file is not None,
        )
        _check_files(origins_file, supply_file, costs_file, out_file, report_file)
        with _progress() as say:
            say("read")
            problem = read_problem(
                origins_file,
                supply_file,
                costs_file,
                threshold=furthest,
                unit=cast("Unit", unit),
                travel=Travel(detour=detour, speed_km_h=speed),
            )
            say(measure)
            result = solve(problem, params=params, clock=time.perf_counter)
            if problem.n_pairs <= _MOST_VERIFIED:
                say("verify")
                _verify(result)
            say("write")
            figures = _figures(result)
            with _writing(out_file) as stream:
                write_values(stream, result)
            if report_file is not None:
                with _writing(report_file) as stream:
                    json.dump(figures, stream, indent=1)
                    stream.write("\n")
    _show(figures, time.perf_counter() - started)


def _params(
    *,
    measure: str,
    threshold: float | None,
    steps: str,
    gaussian: float | None,
    unit: str,
    tau: float,
    cycles: int,
    nearest_sites: int | None,
    has_costs: bool,
) -> tuple[Params, float]:
    """Return what is asked, and beyond which cost pairs need not be made."""
    if measure not in MEASURES:
        raise InvalidProblem(
            f"{measure[:40]!r} is not known; use {', '.join(MEASURES)}",
            field="--measure",
        )
    if unit not in get_args(Unit):
        raise InvalidProblem(
            f"{unit[:40]!r} is not known; use minutes or metres", field="--unit"
        )
    if nearest_sites is not None and nearest_sites < 1:
        raise InvalidProblem(
            f"{nearest_sites} is not 1 or more", field="--nearest-sites"
        )
    decay: Decay = _steps(steps)
    last = cast("Steps", decay).steps[-1][0]
    if gaussian is not None:
        if threshold is None:
            raise InvalidProblem("asks --threshold", field="--gaussian")
        decay, last = Gaussian(gaussian, threshold), threshold
    edge = math.inf if threshold is None else threshold
    if threshold is None and measure in ("2sfca", "within"):
        if unit == "metres":
            raise InvalidProblem("is needed with metres", field="--threshold")
        edge = 15.0
    furthest = edge
    if measure in ("e2sfca", "3sfca", "balanced"):
        # The shares of 3SFCA are over all that have a weight, also beyond the edge.
        furthest = last if measure == "3sfca" else min(edge, last)
    elif not has_costs and math.isinf(edge):
        if unit == "metres":
            raise InvalidProblem("is needed with metres", field="--threshold")
        furthest = _FURTHEST_MINUTES
    params = Params(
        measure=cast("Measure", measure),
        threshold=edge,
        decay=decay,
        raam=RaamParams(tau=tau, cycles=cycles),
        nearest_sites=nearest_sites,
    )
    return params, furthest


def _steps(text: str) -> Steps:
    try:
        pairs = [each.split(":") for each in text.split(",")]
        made = tuple((float(until), float(weight)) for until, weight in pairs)
    except ValueError:
        raise InvalidProblem(
            f"{text[:60]!r} is not steps, as in 10:1.0,20:0.68,30:0.22",
            field="--steps",
        ) from None
    return Steps(made)


def _check_files(*files: Path | None) -> None:
    """Refuse to write what is read; the last two are written."""
    *read, out_file, report_file = files
    taken = {file.resolve() for file in read if file is not None}
    for file in (out_file, report_file):
        if file is None:
            continue
        if file.resolve() in taken:
            raise InvalidFile(f"{file}: is used twice; write to another file")
        taken.add(file.resolve())


def _verify(result: Result) -> None:
    from wijkspil_engines.access.verify import verify

    wrong = verify(result)
    if wrong:
        raise RuntimeError(f"the result does not hold: {'; '.join(wrong[:5])}")


def _figures(result: Result) -> dict[str, Any]:
    problem, values = result.problem, result.values
    has_value = ~np.isnan(values)
    people = problem.demand[has_value]
    mean = math.nan
    if people.sum() > 0:
        mean = float((values[has_value] * people).sum() / people.sum())
    reaches = np.zeros(problem.n, bool)
    is_open = problem.capacity > 0
    rows = np.repeat(np.arange(problem.n), np.diff(problem.start))
    reaches[rows[is_open[problem.site]]] = True
    return {
        "measure": result.params.measure,
        "unit": result.unit,
        "cost_unit": problem.cost_unit,
        "areas": problem.n,
        "sites": problem.m,
        "sites_with_room": int(is_open.sum()),
        "pairs": problem.n_pairs,
        "demand": float(problem.demand.sum()),
        "supply": float(problem.capacity.sum()),
        "demand_without_site": float(problem.demand[~reaches].sum()),
        "mean_by_demand": None if math.isnan(mean) else mean,
        "status": result.status,
        "seconds": round(result.runtime_s, 3),
        "algorithm": f"{result.algorithm} {result.version}",
        "input_hash": result.input_hash,
    }


def _show(figures: dict[str, Any], seconds: float) -> None:
    table = Table(show_header=False)
    for name, value in figures.items():
        if name not in ("seconds", "input_hash"):
            table.add_row(name, f"{value:.6g}" if type(value) is float else str(value))
    table.add_row("seconds", f"{figures['seconds']} of {seconds:.1f}")
    Console().print(table)


@contextmanager
def _writing(file: Path) -> Iterator[Any]:
    try:
        with file.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be written ({error.strerror})") from error


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Draw a bar for each step on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _step: None
        return
    with show_progress(console) as bars:
        yield lambda step: bars.start(step, 1)


@contextmanager
def _saying_errors() -> Iterator[None]:
    try:
        yield
    except (InvalidFile, InvalidProblem) as error:
        # A value from a file may look like markup: print it as it is.
        text = Text.assemble(("wijkspil:", "bold"), " ", str(error))
        Console(stderr=True).print(text, soft_wrap=True)
        raise typer.Exit(2) from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command alone."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("access")(access)
    app(prog_name="wijkspil access", args=list(arguments or sys.argv[1:]))


if __name__ == "__main__":
    main()
