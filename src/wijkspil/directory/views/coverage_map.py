"""Coverage of a region in a week: map, equal table, export, and how to mend a gap."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import localdate, localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotFound
from wijkspil.core.kept import Kept
from wijkspil.core.periods import Period
from wijkspil.core.spreadsheets import csv_lines, guarded
from wijkspil.directory.forms.coverage_map import DAYS, CoverageMapForm
from wijkspil.directory.permissions import (
    VIEW_COVERAGE_GAPS,
    can_edit_coverage,
    can_edit_duty,
    can_view_professional_contacts,
    check_can_view_coverage_gaps,
    visible_audiences,
)
from wijkspil.directory.selectors.candidates import get_wijk, list_candidates
from wijkspil.directory.selectors.coverage_check import (
    CoverageResult,
    Gap,
    WijkCoverage,
    check_coverage,
)
from wijkspil.directory.selectors.last_change import get_last_change
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.selectors.maps import (
    feature_collection,
    list_area_features,
    list_wijk_ids_within,
)
from wijkspil.directory.services.duty import LONGEST
from wijkspil.directory.types import Care
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.directory.wording import say_number, say_span
from wijkspil.ui.navigation import Chip, Crumb, MapCategory

#: How long a browser keeps the shapes of a region.
_SHAPES_SECONDS = 24 * 3600

COVERED, BACKUP, GAP = "covered", "backup", "gap"

#: Column of the table -> how a row is ordered by it.
SORT_KEYS = {
    "wijk": lambda wijk: (wijk.name, wijk.code),
    "hours": lambda wijk: wijk.hours.uncovered,
    "nobody": lambda wijk: wijk.hours_with_fallback.uncovered,
}


@dataclass(frozen=True)
class Question:
    """What was asked: a region, a week and a kind of care."""

    region: RegionChoice
    care: str
    day: date

    @property
    def period(self) -> Period:
        """Return the week: seven local days."""
        zone = timezone.get_current_timezone()
        return Period(
            datetime.combine(self.day, time(), zone),
            datetime.combine(self.day + timedelta(days=DAYS), time(), zone),
        )

    def query(self, **change: str) -> str:
        """Return the question as the query of an address."""
        return urlencode(
            {
                "regio": str(self.region.id),
                "zorg": self.care,
                "vanaf": self.day.isoformat(),
                **change,
            }
        )


def state_of(wijk: WijkCoverage) -> str:
    """Return the state of a wijk over the week: the worst of its hours."""
    if wijk.hours_with_fallback.uncovered > 0:
        return GAP
    return BACKUP if wijk.hours.uncovered > 0 else COVERED


def state_words() -> dict[str, str]:
    """Return what each state means, worst first."""
    return {
        GAP: _("Nobody in some hours"),
        BACKUP: _("Only the fallback of the region in some hours"),
        COVERED: _("A service is responsible all week"),
    }


@require_safe
@professional_page
def show_coverage(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show which wijken of a region have a gap in a week, on a map and in a table."""
    check_can_view_coverage_gaps(actor)
    regions = _own_regions(actor)
    form = CoverageMapForm(
        request.GET, regions=[(r.id, r.name) for r in regions], today=localdate()
    )
    if not regions or not form.is_valid():
        return render(
            request,
            "directory/coverage.html",
            {"form": form, "regions": regions},
            status=HTTPStatus.BAD_REQUEST if regions else HTTPStatus.OK,
        )
    asked = _question(form, regions)
    result = _check(actor, asked)
    shown = request.GET.get("toon", "")
    shown = shown if shown in state_words() else ""
    states = {wijk.code: state_of(wijk) for wijk in result.wijken}
    return render(
        request,
        "directory/coverage.html",
        {
            "form": form,
            "regions": regions,
            "asked": asked,
            "care_label": Care(asked.care).label,
            "headline": say_headline(result),
            "totals": result.totals,
            "uncovered": say_number(result.totals.wijk_hours.uncovered, 1),
            "nobody": say_number(result.totals.wijk_hours_with_fallback.uncovered, 1),
            "share": say_number(_share_covered(result), 1),
            "map_and_table": _KEPT.get(
                (
                    asked.region.id,
                    request.GET.urlencode(),
                    asked.query(),
                    get_language(),
                    get_last_change(),
                ),
                lambda: _draw_map_and_table(request, asked, result, states, shown),
            ),
            "n_all": len(result.wijken),
            "chips": _chips(asked, states, shown),
            "weeks": _week_chips(asked),
            "export_url": f"{reverse('directory:coverage-export')}?{asked.query()}",
            "can_manage": can_edit_coverage(actor),
        },
    )


