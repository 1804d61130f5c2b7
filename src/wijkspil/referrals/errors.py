"""Errors of the referrals context.

WijkspilError
├── NotFound
│   ├── UnknownRequest      no such request, or not the reader's to know
│   └── UnknownOffer        no such offer, or not the reader's to know
├── InvalidValue
│   ├── InvalidRequest      fields of a request that break a rule, each with its reason
└── Conflict
    ├── NotNow              the state of the request does not allow it
    ├── OfferIsClosed       the offer was answered, withdrawn or has expired
    ├── AlreadyTaken        another team was first
    └── NoBasis             the client objected: nothing may be shared
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict, InvalidValue, NotFound


class UnknownRequest(NotFound):
    """There is no such request, or the reader may not know of it."""

    code = "unknown-request"


def unknown_request(number: object) -> UnknownRequest:
    """Return the error for a request that is not there, or not the reader's."""
    return UnknownRequest(
        _("There is no request %(number)s that you may see.") % {"number": number}
    )


class UnknownOffer(NotFound):
    """There is no such offer, or the reader may not know of it."""

    code = "unknown-offer"


class InvalidRequest(InvalidValue):
    """One or more fields of a request break a rule; ``fields`` has the reasons."""

    code = "invalid-request"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(reasons) for name, reasons in fields.items()}
        message = " ".join(str(r) for reasons in fields.values() for r in reasons)
        super().__init__(message, field=next(iter(self.fields), None))


class NotNow(Conflict):
    """The state of the request does not allow this."""

    code = "not-now"


class OfferIsClosed(Conflict):
    """The offer was answered before, withdrawn, or its time has passed."""

    code = "offer-is-closed"


class AlreadyTaken(Conflict):
    """Another team was first."""

    code = "already-taken"


class NoBasis(Conflict):
    """The client objected: nothing may be shared."""

    code = "no-basis"
