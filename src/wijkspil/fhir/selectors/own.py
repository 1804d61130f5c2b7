"""Read what is our own and was not told to another directory yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from wijkspil.core.prepared import fetch_rows

#: Copies of other directories are left out; what is linked to one is our own. Alliances
#: go only with their members: a register of providers has no place for them.
_WAITING = """
SELECT r.type, r.fhir_id, r.tick, v.public_body,
       coalesce(p.etag, ''), coalesce(p.digest, ''), p.id IS NOT NULL
  FROM fhir_resource r
  JOIN fhir_version v USING (type, fhir_id, version)
  LEFT JOIN fhir_pushedresource p
    ON p.directory_id = %(directory)s AND p.type = r.type AND p.fhir_id = r.fhir_id
 WHERE r.type = ANY(%(types)s) AND r.tick <= %(horizon)s
   AND ((r.tick > %(pushed)s AND r.tick > coalesce(p.tick, 0)) OR p.tick = 0)
   AND (%(alliances)s OR NOT v.source ? 'alliance')
   AND NOT EXISTS (SELECT 1 FROM fhir_replicatedresource c
                    WHERE c.type = r.type AND c.fhir_id = r.fhir_id
                      AND NOT c.is_linked)
 ORDER BY array_position(%(types)s, r.type::text), r.tick, r.fhir_id
 LIMIT %(limit)s
"""

_COUNT = """
SELECT count(*)
  FROM fhir_resource r
  LEFT JOIN fhir_pushedresource p
    ON p.directory_id = %(directory)s AND p.type = r.type AND p.fhir_id = r.fhir_id
 WHERE r.type = ANY(%(types)s)
   AND ((r.tick > %(pushed)s AND r.tick > coalesce(p.tick, 0)) OR p.tick = 0)
   AND NOT EXISTS (SELECT 1 FROM fhir_replicatedresource c
                    WHERE c.type = r.type AND c.fhir_id = r.fhir_id
                      AND NOT c.is_linked)
"""

#: Our ids that stand for another id in that directory, because it had them first.
_REMOTE_IDS = """
SELECT c.type || '/' || c.fhir_id, c.type || '/' || c.remote_id
  FROM fhir_replicatedresource c JOIN fhir_followeddirectory d ON d.id = c.directory_id
 WHERE d.address = %(address)s AND c.fhir_id <> c.remote_id
"""


@dataclass(frozen=True)
class Waiting:
    """A resource in its newest version, and what a directory has of it.

    ``body`` is None if it is not rendered yet.
    """

    type: str
    fhir_id: str
    tick: int
    body: str | None
    etag: str
    digest: str
    was_sent: bool


def list_waiting(
    *, directory_id: int, types: Sequence[str], pushed: int, horizon: int, limit: int
) -> list[Waiting]:
    """Return what is to be sent, in the order of ``types``, then of time (one query).

    Only versions up to the horizon: a newer one is sent when it is below that.
    """
    rows = fetch_rows(
        _WAITING,
        {
            "directory": directory_id,
            "types": list(types),
            "pushed": pushed,
            "horizon": horizon,
            "limit": limit,
            "alliances": "OrganizationAffiliation" in types,
        },
    )
    return [Waiting(*row) for row in rows]


def count_waiting(*, directory_id: int, types: Sequence[str], pushed: int) -> int:
    """Return how many resources are to be sent, those beyond the horizon as well."""
    rows = fetch_rows(
        _COUNT, {"directory": directory_id, "types": list(types), "pushed": pushed}
    )
    return int(rows[0][0])


def get_remote_ids(address: str) -> dict[str, str]:
    """Return "Type/our id" -> "Type/its id" for what a directory calls otherwise."""
    return dict(fetch_rows(_REMOTE_IDS, {"address": address}))
