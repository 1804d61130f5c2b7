"""In which wijk a place lies, and who gives district nursing in a region."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from wijkspil.core.prepared import fetch_rows
from wijkspil.directory.models import Area, Coverage, HealthcareService
from wijkspil.directory.types import AreaKind, Care


@dataclass(frozen=True)
class WijkName:
    """A wijk as people call it; ``code`` is that of CBS."""

    id: int
    code: str
    name: str
    gemeente: str


def list_wijken_of_places(place_ids: Iterable[int]) -> dict[int, WijkName]:
    """Return place id -> its wijk in the newest division (one query).

    A place outside every wijk is left out.
    """
    rows = fetch_rows(_WIJKEN_OF_PLACES, {"places": list(set(place_ids))})
    return {place_id: WijkName(*wijk) for place_id, *wijk in rows}


_WIJKEN_OF_PLACES = f"""
SELECT DISTINCT ON (place.id) place.id, w.id, w.code, w.name, coalesce(g.name, '')
  FROM directory_area place
  JOIN directory_area w
    ON w.id = ANY(place.within) AND w.kind = '{AreaKind.WIJK.value}'
  LEFT JOIN directory_area g ON g.id = w.parent_id
 WHERE place.id = ANY(%(places)s::bigint[])
 ORDER BY place.id, w.year DESC, w.id DESC
"""


def list_wijken_of_region(region_id: int) -> list[WijkName]:
    """Return the wijken of a region in the newest division in use, by name.

    One query. A year of which no wijk has a point is no division in use.
    """
    return [
        WijkName(*wijk) for wijk in fetch_rows(_WIJKEN_OF_REGION, {"region": region_id})
    ]


_WIJKEN_OF_REGION = f"""
WITH there AS (
  SELECT id, code, name, parent_id, year, lon FROM directory_area
   WHERE kind = '{AreaKind.WIJK.value}' AND within @> ARRAY[%(region)s::bigint])
SELECT w.id, w.code, w.name, coalesce(g.name, '')
  FROM there w LEFT JOIN directory_area g ON g.id = w.parent_id
 WHERE w.year = (SELECT max(year) FROM there WHERE lon IS NOT NULL)
 ORDER BY w.name
"""


def list_wijk_names(wijk_ids: Iterable[int]) -> dict[int, WijkName]:
    """Return wijk id -> its name (one query)."""
    return {
        row.pk: _name_of(row)
        for row in Area.objects.filter(pk__in=set(wijk_ids)).select_related("parent")
    }


def list_home_care_of_region(region_id: int, *, at: datetime) -> dict[int, str]:
    """Return organization id -> name of who gives district nursing in it (one query).

    A provider counts when one of its services covers the region or a part of it.
    """
    return dict(
        HealthcareService.objects.filter(
            Q(coverages__valid_until=None) | Q(coverages__valid_until__gt=at),
            coverages__area__within__contains=[region_id],
            coverages__valid_from__lte=at,
            care=Care.DISTRICT_NURSING,
            is_active=True,
        )
        .order_by("organization__name", "organization_id")
        .values_list("organization_id", "organization__name")
        .distinct()
    )


def list_wijken_without_nursing(region_id: int, *, at: datetime) -> list[WijkName]:
    """Return the wijken of a region that no team for district nursing covers.

    Covered is a wijk with a coverage at ``at`` of the wijk, of what it lies in, or of a
    part of it. Four queries.
    """
    wijken = {wijk.id: wijk for wijk in list_wijken_of_region(region_id)}
    within = dict(Area.objects.filter(pk__in=wijken).values_list("pk", "within"))
    covered: set[int] = set()
    reached: set[int] = set()
    for area_id, around in (
        Coverage.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=at),
            valid_from__lte=at,
            care=Care.DISTRICT_NURSING,
            service__is_active=True,
        )
        .values_list("area_id", "area__within")
        .iterator()
    ):
        covered.add(area_id)
        reached.update(around)
    return [
        wijk
        for pk, wijk in wijken.items()
        if pk not in reached and not covered.intersection(within[pk])
    ]


def _name_of(row: Area) -> WijkName:
    parent = row.parent
    return WijkName(
        id=row.pk,
        code=row.code,
        name=row.name,
        gemeente=parent.name if parent is not None else "",
    )
