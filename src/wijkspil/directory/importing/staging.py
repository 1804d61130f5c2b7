"""Bring many rows into the tables of areas at once.

Rows are streamed with COPY into a temporary table and merged with one statement per
table. Only what differs is written, so loading the same file again changes nothing.
Everything runs in the caller's transaction.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection

from wijkspil.directory.types import AreaKind

#: Columns of an area that files may fill beside its key.
FIGURES = ("population", "population_by_age")


class StagedArea(NamedTuple):
    """An area as a file gives it. ``parent_year`` empty: the latest year there is."""

    kind: str
    code: str
    year: int
    name: str
    source: str
    purpose: str = ""
    parent_kind: str | None = None
    parent_code: str | None = None
    parent_year: int | None = None
    lon: float | None = None
    lat: float | None = None
    population: int | None = None
    population_by_age: str = "{}"
    #: Code of the wijk around a PC6, of ``merge_pc6``'s ``wijk_year``.
    in_wijk: str | None = None


class StagedLink(NamedTuple):
    """A link from an area to a larger one, by their codes."""

    part_kind: str
    part_code: str
    part_year: int
    whole_kind: str
    whole_purpose: str
    whole_code: str
    whole_year: int
    share_of_part: float = 1.0
    share_of_whole: float = 0.0


@dataclass(frozen=True)
class Merged:
    """Records written by a merge."""

    total: int = 0
    new: int = 0
    changed: int = 0

    def __add__(self, other: "Merged") -> "Merged":
        return Merged(
            self.total + other.total, self.new + other.new, self.changed + other.changed
        )


def bands_json(bands: Mapping[str, float]) -> str:
    """Write inhabitants per age band as the column keeps them."""
    return json.dumps({band: round(count, 1) for band, count in bands.items()})


_AREA_IN = """
CREATE TEMP TABLE area_in (
    kind text, code text, year int, name text, source text, purpose text,
    parent_kind text, parent_code text, parent_year int,
    lon float8, lat float8, population int, population_by_age jsonb, in_wijk text
) ON COMMIT DROP
"""
_LINK_IN = """
CREATE TEMP TABLE link_in (
    part_kind text, part_code text, part_year int,
    whole_kind text, whole_purpose text, whole_code text, whole_year int,
    share_of_part float8, share_of_whole float8
) ON COMMIT DROP
"""
_SHAPE_IN = """
CREATE TEMP TABLE shape_in (kind text, code text, year int, geometry jsonb)
ON COMMIT DROP
"""
_AGE_IN = """
CREATE TEMP TABLE age_in (
    kind text, code text, year int, population_by_age jsonb
) ON COMMIT DROP
"""
_COUNT = """
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM merged
"""


def lock_import() -> None:
    """Wait for another import to end (held until the transaction ends)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('wijkspil.directory.importing'))"
        )


def merge_areas(areas: Iterable[StagedArea], *, keep: Sequence[str] = ()) -> Merged:
    """Insert or update areas by kind, purpose, code and year.

    ``keep`` names columns that another file fills: an update leaves them alone. A
    parent may be in the same file when it is of a larger kind.
    """
    _fill("area_in", _AREA_IN, areas)
    merged = _merge_staged(keep)
    _execute("DROP TABLE area_in")
    return merged


def merge_pc6(
    areas: Iterable[StagedArea], *, known_pc4: Collection[str], wijk_year: int
) -> Merged:
    """Insert or update PC6 with the link to their wijk.

    A PC4 that is in no other file (``known_pc4``) is made from its PC6: most frequent
    place as its name, their mean as its point.
    """
    _fill("area_in", _AREA_IN, areas)
    _execute(
        """
        INSERT INTO area_in (kind, code, year, name, source, purpose, lon, lat,
            population_by_age)
        SELECT 'pc4', left(code, 4), max(year),
            mode() WITHIN GROUP (ORDER BY split_part(name, ', ', -1)),
            max(source), '', avg(lon), avg(lat), '{}'
        FROM area_in WHERE kind = 'pc6'
        GROUP BY left(code, 4) HAVING NOT left(code, 4) = ANY(%s::text[])
        """,
        [list(known_pc4)],
    )
    merged = _merge_staged(())
    _execute(_LINK_IN)
    _execute(
        """
        INSERT INTO link_in
        SELECT kind, code, year, 'wijk', '', in_wijk, %s::int, 1, 0
        FROM area_in WHERE in_wijk IS NOT NULL
        """,
        [wijk_year],
    )
    _execute("DROP TABLE area_in")
    return merged + _merge_staged_overlaps()


