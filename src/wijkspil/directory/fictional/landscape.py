"""The lie of an invented land: coast, water, towns, and how it is divided.

Answers which cells of a hexagon map are land, how many people live in each, and to
which gemeente, wijk, buurt and PC4 each belongs. Names, codes and shapes come after.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from wijkspil.directory.fictional.hexmap import (
    Bools,
    Floats,
    HexMap,
    Ints,
    grow,
    make_hex_map,
    random_step_costs,
)

_HEX_SIDE_KM = 0.2
_LAND_PER_GEMEENTE_KM2 = 100.0


@dataclass(frozen=True, eq=False)
class Land:
    hexes: HexMap
    is_land: Bools
    is_water: Bools  # river and lakes: crossed by borders, part of nothing
    costs: Floats
    vertices: Floats  # km


def shape_land(rng: np.random.Generator, gemeenten: int) -> Land:
    area = _LAND_PER_GEMEENTE_KM2 * gemeenten
    half_height = np.sqrt(area / np.pi / 0.72)
    half_width = 0.72 * half_height if gemeenten > 8 else half_height * 1.05
    half_height = area / np.pi / half_width
    hexes = make_hex_map(
        width_km=2.7 * half_width, height_km=2.7 * half_height, side_km=_HEX_SIDE_KM
    )
    x, y = hexes.centers.T
    ripple = _noise(rng, x, y, wavelength_km=0.55 * half_width, octaves=4)
    radius = np.hypot(x / half_width, y / half_height)
    is_ground = radius + 0.22 * ripple < 1.0
    is_water = np.zeros(len(hexes), dtype=bool)
    for number in range(1 + gemeenten // 80):
        is_water |= _river(rng, x, y, half_width, half_height, number)
    for _turn in range(1 + gemeenten // 4):
        is_water |= _lake(rng, x, y, half_width, half_height)
    # One island: what cannot be reached from the middle over ground is sea.
    even = np.where(is_ground[:, None], 1.0, np.inf) * np.ones((1, 6))
    middle = np.flatnonzero(is_ground)[radius[is_ground].argmin()]
    is_ground &= grow(hexes, seeds=np.array([middle]), step_costs=even) == 0
    is_water &= is_ground
    is_land = is_ground & ~is_water
    factors = np.where(is_water, 5.0, 1.0)
    costs = random_step_costs(hexes, rng, factors=factors)
    ends = np.append(is_ground, False)[hexes.neighbors]
    costs = np.where(ends & is_ground[:, None], costs, np.inf)
    vertices = hexes.vertices + rng.uniform(-0.06, 0.06, hexes.vertices.shape)
    return Land(hexes, is_land, is_water, costs, vertices)


def _noise(
    rng: np.random.Generator,
    x: Floats,
    y: Floats,
    *,
    wavelength_km: float,
    octaves: int,
) -> Floats:
    """Smooth random field around 0, roughly within -1..1."""
    total = np.zeros_like(x)
    for octave in range(octaves):
        for _turn in range(5):
            angle, phase = rng.uniform(0, 2 * np.pi, 2)
            wave = 2 * np.pi / wavelength_km * 1.9**octave
            total += np.sin(wave * (x * np.cos(angle) + y * np.sin(angle)) + phase) / (
                2.2 * 1.8**octave
            )
    return total / 2


def _river(
    rng: np.random.Generator,
    x: Floats,
    y: Floats,
    half_width: float,
    half_height: float,
    number: int,
) -> Bools:
    """One river from coast to coast: the first through the middle, west to east."""
    offset = 0.12 * half_height if number == 0 else rng.uniform(-0.6, 0.6) * half_height
    angle = rng.uniform(-0.12, 0.12) + (0.0 if number == 0 else rng.uniform(-1.3, 1.3))
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    course = np.full_like(along, offset)
    for scale in (1.0, 1.0, 1.0, 1.0 + half_width / 25):
        length = rng.uniform(0.35, 1.3) * min(half_width, 12.0) * scale
        course += 0.11 * length * np.sin(np.pi * along / length + rng.uniform(0, 6))
    return np.asarray(np.abs(across - course) < 0.21)


def _lake(
    rng: np.random.Generator,
    x: Floats,
    y: Floats,
    half_width: float,
    half_height: float,
) -> Bools:
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.45, 0.75)
    at_x = half_width * distance * np.cos(angle)
    at_y = half_height * distance * np.sin(angle)
    size = rng.uniform(0.7, 1.3)
    distance = np.hypot((x - at_x) / 1.5, y - at_y)
    near = np.flatnonzero(distance < size + 1.0)
    edge = _noise(rng, x[near], y[near], wavelength_km=2.5, octaves=2)
    is_lake = np.zeros(len(x), dtype=bool)
    is_lake[near] = distance[near] + 0.3 * edge < size
    return is_lake


@dataclass(frozen=True, eq=False)
class Towns:
    # Per cell: which part it belongs to; -1 in water and at sea.
    gemeente: Ints
    wijk: Ints
    buurt: Ints
    pc4: Ints
    # Per part: the part above it.
    wijk_gemeente: Ints
    buurt_wijk: Ints
    pc4_gemeente: Ints
    # Per cell.
    people: Floats
    urbanity: Floats  # 0 village .. 1 centre
    village: Ints  # nearest village of its gemeente, -1 in town


def settle(rng: np.random.Generator, land: Land, gemeenten: int) -> Towns:
    hexes, points = land.hexes, land.hexes.centers
    ground = np.flatnonzero(land.is_land)
    flat = np.ones(len(ground))
    middle = k_means(rng, points[ground], flat, gemeenten)
    # The largest towns mostly lie in the middle.
    away = np.hypot(*middle.T) * rng.lognormal(0.0, 0.5 * (gemeenten > 3), gemeenten)
    middle = middle[np.argsort(away)]
    seeds = _nearest_cells(points, ground, middle)
    gemeente = grow(hexes, seeds=seeds, step_costs=land.costs)
    sizes = _gemeente_sizes(rng, gemeenten)
    people, urbanity = np.zeros(len(hexes)), np.zeros(len(hexes))
    village = np.full(len(hexes), -1, dtype=np.int64)
    wijk_seeds: list[Ints] = []
    pc4_seeds: list[Ints] = []
    by_gemeente = _cells_by(gemeente, land.is_land, gemeenten)
    mean_size = sizes.mean()
    for number, cells in enumerate(by_gemeente):
        crowd, urban, near = _crowd(
            rng, points[cells], points[seeds[number]], sizes[number], village.max() + 1
        )
        people[cells], urbanity[cells], village[cells] = crowd, urban, near
        wijken = max(4, round(9 * (sizes[number] / mean_size) ** 0.75))
        wijken = min(wijken, len(cells) // 12)
        wijk_seeds.append(_spread(rng, points, cells, crowd**0.8, wijken))
        pc4s = max(2, round(wijken * 1.2))
        pc4_seeds.append(_spread(rng, points, cells, crowd**0.75, pc4s))
    wijk = grow(
        hexes,
        seeds=np.concatenate(wijk_seeds),
        step_costs=land.costs,
        parents=gemeente,
    )
    other_costs = np.where(
        np.isfinite(land.costs),
        random_step_costs(hexes, rng, factors=np.where(land.is_water, 5.0, 1.0)),
        np.inf,
    )
    pc4 = grow(
        hexes,
        seeds=np.concatenate(pc4_seeds),
        step_costs=other_costs,
        parents=gemeente,
    )
    buurt_seeds = [
        _spread(
            rng,
            points,
            cells,
            people[cells] ** 0.7,
            int(min(np.clip(round(people[cells].sum() / 1050), 3, 6), len(cells))),
        )
        for cells in _cells_by(wijk, land.is_land, sum(map(len, wijk_seeds)))
    ]
    buurt = grow(
        hexes, seeds=np.concatenate(buurt_seeds), step_costs=land.costs, parents=wijk
    )
    dry = land.is_land
    gemeente = np.where(dry, gemeente, -1)
    from_center = np.hypot(*(points - points[seeds][gemeente]).T)
    wijk, wijk_gemeente = _renumber(wijk, gemeente, dry, from_center)
    buurt, buurt_wijk = _renumber(buurt, wijk, dry, from_center)
    pc4, pc4_gemeente = _renumber(pc4, gemeente, dry, from_center)
    return Towns(
        gemeente=gemeente,
        wijk=wijk,
        buurt=buurt,
        pc4=pc4,
        wijk_gemeente=wijk_gemeente,
        buurt_wijk=buurt_wijk,
        pc4_gemeente=pc4_gemeente,
        people=people,
        urbanity=urbanity,
        village=village,
    )


def _renumber(
    division: Ints, above: Ints, dry: Bools, distance: Floats
) -> tuple[Ints, Ints]:
    """Number parts by the part above them, then from the town centre outwards."""
    parts, cell_part = np.unique(division[dry], return_inverse=True)
    size = np.bincount(cell_part)
    away = np.bincount(cell_part, distance[dry]) / size
    parent = np.zeros(len(parts), dtype=np.int64)
    parent[cell_part] = above[dry]
    order = np.lexsort((away, parent))
    place = np.empty(len(parts), dtype=np.int64)
    place[order] = np.arange(len(parts))
    numbered = np.full(len(division), -1, dtype=np.int64)
    numbered[dry] = place[cell_part]
    return numbered, parent[order]


def _gemeente_sizes(rng: np.random.Generator, gemeenten: int) -> Floats:
    """Inhabitants per gemeente, the largest first; the country averages 51,000."""
    mean = 40_000 + 11_000 * min(1.0, gemeenten / 100)
    if gemeenten <= 3:
        shares = np.array([[1.0], [0.62, 0.38], [0.52, 0.28, 0.20]][gemeenten - 1])
    else:
        shares = np.sort(rng.lognormal(0.0, 0.75, gemeenten))[::-1]
    return np.asarray(shares / shares.sum() * mean * gemeenten)


def _crowd(
    rng: np.random.Generator, points: Floats, middle: Floats, people: float, first: int
) -> tuple[Floats, Floats, Ints]:
    """Spread people over the cells of a gemeente: a town, villages, farms."""
    town_km = 1.35 * np.sqrt(people / 50_000) + 0.5
    from_middle = np.hypot(*(points - middle).T)
    density = 3.2 * np.exp(-((from_middle / town_km) ** 2))
    urbanity = np.clip(np.exp(-((from_middle / (0.8 * town_km)) ** 2)), 0, 1)
    far = np.flatnonzero(from_middle > 1.7 * town_km)
    villages = int(np.clip(round(people / 9_000), 1, 6))
    near = np.full(len(points), -1, dtype=np.int64)
    if len(far) >= villages:
        places = k_means(rng, points[far], np.ones(len(far)), villages)
        distances = np.hypot(
            *(points[:, None, :] - places[None, :, :]).transpose(2, 0, 1)
        )
        reach = rng.uniform(0.45, 0.85, villages)
        density += (1.5 * np.exp(-((distances / reach) ** 2))).sum(axis=1)
        outside = from_middle > 1.25 * town_km
        near = np.where(outside, first + distances.argmin(axis=1), -1)
    density += 0.02
    density *= rng.lognormal(0.0, 0.18, len(points))
    return density / density.sum() * people, urbanity, near


def k_means(
    rng: np.random.Generator, points: Floats, weights: Floats, count: int
) -> Floats:
    """Return ``count`` centres of weighted groups of points (Lloyd, 12 rounds)."""
    if len(points) > 100 * count + 10_000:
        some = rng.choice(len(points), 100 * count + 10_000, replace=False)
        points, weights = points[some], weights[some]
    centers = points[
        rng.choice(len(points), count, replace=False, p=weights / weights.sum())
    ]
    for _turn in range(12):
        near = nearest_center(points, centers)
        total = np.bincount(near, weights, count)
        mean = np.stack(
            [
                np.bincount(near, weights * points[:, axis], count)
                / np.maximum(total, 1e-12)
                for axis in range(2)
            ],
            axis=1,
        )
        centers = np.where((total > 0)[:, None], mean, centers)
    return centers


def nearest_center(points: Floats, centers: Floats) -> Ints:
    """Return the number of the nearest centre per point, in blocks of points."""
    near = np.empty(len(points), dtype=np.int64)
    block = max(1, 2_000_000 // len(centers))
    norm = (centers**2).sum(axis=1)
    for start in range(0, len(points), block):
        part = points[start : start + block]
        near[start : start + block] = (norm - 2 * part @ centers.T).argmin(axis=1)
    return near


def _spread(
    rng: np.random.Generator, points: Floats, cells: Ints, weights: Floats, count: int
) -> Ints:
    """Return ``count`` different cells, closer together where the weight is high."""
    return _nearest_cells(points, cells, k_means(rng, points[cells], weights, count))


def _nearest_cells(points: Floats, cells: Ints, wanted: Floats) -> Ints:
    taken: list[int] = []
    free = np.ones(len(cells), dtype=bool)
    for place in wanted:
        distance = np.where(free, np.hypot(*(points[cells] - place).T), np.inf)
        chosen = int(distance.argmin())
        free[chosen] = False
        taken.append(int(cells[chosen]))
    return np.array(taken)


def _cells_by(division: Ints, is_land: Bools, count: int) -> list[Ints]:
    cells = np.flatnonzero(is_land & (division >= 0))
    order = cells[np.argsort(division[cells], kind="stable")]
    bounds = np.searchsorted(division[order], np.arange(count + 1))
    return [order[a:b] for a, b in pairwise(bounds)]
