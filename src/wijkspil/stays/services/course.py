"""After the claim: confirm, arrive, end; give back; or fail to deliver.

A provider has no way to decline a claim. It can say that it cannot deliver, on a coded
ground: that goes to the coordinator with a date, is counted as a promise that was not
kept, and corrects its beds.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.models import AuditEvent
from wijkspil.stays.errors import InvalidStay, NoBasis, NotNow
from wijkspil.stays.models import BedClaim, StayConsent, StayPatient, StayRequest
from wijkspil.stays.permissions import (
    check_can_coordinate_stays,
    check_can_report_beds,
    check_can_steer_stay,
    region_target,
)
from wijkspil.stays.policies import next_status
from wijkspil.stays.selectors.agreed import get_agreed
from wijkspil.stays.selectors.stays import (
    find_last_claim,
    find_live_claim,
    lock_stay,
    provider_target,
    require_live_claim,
)
from wijkspil.stays.services.asking import OLDEST, clean
from wijkspil.stays.services.beds import correct_beds, return_bed
from wijkspil.stays.services.notices import (
    ARRIVED,
    CONFIRMED,
    GIVEN_BACK,
    NOT_DELIVERED,
    tell_provider,
    tell_requester,
)
from wijkspil.stays.services.ownership import (
    end_of_day,
    give_to_coordinator,
    set_owner,
)
from wijkspil.stays.services.retention import keep_until
from wijkspil.stays.services.trail import add_event, record_patient_access
from wijkspil.stays.types import (
    OWNED,
    CancelReason,
    ConsentGiven,
    ConsentGiver,
    EndReason,
    EventKind,
    NotDeliveredGround,
    OwnerKind,
    PatientDetails,
    StayConsentDecision,
    StayStatus,
)

#: A bed is kept empty for nobody longer than this; assumption.
LONGEST_TO_ARRIVAL = timedelta(days=3)
#: Longer than this is no temporary stay; assumption.
LONGEST_STAY = timedelta(days=183)


@transaction.atomic
def confirm_claim(
    *,
    actor: Actor,
    stay_id: int,
    arrives_at: datetime,
    planned_end: date,
    patient: PatientDetails | None,
    consent: ConsentGiven,
    at: datetime,
) -> BedClaim:
    """Confirm that the client comes: who it is goes to the provider of this bed only.

    ``patient`` may be left out when it was given for an earlier bed. Locks the stay.

    Raises
    ------
    NotPermitted
        If the actor did not ask for it and does not coordinate its region.
    NotNow
        If no bed is held (any more).
    InvalidStay
        With every field that breaks a rule; never repeats what was typed of a person.
    NoBasis
        If the client objected: nothing personal is stored.
    """
    stay = lock_stay(stay_id)
    check_can_steer_stay(actor, stay)
    claim = require_live_claim(stay)
    status = next_status("confirm", claim.status)
    _check_consent(consent)
    _check_times(claim, arrives_at=arrives_at, planned_end=planned_end, at=at)
    agreed = get_agreed(stay.region_id)
    retain_until = planned_end + timedelta(days=agreed.retention_days)
    _store_patient(stay, patient, retain_until=retain_until, actor=actor, at=at)
    StayConsent.objects.create(
        stay=stay,
        service_id=claim.service_id,
        decision=consent.decision,
        given_by=consent.given_by,
        recorded_by=actor.label[:120],
        recorded_at=at,
        retain_until=retain_until,
    )
    claim.status = status
    claim.confirmed_at = at
    claim.arrives_at = arrives_at
    claim.save()
    stay.planned_end = planned_end
    stay.due_at = max(arrives_at, at) + timedelta(hours=agreed.arrival_grace_hours)
    stay.overdue_since = None
    stay.save()
    add_event(
        stay,
        EventKind.CONFIRMED,
        actor=actor,
        at=at,
        service_id=claim.service_id,
        arrives_at=arrives_at.isoformat(),
        planned_end=planned_end.isoformat(),
    )
    record_patient_access(
        stay,
        actor=actor,
        action=AuditEvent.Action.READ,
        purpose=f"release-to-service-{claim.service_id}",
        at=at,
    )
    tell_provider(stay, claim, CONFIRMED, at=at, key=f"confirm-{claim.pk}")
    return claim


@transaction.atomic
def record_arrival(*, actor: Actor, stay_id: int, at: datetime) -> BedClaim:
    """Record that the client is there: the provider has it in hand from now on.

    Raises
    ------
    NotPermitted
        If it is not the actor's bed.
    NotNow
        If the claim is not confirmed.
    """
    stay, claim = _lock_for_provider(actor, stay_id)
    claim.status = next_status("arrive", claim.status)
    claim.arrived_at = at
    claim.save()
    assert stay.planned_end is not None, "a confirmed claim has a planned end"
    set_owner(
        stay,
        user_id=None,
        name=claim.service.name,
        kind=OwnerKind.PROVIDER,
    )
    _plan_until(stay, stay.planned_end, at=at)
    stay.save()
    add_event(stay, EventKind.ARRIVED, actor=actor, at=at, service_id=claim.service_id)
    tell_requester(stay, ARRIVED, at=at, key=f"arrive-{claim.pk}")
    return claim


@transaction.atomic
def change_planned_end(
    *, actor: Actor, stay_id: int, planned_end: date, at: datetime
) -> StayRequest:
    """Change on which day the client is expected to leave.

    Raises
    ------
    NotPermitted, NotNow
        As for ``record_arrival``.
    InvalidStay
        If the day has passed, or is too far ahead.
    """
    stay, claim = _lock_for_provider(actor, stay_id)
    next_status("change the end", claim.status)
    assert claim.arrived_at is not None
    first = localdate(at)
    last = localdate(claim.arrived_at) + LONGEST_STAY
    if not first <= planned_end <= last:
        raise InvalidStay({"planned_end": [_say_between(planned_end, first, last)]})
    if planned_end == stay.planned_end:
        return stay
    before = stay.planned_end
    _plan_until(stay, planned_end, at=at)
    stay.reminded_at = None
    stay.save()
    keep_until(stay, planned_end)
    add_event(
        stay,
        EventKind.PLANNED,
        actor=actor,
        at=at,
        service_id=claim.service_id,
        before=before.isoformat() if before else "",
        planned_end=planned_end.isoformat(),
    )
    return stay


@transaction.atomic
def end_stay(*, actor: Actor, stay_id: int, reason: str, at: datetime) -> StayRequest:
    """Record that the client left. The bed is free when the provider says so.

    Raises
    ------
    NotPermitted, NotNow
        As for ``record_arrival``.
    InvalidStay
        If the reason is not known.
    """
    stay, claim = _lock_for_provider(actor, stay_id)
    claim.status = next_status("end", claim.status)
    _check_choice("reason", reason, EndReason.values)
    claim.closed_at = at
    claim.save()
    _close(stay, StayStatus.ENDED, reason, at=at)
    add_event(
        stay,
        EventKind.ENDED,
        actor=actor,
        at=at,
        service_id=claim.service_id,
        reason=reason,
    )
    return stay


@transaction.atomic
def report_not_delivered(
    *, actor: Actor, stay_id: int, ground: str, at: datetime, free_left: int = 0
) -> BedClaim:
    """Say that a promised bed cannot be delivered, and why.

    The stay goes to the coordinator with a date, the promise counts as broken in the
    figures of the region, and the beds are corrected to ``free_left``. Locks the stay,
    then the service.

    Raises
    ------
    NotPermitted
        If it is not the actor's bed.
    NotNow
        If no bed is claimed, or the client is there already.
    InvalidStay
        If the ground is not one of the list.
    """
    stay, claim = _lock_for_provider(actor, stay_id)
    claim.status = next_status("cannot deliver", claim.status)
    _check_choice("ground", ground, NotDeliveredGround.values)
    claim.ground = ground
    claim.closed_at = at
    claim.save()
    correct_beds(claim=claim, actor=actor, free_left=free_left, at=at)
    stay.status = StayStatus.OPEN
    stay.overdue_since = None
    add_event(
        stay,
        EventKind.NOT_DELIVERED,
        actor=actor,
        at=at,
        service_id=claim.service_id,
        ground=ground,
    )
    give_to_coordinator(
        stay,
        agreed=get_agreed(stay.region_id),
        actor=actor,
        at=at,
        key=f"broken-{claim.pk}",
    )
    stay.save()
    tell_requester(stay, NOT_DELIVERED, at=at, key=f"broken-{claim.pk}")
    return claim


@transaction.atomic
def give_back(*, actor: Actor, stay_id: int, at: datetime) -> StayRequest:
    """Give a claimed bed back and go on looking.

    Raises
    ------
    NotPermitted
        If the actor did not ask for it and does not coordinate its region.
    NotNow
        If no bed is taken, or the client is there already.
    """
    stay = lock_stay(stay_id)
    check_can_steer_stay(actor, stay)
    claim = require_live_claim(stay)
    _withdraw(stay, claim, actor=actor, at=at)
    agreed = get_agreed(stay.region_id)
    stay.status = StayStatus.OPEN
    stay.due_at = at + timedelta(hours=agreed.search_hours)
    stay.overdue_since = None
    stay.save()
    return stay


@transaction.atomic
def cancel_stay(
    *, actor: Actor, stay_id: int, reason: str, at: datetime
) -> StayRequest:
    """Close a stay: no bed is needed any more. A claimed bed goes back.

    Raises
    ------
    NotPermitted
        If the actor did not ask for it and does not coordinate its region.
    NotNow
        If it is closed, or the client is there already.
    InvalidStay
        If the reason is not known.
    """
    stay = lock_stay(stay_id)
    check_can_steer_stay(actor, stay)
    if stay.status not in OWNED:
        raise NotNow(_("This stay is closed already."))
    _check_choice("reason", reason, CancelReason.values)
    claim = find_live_claim(stay)
    if claim is not None:
        _withdraw(stay, claim, actor=actor, at=at)
    _close(stay, StayStatus.CANCELLED, reason, at=at)
    add_event(stay, EventKind.CANCELLED, actor=actor, at=at, reason=reason)
    return stay


@transaction.atomic
def take_over(*, actor: Actor, stay_id: int, at: datetime) -> StayRequest:
    """Take a stay in hand as coordinator of its region.

    Raises
    ------
    NotPermitted
        If the actor does not coordinate its region.
    NotNow
        If it is closed.
    """
    stay = lock_stay(stay_id)
    check_can_coordinate_stays(actor, region_target(stay))
    if stay.status not in OWNED:
        raise NotNow(_("This stay is closed already."))
    if stay.owner_id == actor.user_id and stay.owner_kind == OwnerKind.COORDINATOR:
        return stay
    set_owner(stay, user_id=actor.user_id, name=actor.label, kind=OwnerKind.COORDINATOR)
    if stay.status == StayStatus.OPEN:
        hours = get_agreed(stay.region_id).coordinator_hours
        stay.due_at = at + timedelta(hours=hours)
        stay.overdue_since = None
    stay.save()
    add_event(
        stay,
        EventKind.OWNER,
        actor=actor,
        at=at,
        owner=actor.label,
        owner_kind=OwnerKind.COORDINATOR.value,
    )
    return stay


@transaction.atomic
def add_note(*, actor: Actor, stay_id: int, text: str, at: datetime) -> None:
    """Write down what was said or agreed, without names, for who has it next.

    Raises
    ------
    NotPermitted
        If the actor did not ask for it and does not coordinate its region.
    InvalidStay
        If it is empty or longer than 300 characters.
    """
    stay = lock_stay(stay_id)
    check_can_steer_stay(actor, stay)
    text = clean(text)
    if not 1 <= len(text) <= 300:
        raise InvalidStay({"text": [_("Write 1 to 300 characters.")]})
    add_event(stay, EventKind.NOTE, actor=actor, at=at, text=text)


def check_patient(patient: PatientDetails, *, today: date) -> PatientDetails:
    """Return the details with plain text fields.

    Raises
    ------
    InvalidStay
        With every field that breaks a rule; never repeats what was typed.
    """
    wrong: dict[str, list[str]] = {}
    if not clean(patient.name):
        wrong["name"] = [_("Give the name of the client.")]
    if not clean(patient.address):
        wrong["address"] = [_("Give the address of the client.")]
    if not today - timedelta(days=OLDEST * 366) <= patient.birth_date <= today:
        wrong["birth_date"] = [_("This is no date of birth. Check the year.")]
    if not (clean(patient.phone) or clean(patient.contact_phone)):
        wrong["phone"] = [_("Give a number of the client or of a relative.")]
    if wrong:
        raise InvalidStay(wrong)
    return PatientDetails(
        name=clean(patient.name)[:120],
        birth_date=patient.birth_date,
        address=clean(patient.address)[:200],
        phone=clean(patient.phone)[:30],
        contact_name=clean(patient.contact_name)[:120],
        contact_phone=clean(patient.contact_phone)[:30],
        gp_name=clean(patient.gp_name)[:120],
    )


def _lock_for_provider(actor: Actor, stay_id: int) -> tuple[StayRequest, BedClaim]:
    """Return a stay, locked, with the bed that is the actor's."""
    stay = lock_stay(stay_id)
    last = provider_target(find_last_claim(stay))
    check_can_report_beds(actor, last or Target())
    return stay, require_live_claim(stay)


