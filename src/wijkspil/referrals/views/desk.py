"""The coordinator's desk: everything that must keep moving, by risk, on one screen.

No page of the desk tells who a client is; that is on the page of the request, logged.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import Conflict, InvalidValue
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.selectors.maps import feature_collection, list_area_features
from wijkspil.directory.selectors.wijken import (
    WijkName,
    list_wijken_of_places,
    list_wijken_of_region,
)
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.referrals.errors import unknown_request
from wijkspil.referrals.permissions import (
    COORDINATE,
    can_coordinate,
    check_can_coordinate,
    requester_target,
)
from wijkspil.referrals.policies import can
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import age_band, find_request
from wijkspil.referrals.selectors.timeline import team_names
from wijkspil.referrals.selectors.worklist import (
    HOURS_BRIDGED,
    HOURS_OF_URGENCY,
    HOURS_PER_REFUSAL,
    HOURS_WITHOUT_TEAM,
    MOST_HOURS_REFUSED,
    MOST_HOURS_WAITED,
    OpenInWijk,
    Show,
    Wanted,
    Whose,
    WorkItem,
    WorklistCounts,
    count_per_wijk,
    count_worklist,
    find_row,
    get_last_event_id,
    list_last_events,
    list_notes,
    list_offers,
    list_worklist,
)
from wijkspil.referrals.services.desk import hand_over_shift as give_shift
from wijkspil.referrals.services.offers import ask_teams, rank_for
from wijkspil.referrals.services.steering import take_over
from wijkspil.referrals.types import (
    UNPLACED,
    CallOutcome,
    DeclineReason,
    OfferStatus,
    OwnerKind,
    RequestStatus,
    Urgency,
    UrgencyReason,
)
from wijkspil.referrals.views.desk_rows import (
    describe_row,
    draw_row,
    say_late,
    say_urgency,
)
from wijkspil.referrals.wording import (
    say_age,
    say_band,
    say_event,
    say_need,
    say_reasons,
    say_room,
    say_status,
    say_warning,
)
from wijkspil.ui.addresses import find_address
from wijkspil.ui.moments import say_clock, say_moment
from wijkspil.ui.navigation import Chip, MapCategory

if TYPE_CHECKING:
    from wijkspil.referrals.engine_io import CandidateTeam
    from wijkspil.referrals.models import Offer, ServiceRequest

#: Requests on one page of the list.
ROWS = 50
#: Requests on the sheet of a shift; more is said as a number.
SHEET_ROWS = 150
#: What is due within this many hours is for the shift that follows.
SHIFT = timedelta(hours=8)
_LOOK_KEPT = "referrals.desk-look"
#: Teams proposed beside the list; all of them are on the page of the request.
BEST_TEAMS = 4
_ROOM_NOT_KNOWN = "unknown-room"
_SAID_WITH_ROOM = ("room", "size")
_SHAPES_SECONDS = 24 * 3600
_LATE, _OPEN, _NONE = "gap", "limited", "covered"
_STATUS_TONES = {
    RequestStatus.OPEN: "full",
    RequestStatus.OFFERED: "info",
    RequestStatus.BRIDGED: "limited",
    RequestStatus.ACCEPTED: "good",
    RequestStatus.INTAKE_DONE: "good",
    RequestStatus.MEDIATION: "info",
}
_URGENT_NOW = (Urgency.TODAY, Urgency.TOMORROW)


@dataclass(frozen=True)
class Look:
    """How the coordinator looks at the list: which requests, whose, where, which page.

    The names in an address are Dutch, as the address is.
    """

    show: Show = Show.ALL
    whose: Whose = Whose.ALL
    region_id: int | None = None
    wijk_id: int | None = None
    urgency: str = ""
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter leaves anything out."""
        return replace(self, region_id=None, page=1) != Look()

    def values(self) -> dict[str, str]:
        """Return it as the parameters of an address, without what is not chosen."""
        values = {
            "toon": self.show.value,
            "van": self.whose.value,
            "regio": str(self.region_id or ""),
            "wijk": str(self.wijk_id or ""),
            "snel": self.urgency,
            "pagina": str(self.page) if self.page > 1 else "",
        }
        return {name: value for name, value in values.items() if value}

    def query(self, **change: str) -> str:
        """Return it as the query of an address.

        With nothing chosen it says so: an address without a query means "as I last
        looked".
        """
        values = {**self.values(), **change}
        shown = {name: value for name, value in values.items() if value}
        return urlencode(shown or {"toon": _EVERYTHING})


