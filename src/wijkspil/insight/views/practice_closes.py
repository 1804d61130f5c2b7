"""What if this practice closes? Who can reach a GP before and after, who moves where.

Computed while the reader waits: a region takes less than a second. Nothing is stored;
one button makes a scenario of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import list_gp_practices_of_region
from wijkspil.directory.selectors.maps import feature_collection, list_area_features
from wijkspil.directory.selectors.wijken import list_wijken_of_region
from wijkspil.directory.views.pages import professional_page
from wijkspil.insight.engine_io.access import Closed, close_practice
from wijkspil.insight.permissions import (
    VIEW_INSIGHT,
    can_make_scenario,
    check_can_view_insight,
)
from wijkspil.insight.scenario_charts import draw_moves
from wijkspil.insight.selectors.ground import count_ground, read_wide_ground
from wijkspil.insight.selectors.scenarios import region_target
from wijkspil.insight.services.scenarios import CLOSING_YEARS
from wijkspil.insight.types import Ground
from wijkspil.insight.views.scenarios import (
    CLOSES_AFTER_YEARS,
    chosen_region,
    own_regions,
)
from wijkspil.ui.charts.frame import say_change, say_value
from wijkspil.ui.navigation import MapCategory

#: Practices that take people, shown in the chart; the rest is told as a number.
MOST_TAKERS = 12
#: Part of the places within reach that may go before it is called a loss.
SMALL_LOSS = 0.01
LARGE_LOSS = 0.03


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A wijk before and after, in places for each 1,000 people."""

    code: str
    name: str
    before: str
    after: str
    change: str
    tone: str
    size: float


@require_safe
@professional_page
def show_closing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Choose a practice and a year; show who can reach a GP before and after."""
    check_can_view_insight(actor)
    regions = own_regions(actor, VIEW_INSIGHT)
    region = chosen_region(request, regions)
    now = timezone.now()
    practices = [] if region is None else list_gp_practices_of_region(region.id, at=now)
    wanted = request.GET.get("praktijk", "")
    practice = next((one for one in practices if str(one.id) == wanted), None)
    first = localdate(now).year
    years = [first + n for n in range(1, CLOSING_YEARS + 1)]
    asked = {str(year): year for year in years}
    year = asked.get(request.GET.get("jaar", ""), first + CLOSES_AFTER_YEARS)
    context: dict[str, Any] = {
        "regions": regions,
        "region": region,
        "practices": [(one.id, one.name) for one in practices],
        "practice": practice,
        "year": year,
        "years": [(one, str(one)) for one in years],
    }
    if region is not None and practice is not None:
        counted = count_ground(region_id=region.id, at=now)
        code = str(practice.id)
        if code in {site.code for site in counted.ground.gp_sites}:
            ground = read_wide_ground(counted, at=now)
            closed = close_practice(
                ground,
                [code],
                valid_from=date(year, 1, 1),
                valid_until=date(year + 1, 1, 1),
            )
            here = {wijk.code for wijk in counted.wijken}
            context |= _closed_context(ground, closed, code, here)
            context["map_url"] = (
                f"{reverse('insight:practice-shapes')}?regio={region.id}"
            )
        else:
            context["is_unknown"] = True
        context["can_make"] = can_make_scenario(actor, region_target(region.id))
    return render(request, "insight/scenario_practice.html", context)


@require_safe
@professional_page
def send_shapes(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send the shapes of the wijken of a region."""
    check_can_view_insight(actor)
    region = chosen_region(request, own_regions(actor, VIEW_INSIGHT))
    ids = [] if region is None else [w.id for w in list_wijken_of_region(region.id)]
    return feature_response(ids)


def feature_response(ids: Sequence[int]) -> HttpResponse:
    """Return the shapes of areas, kept a day by the browser."""
    response = JsonResponse(
        feature_collection(list_area_features(ids, properties={})),
        content_type="application/geo+json",
    )
    patch_cache_control(response, private=True, max_age=24 * 3600)
    return response


def _closed_context(
    ground: Ground, closed: Closed, code: str, here: Collection[str]
) -> dict[str, Any]:
    names = {site.code: site.name for site in ground.gp_sites}
    moves = [(names.get(to, to), people) for to, people in closed.moved_people]
    lines = [line for line in _lines(ground, closed) if line.code in here]
    inside = np.array([place.code in here for place in ground.places])
    people = ground.population.sum(axis=(1, 2)) * inside
    before = _mean(closed.before, people)
    after = _mean(closed.after, people)
    moved = sum(count for _name, count in moves)
    losing = sum(
        float(count)
        for count, old, new in zip(people, closed.before, closed.after, strict=True)
        if old - new >= SMALL_LOSS * old and old > 0
    )
    site = next(one for one in ground.gp_sites if one.code == code)
    return {
        "title": _("About %(people)s people look for another GP")
        % {"people": say_value(moved)},
        "site": site,
        "moved": say_value(moved),
        "losing": say_value(losing),
        "before": say_value(before),
        "after": say_value(after),
        "change": say_change(after - before),
        "moves_chart": draw_moves(sorted(moves, key=lambda one: -one[1])[:MOST_TAKERS]),
        "lines": lines,
        "map_states": {
            line.code: {
                "category": line.tone,
                "name": line.name,
                "text": _("%(before)s places for 1,000 people before, %(after)s after")
                % {"before": line.before, "after": line.after},
            }
            for line in lines
        },
        "categories": [
            MapCategory("good", _("Less than 1 % fewer places")),
            MapCategory("limited", _("1 to 3 % fewer places")),
            MapCategory("full", _("3 % or more fewer places")),
        ],
    }


def _lines(ground: Ground, closed: Closed) -> list[PlaceLine]:
    lines = [
        PlaceLine(
            code=place.code,
            name=place.name,
            before=say_value(old),
            after=say_value(new),
            change=say_change(new - old),
            tone="good"
            if old - new < SMALL_LOSS * old
            else "limited"
            if old - new < LARGE_LOSS * old
            else "full",
            size=new - old,
        )
        for place, old, new in zip(
            ground.places, closed.before, closed.after, strict=True
        )
    ]
    return sorted(lines, key=lambda line: (line.size, line.name))


def _mean(values: Sequence[float], weights: Any) -> float:
    total = float(weights.sum())
    if not total:
        return 0.0
    return sum(v * float(w) for v, w in zip(values, weights, strict=True)) / total
