"""An invented region: gemeenten, wijken, buurten and postcodes that look real.

Answers: what would a region look like that nobody can mistake for a real one? The
land lies in the North Sea, west of Texel; names and codes are made up. It is an
island with a river and a lake, towns that are dense in the middle, villages around
them, and postcode areas that do not follow the wijken, as in real life.

Everything follows from ``seed`` and the number of gemeenten. Pure numpy, no database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from wijkspil.core.errors import InvalidValue
from wijkspil.directory.fictional.hexmap import (
    Floats,
    Ints,
    cell_areas,
    outlines,
    smooth_borders,
)
from wijkspil.directory.fictional.landscape import (
    Land,
    Towns,
    k_means,
    nearest_center,
    settle,
    shape_land,
)
from wijkspil.directory.fictional.pairing import nearest, pair_wijken
from wijkspil.directory.types import AreaKind, RegionPurpose

YEAR = 2026
SOURCE = "verzonnen"
AGE_BANDS = ("0-14", "15-24", "25-44", "45-64", "65+")
MOST_GEMEENTEN = 450

#: The east and south edge of the island: open sea, 40 km from Texel.
EAST_EDGE_LON, SOUTH_EDGE_LAT = 4.08, 52.92
KM_PER_DEGREE_LAT = 111.2

#: PC4 codes that no address uses (checked against the national lists).
UNUSED_PC4 = (*range(4945, 5000), *range(6746, 6800), *range(8942, 9000))

#: Letters of postcodes; SA, SD and SS are never used.
_LETTERS = "ABCDEGHJKLMNPRSTVWXZ"
_PAIRS = np.array(
    [a + b for a in _LETTERS for b in _LETTERS if a + b not in {"SA", "SD", "SS"}]
)

_INHABITANTS_PER_PC6 = 38
#: Share of each age band in a town centre and in a village: means, weighted by
#: inhabitants, of the CBS wijken of 2022 that are extremely and not urbanised.
_AGES_CENTER = np.array([0.138, 0.144, 0.324, 0.235, 0.159])
_AGES_VILLAGE = np.array([0.151, 0.117, 0.204, 0.305, 0.223])


@dataclass(frozen=True)
class InventedArea:
    """An area; ``parent`` and ``within`` are places in ``Geography.areas``."""

    kind: AreaKind
    purpose: str
    code: str
    name: str
    parent: int | None
    within: tuple[int, ...]
    lon: float
    lat: float
    population: int
    population_by_age: dict[str, int]
    geometry: dict[str, Any]


@dataclass(frozen=True, eq=False)
class InventedPostcodes:
    """Six-character postcodes, each in one buurt and one PC4 (places in areas)."""

    codes: NDArray[np.str_]
    streets: NDArray[np.str_]
    pc4: Ints
    buurt: Ints
    lon: Floats
    lat: Floats
    population: Ints

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, eq=False)
class Geography:
    """An invented region.

    ``overlaps`` are (PC4, wijk or buurt, share of the PC4, share of the other);
    ``members`` are (region, gemeente or wijk). All numbers are places in ``areas``.
    """

    seed: int
    areas: tuple[InventedArea, ...]
    pc6: InventedPostcodes
    overlaps: tuple[tuple[int, int, float, float], ...]
    members: tuple[tuple[int, int], ...]


@lru_cache(maxsize=1)
def load_names() -> dict[str, Any]:
    """Return the lists of invented names (``names.yaml``)."""
    text = files(__package__).joinpath("names.yaml").read_text("utf-8")
    names: dict[str, Any] = yaml.safe_load(text)
    return names


def invent_geography(seed: int, *, gemeenten: int = 3) -> Geography:
    """Return an invented region, equal for equal arguments.

    About 40,000 inhabitants and nine wijken per gemeente. With more than about 15
    gemeenten the unused postcodes run out, and codes that exist are used as well.

    Raises
    ------
    InvalidValue
        If ``gemeenten`` is not between 1 and 450.
    """
    if not 1 <= gemeenten <= MOST_GEMEENTEN:
        raise InvalidValue(
            _("%(gemeenten)s gemeenten: give a number from 1 to %(most)s.")
            % {"gemeenten": gemeenten, "most": MOST_GEMEENTEN},
            field="gemeenten",
        )
    rng = np.random.default_rng([seed, gemeenten])
    land = shape_land(rng, gemeenten)
    towns = settle(rng, land, gemeenten)
    return _assemble(rng, land, towns, seed)


@dataclass(frozen=True, eq=False)
class _Level:
    """One kind of area, numbered 0 .. n-1."""

    ages: Ints  # (n, bands)
    points: Floats  # (n, 2) degrees, inside
    shapes: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.ages)


def _assemble(
    rng: np.random.Generator, land: Land, towns: Towns, seed: int
) -> Geography:
    hexes, names = land.hexes, load_names()
    km = smooth_borders(
        hexes, divisions=[towns.buurt, towns.pc4], vertices=land.vertices, times=3
    )
    degrees = _to_degrees(km, hexes.centers[land.is_land])
    middles = degrees[hexes.corners].mean(axis=1)
    surface = cell_areas(hexes, km)

    buurt_ages = _buurt_ages(rng, towns)
    wijk_ages = _sum_by(buurt_ages, towns.buurt_wijk)
    gemeente_ages = _sum_by(wijk_ages, towns.wijk_gemeente)
    shares = _pc4_shares(towns, surface)
    pc4_ages = _pc4_ages(towns, buurt_ages)

    def level(division: Ints, ages: Ints) -> _Level:
        return _Level(
            ages=ages,
            points=_points_inside(division, middles, len(ages)),
            shapes=outlines(
                hexes, division=division, count=len(ages), vertices=degrees
            ),
        )

    gemeenten = level(towns.gemeente, gemeente_ages)
    wijken = level(towns.wijk, wijk_ages)
    buurten = level(towns.buurt, buurt_ages)
    pc4s = level(towns.pc4, pc4_ages)
    gemeente_names = _gemeente_names(rng, len(gemeenten), names)
    wijk_names = _wijk_names(rng, towns, gemeente_names, names)
    gemeente_codes = [f"GM{9001 + g}" for g in range(len(gemeenten))]
    wijk_codes = _sub_codes(gemeente_codes, "WK", towns.wijk_gemeente)
    region_sets = [
        *(
            _group_regions(rng, purpose, gemeenten, wijken)
            for purpose in _GEMEENTEN_PER_REGION
        ),
        _group_alliances(wijken, towns.wijk_gemeente, wijk_codes, wijk_names),
    ]

    first_wijk = len(gemeenten)
    first_buurt = first_wijk + len(wijken)
    first_pc4 = first_buurt + len(buurten)
    first_region = first_pc4 + len(pc4s)
    around_gemeente: list[tuple[int, ...]] = [(g,) for g in range(len(gemeenten))]
    around_wijk: list[tuple[int, ...]] = [() for _turn in range(len(wijken))]
    members: list[tuple[int, int]] = []
    region_areas: list[InventedArea] = []
    for regions in region_sets:
        first = first_region + len(region_areas)
        around = around_wijk if regions.by_wijk else around_gemeente
        for number, region in enumerate(regions.of_member.tolist()):
            if region < 0:
                continue
            around[number] += (first + region,)
            members.append(
                (first + region, number + (first_wijk if regions.by_wijk else 0))
            )
        below = wijken if regions.by_wijk else gemeenten
        division = towns.wijk if regions.by_wijk else towns.gemeente
        region_areas.extend(
            _areas(
                AreaKind.REGION,
                level(
                    np.where(division >= 0, regions.of_member[division], -1),
                    _sum_by(
                        below.ages[regions.of_member >= 0],
                        regions.of_member[regions.of_member >= 0],
                    ),
                ),
                regions.codes,
                regions.names,
                [None] * len(regions.codes),
                [(first + n,) for n in range(len(regions.codes))],
                purpose=regions.purpose,
            )
        )
    around_wijk = [
        (first_wijk + w, *around_gemeente[g], *around_wijk[w])
        for w, g in enumerate(towns.wijk_gemeente.tolist())
    ]

    buurt_codes = _sub_codes(wijk_codes, "BU", towns.buurt_wijk)
    pc4_codes = _pc4_codes(len(pc4s))
    main_wijk = _main_wijk(towns, surface)

    areas = [
        *_areas(
            AreaKind.GEMEENTE,
            gemeenten,
            gemeente_codes,
            gemeente_names,
            [None] * len(gemeenten),
            around_gemeente,
        ),
        *_areas(
            AreaKind.WIJK,
            wijken,
            wijk_codes,
            wijk_names,
            towns.wijk_gemeente.tolist(),
            around_wijk,
        ),
        *_areas(
            AreaKind.BUURT,
            buurten,
            buurt_codes,
            _buurt_names(rng, towns, names),
            (towns.buurt_wijk + first_wijk).tolist(),
            [
                (first_buurt + b, *around_wijk[w])
                for b, w in enumerate(towns.buurt_wijk.tolist())
            ],
        ),
        *_areas(
            AreaKind.PC4,
            pc4s,
            pc4_codes,
            [gemeente_names[g] for g in towns.pc4_gemeente.tolist()],
            towns.pc4_gemeente.tolist(),
            [
                (first_pc4 + p, *around_wijk[w])
                for p, w in enumerate(main_wijk.tolist())
            ],
        ),
    ]
    areas += region_areas
    return Geography(
        seed=seed,
        areas=tuple(areas),
        pc6=_postcodes(rng, land, towns, degrees, pc4_codes, first_buurt, first_pc4),
        overlaps=tuple(
            (
                first_pc4 + pc4,
                number + (first_wijk if kind == "wijk" else first_buurt),
                part,
                whole,
            )
            for pc4, kind, number, part, whole in shares
        ),
        members=tuple(members),
    )


def _to_degrees(km: Floats, ground: Floats) -> Floats:
    """Lay the island with its east and south edge at the fixed corner of the sea."""
    east, south = ground[:, 0].max(), ground[:, 1].min()
    lat = SOUTH_EDGE_LAT + (km[:, 1] - south) / KM_PER_DEGREE_LAT
    # One scale for the whole island, at its middle: it keeps shapes as drawn.
    middle_lat = SOUTH_EDGE_LAT + (ground[:, 1].mean() - south) / KM_PER_DEGREE_LAT
    km_per_degree_lon = KM_PER_DEGREE_LAT * np.cos(np.radians(middle_lat))
    lon = EAST_EDGE_LON + (km[:, 0] - east) / km_per_degree_lon
    return np.stack((lon, lat), axis=1)


def _areas(
    kind: AreaKind,
    level: _Level,
    codes: list[str],
    names: list[str],
    parents: Sequence[int | None],
    within: Sequence[tuple[int, ...]],
    purpose: str = "",
) -> Iterator[InventedArea]:
    for number, code in enumerate(codes):
        yield InventedArea(
            kind=kind,
            purpose=purpose,
            code=code,
            name=names[number],
            parent=parents[number],
            within=within[number],
            lon=round(float(level.points[number, 0]), 5),
            lat=round(float(level.points[number, 1]), 5),
            population=int(level.ages[number].sum()),
            population_by_age=_by_age(level.ages[number]),
            geometry=level.shapes[number],
        )


def _by_age(ages: Ints) -> dict[str, int]:
    return dict(zip(AGE_BANDS, ages.tolist(), strict=True))


def _points_inside(division: Ints, middles: Floats, count: int) -> Floats:
    """Return per part the middle of its own cell nearest to its centre."""
    cells = np.flatnonzero(division >= 0)
    part = division[cells]
    size = np.bincount(part, minlength=count)
    center = np.stack(
        [np.bincount(part, middles[cells, axis], count) / size for axis in range(2)],
        axis=1,
    )
    distance = np.hypot(*(middles[cells] - center[part]).T)
    order = np.lexsort((distance, part))
    first = order[np.searchsorted(part[order], np.arange(count))]
    return middles[cells[first]]


def _sum_by(values: Ints, above: Ints) -> Ints:
    total = np.zeros((int(above.max()) + 1, values.shape[1]), dtype=np.int64)
    np.add.at(total, above, values)
    return total


def _buurt_ages(rng: np.random.Generator, towns: Towns) -> Ints:
    dry = towns.buurt >= 0
    part, count = towns.buurt[dry], len(towns.buurt_wijk)
    people = np.bincount(part, towns.people[dry], count)
    urbanity = np.bincount(
        part, towns.urbanity[dry] * towns.people[dry], count
    ) / np.maximum(people, 1e-9)
    # A buurt is younger or older than its place says: flats, an estate of 1970, ...
    mix = np.clip(urbanity + rng.normal(0, 0.18, count), 0, 1)[:, None]
    shares = mix * _AGES_CENTER + (1 - mix) * _AGES_VILLAGE
    shares *= rng.lognormal(0, 0.10, shares.shape)
    shares /= shares.sum(axis=1, keepdims=True)
    return np.asarray((shares * people[:, None]).round(), dtype=np.int64)


def _joint(first: Ints, second: Ints, weights: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of parts that share cells and their summed weight."""
    both = np.flatnonzero((first >= 0) & (second >= 0))
    span = int(second.max()) + 1
    pairs, place = np.unique(first[both] * span + second[both], return_inverse=True)
    shared: Floats = np.bincount(place, weights[both]).astype(np.float64)
    return pairs // span, pairs % span, shared


