"""Bring in indicators of quality, and see where providers stand."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from math import sqrt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.types import Actor
from wijkspil.core.spreadsheets import csv_lines
from wijkspil.directory.selectors.care_teams import get_organization_names
from wijkspil.directory.selectors.insight import list_holders
from wijkspil.directory.selectors.targets import get_organization_target
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.directory.types import RegionPurpose
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.insight.catalogue import INDICATORS, UPLOADED
from wijkspil.insight.errors import InvalidUpload
from wijkspil.insight.forms.uploads import IndicatorFileForm
from wijkspil.insight.permissions import (
    UPLOAD_INDICATORS,
    VIEW_INSIGHT,
    can_upload_indicators,
    check_can_view_insight,
)
from wijkspil.insight.selectors.uploads import (
    Pooled,
    ProviderFigure,
    list_uploaded,
    list_uploads,
    pool,
)
from wijkspil.insight.services.upload_files import COLUMNS, SCORES, write_template
from wijkspil.insight.services.uploads import (
    FileChanged,
    UploadPlan,
    bring_in,
    list_own_providers,
    plan_upload,
)
from wijkspil.ui.charts.frame import say_interval, say_value
from wijkspil.ui.charts.planes import draw_funnel
from wijkspil.ui.charts.types import Chart, FunnelLimit, FunnelPoint

#: Limits of the funnel: 95 and 99.8 % of what chance gives.
_NEAR, _FAR = 1.959964, 3.090232
#: Lines shown of a file; the others are counted.
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure of a provider as the page shows it."""

    provider: str
    period: str
    count: str
    value: str
    interval: str
    is_withheld: bool


