"""An accepted request takes room of a team, at once and only if there is room left.

Every act locks the row of the service first, then its reports and reservations; so do
the acts of ``services.capacity``. Who may accept a request is not weighed here: the
room that holds the requests decides, and calls these within its own transaction.

A reservation stays when the care has started: the next report has it in its figures.
Releasing gives the place back, so release only what will not be taken.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import (
    AlreadyReserved,
    InvalidCapacity,
    NoRoomLeft,
    UnknownReservation,
)
from wijkspil.directory.models import (
    CapacityReport,
    CapacityReservation,
    HealthcareService,
)
from wijkspil.directory.permissions import check_can_report_capacity
from wijkspil.directory.room import RoomReport
from wijkspil.directory.selectors.capacity import (
    as_room_report,
    get_current_report,
    get_reserved,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.capacity import (
    LONGEST_WAIT,
    Capacity,
    add_report,
    check_capacity,
    lock_active_service,
    not_before,
)
from wijkspil.directory.types import CapacitySource, NoRoomReason, PartOfDay
from wijkspil.directory.wording import say_hours

#: A week has no more hours.
_MAX_HOURS_PER_WEEK = 168


def reserve_room(
    *,
    service_id: int,
    reference: str,
    hours_per_week: Decimal,
    parts_of_day: Sequence[str],
    at: datetime,
    over_capacity: bool = False,
) -> CapacityReservation:
    """Take room for one new client, if the service has it left under its lock.

    Checks no permission: the calling room decides who may accept. Runs in the
    caller's transaction, so that the place and the acceptance stand or fall together.
    ``reference`` is an opaque number of the request. With ``over_capacity`` the team
    itself decides to take one more, or to take one while its room is unknown.

    Locks the service row. The moment stored is ``at``, or that of the newest report
    if the lock was waited for meanwhile.

    Raises
    ------
    UnknownService
        If the service does not exist or has ended.
    NoRoomLeft
        If no place or too few hours are left, or it is not known; says what is left.
    AlreadyReserved
        If the reference has a running reservation, here or elsewhere.
    InvalidCapacity
        If a value breaks a rule; names the field.
    """
    _check_in_transaction()
    hours = _check_hours(hours_per_week)
    parts = _check_parts(parts_of_day)
    _check_reference(reference)
    lock_active_service(service_id)
    newest = get_current_report(service_id, at=at + LONGEST_WAIT)
    at = not_before(newest, at)
    if not over_capacity:
        _check_room_left(_left(newest), hours, at=at)
    # A savepoint: the caller's transaction survives the refusal.
    try:
        with transaction.atomic():
            return CapacityReservation.objects.create(
                service_id=service_id,
                reference=reference,
                hours_per_week=hours,
                parts_of_day=parts,
                reserved_at=at,
            )
    except IntegrityError as error:
        if _constraint_of(error) != "reservation_one_running":
            raise
        raise AlreadyReserved(
            _(
                "Room is already reserved for request %(reference)s. Release that "
                "reservation first, or change it."
            )
            % {"reference": reference}
        ) from error


def change_reservation(
    *,
    reference: str,
    hours_per_week: Decimal,
    parts_of_day: Sequence[str],
    at: datetime,
) -> CapacityReservation:
    """Change what a running reservation takes, after the intake.

    Not weighed against the room left: the client is accepted already. Checks no
    permission and runs in the caller's transaction, as ``reserve_room``. Locks the
    service row, then the reservation.

    Raises
    ------
    UnknownReservation
        If no reservation runs with this reference.
    InvalidCapacity
        If a value breaks a rule; names the field.
    """
    _check_in_transaction()
    hours = _check_hours(hours_per_week)
    parts = _check_parts(parts_of_day)
    reservation = _lock_running(reference)
    if reservation is None:
        raise UnknownReservation(
            _("No room is reserved for request %(reference)s (any more).")
            % {"reference": reference}
        )
    if (reservation.hours_per_week, reservation.parts_of_day) == (hours, parts):
        return reservation
    reservation.hours_per_week = hours
    reservation.parts_of_day = parts
    reservation.changed_at = at
    reservation.save(update_fields=["hours_per_week", "parts_of_day", "changed_at"])
    return reservation


def release_room(
    *, reference: str, reason: str, at: datetime
) -> CapacityReservation | None:
    """Give the room of a reference back; without a running reservation do nothing.

    ``reason`` is a short code of the calling room (at most 30 characters), never a
    text about a person. Returns what was released, or None. Checks no permission and
    runs in the caller's transaction, as ``reserve_room``; works for a service that
    has ended. Locks the service row, then the reservation.
    """
    _check_in_transaction()
    reservation = _lock_running(reference)
    if reservation is None:
        return None
    reservation.released_at = max(at, reservation.reserved_at)
    reservation.release_reason = reason
    reservation.save(update_fields=["released_at", "release_reason"])
    return reservation


def correct_room(
    *,
    service_id: int,
    actor: Actor,
    reason: NoRoomReason,
    until: date | None,
    at: datetime,
) -> CapacityReport:
    """Report "no room" for a team that declined a request for want of room.

    If its newest report still counts and says so already, that one is returned and
    nothing is added.

    Raises
    ------
    UnknownService, NotPermitted, InvalidCapacity
        As for ``report_capacity``.
    """
    target = get_service_target(service_id)
    check_can_report_capacity(actor, target)
    capacity = Capacity(new_clients=0, no_room_reason=reason, no_room_until=until)
    check_capacity(capacity, at=at)
    with transaction.atomic():
        lock_active_service(service_id)
        newest = get_current_report(service_id, at=at + LONGEST_WAIT)
        if newest is not None and newest.new_clients == 0 and at < newest.valid_until:
            return newest
        return add_report(
            actor,
            service_id,
            capacity,
            not_before(newest, at),
            CapacitySource.DECLINE,
            target.region_ids,
        )


def _check_in_transaction() -> None:
    assert connection.in_atomic_block, "call this within the caller's transaction"


def _left(newest: CapacityReport | None) -> RoomReport | None:
    return None if newest is None else as_room_report(newest, get_reserved(newest))


def _check_room_left(left: RoomReport | None, hours: Decimal, *, at: datetime) -> None:
    if left is None or left.is_stale(at=at):
        raise NoRoomLeft(
            _(
                "It is not known how much room this team has now. Ask the team; it can "
                "take the request itself."
            ),
            clients=0,
            hours=None,
            is_known=False,
        )
    has_hours = left.hours_per_week is None or left.hours_per_week >= float(hours)
    if left.new_clients >= 1 and has_hours:
        return
    raise NoRoomLeft(
        _say_left(left, hours),
        clients=left.new_clients,
        hours=left.hours_per_week,
        is_known=True,
    )


def _say_left(left: RoomReport, hours: Decimal) -> str:
    if left.new_clients == 0 or left.hours_per_week is None:
        return _(
            "This team has no place left: %(reported)s reported, %(reserved)s reserved "
            "since. Choose another team."
        ) % {"reported": left.reported_clients, "reserved": left.reserved_clients}
    return ngettext(
        "This team has %(n)d place left, with %(left)s hours a week; this request "
        "needs %(hours)s. Choose another team.",
        "This team has %(n)d places left, with %(left)s hours a week; this request "
        "needs %(hours)s. Choose another team.",
        left.new_clients,
    ) % {
        "n": left.new_clients,
        "left": say_hours(left.hours_per_week),
        "hours": say_hours(float(hours)),
    }


def _lock_running(reference: str) -> CapacityReservation | None:
    """Return the running reservation, locked after its service; or None."""
    running = CapacityReservation.objects.filter(
        reference=reference, released_at__isnull=True
    )
    service_id = running.values_list("service_id", flat=True).first()
    if service_id is None:
        return None
    HealthcareService.objects.select_for_update().get(pk=service_id)
    # Read again: it may have been released while the lock was waited for.
    return running.select_for_update().filter(service_id=service_id).first()


def _check_hours(hours: Decimal) -> Decimal:
    if not (hours.is_finite() and 0 <= hours <= _MAX_HOURS_PER_WEEK):
        raise InvalidCapacity(
            _("%(value)s hours a week: give a number from 0 to %(max)s.")
            % {"value": hours, "max": _MAX_HOURS_PER_WEEK},
            field="hours_per_week",
        )
    return round(hours, 2)


def _check_parts(parts: Sequence[str]) -> list[str]:
    unknown = [part for part in parts if part not in PartOfDay.values]
    if unknown:
        raise InvalidCapacity(
            _("“%(value)s” is not a known choice. Choose from: %(allowed)s.")
            % {"value": unknown[0], "allowed": ", ".join(PartOfDay.values)},
            field="parts_of_day",
        )
    return [part for part in PartOfDay.values if part in parts]


def _check_reference(reference: str) -> None:
    if not 1 <= len(reference) <= 40:
        raise InvalidCapacity(
            _("“%(value)s”: give a reference of 1 to 40 characters.")
            % {"value": reference},
            field="reference",
        )


def _constraint_of(error: IntegrityError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", ""))
