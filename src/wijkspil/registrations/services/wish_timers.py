"""What the clock does to wishes: ask once a year, end what nobody confirms.

Each wish in a transaction of its own, skipping what somebody has in hand right now;
safe to run twice, on several machines, and to be killed between steps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate

from wijkspil.registrations.models import Wish
from wijkspil.registrations.policies import next_wish_status
from wijkspil.registrations.services.household import end_wish
from wijkspil.registrations.services.notices import (
    LAPSED,
    STILL_LOOKING,
    tell_household,
)
from wijkspil.registrations.services.trail import SYSTEM, add_wish_event
from wijkspil.registrations.types import WishStatus

#: A household is asked whether it is still looking so long before its wish ends.
REMIND_BEFORE = timedelta(days=30)
#: A household that waits for its own members is reminded so long before.
REMIND_CONSENT_BEFORE = timedelta(days=14)
_MAY_LAPSE = (WishStatus.DRAFT, WishStatus.CONSENT, WishStatus.WAITING)


@dataclass(frozen=True, slots=True)
class WishTimersRun:
    """How many wishes were reminded of, and how many ended."""

    reminded: int
    lapsed: int


def run_wish_timers(*, at: datetime, limit: int = 5000) -> WishTimersRun:
    """Remind who must confirm, and end what was not confirmed.

    A wish with a proposal is left alone: its own date passes first.
    """
    today = localdate(at)
    live = Wish.objects.filter(status__in=[*map(str, _MAY_LAPSE)]).order_by(
        "reconfirm_until", "pk"
    )
    late = live.filter(reconfirm_until__lte=today).values_list("pk", flat=True)
    lapsed = sum(_lapse(pk, at=at) for pk in list(late[:limit]))
    soon = (
        live.exclude(status=WishStatus.DRAFT)
        .filter(reconfirm_until__lte=today + REMIND_BEFORE, reminded_at=None)
        .values_list("pk", flat=True)
    )
    reminded = sum(_remind(pk, at=at) for pk in list(soon[:limit]))
    return WishTimersRun(reminded=reminded, lapsed=lapsed)


def _lock_free(wish_id: int, **conditions: object) -> Wish | None:
    return (
        Wish.objects.select_for_update(skip_locked=True)
        .filter(pk=wish_id, status__in=[*map(str, _MAY_LAPSE)], **conditions)
        .first()
    )


@transaction.atomic
def _lapse(wish_id: int, *, at: datetime) -> int:
    wish = _lock_free(wish_id, reconfirm_until__lte=localdate(at))
    if wish is None:
        return 0
    was_draft = wish.status == WishStatus.DRAFT
    end_wish(
        wish,
        status=next_wish_status("lapse", wish.status),
        reason="unconfirmed",
        at=at,
    )
    if was_draft:
        # Nobody ever said that the address was theirs: keep it no longer.
        wish.retain_until = localdate(at)
    wish.save()
    add_wish_event(wish, "lapsed", actor=SYSTEM, at=at)
    if not was_draft:
        tell_household(wish, LAPSED, at=at, key="lapsed")
    return 1


@transaction.atomic
def _remind(wish_id: int, *, at: datetime) -> int:
    wish = _lock_free(wish_id, reminded_at=None)
    if wish is None:
        return 0
    before = (
        REMIND_CONSENT_BEFORE if wish.status == WishStatus.CONSENT else REMIND_BEFORE
    )
    if localdate(at) < wish.reconfirm_until - before:
        return 0
    wish.reminded_at = at
    wish.save(update_fields=["reminded_at"])
    add_wish_event(
        wish, "reminded", actor=SYSTEM, at=at, until=wish.reconfirm_until.isoformat()
    )
    key = f"remind-{wish.reconfirm_until.isoformat()}"
    tell_household(wish, STILL_LOOKING, at=at, key=key)
    return 1
