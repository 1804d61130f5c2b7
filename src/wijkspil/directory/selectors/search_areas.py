"""Find an area: by name or code, or as postcodes around a practice.

Only the newest division of each kind is searched, so that new coverage never lands
on last year's codes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from django.core.cache import cache
from django.db.models import (
    Case,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode
from wijkspil.directory.models import Area, Coverage, DutyPeriod, HealthcareService
from wijkspil.directory.types import AreaKind, Care

#: Mean radius of the earth, kilometres (IUGG).
EARTH_RADIUS_KM = 6371.0088
#: Fewest letters to search by.
SHORTEST = 2
MOST_KM = 50.0

_NAMED_KINDS = (AreaKind.REGION, AreaKind.GEMEENTE, AreaKind.WIJK, AreaKind.BUURT)


#: Where a process remembers the example, and for how long, in seconds: areas are
#: loaded seldom, but a directory that is still empty fills soon.
_EXAMPLE_KEY = "directory.example-postcode"
_EXAMPLE_SECONDS = 3600
_NO_EXAMPLE_SECONDS = 60


@dataclass(frozen=True)
class AreaHit:
    """An area that was found; ``distance_km`` only when searched around a place."""

    id: int
    kind: str
    kind_label: str
    code: str
    name: str
    parent_name: str
    population: int | None
    distance_km: float | None = None

    @property
    def label(self) -> str:
        """Return "Zuiderpark (WK051801), 's-Gravenhage"."""
        name = self.name if self.name == self.code else f"{self.name} ({self.code})"
        return f"{name}, {self.parent_name}" if self.parent_name else name


def get_example_postcode() -> str:
    """Return a postcode that is known here: in the PC4 with the most inhabitants.

    Empty when no postcodes are loaded. One query per process per hour.
    """
    known: str | None = cache.get(_EXAMPLE_KEY)
    if known is not None:
        return known
    first_pc6 = Area.objects.filter(kind=AreaKind.PC6, parent=OuterRef("pk"))
    row = (
        Area.objects.filter(kind=AreaKind.PC4)
        .order_by(F("population").desc(nulls_last=True), "code")
        .values_list(Subquery(first_pc6.order_by("code").values("code")[:1]), "code")
        .first()
    )
    found = (row[0] or row[1]) if row else ""
    cache.set(_EXAMPLE_KEY, found, _EXAMPLE_SECONDS if found else _NO_EXAMPLE_SECONDS)
    return found


def search_areas(text: str, *, limit: int = 20) -> list[AreaHit]:
    """Return areas by name or code, best first (at most three queries).

    Forgives case, spaces in a postcode and a part of the name. What is shorter than
    two letters finds nothing.
    """
    words = text.replace("\0", "").split()
    sought = " ".join(words)
    if len(sought) < SHORTEST:
        return []
    if sought[0].isdigit():
        return _search_postcodes(sought, limit=limit)
    named = Q()
    for word in words:
        named &= Q(name__icontains=word)
    rows = (
        _newest(_NAMED_KINDS)
        .filter(named | Q(code__istartswith=sought))
        .annotate(
            order=Case(
                When(code__iexact=sought, then=Value(0)),
                When(name__iexact=sought, then=Value(1)),
                When(name__istartswith=sought, then=Value(2)),
                default=Value(3),
                output_field=IntegerField(),
            ),
            size=Case(
                *(
                    When(kind=kind, then=Value(place))
                    for place, kind in enumerate(_NAMED_KINDS)
                ),
                output_field=IntegerField(),
            ),
        )
        .select_related("parent")
        .order_by("order", "size", "name", "code")[:limit]
    )
    return [_hit(row) for row in rows]


def _search_postcodes(sought: str, *, limit: int) -> list[AreaHit]:
    try:
        postcode = clean_postcode(sought)
    except InvalidValue:
        postcode = "".join(sought.split()).upper()
    rows = (
        Area.objects.filter(
            kind__in=[AreaKind.PC4, AreaKind.PC6], code__startswith=postcode
        )
        .select_related("parent")
        .order_by("kind", "code", "-year")[: 2 * limit]
    )
    newest: dict[str, Area] = {}
    for row in rows:
        newest.setdefault(row.code, row)
    return [_hit(row) for row in newest.values()][:limit]


def list_areas(area_ids: Iterable[int]) -> list[AreaHit]:
    """Return areas by id, in order of kind and name (one query)."""
    rows = (
        Area.objects.filter(pk__in=list(area_ids))
        .select_related("parent")
        .order_by("kind", "name", "code")
    )
    return [_hit(row) for row in rows]


def list_areas_of_service(service_id: int, *, limit: int = 30) -> list[AreaHit]:
    """Return areas a service covers or has duties in, largest kind first (one query).

    A night team may have duties only: nobody calls it by day.
    """
    covered = Coverage.objects.filter(service_id=service_id).values("area_id")
    on_duty = DutyPeriod.objects.filter(service_id=service_id).values("area_id")
    rows = Area.objects.filter(Q(pk__in=covered) | Q(pk__in=on_duty)).select_related(
        "parent"
    )
    hits = [_hit(row) for row in rows.order_by("name", "code")]
    order = list(AreaKind.values)
    return sorted(hits, key=lambda hit: order.index(hit.kind))[:limit]


def list_postcodes_around(service_id: int, *, km: float) -> list[AreaHit]:
    """Return the PC4 whose point lies within ``km`` of a service, nearest first.

    As the crow flies (haversine). Three queries; empty when the service has no place.
    """
    place = (
        HealthcareService.objects.filter(pk=service_id)
        .values_list("lon", "lat")
        .first()
    )
    lon, lat = place or (None, None)
    if lon is None or lat is None:
        return []
    reach = min(km, MOST_KM)
    margin_lat = reach / 110.0
    margin_lon = margin_lat / cos(radians(lat))
    rows = (
        _newest((AreaKind.PC4,))
        .filter(
            lat__range=(lat - margin_lat, lat + margin_lat),
            lon__range=(lon - margin_lon, lon + margin_lon),
        )
        .select_related("parent")
    )
    hits = [
        _hit(row, distance_km=distance_km(lon, lat, row.lon or 0.0, row.lat or 0.0))
        for row in rows
    ]
    near = [hit for hit in hits if (hit.distance_km or 0.0) <= reach]
    return sorted(near, key=lambda hit: (hit.distance_km, hit.code))


def search_practices(text: str, *, limit: int = 10) -> list[tuple[int, str]]:
    """Return (id, "name, postcode") of GP practices that match (one query)."""
    sought = text.replace("\0", "").strip()
    if len(sought) < SHORTEST:
        return []
    rows = (
        HealthcareService.objects.filter(care=Care.GP_CARE, is_active=True)
        .filter(lon__isnull=False, lat__isnull=False)
        .filter(
            Q(name__icontains=sought)
            | Q(organization__name__icontains=sought)
            | Q(postcode__istartswith=sought.replace(" ", ""))
        )
        .order_by("name", "pk")
        .values_list("pk", "name", "postcode")[:limit]
    )
    return [(pk, f"{name}, {postcode}") for pk, name, postcode in rows]


def get_point_of_postcode(postcode: str) -> tuple[float, float] | None:
    """Return (lon, lat) of a PC6, else of its PC4; None if neither is known."""
    if not postcode:
        return None
    for code, kind in ((postcode, AreaKind.PC6), (postcode[:4], AreaKind.PC4)):
        point = (
            Area.objects.filter(code=code, kind=kind, lon__isnull=False)
            .order_by("-year")
            .values_list("lon", "lat")
            .first()
        )
        if point is not None and point[1] is not None:
            return (float(point[0] or 0.0), float(point[1]))
    return None


def distance_km(lon_1: float, lat_1: float, lon_2: float, lat_2: float) -> float:
    """Return the great-circle distance between two WGS84 points, in kilometres."""
    phi_1, phi_2 = radians(lat_1), radians(lat_2)
    half = (
        sin((phi_2 - phi_1) / 2) ** 2
        + cos(phi_1) * cos(phi_2) * sin(radians(lon_2 - lon_1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * asin(sqrt(half))


def _newest(kinds: Sequence[AreaKind]) -> QuerySet[Area]:
    """Return areas of the newest division of each kind (one query)."""
    years = (
        Area.objects.filter(kind__in=kinds)
        .order_by()
        .values_list("kind")
        .annotate(newest=Max("year"))
    )
    newest = Q(pk__in=[])
    for kind, year in years:
        # A region is not renewed every year: it holds until it is replaced.
        newest |= Q(kind=kind) if kind == AreaKind.REGION else Q(kind=kind, year=year)
    return Area.objects.filter(newest)


def _hit(area: Area, *, distance_km: float | None = None) -> AreaHit:
    return AreaHit(
        id=area.pk,
        kind=area.kind,
        kind_label=str(area.get_kind_display()),
        code=area.code,
        name=area.name,
        parent_name=area.parent.name if area.parent else "",
        population=area.population,
        distance_km=distance_km,
    )
