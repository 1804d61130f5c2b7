"""Enter a call: who can come is shown before anything personal is typed."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.types import Actor
from wijkspil.calls.errors import InvalidCall
from wijkspil.calls.forms.entry import PATIENT_FIELDS, CallForm, PatientForm
from wijkspil.calls.permissions import (
    COORDINATE_CALLS,
    ENTER_CALL,
    FOLLOW_CALL,
    entering_organization,
)
from wijkspil.calls.selectors.calls import list_calls_of_callers
from wijkspil.calls.services.calls import look_for_nurses, start_call
from wijkspil.calls.types import CallerKind
from wijkspil.calls.views.pages import (
    check_some,
    live_page,
    minute_of,
    nothing_new,
)
from wijkspil.calls.wording import say_call, say_minutes
from wijkspil.core.errors import InvalidValue
from wijkspil.core.typed_values import read_id
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.ui.navigation import Crumb

#: Calls that ended are shown to who entered them for so many hours.
SHOWN_HOURS = 48
_TITLES = {
    CallerKind.ALARM_CENTER: gettext_lazy("Call of the alarm center"),
    CallerKind.OUT_OF_HOURS: gettext_lazy("Call of the out-of-hours post"),
    CallerKind.TRIAGE: gettext_lazy("Call of the triage nurse"),
}


@require_safe
@live_page
def list_calls(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the calls of the reader's organization; choose a form for a new one."""
    check_some(actor, ENTER_CALL, FOLLOW_CALL)
    now = timezone.now()
    calls = list_calls_of_callers(
        user_id=actor.user_id,
        organization_ids=reach_of(actor, FOLLOW_CALL).organization_ids,
        since=now - timedelta(hours=SHOWN_HOURS),
    )
    seen = f"{minute_of(now)}-" + "-".join(f"{c.pk}{c.status}" for c in calls)
    return nothing_new(request, seen) or render(
        request,
        "calls/calls.html",
        {
            "now": now,
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Calls")),
            ],
            "seen": seen,
            "rows": [say_call(call, at=now) for call in calls],
            "can_coordinate": actor.holds(COORDINATE_CALLS),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def enter(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    """Ask what, where and how urgent; show who can come; alert, with or without who."""
    check_some(actor, ENTER_CALL)
    now = timezone.now()
    if request.method != "POST":
        form = CallForm(
            kind=kind,
            initial={
                "caller_name": actor.label,
                "caller_phone": request.session.get("call_phone", ""),
            },
        )
        return _page(request, form, kind, step="need")
    form = CallForm(_with_untouched(request.POST), kind=kind)
    # A nurse is alerted by her own button; the other button only looks who can come.
    is_chosen = bool(request.POST.get("duty"))
    if not form.is_valid():
        return _page(request, form, kind, step="need", status=_UNFIT)
    call = form.as_call(organization_id=entering_organization(actor))
    try:
        if is_chosen:
            row = start_call(
                actor=actor,
                call=call,
                patient=form.as_patient() if form.has_patient() else None,
                duty_id=read_id(request.POST["duty"]),
                at=now,
            )
            request.session["call_phone"] = row.caller_phone
            return redirect("calls:call", number=row.number)
        place, found = look_for_nurses(actor=actor, call=call, at=now)
    except InvalidCall as error:
        form.add_errors(error)
        return _page(request, form, kind, step="need", status=_UNFIT)
    except (UnknownPostcode, InvalidValue) as error:
        form.add_error("postcode", str(error))
        return _page(request, form, kind, step="need", status=_UNFIT)
    return _page(
        request,
        form,
        kind,
        step="nurses",
        place=place,
        nurses=[
            {"nurse": nurse, "arrival": say_minutes(nurse.expected_min)}
            for nurse in found.candidates
        ],
        is_late=bool(found.candidates) and found.candidates[0].is_in_time is False,
    )


_UNFIT = HTTPStatus.UNPROCESSABLE_ENTITY


def _with_untouched(data: QueryDict) -> QueryDict:
    """Return what was sent, with "not known" where the first half asked nothing yet."""
    whole = data.copy()
    for name in PATIENT_FIELDS:
        whole.setdefault(name, str(PatientForm.base_fields[name].initial or ""))
    return whole


def _page(
    request: HttpRequest,
    form: CallForm,
    kind: str,
    *,
    step: str,
    status: int = HTTPStatus.OK,
    **more: Any,
) -> HttpResponse:
    return render(
        request,
        "calls/enter.html",
        {
            "form": form,
            "title": _TITLES[CallerKind(kind)],
            "step": step,
            "shows_client": step == "nurses"
            or any(name in form.errors for name in PATIENT_FIELDS),
            "radios": {"reason", "urgency", "triage_code"},
            **more,
        },
        status=status,
    )
