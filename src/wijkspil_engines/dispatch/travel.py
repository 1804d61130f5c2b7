"""How many minutes is it from here to there, at this hour?

``StraightLine`` estimates; ``MatrixTable`` looks up what OSRM or Valhalla computed
(``tables`` reads their answers). Anything with the same method will do. Only
driving: getting ready and walking to the door are ``Overhead``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.dispatch.checks import (
    InvalidProblem,
    check_keys,
    check_place,
    check_range,
)

EARTH_RADIUS_KM = 6371.0
HOURS_A_DAY = 24

#: Road over straight line: the mean over 300 European cities is 1.343 (doi
#: 10.1177/23998083231168870); 1.3 between towns (arXiv 2406.06490).
DETOUR = 1.34

#: Km/h over the road, by hour of the day. Means of the ten slowest Dutch cities in the
#: TomTom Traffic Index 2025: 32 over the day, 29 and 26 in the two rush hours.
#: The 40 of 22 to 6 is an assumption: a third above the rush, no traffic.
SPEEDS_KMH = (*(40.0,) * 6, 32.0, 29.0, 29.0, *(32.0,) * 7, 26.0, 26.0,
              *(32.0,) * 4, 40.0, 40.0)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Somewhere to drive from or to.

    Parameters
    ----------
    key
        Name under which a table knows it.
    lon, lat
        Degrees (WGS 84), both or neither; a table does without.
    spread_km
        Radius of the disc the real addresses lie in; 0 is one point.
    """

    key: str
    lon: float | None = None
    lat: float | None = None
    spread_km: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is not on the globe."""
        check_place(self.lon, self.lat, f"place {self.key!r}")
        check_range(self.spread_km, 0.0, 1000.0, f"place {self.key!r}.spread_km")


class TravelTable(Protocol):
    """What the engine asks of a source of driving times."""

    def minutes(self, origin: Place, destination: Place, hour: float) -> float | None:
        """Return the minutes when leaving at this local hour (0 to 24).

        Infinite when there is no way; None when not known.
        """
        ...


@dataclass(frozen=True)
class StraightLine:
    """Straight line times a detour, at the speed of the hour.

    Between two areas the line is ``sqrt(d² + r₁²/2 + r₂²/2)``: the root mean square
    distance of two addresses spread evenly over discs with radius r, d apart. It is
    a few percent more than the mean distance, never less.

    Parameters
    ----------
    detour
        Road over straight line, 1 or more.
    speeds_kmh
        24 speeds over the road by local hour, above 0.

    Raises
    ------
    InvalidProblem
        If a value is outside the range given above.
    """

    detour: float = DETOUR
    speeds_kmh: tuple[float, ...] = SPEEDS_KMH

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_range(self.detour, 1.0, 10.0, "travel.detour")
        object.__setattr__(self, "speeds_kmh", tuple(self.speeds_kmh))
        if len(self.speeds_kmh) != HOURS_A_DAY:
            raise InvalidProblem(
                f"has {len(self.speeds_kmh)} speeds; give one for each of 24 hours",
                field="travel.speeds_kmh",
            )
        for hour, speed in enumerate(self.speeds_kmh):
            check_range(speed, 0.0, 300.0, f"travel.speeds_kmh[{hour}]", above=True)

    def minutes(self, origin: Place, destination: Place, hour: float) -> float | None:
        """Return the minutes; None when one of both has no place."""
        km = distance_km(origin, destination)
        if km is None:
            return None
        return 60.0 * km * self.detour / self.speeds_kmh[int(hour) % HOURS_A_DAY]


@dataclass(frozen=True)
class MatrixTable:
    """Minutes that were computed before, for places known by their key.

    Parameters
    ----------
    origins, destinations
        Keys of the rows and of the columns, unique.
    values_min
        (n_origins, n_destinations) minutes, 0 or more; infinite where there is no way.
    factors
        24 factors by local hour, above 0; a router answers for one moment only.

    Raises
    ------
    InvalidProblem
        If a shape or a value does not fit.
    """

    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    values_min: NDArray[np.float64] = field(repr=False)
    factors: tuple[float, ...] = (1.0,) * HOURS_A_DAY

    def __post_init__(self) -> None:
        """Copy and check the minutes."""
        object.__setattr__(self, "origins", tuple(self.origins))
        object.__setattr__(self, "destinations", tuple(self.destinations))
        object.__setattr__(self, "factors", tuple(self.factors))
        check_keys(self.origins, "table.origins")
        check_keys(self.destinations, "table.destinations")
        values = np.array(self.values_min, np.float64)
        values.flags.writeable = False
        object.__setattr__(self, "values_min", values)
        shape = (len(self.origins), len(self.destinations))
        if values.shape != shape:
            raise InvalidProblem(
                f"has shape {values.shape}; {shape} is needed", field="table.values_min"
            )
        wrong = np.argwhere(~(values >= 0))
        if wrong.size:
            row, column = wrong[0].tolist()
            raise InvalidProblem(
                f"{values[row, column]} from {self.origins[row]!r} to "
                f"{self.destinations[column]!r} is not a number of 0 or more",
                field="table.values_min",
            )
        if len(self.factors) != HOURS_A_DAY:
            raise InvalidProblem(
                f"has {len(self.factors)} factors; give one for each of 24 hours",
                field="table.factors",
            )
        for hour, factor in enumerate(self.factors):
            check_range(factor, 0.0, 100.0, f"table.factors[{hour}]", above=True)

    def minutes(self, origin: Place, destination: Place, hour: float) -> float | None:
        """Return the minutes; None for a pair the table does not have."""
        row = self._rows.get(origin.key)
        column = self._columns.get(destination.key)
        if row is None or column is None:
            return None
        value = float(self.values_min[row, column])
        return value * self.factors[int(hour) % HOURS_A_DAY]

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {key: row for row, key in enumerate(self.origins)}

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        return {key: column for column, key in enumerate(self.destinations)}


def distance_km(origin: Place, destination: Place) -> float | None:
    """Return the km in a straight line; None when one of both has no place.

    Haversine, which stays exact for the short distances that matter here.
    """
    if origin.lon is None or origin.lat is None:
        return None
    if destination.lon is None or destination.lat is None:
        return None
    lat_0, lat_1 = math.radians(origin.lat), math.radians(destination.lat)
    d_lon = math.radians(destination.lon - origin.lon)
    h = (
        math.sin((lat_1 - lat_0) / 2) ** 2
        + math.cos(lat_0) * math.cos(lat_1) * math.sin(d_lon / 2) ** 2
    )
    km = 2 * EARTH_RADIUS_KM * math.asin(min(math.sqrt(h), 1.0))
    spread = (origin.spread_km**2 + destination.spread_km**2) / 2
    return math.sqrt(km * km + spread)
