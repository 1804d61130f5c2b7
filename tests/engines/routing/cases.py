"""Small made-up regions for the tests, drawn with a seed."""

import math

import numpy as np

from wijkspil_engines.routing import (
    AssignmentProblem,
    Policy,
    Request,
    Team,
    Teams,
    Tier,
)

TASKS = ("wound", "insulin", "stockings")


def draw_requests(seed: int, *, n: int, n_areas: int, n_teams: int) -> list[Request]:
    rng = np.random.default_rng([seed, 1])

    def some(values: list[str], chance: float) -> frozenset[str]:
        return frozenset(value for value in values if rng.random() < chance)

    providers = [f"p{j // 2}" for j in range(n_teams)]
    return [
        Request(
            key=f"r{i}",
            area=int(rng.integers(n_areas)),
            tasks=some(list(TASKS), 0.3),
            hours_by_part=tuple(  # type: ignore[arg-type]
                float(rng.integers(1, 12)) / 4 * float(rng.random() < chance)
                for chance in (0.9, 0.2, 0.5, 0.1)
            ),
            care_law=str(rng.choice(["zvw", "wlz"], p=[0.8, 0.2])),
            insurer=str(rng.choice(["", "a", "b"])),
            language=str(rng.choice(["", "pl"])),
            objected=some(providers, 0.1),
            preferred=some(providers, 0.1),
            known_to=some(providers, 0.1),
            lon=4.0 + rng.random() if i % 5 else None,
            lat=52.0 + rng.random() if i % 5 else None,
            first_visit_days=float(rng.integers(0, 8)),
            complexity=float(rng.choice([1, 2, 3])),
            urgency=float(rng.choice([1, 1.5, 2])),
        )
        for i in range(n)
    ]


def draw_teams(seed: int, *, n: int, n_areas: int) -> list[Team]:
    rng = np.random.default_rng([seed, 2])

    def most(values: tuple[str, ...]) -> frozenset[str]:
        return frozenset(value for value in values if rng.random() < 0.85)

    def hours() -> float:
        return float(rng.choice([0, math.inf, *(rng.integers(1, 40, 6) / 4)]))

    return [
        Team(
            key=f"t{j}",
            provider=f"p{j // 2}",
            tiers={
                area: Tier(int(rng.integers(1, 5)))
                for area in range(n_areas)
                if rng.random() < 0.8
            },
            tasks=most(TASKS),
            care_laws=most(("zvw", "wlz")),
            insurers=most(("a", "b")) if rng.random() < 0.8 else None,
            languages=frozenset({"pl"}) if rng.random() < 0.3 else frozenset(),
            lon=4.0 + rng.random() if j % 4 else None,
            lat=52.0 + rng.random() if j % 4 else None,
            free_clients=int(rng.integers(0, 4)),
            free_hours_by_part=(hours(), hours(), hours(), hours()),
            free_hours=float(rng.choice([math.inf, math.inf, rng.integers(1, 60) / 4])),
            largest_hours=float(rng.choice([math.inf, 3.0, 6.0])),
            room_known=bool(rng.random() < 0.85),
            earliest_days=float(rng.integers(0, 12)),
            share=float(rng.lognormal(0, 0.5)),
        )
        for j in range(n)
    ]


def draw_problem(
    seed: int,
    *,
    n_requests: int = 5,
    n_teams: int = 3,
    n_areas: int = 2,
    policy: Policy | None = None,
) -> AssignmentProblem:
    requests = draw_requests(seed, n=n_requests, n_areas=n_areas, n_teams=n_teams)
    teams = Teams.from_teams(
        draw_teams(seed, n=n_teams, n_areas=n_areas), n_areas=n_areas
    )
    forbidden = frozenset({("r0", "t0")} if seed % 3 == 0 else set[tuple[str, str]]())
    return AssignmentProblem(tuple(requests), teams, policy or Policy(), forbidden)
