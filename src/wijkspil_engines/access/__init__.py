"""From where can people reach care, how crowded is it there, and what if it closes?

Measures of accessibility over pairs of areas and sites. The methods are told in
``docs/algorithms/access.md``. Reads no clock and no database, changes no input. Where
to open next is in ``wijkspil_engines.access.location``.
"""

from wijkspil_engines.access.balanced import Balanced, balanced
from wijkspil_engines.access.catchment import (
    ByFunction,
    Decay,
    Gaussian,
    Gravity,
    Steps,
    Table,
    weigh_pairs,
    within,
)
from wijkspil_engines.access.measures import (
    MEASURES,
    Params,
    Result,
    solve,
    three_step,
    two_step,
)
from wijkspil_engines.access.nearest import Nearest, count_within, find_nearest
from wijkspil_engines.access.problem import (
    AccessProblem,
    InvalidProblem,
    Travel,
    weighted_demand,
)
from wijkspil_engines.access.raam import Raam, RaamParams, raam

__all__ = [
    "MEASURES",
    "AccessProblem",
    "Balanced",
    "ByFunction",
    "Decay",
    "Gaussian",
    "Gravity",
    "InvalidProblem",
    "Nearest",
    "Params",
    "Raam",
    "RaamParams",
    "Result",
    "Steps",
    "Table",
    "Travel",
    "balanced",
    "count_within",
    "find_nearest",
    "raam",
    "solve",
    "three_step",
    "two_step",
    "weigh_pairs",
    "weighted_demand",
    "within",
]
