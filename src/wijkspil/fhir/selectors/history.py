"""Read versions in the order they were made in, up to a horizon, a page at a time.

Up to the horizon nothing can still appear, so a page never changes once it was given:
the next page begins after the tick and the row of the last version of this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wijkspil.core.prepared import fetch_row, fetch_rows
from wijkspil.fhir.types import DirectoryType


@dataclass(frozen=True)
class Scope:
    """Of what history is asked: all types, one, or one resource."""

    type: str = ""
    fhir_id: str = ""


@dataclass(frozen=True)
class Span:
    """Which versions: ticks from ``start`` up to and with ``end``."""

    start: int
    end: int


@dataclass(frozen=True)
class Entry:
    """One version as it is listed."""

    row: int
    type: str
    fhir_id: str
    version: int
    tick: int
    body: str


_PAGE = """
SELECT v.id, v.type, v.fhir_id, v.version, v.tick, v.{body}
  FROM fhir_version v
 WHERE {scope} AND v.tick >= %(start)s AND v.tick <= %(end)s{after}
 ORDER BY v.tick {direction}, v.id {direction} LIMIT %(count)s
"""

_COUNT = """
SELECT count(*) FROM fhir_version v
 WHERE {scope} AND v.tick >= %(start)s AND v.tick <= %(end)s
"""


def _scope_sql(scope: Scope) -> str:
    if not scope.type:
        # Tasks and what else is for a few have versions too: never among these.
        return "v.type = ANY(%(types)s)"
    own = "v.type = %(type)s"
    return f"{own} AND v.fhir_id = %(fhir_id)s" if scope.fhir_id else own


def find_versions(
    scope: Scope,
    span: Span,
    *,
    is_public: bool,
    count: int,
    after: Sequence[int] | None = None,
    is_oldest_first: bool = False,
) -> list[Entry]:
    """Return at most ``count`` versions after (tick, row), newest first. One query.

    Every version of the span must be rendered.
    """
    sign = ">" if is_oldest_first else "<"
    statement = _PAGE.format(
        body="public_body" if is_public else "body",
        scope=_scope_sql(scope),
        after=f" AND (v.tick, v.id) {sign} (%(tick)s, %(row)s)" if after else "",
        direction="ASC" if is_oldest_first else "DESC",
    )
    tick, row = after or (0, 0)
    rows = fetch_rows(
        statement, {**_values(scope, span), "tick": tick, "row": row, "count": count}
    )
    return [Entry(*found) for found in rows]


def count_versions(scope: Scope, span: Span) -> int:
    """Return how many versions a span has. One query."""
    row = fetch_row(_COUNT.format(scope=_scope_sql(scope)), _values(scope, span))
    assert row is not None
    return int(row[0])


def _values(scope: Scope, span: Span) -> dict[str, object]:
    return {
        "type": scope.type,
        "types": [type_.value for type_ in DirectoryType],
        "fhir_id": scope.fhir_id,
        "start": span.start,
        "end": span.end,
    }
