"""The region: who still needs a bed, which beds there are, and promises kept."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.permissions import Permission
from wijkspil.directory.selectors.listing import ServiceFilter, list_services
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.types import Care
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.stays.permissions import (
    COORDINATE_STAYS,
    VIEW_STAY_STATISTICS,
    check_can_coordinate_stays,
    check_can_view_stay_statistics,
)
from wijkspil.stays.policies import label_of
from wijkspil.stays.selectors.beds import FreeBeds, list_beds_of, list_live_claims
from wijkspil.stays.selectors.statistics import count_region
from wijkspil.stays.selectors.stays import list_open_stays
from wijkspil.stays.types import ClaimStatus, NotDeliveredGround, StayKind, StayStatus
from wijkspil.stays.views.pages import FIGURE_DAYS, make_chips
from wijkspil.stays.wording import CLAIM_TONES, say_features, say_kind
from wijkspil.ui.navigation import Chip

#: More places for temporary stay no region has.
MOST_PLACES = 500


@require_safe
@professional_page
def show_board(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show open stays by date, beds by kind and place, and who is where."""
    check_can_coordinate_stays(actor)
    now = timezone.now()
    regions = _regions_of(actor, COORDINATE_STAYS)
    region = _chosen(request, regions)
    check_can_coordinate_stays(actor, _target(region))
    assert region is not None
    places = _list_places(region, at=now)
    told = list_beds_of(places)
    silent = sorted(
        name for pk, name in places.items() if pk not in {b.service_id for b in told}
    )
    stays = list_open_stays([region.id])
    taken = [
        (
            one,
            places.get(one.service_id, ""),
            say_kind(one.kind),
            str(ClaimStatus(one.status).label),
            CLAIM_TONES[ClaimStatus(one.status)],
        )
        for one in list_live_claims(region_id=region.id, at=now)
    ]
    return render(
        request,
        "stays/board.html",
        {
            "now": now,
            "chips": make_chips(actor, "stays:board"),
            "region": region,
            "region_chips": _region_chips(regions, region),
            "open_stays": [
                (stay, label_of(stay.suggested), stay.due_at and stay.due_at <= now)
                for stay in stays
                if stay.status == StayStatus.OPEN
            ],
            "late_stays": [
                stay
                for stay in stays
                if stay.status == StayStatus.PLACED
                and stay.due_at is not None
                and stay.due_at <= now
            ],
            "totals": [
                (StayKind(kind).label, _count_free(told, kind, at=now))
                for kind in StayKind.values
            ],
            "rows": [
                (one, say_features(one.features, one.gender), one.is_stale(at=now))
                for one in sorted(told, key=lambda b: (b.is_stale(at=now), -b.left))
            ],
            "silent": silent,
            "coming": [row for row in taken if row[0].status != ClaimStatus.ARRIVED],
            "here": [row for row in taken if row[0].status == ClaimStatus.ARRIVED],
        },
    )


@require_safe
@professional_page
def show_statistics(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show counts of searches and promises; never of people."""
    check_can_view_stay_statistics(actor)
    now = timezone.now()
    regions = _regions_of(actor, VIEW_STAY_STATISTICS)
    region = _chosen(request, regions)
    check_can_view_stay_statistics(actor, _target(region))
    assert region is not None
    figures = count_region(
        region.id, since=now - timedelta(days=FIGURE_DAYS), until=now
    )
    return render(
        request,
        "stays/statistics.html",
        {
            "now": now,
            "chips": make_chips(actor, "stays:statistics"),
            "region": region,
            "region_chips": _region_chips(regions, region),
            "days": FIGURE_DAYS,
            "figures": figures,
            "by_kind": [
                (label_of(kind), asked, without)
                for kind, asked, without in figures.by_kind
            ],
            "broken": [
                (one, say_kind(one.kind), NotDeliveredGround(one.ground).label)
                for one in figures.broken_lately
            ],
        },
    )


def _regions_of(actor: Actor, permission: Permission) -> list[RegionChoice]:
    return list_coverage_regions(reach_of(actor, permission).region_ids)


def _chosen(request: HttpRequest, regions: list[RegionChoice]) -> RegionChoice | None:
    wanted = request.GET.get("regio", "")
    if not wanted:
        return next(iter(regions), None)
    return next((region for region in regions if str(region.id) == wanted), None)


def _target(region: RegionChoice | None) -> Target:
    """Return where it lands: nowhere, if the region is not the reader's."""
    return Target(region_ids=frozenset({region.id} if region else ()))


def _region_chips(regions: list[RegionChoice], region: RegionChoice) -> list[Chip]:
    if len(regions) < 2:
        return []
    return [
        Chip(one.name, f"?regio={one.id}", active=one.id == region.id)
        for one in regions
    ]


def _list_places(region: RegionChoice, *, at: datetime) -> dict[int, str]:
    services, _count = list_services(
        ServiceFilter(care=Care.TEMPORARY_STAY, area_code=region.code),
        at=at,
        audiences=(),
        page=1,
        page_size=MOST_PLACES,
    )
    return {service.id: service.name for service in services}


def _count_free(told: list[FreeBeds], kind: str, *, at: datetime) -> int:
    return sum(b.left for b in told if b.kind == kind and not b.is_stale(at=at))
