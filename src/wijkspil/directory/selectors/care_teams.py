"""Which services could take a client at an address, with the facts to weigh them by.

Facts only: who fits best is for the room that places people. Room is in
``selectors.capacity``; a service's part here is that of its nearest coverage.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from wijkspil.core.identifiers import clean_postcode
from wijkspil.core.prepared import fetch_row, fetch_rows
from wijkspil.directory.models import Area, HealthcareService, Organization
from wijkspil.directory.selectors.responsibility import unknown_postcode
from wijkspil.directory.types import AreaKind, Care, RegionPurpose


@dataclass(frozen=True)
class CarePlace:
    """An address as far as it is known, and the areas that decide who is asked."""

    id: int
    postcode: str
    lon: float | None
    lat: float | None
    wijk_id: int | None
    wijk_name: str
    region_id: int
    region_name: str


@dataclass(frozen=True)
class TeamAround:
    """A service that plays a part at an address; ``role`` of ``CoverageRole``.

    ``is_own`` holds for the fixed contact of the neighborhood and for teams of the
    same organization that work there regularly.
    """

    service_id: int
    organization_id: int
    name: str
    organization_name: str
    role: str
    is_own: bool
    is_region_wide: bool
    tasks: Sequence[str]
    care_laws: Sequence[str]
    insurers: Sequence[str]
    languages: Sequence[str]
    lon: float | None
    lat: float | None
    is_fictional: bool


_PLACE = """
SELECT p.id, p.code, p.lon, p.lat,
       (SELECT json_build_array(w.id, w.name) FROM directory_area w
         WHERE w.id = ANY (p.within) AND w.kind = 'wijk' LIMIT 1),
       (SELECT json_build_array(r.id, r.name) FROM directory_area r
         WHERE r.id = ANY (p.within) AND r.kind = 'region' AND r.purpose = %(purpose)s
         LIMIT 1)
  FROM directory_area p
 WHERE p.code IN (%(pc6)s, %(pc4)s) AND p.kind IN ('pc6', 'pc4')
 ORDER BY p.kind DESC, p.year DESC
 LIMIT 1
"""

_TEAMS = """
SELECT json_agg(json_build_array(
           s.id, o.id, s.name, o.name, c.role, c.region_wide, s.tasks, s.care_laws,
           s.insurers, s.languages, s.lon, s.lat, s.is_fictional) ORDER BY s.id)
  FROM (SELECT DISTINCT ON (c.service_id) c.service_id, c.role,
               a.kind = 'region' AND a.purpose <> 'alliance' AS region_wide
          FROM directory_area place
          JOIN directory_coverage c ON c.area_id = ANY (place.within)
          JOIN directory_area a ON a.id = c.area_id
         WHERE place.id = %(place)s AND c.care = %(care)s
           AND c.valid_from <= %(at)s
           AND (c.valid_until IS NULL OR c.valid_until > %(at)s)
         ORDER BY c.service_id, (a.kind = 'region' AND a.purpose <> 'alliance'),
                  array_position(ARRAY['first-contact', 'regular', 'back-up'],
                                 c.role::text)) c
  JOIN directory_healthcareservice s ON s.id = c.service_id
  JOIN directory_organization o ON o.id = s.organization_id
 WHERE s.is_active AND o.is_active
