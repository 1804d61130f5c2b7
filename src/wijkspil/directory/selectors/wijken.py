"""In which wijk a place lies, and who gives district nursing in a region."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

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
    """Return place id -> its wijk in the newest division (two queries).

    A place outside every wijk is left out.
    """
    within = dict(
        Area.objects.filter(pk__in=set(place_ids)).values_list("pk", "within")
    )
    around = {pk for ids in within.values() for pk in ids}
    wijken = {
        row.pk: row
        for row in Area.objects.filter(
            pk__in=around, kind=AreaKind.WIJK
        ).select_related("parent")
    }
    found = {}
    for place_id, ids in within.items():
        rows = [wijken[pk] for pk in ids if pk in wijken]
        if rows:
            found[place_id] = _name_of(max(rows, key=lambda row: (row.year, row.pk)))
    return found


def list_wijken_of_region(region_id: int) -> list[WijkName]:
    """Return the wijken of a region in the newest division in use, by name.

    Two queries. A year of which no wijk has a point is no division in use.
    """
    rows = Area.objects.filter(kind=AreaKind.WIJK, within__contains=[region_id])
    year = (
        rows.filter(lon__isnull=False)
        .order_by("-year")
        .values_list("year", flat=True)
        .first()
    )
    if year is None:
        return []
    return [
        _name_of(row)
        for row in rows.filter(year=year).select_related("parent").order_by("name")
    ]


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
