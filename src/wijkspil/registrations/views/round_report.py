"""The report of a round, for all: result, map, prices of a place, fairness, proof.

Public once proposals were sent; before that for who runs the round.
"""

from math import hypot
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.directory.selectors.gp_areas import get_gp_ground
from wijkspil.directory.selectors.maps import (
    feature_collection,
    list_area_features,
    point_feature,
)
from wijkspil.registrations.errors import NotVerified
from wijkspil.registrations.models import Round
from wijkspil.registrations.round_wording import (
    GROUPINGS,
    LEVELS,
    say_group,
    say_people,
    say_result,
)
from wijkspil.registrations.selectors.round_report import (
    Flow,
    RoundReport,
    get_round_report,
    make_public_receipt,
)
from wijkspil.registrations.selectors.rounds import (
    count_answers,
    find_pass,
    get_executed_people,
    get_files,
    list_passes,
)
from wijkspil.registrations.services.round_reading import find_reported_round
from wijkspil.registrations.services.round_solving import check_again
from wijkspil.ui.navigation import MapCategory

FILE_NAMES = ("practices.csv", "wishes.csv", "moves.csv", "report.json")
#: Flows on the map: the largest; the table has them all.
MOST_FLOWS = 300
#: How far a line bends aside, as a part of its length, and in how many pieces.
_BEND, _PIECES = 0.12, 12


@require_http_methods(["GET", "HEAD", "POST"])
def show_report(request: HttpRequest, round_id: int) -> HttpResponse:
    """Show what came of a round; sent as a form it is checked anew."""
    row = _find(request, round_id)
    now = timezone.now()
    report = get_round_report(row, at=now)
    passes = list_passes(row.pk)
    people = get_executed_people(row.pk)
    checked = _check(row) if request.method == "POST" else None
    receipt = passes[0].receipt if passes else row.receipt or {}
    fairness = row.fairness or {}
    return render(
        request,
        "registrations/round_report.html",
        {
            "row": row,
            "region": row.region.name if row.region else _("the whole country"),
            "is_preview": row.passes == 0,
            "result": say_result(row, executed_people=people),
            "answers": count_answers(row.pk),
            "receipt": receipt,
            "levels": [
                (LEVELS.get(level["name"], level["name"]), level)
                for level in receipt.get("levels", ())
            ],
            "is_proven": receipt.get("status") == "optimal",
            "moved": say_people(receipt.get("moved_people", 0)),
            "list_people": say_people(fairness.get("list_people", 0)),
            "guard_price": fairness.get("guard_price_people"),
            "lines": report.lines,
            "helping": report.helping,
            "with_room_left": report.with_room_left,
            "shortages": [
                (one, say_people(one.missing)) for one in report.shortages[:10]
            ],
            "flows": [(flow, say_people(flow.people)) for flow in report.flows],
            "few_flows": sum(flow.is_few for flow in report.flows),
            "groups": _groups(report),
            "passes": passes,
            "checked": checked,
            "map_url": reverse("registrations:round-map", args=[row.pk]),
            "categories": [
                MapCategory("good", _("Practice with room for who wanted it")),
                MapCategory("limited", _("One more place helps one person")),
                MapCategory("full", _("One more place helps several people")),
            ],
        },
    )


@require_safe
def send_map(request: HttpRequest, round_id: int) -> HttpResponse:
    """Send the gemeenten, the practices and the moves between them as GeoJSON."""
    row = _find(request, round_id)
    report = get_round_report(row, at=timezone.now())
    ground = get_gp_ground(row.region_id) if row.region_id is not None else None
    features: list[Any] = []
    if ground is not None:
        features += list_area_features(
            ground.gemeenten,
            properties={pk: {"category": "land"} for pk in ground.gemeenten},
        )
    most = max((flow.people for flow in report.flows), default=1)
    features += [
        line
        for flow in report.flows[:MOST_FLOWS]
        if (line := _line_of(flow, most)) is not None
    ]
    for one in report.lines:
        price = one.price
        point = point_feature(
            lon=one.practice.lon,
            lat=one.practice.lat,
            code=str(one.practice.id),
            name=one.practice.name,
            label="",
            category="good" if price == 0 else "limited" if price == 1 else "full",
            text=_say_practice(one.joined.people_in, one.joined.people_out, price),
        )
        if point is not None:
            features.append(point)
    return JsonResponse(
        feature_collection(features), content_type="application/geo+json"
    )


