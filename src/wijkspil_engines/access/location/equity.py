"""Which sites give the worst-off most access, or make access least unequal?

Access counts who else comes: supply per person, by E2SFCA (``"catchment"``; Luo and Qi
2009, doi:10.1016/j.healthplace.2009.06.002) or balanced (``"balanced"``: people divide
over the open sites in reach, so that nobody counts twice; Paez, Higgins and Vivona
2019, doi:10.1371/journal.pone.0218773). Objectives:

- ``"worst"``: the mean access of the worst-off share of the people, most.
- ``"gini"``: the Gini coefficient of access between people, least. Of itself that may
  take from all; look at the mean beside it.

What kind of bound there is: ``weights`` (E2SFCA and ``worst``: the linear relaxation,
proven by weights of the clients), ``search`` (the same, raised by branch and bound of
HiGHS, for small problems), ``mean`` (balanced and ``worst``: the worst-off cannot have
more than the mean of all), ``none`` (``gini``: 0).
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from wijkspil_engines.access.inequality import gini, mean_of_worst
from wijkspil_engines.access.location import equity_core as core
from wijkspil_engines.access.location.p_median import solve_p_median
from wijkspil_engines.access.location.problem import (
    VERSION,
    InvalidLocations,
    LocationParams,
    LocationProblem,
    Status,
    check_numbers,
    check_sites,
    to_mask,
)

Measure = Literal["catchment", "balanced"]
Objective = Literal["worst", "gini"]
BoundKind = Literal["weights", "search", "mean", "none"]

_PROVEN = 1e-9
#: Clients looked at while no swap gains, and in all for what has no bound.
_TRIED_CLIENTS, _TRIED_CLIENTS_ANY = 10_000_000, 300_000_000
_MOST_SWAPS = 10_000
#: How far the start is taken.
_NEAR = LocationParams(gap=0.01, max_rounds=200, max_shakes=0, max_nodes=0)
#: Sites that leave in a shake: two to a fourth.
_SHAKEN_SHARE = 4


@dataclass(frozen=True, eq=False)
class EquityProblem:
    """People, sites with supply, and how much a site counts for whom.

    Make it with ``from_table``. Arrays are read-only.

    Parameters
    ----------
    people
        (n,) people of each client, 0 or more.
    decay
        (n, m) weight of each pair, above 0; not in it: out of reach. Of ``Steps`` or
        another decay over travel times.
    supply
        (m,) hours, places or full-time workers at each site once it is open.
    n_open, is_fixed, is_candidate
        As for ``LocationProblem``.
    share
        The worst-off share of the people, above 0, up to 1: 0.1 for a tenth.
    """

    people: NDArray[np.float64]
    decay: sparse.csc_array
    supply: NDArray[np.float64]
    n_open: int
    is_fixed: NDArray[np.bool_]
    is_candidate: NDArray[np.bool_]
    share: float = 0.1
    measure: Measure = "catchment"
    objective: Objective = "worst"

    @classmethod
    def from_table(
        cls,
        people: Any,
        decay: Any,
        supply: Any,
        *,
        n_open: int,
        fixed: Sequence[int] | NDArray[Any] = (),
        candidates: Sequence[int] | NDArray[Any] | None = None,
        share: float = 0.1,
        measure: Measure = "catchment",
        objective: Objective = "worst",
    ) -> "EquityProblem":
        """Return the problem of a dense or sparse table of weights (n, m).

        Raises
        ------
        InvalidLocations
            If a value, a number of sites, a name or a shape cannot be.
        """
        counts = np.array(people, dtype=np.float64)
        amounts = np.array(supply, dtype=np.float64)
        table = sparse.csc_array(decay, dtype=np.float64, copy=True)
        table.sum_duplicates()
        table.eliminate_zeros()
        n, m = table.shape
        if counts.shape != (n,) or amounts.shape != (m,):
            raise InvalidLocations(
                f"decay has shape {(n, m)}, people {counts.shape} and supply "
                f"{amounts.shape}; give a row per client and a column per site"
            )
        check_numbers(counts, "people")
        check_numbers(amounts, "supply")
        check_numbers(table.data, "decay")
        if not counts.sum() > 0:
            raise InvalidLocations("people: nobody lives anywhere")
        if not 0 < share <= 1:
            raise InvalidLocations(f"share is {share}; give above 0, up to 1")
        if measure not in ("catchment", "balanced"):
            raise InvalidLocations(f"measure is {measure!r}; use catchment or balanced")
        if objective not in ("worst", "gini"):
            raise InvalidLocations(f"objective is {objective!r}; use worst or gini")
        is_fixed, is_candidate = check_sites(fixed, candidates, n_open, m)
        arrays = (counts, amounts, is_fixed, is_candidate)
        for each in (*arrays, table.data, table.indices, table.indptr):
            each.flags.writeable = False
        return cls(
            counts, table, amounts, n_open, is_fixed, is_candidate, share, measure,
            objective,
        )  # fmt: skip

    @property
    def n_clients(self) -> int:
        """Number of clients."""
        return self.people.size

    @property
    def n_sites(self) -> int:
        """Number of sites, open or not."""
        return self.supply.size

    @cached_property
    def input_hash(self) -> str:
        """Hash of everything in it; for ``input_hash`` of results."""
        digest = hashlib.sha256(
            f"{self.decay.shape} {self.n_open} {self.share!r} {self.measure} "
            f"{self.objective}".encode()
        )
        for each in (
            self.people,
            self.decay.indptr.astype(np.int64),
            self.decay.indices.astype(np.int32),
            self.decay.data,
            self.supply,
            self.is_fixed,
            self.is_candidate,
        ):
            digest.update(each.data)
        return digest.hexdigest()

    @cached_property
    def worth(self) -> NDArray[np.float64]:
        """What each pair adds to the access of the client by E2SFCA.

        In the order of ``decay.data``: weight times supply over the people in the
        catchment, each counted by weight. Does not depend on which sites are open.
        """
        lengths = np.diff(self.decay.indptr)
        catchment = self.decay.T @ self.people
        ratio = np.divide(
            self.supply, catchment, out=np.zeros(self.n_sites), where=catchment > 0
        )
        worth: NDArray[np.float64] = self.decay.data * np.repeat(ratio, lengths)
        return worth


@dataclass(frozen=True)
class EquityParams:
    """How long to search.

    Parameters
    ----------
    gap
        Enough: stop at this share from the bound.
    max_rounds
        Times the weights of the bound are adjusted.
    max_shakes
        Times the best plan is shaken and improved anew.
    searched_pairs
        Up to so many pairs HiGHS searches too, ``max_nodes`` nodes; 0 for never.
    """

    gap: float = 0.0
    max_rounds: int = 1500
    max_shakes: int = 30
    searched_pairs: int = 20_000
    max_nodes: int = 200


@dataclass(frozen=True, eq=False)
class EquityResult:
    """Sites to open, what everybody has then, and how good that is.

    Parameters
    ----------
    access
        (n,) supply per person.
    objective, bound
        Mean access of the worst-off (most) or Gini (least).
    bound_kind
        Where the bound comes from, see the module.
    weights, weights_bound
        (n,) weights of the clients, summing to 1, and the bound they prove; only for
        E2SFCA and ``worst``.
    terms
        ``worst_mean``, ``mean``, ``gini``, ``people_without``.
    """

    status: Status
    opened: NDArray[np.int64]
    access: NDArray[np.float64]
    objective: float
    bound: float
    bound_kind: BoundKind
    terms: dict[str, float]
    weights: NDArray[np.float64] | None
    weights_bound: float
    algorithm: str
    seed: int
    runtime_s: float
    input_hash: str
    version: str = VERSION

    @property
    def gap(self) -> float:
        """How far objective and bound are apart, as a share of the larger."""
        apart = abs(self.objective - self.bound)
        return apart / max(abs(self.objective), abs(self.bound)) if apart else 0.0


def solve_equity(
    problem: EquityProblem,
    *,
    params: EquityParams | None = None,
    start: NDArray[Any] | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> EquityResult:
    """Open the sites that give the worst-off most, or access that differs least.

    Parameters
    ----------
    start
        Sites to begin from besides our own: the result is never worse.
    time_limit_s
        Seconds after which the best so far is returned (``timed_out``); looked at
        between steps.

    Raises
    ------
    InvalidLocations
        If ``start`` opens another number of sites, or not the fixed ones.
    """
    started = time.perf_counter()
    params = params or EquityParams()
    deadline = np.inf if time_limit_s is None else started + time_limit_s
    finding = _Finding(problem, params, np.random.default_rng(seed))
    finding.begin(_checked_start(problem, start))
    while not finding.is_closed and finding.n_shakes < params.max_shakes:
        if time.perf_counter() >= deadline:
            break
        finding.shake()
    is_over = time.perf_counter() >= deadline
    if not is_over and not finding.is_closed:
        finding.search(deadline - time.perf_counter())
    status: Status = "feasible"
    if finding.is_proven:
        status = "optimal"
    elif time.perf_counter() >= deadline:
        status = "timed_out"
    access = access_of(problem, finding.is_open)
    terms = {
        "worst_mean": mean_of_worst(access, problem.people, problem.share),
        "mean": float(problem.people @ access / problem.people.sum()),
        "gini": gini(access, problem.people),
        "people_without": float(problem.people[access == 0].sum()),
    }
    objective = terms["worst_mean" if problem.objective == "worst" else "gini"]
    ceiling = finding.ceiling
    return EquityResult(
        status=status,
        opened=np.flatnonzero(finding.is_open),
        access=access,
        objective=objective,
        bound=objective if status == "optimal" else finding.bound,
        bound_kind=finding.bound_kind,
        terms=terms,
        weights=None if ceiling is None else ceiling.weights,
        weights_bound=np.inf if ceiling is None else ceiling.bound,
        algorithm=f"equity: {problem.measure}, {problem.objective}",
        seed=seed,
        runtime_s=time.perf_counter() - started,
        input_hash=problem.input_hash,
    )


def access_of(
    problem: EquityProblem, is_open: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the access (n,) of everybody with these sites (m,) open."""
    if problem.measure == "balanced":
        access = core.balanced_access(
            _sites(problem, problem.decay.data), problem.supply, is_open,
            problem.people,
        )  # fmt: skip
    else:
        access = core.sum_access(
            _sites(problem, problem.worth), is_open, problem.n_clients
        )
    access.flags.writeable = False
    return access


