"""Who could take over where a wijk has a gap: who is there already, and who is near.

Proposes; it does not decide. Order: services that already play a part in the wijk,
then the nearest, then the fallback of the region; each with its room as reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians

from django.db.models import Prefetch, Q

from wijkspil.directory.models import (
    Area,
    ContactPoint,
    Coverage,
    HealthcareService,
)
from wijkspil.directory.room import RoomReport, derive_room
from wijkspil.directory.selectors.capacity import list_current_reports
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.directory.types import AreaKind, ContactSystem, Room

#: Kilometres within which a service counts as near.
NEAR_KM = 15.0


@dataclass(frozen=True)
class Candidate:
    """A service that could cover the gap. ``role`` is its part here, or empty."""

    id: int
    name: str
    organization_name: str
    role: str
    is_region_wide: bool
    distance_km: float | None
    phone: str
    room: Room
    report: RoomReport | None


@dataclass(frozen=True)
class WijkOnMap:
    """A wijk with what is needed to weigh a question about it."""

    id: int
    code: str
    name: str
    gemeente_code: str
    gemeente_name: str
    within: frozenset[int]


def get_wijk(code: str) -> WijkOnMap | None:
    """Return the newest wijk with this code, or None (one query)."""
    row = (
        Area.objects.filter(kind=AreaKind.WIJK, code=code.replace("\0", ""))
        .select_related("parent")
        .order_by("-year")
        .first()
    )
    if row is None:
        return None
    return WijkOnMap(
        id=row.pk,
        code=row.code,
        name=row.name,
        gemeente_code=row.parent.code if row.parent else "",
        gemeente_name=row.parent.name if row.parent else "",
        within=frozenset(row.within),
    )


def list_candidates(
    wijk_id: int,
    *,
    care: str,
    at: datetime,
    audiences: Sequence[str],
    limit: int = 8,
) -> list[Candidate]:
    """Return who could cover a wijk, most likely first (at most six queries)."""
    wijk = Area.objects.get(pk=wijk_id)
    part_of = _parts_in(wijk, care=care, at=at)
    services = list(
        HealthcareService.objects.filter(
            care=care, is_active=True, organization__is_active=True
        )
        .filter(Q(pk__in=list(part_of)) | _in_box_around(wijk))
        .select_related("organization")
        .prefetch_related(
            Prefetch(
                "contacts",
                queryset=ContactPoint.objects.at(at)
                .filter(audience__in=list(audiences), system=ContactSystem.PHONE)
                .order_by("-audience", "pk"),
                to_attr="phones",
            )
        )
        .defer("description", "opening_hours")
    )
    ranked = sorted(
        (
            (service, _distance(service, wijk))
            for service in services
            if service.pk in part_of or _is_near(service, wijk)
        ),
        key=lambda pair: (
            _order(part_of.get(pair[0].pk)),
            NEAR_KM if pair[1] is None else pair[1],
            pair[0].pk,
        ),
    )[:limit]
    reports = list_current_reports([service.pk for service, _km in ranked], at=at)
    return [
        Candidate(
            id=service.pk,
            name=service.name,
            organization_name=service.organization.name,
            role=part_of.get(service.pk, ("", False))[0],
            is_region_wide=part_of.get(service.pk, ("", False))[1],
            distance_km=km,
            phone=next((c.value for c in getattr(service, "phones", ())), ""),
            room=derive_room(reports.get(service.pk), at=at),
            report=reports.get(service.pk),
        )
        for service, km in ranked
    ]


def _parts_in(wijk: Area, *, care: str, at: datetime) -> dict[int, tuple[str, bool]]:
    """Return per service the part it plays around the wijk, and if region-wide."""
    rows = (
        Coverage.objects.at(at)
        .filter(area_id__in=wijk.within, care=care)
        .select_related("area")
        .order_by("-area__kind")
    )
    parts: dict[int, tuple[str, bool]] = {}
    for row in rows:
        is_region_wide = (
            row.area.kind == AreaKind.REGION and row.area.purpose != "alliance"
        )
        known = parts.get(row.service_id)
        if known is None or (known[1] and not is_region_wide):
            parts[row.service_id] = (str(row.get_role_display()), is_region_wide)
    return parts


def _order(part: tuple[str, bool] | None) -> int:
    """Who plays a part in the wijk itself, then who is near, then the region's own."""
    if part is None:
        return 1
    return 2 if part[1] else 0


def _in_box_around(wijk: Area) -> Q:
    """Keep what lies in the square around the wijk; the circle is weighed later."""
    if wijk.lon is None or wijk.lat is None:
        return Q(pk__in=[])
    lat_margin = NEAR_KM / 110.0
    lon_margin = lat_margin / cos(radians(wijk.lat))
    return Q(
        lat__range=(wijk.lat - lat_margin, wijk.lat + lat_margin),
        lon__range=(wijk.lon - lon_margin, wijk.lon + lon_margin),
    )


def _distance(service: HealthcareService, wijk: Area) -> float | None:
    if None in (service.lon, service.lat, wijk.lon, wijk.lat):
        return None
    assert service.lon is not None
    assert service.lat is not None
    assert wijk.lon is not None
    assert wijk.lat is not None
    return distance_km(service.lon, service.lat, wijk.lon, wijk.lat)


def _is_near(service: HealthcareService, wijk: Area) -> bool:
    km = _distance(service, wijk)
    return km is not None and km <= NEAR_KM
