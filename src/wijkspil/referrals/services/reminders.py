"""People are told before a date passes, and everybody who can help after it did.

Each row is marked in the transaction that tells, so a run that dies between two steps
tells it on the next one, and never twice. Safe on several machines at once.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.services.notices import (
    tell_coordinators,
    tell_owner,
    tell_reminder,
)
from wijkspil.referrals.types import OWNED, UNPLACED, OfferStatus

#: So long before the date an owner is reminded.
BEFORE_DUE = timedelta(minutes=30)
#: So long after a date passed every coordinator of the region is told.
UNTIL_ALL_ARE_TOLD = timedelta(hours=1)


def remind_teams(*, at: datetime, limit: int = 1000) -> int:
    """Tell teams halfway that a question waits for them; return how many."""
    with transaction.atomic():
        late = list(
            Offer.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("request")
            .filter(status=OfferStatus.OPEN, remind_at__lte=at, answer_by__gt=at)
            .order_by("pk")[:limit]
        )
        for offer in late:
            tell_reminder(offer.request, offer, at=at)
        Offer.objects.filter(pk__in=[o.pk for o in late]).update(remind_at=None)
    return len(late)


def remind_owners(*, at: datetime, limit: int = 1000) -> int:
    """Tell owners that a date comes near; return how many."""
    with transaction.atomic():
        near = list(
            ServiceRequest.objects.select_for_update(skip_locked=True)
            .filter(
                Q(reminded_for=None) | Q(reminded_for__lt=F("due_at")),
                status__in=[*map(str, OWNED)],
                due_at__gt=at,
                due_at__lte=at + BEFORE_DUE,
            )
            .order_by("pk")[:limit]
        )
        for request in near:
            tell_owner(request, "referrals.date-near", at=at)
        ServiceRequest.objects.filter(pk__in=[r.pk for r in near]).update(
            reminded_for=F("due_at")
        )
    return len(near)


def tell_all_coordinators(*, at: datetime, limit: int = 1000) -> int:
    """Tell every coordinator of what is still late after an hour; return how many."""
    with transaction.atomic():
        late = list(
            ServiceRequest.objects.select_for_update(skip_locked=True)
            .filter(
                Q(escalated_for=None) | Q(escalated_for__lt=F("due_at")),
                status__in=[*map(str, UNPLACED)],
                due_at__lte=at - UNTIL_ALL_ARE_TOLD,
            )
            .order_by("pk")[:limit]
        )
        for request in late:
            tell_coordinators(request, "referrals.still-overdue", at=at)
        ServiceRequest.objects.filter(pk__in=[r.pk for r in late]).update(
            escalated_for=F("due_at")
        )
    return len(late)
