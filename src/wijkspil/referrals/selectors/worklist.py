"""What the coordinators of a region must keep moving, most at risk first.

Without identity: the wijk where the care is given is the nearest that is told.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Count, Min, Q

from wijkspil.directory.selectors.wijken import WijkName, list_wijken_of_places
from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.types import (
    RESTING,
    UNPLACED,
    OfferStatus,
    RequestStatus,
    Urgency,
)

#: More than this is shown to nobody; a region has tens of open requests.
MOST_ITEMS = 500
_URGENCY_ORDER = {value: place for place, value in enumerate(Urgency.values)}
#: A team has it; it comes back on the list when the first visit did not happen.
_NOT_IN_CARE_YET = (RequestStatus.ACCEPTED, RequestStatus.INTAKE_DONE)


class Show(StrEnum):
    """Which requests a coordinator looks at."""

    ALL = ""
    OVERDUE = "te-laat"
    NO_TEAM = "geen-team"
    BRIDGED = "overbrugd"
    URGENT = "spoed"


@dataclass(frozen=True)
class WorkItem:
    """One request on the worklist, without identity.

    ``n_waiting`` teams have the question now, ``n_refused`` said no or did not answer.
    """

    id: int
    number: str
    wijk: WijkName | None
    tasks: Sequence[str]
    parts_of_day: Sequence[str]
    urgency: str
    first_visit_on: date
    status: str
    owner_id: int | None
    owner_name: str
    owner_kind: str
    due_at: datetime | None
    overdue_since: datetime | None
    bridged_by: str
    n_waiting: int
    n_refused: int
    answer_by: datetime | None

    @property
    def is_unplaced(self) -> bool:
        """Whether nobody takes the client yet."""
        return self.status in UNPLACED

    @property
    def is_urgent(self) -> bool:
        """Whether the first visit must be today or within 24 hours."""
        return self.urgency in (Urgency.TODAY, Urgency.TOMORROW)

    def late_since(self, at: datetime) -> datetime | None:
        """Return the date that passed without anybody moving it, or None."""
        if self.overdue_since is not None:
            return self.overdue_since
        return self.due_at if self.due_at is not None and self.due_at <= at else None

    def has_bridge_ended(self, at: datetime) -> bool:
        """Whether who helped for now did so until a day that has passed."""
        return (
            self.status == RequestStatus.BRIDGED
            and self.due_at is not None
            and self.due_at <= at
        )

    def is_shown(self, show: Show, *, at: datetime) -> bool:
        """Whether it falls under a filter."""
        return {
            Show.ALL: True,
            Show.OVERDUE: self.late_since(at) is not None,
            Show.NO_TEAM: self.status == RequestStatus.OPEN,
            Show.BRIDGED: self.status == RequestStatus.BRIDGED,
            Show.URGENT: self.is_urgent,
        }[show]


def list_worklist(region_ids: Iterable[int], *, at: datetime) -> list[WorkItem]:
    """Return every open request of the regions by risk (four queries).

    Late first: clients without a team, the longest late before the others; then what
    is due soonest, then the most urgent. What a team has is on the list only when its
    date has passed.
    """
    rows = list(
        ServiceRequest.objects.filter(
            Q(status__in=[*map(str, UNPLACED)])
            | Q(status__in=[*map(str, _NOT_IN_CARE_YET)], due_at__lte=at),
            region_id__in=list(region_ids),
        ).order_by("due_at", "pk")[:MOST_ITEMS]
    )
    wijken = list_wijken_of_places(row.place_id for row in rows)
    asked = _count_offers([row.pk for row in rows])
    items = [_as_item(row, wijken, asked.get(row.pk, _NOBODY)) for row in rows]
    return sorted(items, key=lambda item: _risk(item, at=at))


def count_shown(items: Iterable[WorkItem], *, at: datetime) -> dict[Show, int]:
    """Return how many items fall under each filter."""
    counts: Counter[Show] = Counter()
    for item in items:
        counts.update(show for show in Show if item.is_shown(show, at=at))
    return {show: counts[show] for show in Show}


def list_own_unplaced(user_id: int, *, region_ids: Iterable[int]) -> list[int]:
    """Return the ids of what somebody has in hand in the regions (one query)."""
    return list(
        ServiceRequest.objects.filter(
            owner_id=user_id,
            status__in=[*map(str, UNPLACED)],
            region_id__in=list(region_ids),
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def list_unplaced(region_id: int) -> list[ServiceRequest]:
    """Return the requests for which nobody is asked now (one query)."""
    return list(
        ServiceRequest.objects.filter(
            region_id=region_id,
            status__in=[RequestStatus.OPEN, RequestStatus.BRIDGED],
        )
        .select_related("place")
        .order_by("pk")[:MOST_ITEMS]
    )


def list_asked_pairs(
    request_ids: Iterable[int], *, since: datetime
) -> list[tuple[int, int]]:
    """Return (request id, service id) of who has the question or answered ``since``.

    One query.
    """
    return list(
        Offer.objects.filter(
            Q(status__in=[OfferStatus.OPEN, OfferStatus.ACCEPTED])
            | Q(
                status__in=[*map(str, RESTING)],
                answered_at__gt=since,
            ),
            request_id__in=list(request_ids),
        ).values_list("request_id", "service_id")
    )


def list_offers(request_id: int) -> list[Offer]:
    """Return the questions to teams, newest first (one query)."""
    return list(Offer.objects.filter(request_id=request_id).order_by("-pk"))


def list_last_events(request_id: int, *, limit: int = 4) -> list[RequestEvent]:
    """Return what happened last, newest first (one query)."""
    return list(
        RequestEvent.objects.filter(request_id=request_id).order_by("-at", "-pk")[
            :limit
        ]
    )


@dataclass(frozen=True)
class _Asked:
    waiting: int = 0
    refused: int = 0
    answer_by: datetime | None = None


_NOBODY = _Asked()


def _count_offers(request_ids: Sequence[int]) -> dict[int, _Asked]:
    is_open = Q(status=OfferStatus.OPEN)
    rows = (
        Offer.objects.filter(request_id__in=request_ids)
        .order_by()
        .values_list("request_id")
        .annotate(
            waiting=Count("pk", filter=is_open),
            refused=Count(
                "pk", filter=Q(status__in=[OfferStatus.DECLINED, OfferStatus.EXPIRED])
            ),
            first_answer_by=Min("answer_by", filter=is_open),
        )
    )
    return {pk: _Asked(*counts) for pk, *counts in rows}


def _as_item(
    row: ServiceRequest, wijken: Mapping[int, WijkName], asked: _Asked
) -> WorkItem:
    return WorkItem(
        id=row.pk,
        number=row.number,
        wijk=wijken.get(row.place_id),
        tasks=tuple(row.tasks),
        parts_of_day=tuple(row.parts_of_day),
        urgency=row.urgency,
        first_visit_on=row.first_visit_on,
        status=row.status,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        owner_kind=row.owner_kind,
        due_at=row.due_at,
        overdue_since=row.overdue_since,
        bridged_by=row.bridged_by,
        n_waiting=asked.waiting,
        n_refused=asked.refused,
        answer_by=asked.answer_by,
    )


def _risk(item: WorkItem, *, at: datetime) -> tuple[bool, bool, float, int, int]:
    """Late before not late; of what is late, a client without a team goes first."""
    late = item.late_since(at)
    moment = late or item.due_at
    return (
        late is None,
        not item.is_unplaced,
        moment.timestamp() if moment else float("inf"),
        _URGENCY_ORDER[item.urgency],
        item.id,
    )
