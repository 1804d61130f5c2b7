"""What is in the directory: search it, page through it, read one entry in full.

Answers the management pages and the REST lists. Nothing here decides who may see an
entry; contacts are read only for the audiences that are asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from wijkspil.directory.errors import UnknownService
from wijkspil.directory.models import HealthcareService
from wijkspil.directory.room import RoomReport, derive_room
from wijkspil.directory.selectors.capacity import (
    as_room_report,
    get_newest_report,
    list_current_reports,
)
from wijkspil.directory.types import Room
from wijkspil.directory.wording import say_capacity


@dataclass(frozen=True)
class TeamRow:
    """A team that reports its room; ``report_id`` is 0 when it never did."""

    id: int
    name: str
    organization_name: str
    care: str
    care_label: str
    tasks: Sequence[str]
    room: Room
    report: RoomReport | None
    report_id: int
    source: str
    is_stale: bool

    @property
    def words(self) -> str:
        """Say what it reported last."""
        return "" if self.report is None else say_capacity(self.report)


def list_reporting_teams(
    *, service_ids: Iterable[int], organization_ids: Iterable[int], at: datetime
) -> list[TeamRow]:
    """Return active services with these ids or of these organizations (two queries)."""
    services = list(
        HealthcareService.objects.filter(
            Q(pk__in=list(service_ids)) | Q(organization_id__in=list(organization_ids)),
            is_active=True,
            organization__is_active=True,
        )
        .select_related("organization")
        .order_by("organization__name", "name", "pk")
    )
    reports = list_current_reports([service.pk for service in services], at=at)
    return [_team_row(service, reports.get(service.pk), at=at) for service in services]


def get_team(service_id: int, *, at: datetime) -> TeamRow:
    """Return an active service with its newest report (two queries).

    Raises
    ------
    UnknownService
        If there is no such service, or it has ended.
    """
    service = (
        HealthcareService.objects.filter(
            pk=service_id, is_active=True, organization__is_active=True
        )
        .select_related("organization")
        .first()
    )
    if service is None:
        raise UnknownService(
            _("The service with number %(id)s has ended.") % {"id": service_id}
        )
    newest = get_newest_report(service_id)
    return _team_row(
        service,
        as_room_report(newest) if newest else None,
        at=at,
        report_id=newest.pk if newest else 0,
        source=newest.get_source_display() if newest else "",
    )


def _team_row(
    service: HealthcareService,
    report: RoomReport | None,
    *,
    at: datetime,
    report_id: int = 0,
    source: str = "",
) -> TeamRow:
    return TeamRow(
        id=service.pk,
        name=service.name,
        organization_name=service.organization.name,
        care=service.care,
        care_label=str(service.get_care_display()),
        tasks=service.tasks,
        room=derive_room(report, at=at),
        report=report,
        report_id=report_id,
        source=source,
        is_stale=report is not None and report.is_stale(at=at),
    )
