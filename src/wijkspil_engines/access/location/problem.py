"""Which sites can be open, who must reach them, and at what cost?

Plain arrays: nothing of the measures of access is needed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

VERSION = "1"

Status = Literal["optimal", "feasible", "timed_out"]


class InvalidLocations(ValueError):
    """Something about clients or sites cannot be; says what, where and what to do."""

    code = "invalid-locations"


@dataclass(frozen=True, eq=False)
class LocationProblem:
    """Clients, sites and what it costs to serve the one from the other.

    Make it with ``from_table``. Arrays are read-only.

    Parameters
    ----------
    weight
        (n,) people of each client, 0 or more.
    first, site, cost
        The pairs within reach, by client: those of client ``i`` are
        ``first[i]:first[i + 1]``. Cost of one person, 0 or more: minutes, metres.
    n_open
        How many sites are open in all, the fixed ones included.
    is_fixed
        (m,) sites that are open and stay so.
    is_candidate
        (m,) sites that may be opened.
    unreached_cost
        What one person costs who reaches no open site; a dearer pair counts as out of
        reach. Infinite: everybody reaches every site.
    """

    weight: NDArray[np.float64]
    first: NDArray[np.int64]
    site: NDArray[np.int32]
    cost: NDArray[np.float64]
    n_open: int
    is_fixed: NDArray[np.bool_]
    is_candidate: NDArray[np.bool_]
    unreached_cost: float = np.inf

    @classmethod
    def from_table(
        cls,
        weight: Any,
        cost: Any,
        *,
        n_open: int,
        fixed: Sequence[int] | NDArray[Any] = (),
        candidates: Sequence[int] | NDArray[Any] | None = None,
        unreached_cost: float | None = None,
    ) -> "LocationProblem":
        """Return the problem of a table of costs.

        Parameters
        ----------
        cost
            (n, m), dense (infinite: out of reach) or a scipy sparse matrix (not in
            it: out of reach; a zero in it is a cost of zero).
        fixed, candidates
            Numbers of sites; without ``candidates`` every site may be opened.

        Raises
        ------
        InvalidLocations
            If a value, a number of sites or a shape cannot be, or somebody is out of
            reach of a site and there is no ``unreached_cost``.
        """
        people = np.ascontiguousarray(weight, dtype=np.float64)
        first, site, costs, (n, m) = _to_rows(cost)
        if people.shape != (n,):
            raise InvalidLocations(
                f"weight has shape {people.shape}, but cost has {n} rows; give one "
                "weight for each row"
            )
        check_numbers(people, "weight")
        check_numbers(costs, "cost")
        is_fixed, is_candidate = check_sites(fixed, candidates, n_open, m)
        if unreached_cost is None:
            short = np.flatnonzero(np.diff(first) < m)
            if short.size:
                raise InvalidLocations(
                    f"{short.size} clients (the first is {short[0]}) do not reach "
                    "every site; give unreached_cost, what it costs to reach none"
                )
            unreached_cost = np.inf
        elif not (np.isfinite(unreached_cost) and unreached_cost > 0):
            raise InvalidLocations(
                f"unreached_cost is {unreached_cost}; give a number above 0"
            )
        for each in (people, first, site, costs, is_fixed, is_candidate):
            each.flags.writeable = False
        return cls(
            people, first, site, costs, n_open, is_fixed, is_candidate, unreached_cost
        )

    @property
    def n_clients(self) -> int:
        """Number of clients."""
        return self.weight.size

    @property
    def n_sites(self) -> int:
        """Number of sites, open or not."""
        return self.is_fixed.size

    @cached_property
    def input_hash(self) -> str:
        """Hash of everything in it; for ``input_hash`` of results."""
        digest = hashlib.sha256(
            f"{self.n_clients} {self.n_sites} {self.n_open} "
            f"{self.unreached_cost!r}".encode()
        )
        for each in (
            self.weight,
            self.first,
            self.site,
            self.cost,
            self.is_fixed,
            self.is_candidate,
        ):
            digest.update(each.data)
        return digest.hexdigest()


@dataclass(frozen=True)
class LocationParams:
    """How long to search.

    Parameters
    ----------
    gap
        Enough: stop when the objective is proven to be this share from the bound. 0
        goes for the proof.
    max_rounds
        Times the prices are adjusted before the search.
    listed
        How many times the sites per open site are listed of each client (cheapest
        first); more is slower and bounds no worse.
    max_shakes
        Times the best plan is shaken and improved anew, where bound and plan are
        further apart than ``SHAKEN_GAP``.
    max_nodes
        Nodes searched; None: as many as take some seconds, by size. With a time limit
        the clock decides.
    """

    gap: float = 0.0
    max_rounds: int = 1500
    listed: float = 4.0
    max_shakes: int = 200
    max_nodes: int | None = None


@dataclass(frozen=True, eq=False)
class LocationResult:
    """Sites to open, and how good that is.

    Parameters
    ----------
    status
        ``optimal``: proven; ``timed_out``: the time limit came first.
    opened
        (p,) numbers of the open sites, the fixed included, ascending.
    serving
        (n,) the cheapest open site of each client, -1 for none.
    objective
        What is asked: total cost (p-median), people covered (cover).
    bound
        What no choice can better: below the cost, above the people covered.
    terms
        Other values by name, see the function that made it.
    prices, price_bound
        (n,) prices of the clients and the bound they prove; ``bound`` may be better
        by searching. Infinite and empty when nothing was left to choose.
    """

    status: Status
    opened: NDArray[np.int64]
    serving: NDArray[np.int32]
    objective: float
    bound: float
    terms: dict[str, float]
    prices: NDArray[np.float64]
    price_bound: float
    n_nodes: int
    algorithm: str
    seed: int
    runtime_s: float
    input_hash: str
    version: str = VERSION

    @property
    def gap(self) -> float:
        """How far objective and bound are apart, as a share of the objective."""
        apart = abs(self.objective - self.bound)
        return apart / abs(self.objective) if apart else 0.0


def _to_rows(
    cost: Any,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], tuple[int, int]]:
    """Return first, site and cost of the pairs by client, and the shape."""
    if sparse.issparse(cost):
        rows = sparse.csr_array(cost)
        if not rows.has_canonical_format:
            before = rows.nnz
            rows = rows.copy()
            rows.sum_duplicates()
            if rows.nnz != before:
                raise InvalidLocations(
                    f"cost names {before - rows.nnz} pairs twice; give each once"
                )
        return (
            rows.indptr.astype(np.int64),
            rows.indices.astype(np.int32),
            rows.data.astype(np.float64),
            rows.shape,
        )
    table = np.asarray(cost, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise InvalidLocations(
            f"cost has shape {table.shape}; give a row per client, a column per site"
        )
    n, m = table.shape
    within = table != np.inf
    if within.all():
        return (
            np.arange(0, n * m + 1, m, dtype=np.int64),
            np.tile(np.arange(m, dtype=np.int32), n),
            table.ravel().copy(),
            (n, m),
        )
    first = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(within.sum(axis=1), out=first[1:])
    return first, np.nonzero(within)[1].astype(np.int32), table[within], (n, m)


def check_numbers(values: NDArray[np.float64], name: str) -> None:
    """Raise InvalidLocations if one is below zero or no finite number."""
    # One pass for what is nearly always right; NaN makes the comparison false.
    if not values.size or (values.min() >= 0 and values.max() < np.inf):
        return
    place = int(np.flatnonzero(~((values >= 0) & (values < np.inf)))[0])
    raise InvalidLocations(
        f"{name}[{place}] is {values[place]}; give a finite number, 0 or more"
    )


def to_mask(numbers: Any, size: int, name: str) -> NDArray[np.bool_]:
    """Return which sites these are, from numbers or from a mask."""
    given = np.asarray(numbers)
    if given.dtype == np.bool_:
        if given.shape != (size,):
            raise InvalidLocations(
                f"{name} has shape {given.shape}, but there are {size} sites"
            )
        return given.copy()
    mask = np.zeros(size, dtype=np.bool_)
    if given.size:
        outside = given[(given < 0) | (given >= size)]
        if outside.size:
            raise InvalidLocations(
                f"{name} names site {outside[0]}, but they are 0 to {size - 1}"
            )
        mask[given.astype(np.int64)] = True
    return mask


def check_sites(
    fixed: Any, candidates: Any, n_open: int, n_sites: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which sites are fixed and which may be opened, both (m,).

    Raises
    ------
    InvalidLocations
        If a number is no site, or so many sites cannot be open.
    """
    is_fixed = to_mask(fixed, n_sites, "fixed")
    is_candidate = (
        np.ones(n_sites, dtype=np.bool_)
        if candidates is None
        else to_mask(candidates, n_sites, "candidates")
    )
    least, most = int(is_fixed.sum()), int((is_fixed | is_candidate).sum())
    if not max(least, 1) <= n_open <= most:
        raise InvalidLocations(
            f"n_open is {n_open}, but {least} sites are fixed and {most} can be "
            f"open; give {max(least, 1)} to {most}"
        )
    return is_fixed, is_candidate
