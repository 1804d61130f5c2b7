"""Who the client is: shown to the few who may, and every showing written down."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.models import Patient, RequestEvent, ServiceRequest
from wijkspil.referrals.permissions import (
    can_see_patient,
    check_can_coordinate,
    requester_target,
)
from wijkspil.referrals.selectors.requests import get_request, team_target
from wijkspil.referrals.services.trail import record_patient_access


@transaction.atomic
def show_patient(
    *, actor: Actor, request_id: int, purpose: str, at: datetime
) -> Patient | None:
    """Return who the client is, and log it; None when it was removed or a draft.

    Raises
    ------
    UnknownRequest
        If there is no such request.
    NotPermitted
        If the actor may not see it.
    """
    request = get_request(request_id)
    if not can_see_patient(actor, request, team_target(request)):
        raise NotPermitted(
            _("Who the client is, is only for the team that takes the client.")
        )
    patient = Patient.objects.filter(pk=request_id).first()
    if patient is not None:
        record_patient_access(
            request_id,
            actor=actor,
            action=AuditEvent.Action.READ,
            purpose=purpose,
            at=at,
        )
    return patient


@transaction.atomic
def export_dossier(*, actor: Actor, request_id: int, at: datetime) -> dict[str, Any]:
    """Return everything the insurer needs to mediate, as plain data; logged.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate the region.
    """
    request = get_request(request_id)
    check_can_coordinate(actor, requester_target(request))
    patient = Patient.objects.filter(pk=request_id).first()
    record_patient_access(
        request_id,
        actor=actor,
        action=AuditEvent.Action.EXPORT,
        purpose="mediation-dossier",
        at=at,
    )
    return {
        "number": request.number,
        "insurer": request.insurer,
        "client": _as_client(patient),
        "asked": _as_asked(request),
        "requester": {
            "kind": request.requester_kind,
            "name": request.requester_name,
            "phone": request.requester_phone,
        },
        "owner": request.owner_name,
        "timeline": [
            {"at": event.at.isoformat(), "kind": event.kind, "detail": event.detail}
            for event in RequestEvent.objects.filter(request=request).order_by(
                "at", "pk"
            )
        ],
        "exported_at": at.isoformat(),
        "exported_by": actor.label,
    }


def _as_client(patient: Patient | None) -> dict[str, str] | None:
    if patient is None:
        return None
    return {
        "name": patient.name,
        "birth_date": patient.birth_date.isoformat(),
        "address": patient.address,
        "phone": patient.phone,
        "representative_name": patient.representative_name,
        "representative_phone": patient.representative_phone,
        "gp_name": patient.gp_name,
    }


def _as_asked(request: ServiceRequest) -> dict[str, Any]:
    return {
        "postcode": request.postcode,
        "tasks": list(request.tasks),
        "parts_of_day": list(request.parts_of_day),
        "first_visit_on": request.first_visit_on.isoformat(),
        "urgency": request.urgency,
        "urgency_reason": request.urgency_reason,
        "hours_per_week_provisional": [
            float(request.hours_low),
            float(request.hours_high),
        ],
        "language": request.language,
        "care_law": request.care_law,
        "order_present": request.order_present,
        "materials_present": request.materials_present,
        "note": request.note,
    }
