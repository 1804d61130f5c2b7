"""Plans: from a gap to a measure with an owner and a date, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor
from wijkspil.core.spreadsheets import csv_lines, guarded
from wijkspil.directory.selectors.care_teams import get_organization_names
from wijkspil.directory.selectors.maps import list_areas_of_codes
from wijkspil.directory.selectors.search_areas import AreaHit, list_areas
from wijkspil.directory.selectors.targets import get_area_target
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.errors import InvalidMeasure, NotNow
from wijkspil.insight.forms.plans import MeasureForm, OutcomeForm
from wijkspil.insight.models import Measure
from wijkspil.insight.permissions import (
    PLAN,
    VIEW_INSIGHT,
    can_plan,
    check_can_plan,
    check_can_view_insight,
)
from wijkspil.insight.policies import list_acts
from wijkspil.insight.scenario_wording import ACTS, STATUS_TONES
from wijkspil.insight.selectors.plans import (
    count_by_status,
    find_newest_figure,
    get_measure,
    is_overdue,
    list_changes,
    list_measures,
    measure_target,
)
from wijkspil.insight.selectors.scenarios import is_base, list_scenarios
from wijkspil.insight.services.plans import (
    change_measure,
    make_measure,
    set_measure_status,
    take_measured_effect,
)
from wijkspil.insight.types import MeasureStatus, OwnerKind, RunStatus
from wijkspil.insight.views.scenarios import chosen_region, own_regions
from wijkspil.ui.charts.frame import say_change, say_interval, say_value
from wijkspil.ui.navigation import Chip

#: A new measure is due in so many days, unless said otherwise.
USUAL_DAYS = 180
_FIELD_WORDS: Mapping[str, Any] = {
    "status": gettext_lazy("State"),
    "title": gettext_lazy("What will be done"),
    "due_on": gettext_lazy("By when"),
    "owner_kind": gettext_lazy("Whose it is"),
    "owner_id": gettext_lazy("Provider"),
    "expected_effect": gettext_lazy("Expected change"),
    "expected_low": gettext_lazy("At the lowest"),
    "expected_high": gettext_lazy("At the highest"),
    "start_value": gettext_lazy("Where it starts"),
    "measured_effect": gettext_lazy("Counted change"),
    "outcome": gettext_lazy("What came of it"),
    "note": gettext_lazy("Why, and how"),
}


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure as the pages show it."""

    row: Measure
    tone: str
    indicator: str
    owner: str
    is_overdue: bool
    expected: str
    measured: str


