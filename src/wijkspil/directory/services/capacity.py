"""A team says how much room it has: report it, or confirm that it still holds.

Reports are only added. Two reports at the same time are put in order by a lock on
the service; both stay in the history and the later one counts.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import (
    InvalidCapacity,
    NothingToConfirm,
    UnknownService,
)
from wijkspil.directory.models import CapacityReport, HealthcareService
from wijkspil.directory.permissions import check_can_report_capacity
from wijkspil.directory.selectors.capacity import get_current_report, get_valid_hours
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.types import (
    CapacitySource,
    CareTask,
    NoRoomReason,
    PartOfDay,
    SizeBand,
)

#: More new clients than this at once is a slip of the finger.
MAX_NEW_CLIENTS = 99


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


def report_capacity(
    *,
    actor: Actor,
    service_id: int,
    capacity: Capacity,
    at: datetime,
    source: CapacitySource = CapacitySource.PAGE,
) -> CapacityReport:
    """Add a report; it counts from ``at`` until the region's limit.

    Raises
    ------
    UnknownService
        If the service does not exist or has ended.
    NotPermitted
        If the actor may not report for this service.
    InvalidCapacity
        If the report contradicts itself; names the field.
    """
    target = get_service_target(service_id)
    check_can_report_capacity(actor, target)
    check_capacity(capacity, at=at)
    with transaction.atomic():
        _lock_active_service(service_id)
        return _add_report(actor, service_id, capacity, at, source, target.region_ids)


def confirm_capacity(*, actor: Actor, service_id: int, at: datetime) -> CapacityReport:
    """Say in one tap that the last report still holds: its age starts anew.

    Raises
    ------
    UnknownService, NotPermitted
        As for ``report_capacity``.
    NothingToConfirm
        If there is no earlier report, or its expected end of "no room" has passed.
    """
    target = get_service_target(service_id)
    check_can_report_capacity(actor, target)
    with transaction.atomic():
        _lock_active_service(service_id)
        last = get_current_report(service_id, at=at)
        if last is None:
            raise NothingToConfirm(
                _("There is no report yet to confirm. Tell how much room there is.")
            )
        if last.no_room_until is not None and last.no_room_until <= at.date():
            raise NothingToConfirm(
                _(
                    "The last report expected room from %(date)s. Tell how much room "
                    "there is now."
                )
                % {"date": last.no_room_until.isoformat()}
            )
        capacity = Capacity(
            new_clients=last.new_clients,
            size_band=last.size_band,
            parts_of_day=tuple(last.parts_of_day),
            tasks_excluded=tuple(last.tasks_excluded),
            hours_per_week=last.hours_per_week,
            no_room_reason=last.no_room_reason,
            no_room_until=last.no_room_until,
        )
        return _add_report(
            actor,
            service_id,
            capacity,
            at,
            CapacitySource.CONFIRMED,
            target.region_ids,
        )


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
        0 <= capacity.hours_per_week <= 9999
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
        if capacity.no_room_until is not None and capacity.no_room_until <= at.date():
            raise InvalidCapacity(
                _("%(value)s has passed: give a later day, or leave it empty.")
                % {"value": capacity.no_room_until.isoformat()},
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


def _lock_active_service(service_id: int) -> None:
    locked = (
        HealthcareService.objects.select_for_update()
        .filter(pk=service_id, is_active=True)
        .first()
    )
    if locked is None:
        raise UnknownService(
            _("The service with number %(id)s has ended.") % {"id": service_id}
        )


def _add_report(
    actor: Actor,
    service_id: int,
    capacity: Capacity,
    at: datetime,
    source: CapacitySource,
    region_ids: frozenset[int],
) -> CapacityReport:
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
