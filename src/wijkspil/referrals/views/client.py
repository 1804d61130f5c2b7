"""The client's page: a private link shows how far it is, a code shows the rest.

Nobody signs in. The link alone says nothing about health and names nobody. After the
code a session of this browser keeps, for half an hour, that this link was opened; the
code itself is not kept. Searching machines and caches get nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from wijkspil.accounts.audit_trail import list_events_of
from wijkspil.core.private_links import WrongCode
from wijkspil.directory.selectors.care_teams import (
    get_organization_names,
    list_teams_around,
)
from wijkspil.directory.types import Care
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.forms.client import ObjectionForm, TakeBackForm
from wijkspil.referrals.policies import can
from wijkspil.referrals.selectors.requests import get_request, team_target
from wijkspil.referrals.selectors.timeline import (
    FOR_CLIENTS,
    find_coordinator_number,
    find_organization_number,
    find_team_number,
    list_consents,
    team_names,
)
from wijkspil.referrals.services.changes import report_death_for_client
from wijkspil.referrals.services.consent import (
    CLIENT,
    record_objection,
    show_to_client,
)
from wijkspil.referrals.services.links import check_code, find_by_link
from wijkspil.referrals.services.steering import withdraw_for_client
from wijkspil.referrals.types import PLACED, UNPLACED, CloseReason, RequestStatus
from wijkspil.referrals.wording import (
    say_accesses,
    say_day,
    say_hours_a_week,
    say_kept_place,
    say_need,
    service_of_purpose,
)
from wijkspil.ui.navigation import Step
from wijkspil.ui.private_pages import (
    OPEN_FOR,
    CodeForm,
    close_link,
    is_link_open,
    open_link,
    private_page,
)

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest

STEPS = (
    gettext_lazy("Request sent"),
    gettext_lazy("We look for a team"),
    gettext_lazy("A team is found"),
    gettext_lazy("First talk"),
    gettext_lazy("It starts"),
)
#: How many steps are done, by state; what is closed early has no steps.
_DONE = {
    RequestStatus.OPEN: 1,
    RequestStatus.OFFERED: 1,
    RequestStatus.BRIDGED: 1,
    RequestStatus.ACCEPTED: 3,
    RequestStatus.INTAKE_DONE: 4,
    RequestStatus.IN_CARE: 5,
    RequestStatus.ENDED: 5,
}
_STANDING = {
    RequestStatus.OPEN: gettext_lazy("We are looking for a team for you"),
    RequestStatus.OFFERED: gettext_lazy("We asked a team and wait for the answer"),
    RequestStatus.BRIDGED: gettext_lazy("We are looking for a permanent team for you"),
    RequestStatus.ACCEPTED: gettext_lazy("A team is found"),
    RequestStatus.INTAKE_DONE: gettext_lazy("The first talk was held"),
    RequestStatus.IN_CARE: gettext_lazy("It has started"),
    RequestStatus.PAUSED: gettext_lazy("Your request is on hold for now"),
    RequestStatus.ENDED: gettext_lazy("This request is closed"),
    RequestStatus.TEMPORARY_STAY: gettext_lazy("This request is closed"),
    RequestStatus.MEDIATION: gettext_lazy("Your insurer looks further for you"),
    RequestStatus.WITHDRAWN: gettext_lazy("This request was taken back"),
    RequestStatus.CANCELLED: gettext_lazy("This request is closed"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show how far it is; with the code also who comes and what is known."""
    now = timezone.now()
    request_id = find_by_link(token, at=now)
    form, status = CodeForm(), HTTPStatus.OK
    if request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid():
            try:
                check_code(token, form.cleaned_data["code"], at=now)
            except WrongCode as error:
                form.add_error("code", str(error))
            else:
                open_link(request, token, at=now)
                return redirect("referrals:client", token)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    row = get_request(request_id)
    context: dict[str, Any] = {"now": now, "token": token, "form": form}
    context |= _progress(row, at=now)
    if request.method != "POST" and is_link_open(request, token, at=now):
        context |= _details(row, at=now)
        context["objection"] = _objection_form(row, at=now)
    return render(request, "referrals/client_page.html", context, status=status)