_EVERYTHING = "alles"


@require_safe
@professional_page
def show_desk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the worklist, with the chosen request beside it on a wide screen.

    As many queries however many requests are open. With ``deel=lijst`` only what
    changes by itself: the page asks for it every quarter of a minute, and is answered
    that nothing changed (304) when nothing did.
    """
    check_can_coordinate(actor)
    is_part = request.GET.get("deel") == "lijst"
    if not request.GET and (kept := request.session.get(_LOOK_KEPT)):
        return redirect(_desk_url(kept))
    at = timezone.now()
    regions = own_regions(actor)
    look = _read_look(request.GET, regions)
    mark = _mark(actor, look, at=at)
    if is_part and request.headers.get("If-None-Match") == mark:
        return _fresh(HttpResponse(status=HTTPStatus.NOT_MODIFIED), mark, at=at)
    if not is_part and request.session.get(_LOOK_KEPT, "") != _kept_query(look):
        request.session[_LOOK_KEPT] = _kept_query(look)
    number = "" if is_part else request.GET.get("aanvraag", "").upper()
    context = _list_context(request, actor, look, regions, at=at, chosen=number)
    if is_part:
        return _fresh(render(request, "referrals/desk_list.html", context), mark, at=at)
    return render(
        request,
        "referrals/desk.html",
        {
            **context,
            "region_name": _region_name(look, regions),
            # Without a choice the browser asks for the first one, where there is
            # place for it beside the list.
            "detail": _detail(actor, find_request(number), at=at)
            if context["chosen"]
            else None,
            "mark": mark,
            "tabs": desk_tabs("desk", look),
            "rule": _rule(),
        },
    )


def _list_context(
    request: HttpRequest,
    actor: Actor,
    look: Look,
    regions: Sequence[RegionChoice],
    *,
    at: datetime,
    chosen: str = "",
) -> dict[str, Any]:
    """Return what is on the list and in its filters: what changes by itself.

    ``chosen`` is the number of the request that is shown beside it.
    """
    wanted = _wanted(actor, look, regions, at=at)
    [seen, *_rest] = [*ticked_ids([request.GET.get("gezien", "")]), 0]
    since = (
        datetime.fromtimestamp(seen / 1000, UTC) if 0 < seen < _LAST_MILLISECOND else at
    )
    counts = count_worklist(wanted, at=at, since=since)
    n_shown = counts.shows[look.show]
    page = _choose_page(wanted, request.GET.get("aanvraag", ""), look, n_shown, at=at)
    look = replace(look, page=page.number)
    first = (page.number - 1) * ROWS
    items = list_worklist(
        wanted,
        at=at,
        start=first,
        limit=ROWS,
        horizon=counts.horizon_of(first + ROWS),
    )
    wijken = _wijken(look, regions)
    query = look.query()
    return {
        "now": at,
        "rows": [_row(item, query, actor, at=at, chosen=chosen) for item in items],
        "chosen": chosen if any(item.number == chosen for item in items) else "",
        "page": page,
        "pages": _page_chips(look, page),
        "next_url": _page_url(look, page.number + 1) if page.has_next() else "",
        "n_next": min(ROWS, n_shown - page.end_index()),
        "n_shown": n_shown,
        "counts": counts,
        "n_late": counts.shows[Show.OVERDUE],
        "look": look,
        "query": query,
        "whose": _whose_chips(look, counts),
        "chips": _show_chips(look, counts),
        "region_chips": _region_chips(look, regions),
        "wijken": [(w.id, _say_wijk(w)) for w in wijken],
        "wijk_name": next((w.name for w in wijken if w.id == look.wijk_id), ""),
        "urgencies": [(u.value, say_urgency(u.value)) for u in Urgency],
        "empty": _say_empty(look),
        "asked_at": say_clock(at),
        "seen": int(at.timestamp() * 1000),
    }


def _row(
    item: WorkItem, query: str, actor: Actor, *, at: datetime, chosen: str
) -> dict[str, Any]:
    address = find_address("referrals:desk-request", item.number)
    url = f"{address}?{query}" if query else address
    return {
        "item": item,
        "url": url,
        "drawn": draw_row(
            item,
            url=url,
            at=at,
            is_own=item.owner_id == actor.user_id,
            is_chosen=item.number == chosen,
        ),
    }


def _wanted(
    actor: Actor, look: Look, regions: Sequence[RegionChoice], *, at: datetime
) -> Wanted:
    region_ids = _region_ids(look, regions)
    return Wanted(
        region_ids=region_ids,
        show=look.show,
        whose=look.whose,
        user_id=actor.user_id,
        coordinator_ids=sorted(
            {
                pk
                for region_id in region_ids
                for pk, _name in list_role_holders(
                    Role.COORDINATOR, region_id=region_id, at=at
                )
            }
        ),
        wijk_id=look.wijk_id,
        urgency=look.urgency,
    )


def _mark(actor: Actor, look: Look, *, at: datetime) -> str:
    """Return what stays the same while the list does: an ETag.

    The minute is in it, because the list says "within 35 minutes"; so what another
    transaction wrote a moment late is seen within the minute as well.
    """
    words = (
        actor.user_id,
        get_last_event_id(),
        int(at.timestamp()) // 60,
        look.query(),
        get_language(),
        sorted((g.role, g.region_id or 0) for g in actor.grants),
    )
    return f'W/"{sha256(repr(words).encode()).hexdigest()[:24]}"'


def _fresh(response: HttpResponse, mark: str, *, at: datetime) -> HttpResponse:
    response["ETag"] = mark
    # A header takes no other letters; the page says it as it stands here.
    response["X-Desk-Updated"] = quote(_("updated %(time)s") % {"time": say_clock(at)})
    return response


def _kept_query(look: Look) -> str:
    """Return what the next visit of this session begins with."""
    return urlencode(replace(look, page=1).values())


@require_GET
@professional_page
def show_item(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show one request without identity: a page of its own, or beside the list."""
    found = find_own_request(actor, number)
    at = timezone.now()
    is_part = "deel" in request.GET
    look = _read_look(request.GET, own_regions(actor))
    return render(
        request,
        "referrals/desk_detail.html" if is_part else "referrals/desk_request.html",
        {
            "now": at,
            "detail": _detail(actor, found, at=at),
            "query": look.query(),
            "back_url": f"{_desk_url(look.query(aanvraag=found.number))}"
            f"#rij-{found.number}",
        },
    )


