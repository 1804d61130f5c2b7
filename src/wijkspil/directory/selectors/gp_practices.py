"""Which GP practices are near an address or in a region, and where is an address?

Names and places only; whether a list is open is for the room of the lists.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from wijkspil.core.identifiers import clean_postcode
from wijkspil.core.prepared import fetch_row
from wijkspil.directory.errors import UnknownService
from wijkspil.directory.models import Area, ContactPoint, HealthcareService
from wijkspil.directory.selectors.responsibility import unknown_postcode
from wijkspil.directory.selectors.search_areas import EARTH_RADIUS_KM
from wijkspil.directory.types import (
    AreaKind,
    Audience,
    Care,
    ContactSystem,
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


#: Asked by everybody who looks for a practice: one prepared statement each.
_PLACE = """
SELECT place.id, place.lon, place.lat, region.id, region.name, gemeente.name
FROM (
    SELECT id, lon, lat, within FROM directory_area
    WHERE code IN (%(pc6)s, %(pc4)s) AND kind IN ('pc6', 'pc4')
      AND lon IS NOT NULL AND lat IS NOT NULL
    ORDER BY kind DESC, year DESC LIMIT 1
) place
LEFT JOIN LATERAL (
    SELECT id, name FROM directory_area
    WHERE id = ANY (place.within) AND kind = 'region'
      AND purpose = 'gp-out-of-hours'
    ORDER BY id LIMIT 1
) region ON true
LEFT JOIN LATERAL (
    SELECT name FROM directory_area
    WHERE id = ANY (place.within) AND kind = 'gemeente'
    ORDER BY year DESC, id LIMIT 1
) gemeente ON true
"""
#: The haversine formula, on the radius that ``distance_km`` uses.
_NEAR = f"""
SELECT json_agg(json_build_array(
    near.id, near.organization_id, near.name, near.postcode, near.lon, near.lat,
    coalesce(phone.value, ''), near.km) ORDER BY near.km, near.id)
FROM (
    SELECT * FROM (
        SELECT service.id, service.organization_id, service.name, service.postcode,
               service.lon, service.lat,
               {2 * EARTH_RADIUS_KM} * asin(least(1, sqrt(
                   sin(radians(service.lat - %(lat)s) / 2) ^ 2
                   + cos(radians(%(lat)s)) * cos(radians(service.lat))
                   * sin(radians(service.lon - %(lon)s) / 2) ^ 2))) AS km
        FROM directory_healthcareservice service
        JOIN directory_organization organization
          ON organization.id = service.organization_id AND organization.is_active
        WHERE service.care = 'gp-care' AND service.is_active
          AND service.lat BETWEEN %(lat)s - %(lat_margin)s AND %(lat)s + %(lat_margin)s
          AND service.lon BETWEEN %(lon)s - %(lon_margin)s AND %(lon)s + %(lon_margin)s
    ) box
    WHERE km <= %(km)s ORDER BY km, id LIMIT %(limit)s
) near
LEFT JOIN LATERAL (
    SELECT value FROM directory_contactpoint
    WHERE service_id = near.id AND audience = 'resident' AND system = 'phone'
      AND valid_from <= %(at)s AND (valid_until IS NULL OR valid_until > %(at)s)
    ORDER BY id LIMIT 1
) phone ON true
"""


def get_gp_place(postcode: str) -> GpPlace:
    """Return the place of a PC6, or of its PC4 where the PC6 is not known.

    One query.

    Raises
    ------
    InvalidValue
        If the postcode has another form.
    UnknownPostcode
        If neither is known, or it lies in no region of a GP organization.
    """
    asked = clean_postcode(postcode)
    row = fetch_row(_PLACE, {"pc6": asked, "pc4": asked[:4]})
    if row is None or row[3] is None:
        raise unknown_postcode(asked)
    place_id, lon, lat, region_id, region_name, gemeente = row
    return GpPlace(
        id=place_id,
        postcode=asked,
        lon=lon,
        lat=lat,
        gemeente=gemeente or "",
        region_id=region_id,
        region_name=region_name,
    )


def list_gp_points(postcodes: Iterable[str]) -> dict[str, tuple[int, float, float]]:
    """Return postcode -> (place, lon, lat), by its PC4 where the PC6 is not known.

    One query; a postcode that is not known, or has another form, is left out.
    """
    asked = {code for code in postcodes if code}
    found: dict[str, tuple[int, float, float]] = {}
    for pk, code, lon, lat in (
        Area.objects.filter(
            code__in=asked | {code[:4] for code in asked},
            kind__in=(AreaKind.PC6, AreaKind.PC4),
        )
        .order_by("year")
        .values_list("pk", "code", "lon", "lat")
    ):
        if lon is not None and lat is not None:
            found[code] = (pk, lon, lat)
    return {
        code: found.get(code) or found[code[:4]]
        for code in asked
        if code in found or code[:4] in found
    }


def list_gp_practices_near(
    lon: float, lat: float, *, at: datetime, km: float = 10.0, limit: int = 25
) -> list[GpPractice]:
    """Return active practices within ``km`` as the crow flies, nearest first.

    One query; degrees of WGS84.
    """
    lat_margin = km / 110.0
    row = fetch_row(
        _NEAR,
        {
            "lon": lon,
            "lat": lat,
            "lat_margin": lat_margin,
            "lon_margin": lat_margin / cos(radians(lat)),
            "km": km,
            "limit": limit,
            "at": at,
        },
    )
    assert row is not None, "an aggregate has one row"
    return [GpPractice(*values) for values in row[0] or ()]


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
