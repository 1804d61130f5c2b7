"""How GPs can be reached: per region, gemeente and PC4; map, table, CSV. Public."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from wijkspil.core.errors import NotFound
from wijkspil.core.spreadsheets import csv_lines, guarded
from wijkspil.directory.selectors.gp_areas import (
    GpRegion,
    get_gp_ground,
    list_gp_regions,
)
from wijkspil.directory.selectors.maps import feature_collection, list_area_features
from wijkspil.directory.wording import say_number
from wijkspil.registrations.access import (
    CLOSE_MINUTES,
    NEAR_MINUTES,
    STEP,
    Access,
    AreaAccess,
    Level,
    Reach,
    count_access,
    round_people,
)
from wijkspil.registrations.types import ListStatus
from wijkspil.ui.navigation import Chip, MapCategory

#: How long a browser keeps the shapes of a region.
_SHAPES_SECONDS = 24 * 3600
#: Over so many gemeenten no map is drawn: the shapes take too long to fetch.
_MOST_SHAPES = 600

#: Column of the table -> how a row is ordered by it; what is not known comes last.
SORT_KEYS = {
    "gebied": lambda row: (row.within, row.name),
    "praktijken": lambda row: row.practices,
    "open": lambda row: row.open,
    "gesloten": lambda row: row.closed,
    "inwoners": lambda row: row.people_per_practice or 10**9,
    "plek": lambda row: row.people_per_place or 10**9,
    "minuten": lambda row: row.minutes if row.minutes is not None else 10**9,
    "wensen": lambda row: row.waiting or 0,
}


@require_safe
def show_access(request: HttpRequest) -> HttpResponse:
    """Show how GPs can be reached in a region, or per region in the country."""
    regions = list_gp_regions()
    region, level = _read_question(request, regions)
    now = timezone.now()
    access = _count(region, level, regions, at=now)
    rows = sort_rows(access.rows, request.GET.get("sort", ""))
    query = _query(region, level)
    has_map = level is not Level.REGION and 0 < len(rows) <= _MOST_SHAPES
    return render(
        request,
        "registrations/access.html",
        {
            "regions": regions,
            "region": region,
            "level": level,
            "levels": _level_chips(region, level, regions),
            "total": access.total,
            "headline": say_headline(access.total),
            "share_near": _percentage(access.total.share_near),
            "waiting": say_people(access.total.waiting),
            "minutes": say_minutes(access.total.minutes),
            "near_minutes": NEAR_MINUTES,
            "close_minutes": CLOSE_MINUTES,
            "step": STEP,
            "rows": [
                {
                    "row": row,
                    "waiting": say_people(row.waiting),
                    "minutes": say_minutes(row.minutes),
                    "url": ""
                    if row.region_id is None
                    else f"?{_query_of(row.region_id, Level.GEMEENTE)}",
                }
                for row in rows
            ],
            "reasons": access.reasons,
            "sources": access.sources,
            "with_waiting": level is not Level.PC4,
            "has_map": has_map,
            "categories": [MapCategory(reach.value, reach.label) for reach in Reach],
            "map_url": f"{reverse('registrations:access-areas')}?{query}",
            "map_states": {
                row.code: {
                    "category": row.reach.value,
                    "text": say_practices(row),
                    **({"name": row.code} if level is Level.PC4 else {}),
                }
                for row in rows
            }
            if has_map
            else {},
            "export_url": f"{reverse('registrations:access-export')}?{query}",
        },
    )


@require_safe
def send_areas(request: HttpRequest) -> HttpResponse:
    """Send the shapes of the areas as GeoJSON; what they mean stands in the page."""
    regions = list_gp_regions()
    region, level = _read_question(request, regions)
    ground = get_gp_ground(None if region is None else region.id)
    ids: Sequence[int] = ()
    if level is Level.PC4:
        ids = [postcode.id for postcode in ground.postcodes]
    elif level is Level.GEMEENTE:
        ids = list(ground.gemeenten)
    response = JsonResponse(
        feature_collection(list_area_features(ids, properties={})),
        content_type="application/geo+json",
    )
    patch_cache_control(response, public=True, max_age=_SHAPES_SECONDS)
    return response


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Send the figures as CSV."""
    regions = list_gp_regions()
    region, level = _read_question(request, regions)
    now = timezone.now()
    access = _count(region, level, regions, at=now)
    response = HttpResponse(
        csv_lines(_lines(access)), content_type="text/csv; charset=utf-8"
    )
    where = "nederland" if region is None else region.code
    name = f"huisartsenzorg-{where}-{level}-{localdate(now).isoformat()}.csv".lower()
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def sort_rows(rows: Sequence[AreaAccess], wanted: str) -> list[AreaAccess]:
    """Return the rows by the column in the address; unknown columns change nothing."""
    key = SORT_KEYS.get(wanted.removeprefix("-"))
    if key is None:
        return list(rows)
    return sorted(rows, key=key, reverse=wanted.startswith("-"))


