"""Asking for district nursing: what and where, who has room, for whom, sent.

For professionals and for families. A draft holds the need only; a visitor's draft is
known by the visitor's session, a professional's by the organization.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.selectors import list_colleagues
from wijkspil.accounts.types import Actor
from wijkspil.core.errors import InvalidValue, NotFound
from wijkspil.directory.permissions import can_view_professional_contacts
from wijkspil.directory.selectors.care_teams import search_home_care
from wijkspil.directory.selectors.listing import get_organization
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.referrals.engine_io import CandidateTeam, RankedTeams
from wijkspil.referrals.errors import (
    InvalidRequest,
    NoBasis,
    NotNow,
    UnknownRequest,
    unknown_request,
)
from wijkspil.referrals.forms.asking import NeedForm, WhoForm, initial_need
from wijkspil.referrals.permissions import (
    CREATE_REQUEST,
    check_can_create_request,
    is_requester,
)
from wijkspil.referrals.selectors.asking import count_sent, list_asked_teams
from wijkspil.referrals.selectors.listing import KIND_OF
from wijkspil.referrals.selectors.policy import Agreed, get_agreed
from wijkspil.referrals.selectors.requests import (
    band_of,
    find_request,
    need_of,
)
from wijkspil.referrals.services.offers import rank_for, record_phone_agreement
from wijkspil.referrals.services.ownership import answer_by, find_coordinator
from wijkspil.referrals.services.requests import (
    change_need,
    check_room,
    hand_over_draft,
    start_request,
    submit_request,
)
from wijkspil.referrals.types import (
    Need,
    OwnerKind,
    Requester,
    RequesterKind,
    RequestStatus,
)
from wijkspil.referrals.views.asking_teams import TeamCard, draw_team
from wijkspil.referrals.wording import (
    say_band,
    say_condition,
    say_day,
    say_parts,
    say_room,
    say_tasks,
    say_warning,
)
from wijkspil.ui.navigation import Step

#: Keys in the session: ids of a visitor's requests, a professional's number to call
#: back, and the client's link of a request that was just sent, until it was shown.
MINE, PHONE, LINKS = "asking-mine", "asking-phone", "asking-links"
#: A visitor sends at most this many in an hour. Counted per session: a limit against
#: mistakes, not against somebody who means harm (that is for the proxy in front).
MOST_SENT, SENT_WITHIN = 5, timedelta(hours=1)
#: Teams shown at once; the others are one line each.
FIRST_TEAMS = 4


@dataclass(frozen=True)
class Asker:
    """Who fills in the form, as far as it is known without asking."""

    actor: Actor
    is_family: bool
    organization_id: int | None = None

    @property
    def sees_teams(self) -> bool:
        """Whether room is shown per team."""
        return can_view_professional_contacts(self.actor)


# --- 1. what and where


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, number: str = "") -> HttpResponse:
    """Ask what has to be done and where; keep it as a draft and look for room."""
    asker = _asker(request)
    now = timezone.now()
    today = timezone.localdate(now)
    draft = _find_draft(request, asker, number) if number else None
    if draft is not None and draft.status != RequestStatus.DRAFT:
        return redirect("referrals:ask-sent", number=draft.number)
    need = None if draft is None else need_of(draft)
    options: dict[str, Any] = {
        "today": today,
        "is_family": asker.is_family,
        "kept_refused": () if need is None else need.refused_organization_ids[3:],
        "providers_url": reverse("referrals:ask-providers"),
    }
    status = HTTPStatus.OK
    if request.method == "POST":
        form = NeedForm(request.POST, **options)
        if form.is_valid():
            try:
                kept = _keep(request, asker, draft, form.need(), at=now)
            except InvalidValue as error:
                form.refuse(error)
            except NotFound as error:
                form.refuse(InvalidRequest({"postcode": [str(error)]}))
            else:
                return redirect("referrals:ask-room", number=kept)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = NeedForm(
            initial=_first_answers(request)
            if need is None
            else initial_need(need, today=today),
            **options,
        )
    return render(
        request,
        "referrals/ask_need.html",
        {"now": now, "form": form, "asker": asker, "draft": draft, "steps": _steps(1)},
        status=status,
    )


def _first_answers(request: HttpRequest) -> dict[str, Any]:
    """A page that knows the address may send it along."""
    return {
        "postcode": request.GET.get("postcode", "").replace("\0", "")[:10],
        "care_law": "zvw",
        "language": "nl",
    }


def _keep(
    request: HttpRequest, asker: Asker, draft: Any, need: Need, *, at: datetime
) -> str:
    """Count the question in the ledger of demand, and keep it as a draft."""
    with transaction.atomic():
        check_room(actor=asker.actor, need=need, at=at)
        if draft is not None:
            requester = Requester(
                kind=draft.requester_kind,
                name=draft.requester_name,
                phone=draft.requester_phone,
                organization_id=draft.requester_organization_id,
            )
            change_need(
                actor=asker.actor,
                request_id=draft.pk,
                need=need,
                requester=requester,
                at=at,
            )
            return str(draft.number)
        kept = start_request(
            actor=asker.actor,
            need=need,
            requester=Requester(
                kind=RequesterKind.FAMILY if asker.is_family else _workplace(asker)[1],
                name="" if asker.is_family else asker.actor.label,
                phone=request.session.get(PHONE, ""),
                organization_id=asker.organization_id,
            ),
            at=at,
        )
    if asker.is_family:
        request.session[MINE] = [*request.session.get(MINE, [])[-49:], kept.pk]
    return kept.number


@require_safe
def list_providers(request: HttpRequest) -> HttpResponse:
    """Send names of providers that match what is being typed, as options."""
    text = next((request.GET.get(name, "") for name in request.GET), "")[:100]
    found = search_home_care(text) if len(text.strip()) > 1 else []
    return render(
        request,
        "referrals/ask_providers.html",
        {"names": dict.fromkeys(name for _pk, name in found)},
    )


# --- 2. who has room


@require_safe
def show_room(request: HttpRequest, number: str) -> HttpResponse:
    """Say how many teams have room, before anybody types a name."""
    asker = _asker(request)
    now = timezone.now()
    today = timezone.localdate(now)
    draft = _find_draft(request, asker, number)
    if draft.status != RequestStatus.DRAFT:
        return redirect("referrals:ask-sent", number=draft.number)
    if draft.first_visit_on < today:
        return _day_has_passed(request, draft)
    agreed = get_agreed(draft.region_id, at=now)
    found = rank_for(draft, agreed=agreed, at=now)
    band = band_of(draft)
    coordinator = find_coordinator(draft.region_id, at=now, agreed=agreed)
    context = {
        "now": now,
        "asker": asker,
        "draft": draft,
        "steps": _steps(2, draft),
        "asked": _say_asked(need_of(draft), today=today),
        "band": say_band(band.low, band.high),
        "with_room": found.with_room,
        "without_report": len(found.candidates) - found.with_room,
        "can_take_it": bool(found.candidates),
        "at_once": _at_once(draft, found, agreed),
        "answer_by": answer_by(draft.urgency, agreed=agreed, at=now),
        "move_by": now + agreed.time_to_move(draft.urgency),
        "coordinator": coordinator[1] if coordinator else "",
        "can_send": coordinator is not None or not asker.is_family,
        "who_helps_url": _who_helps_url(draft),
    }
    if asker.sees_teams:
        context |= _teams(draft, found, at=now)
    if asker.actor.user_id is not None:
        context["colleagues"] = [
            colleague
            for colleague in list_colleagues(draft.requester_organization_id, at=now)
            if colleague[0] != asker.actor.user_id
        ]
    return render(request, "referrals/ask_room.html", context)


def _teams(draft: Any, found: RankedTeams, *, at: datetime) -> dict[str, Any]:
    cards = [_card(draft, team) for team in found.candidates]
    first = [card for card in cards if card.is_room_known][:FIRST_TEAMS]
    counts = Counter(team.conditions[0] for team in found.excluded)
    who_url = reverse("referrals:ask-who", args=[draft.number])

    def draw(team: TeamCard) -> str:
        return draw_team(team, who_url=who_url, at=at)

    return {
        "first_teams": [draw(card) for card in first],
        "more_teams": [draw(card) for card in cards if card not in first],
        "excluded": [
            (say_condition(code), count) for code, count in counts.most_common()
        ],
        "n_excluded": len(found.excluded),
        "other_teams": [
            (service_id, f"{name} – {organization}")
            for name, organization, service_id in sorted(
                (team.name, team.organization_name, team.service_id)
                for team in found.excluded
                if "objected" not in team.conditions
            )
        ],
    }


def _card(draft: Any, team: CandidateTeam) -> TeamCard:
    room = team.room
    is_known = room is not None and room.is_known
    return TeamCard(
        service_id=team.service_id,
        name=team.name,
        organization_name=team.organization_name,
        is_own=team.is_own,
        is_known=team.organization_id == draft.known_organization_id,
        is_preferred=team.organization_id == draft.preferred_organization_id,
        km=team.distance_km,
        room=say_room(room),
        reported_at=None if room is None else room.reported_at,
        is_room_known=is_known,
        warnings=[
            say_warning(code) for code in team.warnings if code != "unknown-room"
        ],
    )


def _at_once(draft: Any, found: RankedTeams, agreed: Agreed) -> int:
    """Return how many teams are asked at the same time, at most."""
    if agreed.own_team_first and any(team.is_own for team in found.candidates):
        return 1
    return min(agreed.wave_of(draft.urgency), len(found.candidates))


@require_POST
def hand_over(request: HttpRequest, number: str) -> HttpResponse:
    """Give a draft to a colleague, who finds it among the requests."""
    asker = _asker(request)
    now = timezone.now()
    draft = _find_draft(request, asker, number)
    user_id = _read_id(request.POST.get("user_id", "")) or 0
    try:
        hand_over_draft(
            actor=asker.actor,
            request_id=draft.pk,
            user_id=user_id,
            at=now,
        )
    except (InvalidRequest, NotNow) as error:
        messages.warning(request, str(error))
    else:
        names = dict(list_colleagues(draft.requester_organization_id, at=now))
        messages.success(
            request,
            _("%(name)s has the draft %(number)s now, under “My requests”.")
            % {"name": names[user_id], "number": draft.number},
        )
    return redirect("referrals:ask-room", number=draft.number)


# --- 3. for whom


@require_http_methods(["GET", "HEAD", "POST"])
def ask_who(request: HttpRequest, number: str) -> HttpResponse:
    """Ask who it is about, after saying who will see it; then send."""
    asker = _asker(request)
    now = timezone.now()
    draft = _find_draft(request, asker, number)
    if draft.status != RequestStatus.DRAFT:
        return redirect("referrals:ask-sent", number=draft.number)
    if draft.first_visit_on < timezone.localdate(now):
        return _day_has_passed(request, draft)
    if asker.is_family and _sent_too_many(request, at=now):
        return render(
            request,
            "referrals/ask_too_many.html",
            {"now": now, "most": MOST_SENT},
            status=HTTPStatus.TOO_MANY_REQUESTS,
        )
    phoned = _phoned_team(request, asker)
    workplace, kind = _workplace(asker)
    options: dict[str, Any] = {
        "is_family": asker.is_family,
        "kind": draft.requester_kind or kind,
        "is_phoned": phoned is not None,
    }
    status = HTTPStatus.OK
    if request.method == "POST":
        form = WhoForm(request.POST, **options)
        if form.is_objection:
            return _nothing_stored(request, draft, now)
        if form.is_valid():
            try:
                _send(request, asker, draft, form, phoned, at=now)
            except InvalidRequest as error:
                form.refuse(error)
            except NoBasis:
                return _nothing_stored(request, draft, now)
            except NotNow:  # sent by a press before this one
                return redirect("referrals:ask-sent", number=draft.number)
            else:
                return redirect("referrals:ask-sent", number=draft.number)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = WhoForm(
            initial={
                "requester_phone": draft.requester_phone
                or request.session.get(PHONE, "")
            },
            **options,
        )
    return render(
        request,
        "referrals/ask_who.html",
        {
            "now": now,
            "form": form,
            "asker": asker,
            "draft": draft,
            "phoned": phoned,
            "workplace": workplace,
            "retention_days": get_agreed(draft.region_id, at=now).retention_days,
            "steps": _steps(3, draft),
        },
        status=status,
    )


def _send(
    request: HttpRequest,
    asker: Asker,
    draft: Any,
    form: WhoForm,
    phoned: int | None,
    *,
    at: datetime,
) -> None:
    """Send it; the client's link waits in the session until the next page shows it.

    All in one transaction: a second press waits on the row, and then finds the link.
    """
    with transaction.atomic():
        sent = submit_request(
            actor=asker.actor,
            request_id=draft.pk,
            patient=form.patient(postcode=draft.postcode),
            consent=form.consent(),
            requester=form.requester(
                name=asker.actor.label,
                organization_id=draft.requester_organization_id
                or asker.organization_id,
            ),
            is_agreed_by_phone=phoned is not None,
            at=at,
        )
        if phoned is not None:
            record_phone_agreement(
                actor=asker.actor,
                request_id=draft.pk,
                service_id=phoned,
                spoke_with=form.cleaned_data["spoke_with"],
                at=at,
            )
        if not asker.is_family:
            request.session[PHONE] = form.cleaned_data["requester_phone"]
        request.session[LINKS] = {
            sent.number: [sent.link_token, sent.link_code],
        }
        request.session.save()


def _phoned_team(request: HttpRequest, asker: Asker) -> int | None:
    """Return the service that took it by phone, if a professional says so."""
    return _read_id(request.GET.get("gebeld", "")) if asker.sees_teams else None


def _sent_too_many(request: HttpRequest, *, at: datetime) -> bool:
    mine = request.session.get(MINE, [])
    return count_sent(mine, since=at - SENT_WITHIN) >= MOST_SENT


def _nothing_stored(request: HttpRequest, draft: Any, now: datetime) -> HttpResponse:
    return render(
        request,
        "referrals/ask_no_basis.html",
        {"now": now, "draft": draft, "who_helps_url": _who_helps_url(draft)},
    )


# --- 4. sent


@require_safe
def show_sent(request: HttpRequest, number: str) -> HttpResponse:
    """Say who has it now and until when; show the client's link and code once."""
    asker = _asker(request)
    now = timezone.now()
    draft = _find_draft(request, asker, number)
    if draft.status == RequestStatus.DRAFT:
        return redirect("referrals:ask-room", number=draft.number)
    links: dict[str, list[str]] = request.session.get(LINKS, {})
    token, code = links.get(draft.number, ("", ""))
    if token and request.method == "GET":
        del request.session[LINKS]
    return render(
        request,
        "referrals/ask_sent.html",
        {
            "now": now,
            "asker": asker,
            "draft": draft,
            "is_placed": draft.placed_service_id is not None,
            "is_with_coordinator": draft.owner_kind == OwnerKind.COORDINATOR,
            "is_mine": draft.owner_id is not None
            and draft.owner_id == asker.actor.user_id,
            "teams": list_asked_teams(draft.pk),
            "link": _client_link(request, token) if token else "",
            "code": code,
            "request_url": ""
            if asker.is_family
            else reverse("referrals:request", args=[draft.number]),
            "steps": _steps(4),
        },
    )


