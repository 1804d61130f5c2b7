"""Why is an area short, how sure is that, and what decides it? Data, not words."""

from typing import NamedTuple

import numpy as np

from wijkspil_engines.projection.problem import (
    InvalidProblem,
    Parameter,
    ProjectionProblem,
)
from wijkspil_engines.projection.solve import Result
from wijkspil_engines.projection.waterfall import Waterfall


class Driver(NamedTuple):
    """How far one parameter decides an outcome over the runs.

    Parameters
    ----------
    share
        Squared correlation, 0 to 1: part of the spread that goes with it. Shares of
        all parameters need not sum to 1.
    at_low, at_high
        Mean outcome of the tenth of runs with the lowest and highest value.
    """

    parameter: Parameter
    share: float
    at_low: float
    at_high: float


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


def list_drivers(
    problem: ProjectionProblem,
    result: Result,
    *,
    region: int,
    kind: int,
    year: int,
    measure: str = "gap",
) -> tuple[Driver, ...]:
    """Return the parameters by how far they decide a total of a region, most first.

    Raises
    ------
    InvalidProblem
        If fewer than ten runs were drawn or the year is not there.
    """
    if result.params.n_runs < 10:
        raise InvalidProblem("at least 10 runs are needed", field="n_runs")
    outcome = result.totals[measure][region, kind, _place(result, year), 1:]
    tenth = max(1, outcome.size // 10)
    made = []
    for parameter in problem.parameters:
        value = result.parameters[parameter.name][1:]
        if value.std() == 0 or outcome.std() == 0:
            share = 0.0
        else:
            share = float(np.corrcoef(value, outcome)[0, 1] ** 2)
        order = np.argsort(value, kind="stable")
        made.append(
            Driver(
                parameter,
                share,
                float(outcome[order[:tenth]].mean()),
                float(outcome[order[-tenth:]].mean()),
            )
        )
    return tuple(sorted(made, key=lambda each: -each.share))


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
