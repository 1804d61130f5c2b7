"""A map of hexagons: who is next to whom, growing patches, and their outlines.

Answers how a piece of land can be divided into irregular connected patches that
share their borders exactly. Every vertex of a hexagon tiling touches three cells,
so the outline of any set of cells is a set of simple rings: no repair of polygons
is ever needed. Pure numpy; knows nothing of gemeenten or postcodes.

Method: patches grow from seeds along cheapest paths over randomly priced steps
(multi-source Bellman-Ford, whole array per sweep), which keeps each one connected;
borders are then smoothed by moving each border vertex towards its neighbours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HexMap:
    """Cells of a pointy-top hexagon tiling.

    ``centers`` (n, 2) and ``vertices`` (m, 2) in km; ``corners`` (n, 6) are vertex
    numbers, counter-clockwise from the lower right; ``neighbors`` (n, 6) are cell
    numbers, side k lying between corner k and k+1, and n where the map ends.
    """

    centers: Floats
    vertices: Floats
    corners: Ints
    neighbors: Ints

    def __len__(self) -> int:
        return len(self.centers)


def make_hex_map(*, width_km: float, height_km: float, side_km: float) -> HexMap:
    """Return a tiling that fills a rectangle around (0, 0)."""
    step_x, step_y = np.sqrt(3) * side_km, 1.5 * side_km
    columns, rows = int(width_km / step_x) + 2, int(height_km / step_y) + 2
    row, column = np.divmod(np.arange(rows * columns), columns)
    shift = row % 2
    centers = np.stack(
        (
            (column + 0.5 * shift - columns / 2) * step_x,
            (row - rows / 2) * step_y,
        ),
        axis=1,
    )
    number = rows * columns
    around = (  # E, NE, NW, W, SW, SE: the sides counter-clockwise
        (row, column + 1),
        (row + 1, column + shift),
        (row + 1, column + shift - 1),
        (row, column - 1),
        (row - 1, column + shift - 1),
        (row - 1, column + shift),
    )
    neighbors = np.stack(
        [
            np.where(
                (r >= 0) & (r < rows) & (c >= 0) & (c < columns),
                r * columns + c,
                number,
            )
            for r, c in around
        ],
        axis=1,
    )
    # Every vertex is the top or the bottom of one cell of a grid with a rim around.
    rim = columns + 2

    def top(r: Ints, c: Ints) -> Ints:
        return 2 * ((r + 1) * rim + c + 1)

    east_up, west_up = (row + 1, column + shift), (row + 1, column + shift - 1)
    east_down, west_down = (row - 1, column + shift), (row - 1, column + shift - 1)
    corners = np.stack(
        (
            top(*east_down),
            top(*east_up) + 1,
            top(row, column),
            top(*west_up) + 1,
            top(*west_down),
            top(row, column) + 1,
        ),
        axis=1,
    )
    angle = np.radians([-30, 30, 90, 150, 210, 270])
    vertices = np.zeros((2 * (rows + 2) * rim, 2))
    vertices[corners] = centers[:, None, :] + side_km * np.stack(
        (np.cos(angle), np.sin(angle)), axis=1
    )
    return HexMap(centers, vertices, corners, neighbors)


def grow(
    hexes: HexMap, *, seeds: Ints, step_costs: Floats, parents: Ints | None = None
) -> Ints:
    """Return for each cell the number of the seed that reaches it at least cost.

    ``step_costs`` (n, 6) is the price of crossing each side, ``inf`` where nobody
    may cross. With ``parents`` (n,) a patch stays within the parent of its seed.
    Cells that no seed reaches get -1.
    """
    number = len(hexes)
    costs = step_costs
    if parents is not None:
        beyond = np.append(parents, -2)[hexes.neighbors] != parents[:, None]
        costs = np.where(beyond, np.inf, step_costs)
    spent = np.full(number + 1, np.inf)
    owner = np.full(number + 1, -1, dtype=np.int64)
    spent[seeds] = 0.0
    owner[seeds] = np.arange(len(seeds))
    touched = np.zeros(number + 1, dtype=bool)
    changed = seeds
    while len(changed):
        # Only cells beside one that just changed can get a better offer.
        touched[:] = False
        touched[hexes.neighbors[changed]] = True
        cells = np.flatnonzero(touched[:-1])
        offers = spent[hexes.neighbors[cells]] + costs[cells]
        side = offers.argmin(axis=1)
        best = offers[np.arange(len(cells)), side]
        better = best < spent[cells]
        changed = cells[better]
        owner[changed] = owner[hexes.neighbors[changed, side[better]]]
        spent[changed] = best[better]
    return owner[:-1]


def random_step_costs(
    hexes: HexMap, rng: np.random.Generator, *, factors: Floats
) -> Floats:
    """Return a random price per side, equal from both sides, times cell factors."""
    price = np.append(rng.uniform(0.5, 1.6, len(hexes)) * factors, 1.0)
    return np.asarray((price[:-1, None] + price[hexes.neighbors]) / 2)


def smooth_borders(
    hexes: HexMap, *, divisions: list[Ints], vertices: Floats, times: int
) -> Floats:
    """Return ``vertices`` with those on a border of any division drawn together."""
    is_border = np.zeros(hexes.neighbors.shape, dtype=bool)
    for division in divisions:
        is_border |= _differs(hexes, division)
    cell, side = np.nonzero(is_border)
    start, end = hexes.corners[cell, side], hexes.corners[cell, (side + 1) % 6]
    edges = np.unique(
        np.stack((np.minimum(start, end), np.maximum(start, end)), axis=1), axis=0
    )
    number = len(vertices)
    degree = np.bincount(edges.ravel(), minlength=number).astype(float)
    moved = degree > 0
    points = vertices.copy()
    for _ in range(times):
        pull = np.zeros_like(points)
        for axis in range(2):
            pull[:, axis] = np.bincount(
                edges[:, 0], points[edges[:, 1], axis], number
            ) + np.bincount(edges[:, 1], points[edges[:, 0], axis], number)
        points[moved] = 0.5 * points[moved] + 0.5 * (
            pull[moved] / degree[moved][:, None]
        )
    return points


def outlines(
    hexes: HexMap, *, division: Ints, count: int, vertices: Floats
) -> list[dict[str, Any]]:
    """Return a GeoJSON geometry per part of a division (parts 0 .. count-1).

    Coordinates are ``vertices`` as given, rounded to 5 decimals.
    """
    is_border = _differs(hexes, division) & (division >= 0)[:, None]
    cell, side = np.nonzero(is_border)
    part = division[cell]
    start, end = hexes.corners[cell, side], hexes.corners[cell, (side + 1) % 6]
    span = len(vertices)
    order = np.argsort(part * span + start)
    part, start, end = part[order], start[order], end[order]
    following = np.searchsorted(part * span + start, part * span + end)
    points = np.round(vertices, 5)[start].tolist()
    rings: list[list[list[list[float]]]] = [[] for _ in range(count)]
    seen = np.zeros(len(part), dtype=bool)
    steps = following.tolist()
    for first in range(len(steps)):
        if seen[first]:
            continue
        ring, place = [], first
        while not seen[place]:
            seen[place] = True
            ring.append(points[place])
            place = steps[place]
        rings[part[first]].append([*ring, ring[0]])
    return [_geometry(of_part) for of_part in rings]


def cell_areas(hexes: HexMap, vertices: Floats) -> Floats:
    """Return the area of each cell with moved vertices, in km2."""
    x, y = vertices[hexes.corners].transpose(2, 0, 1)
    return np.asarray(
        0.5 * (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    )


def _differs(hexes: HexMap, division: Ints) -> Bools:
    beside = np.append(division, -1)[hexes.neighbors]
    return np.asarray(beside != division[:, None])


def _geometry(rings: list[list[list[float]]]) -> dict[str, Any]:
    outer = [ring for ring in rings if _signed_area(ring) > 0]
    polygons = [[ring] for ring in outer]
    for hole in rings:
        if _signed_area(hole) <= 0:
            polygons[next(_around(hole[0], outer), 0)].append(hole)
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _signed_area(ring: list[list[float]]) -> float:
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def _around(point: list[float], rings: list[list[list[float]]]) -> Iterator[int]:
    """Yield the numbers of the rings that hold a point (even-odd rule)."""
    x, y = point
    for number, ring in enumerate(rings):
        inside = False
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
        if inside:
            yield number
