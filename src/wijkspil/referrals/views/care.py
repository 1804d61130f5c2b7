"""After accepting: hours, start, review, end, giving back, stopping an assignment.

The panel on the request page leads here; each act has a page of its own that asks
once. A second sending of the same page finds it done and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.views.pages import professional_page
from wijkspil.referrals.errors import InvalidRequest, NotNow, UnknownRequest
from wijkspil.referrals.forms.care import (
    CareForm,
    EndForm,
    GiveBackForm,
    HoursForm,
    StopForm,
    initial_hours,
)
from wijkspil.referrals.permissions import (
    can_give_care,
    check_can_give_care,
    check_can_see_request,
)
from wijkspil.referrals.policies import can, next_status
from wijkspil.referrals.selectors.inbox import list_former_teams, was_assigned
from wijkspil.referrals.selectors.requests import find_request, team_target
from wijkspil.referrals.services.changes import report_death
from wijkspil.referrals.services.course import (
    end_care,
    reopen_request,
    set_hours,
    start_care,
    stop_assignment,
)
from wijkspil.referrals.types import PLACED, CloseReason, RequestStatus
from wijkspil.referrals.views.steering import (
    RECORDED,
    home_address,
    team_acts,
)
from wijkspil.referrals.wording import (
    say_band,
    say_day,
    say_hours_a_week,
    say_tasks,
)

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest


def care_panel(actor: Actor, request: "ServiceRequest") -> dict[str, Any] | None:
    """Return what the team that has the client can do now; None for anybody else."""
    target = team_target(request)
    if target is None or not can_give_care(actor, target):
        return None
    if request.status not in (*PLACED, RequestStatus.PAUSED):
        return None
    now = timezone.now()
    today = timezone.localdate(now)
    is_paused = request.status == RequestStatus.PAUSED
    hours_set, expected = request.hours_set, request.hours_expected
    is_accepted = request.status == RequestStatus.ACCEPTED
    return {
        "number": request.number,
        "is_accepted": is_accepted,
        "is_intake_due": is_accepted and request.first_visit_on <= today,
        "is_review_due": not is_paused
        and request.review_on is not None
        and request.review_on <= today,
        "is_paused": is_paused,
        "kept_until": ""
        if request.room_kept_until is None
        else say_day(request.room_kept_until, today),
        "may_give_back": request.status in PLACED,
        "acts": team_acts(actor, request, now),
        "home_url": home_address(actor, request, now),
        "can_start": can("start care", request.status),
        "can_end": can("end care", request.status),
        "can_stop": not can("end care", request.status) and was_assigned(request.pk),
        "first_visit": _("after coming home")
        if is_paused
        else say_day(request.first_visit_on, today),
        "band": say_band(request.hours_low, request.hours_high),
        "hours": "" if hours_set is None else say_hours_a_week(hours_set),
        "expected": "" if expected is None else say_hours_a_week(expected),
        "review": ""
        if request.review_on is None
        else say_day(request.review_on, today),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def hours(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Take the hours after the intake, or at a review."""
    now = timezone.now()
    try:
        asked = _own_client(actor, number, "set hours")
    except NotNow as error:
        return _not_now(request, number, error)

    def store(form: CareForm) -> None:
        data = form.cleaned_data
        set_hours(
            actor=actor,
            request_id=asked.pk,
            hours_per_week=data["hours_per_week"],
            review_on=data["review_on"],
            hours_expected=data["hours_expected"],
            at=now,
        )
        messages.success(
            request, _("The hours are stored, and your reserved room follows them.")
        )

    is_first = asked.status == RequestStatus.ACCEPTED
    return _act(
        request,
        asked,
        Act(
            title=_("Hours after the intake") if is_first else _("Look at the hours"),
            lead=_("Until now %(band)s was reserved for this client.")
            % {"band": say_band(asked.hours_low, asked.hours_high)}
            if is_first
            else _("Now: %(hours)s.")
            % {"hours": say_hours_a_week(asked.hours_set or asked.hours_high)},
            consequences=[],
            button=_("Store the hours"),
            form=HoursForm,
            initial=initial_hours(asked.hours_set, today=timezone.localdate(now)),
            draft=f"care-hours-{asked.number}",
            do=store,
        ),
        at=now,
    )


