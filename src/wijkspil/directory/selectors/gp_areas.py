"""Where do people live, and where are the GP practices, per gemeente and postcode?

For counting how GP care can be reached. Only places and inhabitants; no names of
practices, and whether a list is open is for the room of the lists.
"""

from dataclasses import dataclass

from django.db.models import QuerySet

from wijkspil.directory.models import Area, HealthcareService
from wijkspil.directory.types import AreaKind, Care, RegionPurpose


@dataclass(frozen=True, slots=True)
class GpRegion:
    """The region of a GP organization."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class GpPostcode:
    """A PC4 with where its people live; degrees of WGS84."""

    id: int
    code: str
    population: int | None
    lon: float
    lat: float
    gemeente_id: int
    region_id: int


@dataclass(frozen=True, slots=True)
class GpGemeente:
    """A gemeente of the division the postcodes lie in."""

    id: int
    code: str
    name: str
    population: int | None


@dataclass(frozen=True, slots=True)
class GpGround:
    """The postcodes of one region or of the country, and the gemeenten around them.

    ``sources`` names the publishers of borders and inhabitants.
    """

    postcodes: tuple[GpPostcode, ...]
    gemeenten: dict[int, GpGemeente]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GpSpot:
    """Where an active practice is; ``id`` is that of its service for GP care."""

    id: int
    pc4: str
    lon: float
    lat: float


def list_gp_regions() -> list[GpRegion]:
    """Return the regions of GP organizations by name (one query)."""
    return [
        GpRegion(id=pk, code=code, name=name)
        for pk, code, name in Area.objects.filter(
            kind=AreaKind.REGION, purpose=RegionPurpose.GP_OUT_OF_HOURS
        )
        .order_by("name", "pk")
        .values_list("pk", "code", "name")
    ]


def get_gp_ground(region_id: int | None = None) -> GpGround:
    """Return the postcodes of a region, or of the country (two or three queries).

    A PC4 without a place, a gemeente or a region is left out. Of a PC4 that is known
    in two years the newest counts.
    """
    rows = Area.objects.filter(kind=AreaKind.PC4).exclude(lon=None)
    if region_id is not None:
        rows = rows.filter(within__contains=[region_id])
        regions = {region_id}
    else:
        regions = {region.id for region in list_gp_regions()}
    found = list(
        rows.order_by("code", "-year")
        .distinct("code")
        .only("code", "population", "lon", "lat", "within", "source")
    )
    around = {pk for row in found for pk in row.within}
    gemeenten = {
        area.pk: area
        for area in Area.objects.filter(pk__in=around, kind=AreaKind.GEMEENTE).only(
            "code", "name", "population", "source"
        )
    }
    postcodes = []
    for row in found:
        gemeente_id = next((pk for pk in row.within if pk in gemeenten), None)
        home_id = next((pk for pk in row.within if pk in regions), None)
        if gemeente_id is None or home_id is None or row.lon is None or row.lat is None:
            continue
        postcodes.append(
            GpPostcode(
                id=row.pk,
                code=row.code,
                population=row.population,
                lon=row.lon,
                lat=row.lat,
                gemeente_id=gemeente_id,
                region_id=home_id,
            )
        )
    used = {postcode.gemeente_id for postcode in postcodes}
    return GpGround(
        postcodes=tuple(postcodes),
        gemeenten={
            pk: GpGemeente(pk, area.code, area.name, area.population)
            for pk, area in gemeenten.items()
            if pk in used
        },
        sources=tuple(
            sorted(
                {row.source for row in found}
                | {area.source for pk, area in gemeenten.items() if pk in used}
            )
        ),
    )


def list_gp_spots(
    *, west: float, south: float, east: float, north: float
) -> list[GpSpot]:
    """Return active practices within a box of WGS84 degrees (one query)."""
    rows: QuerySet[HealthcareService] = HealthcareService.objects.filter(
        care=Care.GP_CARE,
        is_active=True,
        organization__is_active=True,
        lon__range=(west, east),
        lat__range=(south, north),
    )
    return [
        GpSpot(id=pk, pc4=postcode[:4], lon=lon, lat=lat)
        for pk, postcode, lon, lat in rows.order_by("pk").values_list(
            "pk", "postcode", "lon", "lat"
        )
        if lon is not None and lat is not None
    ]


@dataclass(frozen=True, slots=True)
class GpAddress:
    """The finest place that is known of an address; degrees of WGS84."""

    id: int
    code: str
    population: int | None
    lon: float
    lat: float


def list_gp_addresses(region_id: int) -> list[GpAddress]:
    """Return the PC6 of a region, or its PC4 where none is known (one or two queries).

    Of a code that is known in two years the newest counts; nobody lives where the
    population is zero.
    """
    for kind in (AreaKind.PC6, AreaKind.PC4):
        rows = (
            Area.objects.filter(kind=kind, within__contains=[region_id])
            .exclude(lon=None)
            .exclude(population=0)
            .order_by("code", "-year")
            .distinct("code")
            .values_list("pk", "code", "population", "lon", "lat")
        )
        found = [
            GpAddress(id=pk, code=code, population=population, lon=lon, lat=lat)
            for pk, code, population, lon, lat in rows
            if lon is not None and lat is not None
        ]
        if found:
            return found
    return []