"""


def get_care_place(postcode: str) -> CarePlace:
    """Return the place of a PC6, or of its PC4 where the PC6 is not known (one query).

    Raises
    ------
    InvalidValue
        If the postcode has another form.
    UnknownPostcode
        If neither is known, or it lies in no care office region.
    """
    asked = clean_postcode(postcode)
    row = fetch_row(
        _PLACE,
        {"pc6": asked, "pc4": asked[:4], "purpose": RegionPurpose.ZORGKANTOOR.value},
    )
    if row is None or row[5] is None:
        raise unknown_postcode(asked)
    return _as_place(row)


def _as_place(row: tuple[Any, ...]) -> CarePlace:
    place_id, code, lon, lat, wijk, region = row
    wijk_id, wijk_name = wijk or (None, "")
    region_id, region_name = region
    return CarePlace(
        id=place_id,
        postcode=code,
        lon=lon,
        lat=lat,
        wijk_id=wijk_id,
        wijk_name=wijk_name,
        region_id=region_id,
        region_name=region_name,
    )


def list_teams_around(place_id: int, *, care: str, at: datetime) -> list[TeamAround]:
    """Return the services that play a part at a place at ``at`` (one query)."""
    row = fetch_row(_TEAMS, {"place": place_id, "care": care, "at": at})
    rows = (row[0] if row else None) or ()
    first = {row[1] for row in rows if row[4] == "first-contact" and not row[5]}
    return [
        TeamAround(
            service_id=service_id,
            organization_id=organization_id,
            name=name,
            organization_name=organization_name,
            role=role,
            is_own=not region_wide and role != "back-up" and organization_id in first,
            is_region_wide=region_wide,
            tasks=tasks,
            care_laws=care_laws,
            insurers=insurers,
            languages=languages,
            lon=lon,
            lat=lat,
            is_fictional=is_fictional,
        )
        for (
            service_id,
            organization_id,
            name,
            organization_name,
            role,
            region_wide,
            tasks,
            care_laws,
            insurers,
            languages,
            lon,
            lat,
            is_fictional,
        ) in rows
    ]


def list_services_by_organization(
    organization_ids: Iterable[int], *, care: str
) -> dict[int, int]:
    """Return service id -> organization id of their active services (one query)."""
    return dict(
        HealthcareService.objects.filter(
            organization_id__in=list(organization_ids), care=care, is_active=True
        ).values_list("pk", "organization_id")
    )


def get_organization_ids(service_ids: Iterable[int]) -> dict[int, int]:
    """Return service id -> organization id (one query)."""
    return dict(
        HealthcareService.objects.filter(pk__in=list(service_ids)).values_list(
            "pk", "organization_id"
        )
    )


def list_own_services(place_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return place id -> services of the neighborhood's own teams (one query).

    Own are the fixed contact and the regular teams of its organization there.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [list(place_ids)])
        return {place: frozenset(services) for place, services in cursor.fetchall()}


_OWN = """
WITH part AS (
    SELECT p.id AS place_id, c.service_id, s.organization_id, c.role
      FROM directory_area p
      JOIN directory_coverage c ON c.area_id = ANY (p.within)
      JOIN directory_area a ON a.id = c.area_id
       AND (a.kind <> 'region' OR a.purpose = 'alliance')
      JOIN directory_healthcareservice s ON s.id = c.service_id
     WHERE p.id = ANY (%s) AND c.care = 'district-nursing'
       AND c.role IN ('first-contact', 'regular')
)
SELECT own.place_id, array_agg(DISTINCT own.service_id)
  FROM part own
  JOIN part first USING (place_id, organization_id)
 WHERE first.role = 'first-contact'
 GROUP BY own.place_id