def _withdraw(
    stay: StayRequest, claim: BedClaim, *, actor: Actor, at: datetime
) -> None:
    claim.status = next_status("give back", claim.status)
    claim.closed_at = at
    claim.save()
    return_bed(claim)
    add_event(
        stay, EventKind.WITHDRAWN, actor=actor, at=at, service_id=claim.service_id
    )
    tell_provider(stay, claim, GIVEN_BACK, at=at, key=f"back-{claim.pk}")


def _close(stay: StayRequest, status: StayStatus, reason: str, *, at: datetime) -> None:
    stay.status = status
    stay.close_reason = reason
    stay.closed_at = at
    stay.due_at = None
    stay.overdue_since = None
    stay.save()
    keep_until(stay, localdate(at))


def _plan_until(stay: StayRequest, day: date, *, at: datetime) -> None:
    stay.planned_end = day
    stay.due_at = max(end_of_day(day), at + timedelta(hours=1))
    stay.overdue_since = None


def _check_choice(field: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise InvalidStay(
            {
                field: [
                    _("“%(value)s” is not a known choice. Choose from: %(known)s.")
                    % {"value": str(value)[:40], "known": ", ".join(known)}
                ]
            }
        )


def _check_consent(consent: ConsentGiven) -> None:
    wrong: dict[str, list[str]] = {}
    if consent.decision not in StayConsentDecision.values:
        wrong["decision"] = [_("Say what the client said to sharing.")]
    if consent.given_by not in ConsentGiver.values:
        wrong["given_by"] = [_("Say who said it: the client or the representative.")]
    if wrong:
        raise InvalidStay(wrong)
    if consent.decision == StayConsentDecision.OBJECTED:
        raise NoBasis(
            _(
                "The client objects, so nothing was stored or shared. Give the bed "
                "back, or talk about it with the client first."
            )
        )


def _check_times(
    claim: BedClaim, *, arrives_at: datetime, planned_end: date, at: datetime
) -> None:
    wrong: dict[str, list[str]] = {}
    first = at - timedelta(hours=1)
    from_on = claim.report.from_on
    last = at + LONGEST_TO_ARRIVAL
    if from_on is not None:
        last = max(last, end_of_day(from_on))
    if not first <= arrives_at <= last:
        wrong["arrives_at"] = [
            _("Give a moment from now, within %(days)s days: a bed is not kept longer.")
            % {"days": LONGEST_TO_ARRIVAL.days}
        ]
    elif from_on is not None and localdate(arrives_at) < from_on:
        wrong["arrives_at"] = [
            _("This bed is free from %(day)s.") % {"day": from_on.isoformat()}
        ]
    arrival_day = localdate(max(arrives_at, at))
    if not arrival_day < planned_end <= arrival_day + LONGEST_STAY:
        wrong["planned_end"] = [
            _say_between(
                planned_end,
                arrival_day + timedelta(days=1),
                arrival_day + LONGEST_STAY,
            )
        ]
    if wrong:
        raise InvalidStay(wrong)


def _say_between(day: date, first: date, last: date) -> str:
    return _("%(day)s: give a day from %(first)s to %(last)s.") % {
        "day": day.isoformat(),
        "first": first.isoformat(),
        "last": last.isoformat(),
    }


def _store_patient(
    stay: StayRequest,
    patient: PatientDetails | None,
    *,
    retain_until: date,
    actor: Actor,
    at: datetime,
) -> None:
    if patient is None:
        kept = StayPatient.objects.filter(pk=stay.pk).update(retain_until=retain_until)
        if not kept:
            raise InvalidStay({"name": [_("Give the name of the client.")]})
        return
    checked = check_patient(patient, today=localdate(at))
    is_known = StayPatient.objects.filter(pk=stay.pk).exists()
    StayPatient.objects.update_or_create(
        stay=stay,
        defaults={
            "name": checked.name,
            "birth_date": checked.birth_date,
            "address": checked.address,
            "phone": checked.phone,
            "contact_name": checked.contact_name,
            "contact_phone": checked.contact_phone,
            "gp_name": checked.gp_name,
            "retain_until": retain_until,
        },
    )
    stay.age = _age_on(checked.birth_date, localdate(at))
    record_patient_access(
        stay,
        actor=actor,
        action=AuditEvent.Action.UPDATE if is_known else AuditEvent.Action.CREATE,
        purpose="stay.confirm",
        at=at,
    )


def _age_on(birth_date: date, day: date) -> int:
    had = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return max(0, day.year - birth_date.year - (not had))
