"""Who the client is and how to act safely: to the few who may, every showing logged.

The team that goes sees it from accepting until the end, and until 48 hours after the
call was entered to write the report. Who entered it sees what was typed, as long. A
coordinator sees it while the call is in the coordinator's hands. Afterwards there is
emergency access: an hour, with a reason, reported. The key safe is only ever open
during the call, and each showing is an act of its own.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role
from wijkspil.calls.errors import AccessIsOver, CallNotNow, InvalidCall, unknown_call
from wijkspil.calls.models import BreakGlass, Call, CallAlert, CallPatient
from wijkspil.calls.permissions import (
    caller_target,
    can_answer_call,
    can_break_glass,
    can_read_report,
    can_review_break_glass,
    check_can_review_break_glass,
    is_caller,
    is_coordinator,
    steers,
)
from wijkspil.calls.policies import GLASS_MIN, is_within_access
from wijkspil.calls.selectors.calls import (
    get_call,
    is_glass_open,
    list_broken_glass,
    lock_call,
)
from wijkspil.calls.services.alerts import goes, team_target
from wijkspil.calls.services.telling import tell_glass_broken
from wijkspil.calls.services.trail import add_event, record_patient_access
from wijkspil.calls.types import (
    RUNNING,
    WITH_NURSE,
    CallEventKind,
    CallOwnerKind,
)
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.core.sealing import unseal

LEAST_REASON = 10
LONGEST_REASON = 500


class Ground(StrEnum):
    """Why somebody sees who the client is; the purpose in the audit trail."""

    NURSE = "call.nurse"
    CALLER = "call.caller"
    COORDINATOR = "call.coordinator"
    GLASS = "call.glass"


@dataclass(frozen=True)
class ShownPatient:
    """Who it is about and how to act safely; ``has_key_safe`` says that there is one.

    ``can_open_key_safe``: this reader, now.
    """

    name: str
    address: str
    phone: str
    birth_date: date | None
    alarm_number: str
    treatment_limit: str
    medication_list_present: str
    order_present: str
    allergies: str
    basis: str
    has_key_safe: bool
    can_open_key_safe: bool
    ground: Ground


def can_see_call(actor: Actor, call: Call) -> bool:
    """Whether the actor may know of a call: steering, alerted, going or own team."""
    return knows_nurse(actor, call) or any(
        can_answer_call(actor, team_target(service_id, organization_id))
        for service_id, organization_id in CallAlert.objects.filter(
            call=call
        ).values_list("service_id", "service__organization_id")
    )


def knows_nurse(actor: Actor, call: Call) -> bool:
    """Whether the actor may know who goes: steering, going or the client's own team.

    A team that was only alerted need not know which other one goes, or said no.
    """
    if steers(actor, call) or goes(actor, call):
        return True
    own = call.own_service
    return own is not None and can_read_report(
        actor, team_target(own.pk, own.organization_id)
    )


def get_visible_call(*, actor: Actor, number: str) -> Call:
    """Return a call the actor may know of.

    Raises
    ------
    UnknownCall
        If there is none, or the actor may not even know that there is.
    """
    call = get_call(number)
    if not can_see_call(actor, call):
        raise unknown_call(number)
    return call


def ground_of(actor: Actor, call: Call, *, at: datetime) -> Ground | None:
    """Return on which ground the actor sees who the client is now, if at all."""
    is_open = call.status in RUNNING or is_within_access(call.started_at, at=at)
    if is_open and goes(actor, call):
        return Ground.NURSE
    if is_open and is_caller(actor, call):
        return Ground.CALLER
    if (
        call.status in RUNNING
        and call.owner_kind == CallOwnerKind.COORDINATOR
        and is_coordinator(actor, call)
    ):
        return Ground.COORDINATOR
    if is_glass_open(call.pk, user_id=actor.user_id, at=at):
        return Ground.GLASS
    return None


@transaction.atomic
def show_patient(*, actor: Actor, number: str, at: datetime) -> ShownPatient | None:
    """Return who the client is, and log it; None when it is not known, or removed.

    Raises
    ------
    UnknownCall
        If there is no such call that the actor may know of.
    AccessIsOver
        If it is not open to the actor now; says what to do.
    """
    call = get_visible_call(actor=actor, number=number)
    ground = ground_of(actor, call, at=at)
    if ground is None:
        raise AccessIsOver(
            _(
                "Who the client is, is open only to the nurse who goes, during the "
                "call and 48 hours from its start. If it cannot wait, use emergency "
                "access: it is reported to the privacy officer."
            )
        )
    patient = CallPatient.objects.filter(pk=call.pk).first()
    if patient is None:
        return None
    record_patient_access(
        [call.number],
        actor=actor,
        action=AuditEvent.Action.READ,
        purpose=ground.value,
        at=at,
    )
    return ShownPatient(
        name=patient.name,
        address=patient.address,
        phone=patient.phone,
        birth_date=patient.birth_date,
        alarm_number=patient.alarm_number,
        treatment_limit=patient.treatment_limit,
        medication_list_present=patient.medication_list_present,
        order_present=patient.order_present,
        allergies=patient.allergies,
        basis=patient.basis,
        has_key_safe=patient.key_safe is not None,
        can_open_key_safe=patient.key_safe is not None and _may_open(actor, call),
        ground=ground,
    )


@transaction.atomic
def show_key_safe(*, actor: Actor, number: str, at: datetime) -> str:
    """Return how to get in, decrypted; every showing is logged by itself.

    Raises
    ------
    UnknownCall
        If there is no such call that the actor may know of.
    AccessIsOver
        If the actor does not go, or the call has ended.
    CallNotNow
        If no instruction is known.
    """
    call = get_visible_call(actor=actor, number=number)
    if not _may_open(actor, call):
        raise AccessIsOver(
            _(
                "How to get in is shown only to the nurse who goes, and only during "
                "the call."
            )
        )
    sealed = (
        CallPatient.objects.filter(pk=call.pk)
        .values_list("key_safe", flat=True)
        .first()
    )
    if sealed is None:
        raise CallNotNow(_("No key safe is known for this call. Call who entered it."))
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=AuditEvent.Action.READ,
        entity_type="key-safe",
        entity_ids=[call.number],
        purpose="call.key-safe",
        fields=("key_safe",),
    )
    return unseal(sealed)


def _may_open(actor: Actor, call: Call) -> bool:
    return call.status in WITH_NURSE and goes(actor, call)


def can_break_glass_of(actor: Actor, call: Call) -> bool:
    """Whether the actor's team is one that this call concerns."""
    teams = [
        team_target(service.pk, service.organization_id)
        for service in (call.nurse_service, call.own_service)
        if service is not None
    ]
    teams += [
        team_target(service_id, organization_id)
        for service_id, organization_id in CallAlert.objects.filter(
            call=call
        ).values_list("service_id", "service__organization_id")
    ]
    return any(can_break_glass(actor, team) for team in teams)


