"""How far is the nearest place that takes new people, and how many are near enough?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.problem import AccessProblem


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest site with capacity of each area.

    Parameters
    ----------
    cost
        (n,) in the cost unit of the problem; NaN where none is in reach.
    site
        (n,) row of that site, the first of equally near ones; -1 where none is.
    """

    cost: NDArray[np.float64]
    site: NDArray[np.int32]


def find_nearest(problem: AccessProblem) -> Nearest:
    """Return the nearest site with capacity above 0 of each area."""
    from wijkspil_engines.access.kernels import nearest_by_area

    return Nearest(
        *nearest_by_area(
            problem.start, problem.site, problem.cost, problem.capacity > 0.0
        )
    )


def count_within(problem: AccessProblem, threshold: float) -> NDArray[np.float64]:
    """Return (n,) how many sites with capacity are within a cost, the edge included."""
    from wijkspil_engines.access.kernels import count_by_area

    return count_by_area(
        problem.start, problem.site, problem.cost, problem.capacity > 0.0, threshold
    )
