"""What teams said of their room, what requests took of it since, and what is left.

Reservations count from the report they were made after (``reserved_at`` not before
``reported_at``); older ones are in the report's figures. A released reservation
counts no more, also when an earlier moment is asked for.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from wijkspil.core.prepared import columns_of, fetch_instances, fetch_row, fetch_rows
from wijkspil.directory.models import CapacityReport
from wijkspil.directory.room import RoomReport
from wijkspil.directory.types import AreaKind

#: Hours a report counts where the region has agreed on nothing.
DEFAULT_VALID_HOURS = 72


@dataclass(frozen=True)
class Reserved:
    """What running reservations took since a report; ``last_at`` is the newest's."""

    clients: int = 0
    hours_per_week: Decimal = Decimal(0)
    last_at: datetime | None = None


_NOTHING_RESERVED = Reserved()


@dataclass(frozen=True)
class RoomLeft:
    """What a service has left for a new request.

    ``is_known`` is False when nothing was reported or the report is stale; then the
    figures are the last known (0 and None if there are none). ``hours`` is a week's,
    None where the team reports no hours.
    """

    clients: int
    hours: float | None
    size_band: str
    parts_of_day: Sequence[str]
    tasks_excluded: Sequence[str]
    is_known: bool
    reported_clients: int
    reserved_clients: int
    no_room_reason: str
    reported_at: datetime | None
    valid_until: datetime | None


def as_room_report(
    row: CapacityReport, reserved: Reserved = _NOTHING_RESERVED
) -> RoomReport:
    """Return what is left of a stored report; as told, when nothing was reserved."""
    return RoomReport(
        new_clients=row.new_clients,
        size_band=row.size_band,
        parts_of_day=tuple(row.parts_of_day),
        tasks_excluded=tuple(row.tasks_excluded),
        hours_per_week=None
        if row.hours_per_week is None
        else float(row.hours_per_week),
        no_room_reason=row.no_room_reason,
        no_room_until=row.no_room_until,
        reported_at=row.reported_at,
        valid_until=row.valid_until,
        reporter_label=row.reporter_label,
    ).less(clients=reserved.clients, hours_per_week=float(reserved.hours_per_week))


def list_reserved(
    report_ids: Collection[int], *, at: datetime | None = None
) -> dict[int, Reserved]:
    """Return per report what running reservations took since it (one query).

    With ``at`` only reservations made by then. A report without any is left out.
    """
    sums = fetch_rows(_RESERVED, {"reports": list(report_ids), "at": at})
    return {
        report_id: Reserved(clients, hours, last_at)
        for report_id, clients, hours, last_at in sums
    }


_RESERVED = """
SELECT p.id, sum(v.clients), sum(v.hours_per_week), max(v.reserved_at)
  FROM directory_capacityreport p
  JOIN directory_capacityreservation v
    ON v.service_id = p.service_id AND v.released_at IS NULL
   AND v.reserved_at >= p.reported_at
 WHERE p.id = ANY(%(reports)s::bigint[])
   AND (%(at)s::timestamptz IS NULL OR v.reserved_at <= %(at)s::timestamptz)
 GROUP BY p.id
"""


def get_reserved(report: CapacityReport) -> Reserved:
    """Return what running reservations took since a report (one query)."""
    return list_reserved([report.pk]).get(report.pk, _NOTHING_RESERVED)


def get_newest_reservation_id(service_id: int) -> int:
    """Return the last reservation of a service, running or not; 0 for none (a query).

    Reservations of a service are made under its lock, so later ones have higher ids.
    """
    newest = fetch_row(_NEWEST_RESERVATION, {"service": service_id})
    assert newest is not None
    newest_id: int | None = newest[0]
    return newest_id or 0


_NEWEST_RESERVATION = """
SELECT max(id) FROM directory_capacityreservation WHERE service_id = %(service)s
"""


def get_current_report(service_id: int, *, at: datetime) -> CapacityReport | None:
    """Return the newest report of a service at ``at``, stale or not (one query)."""
    return (
        CapacityReport.objects.filter(service_id=service_id, reported_at__lte=at)
        .order_by("-reported_at", "-pk")
        .first()
    )


def get_newest_report(service_id: int) -> CapacityReport | None:
    """Return the last report of a service, whatever its moment (one query)."""
    rows = fetch_instances(_NEWEST_REPORT, {"service": service_id}, CapacityReport)
    return rows[0][0] if rows else None


_NEWEST_REPORT = f"""
SELECT {columns_of(CapacityReport, "c")} FROM directory_capacityreport c
 WHERE c.service_id = %(service)s ORDER BY c.reported_at DESC, c.id DESC LIMIT 1
"""