@require_POST
@private_page
def close(request: HttpRequest, token: str) -> HttpResponse:
    """Close the rest of the page on this device."""
    find_by_link(token, at=timezone.now())
    close_link(request, token)
    messages.success(request, _("The details are closed on this device."))
    return redirect("referrals:client", token)


@require_POST
@private_page
def object_to_provider(request: HttpRequest, token: str) -> HttpResponse:
    """Keep that one provider may not get the request."""
    now = timezone.now()
    row = get_request(find_by_link(token, at=now))
    if not is_link_open(request, token, at=now):
        return _ask_code_again(request, token)
    form = _objection_form(row, at=now, data=request.POST)
    if form is not None and form.is_valid():
        try:
            record_objection(
                actor=CLIENT,
                request_id=row.pk,
                organization_id=form.cleaned_data["organization"],
                at=now,
            )
        except (InvalidRequest, NotNow) as error:
            messages.warning(request, str(error))
        else:
            messages.success(
                request, _("It is written down. This provider is not asked.")
            )
        return redirect("referrals:client", token)
    context = {"now": now, "token": token, "objection": form, "form": CodeForm()}
    context |= _progress(row, at=now) | _details(row, at=now)
    return render(
        request,
        "referrals/client_page.html",
        context,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def take_back(request: HttpRequest, token: str) -> HttpResponse:
    """Take the request back, with a reason; asked once."""
    now = timezone.now()
    row = get_request(find_by_link(token, at=now))
    if not is_link_open(request, token, at=now):
        return _ask_code_again(request, token)
    if not can("withdraw", row.status):
        return redirect("referrals:client", token)
    form, status = TakeBackForm(request.POST or None), HTTPStatus.OK
    if request.method == "POST":
        if form.is_valid():
            try:
                _take_back(row.pk, form.cleaned_data["reason"], at=now)
            except NotNow as error:
                messages.warning(request, str(error))
            else:
                if form.cleaned_data["reason"] == CloseReason.DIED:
                    return redirect("referrals:client", token)
                messages.success(
                    request,
                    _("Your request was taken back. No team is asked any more."),
                )
            return redirect("referrals:client", token)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/client_take_back.html",
        {"now": now, "token": token, "form": form},
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def ask_other_team(request: HttpRequest, token: str) -> HttpResponse:
    """Object to the provider that has the client; asked once."""
    now = timezone.now()
    row = get_request(find_by_link(token, at=now))
    if not is_link_open(request, token, at=now):
        return _ask_code_again(request, token)
    team = team_target(row) if row.status in PLACED else None
    if team is None or team.organization_id is None:
        return redirect("referrals:client", token)
    names = get_organization_names([team.organization_id])
    context = {
        "now": now,
        "token": token,
        "organization_id": team.organization_id,
        "provider": names.get(team.organization_id, ""),
        "is_in_care": row.status == RequestStatus.IN_CARE,
        "coordinator": find_coordinator_number(
            row.postcode, at=now, audiences=FOR_CLIENTS
        ),
    }
    if request.method != "POST":
        return render(request, "referrals/client_other_team.html", context)
    if request.POST.get("organization") != str(team.organization_id):
        # The page was opened when another provider had the client, or none.
        messages.warning(
            request, _("Another team has come since. Look who comes to you now.")
        )
        return redirect("referrals:client", token)
    try:
        record_objection(
            actor=CLIENT,
            request_id=row.pk,
            organization_id=team.organization_id,
            at=now,
        )
    except NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("It is written down. We look for another team for you.")
        )
    return redirect("referrals:client", token)


def _take_back(request_id: int, reason: str, *, at: datetime) -> None:
    if reason == CloseReason.DIED:
        report_death_for_client(request_id=request_id, at=at)
    else:
        withdraw_for_client(request_id=request_id, reason=reason, at=at)


# --- the code, kept as "opened" for half an hour


