"""Follow a request: my requests, and the page of one with everything that happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.audit_trail import list_events_of
from wijkspil.accounts.types import Actor, Target
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.referrals.errors import NotNow
from wijkspil.referrals.permissions import (
    COORDINATE,
    CREATE_REQUEST,
    FOLLOW_REQUEST,
    can_give_care,
    can_see_patient,
    check_can_see_request,
    is_requester,
)
from wijkspil.referrals.selectors.requests import find_request, team_target
from wijkspil.referrals.selectors.timeline import (
    FOR_PROFESSIONALS,
    OwnRequest,
    find_coordinator_number,
    find_team_number,
    list_consents,
    list_events,
    list_offers,
    list_own_requests,
    names_in,
)
from wijkspil.referrals.services.disclosure import show_patient
from wijkspil.referrals.services.links import renew_client_link
from wijkspil.referrals.types import (
    OWNED,
    PLACED,
    DeclineReason,
    EventKind,
    OfferOrigin,
    OfferStatus,
    OwnerKind,
    RequestStatus,
)
from wijkspil.referrals.views.care import care_panel
from wijkspil.referrals.views.steering import steering_panel
from wijkspil.referrals.wording import (
    OFFER_TONES,
    STATUS_TONES,
    say_accesses,
    say_band,
    say_day,
    say_event,
    say_hours_a_week,
    say_need,
    say_otherwise,
    say_reasons,
    say_standing,
    say_status,
    say_tasks,
    service_of_purpose,
)
from wijkspil.ui.addresses import find_address
from wijkspil.ui.markup import draw_event, draw_moment
from wijkspil.ui.moments import say_moment
from wijkspil.ui.navigation import Crumb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wijkspil.referrals.models import (
        Offer,
        Patient,
        RequestEvent,
        ServiceRequest,
    )

#: What somebody must do something about, and what is good news.
_EVENT_TONES = {
    EventKind.NO_TEAM: "now",
    EventKind.OVERDUE: "now",
    EventKind.STOPPED: "now",
    EventKind.ROOM_RELEASED: "now",
    EventKind.ACCEPTED: "good",
    EventKind.CARE_STARTED: "good",
}


# --- my requests


@dataclass(frozen=True)
class RequestRow:
    """A request in a list, in words."""

    number: str
    url: str
    tasks: str
    where: str
    first_visit: str
    word: str
    tone: str
    standing: str
    owner: str
    due_at: datetime | None
    is_late: bool
    at: datetime | None


@require_safe
@professional_page
def list_requests(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List what the reader's organization sent, what waits first."""
    now = timezone.now()
    reach = reach_of(actor, FOLLOW_REQUEST)
    own = list_own_requests(
        user_id=actor.user_id, organization_ids=reach.organization_ids
    )
    return render(
        request,
        "referrals/requests.html",
        {
            "now": now,
            "waiting": _rows(own.waiting, at=now),
            "placed": _rows(own.placed, at=now),
            "drafts": _rows(own.drafts, at=now),
            "closed": _rows(own.closed, at=now),
            "n_closed": own.n_closed,
            "is_empty": own.is_empty,
            "ask_url": _find_url("referrals:ask")
            if actor.holds(CREATE_REQUEST)
            else "",
            "desk_url": _find_url("referrals:desk") if actor.holds(COORDINATE) else "",
        },
    )


def _rows(requests: Iterable[OwnRequest], *, at: datetime) -> list[RequestRow]:
    return [_row(one, at=at) for one in requests]


def _row(one: OwnRequest, *, at: datetime) -> RequestRow:
    request = one.request
    status = RequestStatus(request.status)
    is_late = request.overdue_since is not None
    return RequestRow(
        number=request.number,
        url=_row_url(request),
        tasks=say_tasks(request.tasks),
        where=one.place_code,
        first_visit=say_day(request.first_visit_on, timezone.localdate(at)),
        word=_("Late") if is_late else say_status(request),
        tone="now" if is_late else STATUS_TONES[status],
        standing=say_standing(request, team=one.team_name, asked=one.asked),
        owner=request.owner_name,
        # Nobody has to move it any more once there is care: no date to show.
        due_at=request.due_at if status in OWNED else None,
        is_late=is_late,
        at=request.closed_at or request.placed_at or request.submitted_at,
    )


