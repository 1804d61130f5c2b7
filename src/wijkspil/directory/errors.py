"""Errors of the directory.

WijkspilError
├── NotFound
│   ├── UnknownPostcode     neither the PC6 nor its PC4 is known
│   └── UnknownService      no service with this id
├── InvalidValue
│   └── InvalidCapacity     a capacity report that contradicts itself
└── Conflict
    ├── NothingToConfirm    "still true" without an earlier report
    └── AlreadyChanged      somebody changed the entry after it was opened
"""

from wijkspil.core.errors import Conflict, InvalidValue, NotFound


class UnknownPostcode(NotFound):
    """Neither the six-character postcode nor its four digits are known here."""

    code = "unknown-postcode"


class UnknownService(NotFound):
    """There is no such service, or it has ended."""

    code = "unknown-service"


class InvalidCapacity(InvalidValue):
    """A capacity report contradicts itself."""

    code = "invalid-capacity"


class NothingToConfirm(Conflict):
    """There is no earlier report to confirm."""

    code = "nothing-to-confirm"


class AlreadyChanged(Conflict):
    """Somebody changed the entry after it was opened."""

    code = "already-changed"
