"""What a projection hands on: figures, totals, causes, swings; plain enough for JSON.

Hours are hours a week. An interval is an 80 % interval. Of ``draws`` the first is the
central run: every parameter at its middle.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wijkspil.insight.types import Assumption, FigureRow

Floats = NDArray[np.float64]

#: Codes of what is projected, in the order pages show them.
PROJECTED = (
    "need_hours",
    "capacity_hours",
    "gap_hours",
    "gap_share",
    "gap_fte",
    "clients",
    "gap_chance",
)


@dataclass(frozen=True, slots=True)
class YearTotal:
    """One projected number of the whole ground in one calendar year.

    ``indicator`` is one of ``PROJECTED``; ``value`` is the mean of the draws, except
    for ``gap_chance``: the chance in % that need exceeds capacity.
    """

    indicator: str
    year: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """A step from what was to what will be, in hours a week.

    ``kind`` is start, cause, interaction or end; start + causes + interaction = end.
    """

    key: str
    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class TornadoRow:
    """What one uncertain parameter does to the gap in the last year.

    ``at_low`` and ``at_high``: the gap (hours a week) with the parameter at the ends
    of its interval and all others at their middle.
    """

    parameter: str
    unit: str
    low: float
    high: float
    at_low: float
    at_high: float
    status: str
    source: str
    set_by: str = ""
    why: str = ""

    @property
    def swing(self) -> float:
        """How far the gap moves."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, eq=False)
class Projection:
    """What one scenario gives for one ground.

    ``figures`` are per place and per area it lies in, a row per calendar year;
    ``totals`` are of the whole ground; ``draws_by_indicator`` keeps each draw of the
    totals, (years, draws), so that two projections with the same seed can be compared
    draw by draw.
    """

    scenario: str
    title: str
    first_year: int
    horizon_year: int
    draws: int
    seed: int
    figures: tuple[FigureRow, ...]
    totals: tuple[YearTotal, ...]
    #: from the first year to the horizon, of the gap
    waterfall: tuple[WaterfallRow, ...]
    tornado: tuple[TornadoRow, ...]
    assumptions: tuple[Assumption, ...]
    draws_by_indicator: Mapping[str, Floats]
    version: str
    input_hash: str
    runtime_s: float = 0.0

    @property
    def years(self) -> tuple[int, ...]:
        """The calendar years, the first and the last included."""
        return tuple(range(self.first_year, self.horizon_year + 1))

    def total(self, indicator: str, year: int) -> YearTotal:
        """Return one number of the whole ground.

        Raises
        ------
        KeyError
            If it was not projected.
        """
        for row in self.totals:
            if row.indicator == indicator and row.year == year:
                return row
        raise KeyError((indicator, year))


@dataclass(frozen=True, slots=True)
class Difference:
    """What one scenario makes of a number against another, draw by draw.

    ``share_lower`` is the share of the draws (0..1) in which it is lower.
    """

    indicator: str
    year: int
    value: float
    low: float
    high: float
    share_lower: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two projections of the same ground with the same seed."""

    first: str
    second: str
    differences: tuple[Difference, ...]
    #: which causes make the difference in the last year
    waterfall: tuple[WaterfallRow, ...] = field(default=())

    def difference(self, indicator: str, year: int) -> Difference:
        """Return one difference.

        Raises
        ------
        KeyError
            If it was not compared.
        """
        for row in self.differences:
            if row.indicator == indicator and row.year == year:
                return row
        raise KeyError((indicator, year))


def as_result(projection: Projection) -> dict[str, Any]:
    """Return everything but the figures as values that JSON holds."""
    return {
        "scenario": projection.scenario,
        "title": projection.title,
        "first_year": projection.first_year,
        "horizon_year": projection.horizon_year,
        "draws": projection.draws,
        "seed": projection.seed,
        "totals": [asdict(row) for row in projection.totals],
        "waterfall": [asdict(row) for row in projection.waterfall],
        "tornado": [asdict(row) for row in projection.tornado],
        "assumptions": [asdict(row) for row in projection.assumptions],
        "draws_by_indicator": {
            name: np.asarray(values).tolist()
            for name, values in projection.draws_by_indicator.items()
        },
        "version": projection.version,
        "input_hash": projection.input_hash,
        "runtime_s": projection.runtime_s,
    }


def from_result(result: Mapping[str, Any]) -> Projection:
    """Return the projection of what ``as_result`` made; its figures are not in it."""
    return Projection(
        scenario=result["scenario"],
        title=result["title"],
        first_year=result["first_year"],
        horizon_year=result["horizon_year"],
        draws=result["draws"],
        seed=result["seed"],
        figures=(),
        totals=tuple(YearTotal(**row) for row in result["totals"]),
        waterfall=tuple(WaterfallRow(**row) for row in result["waterfall"]),
        tornado=tuple(TornadoRow(**row) for row in result["tornado"]),
        assumptions=tuple(Assumption(**row) for row in result["assumptions"]),
        draws_by_indicator={
            name: np.asarray(values, dtype=np.float64)
            for name, values in result["draws_by_indicator"].items()
        },
        version=result["version"],
        input_hash=result["input_hash"],
        runtime_s=result["runtime_s"],
    )
