"""Which GP practices are near an address or in a region, and where is an address?

Names and places only; whether a list is open is for the room of the lists.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from wijkspil.core.identifiers import clean_postcode
from wijkspil.directory.errors import UnknownService
from wijkspil.directory.models import Area, ContactPoint, HealthcareService
from wijkspil.directory.selectors.responsibility import unknown_postcode
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.directory.types import (
    AreaKind,
    Audience,
    Care,
    ContactSystem,
    RegionPurpose,
)


@dataclass(frozen=True, slots=True)
class GpPractice:
    """A GP practice; ``id`` is that of its service for GP care."""

    id: int
    organization_id: int
    name: str
    postcode: str
    lon: float | None
    lat: float | None
    phone: str = ""
    km: float | None = None


@dataclass(frozen=True, slots=True)
class GpPlace:
    """An address as far as a list asks, and the region of its GP organization."""

    id: int
    postcode: str
    lon: float
    lat: float
    gemeente: str
    region_id: int
    region_name: str


def get_gp_place(postcode: str) -> GpPlace:
    """Return the place of a PC6, or of its PC4 where the PC6 is not known.

    Two queries.

    Raises
    ------
    InvalidValue
        If the postcode has another form.
    UnknownPostcode
        If neither is known, or it lies in no region of a GP organization.
    """
    asked = clean_postcode(postcode)
    row = (
        Area.objects.filter(
            code__in=(asked, asked[:4]), kind__in=(AreaKind.PC6, AreaKind.PC4)
        )
        .exclude(lon=None)
        .order_by("-kind", "-year")
        .first()
    )
    if row is None or row.lon is None or row.lat is None:
        raise unknown_postcode(asked)
    around = {
        area.kind: area
        for area in Area.objects.filter(pk__in=row.within).filter(
            Q(kind=AreaKind.GEMEENTE)
            | Q(kind=AreaKind.REGION, purpose=RegionPurpose.GP_OUT_OF_HOURS)
        )
    }
    region = around.get(AreaKind.REGION)
    if region is None:
        raise unknown_postcode(asked)
    gemeente = around.get(AreaKind.GEMEENTE)
    return GpPlace(
        id=row.pk,
        postcode=asked,
        lon=row.lon,
        lat=row.lat,
        gemeente=gemeente.name if gemeente is not None else "",
        region_id=region.pk,
        region_name=region.name,
    )


def list_gp_practices_near(
    lon: float, lat: float, *, at: datetime, km: float = 10.0, limit: int = 25
) -> list[GpPractice]:
    """Return active practices within ``km`` as the crow flies, nearest first.

    Two queries; degrees of WGS84.
    """
    lat_margin = km / 110.0
    lon_margin = lat_margin / cos(radians(lat))
    near = []
    for row in _active(at).filter(
        lat__range=(lat - lat_margin, lat + lat_margin),
        lon__range=(lon - lon_margin, lon + lon_margin),
    ):
        assert row.lon is not None
        assert row.lat is not None
        distance = distance_km(lon, lat, row.lon, row.lat)
        if distance <= km:
            near.append((distance, row.pk, row))
    near.sort(key=lambda entry: entry[:2])
    return [_as_practice(row, km=distance) for distance, _pk, row in near[:limit]]


def list_gp_practices_of_region(region_id: int, *, at: datetime) -> list[GpPractice]:
    """Return active practices whose postcode lies in a region, by name (two queries).

    By PC6 where it is known, else by its PC4.
    """
    codes = set(
        Area.objects.filter(
            kind__in=(AreaKind.PC6, AreaKind.PC4), within__contains=[region_id]
        ).values_list("code", flat=True)
    )
    return [
        _as_practice(row)
        for row in _active(at).order_by("name", "pk")
        if row.postcode in codes or row.postcode[:4] in codes
    ]


def list_gp_practices(ids: Iterable[int], *, at: datetime) -> dict[int, GpPractice]:
    """Return id -> practice, also of those that are no longer active (two queries)."""
    rows = _all(at).filter(pk__in=set(ids))
    return {row.pk: _as_practice(row) for row in rows}


def list_gp_practices_of(
    organization_ids: Iterable[int], *, at: datetime
) -> list[GpPractice]:
    """Return the active practices of organizations, by name (two queries)."""
    rows = _active(at).filter(organization_id__in=set(organization_ids))
    return [_as_practice(row) for row in rows.order_by("name", "pk")]


def get_gp_practice(service_id: int, *, at: datetime) -> GpPractice:
    """Return one practice (two queries).

    Raises
    ------
    UnknownService
        If there is no such practice.
    """
    found = list_gp_practices([service_id], at=at).get(service_id)
    if found is None:
        raise UnknownService(
            _("There is no GP practice with number %(id)s.") % {"id": service_id}
        )
    return found


def _all(at: datetime) -> QuerySet[HealthcareService]:
    return (
        HealthcareService.objects.filter(care=Care.GP_CARE)
        .only("organization_id", "name", "postcode", "lon", "lat")
        .prefetch_related(
            Prefetch(
                "contacts",
                queryset=ContactPoint.objects.at(at)
                .filter(audience=Audience.RESIDENT, system=ContactSystem.PHONE)
                .order_by("pk"),
                to_attr="phones",
            )
        )
    )


def _active(at: datetime) -> QuerySet[HealthcareService]:
    return _all(at).filter(is_active=True, organization__is_active=True)


def _as_practice(row: HealthcareService, *, km: float | None = None) -> GpPractice:
    phones = getattr(row, "phones", ())
    return GpPractice(
        id=row.pk,
        organization_id=row.organization_id,
        name=row.name,
        postcode=row.postcode,
        lon=row.lon,
        lat=row.lat,
        phone=phones[0].value if phones else "",
        km=km,
    )
