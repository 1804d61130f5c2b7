"""In the morning the client's own team hears what was done, and can read it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction

from wijkspil.accounts.types import Actor
from wijkspil.calls.models import Call
from wijkspil.calls.permissions import can_read_report, check_can_read_report
from wijkspil.calls.policies import REPORT_DAYS
from wijkspil.calls.selectors.reports import (
    list_patient_names,
    list_reports,
    list_unreported,
)
from wijkspil.calls.services.alerts import team_target
from wijkspil.calls.services.telling import tell_morning_report
from wijkspil.calls.services.trail import record_patient_access
from wijkspil.core.models import AuditEvent


@dataclass(frozen=True)
class NightReport:
    """One call for a client of the own team, with who it was if still kept."""

    call: Call
    patient_name: str
    address: str


def send_morning_reports(*, at: datetime) -> int:
    """Tell each own team how many calls there were, once; return how many teams.

    Calls are marked in the transaction of the message, so running it twice, or being
    killed halfway, tells nothing twice and forgets nothing.
    """
    told = 0
    for service_id, rows in groupby(list_unreported(), lambda c: c.own_service_id):
        ids = [call.pk for call in rows]
        assert service_id is not None  # list_unreported leaves the others out
        told += _tell(service_id, ids, at=at)
    return told


@transaction.atomic
def _tell(service_id: int, ids: list[int], *, at: datetime) -> int:
    calls = list(
        Call.objects.select_for_update(of=("self",))
        .filter(pk__in=ids, reported_at=None)
        .select_related("own_service")
        .order_by("pk")
    )
    if not calls:
        return 0
    service = calls[0].own_service
    assert service is not None
    tell_morning_report(
        service_id,
        service.organization_id,
        calls=len(calls),
        at=at,
        key=f"{service_id}:{calls[0].number}",
    )
    Call.objects.filter(pk__in=[call.pk for call in calls]).update(reported_at=at)
    return 1


@transaction.atomic
def show_reports(
    *,
    actor: Actor,
    service_ids: Collection[int],
    organization_ids: Collection[int],
    at: datetime,
) -> list[NightReport]:
    """Return the calls of the last two weeks for clients of the own teams; logged.

    Raises
    ------
    NotPermitted
        If the actor belongs to no team.
    """
    check_can_read_report(actor)
    calls = [
        call
        for call in list_reports(
            service_ids=service_ids,
            organization_ids=organization_ids,
            since=at - timedelta(days=REPORT_DAYS),
        )
        if call.own_service is not None
        and can_read_report(
            actor, team_target(call.own_service.pk, call.own_service.organization_id)
        )
    ]
    names = list_patient_names([call.pk for call in calls])
    shown = [call.number for call in calls if call.pk in names]
    if shown:
        record_patient_access(
            shown,
            actor=actor,
            action=AuditEvent.Action.READ,
            purpose="call.report",
            at=at,
        )
    return [NightReport(call, *names.get(call.pk, ("", ""))) for call in calls]