@require_safe
def send_receipt(request: HttpRequest, round_id: int, number: int) -> HttpResponse:
    """Send what proves a division, without anything of single households."""
    row = _find(request, round_id)
    found = find_pass(row.pk, number)
    if found is None:
        raise Http404
    return JsonResponse(
        make_public_receipt(found.receipt, row=row, number=number),
        json_dumps_params={"indent": 1},
    )


def send_file(row: Round, number: int, name: str) -> HttpResponse:
    """Send a file of a round as it was solved; permission is checked by who calls."""
    found = find_pass(row.pk, number)
    if found is None:
        raise Http404
    content = {
        "practices.csv": row.practices_csv,
        "wishes.csv": found.wishes_csv or row.wishes_csv,
        "moves.csv": found.moves_csv,
    }.get(name)
    if name == "report.json":
        return JsonResponse(found.receipt, json_dumps_params={"indent": 1})
    if content is None:
        raise Http404
    response = HttpResponse(bytes(content), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="round-{row.pk}-{number}-{name}"'
    )
    return response


def _find(request: HttpRequest, round_id: int) -> Round:
    """Return a round the reader may read the report of."""
    return find_reported_round(get_request_actor(request), round_id)


def _check(row: Round) -> tuple[bool, str]:
    whole = get_files(row.pk)
    for known in list_passes(row.pk):
        one = find_pass(row.pk, known.number)
        assert one is not None
        try:
            check_again(whole, one)
        except NotVerified as error:
            return False, str(error)
    return True, ""


def _groups(report: RoundReport) -> list[tuple[str, list[Any]]]:
    made: dict[str, list[Any]] = {}
    for group in report.groups:
        made.setdefault(group.grouping, []).append(
            {
                "label": say_group(group.grouping, group.label),
                "people": say_people(group.people),
                "by_list": say_people(group.by_list),
                "by_round": say_people(group.by_round),
                "earlier": say_people(group.earlier),
                "later": say_people(group.later),
                "is_served_later": group.is_served_later,
                "is_better": group.by_round > group.by_list,
            }
        )
    return [(str(GROUPINGS.get(name, name)), rows) for name, rows in made.items()]


def _say_practice(people_in: int, people_out: int, price: int) -> str:
    told = _("%(came)s in, %(went)s out.") % {
        "came": say_people(people_in),
        "went": say_people(people_out),
    }
    if price == 0:
        return told
    helps = ngettext(
        "One more place here helps %(n)s person.",
        "One more place here helps %(n)s people.",
        price,
    ) % {"n": price}
    return f"{told} {helps}"


def _line_of(flow: Flow, most: int) -> dict[str, Any] | None:
    """Return a move between two practices as a bent line; the bend tells the way."""
    start, end = flow.came_from, flow.to
    if start is None or None in (start.lon, start.lat, end.lon, end.lat):
        return None
    assert start.lon is not None
    assert start.lat is not None
    assert end.lon is not None
    assert end.lat is not None
    x0, y0, x1, y1 = start.lon, start.lat, end.lon, end.lat
    if hypot(x1 - x0, y1 - y0) == 0:
        return None
    # A point beside the middle; degrees of longitude are shorter than of latitude.
    shorter = 0.61
    cx = (x0 + x1) / 2 + _BEND * (y1 - y0) / shorter
    cy = (y0 + y1) / 2 - _BEND * (x1 - x0) * shorter
    points = []
    for k in range(_PIECES + 1):
        t = k / _PIECES
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        points.append(
            [
                round(a * x0 + b * cx + c * x1, 5),
                round(a * y0 + b * cy + c * y1, 5),
            ]
        )
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": points},
        "properties": {
            "name": f"{start.name} - {end.name}",
            "weight": 1 if flow.is_few else round(1 + 7 * flow.people / max(1, most)),
        },
    }
