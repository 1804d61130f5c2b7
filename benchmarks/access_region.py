"""A made-up country of areas and practices, for benchmarks of accessibility.

180 x 230 km with 120 towns of lognormal size; 70 % of the areas and 80 % of the sites
around a town (normal, wider for larger towns), the rest anywhere; people lognormal(7,
0.8), fte gamma(3, 0.6) + 0.4; minutes by straight lines x 1.3 at 45 km/h. Needs numpy
and scipy only, so that peers can draw the same country in their own environment.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

SIZE_M = np.array([180_000.0, 230_000.0])
METRES_PER_MINUTE = 45_000.0 / 60.0 / 1.3


@dataclass(frozen=True)
class Country:
    area_ids: NDArray[np.object_]
    people: NDArray[np.float64]
    site_ids: NDArray[np.object_]
    fte: NDArray[np.float64]
    #: Pairs by area: rows of area and site, and minutes.
    area: NDArray[np.int64]
    site: NDArray[np.int64]
    minutes: NDArray[np.float64]

    def nearest(self, most: int) -> "Country":
        """Return the country with only the nearest sites of each area."""
        order = np.lexsort((self.minutes, self.area))
        area = self.area[order]
        first = np.searchsorted(area, area, side="left")
        kept = np.sort(order[np.arange(area.size) - first < most])
        return Country(
            self.area_ids,
            self.people,
            self.site_ids,
            self.fte,
            self.area[kept],
            self.site[kept],
            self.minutes[kept],
        )


def draw_country(
    *, n_areas: int, n_sites: int, minutes: float = 30.0, seed: int = 2
) -> Country:
    """Draw a country with all pairs within ``minutes``, by area."""
    rng = np.random.default_rng([seed, n_areas, n_sites])
    n_towns = max(2, n_areas * 120 // 14_000)
    # Smaller countries are as dense.
    size = SIZE_M * np.sqrt(n_areas / 14_000)
    town = rng.random((n_towns, 2)) * size
    weight = rng.lognormal(0.0, 1.1, n_towns)
    spread = 4_000.0 * 1.5 * np.sqrt(weight / weight.max())

    def places(n: int, share: float) -> NDArray[np.float64]:
        n_near = round(n * share)
        near = rng.choice(n_towns, n_near, p=weight / weight.sum())
        clustered = town[near] + rng.normal(0, 1, (n_near, 2)) * spread[near, None]
        anywhere = rng.random((n - n_near, 2)) * size
        drawn = np.concatenate([clustered, anywhere])
        # Folded back at the border, not moved onto it: two at one place are a tie,
        # which every program breaks in its own way.
        folded: NDArray[np.float64] = size - np.abs(size - np.abs(drawn))
        return np.abs(folded)

    areas, sites = places(n_areas, 0.7), places(n_sites, 0.8)
    people = np.maximum(np.round(rng.lognormal(7.0, 0.8, n_areas)), 1.0)
    fte = rng.gamma(3.0, 0.6, n_sites) + 0.4
    near = cKDTree(areas).sparse_distance_matrix(
        cKDTree(sites), minutes * METRES_PER_MINUTE, output_type="ndarray"
    )
    near = near[np.lexsort((near["j"], near["i"]))]
    return Country(
        np.array([f"BU{row:08d}" for row in range(n_areas)], object),
        people,
        np.array([f"HAP{row:06d}" for row in range(n_sites)], object),
        fte,
        near["i"].astype(np.int64),
        near["j"].astype(np.int64),
        near["v"] / METRES_PER_MINUTE,
    )
