"""Reading what happened to requests, which teams were asked, and who has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wijkspil.core.prepared import columns_of, fetch_instances, fetch_row, fetch_rows
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.directory.selectors.listing import (
    ListedService,
    ServiceFilter,
    find_phone_at,
    find_service_phone,
    list_services,
)
from wijkspil.directory.types import Audience, Care, ContactSystem
from wijkspil.referrals.models import Consent, Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.types import PLACED, UNPLACED, OfferStatus, RequestStatus

#: A page shows at most this many of one group.
MOST_SHOWN = 200

# The directory's tables, by the models of the keys that lead there.
_SERVICE: Any = Offer._meta.get_field("service").related_model  # noqa: SLF001
_ORGANIZATION: Any = _SERVICE._meta.get_field("organization").related_model  # noqa: SLF001
_SERVICE_MODELS = (_SERVICE, _ORGANIZATION)
_OFFERS = f"""
SELECT {columns_of(Offer, "o")}, {columns_of(_SERVICE, "s")},
       {columns_of(_ORGANIZATION, "p")}
  FROM referrals_offer o
  JOIN directory_healthcareservice s ON s.id = o.service_id
  JOIN directory_organization p ON p.id = s.organization_id
 WHERE o.request_id = %(request)s
 ORDER BY o.offered_at, o.rank, o.id
"""
_EVENTS = f"""
SELECT {columns_of(RequestEvent, "e")} FROM referrals_requestevent e
 WHERE e.request_id = %(request)s ORDER BY e.at DESC, e.id DESC
"""
_CONSENTS = f"""
SELECT {columns_of(Consent, "c")}, {columns_of(_ORGANIZATION, "p")}
  FROM referrals_consent c
  LEFT JOIN directory_organization p ON p.id = c.organization_id
 WHERE c.request_id = %(request)s ORDER BY c.recorded_at, c.id
"""


def team_names(service_ids: Iterable[int | None]) -> dict[int, str]:
    """Return service id -> name of the team (one query)."""
    known = {pk for pk in service_ids if pk is not None}
    return {pk: name for pk, (name, *_rest) in get_service_names(known).items()}


def list_events(request_id: int) -> list[RequestEvent]:
    """Return what happened to a request, newest first (one query)."""
    rows = fetch_instances(_EVENTS, {"request": request_id}, RequestEvent)
    return [event for (event,) in rows]


def list_offers(request_id: int) -> list[Offer]:
    """Return the questions to teams, in the order they were asked (one query)."""
    offers = []
    for offer, service, organization in fetch_instances(
        _OFFERS, {"request": request_id}, Offer, *_SERVICE_MODELS
    ):
        service.organization = organization
        offer.service = service
        offers.append(offer)
    return offers


def list_consents(request_id: int) -> list[Consent]:
    """Return what the client said to sharing, oldest first (one query)."""
    consents = []
    for consent, organization in fetch_instances(
        _CONSENTS, {"request": request_id}, Consent, _ORGANIZATION
    ):
        consent.organization = organization
        consents.append(consent)
    return consents


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
class OwnRequest:
    """A request in a list; ``team_name`` has the client, ``asked`` have the question.

    ``team_name`` is empty while nobody has it; ``asked`` are names.
    """

    request: ServiceRequest
    place_code: str
    team_name: str
    asked: Sequence[str]


@dataclass(frozen=True)
class OwnRequests:
    """Requests of one organization: those that wait first, then by what became of it.

    ``n_closed`` counts all that are closed; only the newest are in ``closed``.
    """

    waiting: Sequence[OwnRequest]
    placed: Sequence[OwnRequest]
    drafts: Sequence[OwnRequest]
    closed: Sequence[OwnRequest]
    n_closed: int

    @property
    def is_empty(self) -> bool:
        """Whether there is none at all."""
        return not (self.waiting or self.placed or self.drafts or self.closed)


def list_own_requests(
    *, user_id: int | None, organization_ids: Iterable[int], n_closed: int = 25
) -> OwnRequests:
    """Return what a person or their organizations sent (six queries).

    What waits is in the order of its date, what is late first.
    """
    whose = {"user": user_id, "organizations": list(organization_ids)}
    groups = [
        fetch_instances(statement, {**whose, "limit": limit}, ServiceRequest)
        for statement, limit in (
            (_OWN_WAITING, MOST_SHOWN),
            (_OWN_PLACED, MOST_SHOWN),
            (_OWN_DRAFTS, MOST_SHOWN),
            (_OWN_CLOSED, n_closed),
        )
    ]
    asked = _list_asked(request.pk for rows in groups for request, *_names in rows)
    waiting, placed, drafts, closed = (
        [
            OwnRequest(request, place_code, team_name or "", asked.get(request.pk, ()))
            for request, place_code, team_name in rows
        ]
        for rows in groups
    )
    counted = fetch_row(_COUNT_OWN_CLOSED, whose)
    return OwnRequests(
        waiting=waiting,
        placed=placed,
        drafts=drafts,
        closed=closed,
        n_closed=0 if counted is None else counted[0],
    )


def _texts(statuses: Iterable[RequestStatus]) -> str:
    return ", ".join(f"'{status.value}'" for status in statuses)


_OWN = """
(r.requester_organization_id = ANY(%(organizations)s::bigint[])
 OR r.requester_id = %(user)s::bigint)
