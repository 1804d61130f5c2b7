"""Who the client is: shown to the few who may, and every showing written down."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.stays.models import StayPatient
from wijkspil.stays.permissions import can_see_stay_patient
from wijkspil.stays.selectors.stays import find_seen_claim, get_stay, provider_target
from wijkspil.stays.services.trail import record_patient_access


@transaction.atomic
def show_stay_patient(
    *, actor: Actor, stay_id: int, purpose: str, at: datetime
) -> StayPatient | None:
    """Return who the client is, and log it; None when not known or removed.

    Raises
    ------
    UnknownStay
        If there is no such stay.
    NotPermitted
        If the actor may not see it.
    """
    stay = get_stay(stay_id)
    claim = find_seen_claim(stay)
    if not can_see_stay_patient(actor, stay, claim, provider_target(claim)):
        raise NotPermitted(
            _("Who the client is, is only for the provider of the confirmed bed.")
        )
    patient = StayPatient.objects.filter(pk=stay_id).first()
    if patient is not None:
        record_patient_access(
            stay,
            actor=actor,
            action=AuditEvent.Action.READ,
            purpose=purpose,
            at=at,
        )
    return patient
