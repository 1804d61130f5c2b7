"""Errors of the calls context.

WijkspilError
├── NotFound
│   └── UnknownCall         no such call, or not the reader's to know
├── InvalidValue
│   └── InvalidCall         fields of a call that break a rule, each with its reason
├── NotPermitted
│   └── AccessIsOver        the client's data are closed; says how to open them
└── Conflict
    ├── CallNotNow          the state of the call does not allow it
    ├── AlertIsClosed       the alert was answered or withdrawn
    └── AnotherNurseGoes    another nurse was first
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict, InvalidValue, NotFound, NotPermitted


class UnknownCall(NotFound):
    """There is no such call, or the reader may not know of it."""

    code = "unknown-call"


def unknown_call(number: object) -> UnknownCall:
    """Return the error for a call that is not there, or not the reader's."""
    return UnknownCall(
        _("There is no call %(number)s that you may see.") % {"number": number}
    )


class InvalidCall(InvalidValue):
    """One or more fields of a call break a rule; ``fields`` has the reasons."""

    code = "invalid-call"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(reasons) for name, reasons in fields.items()}
        message = " ".join(str(r) for reasons in fields.values() for r in reasons)
        super().__init__(message, field=next(iter(self.fields), None))


class AccessIsOver(NotPermitted):
    """The client's data are closed to this reader now."""

    code = "access-is-over"


class CallNotNow(Conflict):
    """The state of the call does not allow this."""

    code = "not-now"


class AlertIsClosed(Conflict):
    """The alert was answered before, or is no longer needed."""

    code = "alert-is-closed"


class AnotherNurseGoes(Conflict):
    """Another nurse was first."""

    code = "another-nurse-goes"
