"""Who the client was goes when the time to keep it is over; minutes remain."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from wijkspil.calls.models import BreakGlass, Call, CallAlert, CallPatient
from wijkspil.calls.services.trail import SYSTEM, record_patient_access
from wijkspil.calls.types import RUNNING
from wijkspil.communications.services.retention import remove_messages_about
from wijkspil.core.models import AuditEvent


@transaction.atomic
def remove_old_call_patients(*, on: date, at: datetime, limit: int = 1000) -> int:
    """Remove clients of ended calls whose day has come, with notes and reports.

    The postcode becomes a PC4. Return how many; safe to run twice.
    """
    rows = list(
        CallPatient.objects.select_for_update(skip_locked=True)
        .filter(retain_until__lte=on)
        .exclude(call__status__in=RUNNING)
        .order_by("retain_until")
        .values_list("call_id", "call__number", "call__postcode")[:limit]
    )
    if not rows:
        return 0
    record_patient_access(
        [number for _pk, number, _postcode in rows],
        actor=SYSTEM,
        action=AuditEvent.Action.DELETE,
        purpose="retention",
        at=at,
    )
    for pk, _number, postcode in rows:
        Call.objects.filter(pk=pk).update(note="", report="", postcode=postcode[:4])
    CallPatient.objects.filter(pk__in=[pk for pk, _n, _p in rows]).delete()
    return len(rows)


@transaction.atomic
def delete_fictional_calls() -> int:
    """Remove calls at or for what was invented; return how many.

    Call it before the invented areas, services and accounts are removed.
    """
    rows = Call.objects.filter(
        Q(region__is_fictional=True)
        | Q(place__is_fictional=True)
        | Q(caller__is_fictional=True)
        | Q(caller_organization__is_fictional=True)
        | Q(nurse_service__is_fictional=True)
        | Q(nurse_service__organization__is_fictional=True)
        | Q(
            pk__in=CallAlert.objects.filter(
                Q(service__is_fictional=True)
                | Q(service__organization__is_fictional=True)
            ).values("call_id")
        )
    )
    found = dict(rows.values_list("pk", "number"))
    remove_messages_about([f"call:{number}" for number in found.values()])
    BreakGlass.objects.filter(call_id__in=found).delete()
    Call.objects.filter(pk__in=found).delete()
    return len(found)
