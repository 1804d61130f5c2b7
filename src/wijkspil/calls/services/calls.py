"""Enter a call: first what, where and how urgent, then who it is about.

Who can come is shown before anything personal is typed, and a nurse can be alerted
before it is: identity is added while the nurse gets ready. A call always has an owner
and a date, from the moment it is entered.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.calls.engine_io import FoundNurses, Wanted, find_nurses
from wijkspil.calls.errors import InvalidCall
from wijkspil.calls.models import Call, CallPatient
from wijkspil.calls.permissions import check_can_enter_call
from wijkspil.calls.policies import (
    RETAIN_DAYS,
    USUAL_CARE_MIN,
    arrive_by,
    next_status,
)
from wijkspil.calls.selectors.calls import lock_call
from wijkspil.calls.services.alerts import (
    alert_next,
    alert_one,
    check_steers,
    minutes_left,
    withdraw_alerts,
)
from wijkspil.calls.services.telling import tell_not_needed
from wijkspil.calls.services.trail import add_event, record_patient_access
from wijkspil.calls.types import (
    RUNNING,
    TASKS_OF,
    AccessBasis,
    CallCloseReason,
    CallerKind,
    CallEventKind,
    CallOwnerKind,
    CallPatientDetails,
    CallReason,
    CallStatus,
    CallUrgency,
    Known,
    NewCall,
    TreatmentLimit,
)
from wijkspil.core.models import AuditEvent
from wijkspil.core.sealing import seal
from wijkspil.core.spoken_numbers import save_with_number
from wijkspil.directory.selectors.care_teams import (
    CarePlace,
    TeamAround,
    get_care_place,
    list_teams_around,
)
from wijkspil.directory.services.duty import record_duties_read
from wijkspil.directory.services.organizations import check_phone
from wijkspil.directory.types import Care, CareTask, CoverageRole

_OLDEST = timedelta(days=366 * 120)


def look_for_nurses(
    *, actor: Actor, call: NewCall, at: datetime
) -> tuple[CarePlace, FoundNurses]:
    """Return who can come now, with phone and expected arrival; nothing is stored.

    Names and numbers of who is on duty are shown: that is logged.

    Raises
    ------
    NotPermitted
        If the actor may not enter calls here.
    InvalidCall
        With every field that breaks a rule.
    UnknownPostcode
        If the address is not known.
    """
    call = check_new_call(call)
    place = get_care_place(call.postcode)
    _check_may_enter(actor, call, place)
    found = find_nurses(
        Wanted(
            place_id=place.id,
            region_id=place.region_id,
            lon=place.lon,
            lat=place.lat,
            tasks=call.tasks or (),
            allowed_min=minutes_left(arrive_by(call.urgency, at=at), at=at),
        ),
        at=at,
        usual_care_min=USUAL_CARE_MIN,
    )
    record_duties_read(
        actor=actor,
        duty_ids=[nurse.duty_id for nurse in found.candidates],
        purpose="call.nurses",
        at=at,
    )
    return place, found


@transaction.atomic
def start_call(
    *,
    actor: Actor,
    call: NewCall,
    at: datetime,
    patient: CallPatientDetails | None = None,
    duty_id: int | None = None,
) -> Call:
    """Enter a call and alert the first nurse, or the one chosen, if it can come.

    The client may follow later (``add_patient``): seconds count.

    Raises
    ------
    NotPermitted
        If the actor may not enter calls here, or not for this organization.
    InvalidCall
        With every field that breaks a rule, of the call and of the client.
    UnknownPostcode
        If the address is not known.
    """
    call = check_new_call(call)
    if patient is not None:
        patient = check_patient(patient, today=localdate(at))
    place, found = look_for_nurses(actor=actor, call=call, at=at)
    own = _find_own_team(call, place, at=at)
    row = Call(
        status=CallStatus.NEW,
        region_id=place.region_id,
        place_id=place.id,
        postcode=place.postcode,
        caller_kind=call.caller.kind,
        caller_id=actor.user_id,
        caller_name=call.caller.name,
        caller_phone=call.caller.phone,
        caller_organization_id=call.caller.organization_id,
        reason=call.reason,
        tasks=list(call.tasks or ()),
        note=call.note,
        urgency=call.urgency,
        arrive_by=arrive_by(call.urgency, at=at),
        own_service_id=own.service_id if own else None,
        own_organization_id=own.organization_id if own else call.own_organization_id,
        owner_id=actor.user_id,
        owner_kind=CallOwnerKind.CALLER,
        owner_name=call.caller.name,
        due_at=at,
        started_at=at,
    )
    save_with_number(row, prefix="N")
    add_event(
        row,
        CallEventKind.STARTED,
        actor=actor,
        at=at,
        reason=row.reason,
        urgency=row.urgency,
    )
    if patient is not None:
        _store_patient(row, patient, actor=actor, at=at)
    chosen = [nurse for nurse in found.candidates if nurse.duty_id == duty_id]
    if chosen:
        alert_one(row, chosen[0], actor=actor, at=at)
    else:
        alert_next(row, actor=actor, at=at)
    return row


@transaction.atomic
def add_patient(
    *, actor: Actor, number: str, patient: CallPatientDetails, at: datetime
) -> Call:
    """Say who a running call is about, or correct it; an empty key safe keeps it.

    Raises
    ------
    UnknownCall, NotPermitted
        If the actor did not enter it, nor coordinates the region.
    CallNotNow
        If it has ended.
    InvalidCall
        With every field that breaks a rule.
    """
    patient = check_patient(patient, today=localdate(at))
    call = lock_call(number)
    check_steers(actor, call)
    if call.status not in RUNNING:
        next_status("accept", call.status)
    _store_patient(call, patient, actor=actor, at=at)
    add_event(call, CallEventKind.PATIENT_ADDED, actor=actor, at=at)
    return call


@transaction.atomic
def cancel_call(*, actor: Actor, number: str, reason: str, at: datetime) -> Call:
    """Stop a call; whoever was alerted or on the way is told at once.

    Raises
    ------
    UnknownCall, NotPermitted
        If the actor did not enter it, nor coordinates the region.
    CallNotNow
        If the nurse has arrived, or it has ended.
    InvalidCall
        If the reason is not known.
    """
    if reason not in CallCloseReason.values:
        raise InvalidCall({"reason": [_("Choose why the call stops.")]})
    call = lock_call(number)
    check_steers(actor, call)
    if call.status == CallStatus.CANCELLED:
        return call
    call.status = next_status("cancel", call.status)
    service_ids = withdraw_alerts(call, at=at)
    if call.nurse_service_id is not None:
        service_ids.append(call.nurse_service_id)
    call.close_reason = reason
    call.due_at = None
    call.check_in_due_at = None
    call.save()
    add_event(call, CallEventKind.CANCELLED, actor=actor, at=at, reason=reason)
    if service_ids:
        tell_not_needed(call, service_ids, at=at, key=f"cancelled:{call.number}")
    return call


# --- rules of the fields


def check_new_call(call: NewCall) -> NewCall:
    """Return the call with the tasks of its reason filled in.

    Raises
    ------
    InvalidCall
        With every field that breaks a rule, and what to do.
    """
    wrong: dict[str, list[str]] = {}
    _check_choice(wrong, "reason", call.reason, CallReason.values)
    _check_choice(wrong, "urgency", call.urgency, CallUrgency.values)
    _check_choice(wrong, "caller_kind", call.caller.kind, CallerKind.values)
    for task in call.tasks or ():
        _check_choice(wrong, "tasks", task, CareTask.values)
    if not call.caller.name.strip():
        wrong["caller_name"] = [_("Give your name or that of your post.")]
    _check_phone(wrong, "caller_phone", call.caller.phone, is_required=True)
    _check_length(wrong, "caller_name", call.caller.name, 120)
    _check_length(wrong, "note", call.note, 300)
    if wrong:
        raise InvalidCall(wrong)
    tasks = call.tasks
    if tasks is None:
        tasks = TASKS_OF[CallReason(call.reason)]
    return NewCall(
        postcode=call.postcode,
        reason=call.reason,
        urgency=call.urgency,
        caller=type(call.caller)(
            kind=call.caller.kind,
            name=call.caller.name.strip(),
            phone=call.caller.phone.strip(),
            organization_id=call.caller.organization_id,
        ),
        tasks=[task for task in CareTask.values if task in tasks],
        note=call.note.strip(),
        own_organization_id=call.own_organization_id,
    )


def check_patient(patient: CallPatientDetails, *, today: date) -> CallPatientDetails:
    """Return the details of a client, stripped.

    Raises
    ------
    InvalidCall
        With every field that breaks a rule, and what to do.
    """
    wrong: dict[str, list[str]] = {}
    if not patient.name.strip():
        wrong["name"] = [_("Give the client's name.")]
    if not patient.address.strip():
        wrong["address"] = [_("Give street and house number.")]
    for field, most in (
        ("name", 120),
        ("address", 200),
        ("alarm_number", 30),
        ("allergies", 200),
        ("key_safe", 300),
    ):
        _check_length(wrong, field, getattr(patient, field), most)
    _check_phone(wrong, "phone", patient.phone, is_required=False)
    if patient.birth_date is not None and not (
        today - _OLDEST <= patient.birth_date <= today
    ):
        wrong["birth_date"] = [
            _("%(day)s is no date of birth. Check the year.")
            % {"day": patient.birth_date.isoformat()}
        ]
    _check_choice(
        wrong, "treatment_limit", patient.treatment_limit, TreatmentLimit.values
    )
    for field in ("medication_list_present", "order_present"):
        _check_choice(wrong, field, getattr(patient, field), Known.values)
    _check_choice(wrong, "basis", patient.basis, AccessBasis.values)
    if wrong:
        raise InvalidCall(wrong)
    return CallPatientDetails(
        name=patient.name.strip(),
        address=patient.address.strip(),
        phone=patient.phone.strip(),
        birth_date=patient.birth_date,
        alarm_number=patient.alarm_number.strip(),
        treatment_limit=patient.treatment_limit,
        medication_list_present=patient.medication_list_present,
        order_present=patient.order_present,
        allergies=patient.allergies.strip(),
        key_safe=patient.key_safe.strip(),
        basis=patient.basis,
    )


def _check_choice(
    wrong: dict[str, list[str]], field: str, value: str, known: Sequence[str]
) -> None:
    if value not in known:
        wrong.setdefault(field, []).append(
            _("“%(value)s” is not a known choice. Choose from: %(known)s.")
            % {"value": str(value)[:40], "known": ", ".join(known)}
        )


def _check_length(
    wrong: dict[str, list[str]], field: str, value: str, most: int
) -> None:
    if len(value) > most or "\0" in value:
        wrong.setdefault(field, []).append(
            _("Write at most %(most)d characters.") % {"most": most}
        )


def _check_phone(
    wrong: dict[str, list[str]], field: str, value: str, *, is_required: bool
) -> None:
    text = value.strip()
    if not text and not is_required:
        return
    try:
        check_phone(text)
    except ValidationError:
        wrong[field] = [
            _("“%(value)s” is not a phone number. Write it as 06 12 34 56 78.")
            % {"value": text[:30]}
        ]


def _check_may_enter(actor: Actor, call: NewCall, place: CarePlace) -> None:
    """Raise NotPermitted unless the actor may enter it for this organization here."""
    check_can_enter_call(
        actor,
        Target(
            organization_id=call.caller.organization_id,
            region_ids=frozenset({place.region_id}),
        ),
    )


# --- what is stored


def _find_own_team(
    call: NewCall, place: CarePlace, *, at: datetime
) -> TeamAround | None:
    """Return the client's own team: of the provider named, else the neighborhood's."""
    teams = list_teams_around(place.id, care=Care.DISTRICT_NURSING, at=at)
    order = [CoverageRole.FIRST_CONTACT, CoverageRole.REGULAR, CoverageRole.BACK_UP]
    teams.sort(
        key=lambda team: (
            team.is_region_wide,
            order.index(CoverageRole(team.role)),
            team.service_id,
        )
    )
    if call.own_organization_id is not None:
        teams = [t for t in teams if t.organization_id == call.own_organization_id]
    else:
        teams = [t for t in teams if t.role == CoverageRole.FIRST_CONTACT]
    return teams[0] if teams else None


def _store_patient(
    call: Call, patient: CallPatientDetails, *, actor: Actor, at: datetime
) -> None:
    values: dict[str, object] = {
        "name": patient.name,
        "address": patient.address,
        "phone": patient.phone,
        "birth_date": patient.birth_date,
        "alarm_number": patient.alarm_number,
        "treatment_limit": patient.treatment_limit,
        "medication_list_present": patient.medication_list_present,
        "order_present": patient.order_present,
        "allergies": patient.allergies,
        "basis": patient.basis,
        "recorded_by": actor.label,
        "recorded_at": at,
        "retain_until": localdate(at) + timedelta(days=RETAIN_DAYS),
    }
    if patient.key_safe:
        values["key_safe"] = seal(patient.key_safe)
    _row, is_new = CallPatient.objects.update_or_create(call=call, defaults=values)
    record_patient_access(
        [call.number],
        actor=actor,
        action=AuditEvent.Action.CREATE if is_new else AuditEvent.Action.UPDATE,
        purpose="call.enter",
        at=at,
    )
