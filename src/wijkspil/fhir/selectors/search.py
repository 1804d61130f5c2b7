"""Find resources by a compiled condition, a page at a time, and what goes with them.

A page begins after the keys of the one before. A key never changes while a client
pages: it is taken from the version there was at the horizon of the first page (of the
first version for what came later), so that no resource comes twice and none is missed
that was there at the start and still is, however much is written meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection

from wijkspil.fhir.selectors.criteria import (
    Near,
    Viewer,
    distance_sql,
    distance_values,
)


class SortKey(StrEnum):
    """What can be sorted by."""

    CREATED = "created"
    ID = "_id"
    NAME = "name"
    LAST_UPDATED = "_lastUpdated"
    DISTANCE = "near"


#: Those that never change for a resource.
_FIXED = frozenset({SortKey.CREATED, SortKey.ID})


@dataclass(frozen=True)
class Sort:
    """One key of an order."""

    key: SortKey
    is_descending: bool = False


@dataclass(frozen=True)
class Hit:
    """One resource of a page; ``keys`` say where the next page begins."""

    entry_id: int
    type: str
    fhir_id: str
    version: int
    body: str
    keys: tuple[Any, ...] = ()
    distance_m: float | None = None


def count_matches(where: str, values: Sequence[Any]) -> int:
    """Return how many resources a condition holds for. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM fhir_searchentry r WHERE {where}",
            list(values),
        )
        return int(cursor.fetchone()[0])


