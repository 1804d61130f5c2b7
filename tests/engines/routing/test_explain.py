"""Explanations: ingredients that are true, and fit for who reads them."""

from dataclasses import replace

from wijkspil_engines.routing import (
    AssignmentProblem,
    Request,
    Team,
    Teams,
    Tier,
    rank,
    solve,
)
from wijkspil_engines.routing.explain import explain, explain_choice

TEAM = Team(
    "t1",
    "p1",
    {0: Tier.OWN},
    tasks=frozenset({"wound"}),
    free_clients=1,
    lon=4.3,
    lat=52.0,
    share=0.8,
)
OTHER = replace(TEAM, key="t2", provider="p2", tiers={}, tasks=frozenset())
REQUEST = Request(
    "r1",
    0,
    frozenset({"wound"}),
    (2.0, 0.0, 0.0, 0.0),
    insurer="a",
    objected=frozenset({"p2"}),
    known_to=frozenset({"p1"}),
    lon=4.3,
    lat=52.018,
)
TEAMS = Teams.from_teams([TEAM, OTHER], n_areas=1)


def codes(items: tuple[dict[str, object], ...]) -> list[object]:
    return [item["code"] for item in items]


def test_a_candidate_is_explained_by_what_speaks_for_it() -> None:
    told = explain(rank(REQUEST, TEAMS), 0)
    assert told.place == 1
    assert codes(told.reasons)[:2] == ["own-team", "known"]
    assert {"code": "distance", "km": 2.0} in told.reasons
    assert told.warnings == ({"code": "no-contract", "insurer": "a"},)
    assert told.exclusions == ()


def test_an_excluded_team_is_explained_by_every_condition() -> None:
    told = explain(rank(REQUEST, TEAMS), 1)
    assert told.place is None
    assert codes(told.exclusions) == ["not-covering", "objected", "task"]
    assert told.exclusions[2]["tasks"] == ["wound"]


def test_load_is_told_to_the_team_only() -> None:
    ranking = rank(REQUEST, TEAMS)
    load = {"code": "load", "share": 0.8}
    assert load in explain(ranking, 0, audience="team").reasons
    assert load not in explain(ranking, 0, audience="referrer").reasons
    assert load not in explain(ranking, 0, audience="client").reasons


def test_a_team_is_not_told_that_a_client_objects() -> None:
    told = explain(rank(REQUEST, TEAMS), 1, audience="team")
    assert "objected" not in codes(told.exclusions)


def test_closed_and_too_small_parts_are_told_apart() -> None:
    team = replace(TEAM, free_hours_by_part=(1.0, 0.0, 9.0, 9.0))
    request = replace(REQUEST, hours_by_part=(2.0, 1.0, 1.0, 0.0))
    teams = Teams.from_teams([team], n_areas=1)
    large, closed = explain(rank(request, teams), 0).exclusions
    assert [part["part"] for part in large["parts"]] == ["morning"]
    assert closed["parts"] == ["afternoon"]


def test_the_batch_tells_whom_room_went_to() -> None:
    first, second = REQUEST, replace(REQUEST, key="r2", urgency=2.0)
    back_up = replace(TEAM, key="t3", provider="p3", tiers={0: Tier.BACK_UP})
    teams = Teams.from_teams([TEAM, back_up], n_areas=1)
    problem = AssignmentProblem((first, second), teams)
    result = solve(problem)
    told = [
        explain_choice(problem, result, rank(request, teams))
        for request in problem.requests
    ]
    assert sorted(item[0]["place"] for item in told) == [1, 2]
    (second_best,) = [item for item in told if item[0]["place"] == 2]
    assert second_best[1] == {"code": "room-for-others", "team": "t1", "placed": 1}


def test_a_request_that_is_not_placed_is_told_so() -> None:
    problem = AssignmentProblem((REQUEST, replace(REQUEST, key="r2")), TEAMS)
    result = solve(problem)
    index = int((result.assignment < 0).argmax())
    ranking = rank(problem.requests[index], TEAMS)
    told = explain_choice(problem, result, ranking, audience="client")
    assert told == ({"code": "not-placed", "candidates": 1},)
