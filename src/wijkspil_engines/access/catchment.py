"""How much does a place still count as it is further away?

A decay gives each cost a weight of 0 or more; a pair with weight 0 is out of reach.
Costs are in the unit of the problem, minutes or metres.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.problem import AccessProblem, InvalidProblem

Floats = NDArray[np.float64]


@runtime_checkable
class Decay(Protocol):
    """Weights by cost."""

    def weigh(self, cost: Floats) -> Floats:
        """Return the weight of each cost, of the same shape, 0 or more."""
        ...


@dataclass(frozen=True)
class Steps:
    """One weight up to each cost: ``((10, 1.0), (20, 0.68), (30, 0.22))``.

    The classic weights of E2SFCA (Luo & Qi 2009, doi:10.1016/j.healthplace.2009.06.002)
    are 1, 0.68 and 0.22. A cost on the edge belongs to the nearer step.

    Raises
    ------
    InvalidProblem
        If there is no step, costs do not rise, or a weight is below 0.
    """

    steps: tuple[tuple[float, float], ...] = ((10.0, 1.0), (20.0, 0.68), (30.0, 0.22))

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        if not self.steps:
            raise InvalidProblem("are empty; give at least one", field="steps")
        before = -math.inf
        for until, weight in self.steps:
            if not (math.isfinite(until) and until > before and until >= 0):
                raise InvalidProblem(
                    f"{until} does not rise; give costs from near to far",
                    field="steps",
                )
            if not 0.0 <= weight < math.inf:
                raise InvalidProblem(f"weight {weight} is below 0", field="steps")
            before = until

    def weigh(self, cost: Floats) -> Floats:
        """Return the weight of each cost."""
        from wijkspil_engines.access.kernels import step_weights

        until, value = np.array(self.steps, np.float64).T.copy()
        return step_weights(cost, until, value)


def within(threshold: float) -> Steps:
    """Return the decay of 2SFCA: 1 up to the threshold, 0 beyond."""
    return Steps(((threshold, 1.0),))


@dataclass(frozen=True)
class Gaussian:
    """exp(-cost² / (2 sigma²)), 0 beyond ``most`` (Dai 2010).

    Raises
    ------
    InvalidProblem
        If ``sigma`` is not above 0 or ``most`` below 0.
    """

    sigma: float
    most: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        if not 0.0 < self.sigma < math.inf:
            raise InvalidProblem(f"{self.sigma} is not above 0", field="sigma")
        if not self.most >= 0.0:
            raise InvalidProblem(f"{self.most} is below 0", field="most")

    def weigh(self, cost: Floats) -> Floats:
        """Return the weight of each cost."""
        weight = np.square(cost)
        weight /= -2.0 * self.sigma**2
        np.exp(weight, out=weight)
        if math.isfinite(self.most):
            weight[cost > self.most] = 0.0
        return weight


@dataclass(frozen=True)
class Gravity:
    """(max(cost, least) / scale) ** power, 0 beyond ``most``; power below 0.

    Raises
    ------
    InvalidProblem
        If ``scale`` or ``least`` is not above 0.
    """

    scale: float
    power: float
    least: float = 1.0
    most: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        for name in ("scale", "least"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise InvalidProblem(
                    f"{getattr(self, name)} is not above 0", field=name
                )

    def weigh(self, cost: Floats) -> Floats:
        """Return the weight of each cost."""
        weight: Floats = np.power(np.maximum(cost, self.least) / self.scale, self.power)
        weight[cost > self.most] = 0.0
        return weight


@dataclass(frozen=True)
class Table:
    """Straight lines between given points (cost, weight); 0 beyond the last cost.

    Before the first point its weight holds.

    Raises
    ------
    InvalidProblem
        As ``Steps``.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        Steps(self.points)

    def weigh(self, cost: Floats) -> Floats:
        """Return the weight of each cost."""
        at, value = np.array(self.points, np.float64).T
        weight: Floats = np.interp(cost, at, value)
        weight[cost > at[-1]] = 0.0
        return weight


@dataclass(frozen=True)
class ByFunction:
    """Any function of an array of costs.

    ``most`` leaves out what is further, whatever the function says.
    """

    function: Callable[[Floats], Floats]
    most: float = math.inf

    def weigh(self, cost: Floats) -> Floats:
        """Return the weight of each cost."""
        weight = np.array(self.function(cost), np.float64)
        if weight.shape == cost.shape and math.isfinite(self.most):
            weight[cost > self.most] = 0.0
        return weight


def weigh_pairs(problem: AccessProblem, decay: Decay) -> Floats:
    """Return the weight of each pair of the problem, (p,).

    Raises
    ------
    InvalidProblem
        If the decay gives another shape or a weight that is not 0 or more.
    """
    weight = np.ascontiguousarray(decay.weigh(problem.cost), dtype=np.float64)
    if isinstance(decay, Steps):
        return weight
    if weight.shape != problem.cost.shape:
        raise InvalidProblem(
            f"gives {weight.shape} weights for {problem.cost.shape} costs",
            field="decay",
        )
    if weight.size and not (weight.min() >= 0.0 and weight.max() < np.inf):
        raise InvalidProblem("gives a weight that is not 0 or more", field="decay")
    return weight
