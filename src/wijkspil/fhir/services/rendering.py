"""Render versions that are not rendered yet; each once, by whoever needs them first."""

import json
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

from django.db import connection, transaction

from wijkspil.core.prepared import fetch_row
from wijkspil.fhir.mapping.registry import render
from wijkspil.fhir.mapping.terms import Found, find_terms

#: Versions rendered in one transaction.
BATCH = 500

_NEXT = """
SELECT id, type, fhir_id, version, tick, source
  FROM fhir_version WHERE body IS NULL AND tick <= %s
 ORDER BY id LIMIT %s FOR UPDATE
"""

_KEEP_VERSIONS = """
UPDATE fhir_version v
   SET body = n.body, public_body = n.public_body, name = n.name
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
       AS n (id, body, public_body, name)
 WHERE v.id = n.id
"""

#: Never an older version over a newer one. Terms come as JSON, for arrays of arrays
#: are square.
_KEEP_ENTRIES = """
INSERT INTO fhir_searchentry AS e
       (type, fhir_id, version, tick, terms, public_terms, strings, name,
        number, starts, ends, lon, lat)
SELECT n.type, n.fhir_id, n.version, n.tick,
       array_to_tsvector(ARRAY(SELECT json_array_elements_text(n.terms))),
       array_to_tsvector(ARRAY(SELECT json_array_elements_text(n.public_terms))),
       n.strings, n.name, n.number, n.starts, n.ends, n.lon, n.lat
  FROM unnest(%s::text[], %s::text[], %s::int[], %s::bigint[], %s::json[], %s::json[],
              %s::text[], %s::text[], %s::float8[], %s::bigint[], %s::bigint[],
              %s::float8[], %s::float8[])
       AS n (type, fhir_id, version, tick, terms, public_terms, strings, name,
             number, starts, ends, lon, lat)
    ON CONFLICT (type, fhir_id) DO UPDATE
   SET version = excluded.version, tick = excluded.tick, terms = excluded.terms,
       public_terms = excluded.public_terms, strings = excluded.strings,
       name = excluded.name, number = excluded.number, starts = excluded.starts,
       ends = excluded.ends, lon = excluded.lon, lat = excluded.lat
 WHERE excluded.version > e.version
RETURNING e.id, e.type, e.fhir_id
"""

_DROP_LINKS = "DELETE FROM fhir_searchlink WHERE entry_id = ANY(%s)"

_KEEP_LINKS = """
INSERT INTO fhir_searchlink (entry_id, parameter, target_type, target_id, is_public)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bool[])
"""


def render_pending(*, progress: Callable[[int], None] | None = None) -> int:
    """Render every version that is not, and return how many (one query if none).

    Waits for who renders the same now, never for who publishes. ``progress`` is told
    of each batch. Stops at the horizon of this moment, so that it ends also while
    others write; sees only what the current transaction sees.
    """
    horizon, pending = find_pending(1)
    done = 0
    while pending:
        now = _render_batch(horizon)
        done += now
        if progress and now:
            progress(now)
        pending = now
    return done


def find_pending(up_to: int) -> tuple[int, int]:
    """Return the horizon and how many versions up to it wait, counted to ``up_to``.

    Every version up to that horizon is visible to statements after this one.
    """
    row = fetch_row("SELECT * FROM fhir_catch_up(%(up_to)s)", {"up_to": up_to})
    assert row is not None
    return int(row[0]), int(row[1])


@transaction.atomic
def _render_batch(horizon: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [horizon, BATCH])
        versions = []
        newest: dict[tuple[str, str], tuple[int, int, Found, Found]] = {}
        for key, type_, fhir_id, version, tick, source in cursor.fetchall():
            rendered = render(
                type_,
                fhir_id,
                version=version,
                tick=tick,
                source=json.loads(source) if isinstance(source, str) else source,
            )
            found = find_terms(rendered.resource)
            public = find_terms(rendered.public_resource)
            versions.append((key, rendered.body, rendered.public_body, found.name))
            kept = newest.get((type_, fhir_id))
            if kept is None or kept[0] < version:
                newest[type_, fhir_id] = (version, tick, found, public)
        if not versions:
            return 0
        cursor.execute(_KEEP_VERSIONS, [list(c) for c in zip(*versions, strict=True)])
        # In one order for all, so that two who render never wait for each other.
        rows = [_to_row(key, newest[key]) for key in sorted(newest)]
        cursor.execute(_KEEP_ENTRIES, [list(c) for c in zip(*rows, strict=True)])
        _keep_links(cursor, cursor.fetchall(), newest)
    return len(versions)


def _to_row(
    key: tuple[str, str], entry: tuple[int, int, Found, Found]
) -> tuple[object, ...]:
    version, tick, found, public = entry
    for_all = set(public.strings)
    return (
        *key,
        version,
        tick,
        json.dumps(sorted(found.terms)),
        json.dumps(sorted(public.terms)),
        # A plus marks what is for those known only.
        "\n".join(s if s in for_all else f"+{s}" for s in found.strings),
        found.name,
        found.number,
        found.starts,
        found.ends,
        found.lon,
        found.lat,
    )


def _keep_links(
    cursor: Any,
    kept: list[tuple[int, str, str]],
    newest: dict[tuple[str, str], tuple[int, int, Found, Found]],
) -> None:
    links = [
        (id_, link.parameter, link.target_type, link.target_id, link in public.links)
        for id_, type_, fhir_id in kept
        for _, _, found, public in (newest[type_, fhir_id],)
        for link in sorted(found.links, key=astuple)
    ]
    cursor.execute(_DROP_LINKS, [[id_ for id_, _, _ in kept]])
    if links:
        cursor.execute(_KEEP_LINKS, [list(c) for c in zip(*links, strict=True)])
