"""Small made-up regions for the desk, by hand and drawn with a seed."""

import numpy as np

from wijkspil_engines.desk import Assumptions, DeskPolicy, DeskProblem, DeskRequest
from wijkspil_engines.routing import Request, Team, Teams, Tier

#: Nothing goes wrong: all know all, everybody answers at once and says yes.
PERFECT = Assumptions(
    uneven_places=1000.0,
    place_lives_days=1e5,
    accepts_when_it_fits=1.0,
    takes_at_other_hours=1.0,
    no_answer=0.0,
    answers_at_once=1.0,
    never_calls_back=0.0,
    starts_phoning_min=0.0,
    calls_at_once=1.0,
    between_calls_min=0.0,
    knows_own_team=1.0,
    knows_tasks=1.0,
    skips_report=0.0,
    never_reports=0.0,
    report_every_h=1.0,
    answers_in_time=1.0,
    answers_at_weekend=1.0,
)


def make_team(key: str, *, provider: str = "", tier: Tier = Tier.REGULAR) -> Team:
    return Team(
        key=key,
        provider=provider or f"p-{key}",
        tiers={0: tier},
        tasks=frozenset({"wound"}),
    )


def make_request(
    key: str, *, at_h: float = 33.0, urgency: str = "days", asker: str = "gp"
) -> DeskRequest:
    """A request on Tuesday at nine, unless told otherwise."""
    return DeskRequest(
        need=Request(key=key, area=0, tasks=frozenset({"wound"})),
        at_h=at_h,
        urgency=urgency,
        asker=asker,
        referrer="practice",
    )


def make_problem(
    teams: list[Team],
    requests: list[DeskRequest],
    *,
    days: float = 1.0,
    policy: DeskPolicy | None = None,
) -> DeskProblem:
    """A region of one area; room is not limited by hours, size or task.

    In a stretch of one day every place is there before Tuesday.
    """
    return DeskProblem.with_open_room(
        tuple(requests),
        Teams.from_teams(teams, n_areas=1),
        days=days,
        policy=policy,
    )


def draw_problem(seed: int, *, n: int = 40, n_teams: int = 9) -> DeskProblem:
    """A region of three areas and a week in which much goes wrong."""
    rng = np.random.default_rng([seed, 9])
    tasks = ("wound", "insulin", "stockings")

    def some(chance: float) -> frozenset[str]:
        return frozenset(task for task in tasks if rng.random() < chance)

    teams = Teams.from_teams(
        [
            Team(
                key=f"t{j}",
                provider=f"p{j // 2}",
                tiers={
                    area: Tier(int(rng.integers(1, 5)))
                    for area in range(3)
                    if rng.random() < 0.7
                },
                tasks=some(0.85),
                lon=4.0 + float(rng.random()),
                lat=52.0 + float(rng.random()),
            )
            for j in range(n_teams)
        ],
        n_areas=3,
    )
    moments = np.sort(rng.uniform(0, 168, n)).tolist()
    requests = tuple(
        DeskRequest(
            need=Request(
                key=f"r{i}",
                area=int(rng.integers(3)),
                tasks=some(0.3),
                hours_by_part=(float(rng.integers(0, 4)), 0.0, 1.0, 0.0),
                objected=frozenset({f"p{int(rng.integers(5))}"})
                if rng.random() < 0.2
                else frozenset(),
                known_to=frozenset({"p1"}) if rng.random() < 0.1 else frozenset(),
                lon=4.5,
                lat=52.5,
                complexity=float(rng.choice([1.0, 2.0])),
            ),
            at_h=float(at_h),
            urgency=str(rng.choice(["today", "tomorrow", "days", "week", "planned"])),
            asker=str(rng.choice(["gp", "hospital", "municipality", "family"])),
            referrer=str(rng.choice(["a", "b", ""])),
            one_at_a_time=bool(rng.random() < 0.1),
        )
        for i, at_h in enumerate(moments)
    )
    n_tasks = len(teams.task_codes)
    return DeskProblem(
        requests=requests,
        teams=teams,
        days=7,
        parts=rng.random((2, n_teams, 4)) < 0.7,
        largest_hours=rng.choice([2.0, 5.0, np.inf], (2, n_teams)),
        excluded=rng.random((2, n_tasks, n_teams)) < 0.1,
        period_h=84.0,
        first_weekday=int(rng.integers(7)),
    )
