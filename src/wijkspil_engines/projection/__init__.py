"""Where does care fall short in the years ahead, and how sure is that?

``solve`` sets need against capacity per area and year over many runs. The method is
told in ``docs/algorithms/projection.md``. Reads no clock and no database, changes no
input.
"""

from wijkspil_engines.projection.problem import (
    CAUSES,
    LEVERS,
    SEXES,
    STATUSES,
    Closure,
    Inflow,
    InvalidProblem,
    Kind,
    Lever,
    Parameter,
    ProjectionProblem,
    Saving,
    Skill,
    Turnover,
    Variant,
    split_net,
    turnover,
)

__all__ = [
    "CAUSES",
    "LEVERS",
    "SEXES",
    "STATUSES",
    "Closure",
    "Inflow",
    "InvalidProblem",
    "Kind",
    "Lever",
    "Parameter",
    "ProjectionProblem",
    "Saving",
    "Skill",
    "Turnover",
    "Variant",
    "split_net",
    "turnover",
]
