"""What a team may know of the questions put to it, and of the clients it has.

A question leaves here as a profile without identity: no postcode, address, name or
phone number is in any value of this module, so no page that shows them can leak one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import inf
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.core.prepared import LARGEST_ID, fetch_rows
from wijkspil.directory.selectors.capacity import RoomLeft, get_room_left
from wijkspil.directory.types import AreaKind, SizeBand
from wijkspil.referrals.errors import UnknownOffer
from wijkspil.referrals.models import Offer, RequestEvent
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
class AnsweredQuestion:
    """A question that closed, as a line of a list; otherwise as ``Question``."""

    id: int
    service_id: int
    number: str
    status: str
    tasks: Sequence[str]
    answered_at: datetime
    decline_reason: str
    was_taken: bool
    has_client: bool


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
    rows = _fetch_offers(_OPEN, {"services": list(service_ids)})
    rooms = get_room_left(list({row.service_id for row in rows}), at=at)
    return [_question(row, rooms[row.service_id]) for row in rows]


def list_answered_questions(
    service_ids: Collection[int], *, at: datetime
) -> list[AnsweredQuestion]:
    """Return what closed in the last days, newest first (one query)."""
    wanted = {"services": list(service_ids), "after": at - ANSWERED_DAYS}
    return [_answered(*row) for row in fetch_rows(_ANSWERED, wanted)]


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
    offers = Offer.objects.filter(
        Q(service_id__in=list(service_ids))
        | Q(service__organization_id__in=list(organization_ids))
    )
    if status:
        offers = offers.filter(status=status)
    order = ["answer_by" if status == OfferStatus.OPEN else "-offered_at", "pk"]
    start = (page - 1) * page_size
    ids = list(
        offers.order_by(*order).values_list("pk", flat=True)[start : start + page_size]
    )
    by_id = {row.id: row for row in _fetch_offers(_CHOSEN, {"ids": ids})}
    rows = [by_id[one] for one in ids if one in by_id]
    asked = {row.service_id for row in rows if row.status == OfferStatus.OPEN}
    rooms = get_room_left(list(asked), at=at) if asked else {}
    questions = [
        _question(
            row, rooms[row.service_id] if row.status == OfferStatus.OPEN else None
        )
        for row in rows
    ]
    return questions, offers.count()


def get_question(offer_id: int, *, at: datetime) -> Question:
    """Return one question, with how it fits while it is open (at most 2 queries).

    Raises
    ------
    UnknownOffer
        If there is none with this id.
    """
    ids = [offer_id] if offer_id <= LARGEST_ID else []
    rows = _fetch_offers(_CHOSEN, {"ids": ids})
    if not rows:
        raise unknown_offer(offer_id)
    row = rows[0]
    if row.status != OfferStatus.OPEN:
        return _question(row)
    return _question(row, get_room_left([row.service_id], at=at)[row.service_id])


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
    rows = fetch_rows(_CLIENTS, {"services": list(service_ids), "text": wanted})
    clients = [_own_client(row, today=today) for row in rows]
    return sorted(
        clients,
        key=lambda client: (
            not (client.is_intake_due or client.is_review_due),
            client.next_on,
        ),
    )


_CLIENTS = f"""
SELECT r.number, r.placed_service_id, r.status, r.first_visit_on, r.hours_set,
       r.hours_high, r.review_on, r.room_kept_until, r.due_at
  FROM referrals_servicerequest r
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


class _OfferRow(NamedTuple):
    """What is read of an offer and of its request: nothing that identifies."""

    id: int
    service_id: int
    status: str
    origin: str
    reasons: Sequence[Mapping[str, Any]]
    offered_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answered_by_name: str
    decline_reason: str
    number: str
    request_status: str
    placed_service_id: int | None
    tasks: Sequence[str]
    parts_of_day: Sequence[str]
    first_visit_on: date
    urgency: str
    urgency_reason: str
    age: int | None
    language: str
    care_law: str
    order_present: str
    materials_present: str
    hours_low: Decimal
    hours_high: Decimal
    note: str
    region_name: str
    area_name: str | None
    area_kind: str | None


