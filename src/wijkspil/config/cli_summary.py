"""Print what was generated and how to sign in, for ``generate`` and ``demo``."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

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


def show_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the keys counts, accounts, password, postcode and token."""
    counts = Table(title=f"{summary['region']} (verzonnen)", show_header=False)
    counts.add_column(justify="right")
    counts.add_column()
    for key, label in _COUNTS.items():
        counts.add_row(f"{summary['counts'][key]:,}".replace(",", "."), label)
    console.print(counts)
    accounts = Table(title=f"Inloggen (wachtwoord: {summary['password']})")
    accounts.add_column("e-mailadres", no_wrap=True)
    accounts.add_column("rol", no_wrap=True)
    accounts.add_column("om te proberen", overflow="fold")
    for account in summary["accounts"]:
        accounts.add_row(account["email"], account["role"], account["to_try"])
    console.print(accounts)
    console.print(f"Voorbeeldpostcode: {summary['postcode']}")
    console.print(
        f"Token voor het systeem van {summary['token_organization']}: "
        f"{summary['token']}",
        soft_wrap=True,
    )
