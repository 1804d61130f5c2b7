"""Who acts: the actor behind a signed-in user or a token."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

from wijkspil.accounts.models import MachineClient, Membership, User
from wijkspil.accounts.types import VISITOR, Actor, Grant, Role
from wijkspil.core.prepared import fetch_row, fetch_rows

#: Of each page; the columns in the order of ``Grant``.
_GRANTS = """
SELECT role, organization_id, service_id, region_id FROM accounts_membership
WHERE user_id = %(user)s AND valid_from <= %(at)s
  AND (valid_until IS NULL OR valid_until > %(at)s)
"""


def get_actor(*, user_id: int | None, label: str, at: datetime) -> Actor:
    """Return the actor with the roles held at ``at`` (one query, none if empty)."""
    if user_id is None:
        return VISITOR
    held = fetch_rows(_GRANTS, {"user": user_id, "at": at})
    grants = tuple(Grant(Role(role), *bound) for role, *bound in held)
    return Actor(user_id=user_id, label=label, grants=grants or VISITOR.grants)


def find_fictional_actor(email: str, *, at: datetime) -> Actor | None:
    """Return the actor of an invented account, as signed in at ``at``, or None."""
    user = User.objects.filter(email=email, is_fictional=True).first()
    if user is None:
        return None
    return get_actor(user_id=user.pk, label=user.name, at=at)


def get_token_actor(*, secret: str, at: datetime) -> Actor | None:
    """Return the actor of an organization's system, or None if unknown or ended."""
    row = fetch_row(
        _TOKEN, {"digest": hashlib.sha256(secret.encode()).hexdigest(), "at": at}
    )
    return None if row is None else _machine(*row)


def get_certificate_actor(*, sha256: str, at: datetime) -> Actor | None:
    """Return the actor of the client that holds a certificate, or None."""
    row = fetch_row(_CERTIFICATE, {"sha256": sha256, "at": at})
    return None if row is None else _machine(*row)


def _machine(name: str, organization_id: int, scopes: list[str] | None) -> Actor:
    return Actor(
        label=f"system:{name}",
        grants=(Grant(Role.PROVIDER_SYSTEM, organization_id=organization_id),),
        scopes=None if scopes is None else frozenset(scopes),
    )


#: Of each call of a machine; a token ends with the client that got it.
_TOKEN = """
SELECT t.name, t.organization_id, t.scopes
  FROM accounts_apitoken t LEFT JOIN accounts_machineclient c ON c.id = t.client_id
 WHERE t.digest = %(digest)s
   AND t.valid_from <= %(at)s AND (t.valid_until IS NULL OR t.valid_until > %(at)s)
   AND (c.id IS NULL OR (c.valid_from <= %(at)s
                         AND (c.valid_until IS NULL OR c.valid_until > %(at)s)))
"""
_CERTIFICATE = """
SELECT name, organization_id, scopes FROM accounts_machineclient
 WHERE %(sha256)s = ANY(certificates)
   AND valid_from <= %(at)s AND (valid_until IS NULL OR valid_until > %(at)s)
"""


def list_role_holders(
    role: Role, *, region_id: int, at: datetime
) -> list[tuple[int, str]]:
    """Return (user id, name) of who holds a role for a region at ``at`` (one query)."""
    rows = fetch_rows(
        _ROLE_HOLDERS, {"role": role.value, "region": region_id, "at": at}
    )
    return [(user_id, name) for user_id, name in rows]


_ROLE_HOLDERS = """
SELECT DISTINCT ON (m.user_id) m.user_id, u.name
  FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
 WHERE m.role = %(role)s AND m.region_id = %(region)s AND u.is_active
   AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s)
 ORDER BY m.user_id
"""


#: Roles of those who send requests for care together.
_SENDING = (
    Role.REFERRER,
    Role.TEAM_MEMBER,
    Role.PROVIDER_MANAGER,
    Role.COORDINATOR,
)


def list_colleagues(
    organization_id: int | None, *, at: datetime
) -> list[tuple[int, str]]:
    """Return (user id, name) of who works at an organization at ``at`` (one query).

    Without an organization there are none.
    """
    if organization_id is None:
        return []
    wanted = {"organization": organization_id, "roles": [*map(str, _SENDING)], "at": at}
    return [(user_id, name) for user_id, name in fetch_rows(_COLLEAGUES, wanted)]


_COLLEAGUES = """
SELECT DISTINCT u.id, u.name
  FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
 WHERE m.organization_id = %(organization)s AND m.role = ANY(%(roles)s::text[])
   AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s)
   AND u.is_active
 ORDER BY u.name, u.id
"""


def list_grants_on(
    *,
    roles: Collection[Role],
    organization_ids: Collection[int] = (),
    service_ids: Collection[int] = (),
    region_ids: Collection[int] = (),
    at: datetime,
) -> list[tuple[int, Grant]]:
    """Return (user id, grant) of who holds one of ``roles`` on any of these at ``at``.

    One query; nobody whose account has ended.
    """
    wanted = {
        "organizations": list(organization_ids),
        "services": list(service_ids),
        "regions": list(region_ids),
        "roles": [*map(str, roles)],
        "at": at,
    }
    return [
        (
            user_id,
            Grant(
                role=Role(role),
                organization_id=organization_id,
                service_id=service_id,
                region_id=region_id,
            ),
        )
        for user_id, role, organization_id, service_id, region_id in fetch_rows(
            _HELD, wanted
        )
    ]


_HELD = """
SELECT m.user_id, m.role, m.organization_id, m.service_id, m.region_id
  FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
 WHERE (m.organization_id = ANY(%(organizations)s::bigint[])
        OR m.service_id = ANY(%(services)s::bigint[])
        OR m.region_id = ANY(%(regions)s::bigint[]))
   AND m.role = ANY(%(roles)s::text[]) AND u.is_active
   AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s)
 ORDER BY m.user_id, m.id
"""


def name_own_organizations(user_id: int, *, at: datetime) -> dict[int, str]:
    """Return id -> name of the organizations a person holds a role for (one query)."""
    return dict(
        Membership.objects.at(at)
        .filter(user_id=user_id, organization__isnull=False)
        .values_list("organization_id", "organization__name")
    )


def list_signing_keys(
    organization_id: int, *, at: datetime
) -> tuple[list[dict[str, Any]], frozenset[str]]:
    """Return what an organization's systems sign with at ``at`` (one query).

    Their public keys (RFC 7517), and the SHA-256 of their certificates.
    """
    rows = list(
        MachineClient.objects.at(at)
        .filter(organization_id=organization_id)
        .order_by("pk")
        .values_list("jwks", "certificates")
    )
    return (
        [key for jwks, _certificates in rows for key in jwks.get("keys", [])],
        frozenset(print_ for _jwks, prints in rows for print_ in prints),
    )