def _pc4_shares(
    towns: Towns, surface: Floats
) -> list[tuple[int, str, int, float, float]]:
    dry = towns.pc4 >= 0
    of_pc4 = np.bincount(towns.pc4[dry], surface[dry])
    shares: list[tuple[int, str, int, float, float]] = []
    for kind, division in (("wijk", towns.wijk), ("buurt", towns.buurt)):
        of_whole = np.bincount(division[dry], surface[dry])
        pc4, whole, shared = _joint(towns.pc4, division, surface)
        part_share = (shared / of_pc4[pc4]).round(4)
        whole_share = (shared / of_whole[whole]).round(4)
        shares.extend(
            (p, kind, w, a, b)
            for p, w, a, b in zip(
                pc4.tolist(),
                whole.tolist(),
                part_share.tolist(),
                whole_share.tolist(),
                strict=True,
            )
        )
    return shares


def _main_wijk(towns: Towns, surface: Floats) -> Ints:
    """Return per PC4 the wijk that holds most of its ground."""
    pc4, wijk, shared = _joint(towns.pc4, towns.wijk, surface)
    order = np.lexsort((-shared, pc4))
    first = order[np.searchsorted(pc4[order], np.arange(len(towns.pc4_gemeente)))]
    return wijk[first]


def _pc4_ages(towns: Towns, buurt_ages: Ints) -> Ints:
    """Give each PC4 its share of the people of every buurt it touches."""
    pc4, buurt, people = _joint(towns.pc4, towns.buurt, towns.people)
    share = people / np.bincount(buurt, people)[buurt]
    ages = np.zeros((len(towns.pc4_gemeente), buurt_ages.shape[1]))
    np.add.at(ages, pc4, share[:, None] * buurt_ages[buurt])
    return ages.round().astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Regions:
    """The regions of one purpose: which one holds each gemeente (or wijk)."""

    purpose: str
    codes: list[str]
    names: list[str]
    of_member: Ints  # -1 for a wijk that is in none
    by_wijk: bool


