"""What a team may know of the questions put to it, and of the clients it has.

A question leaves here as a profile without identity: no postcode, address, name or
phone number is in any value of this module, so no page that shows them can leak one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import inf
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.core.prepared import columns_of, fetch_instances
from wijkspil.directory.selectors.capacity import RoomLeft, get_room_left
from wijkspil.directory.types import AreaKind, SizeBand
from wijkspil.referrals.errors import UnknownOffer
from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.selectors.requests import age_band
from wijkspil.referrals.types import (
    PLACED,
    EventKind,
    OfferOrigin,
    OfferStatus,
    RequestStatus,
)

#: Answered questions stay in sight for so long.
ANSWERED_DAYS = timedelta(days=14)
#: Nobody reads more cards than this on one page; the most urgent come first.
MOST_CARDS = 200
#: Reasons that a team is not told: what would say whose request it is, what concerns
#: others, and the exact distance (``Question.km`` has it in whole kilometers).
UNTOLD_REASONS = frozenset({"distance", "known", "objected", "preferred", "score"})
#: A team has the client; an admitted one comes home to it, while the place is kept.
_HAS_CLIENT = (*PLACED, RequestStatus.PAUSED)
_LARGEST_HOURS = {
    SizeBand.TO_2: 2.0,
    SizeBand.TO_5: 5.0,
    SizeBand.TO_10: 10.0,
    SizeBand.ANY: inf,
}


@dataclass(frozen=True)
class Profile:
    """What a team that was only asked sees of a request (pseudonymous).

    ``area_name`` is empty when even the region is the smallest safe area; ``ages`` is
    half-open. ``note`` is empty once the question is closed: nobody needs it then.
    """

    tasks: Sequence[str]
    parts_of_day: Sequence[str]
    first_visit_on: date
    urgency: str
    urgency_reason: str
    ages: tuple[int, int] | None
    language: str
    care_law: str
    order_present: str
    materials_present: str
    hours_low: Decimal
    hours_high: Decimal
    area_name: str
    area_is_postcode: bool
    region_name: str
    note: str


@dataclass(frozen=True)
class RoomFit:
    """How a request fits in what the team has left.

    ``misfits`` are codes: ``unknown``, ``no-place``, ``hours``, ``size``, ``part``,
    ``task``; the last two with what is missing.
    """

    room: RoomLeft
    misfits: Sequence[str] = ()
    parts_missing: Sequence[str] = ()
    tasks_excluded: Sequence[str] = ()


@dataclass(frozen=True)
class Question:
    """An offer as the team that was asked may see it.

    ``km`` is rounded to whole kilometers: several exact distances would give an
    address away. ``was_taken``: closed because another team was first.
    """

    id: int
    service_id: int
    number: str
    status: str
    origin: str
    profile: Profile
    km: int | None
    reasons: Sequence[Mapping[str, Any]]
    offered_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answered_by_name: str
    decline_reason: str
    was_taken: bool
    has_client: bool
    fit: RoomFit | None = None

    @property
    def is_open(self) -> bool:
        """Whether the team can still answer."""
        return self.status == OfferStatus.OPEN


@dataclass(frozen=True)
class OwnClient:
    """A request a team has, for its list: a number and dates, no names."""

    number: str
    service_id: int
    status: str
    first_visit_on: date
    hours: Decimal
    hours_are_set: bool
    review_on: date | None
    is_intake_due: bool
    is_review_due: bool
    room_kept_until: date | None = None
    due_on: date | None = None

    @property
    def is_paused(self) -> bool:
        """Whether the client is admitted."""
        return self.status == RequestStatus.PAUSED

    @property
    def next_on(self) -> date:
        """The day of what comes next: the first visit, then the review.

        Of an admitted client the day to ask how it goes.
        """
        if self.is_paused and self.due_on is not None:
            return self.due_on
        if self.status == RequestStatus.IN_CARE and self.review_on is not None:
            return self.review_on
        return self.first_visit_on


def list_open_questions(
    service_ids: Collection[int], *, at: datetime
) -> list[Question]:
    """Return what the services can answer now, first deadline first (2 queries)."""
    offers = _fetch_offers(_OPEN, {"services": list(service_ids)})
    rooms = get_room_left(list({offer.service_id for offer in offers}), at=at)
    return [_question(offer, rooms[offer.service_id]) for offer in offers]


def list_answered_questions(
    service_ids: Collection[int], *, at: datetime
) -> list[Question]:
    """Return what closed in the last days, newest first (one query)."""
    wanted = {"services": list(service_ids), "after": at - ANSWERED_DAYS}
    return [_question(offer) for offer in _fetch_offers(_ANSWERED, wanted)]


def list_questions(
    *,
    service_ids: Collection[int],
    organization_ids: Collection[int],
    status: str,
    at: datetime,
    page: int,
    page_size: int,
) -> tuple[list[Question], int]:
    """Return a page of what was put to services, and how many there are (4 queries).

    Of the services with these ids and of all services of the organizations. Open ones
    come in the order of their deadline, others newest first. Empty ``status`` is any.
    """
    offers = _offers().filter(
        Q(service_id__in=list(service_ids))
        | Q(service__organization_id__in=list(organization_ids))
    )
    if status:
        offers = offers.filter(status=status)

    def is_open(row: Offer) -> bool:
        return row.status == OfferStatus.OPEN

    order = ["answer_by" if status == OfferStatus.OPEN else "-offered_at", "pk"]
    start = (page - 1) * page_size
    rows = list(offers.order_by(*order)[start : start + page_size])
    asked = {row.service_id for row in rows if is_open(row)}
    rooms = get_room_left(list(asked), at=at) if asked else {}
    questions = [
        _question(row, rooms[row.service_id] if is_open(row) else None) for row in rows
    ]
    return questions, offers.count()


def get_question(offer_id: int, *, at: datetime) -> Question:
    """Return one question, with how it fits while it is open (at most 2 queries).

    Raises
    ------
    UnknownOffer
        If there is none with this id.
    """
    offers = _fetch_offers(_ONE, {"id": offer_id})
    if not offers:
        raise unknown_offer(offer_id)
    offer = offers[0]
    if offer.status != OfferStatus.OPEN:
        return _question(offer)
    return _question(offer, get_room_left([offer.service_id], at=at)[offer.service_id])


def unknown_offer(offer_id: int) -> UnknownOffer:
    """Return the error for a question that is not there, or not the reader's."""
    return UnknownOffer(
        _("There is no question with number %(id)s for your team.") % {"id": offer_id}
    )