@transaction.atomic
def break_glass(*, actor: Actor, number: str, reason: str, at: datetime) -> BreakGlass:
    """Open a client's data for an hour, with a reason; the privacy officer is told.

    Raises
    ------
    UnknownCall
        If the actor's team has nothing to do with it.
    InvalidCall
        If the reason is shorter than 10 characters.
    CallNotNow
        If the data are open to the actor already, or were removed.
    """
    call = lock_call(number)
    if not can_break_glass_of(actor, call):
        raise unknown_call(number)
    words = " ".join(reason.replace("\0", " ").split())
    if not LEAST_REASON <= len(words) <= LONGEST_REASON:
        raise InvalidCall(
            {
                "reason": [
                    _(
                        "Write why you need it now, in %(least)d to %(most)d "
                        "characters. The privacy officer reads it."
                    )
                    % {"least": LEAST_REASON, "most": LONGEST_REASON}
                ]
            }
        )
    if ground_of(actor, call, at=at) is not None:
        raise CallNotNow(_("The client's data are open to you already."))
    if not CallPatient.objects.filter(pk=call.pk).exists():
        raise CallNotNow(
            _("The client's data were removed, or were never given. Nothing to open.")
        )
    officers = list_role_holders(Role.PRIVACY_OFFICER, region_id=call.region_id, at=at)
    glass = BreakGlass.objects.create(
        call=call,
        actor_id=actor.user_id,
        actor_name=actor.label,
        reason=words,
        at=at,
        open_until=at + timedelta(minutes=GLASS_MIN),
        reported_at=at if officers else None,
    )
    add_event(call, CallEventKind.GLASS_BROKEN, actor=actor, at=at)
    record_patient_access(
        [call.number],
        actor=actor,
        action=AuditEvent.Action.READ,
        purpose="call.break-glass",
        at=at,
    )
    tell_glass_broken(call, glass.pk, [user_id for user_id, _name in officers], at=at)
    return glass


def list_emergency_access(
    *, actor: Actor, region_ids: frozenset[int], is_everywhere: bool, at: datetime
) -> list[BreakGlass]:
    """Return every emergency access the actor reviews; reading it is logged.

    Raises
    ------
    NotPermitted
        If the actor is neither privacy officer nor auditor.
    """
    check_can_review_break_glass(actor)
    rows = list_broken_glass(region_ids=None if is_everywhere else region_ids)
    if rows:
        record_access(
            at=at,
            actor_id=actor.user_id,
            actor_label=actor.label,
            action=AuditEvent.Action.READ,
            entity_type="emergency-access",
            entity_ids=[row.pk for row in rows],
            purpose="page.emergency-access",
        )
    return [
        row for row in rows if can_review_break_glass(actor, caller_target(row.call))
    ]