#: Gemeenten per region of each purpose: 345 gemeenten hold 31 zorgkantoor regions
#: and about 120 GP out-of-hours posts; the others are our guess.
_GEMEENTEN_PER_REGION = {
    RegionPurpose.ZORGKANTOOR: 11,
    RegionPurpose.RESV: 5,
    RegionPurpose.GP_OUT_OF_HOURS: 3,
    RegionPurpose.NIGHT_CARE: 2,
}
_REGION_TITLES = {
    RegionPurpose.ZORGKANTOOR: "Zorgkantoorregio {}",
    RegionPurpose.RESV: "Eerstelijnssamenwerking {}",
    RegionPurpose.GP_OUT_OF_HOURS: "Huisartsenspoedpost {}",
    RegionPurpose.NIGHT_CARE: "Nachtzorg {}",
}


def _group_regions(
    rng: np.random.Generator,
    purpose: RegionPurpose,
    gemeenten: _Level,
    wijken: _Level,
) -> _Regions:
    count = max(1, round(len(gemeenten) / _GEMEENTEN_PER_REGION[purpose]))
    if purpose is RegionPurpose.NIGHT_CARE:
        count = max(2, count)
    by_wijk = count > len(gemeenten)
    level = wijken if by_wijk else gemeenten
    # Longitudes count for less than latitudes: see the scale of the map.
    points = level.points * np.array([0.6, 1.0])
    centers = k_means(rng, points, level.ages.sum(axis=1) + 1.0, count)
    used, of_member = np.unique(nearest_center(points, centers), return_inverse=True)
    sides = [_compass(center - points.mean(axis=0)) for center in centers[used]]
    if len(used) == 1:
        places = ["Spilland"]
    elif len(set(sides)) == len(sides):
        places = [f"Spilland-{side}" for side in sides]
    else:
        places = [f"Spilland {number + 1}" for number in range(len(used))]
    return _Regions(
        purpose=purpose.value,
        codes=[place.upper().replace(" ", "-") for place in places],
        names=[_REGION_TITLES[purpose].format(place) for place in places],
        of_member=of_member,
        by_wijk=by_wijk,
    )