_OFFERS = """
SELECT o.id, o.service_id, o.status, o.origin, o.reasons::json, o.offered_at,
       o.answer_by, o.answered_at, o.answered_by_name, o.decline_reason, r.number,
       r.status, r.placed_service_id, r.tasks, r.parts_of_day, r.first_visit_on,
       r.urgency, r.urgency_reason, r.age, r.language, r.care_law, r.order_present,
       r.materials_present, r.hours_low, r.hours_high, r.note, region.name,
       profile.name, profile.kind
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
_CHOSEN = f"{_OFFERS} WHERE o.id = ANY(%(ids)s::bigint[])"
_ANSWERED = f"""
SELECT o.id, o.service_id, r.number, o.status, r.tasks, o.answered_at,
       o.decline_reason, r.status, r.placed_service_id
  FROM referrals_offer o JOIN referrals_servicerequest r ON r.id = o.request_id
 WHERE o.service_id = ANY(%(services)s::bigint[]) AND o.answered_at > %(after)s
   AND o.status <> '{OfferStatus.OPEN.value}'
 ORDER BY o.answered_at DESC, o.id DESC LIMIT {MOST_CARDS}
"""


def _fetch_offers(statement: str, parameters: Mapping[str, Any]) -> list[_OfferRow]:
    return [_OfferRow(*row) for row in fetch_rows(statement, parameters)]


def _question(row: _OfferRow, room: RoomLeft | None = None) -> Question:
    profile = _profile(row)
    is_placed = row.request_status in _HAS_CLIENT and row.placed_service_id is not None
    is_here = is_placed and row.placed_service_id == row.service_id
    return Question(
        id=row.id,
        service_id=row.service_id,
        number=row.number,
        status=row.status,
        origin=row.origin,
        profile=profile,
        km=_kilometers(row.reasons),
        reasons=[one for one in row.reasons if one.get("code") not in UNTOLD_REASONS],
        offered_at=row.offered_at,
        answer_by=row.answer_by,
        answered_at=row.answered_at,
        answered_by_name=row.answered_by_name,
        decline_reason=row.decline_reason,
        was_taken=is_placed and not is_here,
        has_client=is_here and row.status == OfferStatus.ACCEPTED,
        fit=None if room is None else fit_of(profile, room),
    )


def _answered(
    offer_id: int,
    service_id: int,
    number: str,
    status: str,
    tasks: Sequence[str],
    answered_at: datetime,
    decline_reason: str,
    request_status: str,
    placed_service_id: int | None,
) -> AnsweredQuestion:
    is_placed = request_status in _HAS_CLIENT and placed_service_id is not None
    is_here = is_placed and placed_service_id == service_id
    return AnsweredQuestion(
        id=offer_id,
        service_id=service_id,
        number=number,
        status=status,
        tasks=tasks,
        answered_at=answered_at,
        decline_reason=decline_reason,
        was_taken=is_placed and not is_here,
        has_client=is_here and status == OfferStatus.ACCEPTED,
    )


def _profile(row: _OfferRow) -> Profile:
    is_small = row.area_name is not None and row.area_kind != AreaKind.REGION
    return Profile(
        tasks=tuple(row.tasks),
        parts_of_day=tuple(row.parts_of_day),
        first_visit_on=row.first_visit_on,
        urgency=row.urgency,
        urgency_reason=row.urgency_reason,
        ages=age_band(row.age),
        language=row.language,
        care_law=row.care_law,
        order_present=row.order_present,
        materials_present=row.materials_present,
        hours_low=row.hours_low,
        hours_high=row.hours_high,
        area_name=row.area_name or "" if is_small else "",
        area_is_postcode=row.area_kind == AreaKind.PC4,
        region_name=row.region_name,
        note=row.note if row.status == OfferStatus.OPEN else "",
    )


def _kilometers(reasons: Sequence[Mapping[str, Any]]) -> int | None:
    km = next((row.get("km") for row in reasons if row.get("code") == "distance"), None)
    return None if km is None else round(float(km))


def _own_client(row: tuple[Any, ...], *, today: date) -> OwnClient:
    (
        number,
        service_id,
        status,
        first_visit_on,
        hours_set,
        hours_high,
        review_on,
        room_kept_until,
        due_at,
    ) = row
    is_paused = status == RequestStatus.PAUSED
    return OwnClient(
        number=number,
        service_id=service_id,
        status=status,
        first_visit_on=first_visit_on,
        hours=hours_high if hours_set is None else hours_set,
        hours_are_set=hours_set is not None,
        review_on=review_on,
        is_intake_due=status == RequestStatus.ACCEPTED and first_visit_on <= today,
        is_review_due=not is_paused and review_on is not None and review_on <= today,
        room_kept_until=room_kept_until if is_paused else None,
        due_on=None if due_at is None else localdate(due_at),
    )
