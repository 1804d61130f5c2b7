"""Call the access engine: how well people reach a GP practice."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from wijkspil.core.errors import InvalidValue
from wijkspil.insight.engine_io.geometry import metres_of
from wijkspil.insight.types import Assumption, FigureRow, Ground
from wijkspil_engines.access import (
    AccessProblem,
    Params,
    Steps,
    Travel,
    balanced,
    count_within,
    find_nearest,
    solve,
    weigh_pairs,
)
from wijkspil_engines.access.measures import ALGORITHM
from wijkspil_engines.access.measures import VERSION as ENGINE_VERSION
from wijkspil_engines.access.verify import verify

Floats = NDArray[np.float64]

VERSION = f"{ALGORITHM} {ENGINE_VERSION}"
#: Minutes by car: who lives further does not go there; near enough to choose.
REACH_MIN = 30.0
NEAR_MIN = 15.0
TRAVEL = Travel(detour=1.3, speed_km_h=45.0)
SOURCE = gettext_noop("E2SFCA, 10, 20 and 30 minutes")
#: Half an 80 % interval of a normal spread, in standard deviations.
_NORMAL_90 = 1.2815515655446004
#: A second opinion by loops takes a second for half a million pairs.
_MOST_PAIRS_VERIFIED = 2_000_000
_PER_1000 = 1000.0
#: Given figure of places: how far people inside one live from a practice inside it.
INNER_KM = "inner_km"


@dataclass(frozen=True, slots=True)
class CapacityInterval:
    """How sure the list size of a practice is: shares of its capacity (80 %).

    ``low`` and ``high`` bound one practice, independent of the others; ``level_low``
    and ``level_high`` all practices together.
    """

    low: float = 1.0
    high: float = 1.0
    level_low: float = 1.0
    level_high: float = 1.0


@dataclass(frozen=True, eq=False)
class Closed:
    """What the closing of practices does: figures after it, and who loses most.

    ``before`` and ``after`` are places per 1,000 people by the balanced measure, in
    which people of a practice that closes go elsewhere, per place in the order of the
    ground; ``moved_people`` by code of the practice that takes them, most first.
    """

    figures: tuple[FigureRow, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    moved_people: tuple[tuple[str, float], ...]


def list_assumptions() -> tuple[Assumption, ...]:
    """Return what is supposed of going to a GP."""
    return (
        Assumption(
            key="travel-time",
            text=gettext_noop(
                "Travel time by car is the straight line times 1.3 at 45 km an hour, "
                "from the middle of an area; within an area it is at least the mean "
                "distance between two places in it."
            ),
            source=gettext_noop("Wijkspil; no network of roads was at hand"),
            status="assumed",
        ),
        Assumption(
            key="gp-everybody-shares",
            text=gettext_noop(
                "Places with a GP are shared by all people within 30 minutes: within "
                "10 minutes fully, within 20 for 68 %, within 30 for 22 %."
            ),
            source=gettext_noop(
                "Luo and Qi 2009, doi:10.1016/j.healthplace.2009.06.002"
            ),
            status="published",
        ),
    )


def measure_gp_access(
    ground: Ground,
    *,
    valid_from: date,
    valid_until: date,
    interval: CapacityInterval | None = None,
    around: Ground | None = None,
) -> list[FigureRow]:
    """Measure gp_places_per_1000, gp_nearest_min, gp_choice and gp_open_share.

    Per place and per area that places lie in (mean of inhabitants). A practice of
    which it is not known whether it takes new people does not count as open; where
    nothing is known of any practice there is no gp_open_share. Without practices: no
    rows. Verified before it is handed on.

    Parameters
    ----------
    interval
        How sure capacities are; None: they were counted.
    around
        The same places and those around them, with all practices: who lives there
        goes to the same practices. None: the ground alone.
    """
    wide = around or ground
    if not wide.gp_sites or not wide.places:
        return []
    people = np.nan_to_num(wide.population).sum(axis=(1, 2))
    problem = access_problem(wide, people)
    places = _verified(problem) * _PER_1000
    low, high = _bounds(problem, places, interval)
    nearest = find_nearest(problem)
    rows = _rows_of(ground, wide)
    values: dict[str, NDArray[np.floating[Any]]] = {
        "gp_nearest_min": nearest.cost,
        "gp_choice": count_within(problem, NEAR_MIN),
    }
    if any(site.takes_new is not None for site in wide.gp_sites):
        is_open = np.array([site.takes_new is True for site in wide.gp_sites])
        opened = AccessProblem(
            problem.area_ids, problem.demand, problem.site_ids, problem.supply,
            problem.start, problem.site, problem.cost, is_open,
        )  # fmt: skip
        values["gp_open_share"] = 100.0 * (count_within(opened, NEAR_MIN) > 0)
    period = (valid_from, valid_until)
    made = [
        *_figures(
            ground, "gp_places_per_1000", places[rows], people[rows], period,
            bounds=None if interval is None else (low[rows], high[rows]),
        ),
        *(
            row
            for name, value in values.items()
            for row in _figures(ground, name, value[rows], people[rows], period)
        ),
    ]  # fmt: skip
    if interval is not None:
        made = _with_area_bounds(made, ground, problem, rows, people, interval)
    return made


def close_practice(
    ground: Ground,
    site_codes: Collection[str],
    *,
    valid_from: date,
    valid_until: date,
) -> Closed:
    """Measure what is left when practices close and their people move on.

    Raises
    ------
    InvalidValue
        If there is no practice with one of the codes.
    """
    closing = site_rows(ground, site_codes)
    people = np.nan_to_num(ground.population).sum(axis=(1, 2))
    problem = access_problem(ground, people)
    left = problem.supply.copy()
    left[closing] = 0.0
    now = balanced(problem, Steps())
    then = balanced(problem, Steps(), capacity=left)
    moved = then.load - now.load
    takers = np.flatnonzero(moved > 0.5)
    after = access_problem(ground, people, without=site_codes)
    period = (valid_from, valid_until)
    figures = [
        *_figures(
            ground, "gp_places_per_1000", _verified(after) * _PER_1000, people, period
        ),
        *_figures(ground, "gp_nearest_min", find_nearest(after).cost, people, period),
        *_figures(ground, "gp_choice", count_within(after, NEAR_MIN), people, period),
    ]
    return Closed(
        figures=tuple(figures),
        before=tuple((now.values * _PER_1000).tolist()),
        after=tuple((then.values * _PER_1000).tolist()),
        moved_people=tuple(
            (problem.site_ids[row], float(moved[row]))
            for row in takers[np.argsort(-moved[takers], kind="stable")]
        ),
    )


def access_problem(
    ground: Ground, people: Floats, *, without: Collection[str] = ()
) -> AccessProblem:
    """Return people and practices that can reach each other within 30 minutes.

    A practice of ``without`` has no capacity. Nobody is nearer than ``INNER_KM`` of
    the ground, where that is known: practices often lie on the middle of a place only
    because no more than the place is known of them.
    """
    codes = [site.code for site in ground.gp_sites]
    supply = np.array(
        [0.0 if site.code in without else site.capacity for site in ground.gp_sites]
    )
    problem = AccessProblem.from_points(
        [place.code for place in ground.places],
        people,
        _metres(ground.places),
        codes,
        supply,
        _metres(ground.gp_sites),
        threshold=REACH_MIN,
        travel=TRAVEL,
        supply_unit="people",
    )
    if INNER_KM not in ground.given:
        return problem
    least = np.nan_to_num(ground.given[INNER_KM]) * 1000 * TRAVEL.minutes_per_metre
    area = np.repeat(np.arange(problem.n), np.diff(problem.start))
    return replace(problem, cost=np.maximum(problem.cost, least[area]))


def mean_inner_km(km2: Floats) -> Floats:
    """Return the mean distance between two places inside an area, in km.

    As in a circle of the same size: 128 / (45 pi) times its radius.
    """
    made: Floats = 128 / (45 * np.pi) * np.sqrt(km2 / np.pi)
    return made


def site_rows(ground: Ground, codes: Collection[str]) -> NDArray[np.int64]:
    """Return the rows of practices.

    Raises
    ------
    InvalidValue
        If there is no practice with one of the codes.
    """
    row_of = {site.code: row for row, site in enumerate(ground.gp_sites)}
    for code in codes:
        if code not in row_of:
            raise InvalidValue(
                _("There is no practice %(code)s in or near %(name)s.")
                % {"code": code, "name": ground.name},
                field="closing",
            )
    return np.array([row_of[code] for code in codes], np.int64)


def _metres(points: object) -> Floats:
    lon = np.array([point.lon for point in points])  # type: ignore[attr-defined]
    lat = np.array([point.lat for point in points])  # type: ignore[attr-defined]
    return metres_of(lon, lat)


def _verified(problem: AccessProblem) -> Floats:
    result = solve(problem, params=Params(measure="e2sfca", decay=Steps()))
    if problem.n_pairs <= _MOST_PAIRS_VERIFIED:
        wrong = verify(result)
        if wrong:
            raise RuntimeError(f"access does not hold: {'; '.join(wrong[:3])}")
    return result.values


def _rows_of(ground: Ground, wide: Ground) -> NDArray[np.int64]:
    row_of = {place.code: row for row, place in enumerate(wide.places)}
    return np.array([row_of[place.code] for place in ground.places], np.int64)


def _per_capacity(problem: AccessProblem) -> tuple[NDArray[np.int64], Floats]:
    """Return the area of each pair, and what one place of its site gives it."""
    area = np.repeat(np.arange(problem.n), np.diff(problem.start))
    weight = weigh_pairs(problem, Steps())
    demand = np.bincount(
        problem.site, weight * problem.demand[area], minlength=problem.m
    )[problem.site]
    part = np.divide(weight, demand, out=np.zeros_like(weight), where=demand > 0)
    return area, part


def _spread(problem: AccessProblem, interval: CapacityInterval) -> Floats:
    """Return (m,) half an 80 % interval of each practice alone."""
    return problem.supply * (interval.high - interval.low) / 2


def _bounds(
    problem: AccessProblem, places: Floats, interval: CapacityInterval | None
) -> tuple[Floats, Floats]:
    """Return the 80 % interval of each area: its own practices, and the level of all.

    Deviations of practices are independent, so those of an area with many of them
    even out; the two sources add up as variances.
    """
    if interval is None:
        return places, places
    area, part = _per_capacity(problem)
    own = _PER_1000 * np.sqrt(
        np.bincount(
            area,
            (part * _spread(problem, interval)[problem.site]) ** 2,
            minlength=problem.n,
        )
    )
    return _around(places, own, interval)


def _around(
    value: Floats, own: Floats, interval: CapacityInterval
) -> tuple[Floats, Floats]:
    down = np.hypot(own, value * (1 - interval.level_low))
    up = np.hypot(own, value * (interval.level_high - 1))
    return np.maximum(value - down, 0.0), value + up


def _with_area_bounds(
    rows: list[FigureRow],
    ground: Ground,
    problem: AccessProblem,
    wide_rows: NDArray[np.int64],
    people: Floats,
    interval: CapacityInterval,
) -> list[FigureRow]:
    """Give areas above places the interval of their own mean."""
    from scipy.sparse import csr_matrix

    members = _members(ground)
    codes = list(members)
    _area, part = _per_capacity(problem)
    matrix = csr_matrix((part, problem.site, problem.start), (problem.n, problem.m))
    weights = []
    for code in codes:
        here = wide_rows[members[code]]
        total = people[here].sum()
        weights.append(people[here] / total if total > 0 else np.zeros(len(here)))
    indptr = np.cumsum([0, *(len(each) for each in weights)])
    mean = csr_matrix(
        (
            np.concatenate(weights) if weights else np.zeros(0),
            np.concatenate([wide_rows[members[code]] for code in codes]),
            indptr,
        ),
        (len(codes), problem.n),
    )
    shares = mean @ matrix
    spread = _spread(problem, interval)
    own = _PER_1000 * np.sqrt((shares.multiply(shares)) @ (spread**2))
    own_of = dict(zip(codes, np.asarray(own).ravel().tolist(), strict=True))
    made = []
    for row in rows:
        if (
            row.indicator == "gp_places_per_1000"
            and row.area_code in own_of
            and row.value is not None
        ):
            low, high = _around(
                np.array(row.value), np.array(own_of[row.area_code]), interval
            )
            row = replace(row, low=float(low), high=float(high))
        made.append(row)
    return made


def _members(ground: Ground) -> Mapping[str, NDArray[np.int64]]:
    """Return the rows of the places in each area above places."""
    found: dict[str, list[int]] = {}
    for row, place in enumerate(ground.places):
        for code in place.within:
            found.setdefault(code, []).append(row)
    return {code: np.array(found[code], np.int64) for code in sorted(found)}


def _figures(
    ground: Ground,
    indicator: str,
    values: NDArray[np.floating[Any]],
    people: Floats,
    period: tuple[date, date],
    *,
    bounds: tuple[Floats, Floats] | None = None,
) -> list[FigureRow]:
    """Return rows of places and of the areas they lie in, by mean of inhabitants."""
    factor = {"gp_places_per_1000": _PER_1000, "gp_open_share": 100.0}.get(
        indicator, 1.0
    )
    rows = []

    def add(
        code: str, value: float, count: float, ends: tuple[float, float] | None
    ) -> None:
        is_known = bool(np.isfinite(value)) and count > 0
        rows.append(
            FigureRow(
                indicator=indicator,
                area_code=code,
                valid_from=period[0],
                valid_until=period[1],
                value=float(value) if is_known else None,
                numerator=float(value * count / factor) if is_known else None,
                denominator=float(count),
                low=None if ends is None or not is_known else float(ends[0]),
                high=None if ends is None or not is_known else float(ends[1]),
                source=SOURCE,
            )
        )

    for row, place in enumerate(ground.places):
        ends = None if bounds is None else (bounds[0][row], bounds[1][row])
        add(place.code, values[row], people[row], ends)
    for code, members in _members(ground).items():
        here = members[np.isfinite(values[members])]
        total = float(people[here].sum())
        value = float((values[here] * people[here]).sum() / total) if total else np.nan
        add(code, value, total, None)
    return rows
