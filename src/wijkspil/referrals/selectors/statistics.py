"""Counts of a region: how long requests wait, where there is no room, who carries it.

Counts only, no request and no person. Periods are half-open. Small numbers are told
as they are here; ``few`` says how a page must say them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from wijkspil.core.periods import Period
from wijkspil.directory.selectors.wijken import (
    list_home_care_of_region,
    list_wijk_names,
)
from wijkspil.referrals.selectors.fair_share import get_shares
from wijkspil.referrals.types import (
    UNPLACED,
    EventKind,
    OfferStatus,
    OwnerKind,
)

#: Fewer than this could point at a person.
SMALL = 5
_ZONE = "Europe/Amsterdam"


def is_few(number: float) -> bool:
    """Whether a count is too small to be told."""
    return 0 < number < SMALL


@dataclass(frozen=True)
class Waits:
    """Of what was sent in a period: how many were placed, and how that went.

    ``placed`` counts requests that a team has accepted at least once; minutes run from
    sending to the first acceptance, whatever the time of day. None without any.
    """

    sent: int
    placed: int
    minutes_median: float | None
    minutes_p90: float | None
    teams_median: float | None
    teams_p95: float | None
    own_team: int
    by_coordinator: int


@dataclass(frozen=True)
class Now:
    """What is open at a moment, and how much of it is late."""

    open: int
    late: int
    by_kind: Mapping[str, int]
    by_coordinator: Mapping[str, int]


@dataclass(frozen=True)
class Unmet:
    """Questions for room to which no team had room, per wijk and part of the day."""

    checks: int
    without_room: int
    by_wijk: Sequence[tuple[str, int]]
    by_part: Mapping[str, int]


@dataclass(frozen=True)
class Load:
    """A provider's part of the work against its part of the capacity, 13 weeks."""

    organization_id: int
    name: str
    clients: int
    load_share: float
    capacity_share: float

    @property
    def ratio(self) -> float | None:
        """1 is exactly fair; None without capacity."""
        return self.load_share / self.capacity_share if self.capacity_share else None


_WEEKS = """
SELECT date_trunc('week', submitted_at AT TIME ZONE %(zone)s)::date, count(*)
  FROM referrals_servicerequest
 WHERE region_id = %(region)s AND submitted_at >= %(start)s AND submitted_at < %(end)s
 GROUP BY 1 ORDER BY 1
"""

_WAITS = """
WITH sent AS MATERIALIZED (
    SELECT id, submitted_at FROM referrals_servicerequest
     WHERE region_id = %(region)s
       AND submitted_at >= %(start)s AND submitted_at < %(end)s
), event AS (
    SELECT request_id,
           min(at) FILTER (WHERE kind = %(accepted)s) AS accepted_at,
           bool_or(kind = %(owner)s AND detail->>'owner_kind' = %(coordinator)s)
             AS by_coordinator
      FROM referrals_requestevent
     WHERE request_id IN (SELECT id FROM sent)
       AND kind IN (%(accepted)s, %(owner)s)
     GROUP BY request_id
), asked AS (
    SELECT o.request_id, count(DISTINCT o.service_id) AS teams,
           bool_or(o.status = %(won)s AND o.reasons @> %(own)s::jsonb) AS own_team
      FROM referrals_offer o
     WHERE o.request_id IN (SELECT id FROM sent)
     GROUP BY o.request_id
)
SELECT count(*), count(e.accepted_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY w.minutes),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY w.minutes),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY w.teams),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY w.teams),
       count(*) FILTER (WHERE e.accepted_at IS NOT NULL AND a.own_team),
       count(*) FILTER (WHERE e.by_coordinator)
  FROM sent s
  LEFT JOIN event e ON e.request_id = s.id
  LEFT JOIN asked a ON a.request_id = s.id
  LEFT JOIN LATERAL (
      SELECT extract(epoch FROM e.accepted_at - s.submitted_at) / 60 AS minutes,
             a.teams WHERE e.accepted_at IS NOT NULL
  ) w ON true
"""

_DECLINES = """
SELECT e.detail->>'reason', count(*)
  FROM referrals_requestevent e
  JOIN referrals_servicerequest r ON r.id = e.request_id
 WHERE r.region_id = %(region)s AND e.kind = %(declined)s
   AND e.at >= %(start)s AND e.at < %(end)s
 GROUP BY 1 ORDER BY 2 DESC, 1
"""

_NOW = """
SELECT owner_kind, owner_name, count(*),
       count(*) FILTER (WHERE overdue_since IS NOT NULL OR due_at <= %(at)s)
  FROM referrals_servicerequest
 WHERE region_id = %(region)s AND status = ANY(%(open)s)
 GROUP BY 1, 2
"""