@require_safe
@professional_page
def show_plans(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List measures by state and date; what is overdue stands out."""
    check_can_view_insight(actor)
    regions = own_regions(actor, VIEW_INSIGHT)
    region = chosen_region(request, regions)
    rows = [] if region is None else list_measures([region.id])
    counts = count_by_status(rows)
    status = request.GET.get("staat", "")
    if status not in MeasureStatus.values:
        status = ""
    today = localdate()
    lines = [_line(row, today) for row in rows if not status or row.status == status]
    query = "" if region is None else f"regio={region.id}"
    return render(
        request,
        "insight/plans.html",
        {
            "regions": regions,
            "region": region,
            "lines": lines,
            "overdue": sum(line.is_overdue for line in lines),
            "chips": [
                Chip(_("All"), f"?{query}", active=not status, count=len(rows)),
                *(
                    Chip(
                        one.label,
                        f"?{query}&staat={one.value}",
                        active=status == one.value,
                        count=counts[one.value],
                    )
                    for one in MeasureStatus
                ),
            ],
            "can_plan": region is not None and bool(_planning_region(actor, region.id)),
            "region_query": f"?{query}",
            "csv_url": f"{reverse('insight:plans-csv')}?{query}",
        },
    )


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send the measures of a region as CSV."""
    check_can_view_insight(actor)
    region = chosen_region(request, own_regions(actor, VIEW_INSIGHT))
    rows = [] if region is None else list_measures([region.id])
    response = HttpResponse(
        "".join(csv_lines(_csv_rows(rows))), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="plannen.csv"'
    return response


def _csv_rows(rows: Sequence[Measure]) -> Iterator[Sequence[Any]]:
    yield (
        *("title", "status", "area_code", "area_name", "indicator", "owner", "due_on"),
        *("start_value", "start_on", "expected", "expected_low", "expected_high"),
        *("measured", "measured_on", "outcome"),
    )
    for row in rows:
        yield (
            guarded(row.title),
            row.status,
            row.area.code,
            guarded(row.area.name),
            row.indicator,
            guarded(_owner_of(row)),
            row.due_on.isoformat(),
            _number(row.start_value),
            row.start_on.isoformat() if row.start_on else "",
            _number(row.expected_effect),
            _number(row.expected_low),
            _number(row.expected_high),
            _number(row.measured_effect),
            row.measured_on.isoformat() if row.measured_on else "",
            guarded(row.outcome),
        )


@require_safe
@professional_page
def show_measure(request: HttpRequest, actor: Actor, measure_id: int) -> HttpResponse:
    """Show a measure: what is expected, what was counted, and what happened."""
    row = get_measure(measure_id)
    check_can_view_insight(actor, measure_target(row))
    return render(request, "insight/plan.html", _measure_context(row, actor))


def _measure_context(row: Measure, actor: Actor) -> dict[str, Any]:
    newest = find_newest_figure(row.area_id, row.indicator)
    acts = list_acts(row.status) if can_plan(actor, measure_target(row)) else []
    indicator = INDICATORS.get(row.indicator)
    now_change = (
        None
        if row.start_value is None
        or newest is None
        or newest.value is None
        or row.start_on is None
        or newest.valid_from <= row.start_on
        else newest.value - row.start_value
    )
    return {
        "line": _line(row, localdate()),
        "row": row,
        "indicator": indicator,
        "start": _said(row.indicator, row.start_value),
        "newest": newest,
        "newest_words": "" if newest is None else _said(row.indicator, newest.value),
        "now_change": None
        if now_change is None
        else say_change(now_change, _decimals(row.indicator), _unit(row.indicator)),
        "acts": [(act, ACTS[act]) for act in acts if act not in ("finish", "stop")],
        "ending_acts": [(act, ACTS[act]) for act in acts if act in ("finish", "stop")],
        "outcome_form": OutcomeForm(initial={"outcome": row.outcome}),
        "can_change": bool(acts)
        and row.status not in (MeasureStatus.DONE, MeasureStatus.STOPPED),
        "can_take": bool(acts) and now_change is not None,
        "changes": [
            (one, [_say_change_of(row, *each) for each in one.fields])
            for one in list_changes(row.pk)
        ],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def start_measure(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a measure of a gap: ``?area=CODE&indicator=gap_hours``."""
    check_can_plan(actor)
    regions = own_regions(actor, PLAN)
    if not regions:
        raise NotNow(_("There is no region in which you make plans."))
    region = chosen_region(request, regions)
    assert region is not None
    area = _find_area(request.GET.get("area", "")) or _find_area(str(region.id))
    assert area is not None
    indicator = request.GET.get("indicator", "")
    if indicator not in INDICATORS:
        indicator = "gap_hours"
    region_id = _region_of(actor, area.id)
    if region_id is None:
        check_can_plan(actor, get_area_target(area.id))
        raise NotNow(_("You do not make plans for this area."))
    form = _form(request, actor, region_id)
    newest = find_newest_figure(area.id, indicator)
    if request.method == "POST" and form.is_valid():
        given = form.given(region_id=region_id, area_id=area.id, indicator=indicator)
        try:
            row = make_measure(actor=actor, given=given, at=timezone.now())
        except InvalidMeasure as error:
            form.refuse(error)
        else:
            messages.success(request, _("The measure is proposed."))
            return redirect("insight:plan", measure_id=row.pk)
    return render(
        request,
        "insight/plan_form.html",
        {
            "form": form,
            "area": area,
            "indicator": INDICATORS[indicator],
            "newest": newest,
            "newest_words": "" if newest is None else _said(indicator, newest.value),
            "back_url": reverse("insight:plans"),
            "choices": _choices(area, indicator, region_id),
        },
        status=_status(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def edit_measure(request: HttpRequest, actor: Actor, measure_id: int) -> HttpResponse:
    """Change what was agreed."""
    row = get_measure(measure_id)
    check_can_plan(actor, measure_target(row))
    form = _form(request, actor, row.region_id, row=row)
    if request.method == "POST" and form.is_valid():
        given = form.given(
            region_id=row.region_id, area_id=row.area_id, indicator=row.indicator
        )
        try:
            change_measure(
                actor=actor, measure_id=measure_id, given=given, at=timezone.now()
            )
        except InvalidMeasure as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("insight:plan", measure_id=measure_id)
    newest = find_newest_figure(row.area_id, row.indicator)
    return render(
        request,
        "insight/plan_form.html",
        {
            "form": form,
            "row": row,
            "area": row.area,
            "indicator": INDICATORS.get(row.indicator),
            "newest": newest,
            "newest_words": ""
            if newest is None
            else _said(row.indicator, newest.value),
            "back_url": reverse("insight:plan", args=[row.pk]),
        },
        status=_status(request),
    )


@require_POST
@professional_page
def set_status(request: HttpRequest, actor: Actor, measure_id: int) -> HttpResponse:
    """Move a measure on; finishing and stopping ask for words."""
    act = request.POST.get("handeling", "")
    if act not in ACTS:
        raise InvalidMeasure(_("Choose what is to be done with this measure."))
    form = OutcomeForm(request.POST)
    words = form.cleaned_data["outcome"] if form.is_valid() else ""
    try:
        set_measure_status(
            actor=actor,
            measure_id=measure_id,
            act=act,
            outcome=words,
            at=timezone.now(),
        )
    except InvalidMeasure as error:
        form.add_error("outcome", str(error))
        context = _measure_context(get_measure(measure_id), actor)
        return render(
            request,
            "insight/plan.html",
            context | {"outcome_form": form},
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    except NotNow as error:
        messages.warning(request, str(error))
    return redirect("insight:plan", measure_id=measure_id)


@require_POST
@professional_page
def take_effect(request: HttpRequest, actor: Actor, measure_id: int) -> HttpResponse:
    """Keep the change that was counted since the start."""
    row = take_measured_effect(actor=actor, measure_id=measure_id, at=timezone.now())
    if row.measured_effect is None:
        messages.info(request, _("There is no newer figure yet."))
    return redirect("insight:plan", measure_id=measure_id)


# --- parts


def _form(
    request: HttpRequest, actor: Actor, region_id: int, *, row: Measure | None = None
) -> MeasureForm:
    now = timezone.now()
    providers = dict(list_home_care_of_region(region_id, at=now))
    initial: dict[str, Any] = {"due_on": localdate(now) + timedelta(days=USUAL_DAYS)}
    if row is not None:
        if row.owner_id is not None and row.owner_id not in providers:
            providers |= get_organization_names([row.owner_id])
        initial = {
            "title": row.title,
            "owner_kind": row.owner_kind,
            "owner": row.owner_id,
            "due_on": row.due_on,
            "scenario": row.scenario_id,
            "expected_effect": row.expected_effect,
            "expected_low": row.expected_low,
            "expected_high": row.expected_high,
            "note": row.note,
        }
    elif request.GET.get("scenario", ""):
        initial["scenario"] = request.GET["scenario"]
    scenarios = [
        (one.pk, one.name)
        for one in list_scenarios([region_id], reader_id=actor.user_id)
        if not is_base(one)
        and any(run.status == RunStatus.DONE for run in one.newest_runs)  # type: ignore[attr-defined]
    ]
    return MeasureForm(
        request.POST or None,
        providers=sorted(providers.items(), key=lambda pair: pair[1]),
        scenarios=scenarios,
        initial=initial,
    )


def _find_area(text: str) -> AreaHit | None:
    """Return the area of a code, or of a number of ours."""
    wanted = text.replace("\0", "").strip()[:60]
    if not wanted:
        return None
    pk = list_areas_of_codes([wanted]).get(wanted)
    if pk is None and wanted.isascii() and wanted.isdigit() and len(wanted) < 15:
        pk = int(wanted)
    found = [] if pk is None else list_areas([pk])
    return found[0] if found else None


def _planning_region(actor: Actor, region_id: int) -> int | None:
    return region_id if region_id in reach_of(actor, PLAN).region_ids else None


def _region_of(actor: Actor, area_id: int) -> int | None:
    """Return the region in which the actor plans that holds an area."""
    around = get_area_target(area_id).region_ids & reach_of(actor, PLAN).region_ids
    return area_id if area_id in around else min(around, default=None)


def _choices(area: AreaHit, indicator: str, region_id: int) -> list[Chip]:
    """Return other indicators a measure can be about, for the same area."""
    region = [("regio", str(region_id))]
    return [
        Chip(
            one.name,
            "?" + urlencode([("area", area.code), ("indicator", code), *region]),
            active=code == indicator,
        )
        for code, one in INDICATORS.items()
        if one.is_headline or code in (indicator, "gap_hours", "need_hours")
    ]


def _line(row: Measure, today: date) -> MeasureLine:
    known = INDICATORS.get(row.indicator)
    decimals, unit = _decimals(row.indicator), _unit(row.indicator)
    expected = ""
    if row.expected_effect is not None:
        expected = say_change(row.expected_effect, decimals, unit)
        if row.expected_low is not None:
            bounds = say_interval(row.expected_low, row.expected_high, decimals)
            expected = f"{expected} ({bounds})"
    return MeasureLine(
        row=row,
        tone=STATUS_TONES[row.status],
        indicator=row.indicator if known is None else str(known.name),
        owner=_owner_of(row),
        is_overdue=is_overdue(row, on=today),
        expected=expected,
        measured=""
        if row.measured_effect is None
        else say_change(row.measured_effect, decimals, unit),
    )


def _owner_of(row: Measure) -> str:
    if row.owner_kind == OwnerKind.PROVIDER and row.owner is not None:
        return row.owner.name
    return str(OwnerKind(row.owner_kind).label)


def _decimals(indicator: str) -> int:
    known = INDICATORS.get(indicator)
    return 1 if known is None else known.decimals


def _unit(indicator: str) -> str:
    known = INDICATORS.get(indicator)
    return "" if known is None else str(known.unit)


def _said(indicator: str, value: float | None) -> str:
    if value is None:
        return _("not known")
    return say_value(value, _decimals(indicator), _unit(indicator))


def _say_change_of(row: Measure, name: str, before: Any, after: Any) -> str:
    return _("%(field)s: from %(before)s to %(after)s") % {
        "field": _FIELD_WORDS[name],
        "before": _say_field(row, name, before),
        "after": _say_field(row, name, after),
    }


def _say_field(row: Measure, name: str, value: Any) -> str:
    if value in (None, ""):
        return _("empty")
    if name == "status":
        return str(MeasureStatus(value).label)
    if name == "owner_kind":
        return str(OwnerKind(value).label)
    if name == "owner_id":
        return get_organization_names([value]).get(value, "")
    if isinstance(value, date):
        return str(date_format(value, "j F Y"))
    if isinstance(value, float):
        return say_value(value, _decimals(row.indicator))
    return f"\u201c{value}\u201d"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _status(request: HttpRequest) -> int:
    if request.method == "POST":
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.OK
