"""What a night is: where calls come from, who drives, and what came of it.

Only descriptions and their checks; ``simulate`` does the work. Minutes count from the
start of the night.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.dispatch.checks import (
    InvalidProblem,
    check_keys,
    check_place,
    check_range,
    digest,
)
from wijkspil_engines.dispatch.problem import Overhead
from wijkspil_engines.dispatch.travel import Place, StraightLine, TravelTable

Mode = Literal["pooled", "separate"]
MODES: tuple[Mode, ...] = ("pooled", "separate")
#: Shares of a wijk add up to 1 within this.
SHARE_TOLERANCE = 1e-6
QUANTILES = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Wijk:
    """An area calls come from.

    Parameters
    ----------
    key
        Name of the wijk.
    lon, lat
        Degrees (WGS 84) of where its people live on average; without, the travel table
        must know the key.
    calls_per_night
        Mean number of unplanned calls a night, 0 or more.
    shares
        Provider → part of the calls that belong to its clients; adds up to 1. Only
        ``separate`` looks at it; empty: calls nobody comes to in ``separate``.
    area_km2
        Land its addresses are spread over, 0 or more; 0 is one point.
    """

    key: str
    lon: float | None
    lat: float | None
    calls_per_night: float
    shares: Mapping[str, float] = field(default_factory=dict)
    area_km2: float = 0.0

    def __post_init__(self) -> None:
        """Check the values and make the shares read-only."""
        place = f"wijk {self.key!r}"
        check_place(self.lon, self.lat, place)
        check_range(self.calls_per_night, 0.0, 10_000.0, f"{place}.calls_per_night")
        check_range(self.area_km2, 0.0, 100_000.0, f"{place}.area_km2")
        object.__setattr__(self, "shares", MappingProxyType(dict(self.shares)))
        for provider, share in self.shares.items():
            check_range(share, 0.0, 1.0, f"{place}.shares[{provider!r}]")
        total = math.fsum(self.shares.values())
        if self.shares and abs(total - 1.0) > SHARE_TOLERANCE:
            raise InvalidProblem(
                f"add up to {total:g}; make them add up to 1", field=f"{place}.shares"
            )

    @cached_property
    def place(self) -> Place:
        """Where its addresses are."""
        radius_km = math.sqrt(self.area_km2 / math.pi)
        return Place(self.key, self.lon, self.lat, radius_km)


@dataclass(frozen=True)
class NightTeam:
    """Nurses (or cars) with one base, free for unplanned calls all night.

    Parameters
    ----------
    key, provider
        Names of the team and of its provider.
    lon, lat
        Degrees (WGS 84) of the base; without, the travel table must know the key.
    n_nurses
        How many drive at once, 0 or more; leave out who is busy with planned care.
    covers
        Wijken it goes to in ``separate``; None is all.
    """

    key: str
    provider: str
    lon: float | None
    lat: float | None
    n_nurses: int = 1
    covers: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        place = f"team {self.key!r}"
        check_place(self.lon, self.lat, place)
        check_range(self.n_nurses, 0, 1000, f"{place}.n_nurses")
        if int(self.n_nurses) != self.n_nurses:
            raise InvalidProblem(
                f"{self.n_nurses!r} is no whole number", field=f"{place}.n_nurses"
            )
        if not self.provider:
            raise InvalidProblem("is empty; name one", field=f"{place}.provider")

    @cached_property
    def place(self) -> Place:
        """Where its nurses start."""
        return Place(self.key, self.lon, self.lat)


@dataclass(frozen=True)
class NightProblem:
    """A region at night.

    Raises
    ------
    InvalidProblem
        If a key is empty or occurs twice (a wijk and a team may not share one: a
        travel table could not tell them apart), or a team covers what is no wijk.
    """

    wijken: tuple[Wijk, ...]
    teams: tuple[NightTeam, ...]
    travel: TravelTable = field(default_factory=StraightLine)

    def __post_init__(self) -> None:
        """Check the keys."""
        object.__setattr__(self, "wijken", tuple(self.wijken))
        object.__setattr__(self, "teams", tuple(self.teams))
        wijken = [wijk.key for wijk in self.wijken]
        check_keys(wijken, "wijken")
        check_keys([team.key for team in self.teams], "teams")
        known = set(wijken)
        for team in self.teams:
            if team.key in known:
                raise InvalidProblem(
                    f"{team.key!r} is also a wijk; give each its own key",
                    field=f"team {team.key!r}.key",
                )
            for key in sorted(team.covers or ()):
                if key not in known:
                    raise InvalidProblem(
                        f"{key!r} is no wijk of the problem",
                        field=f"team {team.key!r}.covers",
                    )

    @cached_property
    def providers(self) -> tuple[str, ...]:
        """All providers of shares and teams, sorted."""
        named = {team.provider for team in self.teams}
        return tuple(sorted(named.union(*(wijk.shares for wijk in self.wijken))))

    @cached_property
    def input_hash(self) -> str:
        """Hash of everything in it."""
        return digest(self.wijken, self.teams, self.travel)


@dataclass(frozen=True)
class NightParams:
    """How a night goes. Where no source is named, the value is an assumption.

    Parameters
    ----------
    start_hour
        Local hour at which the night starts, 0 up to 24.
    hour_weights
        Weight of each hour of the night for the number of calls; its length is the
        length of the night. All equal: no figures are published that we know of.
    within_min
        Minutes within which a nurse should be there.
    service_mean_min, service_cv
        Mean and coefficient of variation (sd / mean) of what a visit takes.
    service_shape
        ``lognormal``, or ``exponential`` (``service_cv`` is then not used).
    service_covers
        ``visit``: the minutes at the client; driving comes on top. ``round-trip``:
        the minutes from the alert until back at base, driving included.
    when_busy
        What happens to a call for which nobody is free. ``commit``: as for all calls,
        the nurse with the shortest expected arrival is told, and goes after what she
        has (the rule of ``choose``). ``queue``: it waits; the first nurse to come free
        takes the oldest that waits. ``lost``: it goes to others and is never in time.
    after_visit
        ``stay``: she waits where she was. ``return``: she drives back to base and can
        be called on the way. With ``round-trip`` she is always at base.
    warm_up_min
        Minutes before the night in which calls come as in its first hour; they keep
        nurses busy and are not counted.
    overhead
        Minutes that are not driving.

    Raises
    ------
    InvalidProblem
        If a value is outside the range given above.
    """

    start_hour: float = 23.0
    hour_weights: tuple[float, ...] = (1.0,) * 8
    within_min: float = 30.0
    service_mean_min: float = 35.0
    service_cv: float = 0.6
    service_shape: Literal["lognormal", "exponential"] = "lognormal"
    service_covers: Literal["visit", "round-trip"] = "visit"
    when_busy: Literal["commit", "queue", "lost"] = "commit"
    after_visit: Literal["stay", "return"] = "stay"
    warm_up_min: float = 0.0
    overhead: Overhead = field(default_factory=Overhead)

    def __post_init__(self) -> None:
        """Check the ranges."""
        object.__setattr__(self, "hour_weights", tuple(self.hour_weights))
        check_range(self.start_hour, 0.0, 24.0, "params.start_hour")
        for hour, weight in enumerate(self.hour_weights):
            check_range(weight, 0.0, 1e6, f"params.hour_weights[{hour}]")
        if not sum(self.hour_weights) > 0:
            raise InvalidProblem(
                "has no weight above 0; give the night an hour with calls",
                field="params.hour_weights",
            )
        check_range(self.within_min, 0.0, 10_000.0, "params.within_min")
        check_range(
            self.service_mean_min, 0.0, 10_000.0, "params.service_mean_min", above=True
        )
        check_range(self.service_cv, 0.0, 100.0, "params.service_cv", above=True)
        check_range(self.warm_up_min, 0.0, 100_000.0, "params.warm_up_min")
        for name, known in (
            ("service_shape", ("lognormal", "exponential")),
            ("service_covers", ("visit", "round-trip")),
            ("when_busy", ("commit", "queue", "lost")),
            ("after_visit", ("stay", "return")),
        ):
            if getattr(self, name) not in known:
                raise InvalidProblem(
                    f"{getattr(self, name)!r} is not known; use {' or '.join(known)}",
                    field=f"params.{name}",
                )

    @property
    def night_min(self) -> float:
        """Minutes of the night."""
        return 60.0 * len(self.hour_weights)

    @property
    def log_sd(self) -> float:
        """Standard deviation of the logarithm of a lognormal visit."""
        return math.sqrt(math.log1p(self.service_cv**2))

    @property
    def log_mean(self) -> float:
        """Mean of the logarithm of a lognormal visit."""
        return math.log(self.service_mean_min) - self.log_sd**2 / 2


@dataclass(frozen=True, eq=False)
class ModeResult:
    """What came of the calls in one mode. Arrays are read-only.

    Parameters
    ----------
    chance, chance_low, chance_high
        (n_wijken,) chance of arrival in time with its 95 % interval; NaN without
        calls.
    region
        The same three for all calls together.
    calls
        (n_wijken,) calls counted; in both modes the same.
    in_time, unserved
        (n_wijken,) calls in time, and calls nobody came to.
    arrival_quantiles_min
        Minutes from call to arrival, by ``QUANTILES``; infinite: nobody came.
    arrival_mean_min, wait_mean_min
        Over the calls somebody came to: until she is there; until she can start.
    waited_share
        Part of the calls somebody came to that waited for a nurse to be free.
    histogram
        (13,) calls by minutes until arrival: steps of 5, from 60 on, nobody came is
        not in it.
    utilisation
        (n_teams,) part of the night that a nurse is under way or at a client; NaN for
        a team without nurses.
    calls_by_night, in_time_by_night
        (n_nights,) what the intervals are made of.
    """

    chance: NDArray[np.float64]
    chance_low: NDArray[np.float64]
    chance_high: NDArray[np.float64]
    region: tuple[float, float, float]
    calls: NDArray[np.int64]
    in_time: NDArray[np.int64]
    unserved: NDArray[np.int64]
    arrival_quantiles_min: tuple[float, ...]
    arrival_mean_min: float
    wait_mean_min: float
    waited_share: float
    histogram: NDArray[np.int64]
    utilisation: NDArray[np.float64]
    calls_by_night: NDArray[np.int64]
    in_time_by_night: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NightResult:
    """What came of many nights, the same calls in each mode.

    Parameters
    ----------
    status
        Always ``feasible``: an estimate, nothing is optimized.
    modes
        By name of the mode.
    gain
        Chance pooled minus chance separate for the region, with its 95 % interval
        (paired: the same calls); None when not both were asked.
    terms
        ``chance_pooled``, ``chance_separate`` of the region, as far as asked; NaN
        without calls.
    """

    status: Literal["feasible"]
    modes: Mapping[Mode, ModeResult]
    gain: tuple[float, float, float] | None
    terms: Mapping[str, float]
    n_nights: int
    seed: int
    params: NightParams
    runtime_s: float
    input_hash: str
    algorithm: str = "dispatch-night"
    version: str = "1"

    @property
    def gap(self) -> float:
        """Half the widest interval of a region's chance; what more nights shrink."""
        regions = [mode.region for mode in self.modes.values()]
        return max((high - low) / 2 for _, low, high in regions)
