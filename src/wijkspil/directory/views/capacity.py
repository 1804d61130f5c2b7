"""Capacity: a nurse says in ten seconds how much room her team has."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import Conflict, NotPermitted
from wijkspil.core.typed_values import read_id
from wijkspil.directory.errors import InvalidCapacity, RoomTakenSince
from wijkspil.directory.forms.capacity import CapacityForm, initial_of
from wijkspil.directory.permissions import (
    REPORT_CAPACITY,
    can_report_capacity,
    can_view_capacity_history,
    check_can_report_capacity,
    check_can_view_capacity_history,
)
from wijkspil.directory.room import derive_room
from wijkspil.directory.selectors.capacity import (
    as_room_report,
    get_newest_reservation_id,
    list_reports,
)
from wijkspil.directory.selectors.listing import (
    TeamRow,
    get_team,
    list_reporting_teams,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.capacity import (
    confirm_capacity,
    repeat_report,
    report_capacity,
)
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.directory.wording import say_capacity


@require_safe
@professional_page
def list_my_teams(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the teams the reader may report for; with one team, go there."""
    if not can_report_capacity(actor):
        raise NotPermitted(
            _(
                "Reporting room is for members of a team and their manager. Ask the "
                "manager of your organization to add you to a team."
            )
        )
    reach = reach_of(actor, REPORT_CAPACITY)
    now = timezone.now()
    teams = list_reporting_teams(
        service_ids=reach.service_ids, organization_ids=reach.organization_ids, at=now
    )
    if len(teams) == 1:
        return redirect("directory:capacity", service_id=teams[0].id)
    return render(
        request, "directory/capacity_teams.html", {"now": now, "teams": teams}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def report(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Show the last report with its age; take a new one."""
    target = get_service_target(service_id)
    check_can_report_capacity(actor, target)
    now = timezone.now()
    # Read before the room: what is taken in between is asked about, not overlooked.
    seen_reservation_id = get_newest_reservation_id(service_id)
    team = get_team(service_id, at=now)
    form_args: dict[str, Any] = {
        "today": timezone.localdate(now),
        "tasks": team.tasks,
    }
    status = HTTPStatus.OK
    if request.method == "POST":
        form = CapacityForm(request.POST, **form_args)
        if form.is_valid():
            try:
                report_capacity(
                    actor=actor,
                    service_id=service_id,
                    capacity=form.capacity(),
                    at=now,
                    seen_report_id=form.cleaned_data["seen_report_id"],
                    seen_reservation_id=form.cleaned_data["seen_reservation_id"],
                )
            except InvalidCapacity as error:
                form.refuse(error)
            except RoomTakenSince as error:
                form.ask_again(error)
                status = HTTPStatus.CONFLICT
                return _page(request, actor, target, team, form, at=now, status=status)
            else:
                messages.success(request, _("Your room is stored. Thank you."))
                return redirect("directory:capacity", service_id=service_id)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = CapacityForm(
            initial=initial_of(team.report, report_id=team.report_id)
            | {"seen_reservation_id": seen_reservation_id},
            **form_args,
        )
    return _page(request, actor, target, team, form, at=now, status=status)


@require_POST
@professional_page
def confirm(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Take "still true": one tap."""
    try:
        confirm_capacity(
            actor=actor,
            service_id=service_id,
            at=timezone.now(),
            seen_report_id=read_id(request.POST.get("seen_report_id", "")),
        )
    except Conflict as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Thank you. Your report counts anew from now."))
    return redirect("directory:capacity", service_id=service_id)


@require_safe
@professional_page
def show_history(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """List what the team reported, newest first."""
    target = get_service_target(service_id)
    check_can_view_capacity_history(actor, target)
    now = timezone.now()
    rows = [(row, as_room_report(row)) for row in list_reports(service_id)]
    return render(
        request,
        "directory/capacity_history.html",
        {
            "now": now,
            "team": get_team(service_id, at=now),
            "can_report": can_report_capacity(actor, target),
            "reports": [
                {
                    "id": row.pk,
                    "words": say_capacity(told),
                    "at": row.reported_at,
                    "by": row.reporter_label,
                    "source": row.get_source_display(),
                    # What it said while it counted, not whether it still counts.
                    "room": derive_room(told, at=row.reported_at),
                    "is_newest": place == 0,
                }
                for place, (row, told) in enumerate(rows)
            ],
        },
    )


@require_POST
@professional_page
def report_again(
    request: HttpRequest, actor: Actor, service_id: int, report_id: int
) -> HttpResponse:
    """Report once more what is left of an earlier report: the undo of this page."""
    try:
        repeat_report(
            actor=actor,
            service_id=service_id,
            report_id=report_id,
            at=timezone.now(),
        )
    except InvalidCapacity as error:
        messages.warning(
            request,
            _("The earlier report cannot be reported again. %(why)s")
            % {"why": str(error)},
        )
    else:
        messages.success(request, _("The earlier report counts again from now."))
    return redirect("directory:capacity", service_id=service_id)


def _page(
    request: HttpRequest,
    actor: Actor,
    target: Target,
    team: TeamRow,
    form: CapacityForm,
    *,
    at: datetime,
    status: int,
) -> HttpResponse:
    return render(
        request,
        "directory/capacity.html",
        {
            "now": at,
            "team": team,
            "form": form,
            "can_view_history": can_view_capacity_history(actor, target),
            "folded_open": bool(
                form["tasks_excluded"].errors or form["hours_per_week"].errors
            ),
        },
        status=status,
    )
