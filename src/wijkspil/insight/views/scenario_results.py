"""What a scenario gives: the answer, map before and after, causes, and comparing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import InvalidValue
from wijkspil.core.spreadsheets import csv_lines, guarded
from wijkspil.directory.selectors.gp_practices import list_gp_practices
from wijkspil.directory.selectors.wijken import WijkName, list_wijken_of_region
from wijkspil.directory.views.pages import professional_page
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.data_wording import say_assumption, say_source
from wijkspil.insight.engine_io.projection import list_parameters
from wijkspil.insight.engine_io.results import Comparison, Projection, from_result
from wijkspil.insight.models import Scenario, ScenarioRun
from wijkspil.insight.permissions import (
    VIEW_INSIGHT,
    can_make_scenario,
    can_plan,
    check_can_view_insight,
)
from wijkspil.insight.scenario_charts import (
    MOST_COMPARED,
    draw_causes,
    draw_differences,
    draw_gaps,
    draw_need,
    draw_swings,
    read_comparison,
    say_answer,
    say_bounds,
    say_figure,
    tone_of_gap,
)
from wijkspil.insight.scenario_wording import (
    STATUSES,
    say_parameter,
    say_range,
    say_shipped,
)
from wijkspil.insight.selectors.scenarios import (
    LIVE_RUNS,
    AreaFigure,
    find_done_run,
    find_newest_run,
    get_base_run,
    get_figures_in_year,
    get_scenario,
    is_base,
    list_run_rows,
    list_scenarios,
    region_target,
)
from wijkspil.insight.services.running import compare_runs
from wijkspil.insight.services.scenarios import can_change_scenario
from wijkspil.insight.types import RunStatus
from wijkspil.insight.views.practice_closes import feature_response
from wijkspil.insight.views.scenarios import chosen_region, own_regions
from wijkspil.ui.charts.frame import say_change, say_value
from wijkspil.ui.navigation import Chip, MapCategory

#: What the table of a comparison shows.
_COMPARED = ("need_hours", "capacity_hours", "gap_hours", "gap_fte", "gap_chance")
#: A change of less hours a week is no change.
_SAME_HOURS = 0.5


@require_safe
@professional_page
def show_scenario(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Show what a scenario gives; while it is computed, how far that is."""
    row = get_scenario(scenario_id, reader_id=actor.user_id)
    check_can_view_insight(actor, region_target(row.region_id))
    newest = find_newest_run(row.pk)
    done = find_done_run(row.pk)
    context: dict[str, Any] = {
        "row": row,
        "region_query": f"?regio={row.region_id}",
        "own_query": f"?s={row.pk}",
        "is_base": is_base(row),
        "base_title": say_shipped(row.base)[0],
        "base_words": say_shipped(row.base)[1],
        "run": done,
        "live": newest if newest is not None and newest.status in LIVE_RUNS else None,
        "failed": newest
        if newest is not None and newest.status == RunStatus.FAILED
        else None,
        "is_old": done is not None and done.asked_at < row.changed_at,
        "can_change": can_change_scenario(actor, row),
        "can_run": can_make_scenario(actor, region_target(row.region_id)),
        "can_plan": can_plan(actor, region_target(row.region_id)),
        "supposed": _list_supposed(row),
        "closing": _list_closing(row, at=timezone.now()),
    }
    if done is not None:
        context |= _result_context(request.GET, row, done)
    response = render(request, "insight/scenario.html", context)
    if context["live"] is None and request.headers.get("HX-Request"):
        # Asked while it was computed: that is over, so show the result.
        response["HX-Refresh"] = "true"
    return response


