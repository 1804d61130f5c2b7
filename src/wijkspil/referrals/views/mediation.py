"""What was handed to the insurer: a list that turns red, and how each one goes on.

The insurer sees the number, the area teams may see, what is asked and how soon; never
who the client is. It writes down the course; coordinators read along and can re-open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.types import Actor, Role
from wijkspil.core.errors import Conflict, InvalidValue, NotPermitted
from wijkspil.directory.selectors.care_teams import (
    get_service_names,
    list_services_by_organization,
)
from wijkspil.directory.selectors.management import list_coverage_regions
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.directory.types import AreaKind, Care
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.referrals.errors import unknown_request
from wijkspil.referrals.forms.mediation import FoundForm, NobodyForm, PassedOnForm
from wijkspil.referrals.forms.steering import SteeringForm
from wijkspil.referrals.insurers import INSURERS
from wijkspil.referrals.permissions import (
    COORDINATE,
    FOLLOW_MEDIATION,
    can_coordinate,
    can_follow_mediation,
    check_can_follow_mediation,
    requester_target,
)
from wijkspil.referrals.selectors.mediation import (
    FOUND,
    NOBODY,
    WORKING_DAYS,
    Mediation,
    find_mediation,
    list_mediations,
)
from wijkspil.referrals.services.mediation import (
    pass_on,
    report_found,
    report_nobody,
)
from wijkspil.referrals.types import RequestStatus, Urgency
from wijkspil.referrals.views.desk import desk_tabs, ticked_ids
from wijkspil.referrals.wording import say_band, say_day, say_parts, say_tasks
from wijkspil.ui.navigation import Chip


@dataclass(frozen=True)
class Row:
    """A mediation in words."""

    number: str
    url: str
    area: str
    tasks: str
    parts: str
    band: str
    first_visit: str
    urgency: str
    insurer: str
    owner: str
    since: str
    due: str
    handed_at: datetime
    is_running: bool
    is_late: bool
    last: str
    last_at: datetime | None
    outcome: str


@dataclass(frozen=True)
class Act:
    """Something the insurer writes down: the page asks one question."""

    label: Any
    title: Any
    follows: Any
    done: Any
    form: type[SteeringForm]
    service: Callable[..., Any]


ACTS: Mapping[str, Act] = {
    "doorgezet": Act(
        gettext_lazy("Passed on"),
        gettext_lazy("To whom did you pass this request on?"),
        gettext_lazy("The request stays with you, until you say how it ended."),
        gettext_lazy("It is written down. The request stays with you."),
        PassedOnForm,
        pass_on,
    ),
    "gevonden": Act(
        gettext_lazy("A team was found"),
        gettext_lazy("Which team did you find?"),
        gettext_lazy(
            "The team gets the question and answers itself. A coordinator follows it."
        ),
        gettext_lazy("The team has the question now. A coordinator follows it."),
        FoundForm,
        report_found,
    ),
    "niemand": Act(
        gettext_lazy("Nobody was found"),
        gettext_lazy("Did you find nobody?"),
        gettext_lazy("A coordinator of the region has the request in hand again."),
        gettext_lazy("A coordinator of the region has the request in hand again."),
        NobodyForm,
        report_nobody,
    ),
}


@require_safe
@professional_page
def list_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what is with the insurer now, the longest first, and what came back."""
    check_can_follow_mediation(actor)
    reach = reach_of(actor, FOLLOW_MEDIATION)
    regions = list_coverage_regions(reach.region_ids)
    wanted = next(iter(ticked_ids([request.GET.get("regio", "")])), None)
    chosen = [r for r in regions if wanted in (None, r.id)]
    if not chosen:
        raise NotPermitted(
            _("Only the insurer and the coordinators see what was handed over.")
        )
    at = timezone.now()
    rows = [_row(one, at=at) for one in list_mediations([r.id for r in chosen], at=at)]
    late = sum(row.is_late for row in rows)
    return render(
        request,
        "referrals/mediation.html",
        {
            "now": at,
            "running": [row for row in rows if row.is_running],
            "returned": [row for row in rows if not row.is_running][::-1],
            "late": late,
            "late_words": ngettext(
                "%(n)d request is longer than %(days)d working days with the insurer",
                "%(n)d requests are longer than %(days)d working days with the insurer",
                late,
            )
            % {"n": late, "days": WORKING_DAYS},
            "days": WORKING_DAYS,
            "region_name": " · ".join(r.name for r in chosen),
            "region_chips": [
                Chip(r.name, f"?regio={r.id}", active=len(chosen) == 1 and r in chosen)
                for r in regions
            ]
            if len(regions) > 1
            else [],
            "is_insurer": Role.INSURER in actor.roles,
            "tabs": desk_tabs("mediation") if actor.holds(COORDINATE) else [],
        },
    )