def _merge_staged(keep: Sequence[str]) -> Merged:
    merged = Merged()
    for kind in AreaKind.values:
        merged += _merge_kind(kind, keep)
    return merged


def _merge_kind(kind: str, keep: Sequence[str]) -> Merged:
    columns = ["name", "parent_id", "lon", "lat", *FIGURES, "source", "is_fictional"]
    columns = [column for column in columns if column not in keep]
    total = _scalar("SELECT count(*) FROM area_in WHERE kind = %s", [kind])
    if not total:
        return Merged()
    new, changed = _counts(
        f"""
        WITH merged AS (
            INSERT INTO directory_area AS kept (
                kind, purpose, code, year, name, parent_id, lon, lat, population,
                population_by_age, source, is_fictional, within, within_is_estimate)
            SELECT i.kind, i.purpose, i.code, i.year, i.name, p.id, i.lon, i.lat,
                i.population, i.population_by_age, i.source, false, '{{}}', false
            FROM area_in i
            LEFT JOIN LATERAL (
                SELECT a.id FROM directory_area a
                WHERE a.kind = i.parent_kind AND a.purpose = ''
                    AND a.code = i.parent_code
                    AND (i.parent_year IS NULL OR a.year = i.parent_year)
                ORDER BY a.year DESC LIMIT 1
            ) p ON true
            WHERE i.kind = %s
            ON CONFLICT (kind, purpose, code, year) DO UPDATE
            SET {", ".join(f"{c} = excluded.{c}" for c in columns)}
            WHERE ({", ".join(f"kept.{c}" for c in columns)})
                IS DISTINCT FROM ({", ".join(f"excluded.{c}" for c in columns)})
            RETURNING xmax = 0 AS is_new
        ) {_COUNT}
        """,
        [kind],
    )
    return Merged(total, new, changed)


def merge_ages(rows: Iterable[tuple[str, str, int, str]]) -> Merged:
    """Set the inhabitants per age of areas that exist: (kind, code, year, JSON)."""
    _fill("age_in", _AGE_IN, rows)
    total = _scalar("SELECT count(*) FROM age_in")
    changed = _execute(
        """
        UPDATE directory_area a SET population_by_age = i.population_by_age
        FROM age_in i
        WHERE a.kind = i.kind AND a.purpose = '' AND a.code = i.code
            AND a.year = i.year
            AND a.population_by_age IS DISTINCT FROM i.population_by_age
        """
    )
    _execute("DROP TABLE age_in")
    return Merged(total, 0, changed)


def stage_shapes(rows: Iterable[tuple[str, str, int, str]]) -> None:
    """Take in shapes: (kind, code, year, GeoJSON geometry)."""
    _fill("shape_in", _SHAPE_IN, rows)


def merge_staged_shapes() -> Merged:
    """Insert or update the staged shapes of areas that exist."""
    total = _scalar("SELECT count(*) FROM shape_in")
    new, changed = _counts(
        f"""
        WITH merged AS (
            INSERT INTO directory_areashape AS kept (area_id, geometry)
            SELECT a.id, i.geometry FROM shape_in i
            JOIN directory_area a ON a.kind = i.kind AND a.purpose = ''
                AND a.code = i.code AND a.year = i.year
            ON CONFLICT (area_id) DO UPDATE SET geometry = excluded.geometry
            WHERE kept.geometry IS DISTINCT FROM excluded.geometry
            RETURNING xmax = 0 AS is_new
        ) {_COUNT}
        """
    )
    _execute("DROP TABLE shape_in")
    return Merged(total, new, changed)


