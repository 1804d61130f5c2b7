"""How much room is there on lists of GPs in the years ahead?

Where people live and how many they are follows the projection of the population; how
many people a practice can take grows or shrinks with the ratio of GPs to need, which
is projected for all of them together. Practices that close take their places with
them.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from wijkspil.insight.engine_io import problems
from wijkspil.insight.engine_io.access import access_problem
from wijkspil.insight.types import FigureRow, Ground
from wijkspil_engines.access import Params as AccessParams
from wijkspil_engines.access import Steps
from wijkspil_engines.access import solve as solve_access
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.scenario import Scenario
from wijkspil_engines.projection.solve import solve

Floats = NDArray[np.float64]

_INDICATOR = "gp_places_per_1000"
_SOURCE = gettext_noop("Projection of people and GPs; E2SFCA, 10, 20 and 30 minutes")
_LOW, _HIGH = 0.1, 0.9


def project_gp_places(
    ground: Ground,
    scenario: Scenario,
    closing: Mapping[str, int],
    *,
    first_year: int,
    horizon_year: int,
    seed: int,
    draws: int,
    years: Sequence[int] | None = None,
    around: Ground | None = None,
) -> list[FigureRow]:
    """Return gp_places_per_1000 of places and areas in some years (None: all).

    ``closing`` is the first year without a practice, by its code. The interval holds
    how sure the ratio of GPs to need is, not where people will live. Without
    practices: no rows.
    """
    wide = around or ground
    if not wide.gp_sites or not wide.places:
        return []
    factor = _list_factor(
        wide, scenario, first_year=first_year, horizon_year=horizon_year,
        seed=seed, draws=draws,
    )  # fmt: skip
    people_by_year = problems.people_by_year(
        wide, first_year=first_year, horizon_year=horizon_year
    )
    row_of = {place.code: row for row, place in enumerate(wide.places)}
    here = np.array([row_of[place.code] for place in ground.places], np.int64)
    wanted = range(first_year, horizon_year + 1) if years is None else sorted(years)
    rows: list[FigureRow] = []
    for year in wanted:
        if not first_year <= year <= horizon_year:
            continue
        people = people_by_year[:, year - first_year]
        problem = access_problem(
            wide,
            people,
            without={code for code, last in closing.items() if last <= year},
        )
        values = solve_access(
            problem, params=AccessParams(measure="e2sfca", decay=Steps())
        ).values
        ratio = factor[year - first_year]
        low, high = np.quantile(ratio, (_LOW, _HIGH))
        rows += _rows(
            ground, year, 1000 * values[here], people[here],
            (float(ratio.mean()), float(low), float(high)),
        )  # fmt: skip
    return rows


def _list_factor(
    ground: Ground,
    scenario: Scenario,
    *,
    first_year: int,
    horizon_year: int,
    seed: int,
    draws: int,
) -> Floats:
    """Return (years, draws) how many people a GP can take, against the first year."""
    start = problems.age_to(ground, first_year)
    problem = problems.gp_problem(
        start.population.sum(axis=0),
        scenario,
        first_year=first_year,
        horizon_year=horizon_year,
    )
    totals = solve(problem, params=Params(n_runs=draws, measures=()), seed=seed).totals
    capacity, need = totals["capacity"][0, 0, :, 1:], totals["need"][0, 0, :, 1:]
    per_person = need / totals["people"][0, 0, :, 1:]
    made: Floats = (capacity / capacity[0]) / (per_person / per_person[0])
    return made


def _rows(
    ground: Ground,
    year: int,
    places: Floats,
    people: Floats,
    ratio: tuple[float, float, float],
) -> list[FigureRow]:
    found: dict[str, list[int]] = {
        place.code: [row] for row, place in enumerate(ground.places)
    }
    for row, place in enumerate(ground.places):
        for code in place.within:
            found.setdefault(code, []).append(row)
    rows = []
    for code, members in found.items():
        count = float(people[members].sum())
        if count <= 0:
            continue
        mean = float((places[members] * people[members]).sum()) / count
        value, low, high = (mean * each for each in ratio)
        rows.append(
            FigureRow(
                indicator=_INDICATOR,
                area_code=code,
                valid_from=date(year, 1, 1),
                valid_until=date(year + 1, 1, 1),
                value=value,
                numerator=value * count / 1000,
                denominator=count,
                low=low,
                high=high,
                source=_SOURCE,
            )
        )
    return rows
