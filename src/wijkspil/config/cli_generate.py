"""``wijkspil generate``: fill the database with a fictional region."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from wijkspil.config.cli_progress import show_progress
from wijkspil.config.cli_summary import show_summary
from wijkspil.core.errors import InvalidValue


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
    from django.db import transaction
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from wijkspil.config.demo import DEMO_PASSWORD, delete_fictional
    from wijkspil.directory.fictional import generation
    from wijkspil.fhir.services.clearing import forget_fictional
    from wijkspil.fhir.services.publishing import publish_all
    from wijkspil.fhir.services.rendering import render_all

    console = Console()
    moment = parse_moment(at) if at else timezone.now()
    # One transaction: a refusal leaves what was played as well.
    with show_progress(console) as progress, transaction.atomic():
        if replace:
            delete_fictional()
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
        publish_all()
        if replace:
            forget_fictional()
    render_all()
    name = _("Providers on loaded areas")
    show_summary(
        console,
        {
            "region": "Spilland" if summary.is_invented_geography else name,
            "counts": summary.counts,
            "accounts": [asdict(account) for account in summary.accounts],
            "password": summary.password,
            "postcode": summary.example_postcode,
            "token": summary.token_secret,
            "token_organization": summary.token_organization,
        },
    )


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