_UNMET = """
SELECT count(*), count(*) FILTER (WHERE with_room = 0)
  FROM referrals_roomcheck
 WHERE region_id = %(region)s AND at >= %(start)s AND at < %(end)s
"""
_UNMET_WIJK = """
SELECT wijk_id, count(*) FROM referrals_roomcheck
 WHERE region_id = %(region)s AND at >= %(start)s AND at < %(end)s AND with_room = 0
 GROUP BY 1 ORDER BY 2 DESC, 1
"""
_UNMET_PART = """
SELECT part, count(*) FROM referrals_roomcheck, unnest(parts_of_day) AS part
 WHERE region_id = %(region)s AND at >= %(start)s AND at < %(end)s AND with_room = 0
 GROUP BY 1
"""


def count_weeks(region_id: int, period: Period) -> list[tuple[date, int]]:
    """Return (Monday, requests sent) per week with any (one query)."""
    return [(row[0], row[1]) for row in _rows(_WEEKS, region_id, period, zone=_ZONE)]


def count_waits(region_id: int, period: Period) -> Waits:
    """Return how what was sent in a period was placed (one query)."""
    [row] = _rows(
        _WAITS,
        region_id,
        period,
        accepted=EventKind.ACCEPTED.value,
        owner=EventKind.OWNER_CHANGED.value,
        coordinator=OwnerKind.COORDINATOR.value,
        won=OfferStatus.ACCEPTED.value,
        own='[{"code": "own-team"}]',
    )
    sent, placed, *numbers, own_team, by_coordinator = row
    median, p90, teams_median, teams_p95 = map(_as_float, numbers)
    return Waits(
        sent=sent,
        placed=placed,
        minutes_median=median,
        minutes_p90=p90,
        teams_median=teams_median,
        teams_p95=teams_p95,
        own_team=own_team,
        by_coordinator=by_coordinator,
    )


def count_declines(region_id: int, period: Period) -> list[tuple[str, int]]:
    """Return (coded reason, times) of what teams declined (one query)."""
    return [
        (row[0] or "", row[1])
        for row in _rows(
            _DECLINES, region_id, period, declined=EventKind.DECLINED.value
        )
    ]


def count_now(region_id: int, *, at: datetime) -> Now:
    """Return what is open, late, and in whose hands (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _NOW, {"region": region_id, "at": at, "open": [*map(str, UNPLACED)]}
        )
        rows = cursor.fetchall()
    by_kind = dict.fromkeys(OwnerKind.values, 0)
    by_coordinator: dict[str, int] = {}
    for kind, name, number, _late in rows:
        by_kind[kind] = by_kind.get(kind, 0) + number
        if kind == OwnerKind.COORDINATOR:
            by_coordinator[name] = by_coordinator.get(name, 0) + number
    return Now(
        open=sum(row[2] for row in rows),
        late=sum(row[3] for row in rows),
        by_kind=by_kind,
        by_coordinator=dict(sorted(by_coordinator.items(), key=lambda n: -n[1])),
    )


def count_unmet(region_id: int, period: Period) -> Unmet:
    """Return where and when there was no room (four queries)."""
    [(checks, without_room)] = _rows(_UNMET, region_id, period)
    by_wijk = _rows(_UNMET_WIJK, region_id, period)
    names = list_wijk_names(row[0] for row in by_wijk if row[0] is not None)
    return Unmet(
        checks=checks,
        without_room=without_room,
        by_wijk=[
            (names[wijk_id].name if wijk_id in names else "", number)
            for wijk_id, number in by_wijk
        ],
        by_part=dict(_rows(_UNMET_PART, region_id, period)),
    )


def list_loads(region_id: int, *, at: datetime) -> list[Load]:
    """Return how the work of 13 weeks is spread over the providers (five queries).

    The providers of the region, with all their work: also that in other regions.
    """
    names = list_home_care_of_region(region_id, at=at)
    shares = get_shares(names, at=at)
    load = sum(share.load for share in shares.values()) or 1.0
    capacity = sum(share.capacity for share in shares.values()) or 1.0
    loads = [
        Load(
            organization_id=pk,
            name=names[pk],
            clients=share.clients,
            load_share=share.load / load,
            capacity_share=share.capacity / capacity,
        )
        for pk, share in shares.items()
    ]
    return sorted(loads, key=lambda one: (-round(one.load_share, 9), one.name))


def _as_float(value: Any) -> float | None:
    return None if value is None else float(value)


def _rows(
    query: str, region_id: int, period: Period, **values: Any
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {"region": region_id, "start": period.start, "end": period.end, **values},
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
