"""Why is an area short, and how sure is that? In data; words are for who shows it.

Which figure decides most is told by ``tornado``.
"""

from typing import NamedTuple

import numpy as np

from wijkspil_engines.projection.problem import (
    InvalidProblem,
    ProjectionProblem,
)
from wijkspil_engines.projection.solve import Result
from wijkspil_engines.projection.waterfall import Waterfall


class Outlook(NamedTuple):
    """One area, kind of care and year; hours a week, NaN where not known.

    ``low``, ``high``: outermost quantiles of the gap that were asked. ``first_year``:
    first with an even chance to be short, 0 for none.
    """

    area: str
    kind: str
    year: int
    need_now: float
    need: float
    capacity_now: float
    capacity: float
    gap: float
    low: float
    high: float
    gap_fte: float
    clients: float
    chance_short: float
    first_year: int
    causes: tuple[tuple[str, float], ...]


def explain_area(
    problem: ProjectionProblem,
    result: Result,
    *,
    area: int,
    kind: int,
    year: int,
    causes: Waterfall | None = None,
) -> Outlook:
    """Return what is known of an area in a year.

    Parameters
    ----------
    causes
        ``waterfall.explain_years`` at level ``areas``, for the same year.

    Raises
    ------
    InvalidProblem
        If the year is not there.
    """
    last = _place(result, year)
    at = (area, kind, last)
    spread = result.quantiles.get("gap")
    order = np.argsort(result.params.quantiles)
    return Outlook(
        area=problem.areas[area],
        kind=problem.kinds[kind].name,
        year=year,
        need_now=float(result.means["need"][area, kind, 0]),
        need=float(result.means["need"][at]),
        capacity_now=float(result.means["capacity"][area, kind, 0]),
        capacity=float(result.means["capacity"][at]),
        gap=float(result.means["gap"][at]),
        low=float("nan") if spread is None else float(spread[(order[0], *at)]),
        high=float("nan") if spread is None else float(spread[(order[-1], *at)]),
        gap_fte=float(result.means["gap_fte"][at]),
        clients=float(result.means["clients"][at]),
        chance_short=float(result.chance_short[at]),
        first_year=int(result.first_short_year()[area, kind]),
        causes=()
        if causes is None
        else tuple(
            (name, value)
            for name, value in causes.hours(area, kind).items()
            if name not in ("start", "end")
        ),
    )


def _place(result: Result, year: int) -> int:
    if year not in result.years:
        raise InvalidProblem(
            f"{year} is not one of {result.years[0]} to {result.years[-1]}",
            field="year",
        )
    return year - result.years[0]
