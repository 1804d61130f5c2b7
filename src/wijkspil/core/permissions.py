"""Named permissions and how far they reach. Deny by default.

A context declares its permissions once, each with the roles that hold it and the
scope in which they hold it. The catalogue is the source of the matrix in
``docs/reference/permissions.md`` and of the test over role x action x state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """How far a role's permission reaches."""

    SERVICE = "own-service"
    ORGANIZATION = "own-organization"
    REGION = "own-region"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Permission:
    """One named right: ``grants`` maps a role's code to the scope it has."""

    code: str
    description: str
    grants: Mapping[str, Scope]


_CATALOGUE: dict[str, Permission] = {}


def declare(code: str, description: str, *, grants: Mapping[str, Scope]) -> Permission:
    """Add a permission to the catalogue; a code is declared once.

    Raises
    ------
    ValueError
        If the code was declared before.
    """
    if code in _CATALOGUE:
        raise ValueError(f"Permission {code!r} is declared twice.")
    permission = Permission(code=code, description=description, grants=dict(grants))
    _CATALOGUE[code] = permission
    return permission


def list_permissions() -> list[Permission]:
    """Return every declared permission, by code."""
    return [_CATALOGUE[code] for code in sorted(_CATALOGUE)]
