"""Errors of the directory.

WijkspilError
├── NotFound
│   ├── UnknownPostcode     neither the PC6 nor its PC4 is known
│   ├── UnknownService      no service with this id
│   ├── UnknownEntry        no such organization, contact, coverage, ...
│   └── UnknownReservation  no running reservation with this reference
├── InvalidValue
│   ├── InvalidCapacity     a capacity report that contradicts itself
│   └── InvalidEntry        fields of an entry that break a rule, each with its reason
└── Conflict
    ├── NothingToConfirm    "still true" without an earlier report
    ├── AlreadyChanged      somebody changed the entry after it was opened
    ├── OverlapsAnother     the period overlaps that of an equal entry
    ├── CannotUndo          later changes stand in the way of restoring
    ├── CannotSwap          two duties that cannot change persons
    ├── NoRoomLeft          the team has no room for this request (any more)
    └── AlreadyReserved     the reference has a running reservation
"""

from collections.abc import Mapping, Sequence

from wijkspil.core.errors import Conflict, InvalidValue, NotFound


class UnknownPostcode(NotFound):
    """Neither the six-character postcode nor its four digits are known here."""

    code = "unknown-postcode"


class UnknownService(NotFound):
    """There is no such service, or it has ended."""

    code = "unknown-service"


class UnknownEntry(NotFound):
    """There is no such entry in the directory."""

    code = "unknown-entry"


class UnknownReservation(NotFound):
    """There is no running reservation with this reference."""

    code = "unknown-reservation"


class InvalidCapacity(InvalidValue):
    """A capacity report contradicts itself, or a reservation has a wrong value."""

    code = "invalid-capacity"


class InvalidEntry(InvalidValue):
    """One or more fields of an entry break a rule; ``fields`` has the reasons."""

    code = "invalid-entry"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(reasons) for name, reasons in fields.items()}
        message = " ".join(str(r) for reasons in fields.values() for r in reasons)
        super().__init__(message, field=next(iter(self.fields), None))


class NothingToConfirm(Conflict):
    """There is no earlier report to confirm."""

    code = "nothing-to-confirm"


class AlreadyChanged(Conflict):
    """Somebody changed the entry after it was opened."""

    code = "already-changed"


class RoomTakenSince(Conflict):
    """A request took room after the sender's page was opened: does it still hold?

    ``newest_reservation_id`` is what the sender has seen now.
    """

    code = "room-taken-since"

    def __init__(self, message: str, *, newest_reservation_id: int) -> None:
        super().__init__(message)
        self.newest_reservation_id = newest_reservation_id


class OverlapsAnother(Conflict):
    """An equal entry holds in (part of) the same period; the message names it."""

    code = "overlaps-another"


class CannotUndo(Conflict):
    """Later changes stand in the way of restoring what was."""

    code = "cannot-undo"


class CannotSwap(Conflict):
    """Two duties cannot change persons: one has begun, or they are one duty."""

    code = "cannot-swap"


class NoRoomLeft(Conflict):
    """The team has no room for this request (any more); the message tells what is left.

    ``clients`` and ``hours`` are what is left (``hours`` None: not reported); with
    ``is_known`` False the team reported nothing that still counts.
    """

    code = "no-room-left"

    def __init__(
        self, message: str, *, clients: int, hours: float | None, is_known: bool
    ) -> None:
        super().__init__(message)
        self.clients = clients
        self.hours = hours
        self.is_known = is_known


class AlreadyReserved(Conflict):
    """The reference has a running reservation: each takes its room once."""

    code = "already-reserved"
