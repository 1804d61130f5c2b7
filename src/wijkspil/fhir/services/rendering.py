"""Render versions that are not rendered yet; each once, by whoever needs them first."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from wijkspil.core.prepared import fetch_row
from wijkspil.fhir.errors import refuse
from wijkspil.fhir.mapping.registry import render
from wijkspil.fhir.mapping.terms import BETWEEN, Found, find_terms
from wijkspil.fhir.services.bundles import to_json

#: Versions rendered in one transaction.
BATCH = 500
#: Versions rendered while somebody waits for an answer.
MOST_WHILE_ASKED = 20_000

_NEXT = """
SELECT id, type, fhir_id, version, tick, source
  FROM fhir_version WHERE body IS NULL AND tick <= %s
 ORDER BY id LIMIT %s FOR UPDATE
"""

_NEWEST = """
SELECT v.id, v.type, v.fhir_id, v.version, v.tick, v.source
  FROM unnest(%s::text[], %s::text[]) AS n (type, fhir_id)
  JOIN fhir_resource r USING (type, fhir_id)
  JOIN fhir_version v USING (type, fhir_id, version)
 WHERE v.body IS NULL FOR UPDATE OF v
"""

#: Rows come as one JSON text: what a client can quote fastest.
_KEEP_VERSIONS = """
UPDATE fhir_version v
   SET body = n.body, public_body = n.public_body, name = n.name
  FROM json_to_recordset(%s)
       AS n (id bigint, body text, public_body text, name text)
 WHERE v.id = n.id
"""

#: Never an older version over a newer one.
_KEEP_ENTRIES = """
INSERT INTO fhir_searchentry AS e
       (type, fhir_id, version, tick, terms, public_terms, strings, name,
        number, starts, ends, lon, lat)
SELECT n.type, n.fhir_id, n.version, n.tick,
       array_to_tsvector(string_to_array(n.terms, E'\\x1f')),
       array_to_tsvector(
         string_to_array(coalesce(n.public_terms, n.terms), E'\\x1f')),
       n.strings, n.name, n.number, n.starts, n.ends, n.lon, n.lat
  FROM json_to_recordset(%s)
       AS n (type text, fhir_id text, version int, tick bigint, terms text,
             public_terms text, strings text, name text, number float8,
             starts bigint, ends bigint, lon float8, lat float8)
 ORDER BY n.type, n.fhir_id
    ON CONFLICT (type, fhir_id) DO UPDATE
   SET version = excluded.version, tick = excluded.tick, terms = excluded.terms,
       public_terms = excluded.public_terms, strings = excluded.strings,
       name = excluded.name, number = excluded.number, starts = excluded.starts,
       ends = excluded.ends, lon = excluded.lon, lat = excluded.lat
 WHERE excluded.version >= e.version
RETURNING e.id, e.type, e.fhir_id
"""

_DROP_LINKS = "DELETE FROM fhir_searchlink WHERE entry_id = ANY(%s)"

_KEEP_LINKS = """
INSERT INTO fhir_searchlink (entry_id, parameter, target_type, target_id, is_public)
SELECT * FROM json_to_recordset(%s)
           AS n (entry_id bigint, parameter text, target_type text, target_id text,
                 is_public bool)