def say_headline(total: AreaAccess) -> str:
    """Say in one sentence how many practices take people."""
    if not total.practices:
        return _("No GP practice is known here.")
    return ngettext(
        "%(open)s of %(all)s practice takes new patients, %(limited)s on conditions.",
        "%(open)s of %(all)s practices take new patients, %(limited)s on conditions.",
        total.practices,
    ) % {
        "open": say_number(total.open),
        "all": say_number(total.practices),
        "limited": say_number(total.limited),
    }


def say_practices(row: AreaAccess) -> str:
    """Say the practices of an area for the map."""
    words = ngettext(
        "%(count)s practice: %(open)s open, %(limited)s with conditions, "
        "%(closed)s closed.",
        "%(count)s practices: %(open)s open, %(limited)s with conditions, "
        "%(closed)s closed.",
        row.practices,
    ) % {
        "count": row.practices,
        "open": row.open,
        "limited": row.limited,
        "closed": row.closed,
    }
    return words if row.practices else _("No practice in this area.")


def say_people(people: int | None) -> str:
    """Say a number of people as it is told in public."""
    if people is None:
        return ""
    told = round_people(people)
    if people == 0:
        return say_number(0)
    return _("fewer than 5") if told is None else say_number(told)


def say_minutes(minutes: float | None) -> str:
    """Say minutes by car in whole ones."""
    return "" if minutes is None else say_number(max(1, round(minutes)))


def _percentage(share: float | None) -> str:
    # 100 is said only of all.
    return "" if share is None else say_number(int(100 * share))


def _read_question(
    request: HttpRequest, regions: Sequence[GpRegion]
) -> tuple[GpRegion | None, Level]:
    """Return the region and the level of the address; the only region is chosen."""
    asked = request.GET.get("regio", "")
    region = regions[0] if len(regions) == 1 else None
    if asked:
        region = next((one for one in regions if str(one.id) == asked), None)
        if region is None:
            raise NotFound(_("There is no such region. Choose one from the list."))
    wanted = request.GET.get("niveau", "")
    allowed = _levels(region)
    return region, next((one for one in allowed if one.value == wanted), allowed[0])


def _levels(region: GpRegion | None) -> tuple[Level, ...]:
    if region is None:
        return (Level.REGION, Level.GEMEENTE)
    return (Level.GEMEENTE, Level.PC4)


def _level_chips(
    region: GpRegion | None, level: Level, regions: Sequence[GpRegion]
) -> list[Chip]:
    return [
        Chip(one.label, f"?{_query(region, one)}", active=one is level)
        for one in _levels(region)
    ]


def _query(region: GpRegion | None, level: Level) -> str:
    return _query_of(None if region is None else region.id, level)


def _query_of(region_id: int | None, level: Level) -> str:
    chosen = {} if region_id is None else {"regio": str(region_id)}
    return urlencode({**chosen, "niveau": level.value})


def _count(
    region: GpRegion | None, level: Level, regions: Sequence[GpRegion], *, at: datetime
) -> Access:
    return count_access(level=level, region=region, regions=regions, at=at)


def _lines(access: Access) -> Iterator[list[Any]]:
    yield [
        *("level", "code", "name", "gemeente", "population", "practices"),
        *("open", "limited", "closed", "not_told", "places_left_this_month"),
        *("people_per_practice", "people_per_place", "minutes_to_room"),
        *("share_within_15_minutes", "reach", "people_waiting"),
    ]
    for row in access.rows:
        yield [
            access.level.value,
            row.code,
            guarded(row.name),
            guarded(row.within),
            _told(row.population),
            row.practices,
            *(row.by_status.get(status, 0) for status in ListStatus),
            row.untold,
            _told(row.places),
            _told(row.people_per_practice),
            _told(row.people_per_place),
            "" if row.minutes is None else round(row.minutes, 1),
            "" if row.share_near is None else round(row.share_near, 3),
            row.reach.name.lower(),
            "" if row.waiting is None else _told_people(row.waiting),
        ]


def _told(number: int | None) -> int | str:
    return "" if number is None else number


def _told_people(people: int) -> int | str:
    told = round_people(people)
    return (0 if people == 0 else f"<{STEP}") if told is None else told
