"""Private calendar addresses: a calendar program reads the duties of a service.

An address holds a token of 256 random bits, of which only a digest is kept. It answers
with what its owner may see at that moment, so who leaves a team reads nothing any
more. Every reading and every address made or revoked is in the audit trail.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import get_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.audit import record_access
from wijkspil.core.errors import NotFound, NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.core.periods import Period
from wijkspil.directory.models import DutyCalendar
from wijkspil.directory.permissions import (
    can_view_duty_person,
    can_view_duty_week,
    check_can_view_duty_week,
)
from wijkspil.directory.selectors.duty import list_written_duties
from wijkspil.directory.selectors.targets_of_entries import get_service_edit_target
from wijkspil.directory.services.duty_files import write_ics
from wijkspil.directory.services.editing import recorded

#: What of the past and the future a calendar shows.
PAST, FUTURE = timedelta(days=31), timedelta(days=366)


class UnknownCalendar(NotFound):
    """There is no such calendar address, or it does not answer any more."""

    code = "unknown-calendar"


@dataclass(frozen=True)
class NewCalendar:
    """An address that was made; ``token`` is shown once and not kept."""

    calendar_id: int
    token: str


@dataclass(frozen=True)
class CalendarText:
    """The calendar as it is sent to a calendar program."""

    name: str
    ics: str


def make_calendar(
    *,
    actor: Actor,
    service_id: int,
    at: datetime,
    person_name: str = "",
    with_phone: bool = False,
) -> NewCalendar:
    """Make a private address for the duties of a service (of one person).

    Raises
    ------
    UnknownService
        If there is no such service.
    NotPermitted
        If the actor may not see its duties, or has no account.
    """
    check_can_view_duty_week(actor, get_service_edit_target(service_id))
    if actor.user_id is None:
        raise NotPermitted(_("A calendar address belongs to a person with an account."))
    token = secrets.token_urlsafe(32)
    with recorded(actor):
        row = DutyCalendar.objects.create(
            service_id=service_id,
            owner_id=actor.user_id,
            digest=_digest(token),
            person_name=person_name.strip()[:120],
            with_phone=with_phone and can_view_duty_person(actor),
            created_at=at,
        )
        _record(actor, AuditEvent.Action.CREATE, row.pk, "duty.calendar-address", at)
    return NewCalendar(row.pk, token)


def revoke_calendar(*, actor: Actor, calendar_id: int, at: datetime) -> None:
    """Let an address answer no more; twice is harmless.

    Raises
    ------
    UnknownCalendar
        If the actor has no such address.
    """
    with recorded(actor):
        row = (
            DutyCalendar.objects.select_for_update()
            .filter(pk=calendar_id, owner_id=actor.user_id)
            .first()
        )
        if row is None or actor.user_id is None:
            raise _unknown()
        if row.revoked_at is None:
            row.revoked_at = at
            row.save(update_fields=["revoked_at"])
            _record(
                actor, AuditEvent.Action.DELETE, row.pk, "duty.calendar-address", at
            )


def list_calendars(*, actor: Actor) -> list[DutyCalendar]:
    """Return the addresses of the actor that still answer (one query)."""
    return list(
        DutyCalendar.objects.filter(owner_id=actor.user_id, revoked_at=None)
        .select_related("service")
        .order_by("service__name", "pk")
        if actor.user_id is not None
        else []
    )


def read_calendar(*, token: str, at: datetime) -> CalendarText:
    """Return the calendar behind an address, and write down that it was read.

    Names are initials; numbers only where they were asked for and may be seen.

    Raises
    ------
    UnknownCalendar
        If the token is not known, was revoked, or its owner may not see it any more.
    """
    row = (
        DutyCalendar.objects.filter(digest=_digest(token), revoked_at=None)
        .select_related("service", "owner")
        .first()
    )
    if row is None or not row.owner.is_active:
        raise _unknown()
    actor = get_actor(user_id=row.owner_id, label=str(row.owner), at=at)
    if not can_view_duty_week(actor, get_service_edit_target(row.service_id)):
        raise _unknown()
    with_phone = row.with_phone and can_view_duty_person(actor)
    duties = list_written_duties(
        service_ids=[row.service_id],
        period=Period(at - PAST, at + FUTURE),
        person_name=row.person_name,
    )
    _record(actor, AuditEvent.Action.READ, row.pk, "duty.calendar", at)
    name = _("Duties of %(service)s") % {"service": row.service.name}
    return CalendarText(
        name,
        write_ics(duties, name=name, with_names=False, with_phone=with_phone),
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _unknown() -> UnknownCalendar:
    return UnknownCalendar(
        _("This calendar address does not answer any more. Make a new one.")
    )


def _record(
    actor: Actor,
    action: AuditEvent.Action,
    calendar_id: int,
    purpose: str,
    at: datetime,
) -> None:
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type="duty-calendar",
        entity_ids=[calendar_id],
        purpose=purpose,
        fields=["person_name", "phone"],
    )
