"""The tornado puts what matters most on top and says who set it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkspil_engines.projection.problem import Parameter
from wijkspil_engines.projection.tornado import (
    InvalidOutcome,
    Values,
    correlations,
    tornado,
)


def parameter(name: str, low: float, high: float, set_by: str = "RESV") -> Parameter:
    return Parameter(name, low, high, "hours", "a source", set_by=set_by)


PARAMETERS = (
    parameter("a", 0, 2),
    parameter("b", 1, 5, set_by="Insurer"),
    parameter("c", 3, 3),
)


def test_the_largest_swing_comes_first() -> None:
    swings = tornado(lambda v: v["a"] - 3 * v["b"] + v["c"], PARAMETERS)

    assert [(swing.name, swing.swing) for swing in swings] == [
        ("b", -12.0),
        ("a", 2.0),
        ("c", 0.0),
    ]
    assert swings[0].set_by == "Insurer"
    assert {swing.central for swing in swings} == {1 - 9 + 3}


def test_an_outcome_that_bends_is_not_taken_for_no_swing() -> None:
    swings = tornado(lambda v: (v["a"] - 1) ** 2 + v["b"] / 100, PARAMETERS)

    assert swings[0].name == "a"
    assert swings[0].swing == 0
    assert swings[0].reach == 1


def test_what_is_certain_is_not_computed_again() -> None:
    calls = []

    def outcome(values: Values) -> float:
        calls.append(values)
        return 0.0

    tornado(outcome, PARAMETERS)

    assert len(calls) == 5


def test_an_outcome_that_is_not_known_is_named() -> None:
    with pytest.raises(InvalidOutcome, match="nan with b = 5"):
        tornado(lambda v: np.nan if v["b"] == 5 else 0.0, PARAMETERS)


@given(st.permutations(PARAMETERS))
def test_the_order_of_the_parameters_does_not_matter(order: list[Parameter]) -> None:
    def outcome(values: Values) -> float:
        return values["a"] * values["b"]

    assert tornado(outcome, order) == tornado(outcome, PARAMETERS)


def test_runs_say_what_goes_along_with_the_outcome() -> None:
    drawn = np.random.default_rng(1).normal(size=(3, 500))
    outcome = np.exp(drawn[0]) - 0.1 * drawn[1]

    found = correlations(
        {"a": drawn[0], "b": drawn[1], "c": drawn[2], "d": np.ones(500)}, outcome
    )

    assert next(iter(found)) == "a"
    assert found["a"] > 0.9
    assert found["d"] == 0
