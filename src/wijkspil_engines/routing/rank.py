"""Which teams can take this request, which is best, and why not the others?

First the hard conditions (``Condition``), over all teams. Then, over the teams that
are left, eight terms of 0 to 1 and their weighted mean. Nothing is random; ties go by
the key of the team. Does not reserve anything.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.problem import (
    HOURS_TOLERANCE,
    TERMS,
    Condition,
    InvalidProblem,
    Policy,
    Request,
    Teams,
    Tier,
    Warn,
    hash_input,
)

EARTH_RADIUS_KM = 6371.0
#: Term of which half the information is missing: neither reward nor punishment.
NEUTRAL = 0.5
#: Values are compared to this many decimals, so that the order of the teams in
#: memory cannot decide.
DECIMALS = 9

_CONDITION_CODES = tuple(
    Condition(bits).codes for bits in range(2 * max(Condition).value)
)
_WARNING_CODES = tuple(Warn(bits).codes for bits in range(2 * max(Warn).value))


class Candidate(NamedTuple):
    """A team that can take the request.

    ``score`` is the weighted mean of ``terms`` (each 0 to 1); ``warnings`` are codes
    of ``Warn``.
    """

    team: int
    key: str
    provider: str
    score: float
    terms: Mapping[str, float]
    warnings: tuple[str, ...]


class Excluded(Mapping[int, tuple[str, ...]]):
    """Row of the excluded team → codes of all conditions, first reason first."""

    def __init__(self, conditions: NDArray[np.uint8]) -> None:
        self._conditions = conditions

    def __getitem__(self, team: int) -> tuple[str, ...]:
        """Return the codes of one excluded team."""
        if not 0 <= team < len(self._conditions) or not self._conditions[team]:
            raise KeyError(team)
        return _CONDITION_CODES[self._conditions[team]]

    def __iter__(self) -> Iterator[int]:
        """Go through the excluded rows, ascending."""
        return iter(np.flatnonzero(self._conditions).tolist())

    def __len__(self) -> int:
        """Count the excluded teams."""
        return int(np.count_nonzero(self._conditions))


@dataclass(frozen=True, eq=False)
class Ranking:
    """The teams that can take a request, best first, and all others with reasons.

    ``conditions`` (n_teams,) uint8 holds bits of ``Condition``; 0 is a candidate.
    """

    request: Request
    teams: Teams = field(repr=False)
    policy: Policy = field(repr=False)
    candidates: tuple[Candidate, ...]
    conditions: NDArray[np.uint8] = field(repr=False)

    @property
    def best(self) -> Candidate | None:
        """The first candidate, if there is one."""
        return self.candidates[0] if self.candidates else None

    @cached_property
    def excluded(self) -> Excluded:
        """Row of the team → codes of every condition that excludes it."""
        return Excluded(self.conditions)

    @cached_property
    def input_hash(self) -> str:
        """Hash of the request, the teams and the policy."""
        return hash_input(self.request, self.teams, self.policy)


def rank(request: Request, teams: Teams, policy: Policy | None = None) -> Ranking:
    """Rank the teams that can take a request; say of all others why not.

    Raises
    ------
    InvalidProblem
        If ``request.area`` is no row of ``teams.tier``.
    """
    policy = policy or Policy()
    conditions = find_conditions(request, teams, policy)
    rows = np.flatnonzero(conditions == 0)
    if rows.size == 0:
        return Ranking(request, teams, policy, (), conditions)
    terms = compute_terms(request, teams, policy, rows)
    scores = np.round(terms @ policy.weight_vector, DECIMALS)
    warnings = _find_warnings(request, teams, rows)
    # lexsort: the last key counts most.
    order = np.lexsort(
        (
            teams.key_order[rows],
            -scores,
            *(-terms[:, TERMS.index(term)] for term in reversed(policy.order)),
            ~teams.room_known[rows],
        )
    )
    keys, providers = teams.keys, teams.providers
    candidates = tuple(
        Candidate(
            team,
            keys[team],
            providers[team],
            score,
            dict(zip(TERMS, values, strict=True)),
            _WARNING_CODES[warning],
        )
        for team, score, values, warning in zip(
            rows[order].tolist(),
            scores[order].tolist(),
            terms[order].tolist(),
            warnings[order].tolist(),
            strict=True,
        )
    )
    return Ranking(request, teams, policy, candidates, conditions)


def find_conditions(
    request: Request, teams: Teams, policy: Policy
) -> NDArray[np.uint8]:
    """Return for each team the bits of every condition that excludes it, (n_teams,).

    Raises
    ------
    InvalidProblem
        If ``request.area`` is no row of ``teams.tier``.
    """
    if request.area >= teams.n_areas:
        raise InvalidProblem(
            f"{request.area} is no row of the areas; there are {teams.n_areas}",
            field=f"request {request.key!r}.area",
        )
    bits = np.zeros(teams.n, np.uint8)

    def exclude(condition: Condition, where: NDArray[np.bool_]) -> None:
        np.bitwise_or(bits, np.uint8(condition), out=bits, where=where)

    exclude(Condition.NOT_COVERING, teams.tier[request.area] == Tier.NONE)
    for rows in _rows_of(request.objected, teams):
        bits[rows] |= np.uint8(Condition.OBJECTED)
    for task in request.tasks:
        exclude(Condition.TASK, ~_row_or_none(teams.tasks, teams.task_row, task))
    exclude(
        Condition.CARE_LAW,
        ~_row_or_none(teams.care_laws, teams.care_law_row, request.care_law),
    )
    known = teams.room_known
    exclude(Condition.NO_ROOM, known & (teams.free_clients < 1))
    exclude(
        Condition.TOO_LARGE,
        known & (teams.largest_fitting < request.hours - HOURS_TOLERANCE),
    )
    for part, hours in enumerate(request.hours_by_part):
        if hours <= 0:
            continue
        free = teams.free_hours_by_part[:, part]
        closed = free <= 0
        exclude(Condition.PART_OF_DAY, known & closed)
        exclude(Condition.TOO_LARGE, known & ~closed & (free < hours - HOURS_TOLERANCE))
    if policy.unknown_room == "exclude":
        exclude(Condition.UNKNOWN_ROOM, ~known)
    bits.flags.writeable = False
    return bits


def compute_terms(
    request: Request, teams: Teams, policy: Policy, rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the terms of the given teams, (n_rows, n_terms), each 0 to 1.

    ``own_team``: ``policy.tier_values``. ``continuity``, ``preference``: 1 or 0.
    ``size_fit``: share that stays unused of the largest care that fits. ``part_fit``:
    share of the free hours that stays, in the tightest part asked for; one half where
    the team gives no number. Both 0 when the room is not known. ``first_visit``: 1 in
    time, falling to 0 at ``policy.first_visit_days`` too late. ``travel``: c / (c + km)
    with c = ``policy.travel_km``; one half without a place. ``fair_share``:
    1 / (1 + share ** complexity), so that one half is exactly fair and a heavy case
    weighs more.
    """
    terms = np.empty((rows.size, len(TERMS)))
    terms[:, 0] = np.array(policy.tier_values)[teams.tier[request.area, rows]]
    terms[:, 1] = _is_of(request.known_to, teams)[rows]
    terms[:, 2] = _is_of(request.preferred, teams)[rows]
    known = teams.room_known[rows]
    terms[:, 3] = np.where(
        known, _margin(request.hours, teams.largest_fitting[rows], unlimited=1.0), 0.0
    )
    part_fit = known.astype(np.float64)
    for part, hours in enumerate(request.hours_by_part):
        if hours > 0:
            free = teams.free_hours_by_part[rows, part]
            margin = _margin(hours, free, unlimited=NEUTRAL)
            np.minimum(part_fit, margin, out=part_fit)
    terms[:, 4] = part_fit
    days_late = np.maximum(teams.earliest_days[rows] - request.first_visit_days, 0.0)
    terms[:, 5] = np.maximum(1.0 - days_late / policy.first_visit_days, 0.0)
    km = distances_km(request, teams, rows)
    terms[:, 6] = np.where(
        np.isnan(km), NEUTRAL, policy.travel_km / (policy.travel_km + km)
    )
    terms[:, 7] = 1.0 / (1.0 + teams.share[rows] ** request.complexity)
    return np.round(terms, DECIMALS)


