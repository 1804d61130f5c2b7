"""Duties in and out: a roster as a file, a week repeated, a calendar address."""

import base64
import binascii
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import InvalidValue, NotPermitted
from wijkspil.core.typed_values import read_id
from wijkspil.directory.errors import AlreadyChanged, UnknownEntry
from wijkspil.directory.forms.duty import CalendarForm, DutyFileForm, RepeatForm
from wijkspil.directory.permissions import can_edit_duty, check_can_view_duty_person
from wijkspil.directory.selectors.duty import list_written_duties
from wijkspil.directory.selectors.listing import get_area_id
from wijkspil.directory.services.duty import record_week_read
from wijkspil.directory.services.duty_calendars import (
    list_calendars,
    make_calendar,
    read_calendar,
    revoke_calendar,
)
from wijkspil.directory.services.duty_exchange import (
    DutyPlan,
    PlanKind,
    RefusedRoster,
    import_duties,
    plan_import,
    plan_repeat,
    repeat_week,
)
from wijkspil.directory.services.duty_files import (
    UnreadableDutyFile,
    write_csv,
    write_ics,
)
from wijkspil.directory.views.duty_week import (
    Question,
    end_of_export,
    read_question,
    scope_of,
)
from wijkspil.directory.views.manage import both_methods
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_period
from wijkspil.ui.navigation import Crumb

#: Lines of a plan that are shown; all are counted.
MOST_LINES = 200

_TONES = {
    PlanKind.NEW: "good",
    PlanKind.CHANGED: "limited",
    PlanKind.SAME: "unknown",
    PlanKind.PAST: "unknown",
    PlanKind.REFUSED: "now",
}


def plan_words() -> dict[PlanKind, str]:
    """Return what each kind of line is called."""
    return {
        PlanKind.NEW: _("New"),
        PlanKind.CHANGED: _("Changed"),
        PlanKind.SAME: _("Is there already"),
        PlanKind.PAST: _("Is over, left out"),
        PlanKind.REFUSED: _("Cannot be entered"),
    }


def _plan_context(plan: DutyPlan) -> dict[str, Any]:
    """Return a plan for the page: what is refused first, then in order."""
    lines = sorted(plan.lines, key=lambda x: (x.kind is not PlanKind.REFUSED, x.line))
    words = plan_words()
    return {
        "plan": plan,
        "counts": [
            (words[kind], n, _TONES[kind])
            for kind in PlanKind
            if (n := plan.count(kind))
        ],
        "lines": [
            {
                "line": line.line,
                "word": words[line.kind],
                "tone": _TONES[line.kind],
                "person": line.duty.person_name if line.duty else "",
                "period": say_period(line.duty.valid_from, line.duty.valid_until)
                if line.duty and line.duty.valid_from < line.duty.valid_until
                else "",
                "rank": line.duty.rank if line.duty else "",
                "reasons": [str(cell) for cell in line.reasons],
            }
            for line in lines[:MOST_LINES]
        ],
        "n_more": max(0, len(lines) - MOST_LINES),
        "n_effect": plan.count("new") + plan.count("changed"),
        "n_refused": plan.count("refused"),
    }


def _check_editor(actor: Actor) -> None:
    if not can_edit_duty(actor):
        raise NotPermitted(_("You cannot enter duties. The planner of a team can."))


def _say_done(plan: DutyPlan) -> str:
    n = plan.count("new") + plan.count("changed")
    return ngettext("%(n)d duty is entered.", "%(n)d duties are entered.", n) % {"n": n}


# --- a file in


