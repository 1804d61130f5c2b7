"""What a request asks, what teams can do, and what the region agreed on.

Only descriptions and their checks; nothing is computed here. All values are plain
data: an ``area`` is a row of ``Teams.tier``, a provider and a team are keys.
Hours are hours a week. Arrays are read-only.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum, IntFlag
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

PARTS_OF_DAY = ("morning", "afternoon", "evening", "night")

#: What a score is made of, each 0 (worst) to 1 (best); see ``rank``.
TERMS = (
    "own_team",
    "continuity",
    "preference",
    "size_fit",
    "part_fit",
    "first_visit",
    "travel",
    "fair_share",
)

#: Hours that differ by less are the same hours.
HOURS_TOLERANCE = 1e-6


class InvalidProblem(ValueError):
    """A value cannot be computed with; says which, where and what to do.

    ``field`` names the place, as in ``requests[3].hours_by_part``.
    """

    code = "invalid-problem"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class Tier(IntEnum):
    """Which part a team plays in an area; a higher tier goes first."""

    NONE = 0
    REGION = 1
    BACK_UP = 2
    REGULAR = 3
    OWN = 4


class Condition(IntFlag):
    """What excludes a team, in the order in which they are named first."""

    NOT_COVERING = 1
    OBJECTED = 2
    TASK = 4
    CARE_LAW = 8
    NO_ROOM = 16
    TOO_LARGE = 32
    PART_OF_DAY = 64
    UNKNOWN_ROOM = 128

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all conditions in this value, first reason first."""
        return tuple(_code_of(member) for member in type(self) if member in self)


