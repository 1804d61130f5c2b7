"""How long identity is kept, and removing it when that time has passed."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate

from wijkspil.core.models import AuditEvent
from wijkspil.referrals.models import Consent, Patient, ServiceRequest
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.services.trail import SYSTEM, record_patient_access
from wijkspil.referrals.types import OWNED, RequestStatus

#: While somebody looks for care or gives it, identity is needed.
_NEEDED = [*map(str, OWNED), str(RequestStatus.IN_CARE)]


def keep_until(request: ServiceRequest, *, at: datetime) -> None:
    """Count the retention period of the region anew, from ``at``."""
    days = get_agreed(request.region_id).retention_days
    until = localdate(at) + timedelta(days=days)
    Patient.objects.filter(request=request).update(retain_until=until)
    Consent.objects.filter(request=request).update(retain_until=until)


@transaction.atomic
def remove_old_patients(*, on: date, at: datetime) -> int:
    """Remove who clients were where the retention period has passed; return how many.

    What was asked stays, without anybody in it, for the counts.
    """
    old = list(
        Patient.objects.select_for_update()
        .filter(retain_until__lte=on)
        .exclude(request__status__in=_NEEDED)
        .values_list("pk", flat=True)
    )
    for request_id in old:
        record_patient_access(
            request_id,
            actor=SYSTEM,
            action=AuditEvent.Action.DELETE,
            purpose="retention",
            at=at,
        )
    Consent.objects.filter(request_id__in=old).delete()
    ServiceRequest.objects.filter(pk__in=old).update(note="", age=None)
    Patient.objects.filter(pk__in=old).delete()
    return len(old)