#: Hundreds of wijken on a map and in a table, the same for all readers of a region.
_KEPT = Kept(most=64)


def _draw_map_and_table(
    request: HttpRequest,
    asked: Question,
    result: CoverageResult,
    states: Mapping[str, str],
    shown: str,
) -> SafeString:
    words = state_words()
    spans = {
        w.code: say_span(w.gaps[0].period) if w.gaps else "" for w in result.wijken
    }
    rows = [w for w in result.wijken if not shown or states[w.code] == shown]
    context = {
        "request": request,  # the heads of the columns sort what was asked
        "care_label": Care(asked.care).label,
        "categories": [MapCategory(key, label) for key, label in words.items()],
        "map_url": _shapes_url(asked, result.year),
        "map_states": {
            wijk.code: {
                "category": states[wijk.code],
                "text": spans[wijk.code],
                "url": f"{reverse('directory:coverage-wijk', args=[wijk.code])}"
                f"?{asked.query()}",
            }
            for wijk in result.wijken
        },
        "query": asked.query(),
        "rows": [
            {
                "wijk": wijk,
                "state": states[wijk.code],
                "words": words[states[wijk.code]],
                "hours": say_number(wijk.hours.uncovered, 1),
                "nobody": say_number(wijk.hours_with_fallback.uncovered, 1),
                "first_gap": spans[wijk.code],
            }
            for wijk in sort_wijken(rows, request.GET.get("sort", ""))
        ],
    }
    return SafeString(
        render_to_string("directory/coverage_map_and_table.html", context)
    )