def get_request_id(offer_id: int) -> int:
    """Return the request a question is about (one query).

    Raises
    ------
    UnknownOffer
        If there is none with this id.
    """
    request_id = (
        Offer.objects.filter(pk=offer_id).values_list("request_id", flat=True).first()
    )
    if request_id is None:
        raise unknown_offer(offer_id)
    return request_id


def list_own_clients(
    service_ids: Collection[int], *, at: datetime, number: str = ""
) -> list[OwnClient]:
    """Return the clients the services have, what is due first (one query).

    ``number`` keeps the requests whose number holds it.
    """
    today = localdate(at)
    wanted = number.replace("\0", "").strip().upper()
    rows = fetch_instances(
        _CLIENTS, {"services": list(service_ids), "text": wanted}, ServiceRequest
    )
    clients = [_own_client(row, today=today) for (row,) in rows]
    return sorted(
        clients,
        key=lambda client: (
            not (client.is_intake_due or client.is_review_due),
            client.next_on,
        ),
    )


_CLIENTS = f"""
SELECT {columns_of(ServiceRequest, "r")} FROM referrals_servicerequest r
 WHERE r.placed_service_id = ANY(%(services)s::bigint[])
   AND r.status IN ({", ".join(f"'{status.value}'" for status in _HAS_CLIENT)})
   AND position(%(text)s::text IN r.number) > 0
 ORDER BY r.id
"""


def was_assigned(request_id: int) -> bool:
    """Whether the team has the client by agreement, without having been asked."""
    return Offer.objects.filter(
        request_id=request_id,
        status=OfferStatus.ACCEPTED,
        origin=OfferOrigin.AGREEMENT,
    ).exists()


def list_former_teams(request_id: int) -> list[int]:
    """Return the services that had this client and gave it back (one query)."""
    return list(
        RequestEvent.objects.filter(
            request_id=request_id, kind=EventKind.REOPENED, service__isnull=False
        ).values_list("service_id", flat=True)
    )


def fit_of(request: Profile, room: RoomLeft) -> RoomFit:
    """Return how a request fits in the room a team has left."""
    if not room.is_known:
        return RoomFit(room, misfits=("unknown",))
    if room.clients <= 0:
        return RoomFit(room, misfits=("no-place",))
    hours = float(request.hours_high)
    largest = _LARGEST_HOURS[SizeBand(room.size_band)] if room.size_band else inf
    parts = [part for part in request.parts_of_day if part not in room.parts_of_day]
    tasks = [task for task in request.tasks if task in room.tasks_excluded]
    found = {
        "hours": room.hours is not None and room.hours < hours,
        "size": largest < hours,
        "part": bool(parts),
        "task": bool(tasks),
    }
    return RoomFit(
        room,
        misfits=tuple(code for code, holds in found.items() if holds),
        parts_missing=parts,
        tasks_excluded=tasks,
    )


