"""Errors of the stays context.

WijkspilError
├── NotFound
│   ├── UnknownStay         no such request, or not the reader's to know
│   └── UnknownBeds         no beds of this kind are reported there
├── InvalidValue
│   └── InvalidStay         fields that break a rule, each with its reasons
└── Conflict
    ├── NotNow              the state of the stay or claim does not allow it
    ├── BedTaken            no bed is left, or the report no longer counts
    ├── BedsChanged         somebody reported something else meanwhile
    └── NoBasis             the client objected: nothing may be shared
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict, InvalidValue, NotFound


class UnknownStay(NotFound):
    """There is no such request for a stay, or the reader may not know of it."""

    code = "unknown-stay"


def unknown_stay(number: object) -> UnknownStay:
    """Return the error for a stay that is not there, or not the reader's."""
    return UnknownStay(
        _("There is no temporary stay %(number)s that you may see.")
        % {"number": str(number)[:20]}
    )


class UnknownBeds(NotFound):
    """Nobody reported beds of this kind there."""

    code = "unknown-beds"


class InvalidStay(InvalidValue):
    """One or more fields break a rule; ``fields`` has the reasons."""

    code = "invalid-stay"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(reasons) for name, reasons in fields.items()}
        message = " ".join(str(r) for reasons in fields.values() for r in reasons)
        super().__init__(message, field=next(iter(self.fields), None))


class NotNow(Conflict):
    """The state does not allow this."""

    code = "not-now"


class BedTaken(Conflict):
    """No bed is left there, or the report is too old to claim on."""

    code = "bed-taken"


class BedsChanged(Conflict):
    """Somebody reported something else after the page was opened."""

    code = "beds-changed"


class NoBasis(Conflict):
    """The client objected: nothing may be shared."""

    code = "no-basis"
