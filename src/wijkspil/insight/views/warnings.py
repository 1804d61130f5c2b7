"""Early warning: which wijken will fall short, and who wants to hear of it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.management import RegionChoice
from wijkspil.directory.views.pages import professional_page
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.forms.warnings import WarningForm, usual_question
from wijkspil.insight.permissions import (
    VIEW_INSIGHT,
    check_can_view_insight,
)
from wijkspil.insight.selectors.warnings import (
    Crossing,
    Outlook,
    Question,
    find_crossings,
    list_subscriptions,
)
from wijkspil.insight.services.warnings import subscribe, unsubscribe
from wijkspil.insight.views.scenarios import chosen_region, own_regions
from wijkspil.ui.charts.frame import say_interval, say_value
from wijkspil.ui.charts.rows import draw_bars
from wijkspil.ui.charts.types import Bar, Chart

#: Wijken in the chart; the table has all.
MOST_BARS = 15


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_warnings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show which wijken will cross a threshold; warn somebody from now on."""
    check_can_view_insight(actor)
    regions = own_regions(actor, VIEW_INSIGHT)
    region = chosen_region(request, regions)
    data = request.POST if request.method == "POST" else request.GET
    is_asked = "indicator" in data
    form = WarningForm(data if is_asked else usual_question())
    status = HTTPStatus.OK
    outlook: Outlook | None = None
    question: Question | None = None
    if region is not None and form.is_valid():
        question = _question(region, form.cleaned_data)
        if request.method == "POST":
            subscribe(question=question, actor=actor, at=timezone.now())
            messages.success(
                request,
                _("You will get a message when more wijken cross this threshold."),
            )
            return redirect(f"{reverse('insight:warnings')}?{_query(question)}")
        outlook = find_crossings(question, year=localdate().year)
    elif not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "insight/warnings.html",
        {
            "regions": regions,
            "region": region,
            "form": form,
            "outlook": outlook,
            "question": question,
            "lines": _lines(question, outlook),
            "now_count": sum(one.is_now for one in outlook.crossings) if outlook else 0,
            "least_chance": say_value(100 * question.chance, 0, "%")
            if question
            else "",
            "chart": _chart(question, outlook),
            "indicator": INDICATORS[question.indicator] if question else None,
            "subscriptions": _subscriptions(actor),
            "scenarios_url": reverse("insight:scenarios")
            + ("" if region is None else f"?regio={region.id}"),
        },
        status=status,
    )


@require_POST
@professional_page
def end_warning(
    request: HttpRequest, actor: Actor, subscription_id: int
) -> HttpResponse:
    """Warn somebody no more."""
    unsubscribe(subscription_id=subscription_id, actor=actor)
    messages.success(request, _("You are no longer warned of this."))
    return redirect("insight:warnings")


def _question(region: RegionChoice, cleaned: dict[str, Any]) -> Question:
    return Question(
        region_id=region.id,
        indicator=cleaned["indicator"],
        threshold=cleaned["threshold"],
        within_years=cleaned["within_years"],
        chance=cleaned["chance"] / 100,
    )


def _query(question: Question) -> str:
    return urlencode(
        {
            "regio": str(question.region_id),
            "indicator": question.indicator,
            "threshold": f"{question.threshold:g}",
            "within_years": str(question.within_years),
            "chance": str(round(100 * question.chance)),
        }
    )


def _lines(question: Question | None, outlook: Outlook | None) -> list[dict[str, Any]]:
    if question is None or outlook is None:
        return []
    one = INDICATORS[question.indicator]
    plan = reverse("insight:plan-new")
    return [
        {
            "name": each.name,
            "gemeente": each.gemeente,
            "year": each.year,
            "is_now": each.is_now,
            "chance": _percent(each),
            "value": say_value(each.value, max(one.decimals, 1), str(one.unit)),
            "interval": say_interval(each.low, each.high, max(one.decimals, 1)),
            "plan_url": f"{plan}?"
            + urlencode(
                {
                    "regio": str(question.region_id),
                    "area": str(each.area_id),
                    "indicator": question.indicator,
                }
            ),
        }
        for each in outlook.crossings
    ]


def _percent(one: Crossing) -> str:
    """Return a chance in whole per cents; never 100 or 0 of what is not sure."""
    return say_value(min(99.0, max(1.0, 100 * one.chance)), 0, "%")


def _chart(question: Question | None, outlook: Outlook | None) -> Chart | None:
    if question is None or outlook is None or not outlook.crossings:
        return None
    surest: Sequence[Crossing] = sorted(outlook.crossings, key=lambda one: -one.chance)
    return draw_bars(
        [
            Bar(
                f"{one.name} ({one.year})",
                100 * one.chance,
                kind="strong" if one.is_now else "plain",
            )
            for one in surest[:MOST_BARS]
        ],
        title=_("Chance per wijk, in the first year that it is large enough"),
        unit="%",
        decimals=0,
    )


def _subscriptions(actor: Actor) -> list[dict[str, Any]]:
    assert actor.user_id is not None
    return [
        {
            "row": row,
            "indicator": INDICATORS[row.indicator].name,
            "threshold": say_value(
                row.threshold,
                INDICATORS[row.indicator].decimals,
                str(INDICATORS[row.indicator].unit),
            ),
            "chance": say_value(100 * row.chance, 0, "%"),
            "end_url": reverse("insight:warning-end", args=[row.pk]),
        }
        for row in list_subscriptions(actor.user_id)
    ]
