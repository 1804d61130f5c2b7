"""The team's inbox: questions to answer in two taps, and the clients a team has.

A team that was only asked sees a profile (``selectors.inbox``); who the client is comes
from ``services.disclosure`` after accepting, and each showing is logged.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_safe,
)

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.permissions import Permission
from wijkspil.directory.errors import InvalidCapacity, NoRoomLeft
from wijkspil.directory.permissions import can_report_capacity
from wijkspil.directory.selectors.capacity import RoomLeft, get_room_left
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.directory.selectors.listing import TeamRow, list_reporting_teams
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.types import Care
from wijkspil.directory.views.pages import Page, Params, professional_page, reach_of
from wijkspil.referrals.errors import AlreadyTaken, OfferIsClosed
from wijkspil.referrals.forms.inbox import DeclineForm
from wijkspil.referrals.permissions import (
    ANSWER_OFFER,
    GIVE_CARE,
    can_answer_offer,
    can_give_care,
)
from wijkspil.referrals.selectors.inbox import (
    OwnClient,
    Question,
    get_question,
    get_request_id,
    list_answered_questions,
    list_open_questions,
    list_own_clients,
    unknown_offer,
)
from wijkspil.referrals.services.correction import get_stated_room
from wijkspil.referrals.services.disclosure import show_patient
from wijkspil.referrals.services.offers import accept_offer, decline_offer
from wijkspil.referrals.types import (
    CORRECTS_ROOM,
    ROOM_REASONS,
    DeclineReason,
    OfferOrigin,
    OfferStatus,
    RequestStatus,
)
from wijkspil.referrals.views.inbox_cards import (
    draw_answered,
    draw_asked,
    draw_left,
    draw_question,
)
from wijkspil.referrals.wording import say_day, say_hours_a_week, say_room
from wijkspil.referrals.wording_inbox import make_card
from wijkspil.ui.navigation import Crumb

_IS_SETTLED = (RequestStatus.INTAKE_DONE, RequestStatus.IN_CARE)


def _ask_to_sign_in_again(
    view: Page[Params],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Let a page that renews itself be asked for anew once its session is over.

    Otherwise the sign-in page would be put in the place of the cards.
    """
    page = professional_page(view)

    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        if _is_renewal(request) and not request.user.is_authenticated:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return page(request, *args, **kwargs)

    return guarded


