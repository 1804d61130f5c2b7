"""How much room is there in a region, per wijk? Counts only: no names, no numbers.

A team counts in every wijk where it is first contact or regular, so the sum over the
wijken is more than the number of teams. Helpers of the whole region are not counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from wijkspil.core.errors import NotFound
from wijkspil.core.kept import Kept
from wijkspil.directory.models import Area
from wijkspil.directory.room import derive_room
from wijkspil.directory.selectors.capacity import list_current_reports
from wijkspil.directory.selectors.last_change import get_last_change
from wijkspil.directory.types import AreaKind, RegionPurpose, Room


class UnknownRegion(NotFound):
    """There is no such region."""

    code = "unknown-region"


@dataclass(frozen=True, slots=True)
class RegionName:
    """A region to choose."""

    id: int
    name: str
    purpose: str
    code: str = ""
    is_fictional: bool = False


@dataclass(frozen=True, slots=True)
class WijkRoom:
    """Teams of one wijk by room, and when the oldest report that counts was made."""

    code: str
    name: str
    gemeente: str
    teams: int
    room: int
    limited: int
    full: int
    unknown: int
    oldest_report_at: datetime | None

    @property
    def best(self) -> Room:
        """The best word of any team here: what a referrer may hope for."""
        if self.room:
            return Room.ROOM
        if self.limited:
            return Room.LIMITED
        return Room.FULL if self.full else Room.UNKNOWN


_QUERY = """
WITH wijk AS MATERIALIZED (
    SELECT w.id, w.code, w.name, w.within, p.name AS gemeente
      FROM directory_area w
      LEFT JOIN directory_area p ON p.id = w.parent_id
     WHERE w.kind = 'wijk' AND w.within @> ARRAY[%(region)s]::bigint[]
), part AS (
    SELECT c.service_id, c.area_id, a.within
      FROM directory_coverage c
      JOIN directory_area a ON a.id = c.area_id
     WHERE c.care = %(care)s AND c.role IN ('first-contact', 'regular')
       AND c.valid_from <= %(at)s
       AND (c.valid_until IS NULL OR c.valid_until > %(at)s)
       AND NOT (a.kind = 'region' AND a.purpose <> 'alliance')
), covered AS (
    SELECT wijk.id, part.service_id
      FROM wijk, unnest(wijk.within) AS around(id)
      JOIN part ON part.area_id = around.id
    UNION
    SELECT wijk.id, part.service_id
      FROM part, unnest(part.within) AS around(id)
      JOIN wijk ON wijk.id = around.id
)
SELECT wijk.code, wijk.name, coalesce(wijk.gemeente, ''),
       coalesce(array_agg(s.id) FILTER (WHERE s.id IS NOT NULL), '{}')
  FROM wijk
  LEFT JOIN covered ON covered.id = wijk.id
  LEFT JOIN (directory_healthcareservice s
             JOIN directory_organization o ON o.id = s.organization_id
                  AND o.is_active)
         ON s.id = covered.service_id AND s.is_active
 GROUP BY wijk.id, wijk.code, wijk.name, wijk.gemeente
 ORDER BY wijk.gemeente, wijk.name, wijk.code
"""


class _Wijk(NamedTuple):
    code: str
    name: str
    gemeente: str
    service_ids: Sequence[int]


# Who covers which wijk costs most by far, and stays the same while teams report.
_KEPT = Kept(most=64)


def list_wijk_room(*, region_id: int, care: str, at: datetime) -> list[WijkRoom]:
    """Return the room of every wijk in a region (three queries at most).

    A web worker keeps who covers which wijk for some seconds; what teams reported and
    requests reserved is always that of ``at``.
    """
    wijken: Sequence[_Wijk] = _KEPT.get(
        (region_id, str(care), get_last_change() if settings.KEPT_FOR_S else None),
        partial(_list_wijken, region_id, care, at),
    )
    reports = list_current_reports(
        sorted({pk for wijk in wijken for pk in wijk.service_ids}), at=at
    )
    rooms = {pk: derive_room(report, at=at) for pk, report in reports.items()}
    counting = {
        pk: report.reported_at
        for pk, report in reports.items()
        if not report.is_stale(at=at)
    }
    return [_count(wijk, rooms, counting) for wijk in wijken]


def _list_wijken(region_id: int, care: str, at: datetime) -> list[_Wijk]:
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, {"region": region_id, "care": care, "at": at})
        return [_Wijk(*row) for row in cursor.fetchall()]


def _count(
    wijk: _Wijk, rooms: Mapping[int, Room], counting: Mapping[int, datetime]
) -> WijkRoom:
    words = [rooms.get(pk, Room.UNKNOWN) for pk in wijk.service_ids]
    return WijkRoom(
        code=wijk.code,
        name=wijk.name,
        gemeente=wijk.gemeente,
        teams=len(words),
        room=words.count(Room.ROOM),
        limited=words.count(Room.LIMITED),
        full=words.count(Room.FULL),
        unknown=words.count(Room.UNKNOWN),
        oldest_report_at=min(
            (counting[pk] for pk in wijk.service_ids if pk in counting), default=None
        ),
    )


def list_regions(region_ids: Iterable[int] | None = None) -> list[RegionName]:
    """Return regions by name; all but the alliances, or only these (one query)."""
    regions = Area.objects.filter(kind=AreaKind.REGION).exclude(
        purpose=RegionPurpose.ALLIANCE
    )
    if region_ids is not None:
        regions = regions.filter(pk__in=list(region_ids))
    return [
        RegionName(*row)
        for row in regions.order_by("name", "purpose", "pk").values_list(
            "pk", "name", "purpose", "code", "is_fictional"
        )
    ]


def get_region(region_id: int) -> RegionName:
    """Return one region.

    Raises
    ------
    UnknownRegion
        If there is none with this number.
    """
    for region in list_regions([region_id]):
        return region
    raise UnknownRegion(_("There is no region with number %(id)s.") % {"id": region_id})
