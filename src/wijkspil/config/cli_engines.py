"""``wijkspil routing``: run engines on files, without Django and without a database.

Also ``python -m wijkspil.config.cli_engines``. Only wires files to the engine; errors
in a file end with one sentence and exit code 2.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.routing import (
    AssignmentProblem,
    InvalidProblem,
    Policy,
    rank,
    solve,
    verify,
)
from wijkspil_engines.routing.csvio import (
    Region,
    read_region,
    write_assignment,
    write_ranking,
)

routing_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Rank teams for a request, or place many together, from CSV files.",
)

_RequestsFile = Annotated[Path, typer.Argument(help="CSV file with the requests.")]
_TeamsFile = Annotated[Path, typer.Argument(help="CSV file with the teams.")]
_PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="JSON file with order and weights.")
]
_OutFile = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write all rows here.")
]


@routing_app.command("rank")
def rank_files(
    requests_file: _RequestsFile,
    teams_file: _TeamsFile,
    request: Annotated[
        str | None, typer.Option(help="Only the request with this key.")
    ] = None,
    policy_file: _PolicyFile = None,
    csv_file: _OutFile = None,
    most: Annotated[int, typer.Option(min=1, help="Candidates shown.")] = 10,
) -> None:
    """Rank the teams for each request, with the reasons of those excluded."""
    with _saying_errors():
        region, policy = _read(requests_file, teams_file, policy_file)
        wanted = [r for r in region.requests if request in (None, r.key)]
        if not wanted:
            raise InvalidFile(f"{requests_file}: there is no request {request!r}")
        rankings = [rank(item, region.teams, policy) for item in wanted]
        if csv_file is not None:
            with _writing(csv_file) as stream:
                write_ranking(stream, rankings)
    console = Console()
    for ranking in rankings:
        table = Table(title=ranking.request.key, title_justify="left")
        for title in ("team", "provider", "score", "warnings"):
            table.add_column(title)
        for candidate in ranking.candidates[:most]:
            table.add_row(
                candidate.key,
                candidate.provider,
                f"{candidate.score:.3f}",
                ", ".join(candidate.warnings),
            )
        table.caption = (
            f"{len(ranking.candidates)} candidates, {len(ranking.excluded)} excluded"
        )
        console.print(table)


@routing_app.command("assign")
def assign_files(
    requests_file: _RequestsFile,
    teams_file: _TeamsFile,
    policy_file: _PolicyFile = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    time_limit_s: Annotated[
        float, typer.Option("--seconds", min=0.0, help="Search no longer.")
    ] = 5.0,
    csv_file: _OutFile = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures.")
    ] = None,
) -> None:
    """Place all requests together and say how far from the best that can be."""
    with _saying_errors():
        region, policy = _read(requests_file, teams_file, policy_file)
        problem = AssignmentProblem(region.requests, region.teams, policy)
        result = solve(problem, seed=seed, time_limit_s=time_limit_s)
        wrong = verify(problem, result)
        if wrong:
            raise InvalidFile("The result does not verify: " + " ".join(wrong))
        figures = {
            "status": result.status,
            "requests": len(problem.requests),
            "placed": int(result.terms["placed"]),
            "placed_one_by_one": result.greedy_placed,
            "value": result.value,
            "value_one_by_one": result.greedy_value,
            "bound": result.bound,
            "gap": result.gap,
            "terms": dict(result.terms),
            "runtime_s": round(result.runtime_s, 3),
            "seed": result.seed,
            "algorithm": f"{result.algorithm} {result.version}",
            "input_hash": result.input_hash,
        }
        if csv_file is not None:
            with _writing(csv_file) as stream:
                write_assignment(stream, problem, result)
        if json_file is not None:
            with _writing(json_file) as stream:
                json.dump(figures, stream, indent=1)
                stream.write("\n")
    table = Table(show_header=False)
    for name in ("status", "requests", "placed", "placed_one_by_one", "runtime_s"):
        table.add_row(name, str(figures[name]))
    table.add_row("gap", f"{100 * result.gap:.3f} %")
    Console().print(table)


def _read(
    requests_file: Path, teams_file: Path, policy_file: Path | None
) -> tuple[Region, Policy]:
    policy = Policy()
    if policy_file is not None:
        try:
            values = json.loads(policy_file.read_text("utf-8"))
        except OSError as error:
            raise InvalidFile(
                f"{policy_file}: cannot be read ({error.strerror})"
            ) from error
        except ValueError as error:
            raise InvalidFile(f"{policy_file}: is no JSON ({error})") from error
        if not isinstance(values, dict):
            raise InvalidFile(f"{policy_file}: is no JSON object")
        policy = Policy.from_mapping(values)
    return read_region(requests_file, teams_file), policy


@contextmanager
def _writing(file: Path) -> Iterator[TextIO]:
    try:
        with file.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be written ({error.strerror})") from error


@contextmanager
def _saying_errors() -> Iterator[None]:
    try:
        yield
    except (InvalidFile, InvalidProblem) as error:
        # A value from a file may look like markup: print it as it is.
        text = Text.assemble(("wijkspil:", "bold"), " ", str(error))
        Console(stderr=True).print(text, soft_wrap=True)
        raise typer.Exit(2) from error


def main() -> None:
    """Run the engines' command line alone."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    app.add_typer(routing_app, name="routing")
    app(prog_name="wijkspil", args=sys.argv[1:])


if __name__ == "__main__":
    main()
