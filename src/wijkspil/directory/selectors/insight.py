"""What the picture of a region counts in the directory: in bulk, for a whole country.

Wijken are those of the newest division of which a wijk has a point; older and newer
ones are not in use. Nothing here is about a person.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians

from django.db.models import Max, Q

from wijkspil.directory.models import (
    Area,
    Coverage,
    HealthcareService,
    Organization,
)
from wijkspil.directory.types import AreaKind, Care, CoverageRole

#: Regions of which figures are kept, and in which people think.
_HOLDERS = (AreaKind.REGION, AreaKind.GEMEENTE)
#: Who works in a wijk every day; a back-up only comes when nobody else does.
_EVERY_DAY = (CoverageRole.FIRST_CONTACT, CoverageRole.REGULAR)


@dataclass(frozen=True, slots=True)
class WijkGround:
    """A wijk and who lives there; ``within`` has its own id and of what it lies in."""

    id: int
    code: str
    name: str
    gemeente: str
    year: int
    lon: float
    lat: float
    population: int | None
    population_by_age: Mapping[str, float]
    within: frozenset[int]
    source: str


@dataclass(frozen=True, slots=True)
class Holder:
    """A gemeente or region that holds wijken.

    ``code`` is unique here: that of CBS, or for a region "purpose/code".
    """

    id: int
    code: str
    name: str
    kind: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the map, in WGS84 degrees."""

    west: float
    south: float
    east: float
    north: float

    def wider(self, km: float) -> "Box":
        """Return the box with a margin on all sides."""
        lat = km / 111.0
        lon = lat / cos(radians((self.south + self.north) / 2))
        return Box(self.west - lon, self.south - lat, self.east + lon, self.north + lat)

    def filter_of_points(self) -> Q:
        """Return what selects rows with a point in the box."""
        return Q(
            lon__gte=self.west,
            lon__lte=self.east,
            lat__gte=self.south,
            lat__lte=self.north,
        )


def list_wijken_in_use(
    *, within: int | None = None, box: Box | None = None
) -> list[WijkGround]:
    """Return wijken by code: of an area, in a box, or all (two queries)."""
    wijken = Area.objects.filter(kind=AreaKind.WIJK, lon__isnull=False)
    if within is not None:
        wijken = wijken.filter(within__contains=[within])
    if box is not None:
        wijken = wijken.filter(box.filter_of_points())
    year = wijken.order_by().aggregate(newest=Max("year"))["newest"]
    return [
        WijkGround(
            id=pk,
            code=code,
            name=name,
            gemeente=gemeente or "",
            year=year,
            lon=lon or 0.0,  # never empty: see the filter
            lat=lat or 0.0,
            population=population,
            population_by_age=by_age,
            within=frozenset(around),
            source=source,
        )
        for pk, code, name, gemeente, lon, lat, population, by_age, around, source in (
            wijken.filter(year=year)
            .order_by("code")
            .values_list(
                "pk",
                "code",
                "name",
                "parent__name",
                "lon",
                "lat",
                "population",
                "population_by_age",
                "within",
                "source",
            )
        )
    ]


def list_holders(ids: Iterable[int]) -> dict[int, Holder]:
    """Return id -> gemeente or region; other kinds are left out (one query)."""
    rows = Area.objects.filter(pk__in=set(ids), kind__in=_HOLDERS).values_list(
        "pk", "code", "name", "kind", "purpose"
    )
    return {
        pk: Holder(pk, f"{purpose}/{code}" if purpose else code, name, kind, purpose)
        for pk, code, name, kind, purpose in rows
    }


def list_wijken_per_holder(ids: Collection[int], *, year: int) -> dict[int, int]:
    """Return holder id -> how many wijken of a division lie in it (one query)."""
    counts = dict.fromkeys(ids, 0)
    for around in Area.objects.filter(
        kind=AreaKind.WIJK, year=year, lon__isnull=False, within__overlap=list(ids)
    ).values_list("within", flat=True):
        for one in around:
            if one in counts:
                counts[one] += 1
    return counts


