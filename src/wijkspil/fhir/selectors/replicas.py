"""Read what other directories are here: what arrived, and what is whose."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from wijkspil.core.prepared import fetch_rows
from wijkspil.fhir.models import (
    FollowedDirectory,
    PushedResource,
    ReplicaConflict,
    ReplicatedResource,
    UpstreamDirectory,
)

#: Old before new. A server's clock may go back: no version comes before the one that
#: its number follows. What has no number (removed) goes by its moment.
_ARRIVED = """
SELECT a.id, a.type, a.remote_id, a.version_id, a.version, a.tick, a.content
  FROM (SELECT id, page, place, version,
               CASE WHEN version IS NULL THEN tick ELSE
               max(tick) OVER (PARTITION BY type, remote_id ORDER BY version)
               END AS after
          FROM fhir_arrivedentry WHERE state_id = %(state)s
         ORDER BY after, version NULLS LAST, page DESC, place
         LIMIT %(limit)s) e
  JOIN fhir_arrivedentry a USING (id)
 ORDER BY e.after, e.version NULLS LAST, e.page DESC, e.place
"""

#: Which ids are taken here; by what is not copied from elsewhere: ``is_own``.
_TAKEN = """
SELECT r.type, r.fhir_id,
       NOT EXISTS (SELECT 1 FROM fhir_replicatedresource c
                    WHERE c.type = r.type AND c.fhir_id = r.fhir_id
                      AND NOT c.is_linked) AS is_own
  FROM fhir_resource r
 WHERE r.type = ANY(%(types)s) AND r.fhir_id = ANY(%(ids)s)
"""

#: Kept whole, while what it belongs to is a row of the directory by now.
_PROMOTABLE = {
    "Organization": """
SELECT e.fhir_id, e.elements::text FROM fhir_fedelements e
  JOIN directory_organization parent
    ON e.elements->'partOf'->>'reference' = 'Organization/' || parent.fhir_id
  LEFT JOIN directory_organization o ON o.fhir_id = e.fhir_id
 WHERE e.type = 'Organization' AND e.origin = %(origin)s AND o.id IS NULL
 ORDER BY e.fhir_id
""",
    "HealthcareService": """
SELECT e.fhir_id, e.elements::text FROM fhir_fedelements e
  JOIN directory_organization owner
    ON e.elements->'providedBy'->>'reference' = 'Organization/' || owner.fhir_id
  LEFT JOIN directory_healthcareservice s ON s.fhir_id = e.fhir_id
 WHERE e.type = 'HealthcareService' AND e.origin = %(origin)s AND s.id IS NULL
 ORDER BY e.fhir_id
""",
}

_CURRENT = """
SELECT v.version, v.tick, v.source::text
  FROM fhir_resource r JOIN fhir_version v USING (type, fhir_id, version)
 WHERE r.type = %(type)s AND r.fhir_id = %(id)s
"""


def fetch_arrived(state_id: int, *, limit: int) -> list[tuple[Any, ...]]:
    """Return (key, type, id, version id, version, tick, resource), the oldest first.

    One query.
    """
    return [
        (*row[:-1], json.loads(row[-1]) if isinstance(row[-1], str) else row[-1])
        for row in fetch_rows(_ARRIVED, {"state": state_id, "limit": limit})
    ]


def find_taken(
    types: Collection[str], ids: Collection[str]
) -> dict[tuple[str, str], bool]:
    """Return which (type, id) exist here already, and whether they are our own."""
    found = fetch_rows(_TAKEN, {"types": list(types), "ids": list(ids)})
    return {(type_, id_): is_own for type_, id_, is_own in found}


def find_pushed(address: str, ids: Collection[str]) -> set[tuple[str, str]]:
    """Return which of these (type, id) we told a directory of ourselves."""
    found = PushedResource.objects.filter(directory__address=address, fhir_id__in=ids)
    return set(found.values_list("type", "fhir_id"))


def get_renamed(directory_id: int) -> dict[str, str]:
    """Return "Type/remote id" -> "Type/id here" where these differ."""
    found = ReplicatedResource.objects.filter(directory_id=directory_id).extra(
        where=["remote_id <> fhir_id"]
    )
    return {
        f"{type_}/{remote_id}": f"{type_}/{fhir_id}"
        for type_, remote_id, fhir_id in found.values_list(
            "type", "remote_id", "fhir_id"
        )
    }


def list_promotable(type_: str, *, origin: str) -> list[tuple[str, Any]]:
    """Return (id, elements) of copies that could be a row of the directory by now."""
    rows = fetch_rows(_PROMOTABLE[type_], {"origin": origin})
    return [(fhir_id, json.loads(elements)) for fhir_id, elements in rows]


def get_source(type_: str, fhir_id: str) -> tuple[int, int, Any] | None:
    """Return (version, tick, source) of a resource as it is now, or None."""
    rows = fetch_rows(_CURRENT, {"type": type_, "id": fhir_id})
    return (rows[0][0], rows[0][1], json.loads(rows[0][2])) if rows else None


def list_followed() -> Sequence[FollowedDirectory]:
    """Return all directories that are copied, with their states."""
    return list(
        FollowedDirectory.objects.order_by("address").prefetch_related("states")
    )


def list_conflicts(*, limit: int) -> Sequence[ReplicaConflict]:
    """Return the newest differences with directories that are copied."""
    found = ReplicaConflict.objects.select_related("directory").order_by("-at", "-pk")
    return list(found[:limit])


def list_upstream() -> Sequence[UpstreamDirectory]:
    """Return all directories that are told of our own resources."""
    return list(UpstreamDirectory.objects.order_by("address"))


def list_refused(directory_id: int) -> Sequence[PushedResource]:
    """Return what a directory refused, the newest first."""
    found = PushedResource.objects.filter(directory_id=directory_id, status__gte=400)
    return list(found.order_by("-at", "-pk"))
