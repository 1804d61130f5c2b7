"""A team says how much room it has: report it, or confirm that it still holds.

Reports are only added. Two reports at the same time are put in order by a lock on
the service; both stay in the history and the later one counts. Sending the same page
twice adds one report: the page says which report it showed (``seen_report_id``).

Confirming, or reporting an earlier report again, says what is left of it: places that
requests reserved since (``services.reservations``) are never revived.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.accounts.types import Actor
from wijkspil.core.prepared import check_in_transaction, fetch_row
from wijkspil.directory.errors import (
    AlreadyChanged,
    InvalidCapacity,
    NothingToConfirm,
    RoomTakenSince,
    UnknownEntry,
    UnknownService,
)
from wijkspil.directory.models import (
    CapacityReport,
    CapacityReservation,
)
from wijkspil.directory.permissions import check_can_report_capacity
from wijkspil.directory.selectors.capacity import (
    Reserved,
    as_room_report,
    get_newest_report,
    get_newest_reservation_id,
    get_reserved,
    get_valid_hours,
)
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.types import (
    CapacitySource,
    CareTask,
    NoRoomReason,
    PartOfDay,
    SizeBand,
)
from wijkspil.directory.wording import say_date

#: More new clients than this at once is a slip of the finger.
MAX_NEW_CLIENTS = 99
#: Nobody waits longer for the lock on a service than this.
LONGEST_WAIT = timedelta(minutes=1)


@dataclass(frozen=True)
class Capacity:
    """What a team can take, in its own terms."""

    new_clients: int
    size_band: str = ""
    parts_of_day: tuple[str, ...] = ()
    tasks_excluded: tuple[str, ...] = ()
    hours_per_week: Decimal | None = None
    no_room_reason: str = ""
    no_room_until: date | None = None

    @classmethod
    def of_report(cls, report: CapacityReport) -> "Capacity":
        """Return what an earlier report said."""
        return cls(
            new_clients=report.new_clients,
            size_band=report.size_band,
            parts_of_day=tuple(report.parts_of_day),
            tasks_excluded=tuple(report.tasks_excluded),
            hours_per_week=report.hours_per_week,
            no_room_reason=report.no_room_reason,
            no_room_until=report.no_room_until,
        )

    @classmethod
    def left_of(cls, report: CapacityReport, reserved: Reserved) -> "Capacity":
        """Return what an earlier report said, less what was reserved since."""
        told = cls.of_report(report)
        if reserved.clients == 0:
            return told
        left = as_room_report(report, reserved)
        if left.is_taken:
            return cls(new_clients=0, no_room_reason=NoRoomReason.FULL)
        hours = told.hours_per_week
        if hours is not None:
            # Down to the tenth a report holds: never more than there is.
            hours = max(Decimal(0), hours - reserved.hours_per_week).quantize(
                Decimal("0.1"), rounding=ROUND_FLOOR
            )
        return replace(told, new_clients=left.new_clients, hours_per_week=hours)


def report_capacity(
    *,
    actor: Actor,
    service_id: int,
    capacity: Capacity,
    at: datetime,
    source: CapacitySource = CapacitySource.PAGE,
    seen_report_id: int | None = None,
    seen_reservation_id: int | None = None,
) -> CapacityReport:
    """Add a report; it counts from ``at`` until the region's limit.

    With ``seen_report_id`` (the newest report on the sender's page; 0 for none) a
    second sending of the same page returns the report of the first. With
    ``seen_reservation_id`` (the newest reservation when that page was made; 0 for
    none) a report of room that does not know of a later reservation is refused once:
    it would revive the place. Without it, as for a planning system, the figure counts
    as told at ``at``: what was reserved before it is in the figure.

    Raises
    ------
    UnknownService
        If the service does not exist or has ended.
    NotPermitted
        If the actor may not report for this service.
    InvalidCapacity
        If the report contradicts itself; names the field.
    RoomTakenSince
        If a request took room after the sender's page was opened.
    """
    target = get_service_target(service_id)
    check_can_report_capacity(actor, target)
    check_capacity(capacity, at=at)
    capacity = _in_order(capacity)
    with transaction.atomic():
        lock_active_service(service_id)
        newest = get_newest_report(service_id)
        if (
            newest is not None
            and seen_report_id is not None
            and newest.pk != seen_report_id
            and newest.reported_by_id == actor.user_id
            and newest.reporter_label == actor.label
            and Capacity.of_report(newest) == capacity
        ):
            return newest
        if seen_reservation_id is not None and capacity.new_clients > 0:
            _check_taken_since(service_id, newest, seen_reservation_id)
        at = not_before(newest, at)
        return add_report(actor, service_id, capacity, at, source, target.region_ids)


def confirm_capacity(
    *,
    actor: Actor,
    service_id: int,
    at: datetime,
    seen_report_id: int | None = None,
) -> CapacityReport:
    """Say in one tap that the last report still holds: its age starts anew.

    What requests reserved since is taken off; nothing left is reported as full.
    With ``seen_report_id`` only that report is confirmed, not a newer one the sender
    did not see; sending twice adds one confirmation.

    Raises
    ------
    UnknownService, NotPermitted
        As for ``report_capacity``.
    NothingToConfirm
        If there is no earlier report, or its expected end of "no room" has passed.
    AlreadyChanged
        If somebody reported something else after the page was opened.
    """
    target = get_service_target(service_id)
    check_can_report_capacity(actor, target)
    with transaction.atomic():
        lock_active_service(service_id)
        last = get_newest_report(service_id)
        if last is None:
            raise NothingToConfirm(
                _("There is no report yet to confirm. Tell how much room there is.")
            )
        if seen_report_id is not None and last.pk != seen_report_id:
            seen = CapacityReport.objects.filter(
                service_id=service_id, pk=seen_report_id
            ).first()
            if seen is None or not _says_the_same(last, seen):
                raise AlreadyChanged(
                    _(
                        "%(name)s reported something else after you opened this page. "
                        "Look whether that is right, or tell how much room there is."
                    )
                    % {"name": last.reporter_label}
                )
            return last
        if last.no_room_until is not None and last.no_room_until <= localdate(at):
            raise NothingToConfirm(
                _(
                    "The last report expected room from %(date)s. Tell how much room "
                    "there is now."
                )
                % {"date": say_date(last.no_room_until)}
            )
        reserved = get_reserved(last)
        return add_report(
            actor,
            service_id,
            Capacity.left_of(last, reserved),
            _past(reserved, not_before(last, at)),
            CapacitySource.CONFIRMED,
            target.region_ids,
        )


def repeat_report(
    *, actor: Actor, service_id: int, report_id: int, at: datetime
) -> CapacityReport:
    """Report what is left of an earlier report: the undo of a later one.

    Raises
    ------
    UnknownService, NotPermitted, InvalidCapacity
        As for ``report_capacity``.
    UnknownEntry
        If the service has no such report.
    """
    target = get_service_target(service_id)
    check_can_report_capacity(actor, target)
    with transaction.atomic():
        lock_active_service(service_id)
        earlier = CapacityReport.objects.filter(
            service_id=service_id, pk=report_id
        ).first()
        if earlier is None:
            raise UnknownEntry(_("This report is not among the last of this team."))
        reserved = get_reserved(earlier)
        capacity = Capacity.left_of(earlier, reserved)
        check_capacity(capacity, at=at)
        return add_report(
            actor,
            service_id,
            capacity,
            _past(reserved, not_before(get_newest_report(service_id), at)),
            CapacitySource.PAGE,
            target.region_ids,
        )


def _check_taken_since(
    service_id: int, newest: CapacityReport | None, seen_reservation_id: int
) -> None:
    """Refuse if requests took room that the sender has not seen; the caller locks."""
    unseen = CapacityReservation.objects.filter(
        service_id=service_id, released_at__isnull=True, pk__gt=seen_reservation_id
    )
    taken = unseen.aggregate(clients=Sum("clients"))["clients"]
    if not taken:
        return
    words = ngettext(
        "A client was accepted in the meantime.",
        "%(n)d clients were accepted in the meantime.",
        taken,
    ) % {"n": taken}
    if newest is not None:
        reserved = get_reserved(newest)
        seen = replace(reserved, clients=max(0, reserved.clients - taken))
        words = _("%(taken)s Your room was %(before)d, now it is %(after)d.") % {
            "taken": words,
            "before": as_room_report(newest, seen).new_clients,
            "after": as_room_report(newest, reserved).new_clients,
        }
    raise RoomTakenSince(
        _("%(what)s Is your report still right? Then send it again.") % {"what": words},
        newest_reservation_id=get_newest_reservation_id(service_id),
    )


def _says_the_same(last: CapacityReport, seen: CapacityReport) -> bool:
    """Whether ``last`` is ``seen``, or what was left of it when ``last`` was made."""
    said = Capacity.of_report(last)
    if said == Capacity.of_report(seen):
        return True
    then = CapacityReservation.objects.filter(
        Q(released_at__isnull=True) | Q(released_at__gt=last.reported_at),
        service_id=seen.service_id,
        reserved_at__gte=seen.reported_at,
        reserved_at__lt=last.reported_at,
    ).aggregate(clients=Sum("clients"), hours=Sum("hours_per_week"))
    reserved = Reserved(then["clients"] or 0, then["hours"] or Decimal(0))
    return said == Capacity.left_of(seen, reserved)


def _past(reserved: Reserved, at: datetime) -> datetime:
    """Return a moment after the reservations that are in the new figures.

    They would count off twice if they were not older than the report.
    """
    last_at = reserved.last_at
    if last_at is not None and timedelta(0) <= last_at - at < LONGEST_WAIT:
        return last_at + timedelta(microseconds=1)
    return at


def not_before(newest: CapacityReport | None, at: datetime) -> datetime:
    """Return ``at``, or the newest report's moment if that is a little later.

    Who waited for the lock may have started first; the order of the lock decides.
    """
    if newest is not None and timedelta(0) < newest.reported_at - at < LONGEST_WAIT:
        return newest.reported_at
    return at


def _in_order(capacity: Capacity) -> Capacity:
    """Return the same with each choice once, in the order of the catalogue.

    A part of the day given twice is still one part: the traffic light counts them.
    """
    return replace(
        capacity,
        parts_of_day=_once(capacity.parts_of_day, PartOfDay.values),
        tasks_excluded=_once(capacity.tasks_excluded, CareTask.values),
        hours_per_week=None
        if capacity.hours_per_week is None
        else round(capacity.hours_per_week, 1),
    )


def _once(given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(value for value in known if value in given)


def check_capacity(capacity: Capacity, *, at: datetime) -> None:
    """Refuse a report that contradicts itself.

    Raises
    ------
    InvalidCapacity
        With the field, the value and what is expected.
    """
    if not 0 <= capacity.new_clients <= MAX_NEW_CLIENTS:
        raise InvalidCapacity(
            _("%(value)s new clients: give a whole number from 0 to %(max)s.")
            % {"value": capacity.new_clients, "max": MAX_NEW_CLIENTS},
            field="new_clients",
        )
    _check_choice("size_band", capacity.size_band, SizeBand.values, optional=True)
    _check_choice(
        "no_room_reason", capacity.no_room_reason, NoRoomReason.values, optional=True
    )
    for part in capacity.parts_of_day:
        _check_choice("parts_of_day", part, PartOfDay.values)
    for task in capacity.tasks_excluded:
        _check_choice("tasks_excluded", task, CareTask.values)
    if capacity.hours_per_week is not None and not (
        capacity.hours_per_week.is_finite() and 0 <= capacity.hours_per_week <= 9999
    ):
        raise InvalidCapacity(
            _("%(value)s hours a week: give a number from 0 to 9999.")
            % {"value": capacity.hours_per_week},
            field="hours_per_week",
        )
    if capacity.new_clients == 0:
        if not capacity.no_room_reason:
            raise InvalidCapacity(
                _("Choose why there is no room, so that referrers understand it."),
                field="no_room_reason",
            )
        if capacity.no_room_until is not None and capacity.no_room_until <= localdate(
            at
        ):
            raise InvalidCapacity(
                _("%(value)s has passed: give a later day, or leave it empty.")
                % {"value": say_date(capacity.no_room_until)},
                field="no_room_until",
            )
        return
    if capacity.no_room_reason or capacity.no_room_until:
        raise InvalidCapacity(
            _("There is room for new clients, so leave the reason for no room empty."),
            field="no_room_reason",
        )
    if not capacity.size_band:
        raise InvalidCapacity(
            _("Choose how much care a new client may need."), field="size_band"
        )
    if not capacity.parts_of_day:
        raise InvalidCapacity(
            _("Choose at least one part of the day."), field="parts_of_day"
        )


def _check_choice(
    field: str, value: str, allowed: list[str], *, optional: bool = False
) -> None:
    if value in allowed or (optional and not value):
        return
    raise InvalidCapacity(
        _("“%(value)s” is not a known choice. Choose from: %(allowed)s.")
        % {"value": value, "allowed": ", ".join(allowed)},
        field=field,
    )


def lock_active_service(service_id: int) -> None:
    """Lock the row of a service: the first lock of every act on its room.

    Raises
    ------
    UnknownService
        If the service does not exist or has ended.
    """
    check_in_transaction()
    if fetch_row(_LOCK_ACTIVE, {"id": service_id}) is None:
        raise UnknownService(
            _("The service with number %(id)s has ended.") % {"id": service_id}
        )


_LOCK_ACTIVE = """
SELECT id FROM directory_healthcareservice WHERE id = %(id)s AND is_active FOR UPDATE
"""


def add_report(
    actor: Actor,
    service_id: int,
    capacity: Capacity,
    at: datetime,
    source: CapacitySource,
    region_ids: frozenset[int],
) -> CapacityReport:
    """Store a checked report, valid as long as the strictest region agreed."""
    hours = get_valid_hours(region_ids)
    return CapacityReport.objects.create(
        service_id=service_id,
        new_clients=capacity.new_clients,
        size_band=capacity.size_band,
        parts_of_day=list(capacity.parts_of_day),
        tasks_excluded=list(capacity.tasks_excluded),
        hours_per_week=capacity.hours_per_week,
        no_room_reason=capacity.no_room_reason,
        no_room_until=capacity.no_room_until,
        reported_at=at,
        valid_until=at + timedelta(hours=hours),
        source=source,
        reported_by_id=actor.user_id,
        reporter_label=actor.label,
    )
