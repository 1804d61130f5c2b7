"""Shapes of areas for a map, small and fast: borders simplified once, written as steps.

Areas that touch share their border exactly, also after simplifying: a border between
two points where three areas meet is one line, simplified once (Douglas and Peucker
1973, https://doi.org/10.3138/FM57-6770-U75U-7727) and used by both. Coordinates are
whole steps of ``UNIT`` degrees, each as the difference with the one before.

``js/map/shapes.js`` reads what is written here.
"""

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

FORMAT = "wijkspil-shapes-1"
#: Of one step, in degrees: about a metre.
UNIT = 1e-5
#: A degree of longitude is so much shorter than one of latitude, in the Netherlands.
_ASPECT = 0.61

Point = tuple[int, int]
Ring = list[Point]


@dataclass(frozen=True, slots=True)
class Shape:
    """An area with its GeoJSON geometry (Polygon or MultiPolygon, WGS84 degrees)."""

    code: str
    name: str
    geometry: Any


def encode_shapes(shapes: Iterable[Shape], *, tolerance_m: float = 0.0) -> bytes:
    """Return the document the map reads, as UTF-8 JSON.

    ``tolerance_m`` is how far a border may move, in metres; parts of an area that
    vanish at that size are left out, but never the whole area.
    """
    areas = [(shape, _polygons_of(shape.geometry)) for shape in shapes]
    if tolerance_m > 0:
        simplified = _Borders(
            (
                ring
                for _shape, polygons in areas
                for rings in polygons
                for ring in rings
            ),
            tolerance=tolerance_m / 111_320 / UNIT,
        )
        areas = [(shape, _simplify(polygons, simplified)) for shape, polygons in areas]
    document = {
        "format": FORMAT,
        "unit": UNIT,
        "areas": [
            [
                shape.code,
                shape.name,
                [[_steps(ring) for ring in rings] for rings in polygons],
            ]
            for shape, polygons in areas
        ],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _polygons_of(geometry: Any) -> list[list[Ring]]:
    kind, coordinates = geometry["type"], geometry["coordinates"]
    polygons = [coordinates] if kind == "Polygon" else coordinates
    return [[_ring(points) for points in rings] for rings in polygons]


def _ring(points: Sequence[Sequence[float]]) -> Ring:
    """Return a ring in whole steps, without its closing point or repeated points."""
    ring: Ring = []
    for lon, lat, *_rest in points:
        point = (round(lon / UNIT), round(lat / UNIT))
        if not ring or ring[-1] != point:
            ring.append(point)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    return ring


def _steps(ring: Ring) -> list[int]:
    steps: list[int] = []
    x, y = 0, 0
    for point in ring:
        steps += (point[0] - x, point[1] - y)
        x, y = point
    return steps


class _Borders:
    """Simplifies rings so that what two of them share stays the same for both."""

    def __init__(self, rings: Iterable[Ring], *, tolerance: float) -> None:
        self._limit = tolerance * tolerance
        self._done: dict[tuple[Point, ...], tuple[Point, ...]] = {}
        beside: dict[Point, set[Point]] = {}
        for ring in rings:
            before = ring[-1]
            for point in ring:
                beside.setdefault(point, set()).add(before)
                beside.setdefault(before, set()).add(point)
                before = point
        #: Where borders meet: these stay.
        self._nodes = {point for point, others in beside.items() if len(others) > 2}

    def simplify(self, ring: Ring) -> Ring:
        """Return the ring with fewer points."""
        starts = [i for i, point in enumerate(ring) if point in self._nodes]
        if not starts:  # an island, or a hole with one area in it
            starts = [ring.index(min(ring))]
        if len(starts) == 1:
            # Both ends fall together: the point furthest away is kept as well.
            first = starts[0]
            far = max(range(len(ring)), key=lambda i: _apart(ring[first], ring[i]))
            starts = sorted({first, far})
        turned = ring[starts[0] :] + ring[: starts[0]]
        cuts = [start - starts[0] for start in starts] + [len(ring)]
        turned.append(turned[0])
        found: Ring = []
        for start, end in itertools.pairwise(cuts):
            found += self._line(tuple(turned[start : end + 1]))[:-1]
        return found

    def _line(self, line: tuple[Point, ...]) -> tuple[Point, ...]:
        if len(line) < 3:
            return line
        is_turned = line[-1] < line[0] or (line[-1] == line[0] and line[-2] < line[1])
        key = line[::-1] if is_turned else line
        kept = self._done.get(key)
        if kept is None:
            kept = self._done[key] = _douglas_peucker(key, self._limit)
        return kept[::-1] if is_turned else kept


def _simplify(polygons: list[list[Ring]], borders: _Borders) -> list[list[Ring]]:
    found = []
    for rings in polygons:
        outer, *holes = (borders.simplify(ring) for ring in rings)
        if len(outer) > 2:
            found.append([outer, *(hole for hole in holes if len(hole) > 2)])
    if found:
        return found
    # Too small to see, yet never gone: the largest part as it was.
    return [max(polygons, key=lambda rings: len(rings[0]))]


def _apart(one: Point, other: Point) -> float:
    dx, dy = (one[0] - other[0]) * _ASPECT, one[1] - other[1]
    return dx * dx + dy * dy


def _douglas_peucker(line: tuple[Point, ...], limit: float) -> tuple[Point, ...]:
    keep = {0, len(line) - 1}
    todo = [(0, len(line) - 1)]
    while todo:
        start, end = todo.pop()
        if end - start < 2:
            continue
        ax, ay = line[start][0] * _ASPECT, line[start][1]
        dx, dy = line[end][0] * _ASPECT - ax, line[end][1] - ay
        length = dx * dx + dy * dy
        worst, place = float(limit), -1
        for i in range(start + 1, end):
            px, py = line[i][0] * _ASPECT - ax, float(line[i][1] - ay)
            if length:
                share = min(1.0, max(0.0, (px * dx + py * dy) / length))
                px, py = px - share * dx, py - share * dy
            distance = px * px + py * py
            if distance > worst:
                worst, place = distance, i
        if place >= 0:
            keep.add(place)
            todo += [(start, place), (place, end)]
    return tuple(line[i] for i in sorted(keep))
