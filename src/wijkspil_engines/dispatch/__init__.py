"""Which nurse should go to an unplanned call, and how good is a night's plan?

``choose`` answers for one call, ``simulate_night`` for a region. The method is told in
``docs/algorithms/dispatch.md``. Reads no clock and no database, changes no input.
"""

from wijkspil_engines.dispatch.checks import InvalidProblem
from wijkspil_engines.dispatch.choose import choose
from wijkspil_engines.dispatch.explain import Explanation, explain
from wijkspil_engines.dispatch.night import (
    ModeResult,
    NightParams,
    NightProblem,
    NightResult,
    NightTeam,
    Wijk,
)
from wijkspil_engines.dispatch.problem import (
    Call,
    CallProblem,
    Candidate,
    Choice,
    Condition,
    Nurse,
    Overhead,
)
from wijkspil_engines.dispatch.simulate import simulate_night
from wijkspil_engines.dispatch.travel import (
    MatrixTable,
    Place,
    StraightLine,
    TravelTable,
)
from wijkspil_engines.dispatch.verify import verify_choice, verify_night

__all__ = [
    "Call",
    "CallProblem",
    "Candidate",
    "Choice",
    "Condition",
    "Explanation",
    "InvalidProblem",
    "MatrixTable",
    "ModeResult",
    "NightParams",
    "NightProblem",
    "NightResult",
    "NightTeam",
    "Nurse",
    "Overhead",
    "Place",
    "StraightLine",
    "TravelTable",
    "Wijk",
    "choose",
    "explain",
    "simulate_night",
    "verify_choice",
    "verify_night",
]
