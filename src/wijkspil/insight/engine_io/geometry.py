"""Metres on a flat map of the Netherlands, for distances between places and sites."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Amersfoort, the origin of the Dutch grid: degrees, and its place in metres.
_LAT_0, _LON_0 = 52.15517440, 5.38720621
_X_0, _Y_0 = 155_000.0, 463_000.0
#: (power of latitude, power of longitude, coefficient)
_X = (
    (0, 1, 190094.945), (1, 1, -11832.228), (2, 1, -114.221), (0, 3, -32.391),
    (1, 0, -0.705), (3, 1, -2.340), (1, 3, -0.608), (0, 2, -0.008), (2, 3, 0.148),
)  # fmt: skip
_Y = (
    (1, 0, 309056.544), (0, 2, 3638.893), (2, 0, 73.077), (1, 2, -157.984),
    (3, 0, 59.788), (0, 1, 0.433), (2, 2, -6.439), (1, 1, -0.032), (0, 4, 0.092),
    (1, 4, -0.054),
)  # fmt: skip


def metres_of(lon: Floats, lat: Floats) -> Floats:
    """Return (n, 2) metres in the Dutch grid (RD, EPSG:28992) of degrees (WGS84).

    Right within a metre inside the Netherlands. Source: Schreutelkamp and Strang van
    Hees, Benaderingsformules voor de transformatie tussen RD- en WGS84-kaart-
    coördinaten, Geodesia 43 (2001).
    """
    north = 0.36 * (np.asarray(lat, np.float64) - _LAT_0)
    east = 0.36 * (np.asarray(lon, np.float64) - _LON_0)
    x = _X_0 + sum(c * north**p * east**q for p, q, c in _X)
    y = _Y_0 + sum(c * north**p * east**q for p, q, c in _Y)
    return np.stack([x, y], axis=1)