def _who_helps_url(draft: Any) -> str:
    """Return the page with the phone numbers of the address."""
    return f"{reverse('portal:who-helps')}?{urlencode({'postcode': draft.postcode})}"


def _client_link(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("referrals:client", args=[token]))


# --- shared


def _read_id(typed: str) -> int | None:
    """Return an id as a page sends it, or None."""
    is_id = typed.isascii() and typed.isdigit() and len(typed) < 16
    return int(typed) if is_id else None


def _asker(request: HttpRequest) -> Asker:
    actor = get_request_actor(request)
    check_can_create_request(actor)
    if actor.user_id is None or not actor.is_professional:
        return Asker(actor, is_family=True)
    return Asker(actor, is_family=False, organization_id=_organization_of(actor))


def _workplace(asker: Asker) -> tuple[str, str]:
    """Return name and kind of where the asker works; empty where not known."""
    if asker.organization_id is None:
        return "", ""
    organization = get_organization(asker.organization_id)
    return organization.name, KIND_OF.get(organization.type, "")


def _organization_of(actor: Actor) -> int | None:
    """Return where the actor works: that of the first role that may ask."""
    for grant in actor.grants:
        if grant.role not in CREATE_REQUEST.grants:
            continue
        if grant.organization_id is not None:
            return grant.organization_id
        if grant.service_id is not None:
            return get_service_target(grant.service_id).organization_id
    return None


