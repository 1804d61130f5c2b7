"""The page "Room in the region": counts per wijk, for coordinator and insurer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import Actor, Target
from wijkspil.core.permissions import Scope
from wijkspil.directory.selectors.room_overview import (
    RegionName,
    WijkRoom,
    get_region,
    list_regions,
    list_wijk_room,
)
from wijkspil.directory.types import Care, RegionPurpose
from wijkspil.portal.permissions import (
    VIEW_ROOM_OVERVIEW,
    check_can_view_room_overview,
)
from wijkspil.portal.room_markup import draw_room_rows
from wijkspil.ui.navigation import Chip

#: Column of the table -> how a row is ordered by it.
SORT_KEYS = {
    "wijk": lambda row: (row.name, row.code),
    "gemeente": lambda row: (row.gemeente, row.name),
    "teams": lambda row: row.teams,
    "room": lambda row: row.room,
    "limited": lambda row: row.limited,
    "full": lambda row: row.full,
    "unknown": lambda row: row.unknown,
}


@require_safe
def show_room_overview(request: HttpRequest) -> HttpResponse:
    """Show the room of one region; of which one is in the address."""
    actor = get_request_actor(request)
    check_can_view_room_overview(actor)
    regions = list_own_regions(actor)
    asked = request.GET.get("regio", "")
    region = (
        get_region(int(asked))
        if asked.isascii() and asked.isdigit() and len(asked) < 19
        else next(iter(regions), None)
    )
    now = timezone.now()
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") not in SORT_KEYS:
        sort = ""
    rows: list[WijkRoom] = []
    if region is not None:
        check_can_view_room_overview(actor, Target(region_ids=frozenset({region.id})))
        rows = sort_rows(
            list_wijk_room(region_id=region.id, care=Care.DISTRICT_NURSING, at=now),
            sort,
        )
    return render(
        request,
        "portal/room_overview.html",
        {
            "region": region,
            "rows": rows,
            "body": draw_room_rows(rows, now=now),
            "with_room": sum(1 for row in rows if row.room or row.limited),
            "without_team": sum(1 for row in rows if not row.teams),
            "without_report": sum(
                1 for row in rows if row.teams and row.unknown == row.teams
            ),
            "regions": [
                Chip(
                    f"{item.name} ({RegionPurpose(item.purpose).label})",
                    f"?regio={item.id}",
                    active=item == region,
                )
                for item in regions
            ],
        },
    )


def list_own_regions(actor: Actor) -> list[RegionName]:
    """Return the regions whose figures the actor may see."""
    grants = VIEW_ROOM_OVERVIEW.grants
    if any(grants.get(grant.role) is Scope.EVERYWHERE for grant in actor.grants):
        return list_regions()
    return list_regions(
        {
            grant.region_id
            for grant in actor.grants
            if grant.region_id is not None and grant.role in grants
        }
    )


def sort_rows(rows: list[WijkRoom], wanted: str) -> list[WijkRoom]:
    """Return the rows by the column in the address; unknown columns change nothing."""
    key = SORT_KEYS.get(wanted.removeprefix("-"))
    if key is None:
        return rows
    return sorted(rows, key=key, reverse=wanted.startswith("-"))
