"""Ranking one request: against a plain loop, and the promises it makes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.routing.cases import draw_requests, draw_teams
from wijkspil_engines.routing import (
    TERMS,
    InvalidProblem,
    Policy,
    Request,
    Team,
    Teams,
    Tier,
    rank,
)
from wijkspil_engines.routing.verify import (
    compute_terms_plainly,
    find_conditions_plainly,
)

SEEDS = st.integers(0, 10_000)
POLICIES = (
    Policy(),
    Policy(unknown_room="exclude"),
    Policy(order=("preference", "own_team"), weights={"travel": 1.0}),
)


def one_team(**changes: object) -> Teams:
    team = Team("t", "p", {0: Tier.OWN}, tasks=frozenset({"wound"}), free_clients=1)
    return Teams.from_teams([replace(team, **changes)], n_areas=1)  # type: ignore[arg-type]


REQUEST = Request("r", 0, frozenset({"wound"}), (2.0, 0.0, 1.0, 0.0))


@pytest.mark.parametrize("policy", POLICIES)
@given(seed=SEEDS)
def test_rank_is_what_a_plain_loop_finds(policy: Policy, seed: int) -> None:
    rows = draw_teams(seed, n=12, n_areas=2)
    teams = Teams.from_teams(rows, n_areas=2)
    (request,) = draw_requests(seed, n=1, n_areas=2, n_teams=12)
    ranking = rank(request, teams, policy)
    found, excluded = [], {}
    for j, row in enumerate(rows):
        codes = find_conditions_plainly(
            request,
            teams,
            j,
            unknown_room=policy.unknown_room,
            clients=row.free_clients,
            hours=row.free_hours_by_part,
            week=row.free_hours,
        )
        if codes:
            excluded[j] = codes
            continue
        terms = compute_terms_plainly(
            request,
            teams,
            policy,
            j,
            hours=row.free_hours_by_part,
            week=row.free_hours,
        )
        total = sum(policy.weights.values())
        score = sum(policy.weights[term] * terms[term] for term in TERMS) / total
        order = tuple(-terms[term] for term in policy.order)
        found.append((not row.room_known, order, round(-score, 9), row.key, j))
    assert dict(ranking.excluded) == excluded
    assert [c.team for c in ranking.candidates] == [item[-1] for item in sorted(found)]
    assert [c.score for c in ranking.candidates] == pytest.approx(
        [-item[2] for item in sorted(found)], abs=1e-8
    )
    assert len(ranking.candidates) + len(ranking.excluded) == teams.n


@given(seed=SEEDS)
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    rows = draw_teams(seed, n=10, n_areas=2)
    (request,) = draw_requests(seed, n=1, n_areas=2, n_teams=10)
    order = np.random.default_rng(seed).permutation(10)
    first = rank(request, Teams.from_teams(rows, n_areas=2))
    second = rank(request, Teams.from_teams([rows[k] for k in order], n_areas=2))
    assert [c.key for c in first.candidates] == [c.key for c in second.candidates]


@given(seed=SEEDS)
def test_without_one_candidate_the_others_keep_their_order(seed: int) -> None:
    rows = draw_teams(seed, n=10, n_areas=2)
    (request,) = draw_requests(seed, n=1, n_areas=2, n_teams=10)
    keys = [c.key for c in rank(request, Teams.from_teams(rows, n_areas=2)).candidates]
    if not keys:
        return
    left = [row for row in rows if row.key != keys[0]]
    again = rank(request, Teams.from_teams(left, n_areas=2))
    assert [c.key for c in again.candidates] == keys[1:]


@given(seed=SEEDS)
def test_a_provider_the_client_objects_to_is_never_a_candidate(seed: int) -> None:
    teams = Teams.from_teams(draw_teams(seed, n=10, n_areas=2), n_areas=2)
    (request,) = draw_requests(seed, n=1, n_areas=2, n_teams=10)
    for candidate in rank(request, teams).candidates:
        assert candidate.provider not in request.objected


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"tiers": {}}, ("not-covering",)),
        ({"tasks": frozenset()}, ("task",)),
        ({"care_laws": frozenset({"wlz"})}, ("care-law",)),
        ({"free_clients": 0}, ("no-room",)),
        ({"largest_hours": 2.75}, ("too-large",)),
        ({"free_hours": 2.75}, ("too-large",)),
        ({"free_hours_by_part": (1.75, 9, 9, 9)}, ("too-large",)),
        ({"free_hours_by_part": (9, 9, 0, 9)}, ("part-of-day",)),
        ({"provider": "refused"}, ("objected",)),
        ({"tiers": {}, "free_clients": 0}, ("not-covering", "no-room")),
    ],
)
def test_each_condition_excludes_under_its_own_code(
    changes: dict[str, object], codes: tuple[str, ...]
) -> None:
    request = replace(REQUEST, objected=frozenset({"refused"}))
    ranking = rank(request, one_team(**changes))
    assert ranking.candidates == ()
    assert ranking.excluded[0] == codes


def test_a_team_that_fits_exactly_is_a_candidate() -> None:
    teams = one_team(free_hours_by_part=(2.0, 0.0, 1.0, 0.0), largest_hours=3.0)
    assert rank(REQUEST, teams).best is not None


def test_unknown_room_comes_last_with_a_warning_or_is_excluded() -> None:
    rows = [
        Team("known", "a", {0: Tier.REGION}, free_clients=1, share=9.0),
        Team("stale", "b", {0: Tier.OWN}, room_known=False),
    ]
    teams = Teams.from_teams(rows, n_areas=1)
    request = Request("r", 0)
    ranking = rank(request, teams)
    assert [c.key for c in ranking.candidates] == ["known", "stale"]
    assert ranking.candidates[1].warnings == ("unknown-room",)
    strict = rank(request, teams, Policy(unknown_room="exclude"))
    assert strict.excluded[1] == ("unknown-room",)


def test_no_contract_and_language_warn_and_do_not_exclude() -> None:
    request = replace(REQUEST, insurer="other", language="pl")
    best = rank(request, one_team(insurers=frozenset({"a"}))).best
    assert best is not None
    assert best.warnings == ("no-contract", "language")


def test_unknown_contracts_are_said_to_be_unknown() -> None:
    best = rank(replace(REQUEST, insurer="a"), one_team(insurers=None)).best
    assert best is not None
    assert best.warnings == ("contract-unknown",)


def test_nothing_that_was_given_is_changed() -> None:
    teams = one_team()
    before = teams.digest
    rank(REQUEST, teams)
    assert replace(teams).digest == before
    with pytest.raises(ValueError, match="read-only"):
        teams.share[0] = 2.0


def test_the_input_hash_changes_with_each_input() -> None:
    first = rank(REQUEST, one_team())
    assert first.input_hash == rank(REQUEST, one_team()).input_hash
    assert first.input_hash != rank(replace(REQUEST, key="s"), one_team()).input_hash
    assert first.input_hash != rank(REQUEST, one_team(share=2.0)).input_hash
    assert first.input_hash != rank(REQUEST, one_team(), Policy(travel_km=9)).input_hash


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"weights": {"luck": 1}}, "policy.weights"),
        ({"weights": {"travel": -1}}, "policy.weights.travel"),
        ({"weights": {"travel": "much"}}, "policy.weights.travel"),
        ({"weights": {"travel": 0}}, "policy.weights"),
        ({"weights": 3}, "policy.weights"),
        ({"order": ["luck"]}, "policy.order"),
        ({"order": "travel"}, "policy.order"),
        ({"order": ["travel", "travel"]}, "policy.order"),
        ({"tier_values": [1, 2]}, "policy.tier_values"),
        ({"travel_km": 0}, "policy.travel_km"),
        ({"travel_km": math.nan}, "policy.travel_km"),
        ({"unknown_room": "guess"}, "policy.unknown_room"),
        ({"speed": 1}, "policy"),
    ],
)
def test_a_policy_that_is_no_policy_is_refused(
    values: dict[str, object], place: str
) -> None:
    with pytest.raises(InvalidProblem) as caught:
        Policy.from_mapping(values)
    assert caught.value.field == place


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_survives_json(policy: Policy) -> None:
    again = Policy.from_mapping(policy.to_mapping())
    assert again == policy
    assert hash(again) == hash(policy)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ""},
        {"area": -1},
        {"hours_by_part": (1.0, 2.0)},
        {"hours_by_part": (-1.0, 0.0, 0.0, 0.0)},
        {"hours_by_part": (math.inf, 0.0, 0.0, 0.0)},
        {"lon": 4.0},
        {"lon": 400.0, "lat": 52.0},
        {"complexity": 0.0},
        {"urgency": 0.5},
        {"first_visit_days": -1.0},
    ],
)
def test_a_request_out_of_range_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidProblem):
        replace(REQUEST, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"free_clients": -1},
        {"free_hours_by_part": (-1, 0, 0, 0)},
        {"largest_hours": math.nan},
        {"free_hours": -0.25},
        {"share": math.inf},
        {"tiers": {7: Tier.OWN}},
        {"lat": 52.0},
    ],
)
def test_a_team_out_of_range_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidProblem):
        one_team(**changes)


def test_an_area_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidProblem, match="no row of the areas"):
        rank(replace(REQUEST, area=5), one_team())