def _find_draft(request: HttpRequest, asker: Asker, number: str) -> Any:
    """Return a request of this person, sent or not.

    Raises
    ------
    UnknownRequest
        If there is none, or it is somebody else's: not even that it exists.
    """
    try:
        draft = find_request(number[:20])
    except UnknownRequest:
        raise unknown_request(number[:20].replace("\0", "")) from None
    own = draft.requester_id is None and draft.pk in request.session.get(MINE, [])
    if not (own or is_requester(asker.actor, draft)):
        raise unknown_request(draft.number)
    return draft


def _day_has_passed(request: HttpRequest, draft: Any) -> HttpResponse:
    messages.warning(
        request, _("The day of the first visit has passed. Choose a new day.")
    )
    return redirect("referrals:ask-need", number=draft.number)


def _say_asked(need: Need, *, today: date) -> list[str]:
    return [
        say_tasks(need.tasks),
        say_parts(need.parts_of_day),
        _("first visit %(day)s") % {"day": say_day(need.first_visit_on, today)},
    ]


def _steps(current: int, draft: Any = None) -> list[Step]:
    """Return the four steps; the ones before this one lead back."""
    names = (_("What and where"), _("Who has room"), _("For whom"), _("Sent"))
    addresses = ("referrals:ask-need", "referrals:ask-room")
    return [
        Step(
            name,
            "done" if place < current else "current" if place == current else "todo",
            reverse(addresses[place - 1], args=[draft.number])
            if draft is not None and place < current
            else "",
        )
        for place, name in enumerate(names, start=1)
    ]