class Warn(IntFlag):
    """What does not exclude a team but must be said."""

    NO_CONTRACT = 1
    CONTRACT_UNKNOWN = 2
    LANGUAGE = 4
    FIRST_VISIT_LATE = 8
    UNKNOWN_ROOM = 16

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all warnings in this value."""
        return tuple(_code_of(member) for member in type(self) if member in self)


@dataclass(frozen=True)
class Request:
    """One request for district nursing, without anything that identifies a person.

    Parameters
    ----------
    key
        Name of the request; orders ties.
    area
        Row of ``Teams.tier``, 0 or higher.
    tasks
        Codes of the tasks; a team must do all of them.
    hours_by_part
        Hours a week to reserve in each of ``PARTS_OF_DAY``, 0 or more, finite.
    care_law
        Code as in ``Team.care_laws`` (``zvw``, ``wlz``, ``wmo``).
    insurer
        Code as in ``Team.insurers``; empty when not known.
    language
        Code as in ``Team.languages``; empty for Dutch.
    objected
        Providers the client objects to.
    preferred
        Providers the client prefers.
    known_to
        Providers that already care for the client.
    lon, lat
        Degrees (WGS 84), both or neither.
    first_visit_days
        Days within which the first visit must be, 0 or more.
    complexity
        Weight of the case for fair share, above 0; 1 is an ordinary case.
    urgency
        1 or more; 2 counts twice when room is short.

    Raises
    ------
    InvalidProblem
        If a value is outside the range given above.
    """

    key: str
    area: int
    tasks: frozenset[str] = frozenset()
    hours_by_part: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    care_law: str = "zvw"
    insurer: str = ""
    language: str = ""
    objected: frozenset[str] = frozenset()
    preferred: frozenset[str] = frozenset()
    known_to: frozenset[str] = frozenset()
    lon: float | None = None
    lat: float | None = None
    first_visit_days: float = 7.0
    complexity: float = 1.0
    urgency: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        place = f"request {self.key!r}"
        if not self.key:
            raise InvalidProblem("is empty; give each request a key", field="key")
        if self.area < 0:
            raise InvalidProblem(
                f"{self.area} is no row of the areas; count from 0",
                field=f"{place}.area",
            )
        if len(self.hours_by_part) != len(PARTS_OF_DAY):
            raise InvalidProblem(
                f"has {len(self.hours_by_part)} values; give the hours of "
                f"{', '.join(PARTS_OF_DAY)}",
                field=f"{place}.hours_by_part",
            )
        for part, hours in zip(PARTS_OF_DAY, self.hours_by_part, strict=True):
            _check_range(hours, 0.0, math.inf, f"{place}.hours_by_part, {part}")
        _check_range(self.first_visit_days, 0.0, math.inf, f"{place}.first_visit_days")
        _check_range(self.complexity, 0.0, 100.0, f"{place}.complexity", above=True)
        _check_range(self.urgency, 1.0, 1000.0, f"{place}.urgency")
        if (self.lon is None) != (self.lat is None):
            raise InvalidProblem(
                "only one of lon and lat is given; give both or neither",
                field=f"{place}.lon",
            )
        if self.lon is not None and self.lat is not None:
            _check_range(self.lon, -180.0, 180.0, f"{place}.lon")
            _check_range(self.lat, -90.0, 90.0, f"{place}.lat")

    @property
    def hours(self) -> float:
        """Hours a week over all parts of the day."""
        return sum(self.hours_by_part)


@dataclass(frozen=True)
class Team:
    """One team, as a row to build ``Teams`` from.

    Parameters
    ----------
    key, provider
        Names of the team and of the provider it belongs to.
    tiers
        Row of the area → its part there; absent areas are not covered.
    tasks, care_laws, languages
        Codes of what it does; ``languages`` are those besides Dutch.
    insurers
        Insurers the provider has a contract with; None when not known.
    lon, lat
        Degrees (WGS 84), both or neither.
    free_clients
        New clients that fit, reservations already taken off. Ignored when the room
        is not known.
    free_hours_by_part
        Hours a week that are free in each of ``PARTS_OF_DAY``; 0 is closed or full
        there, infinite is open without a number.
    free_hours
        Hours a week that are free in all parts of the day together; infinite is
        without a number.
    largest_hours
        Hours a week of the largest care it takes for one new client; infinite for
        any.
    room_known
        False without a report, or when the report is stale: room then neither
        excludes nor helps.
    earliest_days
        Days until it can make a first visit; 0 is today.
    share
        Weighted work its provider accepted over 13 weeks divided by capacity,
        against the mean of the region: 1 is exactly fair, 0 took nothing.
    """

    key: str
    provider: str
    tiers: Mapping[int, Tier]
    tasks: frozenset[str] = frozenset()
    care_laws: frozenset[str] = frozenset({"zvw"})
    insurers: frozenset[str] | None = frozenset()
    languages: frozenset[str] = frozenset()
    lon: float | None = None
    lat: float | None = None
    free_clients: int = 0
    free_hours_by_part: tuple[float, float, float, float] = (math.inf,) * 4
    free_hours: float = math.inf
    largest_hours: float = math.inf
    room_known: bool = True
    earliest_days: float = 0.0
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class Teams:
    """All teams of a region, by column; built once and used for many requests.

    Shapes: n = number of teams. Arrays become read-only. Use ``from_teams`` to build
    from rows and ``with_room`` when only the room changed.

    Parameters
    ----------
    keys, providers
        Team and provider of each row; keys are unique.
    tier
        (n_areas, n) int8, values of ``Tier``.
    task_codes, tasks
        Vocabulary, and (n_tasks, n) bool: which team does which task.
    care_law_codes, care_laws
        Vocabulary, and (n_laws, n) bool.
    insurer_codes, insurers
        Vocabulary, and (n_insurers, n) bool: contracts.
    contracts_known
        (n,) bool; False where it is not known with whom there are contracts.
    language_codes, languages
        Vocabulary, and (n_languages, n) bool; Dutch is not listed.
    lon, lat
        (n,) degrees; NaN where not known.
    free_clients
        (n,) int, 0 or more.
    free_hours_by_part
        (n, 4) hours a week, 0 or more, may be infinite.
    free_hours
        (n,) hours a week, 0 or more, may be infinite.
    largest_hours
        (n,) hours a week, 0 or more, may be infinite.
    room_known
        (n,) bool.
    earliest_days
        (n,) days, 0 or more.
    share
        (n,) 0 or more; 1 is exactly fair.

    Raises
    ------
    InvalidProblem
        If a shape or a value does not fit the description above.
    """

    keys: tuple[str, ...]
    providers: tuple[str, ...]
    tier: NDArray[np.int8]
    task_codes: tuple[str, ...]
    tasks: NDArray[np.bool_]
    care_law_codes: tuple[str, ...]
    care_laws: NDArray[np.bool_]
    insurer_codes: tuple[str, ...]
    insurers: NDArray[np.bool_]
    contracts_known: NDArray[np.bool_]
    language_codes: tuple[str, ...]
    languages: NDArray[np.bool_]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    free_clients: NDArray[np.int64]
    free_hours_by_part: NDArray[np.float64]
    free_hours: NDArray[np.float64]
    largest_hours: NDArray[np.float64]
    room_known: NDArray[np.bool_]
    earliest_days: NDArray[np.float64]
    share: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Copy the arrays to their types, check them and make them read-only."""
        n = len(self.keys)
        for name, dtype, shape in (
            ("tier", np.int8, (None, n)),
            ("tasks", np.bool_, (len(self.task_codes), n)),
            ("care_laws", np.bool_, (len(self.care_law_codes), n)),
            ("insurers", np.bool_, (len(self.insurer_codes), n)),
            ("contracts_known", np.bool_, (n,)),
            ("languages", np.bool_, (len(self.language_codes), n)),
            ("lon", np.float64, (n,)),
            ("lat", np.float64, (n,)),
            ("free_clients", np.int64, (n,)),
            ("free_hours_by_part", np.float64, (n, len(PARTS_OF_DAY))),
            ("free_hours", np.float64, (n,)),
            ("largest_hours", np.float64, (n,)),
            ("room_known", np.bool_, (n,)),
            ("earliest_days", np.float64, (n,)),
            ("share", np.float64, (n,)),
        ):
            given = getattr(self, name)
            array = _read_only(given, dtype)
            _check_shape(array, shape, name)
            object.__setattr__(self, name, array)
        if len(self.providers) != n:
            raise InvalidProblem(
                f"{len(self.providers)} providers for {n} teams; give one per team",
                field="teams.providers",
            )
        if len(set(self.keys)) != n:
            twice = next(k for i, k in enumerate(self.keys) if k in self.keys[:i])
            raise InvalidProblem(
                f"{twice!r} occurs twice; give each team its own key",
                field="teams.keys",
            )
        if n and not (self.tier.min(initial=0) >= 0 and self.tier.max(initial=0) <= 4):
            raise InvalidProblem(
                "has a value outside 0 to 4; use Tier", field="teams.tier"
            )
        self._check_room()
        for name in ("earliest_days", "share"):
            self._check_column(name, getattr(self, name), may_be_infinite=False)

    @classmethod
    def from_teams(cls, teams: Iterable[Team], *, n_areas: int) -> Self:
        """Build the columns from rows; ``n_areas`` is the number of area rows.

        Raises
        ------
        InvalidProblem
            If a team names an area outside 0 to ``n_areas`` - 1, or a value is out
            of its range.
        """
        rows = tuple(teams)
        tier = np.zeros((n_areas, len(rows)), np.int8)
        for i, team in enumerate(rows):
            for area, part in team.tiers.items():
                if not 0 <= area < n_areas:
                    raise InvalidProblem(
                        f"area {area} does not exist; there are {n_areas}, from 0",
                        field=f"team {team.key!r}.tiers",
                    )
                tier[area, i] = part
            if (team.lon is None) != (team.lat is None):
                raise InvalidProblem(
                    "only one of lon and lat is given; give both or neither",
                    field=f"team {team.key!r}.lon",
                )
        task_codes, tasks = _incidence([team.tasks for team in rows])
        law_codes, laws = _incidence([team.care_laws for team in rows])
        insurer_codes, insurers = _incidence(
            [team.insurers or frozenset() for team in rows]
        )
        language_codes, languages = _incidence([team.languages for team in rows])
        return cls(
            keys=tuple(team.key for team in rows),
            providers=tuple(team.provider for team in rows),
            tier=tier,
            task_codes=task_codes,
            tasks=tasks,
            care_law_codes=law_codes,
            care_laws=laws,
            insurer_codes=insurer_codes,
            insurers=insurers,
            contracts_known=np.array([t.insurers is not None for t in rows], bool),
            language_codes=language_codes,
            languages=languages,
            lon=_floats([math.nan if t.lon is None else t.lon for t in rows]),
            lat=_floats([math.nan if t.lat is None else t.lat for t in rows]),
            free_clients=np.array([t.free_clients for t in rows], np.int64),
            free_hours_by_part=_floats([t.free_hours_by_part for t in rows]).reshape(
                len(rows), len(PARTS_OF_DAY)
            ),
            free_hours=_floats([t.free_hours for t in rows]),
            largest_hours=_floats([t.largest_hours for t in rows]),
            room_known=np.array([t.room_known for t in rows], bool),
            earliest_days=_floats([t.earliest_days for t in rows]),
            share=_floats([t.share for t in rows]),
        )

    def with_room(
        self,
        *,
        free_clients: NDArray[np.int64],
        free_hours_by_part: NDArray[np.float64],
        free_hours: NDArray[np.float64],
    ) -> Self:
        """Return the same teams with other room; shapes (n,), (n, 4) and (n,).

        Raises
        ------
        InvalidProblem
            If a shape differs or a value is below 0.
        """
        return replace(
            self,
            free_clients=free_clients,
            free_hours_by_part=free_hours_by_part,
            free_hours=free_hours,
        )

    @property
    def n(self) -> int:
        """Number of teams."""
        return len(self.keys)

    @property
    def n_areas(self) -> int:
        """Number of area rows."""
        return int(self.tier.shape[0])

    @property
    def largest_fitting(self) -> NDArray[np.float64]:
        """(n,) hours a week of the largest care that fits now."""
        return np.minimum(self.largest_hours, self.free_hours)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Team key → row."""
        return MappingProxyType({key: i for i, key in enumerate(self.keys)})

    @cached_property
    def rows_of_provider(self) -> Mapping[str, NDArray[np.intp]]:
        """Provider → its rows, ascending."""
        rows: dict[str, list[int]] = {}
        for i, provider in enumerate(self.providers):
            rows.setdefault(provider, []).append(i)
        return MappingProxyType(
            {key: np.array(value, np.intp) for key, value in rows.items()}
        )

    @cached_property
    def task_row(self) -> Mapping[str, int]:
        """Task code → row of ``tasks``."""
        return _positions(self.task_codes)

    @cached_property
    def care_law_row(self) -> Mapping[str, int]:
        """Care law → row of ``care_laws``."""
        return _positions(self.care_law_codes)

    @cached_property
    def insurer_row(self) -> Mapping[str, int]:
        """Insurer → row of ``insurers``."""
        return _positions(self.insurer_codes)

    @cached_property
    def language_row(self) -> Mapping[str, int]:
        """Language → row of ``languages``."""
        return _positions(self.language_codes)

    @cached_property
    def key_order(self) -> NDArray[np.int64]:
        """(n,) place of each team when the keys are sorted; orders ties."""
        order = np.empty(self.n, np.int64)
        order[sorted(range(self.n), key=self.keys.__getitem__)] = np.arange(self.n)
        return order

    @cached_property
    def digest(self) -> bytes:
        """Hash of everything in it; for ``input_hash`` of results."""
        state = hashlib.blake2b(digest_size=16)
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                state.update(repr((item.name, value.shape)).encode())
                state.update(np.ascontiguousarray(value).tobytes())
            else:
                state.update(repr((item.name, value)).encode())
        return state.digest()

    def _check_room(self) -> None:
        if self.n and self.free_clients.min() < 0:
            row = int(np.argmin(self.free_clients))
            raise InvalidProblem(
                f"{self.free_clients[row]} of {self.keys[row]!r} is below 0; take off "
                "no more reservations than there is room",
                field="teams.free_clients",
            )
        for name in ("free_hours_by_part", "free_hours", "largest_hours"):
            self._check_column(name, getattr(self, name), may_be_infinite=True)

    def _check_column(
        self, name: str, values: NDArray[np.float64], *, may_be_infinite: bool
    ) -> None:
        wrong = ~(values >= 0)
        if not may_be_infinite:
            wrong |= np.isinf(values)
        if wrong.any():
            row = int(np.argwhere(wrong)[0][0])
            raise InvalidProblem(
                f"{values[row]} of {self.keys[row]!r} is not a number of 0 or more",
                field=f"teams.{name}",
            )


def _default_weights() -> Mapping[str, float]:
    return {
        "own_team": 4.0,
        "continuity": 4.0,
        "preference": 3.0,
        "size_fit": 1.0,
        "part_fit": 1.0,
        "first_visit": 2.0,
        "travel": 2.0,
        "fair_share": 3.0,
    }


@dataclass(frozen=True)
class Policy:
    """What the region agreed on: which terms count, how much and in what order.

    Parameters
    ----------
    weights
        Weight of each of ``TERMS``, 0 or more, at least one above 0; a term that is
        absent counts 0. The score is the weighted mean.
    order
        Terms that are compared one after the other before the weighted mean.
    tier_values
        Value of the term ``own_team`` for each ``Tier``, 0 to 1.
    travel_km
        Distance at which the term ``travel`` is one half; km above 0.
    first_visit_days
        Days too late at which the term ``first_visit`` is 0; above 0.
    unknown_room
        ``ask``: teams whose room is not known come after all others, with a warning.
        ``exclude``: they are excluded.

    Raises
    ------
    InvalidProblem
        If a term is not known or a value is outside its range.
    """

    weights: Mapping[str, float] = field(default_factory=_default_weights)
    order: tuple[str, ...] = ()
    tier_values: tuple[float, float, float, float, float] = (0.0, 0.0, 0.3, 0.6, 1.0)
    travel_km: float = 5.0
    first_visit_days: float = 7.0
    unknown_room: Literal["ask", "exclude"] = "ask"

    def __post_init__(self) -> None:
        """Check the values and make the weights read-only."""
        _check_terms(self.weights, "policy.weights")
        _check_terms(self.order, "policy.order")
        for term, weight in self.weights.items():
            _check_range(weight, 0.0, 1e6, f"policy.weights.{term}")
        if not any(weight > 0 for weight in self.weights.values()):
            raise InvalidProblem(
                "all weights are 0; give at least one term a weight",
                field="policy.weights",
            )
        if len(set(self.order)) != len(self.order):
            raise InvalidProblem(
                f"{', '.join(self.order)} names a term twice; name each once",
                field="policy.order",
            )
        if len(self.tier_values) != len(Tier):
            raise InvalidProblem(
                f"has {len(self.tier_values)} values; give one for each of "
                f"{', '.join(tier.name for tier in Tier)}",
                field="policy.tier_values",
            )
        for tier, value in zip(Tier, self.tier_values, strict=True):
            _check_range(value, 0.0, 1.0, f"policy.tier_values.{tier.name}")
        _check_range(self.travel_km, 0.0, 1000.0, "policy.travel_km", above=True)
        _check_range(
            self.first_visit_days, 0.0, 1000.0, "policy.first_visit_days", above=True
        )
        if self.unknown_room not in ("ask", "exclude"):
            raise InvalidProblem(
                f"{self.unknown_room!r} is not known; use 'ask' or 'exclude'",
                field="policy.unknown_room",
            )
        object.__setattr__(self, "order", tuple(self.order))
        object.__setattr__(self, "tier_values", tuple(self.tier_values))
        object.__setattr__(
            self,
            "weights",
            MappingProxyType(
                {term: float(self.weights.get(term, 0)) for term in TERMS}
            ),
        )

    def __hash__(self) -> int:
        """Equal policies have equal hashes."""
        return hash(self.digest)

    @cached_property
    def weight_vector(self) -> NDArray[np.float64]:
        """(n_terms,) weights in the order of ``TERMS``, with sum 1."""
        weights = np.array([self.weights[term] for term in TERMS])
        weights /= weights.sum()
        weights.flags.writeable = False
        return weights

    @cached_property
    def digest(self) -> bytes:
        """Hash of the policy; for ``input_hash`` of results."""
        text = json.dumps(self.to_mapping(), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).digest()

    def to_mapping(self) -> dict[str, Any]:
        """Return plain values for JSON; ``from_mapping`` reads them back."""
        return {
            "weights": dict(self.weights),
            "order": list(self.order),
            "tier_values": list(self.tier_values),
            "travel_km": self.travel_km,
            "first_visit_days": self.first_visit_days,
            "unknown_room": self.unknown_room,
        }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Build a policy from plain values; what is absent has its default.

        Raises
        ------
        InvalidProblem
            If a name is not known, or a value has the wrong type or range.
        """
        known = {item.name for item in fields(cls)}
        for name in values:
            if name not in known:
                raise InvalidProblem(
                    f"{name!r} is not known; use {', '.join(sorted(known))}",
                    field="policy",
                )
        given = dict(values)
        if not isinstance(given.get("weights", {}), Mapping):
            raise InvalidProblem(
                f"{given['weights']!r} is not a table of term and weight",
                field="policy.weights",
            )
        for name in ("order", "tier_values"):
            if name not in given:
                continue
            value = given[name]
            if isinstance(value, str) or not isinstance(value, Sequence):
                raise InvalidProblem(f"{value!r} is not a list", field=f"policy.{name}")
            given[name] = tuple(value)
        return cls(**given)


