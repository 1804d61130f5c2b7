"""How much room is there in a region, per wijk? Counts only: no names, no numbers.

A team counts in every wijk where it is first contact or regular, so the sum over the
wijken is more than the number of teams. Helpers of the whole region are not counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from wijkspil.core.errors import NotFound
from wijkspil.directory.models import Area
from wijkspil.directory.room import RoomReport, derive_room
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
SELECT wijk.id, wijk.code, wijk.name, coalesce(wijk.gemeente, ''), s.id,
       (SELECT json_build_array(
                   r.new_clients, r.size_band, r.parts_of_day, r.hours_per_week,
                   r.reported_at, r.valid_until,
                   (SELECT json_build_array(sum(x.clients), sum(x.hours_per_week))
                      FROM directory_capacityreservation x
                     WHERE x.service_id = s.id AND x.released_at IS NULL
                       AND x.reserved_at >= r.reported_at
                       AND x.reserved_at <= %(at)s))
          FROM directory_capacityreport r
         WHERE r.service_id = s.id AND r.reported_at <= %(at)s
         ORDER BY r.reported_at DESC, r.id DESC LIMIT 1)
  FROM wijk
  LEFT JOIN covered ON covered.id = wijk.id
  LEFT JOIN (directory_healthcareservice s
             JOIN directory_organization o ON o.id = s.organization_id
                  AND o.is_active)
         ON s.id = covered.service_id AND s.is_active
 ORDER BY wijk.gemeente, wijk.name, wijk.code
"""


def list_wijk_room(*, region_id: int, care: str, at: datetime) -> list[WijkRoom]:
    """Return the room of every wijk in a region (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, {"region": region_id, "care": care, "at": at})
        rows = cursor.fetchall()
    names: dict[int, tuple[str, str, str]] = {}
    reports: dict[int, list[RoomReport | None]] = defaultdict(list)
    for wijk_id, code, name, gemeente, service_id, raw in rows:
        names[wijk_id] = (code, name, gemeente)
        if service_id is not None:
            reports[wijk_id].append(_report(raw) if raw else None)
    return [
        _count(code, name, gemeente, reports[wijk_id], at=at)
        for wijk_id, (code, name, gemeente) in names.items()
    ]


def _count(
    code: str,
    name: str,
    gemeente: str,
    reports: Sequence[RoomReport | None],
    *,
    at: datetime,
) -> WijkRoom:
    words = [derive_room(report, at=at) for report in reports]
    counting = [r.reported_at for r in reports if r and not r.is_stale(at=at)]
    return WijkRoom(
        code=code,
        name=name,
        gemeente=gemeente,
        teams=len(words),
        room=words.count(Room.ROOM),
        limited=words.count(Room.LIMITED),
        full=words.count(Room.FULL),
        unknown=words.count(Room.UNKNOWN),
        oldest_report_at=min(counting, default=None),
    )


def _report(raw: Sequence[Any]) -> RoomReport:
    new_clients, size_band, parts_of_day, hours, reported_at, valid_until, taken = raw
    return RoomReport(
        new_clients=new_clients,
        size_band=size_band,
        parts_of_day=parts_of_day,
        tasks_excluded=(),
        hours_per_week=hours,
        no_room_reason="",
        no_room_until=None,
        reported_at=datetime.fromisoformat(reported_at),
        valid_until=datetime.fromisoformat(valid_until),
        reporter_label="",
    ).less(clients=taken[0] or 0, hours_per_week=taken[1] or 0.0)


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