@require_POST
@professional_page
def start(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Say that care has started; a second press finds it so."""
    try:
        asked = _own_client(actor, number, "start care")
        start_care(actor=actor, request_id=asked.pk, at=timezone.now())
    except NotNow as error:
        return _not_now(request, number, error)
    messages.success(request, _("Care has started. Thank you."))
    return redirect("referrals:request", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def end(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """End care with a reason; asks once."""
    now = timezone.now()
    try:
        asked = _own_client(actor, number, "end care")
    except NotNow as error:
        return _not_now(request, number, error)

    def close(form: CareForm) -> None:
        if form.cleaned_data["reason"] == CloseReason.DIED:
            report_death(actor=actor, request_id=asked.pk, at=now)
            messages.success(request, RECORDED)
            return
        end_care(
            actor=actor,
            request_id=asked.pk,
            reason=form.cleaned_data["reason"],
            at=now,
        )
        messages.success(request, _("Care has ended. Your room is free again."))

    return _act(
        request,
        asked,
        Act(
            title=_("End care"),
            lead="",
            consequences=[
                _("The reserved room of your team is free again."),
                _("Who asked, and the client, see that care has ended."),
            ],
            button=_("Yes, end care"),
            form=EndForm,
            initial={},
            draft="",
            do=close,
        ),
        at=now,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def give_back(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Give the client back to the coordinator; asks once."""
    return _return_client(
        request,
        actor,
        number,
        title=_("Give the client back"),
        button=_("Yes, give back"),
        form=GiveBackForm,
        do=lambda asked, form, at: reopen_request(
            actor=actor, request_id=asked.pk, at=at, **form.cleaned_data
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def stop(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Stop an assignment on a safety ground; asks once."""
    return _return_client(
        request,
        actor,
        number,
        title=_("Stop the assignment"),
        button=_("Yes, stop it"),
        form=StopForm,
        do=lambda asked, form, at: stop_assignment(
            actor=actor, request_id=asked.pk, at=at, **form.cleaned_data
        ),
    )


@dataclass(frozen=True)
class Act:
    """One act on a client, as its page shows it and as it is done."""

    title: str
    lead: str
    consequences: list[str]
    button: str
    form: type[CareForm]
    initial: dict[str, Any]
    draft: str
    do: Callable[[Any], None]


def _return_client(
    request: HttpRequest,
    actor: Actor,
    number: str,
    *,
    title: str,
    button: str,
    form: type[CareForm],
    do: Callable[["ServiceRequest", CareForm, datetime], object],
) -> HttpResponse:
    now = timezone.now()
    try:
        asked = _own_client(actor, number, "re-open")
    except UnknownRequest:
        if not _gave_back_before(actor, number):
            raise
        messages.info(request, _("Your team has given this client back already."))
        return redirect("referrals:clients")
    except NotNow as error:
        return _not_now(request, number, error)

    def give(filled: CareForm) -> None:
        do(asked, filled, now)
        messages.success(
            request,
            _(
                "The client is with the coordinator again, who looks for another team. "
                "Your room is free again."
            ),
        )

    return _act(
        request,
        asked,
        Act(
            title=title,
            lead="",
            consequences=[
                _("A coordinator has the client in hand from that moment."),
                _("Another team is looked for at once."),
                _("Your team sees the name and address no more."),
            ],
            button=button,
            form=form,
            initial={},
            draft="",
            do=give,
        ),
        at=now,
        back_to="referrals:clients",
    )


def _act(
    request: HttpRequest,
    asked: "ServiceRequest",
    act: Act,
    *,
    at: datetime,
    back_to: str = "referrals:request",
) -> HttpResponse:
    status = HTTPStatus.OK
    if request.method == "POST":
        form = act.form(request.POST)
        if form.is_valid():
            try:
                act.do(form)
            except InvalidRequest as error:
                form.refuse(error)
            except NotNow as error:
                return _not_now(request, asked.number, error)
            else:
                if back_to == "referrals:request":
                    return redirect(back_to, number=asked.number)
                return redirect(back_to)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = act.form(initial=act.initial)
    return render(
        request,
        "referrals/care_act.html",
        {
            "now": at,
            "number": asked.number,
            "tasks": say_tasks(asked.tasks),
            "back_url": reverse("referrals:request", args=[asked.number]),
            "act": act,
            "form": form,
        },
        status=status,
    )


def _not_now(request: HttpRequest, number: str, error: NotNow) -> HttpResponse:
    """Lead back to the request, which shows how it stands; sent twice does no harm."""
    messages.warning(request, str(error))
    return redirect("referrals:request", number=number)


def _own_client(actor: Actor, number: str, act: str) -> "ServiceRequest":
    """Return a client of the reader's team that ``act`` is possible for.

    Raises
    ------
    UnknownRequest
        If the reader may not know of the request.
    NotPermitted
        If another team has the client.
    NotNow
        If the state does not allow it.
    """
    asked = find_request(number)
    target = team_target(asked)
    check_can_see_request(actor, asked, target)
    if target is None:
        check_can_give_care(actor)
    else:
        check_can_give_care(actor, target)
    if asked.status not in PLACED and act != "end care":
        act = "set hours"  # Re-opening what is closed is for who sent it.
    next_status(act, asked.status)
    return asked


def _gave_back_before(actor: Actor, number: str) -> bool:
    return any(
        can_give_care(actor, get_service_target(service_id))
        for service_id in list_former_teams(find_request(number).pk)
    )
