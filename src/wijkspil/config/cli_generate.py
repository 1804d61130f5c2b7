"""``wijkspil generate``: fill the database with a fictional region."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from wijkspil.config.cli_progress import show_progress
from wijkspil.core.errors import InvalidValue

if TYPE_CHECKING:
    from wijkspil.directory.fictional.generation import Summary


def generate(
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same region.")] = 1,
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
        str, typer.Option(help="Shared password of the accounts; empty: that of demo.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove what was generated before.")
    ] = False,
) -> None:
    """Invent providers, teams, coverage, duty and room on the areas there are.

    Without any areas a geography is invented first. Everything is marked fictional.
    """
    # Django is ready only when the command runs.
    from django.utils import timezone

    from wijkspil.config.demo import DEMO_PASSWORD
    from wijkspil.directory.fictional import generation

    console = Console()
    moment = parse_moment(at) if at else timezone.now()
    with show_progress(console) as progress:
        summary = generation.generate(
            seed=seed,
            at=moment,
            password=password or DEMO_PASSWORD,
            progress=progress,
            supply=supply,
            gemeenten=gemeenten,
            region_code=region or None,
            replace=replace,
        )
    print_summary(summary, console)


def parse_moment(text: str) -> datetime:
    """Return an ISO moment with its zone.

    Raises
    ------
    InvalidValue
        If it is no moment, or has no zone.
    """
    from django.utils.translation import gettext as _

    example = "2026-11-21T22:30:00+01:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(
            _("“%(text)s” is not a moment. Write it as %(example)s.")
            % {"text": text, "example": example},
            field="at",
        ) from error
    if moment.tzinfo is None:
        raise InvalidValue(
            _("“%(text)s” has no time zone. Write it as %(example)s.")
            % {"text": text, "example": example},
            field="at",
        )
    return moment


def print_summary(summary: "Summary", console: Console) -> None:
    """Show what was made and how to sign in."""
    from django.utils.translation import gettext as _

    counts = Table(title=_("Fictional region"), show_header=False)
    counts.add_column(justify="right")
    counts.add_column()
    for name, count in summary.described_counts():
        counts.add_row(f"{count:,}".replace(",", "."), name)
    console.print(counts)
    accounts = Table(
        title=_("Accounts (password: %(password)s)") % {"password": summary.password}
    )
    for heading in (_("Role"), _("E-mail"), _("Belongs to"), _("To try")):
        accounts.add_column(heading, overflow="fold")
    for account in summary.accounts:
        accounts.add_row(account.role, account.email, account.bound_to, account.to_try)
    console.print(accounts)
    lines = [
        _("Example postcode: %(postcode)s") % {"postcode": summary.example_postcode},
        _("Token of the system of %(organization)s (shown only once): %(token)s")
        % {
            "organization": summary.token_organization,
            "token": summary.token_secret,
        },
    ]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