@dataclass(frozen=True, eq=False)
class AssignmentProblem:
    """All open requests of a region, to be placed together.

    Parameters
    ----------
    requests
        In the order in which they would be placed one by one; keys are unique.
    teams
        Room is the number of clients and the hours of each part of the day. A team
        whose room is not known takes no part: there is nothing to reserve.
    policy
        Order and weights, as for one request.
    forbidden
        Pairs (key of request, key of team) that may not be chosen, on top of the
        conditions: a decline, a safety ground.

    Raises
    ------
    InvalidProblem
        If a key occurs twice, an area does not exist or a forbidden pair names
        something unknown.
    """

    requests: tuple[Request, ...]
    teams: Teams
    policy: Policy = field(default_factory=Policy)
    forbidden: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        """Check the keys and the areas."""
        object.__setattr__(self, "requests", tuple(self.requests))
        keys: set[str] = set()
        for i, request in enumerate(self.requests):
            if request.key in keys:
                raise InvalidProblem(
                    f"{request.key!r} occurs twice; give each request its own key",
                    field=f"requests[{i}].key",
                )
            keys.add(request.key)
            if request.area >= self.teams.n_areas:
                raise InvalidProblem(
                    f"{request.area} is no row of the areas; there are "
                    f"{self.teams.n_areas}",
                    field=f"requests[{i}].area",
                )
        for request_key, team_key in sorted(self.forbidden):
            if request_key not in keys or team_key not in self.teams.index:
                raise InvalidProblem(
                    f"({request_key!r}, {team_key!r}) names no request or no team",
                    field="forbidden",
                )

    @cached_property
    def input_hash(self) -> str:
        """Hash of everything in it."""
        return hash_input(
            *self.requests, self.teams, self.policy, sorted(self.forbidden)
        )


