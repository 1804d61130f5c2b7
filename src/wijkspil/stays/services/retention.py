"""How long identity is kept, and removing it when that time has passed."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.selectors.care_teams import get_care_place
from wijkspil.stays.models import (
    BedReport,
    StayConsent,
    StayEvent,
    StayPatient,
    StayPolicy,
    StayRequest,
    StaySearch,
)
from wijkspil.stays.selectors.agreed import get_agreed
from wijkspil.stays.services.trail import SYSTEM, add_event, record_patient_access
from wijkspil.stays.types import OWNED, EventKind


def keep_until(stay: StayRequest, ends_on: date) -> None:
    """Count the retention period of the region anew, from ``ends_on``."""
    until = ends_on + timedelta(days=get_agreed(stay.region_id).retention_days)
    StayPatient.objects.filter(stay=stay).update(retain_until=until)
    StayConsent.objects.filter(stay=stay).update(retain_until=until)


@transaction.atomic
def remove_old_patients(*, on: date, at: datetime) -> int:
    """Remove who clients were where the time to keep it has passed; return how many.

    What was asked stays for the counts: no identity, ground, age or note, no words in
    the timeline, and no address finer than a PC4. A stay that never got so far as a
    name loses its note, age and fine address as long after its end. Locks the stays.
    """
    known = Q(pk__in=StayPatient.objects.filter(retain_until__lte=on).values("pk"))
    unnamed = Q(
        ~Q(pk__in=StayPatient.objects.values("pk")),
        closed_at__date__lte=on - timedelta(days=365),
        age__isnull=False,
    )
    old = list(
        StayRequest.objects.select_for_update()
        .filter(known | unnamed)
        .exclude(status__in=[*map(str, OWNED)])
        .order_by("pk")
    )
    for stay in old:
        record_patient_access(
            stay,
            actor=SYSTEM,
            action=AuditEvent.Action.DELETE,
            purpose="retention",
            at=at,
        )
        _forget(stay)
        add_event(stay, EventKind.FORGOTTEN, actor=SYSTEM, at=at)
    ids = [stay.pk for stay in old]
    StayConsent.objects.filter(stay_id__in=ids).delete()
    StayPatient.objects.filter(pk__in=ids).delete()
    notes = StayEvent.objects.filter(stay_id__in=ids, kind=EventKind.NOTE)
    notes.update(detail={})
    return len(ids)


@transaction.atomic
def delete_fictional_stays() -> int:
    """Remove stays and beds at or for what was invented; return how many stays.

    Call it before the invented areas, services and accounts are removed.
    """
    on_invented = (
        Q(region__is_fictional=True)
        | Q(place__is_fictional=True)
        | Q(requester_organization__is_fictional=True)
        | Q(requester__is_fictional=True)
        | Q(owner__is_fictional=True)
        | Q(claims__service__is_fictional=True)
        | Q(claims__service__organization__is_fictional=True)
    )
    ids = set(StayRequest.objects.filter(on_invented).values_list("pk", flat=True))
    StayRequest.objects.filter(pk__in=ids).delete()
    BedReport.objects.filter(
        Q(service__is_fictional=True) | Q(service__organization__is_fictional=True)
    ).delete()
    # Also on real areas: the beds that were looked for were invented.
    StaySearch.objects.all().delete()
    StayPolicy.objects.filter(region__is_fictional=True).delete()
    return len(ids)


def _forget(stay: StayRequest) -> None:
    stay.note = ""
    stay.age = None
    stay.answers = {}
    stay.needs = []
    try:
        place = get_care_place(stay.postcode[:4])
    except UnknownPostcode:
        stay.postcode = stay.postcode[:4]
    else:
        stay.place_id = place.id
        stay.postcode = place.postcode
    stay.save()
