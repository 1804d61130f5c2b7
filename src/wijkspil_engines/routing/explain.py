"""Why this team, and why not that one? Ingredients of sentences, not sentences.

Each ingredient is a code with values; the pages say it in words. What an audience
may not know is left out: a client is not told how loaded a team is, a team is not told
about other providers.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from wijkspil_engines.routing.problem import (
    PARTS_OF_DAY,
    AssignmentProblem,
    Condition,
    Request,
    Result,
    Teams,
    Tier,
)
from wijkspil_engines.routing.rank import Candidate, Ranking, distances_km

Audience = Literal["client", "referrer", "team"]
Ingredient = dict[str, Any]

_TIER_CODES = {
    Tier.OWN: "own-team",
    Tier.REGULAR: "regular-team",
    Tier.BACK_UP: "back-up-team",
    Tier.REGION: "region-team",
}
#: Ingredients an audience is not given.
HIDDEN: dict[str, frozenset[str]] = {
    "client": frozenset({"load", "size", "score", "unknown-room"}),
    "referrer": frozenset({"load"}),
    "team": frozenset({"objected", "preferred", "known", "score"}),
}


@dataclass(frozen=True)
class Explanation:
    """Why a team is where it is in a ranking.

    ``place`` counts from 1, and is None for an excluded team. ``reasons`` speak for
    it, ``warnings`` must be said with it, ``exclusions`` are all conditions that
    exclude it, first reason first.
    """

    team: int
    key: str
    place: int | None
    reasons: tuple[Ingredient, ...]
    warnings: tuple[Ingredient, ...]
    exclusions: tuple[Ingredient, ...]


def explain(
    ranking: Ranking, team: int, *, audience: Audience = "referrer"
) -> Explanation:
    """Explain the place of one team in a ranking; ``team`` is its row.

    Raises
    ------
    IndexError
        If there is no such team.
    """
    teams, request = ranking.teams, ranking.request
    if not 0 <= team < teams.n:
        raise IndexError(f"there is no team {team}; there are {teams.n}, from 0")
    hidden = HIDDEN[audience]

    def shown(items: list[Ingredient]) -> tuple[Ingredient, ...]:
        return tuple(item for item in items if item["code"] not in hidden)

    key = teams.keys[team]
    for place, candidate in enumerate(ranking.candidates, 1):
        if candidate.team == team:
            return Explanation(
                team,
                key,
                place,
                shown(_reasons(request, teams, candidate)),
                shown(_warnings(request, teams, candidate)),
                (),
            )
    conditions = Condition(int(ranking.conditions[team]))
    return Explanation(
        team, key, None, (), (), shown(_exclusions(request, teams, team, conditions))
    )


def explain_choice(
    problem: AssignmentProblem,
    result: Result,
    ranking: Ranking,
    *,
    audience: Audience = "referrer",
) -> tuple[Ingredient, ...]:
    """Explain what the batch chose for the request of ``ranking``.

    ``ranking`` is that of the request at the start of the batch. Says the place of the
    chosen team and what became of each team that ranked higher.

    Raises
    ------
    KeyError
        If the request is not in the problem.
    """
    keys = [request.key for request in problem.requests]
    if ranking.request.key not in keys:
        raise KeyError(ranking.request.key)
    chosen = int(result.assignment[keys.index(ranking.request.key)])
    higher: list[Ingredient] = []
    place = None
    for number, candidate in enumerate(ranking.candidates, 1):
        if candidate.team == chosen:
            place = number
            break
        if (ranking.request.key, candidate.key) in problem.forbidden:
            higher.append({"code": "ruled-out", "team": candidate.key})
        elif "unknown-room" in candidate.warnings:
            higher.append({"code": "room-not-known", "team": candidate.key})
        else:
            taken = int((result.assignment == candidate.team).sum())
            higher.append(
                {"code": "room-for-others", "team": candidate.key, "placed": taken}
            )
    if chosen < 0:
        start: Ingredient = {"code": "not-placed", "candidates": len(higher)}
        return (start, *higher) if audience == "referrer" else (start,)
    start = {"code": "placed", "team": problem.teams.keys[chosen], "place": place}
    if audience != "referrer":
        return (start,)
    return (start, *higher)


def _reasons(request: Request, teams: Teams, candidate: Candidate) -> list[Ingredient]:
    j, terms = candidate.team, candidate.terms
    items: list[Ingredient] = [
        {"code": _TIER_CODES[Tier(int(teams.tier[request.area, j]))]}
    ]
    if terms["continuity"]:
        items.append({"code": "known"})
    if terms["preference"]:
        items.append({"code": "preferred"})
    if teams.room_known[j]:
        items.append({"code": "room", "clients": int(teams.free_clients[j])})
        largest = float(teams.largest_fitting[j])
        if np.isfinite(largest):
            items.append(
                {"code": "size", "hours": request.hours, "largest_hours": largest}
            )
    if terms["first_visit"] == 1.0:
        items.append({"code": "in-time", "days": float(teams.earliest_days[j])})
    km = float(distances_km(request, teams, np.array([j]))[0])
    if not np.isnan(km):
        items.append({"code": "distance", "km": round(km, 1)})
    items.append({"code": "load", "share": round(float(teams.share[j]), 2)})
    items.append({"code": "score", "value": candidate.score})
    return items


def _warnings(request: Request, teams: Teams, candidate: Candidate) -> list[Ingredient]:
    values: dict[str, Ingredient] = {
        "no-contract": {"insurer": request.insurer},
        "contract-unknown": {"insurer": request.insurer},
        "language": {"language": request.language},
        "first-visit-late": {
            "days": float(teams.earliest_days[candidate.team]),
            "asked_days": request.first_visit_days,
        },
    }
    return [{"code": code, **values.get(code, {})} for code in candidate.warnings]


def _exclusions(
    request: Request, teams: Teams, team: int, conditions: Condition
) -> list[Ingredient]:
    missing = sorted(
        task
        for task in request.tasks
        if task not in teams.task_row or not teams.tasks[teams.task_row[task], team]
    )
    free = teams.free_hours_by_part[team].tolist()
    parts = [
        {"part": part, "hours": need, "free_hours": left}
        for part, need, left in zip(
            PARTS_OF_DAY, request.hours_by_part, free, strict=True
        )
        if need > left
    ]
    values: dict[str, Ingredient] = {
        "task": {"tasks": missing},
        "care-law": {"care_law": request.care_law},
        "too-large": {
            "hours": request.hours,
            "largest_hours": float(teams.largest_fitting[team]),
            "parts": [part for part in parts if part["free_hours"] > 0],
        },
        "part-of-day": {
            "parts": [part["part"] for part in parts if part["free_hours"] <= 0]
        },
    }
    return [{"code": code, **values.get(code, {})} for code in conditions.codes]