def find_page(
    where: str,
    values: Sequence[Any],
    *,
    viewer: Viewer,
    sorts: Sequence[Sort],
    horizon: int,
    count: int,
    after: Sequence[Any] | None,
    near: Near | None,
) -> list[Hit]:
    """Return at most ``count`` resources after ``after``, in order. One query.

    ``where`` is about ``r``, a row of ``fhir_searchentry``.
    """
    sorts = (*sorts, Sort(SortKey.CREATED))
    order = ", ".join(
        f"k{n}{' DESC' if sort.is_descending else ''}" for n, sort in enumerate(sorts)
    )
    # Each branch finds its own first rows along an index; the outer order joins them.
    branches = [
        _branch(where, values, sorts, horizon, count, after, near, is_changed=False)
    ]
    if any(sort.key not in _FIXED for sort in sorts):
        branches.append(
            _branch(where, values, sorts, horizon, count, after, near, is_changed=True)
        )
    body = "body" if viewer.is_known else "public_body"
    keys = ", ".join(f"p.k{n}" for n in range(len(sorts)))
    statement = (
        f"SELECT p.id, p.type, p.fhir_id, p.version, v.{body}, {keys} FROM ("
        f"SELECT * FROM ({' UNION ALL '.join(f'({sql})' for sql, _ in branches)}) b"
        f" ORDER BY {order} LIMIT {int(count)}) p"
        " JOIN fhir_version v ON v.type = p.type AND v.fhir_id = p.fhir_id"
        f" AND v.version = p.version ORDER BY {order}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _, part in branches for value in part])
        rows = cursor.fetchall()
    place = next(
        (n for n, sort in enumerate(sorts) if sort.key is SortKey.DISTANCE), None
    )
    return [
        Hit(
            entry_id=row[0],
            type=row[1],
            fhir_id=row[2],
            version=row[3],
            body=row[4],
            keys=row[5:],
            distance_m=None if place is None else row[5 + place],
        )
        for row in rows
    ]


def _branch(
    where: str,
    values: Sequence[Any],
    sorts: Sequence[Sort],
    horizon: int,
    count: int,
    after: Sequence[Any] | None,
    near: Near | None,
    *,
    is_changed: bool,
) -> tuple[str, list[Any]]:
    """Return the statement of rows with their keys: unchanged or changed since."""
    lat, lon = ("r.lat", "r.lon")
    join = ""
    join_values: list[Any] = []
    needs_horizon = any(sort.key not in _FIXED for sort in sorts)
    if is_changed:
        lat, lon = (
            f"coalesce((old.body::json->'position'->>'{name}')::float8, {column})"
            for name, column in (("latitude", "r.lat"), ("longitude", "r.lon"))
        )
        join = (
            " CROSS JOIN LATERAL (SELECT o.name, o.tick, o.body FROM fhir_version o"
            " WHERE o.type = r.type AND o.fhir_id = r.fhir_id"
            " AND (o.tick <= %s OR o.version = 1) ORDER BY o.version DESC LIMIT 1) old"
        )
        join_values = [horizon]
    source = "old" if is_changed else "r"
    expressions: list[str] = []
    key_values: list[list[Any]] = []
    for sort in sorts:
        key_values.append([])
        match sort.key:
            case SortKey.CREATED:
                expressions.append("r.id")
            case SortKey.ID:
                expressions.append("r.fhir_id")
            case SortKey.NAME:
                expressions.append(f"{source}.name")
            case SortKey.LAST_UPDATED:
                expressions.append(f"{source}.tick")
            case SortKey.DISTANCE:
                assert near is not None
                expressions.append(distance_sql(lat, lon))
                key_values[-1] = distance_values(near)
    columns = ", ".join(f"{sql} AS k{n}" for n, sql in enumerate(expressions))
    parts = [where]
    part_values = list(values)
    if needs_horizon:
        parts.append("r.tick > %s" if is_changed else "r.tick <= %s")
        part_values.append(horizon)
    if after is not None:
        sql, after_values = _after(sorts, expressions, key_values, after)
        parts.append(sql)
        part_values += after_values
    order = ", ".join(
        f"k{n}{' DESC' if sort.is_descending else ''}" for n, sort in enumerate(sorts)
    )
    statement = (
        f"SELECT r.id, r.type, r.fhir_id, r.version, {columns}"
        f" FROM fhir_searchentry r{join}"
        f" WHERE {' AND '.join(parts)} ORDER BY {order} LIMIT {int(count)}"
    )
    return statement, [
        *(value for each in key_values for value in each),
        *join_values,
        *part_values,
    ]


def _after(
    sorts: Sequence[Sort],
    expressions: Sequence[str],
    key_values: Sequence[Sequence[Any]],
    after: Sequence[Any],
) -> tuple[str, list[Any]]:
    """Return the condition of coming after the given keys, in the order."""
    if not any(sort.is_descending for sort in sorts):
        marks = ", ".join("%s" for _ in sorts)
        return f"({', '.join(expressions)}) > ({marks})", [
            *(value for each in key_values for value in each),
            *after,
        ]
    alternatives = []
    values: list[Any] = []
    for n, sort in enumerate(sorts):
        same = [f"{expressions[m]} = %s" for m in range(n)]
        for m in range(n):
            values += [*key_values[m], after[m]]
        sign = "<" if sort.is_descending else ">"
        alternatives.append(" AND ".join([*same, f"{expressions[n]} {sign} %s"]))
        values += [*key_values[n], after[n]]
    # The first key alone as well, for the index.
    sign = "<=" if sorts[0].is_descending else ">="
    first = f"{expressions[0]} {sign} %s AND "
    return f"{first}({' OR '.join(f'({sql})' for sql in alternatives)})", [
        *key_values[0],
        after[0],
        *values,
    ]


_INCLUDED = """
SELECT t.id, t.type, t.fhir_id, t.version, v.{body}
  FROM (SELECT DISTINCT l.target_type, l.target_id
          FROM fhir_searchlink l JOIN fhir_searchentry s ON s.id = l.entry_id
         WHERE l.entry_id = ANY(%(ids)s)
           AND (%(source)s = '*' OR s.type = %(source)s)
           AND (%(parameter)s = '*' OR l.parameter = %(parameter)s)
           AND (%(target)s = '' OR l.target_type = %(target)s)
           AND (%(is_known)s OR l.is_public)) l
  JOIN fhir_searchentry t ON t.type = l.target_type AND t.fhir_id = l.target_id
  JOIN fhir_version v ON v.type = t.type AND v.fhir_id = t.fhir_id
                     AND v.version = t.version
 WHERE NOT t.id = ANY(%(seen)s)
 ORDER BY t.id LIMIT %(limit)s
"""

_REVERSE_INCLUDED = """
SELECT s.id, s.type, s.fhir_id, s.version, v.{body}
  FROM (SELECT DISTINCT l.entry_id
          FROM fhir_searchentry t
          JOIN fhir_searchlink l
            ON l.target_type = t.type AND l.target_id = t.fhir_id
         WHERE t.id = ANY(%(ids)s)
           AND (%(parameter)s = '*' OR l.parameter = %(parameter)s)
           AND (%(target)s = '' OR l.target_type = %(target)s)
           AND (%(is_known)s OR l.is_public)) l
  JOIN fhir_searchentry s ON s.id = l.entry_id
  JOIN fhir_version v ON v.type = s.type AND v.fhir_id = s.fhir_id
                     AND v.version = s.version
 WHERE (%(source)s = '*' OR s.type = %(source)s) AND NOT s.id = ANY(%(seen)s)
 ORDER BY s.id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Include:
    """One ``_include`` or ``_revinclude``; ``*`` for every source or parameter."""

    source: str
    parameter: str
    target: str = ""
    is_reverse: bool = False
    iterates: bool = False


def find_included(
    include: Include,
    *,
    of: Sequence[int],
    seen: Sequence[int],
    viewer: Viewer,
    limit: int,
) -> list[Hit]:
    """Return what entries refer to, or what refers to them, but for ``seen``."""
    statement = _REVERSE_INCLUDED if include.is_reverse else _INCLUDED
    body = "body" if viewer.is_known else "public_body"
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(body=body),
            {
                "ids": list(of),
                "seen": list(seen),
                "source": include.source,
                "parameter": include.parameter,
                "target": include.target,
                "is_known": viewer.is_known,
                "limit": limit,
            },
        )
        return [Hit(*row) for row in cursor.fetchall()]