@dataclass(frozen=True)
class Params:
    """What the batch maximizes and how long it looks.

    The value of a placed request is ``urgency * (placed + per_hour * hours) +
    per_score * score``. Hours count because otherwise those who need most care
    would be left over first: they cost most room. The score decides between
    assignments that place about as much.

    Parameters
    ----------
    placed, per_hour, per_score
        0 or more; ``placed`` above 0.
    max_rounds
        Rounds of the search for better patterns, 0 or more.
    gap
        Search stops when value and bound differ by this share of the bound.
    """

    placed: float = 1000.0
    per_hour: float = 100.0
    per_score: float = 1000.0
    max_rounds: int = 80
    gap: float = 1e-5

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check_range(self.placed, 0.0, 1e9, "params.placed", above=True)
        _check_range(self.per_hour, 0.0, 1e9, "params.per_hour")
        _check_range(self.per_score, 0.0, 1e9, "params.per_score")
        _check_range(self.max_rounds, 0, 100_000, "params.max_rounds")
        _check_range(self.gap, 0.0, 1.0, "params.gap")


@dataclass(frozen=True, eq=False)
class Result:
    """An assignment with the proof of how good it is.

    Parameters
    ----------
    status
        ``optimal``: proven. ``feasible``: the search ended before the proof.
        ``timed_out``: the time was over before the proof; the assignment holds.
        ``infeasible`` is kept for other engines: leaving all unplaced is allowed.
    assignment
        (n_requests,) row of the team, or -1.
    value, bound
        What was reached, and what no assignment can exceed.
    terms
        ``placed`` (requests), ``placed_weighted`` (value of placing) and ``score``
        (sum of the scores of the chosen teams, each 0 to 1).
    greedy_value, greedy_placed
        What placing one by one in the given order reaches.
    greedy_assignment
        (n_requests,) what that was.
    """

    status: Literal["optimal", "feasible", "infeasible", "timed_out"]
    assignment: NDArray[np.int64]
    value: float
    bound: float
    terms: Mapping[str, float]
    greedy_value: float
    greedy_placed: int
    greedy_assignment: NDArray[np.int64]
    runtime_s: float
    seed: int
    params: Params
    input_hash: str
    algorithm: str = "routing-patterns"
    version: str = "1"

    @property
    def gap(self) -> float:
        """Share of the bound that may be missing, 0 or more."""
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0


