"""Render versions that are not rendered yet; each once, by whoever needs them first."""

import json
from collections.abc import Callable

from django.db import connection, transaction

from wijkspil.core.prepared import fetch_row
from wijkspil.fhir.mapping.registry import render
from wijkspil.fhir.mapping.terms import find_terms

#: Versions rendered in one transaction.
BATCH = 500

_ANY = "SELECT EXISTS (SELECT 1 FROM fhir_version WHERE body IS NULL)"

_NEXT = """
SELECT id, type, fhir_id, version, tick, source
  FROM fhir_version WHERE body IS NULL ORDER BY id LIMIT %s FOR UPDATE
"""

_KEEP_VERSIONS = """
UPDATE fhir_version v SET body = n.body, public_body = n.public_body
  FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (id, body, public_body)
 WHERE v.id = n.id
"""

#: Only of the newest version; lists come as JSON, for arrays of arrays are square.
_KEEP_TERMS = """
UPDATE fhir_resource r
   SET terms = ARRAY(SELECT json_array_elements_text(n.terms)),
       public_terms = ARRAY(SELECT json_array_elements_text(n.public_terms)),
       name = n.name, lon = n.lon, lat = n.lat
  FROM unnest(%s::text[], %s::text[], %s::int[], %s::json[], %s::json[], %s::text[],
              %s::float8[], %s::float8[])
       AS n (type, fhir_id, version, terms, public_terms, name, lon, lat)
 WHERE r.type = n.type AND r.fhir_id = n.fhir_id AND r.version = n.version
"""


def render_pending(*, progress: Callable[[int], None] | None = None) -> int:
    """Render every version that is not, and return how many (one query if none).

    Waits for who renders the same now. ``progress`` is told of each batch. Sees only
    what the current transaction sees.
    """
    done = 0
    while fetch_row(_ANY, {}) == (True,):
        done += (now := _render_batch())
        if progress:
            progress(now)
    return done


@transaction.atomic
def _render_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [BATCH])
        versions = []
        resources = []
        for key, type_, fhir_id, version, tick, source in cursor.fetchall():
            rendered = render(
                type_,
                fhir_id,
                version=version,
                tick=tick,
                source=json.loads(source) if isinstance(source, str) else source,
            )
            versions.append((key, rendered.body, rendered.public_body))
            found = find_terms(rendered.resource)
            public = find_terms(rendered.public_resource)
            resources.append(
                (
                    type_,
                    fhir_id,
                    version,
                    json.dumps(found.terms),
                    json.dumps(public.terms),
                    found.name,
                    found.lon,
                    found.lat,
                )
            )
        if versions:
            cursor.execute(
                _KEEP_VERSIONS, [list(c) for c in zip(*versions, strict=True)]
            )
            cursor.execute(_KEEP_TERMS, [list(c) for c in zip(*resources, strict=True)])
    return len(versions)