def _result_context(
    asked: QueryDict, row: Scenario, done: ScenarioRun
) -> dict[str, Any]:
    projection = from_result(done.result)
    against = read_comparison(done.result)
    base_run = None if is_base(row) else get_base_run(row.region_id)
    year = _year(asked, projection)
    look = asked.get("beeld", "")
    if look not in _LOOKS:
        look = "na"
    wijken = list_wijken_of_region(row.region_id)
    lines = _wijk_lines(projection, done, base_run, wijken, year)
    query = f"jaar={year}"
    total = {
        name: projection.total(name, year)
        for name in ("gap_hours", "gap_fte", "gap_chance", "clients")
    }
    return {
        "answer": say_answer(projection, against, year=year),
        "year": year,
        "years": projection.years[1:],
        "first_year": projection.first_year,
        "total": {
            name: (say_figure(name, one.value), say_bounds(name, one.low, one.high))
            for name, one in total.items()
        },
        "need_chart": draw_need(projection),
        "causes_chart": draw_causes(
            against.waterfall if against and against.waterfall else (),
            title=_("From the base to this scenario, %(year)s")
            % {"year": projection.horizon_year},
            start=_("Gap in the base"),
            end=_("Gap in this scenario"),
        ),
        "years_chart": draw_causes(
            projection.waterfall,
            title=_("From %(first)s to %(last)s, cause by cause")
            % {"first": projection.first_year, "last": projection.horizon_year},
            start=_("Gap in %(year)s") % {"year": projection.first_year},
            end=_("Gap in %(year)s") % {"year": projection.horizon_year},
        ),
        "swings_chart": draw_swings(projection),
        "lines": lines,
        "before_words": str(projection.first_year)
        if base_run is None
        else _("Base, %(year)s") % {"year": year},
        "after_words": str(year)
        if base_run is None
        else _("This scenario, %(year)s") % {"year": year},
        "look": look,
        "looks": [
            Chip(label, f"?{query}&beeld={key}#kaart", active=key == look)
            for key, label in _look_words(projection, base_run, year)
        ],
        "map_url": reverse("insight:scenario-map", args=[row.pk]),
        "map_states": {line.wijk.code: _state(line, look) for line in lines},
        "categories": _change_legend() if look == "verschil" else _gap_legend(),
        "assumptions": [
            (
                say_assumption(one),
                STATUSES.get(one.status, one.status),
                say_source(one.source),
            )
            for one in projection.assumptions
        ],
        "projection": projection,
        "csv_url": reverse("insight:scenario-csv", args=[row.pk]),
    }


_LOOKS = ("voor", "na", "verschil")


def _look_words(
    projection: Projection, base_run: ScenarioRun | None, year: int
) -> list[tuple[str, str]]:
    if base_run is None:
        return [
            ("voor", _("Now (%(year)s)") % {"year": projection.first_year}),
            ("na", _("Then (%(year)s)") % {"year": year}),
            ("verschil", _("What changes")),
        ]
    return [
        ("voor", _("Before: the base")),
        ("na", _("After: this scenario")),
        ("verschil", _("What changes")),
    ]


def _gap_legend() -> list[MapCategory]:
    return [
        MapCategory("good", _("Enough")),
        MapCategory("limited", _("Up to 10 % of the need falls short")),
        MapCategory("full", _("10 % or more falls short")),
        MapCategory("unknown", _("Not known")),
    ]


def _change_legend() -> list[MapCategory]:
    return [
        MapCategory("good", _("The gap gets smaller")),
        MapCategory("limited", _("About the same")),
        MapCategory("full", _("The gap grows")),
        MapCategory("unknown", _("Not known")),
    ]