def alliance_code(wijk_code: str) -> str:
    """Return the code of the region of an alliance, after its first wijk."""
    return f"wijkverband-{wijk_code.lower()}"


def _group_alliances(
    wijken: _Level, gemeente: Ints, wijk_codes: list[str], wijk_names: list[str]
) -> _Regions:
    """Make an alliance per one or two wijken.

    Here rather than with the providers: to add one later changes every postcode.
    """
    people = wijken.ages.sum(axis=1).astype(np.float64)
    points = wijken.points * np.array([0.6, 1.0])
    groups = list(
        pair_wijken(near=nearest(points, points, 10), people=people, gemeente=gemeente)
    )
    of_member = np.full(len(wijken), -1, dtype=np.int64)
    for number, group in enumerate(groups):
        of_member[group] = number
    return _Regions(
        purpose=RegionPurpose.ALLIANCE.value,
        codes=[alliance_code(wijk_codes[group[0]]) for group in groups],
        names=[
            "Wijkverband " + " en ".join(wijk_names[wijk] for wijk in group)
            for group in groups
        ],
        of_member=of_member,
        by_wijk=True,
    )


def _compass(from_middle: Floats) -> str:
    east, north = from_middle
    if abs(east) > abs(north):
        return "Oost" if east > 0 else "West"
    return "Noord" if north > 0 else "Zuid"


