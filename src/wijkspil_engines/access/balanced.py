"""The balanced measure: who goes to one place does not go to another.

Each area divides its people over the open sites in reach, in proportion to their
weights (row-standardised, Páez, Higgins & Vivona 2019, "Demand and level of service
inflation in floating catchment area methods", PLoS ONE 14(6),
doi:10.1371/journal.pone.0218773). So nobody counts twice, and when a site closes its
people crowd its neighbours, which 2SFCA and E2SFCA do not show.

- ``load[j]``: sum over areas of demand times share; sums to the demand in reach.
- ``ratio[j]``: capacity over load.
- ``"people"`` (default): the value of an area is the mean ratio of where its people
  go. Demand times value sums to the capacity in reach: places for each person.
- ``"published"``: the second step is standardised by site instead (weight over the sum
  of weights at the site), so that the values sum to the ratios, as in the paper.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.catchment import Decay, weigh_pairs
from wijkspil_engines.access.problem import AccessProblem

Floats = NDArray[np.float64]
Form = Literal["people", "published"]


@dataclass(frozen=True, eq=False)
class Balanced:
    """How full each site is and what each area gets.

    Parameters
    ----------
    values
        (n,) capacity for each unit of demand; 0 without a site in reach.
    load
        (m,) demand at each site.
    ratio
        (m,) capacity over load; 0 where nobody comes.
    reach
        (n,) sum of the weights of the open sites in reach.
    """

    values: Floats
    load: Floats
    ratio: Floats
    reach: Floats


def balanced(
    problem: AccessProblem,
    decay: Decay,
    *,
    form: Form = "people",
    capacity: Floats | None = None,
) -> Balanced:
    """Divide the people over the sites and say what each area gets.

    Parameters
    ----------
    capacity
        (m,) instead of that of the problem; 0 closes a site.
    """
    return solve_balanced(
        problem,
        weigh_pairs(problem, decay),
        problem.capacity if capacity is None else np.asarray(capacity, np.float64),
        form=form,
    )


def solve_balanced(
    problem: AccessProblem, weight: Floats, capacity: Floats, *, form: Form = "people"
) -> Balanced:
    """Do ``balanced`` on weights that are already there, (p,)."""
    from wijkspil_engines.access.balanced_kernel import load_sites, mean_ratio
    from wijkspil_engines.access.kernels import sum_by_area, sum_by_site

    start, site = problem.start, problem.site
    load, reach = load_sites(start, site, weight, problem.demand, capacity)
    ratio = np.zeros(problem.m)
    np.divide(capacity, load, out=ratio, where=load > 0.0)
    if form == "people":
        values = mean_ratio(start, site, weight, ratio, capacity, reach)
    else:
        total = sum_by_site(start, site, weight, np.ones(problem.n), problem.m)
        share = np.zeros(problem.m)
        np.divide(ratio, total, out=share, where=total > 0.0)
        values = sum_by_area(start, site, weight, share)
    return Balanced(values, load, ratio, reach)
