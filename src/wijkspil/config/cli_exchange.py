"""``wijkspil exchange``: rounds of exchange between practices, from files to files.

Also ``python -m wijkspil.config.cli_exchange``. Neither Django nor a database; only
wires files to the engine. Errors in a file end with one sentence and exit code 2, a
report that does not hold with exit code 1.
"""

import json
import math
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date as Date
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wijkspil.config.cli_progress import ProgressBars, show_progress
from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange import (
    LEVELS,
    MECHANISMS,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    Params,
    Result,
    solve,
    verify,
)
from wijkspil_engines.exchange.csvio import (
    levels_of,
    moves_file,
    problem_files,
    read_moves,
    read_problem,
    read_report,
    report_file,
    report_of,
    required_of,
    result_of,
    write_together,
)
from wijkspil_engines.exchange.generate import Recipe, generate
from wijkspil_engines.exchange.page import draw_page, read_practice_places
from wijkspil_engines.exchange.result import Progress
from wijkspil_engines.exchange.verify import levels_by_search
from wijkspil_engines.exchange.years_config import InvalidConfig, read_config

if TYPE_CHECKING:
    from wijkspil_engines.exchange.years_study import Interval, Study

exchange_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Divide the places of practices over who wishes to move, from CSV files.",
)

_PracticesFile = Annotated[Path, typer.Argument(help="CSV file with the practices.")]
_WishesFile = Annotated[Path, typer.Argument(help="CSV file with the wishes.")]
_Day = Annotated[
    datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the round.")
]


@exchange_app.command("solve")
def solve_files(
    practices_file: _PracticesFile,
    wishes_file: _WishesFile,
    out_file: Annotated[Path, typer.Option("--out", help="Write the moves here.")],
    report_path: Annotated[Path, typer.Option("--report", help="Write the report.")],
    day: _Day,
    mechanism: Annotated[
        str, typer.Option(help=f"One of {', '.join(MECHANISMS)}.")
    ] = "optimum",
    levels: Annotated[
        str, typer.Option(help="What is aimed for, most important first.")
    ] = ",".join(LEVELS),
    guard: Annotated[
        str | None,
        typer.Option(help="group: serve no group later than the waiting list."),
    ] = None,
    warm: Annotated[
        Path | None, typer.Option(help="Report of the last round: begin there.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the lottery.")] = 0,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.0, help="With households: search no longer than this."),
    ] = None,
    places_file: Annotated[
        Path | None,
        typer.Option("--places", help="CSV with practice_id (or id), lon and lat."),
    ] = None,
    page_file: Annotated[
        Path | None,
        typer.Option("--page", help="Write a page with the map here; asks --places."),
    ] = None,
) -> None:
    """Solve one round: who moves to which practice.

    The result is verified before it is written; nothing is written if a file is wrong.
    """
    started = time.perf_counter()
    with _saying_errors():
        if guard not in (None, "group"):
            raise InvalidProblem(f"{guard!r} is not known; use group", field="--guard")
        if guard and mechanism != "optimum":
            raise InvalidProblem("goes with --mechanism optimum", field="--guard")
        if (page_file is None) != (places_file is None):
            raise InvalidProblem("goes with --places FILE", field="--page")
        written = [file for file in (out_file, report_path, page_file) if file]
        if len({file.resolve() for file in written}) < len(written):
            raise InvalidFile(f"{written[-1]}: is also the file for something else")
        read = [file for file in (practices_file, wishes_file, places_file) if file]
        for file in written:
            if file.resolve() in [other.resolve() for other in read]:
                raise InvalidFile(f"{file}: is read; write to another file")
        params = Params(levels=tuple(each.strip() for each in levels.split(",")))
        with _progress() as progress:
            progress("read", 0, 1)
            problem = read_problem(practices_file, wishes_file, date=day.date())
            places = None
            if places_file is not None:
                places = read_practice_places(places_file, problem.practice_ids)
            before = None
            if warm is not None:
                before = levels_of(problem, warm, read_report(warm))

            def run(asked: Params) -> Result:
                return solve(
                    problem,
                    params=asked,
                    mechanism=mechanism,
                    seed=seed,
                    time_limit_s=seconds,
                    warm=before,
                    progress=progress,
                )

            result, params, more = _solve_and_compare(
                problem, params, run, seed=seed, is_guarded=guard is not None
            )
            progress("verify", 0, 1)
            wrong = verify(problem, result, params=params)
            if wrong:
                raise RuntimeError(
                    f"the result does not hold: {'; '.join(map(str, wrong))}"
                )
            progress("write", 0, 1)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            report = report_of(
                problem,
                result,
                required=params.required,
                peak_mb=round(peak, 1),
                more=more,
            )
            files = {
                out_file: moves_file(problem, result.choice),
                report_path: report_file(report),
            }
            if page_file is not None and places is not None:
                files[page_file] = draw_page(problem, result, report, places)
            write_together(files)
    _show(report, time.perf_counter() - started)


