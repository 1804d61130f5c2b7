"""Reading what happened to requests, which teams were asked, and who has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, IntegerField, Prefetch, Q, Value, When

from wijkspil.core.errors import NotFound
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.directory.selectors.listing import (
    ListedService,
    ServiceFilter,
    get_listed_service,
    list_services,
)
from wijkspil.directory.types import Audience, Care, ContactSystem
from wijkspil.referrals.models import Consent, Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.types import PLACED, UNPLACED, OfferStatus, RequestStatus

#: A page shows at most this many of one group.
MOST_SHOWN = 200


def team_names(service_ids: Iterable[int | None]) -> dict[int, str]:
    """Return service id -> name of the team (one query)."""
    known = {pk for pk in service_ids if pk is not None}
    return {pk: name for pk, (name, *_rest) in get_service_names(known).items()}


def list_events(request_id: int) -> list[RequestEvent]:
    """Return what happened to a request, newest first (one query)."""
    return list(RequestEvent.objects.filter(request=request_id).order_by("-at", "-pk"))


def list_offers(request_id: int) -> list[Offer]:
    """Return the questions to teams, in the order they were asked (one query)."""
    return list(
        Offer.objects.filter(request=request_id)
        .select_related("service__organization")
        .order_by("offered_at", "rank", "pk")
    )


def list_consents(request_id: int) -> list[Consent]:
    """Return what the client said to sharing, oldest first (one query)."""
    return list(
        Consent.objects.filter(request=request_id)
        .select_related("organization")
        .order_by("recorded_at", "pk")
    )


def names_in(
    events: Iterable[RequestEvent], extra: Iterable[int | None] = ()
) -> dict[int, str]:
    """Return the names of all teams that events speak of (one query)."""
    ids: set[int | None] = set(extra)
    for event in events:
        ids.add(event.service_id)
        ids.update(event.detail.get("services", ()))
    return team_names(ids)


# --- lists


@dataclass(frozen=True)
class OwnRequests:
    """Requests of one organization: those that wait first, then by what became of it.

    ``n_closed`` counts all that are closed; only the newest are in ``closed``.
    """

    waiting: Sequence[ServiceRequest]
    placed: Sequence[ServiceRequest]
    drafts: Sequence[ServiceRequest]
    closed: Sequence[ServiceRequest]
    n_closed: int

    @property
    def is_empty(self) -> bool:
        """Whether there is none at all."""
        return not (self.waiting or self.placed or self.drafts or self.closed)


def list_own_requests(
    *, user_id: int | None, organization_ids: Iterable[int], n_closed: int = 25
) -> OwnRequests:
    """Return what a person or their organizations sent (at most nine queries).

    What waits is in the order of its date, what is late first.
    """
    own = Q(requester_organization__in=list(organization_ids))
    if user_id is not None:
        own |= Q(requester=user_id)
    asked = Prefetch(
        "offers",
        queryset=Offer.objects.filter(status=OfferStatus.OPEN)
        .select_related("service")
        .order_by("rank"),
        to_attr="waiting_offers",
    )
    rows = (
        ServiceRequest.objects.filter(own)
        .select_related("place", "placed_service")
        .prefetch_related(asked)
    )
    is_paused = Q(status=RequestStatus.PAUSED)
    has_team = Q(placed_service__isnull=False)
    unplaced = Q(status__in=[*map(str, UNPLACED)]) | (is_paused & ~has_team)
    placed = Q(status__in=[*map(str, PLACED)]) | (is_paused & has_team)
    closed = rows.exclude(
        status__in=[
            *map(str, UNPLACED),
            *map(str, PLACED),
            RequestStatus.PAUSED,
            RequestStatus.DRAFT,
        ]
    )
    settled = Case(
        When(status=RequestStatus.IN_CARE, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    late_first = F("overdue_since").asc(nulls_last=True)
    return OwnRequests(
        waiting=list(
            rows.filter(unplaced).order_by(late_first, "due_at", "pk")[:MOST_SHOWN]
        ),
        placed=list(
            rows.filter(placed).order_by(settled, "-placed_at", "-pk")[:MOST_SHOWN]
        ),
        drafts=list(
            rows.filter(status=RequestStatus.DRAFT).order_by("-created_at", "-pk")[
                :MOST_SHOWN
            ]
        ),
        closed=list(closed.order_by("-closed_at", "-pk")[:n_closed]),
        n_closed=closed.count(),
    )


# --- numbers to call


@dataclass(frozen=True)
class CallNumber:
    """Whom to call: a service with its organization, and the number."""

    name: str
    organization_name: str
    phone: str


def find_team_number(
    service_id: int | None, *, at: datetime, audiences: Sequence[str]
) -> CallNumber | None:
    """Return the first phone number of a team for an audience (three queries)."""
    if service_id is None:
        return None
    try:
        service = get_listed_service(service_id, at=at, audiences=audiences)
    except NotFound:
        return None
    return _first_number([service], audiences)


def find_coordinator_number(
    postcode: str, *, at: datetime, audiences: Sequence[str]
) -> CallNumber | None:
    """Return the number of the regional coordination at a postcode (four queries)."""
    wanted = ServiceFilter(care=Care.COORDINATION, postcode=postcode)
    return _find_number(wanted, at=at, audiences=audiences)


def find_organization_number(
    organization_id: int | None, *, at: datetime, audiences: Sequence[str]
) -> CallNumber | None:
    """Return a phone number of an organization for an audience (four queries)."""
    if organization_id is None:
        return None
    wanted = ServiceFilter(organization_id=organization_id)
    return _find_number(wanted, at=at, audiences=audiences)


def _find_number(
    wanted: ServiceFilter, *, at: datetime, audiences: Sequence[str]
) -> CallNumber | None:
    try:
        services, _n = list_services(
            wanted, at=at, audiences=audiences, page=1, page_size=20
        )
    except NotFound:
        return None
    return _first_number(services, audiences)


def _first_number(
    services: Iterable[ListedService], audiences: Sequence[str]
) -> CallNumber | None:
    found = [
        (
            audiences.index(contact.audience),
            CallNumber(s.name, s.organization_name, contact.value),
        )
        for s in services
        for contact in s.contacts
        if contact.system == ContactSystem.PHONE
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


#: Numbers that a client may call, and those for who works with clients.
FOR_CLIENTS = (Audience.RESIDENT,)
FOR_PROFESSIONALS = (Audience.REFERRER, Audience.PROFESSIONAL, Audience.RESIDENT)
