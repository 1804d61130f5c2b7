"""How long identity is kept, and removing it when that time has passed."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate

from wijkspil.communications.services.retention import remove_messages_about
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.selectors.care_teams import get_care_place
from wijkspil.referrals.models import (
    AssignmentAgreement,
    AssignmentStop,
    ClientLink,
    Consent,
    Offer,
    Patient,
    PolicyVersion,
    RequestEvent,
    RoomCheck,
    ServiceRequest,
    Signal,
    UnmetDemand,
)
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.services.trail import SYSTEM, record_patient_access
from wijkspil.referrals.types import OWNED, RequesterKind, RequestStatus

#: While somebody looks for care or gives it, identity is needed.
_NEEDED = [*map(str, OWNED), str(RequestStatus.IN_CARE)]
#: A draft that nobody sends is removed after so many days.
DRAFT_DAYS = 30
#: Where people write in their own words, in the detail of an event.
_FREE_TEXT = ("text", "why", "where", "helped_by", "spoke_with")


def keep_until(request: ServiceRequest, *, at: datetime) -> None:
    """Count the retention period of the region anew, from ``at``."""
    days = get_agreed(request.region_id, at=at).retention_days
    until = localdate(at) + timedelta(days=days)
    Patient.objects.filter(request=request).update(retain_until=until)
    Consent.objects.filter(request=request).update(retain_until=until)


@transaction.atomic
def remove_old_patients(*, on: date, at: datetime) -> int:
    """Remove who clients were where the retention period has passed; return how many.

    What was asked stays for the counts, without anybody in it: no identity, basis or
    link, no words that people wrote, no family that asked, and no address finer than
    a PC4. Requests that were never sent are removed as a whole.

    Locks the requests, so that none is re-opened meanwhile.
    """
    remove_old_drafts(on=on)
    old = list(
        ServiceRequest.objects.select_for_update()
        .filter(
            pk__in=Patient.objects.filter(retain_until__lte=on).values("pk"),
        )
        .exclude(status__in=_NEEDED)
        .order_by("pk")
    )
    for request in old:
        record_patient_access(
            request.pk,
            actor=SYSTEM,
            action=AuditEvent.Action.DELETE,
            purpose="retention",
            at=at,
        )
        _forget(request)
    ids = [request.pk for request in old]
    Consent.objects.filter(request_id__in=ids).delete()
    ClientLink.objects.filter(pk__in=ids).delete()
    Offer.objects.filter(request_id__in=ids).update(decline_note="")
    AssignmentStop.objects.filter(offer__request_id__in=ids).update(explanation="")
    _forget_words(ids)
    Patient.objects.filter(pk__in=ids).delete()
    return len(ids)


@transaction.atomic
def remove_old_drafts(*, on: date) -> int:
    """Remove what was started and never sent, a month ago or more; return how many."""
    old = ServiceRequest.objects.filter(
        Q(status=RequestStatus.DRAFT)
        | Q(status__in=[RequestStatus.WITHDRAWN, RequestStatus.CANCELLED]),
        submitted_at=None,
        created_at__date__lte=on - timedelta(days=DRAFT_DAYS),
    )
    count = old.count()
    old.delete()
    return count


@transaction.atomic
def delete_fictional_requests() -> int:
    """Remove requests at or for what was invented, before that is replaced.

    Everything that hangs on an invented area, service, organization or account goes;
    call it before those are removed. Return how many requests.
    """
    on_invented = (
        Q(region__is_fictional=True)
        | Q(place__is_fictional=True)
        | Q(placed_service__is_fictional=True)
        | Q(placed_service__organization__is_fictional=True)
        | Q(requester_organization__is_fictional=True)
        | Q(requester__is_fictional=True)
        | Q(owner__is_fictional=True)
        | Q(
            pk__in=Offer.objects.filter(
                Q(service__is_fictional=True)
                | Q(service__organization__is_fictional=True)
            ).values("request_id")
        )
    )
    found = dict(ServiceRequest.objects.filter(on_invented).values_list("pk", "number"))
    ids = list(found)
    remove_messages_about([f"request:{number}" for number in found.values()])
    ServiceRequest.objects.filter(pk__in=ids).delete()
    # Also on real areas: the room that was looked for was invented.
    RoomCheck.objects.all().delete()
    AssignmentAgreement.objects.filter(
        Q(region__is_fictional=True) | Q(organization__is_fictional=True)
    ).delete()
    signals = Signal.objects.filter(
        Q(region__is_fictional=True) | Q(filed_by__is_fictional=True)
    )
    policies = PolicyVersion.objects.filter(
        Q(region__is_fictional=True) | Q(made_by__is_fictional=True)
    )
    remove_messages_about(
        [f"signal:{pk}" for pk in signals.values_list("pk", flat=True)]
        + [f"policy:{pk}" for pk in policies.values_list("pk", flat=True)]
    )
    signals.delete()
    policies.delete()
    UnmetDemand.objects.all().delete()
    return len(ids)


def _forget(request: ServiceRequest) -> None:
    request.note = ""
    request.age = None
    request.bridged_by = ""
    if request.requester_kind == RequesterKind.FAMILY:
        request.requester_name = ""
        request.requester_phone = ""
    try:
        place = get_care_place(request.postcode[:4])
    except UnknownPostcode:
        pass
    else:
        request.place_id = place.id
        request.postcode = place.postcode
    request.save()


def _forget_words(request_ids: list[int]) -> None:
    """Empty what people wrote themselves; that it happened, and when, stays."""
    rows = RequestEvent.objects.filter(
        request_id__in=request_ids, detail__has_any_keys=list(_FREE_TEXT)
    )
    for row in rows:
        row.detail = {key: v for key, v in row.detail.items() if key not in _FREE_TEXT}
        row.save(update_fields=["detail"])