def list_teams_of_wijken(
    wijken: Iterable[WijkGround], *, at: datetime
) -> dict[int, tuple[int, ...]]:
    """Return service id -> wijken in which it gives district nursing (one query).

    By a coverage of the wijk, of what it lies in, or of a part of it; not as back-up.
    """
    holding: dict[int, list[int]] = {}
    known: set[int] = set()
    for wijk in wijken:
        known.add(wijk.id)
        for area_id in wijk.within:
            holding.setdefault(area_id, []).append(wijk.id)
    found: dict[int, set[int]] = {}
    for service_id, area_id, around in (
        Coverage.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=at),
            valid_from__lte=at,
            care=Care.DISTRICT_NURSING,
            role__in=_EVERY_DAY,
            service__is_active=True,
        )
        .values_list("service_id", "area_id", "area__within")
        .iterator(chunk_size=5_000)
    ):
        reached = holding.get(area_id) or known.intersection(around)
        if reached:
            found.setdefault(service_id, set()).update(reached)
    return {pk: tuple(sorted(ids)) for pk, ids in found.items()}


def list_gp_points_in(box: Box | None) -> list[tuple[int, str, str, float, float]]:
    """Return (service, name, postcode, lon, lat) of active GP practices (one query)."""
    rows = HealthcareService.objects.filter(
        care=Care.GP_CARE,
        is_active=True,
        organization__is_active=True,
        lon__isnull=False,
        lat__isnull=False,
    )
    if box is not None:
        rows = rows.filter(box.filter_of_points())
    return [
        (pk, name, postcode, lon, lat)
        for pk, name, postcode, lon, lat in rows.order_by("pk").values_list(
            "pk", "name", "postcode", "lon", "lat"
        )
        if lon is not None and lat is not None
    ]


@dataclass(frozen=True, slots=True)
class AreaPart:
    """An area one level down: a region of the country, or a gemeente or wijk in it.

    ``key`` is unique: the code of CBS, or of a region "purpose/code".
    """

    id: int
    key: str
    code: str
    name: str
    kind: str
    purpose: str
    gemeente: str
    population: int | None


def list_parts(area_id: int | None, kind: str) -> list[AreaPart]:
    """Return the areas of a kind in an area, or in the country, by name (two queries).

    ``kind`` is wijk, gemeente, or the purpose of a set of regions (resv, ...). Wijken
    and gemeenten are those of the newest division in use.
    """
    rows = Area.objects.select_related("parent")
    if kind in (AreaKind.WIJK, AreaKind.GEMEENTE):
        rows = rows.filter(kind=kind, lon__isnull=False)
    else:
        rows = rows.filter(kind=AreaKind.REGION, purpose=kind)
    if area_id is not None:
        # A region is not in a region: it is found by the wijken they share.
        if kind in (AreaKind.WIJK, AreaKind.GEMEENTE):
            rows = rows.filter(within__contains=[area_id])
        else:
            shared: set[int] = set()
            for wijk in list_wijken_in_use(within=area_id):
                shared.update(wijk.within)
            rows = rows.filter(pk__in=shared)
    newest = rows.order_by().aggregate(newest=Max("year"))["newest"]
    if kind in (AreaKind.WIJK, AreaKind.GEMEENTE):
        rows = rows.filter(year=newest)
    return [
        AreaPart(
            id=row.pk,
            key=f"{row.purpose}/{row.code}" if row.purpose else row.code,
            code=row.code,
            name=row.name,
            kind=row.kind,
            purpose=row.purpose,
            gemeente=row.parent.name
            if row.kind == AreaKind.WIJK and row.parent is not None
            else "",
            population=row.population,
        )
        for row in rows.order_by("name", "code")
    ]


def list_organizations_by_agb(agb_codes: Collection[str]) -> dict[str, tuple[int, str]]:
    """Return AGB code -> (id, name) of active organizations (one query)."""
    return {
        agb_code: (pk, name)
        for pk, name, agb_code in Organization.objects.filter(
            agb_code__in=[code for code in agb_codes if code], is_active=True
        ).values_list("pk", "name", "agb_code")
    }


def list_agb_codes(organization_ids: Collection[int]) -> dict[int, str]:
    """Return id -> AGB code of organizations that have one (one query)."""
    return dict(
        Organization.objects.filter(pk__in=organization_ids)
        .exclude(agb_code="")
        .values_list("pk", "agb_code")
    )