"""


@dataclass(frozen=True)
class ProfileArea:
    """An area wide enough for a profile, with the residents of the age band in it."""

    id: int
    name: str
    kind: str
    residents: int


#: From small to large: where a profile may stop widening.
_WIDER = (AreaKind.PC4, AreaKind.WIJK, AreaKind.GEMEENTE, AreaKind.REGION)


_OTHER_REGIONS = ", ".join(
    f"'{purpose}'"
    for purpose in RegionPurpose.values
    if purpose != RegionPurpose.ZORGKANTOOR
)


def get_profile_area(
    place_id: int, *, age_from: int | None, age_until: int | None, least: int
) -> ProfileArea | None:
    """Return the smallest area around a place with ``least`` residents of an age band.

    Half-open band in years; None for both asks for residents of any age. Residents
    per age band come from the areas' open figures; within a band they are taken as
    evenly spread. None if not even the region has enough (one query).
    """
    wanted = {"place": place_id, "kinds": [*map(str, _WIDER)]}
    around = {row[2]: row for row in fetch_rows(_AROUND, wanted)}
    for kind in _WIDER:
        if kind not in around:
            continue
        pk, name, _kind, population, by_age = around[kind]
        residents = _residents(population, by_age, age_from, age_until)
        if residents >= least:
            return ProfileArea(pk, name, kind.value, int(residents))
    return None


_AROUND = f"""
SELECT a.id, a.name, a.kind, a.population, a.population_by_age::json
  FROM directory_area place JOIN directory_area a ON a.id = ANY(place.within)
 WHERE place.id = %(place)s AND a.kind = ANY(%(kinds)s::text[])
   AND (a.kind <> '{AreaKind.REGION.value}'
        OR a.purpose NOT IN ({_OTHER_REGIONS}))
 ORDER BY a.id
"""
#: Nobody is older: the end of the open band.
_OLDEST = 100


def _residents(
    population: int | None,
    by_age: Mapping[str, float],
    age_from: int | None,
    age_until: int | None,
) -> float:
    if age_from is None or age_until is None:
        return float(population or 0)
    total = 0.0
    for band, people in by_age.items():
        start, end = _band_ends(band)
        shared = min(end, age_until) - max(start, age_from)
        if shared > 0:
            total += people * shared / (end - start)
    return total


def _band_ends(band: str) -> tuple[int, int]:
    """Return the half-open years of "15-24" or "65+"."""
    if band.endswith("+"):
        return int(band[:-1]), _OLDEST
    first, _dash, last = band.partition("-")
    return int(first), int(last) + 1


def get_service_names(service_ids: Iterable[int]) -> dict[int, tuple[str, str, int]]:
    """Return service id -> (name, organization's name and id) (one query)."""
    wanted = list(set(service_ids))
    rows = fetch_rows(_SERVICE_NAMES, {"services": wanted}) if wanted else ()
    return {pk: (name, *organization) for pk, name, *organization in rows}


_SERVICE_NAMES = """
SELECT s.id, s.name, o.name, o.id
  FROM directory_healthcareservice s
  JOIN directory_organization o ON o.id = s.organization_id
 WHERE s.id = ANY(%(services)s::bigint[])
"""


def get_organization_names(organization_ids: Iterable[int]) -> dict[int, str]:
    """Return organization id -> name (one query)."""
    return dict(
        Organization.objects.filter(pk__in=set(organization_ids)).values_list(
            "pk", "name"
        )
    )


def search_home_care(text: str, *, limit: int = 10) -> list[tuple[int, str]]:
    """Return (id, name) of organizations with district nursing that match."""
    return list(
        Organization.objects.filter(
            is_active=True,
            services__care=Care.DISTRICT_NURSING,
            name__icontains=text.replace("\0", "").strip(),
        )
        .distinct()
        .order_by("name")
        .values_list("pk", "name")[:limit]
    )


@dataclass(frozen=True)
class LocatedOrganization:
    """An organization with the point of one of its services."""

    id: int
    name: str
    lon: float | None
    lat: float | None


def list_organizations(types: Sequence[str]) -> list[LocatedOrganization]:
    """Return the active organizations of some types, by id (one query)."""
    rows = (
        Organization.objects.filter(type__in=list(types), is_active=True)
        .order_by("pk", "services__pk")
        .distinct("pk")
        .values_list("pk", "name", "services__lon", "services__lat")
    )
    return [LocatedOrganization(*row) for row in rows]


def list_age_bands(area_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """Return area id -> inhabitants per age band (one query)."""
    return dict(
        Area.objects.filter(pk__in=list(area_ids)).values_list(
            "pk", "population_by_age"
        )
    )