def _sites(problem: EquityProblem, worth: NDArray[np.float64]) -> core.Sites:
    return core.Sites(
        problem.decay.indptr.astype(np.int64),
        problem.decay.indices.astype(np.int32),
        worth,
    )


def _checked_start(
    problem: EquityProblem, start: NDArray[Any] | None
) -> NDArray[np.bool_] | None:
    if start is None:
        return None
    is_open = to_mask(start, problem.n_sites, "start")
    may = problem.is_fixed | problem.is_candidate
    if (
        is_open.sum() != problem.n_open
        or (problem.is_fixed & ~is_open).any()
        or (is_open & ~may).any()
    ):
        raise InvalidLocations(
            f"start must open {problem.n_open} candidates, the fixed sites included"
        )
    return is_open


class _Finding:
    """The best plan so far and its bound, in access per person (or Gini)."""

    def __init__(
        self, problem: EquityProblem, params: EquityParams, rng: np.random.Generator
    ) -> None:
        self.problem, self.params, self.rng = problem, params, rng
        self.is_linear = (problem.measure, problem.objective) == ("catchment", "worst")
        is_balanced = problem.measure == "balanced"
        self.worths = _sites(problem, problem.worth)
        self.sites = _sites(problem, problem.decay.data) if is_balanced else self.worths
        everybody = float(problem.people.sum())
        self.people = problem.people / everybody
        # Balanced access is per person, so with shares of people supply is too.
        self.supply = problem.supply / everybody
        self.state = np.where(problem.is_candidate, 0, -1).astype(np.int8)
        self.state[problem.is_fixed] = 1
        self.ceiling: core.Ceiling | None = None
        self.bound, self.bound_kind = self._first_bound()
        self.value = -np.inf
        self.is_open = problem.is_fixed.copy()
        self.order = np.argsort(-self.problem.supply, kind="stable")
        self.n_shakes = 0

    def _first_bound(self) -> tuple[float, BoundKind]:
        if self.problem.objective == "gini":
            return 0.0, "none"
        free = np.sort(self.supply[self.state == 0])[::-1]
        left = self.problem.n_open - int((self.state == 1).sum())
        total = float(self.supply[self.state == 1].sum() + free[:left].sum())
        return total, "mean"

    @property
    def objective(self) -> float:
        return -self.value if self.problem.objective == "gini" else self.value

    @property
    def is_closed(self) -> bool:
        return self._is_within(max(self.params.gap, _PROVEN))

    @property
    def is_proven(self) -> bool:
        return self._is_within(_PROVEN)

    def _is_within(self, gap: float) -> bool:
        apart = abs(self.bound - self.objective)
        return apart <= gap * max(abs(self.bound), abs(self.objective))

    def begin(self, start: NDArray[np.bool_] | None) -> None:
        """Begin from who is near, from what is given, and from the bound."""
        self.offer(self._open_near())
        if start is not None:
            self.offer(start.copy())
        worth, share = self.worths, self.problem.share
        ceiling = core.lower_ceiling(
            worth, self.people, share, self.state, self.problem.n_open,
            max(self.value, 0.0) if self.is_linear else 0.0, self.params.max_rounds,
        )  # fmt: skip
        if self.is_linear:
            self.ceiling = ceiling
            if ceiling.bound < self.bound or self.bound_kind == "mean":
                self.bound, self.bound_kind = ceiling.bound, "weights"
        self.order = np.argsort(-ceiling.share, kind="stable")
        self.offer(self._take_most(ceiling.share))
        if not self.is_linear:
            # What helps the worst-off by E2SFCA is a good start for the others.
            is_open = self.is_open.copy()
            core.improve_worst(
                worth, self.people, share, self.state, is_open, _MOST_SWAPS, 200
            )
            self.offer(is_open)

    def _open_near(self) -> NDArray[np.bool_]:
        """Return the sites nearest to all, where near is a high weight of distance."""
        problem = self.problem
        rows = sparse.csr_array(problem.decay)
        most = float(rows.data.max(initial=1.0))
        rows.data = 1.0 - rows.data / most
        near = LocationProblem.from_table(
            problem.people, rows, n_open=problem.n_open,
            fixed=problem.is_fixed, candidates=problem.is_candidate,
            unreached_cost=1.0,
        )  # fmt: skip
        found = solve_p_median(near, params=_NEAR)
        return to_mask(found.opened, problem.n_sites, "opened")

    def _take_most(self, wanted: NDArray[np.float64]) -> NDArray[np.bool_]:
        ranked = np.where(self.state == 0, wanted, -np.inf)
        ranked[self.state == 1] = np.inf
        is_open = np.zeros(self.state.size, dtype=np.bool_)
        is_open[np.argsort(-ranked, kind="stable")[: self.problem.n_open]] = True
        return is_open

    def offer(self, is_open: NDArray[np.bool_]) -> None:
        """Improve a plan by swaps and keep it if it is the best."""
        problem, n = self.problem, self.people.size
        if self.is_linear:
            value = core.improve_worst(
                self.worths, self.people, problem.share, self.state, is_open,
                _MOST_SWAPS, max(200, _TRIED_CLIENTS // n),
            )  # fmt: skip
        else:
            is_gini = problem.objective == "gini"
            # An evaluation looks at the pairs of open sites.
            pairs = self.sites.worth.size * problem.n_open // problem.n_sites
            most_tried = max(200, _TRIED_CLIENTS_ANY // max(1, pairs + n))
            value = core.improve_any(
                self.sites, self.supply, self.people, problem.share,
                problem.measure == "balanced", is_gini, self.state, is_open,
                self.order, most_tried,
            )  # fmt: skip
            if not is_gini:
                access = access_of(problem, is_open)
                value, _ = core.worst_mean(access, self.people, problem.share)
        if value > self.value:
            self.value, self.is_open = value, is_open

    def shake(self) -> None:
        """Replace some sites of the best plan at random and improve it anew."""
        self.n_shakes += 1
        leaving = np.flatnonzero(self.is_open & (self.state == 0))
        entering = np.flatnonzero(~self.is_open & (self.state == 0))
        most = max(3, leaving.size // _SHAKEN_SHARE)
        k = min(int(self.rng.integers(2, most + 1)), leaving.size, entering.size)
        if k == 0:
            self.n_shakes = self.params.max_shakes
            return
        tried = self.is_open.copy()
        tried[self.rng.choice(leaving, k, replace=False)] = False
        tried[self.rng.choice(entering, k, replace=False)] = True
        self.offer(tried)

    def search(self, seconds: float) -> None:
        """Let HiGHS look for better and prove the rest, where that is small."""
        if not self.is_linear or self.worths.worth.size > self.params.searched_pairs:
            return
        from wijkspil_engines.access.location.equity_exact import search_worst

        found = search_worst(
            self.worths, self.people, self.problem.share, self.state,
            self.problem.n_open, self.is_open, seconds=seconds,
            max_nodes=self.params.max_nodes,
        )  # fmt: skip
        if found.is_open is not None:
            self.offer(found.is_open)
        if found.bound < self.bound:
            self.bound, self.bound_kind = max(found.bound, self.value), "search"
