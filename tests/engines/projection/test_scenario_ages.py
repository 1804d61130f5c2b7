"""Single years of age keep what bands say and move generations as they are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.engines.projection.test_scenario_applied import small_problem
from wijkspil_engines.projection.ages import by_single_years, split_people
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.problem import InvalidProblem
from wijkspil_engines.projection.solve import solve


@given(arrays.arrays(float, (2, 7), elements=st.floats(0, 1e6)))
def test_every_band_keeps_its_sum(bands: np.ndarray) -> None:
    singles = split_people(bands, last_age=40)

    assert singles.shape == (2, 40)
    assert (singles >= 0).all()
    sums = np.add.reduceat(singles, np.arange(0, 35, 5), axis=1)
    assert sums == pytest.approx(bands, rel=1e-9, abs=1e-6)


def test_the_first_year_is_the_same() -> None:
    problem = small_problem()

    bands, singles = (
        solve(each, params=Params(n_runs=0), seed=1)
        for each in (problem, by_single_years(problem))
    )

    for measure in ("need", "people", "capacity", "clients"):
        assert singles.totals[measure][..., 0, :] == pytest.approx(
            bands.totals[measure][..., 0, :]
        )


def test_a_generation_stays_together() -> None:
    problem = small_problem()
    population = np.zeros_like(problem.population)
    population[:, :, 8] = 100.0
    immortal = replace(
        problem,
        population=population,
        mortality=np.zeros_like(problem.mortality),
        fertility=np.zeros_like(problem.fertility),
    )

    def aged(each: object) -> float:
        """Count who is 75 and over 14 years later; nobody of 40 to 44 is."""
        result = solve(each, params=Params(n_runs=0), seed=1)  # type: ignore[arg-type]
        return float(result.totals["people_75"][0, 0, -1, 0])

    assert aged(by_single_years(immortal)) == 0
    assert aged(immortal) > 0


def test_mortality_goes_up_within_a_band_and_about_its_level() -> None:
    problem = small_problem()

    singles = by_single_years(problem).mortality[0, 0]

    band = singles[70:75]
    assert (np.diff(band) > 0).all()
    assert band.mean() == pytest.approx(problem.mortality[0, 0, 14], rel=0.02)
    assert (singles <= 1).all()


def test_single_years_are_left_as_they_are() -> None:
    singles = by_single_years(small_problem())

    assert by_single_years(singles) is singles


def test_an_open_band_beyond_the_last_age_is_refused() -> None:
    with pytest.raises(InvalidProblem, match="begins at 95, not before 95"):
        by_single_years(small_problem(), last_age=95)
