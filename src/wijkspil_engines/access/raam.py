"""RAAM: people choose the place where travel and crowding together cost least.

Saxon & Snow 2020, "A rational agent model for the spatial accessibility of primary
health care", Annals of the American Association of Geographers 110(1),
doi:10.1080/24694452.2019.1629870. The published options, and the same numbers as the
``access`` package (fca and raam modules of PySAL), on sparse costs.

A cost of 1 is a site as crowded as the mean of the problem, next door; travel of
``tau`` counts as much as that. People move from their most expensive site to the
cheapest, in steps that become smaller; whole people move.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.problem import AccessProblem, InvalidProblem

Floats = NDArray[np.float64]
#: In the first cycles no site is given more than its room at once.
CAREFUL_CYCLES = 20


@dataclass(frozen=True)
class RaamParams:
    """Options of RAAM, as published.

    Parameters
    ----------
    tau
        Travel, in the cost unit of the problem, that counts as much as the mean
        crowding; above 0.
    rho
        Demand for each unit of supply that counts as crowding 1; None: the mean.
    cycles
        Rounds of moving, 1 or more.
    first_step
        Most people that move in the first cycle: a share of the area's (float) or a
        number (int).
    least_step
        The step never becomes smaller.
    half_life
        Cycles after which the step is half, above 0.

    Raises
    ------
    InvalidProblem
        If a value is outside the range given above.
    """

    tau: float = 60.0
    rho: float | None = None
    cycles: int = 150
    first_step: float | int = 0.2
    least_step: float = 0.005
    half_life: float = 50.0

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        for name in ("tau", "rho", "first_step", "half_life"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < math.inf:
                raise InvalidProblem(f"{value} is not above 0", field=name)
        if self.cycles < 1:
            raise InvalidProblem(f"{self.cycles} is not 1 or more", field="cycles")
        if not 0.0 <= self.least_step < math.inf:
            raise InvalidProblem(f"{self.least_step} is below 0", field="least_step")


@dataclass(frozen=True, eq=False)
class Raam:
    """Where people go, and what it costs them.

    Parameters
    ----------
    values
        (n,) cost of travel and crowding together, lower is better; NaN for an area
        without demand or without a site in reach.
    demand_at_site
        (m,) people that go there.
    people
        (p,) people of each pair.
    rho
        Demand for each unit of supply that counts as crowding 1.
    """

    values: Floats
    demand_at_site: Floats
    people: Floats
    rho: float


def raam(problem: AccessProblem, params: RaamParams | None = None) -> Raam:
    """Let the people of all areas choose.

    Equal costs go to the site that comes first in the problem.
    """
    from wijkspil_engines.access.raam_kernel import iterate_raam

    params = params or RaamParams()
    rho = params.rho
    if rho is None:
        supply = float(problem.capacity.sum())
        rho = float(problem.demand.sum()) / supply if supply > 0 else 1.0
    by_share = isinstance(params.first_step, float)
    values, load, people = iterate_raam(
        problem.start,
        problem.site,
        problem.cost,
        problem.demand,
        problem.capacity * rho,
        params.tau,
        params.cycles,
        float(params.first_step) if by_share else -1.0,
        float(params.first_step),
        params.least_step,
        params.half_life,
        CAREFUL_CYCLES,
    )
    return Raam(values, load, people, rho)
