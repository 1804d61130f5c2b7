"""Keep what lies in what: ``Area.within``.

Answers which areas and regions hold a postcode, so that readers need one index
lookup. Rules: a buurt lies in its wijk, a wijk in its gemeente (their parents); a PC4
lies in the wijk that holds the largest share of its ground, else in the gemeente its
publisher names (its parent); a PC6 lies in its PC4 (its parent) and in the wijk or
buurt it overlaps most, else where its PC4 lies. A region holds its members and all
that lies in them.
"""

from collections.abc import Collection

from django.db import connection, transaction

#: Every area that is not a postcode, with each area around it (itself included).
_CHAIN = """
CREATE TEMP TABLE chain ON COMMIT DROP AS
WITH RECURSIVE up (area_id, whole_id) AS (
    SELECT id, id FROM directory_area WHERE kind IN ('gemeente', 'wijk', 'buurt')
    UNION
    SELECT up.area_id, a.parent_id
    FROM up JOIN directory_area a ON a.id = up.whole_id
    WHERE a.parent_id IS NOT NULL
)
SELECT area_id, whole_id FROM up
UNION ALL
SELECT id, id FROM directory_area WHERE kind = 'region'
"""

_TARGETS_ALL = (
    "CREATE TEMP TABLE target ON COMMIT DROP AS SELECT id FROM directory_area"
)
_TARGETS_SOME = """
CREATE TEMP TABLE target ON COMMIT DROP AS
SELECT id FROM directory_area
WHERE id = ANY(%(ids)s::bigint[]) OR within && %(ids)s::bigint[]
    OR parent_id = ANY(%(ids)s::bigint[])
UNION
SELECT part_id FROM directory_areaoverlap WHERE whole_id = ANY(%(ids)s::bigint[])
"""

#: The wijk, buurt or gemeente each PC4 is counted in.
_PC4_ANCHOR = """
CREATE TEMP TABLE pc4_anchor ON COMMIT DROP AS
SELECT pc4.id AS pc4_id, coalesce(most.whole_id, pc4.parent_id, child.whole_id)
    AS anchor_id
FROM directory_area pc4
LEFT JOIN (
    SELECT DISTINCT ON (o.part_id) o.part_id, o.whole_id
    FROM directory_areaoverlap o
    JOIN directory_area p ON p.id = o.part_id AND p.kind = 'pc4'
    JOIN directory_area w ON w.id = o.whole_id AND w.kind = 'wijk'
    ORDER BY o.part_id, o.share_of_part DESC, w.year DESC, w.code
) most ON most.part_id = pc4.id
LEFT JOIN (
    -- A PC4 known only through its PC6: where most of them lie.
    SELECT DISTINCT ON (p.parent_id) p.parent_id, o.whole_id
    FROM directory_areaoverlap o
    JOIN directory_area p ON p.id = o.part_id AND p.kind = 'pc6'
    JOIN directory_area w ON w.id = o.whole_id AND w.kind = 'wijk'
    GROUP BY p.parent_id, o.whole_id, w.code
    ORDER BY p.parent_id, count(*) DESC, w.code
) child ON child.parent_id = pc4.id
WHERE pc4.kind = 'pc4'
"""

_PC6_ANCHOR = """
CREATE TEMP TABLE pc6_anchor ON COMMIT DROP AS
SELECT pc6.id AS pc6_id, pc6.parent_id AS pc4_id, pc6.lon, pc6.lat,
    coalesce(most.whole_id, pc4.anchor_id) AS anchor_id,
    coalesce(most.kind, '') = 'wijk' AS is_in_wijk
FROM directory_area pc6
LEFT JOIN pc4_anchor pc4 ON pc4.pc4_id = pc6.parent_id
LEFT JOIN (
    SELECT DISTINCT ON (o.part_id) o.part_id, o.whole_id, w.kind
    FROM directory_areaoverlap o
    JOIN directory_area w ON w.id = o.whole_id AND w.kind IN ('wijk', 'buurt')
    -- 'buurt' before 'wijk': the smaller area says more.
    ORDER BY o.part_id, w.kind, o.share_of_part DESC, w.year DESC, w.code
) most ON most.part_id = pc6.id
WHERE pc6.kind = 'pc6' AND pc6.id IN (SELECT id FROM target)
"""

