"""An invented region: whole, consistent, and impossible to mistake for a real one."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode
from wijkspil.directory.fictional.geography import (
    UNUSED_PC4,
    Geography,
    invent_geography,
)
from wijkspil.directory.fictional.hexmap import grow, make_hex_map


@pytest.fixture(scope="module")
def spilland() -> Geography:
    return invent_geography(1)


def _of_kind(geography, kind):
    return [area for area in geography.areas if area.kind == kind]


def _polygons(geometry):
    shape = geometry["coordinates"]
    return [shape] if geometry["type"] == "Polygon" else shape


def _rings(geometry):
    return [ring for polygon in _polygons(geometry) for ring in polygon]


def _holds(geometry, lon, lat):
    """Even-odd rule over all rings."""
    inside = False
    for ring in _rings(geometry):
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (
                y2 - y1
            ) + x1:
                inside = not inside
    return inside


def _surface(geometry):
    return sum(
        0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
        for ring in _rings(geometry)
    )


def test_the_default_region_has_the_promised_size(spilland):
    counts = Counter(area.kind.value for area in spilland.areas)
    people = sum(area.population for area in _of_kind(spilland, "gemeente"))

    assert counts["gemeente"] == 3
    assert 24 <= counts["wijk"] <= 30
    assert 2_000 <= len(spilland.pc6) <= 5_000
    assert people == pytest.approx(120_000, rel=0.02)
    buurten_per_wijk = Counter(area.parent for area in _of_kind(spilland, "buurt"))
    assert set(buurten_per_wijk.values()) <= set(range(3, 7))


def test_the_region_lies_in_the_sea_west_of_the_coast(spilland):
    points = np.array(
        [p for area in spilland.areas for ring in _rings(area.geometry) for p in ring]
    )

    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    assert west > 3.5
    assert east < 4.15  # Texel begins at 4.7
    assert south > 52.88
    assert north < 53.2


def test_postcodes_are_possible_and_not_in_use(spilland):
    codes = spilland.pc6.codes.tolist()

    assert len(set(codes)) == len(codes)
    assert all(clean_postcode(code) == code for code in codes)
    assert {int(code[:4]) for code in codes} <= set(UNUSED_PC4)


def test_every_postcode_lies_in_its_buurt_and_its_pc4(spilland):
    pc6 = spilland.pc6
    for place in range(0, len(pc6), 7):
        lon, lat = float(pc6.lon[place]), float(pc6.lat[place])
        for area in (pc6.buurt[place], pc6.pc4[place]):
            assert _holds(spilland.areas[area].geometry, lon, lat), pc6.codes[place]


def test_every_area_holds_its_own_point(spilland):
    for area in spilland.areas:
        assert _holds(area.geometry, area.lon, area.lat), area.name


@pytest.mark.parametrize("kind", ["buurt", "wijk", "gemeente", "pc4"])
def test_neighbours_share_their_border_exactly(spilland, kind):
    edges: Counter[frozenset[tuple[float, float]]] = Counter()
    for area in _of_kind(spilland, kind):
        for ring in _rings(area.geometry):
            assert ring[0] == ring[-1]
            edges.update(frozenset((tuple(a), tuple(b))) for a, b in pairwise(ring))

    assert set(edges.values()) <= {1, 2}
    assert list(edges.values()).count(2) > 50


def test_parts_fill_the_whole_exactly(spilland):
    ground = {
        kind: sum(_surface(area.geometry) for area in _of_kind(spilland, kind))
        for kind in ("buurt", "wijk", "gemeente", "pc4")
    }

    assert len({round(surface, 9) for surface in ground.values()}) == 1
    for wijk_place, wijk in enumerate(spilland.areas):
        if wijk.kind == "wijk":
            buurten = [a for a in spilland.areas if a.parent == wijk_place]
            assert wijk.population == sum(a.population for a in buurten)


def test_postcode_areas_do_not_follow_the_wijken(spilland):
    wijken_per_pc4: Counter[int] = Counter()
    share: Counter[int] = Counter()
    for part, whole, share_of_part, _share_of_whole in spilland.overlaps:
        if spilland.areas[whole].kind == "wijk":
            wijken_per_pc4[part] += 1
            share[part] += share_of_part

    assert sum(count > 1 for count in wijken_per_pc4.values()) > 15
    assert all(total == pytest.approx(1.0, abs=0.002) for total in share.values())


def test_villages_are_older_than_the_centre(spilland):
    def share_65(area):
        return area.population_by_age["65+"] / area.population

    wijken = _of_kind(spilland, "wijk")
    centres = [wijk for wijk in wijken if wijk.name.endswith("-Centrum")]
    outer = [wijk for wijk in wijken if wijk.code.endswith(("05", "06", "07"))]
    assert len(centres) == 3
    assert max(map(share_65, centres)) < np.mean([share_65(wijk) for wijk in outer])


def test_every_wijk_lies_in_one_region_of_each_purpose(spilland):
    for wijk in _of_kind(spilland, "wijk"):
        purposes = Counter(spilland.areas[place].purpose for place in wijk.within)
        assert {p: n for p, n in purposes.items() if p} == {
            "zorgkantoor": 1,
            "resv": 1,
            "gp-out-of-hours": 1,
            "night-care": 1,
            "alliance": 1,
        }
    assert sum(area.purpose == "night-care" for area in spilland.areas) == 2


def test_the_same_seed_gives_the_same_region():
    one, other = (invent_geography(5, gemeenten=1) for _ in range(2))

    assert one.areas == other.areas
    assert one.pc6.codes.tolist() == other.pc6.codes.tolist()
    assert one.pc6.lon.tolist() == other.pc6.lon.tolist()
    assert invent_geography(6, gemeenten=1).areas != one.areas


@pytest.mark.parametrize(("gemeenten", "seed"), [(1, 2), (2, 3), (12, 4)])
def test_other_sizes_are_whole_too(gemeenten, seed):
    geography = invent_geography(seed, gemeenten=gemeenten)

    assert len(_of_kind(geography, "gemeente")) == gemeenten
    codes = Counter((a.kind, a.purpose, a.code) for a in geography.areas)
    assert set(codes.values()) == {1}
    assert all(_holds(a.geometry, a.lon, a.lat) for a in _of_kind(geography, "wijk"))
    has_pc6 = set(geography.pc6.buurt.tolist())
    assert all(
        place in has_pc6
        for place, area in enumerate(geography.areas)
        if area.kind == "buurt"
    )


@pytest.mark.parametrize("gemeenten", [0, -1, 451])
def test_an_impossible_size_is_refused(gemeenten):
    with pytest.raises(InvalidValue, match="450"):
        invent_geography(1, gemeenten=gemeenten)


def test_growing_reaches_no_further_than_its_parent():
    hexes = make_hex_map(width_km=4, height_km=4, side_km=0.5)
    parents = (hexes.centers[:, 0] > 0).astype(np.int64)
    seeds = np.array([int(parents.argmin()), int(parents.argmax())])

    owner = grow(
        hexes, seeds=seeds, step_costs=np.ones((len(hexes), 6)), parents=parents
    )

    assert (owner == parents).all()
