"""Our numbers against those of the ``access`` package, recorded and at hand."""

import importlib.util

import numpy as np
import pytest

from tests.engines.access.cases import read_columns, recorded_problem
from wijkspil_engines.access import (
    Gaussian,
    RaamParams,
    Steps,
    raam,
    three_step,
    two_step,
    within,
)

STEPS_3 = Steps(((10, 0.962), (20, 0.704), (30, 0.377), (60, 0.042)))
OURS = {
    "2sfca": lambda problem: two_step(problem, within(15)),
    "e2sfca": lambda problem: two_step(problem, Steps()),
    "gaussian": lambda problem: two_step(problem, Gaussian(10, 30)),
    "3sfca": lambda problem: three_step(problem, STEPS_3, threshold=30),
    "raam_10": lambda problem: raam(problem, RaamParams(cycles=10)).values,
    "raam_150": lambda problem: raam(problem).values,
}


@pytest.mark.parametrize("measure", OURS)
def test_a_measure_is_what_access_says(measure):
    values = OURS[measure](recorded_problem())
    texts = read_columns("access_1_1_10.csv")[measure]
    expected = np.array([float(text) if text else np.nan for text in texts])
    if not measure.startswith("raam"):
        # The package leaves out who reaches nothing, we say 0.
        expected = np.nan_to_num(expected)
    assert np.isfinite(expected).sum() > 50
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=0)


@pytest.mark.skipif(
    importlib.util.find_spec("access") is None, reason="access is not installed"
)
@pytest.mark.parametrize("measure", OURS)
@pytest.mark.filterwarnings("ignore")
def test_a_measure_is_what_access_says_of_another_country(measure):
    from benchmarks.access_region import draw_country
    from benchmarks.access_worker import by_access, frames_of

    from wijkspil_engines.access import AccessProblem

    frames = frames_of(draw_country(n_areas=150, n_sites=60, seed=3))
    name, _, cycles = measure.partition("_")
    expected = by_access(frames, name, int(cycles or 0))
    values = OURS[measure](AccessProblem.from_tables(*frames))
    np.testing.assert_allclose(values, np.nan_to_num(expected), rtol=1e-12, atol=0)