def _solve_and_compare(
    problem: ExchangeProblem,
    params: Params,
    run: Any,
    *,
    seed: int,
    is_guarded: bool,
) -> tuple[Result, Params, dict[str, Any]]:
    """Solve, and lay beside it what the waiting list would do on the same wishes."""
    from dataclasses import asdict, replace

    from wijkspil_engines.exchange.guard import (
        compare,
        solve_guarded,
        standard_groupings,
    )

    groupings = standard_groupings(problem)
    listed = solve(problem, mechanism="waitlist", seed=seed)
    if not is_guarded:
        result: Result = run(params)
        outcomes = compare(problem, groupings, listed, result)
        groups = [asdict(outcome) for outcome in outcomes if outcome.people]
        return result, params, {"groups_beside_waiting_list": groups}
    guarded = solve_guarded(
        problem,
        groupings,
        listed,
        lambda required: run(replace(params, required=required)),
    )
    groups = [asdict(outcome) for outcome in guarded.outcomes if outcome.people]
    more = {
        "guard": "group",
        "guard_price_people": guarded.price_people,
        "groups_beside_waiting_list": groups,
    }
    return guarded.result, replace(params, required=guarded.required), more


@exchange_app.command("verify")
def verify_files(
    practices_file: _PracticesFile,
    wishes_file: _WishesFile,
    moves_path: Annotated[Path, typer.Argument(help="CSV file with the moves.")],
    report_path: Annotated[Path, typer.Argument(help="Report of the round.")],
) -> None:
    """Check that a round is possible, its numbers right, and its proof sound."""
    started = time.perf_counter()
    with _saying_errors():
        report = read_report(report_path)
        try:
            day = Date.fromisoformat(str(report.get("date")))
        except ValueError as error:
            raise InvalidFile(
                f"{report_path}: date: {str(report.get('date'))[:40]!r} is not a date"
            ) from error
        problem = read_problem(practices_file, wishes_file, date=day)
        choice, wrong = read_moves(problem, moves_path)
        result = result_of(problem, choice, report_path, report)
        required = required_of(problem, report_path, report)
        levels = tuple(level.name for level in result.levels)
        params = Params(levels=levels or LEVELS, required=required)
        if not wrong:
            wrong = verify(problem, result, params=params)
        says = [str(failure) for failure in wrong]
        if report.get("gap_people") != result.gap_people:
            says.append(f"count: gap_people is {result.gap_people}")
    console = Console(soft_wrap=True)
    if says:
        for line in says:
            console.print(Text(line))
        console.print("The report does not hold.")
        raise typer.Exit(1)
    what = {
        "optimal": "possible, and proven to be the best on every level",
        "feasible": "possible; its bounds are proven",
        "timed_out": "possible; its bounds are proven",
    }[result.status]
    searched = levels_by_search(problem, result, params=params)
    if searched:
        what += f" (by a search, not by prices: {', '.join(searched)})"
    console.print(
        f"{result.moved_people} people in {result.moved_households} households move. "
        f"The plan is {what}. {time.perf_counter() - started:.1f} s"
    )


@exchange_app.command("generate")
def generate_files(
    practices_file: Annotated[Path, typer.Argument(help="Write the practices here.")],
    wishes_file: Annotated[Path, typer.Argument(help="Write the wishes here.")],
    day: _Day,
    wishes: Annotated[int, typer.Option(min=1)] = 600_000,
    practices: Annotated[int, typer.Option(min=2)] = 4_800,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    most_choices: Annotated[int, typer.Option(min=1, max=5)] = 5,
    room_at_unpopular: Annotated[
        bool, typer.Option("--room-at-unpopular", help="Room where few wish to go.")
    ] = False,
    leaving_unpopular: Annotated[
        float, typer.Option(min=0.0, max=5.0, help="2 is nearest to Norway.")
    ] = 0.0,
    sizes: Annotated[
        str, typer.Option(help="Chances of households of 1, 2, ... people.")
    ] = "1",
    with_load: Annotated[bool, typer.Option("--load", help="Load by age.")] = False,
    inflow_cap: Annotated[
        int | None, typer.Option(min=0, help="Most people in per practice.")
    ] = None,
    geography: Annotated[
        Path | None,
        typer.Option(help="Folder with open data: real places and inhabitants."),
    ] = None,
) -> None:
    """Draw a round that is not real, to try with: same arguments, same files."""
    with _saying_errors():
        try:
            chances = tuple(float(each) for each in sizes.split(","))
        except ValueError as error:
            raise InvalidProblem(
                f"{sizes[:40]!r} is not numbers joined by commas", field="--sizes"
            ) from error
        recipe = Recipe(
            n_wishes=wishes,
            n_practices=practices,
            seed=seed,
            most_choices=most_choices,
            room_at_unpopular=room_at_unpopular,
            leaving_unpopular=leaving_unpopular,
            size_chances=chances,
            with_load=with_load,
            inflow_cap=inflow_cap,
            geography=geography,
        )
        with _progress() as progress:
            problem = generate(recipe, date=day.date(), progress=progress)
            progress("write", 0, 1)
            first, second = problem_files(problem)
            write_together({practices_file: first, wishes_file: second})
    Console().print(
        f"{problem.n_wishes} wishes of {problem.n_people} people, "
        f"{problem.option.size} choices, {problem.n_practices} practices, "
        f"{problem.free_places.sum()} free places"
    )