"""
_OWN_REQUESTS = f"""
SELECT {columns_of(ServiceRequest, "r")}, a.code, s.name
  FROM referrals_servicerequest r
  JOIN directory_area a ON a.id = r.place_id
  LEFT JOIN directory_healthcareservice s ON s.id = r.placed_service_id
 WHERE {_OWN}
"""
_PAUSED = f"r.status = '{RequestStatus.PAUSED.value}'"
_OWN_WAITING = f"""{_OWN_REQUESTS}
   AND (r.status IN ({_texts(UNPLACED)}) OR {_PAUSED} AND r.placed_service_id IS NULL)
 ORDER BY r.overdue_since, r.due_at, r.id LIMIT %(limit)s
"""
_OWN_PLACED = f"""{_OWN_REQUESTS}
   AND (r.status IN ({_texts(PLACED)}) OR {_PAUSED} AND r.placed_service_id IS NOT NULL)
 ORDER BY r.status = '{RequestStatus.IN_CARE.value}', r.placed_at DESC, r.id DESC
 LIMIT %(limit)s
"""
_OWN_DRAFTS = f"""{_OWN_REQUESTS}
   AND r.status = '{RequestStatus.DRAFT.value}'
 ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s
"""
_NOT_CLOSED = _texts((*UNPLACED, *PLACED, RequestStatus.PAUSED, RequestStatus.DRAFT))
_OWN_CLOSED = f"""{_OWN_REQUESTS}
   AND r.status NOT IN ({_NOT_CLOSED})
 ORDER BY r.closed_at DESC, r.id DESC LIMIT %(limit)s
"""
_COUNT_OWN_CLOSED = f"""
SELECT count(*) FROM referrals_servicerequest r
 WHERE {_OWN} AND r.status NOT IN ({_NOT_CLOSED})
"""
_WAITING_OFFERS = f"""
SELECT o.request_id, s.name
  FROM referrals_offer o JOIN directory_healthcareservice s ON s.id = o.service_id
 WHERE o.request_id = ANY(%(requests)s::bigint[])
   AND o.status = '{OfferStatus.OPEN.value}'
 ORDER BY o.rank
"""


def _list_asked(request_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return who has the question now, by request (one query)."""
    ids = list(request_ids)
    asked: dict[int, list[str]] = {}
    for request_id, name in fetch_rows(_WAITING_OFFERS, {"requests": ids}):
        asked.setdefault(request_id, []).append(name)
    return asked


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
    """Return the first phone number of a team for an audience (one query)."""
    if service_id is None:
        return None
    found = find_service_phone(service_id, at=at, audiences=audiences)
    return None if found is None else CallNumber(*found)


def find_coordinator_number(
    postcode: str, *, at: datetime, audiences: Sequence[str]
) -> CallNumber | None:
    """Return the number of the regional coordination at a postcode (one query)."""
    found = find_phone_at(postcode, care=Care.COORDINATION, at=at, audiences=audiences)
    return None if found is None else CallNumber(*found)


def find_organization_number(
    organization_id: int | None, *, at: datetime, audiences: Sequence[str]
) -> CallNumber | None:
    """Return a phone number of an organization for an audience (four queries)."""
    if organization_id is None:
        return None
    services, _n = list_services(
        ServiceFilter(organization_id=organization_id),
        at=at,
        audiences=audiences,
        page=1,
        page_size=20,
    )
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
