"""What can be wrong in insight.

WijkspilError
├── InvalidValue ── InvalidUpload: a file of indicators cannot be taken
│                └─ InvalidScenario: a value of a scenario cannot be
└── NotFound ─── unknown region, scenario, measure
"""

from wijkspil.core.errors import InvalidValue


class InvalidUpload(InvalidValue):
    """A file of indicators cannot be taken; says row, column, value, what to do."""

    code = "invalid-upload"


class InvalidScenario(InvalidValue):
    """A value of a scenario cannot be; says which, its range and what to do."""

    code = "invalid-scenario"
