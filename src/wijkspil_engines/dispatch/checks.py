"""Is this value one that can be computed with? The checks of this package.

Not part of what the package offers; computes nothing.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

import numpy as np


class InvalidProblem(ValueError):
    """A value cannot be computed with; says which, where and what to do.

    ``field`` names the place, as in ``nurse 'n1'.lat``.
    """

    code = "invalid-problem"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


def check_range(
    value: object, low: float, high: float, place: str, *, above: bool = False
) -> None:
    """Refuse what is not a finite number from ``low`` (or above it) to ``high``.

    Raises
    ------
    InvalidProblem
        Naming ``place``.
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    number = float(value) if is_number else math.nan  # type: ignore[arg-type]
    too_low = number <= low if above else number < low
    if not math.isfinite(number) or too_low or number > high:
        start = "above" if above else "from"
        until = "" if math.isinf(high) else f" to {high:g}"
        raise InvalidProblem(
            f"{value!r} is not a number {start} {low:g}{until}", field=place
        )


def check_place(lon: float | None, lat: float | None, place: str) -> None:
    """Refuse half a place, or one outside the globe.

    Raises
    ------
    InvalidProblem
        Naming ``place``.
    """
    if (lon is None) != (lat is None):
        raise InvalidProblem(
            "only one of lon and lat is given; give both or neither",
            field=f"{place}.lon",
        )
    if lon is not None and lat is not None:
        check_range(lon, -180.0, 180.0, f"{place}.lon")
        check_range(lat, -90.0, 90.0, f"{place}.lat")


def check_keys(keys: Sequence[str], place: str) -> None:
    """Refuse an empty key and one that occurs twice.

    Raises
    ------
    InvalidProblem
        Naming ``place`` and the row.
    """
    seen: set[str] = set()
    for row, key in enumerate(keys):
        if not key:
            raise InvalidProblem("is empty; give each a key", field=f"{place}[{row}]")
        if key in seen:
            raise InvalidProblem(
                f"{key!r} occurs twice; give each its own key", field=f"{place}[{row}]"
            )
        seen.add(key)


def digest(*parts: object) -> str:
    """Return a short hash of descriptions; equal input gives an equal hash."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(repr(_plain(part)).encode())
        state.update(b"|")
    return state.hexdigest()


def _plain(value: object) -> object:
    """Give sets, tables and arrays one order, so that their text is one text."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return sorted((key, _plain(item)) for key, item in value.items())
    if isinstance(value, np.ndarray):
        return (value.shape, hashlib.blake2b(value.tobytes()).hexdigest())
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        items = [
            (item.name, _plain(getattr(value, item.name))) for item in fields(value)
        ]
        return (type(value).__name__, items)
    return value
