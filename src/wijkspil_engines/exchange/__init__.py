"""Who can move to which practice, so that most are helped and no practice grows?

The method is told in ``docs/algorithms/exchange.md``. Reads no clock and no database,
changes no input.
"""

from wijkspil_engines.exchange.problem import (
    LEVELS,
    LOAD_UNIT,
    MAX_WAITING_DAYS,
    MECHANISMS,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    Infeasible,
    InvalidProblem,
    Params,
)
from wijkspil_engines.exchange.result import (
    LevelValue,
    Result,
    level_value,
    make_result,
    taken_practice,
)
from wijkspil_engines.exchange.solve import solve
from wijkspil_engines.exchange.verify import Failure, verify

__all__ = [
    "LEVELS",
    "LOAD_UNIT",
    "MAX_WAITING_DAYS",
    "MECHANISMS",
    "NONE",
    "NO_LIMIT",
    "ExchangeProblem",
    "Failure",
    "Infeasible",
    "InvalidProblem",
    "LevelValue",
    "Params",
    "Result",
    "level_value",
    "make_result",
    "solve",
    "taken_practice",
    "verify",
]
