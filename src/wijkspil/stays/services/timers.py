"""What the clock does to stays: beds that return, dates that pass, going home.

Each stay in a transaction of its own, skipping what somebody has in hand right now;
safe to run twice, on several machines, and to be killed between steps.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate

from wijkspil.stays.models import BedClaim, StayRequest
from wijkspil.stays.policies import next_status
from wijkspil.stays.selectors.agreed import get_agreed
from wijkspil.stays.selectors.stays import LATE, list_late
from wijkspil.stays.services.beds import return_bed
from wijkspil.stays.services.notices import (
    GOING_HOME,
    RELEASED,
    TO_COORDINATOR,
    tell_owner,
    tell_provider,
    tell_requester,
)
from wijkspil.stays.services.ownership import give_to_coordinator, give_to_requester
from wijkspil.stays.services.trail import SYSTEM, add_event
from wijkspil.stays.types import (
    ClaimStatus,
    EventKind,
    OwnerKind,
    StayStatus,
    TimersRun,
)

#: No region reminds longer before the end.
_LONGEST_REMIND = timedelta(days=60)


def run_timers(*, at: datetime, limit: int = 1000) -> TimersRun:
    """Return beds that were not confirmed, escalate what is late, remind of going home.

    A claim that is not confirmed in time is released: its bed is free again and the
    stay goes to the coordinator.
    """
    held = (
        BedClaim.objects.filter(status=ClaimStatus.HELD, hold_until__lte=at)
        .order_by("hold_until")
        .values_list("stay_id", flat=True)[:limit]
    )
    released = sum(_release(stay_id, at=at) for stay_id in list(held))
    escalated = sum(_escalate(stay_id, at=at) for stay_id in list_late(at, limit=limit))
    ending = (
        StayRequest.objects.filter(
            status=StayStatus.PLACED,
            claims__status=ClaimStatus.ARRIVED,
            reminded_at=None,
            planned_end__lte=localdate(at) + _LONGEST_REMIND,
        )
        .order_by("planned_end", "pk")
        .values_list("pk", flat=True)[:limit]
    )
    reminded = sum(_remind(stay_id, at=at) for stay_id in list(ending))
    return TimersRun(released=released, escalated=escalated, reminded=reminded)


def _lock_free(stay_id: int, *conditions: Q, **more: object) -> StayRequest | None:
    """Return the stay locked, or None: in hand elsewhere, or no longer so."""
    return (
        StayRequest.objects.select_for_update(skip_locked=True)
        .filter(*conditions, pk=stay_id, **more)
        .first()
    )


def _release(stay_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        stay = _lock_free(stay_id)
        claim = (
            BedClaim.objects.select_related("service")
            .filter(stay_id=stay_id, status=ClaimStatus.HELD, hold_until__lte=at)
            .first()
        )
        if stay is None or claim is None:
            return 0
        claim.status = next_status("time passes", claim.status)
        claim.closed_at = at
        claim.save()
        return_bed(claim)
        stay.status = StayStatus.OPEN
        stay.overdue_since = None
        add_event(
            stay,
            EventKind.RELEASED,
            actor=SYSTEM,
            at=at,
            service_id=claim.service_id,
        )
        key = f"release-{claim.pk}"
        give_to_coordinator(
            stay, agreed=get_agreed(stay.region_id), actor=SYSTEM, at=at, key=key
        )
        stay.save()
        tell_provider(stay, claim, RELEASED, at=at, key=key)
        tell_requester(stay, RELEASED, at=at, key=key)
        return 1


def _escalate(stay_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        # Weighed again under the lock: another run may have been first.
        stay = _lock_free(stay_id, LATE, due_at__lte=at)
        if stay is None:
            return 0
        assert stay.due_at is not None
        add_event(
            stay,
            EventKind.OVERDUE,
            actor=SYSTEM,
            at=at,
            due_at=stay.due_at.isoformat(),
            owner=stay.owner_name,
        )
        key = f"overdue-{stay.due_at:%Y%m%dT%H%M}"
        passed = stay.due_at
        if stay.owner_kind == OwnerKind.COORDINATOR:
            # It stays where it is, and red: a coordinator moves it or says why not.
            tell_owner(stay, TO_COORDINATOR, at=at, key=key)
        else:
            if stay.owner_kind == OwnerKind.PROVIDER:
                give_to_requester(stay)
            give_to_coordinator(
                stay, agreed=get_agreed(stay.region_id), actor=SYSTEM, at=at, key=key
            )
        stay.overdue_since = passed
        stay.save()
        return 1


def _remind(stay_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        stay = _lock_free(stay_id, reminded_at=None, status=StayStatus.PLACED)
        if stay is None or stay.planned_end is None:
            return 0
        days = get_agreed(stay.region_id).remind_days
        if localdate(at) < stay.planned_end - timedelta(days=days):
            return 0
        claim = (
            BedClaim.objects.select_related("service")
            .filter(stay=stay, status=ClaimStatus.ARRIVED)
            .first()
        )
        if claim is None:
            return 0
        stay.reminded_at = at
        stay.save(update_fields=["reminded_at"])
        add_event(
            stay,
            EventKind.REMINDED,
            actor=SYSTEM,
            at=at,
            service_id=claim.service_id,
            planned_end=stay.planned_end.isoformat(),
        )
        key = f"home-{stay.planned_end.isoformat()}"
        tell_requester(stay, GOING_HOME, at=at, key=key)
        tell_provider(stay, claim, GOING_HOME, at=at, key=key)
        return 1