def _ask_code_again(request: HttpRequest, token: str) -> HttpResponse:
    messages.warning(
        request, _("Half an hour has passed. Fill in the code again to go on.")
    )
    return redirect("referrals:client", token)


# --- what is shown


def _progress(row: ServiceRequest, *, at: datetime) -> dict[str, Any]:
    """Return what the link alone shows: nothing about health, and no name."""
    status = RequestStatus(row.status)
    has_died = row.close_reason == CloseReason.DIED
    done = None if has_died else _DONE.get(status)
    steps = (
        []
        if done is None
        else [
            Step(
                label,
                "done" if place < done else "current" if place == done else "todo",
            )
            for place, label in enumerate(STEPS)
        ]
    )
    return {
        "standing": _("This request is closed") if has_died else _STANDING[status],
        "has_died": has_died,
        "on_hold": _("Call who sent the request when you know when you need it again.")
        if status == RequestStatus.PAUSED
        else "",
        "tone": "good" if status in PLACED else "info",
        "steps": steps,
        "hear_by": row.due_at
        if status in (*UNPLACED, RequestStatus.ACCEPTED)
        else None,
        "is_late": row.overdue_since is not None and status != RequestStatus.PAUSED,
        "number": row.number,
        "coordinator": find_coordinator_number(
            row.postcode, at=at, audiences=FOR_CLIENTS
        ),
        "requester": find_organization_number(
            row.requester_organization_id, at=at, audiences=FOR_CLIENTS
        ),
        "is_open": False,
        "opened_minutes": int(OPEN_FOR.total_seconds() // 60),
    }


def _details(row: ServiceRequest, *, at: datetime) -> dict[str, Any]:
    """Return what the code opens; who it is about is shown, so that is logged."""
    today = timezone.localdate(at)
    patient = show_to_client(request_id=row.pk, at=at)
    accesses = list_events_of("patient", row.pk)
    names = team_names(
        [row.placed_service_id, *(service_of_purpose(a.purpose) for a in accesses)]
    )
    own = [event for event in accesses if event.actor_label == "client"]
    return {
        "is_open": True,
        "patient": patient,
        "team_name": names.get(row.placed_service_id or 0, "")
        if row.status in PLACED
        else "",
        "team": find_team_number(row.placed_service_id, at=at, audiences=FOR_CLIENTS)
        if row.status in PLACED
        else None,
        "paused": _say_paused(row, names) if row.status == RequestStatus.PAUSED else "",
        "first_visit": say_day(row.first_visit_on, today),
        "hours": "" if row.hours_set is None else say_hours_a_week(row.hours_set),
        "review": _say_day_or_nothing(row.review_on, today),
        "bridged_by": row.bridged_by if row.status == RequestStatus.BRIDGED else "",
        "requester_name": row.requester_name,
        "need": say_need(row),
        "seen": say_accesses(
            [event for event in accesses if event.actor_label != "client"], names
        ),
        "own_times": len(own),
        "consents": list_consents(row.pk),
        "can_take_back": can("withdraw", row.status),
    }


def _say_paused(row: ServiceRequest, names: Mapping[int, str]) -> str:
    if row.placed_service_id is None:
        return _("You are admitted. We look for a team when you come home.")
    kept = say_kept_place(
        names.get(row.placed_service_id, _("The team")), row.room_kept_until
    )
    return _("You are admitted. %(kept)s") % {"kept": kept}


def _say_day_or_nothing(day: date | None, today: date) -> str:
    return "" if day is None else say_day(day, today)


def _objection_form(
    row: ServiceRequest, *, at: datetime, data: Any = None
) -> ObjectionForm | None:
    """Return the form with every provider around that could still be asked."""
    if row.status not in UNPLACED:
        return None
    around = list_teams_around(row.place_id, care=Care.DISTRICT_NURSING, at=at)
    providers = {
        team.organization_id: team.organization_name
        for team in around
        if team.organization_id not in row.refused_organizations
    }
    ordered = sorted(providers.items(), key=lambda item: item[1])
    return ObjectionForm(data, providers=ordered) if ordered else None
