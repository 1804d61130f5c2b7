"""The coordinator's desk: everything that must keep moving, by risk, on one screen.

No page of the desk tells who a client is; that is on the page of the request, logged.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import Conflict, InvalidValue
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.selectors.maps import feature_collection, list_area_features
from wijkspil.directory.selectors.wijken import (
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
    Show,
    WorkItem,
    count_shown,
    list_last_events,
    list_offers,
    list_own_unplaced,
    list_worklist,
)
from wijkspil.referrals.services.offers import ask_teams, rank_for
from wijkspil.referrals.services.steering import hand_over, take_over
from wijkspil.referrals.types import (
    UNPLACED,
    DeclineReason,
    OfferStatus,
    OwnerKind,
    RequestStatus,
    Urgency,
    UrgencyReason,
)
from wijkspil.referrals.wording import (
    say_age,
    say_band,
    say_event,
    say_need,
    say_reasons,
    say_room,
    say_tasks,
    say_until,
    say_warning,
)
from wijkspil.ui.moments import say_day as say_near_day
from wijkspil.ui.moments import say_exactly, say_moment
from wijkspil.ui.navigation import Chip, MapCategory

if TYPE_CHECKING:
    from wijkspil.referrals.engine_io import CandidateTeam
    from wijkspil.referrals.models import ServiceRequest

#: Requests on one page of the list.
ROWS = 30
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
}
_URGENT_NOW = (Urgency.TODAY, Urgency.TOMORROW)


@dataclass(frozen=True)
class Look:
    """How the coordinator looks at the list: which requests, whose, which page."""

    show: Show
    is_mine: bool
    region_id: int | None
    page: int = 1

    def query(self, **change: str) -> str:
        """Return it as the query of an address; empty values are left out."""
        values = {
            "toon": self.show.value,
            "van": "mij" if self.is_mine else "",
            "regio": str(self.region_id or ""),
            "pagina": str(self.page) if self.page > 1 else "",
            **change,
        }
        return urlencode({name: value for name, value in values.items() if value})


@require_safe
@professional_page
def show_desk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the worklist, with the chosen request beside it on a wide screen."""
    check_can_coordinate(actor)
    at = timezone.now()
    regions = own_regions(actor)
    look = _read_look(request.GET, regions)
    items = list_worklist(_region_ids(look, regions), at=at)
    own = [item for item in items if item.owner_id == actor.user_id]
    counts = count_shown(own if look.is_mine else items, at=at)
    shown = [
        item
        for item in (own if look.is_mine else items)
        if item.is_shown(look.show, at=at)
    ]
    page = _choose_page(shown, request.GET.get("aanvraag", ""), look.page)
    look = replace(look, page=page.number)
    number = request.GET.get("aanvraag", "")
    rows = list(page)
    chosen = next((i for i in rows if i.number == number), next(iter(rows), None))
    return render(
        request,
        "referrals/desk.html",
        {
            "now": at,
            "region_name": _region_name(look, regions),
            "rows": [_row(item, look, at=at, actor=actor) for item in rows],
            "page": page,
            "pages": _page_chips(look, page),
            "next_url": _page_url(look, page.number + 1) if page.has_next() else "",
            "n_next": min(ROWS, len(shown) - page.end_index()),
            "chosen": chosen.number if chosen else "",
            "detail": _detail(actor, find_request(chosen.number), at=at)
            if chosen
            else None,
            "n_all": len(items),
            "n_late": sum(item.late_since(at) is not None for item in items),
            "n_own": sum(item.is_unplaced for item in own),
            "look": look,
            "query": look.query(),
            "whose": _whose_chips(look, n_own=len(own), n_all=len(items)),
            "chips": _show_chips(look, counts),
            "region_chips": _region_chips(look, regions),
            "colleagues": _colleagues(actor, _region_ids(look, regions), at=at),
            "tabs": desk_tabs("desk", look),
        },
    )


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
    return _back_to_desk(request, found.number)


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
    return _back_to_desk(request, found.number)


