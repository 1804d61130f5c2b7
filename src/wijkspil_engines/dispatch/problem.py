"""What an unplanned call asks, who is on duty, and what was chosen.

Only descriptions and their checks; nothing is computed here. Minutes count from the
call; a nurse, a team and an organization are keys. Nothing identifies a client.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from functools import cached_property
from typing import Literal

from wijkspil_engines.dispatch.checks import (
    InvalidProblem,
    check_keys,
    check_place,
    check_range,
    digest,
)
from wijkspil_engines.dispatch.travel import StraightLine, TravelTable

Answer = Literal["", "alerted", "refused"]


class Condition(IntFlag):
    """What excludes a nurse, in the order in which they are named first."""

    OFF_DUTY = 1
    NOT_COVERING = 2
    OBJECTED = 4
    TASK = 8
    REFUSED = 16
    ALERTED = 32
    UNREACHABLE = 64
    DUTY_ENDS = 128

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all conditions in this value, first reason first."""
        return tuple(
            str(member.name).lower().replace("_", "-")
            for member in type(self)
            if member in self
        )


@dataclass(frozen=True)
class Call:
    """One unplanned call.

    Parameters
    ----------
    key
        Name of the call, under which a travel table may know its place.
    hour
        Local hour of the call, 0 up to 24: 3.2 is 03:12.
    lon, lat
        Degrees (WGS 84), both or neither.
    tasks
        Codes of the tasks; a nurse must be qualified for all of them.
    allowed_min
        Minutes within which a nurse must be there, by its urgency; above 0.
    objected
        Organizations the client objects to.
    """

    key: str
    hour: float
    lon: float | None = None
    lat: float | None = None
    tasks: frozenset[str] = frozenset()
    allowed_min: float = 30.0
    objected: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        place = f"call {self.key!r}"
        check_keys((self.key,), "call.key")
        check_range(self.hour, 0.0, 24.0, f"{place}.hour")
        check_range(self.allowed_min, 0.0, 10_000.0, f"{place}.allowed_min", above=True)
        check_place(self.lon, self.lat, place)


@dataclass(frozen=True)
class Nurse:
    """One nurse, as known at the moment of the call.

    Parameters
    ----------
    key, organization
        Names of the nurse (or of the car) and of her employer.
    team
        Name of her team; may be empty.
    lon, lat
        Where she will drive from (where she is, or else her base), degrees, both or
        neither. Without, she comes after all others, without a time of arrival.
    tasks
        Codes of the tasks she is qualified for.
    free_from_min
        Minutes until she can leave; 0 is now.
    on_duty
        False excludes her.
    duty_ends_min
        Minutes until her duty ends; None when it lasts.
    covers
        False when the place of the call is outside her area.
    answer
        What became of this call with her: nothing yet, alerted, refused.
    """

    key: str
    organization: str
    team: str = ""
    lon: float | None = None
    lat: float | None = None
    tasks: frozenset[str] = frozenset()
    free_from_min: float = 0.0
    on_duty: bool = True
    duty_ends_min: float | None = None
    covers: bool = True
    answer: Answer = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be computed with."""
        place = f"nurse {self.key!r}"
        check_place(self.lon, self.lat, place)
        check_range(self.free_from_min, 0.0, 10_000.0, f"{place}.free_from_min")
        if self.duty_ends_min is not None:
            check_range(self.duty_ends_min, 0.0, 10_000.0, f"{place}.duty_ends_min")
        if self.answer not in ("", "alerted", "refused"):
            raise InvalidProblem(
                f"{self.answer!r} is not known; use '', 'alerted' or 'refused'",
                field=f"{place}.answer",
            )


@dataclass(frozen=True)
class Overhead:
    """Minutes that are not driving; both are assumptions to be measured.

    Parameters
    ----------
    preparation_min
        From the alert until driving off: read, accept, walk to the car. 0 or more.
    access_min
        From parking until at the client: walk, key safe. 0 or more.
    """

    preparation_min: float = 5.0
    access_min: float = 3.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_range(self.preparation_min, 0.0, 1000.0, "overhead.preparation_min")
        check_range(self.access_min, 0.0, 1000.0, "overhead.access_min")


@dataclass(frozen=True)
class CallProblem:
    """A call, the nurses, and how long driving takes.

    Raises
    ------
    InvalidProblem
        If the key of a nurse is empty or occurs twice.
    """

    call: Call
    nurses: tuple[Nurse, ...]
    travel: TravelTable = field(default_factory=StraightLine)
    overhead: Overhead = field(default_factory=Overhead)

    def __post_init__(self) -> None:
        """Check the keys."""
        object.__setattr__(self, "nurses", tuple(self.nurses))
        check_keys([nurse.key for nurse in self.nurses], "nurses")

    @cached_property
    def input_hash(self) -> str:
        """Hash of everything in it."""
        return digest(self.call, self.nurses, self.travel, self.overhead)


@dataclass(frozen=True)
class Candidate:
    """A nurse that can come.

    Parameters
    ----------
    nurse
        Row in ``CallProblem.nurses``.
    arrival_min
        Expected minutes from the call until she is there; None without a place.
    travel_min
        Minutes of that driving; None without a place.
    in_time
        Whether that is within the minutes allowed; None when not known.
    """

    nurse: int
    key: str
    organization: str
    arrival_min: float | None
    travel_min: float | None
    in_time: bool | None


@dataclass(frozen=True)
class Choice:
    """Who should be alerted first, second, ..., and why not the others.

    Parameters
    ----------
    status
        ``optimal``: the first is the best under the rule. ``infeasible``: nobody can.
    candidates
        In the order in which to alert them.
    excluded
        Row of the nurse → codes of every condition, first reason first.
    terms
        ``arrival_min`` of the first, ``candidates``, ``excluded``, ``in_time``
        (numbers). ``arrival_min`` is absent when not known.
    """

    status: Literal["optimal", "infeasible"]
    candidates: tuple[Candidate, ...]
    excluded: Mapping[int, tuple[str, ...]]
    terms: Mapping[str, float]
    runtime_s: float
    input_hash: str
    seed: int = 0
    algorithm: str = "dispatch-shortest-arrival"
    version: str = "1"

    @property
    def best(self) -> Candidate | None:
        """The first to alert, if there is one."""
        return self.candidates[0] if self.candidates else None

    @property
    def bound(self) -> float | None:
        """No order has an earlier first arrival: all nurses were compared."""
        return self.terms.get("arrival_min")

    @property
    def gap(self) -> float:
        """Always 0: all nurses were compared."""
        return 0.0