@require_POST
@professional_page
def take(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Make who acts the owner; pressing twice is harmless."""
    found = find_own_request(actor, number)
    try:
        take_over(actor=actor, request_id=found.pk, at=timezone.now())
    except Conflict as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("You have %(number)s in hand.") % {"number": found.number}
        )
    return back_to_desk(request, found.number)


@require_POST
@professional_page
def ask(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Ask the teams that were ticked."""
    found = find_own_request(actor, number)
    chosen = ticked_ids(request.POST.getlist("service"))
    try:
        offers = ask_teams(
            actor=actor, request_id=found.pk, service_ids=chosen, at=timezone.now()
        )
    except (Conflict, InvalidValue) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, say_asked(found.number, len(offers)))
    return back_to_desk(request, found.number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def hand_over_shift(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what is in hand on one sheet; give all of it to a colleague in one press.

    A second press finds nothing left.
    """
    check_can_coordinate(actor)
    at = timezone.now()
    regions = own_regions(actor)
    look = _read_look(
        request.POST if request.method == "POST" else request.GET, regions
    )
    region_ids = _region_ids(look, regions)
    colleagues = dict(_colleagues(actor, region_ids, at=at))
    if request.method != "POST":
        return render(
            request,
            "referrals/desk_shift.html",
            {
                "now": at,
                "region_name": _region_name(look, regions),
                "look": look,
                "colleagues": sorted(colleagues.items(), key=lambda one: one[1]),
                "by": actor.label,
                "back_url": reverse("referrals:desk"),
                **_sheet(actor, region_ids, at=at),
            },
        )
    [user_id, *_rest] = [*ticked_ids([request.POST.get("colleague", "")]), 0]
    if user_id not in colleagues:
        messages.warning(request, _("Choose the colleague who takes over."))
        return redirect(_shift_url(look))
    try:
        n = give_shift(actor=actor, region_ids=region_ids, user_id=user_id, at=at)
    except (Conflict, InvalidValue) as error:
        messages.warning(request, str(error))
        return redirect(_shift_url(look))
    if not n:
        messages.info(request, _("You have nothing in hand to give to a colleague."))
    else:
        messages.success(
            request,
            ngettext(
                "%(name)s has %(n)d request of yours in hand from now on. Nothing is "
                "left in your hands.",
                "%(name)s has %(n)d requests of yours in hand from now on. Nothing is "
                "left in your hands.",
                n,
            )
            % {"name": colleagues[user_id], "n": n},
        )
    return redirect(_desk_url(replace(look, whose=Whose.ALL).query()))


def _shift_url(look: Look) -> str:
    address = reverse("referrals:desk-hand-over")
    return f"{address}?regio={look.region_id}" if look.region_id else address


def _sheet(actor: Actor, region_ids: Sequence[int], *, at: datetime) -> dict[str, Any]:
    """Return what is in hand, what is due in the next shift, and the last notes."""
    wanted = Wanted(region_ids=region_ids, whose=Whose.MINE, user_id=actor.user_id)
    n_own = count_worklist(wanted, at=at).n_own
    items = [
        item
        for item in list_worklist(wanted, at=at, limit=SHEET_ROWS)
        if item.is_unplaced
    ]
    notes: dict[int, list[str]] = {}
    events = list_notes(item.id for item in items)
    names = team_names(event.service_id for event in events)
    for event in events:
        notes.setdefault(event.request_id, []).append(
            f"{say_moment(event.at, at)}: {say_event(event, names)}"
        )
    rows = [
        {
            **describe_row(item, url="", at=at, is_own=item.owner_id == actor.user_id),
            "notes": notes.get(item.id, []),
        }
        for item in items
    ]
    soon = [
        row
        for row in rows
        if row["item"].due_at is None or row["item"].due_at < at + SHIFT
    ]
    return {
        "n_own": n_own,
        "n_more": n_own - len(rows),
        "n_late": sum(row["is_late"] for row in rows),
        "soon": soon,
        "later": [row for row in rows if row not in soon],
        "until": at + SHIFT,
    }


@require_safe
@professional_page
def show_map(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show how many requests are open per wijk, as a map beside an equal table."""
    check_can_coordinate(actor)
    at = timezone.now()
    regions = own_regions(actor)
    look = _read_look(request.GET, regions)
    region_ids = _region_ids(look, regions)
    open_now = count_per_wijk(region_ids, at=at)
    wijken = {
        **{wijk.code: wijk for pk in region_ids for wijk in list_wijken_of_region(pk)},
        **{wijk.code: wijk for wijk in open_now},
    }
    per_wijk = {wijk.code: counts for wijk, counts in open_now.items()}
    rows: list[dict[str, Any]] = [
        {
            "wijk": wijk,
            "url": f"{reverse('referrals:desk')}?"
            + replace(look, wijk_id=wijk.id).query(),
            "n": found.n,
            "late": found.late,
            "no_team": found.no_team,
            "state": _map_state(found),
        }
        for code, wijk in wijken.items()
        if (found := per_wijk.get(code, OpenInWijk())) is not None
    ]
    rows.sort(key=lambda row: (-row["late"], -row["n"], row["wijk"].name))
    return render(
        request,
        "referrals/desk_map.html",
        {
            "now": at,
            "region_name": _region_name(look, regions),
            "rows": [row for row in rows if row["n"]],
            "n_all": sum(row["n"] for row in rows),
            "n_quiet": sum(not row["n"] for row in rows),
            "region_chips": _region_chips(look, regions),
            "categories": [
                MapCategory(_LATE, _("Open, one or more too late")),
                MapCategory(_OPEN, _("Open")),
                MapCategory(_NONE, _("Nothing open")),
            ],
            "map_url": f"{reverse('referrals:desk-areas')}?{look.query()}",
            "map_states": {
                row["wijk"].code: {
                    "category": row["state"],
                    "text": _say_open(row["n"], row["late"]),
                    **(
                        {"label": f"{row['wijk'].name} ({row['n']})"}
                        if row["n"]
                        else {}
                    ),
                }
                for row in rows
            },
            "tabs": desk_tabs("map", look),
            "query": look.query(),
        },
    )


@require_safe
@professional_page
def send_areas(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send the shapes of the regions' wijken; a browser keeps them for a day."""
    check_can_coordinate(actor)
    regions = own_regions(actor)
    look = _read_look(request.GET, regions)
    wijken = [
        wijk.id
        for region_id in _region_ids(look, regions)
        for wijk in list_wijken_of_region(region_id)
    ]
    response = JsonResponse(
        feature_collection(list_area_features(wijken, properties={})),
        content_type="application/geo+json",
    )
    patch_cache_control(response, private=True, max_age=_SHAPES_SECONDS)
    return response


def find_own_request(actor: Actor, number: str) -> "ServiceRequest":
    """Return a request that the actor coordinates.

    Raises
    ------
    UnknownRequest
        If there is none, or it is in a region of others.
    """
    check_can_coordinate(actor)
    found = find_request(number)
    if found.submitted_at is None or not can_coordinate(actor, requester_target(found)):
        raise unknown_request(number[:20])
    return found


def own_regions(actor: Actor) -> list[RegionChoice]:
    """Return the regions the actor coordinates, by name (one query)."""
    return list_coverage_regions(reach_of(actor, COORDINATE).region_ids)


def say_asked(number: str, n: int) -> str:
    """Say that teams have the question."""
    return ngettext(
        "%(n)d team has the question about %(number)s.",
        "%(n)d teams have the question about %(number)s.",
        n,
    ) % {"n": n, "number": number}


def ticked_ids(values: Iterable[str]) -> list[int]:
    """Return the ids among what a page sent; anything else is left out."""
    return [int(value) for value in values if re.fullmatch("[0-9]{1,18}", value)]


def desk_tabs(current: str, look: Look | None = None) -> list[Chip]:
    """Return the pages of the coordinator, beside each other."""
    query = "" if look is None or look.region_id is None else f"regio={look.region_id}"

    def tab(key: str, label: str, name: str) -> Chip:
        address = reverse(name)
        return Chip(
            label, f"{address}?{query}" if query else address, active=key == current
        )

    return [
        tab("desk", _("Worklist"), "referrals:desk"),
        tab("map", _("Map per wijk"), "referrals:desk-map"),
        tab("proposal", _("Divide all"), "referrals:desk-proposal"),
        tab("agreements", _("Agreements"), "referrals:agreements"),
        tab("statistics", _("Figures"), "referrals:statistics"),
        tab("contribution", _("Fair share"), "referrals:contribution"),
        tab("unmet", _("Unmet demand"), "referrals:unmet"),
        tab("mediation", _("Mediation"), "referrals:mediation"),
    ]


def describe_teams(
    found: "ServiceRequest", *, at: datetime, most: int | None = None
) -> dict[str, Any]:
    """Return who can be asked with why, and who cannot with what is in the way."""
    ranked = rank_for(found, agreed=get_agreed(found.region_id, at=at), at=at)
    return {
        "teams": [
            {
                "id": team.service_id,
                "organization_id": team.organization_id,
                "name": team.name,
                "organization": team.organization_name,
                "note": say_team(team),
                "is_own": team.is_own,
            }
            for team in ranked.candidates[:most]
        ],
        "n_teams": len(ranked.candidates),
        "ranked": ranked,
    }


def _detail(actor: Actor, found: "ServiceRequest", *, at: datetime) -> dict[str, Any]:
    events = list_last_events(found.pk)
    offers = list_offers(found.pk)
    names = team_names(
        {
            *(offer.service_id for offer in offers),
            *(event.service_id for event in events),
            *(pk for event in events for pk in event.detail.get("services", ())),
        }
    )
    wijk = list_wijken_of_places([found.place_id]).get(found.place_id)
    is_unplaced = found.status in UNPLACED
    best = (
        describe_teams(found, at=at, most=BEST_TEAMS)
        if can("ask teams", found.status)
        else {"teams": [], "n_teams": 0}
    )
    late = found.overdue_since or (
        found.due_at if found.due_at and found.due_at <= at else None
    )
    return {
        "number": found.number,
        "why": _say_why(found, offers, late=late, at=at) if is_unplaced else [],
        "call_teams": _teams_to_call(offers, names, best),
        "call_outcomes": CallOutcome.choices,
        "decline_reasons": DeclineReason.choices,
        "wijk": wijk,
        "status": say_status(found),
        "tone": _STATUS_TONES.get(RequestStatus(found.status), "unknown"),
        "urgency": say_urgency(found.urgency),
        "is_urgent": found.urgency in _URGENT_NOW,
        "urgency_reason": UrgencyReason(found.urgency_reason).label,
        "need": say_need(found),
        "band": say_band(found.hours_low, found.hours_high),
        "age": say_age(age_band(found.age)),
        "owner": found.owner_name,
        "owner_kind": OwnerKind(found.owner_kind).label,
        "due_at": found.due_at,
        "late": late,
        "bridge_ended": found.due_at
        if found.status == RequestStatus.BRIDGED and found.due_at and late
        else None,
        "is_late_before": late is not None and late != found.due_at,
        "bridged_by": found.bridged_by,
        "is_unplaced": is_unplaced,
        "may_take": is_unplaced and found.owner_id != actor.user_id,
        "asked": [
            {
                "name": names.get(offer.service_id, _("a team")),
                "answer_by": offer.answer_by
                if offer.status == OfferStatus.OPEN
                else None,
                "words": _say_answer(offer.status, offer.decline_reason),
            }
            for offer in offers
        ],
        "events": [{"at": e.at, "words": say_event(e, names)} for e in events],
        **best,
    }


def say_team(team: "CandidateTeam") -> str:
    """Return room, reasons and warnings of a team in one line."""
    words = [
        say_room(team.room),
        *say_reasons(r for r in team.reasons if r["code"] not in _SAID_WITH_ROOM),
        # That the room is not known was said first.
        *(say_warning(code) for code in team.warnings if code != _ROOM_NOT_KNOWN),
    ]
    return " · ".join(f"{word[:1].upper()}{word[1:]}".rstrip(".") for word in words)


def _say_answer(status: str, reason: str) -> str:
    label = str(OfferStatus(status).label)
    if status == OfferStatus.DECLINED and reason:
        return f"{label}: {DeclineReason(reason).label.lower()}"
    return label


def _say_open(n: int, late: int) -> str:
    if not n:
        return _("nothing open")
    words = ngettext("%(n)d open request", "%(n)d open requests", n) % {"n": n}
    if late:
        words += ", " + _("%(n)d too late") % {"n": late}
    return words


def _map_state(found: OpenInWijk) -> str:
    if found.late:
        return _LATE
    return _OPEN if found.n else _NONE


def _read_look(sent: Any, regions: Sequence[RegionChoice]) -> Look:
    """Read what an address or a form says; what is not known is left out."""
    known = {region.id for region in regions}

    def number(name: str) -> int | None:
        return next(iter(ticked_ids([sent.get(name, "")])), None)

    def choice(name: str, values: Iterable[str]) -> str:
        value: str = sent.get(name, "")
        return value if value in set(values) else ""

    region_id = number("regio")
    return Look(
        show=Show(choice("toon", Show)),
        whose=Whose(choice("van", Whose)),
        region_id=region_id if region_id in known or not regions else None,
        wijk_id=number("wijk"),
        urgency=choice("snel", Urgency.values),
        page=max(1, number("pagina") or 1),
    )


def _choose_page(
    wanted: Wanted, number: str, look: Look, n_shown: int, *, at: datetime
) -> Page[int]:
    """Return the page that a request is on, or else the page that was asked for.

    Only the length of the list is paged; the page is read by itself.
    """
    pages = Paginator(range(n_shown), ROWS)
    place = find_row(wanted, number.upper(), at=at) if number else None
    return pages.get_page(look.page if place is None else place // ROWS + 1)


def _page_url(look: Look, number: int) -> str:
    query = look.query(pagina=str(number) if number > 1 else "")
    return f"?{query}#lijst"


def _page_chips(look: Look, page: Page[int]) -> list[Chip]:
    """Return the first, the last and the nearest pages; a chip without url is a gap."""
    if page.paginator.num_pages < 2:
        return []
    return [
        Chip(
            number,
            _page_url(look, number) if isinstance(number, int) else "",
            active=number == page.number,
        )
        for number in page.paginator.get_elided_page_range(
            page.number, on_each_side=2, on_ends=1
        )
    ]


def _region_ids(look: Look, regions: Sequence[RegionChoice]) -> list[int]:
    if look.region_id is not None:
        return [look.region_id]
    return [region.id for region in regions]


def _region_name(look: Look, regions: Sequence[RegionChoice]) -> str:
    return ", ".join(
        region.name for region in regions if look.region_id in (None, region.id)
    )


def _colleagues(
    actor: Actor, region_ids: Sequence[int], *, at: datetime
) -> list[tuple[int, str]]:
    """Return who coordinates all of these regions as well, but for the actor."""
    holders = [
        dict(list_role_holders(Role.COORDINATOR, region_id=pk, at=at))
        for pk in region_ids
    ]
    if not holders:
        return []
    everywhere = set(holders[0]).intersection(*holders) - {actor.user_id}
    return sorted(
        ((pk, holders[0][pk]) for pk in everywhere), key=lambda holder: holder[1]
    )


def _wijken(look: Look, regions: Sequence[RegionChoice]) -> list[WijkName]:
    """Return the wijken to choose from, by name."""
    found = [
        wijk
        for region_id in _region_ids(look, regions)
        for wijk in list_wijken_of_region(region_id)
    ]
    return sorted(found, key=lambda wijk: (wijk.name, wijk.gemeente))


def _say_wijk(wijk: WijkName) -> str:
    return f"{wijk.name}, {wijk.gemeente}" if wijk.gemeente else wijk.name


def _whose_chips(look: Look, counts: WorklistCounts) -> list[Chip]:
    labels = {
        Whose.ALL: _("All"),
        Whose.MINE: _("Mine"),
        Whose.NOBODY: _("Nobody's"),
    }
    return [
        Chip(
            label,
            f"?{look.query(van=whose.value, pagina='')}",
            active=look.whose is whose,
            count=counts.whose[whose],
        )
        for whose, label in labels.items()
    ]


def _show_chips(look: Look, counts: WorklistCounts) -> list[Chip]:
    labels = {
        Show.ALL: _("Everything"),
        Show.OVERDUE: _("Too late"),
        Show.TODAY: _("Due today"),
        Show.WAITING: _("Waiting for an answer"),
        Show.NO_TEAM: _("No team left"),
        Show.BRIDGED: _("Bridged"),
        Show.URGENT: _("Urgent"),
        Show.INSURER: _("With the insurer"),
    }
    return [
        Chip(
            label,
            f"?{look.query(toon=show.value, pagina='')}",
            active=look.show is show,
            count=counts.shows[show],
        )
        for show, label in labels.items()
    ]


def _say_empty(look: Look) -> tuple[str, str]:
    """Return that nothing is shown, and why that is."""
    if look.whose is not Whose.ALL or look.wijk_id is not None or look.urgency:
        return (
            _("No request falls under this choice"),
            _("Choose another filter above to see the others."),
        )
    said = {
        Show.OVERDUE: (
            _("The list of what is too late is empty"),
            _("Every request has somebody who has it in hand, with a date ahead."),
        ),
        Show.TODAY: (
            _("Nothing more is due today"),
            _("The first date of every open request is tomorrow or later."),
        ),
        Show.WAITING: (
            _("No team has a question to answer"),
            _("Nothing waits for a team; what is open waits for you."),
        ),
        Show.NO_TEAM: (
            _("Every request still has a team to ask"),
            _("Nobody is without a team that can be asked or has been asked."),
        ),
        Show.BRIDGED: (
            _("Nobody is helped for now by others"),
            _("A request comes here when you bridge it."),
        ),
        Show.URGENT: (
            _("Nothing is urgent"),
            _("No first visit must be today or within 24 hours."),
        ),
        Show.INSURER: (
            _("No insurer is looking for a team"),
            _("A request comes here when you hand it to the insurer of the client."),
        ),
    }
    return said.get(
        look.show,
        (
            _("No request falls under this choice"),
            _("Choose another filter above to see the others."),
        ),
    )


def _rule() -> list[str]:
    """Return in words how the list is ordered, with the figures it is ordered by."""
    urgency: Mapping[str, int] = HOURS_OF_URGENCY
    return [
        _("First what is too late; clients without a team before what a team has."),
        _("Then what has the least time left: its date, less the time still needed."),
        _("Still needed without a team: %(n)d hours; with a bridge: %(bridged)d hours.")
        % {"n": HOURS_WITHOUT_TEAM, "bridged": HOURS_BRIDGED},
        _(
            "While teams have the question: %(n)d hour for each team that said no or "
            "nothing, at most %(most)d hours."
        )
        % {"n": HOURS_PER_REFUSAL, "most": MOST_HOURS_REFUSED},
        _(
            "For urgency: %(today)d hours if the first visit is today, %(tomorrow)d "
            "within 24 hours, %(days)d within 3 days."
        )
        % {
            "today": urgency[Urgency.TODAY],
            "tomorrow": urgency[Urgency.TOMORROW],
            "days": urgency[Urgency.DAYS],
        },
        _("Who waits longer goes first: an hour for each day, at most %(n)d hours.")
        % {"n": MOST_HOURS_WAITED},
    ]


def _say_why(
    found: "ServiceRequest",
    offers: Sequence["Offer"],
    *,
    late: datetime | None,
    at: datetime,
) -> list[str]:
    """Return why a request is where it is on the list, in a few words each."""
    refused = sum(
        offer.status in (OfferStatus.DECLINED, OfferStatus.EXPIRED) for offer in offers
    )
    words = []
    if late is not None:
        words.append(_("too late since %(when)s") % {"when": say_late(late, at)})
    if found.status == RequestStatus.OPEN:
        words.append(_("no team has the question"))
    elif found.status == RequestStatus.BRIDGED:
        words.append(_("bridged, no team yet"))
    if refused:
        words.append(
            ngettext(
                "%(n)d team said no or nothing",
                "%(n)d teams said no or nothing",
                refused,
            )
            % {"n": refused}
        )
    if found.urgency in HOURS_OF_URGENCY:
        words.append(say_urgency(found.urgency).lower())
    if found.submitted_at is not None and (days := (at - found.submitted_at).days) > 0:
        words.append(
            ngettext("waits %(n)d day", "waits %(n)d days", days) % {"n": days}
        )
    return words


def _teams_to_call(
    offers: Sequence["Offer"], names: Mapping[int, str], best: Mapping[str, Any]
) -> list[tuple[int, str]]:
    """Return who is likely to be on the phone: who was asked, then the best others."""
    asked = {
        offer.service_id: names.get(offer.service_id, _("a team")) for offer in offers
    }
    proposed = {team["id"]: team["name"] for team in best["teams"]}
    return list((asked | proposed).items())


def _region_chips(look: Look, regions: Sequence[RegionChoice]) -> list[Chip]:
    if len(regions) < 2:
        return []
    return [
        Chip(
            _("All regions"),
            f"?{look.query(regio='', pagina='')}",
            active=not look.region_id,
        ),
        *(
            Chip(
                region.name,
                f"?{look.query(regio=str(region.id), pagina='')}",
                active=look.region_id == region.id,
            )
            for region in regions
        ),
    ]


def _desk_url(query: str) -> str:
    address = reverse("referrals:desk")
    return f"{address}?{query}" if query else address


def back_to_desk(request: HttpRequest, number: str) -> HttpResponse:
    """Go back to where the button was: the list as it was filtered, or one request."""
    if request.POST.get("terug") == "aanvraag":
        return redirect(reverse("referrals:desk-request", args=[number]))
    look = _read_look(request.POST, ())
    return redirect(_desk_url(look.query(aanvraag=number)))


#: Beyond this a moment is no moment any more (the year 9999).
_LAST_MILLISECOND = 253_000_000_000_000
