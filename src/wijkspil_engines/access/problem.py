"""Who needs care where, which places there are, and what it costs to get there.

Only descriptions and their checks. ``AccessProblem`` keeps pairs of an area and a site
by area: only those that are in reach of each other need to be there. Arrays are
read-only. The same rows everywhere: area ``i`` of n, site ``j`` of m, pair ``k`` of p.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wijkspil_engines.access.tables import (
    UNKNOWN,
    ids_of,
    numbers_of,
    rows_of,
    texts_of,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]


class InvalidProblem(ValueError):
    """A value cannot be computed with; says which, where and what to do.

    ``field`` names the place, as in ``costs.site_id[7]``.
    """

    code = "invalid-problem"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True)
class Travel:
    """An assumption that stands for a road network: straight lines, longer and slower.

    Parameters
    ----------
    detour
        Metres of road for each straight metre, 1 or more.
    speed_km_h
        Speed on the road in km an hour, above 0.
    """

    detour: float = 1.3
    speed_km_h: float = 45.0

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        if not 1.0 <= self.detour < math.inf:
            raise InvalidProblem(f"{self.detour} is not 1 or more", field="detour")
        if not 0.0 < self.speed_km_h < math.inf:
            raise InvalidProblem(
                f"{self.speed_km_h} is not above 0", field="speed_km_h"
            )

    @property
    def minutes_per_metre(self) -> float:
        """Minutes for each straight metre."""
        return self.detour * 60.0 / (1000.0 * self.speed_km_h)


@dataclass(frozen=True, eq=False)
class AccessProblem:
    """Demand in areas, supply at sites, and the pairs that can reach each other.

    Parameters
    ----------
    area_ids, site_ids
        n and m different texts.
    demand
        (n,) people, or people weighted by need (``weighted_demand``); 0 or more.
    supply
        (m,) in ``supply_unit``, 0 or more. A site with 0 takes part in nothing.
    start, site, cost
        The pairs: those of area ``i`` are ``start[i]`` to ``start[i + 1]``; ``site``
        is the row of the site, ``cost`` in ``cost_unit``, finite, 0 or more. A pair is
        there at most once; a pair that is not there cannot be reached.
    is_open
        (m,) False for a site that takes no new people (a patient stop). What it has
        is for those it already has: in every measure it then counts as 0 supply, see
        ``capacity``. Replace it by all True for the picture of those registered.
    supply_unit
        Of what: ``people``, ``hours a week``, ``places``, ``fte``.
    cost_unit
        ``minutes`` or ``metres``.

    Raises
    ------
    InvalidProblem
        If a value is outside the range given above.
    """

    area_ids: tuple[str, ...]
    demand: Floats
    site_ids: tuple[str, ...]
    supply: Floats
    start: NDArray[np.int64]
    site: NDArray[np.int32]
    cost: Floats
    is_open: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    supply_unit: str = "places"
    cost_unit: Literal["minutes", "metres"] = "minutes"

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with, and close the arrays for writing."""
        n, m = len(self.area_ids), len(self.site_ids)
        if not self.is_open.size:
            object.__setattr__(self, "is_open", np.ones(m, np.bool_))
        for name, size in (("demand", n), ("supply", m), ("is_open", m)):
            array = getattr(self, name)
            if array.shape != (size,):
                raise InvalidProblem(
                    f"has shape {array.shape}, expected ({size},)", field=name
                )
        for name, ids in (("demand", self.area_ids), ("supply", self.site_ids)):
            _check_amounts(getattr(self, name), ids, name)
        for name, size, kind in (
            ("start", n + 1, np.int64),
            ("site", self.cost.size, np.int32),
            ("cost", self.cost.size, np.float64),
        ):
            array = getattr(self, name)
            if array.shape != (size,) or array.dtype != kind:
                raise InvalidProblem(
                    f"has shape {array.shape} of {array.dtype}, expected ({size},) of "
                    f"{np.dtype(kind)}",
                    field=name,
                )
        if (
            self.start[0] != 0
            or self.start[-1] != self.cost.size
            or (np.diff(self.start) < 0).any()
        ):
            raise InvalidProblem(
                "does not rise from 0 to the number of pairs", field="start"
            )
        self._check_pairs()
        for name in ("demand", "supply", "start", "site", "cost", "is_open"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def _check_pairs(self) -> None:
        from wijkspil_engines.access.kernels import find_wrong_pair

        wrong, k = find_wrong_pair(self.start, self.site, self.cost, self.m)
        if not wrong:
            return
        area = self.area_ids[int(np.searchsorted(self.start, k, side="right")) - 1]
        if wrong == 3:
            raise InvalidProblem(
                f"row {self.site[k]} is no site; there are {self.m}", field="site"
            )
        place = f"costs, area {area!r} and site {self.site_ids[self.site[k]]!r}"
        if wrong == 2:
            raise InvalidProblem("is there twice; give each pair once", field=place)
        raise InvalidProblem(
            f"{self.cost[k]} is not a number of {self.cost_unit}, 0 or more",
            field=place,
        )

    @property
    def n(self) -> int:
        """Number of areas."""
        return len(self.area_ids)

    @property
    def m(self) -> int:
        """Number of sites."""
        return len(self.site_ids)

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return int(self.cost.size)

    @cached_property
    def capacity(self) -> Floats:
        """(m,) supply for new people: 0 at a site with a stop."""
        capacity = np.where(self.is_open, self.supply, 0.0)
        capacity.flags.writeable = False
        return capacity

    @cached_property
    def costs(self) -> "csr_matrix":
        """The costs as a sparse matrix (n, m); a cost of 0 is a stored 0."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.cost, self.site, self.start), (self.n, self.m))

    @cached_property
    def input_hash(self) -> str:
        """SHA-256 over everything that can change a measure."""
        digest = hashlib.sha256()
        for ids in (self.area_ids, self.site_ids):
            digest.update("\x1f".join(ids).encode())
            digest.update(b"\x1e")
        for array in (self.demand, self.capacity, self.start, self.site, self.cost):
            digest.update(np.ascontiguousarray(array).data)
        digest.update(f"{self.supply_unit}\x1f{self.cost_unit}".encode())
        return digest.hexdigest()

    @classmethod
    def from_tables(
        cls,
        demand: Any,
        supply: Any,
        costs: Any,
        *,
        demand_columns: tuple[str, str] = ("area_id", "demand"),
        supply_columns: tuple[str, str] = ("site_id", "supply"),
        cost_columns: tuple[str, str, str] = ("area_id", "site_id", "cost"),
        open_column: str | None = None,
        unknown_ids: Literal["refuse", "drop"] = "refuse",
        supply_unit: str = "places",
        cost_unit: Literal["minutes", "metres"] = "minutes",
    ) -> Self:
        """Make a problem from three tables with text ids.

        Parameters
        ----------
        demand, supply, costs
            Data frames of pandas or polars, or mappings of column name to array. The
            rows of ``demand`` and ``supply`` give the order of areas and sites.
            ``costs`` may have its rows in any order; by area is fastest.
        open_column
            Column of ``supply`` that is False where a site takes no new people.
        unknown_ids
            What to do with costs whose area or site is not in the other tables.

        Raises
        ------
        InvalidProblem
            If an id is not known or there twice, or a value is out of range.
        """
        from wijkspil_engines.access.kernels import count_rows, order_pairs

        area_ids = ids_of(demand[demand_columns[0]])
        site_ids = ids_of(supply[supply_columns[0]])
        for table, column, ids in (
            ("demand", demand_columns[0], area_ids),
            ("supply", supply_columns[0], site_ids),
        ):
            _check_ids(ids, f"{table}.{column}")
        area_column, site_column, cost_column = cost_columns
        amounts = _numbers(demand, demand_columns[1], "demand")
        room = _numbers(supply, supply_columns[1], "supply")
        cost = _numbers(costs, cost_column, "costs")
        texts = {name: texts_of(costs[name]) for name in (area_column, site_column)}
        area = rows_of(texts[area_column], area_ids)
        site = rows_of(texts[site_column], site_ids)
        if not area.size == site.size == cost.size:
            raise InvalidProblem("the columns are not equally long", field="costs")
        is_unknown = (area.min(initial=0) < 0) or (site.min(initial=0) < 0)
        if is_unknown and unknown_ids == "refuse":
            name, rows = (
                (area_column, area) if area.min() == UNKNOWN else (site_column, site)
            )
            row = int(np.argmax(rows == UNKNOWN))
            of = "demand" if name == area_column else "supply"
            raise InvalidProblem(
                f"{str(texts[name][row])[:40]!r} is not in the table of {of}",
                field=f"costs.{name}[{row}]",
            )
        if is_unknown:
            kept = (area >= 0) & (site >= 0)
            area, site, cost = area[kept], site[kept], cost[kept]
        start, is_ordered = count_rows(area, len(area_ids))
        if not is_ordered:
            site, cost = order_pairs(area, site, cost, start)
        is_open = np.empty(0, np.bool_)
        if open_column is not None:
            is_open = np.asarray(supply[open_column], dtype=np.bool_)
        return cls(
            area_ids,
            amounts,
            site_ids,
            room,
            start,
            site,
            cost,
            is_open,
            supply_unit,
            cost_unit,
        )

    @classmethod
    def from_points(
        cls,
        area_ids: Sequence[str],
        demand: ArrayLike,
        area_xy_m: ArrayLike,
        site_ids: Sequence[str],
        supply: ArrayLike,
        site_xy_m: ArrayLike,
        *,
        threshold: float,
        travel: Travel | None = None,
        is_open: NDArray[np.bool_] | None = None,
        supply_unit: str = "places",
        cost_unit: Literal["minutes", "metres"] = "minutes",
    ) -> Self:
        """Make a problem from places on a flat map, by straight lines.

        Parameters
        ----------
        area_xy_m, site_xy_m
            (n, 2) and (m, 2) metres on a flat grid (as RD, EPSG:28992); no degrees.
        threshold
            Pairs above it are left out, in ``cost_unit``.
        travel
            How straight metres become minutes; not used for metres.

        Raises
        ------
        InvalidProblem
            If a place is no number, or the threshold is not above 0.
        """
        from scipy.spatial import cKDTree

        if not 0.0 < threshold < math.inf:
            raise InvalidProblem(f"{threshold} is not above 0", field="threshold")
        places = []
        for name, ids, xy in (
            ("area_xy_m", area_ids, area_xy_m),
            ("site_xy_m", site_ids, site_xy_m),
        ):
            points = np.asarray(xy, np.float64).reshape(-1, 2)
            if points.shape[0] != len(ids):
                raise InvalidProblem(
                    f"has {points.shape[0]} places for {len(ids)} ids", field=name
                )
            if not np.isfinite(points).all():
                row = int(np.argmin(np.isfinite(points).all(1)))
                raise InvalidProblem(
                    f"{points[row]} is no place in metres",
                    field=f"{name} of {ids[row]!r}",
                )
            places.append(points)
        factor = 1.0
        if cost_unit == "minutes":
            factor = (travel or Travel()).minutes_per_metre
        near = cKDTree(places[0]).sparse_distance_matrix(
            # The tree compares distances: what is on the threshold stays in.
            cKDTree(places[1]),
            threshold / factor * (1.0 + 1e-12),
            output_type="ndarray",
        )
        cost = near["v"] * factor
        kept = cost <= threshold
        order = np.lexsort((near["j"][kept], near["i"][kept]))
        start = np.zeros(len(area_ids) + 1, np.int64)
        np.cumsum(np.bincount(near["i"][kept], minlength=len(area_ids)), out=start[1:])
        _check_ids(area_ids, "area_ids")
        _check_ids(site_ids, "site_ids")
        return cls(
            tuple(area_ids),
            np.asarray(demand, np.float64),
            tuple(site_ids),
            np.asarray(supply, np.float64),
            start,
            near["j"][kept][order].astype(np.int32),
            cost[kept][order],
            np.empty(0, np.bool_) if is_open is None else np.asarray(is_open, bool),
            supply_unit,
            cost_unit,
        )

    def keep_within(self, threshold: float) -> Self:
        """Return the problem with only the pairs up to a cost, the edge included."""
        kept = self.cost <= threshold
        if kept.all():
            return self
        before = np.concatenate(([0], np.cumsum(kept)))
        return replace(
            self, start=before[self.start], site=self.site[kept], cost=self.cost[kept]
        )

    def keep_nearest(self, most: int) -> Self:
        """Return the problem with only the ``most`` nearest sites of each area.

        Equally near goes by row of the site. RAAM is mostly run on such a problem.
        """
        from wijkspil_engines.access.kernels import choose_nearest

        if most < 1:
            raise InvalidProblem(f"{most} is not 1 or more", field="most")
        if int(np.diff(self.start).max(initial=0)) <= most:
            return self
        start, chosen = choose_nearest(self.start, self.site, self.cost, most)
        return replace(
            self, start=start, site=self.site[chosen], cost=self.cost[chosen]
        )


def weighted_demand(population: Floats, weights: Floats) -> Floats:
    """Return people weighted by need: (n, k) people by age times (k,) weights.

    Parameters
    ----------
    weights
        Need of one person of each age group, 0 or more, as in visits a year. Divide by
        the mean over all people to keep the unit "people".

    Raises
    ------
    InvalidProblem
        If shapes do not fit or a value is negative or no number.
    """
    people = np.asarray(population, np.float64)
    need = np.asarray(weights, np.float64)
    if people.ndim != 2 or need.shape != people.shape[1:]:
        raise InvalidProblem(
            f"has shape {need.shape}, expected one for each of the groups of "
            f"{people.shape}",
            field="weights",
        )
    for name, array in (("population", people), ("weights", need)):
        if not (np.isfinite(array).all() and (array >= 0).all()):
            raise InvalidProblem("has a value that is not 0 or more", field=name)
    weighted: Floats = people @ need
    return weighted


def _numbers(table: Mapping[str, Any], column: str, name: str) -> Floats:
    try:
        return numbers_of(table[column])
    except (TypeError, ValueError) as error:
        raise InvalidProblem(f"is no column of numbers ({error})", field=name) from None


def _check_ids(ids: Sequence[str], place: str) -> None:
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    for row, each in enumerate(ids):
        if each in seen:
            raise InvalidProblem(
                f"{each[:40]!r} is there twice; use each id once",
                field=f"{place}[{row}]",
            )
        seen.add(each)


def _check_amounts(amounts: Floats, ids: Sequence[str], name: str) -> None:
    if amounts.dtype != np.float64:
        raise InvalidProblem(f"is {amounts.dtype}, expected float64", field=name)
    # One comparison less than isfinite: NaN is not at least 0.
    is_right = (amounts >= 0.0) & (amounts < np.inf)
    if not is_right.all():
        row = int(np.argmin(is_right))
        raise InvalidProblem(
            f"{amounts[row]} is not a number, 0 or more",
            field=f"{name} of {ids[row]!r}",
        )
