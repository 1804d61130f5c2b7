"""Which team can best take a request for district nursing?

``rank`` answers for one request, ``solve`` for many together. The method is told in
``docs/algorithms/routing.md``. Reads no clock and no database, changes no input.
"""

from wijkspil_engines.routing.problem import (
    PARTS_OF_DAY,
    TERMS,
    AssignmentProblem,
    Condition,
    InvalidProblem,
    Params,
    Policy,
    Request,
    Result,
    Team,
    Teams,
    Tier,
    Warn,
)
from wijkspil_engines.routing.rank import Candidate, Ranking, rank
from wijkspil_engines.routing.solve import solve
from wijkspil_engines.routing.verify import verify

__all__ = [
    "PARTS_OF_DAY",
    "TERMS",
    "AssignmentProblem",
    "Candidate",
    "Condition",
    "InvalidProblem",
    "Params",
    "Policy",
    "Ranking",
    "Request",
    "Result",
    "Team",
    "Teams",
    "Tier",
    "Warn",
    "rank",
    "solve",
    "verify",
]
