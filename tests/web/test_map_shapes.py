"""Shapes of a map: borders stay shared, and no area vanishes."""

import json
import math

from wijkspil.ui.shapes import FORMAT, UNIT, Shape, encode_shapes


def wavy(
    x0: float, y0: float, x1: float, y1: float, *, steps: int = 40
) -> list[list[float]]:
    """Return a border with small bends, without its last point."""
    bend = 0.00002
    found = []
    for i in range(steps):
        out = bend if 0 < i < steps else 0.0
        found.append(
            [
                x0 + (x1 - x0) * i / steps + out * math.sin(i),
                y0 + (y1 - y0) * i / steps + out * math.cos(i),
            ]
        )
    return found


def two_neighbors() -> list[Shape]:
    """Return two areas on either side of a border that bends."""
    between = wavy(5.1, 52.0, 5.1, 52.1)
    back = [*between[1:], [5.1, 52.1]][::-1]
    west = [
        *wavy(5.0, 52.0, 5.1, 52.0),
        *between,
        *wavy(5.1, 52.1, 5.0, 52.1),
        *wavy(5.0, 52.1, 5.0, 52.0),
    ]
    east = [
        *wavy(5.1, 52.0, 5.2, 52.0),
        *wavy(5.2, 52.0, 5.2, 52.1),
        *wavy(5.2, 52.1, 5.1, 52.1),
        *back,
    ]
    return [
        Shape("W", "West", {"type": "Polygon", "coordinates": [[*west, west[0]]]}),
        Shape("E", "East", {"type": "Polygon", "coordinates": [[*east, east[0]]]}),
    ]


def rings_of(document: bytes) -> dict[str, list[list[tuple[int, int]]]]:
    """Read a document back, as the browser does."""
    read = json.loads(document)
    assert read["format"] == FORMAT
    assert read["unit"] == UNIT
    found: dict[str, list[list[tuple[int, int]]]] = {}
    for code, _name, polygons in read["areas"]:
        found[code] = []
        for rings in polygons:
            for steps in rings:
                x = y = 0
                ring = []
                for i in range(0, len(steps), 2):
                    x, y = x + steps[i], y + steps[i + 1]
                    ring.append((x, y))
                found[code].append(ring)
    return found


def test_without_simplifying_every_point_is_there_to_a_metre():
    shapes = two_neighbors()
    rings = rings_of(encode_shapes(shapes))
    given = shapes[0].geometry["coordinates"][0]
    assert len(rings["W"][0]) == len(given) - 1
    lon, lat = rings["W"][0][7]
    assert abs(lon * UNIT - given[7][0]) <= UNIT
    assert abs(lat * UNIT - given[7][1]) <= UNIT


def test_neighbors_share_their_border_exactly_after_simplifying():
    rings = rings_of(encode_shapes(two_neighbors(), tolerance_m=1.0))
    west = {p for p in rings["W"][0] if abs(p[0] - 510_000) < 100}
    east = {p for p in rings["E"][0] if abs(p[0] - 510_000) < 100}
    assert west == east
    assert len(rings["W"][0]) < 160


def test_a_coarse_map_has_fewer_points_than_a_fine_one():
    fine = encode_shapes(two_neighbors(), tolerance_m=1.0)
    coarse = encode_shapes(two_neighbors(), tolerance_m=50.0)
    assert len(coarse) < len(fine)
    assert len(rings_of(coarse)["W"][0]) >= 4


def test_an_area_smaller_than_the_tolerance_stays_on_the_map():
    ring = [[5.0, 52.0], [5.0001, 52.0], [5.0001, 52.0001], [5.0, 52.0]]
    tiny = Shape("T", "Tiny", {"type": "Polygon", "coordinates": [ring]})
    assert len(rings_of(encode_shapes([tiny], tolerance_m=5_000))["T"][0]) == 3


def test_parts_and_holes_are_kept():
    def square(x: float, y: float, size: float) -> list[list[float]]:
        return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]

    shape = Shape(
        "M",
        "Many",
        {
            "type": "MultiPolygon",
            "coordinates": [
                [square(5, 52, 0.1), square(5.02, 52.02, 0.02)],
                [square(6, 52, 0.1)],
            ],
        },
    )
    document = json.loads(encode_shapes([shape], tolerance_m=25))
    assert [len(rings) for rings in document["areas"][0][2]] == [2, 1]
