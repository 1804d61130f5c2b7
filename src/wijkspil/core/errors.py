"""The root of every error that Wijkspil raises on purpose.

WijkspilError
├── InvalidValue        a value that breaks a rule: says which, where, what to do
├── NotPermitted        the actor may not do this here
├── NotFound            nothing with this key, or not visible to the actor
└── Conflict            somebody else was first, or the state does not allow it

Contexts subclass these. ``code`` is stable and goes into API answers; the message
is for the person at the screen (translated), and never holds personal data.
"""

from typing import Any


class WijkspilError(Exception):
    """An anticipated error: shown to the user, not logged as a fault."""

    code = "error"

    def __init__(self, message: Any, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class InvalidValue(WijkspilError):
    """A value breaks a rule; the message names the value and the remedy."""

    code = "invalid-value"


class NotPermitted(WijkspilError):
    """The actor may not do this to this thing."""

    code = "not-permitted"


class NotFound(WijkspilError):
    """There is no such thing, or the actor may not know of it."""

    code = "not-found"


class Conflict(WijkspilError):
    """The thing is no longer in the state the actor saw."""

    code = "conflict"