def distances_km(
    request: Request, teams: Teams, rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the great-circle distance in km, (n_rows,); NaN where not known."""
    if request.lon is None or request.lat is None:
        return np.full(rows.size, math.nan)
    lat, lat_0 = np.radians(teams.lat[rows]), math.radians(request.lat)
    d_lon = np.radians(teams.lon[rows]) - math.radians(request.lon)
    # Haversine: stays exact for the short distances that matter here.
    h = (
        np.sin((lat - lat_0) / 2) ** 2
        + np.cos(lat) * math.cos(lat_0) * np.sin(d_lon / 2) ** 2
    )
    km: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(h))
    return km


def _find_warnings(
    request: Request, teams: Teams, rows: NDArray[np.intp]
) -> NDArray[np.uint8]:
    bits = np.zeros(rows.size, np.uint8)
    if request.insurer:
        contract = _row_or_none(teams.insurers, teams.insurer_row, request.insurer)
        known = teams.contracts_known[rows]
        bits[known & ~contract[rows]] |= np.uint8(Warn.NO_CONTRACT)
        bits[~known] |= np.uint8(Warn.CONTRACT_UNKNOWN)
    if request.language:
        spoken = _row_or_none(teams.languages, teams.language_row, request.language)
        bits[~spoken[rows]] |= np.uint8(Warn.LANGUAGE)
    late = teams.earliest_days[rows] > request.first_visit_days
    bits[late] |= np.uint8(Warn.FIRST_VISIT_LATE)
    bits[~teams.room_known[rows]] |= np.uint8(Warn.UNKNOWN_ROOM)
    return bits


def _margin(
    hours: float, free: NDArray[np.float64], *, unlimited: float
) -> NDArray[np.float64]:
    """Return the share of ``free`` that stays after ``hours``, 0 to 1."""
    if hours <= 0:
        return np.ones(free.size)
    # A team that is asked for more than it has is no candidate: the floor only
    # keeps the division defined.
    left = 1.0 - hours / np.maximum(free, hours)
    return np.where(np.isinf(free), unlimited, left)


def _row_or_none(
    matrix: NDArray[np.bool_], positions: Mapping[str, int], code: str
) -> NDArray[np.bool_]:
    """Return the row of a code; a code nobody has is a row without anybody."""
    row = positions.get(code)
    return np.zeros(matrix.shape[1], bool) if row is None else matrix[row]


def _rows_of(providers: frozenset[str], teams: Teams) -> Iterator[NDArray[np.intp]]:
    for provider in providers:
        rows = teams.rows_of_provider.get(provider)
        if rows is not None:
            yield rows


def _is_of(providers: frozenset[str], teams: Teams) -> NDArray[np.bool_]:
    chosen = np.zeros(teams.n, bool)
    for rows in _rows_of(providers, teams):
        chosen[rows] = True
    return chosen
