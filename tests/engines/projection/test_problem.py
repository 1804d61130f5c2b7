import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.engines.projection.regions import make_parameter, make_problem
from wijkspil_engines.projection import Closure, InvalidProblem, Parameter, Variant
from wijkspil_engines.projection.ensemble import Params
from wijkspil_engines.projection.solve import solve

BASE = make_problem()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_years": 0}, "n_years"),
        ({"areas": ("a",) * 6}, r"areas: 'a' is empty or there twice"),
        ({"population": -BASE.population}, r"population\[0, 0, 0\]: -"),
        ({"population": BASE.population[0]}, "population: shape"),
        ({"mortality": BASE.mortality * 1e6}, "from 0 to 1"),
        ({"fertility": BASE.fertility[:1]}, "fertility: shape"),
        ({"region_of_area": [0, 1, 2, 0, 1, 0]}, "region_of_area: 2 is no row"),
        ({"class_of_area": [0, 0, 0, 0, 0, 9]}, "class_of_area: 9 is no row"),
        ({"unit_of_area": np.full((6, 2), 7)}, "unit_of_area: 7 is no row"),
        ({"share_of_unit": np.full((6, 2), 0.9)}, "at most is 1"),
        ({"frozen": frozenset({"weather"})}, "frozen: 'weather'"),
        ({"closures": (Closure("x", "nowhere", 2027),)}, "'nowhere' is no unit"),
        ({"closures": (Closure("x", "u0", 2027, 1.5),)}, r"closures\[x\].share"),
        ({"variants": (Variant("x", 0.5),)}, "sums to 0.5"),
        (
            {"variants": (Variant("x", 1.0, mortality=(1.0,)),)},
            r"variants\[x\].mortality",
        ),
        (
            {"kinds": (replace(BASE.kinds[0], use=np.full((2, 6), 1.5)),)},
            r"kinds\[nursing\].use\[0, 0\]",
        ),
        (
            {"skills": (replace(BASE.skills[0], kind="magic"), BASE.skills[1])},
            "'magic' is no kind",
        ),
        (
            {"skills": (replace(BASE.skills[0], entry=np.zeros(3)), BASE.skills[1])},
            r"skills\[level-3\].entry: sums to 0",
        ),
        ({"workers": np.ones((2, 1, 3))}, "workers: shape"),
        (
            {"inflows": (replace(BASE.inflows[0], skill="nobody"),)},
            "'nobody' is no skill",
        ),
        (
            {"savings": (replace(BASE.savings[0], factors=("luck",)),)},
            "no parameter 'luck'|moves nothing",
        ),
        (
            {"savings": (replace(BASE.savings[0], progress=np.full(8, 2.0)),)},
            r"savings\[dispensers\].progress\[0\]",
        ),
    ],
)
def test_what_cannot_be_projected_is_refused_by_name(change, said):
    with pytest.raises(InvalidProblem, match=said):
        replace(BASE, **change)


@pytest.mark.parametrize(
    ("name", "low", "high", "said"),
    [
        ("use", 1.2, 0.8, "low end lies above"),
        ("use", float("nan"), 1, "not finite"),
        ("use", 1, 11, "goes beyond 0 to 10"),
        ("ues", 1, 1, "moves nothing"),
        ("use.dentist", 1, 1, "moves nothing"),
        ("", 1, 1, "needs a name"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(name, low, high, said):
    with pytest.raises(InvalidProblem, match=said):
        BASE.with_parameters(make_parameter(name, low, high))


def test_a_parameter_needs_a_source_and_a_known_status():
    with pytest.raises(InvalidProblem, match="source"):
        Parameter("use", 1, 1, "factor", "")
    with pytest.raises(InvalidProblem, match="status"):
        make_parameter("use", 1, 1, status="rumor")
    with pytest.raises(InvalidProblem, match="valid"):
        make_parameter("use", 1, 2, valid_high=1.5)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_runs": -1}, "n_runs"),
        ({"quantiles": (1.5,)}, "quantiles"),
        ({"measures": ("joy",)}, "measures"),
        ({"short_ratio": 0}, "short_ratio"),
    ],
)
def test_how_to_project_is_checked(wrong, said):
    with pytest.raises(InvalidProblem, match=said):
        Params(**wrong)


def test_no_workers_do_no_work():
    with pytest.raises(InvalidProblem, match="workers"):
        solve(BASE, params=Params(n_runs=0), workers=0)


def test_every_change_of_input_changes_the_hash():
    changes: list[dict[str, Any]] = [
        {"population": BASE.population + 1},
        {"first_year": 2026},
        {"closures": (Closure("x", "u0", 2027),)},
        {"closures": (Closure("x", "u0", 2028),)},
        {"kinds": (replace(BASE.kinds[0], care_law="wlz"), BASE.kinds[1])},
        {"frozen": frozenset({"use"})},
    ]
    made = {BASE.input_hash}
    for change in changes:
        made.add(replace(BASE, **change).input_hash)
    made.add(BASE.with_parameters(make_parameter("use", 1, 1.1)).input_hash)
    assert len(made) == len(changes) + 2


def test_equal_input_has_one_hash_also_in_another_process():
    assert make_problem().input_hash == BASE.input_hash
    assert pickle.loads(pickle.dumps(make_problem())).input_hash == BASE.input_hash


def test_input_is_not_changed_and_cannot_be():
    before = BASE.input_hash
    solve(BASE, params=Params(n_runs=3))
    assert make_problem().input_hash == before
    with pytest.raises(ValueError, match="read-only"):
        BASE.population[0, 0, 0] = 1
