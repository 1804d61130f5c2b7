"""How accessible is scarce care from each area? One name for each measure.

``two_step`` and ``three_step`` are the floating catchment measures; ``solve`` runs any
measure by its name and says what it did. All are exact: there is no search.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.balanced import Form, balanced
from wijkspil_engines.access.catchment import Decay, Steps, weigh_pairs, within
from wijkspil_engines.access.nearest import count_within, find_nearest
from wijkspil_engines.access.problem import AccessProblem, InvalidProblem
from wijkspil_engines.access.raam import RaamParams, raam

Floats = NDArray[np.float64]
Measure = Literal["2sfca", "e2sfca", "3sfca", "raam", "balanced", "nearest", "within"]
MEASURES: tuple[str, ...] = get_args(Measure)
ALGORITHM, VERSION = "wijkspil-access", "1.0"


def two_step(problem: AccessProblem, decay: Decay) -> Floats:
    """Return 2SFCA or E2SFCA: supply for each unit of demand in reach, (n,).

    A site's ratio is its capacity over the weighted demand that reaches it; an area
    gets the weighted sum of the ratios it reaches. With ``within`` as decay this is
    2SFCA (Luo & Wang 2003, doi:10.1068/b29120), with ``Steps`` or another decay E2SFCA
    (Luo & Qi 2009, doi:10.1016/j.healthplace.2009.06.002). An area without a site in
    reach has 0; a site that no demand reaches counts for nobody.

    Closing a site does not crowd its neighbours here: use ``balanced`` or RAAM.
    """
    return _catchment(problem, weigh_pairs(problem, decay))


def three_step(
    problem: AccessProblem, decay: Decay, *, threshold: float = math.inf
) -> Floats:
    """Return 3SFCA: as E2SFCA, but demand is divided over the sites first, (n,).

    Each weight is multiplied by its share of all weights of the area (Wan, Zou &
    Sternberg 2012, doi:10.1080/13658816.2011.624987). The shares are over all pairs of
    the problem, closed sites and those beyond ``threshold`` included, as in ``access``.
    """
    weight = share_pairs(problem, weigh_pairs(problem, decay), threshold)
    return _catchment(problem, weight)


def share_pairs(problem: AccessProblem, weight: Floats, threshold: float) -> Floats:
    """Return the weights of 3SFCA, (p,): weight times its share in the area."""
    from wijkspil_engines.access.kernels import share_weights

    reach = (problem.cost <= threshold).astype(np.float64)
    return share_weights(problem.start, weight, reach)


def _catchment(problem: AccessProblem, weight: Floats) -> Floats:
    from wijkspil_engines.access.kernels import sum_by_area

    return sum_by_area(problem.start, problem.site, weight, ratios(problem, weight))


def ratios(problem: AccessProblem, weight: Floats) -> Floats:
    """Return capacity over weighted demand of each site, (m,); 0 where nobody is."""
    from wijkspil_engines.access.kernels import sum_by_site

    demand = sum_by_site(problem.start, problem.site, weight, problem.demand, problem.m)
    ratio = np.zeros(problem.m)
    np.divide(problem.capacity, demand, out=ratio, where=demand > 0.0)
    return ratio


@dataclass(frozen=True)
class Params:
    """What is asked.

    Parameters
    ----------
    measure
        One of ``MEASURES``: ``within`` counts the sites within the threshold.
    threshold
        Needed by ``2sfca`` and ``within``; if given the edge of all others too.
    decay
        Of ``e2sfca``, ``3sfca`` and ``balanced``.
    form
        Of ``balanced``.
    raam
        Of ``raam``.
    nearest_sites
        Of ``raam``: only so many nearest sites of each area; None: all pairs.
    """

    measure: Measure = "e2sfca"
    threshold: float = math.inf
    decay: Decay = field(default_factory=Steps)
    form: Form = "people"
    raam: RaamParams = field(default_factory=RaamParams)
    nearest_sites: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        if self.measure not in MEASURES:
            raise InvalidProblem(
                f"{str(self.measure)[:40]!r} is not known; use {', '.join(MEASURES)}",
                field="measure",
            )
        if not self.threshold >= 0:
            raise InvalidProblem(f"{self.threshold} is below 0", field="threshold")


@dataclass(frozen=True, eq=False)
class Result:
    """The values of a measure, and how they came about.

    Parameters
    ----------
    values
        (n,) in ``unit``; NaN where the measure is not defined.
    status
        ``optimal``: exact; ``feasible``: RAAM, which stops after its cycles.
    bound, gap
        None: nothing is optimised.
    seed
        0: nothing is drawn.
    """

    problem: AccessProblem
    params: Params
    values: Floats
    unit: str
    runtime_s: float
    status: Literal["optimal", "feasible"] = "optimal"
    bound: None = None
    gap: None = None
    seed: int = 0
    algorithm: str = ALGORITHM
    version: str = VERSION

    @cached_property
    def input_hash(self) -> str:
        """Hash of the problem."""
        return self.problem.input_hash

    @property
    def by_area(self) -> dict[str, float]:
        """The values by name of the area."""
        return dict(zip(self.problem.area_ids, self.values.tolist(), strict=True))


def solve(
    problem: AccessProblem,
    *,
    params: Params | None = None,
    clock: Callable[[], float] | None = None,
) -> Result:
    """Compute one measure.

    Parameters
    ----------
    clock
        Gives seconds, for ``runtime_s``; None leaves that 0.
    """
    params = params or Params()
    started = clock() if clock else 0.0
    values = _values(problem, params)
    values.flags.writeable = False
    return Result(
        problem=problem,
        params=params,
        values=values,
        unit=unit_of(problem, params.measure),
        runtime_s=clock() - started if clock else 0.0,
        status="feasible" if params.measure == "raam" else "optimal",
    )


def unit_of(problem: AccessProblem, measure: str) -> str:
    """Return the unit of a measure in words."""
    return {
        "nearest": problem.cost_unit,
        "within": "sites",
        "raam": "cost: 1 is a site next door as crowded as the mean",
    }.get(measure, f"{problem.supply_unit} for each unit of demand")


def _values(problem: AccessProblem, params: Params) -> Floats:
    measure, edge = params.measure, params.threshold
    if measure in ("2sfca", "within") and not math.isfinite(edge):
        raise InvalidProblem(f"{measure} needs a threshold", field="threshold")
    if measure == "2sfca":
        return two_step(problem, within(edge))
    if measure == "within":
        return count_within(problem, edge)
    if measure == "nearest":
        cost = find_nearest(problem).cost
        return np.where(cost <= edge, cost, np.nan)
    if measure == "raam":
        nearest: Any = params.nearest_sites
        few = problem.keep_within(edge)
        if nearest is not None:
            few = few.keep_nearest(nearest)
        return raam(few, params.raam).values
    if measure == "3sfca":
        return three_step(problem, params.decay, threshold=edge)
    decay: Decay = params.decay
    if math.isfinite(edge):
        decay = Until(decay, edge)
    if measure == "balanced":
        return balanced(problem, decay, form=params.form).values
    return two_step(problem, decay)


@dataclass(frozen=True)
class Until:
    """Another decay that ends at a threshold."""

    decay: Decay
    threshold: float

    def weigh(self, cost: Floats) -> Floats:
        """Return the weight of each cost."""
        weight = np.array(self.decay.weigh(cost), np.float64)
        weight[cost > self.threshold] = 0.0
        return weight