@require_safe
@_ask_to_sign_in_again
def show_inbox(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show every question that waits for the reader's teams, by team.

    A page that is open asks again every 20 seconds: as long as the questions are the
    same only the time left is renewed, so that nobody loses the place on the page.
    """
    if not can_answer_offer(actor):
        raise NotPermitted(
            _(
                "The inbox is for members of a district nursing team and their "
                "manager. Ask the manager of your organization to add you to a team."
            )
        )
    now = timezone.now()
    teams = _own_teams(actor, ANSWER_OFFER, at=now)
    names = {team.id: team.name for team in teams}
    ids = list(names)
    cards = [make_card(row, at=now) for row in list_open_questions(ids, at=now)]
    seen = "-".join(
        f"{card.question.id}{'.'.join(card.question.fit.misfits)}"
        for card in cards
        if card.question.fit is not None
    )
    if _is_renewal(request) and request.GET.get("seen") == seen:
        answer = render(
            request,
            "referrals/_inbox_left.html",
            {"rows": [(card.question.id, draw_left(card)) for card in cards]},
        )
        answer["HX-Reswap"] = "none"
        return answer
    has_more_teams = len(teams) > 1
    csrf_token = get_token(request)  # each call makes another
    drawn: dict[int, list[str]] = {}
    for card in cards:
        drawn.setdefault(card.question.service_id, []).append(
            draw_question(card, level=3 if has_more_teams else 2, csrf_token=csrf_token)
        )
    return render(
        request,
        "referrals/inbox.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Inbox")),
            ],
            "count": len(cards),
            "seen": seen,
            "news": max(cards, key=lambda card: card.question.offered_at, default=None),
            "groups": [
                (team, SafeString("".join(drawn[team.id])))
                for team in teams
                if team.id in drawn
            ],
            "quiet_teams": [team for team in teams if team.id not in drawn],
            "has_more_teams": has_more_teams,
            "answered": [
                draw_answered(
                    row, team=names[row.service_id] if has_more_teams else "", at=now
                )
                for row in list_answered_questions(ids, at=now)
            ],
        },
    )


@require_safe
@professional_page
def show_offer(request: HttpRequest, actor: Actor, offer_id: int) -> HttpResponse:
    """Show one question; once accepted, who the client is (logged)."""
    question = _own_question(actor, offer_id, at=timezone.now())
    return _offer_page(request, actor, question)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def accept(request: HttpRequest, actor: Actor, offer_id: int) -> HttpResponse:
    """Take the client; without room the team is asked once whether it is sure."""
    now = timezone.now()
    _own_question(actor, offer_id, at=now)
    if request.method != "POST":
        return redirect("referrals:offer", offer_id=offer_id)
    try:
        accept_offer(
            actor=actor,
            offer_id=offer_id,
            at=now,
            over_capacity=request.POST.get("over_capacity") == "yes",
        )
    except NoRoomLeft as error:
        return _offer_page(
            request,
            actor,
            _own_question(actor, offer_id, at=now),
            status=HTTPStatus.CONFLICT,
            asks_over_capacity=True,
            is_room_known=error.is_known,
        )
    except (AlreadyTaken, OfferIsClosed):
        return _offer_page(
            request,
            actor,
            _own_question(actor, offer_id, at=now),
            status=HTTPStatus.CONFLICT,
        )
    return redirect("referrals:offer", offer_id=offer_id)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def decline(request: HttpRequest, actor: Actor, offer_id: int) -> HttpResponse:
    """Ask why; the reason is the button, so that declining takes two taps."""
    now = timezone.now()
    question = _own_question(actor, offer_id, at=now)
    if not question.is_open and question.status != OfferStatus.DECLINED:
        return _offer_page(request, actor, question, status=HTTPStatus.CONFLICT)
    if question.status == OfferStatus.DECLINED:
        return redirect("referrals:offer", offer_id=offer_id)
    today = timezone.localdate(now)
    stated = None
    if can_report_capacity(actor, get_service_target(question.service_id)):
        stated = get_stated_room(question.service_id, at=now)
    tasks = question.profile.tasks
    if request.method == "POST":
        form = DeclineForm(request.POST, today=today, room=stated, tasks=tasks)
        if form.is_valid():
            try:
                decline_offer(
                    actor=actor,
                    offer_id=offer_id,
                    reason=form.cleaned_data["reason"],
                    note=form.cleaned_data["note"],
                    room_again_on=form.cleaned_data["room_again_on"],
                    correction=form.correction,
                    at=now,
                )
            except OfferIsClosed:
                closed = _own_question(actor, offer_id, at=now)
                return _offer_page(request, actor, closed, status=HTTPStatus.CONFLICT)
            except InvalidCapacity as error:
                field = "parts_of_day" if error.field == "parts_of_day" else None
                form.add_error(field or "room_again_on", str(error))
            else:
                reason = form.cleaned_data["reason"]
                _say_declined(request, actor, question, reason, at=now)
                return redirect("referrals:inbox")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = DeclineForm(today=today, room=stated, tasks=tasks)
        status = HTTPStatus.OK
    return render(
        request,
        "referrals/decline.html",
        {
            "now": now,
            "card": make_card(question, at=now),
            "form": form,
            "reasons": [
                (choice.value, choice.label, _reason_note(choice, stated))
                for choice in DeclineReason
            ],
            "is_more_open": form.is_bound,
            "stated": "" if stated is None else say_room(stated),
        },
        status=status,
    )


@require_safe
@professional_page
def list_clients(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the clients of the reader's teams by number, what is due first."""
    if not can_give_care(actor):
        raise NotPermitted(
            _(
                "The list of clients is for members of a district nursing team and "
                "their manager."
            )
        )
    now = timezone.now()
    text = request.GET.get("q", "")[:40]
    ids = {team.id for team in _own_teams(actor, GIVE_CARE, at=now)}
    ids |= reach_of(actor, GIVE_CARE).service_ids
    names = get_service_names(ids)
    clients = list_own_clients(ids, at=now, number=text)
    return render(
        request,
        "referrals/clients.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Clients")),
            ],
            "text": text,
            "has_more_teams": len(ids) > 1,
            "rows": [
                _client_row(client, names[client.service_id][0], at=now)
                for client in clients
            ],
            "n_due": sum(c.is_intake_due or c.is_review_due for c in clients),
        },
    )


