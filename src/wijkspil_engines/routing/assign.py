"""Which pairs of request and team are possible in a batch, and what are they worth?

Also places one by one (the start that the batch may never fall below). The search is
in ``solve``, the best set of clients for one team in ``patterns``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.problem import (
    PARTS_OF_DAY,
    TERMS,
    AssignmentProblem,
    Params,
    Policy,
)
from wijkspil_engines.routing.rank import (
    DECIMALS,
    compute_terms,
    find_conditions,
    rank,
)

#: Kinds of room: clients, hours in each part of the day, hours of the whole week.
N_ROOM = 1 + len(PARTS_OF_DAY) + 1
#: Hours above this are no limit; keeps the matrices finite.
_AMPLE_HOURS = 1e5
#: How much more a term of ``policy.order`` counts than all that follows.
_ORDER_BASE = 10.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """The possible pairs, sorted by request; n = number of pairs.

    ``request``, ``team`` (n,) rows; ``score`` (n,) 0 to 1; ``placing`` (n,) value of
    placing the request; ``value`` (n,) both; ``use`` (n, 6) room of each kind that the
    pair takes; ``room`` (n_teams, 6).
    """

    request: NDArray[np.int64]
    team: NDArray[np.int64]
    score: NDArray[np.float64]
    placing: NDArray[np.float64]
    value: NDArray[np.float64]
    use: NDArray[np.float64]
    room: NDArray[np.float64]
    n_requests: int

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.request)

    @property
    def n_teams(self) -> int:
        """Number of teams."""
        return len(self.room)

    @cached_property
    def of_team(self) -> Sequence[NDArray[np.intp]]:
        """Pairs of each team."""
        return [np.flatnonzero(self.team == j) for j in range(self.n_teams)]

    def from_assignment(self, assignment: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the chosen pair of each request, (n_requests,), or -1."""
        chosen = np.full(self.n_requests, -1)
        hit = np.flatnonzero(assignment[self.request] == self.team)
        chosen[self.request[hit]] = hit
        return chosen

    def to_assignment(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the team of each request, (n_requests,), or -1."""
        assignment = np.full(self.n_requests, -1)
        placed = chosen >= 0
        assignment[placed] = self.team[chosen[placed]]
        return assignment

    def total(self, chosen: NDArray[np.int64]) -> float:
        """Return the value of the chosen pairs."""
        return float(self.value[chosen[chosen >= 0]].sum())


def weights_of_batch(policy: Policy) -> NDArray[np.float64]:
    """Return (n_terms,) weights with sum 1 that also express ``policy.order``.

    One number has to say what the order says term by term: each term of the order
    gets ten times the weight of all that follows.
    """
    weights = policy.weight_vector.copy()
    for term in reversed(policy.order):
        weights[TERMS.index(term)] += _ORDER_BASE * weights.sum()
        weights /= weights.sum()
    return weights


def list_pairs(problem: AssignmentProblem, params: Params) -> Pairs:
    """List every pair that no condition excludes, with its value.

    Scores are those at the start of the batch: they do not change while it fills.
    """
    teams, policy = problem.teams, policy_of_batch(problem)
    weights = weights_of_batch(policy)
    forbidden = _forbidden_rows(problem)
    rows_by_request, scores = [], []
    for i, request in enumerate(problem.requests):
        rows = np.flatnonzero(find_conditions(request, teams, policy) == 0)
        if i in forbidden:
            rows = rows[~np.isin(rows, forbidden[i])]
        rows_by_request.append(rows)
        terms = compute_terms(request, teams, policy, rows)
        scores.append(np.round(terms @ weights, DECIMALS))
    counts = [rows.size for rows in rows_by_request]
    request_of = np.repeat(np.arange(len(counts)), counts)
    hours = np.array(
        [request.hours_by_part for request in problem.requests], np.float64
    ).reshape(-1, len(PARTS_OF_DAY))
    urgency = np.array([request.urgency for request in problem.requests])
    placing = urgency * (params.placed + params.per_hour * hours.sum(1))
    score = np.concatenate([np.empty(0), *scores])
    return Pairs(
        request=request_of,
        team=np.concatenate([np.empty(0, np.int64), *rows_by_request]),
        score=score,
        placing=placing[request_of],
        value=placing[request_of] + params.per_score * score,
        use=np.column_stack((np.ones(len(hours)), hours, hours.sum(1)))[request_of],
        room=np.column_stack(
            (
                teams.free_clients,
                np.minimum(teams.free_hours_by_part, _AMPLE_HOURS),
                np.minimum(teams.free_hours, _AMPLE_HOURS),
            )
        ).astype(np.float64),
        n_requests=len(counts),
    )


def place_one_by_one(problem: AssignmentProblem) -> NDArray[np.int64]:
    """Give each request, in the given order, the first of its ranking.

    Room that is taken is gone for the next. Returns (n_requests,) rows or -1.
    """
    teams, policy = problem.teams, policy_of_batch(problem)
    forbidden = _forbidden_rows(problem)
    clients = teams.free_clients.copy()
    by_part, hours = teams.free_hours_by_part.copy(), teams.free_hours.copy()
    assignment = np.full(len(problem.requests), -1)
    for i, request in enumerate(problem.requests):
        now = teams.with_room(
            free_clients=clients, free_hours_by_part=by_part, free_hours=hours
        )
        for candidate in rank(request, now, policy).candidates:
            if candidate.team in forbidden.get(i, ()):
                continue
            assignment[i] = candidate.team
            clients[candidate.team] -= 1
            left = by_part[candidate.team] - np.array(request.hours_by_part)
            by_part[candidate.team] = np.maximum(left, 0.0)
            hours[candidate.team] = max(hours[candidate.team] - request.hours, 0.0)
            break
    return assignment


def policy_of_batch(problem: AssignmentProblem) -> Policy:
    """Return the policy without teams of unknown room: nothing can be reserved."""
    return replace(problem.policy, unknown_room="exclude")


def _forbidden_rows(problem: AssignmentProblem) -> dict[int, list[int]]:
    position = {request.key: i for i, request in enumerate(problem.requests)}
    rows: dict[int, list[int]] = {}
    for request_key, team_key in problem.forbidden:
        rows.setdefault(position[request_key], []).append(problem.teams.index[team_key])
    return rows
