"""The page of a call for who entered it, and for the region's coordinator.

Progress renews itself and holds no identity; who the client is comes from
``services.disclosure`` on asking, and each showing is logged.
"""

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
from wijkspil.calls.forms.acts import ReasonForm
from wijkspil.calls.forms.entry import PatientForm
from wijkspil.calls.models import Call
from wijkspil.calls.permissions import COORDINATE_CALLS, steers
from wijkspil.calls.policies import can
from wijkspil.calls.selectors.calls import (
    list_alerts,
    list_calls_of_regions,
    list_events,
)
from wijkspil.calls.services import alerts, course
from wijkspil.calls.services.alerts import find_nurses_for
from wijkspil.calls.services.calls import add_patient, cancel_call
from wijkspil.calls.services.disclosure import (
    get_visible_call,
    ground_of,
    show_patient,
)
from wijkspil.calls.types import (
    RUNNING,
    AccessBasis,
    AlertDeclineReason,
    CallCloseReason,
    CallStatus,
)
from wijkspil.calls.views.pages import (
    check_some,
    live_page,
    minute_of,
    nothing_new,
)
from wijkspil.calls.wording import say_alert, say_call, say_event, say_minutes
from wijkspil.core.errors import NotPermitted
from wijkspil.core.typed_values import read_id
from wijkspil.directory.services.duty import record_duties_read
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.ui.navigation import Crumb

#: Calls that ended are listed for the coordinator for so many hours.
SHOWN_HOURS = 24


@require_safe
@live_page
def show_call(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show where a call stands; a team that was alerted goes to its own page."""
    call = get_visible_call(actor=actor, number=number)
    if not steers(actor, call):
        return redirect("calls:night-call", number=number)
    now = timezone.now()
    events = list_events(call.pk)
    seen = f"{events[-1].pk if events else 0}-{minute_of(now)}"
    return nothing_new(request, seen) or _call_page(
        request, actor, call, seen=seen, events=events
    )


@require_POST
@professional_page
def show_client(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show who it is about on asking; logged."""
    now = timezone.now()
    patient = show_patient(actor=actor, number=number, at=now)
    call = get_visible_call(actor=actor, number=number)
    return _call_page(request, actor, call, patient=patient, is_shown=True)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def change_client(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Say who it is about while the nurse gets ready."""
    call = _steered(actor, number)
    now = timezone.now()
    if request.method == "POST":
        form = PatientForm(request.POST)
        if form.is_valid():
            try:
                add_patient(
                    actor=actor, number=number, patient=form.as_patient(), at=now
                )
            except InvalidCall as error:
                form.add_errors(error)
            else:
                messages.success(request, _("The nurse who goes can see it now."))
                return redirect("calls:call", number=number)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = PatientForm(initial={"basis": AccessBasis.INFORMED})
        status = HTTPStatus.OK
    return render(
        request,
        "calls/client.html",
        {"words": say_call(call, at=now), "form": form},
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def alert_other(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Alert the next nurse now, or choose one from who is on duty."""
    call = _steered(actor, number)
    now = timezone.now()
    if request.method == "POST":
        try:
            alerts.alert_nurse(
                actor=actor,
                number=number,
                duty_id=read_id(request.POST.get("duty", "")),
                at=now,
            )
        except (CallNotNow, InvalidCall) as error:
            messages.warning(request, str(error))
        return redirect("calls:call", number=number)
    found = find_nurses_for(call, at=now)
    record_duties_read(
        actor=actor,
        duty_ids=[nurse.duty_id for nurse in found.candidates],
        purpose="call.nurses",
        at=now,
    )
    return render(
        request,
        "calls/nurses.html",
        {
            "words": say_call(call, at=now),
            "nurses": [
                {"nurse": nurse, "arrival": say_minutes(nurse.expected_min)}
                for nurse in found.candidates
            ],
        },
    )


@require_POST
@professional_page
def write_down(
    request: HttpRequest, actor: Actor, number: str, act: str
) -> HttpResponse:
    """Write down what the nurse said by phone: coming, not coming, left, arrived."""
    _steered(actor, number)
    given: dict[str, Any] = {"actor": actor, "number": number, "at": timezone.now()}
    alert_id = read_id(request.POST.get("alert", "")) or 0
    try:
        if act == "komt":
            alerts.accept_call(**given, alert_id=alert_id)
        elif act == "komt-niet":
            reason = request.POST.get("reason") or AlertDeclineReason.BUSY
            alerts.decline_call(**given, alert_id=alert_id, reason=reason)
        elif act == "onderweg":
            course.leave(**given)
        elif act == "aangekomen":
            course.arrive(**given)
        elif act == "veilig":
            course.check_in(**given)
    except (CallNotNow, AlertIsClosed, AnotherNurseGoes, InvalidCall) as error:
        messages.warning(request, str(error))
    return redirect("calls:call", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def cancel(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Ask why the call stops; the reason is the button."""
    call = _steered(actor, number)
    now = timezone.now()
    form = ReasonForm(request.POST or None, choices=CallCloseReason.choices)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_call(
                actor=actor,
                number=number,
                reason=form.cleaned_data["reason"],
                at=now,
            )
        except CallNotNow as error:
            messages.warning(request, str(error))
        return redirect("calls:call", number=number)
    return render(
        request,
        "calls/reason.html",
        {
            "form": form,
            "title": _("Why does the call stop?"),
            "lead": _("Press the reason; whoever was alerted is told at once."),
            "reasons": CallCloseReason.choices,
            "words": say_call(call, at=now),
            "back_url": reverse("calls:call", args=[number]),
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


@require_safe
@live_page
def show_region(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the running calls of the coordinator's regions, what is due first."""
    check_some(actor, COORDINATE_CALLS)
    now = timezone.now()
    calls = list_calls_of_regions(
        reach_of(actor, COORDINATE_CALLS).region_ids,
        since=now - timedelta(hours=SHOWN_HOURS),
    )
    rows = sorted(
        (say_call(call, at=now) for call in calls), key=lambda row: not row.is_late
    )
    seen = f"{minute_of(now)}-" + "-".join(f"{c.pk}{c.status}" for c in calls)
    return nothing_new(request, seen) or render(
        request,
        "calls/region.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Calls of the region")),
            ],
            "seen": seen,
            "running": [row for row in rows if row.is_running],
            "ended": [row for row in rows if not row.is_running],
            "n_late": sum(row.is_late for row in rows),
        },
    )


