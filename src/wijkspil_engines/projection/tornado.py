"""Which assumption moves an outcome most, and who set it?

Each parameter goes from the low to the high end of its interval, the others stay in the
middle; what the outcome does is its swing. One at a time: what two parameters do
together is not in it (the runs of a projection have that). The runs can also be asked:
``correlations`` gives the rank correlation of each parameter with the outcome, over all
of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wijkspil_engines.projection.problem import Parameter, ProjectionProblem

#: Parameter names to values; what an outcome is computed from.
Values = Mapping[str, float]


class InvalidOutcome(ValueError):
    """An outcome is no number; says for which value of which parameter."""

    code = "invalid-outcome"


@dataclass(frozen=True)
class Swing:
    """What one parameter does to the outcome.

    Attributes
    ----------
    at_low, at_high
        Outcome with the parameter at that end and all others in the middle.
    central
        Outcome with all in the middle.
    """

    name: str
    low: float
    high: float
    unit: str
    at_low: float
    at_high: float
    central: float
    set_by: str
    status: str
    source: str
    why: str

    @property
    def swing(self) -> float:
        """Outcome at the high end minus at the low end; may be negative."""
        return self.at_high - self.at_low

    @property
    def reach(self) -> float:
        """How far the outcome goes from its lowest to its highest, middle included."""
        ends = (self.at_low, self.at_high, self.central)
        return max(ends) - min(ends)


def tornado(
    outcome: Callable[[Values], float], parameters: Sequence[Parameter]
) -> tuple[Swing, ...]:
    """Return the swing of each parameter, the largest reach first, ties by name.

    ``outcome`` gets a value for every parameter and is called twice per parameter that
    has an interval, and once more.

    Raises
    ------
    InvalidOutcome
        If an outcome is not a finite number.
    """
    middle = {each.name: each.central for each in parameters}
    central = _finite(outcome(middle), "all in the middle")

    def at(parameter: Parameter, value: float) -> float:
        if value == parameter.central:
            return central
        found = outcome({**middle, parameter.name: value})
        return _finite(found, f"{parameter.name} = {value:g}")

    swings = [
        Swing(
            name=each.name,
            low=each.low,
            high=each.high,
            unit=each.unit,
            at_low=at(each, each.low),
            at_high=at(each, each.high),
            central=central,
            set_by=each.set_by,
            status=each.status,
            source=each.source,
            why=each.why,
        )
        for each in parameters
    ]
    return tuple(sorted(swings, key=lambda swing: (-swing.reach, swing.name)))


def problem_tornado(
    problem: ProjectionProblem, measure: Callable[[ProjectionProblem], float]
) -> tuple[Swing, ...]:
    """Return the swings of a projection's parameters for one outcome.

    ``measure`` projects a problem in which every parameter is certain and returns one
    number, as the gap in hours of one region in one year of run 0.

    Raises
    ------
    InvalidOutcome
        If an outcome is not a finite number.
    """

    def outcome(values: Values) -> float:
        fixed = [
            replace(each, low=values[each.name], high=values[each.name])
            for each in problem.parameters
        ]
        return measure(problem.with_parameters(*fixed))

    return tornado(outcome, problem.parameters)


def correlations(
    drawn: Mapping[str, ArrayLike], outcome: ArrayLike
) -> dict[str, float]:
    """Return Spearman's rank correlation of each parameter with an outcome.

    Parameters
    ----------
    drawn
        Name -> values of the runs, shape ``(n_runs,)``.
    outcome
        Of the same runs.

    Returns
    -------
    dict
        By name, -1 to 1, the strongest first; 0 for what did not vary.
    """
    ranks = _ranks(outcome)
    found = {}
    for name, values in drawn.items():
        mine = _ranks(values)
        scale = float(np.sqrt((mine @ mine) * (ranks @ ranks)))
        found[name] = float(mine @ ranks) / scale if scale else 0.0
    return dict(sorted(found.items(), key=lambda item: (-abs(item[1]), item[0])))


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Return ranks around 0; equal values share the middle of theirs."""
    _, place, counts = np.unique(
        np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True
    )
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place.ravel()]
    return np.asarray(ranks - ranks.mean())


def _finite(value: float, when: str) -> float:
    if not np.isfinite(value):
        raise InvalidOutcome(
            f"the outcome is {value} with {when}; choose an outcome that is known there"
        )
    return float(value)
