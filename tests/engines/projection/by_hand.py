"""The worked example of docs/algorithms/projection.md."""

from typing import Any

import numpy as np

from wijkspil_engines.projection import Inflow, Kind, ProjectionProblem, Skill


def make_by_hand(*, stay_years: float = 0.0, **more: Any) -> ProjectionProblem:
    """170 women from 75 on (bands 75, 80, 85+), ten workers, two years."""
    people = np.zeros((1, 2, 3))
    people[0, 1] = [100, 50, 20]
    made: dict[str, Any] = {
        "first_year": 2025,
        "n_years": 2,
        "areas": ("wijk",),
        "regions": ("region",),
        "region_of_area": [0],
        "population": people,
        "mortality": np.tile([0.02, 0.05, 0.15], (1, 2, 1)),
        "fertility": np.zeros((1, 3)),
        "kinds": (
            Kind(
                "wijkverpleging",
                "zvw",
                use=np.tile([0.05, 0.15, 0.30], (2, 1)),
                hours=np.tile([6.0, 7.0, 9.0], (2, 1)),
                stay_years=stay_years,
            ),
        ),
        "skills": (
            Skill(
                "niveau-3",
                "wijkverpleging",
                leave=np.array([0.1]),
                retire=np.array([0.0]),
                entry=np.array([1.0]),
                part_time=0.65,
                hours_per_fte=36,
                absence=0.08,
                client_facing=0.6,
            ),
        ),
        "units": ("home care",),
        "workers": [[[10.0]]],
        "unit_of_area": [[0]],
        "inflows": (Inflow("school", "niveau-3", np.array([0.8, 0.8])),),
    }
    return ProjectionProblem(**(made | more))
