"""The nurse's screen: one thumb. I go, I cannot, I leave, I am there, done.

Before accepting nothing says who it is about. Afterwards everything that is needed to
act safely; each showing is logged, and the key safe apart.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor
from wijkspil.calls.errors import (
    AlertIsClosed,
    AnotherNurseGoes,
    CallNotNow,
    InvalidCall,
)
from wijkspil.calls.forms.acts import FinishForm, GlassForm, ReasonForm, ReportForm
from wijkspil.calls.models import Call
from wijkspil.calls.permissions import (
    ANSWER_CALL,
    READ_REPORT,
    REVIEW_BREAK_GLASS,
    can_answer_call,
)
from wijkspil.calls.policies import ACCESS_HOURS, can, is_within_access
from wijkspil.calls.selectors.calls import (
    list_alerts,
    list_calls_of_nurses,
    list_events,
    list_recent_calls_of_nurses,
    list_waiting_alerts,
)
from wijkspil.calls.services import alerts, course
from wijkspil.calls.services.disclosure import (
    break_glass,
    can_break_glass_of,
    get_visible_call,
    ground_of,
    knows_nurse,
    list_emergency_access,
    show_key_safe,
    show_patient,
)
from wijkspil.calls.services.reports import show_reports
from wijkspil.calls.types import (
    AccessBasis,
    AlertDeclineReason,
    CallStatus,
    Known,
    TreatmentLimit,
)
from wijkspil.calls.views.pages import (
    check_some,
    live_page,
    minute_of,
    nothing_new,
)
from wijkspil.calls.wording import say_alert, say_call, say_event
from wijkspil.core.errors import Conflict
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.ui.navigation import Crumb

_REFUSED = (CallNotNow, AlertIsClosed, AnotherNurseGoes, InvalidCall)


@require_safe
@live_page
def show_night(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the alerts to answer and the calls that run, for the reader's teams."""
    check_some(actor, ANSWER_CALL)
    now = timezone.now()
    reach = reach_of(actor, ANSWER_CALL)
    given: dict[str, Any] = {
        "service_ids": reach.service_ids,
        "organization_ids": reach.organization_ids,
    }
    waiting = list_waiting_alerts(**given)
    running = list_calls_of_nurses(**given, at=now)
    seen = "-".join(
        [
            minute_of(now),
            *(f"{alert.pk}{alert.status}" for alert in waiting),
            *(f"{call.pk}{call.status}" for call in running),
        ]
    )
    return nothing_new(request, seen) or render(
        request,
        "calls/night.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Unplanned calls")),
            ],
            "seen": seen,
            "waiting": [
                {
                    "alert": say_alert(alert),
                    "words": say_call(alert.call, at=now, hides_pc6=True),
                }
                for alert in waiting
            ],
            "running": [say_call(call, at=now) for call in running],
            "recent": [
                say_call(call, at=now)
                for call in list_recent_calls_of_nurses(
                    **given, since=now - timedelta(hours=ACCESS_HOURS)
                )
            ],
            "can_read_reports": actor.holds(READ_REPORT),
        },
    )


