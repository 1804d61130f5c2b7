"""``wijkspil duty``: rosters in and out, for who manages the installation."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

#: Exit code for input that was refused.
BAD_INPUT = 2

duty_app = typer.Typer(no_args_is_help=True, help="Rosters of duties in and out.")


@duty_app.command("import")
def import_roster(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or ICS.")],
    service: Annotated[
        int | None, typer.Option(help="All duties are of this service (its number).")
    ] = None,
    area: Annotated[
        str, typer.Option(help="Area where a calendar names none: wijk/WK051801.")
    ] = "",
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what would happen, no more.")
    ] = False,
) -> None:
    """Take a roster: all of it or nothing; the same file again does nothing."""
    # The tables can be read only when the application was started.
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from wijkspil.accounts.types import Actor, Grant, Role
    from wijkspil.core.errors import InvalidValue
    from wijkspil.directory.selectors.listing import get_area_id
    from wijkspil.directory.services.duty_exchange import (
        PlanKind,
        RefusedRoster,
        import_duties,
        plan_import,
    )
    from wijkspil.directory.types import AreaKind

    console, errors = Console(), Console(stderr=True)
    try:
        content = file.read_bytes()
    except OSError as error:
        errors.print(f"{file}: {error.strerror}", markup=False)
        raise typer.Exit(BAD_INPUT) from error
    kind, _slash, code = area.rpartition("/")
    if kind and kind not in AreaKind.values:
        raise InvalidValue(
            _("“%(value)s” is no area. Write it as wijk/WK051801.") % {"value": area}
        )
    act = plan_import if preview else import_duties
    try:
        plan = act(
            actor=Actor(label="command line", grants=(Grant(Role.ADMINISTRATOR),)),
            name=file.name,
            content=content,
            at=timezone.now(),
            service_id=service,
            area_id=get_area_id(kind or AreaKind.WIJK, code) if code else None,
        )
    except RefusedRoster as error:
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    for line in plan.refused:
        for cell in line.reasons:
            errors.print(str(cell), markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{plan.name}: "
        + ", ".join(f"{item.value} {plan.count(item)}" for item in PlanKind),
        markup=False,
        highlight=False,
    )
    if plan.refused:
        raise typer.Exit(BAD_INPUT)


@duty_app.command("export")
def export_roster(
    service: Annotated[int, typer.Argument(help="Number of the service.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="…csv or …ics.")],
    weeks: Annotated[int, typer.Option(min=1, max=52, help="From now on.")] = 8,
) -> None:
    """Write the duties of a service to a file; written down as an export."""
    from django.utils import timezone

    from wijkspil.accounts.types import Actor
    from wijkspil.core.periods import Period
    from wijkspil.directory.selectors.duty import list_written_duties
    from wijkspil.directory.services.duty import record_duties_read
    from wijkspil.directory.services.duty_files import write_csv, write_ics

    now = timezone.now()
    duties = list_written_duties(
        service_ids=[service], period=Period(now, now + timedelta(weeks=weeks))
    )
    text = (
        write_ics(duties, name=file.stem, with_names=True, with_phone=True)
        if file.suffix.lower() == ".ics"
        else write_csv(duties)
    )
    record_duties_read(
        actor=Actor(label="command line"),
        duty_ids=[duty.id for duty in duties],
        purpose="duty.export",
        at=now,
    )
    file.write_text(text, encoding="utf-8", newline="")
    Console().print(f"{file}: {len(duties)}", markup=False, highlight=False)
