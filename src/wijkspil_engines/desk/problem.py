"""A region with its requests and teams, as both ways of working meet it.

Only descriptions and their checks. Hours are counted from a local midnight; the change
to summer time is left out. Rows of teams are those of ``routing.Teams``, whose room is
not used: the true room is drawn (``draws``), the room that is known follows from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.routing.problem import (
    PARTS_OF_DAY,
    InvalidProblem,
    Policy,
    Request,
    Teams,
    hash_input,
)

URGENCIES = ("today", "tomorrow", "days", "week", "planned")
#: Weekends and evenings count.
URGENT = frozenset({"today", "tomorrow"})
ASKERS = ("gp", "hospital", "municipality", "family")
#: Where a request ends that no team took, by who asked.
FALLBACKS = MappingProxyType(
    {
        "gp": "gp-practice",
        "hospital": "extra-hospital-days",
        "municipality": "family",
        "family": "family",
    }
)


def _answer_minutes() -> Mapping[str, float]:
    return {"today": 45, "tomorrow": 120, "days": 240, "week": 480, "planned": 1440}


def _teams_at_once() -> Mapping[str, int]:
    return {"today": 3, "tomorrow": 3, "days": 1, "week": 1, "planned": 1}


def _patience_h() -> Mapping[str, float]:
    return {"today": 12, "tomorrow": 30, "days": 72, "week": 168, "planned": 336}


@dataclass(frozen=True)
class DeskRequest:
    """A request, when it comes in and who asks.

    Parameters
    ----------
    need
        What the routing engine takes; ``area`` is a row of ``Teams.tier``.
    at_h
        Hours after the start, 0 or more.
    urgency
        One of ``URGENCIES``.
    asker, referrer
        One of ``ASKERS``, and a key of the practice or hospital that remembers who
        said no; empty for somebody who asks once.
    one_at_a_time
        A rare profile goes to one team at a time.
    """

    need: Request
    at_h: float
    urgency: str = "days"
    asker: str = "gp"
    referrer: str = ""
    one_at_a_time: bool = False

    def __post_init__(self) -> None:
        """Check the moment and the codes."""
        place = f"request {self.need.key!r}"
        if not 0 <= self.at_h < 1e5:
            raise InvalidProblem(
                f"{self.at_h!r} is no number of hours from 0", field=f"{place}.at_h"
            )
        for name, value, known in (
            ("urgency", self.urgency, URGENCIES),
            ("asker", self.asker, ASKERS),
        ):
            if value not in known:
                raise InvalidProblem(
                    f"{value!r} is not known; use {', '.join(known)}",
                    field=f"{place}.{name}",
                )

    @property
    def is_urgent(self) -> bool:
        """Whether it is for today or tomorrow."""
        return self.urgency in URGENT


@dataclass(frozen=True)
class DeskPolicy:
    """What the region agreed on for the desk.

    Parameters
    ----------
    ranking
        Weights and order of the routing engine.
    own_team_first
        The wijk's own team is asked alone, before any other.
    teams_at_once
        Teams asked at the same time, by urgency; 1 is one by one.
    answer_minutes
        Minutes a team has, by urgency.
    hours
        ``daytime``: what is not urgent can be answered from ``day_from_h`` to
        ``day_until_h``, every day; urgent never waits. ``always``: day and night, for
        everything. ``office``: everything waits for working days, 8 to 17.
    day_from_h, day_until_h
        Local hours of the day.
    rest_h
        Hours in which a team that said no, or nothing, is not asked the same again;
        who had no room and reports some since, is.
    room_valid_h
        Hours after which a report says nothing any more.
    retry_h
        Hours until a request that nobody took is tried anew.
    """

    ranking: Policy = field(default_factory=Policy)
    own_team_first: bool = False
    teams_at_once: Mapping[str, int] = field(default_factory=_teams_at_once)
    answer_minutes: Mapping[str, float] = field(default_factory=_answer_minutes)
    hours: Literal["daytime", "always", "office"] = "daytime"
    day_from_h: float = 8.0
    day_until_h: float = 20.0
    rest_h: float = 168.0
    room_valid_h: float = 72.0
    retry_h: float = 24.0

    def __post_init__(self) -> None:
        """Check the values."""
        _check_by_urgency(self.teams_at_once, "policy.teams_at_once")
        _check_by_urgency(self.answer_minutes, "policy.answer_minutes")
        for name in ("rest_h", "room_valid_h", "retry_h"):
            if not getattr(self, name) > 0:
                raise InvalidProblem("is not above 0", field=f"policy.{name}")
        if self.hours not in ("daytime", "always", "office"):
            raise InvalidProblem(
                f"{self.hours!r} is not known; use 'daytime', 'always' or 'office'",
                field="policy.hours",
            )
        if not 0 <= self.day_from_h < self.day_until_h <= 24:
            raise InvalidProblem(
                f"{self.day_from_h:g} to {self.day_until_h:g} is no stretch of a day",
                field="policy.day_from_h",
            )


@dataclass(frozen=True, eq=False)
class DeskProblem:
    """The requests of a stretch of time and the teams around them.

    Parameters
    ----------
    requests
        In order of ``at_h``; keys are unique.
    teams
        Room, ``room_known`` and ``share`` are not used.
    days
        Length of the stretch; places come free in it. Requests that are still open at
        the end go on until they are placed or given up.
    parts, largest_hours, excluded
        What room looks like while a team has any: (n_periods, n, 4) bool parts of the
        day, (n_periods, n) hours a week of the largest care, (n_periods, n_tasks, n)
        bool tasks it cannot do then (rows of ``teams.task_codes``). The last period
        holds until the end.
    period_h
        Hours of a period.
    first_weekday
        Of hour 0; 0 is Monday.
    patience_h
        Hours after which a request falls back, by urgency; in both ways of working.
    policy
        Of the desk.
    """

    requests: tuple[DeskRequest, ...]
    teams: Teams
    days: float
    parts: NDArray[np.bool_]
    largest_hours: NDArray[np.float64]
    excluded: NDArray[np.bool_]
    period_h: float = 168.0
    first_weekday: int = 0
    patience_h: Mapping[str, float] = field(default_factory=_patience_h)
    policy: DeskPolicy = field(default_factory=DeskPolicy)

    def __post_init__(self) -> None:
        """Check order, keys and shapes; make copies of the arrays read-only."""
        object.__setattr__(self, "requests", tuple(self.requests))
        _check_by_urgency(self.patience_h, "patience_h")
        keys: set[str] = set()
        before = 0.0
        for place, request in enumerate(self.requests):
            if request.need.key in keys:
                raise InvalidProblem(
                    f"{request.need.key!r} occurs twice; give each its own key",
                    field=f"requests[{place}].need.key",
                )
            keys.add(request.need.key)
            if request.at_h < before:
                raise InvalidProblem(
                    f"{request.at_h} is before {before}; sort by moment",
                    field=f"requests[{place}].at_h",
                )
            before = request.at_h
            if request.need.area >= self.teams.n_areas:
                raise InvalidProblem(
                    f"{request.need.area} is no row of the areas; there are "
                    f"{self.teams.n_areas}",
                    field=f"requests[{place}].need.area",
                )
        if not (self.days > 0 and self.period_h > 0 and 0 <= self.first_weekday <= 6):
            raise InvalidProblem(
                "days and period_h must be above 0, first_weekday from 0 to 6",
                field="days",
            )
        n, n_tasks = self.teams.n, len(self.teams.task_codes)
        n_periods = len(self.largest_hours)
        for name, dtype, shape in (
            ("parts", np.bool_, (n_periods, n, len(PARTS_OF_DAY))),
            ("largest_hours", np.float64, (n_periods, n)),
            ("excluded", np.bool_, (n_periods, n_tasks, n)),
        ):
            values = np.array(getattr(self, name), dtype)
            if values.shape != shape or n_periods < 1:
                raise InvalidProblem(
                    f"has shape {values.shape}; {shape} with at least one period is "
                    "needed",
                    field=name,
                )
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @classmethod
    def with_open_room(
        cls,
        requests: tuple[DeskRequest, ...],
        teams: Teams,
        *,
        days: float,
        policy: DeskPolicy | None = None,
        first_weekday: int = 0,
    ) -> "DeskProblem":
        """Return a problem in which room is never limited by hours, size or task."""
        return cls(
            requests=requests,
            teams=teams,
            days=days,
            parts=np.ones((1, teams.n, len(PARTS_OF_DAY)), bool),
            largest_hours=np.full((1, teams.n), np.inf),
            excluded=np.zeros((1, len(teams.task_codes), teams.n), bool),
            policy=policy or DeskPolicy(),
            first_weekday=first_weekday,
        )

    @cached_property
    def providers(self) -> tuple[str, ...]:
        """The providers, sorted; rows of everything per provider."""
        return tuple(sorted(set(self.teams.providers)))

    @cached_property
    def provider_of(self) -> tuple[int, ...]:
        """Row of the provider of each team."""
        rows = {key: row for row, key in enumerate(self.providers)}
        return tuple(rows[key] for key in self.teams.providers)

    @cached_property
    def input_hash(self) -> str:
        """Hash of everything in it."""
        return hash_input(
            *(
                part
                for request in self.requests
                for part in (
                    request.need,
                    (request.at_h, request.urgency, request.asker, request.referrer),
                    request.one_at_a_time,
                )
            ),
            self.teams,
            self.policy.ranking,
            [
                self.policy.own_team_first,
                sorted(self.policy.teams_at_once.items()),
                (self.policy.day_from_h, self.policy.day_until_h),
                sorted(self.policy.answer_minutes.items()),
                self.policy.hours,
                self.policy.rest_h,
                self.policy.room_valid_h,
                self.policy.retry_h,
            ],
            [self.days, self.period_h, self.first_weekday],
            sorted(self.patience_h.items()),
            self.parts.tobytes(),
            self.largest_hours.tobytes(),
            self.excluded.tobytes(),
        )


def _check_by_urgency(values: Mapping[str, float], place: str) -> None:
    for urgency in URGENCIES:
        if not values.get(urgency, 0) > 0:
            raise InvalidProblem(
                f"has no number above 0 for {urgency!r}; give one for each of "
                f"{', '.join(URGENCIES)}",
                field=place,
            )
