"""What can be wrong in insight.

WijkspilError
├── InvalidValue ── InvalidUpload: a file of indicators cannot be taken
│                ├─ InvalidOpenData: a publisher's file cannot be used
│                ├─ InvalidScenario: a value of a scenario cannot be
│                └─ InvalidMeasure: a value of a measure cannot be
├── NotFound ─── UnknownScenario, UnknownMeasure
└── Conflict ─── NotNow: the state of a scenario or measure does not allow it
"""

from wijkspil.core.errors import Conflict, InvalidValue, NotFound


class InvalidUpload(InvalidValue):
    """A file of indicators cannot be taken; says row, column, value, what to do."""

    code = "invalid-upload"


class InvalidOpenData(InvalidValue):
    """A publisher's file cannot be used; says file, line, column, value, what to do."""

    code = "invalid-open-data"


class InvalidScenario(InvalidValue):
    """A value of a scenario cannot be; says which, its range and what to do."""

    code = "invalid-scenario"


class InvalidMeasure(InvalidValue):
    """A value of a measure cannot be; says which and what to do."""

    code = "invalid-measure"


class UnknownScenario(NotFound):
    """There is no such scenario, or it is not shared with the reader."""

    code = "unknown-scenario"


class UnknownMeasure(NotFound):
    """There is no such measure."""

    code = "unknown-measure"


class NotNow(Conflict):
    """The state of a scenario, run or measure does not allow it."""

    code = "insight-not-now"
