"""Draw a round as large as the country, to measure and to try with.

Not real: where people live, who left whom and who is popular are drawn. Only with
``geography`` the places of practices and the people per postcode area are real. The
same arguments give the same problem on every machine with the same numpy.
"""

import csv
import math
from dataclasses import dataclass
from datetime import date as Date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange.problem import (
    LOAD_UNIT,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    InvalidProblem,
)
from wijkspil_engines.exchange.result import Progress

PRACTICES_FILE = "providers/huisartsenpraktijken_locaties_2026.csv"
POSTCODES_FILE = "pc4/pc4_2021.csv"

_N_TOWNS, _WIDTH_KM, _HEIGHT_KM = 350, 180.0, 300.0
_NEAREST, _AROUND, _OWN_NEAREST = 25, 64, 10
_LENGTH_CHANCES = (0.35, 0.20, 0.20, 0.10, 0.15)
_KM_PER_LAT, _MIDDLE_LAT = 111.2, 52.1
_BLOCK = 50_000
#: Load per person: child or young adult, usual age, 65 to 79, 80 and older.
_LOADS = (700, 1000, 1600, 2400)
_LOAD_CHANCES = (0.40, 0.42, 0.13, 0.05)
#: Days waited: exponential with this mean, so that some go beyond the cap.
_MEAN_DAYS = 700.0


@dataclass(frozen=True)
class Recipe:
    """What to draw.

    Parameters
    ----------
    n_wishes
        Households that wish to move.
    n_practices
        Practices; with ``geography`` all of the file.
    seed
        Of everything drawn.
    most_choices
        Longest list, 1 to 5.
    room_at_unpopular
        Practices with room are the least popular ones (``freecorr``).
    leaving_unpopular
        People leave unpopular practices, as popularity to minus this power
        (``origskew``). 2 with lists of one choice is nearest to Norway.
    size_chances
        Chance of households of 1, 2, ... people.
    with_load
        Load by age, and a limit on it at each practice.
    inflow_cap
        Most people in per practice; None for no cap.
    geography
        Folder with the publishers' data: real places of practices, people by PC4.
    """

    n_wishes: int = 600_000
    n_practices: int = 4_800
    seed: int = 1
    most_choices: int = 5
    room_at_unpopular: bool = False
    leaving_unpopular: float = 0.0
    size_chances: tuple[float, ...] = (1.0,)
    with_load: bool = False
    inflow_cap: int | None = None
    geography: Path | None = None

    def __post_init__(self) -> None:
        if self.n_wishes < 1 or self.n_practices < 2:
            raise InvalidProblem("at least 1 wish and 2 practices", field="n_wishes")
        if not 1 <= self.most_choices <= 5:
            raise InvalidProblem("must be 1 to 5", field="most_choices")
        chances = np.array(self.size_chances)
        if chances.size == 0 or (chances < 0).any() or abs(chances.sum() - 1) > 1e-9:
            raise InvalidProblem("must add up to 1", field="size_chances")


@dataclass(frozen=True, eq=False)
class Places:
    """Where practices are and where people live, in km.

    ``practice`` (P, 2); ``anchor`` (A, 2) with the chance and the spread of living
    around each.
    """

    ids: tuple[str, ...]
    practice: NDArray[np.float64]
    anchor: NDArray[np.float64]
    chance: NDArray[np.float64]
    spread: NDArray[np.float64]


