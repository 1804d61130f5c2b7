"""What does each run draw, so that scenarios share their luck?

The chance of a name in a run depends on the seed, the name and the number of the run
only: Philox keyed by a hash of seed and name, counted by run (Salmon and others 2011,
doi:10.1145/2063384.2063405). Two scenarios that differ in one figure share all other
draws (common random numbers), so their difference is known far better than either;
more runs leave the first ones as they are.

Run 0 is no draw: every parameter at its middle.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from wijkspil_engines.projection.problem import (
    LEVERS,
    Closure,
    Kind,
    Parameter,
    ProjectionProblem,
    Skill,
)

_MANTISSA = 2.0**-53
#: A shorter stay is over at once.
_SHORT_YEARS = 1e-3
_VARIANT, _CLOSURE = "variant of the population", "closure"


def draw_uniform(name: str, *, seed: int, n_runs: int) -> NDArray[np.float64]:
    """Return (n_runs + 1,) chances above 0 and below 1; item r is that of run r."""
    digest = hashlib.sha256(f"{seed}\n{name}".encode()).digest()
    generator = np.random.Philox(key=np.frombuffer(digest[:16], "<u8"))
    bits = generator.random_raw(n_runs + 1) >> np.uint64(11)
    made: NDArray[np.float64] = (bits.astype(np.float64) + 0.5) * _MANTISSA
    return made


def draw_parameter(
    parameter: Parameter, *, seed: int, n_runs: int
) -> NDArray[np.float64]:
    """Return (n_runs + 1,) values of a parameter; the first is its middle."""
    chance = draw_uniform(parameter.name, seed=seed, n_runs=n_runs)
    value = parameter.central + parameter.standard_deviation * ndtri(chance)
    value[0] = parameter.central
    low, high = parameter.valid_low, parameter.valid_high
    lever = LEVERS.get(parameter.name.partition(".")[0])
    if lever is not None:
        low, high = max(low, lever.low), min(high, lever.high)
    made: NDArray[np.float64] = np.clip(value, low, high)
    return made


@dataclass(frozen=True, eq=False)
class Draws:
    """All that chance decides in runs 0 to ``n_runs``; r = n_runs + 1 below."""

    problem: ProjectionProblem
    seed: int
    n_runs: int

    @cached_property
    def values(self) -> dict[str, NDArray[np.float64]]:
        """(r,) values of each parameter."""
        return {
            each.name: draw_parameter(each, seed=self.seed, n_runs=self.n_runs)
            for each in self.problem.parameters
        }

    @property
    def ones(self) -> NDArray[np.float64]:
        """(r,) of 1."""
        return np.ones(self.n_runs + 1)

    def lever(self, name: str, of: Kind | Skill | None = None) -> NDArray[np.float64]:
        """Return (r,) values of a lever, for one kind or skill."""
        if of is not None and f"{name}.{of.name}" in self.values:
            return self.values[f"{name}.{of.name}"]
        if name in self.values:
            return self.values[name]
        usual = LEVERS[name].usual
        return self.ones * (getattr(of, name) if usual is None else usual)

    def named(self, value: float | str) -> NDArray[np.float64]:
        """Return (r,) values of a number or of a parameter by name."""
        if isinstance(value, str):
            return self.values[value]
        return self.ones * value

    @cached_property
    def variants(self) -> NDArray[np.int64]:
        """(r,) which variant of the population each run takes; 0 where none is."""
        variants = self.problem.variants
        if not variants:
            return np.zeros(self.n_runs + 1, np.int64)
        upper = np.cumsum([each.probability for each in variants])
        chance = draw_uniform(_VARIANT, seed=self.seed, n_runs=self.n_runs)
        taken = np.minimum(
            np.searchsorted(upper, chance, side="right"), len(variants) - 1
        )
        taken[0] = int(np.argmax([each.probability for each in variants]))
        return taken

    def variant_factor(self, name: str) -> NDArray[np.float64]:
        """Return (y, r) factors of the variants on mortality, fertility and so on."""
        if not self.problem.variants:
            return np.ones((self.problem.n_years, self.n_runs + 1))
        table = np.array(
            [
                np.broadcast_to(getattr(each, name), self.problem.n_years)
                for each in self.problem.variants
            ]
        )
        return np.ascontiguousarray(table[self.variants].T)

    def closes(self, closure: Closure) -> NDArray[np.bool_]:
        """Return (r,) in which runs a practice stops."""
        name = f"{_CLOSURE} {closure.name}"
        made = draw_uniform(name, seed=self.seed, n_runs=self.n_runs) < closure.chance
        made[0] = closure.chance >= 0.5
        return made


def growth(rate: NDArray[np.float64], n_years: int) -> NDArray[np.float64]:
    """Return (y, r): what grows by a rate each year, 1 in the first."""
    # Products, not powers: these have the same bits on every processor.
    factor = np.tile(1 + rate, (n_years, 1))
    factor[0] = 1.0
    made: NDArray[np.float64] = np.cumprod(factor, axis=0, dtype=np.float64)
    return made


def share_that_stays(
    stay_years: float, factor: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (r,) share of clients still in care after a year."""
    return np.array(
        [
            math.exp(-1 / mean) if mean > _SHORT_YEARS else 0.0
            for mean in (stay_years * factor).tolist()
        ]
    )
