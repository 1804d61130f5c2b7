"""GeoJSON of areas and services, for the maps of the pages.

Only what anybody may see: shapes, names and points. What a color means on a map is
for the page that asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wijkspil.directory.models import Area, AreaShape
from wijkspil.directory.types import AreaKind

Feature = dict[str, Any]


def list_area_features(
    area_ids: Iterable[int], *, properties: Mapping[int, Mapping[str, Any]]
) -> list[Feature]:
    """Return areas as features; those without a shape are left out (one query).

    ``properties`` adds to code and name, by id of the area.
    """
    rows = (
        AreaShape.objects.filter(area_id__in=list(area_ids))
        .select_related("area")
        .order_by("area__code")
    )
    return [
        {
            "type": "Feature",
            "geometry": row.geometry,
            "properties": {
                "code": row.area.code,
                "name": row.area.name,
                **properties.get(row.area_id, {}),
            },
        }
        for row in rows
    ]


def list_area_geometries(codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return code -> GeoJSON geometry of the newest division (one query)."""
    rows = (
        AreaShape.objects.filter(area__code__in=list(codes))
        .order_by("area__code", "area__year")
        .values_list("area__code", "geometry")
    )
    return dict(rows)


def list_areas_of_codes(codes: Iterable[str]) -> dict[str, int]:
    """Return code -> id of the area in the newest division in use (one query).

    A code is that of CBS, a region's "purpose/code", or a region's code alone: of more
    than one purpose the zorgkantoor is meant. A division of which no area has a point
    is not in use. What is not known is left out.
    """
    asked = set(codes)
    found: dict[str, tuple[bool, bool, int, int]] = {}
    for pk, code, purpose, year, lon in Area.objects.filter(
        code__in={code.rpartition("/")[2] for code in asked}
    ).values_list("pk", "code", "purpose", "year", "lon"):
        rank = (purpose in {"", "zorgkantoor"}, lon is not None, year, pk)
        for name in (code, f"{purpose}/{code}"):
            found[name] = max(rank, found.get(name, rank))
    return {code: found[code][-1] for code in asked if code in found}


def list_wijk_ids_within(area_id: int, *, year: int) -> list[int]:
    """Return the ids of an area's wijken in a year's division, by code (one query)."""
    return list(
        Area.objects.filter(kind=AreaKind.WIJK, within__contains=[area_id], year=year)
        .order_by("code")
        .values_list("pk", flat=True)
    )


def point_feature(
    *, lon: float | None, lat: float | None, **properties: Any
) -> Feature | None:
    """Return a point as a feature, or None when it has no place."""
    if lon is None or lat is None:
        return None
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": properties,
    }


def feature_collection(features: Sequence[Feature]) -> dict[str, Any]:
    """Return the features as one GeoJSON document."""
    return {"type": "FeatureCollection", "features": list(features)}