def hash_input(*parts: object) -> str:
    """Return a short hash of descriptions; equal input gives an equal hash."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, (Teams, Policy)):
            state.update(part.digest)
        elif isinstance(part, Request):
            state.update(repr(_sorted_sets(vars(part))).encode())
        else:
            state.update(repr(part).encode())
        state.update(b"|")
    return state.hexdigest()


def _sorted_sets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in values.items()
    }


def _code_of(member: IntFlag) -> str:
    return str(member.name).lower().replace("_", "-")


def _check_range(
    value: object, low: float, high: float, place: str, *, above: bool = False
) -> None:
    """Refuse what is not a finite number from ``low`` (or above it) to ``high``."""
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    number = float(value) if is_number else math.nan  # type: ignore[arg-type]
    too_low = number <= low if above else number < low
    if not math.isfinite(number) or too_low or number > high:
        start = "above" if above else "from"
        until = "" if math.isinf(high) else f" to {high:g}"
        raise InvalidProblem(
            f"{value!r} is not a number {start} {low:g}{until}", field=place
        )


def _check_terms(names: Iterable[str], place: str) -> None:
    for name in names:
        if name not in TERMS:
            raise InvalidProblem(
                f"{name!r} is no term; use {', '.join(TERMS)}", field=place
            )


def _read_only(values: Any, dtype: Any) -> NDArray[Any]:
    """Return a read-only array; one that already is one is not copied."""
    array = np.asarray(values)
    if array.dtype != dtype or array.flags.writeable:
        array = array.astype(dtype)
        array.flags.writeable = False
    return array


def _check_shape(array: NDArray[Any], shape: tuple[int | None, ...], name: str) -> None:
    fits = array.ndim == len(shape) and all(
        expected is None or size == expected
        for size, expected in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise InvalidProblem(
            f"has shape {array.shape}; {shape} is needed (None: any)",
            field=f"teams.{name}",
        )


def _incidence(
    sets: Sequence[frozenset[str]],
) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """Return the vocabulary (sorted) and (n_codes, n_sets) bool."""
    codes = tuple(sorted(frozenset[str]().union(*sets)))
    rows = _positions(codes)
    matrix = np.zeros((len(codes), len(sets)), bool)
    for i, values in enumerate(sets):
        for value in values:
            matrix[rows[value], i] = True
    return codes, matrix


def _positions(codes: Sequence[str]) -> Mapping[str, int]:
    return MappingProxyType({code: i for i, code in enumerate(codes)})


def _floats(values: Sequence[Any]) -> NDArray[np.float64]:
    return np.array(values, np.float64)
