"""Enter and withdraw who is on duty. Name and phone are personal data.

Every reading and writing of the person is in the audit trail. A provider enters
duties only where its service covers; elsewhere the region's coordinator does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.audit import record_access
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import CannotSwap, InvalidEntry, UnknownEntry
from wijkspil.directory.models import Area, AreaOverlap, Coverage, DutyPeriod
from wijkspil.directory.permissions import check_can_edit_duty
from wijkspil.directory.selectors.duty import stable_uid
from wijkspil.directory.selectors.history import EntryKind, list_snapshots
from wijkspil.directory.selectors.targets import get_area_target
from wijkspil.directory.selectors.targets_of_entries import get_service_edit_target
from wijkspil.directory.services.coverage import lock_service
from wijkspil.directory.services.editing import (
    apply_values,
    end_period,
    lock_entry,
    recorded,
    save_entry,
)
from wijkspil.directory.services.organizations import check_phone
from wijkspil.directory.wording import say_period

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
    check_duty(duty, at=at)
    with recorded(actor):
        lock_service(service_id)
        check_area(actor, service_id, duty.area_id)
        row = as_row(service_id, duty)
        save_entry(row)
        record_duties(actor, AuditEvent.Action.CREATE, [row.pk], "duty.enter", at=at)
    return row


def as_row(service_id: int, duty: Duty, *, uid: str = "") -> DutyPeriod:
    """Return the row of a duty, not stored yet."""
    return DutyPeriod(
        service_id=service_id,
        area_id=duty.area_id,
        care=duty.care,
        rank=duty.rank,
        person_name=duty.person_name.strip(),
        phone=duty.phone.strip(),
        valid_from=duty.valid_from,
        valid_until=duty.valid_until,
        external_uid=uid,
    )


def change_duty(
    *,
    actor: Actor,
    duty_id: int,
    duty: Duty,
    at: datetime,
    version: int | None = None,
) -> DutyPeriod:
    """Withdraw a duty and enter another in its place, at once.

    A running one ends at ``at`` and the new one begins then at the earliest, so that
    who was called before is not rewritten. Its UID in calendars stays.

    Raises
    ------
    UnknownEntry, NotPermitted, AlreadyChanged
        As for ``withdraw_duty``.
    InvalidEntry, OverlapsAnother
        As for ``add_duty``; also if the duty has ended.
    """
    with recorded(actor):
        # The service first, as everybody who enters duties does: no two ever wait
        # for each other.
        service_id = (
            DutyPeriod.objects.filter(pk=duty_id)
            .values_list("service_id", flat=True)
            .first()
        )
        if service_id is not None:
            check_can_edit_duty(actor, get_service_edit_target(service_id))
            lock_service(service_id)
        row = lock_entry(EntryKind.DUTY, duty_id, version=version)
        if row.valid_until <= at:
            raise InvalidEntry(
                {"valid_until": [_("This duty has ended. Enter a new one.")]}
            )
        has_begun = row.valid_from < at
        duty = starting_at_the_earliest(duty, at) if has_begun else duty
        check_duty(duty, at=at)
        if duty.area_id != row.area_id:
            check_area(actor, row.service_id, duty.area_id)
        uid = stable_uid(row.external_uid, duty_id)
        end_period(row, at=at)
        changed = as_row(row.service_id, duty, uid=uid)
        save_entry(changed)
        record_duties(
            actor,
            AuditEvent.Action.UPDATE if has_begun else AuditEvent.Action.DELETE,
            [duty_id],
            "duty.change",
            at=at,
        )
        record_duties(
            actor, AuditEvent.Action.CREATE, [changed.pk], "duty.change", at=at
        )
    return changed


def starting_at_the_earliest(duty: Duty, at: datetime) -> Duty:
    """Return the duty without what of it lies before ``at``."""
    return replace(duty, valid_from=max(duty.valid_from, at))


def swap_duties(
    *,
    actor: Actor,
    duty_id: int,
    other_id: int,
    at: datetime,
    versions: tuple[int | None, int | None] = (None, None),
) -> None:
    """Let two persons take over each other's duty, both or neither.

    Raises
    ------
    UnknownEntry, NotPermitted, AlreadyChanged
        As for ``withdraw_duty``, of either duty.
    CannotSwap
        If it is one duty, or one of them has begun.
    """
    if duty_id == other_id:
        raise CannotSwap(_("Choose another duty to swap with."))
    wanted = dict(zip((duty_id, other_id), versions, strict=True))
    with recorded(actor):
        # Always in the same order, so that two swaps never wait for each other.
        rows = [
            lock_entry(EntryKind.DUTY, pk, version=wanted[pk]) for pk in sorted(wanted)
        ]
        for service_id in {row.service_id for row in rows}:
            check_can_edit_duty(actor, get_service_edit_target(service_id))
        for row in rows:
            if row.valid_from <= at:
                raise CannotSwap(
                    _(
                        "The duty %(period)s has begun. Withdraw it and enter who "
                        "takes over."
                    )
                    % {"period": say_period(row.valid_from, row.valid_until)}
                )
        first, second = rows
        persons = [(row.person_name, row.phone) for row in rows]
        apply_values(first, dict(zip(_PERSON, persons[1], strict=True)))
        apply_values(second, dict(zip(_PERSON, persons[0], strict=True)))
        record_duties(
            actor, AuditEvent.Action.UPDATE, sorted(wanted), "duty.swap", at=at
        )


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
        record_duties(actor, action, [duty_id], "duty.withdraw", at=at)
        return Withdrawal(duty_id, row.service_id, None if never_began else at)


def record_duties_read(
    *, actor: Actor, duty_ids: Iterable[int], purpose: str, at: datetime
) -> None:
    """Write that the actor was shown the persons of these duties (one query)."""
    record_duties(actor, AuditEvent.Action.READ, list(duty_ids), purpose, at=at)


def record_week_read(
    *, actor: Actor, region_id: int, week: str, at: datetime, is_file: bool = False
) -> None:
    """Write that the actor was shown the persons of a week, in one row (one query).

    One row per view and not per person: a planner looks at hundreds of duties at once.
    """
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=AuditEvent.Action.EXPORT if is_file else AuditEvent.Action.READ,
        entity_type="duty-week",
        entity_ids=[f"{region_id}/{week}"],
        purpose="duty.export" if is_file else "page.duty-week",
        fields=_PERSON,
    )


def record_duties(
    actor: Actor,
    action: AuditEvent.Action,
    duty_ids: list[int],
    purpose: str,
    *,
    at: datetime,
) -> None:
    """Write one event per duty of which the person was written (one query)."""
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


def check_duty(duty: Duty, *, at: datetime) -> None:
    """Raise ``InvalidEntry`` with every field that breaks a rule."""
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


def check_area(actor: Actor, service_id: int, area_id: int) -> None:
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
