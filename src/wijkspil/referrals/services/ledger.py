"""The region's ledger of demand that was not met, or not at once.

Every search without result, decline, silence, withdrawal, wait and fallback, per wijk,
task and part of the day. No person and no number of a request: rows of one request are
told together by a pseudonym that changes every year.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.timezone import localdate

from wijkspil.directory.selectors.care_teams import CarePlace
from wijkspil.referrals.models import ServiceRequest, UnmetDemand
from wijkspil.referrals.selectors.policy import ANSWER_MINUTES
from wijkspil.referrals.types import EventKind, HoursBand, Need, UnmetKind, Urgency

#: What an event says of demand.
_KINDS = {
    EventKind.DECLINED: UnmetKind.DECLINE,
    EventKind.EXPIRED: UnmetKind.NO_ANSWER,
    EventKind.WITHDRAWN: UnmetKind.WITHDRAWAL,
    EventKind.NO_TEAM: UnmetKind.FALLBACK,
    EventKind.BRIDGED: UnmetKind.BRIDGED,
    EventKind.TEMPORARY_STAY: UnmetKind.STAY,
    EventKind.MEDIATION: UnmetKind.MEDIATION,
}


def note_search(*, need: Need, place: CarePlace, band: HoursBand, at: datetime) -> None:
    """Keep that somebody looked for room and no team had any."""
    UnmetDemand.objects.create(
        at=at,
        region_id=place.region_id,
        wijk_id=place.wijk_id,
        kind=UnmetKind.SEARCH,
        tasks=list(need.tasks),
        parts_of_day=list(need.parts_of_day),
        urgency=need.urgency,
        hours_high=band.high,
    )


def note_unmet(
    request: ServiceRequest, kind: EventKind, *, reason: str, at: datetime
) -> None:
    """Keep what an event says of demand, in the caller's transaction; else nothing.

    A placement counts as a wait when it took longer than one team has to answer.
    """
    unmet = _KINDS.get(kind)
    waited = at - request.submitted_at if request.submitted_at else timedelta(0)
    if kind == EventKind.ACCEPTED:
        longest = timedelta(minutes=ANSWER_MINUTES[Urgency(request.urgency)])
        unmet = UnmetKind.WAIT if waited > longest else None
    if unmet is None:
        return
    UnmetDemand.objects.create(
        at=at,
        region_id=request.region_id,
        wijk_id=request.wijk_id,
        kind=unmet,
        reason=reason[:30],
        tasks=request.tasks,
        parts_of_day=request.parts_of_day,
        urgency=request.urgency,
        hours_high=request.hours_high,
        waited_minutes=max(0, int(waited.total_seconds() // 60)),
        pseudonym=pseudonym_of(request.number, year=localdate(at).year),
    )


def pseudonym_of(number: str, *, year: int) -> str:
    """Return 16 hex digits that stand for a request during a year."""
    key = f"{settings.SECRET_KEY}|unmet-demand|{year}".encode()
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:16]
