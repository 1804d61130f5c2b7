"""Where to open next: p-median, maximal cover, and access for the worst-off.

The methods are told in ``docs/algorithms/locations.md``. Plain arrays in and out; reads
no clock but a stopwatch and no database, changes no input. Loads numba, half a second.
"""

from wijkspil_engines.access.location.cover import solve_cover
from wijkspil_engines.access.location.equity import (
    EquityParams,
    EquityProblem,
    EquityResult,
    access_of,
    solve_equity,
)
from wijkspil_engines.access.location.explain import (
    OpenSite,
    ReachedClient,
    ServedClient,
    explain_access,
    explain_client,
    explain_sites,
)
from wijkspil_engines.access.location.p_median import solve_p_median
from wijkspil_engines.access.location.problem import (
    InvalidLocations,
    LocationParams,
    LocationProblem,
    LocationResult,
)
from wijkspil_engines.access.location.verify import (
    verify_cover,
    verify_equity,
    verify_p_median,
)

__all__ = [
    "EquityParams",
    "EquityProblem",
    "EquityResult",
    "InvalidLocations",
    "LocationParams",
    "LocationProblem",
    "LocationResult",
    "OpenSite",
    "ReachedClient",
    "ServedClient",
    "access_of",
    "explain_access",
    "explain_client",
    "explain_sites",
    "solve_cover",
    "solve_equity",
    "solve_p_median",
    "verify_cover",
    "verify_equity",
    "verify_p_median",
]