def generate(
    recipe: Recipe, *, date: Date, progress: Progress | None = None
) -> ExchangeProblem:
    """Draw a problem.

    Raises
    ------
    InvalidFile
        If a file of ``geography`` is absent or has no such columns.
    """
    rng = np.random.default_rng(recipe.seed)
    if recipe.geography is None:
        places = _invent_places(recipe.n_practices, rng)
    else:
        places = read_places(recipe.geography, rng)
    n_practices = len(places.ids)
    popular = rng.lognormal(0.0, 0.8, n_practices)
    free = rng.integers(0, 31, n_practices)
    if recipe.room_at_unpopular:
        rank = np.argsort(np.log(popular) + rng.normal(0, 0.5, n_practices))
    else:
        rank = rng.permutation(n_practices)
    free[rank[round(0.4 * n_practices) :]] = 0
    around = _nearest(places.anchor, places.practice, min(_AROUND, n_practices))
    leave = popular**-recipe.leaving_unpopular
    parts = []
    n_blocks = math.ceil(recipe.n_wishes / _BLOCK)
    for block in range(n_blocks):
        count = min(_BLOCK, recipe.n_wishes - block * _BLOCK)
        parts.append(_draw_block(count, recipe, places, around, popular, leave, rng))
        if progress is not None:
            progress("wishes", block + 1, n_blocks)
    origin, priority, length, option = (
        np.concatenate([part[k] for part in parts]) for k in range(4)
    )
    n = recipe.n_wishes
    size = rng.choice(
        np.arange(1, len(recipe.size_chances) + 1), n, p=recipe.size_chances
    )
    days = np.minimum(rng.exponential(_MEAN_DAYS, n), 6000).astype(np.int32)
    load = size * LOAD_UNIT
    free_load = np.full(n_practices, NO_LIMIT)
    if recipe.with_load:
        drawn = rng.choice(_LOADS, (n, len(recipe.size_chances)), p=_LOAD_CHANCES)
        drawn[np.arange(len(recipe.size_chances)) >= size[:, None]] = 0
        load = drawn.sum(1)
        free_load = free * LOAD_UNIT
    cap = NO_LIMIT if recipe.inflow_cap is None else recipe.inflow_cap
    width = len(str(n))
    return ExchangeProblem(
        practice_ids=places.ids,
        free_places=free,
        max_inflow=np.full(n_practices, cap),
        free_load=free_load,
        wish_ids=tuple(f"w{i:0{width}d}" for i in range(1, n + 1)),
        size=size,
        origin=origin,
        priority_class=priority,
        waiting_days=days,
        load=load,
        first_option=np.concatenate(([0], np.cumsum(length))),
        option=option,
        date=date,
    )


def _invent_places(n_practices: int, rng: np.random.Generator) -> Places:
    n_towns = min(_N_TOWNS, n_practices)
    town = rng.random((n_towns, 2)) * (_WIDTH_KM, _HEIGHT_KM)
    weight = np.arange(1, n_towns + 1) ** -0.8
    of = np.concatenate(
        (
            np.arange(n_towns),
            rng.choice(n_towns, n_practices - n_towns, p=weight / weight.sum()),
        )
    )
    spread = 0.6 * np.sqrt(np.bincount(of, minlength=n_towns))
    practice = town[of] + rng.normal(0, 1, (n_practices, 2)) * spread[of][:, None]
    width = len(str(n_practices))
    return Places(
        ids=tuple(f"p{i:0{width}d}" for i in range(1, n_practices + 1)),
        practice=practice,
        anchor=practice,
        chance=np.full(n_practices, 1 / n_practices),
        spread=np.full(n_practices, 0.7),
    )


def read_places(folder: Path, rng: np.random.Generator) -> Places:
    """Read the places of practices and the people of each postcode area.

    Most practices are known to their postcode area only: they are spread over it.

    Raises
    ------
    InvalidFile
        If a file is absent or has no such columns.
    """
    area_file, practice_file = folder / POSTCODES_FILE, folder / PRACTICES_FILE
    radius: dict[str, float] = {}
    anchors, people = [], []
    for row in _rows(area_file, ("pc4", "inwoners", "lon", "lat", "opp_km2")):
        if not row["lon"] or not row["inwoners"] or float(row["inwoners"]) <= 0:
            continue
        radius[row["pc4"]] = math.sqrt(float(row["opp_km2"] or 4.0)) / 3
        anchors.append((*_km(row), radius[row["pc4"]]))
        people.append(float(row["inwoners"]))
    ids, places = [], []
    for row in _rows(practice_file, ("id", "soort", "pc4", "lon", "lat", "coord")):
        if row["soort"] == "mogelijk_huisartsenpost" or not row["lon"]:
            continue
        spread = 0.0 if row["coord"] == "pc6" else radius.get(row["pc4"], 1.0)
        x, y = _km(row)
        dx, dy = rng.normal(0, spread, 2)
        ids.append(row["id"])
        places.append((x + dx, y + dy))
    if len(ids) < 2 or not anchors:
        raise InvalidFile(f"{practice_file}: has fewer than two practices with a place")
    anchor, chance = np.array(anchors), np.array(people)
    return Places(
        ids=tuple(ids),
        practice=np.array(places),
        anchor=anchor[:, :2],
        chance=chance / chance.sum(),
        spread=anchor[:, 2],
    )


