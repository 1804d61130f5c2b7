"""Logical ids of organizations and services by our numbers, many at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wijkspil.core.prepared import fetch_rows

_IDS = """
SELECT 'o', id, fhir_id FROM directory_organization WHERE id = ANY(%(organizations)s)
 UNION ALL
SELECT 's', id, fhir_id FROM directory_healthcareservice WHERE id = ANY(%(services)s)
"""


@dataclass(frozen=True)
class LogicalIds:
    """Our number -> logical id."""

    organizations: Mapping[int, str]
    services: Mapping[int, str]


def list_logical_ids(
    *,
    organizations: Iterable[int | None] = (),
    services: Iterable[int | None] = (),
) -> LogicalIds:
    """Return the logical ids of what has one (one query)."""
    rows = fetch_rows(
        _IDS,
        {
            "organizations": [pk for pk in organizations if pk is not None],
            "services": [pk for pk in services if pk is not None],
        },
    )
    return LogicalIds(
        organizations={pk: fhir_id for kind, pk, fhir_id in rows if kind == "o"},
        services={pk: fhir_id for kind, pk, fhir_id in rows if kind == "s"},
    )