@require_POST
@professional_page
def hand_over_shift(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Give all that is in hand to a colleague; a second press finds nothing left."""
    check_can_coordinate(actor)
    at = timezone.now()
    regions = own_regions(actor)
    look = _read_look(request.POST, regions)
    region_ids = _region_ids(look, regions)
    colleagues = dict(_colleagues(actor, region_ids, at=at))
    [user_id, *_rest] = [*ticked_ids([request.POST.get("colleague", "")]), 0]
    mine = list_own_unplaced(actor.user_id or 0, region_ids=region_ids)
    if user_id not in colleagues:
        messages.warning(request, _("Choose the colleague who takes over."))
    elif not mine:
        messages.info(request, _("You have nothing in hand to give to a colleague."))
    else:
        try:
            n = hand_over(actor=actor, request_ids=mine, user_id=user_id, at=at)
        except (Conflict, InvalidValue) as error:
            messages.warning(request, str(error))
        else:
            messages.success(
                request,
                ngettext(
                    "%(name)s has %(n)d request of yours in hand from now on.",
                    "%(name)s has %(n)d requests of yours in hand from now on.",
                    n,
                )
                % {"name": colleagues[user_id], "n": n},
            )
    return redirect(_desk_url(look.query()))


@require_safe
@professional_page
def show_map(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show how many requests are open per wijk, as a map beside an equal table."""
    check_can_coordinate(actor)
    at = timezone.now()
    regions = own_regions(actor)
    look = _read_look(request.GET, regions)
    region_ids = _region_ids(look, regions)
    items = list_worklist(region_ids, at=at)
    wijken = {w.code: w for pk in region_ids for w in list_wijken_of_region(pk)}
    per_wijk: dict[str, list[WorkItem]] = {code: [] for code in wijken}
    for item in items:
        if item.wijk is not None:
            wijken.setdefault(item.wijk.code, item.wijk)
            per_wijk.setdefault(item.wijk.code, []).append(item)
    rows: list[dict[str, Any]] = [
        {
            "wijk": wijken[code],
            "n": len(found),
            "late": sum(item.late_since(at) is not None for item in found),
            "no_team": sum(item.status == RequestStatus.OPEN for item in found),
            "state": _map_state(found, at=at),
        }
        for code, found in per_wijk.items()
    ]
    rows.sort(key=lambda row: (-row["late"], -row["n"], row["wijk"].name))
    return render(
        request,
        "referrals/desk_map.html",
        {
            "now": at,
            "region_name": _region_name(look, regions),
            "rows": [row for row in rows if row["n"]],
            "n_all": len(items),
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
    ]


def describe_teams(
    found: "ServiceRequest", *, at: datetime, most: int | None = None
) -> dict[str, Any]:
    """Return who can be asked with why, and who cannot with what is in the way."""
    ranked = rank_for(found, agreed=get_agreed(found.region_id), at=at)
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
        "wijk": wijk,
        "status": RequestStatus(found.status).label,
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


def _row(item: WorkItem, look: Look, *, at: datetime, actor: Actor) -> dict[str, Any]:
    address = reverse("referrals:desk-request", args=[item.number])
    query = look.query()
    late = item.late_since(at)
    return {
        "item": item,
        "url": f"{address}?{query}" if query else address,
        "tasks": say_tasks(item.tasks),
        "urgency": say_urgency(item.urgency),
        "first_visit": say_near_day(item.first_visit_on, localdate(at)),
        "stands": _say_stands(item, at=at),
        "is_alarming": item.has_bridge_ended(at) or item.status == RequestStatus.OPEN,
        "is_late": late is not None,
        "late_words": _say_late(late, at) if late is not None else "",
        "late_exactly": say_exactly(late) if late is not None else "",
        "due": say_until(item.due_at, at)
        if item.due_at is not None and item.due_at > at
        else "",
        "late": late,
        "owner": _("you") if item.owner_id == actor.user_id else item.owner_name,
    }


def _say_late(late: datetime, at: datetime) -> str:
    """Say since when it is late: the hour counts today only."""
    if localdate(late) == localdate(at):
        return say_moment(late, at)
    return say_near_day(localdate(late), localdate(at))


def _say_stands(item: WorkItem, *, at: datetime) -> str:
    """Say in a few words what is with this request; the detail says the rest."""
    if item.status == RequestStatus.OPEN:
        if not item.n_refused:
            return _("No team can take it")
        return ngettext(
            "No room: %(n)d team said no",
            "No room: %(n)d teams said no",
            item.n_refused,
        ) % {"n": item.n_refused}
    if item.status == RequestStatus.OFFERED and item.answer_by is not None:
        return ngettext(
            "%(n)d team asked, answer %(until)s",
            "%(n)d teams asked, answer %(until)s",
            item.n_waiting,
        ) % {"n": item.n_waiting, "until": say_until(item.answer_by, at)}
    if item.status == RequestStatus.BRIDGED:
        if item.has_bridge_ended(at):
            return _("The bridge has ended")
        return str(RequestStatus.BRIDGED.label)
    if item.status == RequestStatus.ACCEPTED:
        return _("The first visit was not reported")
    return _("The start of care was not reported")


def say_urgency(urgency: str) -> str:
    """Return how soon, in words that also stand alone."""
    if urgency == Urgency.PLANNED:
        return _("Can be planned")
    return str(Urgency(urgency).label)


def _say_open(n: int, late: int) -> str:
    if not n:
        return _("nothing open")
    words = ngettext("%(n)d open request", "%(n)d open requests", n) % {"n": n}
    if late:
        words += ", " + _("%(n)d too late") % {"n": late}
    return words


def _map_state(found: Sequence[WorkItem], *, at: datetime) -> str:
    if any(item.late_since(at) is not None for item in found):
        return _LATE
    return _OPEN if found else _NONE


def _read_look(sent: Any, regions: Sequence[RegionChoice]) -> Look:
    show = sent.get("toon", "")
    wanted = ticked_ids([sent.get("regio", "")])
    known = {region.id for region in regions}
    return Look(
        show=Show(show) if show in [s.value for s in Show] else Show.ALL,
        is_mine=sent.get("van") == "mij",
        region_id=next((pk for pk in wanted if pk in known), None),
        page=max(1, next(iter(ticked_ids([sent.get("pagina", "")])), 1)),
    )


def _choose_page(
    shown: Sequence[WorkItem], number: str, page_number: int
) -> Page[WorkItem]:
    """Return the page that a request is on, or else the page that was asked for."""
    place = next((i for i, item in enumerate(shown) if item.number == number), None)
    wanted = page_number if place is None else place // ROWS + 1
    return Paginator(shown, ROWS).get_page(wanted)


def _page_url(look: Look, number: int) -> str:
    query = look.query(pagina=str(number) if number > 1 else "")
    return f"?{query}#lijst"


def _page_chips(look: Look, page: Page[WorkItem]) -> list[Chip]:
    if page.paginator.num_pages < 2:
        return []
    return [
        Chip(number, _page_url(look, number), active=number == page.number)
        for number in page.paginator.page_range
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


def _whose_chips(look: Look, *, n_own: int, n_all: int) -> list[Chip]:
    return [
        Chip(
            _("All"),
            f"?{look.query(van='', pagina='')}",
            active=not look.is_mine,
            count=n_all,
        ),
        Chip(
            _("Mine"),
            f"?{look.query(van='mij', pagina='')}",
            active=look.is_mine,
            count=n_own,
        ),
    ]


def _show_chips(look: Look, counts: dict[Show, int]) -> list[Chip]:
    labels = {
        Show.ALL: _("Everything"),
        Show.OVERDUE: _("Too late"),
        Show.NO_TEAM: _("Nobody has room"),
        Show.BRIDGED: _("Bridged"),
        Show.URGENT: _("Urgent"),
    }
    return [
        Chip(
            label,
            f"?{look.query(toon=show.value, pagina='')}",
            active=look.show is show,
            count=counts[show],
        )
        for show, label in labels.items()
    ]


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


def _back_to_desk(request: HttpRequest, number: str) -> HttpResponse:
    """Go back to where the button was: the list as it was filtered, or one request."""
    look = _read_look(request.POST, _NO_CHECK)
    kept = request.POST.get("regio", "")
    query = look.query(regio=kept if kept.isdigit() else "", aanvraag=number)
    if request.POST.get("terug") == "aanvraag":
        return redirect(reverse("referrals:desk-request", args=[number]))
    return redirect(_desk_url(query))


_NO_CHECK: Sequence[RegionChoice] = ()