"""


#: Also so that counting need not look at the rows themselves.
_TIDY = (
    "VACUUM (ANALYZE) fhir_version, fhir_resource, fhir_searchentry, fhir_searchlink"
)


def render_pending(*, progress: Callable[[int], None] | None = None) -> int:
    """Render every version that is not, and return how many (one query if none).

    Waits for who renders the same now, never for who publishes. ``progress`` is told
    of each batch. Stops at the newest of this moment, so that it ends also while
    others write; sees only what the current transaction sees.
    """
    return _render_up_to(find_pending(1), progress)


def render_all(*, progress: Callable[[int], None] | None = None) -> int:
    """Render what a bulk load left, and let the database plan by what is there now.

    Returns how many. Not inside a transaction.
    """
    done = render_pending(progress=progress)
    if done > MOST_WHILE_ASKED:
        with connection.cursor() as cursor:
            cursor.execute(_TIDY)
    return done


def count_pending() -> int:
    """Return how many versions are not rendered. One query."""
    return find_pending(2**62).pending


def catch_up() -> int:
    """Render what waits, and return the horizon: all up to it can be read now.

    Raises
    ------
    FhirError
        503 if more waits than is rendered while somebody waits (a bulk load).
    """
    waiting = find_pending(MOST_WHILE_ASKED + 1)
    if waiting.pending > MOST_WHILE_ASKED:
        raise refuse(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "transient",
            gettext_noop("Much was loaded just now and is being prepared. Ask again."),
            headers=[("Retry-After", "30")],
        )
    _render_up_to(waiting, None)
    return waiting.horizon


@dataclass(frozen=True)
class Waiting:
    """The horizon, the newest tick, and how many versions are not rendered."""

    horizon: int
    newest: int
    pending: int


def find_pending(up_to: int) -> Waiting:
    """Return what waits, counted to ``up_to``. One query.

    Every version up to the horizon is visible to statements after this one.
    """
    row = fetch_row("SELECT * FROM fhir_catch_up(%(up_to)s)", {"up_to": up_to})
    assert row is not None
    return Waiting(*row)


def _render_up_to(waiting: Waiting, progress: Callable[[int], None] | None) -> int:
    done = 0
    pending = waiting.pending
    while pending:
        pending = _render_batch(waiting.newest)
        done += pending
        if progress and pending:
            progress(pending)
    return done


@dataclass(frozen=True)
class _Entry:
    """What one resource is found by now."""

    type: str
    fhir_id: str
    version: int
    tick: int
    found: Found
    public: Found


@transaction.atomic
def _render_batch(newest_tick: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [newest_tick, BATCH])
        return _render_rows(cursor)


def render_now(resources: Sequence[tuple[str, str]]) -> None:
    """Render the newest version of resources, at once and in the caller's transaction.

    For who has just written them, by (type, id): it holds their rows, so that it waits
    for nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _NEWEST, [[type_ for type_, _ in resources], [id_ for _, id_ in resources]]
        )
        _render_rows(cursor)


def _render_rows(cursor: Any) -> int:
    """Render the versions that the cursor has selected, and return how many."""
    versions: list[dict[str, Any]] = []
    newest: dict[tuple[str, str], _Entry] = {}
    for key, type_, fhir_id, version, tick, source in cursor.fetchall():
        rendered = render(
            type_,
            fhir_id,
            version=version,
            tick=tick,
            source=json.loads(source) if isinstance(source, str) else source,
        )
        found = find_terms(rendered.resource)
        public = (
            found
            if rendered.public_body == rendered.body
            else find_terms(rendered.public_resource)
        )
        versions.append(
            {
                "id": key,
                "body": rendered.body,
                "public_body": rendered.public_body,
                "name": found.name,
            }
        )
        kept = newest.get((type_, fhir_id))
        if kept is None or kept.version < version:
            newest[type_, fhir_id] = _Entry(
                type_, fhir_id, version, tick, found, public
            )
    if not versions:
        return 0
    cursor.execute(_KEEP_VERSIONS, [to_json(versions)])
    # Sorted: in one order for all, so that two who render never wait in a circle.
    cursor.execute(_KEEP_ENTRIES, [to_json([_to_row(e) for e in newest.values()])])
    _keep_links(cursor, cursor.fetchall(), newest)
    return len(versions)


def _to_row(entry: _Entry) -> dict[str, Any]:
    found, public = entry.found, entry.public
    for_all = set(public.strings)
    return {
        "type": entry.type,
        "fhir_id": entry.fhir_id,
        "version": entry.version,
        "tick": entry.tick,
        "terms": BETWEEN.join(found.terms),
        "public_terms": None if public is found else BETWEEN.join(public.terms),
        # A plus marks what is for those known only.
        "strings": "\n".join(s if s in for_all else f"+{s}" for s in found.strings),
        "name": found.name,
        "number": found.number,
        "starts": found.starts,
        "ends": found.ends,
        "lon": found.lon,
        "lat": found.lat,
    }


def _keep_links(
    cursor: Any,
    kept: list[tuple[int, str, str]],
    newest: dict[tuple[str, str], _Entry],
) -> None:
    links = [
        {
            "entry_id": id_,
            "parameter": link.parameter,
            "target_type": link.target_type,
            "target_id": link.target_id,
            "is_public": link in entry.public.links,
        }
        for id_, type_, fhir_id in kept
        for entry in (newest[type_, fhir_id],)
        for link in entry.found.links
    ]
    cursor.execute(_DROP_LINKS, [[id_ for id_, _, _ in kept]])
    if links:
        cursor.execute(_KEEP_LINKS, [to_json(links)])
