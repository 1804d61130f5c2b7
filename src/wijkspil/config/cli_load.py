"""``wijkspil load``: bring a folder of open data into the directory."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from wijkspil.config.cli_progress import show_progress

if TYPE_CHECKING:
    from wijkspil.directory.importing import LoadReport

#: Exit code for input that was refused.
BAD_INPUT = 2
#: Columns of the table in a log file, where there is no terminal to fit.
_WIDE = 120


def load(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder that holds cbs_areas, pc4 and the others."
        ),
    ],
    region: Annotated[
        str | None,
        typer.Option(help="Only this care office region, for example HAAGLANDEN."),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="The whole country (the default).")
    ] = False,
    skip_bad: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Load the good rows; write the bad ones to files in this folder.",
        ),
    ] = None,
) -> None:
    """Load publishers' open data; loading the same files again changes nothing."""
    # Django is ready only when the command runs.
    from django.utils.translation import gettext as _

    from wijkspil.core.errors import InvalidValue
    from wijkspil.directory import importing

    console, errors = Console(), Console(stderr=True)
    if not console.is_terminal:
        console.width = _WIDE
    if region is not None and all_:
        errors.print(_("Give --region or --all, not both."), markup=False)
        raise typer.Exit(BAD_INPUT)
    try:
        with show_progress(console) as progress:
            report = importing.load(
                folder, region=region, progress=progress, skip_bad=skip_bad
            )
    except InvalidValue as problem:
        if isinstance(problem, importing.LoadFailed) and problem.report.files:
            print_report(problem.report, console, skip_bad)
        errors.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from problem
    print_report(report, console, skip_bad)


def print_report(report: "LoadReport", console: Console, skip_bad: Path | None) -> None:
    """Show what every file brought, as a table."""
    from django.utils.translation import gettext as _

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(_("File"), overflow="fold")
    for heading in (
        _("Rows read"),
        _("New"),
        _("Changed"),
        _("Unchanged"),
        _("Rejected"),
        _("Seconds"),
    ):
        table.add_column(heading, justify="right")
    for file in report.files:
        counts = (
            file.rows_read,
            file.new,
            file.changed,
            file.unchanged,
            file.rejected,
        )
        table.add_row(
            Path(file.file).name, *(str(n) for n in counts), f"{file.seconds:.1f}"
        )
    console.print(table)
    for file in report.files:
        if file.note:
            console.print(f"{file.file}: {file.note}", markup=False, highlight=False)
    lines = [
        _("Region: %(region)s.") % {"region": report.region or _("the whole country")},
        _("%(count)d areas placed anew in %(seconds).1f s.")
        % {"count": report.areas_refreshed, "seconds": report.refresh_seconds},
    ]
    if report.unplaced_pc4:
        lines.append(
            _("Postcodes without a place (no data): %(postcodes)s.")
            % {"postcodes": ", ".join(report.unplaced_pc4)}
        )
    if skip_bad is not None and any(file.rejected for file in report.files):
        lines.append(
            _("The rejected rows are in %(folder)s.") % {"folder": str(skip_bad)}
        )
    console.print("\n".join(lines), markup=False, highlight=False)