# -- Names and codes -------------------------------------------------------------


def _sub_codes(above_codes: list[str], prefix: str, above: Ints) -> list[str]:
    """Return codes that add two digits to the code above: WK900100, BU90010000."""
    first = np.searchsorted(above, above)
    rank = np.arange(len(above)) - first
    return [
        f"{prefix}{above_codes[a][2:]}{r:02d}"
        for a, r in zip(above.tolist(), rank.tolist(), strict=True)
    ]


def _pc4_codes(count: int) -> list[str]:
    codes = list(UNUSED_PC4)
    if count > len(codes):
        taken = set(codes)
        codes += [code for code in range(1000, 10_000) if code not in taken]
    return [str(code) for code in codes[:count]]


def _compounds(rng: np.random.Generator, parts: dict[str, list[str]]) -> list[str]:
    words = [a + b for a in parts["first"] for b in parts["last"]]
    return [words[place] for place in rng.permutation(len(words))]


def _gemeente_names(
    rng: np.random.Generator, count: int, names: dict[str, Any]
) -> list[str]:
    known = list(names["gemeenten"])
    more = [name for name in _compounds(rng, names["towns"]) if name not in known]
    doubles = [f"{a}-{b}" for a, b in zip(more, reversed(more), strict=True)]
    return [*known, *more, *doubles][:count]


