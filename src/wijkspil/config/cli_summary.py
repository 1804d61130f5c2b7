"""Print what was generated and how to sign in, for ``generate`` and ``demo``."""

from collections.abc import Iterable, Mapping
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

#: What came of the requests: key, words, and how the figure is written.
_MAIN_JOB = (
    ("requests", "aanvragen", "{:,.0f}"),
    ("supply_demand", "plekken die teams meldden per aanvraag", "{:.2f}"),
    ("placed", "geplaatst bij een team", "{:,.0f}"),
    ("own_team_share", "daarvan bij het vaste team van de wijk", "{:.0%}"),
    ("approached_median", "teams gevraagd per geplaatste aanvraag (mediaan)", "{:.0f}"),
    ("approached_p95", "... en bij 95 van de 100 hooguit", "{:.0f}"),
    ("by_coordinator", "geplaatst na bellen door een coördinator", "{:,.0f}"),
    ("with_owner", "nog niet geplaatst, met een naam en een datum", "{:,.0f}"),
    ("unplaced", "zonder team en zonder eigenaar", "{:,.0f}"),
    ("load_ratio_min", "kleinste aandeel werk tegen aandeel ruimte", "{:.2f}"),
    ("load_ratio_max", "grootste aandeel werk tegen aandeel ruimte", "{:.2f}"),
)


def show_main_job(console: Console, summary: Mapping[str, Any]) -> None:
    """Print what came of the requests that were played."""
    table = Table(title="Aanvragen voor wijkverpleging", show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for key, label, form in _MAIN_JOB:
        figure = form.format(summary[key])
        table.add_row(figure.translate(str.maketrans(",.", ".,")), label)
    console.print(table)
    console.print(
        f"Werk tegen ruimte: {summary['providers_counted']} aanbieders met ten minste "
        "10 plekken.",
        soft_wrap=True,
    )


def show_sandbox(console: Console, tokens: Iterable[Mapping[str, Any]]) -> None:
    """Print the fixed tokens to connect a system with."""
    table = Table(title="Systeem koppelen (docs/howto/connect.md)")
    table.add_column("token", no_wrap=True)
    table.add_column("systeem")
    table.add_column("van", overflow="fold")
    for one in tokens:
        table.add_row(one["token"], one["system"], one["organization"])
    console.print(table)


def show_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the keys counts, accounts, password, postcode, token and, if any, wish."""
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
    if summary.get("sandbox"):
        show_sandbox(console, summary["sandbox"])
    wish = summary.get("wish")
    if wish:
        console.print(
            f"Als bewoner: wens {wish['number']} heeft een voorstel. Kijk op "
            f"{wish['path']} met code {wish['code']}.",
            soft_wrap=True,
        )
