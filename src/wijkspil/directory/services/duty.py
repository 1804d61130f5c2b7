"""Enter and withdraw who is on duty. Name and phone are personal data.

Every reading and writing of the person is in the audit trail. A provider enters
duties only where its service covers; elsewhere the region's coordinator does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.audit import record_access
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import InvalidEntry, UnknownEntry
from wijkspil.directory.models import Area, AreaOverlap, Coverage, DutyPeriod
from wijkspil.directory.permissions import check_can_edit_duty
from wijkspil.directory.selectors.history import EntryKind, list_snapshots
from wijkspil.directory.selectors.targets import get_area_target
from wijkspil.directory.selectors.targets_of_entries import get_service_edit_target
from wijkspil.directory.services.coverage import lock_service
from wijkspil.directory.services.editing import (
    end_period,
    lock_entry,
    recorded,
    save_entry,
)
from wijkspil.directory.services.organizations import check_phone

#: A duty is a shift of a person; a longer one is a slip of the finger.
LONGEST = timedelta(days=31)

_PERSON = ("person_name", "phone")


@dataclass(frozen=True)
class Duty:
    """Who is on duty where, in which order, in a half-open period."""

    area_id: int
    care: str
    person_name: str
    phone: str
    valid_from: datetime
    valid_until: datetime
    rank: int = 1


def add_duty(*, actor: Actor, service_id: int, duty: Duty, at: datetime) -> DutyPeriod:
    """Enter a duty. Locks the service, so that two entries come one by one.

    Raises
    ------
    UnknownService
        If the service does not exist or has ended.
    NotPermitted
        If the actor may not enter duties of this service, or not in this area.
    InvalidEntry
        If a field breaks a rule; the period ends after ``at`` and spans at most 31
        days.
    OverlapsAnother
        If somebody has this place in the line in (part of) the period; also when the
        same duty is sent twice.
    """
    check_can_edit_duty(actor, get_service_edit_target(service_id))
    _check_duty(duty, at=at)
    with recorded(actor):
        lock_service(service_id)
        _check_area(actor, service_id, duty.area_id)
        row = DutyPeriod(
            service_id=service_id,
            area_id=duty.area_id,
            care=duty.care,
            rank=duty.rank,
            person_name=duty.person_name.strip(),
            phone=duty.phone.strip(),
            valid_from=duty.valid_from,
            valid_until=duty.valid_until,
        )
        save_entry(row)
        _record(actor, AuditEvent.Action.CREATE, [row.pk], "duty.enter", at=at)
    return row


@dataclass(frozen=True)
class Withdrawal:
    """What withdrawing did: ended at a moment, or taken back before it began."""

    duty_id: int
    service_id: int
    ended_at: datetime | None


def withdraw_duty(
    *, actor: Actor, duty_id: int, at: datetime, version: int | None = None
) -> Withdrawal:
    """Withdraw a duty: a running one ends at ``at``, a later one is taken back.

    Doing it twice is harmless: the second time answers what the first did.

    Raises
    ------
    UnknownEntry
        If there never was such a duty.
    NotPermitted
        If the actor may not change duties of its service.
    AlreadyChanged
        If somebody changed it after ``version``.
    """
    if not DutyPeriod.objects.filter(pk=duty_id).exists():
        return _withdrawn_before(actor, duty_id)
    with recorded(actor):
        row = lock_entry(EntryKind.DUTY, duty_id, version=version)
        check_can_edit_duty(actor, get_service_edit_target(row.service_id))
        if row.valid_until <= at:
            return Withdrawal(duty_id, row.service_id, row.valid_until)
        action = (
            AuditEvent.Action.DELETE
            if row.valid_from >= at
            else AuditEvent.Action.UPDATE
        )
        never_began = end_period(row, at=at)
        _record(actor, action, [duty_id], "duty.withdraw", at=at)
        return Withdrawal(duty_id, row.service_id, None if never_began else at)


def record_duties_read(
    *, actor: Actor, duty_ids: Iterable[int], purpose: str, at: datetime
) -> None:
    """Write that the actor was shown the persons of these duties (one query)."""
    _record(actor, AuditEvent.Action.READ, list(duty_ids), purpose, at=at)


def _record(
    actor: Actor,
    action: AuditEvent.Action,
    duty_ids: list[int],
    purpose: str,
    *,
    at: datetime,
) -> None:
    if duty_ids:
        record_access(
            at=at,
            actor_id=actor.user_id,
            actor_label=actor.label,
            action=action,
            entity_type="duty-period",
            entity_ids=duty_ids,
            purpose=purpose,
            fields=_PERSON,
        )


def _withdrawn_before(actor: Actor, duty_id: int) -> Withdrawal:
    snapshots = list_snapshots(EntryKind.DUTY, duty_id)
    if not snapshots:
        raise UnknownEntry(_("There is no duty with number %(id)s.") % {"id": duty_id})
    service_id = snapshots[-1].values["service_id"]
    check_can_edit_duty(actor, get_service_edit_target(service_id))
    return Withdrawal(duty_id, service_id, None)


def _check_duty(duty: Duty, *, at: datetime) -> None:
    refused: dict[str, list[str]] = {}
    for name in ("valid_from", "valid_until"):
        if getattr(duty, name).tzinfo is None:
            refused[name] = [_("Give the moment with its time zone.")]
    if not duty.person_name.strip():
        refused["person_name"] = [_("Give the name of who is on duty.")]
    try:
        check_phone(duty.phone.strip())
    except ValidationError:
        refused["phone"] = [
            _("“%(value)s” is not a phone number. Write it as 06 12 34 56 78.")
            % {"value": duty.phone[:30]}
        ]
    if not refused:
        if duty.valid_until <= duty.valid_from:
            refused["valid_until"] = [
                _("The end must come after the start: give a later end.")
            ]
        elif duty.valid_until - duty.valid_from > LONGEST:
            refused["valid_until"] = [
                _("A duty spans at most 31 days. Enter a longer one in parts.")
            ]
        elif duty.valid_until <= at:
            refused["valid_until"] = [
                _("This duty has already ended. Check the days and the times.")
            ]
    if refused:
        raise InvalidEntry(refused)


def _check_area(actor: Actor, service_id: int, area_id: int) -> None:
    """Refuse a duty where the service covers nothing, unless for the region itself.

    Otherwise a provider could put itself on duty in any place of the country.
    """
    within = Area.objects.filter(pk=area_id).values_list("within", flat=True).first()
    if within is None:
        raise InvalidEntry(
            {"area": [_("There is no area with number %(id)s.") % {"id": area_id}]}
        )
    if _may_everywhere_in(actor, get_area_target(area_id)):
        return
    shared = AreaOverlap.objects.filter(part_id=area_id).values("whole_id")
    parts = AreaOverlap.objects.filter(whole_id=area_id).values("part_id")
    covered = Coverage.objects.filter(service_id=service_id).filter(
        Q(area_id__in=within) | Q(area_id__in=shared) | Q(area_id__in=parts)
    )
    if not covered.exists():
        raise NotPermitted(
            _(
                "This service does not cover that area. Ask the coordinator of the "
                "region to enter the coverage first, or this duty."
            ),
            field="area",
        )


def _may_everywhere_in(actor: Actor, area: Target) -> bool:
    return any(
        grant.role == Role.ADMINISTRATOR
        or (grant.role == Role.COORDINATOR and grant.region_id in area.region_ids)
        for grant in actor.grants
    )
