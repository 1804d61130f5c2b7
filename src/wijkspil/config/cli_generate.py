"""``wijkspil generate``: fill the database with a fictional region."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from wijkspil.config.cli_progress import show_progress
from wijkspil.config.demo import DEMO_PASSWORD
from wijkspil.core.errors import InvalidValue

if TYPE_CHECKING:
    from wijkspil.directory.fictional.generation import Summary

console = Console()

_COUNTS = {
    "gemeenten": "gemeenten",
    "wijken": "wijken",
    "inhabitants": "inwoners",
    "organizations": "organisaties",
    "services": "diensten",
    "nursing_teams": "waarvan teams wijkverpleging",
    "coverages": "dekkingen (dienst x gebied)",
    "contacts": "nummers en adressen",
    "duties": "diensttijden",
    "capacity_reports": "meldingen van ruimte",
    "alliances": "wijkverbanden",
    "accounts": "accounts",
}


def generate(
    seed: Annotated[int, typer.Option(help="Same seed, same region.")] = 1,
    gemeenten: Annotated[
        int, typer.Option(help="Size, where no areas were loaded: 1 to 450.")
    ] = 3,
    supply: Annotated[
        float, typer.Option(help="Room for new clients / new clients in a week.")
    ] = 1.0,
    at: Annotated[
        str, typer.Option(help="Moment that counts as now, with zone; empty: now.")
    ] = "",
    region: Annotated[
        str, typer.Option(help="Only the wijken of this region (code or name).")
    ] = "",
    password: Annotated[
        str, typer.Option(help="Shared password of the fictional accounts.")
    ] = DEMO_PASSWORD,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove what was generated before.")
    ] = False,
) -> None:
    """Invent providers, teams, coverage, duty and room on the areas there are.

    Without any areas a geography is invented first. Everything is marked fictional.
    """
    from wijkspil.directory.fictional import generation

    with show_progress(console) as progress:
        summary = generation.generate(
            seed=seed,
            at=parse_moment(at) if at else timezone.now(),
            password=password,
            progress=progress,
            supply=supply,
            gemeenten=gemeenten,
            region_code=region or None,
            replace=replace,
        )
    show(summary)


def parse_moment(text: str) -> datetime:
    """Return an ISO moment with its zone.

    Raises
    ------
    InvalidValue
        If it is no moment, or has no zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(
            f"--at {text!r} is not a moment: write 2026-11-21T22:30:00+01:00."
        ) from error
    if moment.tzinfo is None:
        raise InvalidValue(f"--at {text!r} has no zone: add +01:00 or +02:00.")
    return moment


def show(summary: "Summary") -> None:
    """Print what was made and how to sign in."""
    table = Table(title="Verzonnen regio", show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for key, label in _COUNTS.items():
        table.add_row(f"{summary.counts[key]:,}".replace(",", "."), label)
    console.print(table)
    accounts = Table(title=f"Accounts (wachtwoord: {summary.password})")
    for title in ("rol", "e-mailadres", "hoort bij", "om te proberen"):
        accounts.add_column(title)
    for account in summary.accounts:
        accounts.add_row(account.role, account.email, account.bound_to, account.to_try)
    console.print(accounts)
    console.print(f"Voorbeeld-postcode: {summary.example_postcode}")
    console.print(
        f"Token voor het systeem van {summary.token_organization} "
        f"(wordt maar één keer getoond): {summary.token_secret}",
        soft_wrap=True,
    )
