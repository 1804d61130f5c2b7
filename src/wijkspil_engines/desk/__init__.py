"""What is one desk that knows the room worth, against phoning one by one?

An internal check of the design, not a promise to users. The same requests are placed
as today and by Wijkspil, in simulated time. The method is told in
``docs/algorithms/desk-simulation.md``. Reads no clock but its own stopwatch and no
database, changes no input.
"""

from wijkspil_engines.desk.assumptions import (
    Assumption,
    Assumptions,
    list_assumptions,
)
from wijkspil_engines.desk.course import WAYS, Course, End, Event
from wijkspil_engines.desk.figures import FIGURES, PAIRED
from wijkspil_engines.desk.problem import (
    URGENCIES,
    URGENT,
    DeskPolicy,
    DeskProblem,
    DeskRequest,
)
from wijkspil_engines.desk.report import to_figures, to_markdown
from wijkspil_engines.desk.study import (
    HEADLINES,
    Interval,
    NightArrival,
    NightSwing,
    Result,
    Swing,
    Together,
    join_worst,
    play,
    solve,
    sweep,
)
from wijkspil_engines.desk.verify import verify, verify_courses

__all__ = [
    "FIGURES",
    "HEADLINES",
    "PAIRED",
    "URGENCIES",
    "URGENT",
    "WAYS",
    "Assumption",
    "Assumptions",
    "Course",
    "DeskPolicy",
    "DeskProblem",
    "DeskRequest",
    "End",
    "Event",
    "Interval",
    "NightArrival",
    "NightSwing",
    "Result",
    "Swing",
    "Together",
    "join_worst",
    "list_assumptions",
    "play",
    "solve",
    "sweep",
    "to_figures",
    "to_markdown",
    "verify",
    "verify_courses",
]
