"""Check a GeoJSON geometry of an area (RFC 7946) and find its centre."""

import json
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from wijkspil.directory.importing.errors import BadValue
from wijkspil.directory.importing.values import in_netherlands, point_problem

Position = list[float]


def check_geometry(geometry: Any) -> dict[str, Any] | None:
    """Return the polygon or multipolygon; None where the publisher left it empty.

    Checks type, closed rings of four positions or more, and that every position is
    in the Netherlands. Does not check that rings cross nowhere.
    """
    if geometry is None:
        return None
    if not isinstance(geometry, dict) or geometry.get("type") not in {
        "Polygon",
        "MultiPolygon",
    }:
        kind = geometry.get("type") if isinstance(geometry, dict) else geometry
        raise BadValue("geometry", str(kind), _("a Polygon or MultiPolygon"))
    coordinates = geometry.get("coordinates")
    if coordinates == []:
        return None
    try:
        found = rings(geometry)
        if not found:
            raise ValueError("no rings")
        for ring in found:
            _check_ring(ring)
    except (TypeError, ValueError, KeyError) as error:
        raise BadValue(
            "geometry",
            json.dumps(coordinates)[:60],
            _("rings of positions as GeoJSON writes them: [[[lon, lat], ...]]"),
        ) from error
    return {"type": geometry["type"], "coordinates": coordinates}


def rings(geometry: dict[str, Any]) -> list[list[Position]]:
    """Return every ring of a polygon or multipolygon."""
    if geometry["type"] == "Polygon":
        return list(geometry["coordinates"])
    return [ring for polygon in geometry["coordinates"] for ring in polygon]


def centre(geometry: dict[str, Any]) -> tuple[float, float]:
    """Return the centroid (lon, lat) of the largest ring, in degrees."""
    best, at = 0.0, (0.0, 0.0)
    for ring in rings(geometry):
        area = lon = lat = 0.0
        # Relative to the first corner: the cross products stay exact enough.
        x0, y0 = ring[0][:2]
        for start, end in pairwise(ring):
            ax, ay, bx, by = start[0] - x0, start[1] - y0, end[0] - x0, end[1] - y0
            cross = ax * by - bx * ay
            area += cross
            lon += (ax + bx) * cross
            lat += (ay + by) * cross
        if abs(area) > best:
            best, at = abs(area), (x0 + lon / (3 * area), y0 + lat / (3 * area))
    return round(at[0], 5), round(at[1], 5)


def _check_ring(ring: list[Position]) -> None:
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise BadValue(
            "geometry",
            json.dumps(ring)[:60],
            _("rings that close: four positions or more, the last equal to the first"),
        )
    for position in ring:
        lon, lat = position[:2]
        if not in_netherlands(lon, lat):
            raise BadValue("geometry", f"{lon}, {lat}", point_problem(lon, lat))