@exchange_app.command("simulate")
def simulate_years(
    config_file: Annotated[Path, typer.Argument(help="TOML file with assumptions.")],
    out_file: Annotated[Path, typer.Option("--out", help="Write the figures here.")],
    workers: Annotated[
        int, typer.Option(min=1, max=1024, help="Processes on this machine.")
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler to use instead, as tcp://host:8786."),
    ] = None,
    outlook_file: Annotated[
        Path | None,
        typer.Option("--outlook", help="Keep the prices, to tell waiting times by."),
    ] = None,
) -> None:
    """Play years of rounds by each mechanism and compare how long groups wait.

    The figures are the same to the last bit for any number of workers.
    """
    from wijkspil_engines.exchange.outlook import make_outlook, outlook_bytes
    from wijkspil_engines.exchange.years_study import run_study, to_json

    started = time.perf_counter()
    with _saying_errors():
        config = read_config(config_file)
        if outlook_file is not None and "optimum" not in config.study.mechanisms:
            raise InvalidProblem(
                "needs optimum among the mechanisms of the study", field="--outlook"
            )
        outputs = [each for each in (out_file, outlook_file) if each is not None]
        for index, file in enumerate(outputs):
            taken = (config_file.resolve(), *(f.resolve() for f in outputs[:index]))
            if file.resolve() in taken:
                raise InvalidFile(f"{file}: is used twice; write to another file")
        with _progress() as progress:
            study = run_study(
                config,
                workers=workers,
                scheduler=scheduler,
                keeps_prices=outlook_file is not None,
                progress=progress,
            )
        files = {out_file: to_json(study).encode()}
        if outlook_file is not None:
            files[outlook_file] = outlook_bytes(make_outlook(study))
        write_together(files)
    _show_study(study, time.perf_counter() - started)


def _show_study(study: "Study", seconds: float) -> None:
    from wijkspil_engines.exchange.simulate import GROUPS

    reference = study.config.study.reference
    table = Table(
        title=f"Mean days of waiting, at most {study.config.rounds.horizon_days}; "
        f"differences ± 95 % over {study.config.study.seeds} seeds",
        title_justify="left",
    )
    table.add_column("", no_wrap=True)
    for mechanism in study.means:
        table.add_column(mechanism, justify="right")
    for mechanism in study.differences:
        table.add_column(f"{mechanism} less {reference}", justify="right")
    for group, labels in GROUPS.items():
        for label in labels:
            name = f"{group}/{label}/mean_days"
            if math.isnan(study.means[reference][name].mean):
                continue
            table.add_row(
                label if group == "all" else f"{group}: {label}",
                *(f"{each[name].mean:.0f}" for each in study.means.values()),
                *(_say(each[name]) for each in study.differences.values()),
            )
    Console().print(table)
    Console().print(f"{len(study.runs)} runs, {seconds:.1f} s")


def _say(each: "Interval") -> str:
    if math.isnan(each.mean):
        return ""
    half = "" if math.isnan(each.high) else f" ± {each.high - each.mean:.0f}"
    return f"{each.mean:.0f}{half}"