@require_safe
@professional_page
def show(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show one mediation: what is asked, what was done, and what comes next."""
    at = timezone.now()
    found = _find(actor, number, at=at)
    return render(
        request,
        "referrals/mediation_detail.html",
        {
            "now": at,
            "row": _row(found, at=at),
            "steps": found.steps,
            "handed_by": found.handed_by,
            "acts": [
                (reverse("referrals:mediation-act", args=[number, key]), act.label)
                for key, act in ACTS.items()
            ]
            if found.is_running and _is_insurer(actor, found)
            else [],
            "request_url": reverse("referrals:request", args=[number])
            if can_coordinate(actor, requester_target(found.request))
            else "",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def act(request: HttpRequest, actor: Actor, number: str, act: str) -> HttpResponse:
    """Write down how it goes on; sending it twice does no harm."""
    at = timezone.now()
    found = _find(actor, number, at=at)
    chosen = ACTS.get(act)
    if chosen is None:
        raise unknown_request(number)
    if not _is_insurer(actor, found):
        raise NotPermitted(
            _("Only the insurer writes down how mediation goes. Re-open the request.")
        )
    back = reverse("referrals:mediation-request", args=[number])
    if not found.is_running:
        messages.warning(request, _("This request is no longer with the insurer."))
        return redirect(back)
    form = _form(chosen, found, request, at=at)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                chosen.service(
                    actor=actor,
                    request_id=found.request.pk,
                    at=at,
                    **form.cleaned_data,
                )
            except InvalidValue as error:
                form.refuse(error)
            except Conflict as error:
                messages.warning(request, str(error))
                return redirect(back)
            else:
                messages.success(request, chosen.done)
                return redirect(back)
    return render(
        request,
        "referrals/mediation_act.html",
        {
            "form": form,
            "title": chosen.title,
            "follows": chosen.follows,
            "button": chosen.label,
            "back_url": back,
            "row": _row(found, at=at),
        },
        status=status,
    )


def _find(actor: Actor, number: str, *, at: datetime) -> Mediation:
    check_can_follow_mediation(actor)
    found = find_mediation(number, at=at)
    if found is None or not can_follow_mediation(
        actor, requester_target(found.request)
    ):
        raise unknown_request(number)
    return found


def _is_insurer(actor: Actor, found: Mediation) -> bool:
    return any(
        grant.role == Role.INSURER and grant.region_id == found.request.region_id
        for grant in actor.grants
    )


def _form(
    chosen: Act, found: Mediation, request: HttpRequest, *, at: datetime
) -> SteeringForm:
    sent = request.POST if request.method == "POST" else None
    if chosen.form is FoundForm:
        return FoundForm(sent, teams=_teams(found, at=at))
    return chosen.form(sent)


def _teams(found: Mediation, *, at: datetime) -> Sequence[tuple[int, str]]:
    """Return the teams of the region by name (three queries), none refused."""
    here = list_home_care_of_region(found.request.region_id, at=at)
    services = list_services_by_organization(here, care=Care.DISTRICT_NURSING)
    names = get_service_names(services)
    return sorted(
        (
            (pk, f"{organization}: {name}")
            for pk, (name, organization, organization_id) in names.items()
            if organization_id not in found.request.refused_organizations
        ),
        key=lambda item: item[1].casefold(),
    )


def _row(one: Mediation, *, at: datetime) -> Row:
    request = one.request
    last = one.steps[-1] if one.steps else None
    today = localdate(at)
    return Row(
        number=request.number,
        url=reverse("referrals:mediation-request", args=[request.number]),
        area=_say_area(one),
        tasks=say_tasks(request.tasks),
        parts=say_parts(request.parts_of_day),
        band=say_band(request.hours_low, request.hours_high),
        first_visit=say_day(request.first_visit_on, today),
        urgency=str(Urgency(request.urgency).label),
        insurer=INSURERS.get(request.insurer, request.insurer),
        owner=one.owner_name,
        since=_say_days(one.working_days),
        due=_say_due(one.due_on, today, is_late=one.is_late) if one.is_running else "",
        handed_at=one.handed_at,
        is_running=one.is_running,
        is_late=one.is_late,
        last=last.text if last else "",
        last_at=last.at if last else None,
        outcome=_say_outcome(one),
    )


def _say_area(one: Mediation) -> str:
    area = one.request.profile_area
    if area is None or area.kind == AreaKind.REGION:
        return _("somewhere in %(region)s") % {"region": one.request.region.name}
    return area.name or area.code


def _say_days(days: int) -> str:
    if not days:
        return _("today")
    return ngettext("%(n)d working day", "%(n)d working days", days) % {"n": days}


def _say_due(due_on: date, today: date, *, is_late: bool) -> str:
    if is_late:
        return _("should have been before the end of %(day)s") % {
            "day": say_day(due_on, today)
        }
    return _("before the end of %(day)s") % {"day": say_day(due_on, today)}


def _say_outcome(one: Mediation) -> str:
    if one.is_running:
        return str(RequestStatus(one.request.status).label)
    words = {
        FOUND: _("The insurer found a team"),
        NOBODY: _("The insurer found nobody"),
    }
    now = str(RequestStatus(one.request.status).label)
    said = words.get(one.ended, _("Taken back by the region"))
    return _("%(said)s; now: %(now)s") % {"said": said, "now": now}