#: Nearest centre among the buurten of the PC6's wijk, only where the centre of every
#: one of them is known: else the true buurt may be one without a centre.
_NEAREST_BUURT = """
CREATE TEMP TABLE nearest ON COMMIT DROP AS
WITH centre AS (
    SELECT b.parent_id AS wijk_id, b.id, b.lon, b.lat,
        cos(radians(b.lat)) AS shrink
    FROM directory_area b
    WHERE b.kind = 'buurt' AND b.parent_id IN (
        SELECT parent_id FROM directory_area WHERE kind = 'buurt'
        GROUP BY parent_id HAVING count(*) = count(lon))
)
SELECT DISTINCT ON (p.pc6_id) p.pc6_id, c.id AS buurt_id
FROM pc6_anchor p
JOIN centre c ON c.wijk_id = p.anchor_id
WHERE p.is_in_wijk AND p.lon IS NOT NULL
ORDER BY p.pc6_id,
    ((p.lon - c.lon) * c.shrink) ^ 2 + (p.lat - c.lat) ^ 2, c.id
"""

_HOLDS = """
CREATE TEMP TABLE holds ON COMMIT DROP AS
SELECT c.area_id, c.whole_id FROM chain c JOIN target t ON t.id = c.area_id
UNION
SELECT a.id, a.id FROM directory_area a JOIN target t USING (id)
WHERE a.kind IN ('pc4', 'pc6')
UNION
SELECT p.pc4_id, c.whole_id FROM pc4_anchor p
JOIN target t ON t.id = p.pc4_id JOIN chain c ON c.area_id = p.anchor_id
UNION
SELECT pc6_id, pc4_id FROM pc6_anchor WHERE pc4_id IS NOT NULL
UNION
SELECT p.pc6_id, c.whole_id FROM pc6_anchor p JOIN chain c ON c.area_id = p.anchor_id
UNION
SELECT pc6_id, buurt_id FROM nearest
"""

_UPDATE = """
UPDATE directory_area a
SET within = found.within, within_is_estimate = found.is_estimate
FROM (
    SELECT h.area_id, array_agg(DISTINCT h.whole_id ORDER BY h.whole_id) AS within,
        n.pc6_id IS NOT NULL AS is_estimate
    FROM (
        SELECT area_id, whole_id FROM holds
        UNION ALL
        SELECT h.area_id, m.region_id
        FROM holds h JOIN directory_regionmember m ON m.area_id = h.whole_id
    ) h
    LEFT JOIN nearest n ON n.pc6_id = h.area_id
    GROUP BY h.area_id, n.pc6_id
) found
WHERE a.id = found.area_id
    AND (a.within, a.within_is_estimate)
        IS DISTINCT FROM (found.within, found.is_estimate)
"""


def refresh_within(*, area_ids: Collection[int] | None = None) -> int:
    """Work out again what holds what; return how many areas changed.

    With ``area_ids``: those areas and all that lies in them, for example after a
    region got a member (give the member). A few set-based statements in one
    transaction; the whole country takes seconds.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if area_ids is None:
            cursor.execute(_TARGETS_ALL)
        else:
            cursor.execute(_TARGETS_SOME, {"ids": list(area_ids)})
        for statement in (
            _CHAIN,
            _PC4_ANCHOR,
            _PC6_ANCHOR,
            "ANALYZE chain, pc4_anchor, pc6_anchor, target",
            _NEAREST_BUURT,
            "ANALYZE nearest",
            _HOLDS,
            "ANALYZE holds",
            _UPDATE,
        ):
            cursor.execute(statement)
        changed = int(cursor.rowcount)
        cursor.execute(
            "DROP TABLE target, chain, pc4_anchor, pc6_anchor, nearest, holds"
        )
    return changed


def list_unplaced_postcodes() -> list[str]:
    """Return PC4 that lie in no wijk and no gemeente (one query), by code."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT code FROM directory_area p
            WHERE kind = 'pc4' AND NOT EXISTS (
                SELECT FROM directory_area w
                WHERE w.id = ANY(p.within) AND w.kind IN ('wijk', 'gemeente'))
            ORDER BY code
            """
        )
        return [code for (code,) in cursor.fetchall()]