_LINK_IDS = """
CREATE TEMP TABLE link_ids ON COMMIT DROP AS
SELECT part.id AS part_id, whole.id AS whole_id, i.whole_kind, i.whole_purpose,
    i.share_of_part, i.share_of_whole
FROM link_in i
JOIN directory_area part ON part.kind = i.part_kind AND part.purpose = ''
    AND part.code = i.part_code AND part.year = i.part_year
JOIN directory_area whole ON whole.kind = i.whole_kind
    AND whole.purpose = i.whole_purpose AND whole.code = i.whole_code
    AND whole.year = i.whole_year
"""


def merge_overlaps(links: Iterable[StagedLink]) -> Merged:
    """Make the overlaps of the parts equal to ``links``; others of them go."""
    _fill("link_in", _LINK_IN, links)
    return _merge_staged_overlaps()


def _merge_staged_overlaps() -> Merged:
    _resolve_links()
    total = _scalar("SELECT count(*) FROM link_ids")
    gone = _execute(
        """
        DELETE FROM directory_areaoverlap o
        USING directory_area w
        WHERE w.id = o.whole_id
            AND o.part_id IN (SELECT part_id FROM link_ids)
            AND w.kind IN (SELECT whole_kind FROM link_ids)
            AND NOT EXISTS (SELECT FROM link_ids l
                WHERE l.part_id = o.part_id AND l.whole_id = o.whole_id)
        """
    )
    new, changed = _counts(
        f"""
        WITH merged AS (
            INSERT INTO directory_areaoverlap AS kept
                (part_id, whole_id, share_of_part, share_of_whole)
            SELECT part_id, whole_id, share_of_part, share_of_whole FROM link_ids
            ON CONFLICT (part_id, whole_id) DO UPDATE
            SET share_of_part = excluded.share_of_part,
                share_of_whole = excluded.share_of_whole
            WHERE (kept.share_of_part, kept.share_of_whole)
                IS DISTINCT FROM (excluded.share_of_part, excluded.share_of_whole)
            RETURNING xmax = 0 AS is_new
        ) {_COUNT}
        """
    )
    _execute("DROP TABLE link_in, link_ids")
    return Merged(total, new, changed + gone)


def merge_members(links: Iterable[StagedLink], *, source_prefix: str) -> Merged:
    """Make membership of regions equal to ``links``, for the parts among them.

    Regions whose source does not begin with ``source_prefix`` are left alone: they
    were made by an editor.
    """
    _fill("link_in", _LINK_IN, links)
    _resolve_links()
    total = _scalar("SELECT count(*) FROM link_ids")
    gone = _execute(
        """
        DELETE FROM directory_regionmember m
        USING directory_area r
        WHERE r.id = m.region_id AND starts_with(r.source, %s)
            AND m.area_id IN (SELECT part_id FROM link_ids)
            AND NOT EXISTS (SELECT FROM link_ids l
                WHERE l.part_id = m.area_id AND l.whole_id = m.region_id)
        """,
        [source_prefix],
    )
    new = _execute(
        """
        INSERT INTO directory_regionmember (region_id, area_id)
        SELECT whole_id, part_id FROM link_ids
        ON CONFLICT (region_id, area_id) DO NOTHING
        """
    )
    _execute("DROP TABLE link_in, link_ids")
    return Merged(total, new, gone)


def _resolve_links() -> None:
    _execute(_LINK_IDS)
    _execute("ANALYZE link_ids")


def _fill(table: str, create: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(create)
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"ANALYZE {table}")


def _execute(sql: str, values: Sequence[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def _scalar(sql: str, values: Sequence[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])


def _counts(sql: str, values: Sequence[Any] | None = None) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        new, changed = cursor.fetchone()
        return int(new), int(changed)
