"""What the pages need to know of the site around them, in plain values."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the menu; ``current`` marks the page the visitor is on.

    ``label`` may be a lazy translation.
    """

    label: Any
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the trail above a page; the last one has no ``url``."""

    label: Any
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that can be switched on or off by following ``url``."""

    label: Any
    url: str
    active: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a process: ``state`` is ``done``, ``current`` or ``todo``."""

    label: Any
    state: str = "todo"
    url: str = ""
    note: Any = ""


@dataclass(frozen=True, slots=True)
class MapCategory:
    """One kind of area on a map: ``key`` is one of ``MAP_CATEGORIES``."""

    key: str
    label: Any


#: The kinds of area the map can draw; each has a color and a pattern of its own.
MAP_CATEGORIES = (
    "covered",
    "backup",
    "gap",
    "good",
    "limited",
    "full",
    "unknown",
    # From little to much, for figures in classes.
    "step-1",
    "step-2",
    "step-3",
    "step-4",
    "step-5",
)