def _steered(actor: Actor, number: str) -> Call:
    """Return a call the actor steers."""
    call = get_visible_call(actor=actor, number=number)
    if not steers(actor, call):
        raise NotPermitted(
            _("Only who entered this call or the region's coordinator can do this.")
        )
    return call


def _call_page(
    request: HttpRequest,
    actor: Actor,
    call: Call,
    *,
    seen: str = "",
    events: list[Any] | None = None,
    patient: object = None,
    is_shown: bool = False,
) -> HttpResponse:
    now = timezone.now()
    rows = list_alerts(call.pk)
    waiting = [a for a in rows if a.status == "open"]
    words = say_call(call, at=now)
    return render(
        request,
        "calls/call.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("Calls"), reverse("calls:calls")),
                Crumb(call.number),
            ],
            "seen": seen,
            "words": words,
            "call": call,
            "waiting": waiting[-1] if waiting else None,
            "alerts": [say_alert(alert) for alert in rows],
            "lines": [
                say_event(event) for event in reversed(events or list_events(call.pk))
            ],
            "is_alerted": call.status == CallStatus.ALERTED,
            "is_handed_on": call.status == CallStatus.HANDED_ON,
            "is_running": call.status in RUNNING,
            "can_alert": can("alert", call.status),
            "can_cancel": can("cancel", call.status),
            "can_leave": can("leave", call.status),
            "can_arrive": can("arrive", call.status),
            "may_see_client": ground_of(actor, call, at=now) is not None,
            "patient": patient,
            "is_shown": is_shown,
        },
    )
