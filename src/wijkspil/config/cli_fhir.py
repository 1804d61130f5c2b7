"""``wijkspil fhir``: copy other directories, and tell them of our own resources."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from wijkspil.config.cli_progress import show_progress

if TYPE_CHECKING:
    from wijkspil.fhir.services.replica import Copied
    from wijkspil.fhir.services.upstream import Pushed

fhir_app = typer.Typer(
    no_args_is_help=True,
    help="Copies of other directories, and what they are told of ours (FHIR, mCSD).",
)
#: Exit code when a directory could not be copied or told.
FAILED = 1
#: Columns of a table in a log file, where there is no terminal to fit.
_WIDE = 140
#: Between two looks with ``--keep-on``.
_PAUSE_S = 2.0
#: What one table shows of differences and refusals.
_MOST = 20

_Address = Annotated[str, typer.Argument(help="Base address: https://name/fhir.")]
_Types = Annotated[
    list[str] | None, typer.Option("--type", help="Type of resource; may be repeated.")
]
_Secret = Annotated[
    str | None,
    typer.Option(
        envvar="WIJKSPIL_FHIR_SECRET",
        help="Bearer token; kept encrypted. Empty takes it away.",
    ),
]


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    return console


@fhir_app.command()
def render() -> None:
    """Prepare what a bulk load published, so that searches need not wait for it."""
    from django.utils.translation import gettext as _

    from wijkspil.fhir.services.rendering import count_pending, render_all

    console = _console()
    with show_progress(console) as bars:
        bars.start(_("Resources"), total=count_pending())
        done = render_all(progress=bars.advance)
    console.print(_("%(count)s versions are ready.") % {"count": f"{done:,}"})


@fhir_app.command()
def replicate(
    address: Annotated[
        str, typer.Argument(help="Only this directory, and follow it from now on.")
    ] = "",
    secret: _Secret = None,
    type_: _Types = None,
    page_size: Annotated[
        int | None, typer.Option(min=0, max=5000, help="0: as the server likes.")
    ] = None,
    overlap_s: Annotated[
        int | None,
        typer.Option(min=0, help="Seconds asked for again; 0 for another Wijkspil."),
    ] = None,
    keep_on: Annotated[
        bool, typer.Option("--follow/--once", help="Go on until stopped, or once.")
    ] = False,
    from_the_start: Annotated[
        bool, typer.Option("--again", help="Load all of it again.")
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Copy it no longer; what is here stays.")
    ] = False,
    every_s: Annotated[
        float, typer.Option(min=0.1, help="With --follow: ask so often.")
    ] = 900.0,
) -> None:
    """Copy another directory here, or bring all copies up to date.

    A worker does it every quarter of an hour by itself, once a directory is followed.
    """
    from wijkspil.fhir.services import other_directories

    console = _console()
    if address and stop:
        other_directories.stop_following(address=address)
        return
    if address:
        followed = other_directories.follow(
            address=address,
            secret=secret,
            types=type_ or (),
            page_size=page_size,
            overlap_s=overlap_s,
        )
        if from_the_start:
            other_directories.load_again(address=address)
    while True:
        done = [
            _copy(console, directory_id)
            for directory_id in ([followed.pk] if address else _all_followed())
        ]
        if not keep_on:
            raise typer.Exit(FAILED if any(one.error for one in done) else 0)
        time.sleep(min([every_s, *(_PAUSE_S for one in done if one.error)]))


@fhir_app.command()
def push(
    address: Annotated[
        str, typer.Argument(help="Only this directory, and tell it from now on.")
    ] = "",
    secret: _Secret = None,
    type_: _Types = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Send again what was refused.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Tell it no more.")] = False,
) -> None:
    """Tell another directory of our own organizations, places and services.

    A worker does it every minute by itself, once a directory is told.
    """
    from wijkspil.fhir.services import other_directories
    from wijkspil.fhir.services.upstream import send_refused_again

    console = _console()
    if address and stop:
        other_directories.stop_telling(address=address)
        return
    if address:
        told = other_directories.tell(address=address, secret=secret, types=type_ or ())
    done = []
    for directory_id in [told.pk] if address else _all_told():
        if refused:
            send_refused_again(directory_id=directory_id)
        done.append(_push(console, directory_id))
    raise typer.Exit(FAILED if any(one.error for one in done) else 0)


@fhir_app.command()
def status() -> None:
    """Show how far copies are, what was not followed, and what was refused."""
    from django.utils.translation import gettext as _

    from wijkspil.fhir.selectors.own import count_waiting
    from wijkspil.fhir.selectors.replicas import (
        list_conflicts,
        list_followed,
        list_refused,
        list_upstream,
    )
    from wijkspil.fhir.services.replica import lag_of

    console = _console()
    table = _table(_("Followed"), _("Type"), _("Up to"), _("Behind"), _("Last error"))
    for one in list_followed():
        states = {state.type: state.stamp for state in one.states.all()}
        behind = lag_of(
            one.succeeded_at, [states.get(type_, "") for type_ in one.types], at=_now()
        )
        for place, type_ in enumerate(one.types):
            table.add_row(
                ("" if one.is_active else "– ") + one.address if not place else "",
                type_,
                states.get(type_, ""),
                _say(behind) if not place else "",
                one.error if not place else "",
            )
    console.print(table)
    table = _table(_("Told of ours"), _("Waiting"), _("Last time"), _("Last error"))
    for told in list_upstream():
        waiting = count_waiting(
            directory_id=told.pk, types=told.types, pushed=told.pushed_tick
        )
        table.add_row(
            ("" if told.is_active else "– ") + told.address,
            str(waiting),
            _say_moment(told.succeeded_at),
            told.error,
        )
    console.print(table)
    table = _table(
        _("Not followed"), _("Reason"), _("How often"), _("Last time"), _("What")
    )
    for conflict in list_conflicts(limit=_MOST):
        table.add_row(
            f"{conflict.type}/{conflict.remote_id}",
            conflict.reason,
            str(conflict.times),
            _say_moment(conflict.at),
            conflict.detail,
        )
    console.print(table)
    table = _table(_("Refused there"), _("Status"), _("When"), _("Why"))
    for told in list_upstream():
        for kept in list_refused(told.pk)[:_MOST]:
            issues = (kept.outcome or {}).get("issue") or [{}]
            table.add_row(
                f"{kept.type}/{kept.fhir_id}",
                str(kept.status),
                _say_moment(kept.at),
                str(issues[0].get("diagnostics") or issues[0].get("code") or ""),
            )
    console.print(table)


def _copy(console: Console, directory_id: int) -> "Copied":
    from secrets import SystemRandom

    from wijkspil.fhir.services.replica import copy_directory

    with show_progress(console) as progress:
        done = copy_directory(
            directory_id=directory_id,
            clock=_now,
            draw=SystemRandom().random,
            progress=progress,
        )
    _tell(console, done)
    return done


def _push(console: Console, directory_id: int) -> "Pushed":
    from secrets import SystemRandom

    from wijkspil.fhir.services.upstream import push_directory

    with show_progress(console) as progress:
        done = push_directory(
            directory_id=directory_id,
            clock=_now,
            draw=SystemRandom().random,
            progress=progress,
        )
    _tell(console, done)
    return done


def _tell(console: Console, done: "Copied | Pushed") -> None:
    from dataclasses import asdict

    told = asdict(done)
    address, error = told.pop("address"), told.pop("error")
    counts = ", ".join(f"{name} {value}" for name, value in told.items() if value)
    console.print(f"{address}: {counts or '–'}", highlight=False, markup=False)
    if error:
        Console(stderr=True).print(error, highlight=False, markup=False)


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _all_followed() -> list[int]:
    from wijkspil.fhir.selectors.replicas import list_followed

    return [one.pk for one in list_followed() if one.is_active]


def _all_told() -> list[int]:
    from wijkspil.fhir.selectors.replicas import list_upstream

    return [one.pk for one in list_upstream() if one.is_active]


def _say(behind: timedelta | None) -> str:
    return "–" if behind is None else str(behind).split(".", maxsplit=1)[0]


def _say_moment(at: datetime | None) -> str:
    from django.utils import timezone

    return "–" if at is None else f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()