@require_safe
@live_page
def show_night_call(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show one call to the nurse: what to do next, where, and how to act safely."""
    call = get_visible_call(actor=actor, number=number)
    seen = f"{call.status}{call.check_in_missed_at is not None}"
    if request.headers.get("HX-Request") == "true":
        if request.GET.get("seen") == seen:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return HttpResponse(headers={"HX-Refresh": "true"})
    return _night_page(request, actor, call)


@require_POST
@professional_page
def open_key_safe(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show how to get in; an act of its own in the log."""
    try:
        text = show_key_safe(actor=actor, number=number, at=timezone.now())
    except CallNotNow as error:
        messages.warning(request, str(error))
        return redirect("calls:night-call", number=number)
    call = get_visible_call(actor=actor, number=number)
    return _night_page(request, actor, call, key_safe=text)


@require_POST
@professional_page
def act(request: HttpRequest, actor: Actor, number: str, what: str) -> HttpResponse:
    """Do one of the acts of one tap."""
    given: dict[str, Any] = {"actor": actor, "number": number, "at": timezone.now()}
    acts: dict[str, Callable[..., Call]] = {
        "ga": alerts.accept_call,
        "vertrek": course.leave,
        "ben-er": course.arrive,
        "veilig": course.check_in,
    }
    try:
        acts[what](**given)
    except AnotherNurseGoes as error:
        messages.warning(request, str(error))
        return redirect("calls:night")
    except _REFUSED as error:
        messages.warning(request, str(error))
    else:
        if what == "veilig":
            messages.success(request, _("Thank you. Until the next time."))
    return redirect("calls:night-call", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def refuse(request: HttpRequest, actor: Actor, number: str, what: str) -> HttpResponse:
    """Ask why the nurse cannot come, or cannot any more; the reason is the button."""
    call = get_visible_call(actor=actor, number=number)
    now = timezone.now()
    is_back = what == "teruggeven"
    form = ReasonForm(request.POST or None, choices=AlertDeclineReason.choices)
    if request.method == "POST" and form.is_valid():
        service = alerts.give_back_call if is_back else alerts.decline_call
        try:
            service(
                actor=actor,
                number=number,
                reason=form.cleaned_data["reason"],
                at=now,
            )
        except _REFUSED as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("Thank you. The next nurse is alerted now."))
        return redirect("calls:night")
    return render(
        request,
        "calls/reason.html",
        {
            "form": form,
            "title": _("Why can you not come any more?")
            if is_back
            else _("Why can you not come?"),
            "lead": _("Press the reason; the next nurse is alerted at once."),
            "reasons": AlertDeclineReason.choices,
            "words": say_call(call, at=now, hides_pc6=not alerts.goes(actor, call)),
            "back_url": reverse("calls:night-call", args=[number])
            if is_back
            else reverse("calls:night"),
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def finish(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Ask how it ended; once done, mend the report."""
    call = get_visible_call(actor=actor, number=number)
    now = timezone.now()
    is_done = call.status == CallStatus.DONE
    form = (
        ReportForm(request.POST or None, initial={"report": call.report})
        if is_done
        else FinishForm(request.POST or None)
    )
    if is_done and not alerts.goes(actor, call):
        return redirect("calls:night")
    if request.method == "POST" and form.is_valid():
        try:
            if isinstance(form, FinishForm):
                course.finish(
                    actor=actor, number=number, ended=form.as_finish(), at=now
                )
            else:
                course.write_report(
                    actor=actor,
                    number=number,
                    report=form.cleaned_data["report"],
                    at=now,
                )
        except Conflict as error:
            messages.warning(request, str(error))
        else:
            messages.success(
                request,
                _("Done. The client's own team reads your report in the morning."),
            )
        return redirect("calls:night")
    return render(
        request,
        "calls/finish.html",
        {
            "form": form,
            "words": say_call(call, at=now, hides_pc6=not alerts.goes(actor, call)),
            "is_done": is_done,
            "draft": f"call-{number}",
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def use_glass(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Ask why somebody must see the client now; it is reported."""
    call = get_visible_call(actor=actor, number=number)
    now = timezone.now()
    form = GlassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            break_glass(
                actor=actor,
                number=number,
                reason=form.cleaned_data["reason"],
                at=now,
            )
        except InvalidCall as error:
            form.add_error("reason", str(error))
        except CallNotNow as error:
            messages.warning(request, str(error))
            return redirect("calls:night-call", number=number)
        else:
            return redirect("calls:night-call", number=number)
    return render(
        request,
        "calls/glass.html",
        {"form": form, "words": say_call(call, at=now, hides_pc6=True)},
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


@require_safe
@professional_page
def show_glass(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List every emergency access for who reviews it; reading is logged."""
    reach = reach_of(actor, REVIEW_BREAK_GLASS)
    now = timezone.now()
    return render(
        request,
        "calls/glass_list.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Emergency access")),
            ],
            "rows": list_emergency_access(
                actor=actor,
                region_ids=reach.region_ids,
                is_everywhere=reach.is_everywhere,
                at=now,
            ),
        },
    )


@require_safe
@professional_page
def show_night_reports(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what was done at night for the reader's own clients; logged."""
    reach = reach_of(actor, READ_REPORT)
    now = timezone.now()
    reports = show_reports(
        actor=actor,
        service_ids=reach.service_ids,
        organization_ids=reach.organization_ids,
        at=now,
    )
    return render(
        request,
        "calls/reports.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Reports of the night")),
            ],
            "reports": [
                {
                    "words": say_call(report.call, at=now),
                    "name": report.patient_name,
                    "address": report.address,
                    "nurse": report.call.nurse_service,
                    "outcome": report.call.get_outcome_display()
                    or report.call.get_close_reason_display(),
                }
                for report in reports
            ],
        },
    )


def _night_page(
    request: HttpRequest, actor: Actor, call: Call, *, key_safe: str = ""
) -> HttpResponse:
    now = timezone.now()
    goes = alerts.goes(actor, call)
    ground = ground_of(actor, call, at=now)
    patient = (
        show_patient(actor=actor, number=call.number, at=now)
        if ground is not None
        else None
    )
    status = call.status
    mine = [
        alert
        for alert in list_alerts(call.pk)
        if can_answer_call(
            actor, alerts.team_target(alert.service_id, alert.service.organization_id)
        )
    ]
    # What other teams answered is no business of this one.
    own_teams = {alert.service_id for alert in mine}
    knows = knows_nurse(actor, call)
    return render(
        request,
        "calls/night_call.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("Unplanned calls"), reverse("calls:night")),
                Crumb(call.number),
            ],
            "call": call,
            "words": say_call(call, at=now, hides_pc6=ground is None),
            "seen": f"{status}{call.check_in_missed_at is not None}",
            "goes": goes,
            "mine": [say_alert(alert) for alert in mine],
            "can_answer": any(say_alert(a).may_accept for a in mine)
            and call.nurse_service_id is None
            and can("accept", status),
            "can_leave": goes and can("leave", status),
            "can_arrive": goes and can("arrive", status),
            "can_finish": goes and can("finish", status),
            "can_give_back": goes and can("give back", status),
            "can_check_in": goes and can("check in", status),
            "can_report": goes
            and status == CallStatus.DONE
            and is_within_access(call.started_at, at=now),
            "patient": patient,
            "limit": TreatmentLimit(patient.treatment_limit) if patient else None,
            "basis": AccessBasis(patient.basis).label if patient else "",
            "medication": Known(patient.medication_list_present).label
            if patient
            else "",
            "order": Known(patient.order_present).label if patient else "",
            "is_open": ground is not None,
            "can_break_glass": ground is None
            and status in (CallStatus.DONE, CallStatus.CANCELLED)
            and can_break_glass_of(actor, call),
            "key_safe": key_safe,
            "lines": [
                say_event(event)
                for event in reversed(list_events(call.pk))
                if knows or event.service_id is None or event.service_id in own_teams
            ],
        },
    )
