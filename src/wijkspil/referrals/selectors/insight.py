"""What the picture of a region counts in requests: rows without a person.

True numbers per wijk, not to be shown as they are: who shows them withholds the small
ones. Periods are half-open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from wijkspil.core.periods import Period
from wijkspil.core.prepared import fetch_rows
from wijkspil.referrals.models import RequestEvent, UnmetDemand
from wijkspil.referrals.types import (
    ROOM_REASONS,
    UNPLACED,
    EventKind,
    OfferStatus,
    RequestStatus,
    UnmetKind,
)

#: No team took it: care at home did not come, or not from a team of the region.
NOT_TAKEN = (RequestStatus.MEDIATION, RequestStatus.TEMPORARY_STAY)
#: Lines of the ledger that say that nobody had room.
NO_ROOM = (
    UnmetKind.SEARCH,
    UnmetKind.FALLBACK,
    UnmetKind.STAY,
    UnmetKind.MEDIATION,
)


@dataclass(frozen=True, slots=True)
class Placement:
    """A request that was sent in the period, in a wijk; times in minutes.

    ``minutes`` run from sending to the first acceptance; None: not placed (yet).
    """

    wijk_id: int
    submitted_at: datetime
    minutes: float | None
    is_own_team: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that no team has taken: hours a week, also per part of the day."""

    wijk_id: int
    is_open: bool
    hours: float
    hours_by_part: Mapping[str, float]


_PLACEMENTS = """
SELECT r.wijk_id, r.submitted_at,
       extract(epoch FROM e.accepted_at - r.submitted_at) / 60,
       e.accepted_at IS NOT NULL AND EXISTS (
         SELECT 1 FROM referrals_offer o WHERE o.request_id = r.id
            AND o.status = %(won)s AND o.reasons @> %(own)s::jsonb)
  FROM referrals_servicerequest r
  LEFT JOIN LATERAL (
       SELECT min(at) AS accepted_at FROM referrals_requestevent
        WHERE request_id = r.id AND kind = %(accepted)s) e ON true
 WHERE r.submitted_at >= %(start)s AND r.submitted_at < %(end)s
   AND r.wijk_id IS NOT NULL
"""

_ASKED = """
SELECT wijk_id, status = ANY(%(open)s), coalesce(hours_set, hours_high),
       hours_by_part::json
  FROM referrals_servicerequest
 WHERE wijk_id IS NOT NULL AND submitted_at < %(at)s
   AND (status = ANY(%(open)s)
        OR status = ANY(%(not_taken)s) AND submitted_at >= %(since)s)
"""


def list_placements(period: Period) -> list[Placement]:
    """Return every request sent in a period, with how it was placed (one query)."""
    rows = fetch_rows(
        _PLACEMENTS,
        {
            "start": period.start,
            "end": period.end,
            "accepted": EventKind.ACCEPTED.value,
            "won": OfferStatus.ACCEPTED.value,
            "own": '[{"code": "own-team"}]',
        },
    )
    return [
        Placement(wijk_id, sent, None if minutes is None else float(minutes), own)
        for wijk_id, sent, minutes, own in rows
    ]


def list_asked(*, at: datetime, since: datetime) -> list[Asked]:
    """Return what no team has taken: open now, or sent ``since`` then (one query)."""
    rows = fetch_rows(
        _ASKED,
        {
            "at": at,
            "since": since,
            "open": [*map(str, UNPLACED)],
            "not_taken": [*map(str, NOT_TAKEN)],
        },
    )
    return [
        Asked(
            wijk_id,
            is_open,
            float(hours),
            {part: float(one) for part, one in (by_part or {}).items()},
        )
        for wijk_id, is_open, hours, by_part in rows
    ]


def count_declines_by_wijk(period: Period) -> dict[int, tuple[int, int]]:
    """Return wijk -> (declined for lack of room, declined) (one query)."""
    room = {str(reason) for reason in ROOM_REASONS}
    counts: dict[int, tuple[int, int]] = {}
    for wijk_id, reason, number in (
        RequestEvent.objects.filter(
            kind=EventKind.DECLINED,
            at__gte=period.start,
            at__lt=period.end,
            request__wijk__isnull=False,
        )
        .order_by()
        .values_list("request__wijk_id", "detail__reason")
        .annotate(n=Count("pk"))
    ):
        no_room, declined = counts.get(wijk_id, (0, 0))
        counts[wijk_id] = (
            no_room + (number if reason in room else 0),
            declined + number,
        )
    return counts


def count_unmet_by_wijk(period: Period) -> dict[int, int]:
    """Return wijk -> lines of the ledger in which nobody had room (one query)."""
    return dict(
        UnmetDemand.objects.filter(
            kind__in=NO_ROOM,
            at__gte=period.start,
            at__lt=period.end,
            wijk__isnull=False,
        )
        .order_by()
        .values_list("wijk_id")
        .annotate(n=Count("pk"))
    )