def _rows(file: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            for name in needed:
                if name not in (reader.fieldnames or ()):
                    raise InvalidFile(f"{file}:1:{name}: the column is missing")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidFile(f"{file}: cannot be read ({error})") from error


def _km(row: dict[str, str]) -> tuple[float, float]:
    per_lon = _KM_PER_LAT * math.cos(math.radians(_MIDDLE_LAT))
    return float(row["lon"]) * per_lon, float(row["lat"]) * _KM_PER_LAT


def _nearest(
    anchor: NDArray[np.float64], practice: NDArray[np.float64], count: int
) -> NDArray[np.int32]:
    found = np.empty((anchor.shape[0], count), dtype=np.int32)
    for start in range(0, anchor.shape[0], 500):
        apart = anchor[start : start + 500, None, :] - practice[None]
        distance = np.einsum("abk,abk->ab", apart, apart)
        found[start : start + 500] = np.argpartition(distance, count - 1, axis=1)[
            :, :count
        ]
    return found


def _draw_block(
    count: int,
    recipe: Recipe,
    places: Places,
    around: NDArray[np.int32],
    popular: NDArray[np.float64],
    leave: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], ...]:
    """Draw the origin, class, number of options and the options of some wishes."""
    n_practices = popular.size
    near = min(_NEAREST, around.shape[1])
    at = rng.choice(places.chance.size, count, p=places.chance)
    home = places.anchor[at] + rng.normal(0, 1, (count, 2)) * places.spread[at][:, None]
    candidates = around[at]
    apart = places.practice[candidates] - home[:, None, :]
    distance = np.sqrt(np.einsum("abk,abk->ab", apart, apart))
    order = np.argsort(distance, axis=1)[:, :near]
    candidates = np.take_along_axis(candidates, order, axis=1)
    distance = np.take_along_axis(distance, order, axis=1)
    has_none = rng.random(count) < 37 / 637
    has_moved = ~has_none & (rng.random(count) < 0.5)
    close = leave[candidates[:, : min(_OWN_NEAREST, near)]].cumsum(axis=1)
    drawn = (close < (rng.random(count) * close[:, -1])[:, None]).sum(1)
    origin = candidates[np.arange(count), drawn].astype(np.int64)
    far = rng.choice(n_practices, count, p=leave / leave.sum())
    origin[has_moved] = far[has_moved]
    origin[has_none] = NONE
    utility = (
        np.log(popular)[candidates] - distance / 2 + rng.gumbel(0, 1, distance.shape)
    )
    utility[candidates == origin[:, None]] = -np.inf
    wanted = 1 + rng.choice(len(_LENGTH_CHANCES), count, p=_LENGTH_CHANCES)
    length = np.minimum(wanted, recipe.most_choices)
    length = np.minimum(length, np.isfinite(utility).sum(1))
    best = np.argsort(-utility, axis=1, kind="stable")[:, : len(_LENGTH_CHANCES)]
    listed = np.take_along_axis(candidates, best, axis=1)
    kept = np.arange(listed.shape[1]) < length[:, None]
    priority = np.where(has_none, 0, np.where(has_moved, 1, 2))
    return origin, priority, length, listed[kept].astype(np.int64)
