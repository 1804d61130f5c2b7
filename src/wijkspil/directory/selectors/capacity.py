"""What teams said of their room: the newest word, and everything before it."""

from collections.abc import Sequence
from datetime import datetime

from wijkspil.directory.models import CapacityReport, RegionPolicy
from wijkspil.directory.room import RoomReport
from wijkspil.directory.types import AreaKind

#: Hours a report counts where the region has agreed on nothing.
DEFAULT_VALID_HOURS = 72


def as_room_report(row: CapacityReport) -> RoomReport:
    """Return the plain value of a stored report."""
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
    )


def get_current_report(service_id: int, *, at: datetime) -> CapacityReport | None:
    """Return the newest report of a service at ``at``, stale or not (one query)."""
    return (
        CapacityReport.objects.filter(service_id=service_id, reported_at__lte=at)
        .order_by("-reported_at", "-pk")
        .first()
    )


def get_newest_report(service_id: int) -> CapacityReport | None:
    """Return the last report of a service, whatever its moment (one query)."""
    return (
        CapacityReport.objects.filter(service_id=service_id)
        .order_by("-reported_at", "-pk")
        .first()
    )


def list_current_reports(
    service_ids: Sequence[int], *, at: datetime
) -> dict[int, RoomReport]:
    """Return the newest report per service at ``at`` (one query)."""
    rows = (
        CapacityReport.objects.filter(service_id__in=service_ids, reported_at__lte=at)
        .order_by("service_id", "-reported_at", "-pk")
        .distinct("service_id")
    )
    return {row.service_id: as_room_report(row) for row in rows}


def list_reports(service_id: int, *, limit: int = 50) -> list[CapacityReport]:
    """Return what a service reported, newest first (one query)."""
    return list(
        CapacityReport.objects.filter(service_id=service_id).order_by(
            "-reported_at", "-pk"
        )[:limit]
    )


def get_valid_hours(region_ids: frozenset[int]) -> int:
    """Return after how many hours a report is stale: the strictest of the regions."""
    agreed = RegionPolicy.objects.filter(
        region_id__in=region_ids, region__kind=AreaKind.REGION
    ).values_list("capacity_valid_hours", flat=True)
    return min(agreed, default=DEFAULT_VALID_HOURS)