@dataclass(frozen=True, slots=True)
class WijkLine:
    """A wijk before and after; hours a week, shares in %."""

    wijk: WijkName
    before: float | None
    after: float | None
    before_share: float | None
    after_share: float | None
    bounds: str
    chance: float | None

    @property
    def change(self) -> float | None:
        """Return after minus before."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def words(self) -> tuple[str, str, str, str]:
        """Return before, after, change and share as the table shows them."""
        change = self.change
        return (
            "–" if self.before is None else say_value(self.before),
            "–" if self.after is None else say_value(self.after),
            "–" if change is None else say_change(change),
            "–" if self.after_share is None else f"{say_value(self.after_share)} %",
        )

    @property
    def tone(self) -> str:
        """Return the category of the gap after."""
        return tone_of_gap(self.after_share)


def _wijk_lines(
    projection: Projection,
    done: ScenarioRun,
    base_run: ScenarioRun | None,
    wijken: Sequence[WijkName],
    year: int,
) -> list[WijkLine]:
    """Return every wijk, the largest gap after first; six queries."""
    after = _numbers(done.pk, year)
    before = (
        _numbers(done.pk, projection.first_year)
        if base_run is None
        else _numbers(base_run.pk, year)
    )
    lines = []
    for wijk in wijken:
        gap = after["gap_hours"].get(wijk.id)
        lines.append(
            WijkLine(
                wijk=wijk,
                before=_value(before["gap_hours"], wijk.id),
                after=None if gap is None else gap.value,
                before_share=_value(before["gap_share"], wijk.id),
                after_share=_value(after["gap_share"], wijk.id),
                bounds=""
                if gap is None
                else say_bounds("gap_hours", gap.low, gap.high),
                chance=_value(after["gap_chance"], wijk.id),
            )
        )
    return sorted(
        lines,
        key=lambda line: (line.after is None, -(line.after or 0.0), line.wijk.name),
    )


def _numbers(run_id: int, year: int) -> dict[str, Mapping[int, AreaFigure]]:
    return {
        name: get_figures_in_year(run_id, name, year)
        for name in ("gap_hours", "gap_share", "gap_chance")
    }


def _value(found: Mapping[int, AreaFigure], area_id: int) -> float | None:
    one = found.get(area_id)
    return None if one is None else one.value


def _state(line: WijkLine, look: str) -> dict[str, str]:
    before, after, change, _share = line.words
    if look == "verschil":
        size = line.change
        tone = (
            "unknown"
            if size is None
            else "limited"
            if abs(size) < _SAME_HOURS
            else "good"
            if size < 0
            else "full"
        )
    else:
        tone = tone_of_gap(line.before_share if look == "voor" else line.after_share)
    return {
        "category": tone,
        "name": line.wijk.name,
        "text": _(
            "Gap in hours a week: %(before)s before, %(after)s after (%(change)s)"
        )
        % {"before": before, "after": after, "change": change},
    }


@require_safe
@professional_page
def send_shapes(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Send the shapes of the wijken; what they mean stands in the page."""
    row = get_scenario(scenario_id, reader_id=actor.user_id)
    check_can_view_insight(actor, region_target(row.region_id))
    return feature_response([w.id for w in list_wijken_of_region(row.region_id)])


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor, scenario_id: int) -> HttpResponse:
    """Send every figure of the newest run as CSV."""
    row = get_scenario(scenario_id, reader_id=actor.user_id)
    check_can_view_insight(actor, region_target(row.region_id))
    done = find_done_run(row.pk)
    response = HttpResponse(
        "".join(csv_lines(_rows_of(done))), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="scenario-{row.pk}.csv"'
    return response


def _rows_of(done: ScenarioRun | None) -> Iterator[Sequence[Any]]:
    yield (
        *("indicator", "name", "unit", "area_kind", "area_code", "area_name", "year"),
        *("value", "low_80", "high_80", "withheld", "seed", "draws", "version"),
    )
    if done is None:
        return
    for one in list_run_rows(done.pk):
        known = INDICATORS.get(one.indicator)
        yield (
            one.indicator,
            "" if known is None else str(known.name),
            "" if known is None else str(known.unit),
            one.area_kind,
            one.area_code,
            guarded(one.area_name),
            one.year,
            *("" if n is None else f"{n:.6g}" for n in (one.value, one.low, one.high)),
            int(one.is_withheld),
            *(done.seed, done.draws, done.version),
        )


@require_safe
@professional_page
def compare(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Lay two or three scenarios of a region side by side, future by future."""
    check_can_view_insight(actor)
    regions = own_regions(actor, VIEW_INSIGHT)
    wanted = [
        int(one)
        for one in request.GET.getlist("s")
        if one.isascii() and one.isdigit() and len(one) < 15
    ]
    chosen = [
        get_scenario(pk, reader_id=actor.user_id)
        for pk in dict.fromkeys(wanted[: MOST_COMPARED + 1])
    ][:MOST_COMPARED]
    for row in chosen:
        check_can_view_insight(actor, region_target(row.region_id))
    region = chosen_region(request, regions)
    if chosen:
        region = next((one for one in regions if one.id == chosen[0].region_id), region)
    choices = (
        [] if region is None else list_scenarios([region.id], reader_id=actor.user_id)
    )
    done = [(row, find_done_run(row.pk)) for row in chosen]
    computed = [(row, run) for row, run in done if run is not None]
    context: dict[str, Any] = {
        "region": region,
        "choices": [
            (row, row.pk in {one.pk for one in chosen})
            for row in sorted(choices, key=lambda row: (not is_base(row), row.name))
            if any(run.status == RunStatus.DONE for run in row.newest_runs)  # type: ignore[attr-defined]
        ],
        "most": MOST_COMPARED,
        "missing": [row for row, run in done if run is None],
    }
    if len(computed) > 1:
        context |= _compare_context(computed)
    return render(request, "insight/scenario_compare.html", context)


def _compare_context(
    computed: Sequence[tuple[Scenario, ScenarioRun]],
) -> dict[str, Any]:
    projections = [(row.name, from_result(run.result)) for row, run in computed]
    first = projections[0][1]
    year = min(each.horizon_year for _name, each in projections)
    pairs: list[Comparison | None] = [None]
    problem = ""
    for _row, run in computed[1:]:
        try:
            pairs.append(compare_runs(computed[0][1], run))
        except InvalidValue as error:
            pairs.append(None)
            problem = str(error)
    rows = []
    for indicator in _COMPARED:
        cells = []
        for (_name, each), pair in zip(projections, pairs, strict=True):
            total = each.total(indicator, year)
            cells.append(
                {
                    "value": say_figure(indicator, total.value),
                    "bounds": say_bounds(indicator, total.low, total.high),
                    "change": _say_difference(pair, indicator, year),
                }
            )
        rows.append((INDICATORS[indicator].name, cells))
    return {
        "compared": [row for row, _run in computed],
        "year": year,
        "rows": rows,
        "problem": problem,
        "gaps_chart": draw_gaps(projections),
        "differences_chart": draw_differences(
            [
                (name, pair)
                for (name, _each), pair in zip(projections, pairs, strict=True)
                if pair is not None
            ],
            first=projections[0][0],
        ),
        "answers": [
            (
                name,
                say_answer(each, None, year=year),
                _say_difference(pair, "gap_hours", year),
            )
            for (name, each), pair in zip(projections, pairs, strict=True)
        ],
        "differing": _differing([row for row, _run in computed]),
        "draws": first.draws,
    }


def _say_difference(pair: Comparison | None, indicator: str, year: int) -> str:
    if pair is None:
        return ""
    try:
        one = pair.difference(indicator, year)
    except KeyError:
        return ""
    known = INDICATORS[indicator]
    said = say_change(one.value, known.decimals)
    bounds = say_bounds(indicator, one.low, one.high)
    return f"{said} ({bounds})" if bounds else said


def _differing(rows: Sequence[Scenario]) -> list[tuple[str, list[str]]]:
    """Return each value that is not the same in all, with what each supposes."""
    values = [
        {
            each.name: say_range(
                row.overrides.get(each.name, {}).get("low", each.low),
                row.overrides.get(each.name, {}).get("high", each.high),
                each.unit,
            )
            for each in list_parameters(row.base)
        }
        for row in rows
    ]
    names = list(dict.fromkeys(name for one in values for name in one))
    found = []
    for name in names:
        said = [one.get(name, "–") for one in values]
        if len(set(said)) > 1:
            found.append((say_parameter(name), said))
    bases = [say_shipped(row.base)[0] for row in rows]
    if len(set(bases)) > 1:
        found.insert(0, (_("Starts from"), bases))
    return found


def _list_supposed(row: Scenario) -> list[dict[str, Any]]:
    """Return each value that was changed, with who did it, when and why."""
    found = []
    for each in list_parameters(row.base):
        chosen = row.overrides.get(each.name)
        if chosen:
            found.append(
                {
                    "label": say_parameter(each.name),
                    "words": say_range(chosen["low"], chosen["high"], each.unit),
                    "base_words": say_range(each.low, each.high, each.unit),
                    "set_by": chosen.get("set_by", ""),
                    "set_at": datetime.fromisoformat(chosen["set_at"])
                    if chosen.get("set_at")
                    else None,
                    "why": chosen.get("why", ""),
                }
            )
    return found


def _list_closing(row: Scenario, *, at: datetime) -> list[tuple[str, int]]:
    known = list_gp_practices([each["service"] for each in row.closing], at=at)
    return [
        (
            known[each["service"]].name
            if each["service"] in known
            else _("Practice %(id)s") % {"id": each["service"]},
            each["year"],
        )
        for each in row.closing
    ]


def _year(asked: QueryDict, projection: Projection) -> int:
    wanted = asked.get("jaar", "")
    years = {str(year): year for year in projection.years}
    return years.get(wanted, projection.horizon_year)