def _wijk_names(
    rng: np.random.Generator,
    towns: Towns,
    gemeente_names: list[str],
    names: dict[str, Any],
) -> list[str]:
    """Name a wijk after its village, or after its quarter of the town."""
    dry = towns.wijk >= 0
    count = len(towns.wijk_gemeente)
    in_village = (towns.village[dry] >= 0) * towns.people[dry]
    share = np.bincount(towns.wijk[dry], in_village, count) / np.maximum(
        np.bincount(towns.wijk[dry], towns.people[dry], count), 1e-9
    )
    villages = iter(_compounds(rng, names["villages"]) * 40)
    result: list[str] = []
    used: set[str] = set()
    quarters: Iterator[str] = iter(())
    for wijk, gemeente in enumerate(towns.wijk_gemeente.tolist()):
        if wijk == 0 or gemeente != towns.wijk_gemeente[wijk - 1]:
            shuffled = rng.permutation(names["quarters"][1:]).tolist()
            quarters = iter([names["quarters"][0], *shuffled])
            used = set()
        if share[wijk] > 0.6:
            name = next(name for name in villages if name not in used)
        else:
            name = next(quarters, f"Wijk {wijk}")
            if name == "Centrum":
                name = f"{gemeente_names[gemeente]}-Centrum"
        used.add(name)
        result.append(name)
    return result


def _buurt_names(
    rng: np.random.Generator, towns: Towns, names: dict[str, Any]
) -> list[str]:
    dry = towns.buurt >= 0
    count = len(towns.buurt_wijk)
    cells = np.bincount(towns.buurt[dry], minlength=count)
    crowd = np.bincount(towns.buurt[dry], towns.people[dry], count) / cells
    words: list[str] = []
    result: list[str] = []
    rural = 0
    for buurt, wijk in enumerate(towns.buurt_wijk.tolist()):
        if buurt == 0 or wijk != towns.buurt_wijk[buurt - 1]:
            words = _compounds(rng, names["buurten"])
            rural = 0
        if crowd[buurt] < 12 and rural < len(names["outskirts"]):
            result.append(names["outskirts"][rural])
            rural += 1
        else:
            result.append(words.pop())
    return result


# -- Postcodes -------------------------------------------------------------------


def _postcodes(
    rng: np.random.Generator,
    land: Land,
    towns: Towns,
    degrees: Floats,
    pc4_codes: list[str],
    first_buurt: int,
    first_pc4: int,
) -> InventedPostcodes:
    """Lay postcodes where people live: at least one in every buurt and PC4."""
    names = load_names()["streets"]
    wanted = rng.poisson(towns.people / _INHABITANTS_PER_PC6)
    for division in (towns.buurt, towns.pc4):
        cells = np.flatnonzero(division >= 0)
        order = cells[np.lexsort((-towns.people[cells], division[cells]))]
        first = np.searchsorted(division[order], np.arange(division.max() + 1))
        wanted[order[first]] = np.maximum(wanted[order[first]], 1)
    wanted[towns.pc4 < 0] = 0
    cell = np.repeat(np.arange(len(wanted)), wanted)
    pc4 = towns.pc4[cell]
    # Letters run on from west to east in bands, so that neighbours look alike.
    x, y = land.hexes.centers[cell].T
    order = np.lexsort((x, np.floor(y / 0.7), pc4))
    cell, pc4 = cell[order], pc4[order]
    rank = np.arange(len(cell)) - np.searchsorted(pc4, pc4)
    keep = rank < len(_PAIRS)
    cell, pc4, rank = cell[keep], pc4[keep], rank[keep]
    codes = np.char.add(np.array(pc4_codes)[pc4], _PAIRS[rank])
    # A point in one of the six triangles of the (moved) cell.
    side = rng.integers(0, 6, len(cell))
    corners = land.hexes.corners[cell]
    middle = degrees[corners].mean(axis=1)
    row = np.arange(len(cell))
    one = degrees[corners[row, side]]
    two = degrees[corners[row, (side + 1) % 6]]
    a, b = np.sort(0.85 * rng.random((2, len(cell))), axis=0)[:, :, None]
    point = (1 - b) * middle + a * one + (b - a) * two
    streets = np.array([f + last for f in names["first"] for last in names["last"]])
    per_cell = np.bincount(cell, minlength=len(wanted))
    people = rng.poisson(towns.people[cell] / per_cell[cell]).astype(np.int64)
    return InventedPostcodes(
        codes=codes,
        streets=streets[rng.integers(0, len(streets), len(cell))],
        pc4=pc4 + first_pc4,
        buurt=towns.buurt[cell] + first_buurt,
        lon=point[:, 0].round(5),
        lat=point[:, 1].round(5),
        population=people,
    )
