"""What charts are made of, in plain values. No drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

#: How a bar stands out: as most, as the one meant, or as background.
BAR_KINDS = ("plain", "strong", "soft")
#: How a line is drawn; a series that was not measured is not solid.
LINE_KINDS = ("solid", "dashed", "dotted")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``low`` and ``high`` bound its interval.

    ``value`` None draws no bar; ``why`` then says why ("withheld: fewer than 10").
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "plain"
    why: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class LinePoint:
    """A value at ``x`` (a year, or days): ``label`` is what stands below it."""

    x: float
    label: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A series through time; ``kind`` is one of ``LINE_KINDS``."""

    label: str
    points: Sequence[LinePoint]
    kind: str = "solid"


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause adds to a total (or takes away)."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """How far the outcome moves when one thing is low or high."""

    label: str
    low: float
    high: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A value of one series, with its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class DotRow:
    """What is compared: an area, with a dot per series in the order of the series."""

    label: str
    dots: Sequence[Dot]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """Shares of a total against shares of people, both 0..1 and rising."""

    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """A value over ``count`` people or visits."""

    label: str
    count: float
    value: float


@dataclass(frozen=True, slots=True)
class FunnelLimit:
    """Between which values chance alone explains it, at a count."""

    count: float
    low: float
    high: float
    far_low: float
    far_high: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: wide and narrow SVG, and its numbers as a table.

    ``svg`` serves a wide page and paper (720 units wide), ``narrow_svg`` a phone (360).
    """

    title: str
    svg: str
    narrow_svg: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
