"""Reading requests for a stay: one, those of an organization, those of a region."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Target
from wijkspil.core.spoken_numbers import read_number
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.stays.errors import NotNow, unknown_stay
from wijkspil.stays.models import (
    BedClaim,
    StayConsent,
    StayEvent,
    StayPatient,
    StayRequest,
)
from wijkspil.stays.types import LIVE, OWNED, ClaimStatus

#: Each date that passes is noticed once.
LATE = Q(status__in=[*map(str, OWNED)]) & (
    Q(overdue_since=None) | Q(overdue_since__lt=F("due_at"))
)


def get_stay(stay_id: int) -> StayRequest:
    """Return a stay (one query).

    Raises
    ------
    UnknownStay
        If there is none with this id.
    """
    row = StayRequest.objects.filter(pk=stay_id).first()
    if row is None:
        raise unknown_stay(stay_id)
    return row


def find_stay(number: str) -> StayRequest:
    """Return a stay by the number people say, as in V-7K3F9Q (one query).

    Raises
    ------
    UnknownStay
        If there is none with this number.
    """
    row = (
        StayRequest.objects.select_related("place", "region")
        .filter(number=read_number(number))
        .first()
    )
    if row is None:
        raise unknown_stay(number)
    return row


def lock_stay(stay_id: int) -> StayRequest:
    """Return a stay with its row locked until the transaction ends.

    Lock order everywhere: the stay, then the service, then its report and claim.

    Raises
    ------
    UnknownStay
        If there is none with this id.
    """
    row = StayRequest.objects.select_for_update().filter(pk=stay_id).first()
    if row is None:
        raise unknown_stay(stay_id)
    return row


def find_live_claim(stay: StayRequest) -> BedClaim | None:
    """Return the bed that is taken for a stay, or None (one query)."""
    return (
        BedClaim.objects.select_related("service__organization")
        .filter(stay=stay, status__in=[*map(str, LIVE)])
        .first()
    )


def find_last_claim(stay: StayRequest) -> BedClaim | None:
    """Return the last bed that was taken for a stay, live or not (one query)."""
    return (
        BedClaim.objects.select_related("service__organization")
        .filter(stay=stay)
        .order_by("-held_at", "-pk")
        .first()
    )


def find_seen_claim(stay: StayRequest) -> BedClaim | None:
    """Return the bed whose provider may see the stay: taken now, or until the end.

    A provider that gave way, or whose bed was given back, has no more to do with it.
    """
    claim = find_last_claim(stay)
    if claim is None or claim.status not in (*LIVE, ClaimStatus.ENDED):
        return None
    return claim


def require_live_claim(stay: StayRequest) -> BedClaim:
    """Return the bed that is taken for a stay.

    Raises
    ------
    NotNow
        If no bed is taken.
    """
    claim = find_live_claim(stay)
    if claim is None:
        raise NotNow(_("No bed is taken for this stay now."))
    return claim


def provider_target(claim: BedClaim | None) -> Target | None:
    """Return the target of the service whose bed it is, or None (two queries)."""
    return None if claim is None else get_service_target(claim.service_id)


def list_events(stay: StayRequest) -> list[StayEvent]:
    """Return what happened, newest first (one query)."""
    return list(
        StayEvent.objects.filter(stay=stay)
        .select_related("service__organization")
        .order_by("-at", "-pk")
    )


def list_consents(stay: StayRequest) -> list[StayConsent]:
    """Return on which ground it was shared, and with whom (one query)."""
    return list(
        StayConsent.objects.filter(stay=stay)
        .select_related("service__organization")
        .order_by("recorded_at", "pk")
    )


def has_patient(stay: StayRequest) -> bool:
    """Whether it is known who it is about (one query; tells nothing else)."""
    return StayPatient.objects.filter(pk=stay.pk).exists()


def list_stays_of(
    *, user_id: int | None, organization_ids: Collection[int], limit: int = 200
) -> list[StayRequest]:
    """Return what a person or its organization asked for, newest first (one query)."""
    asked = Q(requester_organization_id__in=list(organization_ids))
    if user_id is not None:
        asked |= Q(requester_id=user_id)
    return list(
        StayRequest.objects.filter(asked)
        .select_related("region")
        .order_by("-created_at", "-pk")[:limit]
    )


def list_open_stays(
    region_ids: Iterable[int], *, limit: int = 500
) -> list[StayRequest]:
    """Return what somebody must move, the first date first (one query)."""
    return list(
        StayRequest.objects.filter(
            region_id__in=list(region_ids), status__in=[*map(str, OWNED)]
        )
        .select_related("region")
        .order_by("due_at", "pk")[:limit]
    )


def count_in_hand(user_ids: Collection[int]) -> dict[int, int]:
    """Return user id -> stays in hand (one query)."""
    return dict(
        StayRequest.objects.filter(
            owner_id__in=list(user_ids), status__in=[*map(str, OWNED)]
        )
        .order_by()
        .values_list("owner_id")
        .annotate(Count("pk"))
    )


def list_late(at: datetime, *, limit: int) -> list[int]:
    """Return ids of stays whose date has passed and was not noticed (one query)."""
    return list(
        StayRequest.objects.filter(LATE, due_at__lte=at)
        .order_by("due_at")
        .values_list("pk", flat=True)[:limit]
    )