def list_current_reports(
    service_ids: Sequence[int], *, at: datetime
) -> dict[int, RoomReport]:
    """Return what is left of the newest report per service at ``at`` (one query)."""
    if not service_ids:
        return {}
    rows = fetch_rows(_CURRENT_REPORTS, {"services": list(service_ids), "at": at})
    return {
        service_id: RoomReport(
            new_clients=new_clients,
            size_band=size_band,
            parts_of_day=tuple(parts_of_day),
            tasks_excluded=tuple(tasks_excluded),
            hours_per_week=None if hours is None else float(hours),
            no_room_reason=no_room_reason,
            no_room_until=no_room_until,
            reported_at=reported_at,
            valid_until=valid_until,
            reporter_label=reporter_label,
        ).less(clients=clients or 0, hours_per_week=float(hours_reserved or 0))
        for (
            service_id,
            new_clients,
            size_band,
            parts_of_day,
            tasks_excluded,
            hours,
            no_room_reason,
            no_room_until,
            reported_at,
            valid_until,
            reporter_label,
            clients,
            hours_reserved,
        ) in rows
    }


#: As ``as_room_report`` with ``list_reserved`` says it, in one statement.
_CURRENT_REPORTS = """
SELECT s.id, r.new_clients, r.size_band, r.parts_of_day, r.tasks_excluded,
       r.hours_per_week, r.no_room_reason, r.no_room_until, r.reported_at,
       r.valid_until, r.reporter_label, v.clients, v.hours
  FROM unnest(%(services)s::bigint[]) AS s(id)
  JOIN LATERAL (SELECT c.* FROM directory_capacityreport c
                 WHERE c.service_id = s.id AND c.reported_at <= %(at)s
                 ORDER BY c.reported_at DESC, c.id DESC LIMIT 1) r ON true
  LEFT JOIN LATERAL (SELECT sum(x.clients) AS clients, sum(x.hours_per_week) AS hours
                       FROM directory_capacityreservation x
                      WHERE x.service_id = s.id AND x.released_at IS NULL
                        AND x.reserved_at >= r.reported_at
                        AND x.reserved_at <= %(at)s) v ON true
"""


def get_room_left(service_ids: Sequence[int], *, at: datetime) -> dict[int, RoomLeft]:
    """Return what each service has left at ``at``, for ranking (one query).

    Every id that is asked for is in the answer. To take room, ask ``reserve_room``:
    it weighs again under a lock.
    """
    reports = list_current_reports(service_ids, at=at)
    return {
        service_id: _room_left(reports.get(service_id), at=at)
        for service_id in service_ids
    }


def _room_left(report: RoomReport | None, *, at: datetime) -> RoomLeft:
    if report is None:
        return RoomLeft(
            clients=0,
            hours=None,
            size_band="",
            parts_of_day=(),
            tasks_excluded=(),
            is_known=False,
            reported_clients=0,
            reserved_clients=0,
            no_room_reason="",
            reported_at=None,
            valid_until=None,
        )
    return RoomLeft(
        clients=report.new_clients,
        hours=report.hours_per_week,
        size_band=report.size_band,
        parts_of_day=report.parts_of_day,
        tasks_excluded=report.tasks_excluded,
        is_known=not report.is_stale(at=at),
        reported_clients=report.reported_clients,
        reserved_clients=report.reserved_clients,
        no_room_reason=report.no_room_reason,
        reported_at=report.reported_at,
        valid_until=report.valid_until,
    )


_FREE_PLACES = """
SELECT json_agg(json_build_array(f.organization_id, f.free))
  FROM (SELECT s.organization_id,
               sum(greatest(0, r.new_clients - coalesce(x.taken, 0))) AS free
          FROM directory_healthcareservice s
          JOIN LATERAL (SELECT c.new_clients, c.reported_at, c.valid_until
                          FROM directory_capacityreport c
                         WHERE c.service_id = s.id AND c.reported_at <= %(at)s
                         ORDER BY c.reported_at DESC, c.id DESC LIMIT 1) r
            ON r.valid_until > %(at)s
          LEFT JOIN LATERAL (SELECT sum(v.clients) AS taken
                               FROM directory_capacityreservation v
                              WHERE v.service_id = s.id AND v.released_at IS NULL
                                AND v.reserved_at >= r.reported_at
                                AND v.reserved_at <= %(at)s) x ON true
         WHERE s.organization_id = ANY (%(organizations)s) AND s.care = %(care)s
           AND s.is_active
         GROUP BY s.organization_id) f
"""


def count_free_places(
    organization_ids: Iterable[int], *, care: str, at: datetime
) -> dict[int, int]:
    """Return places left by known, not stale reports per organization (one query)."""
    row = fetch_row(
        _FREE_PLACES,
        {"organizations": list(organization_ids), "care": care, "at": at},
    )
    return dict((row[0] if row else None) or ())


def list_reports(service_id: int, *, limit: int = 50) -> list[CapacityReport]:
    """Return what a service reported, newest first (one query)."""
    return list(
        CapacityReport.objects.filter(service_id=service_id).order_by(
            "-reported_at", "-pk"
        )[:limit]
    )


def get_valid_hours(region_ids: frozenset[int]) -> int:
    """Return after how many hours a report is stale: the strictest of the regions."""
    row = fetch_row(_VALID_HOURS, {"regions": list(region_ids)})
    return DEFAULT_VALID_HOURS if row is None or row[0] is None else row[0]


_VALID_HOURS = f"""
SELECT min(p.capacity_valid_hours)
  FROM directory_regionpolicy p JOIN directory_area a ON a.id = p.region_id
 WHERE p.region_id = ANY(%(regions)s::bigint[]) AND a.kind = '{AreaKind.REGION.value}'
"""
