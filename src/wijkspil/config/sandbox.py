"""Fixed tokens with which a supplier tries the interface, on an invented region only.

They stand in the open (``docs/howto/connect.md``), so they exist only for invented
organizations and only where nothing real may be: in the fictional mode. Nothing but
``wijkspil demo`` and ``wijkspil sandbox-tokens`` makes them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: Each system with the token that it sends.
HOSPITAL_TOKEN = "sandbox-hospital"
PRACTICE_TOKEN = "sandbox-gp-practice"
PROVIDER_TOKEN = "sandbox-provider"

#: Invented regions have no hospital; this one asks for the sandbox.
HOSPITAL_NAME = "Proefziekenhuis (verzonnen)"

_KEPT_FOR = timedelta(days=365)


@dataclass(frozen=True)
class SandboxToken:
    """A system to try with: whose it is, and what it sends."""

    system: str
    organization: str
    organization_id: int
    token: str


def keep_sandbox_tokens(*, at: datetime) -> list[SandboxToken]:
    """Make the fixed tokens for a hospital, a GP practice and a provider's team.

    Running it again gives the same tokens another year.

    Raises
    ------
    NotPermitted
        If this installation is not in the fictional mode.
    NotFound
        If there is no invented region with its accounts.
    """
    from django.conf import settings
    from django.db import transaction
    from django.utils.translation import gettext as _

    from wijkspil.accounts.services import keep_token
    from wijkspil.core.errors import NotPermitted
    from wijkspil.directory.selectors.listing import get_organization

    if settings.WIJKSPIL_MODE != "fictional":
        raise NotPermitted(
            _(
                "The tokens of the sandbox are known to everybody. They are made in "
                "the fictional mode only."
            )
        )
    made = []
    with transaction.atomic():
        for system, token, organization_id in (
            (_("Hospital system"), HOSPITAL_TOKEN, _hospital_id(at=at)),
            (
                _("GP information system"),
                PRACTICE_TOKEN,
                _organization_of("verwijzer@example.nl", at=at),
            ),
            (
                _("Provider's planning system"),
                PROVIDER_TOKEN,
                _organization_of("wijkteam@example.nl", at=at),
            ),
        ):
            organization = get_organization(organization_id)
            if not organization.is_fictional:
                raise _no_region()
            keep_token(
                organization_id=organization_id,
                name=system,
                secret=token,
                at=at - timedelta(days=1),
                valid_until=at + _KEPT_FOR,
            )
            made.append(SandboxToken(system, organization.name, organization_id, token))
    return made


def _organization_of(email: str, *, at: datetime) -> int:
    """Return the organization where an invented account works."""
    from wijkspil.accounts.selectors import find_fictional_actor

    actor = find_fictional_actor(email, at=at)
    for grant in actor.grants if actor else ():
        if grant.organization_id is not None:
            return grant.organization_id
    raise _no_region()


def _hospital_id(*, at: datetime) -> int:
    from wijkspil.accounts.selectors import find_fictional_actor
    from wijkspil.directory.selectors.listing import find_fictional_organization
    from wijkspil.directory.services.organizations import (
        OrganizationDetails,
        add_organization,
    )
    from wijkspil.directory.types import OrganizationType

    found = find_fictional_organization(HOSPITAL_NAME)
    if found is not None:
        return found
    editor = find_fictional_actor("beheerder-adresboek@example.nl", at=at)
    if editor is None:
        raise _no_region()
    return add_organization(
        actor=editor,
        details=OrganizationDetails(
            name=HOSPITAL_NAME, type=OrganizationType.HOSPITAL.value
        ),
    ).pk


def _no_region() -> Exception:
    from django.utils.translation import gettext as _

    from wijkspil.core.errors import NotFound

    return NotFound(
        _("There is no invented region here. Make one first with `wijkspil generate`.")
    )
