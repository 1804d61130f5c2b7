"""Scenarios: which there are, make one, change it, compute it, share it, delete it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.permissions import Permission
from wijkspil.directory.selectors.gp_practices import (
    list_gp_practices,
    list_gp_practices_of_region,
)
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.insight.engine_io.projection import list_parameters, list_shipped
from wijkspil.insight.errors import InvalidScenario, NotNow
from wijkspil.insight.forms.scenarios import NewScenarioForm, ScenarioForm
from wijkspil.insight.models import Scenario
from wijkspil.insight.permissions import (
    MAKE_SCENARIO,
    VIEW_INSIGHT,
    can_make_scenario,
    check_can_make_scenario,
    check_can_view_insight,
)
from wijkspil.insight.scenario_wording import say_shipped
from wijkspil.insight.selectors.scenarios import (
    BASE,
    find_newest_run,
    get_scenario,
    is_base,
    list_scenarios,
    region_target,
)
from wijkspil.insight.services.running import ask_run
from wijkspil.insight.services.scenarios import (
    Closing,
    ScenarioGiven,
    can_change_scenario,
    change_scenario,
    copy_scenario,
    delete_scenario,
    ensure_base_scenario,
    make_scenario,
    share_scenario,
)
from wijkspil.insight.types import RunStatus

RUN_TONES = {
    RunStatus.QUEUED: "info",
    RunStatus.RUNNING: "info",
    RunStatus.DONE: "good",
    RunStatus.FAILED: "full",
}
#: A practice is supposed to stop so many years from now, unless said otherwise.
CLOSES_AFTER_YEARS = 2


@require_safe
@professional_page
def show_scenarios(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List own and shared scenarios, and what one can start from."""
    check_can_view_insight(actor)
    regions = own_regions(actor, VIEW_INSIGHT)
    region = chosen_region(request, regions)
    rows: Sequence[Scenario] = ()
    if region is not None:
        rows = list_scenarios([region.id], reader_id=actor.user_id)
    makes = region is not None and can_make_scenario(actor, region_target(region.id))
    mine = [row for row in rows if row.owner_id and row.owner_id == actor.user_id]
    shared = [row for row in rows if row not in mine]
    return render(
        request,
        "insight/scenarios.html",
        {
            "regions": regions,
            "region": region,
            "region_query": "" if region is None else f"?regio={region.id}",
            "base": next((_line(row) for row in shared if is_base(row)), None),
            "mine": [_line(row) for row in mine],
            "shared": [_line(row) for row in shared if not is_base(row)],
            "can_make": makes,
            "shipped": [
                (key, *say_shipped(key, title, words))
                for key, title, words in list_shipped()
                if key not in (BASE, "practice-closes")
            ],
            "can_compare": sum(_is_done(row) for row in rows) > 1,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def start_scenario(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Choose where to start from; the scenario is made and computed at once."""
    check_can_make_scenario(actor)
    regions = own_regions(actor, MAKE_SCENARIO)
    if not regions:
        raise NotNow(_("There is no region in which you make scenarios."))
    region = chosen_region(request, regions)
    shipped = {
        key: say_shipped(key, title, words)
        for key, title, words in list_shipped()
        if key != "practice-closes"
    }
    wanted = request.GET.get("basis", BASE)
    form = NewScenarioForm(
        request.POST or None,
        regions=[(one.id, one.name) for one in regions],
        bases=[(key, title) for key, (title, _words) in shipped.items()],
        initial={
            "region": None if region is None else region.id,
            "base": wanted if wanted in shipped else BASE,
        },
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        now = timezone.now()
        row = make_scenario(
            actor=actor,
            region_id=data["region"],
            given=ScenarioGiven(
                name=data["name"] or shipped[data["base"]][0], base=data["base"]
            ),
            at=now,
        )
        ask_run(actor=actor, scenario_id=row.pk, at=now)
        messages.success(
            request,
            _("The scenario is made and is being computed. Change it as you like."),
        )
        return redirect("insight:scenario", scenario_id=row.pk)
    return render(
        request,
        "insight/scenario_new.html",
        {
            "form": form,
            "hints": {key: words for key, (_title, words) in shipped.items()},
            "one_region": regions[0].name if len(regions) == 1 else "",
        },
        status=_status(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def edit_scenario(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Change values with sliders or numbers; save, or save and compute."""
    row = get_scenario(scenario_id, reader_id=actor.user_id)
    if not can_change_scenario(actor, row):
        raise NotNow(_("This scenario is not yours. Make a copy, and change that one."))
    now = timezone.now()
    form = _edit_form(request, row)
    if request.method == "POST" and form.is_valid():
        try:
            change_scenario(
                actor=actor, scenario_id=scenario_id, given=form.given(), at=now
            )
        except InvalidScenario as error:
            form.refuse(error)
        else:
            if "reken" in request.POST:
                ask_run(actor=actor, scenario_id=scenario_id, at=now)
            else:
                messages.success(
                    request,
                    _("Saved. The results are those of before, until computed."),
                )
            return redirect("insight:scenario", scenario_id=scenario_id)
    title, words = say_shipped(row.base)
    return render(
        request,
        "insight/scenario_edit.html",
        {
            "row": row,
            "form": form,
            "base_title": title,
            "base_words": words,
            "groups": form.groups(),
            "closing_rows": list(form.closing_rows()),
        },
        status=_status(request),
    )


def _edit_form(request: HttpRequest, row: Scenario) -> ScenarioForm:
    now = timezone.now()
    practices = [
        (one.id, f"{one.name} ({one.postcode})" if one.postcode else one.name)
        for one in list_gp_practices_of_region(row.region_id, at=now)
    ]
    known = {pk for pk, _name in practices}
    gone = [each["service"] for each in row.closing if each["service"] not in known]
    practices += [(pk, one.name) for pk, one in list_gp_practices(gone, at=now).items()]
    initial: dict[str, Any] = {"name": row.name, "note": row.note}
    year = localdate(now).year
    for place, each in enumerate(row.closing):
        initial[f"practice-{place}"] = str(each["service"])
        initial[f"year-{place}"] = str(each["year"])
    for place in range(len(row.closing), 3):
        initial[f"year-{place}"] = str(year + CLOSES_AFTER_YEARS)
    return ScenarioForm(
        request.POST or None,
        base=row.base,
        parameters=list_parameters(row.base),
        overrides=row.overrides,
        practices=practices,
        first_year=year,
        initial=initial,
    )


@require_POST
@professional_page
def run(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Ask the worker to compute it; pressing twice makes one run."""
    _row, is_new = ask_run(actor=actor, scenario_id=scenario_id, at=timezone.now())
    if not is_new:
        messages.info(request, _("This scenario is being computed already."))
    return redirect("insight:scenario", scenario_id=scenario_id)


@require_POST
@professional_page
def run_base(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make the reference of a region where there is none, and compute it."""
    regions = own_regions(actor, MAKE_SCENARIO)
    wanted = request.POST.get("regio", "")
    region = next((one for one in regions if str(one.id) == wanted), None)
    if region is None:
        check_can_make_scenario(actor, Target())
        raise NotNow(_("Choose a region in which you make scenarios."))
    now = timezone.now()
    base = ensure_base_scenario(region_id=region.id, at=now)
    ask_run(actor=actor, scenario_id=base.pk, at=now)
    return redirect("insight:scenario", scenario_id=base.pk)


@require_POST
@professional_page
def copy(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Make one's own copy and go there to change it."""
    row = copy_scenario(actor=actor, scenario_id=scenario_id, at=timezone.now())
    messages.success(request, _("This is your copy. Only you see it until you share."))
    return redirect("insight:scenario-edit", scenario_id=row.pk)


@require_POST
@professional_page
def share(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Let others of the region see it, or no longer."""
    is_shared = request.POST.get("delen") == "ja"
    share_scenario(
        actor=actor, scenario_id=scenario_id, is_shared=is_shared, at=timezone.now()
    )
    messages.success(
        request,
        _("Everybody with insight in the region sees this scenario now.")
        if is_shared
        else _("Only you see this scenario now."),
    )
    return redirect("insight:scenario", scenario_id=scenario_id)


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def delete(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Ask once, and delete."""
    row = get_scenario(scenario_id, reader_id=actor.user_id)
    if not can_change_scenario(actor, row):
        raise NotNow(_("This scenario is not yours; who made it can delete it."))
    if request.method == "POST":
        delete_scenario(actor=actor, scenario_id=scenario_id)
        messages.success(request, _("The scenario is deleted."))
        return redirect(f"{reverse('insight:scenarios')}?regio={row.region_id}")
    return render(request, "insight/scenario_delete.html", {"row": row})


@require_POST
@professional_page
def suppose_closing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a scenario in which a practice stops, and compute it."""
    try:
        region_id = int(request.POST.get("regio", ""))
        closing = Closing(
            int(request.POST.get("praktijk", "")), int(request.POST.get("jaar", ""))
        )
    except ValueError:
        raise InvalidScenario(_("Choose a practice and a year.")) from None
    now = timezone.now()
    practice = list_gp_practices([closing.service_id], at=now).get(closing.service_id)
    name = _("%(practice)s stops in %(year)s") % {
        "practice": "" if practice is None else practice.name,
        "year": closing.year,
    }
    row = make_scenario(
        actor=actor,
        region_id=region_id,
        given=ScenarioGiven(name=name[:120], closing=(closing,)),
        at=now,
    )
    ask_run(actor=actor, scenario_id=row.pk, at=now)
    return redirect("insight:scenario", scenario_id=row.pk)


# --- parts


def own_regions(actor: Actor, permission: Permission) -> list[RegionChoice]:
    """Return the regions in which the actor holds a permission."""
    reach = reach_of(actor, permission)
    return list_coverage_regions(None if reach.is_everywhere else reach.region_ids)


def chosen_region(
    request: HttpRequest, regions: Sequence[RegionChoice]
) -> RegionChoice | None:
    """Return the region of the question, or else the first."""
    wanted = request.GET.get("regio", "")
    found = next((one for one in regions if str(one.id) == wanted), None)
    return found or (regions[0] if regions else None)


def _line(row: Scenario) -> dict[str, Any]:
    runs: Sequence[Any] = getattr(row, "newest_runs", ())
    newest = runs[0] if runs else find_newest_run(row.pk)
    done = next((run for run in runs if run.status == RunStatus.DONE), None)
    title, _words = say_shipped(row.base)
    return {
        "row": row,
        "run": newest,
        "tone": "unknown" if newest is None else RUN_TONES[RunStatus(newest.status)],
        "done": done,
        "is_old": done is not None and done.asked_at < row.changed_at,
        "base_title": title,
        "changed": len(row.overrides) + len(row.closing),
    }


def _is_done(row: Scenario) -> bool:
    runs: Sequence[Any] = getattr(row, "newest_runs", ())
    return any(run.status == RunStatus.DONE for run in runs)


def _status(request: HttpRequest) -> int:
    """Return the status of a form that is shown: wrong when it was sent."""
    if request.method == "POST":
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.OK