@both_methods
@professional_page
def import_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take a roster: choose a file, look at what would change, enter it."""
    _check_editor(actor)
    asked = read_question(request, actor)
    services = asked.services()
    now = timezone.now()
    context: dict[str, Any] = {
        "asked": asked,
        "crumbs": _crumbs(asked, Crumb(_("Take in a roster"))),
        "back_url": asked.url,
    }
    status = HTTPStatus.OK
    if request.method == "POST" and "content" in request.POST:
        try:
            plan = _apply_previewed(request, actor)
        except (AlreadyChanged, RefusedRoster, UnreadableDutyFile) as error:
            messages.warning(request, str(error).splitlines()[0])
            return redirect(f"{reverse('directory:duty-import')}?{asked.query()}")
        messages.success(request, _say_done(plan))
        return redirect(asked.url)
    if request.method == "POST":
        form = DutyFileForm(request.POST, request.FILES, services=services)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            file, service_id = form.cleaned_data["file"], form.cleaned_data["service"]
            content = file.read()
            try:
                area = form.cleaned_data["area"]
                area_id = get_area_id(*area) if area else None
                plan = plan_import(
                    actor=actor,
                    name=file.name,
                    content=content,
                    at=now,
                    service_id=service_id or None,
                    area_id=area_id,
                )
            except UnreadableDutyFile as error:
                form.add_error("file", str(error))
            except UnknownEntry as error:
                form.add_error("area", str(error))
            else:
                status = HTTPStatus.OK
                context |= _plan_context(plan) | {
                    "content": base64.b64encode(content).decode(),
                    "service_id": service_id or "",
                    "area_id": area_id or "",
                }
    else:
        form = DutyFileForm(services=services)
    return render(
        request,
        "directory/duty_import.html",
        {**context, "form": form},
        status=status,
    )


def _apply_previewed(request: HttpRequest, actor: Actor) -> DutyPlan:
    try:
        content = base64.b64decode(request.POST["content"], validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableDutyFile(
            _("The file did not arrive whole. Choose it again.")
        ) from None
    return import_duties(
        actor=actor,
        name=request.POST.get("name", ""),
        content=content,
        at=timezone.now(),
        service_id=read_id(request.POST.get("service", "")),
        area_id=read_id(request.POST.get("area", "")),
        expected=request.POST.get("signature", ""),
    )


# --- a week again


@both_methods
@professional_page
def repeat(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Repeat a week: choose until when, look at what would happen, enter it."""
    _check_editor(actor)
    asked = read_question(request, actor)
    services = asked.services()
    sent = request.POST if request.method == "POST" else request.GET
    is_asked = "until" in sent
    form = RepeatForm(sent if is_asked else None, services=services)
    context: dict[str, Any] = {
        "asked": asked,
        "crumbs": _crumbs(asked, Crumb(_("Repeat this week"))),
        "back_url": asked.url,
    }
    status = HTTPStatus.OK
    if is_asked and form.is_valid():
        chosen = form.cleaned_data["service"]
        what: dict[str, Any] = {
            "actor": actor,
            "service_ids": [chosen] if chosen else [s.id for s in services],
            "monday": asked.week.monday,
            "until": form.cleaned_data["until"],
            "at": timezone.now(),
        }
        try:
            if request.method == "POST":
                done = repeat_week(**what, expected=request.POST.get("signature", ""))
                messages.success(request, _say_done(done))
                return redirect(asked.url)
            context |= _plan_context(plan_repeat(**what))
        except AlreadyChanged as error:
            messages.warning(request, str(error))
            context |= _plan_context(plan_repeat(**what))
        except InvalidValue as error:
            form.add_error("until", str(error))
    if is_asked and form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request, "directory/duty_repeat.html", {**context, "form": form}, status=status
    )


# --- files out


@require_safe
@professional_page
def export_csv(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send eight weeks of duties as CSV; written down as an export."""
    return _send(
        request,
        actor,
        "csv",
        "text/csv; charset=utf-8",
        lambda duties, name: write_csv(duties),
    )


@require_safe
@professional_page
def export_ics(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send eight weeks of duties as a calendar; written down as an export."""
    return _send(
        request,
        actor,
        "ics",
        "text/calendar; charset=utf-8",
        lambda duties, name: write_ics(
            duties, name=name, with_names=True, with_phone=True
        ),
    )


def _send(
    request: HttpRequest,
    actor: Actor,
    suffix: str,
    content_type: str,
    write: Callable[[Any, str], str],
) -> HttpResponse:
    check_can_view_duty_person(actor)
    asked = read_question(request, actor)
    service_id = read_id(request.GET.get("dienst", ""))
    ids = [s.id for s in asked.services() if service_id in (None, s.id)]
    duties = list_written_duties(
        service_ids=ids,
        period=end_of_export(asked.week),
        person_name=request.GET.get("naam", "")[:120],
    )
    record_week_read(
        actor=actor,
        region_id=asked.region.id,
        week=asked.week.code,
        at=timezone.now(),
        is_file=True,
    )
    name = f"{_('duties')}-{asked.week.code}".lower()
    response = HttpResponse(write(duties, name), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    response["Cache-Control"] = "private, no-store"
    return response


# --- calendar addresses


@both_methods
@professional_page
def show_calendars(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show my calendar addresses, and make one; the address is shown once."""
    scope = scope_of(actor)
    services = (
        scope.services
        if scope.services is not None
        else read_question(request, actor).services()
    )
    address = ""
    form = CalendarForm(
        request.POST if request.method == "POST" else None, services=services
    )
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            made = make_calendar(
                actor=actor,
                service_id=form.cleaned_data["service"],
                at=timezone.now(),
                person_name=form.cleaned_data["person_name"],
                with_phone=form.cleaned_data["with_phone"],
            )
            status = HTTPStatus.OK
            address = request.build_absolute_uri(
                reverse("directory:duty-calendar", args=[made.token])
            )
    response = render(
        request,
        "directory/duty_calendars.html",
        {
            "form": form,
            "address": address,
            "calendars": list_calendars(actor=actor),
            "n_services": len(services),
            "crumbs": [
                Crumb(_("Duties"), reverse("directory:duty-week")),
                Crumb(_("In your own calendar")),
            ],
        },
        status=status,
    )
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@professional_page
def revoke(request: HttpRequest, actor: Actor, calendar_id: int) -> HttpResponse:
    """Let a calendar address answer no more."""
    revoke_calendar(actor=actor, calendar_id=calendar_id, at=timezone.now())
    messages.success(request, _("The address does not answer any more."))
    return redirect("directory:duty-calendars")


@require_safe
@never_cache
def send_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Send the calendar behind a private address; the token is the permission."""
    calendar = read_calendar(token=token, at=timezone.now())
    response = HttpResponse(calendar.ics, content_type="text/calendar; charset=utf-8")
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _crumbs(asked: Question, last: Crumb) -> list[Crumb]:
    return [Crumb(_("Duties"), asked.url), last]
