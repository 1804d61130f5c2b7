"""Find entries by the logical id or registered number other systems know them by."""

from collections.abc import Collection
from dataclasses import dataclass

from wijkspil.core.prepared import fetch_row, fetch_rows
from wijkspil.directory.models import Alliance, AllianceMember


@dataclass(frozen=True)
class OrganizationKeys:
    """An organization by its keys: our number, logical id, registered numbers."""

    id: int
    fhir_id: str
    type: str
    ura: str
    kvk_number: str
    agb_code: str
    part_of_id: int | None
    is_active: bool


@dataclass(frozen=True)
class ServiceKeys:
    """A service by its keys, with its kind of care, which never changes."""

    id: int
    fhir_id: str
    organization_id: int
    care: str
    is_active: bool
    postcode: str


_ORGANIZATION = """
SELECT id, fhir_id, type, ura, kvk_number, agb_code, part_of_id, is_active
  FROM directory_organization
"""
_SERVICE = """
SELECT id, fhir_id, organization_id, care, is_active, postcode
  FROM directory_healthcareservice
"""


def find_organization(fhir_id: str) -> OrganizationKeys | None:
    """Return the organization with a logical id, or None (one query)."""
    row = fetch_row(_ORGANIZATION + "WHERE fhir_id = %(id)s", {"id": fhir_id})
    return OrganizationKeys(*row) if row else None


def find_organization_by_number(
    *, ura: str = "", kvk_number: str = "", agb_code: str = ""
) -> OrganizationKeys | None:
    """Return the organization with a registered number, or None (one query).

    A KvK number is found only where one organization has it: a legal person may have
    several URAs.
    """
    rows = fetch_rows(
        _ORGANIZATION
        + """
         WHERE (ura = %(ura)s AND ura <> '')
            OR (kvk_number = %(kvk)s AND kvk_number <> '')
            OR (agb_code = %(agb)s AND agb_code <> '')
         LIMIT 2
        """,
        {"ura": ura, "kvk": kvk_number, "agb": agb_code},
    )
    return OrganizationKeys(*rows[0]) if len(rows) == 1 else None


def get_organization_keys(organization_id: int) -> OrganizationKeys | None:
    """Return the keys of an organization by our number, or None (one query)."""
    row = fetch_row(_ORGANIZATION + "WHERE id = %(id)s", {"id": organization_id})
    return OrganizationKeys(*row) if row else None


def find_service(fhir_id: str) -> ServiceKeys | None:
    """Return the service with a logical id, or None (one query)."""
    row = fetch_row(_SERVICE + "WHERE fhir_id = %(id)s", {"id": fhir_id})
    return ServiceKeys(*row) if row else None


def is_of_alliance(fhir_id: str) -> bool:
    """Whether a logical id is that of an alliance or of a member of one."""
    return (
        Alliance.objects.filter(fhir_id=fhir_id).exists()
        or AllianceMember.objects.filter(fhir_id=fhir_id).exists()
    )


def list_parts(organization_ids: Collection[int]) -> frozenset[int]:
    """Return all organizations that are part of these, at any depth (one query)."""
    rows = fetch_rows(
        """
        WITH RECURSIVE parts AS (
          SELECT id FROM directory_organization WHERE part_of_id = ANY(%(ids)s)
          UNION
          SELECT o.id FROM directory_organization o
            JOIN parts p ON o.part_of_id = p.id)
        SELECT id FROM parts
        """,
        {"ids": list(organization_ids)},
    )
    return frozenset(row[0] for row in rows)