@dataclass(frozen=True, slots=True)
class IndicatorBlock:
    """What is known of one indicator."""

    code: str
    name: Any
    definition: Any
    reference: str
    unit: Any
    #: of the newest period, and of the periods before
    lines: Sequence[FigureLine]
    earlier: Sequence[FigureLine]
    pooled: str
    chart: Chart | None


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def show_uploads(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what was brought in; take a file: look at it, then all of it or nothing."""
    if not can_upload_indicators(actor):
        check_can_view_insight(actor)
    context: dict[str, Any] = {"form": IndicatorFileForm()}
    status = HTTPStatus.OK
    if request.method == "POST":
        if "content" in request.POST:
            return _take_in(request, actor)
        form = IndicatorFileForm(request.POST, request.FILES)
        context["form"] = form
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            file = form.cleaned_data["file"]
            content = file.read()
            try:
                plan = plan_upload(
                    actor=actor, name=file.name, content=content, at=timezone.now()
                )
            except InvalidUpload as error:
                form.add_error("file", str(error))
            else:
                context |= _plan_context(plan, content)
                if not plan.faults:
                    status = HTTPStatus.OK
    return render(
        request,
        "insight/uploads.html",
        context | _overview(actor),
        status=status,
    )


@require_safe
@professional_page
def send_template(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send a file to fill in, with the provider's own AGB code where it is one."""
    codes = list(list_own_providers(actor, at=timezone.now()).values())
    rows = write_template(
        codes[0] if len(codes) == 1 else "75000000", today=localdate(timezone.now())
    )
    response = HttpResponse(
        "".join(csv_lines(rows)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="kwaliteit.csv"'
    return response


def _take_in(request: HttpRequest, actor: Actor) -> HttpResponse:
    try:
        content = base64.b64decode(request.POST["content"], validate=True)
    except (binascii.Error, ValueError):
        messages.warning(
            request, _("The file did not arrive whole. Choose it once more.")
        )
        return redirect("insight:uploads")
    try:
        plan = bring_in(
            actor=actor,
            name=request.POST.get("name", ""),
            content=content,
            at=timezone.now(),
            expected=request.POST.get("signature", ""),
        )
    except (InvalidUpload, FileChanged) as error:
        messages.warning(request, str(error))
        return redirect("insight:uploads")
    messages.success(
        request,
        ngettext("%(n)d figure is stored.", "%(n)d figures are stored.", plan.effect)
        % {"n": plan.effect},
    )
    return redirect("insight:uploads")


def _plan_context(plan: UploadPlan, content: bytes) -> dict[str, Any]:
    words = {
        "new": _("New"),
        "changed": _("Corrected"),
        "same": _("As it was"),
        "removed": _("Taken back"),
    }
    tones = {"new": "good", "changed": "limited", "same": "info", "removed": "limited"}
    return {
        "plan": plan,
        "content": base64.b64encode(content).decode(),
        "planned": [
            {
                "line": one.line.line,
                "provider": one.organization,
                "indicator": INDICATORS[one.line.indicator].name,
                "first": one.line.valid_from,
                "count": one.line.count,
                "value": _value(one.line.indicator, one.valued.value)
                if one.line.count
                else "",
                "interval": say_interval(
                    one.valued.low,
                    one.valued.high,
                    INDICATORS[one.line.indicator].decimals,
                ),
                "before": _value(one.line.indicator, one.before),
                "status": words[one.status],
                "tone": tones[one.status],
                "is_withheld": one.valued.is_withheld,
            }
            for one in plan.lines[:MOST_LINES]
        ],
        "n_more": max(0, len(plan.lines) - MOST_LINES),
    }


def _overview(actor: Actor) -> dict[str, Any]:
    now = timezone.now()
    can_upload = can_upload_indicators(actor)
    own = list_own_providers(actor, at=now) if can_upload else {}
    bound = reach_of(actor, UPLOAD_INDICATORS).organization_ids
    seen = _seen_providers(actor) | set(own) | bound
    # A manager sees where the own organization stands, and not who the others are.
    sees_names = bool(reach_of(actor, VIEW_INSIGHT).region_ids) or (
        reach_of(actor, VIEW_INSIGHT).is_everywhere
    )
    named = seen if sees_names else set(bound)
    figures = list_uploaded(seen)
    return {
        "can_upload": can_upload,
        "has_code": bool(own),
        "blocks": _blocks(figures, named),
        "uploads": list_uploads(
            bound or set(own), uploader_id=actor.user_id if can_upload else None
        ),
        "columns": "; ".join(COLUMNS),
        "codes": [(code, INDICATORS[code].name, code in SCORES) for code in UPLOADED],
        "template_url": reverse("insight:upload-template"),
        "indicator_names": {code: INDICATORS[code].name for code in UPLOADED},
    }


def _seen_providers(actor: Actor) -> set[int]:
    """Return the providers of the regions an actor sees, or whose provider works in."""
    regions = set(reach_of(actor, VIEW_INSIGHT).region_ids)
    around: set[int] = set()
    for organization_id in reach_of(actor, UPLOAD_INDICATORS).organization_ids:
        around |= get_organization_target(organization_id).region_ids
    regions |= {
        pk
        for pk, holder in list_holders(around).items()
        if holder.purpose == RegionPurpose.RESV
    }
    found: set[int] = set()
    for region_id in regions:
        found.update(list_home_care_of_region(region_id, at=timezone.now()))
    return found


def _blocks(
    figures: Sequence[ProviderFigure], named: Collection[int]
) -> list[IndicatorBlock]:
    names = get_organization_names(
        {one.organization_id for one in figures if one.organization_id in named}
    )
    pooled = {(one.indicator, one.valid_from): one for one in pool(figures)}
    blocks = []
    for code in UPLOADED:
        of_code = [one for one in figures if one.indicator == code]
        newest = next(
            (one for (indicator, _from), one in pooled.items() if indicator == code),
            None,
        )
        shown = [one for one in of_code if one.organization_id in named]
        last = max((each.valid_from for each in shown), default=None)
        one = INDICATORS[code]
        blocks.append(
            IndicatorBlock(
                code=code,
                name=one.name,
                definition=one.definition,
                reference=one.reference,
                unit=one.unit,
                lines=[
                    _figure_line(each, names)
                    for each in shown
                    if each.valid_from == last
                ],
                earlier=[
                    _figure_line(each, names)
                    for each in shown
                    if each.valid_from != last
                ],
                pooled="" if newest is None else _say_pooled(newest),
                chart=None
                if newest is None
                else _funnel(newest, of_code, names, named),
            )
        )
    return blocks


def _figure_line(one: ProviderFigure, names: dict[int, str]) -> FigureLine:
    few = INDICATORS[one.indicator].smallest
    decimals = INDICATORS[one.indicator].decimals
    return FigureLine(
        provider=names.get(one.organization_id, ""),
        period=f"{date_format(one.valid_from, 'j b Y')} – "
        f"{date_format(one.last_day, 'j b Y')}",
        count=_("fewer than %(n)d") % {"n": few}
        if one.count < few
        else say_value(one.count),
        value=_value(one.indicator, one.value),
        interval=say_interval(one.low, one.high, decimals),
        is_withheld=one.is_withheld,
    )


def _value(code: str, value: float | None) -> str:
    if value is None:
        return ""
    one = INDICATORS[code]
    return say_value(value, one.decimals, "%" if one.factor == 100.0 else "")


def _say_pooled(one: Pooled) -> str:
    return _(
        "Together %(value)s: %(providers)d providers, %(count)s answers, from "
        "%(first)s."
    ) % {
        "value": _value(one.indicator, one.value),
        "providers": one.providers,
        "count": say_value(one.count),
        "first": date_format(one.valid_from, "j F Y"),
    }


def _funnel(
    pooled: Pooled,
    figures: Sequence[ProviderFigure],
    names: dict[int, str],
    named: Collection[int],
) -> Chart | None:
    """Return a funnel of the providers in one period around their mean.

    Limits are normal: of a share by its own spread, of a score by the mean of the
    providers' spreads (found back from their intervals).
    """
    one = INDICATORS[pooled.indicator]
    period = (pooled.valid_from, pooled.valid_until)
    members = [
        each
        for each in figures
        if (each.valid_from, each.valid_until) == period and each.value is not None
    ]
    spread = _spread(pooled, members)
    if spread is None:
        return None
    low, high = UPLOADED[pooled.indicator]
    most = max(each.count for each in members)
    counts = sorted({max(1.0, most * step / 40) for step in range(4, 45)})
    limits = [
        FunnelLimit(
            count,
            *(
                min(high, max(low, pooled.value + sign * times * spread / sqrt(count)))
                for times, sign in ((_NEAR, -1), (_NEAR, 1), (_FAR, -1), (_FAR, 1))
            ),
        )
        for count in counts
    ]
    other = _("Another provider")
    return draw_funnel(
        [
            FunnelPoint(
                names.get(each.organization_id, other)
                if each.organization_id in named
                else other,
                each.count,
                each.value or 0.0,
            )
            for each in members
        ],
        limits,
        title=str(one.name),
        center=pooled.value,
        center_label=_("All together"),
        unit=str(one.unit),
        decimals=one.decimals,
        count_label=str(one.denominator),
        note=_(
            "Between the inner lines 95 of 100 providers lie by chance alone, between "
            "the outer lines 998 of 1,000."
        ),
    )


def _spread(pooled: Pooled, members: Sequence[ProviderFigure]) -> float | None:
    """Return the standard deviation of one answer, in the unit of the figure."""
    if pooled.indicator not in SCORES:
        factor = INDICATORS[pooled.indicator].factor
        share = pooled.value / factor
        return factor * sqrt(share * (1 - share)) or None
    known = [
        (each.count, (each.high - each.low) / (2 * _NEAR) * sqrt(each.count))
        for each in members
        if each.low is not None and each.high is not None
    ]
    if not known:
        return None
    return sum(count * one for count, one in known) / sum(count for count, _ in known)
