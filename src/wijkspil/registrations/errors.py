"""Errors of the registrations context.

WijkspilError
├── NotFound
│   ├── UnknownPractice     no such practice, or it gives no GP care
│   ├── UnknownWish         no such wish, or not the reader's to know
│   ├── UnknownRound        no such round
│   ├── UnknownMove         no such proposal, or not the reader's to know
│   └── UnknownRehousing    no such re-housing
├── InvalidValue
│   └── InvalidRegistration fields that break a rule, each with its reasons
└── Conflict
    ├── NotNow              the state of the wish, round or move does not allow it
    ├── ListFull            no place is left on the list, or it was just closed
    └── NotVerified         what was computed did not stand up to the check
"""

from collections.abc import Mapping, Sequence

from wijkspil.core.errors import Conflict, InvalidValue, NotFound


class UnknownPractice(NotFound):
    """There is no such practice, or it gives no GP care."""

    code = "unknown-practice"


class UnknownWish(NotFound):
    """There is no such wish, or the reader may not know of it."""

    code = "unknown-wish"


class UnknownRound(NotFound):
    """There is no such round."""

    code = "unknown-round"


class UnknownMove(NotFound):
    """There is no such proposal, or the reader may not know of it."""

    code = "unknown-move"


class UnknownRehousing(NotFound):
    """There is no such re-housing, or the reader may not know of it."""

    code = "unknown-rehousing"


class InvalidRegistration(InvalidValue):
    """One or more fields break a rule; ``fields`` has the reasons."""

    code = "invalid-registration"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(reasons) for name, reasons in fields.items()}
        message = " ".join(str(r) for reasons in fields.values() for r in reasons)
        super().__init__(message, field=next(iter(self.fields), None))


class NotNow(Conflict):
    """The state does not allow this."""

    code = "not-now"


class ListFull(Conflict):
    """No place is left on the list, or it was just closed."""

    code = "list-full"


class NotVerified(Conflict):
    """The result of a round did not stand up to the independent check."""

    code = "not-verified"
