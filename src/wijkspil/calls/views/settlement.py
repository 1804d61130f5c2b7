"""Minutes between providers: a month as pairs and calls, and as a file."""

import csv
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.calls.forms.acts import MonthForm
from wijkspil.calls.permissions import SETTLE, VIEW_SETTLED_TOTALS
from wijkspil.calls.selectors.settlement import list_helping_totals, pair_up
from wijkspil.calls.services.settlement import export_settlement, show_settlement
from wijkspil.calls.views.pages import check_some
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.ui.navigation import Crumb


@require_safe
@professional_page
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show a month: single calls to who settles, totals to who may see those only."""
    check_some(actor, SETTLE, VIEW_SETTLED_TOTALS)
    form, month = _month(request)
    settles = actor.holds(SETTLE)
    calls = (
        show_settlement(actor=actor, month=month, **_reach(actor)) if settles else []
    )
    return render(
        request,
        "calls/settlement.html",
        {
            "now": timezone.now(),
            "crumbs": [
                Crumb(_("My page"), reverse("portal:my-page")),
                Crumb(_("Minutes to settle")),
            ],
            "form": form,
            "month": month,
            "settles": settles,
            "calls": calls,
            "pairs": pair_up(calls),
            "total": sum(call.minutes for call in calls),
            "totals": []
            if settles
            else list_helping_totals(
                month=month,
                region_ids=reach_of(actor, VIEW_SETTLED_TOTALS).region_ids,
            ),
        },
    )


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send the calls of a month as a file; taking it out is logged."""
    _form, month = _month(request)
    rows = export_settlement(
        actor=actor, month=month, at=timezone.now(), **_reach(actor)
    )
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"verrekening-{month:%Y-%m}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows(rows)
    return response


def _month(request: HttpRequest) -> tuple[MonthForm, date]:
    """Return the month asked for; this one when none or nonsense was."""
    today = timezone.localdate().replace(day=1)
    if "maand" not in request.GET:
        return MonthForm(initial={"month": today}), today
    form = MonthForm({"month": request.GET["maand"][:10]})
    if not form.is_valid():
        return form, today
    month: date = form.cleaned_data["month"]
    return form, month.replace(day=1)


def _reach(actor: Actor) -> dict[str, Any]:
    reach = reach_of(actor, SETTLE)
    return {
        "region_ids": reach.region_ids,
        "organization_ids": reach.organization_ids,
    }
