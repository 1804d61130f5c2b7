"""Which team can best take a request for district nursing?

``rank`` answers for one request, ``solve`` for many together. The method is told in
``docs/algorithms/routing.md``. Reads no clock and no database, changes no input.
"""

from wijkspil_engines.routing.problem import (
    PARTS_OF_DAY,
    TERMS,
    Condition,
    InvalidProblem,
    Policy,
    Request,
    Team,
    Teams,
    Tier,
    Warn,
)
from wijkspil_engines.routing.rank import Candidate, Ranking, rank

__all__ = [
    "PARTS_OF_DAY",
    "TERMS",
    "Candidate",
    "Condition",
    "InvalidProblem",
    "Policy",
    "Ranking",
    "Request",
    "Team",
    "Teams",
    "Tier",
    "Warn",
    "rank",
]