def _row_url(request: ServiceRequest) -> str:
    if request.status == RequestStatus.DRAFT:
        draft_url = _find_url("referrals:ask-need", request.number)
        if draft_url:
            return draft_url
    return find_address("referrals:request", request.number)


def _find_url(name: str, *parts: str) -> str:
    """Return the address of a page, or "" on a site that lacks it."""
    try:
        return find_address(name, *parts)
    except NoReverseMatch:
        return ""


# --- one request


@dataclass(frozen=True)
class AskedTeam:
    """A team that was asked, with its answer in words."""

    name: str
    organization: str
    word: str
    tone: str
    origin: str
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str
    decline_reason: str
    decline_note: str
    room_again: str
    reasons: Sequence[str]
    is_open: bool


@require_safe
@never_cache
@professional_page
def show_request(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show where a request stands, who has it, and everything that happened."""
    row, team = _find(actor, number)
    return _request_page(request, actor, row, team, at=timezone.now())


@require_safe
@never_cache
@professional_page
def show_status(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Return the part that changes, for a page that stays open.

    ``seen`` is the newest event the page shows; when there is a newer one the answer
    says so beside it.
    """
    row, team = _find(actor, number)
    now = timezone.now()
    events = list_events(row.pk)
    offers = list_offers(row.pk)
    seen = request.GET.get("seen", "")
    newest = _newest(events)
    return render(
        request,
        "referrals/parts/request_live.html",
        {
            "now": now,
            "row": row,
            **_standing(row, team, offers, at=now),
            "newest": newest,
            "is_live": row.status in OWNED,
            "has_news": seen.isascii() and seen.isdigit() and int(seen) < newest,
        },
    )


@require_POST
@never_cache
@professional_page
def show_client(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show the same page with who the client is; the showing is written down."""
    row, team = _find(actor, number)
    now = timezone.now()
    patient = show_patient(
        actor=actor, request_id=row.pk, purpose="page.request", at=now
    )
    return _request_page(
        request, actor, row, team, at=now, patient=patient, is_shown=True
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@professional_page
def renew_link(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Make a new link for the client, after a word that the old one ends."""
    row, team = _find(actor, number)
    if not can_see_patient(actor, row, team):
        return redirect("referrals:request", number=row.number)
    context: dict[str, Any] = {"row": row}
    if request.method == "POST":
        try:
            token, code = renew_client_link(
                actor=actor, request_id=row.pk, at=timezone.now()
            )
        except NotNow as error:
            messages.warning(request, str(error))
            return redirect("referrals:request", number=row.number)
        path = reverse("referrals:client", args=[token])
        context |= {"link": request.build_absolute_uri(path), "code": code}
    return render(request, "referrals/request_link.html", context)


def _find(actor: Actor, number: str) -> tuple[ServiceRequest, Target | None]:
    row = find_request(number)
    team = team_target(row)
    check_can_see_request(actor, row, team)
    return row, team


def _request_page(
    request: HttpRequest,
    actor: Actor,
    row: ServiceRequest,
    team: Target | None,
    *,
    at: datetime,
    patient: Patient | None = None,
    is_shown: bool = False,
) -> HttpResponse:
    events = list_events(row.pk)
    offers = list_offers(row.pk)
    accesses = list_events_of("patient", row.pk)
    names = names_in(
        events,
        [row.placed_service_id, *(service_of_purpose(a.purpose) for a in accesses)],
    )
    today = timezone.localdate(at)
    may_see_patient = can_see_patient(actor, row, team)
    asked = [_asked(offer, today=today) for offer in offers]
    return render(
        request,
        "referrals/request.html",
        {
            "now": at,
            "row": row,
            "crumbs": [_list_of(actor, row, team), Crumb(row.number)],
            **_standing(row, team, offers, at=at),
            "newest": _newest(events),
            "is_live": row.status in OWNED,
            "lines": _draw_lines(events, names, at=at),
            "asked": asked,
            "won": next(
                (
                    team
                    for team, offer in zip(asked, offers, strict=True)
                    if offer.status == OfferStatus.ACCEPTED
                ),
                None,
            ),
            "need": say_need(row),
            "band": say_band(row.hours_low, row.hours_high),
            "hours": _say_hours(row.hours_set),
            "hours_expected": _say_hours(row.hours_expected),
            "review": "" if row.review_on is None else say_day(row.review_on, today),
            "care": care_panel(actor, row),
            "steering_panel": steering_panel(actor, row, at),
            "may_see_patient": may_see_patient,
            "is_shown": is_shown,
            "patient": patient,
            "consents": list_consents(row.pk) if may_see_patient else [],
            "accesses": say_accesses(accesses, names) if may_see_patient else [],
            "can_renew_link": may_see_patient and row.status != RequestStatus.DRAFT,
            "draft_url": _find_url("referrals:ask-need", row.number)
            if row.status == RequestStatus.DRAFT
            else "",
        },
    )


def _list_of(actor: Actor, row: ServiceRequest, team: Target | None) -> Crumb:
    """Return the list in which this reader finds the request."""
    if is_requester(actor, row):
        return Crumb(_("My requests"), reverse("referrals:requests"))
    if team is not None and can_give_care(actor, team):
        return Crumb(_("Clients of your team"), reverse("referrals:clients"))
    return Crumb(_("Coordination desk"), reverse("referrals:desk"))


def _standing(
    row: ServiceRequest,
    team: Target | None,
    offers: Sequence[Offer],
    *,
    at: datetime,
) -> dict[str, Any]:
    """Return where it stands, who has it, until when, and what happens otherwise."""
    status = RequestStatus(row.status)
    waiting = [offer for offer in offers if offer.status == OfferStatus.OPEN]
    placed = next((o for o in offers if o.service_id == row.placed_service_id), None)
    is_late = row.overdue_since is not None
    audiences = FOR_PROFESSIONALS
    number = (
        find_team_number(row.placed_service_id, at=at, audiences=audiences)
        if row.placed_service_id is not None
        and status in (*PLACED, RequestStatus.PAUSED)
        else find_coordinator_number(row.postcode, at=at, audiences=audiences)
        if row.owner_kind == OwnerKind.COORDINATOR and status in OWNED
        else None
    )
    return {
        "standing": say_standing(
            row,
            team="" if placed is None else placed.service.name,
            asked=[offer.service.name for offer in waiting],
        ),
        "word": say_status(row),
        "tone": "now" if is_late else STATUS_TONES[status],
        "is_late": is_late,
        "answer_by": max((o.answer_by for o in waiting), default=None),
        "otherwise": say_otherwise(status),
        "owner_kind": OwnerKind(row.owner_kind).label,
        "is_owned": status in OWNED,
        "number": number,
    }


def _newest(events: Sequence[RequestEvent]) -> int:
    return max((event.pk for event in events), default=0)


def _draw_lines(
    events: Iterable[RequestEvent], names: Mapping[int, str], *, at: datetime
) -> SafeString:
    return SafeString(
        "".join(
            draw_event(
                "",
                title=say_event(event, names),
                said=draw_moment(event.at, say_moment(event.at, at)),
                tone=_EVENT_TONES.get(EventKind(event.kind), ""),
            )
            for event in events
        )
    )


def _asked(offer: Offer, *, today: Any) -> AskedTeam:
    status = OfferStatus(offer.status)
    return AskedTeam(
        name=offer.service.name,
        organization=offer.service.organization.name,
        word=str(status.label),
        tone=OFFER_TONES[status],
        origin=str(OfferOrigin(offer.origin).label),
        asked_at=offer.offered_at,
        answer_by=offer.answer_by,
        answered_at=offer.answered_at,
        answered_by=offer.answered_by_name,
        decline_reason=str(DeclineReason(offer.decline_reason).label)
        if offer.decline_reason
        else "",
        decline_note=offer.decline_note,
        room_again=""
        if offer.room_again_on is None
        else say_day(offer.room_again_on, today),
        reasons=say_reasons(offer.reasons),
        is_open=status is OfferStatus.OPEN,
    )


def _say_hours(hours: Any) -> str:
    return "" if hours is None else say_hours_a_week(hours)
