"""Nurses are alerted, and answer: one call, several alerts, one winner.

The first in line is alerted; without an answer in time the next one is alerted as
well, and the first may still come: who accepts first goes. When nobody is left the call
is handed on, loudly, to the region's coordinator (and stays with who entered it where
there is none). Everything about one call happens under the lock of its row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.calls.engine_io import FoundNurses, NurseCandidate, Wanted, find_nurses
from wijkspil.calls.errors import (
    AlertIsClosed,
    AnotherNurseGoes,
    InvalidCall,
    unknown_call,
)
from wijkspil.calls.models import Call, CallAlert, CallPatient
from wijkspil.calls.permissions import (
    caller_target,
    can_answer_call,
    check_can_follow_call,
    steers,
)
from wijkspil.calls.policies import (
    ARRIVAL_SLACK_MIN,
    HANDED_ON_MIN,
    USUAL_CARE_MIN,
    answer_by,
    next_status,
)
from wijkspil.calls.selectors.calls import list_asked, lock_call
from wijkspil.calls.services.telling import (
    tell_accepted,
    tell_alert,
    tell_check_in_missed,
    tell_handed_on,
    tell_not_needed,
)
from wijkspil.calls.services.trail import SYSTEM, add_event, record_patient_access
from wijkspil.calls.types import (
    MAY_ACCEPT,
    RUNNING,
    WITH_NURSE,
    WITHOUT_NURSE,
    AlertDeclineReason,
    AlertStatus,
    CallEventKind,
    CallOwnerKind,
    CallStatus,
    CallTimers,
)
from wijkspil.core.models import AuditEvent

#: A nurse says no more than this; farther is no help.
LONGEST_EXPECTED_MIN = 600


def find_nurses_for(
    call: Call, *, at: datetime, asked: dict[tuple[int, str], str] | None = None
) -> FoundNurses:
    """Return who can come to a stored call now; ``asked`` leaves out who was alerted.

    Five queries.
    """
    place = call.place
    return find_nurses(
        Wanted(
            place_id=call.place_id,
            region_id=call.region_id,
            lon=place.lon,
            lat=place.lat,
            tasks=call.tasks,
            allowed_min=minutes_left(call.arrive_by, at=at),
        ),
        at=at,
        usual_care_min=USUAL_CARE_MIN,
        asked=asked,
        but_call=call.pk,
    )


def minutes_left(arrive_by: datetime, *, at: datetime) -> float:
    """Return the minutes until a nurse must be there, at least one."""
    return max((arrive_by - at).total_seconds() / 60, 1.0)


def alert_next(call: Call, *, actor: Actor, at: datetime) -> CallAlert | None:
    """Alert the best nurse who was not asked yet, or hand the call on.

    The caller holds the lock on the call.
    """
    found = find_nurses_for(call, at=at, asked=list_asked(call.pk))
    if not found.candidates:
        hand_on(call, actor=actor, at=at, excluded=dict(found.excluded))
        return None
    return alert_one(call, found.candidates[0], actor=actor, at=at)


def alert_one(
    call: Call, nurse: NurseCandidate, *, actor: Actor, at: datetime
) -> CallAlert:
    """Alert one nurse. The caller holds the lock on the call."""
    call.status = next_status("alert", call.status)
    rank = CallAlert.objects.filter(call=call).count() + 1
    alert = CallAlert.objects.create(
        call=call,
        duty_id=nurse.duty_id,
        service_id=nurse.service_id,
        person_name=nurse.person_name,
        phone=nurse.phone,
        rank=rank,
        status=AlertStatus.OPEN,
        alerted_at=at,
        answer_by=answer_by(call.urgency, at=at),
        expected_minutes=nurse.expected_min,
        is_elsewhere=nurse.is_elsewhere,
        reasons=dict(nurse.reasons),
    )
    # Who has it in hand looks again when the answer should be there.
    call.due_at = alert.answer_by
    call.overdue_since = None
    call.save()
    add_event(
        call,
        CallEventKind.ALERTED,
        actor=actor,
        at=at,
        service_id=nurse.service_id,
        rank=rank,
        expected_min=nurse.expected_min,
        elsewhere=nurse.is_elsewhere,
    )
    tell_alert(call, alert, organization_id=nurse.organization_id, at=at)
    return alert


@transaction.atomic
def alert_nurse(
    *, actor: Actor, number: str, at: datetime, duty_id: int | None = None
) -> Call:
    """Alert the next nurse now, or the one chosen, also one who did not answer.

    Alerting somebody who still has to answer changes nothing.

    Raises
    ------
    UnknownCall, NotPermitted
        If the actor neither entered it nor coordinates the region.
    CallNotNow
        If a nurse already goes, or it has ended.
    InvalidCall
        If the chosen nurse is not on duty, or misses a task.
    """
    call = lock_call(number)
    check_steers(actor, call)
    next_status("alert", call.status)
    if duty_id is None:
        alert_next(call, actor=actor, at=at)
        return call
    nurse = _chosen(find_nurses_for(call, at=at).candidates, duty_id)
    is_waiting = CallAlert.objects.filter(
        call=call,
        service_id=nurse.service_id,
        person_name=nurse.person_name,
        status=AlertStatus.OPEN,
    ).exists()
    if not is_waiting:
        alert_one(call, nurse, actor=actor, at=at)
    return call


@transaction.atomic
def accept_call(
    *,
    actor: Actor,
    number: str,
    at: datetime,
    alert_id: int | None = None,
    expected_minutes: int | None = None,
) -> Call:
    """Go: the first who accepts; all others are withdrawn in the same transaction.

    Without ``alert_id`` the first alert that the actor may answer. Who entered the
    call, and a coordinator, may write down that the nurse said yes by phone. The
    client's data are open to the nurse's team from now on. Doing it twice is harmless.

    Raises
    ------
    UnknownCall
        If the actor has nothing to do with it.
    AnotherNurseGoes
        If somebody else was first.
    AlertIsClosed
        If the alert was declined or withdrawn.
    InvalidCall
        If the minutes are not from 0 to 600.
    """
    _check_expected(expected_minutes)
    call = lock_call(number)
    alert = _answerable(call, actor, alert_id)
    if alert.status == AlertStatus.ACCEPTED:
        return call
    if call.status in (*WITH_NURSE, CallStatus.DONE):
        raise AnotherNurseGoes(_("Another nurse goes to this call. You need not come."))
    status = next_status("accept", call.status)
    if alert.status not in MAY_ACCEPT:
        raise _closed(alert)
    others = CallAlert.objects.filter(call=call, status__in=MAY_ACCEPT).exclude(
        pk=alert.pk
    )
    not_needed = list(others.values_list("service_id", flat=True))
    others.filter(status=AlertStatus.OPEN).update(
        status=AlertStatus.WITHDRAWN, answered_at=at
    )
    _answer(alert, AlertStatus.ACCEPTED, actor=actor, at=at)
    alert.save()
    is_nurse = _is_of_team(actor, alert)
    minutes = expected_minutes
    if minutes is None:
        minutes = alert.expected_minutes
    call.status = status
    call.nurse_service_id = alert.service_id
    call.nurse_duty_id = alert.duty_id
    call.nurse_name = alert.person_name
    call.nurse_phone = alert.phone
    call.accepted_at = at
    call.expected_arrival_at = (
        max(call.arrive_by, at) if minutes is None else at + timedelta(minutes=minutes)
    )
    call.owner_id = actor.user_id if is_nurse else None
    call.owner_kind = CallOwnerKind.NURSE
    call.owner_name = alert.person_name
    set_check_in(
        call, due=call.expected_arrival_at + timedelta(minutes=ARRIVAL_SLACK_MIN)
    )
    call.save()
    add_event(
        call,
        CallEventKind.ACCEPTED,
        actor=actor,
        at=at,
        service_id=alert.service_id,
        by_phone=not is_nurse,
        expected_min=minutes,
    )
    if CallPatient.objects.filter(pk=call.pk).exists():
        record_patient_access(
            [call.number],
            actor=actor,
            action=AuditEvent.Action.READ,
            purpose=f"call-release-to-service-{alert.service_id}",
            at=at,
        )
    if not_needed:
        tell_not_needed(call, not_needed, at=at, key=f"accepted:{alert.pk}")
    tell_accepted(call, alert, at=at)
    return call


@transaction.atomic
def decline_call(
    *,
    actor: Actor,
    number: str,
    reason: str,
    at: datetime,
    alert_id: int | None = None,
) -> Call:
    """Say that the nurse cannot come, with a coded reason; the next one is alerted.

    Raises
    ------
    UnknownCall
        If the actor has nothing to do with it.
    AlertIsClosed
        If it was accepted or withdrawn.
    InvalidCall
        If the reason is not known.
    """
    check_code("reason", reason, AlertDeclineReason.values)
    call = lock_call(number)
    alert = _answerable(call, actor, alert_id)
    if alert.status == AlertStatus.DECLINED:
        return call
    if alert.status not in MAY_ACCEPT:
        raise _closed(alert)
    _answer(alert, AlertStatus.DECLINED, actor=actor, at=at)
    alert.decline_reason = reason
    alert.save()
    add_event(
        call,
        CallEventKind.DECLINED,
        actor=actor,
        at=at,
        service_id=alert.service_id,
        reason=reason,
    )
    _go_on(call, at=at)
    return call


@transaction.atomic
def give_back_call(*, actor: Actor, number: str, reason: str, at: datetime) -> Call:
    """Take back that the nurse comes; the next one is alerted at once.

    The client's data are closed to the nurse's team from now on.

    Raises
    ------
    UnknownCall
        If the actor has nothing to do with it.
    CallNotNow
        If the nurse has arrived, or nobody goes.
    InvalidCall
        If the reason is not known.
    """
    check_code("reason", reason, AlertDeclineReason.values)
    call = lock_call(number)
    check_goes(actor, call)
    call.status = next_status("give back", call.status)
    service_id = call.nurse_service_id
    alert = CallAlert.objects.get(call=call, status=AlertStatus.ACCEPTED)
    _answer(alert, AlertStatus.RETURNED, actor=actor, at=at)
    alert.decline_reason = reason
    alert.save()
    call.nurse_service_id = None
    call.nurse_duty_id = None
    call.nurse_name = call.nurse_phone = ""
    call.accepted_at = call.left_at = call.expected_arrival_at = None
    give_to_caller(call)
    set_check_in(call, due=None)
    call.due_at = at
    call.save()
    add_event(
        call,
        CallEventKind.GIVEN_BACK,
        actor=actor,
        at=at,
        service_id=service_id,
        reason=reason,
    )
    alert_next(call, actor=SYSTEM, at=at)
    return call


def hand_on(
    call: Call, *, actor: Actor, at: datetime, excluded: dict[str, int] | None = None
) -> None:
    """Give a call that no nurse takes to a coordinator of the region, loudly.

    The caller holds the lock. Who was alerted and did not answer may still come.
    """
    if call.status != CallStatus.HANDED_ON:
        call.status = next_status("hand on", call.status)
    found = _find_coordinator(call.region_id, at=at)
    if found is not None:
        call.owner_id, call.owner_name = found
        call.owner_kind = CallOwnerKind.COORDINATOR
    call.due_at = at + timedelta(minutes=HANDED_ON_MIN)
    call.save()
    add_event(
        call,
        CallEventKind.HANDED_ON,
        actor=actor,
        at=at,
        owner=call.owner_name,
        excluded=excluded or {},
    )
    tell_handed_on(call, at=at)


def run_timers(*, at: datetime, limit: int = 500) -> CallTimers:
    """Alert the next nurse where nobody answered, and notice what is late.

    Each call in a transaction of its own, skipping what somebody has in hand right
    now; safe to run twice and on several machines at once.
    """
    late_alerts = (
        CallAlert.objects.filter(status=AlertStatus.OPEN, answer_by__lte=at)
        .order_by("answer_by")
        .values_list("call_id", flat=True)[:limit]
    )
    unanswered = sum(
        _let_pass(call_id, at=at) for call_id in dict.fromkeys(late_alerts)
    )
    late = (
        Call.objects.filter(_LATE, due_at__lte=at)
        .order_by("due_at")
        .values_list("pk", flat=True)[:limit]
    )
    noticed = [_notice(call_id, at=at) for call_id in list(late)]
    return CallTimers(
        unanswered=unanswered,
        overdue=noticed.count("overdue"),
        check_ins_missed=noticed.count("check-in"),
        at=at,
    )


#: Each date that passes is noticed once.
_LATE = Q(status__in=[*map(str, RUNNING)]) & (
    Q(overdue_since=None) | Q(overdue_since__lt=F("due_at"))
)


def _let_pass(call_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        call = _lock_free(call_id)
        if call is None:
            return 0
        late = list(
            CallAlert.objects.filter(
                call=call, status=AlertStatus.OPEN, answer_by__lte=at
            )
        )
        for alert in late:
            alert.status = AlertStatus.NO_ANSWER
            alert.save(update_fields=["status"])
            add_event(
                call,
                CallEventKind.NO_ANSWER,
                actor=SYSTEM,
                at=at,
                service_id=alert.service_id,
            )
        if late:
            _go_on(call, at=at)
        return len(late)


def _notice(call_id: int, *, at: datetime) -> str:
    with transaction.atomic():
        # Weighed again under the lock: another run may have been first.
        call = _lock_free(call_id, _LATE, due_at__lte=at)
        if call is None:
            return ""
        call.overdue_since = call.due_at
        if call.status in WITH_NURSE:
            call.check_in_missed_at = at
            call.save()
            add_event(
                call,
                CallEventKind.CHECK_IN_MISSED,
                actor=SYSTEM,
                at=at,
                service_id=call.nurse_service_id,
            )
            tell_check_in_missed(call, at=at)
            return "check-in"
        add_event(
            call, CallEventKind.OVERDUE, actor=SYSTEM, at=at, owner=call.owner_name
        )
        call.save()
        if call.status == CallStatus.HANDED_ON:
            # Somebody may have become free; otherwise it is told again.
            alert_next(call, actor=SYSTEM, at=at)
        else:
            _go_on(call, at=at)
        return "overdue"


def _lock_free(call_id: int, *which: Q, **also: Any) -> Call | None:
    return (
        Call.objects.select_for_update(skip_locked=True)
        .filter(*which, pk=call_id, **also)
        .first()
    )


def _go_on(call: Call, *, at: datetime) -> None:
    """Alert the next nurse unless one still has to answer, or goes.

    What was handed on is in the hands of a person, and is looked at again in time.
    """
    if call.status not in WITHOUT_NURSE or call.status == CallStatus.HANDED_ON:
        return
    if CallAlert.objects.filter(call=call, status=AlertStatus.OPEN).exists():
        return
    alert_next(call, actor=SYSTEM, at=at)


# --- shared with the services beside it


def give_to_caller(call: Call) -> None:
    """Put a call back in the hands of who entered it (not yet saved)."""
    call.owner_id = call.caller_id
    call.owner_kind = CallOwnerKind.CALLER
    call.owner_name = call.caller_name


def set_check_in(call: Call, *, due: datetime | None) -> None:
    """Set when the nurse must say that all is well (not yet saved)."""
    call.check_in_due_at = due
    call.check_in_missed_at = None
    call.overdue_since = None
    if due is not None:
        call.due_at = due


def withdraw_alerts(call: Call, *, at: datetime) -> list[int]:
    """Withdraw every alert that can still be accepted; return the teams to tell."""
    rows = CallAlert.objects.filter(call=call, status__in=MAY_ACCEPT)
    service_ids = list(rows.values_list("service_id", flat=True))
    rows.update(status=AlertStatus.WITHDRAWN, answered_at=at)
    return service_ids


def team_target(service_id: int, organization_id: int) -> Target:
    """Return the target of a team."""
    return Target(service_id=service_id, organization_id=organization_id)


def goes(actor: Actor, call: Call) -> bool:
    """Whether the actor is of the team that goes to a call."""
    service = call.nurse_service
    return service is not None and can_answer_call(
        actor, team_target(service.pk, service.organization_id)
    )


def check_goes(actor: Actor, call: Call) -> None:
    """Refuse who neither goes nor writes it down for who goes.

    Raises
    ------
    UnknownCall
        If the actor has nothing to do with it.
    AnotherNurseGoes
        If the actor's team was alerted, and another one goes.
    """
    if goes(actor, call) or steers(actor, call):
        return
    if not any(_is_of_team(actor, alert) for alert in _alerts_of(call)):
        raise unknown_call(call.number)
    if call.nurse_service_id is not None:
        raise AnotherNurseGoes(_("Another nurse goes to this call. You need not come."))


def check_steers(actor: Actor, call: Call) -> None:
    """Raise UnknownCall, or NotPermitted for who was alerted, unless the actor steers.

    A team that was alerted may know of the call; it does not steer it.
    """
    if steers(actor, call):
        return
    if any(_is_of_team(actor, alert) for alert in _alerts_of(call)):
        check_can_follow_call(actor, caller_target(call))
    raise unknown_call(call.number)


def check_code(field: str, value: str, known: Sequence[str]) -> None:
    """Raise InvalidCall unless the value is one of the codes."""
    if value not in known:
        raise InvalidCall(
            {
                field: [
                    _("“%(value)s” is not a known choice. Choose from: %(known)s.")
                    % {"value": str(value)[:40], "known": ", ".join(known)}
                ]
            }
        )


def _check_expected(minutes: int | None) -> None:
    if minutes is not None and not 0 <= minutes <= LONGEST_EXPECTED_MIN:
        raise InvalidCall(
            {
                "expected_minutes": [
                    _("Give the minutes until arrival, from 0 to %(most)d.")
                    % {"most": LONGEST_EXPECTED_MIN}
                ]
            }
        )


def _alerts_of(call: Call) -> list[CallAlert]:
    return list(
        CallAlert.objects.filter(call=call)
        .select_related("service")
        .order_by("answer_by", "pk")
    )


def _is_of_team(actor: Actor, alert: CallAlert) -> bool:
    return can_answer_call(
        actor, team_target(alert.service_id, alert.service.organization_id)
    )


def _answerable(call: Call, actor: Actor, alert_id: int | None) -> CallAlert:
    """Return the alert the actor answers; of several, one that is still open.

    Raises
    ------
    UnknownCall
        If there is none for this actor.
    """
    is_steering = steers(actor, call)
    mine = [
        alert
        for alert in _alerts_of(call)
        if _is_of_team(actor, alert) or (is_steering and alert_id is not None)
    ]
    if alert_id is not None:
        mine = [alert for alert in mine if alert.pk == alert_id]
    order = (AlertStatus.ACCEPTED, AlertStatus.OPEN, AlertStatus.NO_ANSWER)
    mine.sort(
        key=lambda alert: (
            order.index(AlertStatus(alert.status)) if alert.status in order else 9
        )
    )
    if not mine:
        raise unknown_call(call.number)
    return mine[0]


def _answer(
    alert: CallAlert, status: AlertStatus, *, actor: Actor, at: datetime
) -> None:
    alert.status = status
    alert.answered_at = at
    alert.answered_by_id = actor.user_id
    alert.answered_by_name = actor.label


def _closed(alert: CallAlert) -> AlertIsClosed:
    if alert.status == AlertStatus.WITHDRAWN:
        return AlertIsClosed(
            _("This call is no longer needed. You do not need to do anything.")
        )
    return AlertIsClosed(
        _("This alert was answered already: %(status)s.")
        % {"status": AlertStatus(alert.status).label}
    )


def _chosen(candidates: Sequence[NurseCandidate], duty_id: int) -> NurseCandidate:
    for nurse in candidates:
        if nurse.duty_id == duty_id:
            return nurse
    raise InvalidCall(
        {
            "duty_id": [
                _(
                    "This nurse is not on duty here now, or cannot do what is needed. "
                    "Choose somebody from the list."
                )
            ]
        }
    )


def _find_coordinator(region_id: int, *, at: datetime) -> tuple[int, str] | None:
    """Return (user id, name) of the coordinator with the fewest calls, or None."""
    holders = list_role_holders(Role.COORDINATOR, region_id=region_id, at=at)
    if not holders:
        return None
    in_hand = dict(
        Call.objects.filter(
            owner_id__in=[user_id for user_id, _name in holders], status__in=RUNNING
        )
        .order_by()
        .values_list("owner_id")
        .annotate(Count("pk"))
    )
    return min(holders, key=lambda holder: (in_hand.get(holder[0], 0), holder[0]))
