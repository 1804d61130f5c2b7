"""Small made-up regions; no figure in them is of a real place."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wijkspil_engines.projection.problem import (
    Inflow,
    Kind,
    Parameter,
    ProjectionProblem,
    Saving,
    Skill,
)


def make_parameter(name: str, low: float, high: float, **more: Any) -> Parameter:
    return Parameter(name, low, high, "as its lever", "made up", **more)


PARAMETERS = (
    make_parameter("mortality_improvement", 0.005, 0.02),
    make_parameter("fertility", 0.9, 1.1),
    make_parameter("arrivals", 0.7, 1.3),
    make_parameter("use_trend.nursing", -0.01, 0.02),
    make_parameter("stay.nursing", 0.9, 1.2),
    make_parameter("hours.nursing", 0.95, 1.05),
    make_parameter("absence", 0.06, 0.1),
    make_parameter("outflow.level-3", 0.8, 1.2),
    make_parameter("training", 0.7, 1.1),
    make_parameter("productivity", -0.002, 0.006),
    make_parameter("saved hours", 0.5, 1.5),
    make_parameter("adoption in the end", 0.2, 0.6),
)


def make_problem(
    *,
    n_areas: int = 6,
    n_years: int = 8,
    n_ages: int = 6,
    n_classes: int = 2,
    n_regions: int = 2,
    seed: int = 1,
    arrivals: bool = True,
    supply: str = "regions",
    parameters: Sequence[Parameter] = PARAMETERS,
    **more: Any,
) -> ProjectionProblem:
    """Two kinds of care, the second without turnover and without known supply."""
    rng = np.random.default_rng(seed)
    g, b = n_ages, 3
    width = 100 // g
    age = np.arange(g) * width
    use = np.tile(0.5 / (1 + np.exp(-(age - 80) / 8)), (2, 1)) * [[0.9], [1.1]]
    hours = np.tile(2 + age / 20, (2, 1))
    region = np.arange(n_areas) % n_regions
    units = tuple(f"u{i}" for i in range(n_regions if supply == "regions" else n_areas))
    unit = region if supply == "regions" else np.arange(n_areas)
    mortality = np.tile(np.minimum(0.0005 * np.exp(age / 13), 0.6), (n_classes, 2, 1))
    people = rng.uniform(20, 100, (n_areas, 2, g))
    need = float((people * use * hours).sum())
    skills = tuple(
        Skill(
            name,
            "nursing",
            leave=np.array([0.1, 0.06, 0.03]),
            retire=np.array([0, 0, 0.1]),
            entry=np.array([0.8, 0.2, 0]),
            part_time=0.65,
            absence=0.08,
            client_facing=0.7,
        )
        for name in ("level-3", "level-5")
    )
    workers = rng.uniform(0.5, 1.5, (len(units), 2, b))
    workers *= need / (workers.sum() * 0.65 * 36 * 0.92 * 0.7)
    fertility = np.zeros((n_classes, g))
    fertility[:, (age >= 15) & (age < 50)] = 0.05
    made: dict[str, Any] = {
        "first_year": 2025,
        "n_years": n_years,
        "areas": tuple(f"a{i}" for i in range(n_areas)),
        "regions": tuple(f"r{i}" for i in range(n_regions)),
        "region_of_area": region,
        "population": people,
        "mortality": mortality * np.linspace(0.9, 1.1, n_classes)[:, None, None],
        "fertility": fertility,
        "departures": np.full((n_classes, 2, g), 0.02),
        "arrivals": rng.uniform(0, 3, (n_areas, 2, g)) if arrivals else None,
        "class_of_area": (np.arange(n_areas) * 7) % n_classes,
        "area_factor": rng.uniform(0.8, 1.2, (n_areas, 2)),
        "kinds": (
            Kind("nursing", "zvw", use, hours, stay_years=0.84),
            Kind("gp", "zvw", np.full((2, g), 0.95), np.full((2, g), 0.02)),
        ),
        "skills": skills,
        "units": units,
        "workers": workers,
        "unit_of_area": np.stack([unit, np.full(n_areas, -1)], axis=1),
        "inflows": tuple(
            Inflow(
                f"school {each.name}", each.name, np.full(n_years, workers.sum() * 0.04)
            )
            for each in skills
        ),
        "savings": (
            Saving(
                "dispensers",
                "nursing",
                factors=("saved hours",),
                now=0.1,
                target="adoption in the end",
                progress=np.linspace(0, 1, n_years) if n_years > 1 else np.zeros(1),
            ),
        ),
        "parameters": tuple(parameters),
        "years_per_band": width,
        "worker_years_per_band": 15,
    }
    return ProjectionProblem(**(made | more))
