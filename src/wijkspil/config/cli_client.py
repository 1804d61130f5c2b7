"""``wijkspil client``: register systems that sign in by themselves."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

BAD_INPUT = 2

client_app = typer.Typer(
    no_args_is_help=True, help="Systems that sign in with a key or a certificate."
)
console = Console()
errors = Console(stderr=True)


@client_app.command("add")
def add_client(
    organization: Annotated[int, typer.Argument(help="Number of the organization.")],
    name: Annotated[str, typer.Argument(help="Which system it is.")],
    scopes: Annotated[
        str, typer.Option(help="What it may ask for, separated by spaces.")
    ] = "system/*.rs",
    jwks: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Its public keys (JWKS)."),
    ] = None,
    certificate: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="A certificate it shows (PEM)."),
    ] = None,
) -> None:
    """Register a system and print its client id."""
    from django.utils import timezone

    from wijkspil.accounts.machine_sign_in import register_client
    from wijkspil.accounts.requests import read_thumbprint
    from wijkspil.core.errors import WijkspilError
    from wijkspil.directory.selectors.listing import get_organization

    try:
        get_organization(organization)
        client_id = register_client(
            organization_id=organization,
            name=name,
            scopes=scopes.split(),
            jwks=json.loads(jwks.read_text()) if jwks else None,
            certificates=[
                read_thumbprint(file.read_text()) for file in certificate or []
            ],
            at=timezone.now(),
        )
    except (WijkspilError, json.JSONDecodeError) as error:
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    console.print(client_id, markup=False, highlight=False)


@client_app.command("end")
def end_client(
    client_id: Annotated[str, typer.Argument(help="The id that `add` printed.")],
) -> None:
    """Let a system sign in no more, from now on."""
    from django.utils import timezone

    from wijkspil.accounts import machine_sign_in
    from wijkspil.core.errors import WijkspilError

    try:
        machine_sign_in.end_client(client_id=client_id, at=timezone.now())
    except WijkspilError as error:
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