@require_safe
@professional_page
def send_areas(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send the shapes of a region's wijken, as GeoJSON for the map.

    Shapes of a year stay as they are, so a browser keeps them; what state a wijk is
    in stands in the page, so that map and table always say the same.
    """
    asked = _read_question(request, actor)
    year = request.GET.get("jaar", "")
    wijken = (
        list_wijk_ids_within(asked.region.id, year=int(year))
        if re.fullmatch("[0-9]{4}", year)
        else []
    )
    response = JsonResponse(
        feature_collection(list_area_features(wijken, properties={})),
        content_type="application/geo+json",
    )
    patch_cache_control(response, private=True, max_age=_SHAPES_SECONDS)
    return response


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send every gap of the week as CSV."""
    asked = _read_question(request, actor)
    result = _check(actor, asked)
    response = HttpResponse(
        csv_lines(_rows(result)), content_type="text/csv; charset=utf-8"
    )
    name = f"dekking-{asked.region.code}-{asked.day.isoformat()}.csv".lower()
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@professional_page
def show_wijk(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show the gaps of one wijk, who could cover them, and where to enter that."""
    wijk = get_wijk(code)
    if wijk is None:
        raise NotFound(_("There is no wijk with the code “%(code)s”.") % {"code": code})
    target = Target(region_ids=wijk.within)
    check_can_view_coverage_gaps(actor, target)
    asked = _read_question(request, actor)
    result = check_coverage(
        period=asked.period, care=asked.care, region_code=wijk.gemeente_code
    )
    found = next((w for w in result.wijken if w.code == code), None)
    now = timezone.now()
    may_see_room = can_view_professional_contacts(actor)
    back_url = f"{reverse('directory:coverage')}?{asked.query()}"
    may_add_duty = can_edit_duty(actor, target)
    return render(
        request,
        "directory/coverage_wijk.html",
        {
            "now": now,
            "wijk": wijk,
            "asked": asked,
            "care_label": Care(asked.care).label,
            "gaps": [
                {
                    "words": say_span(gap.period),
                    "gap": gap,
                    "share": say_number(100 * gap.covered_share),
                    "duty_query": _duty_query(wijk.id, gap),
                }
                for gap in (found.gaps if found else ())
            ],
            "candidates": list_candidates(
                wijk.id, care=asked.care, at=now, audiences=visible_audiences(actor)
            ),
            "may_see_room": may_see_room,
            "may_add_coverage": can_edit_coverage(actor, target),
            "may_add_duty": may_add_duty,
            "first_duty_query": _duty_query(wijk.id, found.gaps[0])
            if found and found.gaps
            else "",
            "back_url": back_url,
            "crumbs": [Crumb(_("Coverage"), back_url), Crumb(wijk.name)],
        },
    )


def say_headline(result: CoverageResult) -> str:
    """Say in a sentence how the week stands."""
    totals = result.totals
    if not totals.n_wijken_with_gap:
        return _("Every wijk is covered all week.")
    return ngettext(
        "%(gap)s of %(all)s wijken has a gap; %(hours)s wijk-hours.",
        "%(gap)s of %(all)s wijken have a gap; %(hours)s wijk-hours.",
        totals.n_wijken_with_gap,
    ) % {
        "gap": say_number(totals.n_wijken_with_gap),
        "all": say_number(totals.n_wijken),
        "hours": say_number(totals.wijk_hours.uncovered, 1),
    }


def sort_wijken(rows: Sequence[WijkCoverage], wanted: str) -> list[WijkCoverage]:
    """Return the rows as the address asks; without, the worst first."""
    key = SORT_KEYS.get(wanted.removeprefix("-"))
    if key is None:
        return sorted(
            rows,
            key=lambda wijk: (
                -wijk.hours_with_fallback.uncovered,
                -wijk.hours.uncovered,
                wijk.name,
            ),
        )
    return sorted(rows, key=key, reverse=wanted.startswith("-"))


def _own_regions(actor: Actor) -> list[RegionChoice]:
    reach = reach_of(actor, VIEW_COVERAGE_GAPS)
    return list_coverage_regions(None if reach.is_everywhere else reach.region_ids)


def _question(form: CoverageMapForm, regions: Sequence[RegionChoice]) -> Question:
    data = form.cleaned_data
    return Question(
        region=next(r for r in regions if r.id == data["regio"]),
        care=data["zorg"],
        day=data["vanaf"],
    )


def _read_question(request: HttpRequest, actor: Actor) -> Question:
    """Return the question of an address that the map page made."""
    check_can_view_coverage_gaps(actor)
    regions = _own_regions(actor)
    form = CoverageMapForm(
        request.GET, regions=[(r.id, r.name) for r in regions], today=localdate()
    )
    if not form.is_valid():
        raise NotFound(
            _("This question about coverage cannot be answered. Go to the map again.")
        )
    return _question(form, regions)


def _check(actor: Actor, asked: Question) -> CoverageResult:
    check_can_view_coverage_gaps(actor, Target(region_ids=frozenset({asked.region.id})))
    return check_coverage(
        period=asked.period, care=asked.care, region_code=asked.region.address
    )


def _shapes_url(asked: Question, year: int) -> str:
    query = urlencode({"regio": str(asked.region.id), "jaar": str(year)})
    return f"{reverse('directory:coverage-areas')}?{query}"


def _share_covered(result: CoverageResult) -> float:
    """Return the percentage of inhabitant-hours covered; 100 is said only of all."""
    return int(1000 * result.totals.person_hours.covered_share) / 10


def _chips(asked: Question, states: dict[str, str], shown: str) -> list[Chip]:
    values = list(states.values())
    return [
        Chip(_("All"), f"?{asked.query()}", active=not shown, count=len(values)),
        *(
            Chip(
                words,
                f"?{asked.query(toon=key)}",
                active=shown == key,
                count=values.count(key),
            )
            for key, words in state_words().items()
        ),
    ]


def _week_chips(asked: Question) -> list[Chip]:
    today = localdate()

    def week(label: str, day: date) -> Chip:
        return Chip(
            label, f"?{asked.query(vanaf=day.isoformat())}", active=day == asked.day
        )

    return [
        week(_("The coming seven days"), today),
        week(_("A week earlier"), asked.day - timedelta(days=DAYS)),
        week(_("A week later"), asked.day + timedelta(days=DAYS)),
    ]


def _duty_query(area_id: int, gap: Gap) -> str:
    start = localtime(gap.period.start)
    end = min(localtime(gap.period.end), start + LONGEST)
    return urlencode(
        {
            "areas": str(area_id),
            "valid_from": f"{start:%Y-%m-%dT%H:%M}",
            "valid_until": f"{end:%Y-%m-%dT%H:%M}",
        }
    )


def _rows(result: CoverageResult) -> Iterator[list[Any]]:
    yield [
        *("wijk", "name", "gemeente", "population", "from", "until", "hours"),
        *("covered_share", "covered_share_with_fallback"),
    ]
    for wijk in result.wijken:
        for gap in wijk.gaps:
            yield [
                wijk.code,
                guarded(wijk.name),
                guarded(wijk.gemeente_name),
                wijk.population,
                localtime(gap.period.start).isoformat(),
                localtime(gap.period.end).isoformat(),
                round(gap.period.hours, 4),
                round(gap.covered_share, 4),
                round(gap.covered_share_with_fallback, 4),
            ]