@exchange_app.command("rehouse")
def rehouse_files(
    practices_file: Annotated[
        Path, typer.Argument(help="CSV file with the practices that take people.")
    ],
    households_file: Annotated[
        Path, typer.Argument(help="CSV file with the households.")
    ],
    out_file: Annotated[Path, typer.Option("--out", help="Write the plan here.")],
    report_path: Annotated[Path, typer.Option("--report", help="Write the report.")],
    day: Annotated[
        datetime,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day of the plan."),
    ],
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day the practice is there."),
    ] = None,
    postcodes_file: Annotated[
        Path | None,
        typer.Option("--postcodes", help="CSV file with pc4, lon and lat."),
    ] = None,
    most_km: Annotated[float, typer.Option(help="Nobody goes further.")] = 15.0,
    most_km_house_bound: Annotated[
        float, typer.Option(help="The house-bound no further than this, if it can be.")
    ] = 5.0,
    most_per_day: Annotated[
        int | None, typer.Option(min=1, help="People a day, over all practices.")
    ] = None,
    holiday: Annotated[
        list[datetime] | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day off; may be given more often."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Search no longer than this.")
    ] = None,
) -> None:
    """Place all people of practices that stop, the ill and house-bound first."""
    from wijkspil_engines.exchange.rehouse import LEVELS as REHOUSE_LEVELS
    from wijkspil_engines.exchange.rehouse import RehouseParams, rehouse
    from wijkspil_engines.exchange.rehouse_files import (
        plan_file,
        read_households,
        read_postcodes,
        read_practices,
        report_of,
    )

    with _saying_errors():
        inputs = [practices_file, households_file, postcodes_file]
        read = [each.resolve() for each in inputs if each is not None]
        for file, others in (
            (out_file, read),
            (report_path, [*read, out_file.resolve()]),
        ):
            if file.resolve() in others:
                raise InvalidFile(f"{file}: is used twice; write to another file")
        places = None if postcodes_file is None else read_postcodes(postcodes_file)
        practices = read_practices(practices_file, places)
        households = read_households(households_file, places)
        params = RehouseParams(
            first_day=day.date(),
            last_day=None if until is None else until.date(),
            most_km=most_km,
            most_km_house_bound=most_km_house_bound,
            most_per_day=most_per_day,
            holidays=frozenset(each.date() for each in holiday or ()),
        )
        with _progress() as progress:
            found = rehouse(
                practices,
                households,
                params,
                seed=seed,
                time_limit_s=seconds,
                progress=progress,
            )
            progress("verify", 0, 1)
            asked = Params(levels=REHOUSE_LEVELS)
            wrong = verify(found.problem, found.result, params=asked)
            if wrong:
                raise RuntimeError(
                    f"the plan does not hold: {'; '.join(map(str, wrong))}"
                )
        report = report_of(practices, households, found)
        write_together(
            {
                out_file: plan_file(practices, households, found),
                report_path: (json.dumps(report, indent=1) + "\n").encode(),
            }
        )
    table = Table(show_header=False)
    for name in (
        "status", "people", "placed_people", "bound_people", "first_people",
        "placed_first_people", "temporary_people", "without_practice_in_reach",
        "mean_km", "p90_km", "last_day", "late_people", "seconds",
    ):  # fmt: skip
        table.add_row(name, str(report[name]))
    Console().print(table)


def _show(report: dict[str, Any], seconds: float) -> None:
    table = Table(show_header=False)
    for name in (
        "status", "mechanism", "moved_households", "moved_people", "first_choices",
        "bound_people", "gap_people", "guard_price_people", "peak_mb",
    ):  # fmt: skip
        if report.get(name) is not None:
            table.add_row(name, str(report[name]))
    for level in report["levels"]:
        bound = "" if level["bound"] is None else f" of at most {level['bound']}"
        if level["name"] == "rank":
            bound = bound.replace("at most", "at least")
        table.add_row(f"level {level['name']}", f"{level['value']}{bound}")
    table.add_row("seconds", f"{report['seconds']} of {seconds:.1f}")
    Console().print(table)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Draw bars on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _step, _done, _total: None
        return
    with show_progress(console) as bars:
        yield _Steps(bars)


class _Steps:
    """Draws steps that say their name, what is done and what there is."""

    def __init__(self, bars: ProgressBars) -> None:
        self._bars = bars
        self._step = ""
        self._done = 0

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self._bars.start(step, total)
            self._step, self._done = step, 0
        if done > self._done:
            self._bars.advance(done - self._done)
            self._done = done


@contextmanager
def _saying_errors() -> Iterator[None]:
    try:
        yield
    except (InvalidFile, InvalidProblem, InvalidConfig, Infeasible) as error:
        # A value from a file may look like markup: print it as it is.
        text = Text.assemble(("wijkspil:", "bold"), " ", str(error))
        Console(stderr=True).print(text, soft_wrap=True)
        raise typer.Exit(2) from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the exchange commands alone."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    app.add_typer(exchange_app, name="exchange")
    app(prog_name="wijkspil", args=list(arguments or sys.argv[1:]))


if __name__ == "__main__":
    main()