def _is_renewal(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _own_teams(
    actor: Actor, permission: Permission, *, at: datetime
) -> Sequence[TeamRow]:
    reach = reach_of(actor, permission)
    return [
        team
        for team in list_reporting_teams(
            service_ids=reach.service_ids,
            organization_ids=reach.organization_ids,
            at=at,
        )
        if team.care == Care.DISTRICT_NURSING
    ]


def _own_question(actor: Actor, offer_id: int, *, at: datetime) -> Question:
    """Return a question to a team of the reader: not even that another exists."""
    question = get_question(offer_id, at=at)
    if not can_answer_offer(actor, get_service_target(question.service_id)):
        raise unknown_offer(offer_id)
    return question


def _offer_page(
    request: HttpRequest,
    actor: Actor,
    question: Question,
    *,
    status: int = HTTPStatus.OK,
    asks_over_capacity: bool = False,
    is_room_known: bool = True,
) -> HttpResponse:
    now = timezone.now()
    [(team_name, _name, _id)] = get_service_names([question.service_id]).values()
    patient = None
    if question.has_client:
        patient = show_patient(
            actor=actor,
            request_id=get_request_id(question.id),
            purpose="offer.accepted",
            at=now,
        )
    card = make_card(question, at=now)
    return render(
        request,
        "referrals/offer.html",
        {
            "now": now,
            "card": card,
            "asked": draw_asked(card),
            "drawn": draw_question(card, level=2, csrf_token=get_token(request))
            if question.is_open
            else "",
            "team_name": team_name,
            "patient": patient,
            "asks_over_capacity": asks_over_capacity and question.is_open,
            "is_room_known": is_room_known,
            "is_assigned": question.origin == OfferOrigin.AGREEMENT,
            "is_expired": question.status == OfferStatus.EXPIRED,
        },
        status=status,
    )


def _say_declined(
    request: HttpRequest,
    actor: Actor,
    question: Question,
    reason: str,
    *,
    at: datetime,
) -> None:
    is_about_room = reason in ROOM_REASONS and can_report_capacity(
        actor, get_service_target(question.service_id)
    )
    service_id = question.service_id
    room = get_room_left([service_id], at=at).get(service_id) if is_about_room else None
    if room is None or (reason not in CORRECTS_ROOM and not room.is_known):
        messages.success(request, _("Thank you. Another team is asked now."))
        return
    messages.success(
        request,
        format_html(
            '{} {} <a href="{}">{}</a>',
            _("Thank you. Another team is asked now."),
            _("Your room now says: full. Is that not right?")
            if room.clients <= 0
            else _("Your room now says: %(room)s. Is that not right?")
            % {"room": say_room(room)},
            reverse("directory:capacity", args=[question.service_id]),
            _("Change your room"),
        ),
    )


def _reason_note(reason: DeclineReason, stated: RoomLeft | None) -> str:
    if reason not in CORRECTS_ROOM:
        return ""
    if stated is None:
        return _("Your room then says: full.")
    return _("Your room then says: full, or the number you chose above.")


def _client_row(client: OwnClient, team: str, *, at: datetime) -> dict[str, Any]:
    today = timezone.localdate(at)
    hours = say_hours_a_week(client.hours)
    if not client.hours_are_set:
        hours = _("%(hours)s, provisional") % {"hours": hours}
    return {
        "client": client,
        "team": team,
        # "A team takes it" is how others say it; to the team it is accepted.
        "status": OfferStatus.ACCEPTED.label
        if client.status == RequestStatus.ACCEPTED
        else RequestStatus(client.status).label,
        "tone": "good" if client.status in _IS_SETTLED else "limited",
        "kept": ""
        if client.room_kept_until is None
        else _("place kept until %(day)s")
        % {"day": say_day(client.room_kept_until, today)},
        "next": _say_next(client),
        "is_due": client.is_intake_due
        or client.is_review_due
        or (client.is_paused and client.next_on <= today),
        "day": say_day(client.next_on, today),
        "first_visit": _("after coming home")
        if client.is_paused
        else say_day(client.first_visit_on, today),
        "hours": hours,
    }


def _say_next(client: OwnClient) -> str:
    if client.status == RequestStatus.ACCEPTED:
        return _("Intake and hours")
    if client.status == RequestStatus.INTAKE_DONE:
        return _("Start care")
    if client.is_paused:
        return _("Ask how the client is")
    return _("Look at the hours again")