def _offers() -> QuerySet[Offer]:
    return Offer.objects.select_related("request__profile_area", "request__region")


_AREA: Any = ServiceRequest._meta.get_field("region").related_model  # noqa: SLF001
_OFFERS = f"""
SELECT {columns_of(Offer, "o")}, {columns_of(ServiceRequest, "r")},
       {columns_of(_AREA, "region")}, {columns_of(_AREA, "profile")}
  FROM referrals_offer o
  JOIN referrals_servicerequest r ON r.id = o.request_id
  JOIN directory_area region ON region.id = r.region_id
  LEFT JOIN directory_area profile ON profile.id = r.profile_area_id
"""
_OPEN = f"""{_OFFERS}
 WHERE o.service_id = ANY(%(services)s::bigint[])
   AND o.status = '{OfferStatus.OPEN.value}'
 ORDER BY o.answer_by, o.id LIMIT {MOST_CARDS}
"""
_ANSWERED = f"""{_OFFERS}
 WHERE o.service_id = ANY(%(services)s::bigint[]) AND o.answered_at > %(after)s
   AND o.status <> '{OfferStatus.OPEN.value}'
 ORDER BY o.answered_at DESC, o.id DESC LIMIT {MOST_CARDS}
"""
_ONE = f"{_OFFERS} WHERE o.id = %(id)s"


def _fetch_offers(statement: str, parameters: Mapping[str, Any]) -> list[Offer]:
    """Return what ``_offers`` would, by a prepared statement."""
    found = []
    for offer, request, region, profile_area in fetch_instances(
        statement, parameters, Offer, ServiceRequest, _AREA, _AREA
    ):
        request.region = region
        request.profile_area = profile_area
        offer.request = request
        found.append(offer)
    return found


def _question(offer: Offer, room: RoomLeft | None = None) -> Question:
    request = offer.request
    is_open = offer.status == OfferStatus.OPEN
    profile = _profile(request, with_note=is_open)
    is_placed = request.status in _HAS_CLIENT and request.placed_service_id is not None
    return Question(
        id=offer.pk,
        service_id=offer.service_id,
        number=request.number,
        status=offer.status,
        origin=offer.origin,
        profile=profile,
        km=_kilometers(offer.reasons),
        reasons=[row for row in offer.reasons if row.get("code") not in UNTOLD_REASONS],
        offered_at=offer.offered_at,
        answer_by=offer.answer_by,
        answered_at=offer.answered_at,
        answered_by_name=offer.answered_by_name,
        decline_reason=offer.decline_reason,
        was_taken=is_placed and request.placed_service_id != offer.service_id,
        has_client=offer.status == OfferStatus.ACCEPTED
        and is_placed
        and request.placed_service_id == offer.service_id,
        fit=None if room is None else fit_of(profile, room),
    )


def _profile(request: ServiceRequest, *, with_note: bool) -> Profile:
    area = request.profile_area
    is_small = area is not None and area.kind != AreaKind.REGION
    return Profile(
        tasks=tuple(request.tasks),
        parts_of_day=tuple(request.parts_of_day),
        first_visit_on=request.first_visit_on,
        urgency=request.urgency,
        urgency_reason=request.urgency_reason,
        ages=age_band(request.age),
        language=request.language,
        care_law=request.care_law,
        order_present=request.order_present,
        materials_present=request.materials_present,
        hours_low=request.hours_low,
        hours_high=request.hours_high,
        area_name=area.name if area is not None and is_small else "",
        area_is_postcode=area is not None and area.kind == AreaKind.PC4,
        region_name=request.region.name,
        note=request.note if with_note else "",
    )


def _kilometers(reasons: Sequence[Mapping[str, Any]]) -> int | None:
    km = next((row.get("km") for row in reasons if row.get("code") == "distance"), None)
    return None if km is None else round(float(km))


def _own_client(request: ServiceRequest, *, today: date) -> OwnClient:
    is_intake_done = request.status != RequestStatus.ACCEPTED
    is_paused = request.status == RequestStatus.PAUSED
    return OwnClient(
        number=request.number,
        service_id=request.placed_service_id or 0,
        status=request.status,
        first_visit_on=request.first_visit_on,
        hours=request.hours_high if request.hours_set is None else request.hours_set,
        hours_are_set=request.hours_set is not None,
        review_on=request.review_on,
        is_intake_due=not is_intake_done and request.first_visit_on <= today,
        is_review_due=not is_paused
        and request.review_on is not None
        and request.review_on <= today,
        room_kept_until=request.room_kept_until if is_paused else None,
        due_on=None if request.due_at is None else localdate(request.due_at),
    )
