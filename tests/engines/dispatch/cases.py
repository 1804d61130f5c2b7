"""Small made-up calls and nights for the tests, drawn with a seed."""

import numpy as np

from wijkspil_engines.dispatch import (
    Call,
    CallProblem,
    MatrixTable,
    NightProblem,
    NightTeam,
    Nurse,
    StraightLine,
    Wijk,
)

TASKS = ("catheter", "infusion", "fall")
#: One speed all day: driving times do not depend on when a nurse leaves.
STEADY = StraightLine(speeds_kmh=(30.0,) * 24)


def draw_call(seed: int, *, n_nurses: int = 8) -> CallProblem:
    rng = np.random.default_rng([seed, 1])

    def some(values: tuple[str, ...], chance: float) -> frozenset[str]:
        return frozenset(value for value in values if rng.random() < chance)

    def place(chance: float) -> tuple[float | None, float | None]:
        lon, lat = 4.2 + rng.random() / 2, 52.0 + rng.random() / 3
        return (lon, lat) if rng.random() < chance else (None, None)

    lon, lat = place(0.9)
    call = Call(
        "call",
        hour=float(rng.integers(0, 48)) / 2,
        lon=lon,
        lat=lat,
        tasks=some(TASKS, 0.2),
        allowed_min=float(rng.choice([15, 30, 60])),
        objected=some(("p0", "p1", "p2"), 0.1),
    )
    nurses = []
    for j in range(n_nurses):
        lon, lat = place(0.9)
        ends = float(rng.integers(0, 240))
        nurses.append(
            Nurse(
                key=f"n{(j * 5) % n_nurses}-{j}",
                organization=f"p{j % 3}",
                lon=lon,
                lat=lat,
                tasks=some(TASKS, 0.85),
                free_from_min=float(rng.choice([0, 0, 0, 10, 45])),
                on_duty=bool(rng.random() < 0.95),
                duty_ends_min=ends if rng.random() < 0.2 else None,
                covers=bool(rng.random() < 0.9),
                answer=("", "", "", "alerted", "refused")[rng.integers(5)],
            )
        )
    if seed % 4:
        return CallProblem(call, tuple(nurses))
    minutes = rng.choice([np.inf, 5.0, 10.0, 10.0, 25.0], (n_nurses, 1))
    keys = tuple(nurse.key for nurse in nurses)
    return CallProblem(call, tuple(nurses), MatrixTable(keys, ("call",), minutes))


def draw_night(
    seed: int, *, n_wijken: int = 5, n_teams: int = 3, calls: float = 12.0
) -> NightProblem:
    rng = np.random.default_rng([seed, 2])
    rates = rng.dirichlet((1.0,) * n_wijken) * calls
    providers = ("p0", "p1", "p2")
    wijken = tuple(
        Wijk(
            f"w{i}",
            4.2 + float(rng.random()) / 4,
            52.0 + float(rng.random()) / 5,
            float(rates[i]),
            dict(zip(providers, rng.dirichlet((1.0,) * 3).tolist(), strict=True))
            if i
            else {},
            area_km2=float(rng.choice([0.0, 3.0])),
        )
        for i in range(n_wijken)
    )
    teams = tuple(
        NightTeam(
            f"t{j}",
            providers[j % 3],
            4.2 + float(rng.random()) / 4,
            52.0 + float(rng.random()) / 5,
            n_nurses=int(rng.integers(0, 3)),
            covers=frozenset(wijk.key for wijk in wijken if rng.random() < 0.8) or None,
        )
        for j in range(n_teams)
    )
    return NightProblem(wijken, teams)
