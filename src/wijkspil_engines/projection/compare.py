"""How much do two scenarios differ, and how sure is that?

Run by run: both take the same draws (see ``draws``), so what they have in common drops
out, and the interval of the difference is far narrower than that of either.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.projection.problem import InvalidProblem
from wijkspil_engines.projection.solve import Result


@dataclass(frozen=True, eq=False)
class Difference:
    """Other minus base; m regions, k kinds, y years, r runs, q quantiles.

    Parameters
    ----------
    runs
        (m, k, y, r) item 0 is run 0.
    mean
        (m, k, y) over runs 1 on.
    quantiles
        (q, m, k, y).
    chance_lower
        (m, k, y) share of runs in which other is lower than base.
    """

    measure: str
    runs: NDArray[np.float64]
    mean: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    chance_lower: NDArray[np.float64]


def compare(
    base: Result,
    other: Result,
    *,
    measure: str = "gap",
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
) -> Difference:
    """Compare two results of the same seed, regions, years and number of runs.

    Raises
    ------
    InvalidProblem
        If they cannot be paired, or no run was drawn.
    """
    one, two = base.totals[measure], other.totals[measure]
    if base.seed != other.seed:
        raise InvalidProblem(
            f"{base.seed} and {other.seed}: only runs of one seed are pairs",
            field="seed",
        )
    if one.shape != two.shape or base.years != other.years:
        raise InvalidProblem(
            f"{one.shape} and {two.shape}: regions, kinds, years or runs differ",
            field="totals",
        )
    if base.params.n_runs < 1:
        raise InvalidProblem("no run was drawn", field="n_runs")
    runs = two - one
    drawn = runs[..., 1:]
    return Difference(
        measure,
        runs,
        drawn.mean(axis=-1),
        np.quantile(drawn, list(quantiles), axis=-1),
        (drawn < 0).mean(axis=-1),
    )
