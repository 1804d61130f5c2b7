"""The nurse goes: leave, arrive, say that all is well, finish and report.

The nurse does it on the own screen; who entered the call, or a coordinator, may write
down what the nurse says by phone, except how the visit ended.
"""

import math
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.calls.errors import InvalidCall, unknown_call
from wijkspil.calls.models import Call
from wijkspil.calls.permissions import check_can_answer_call
from wijkspil.calls.policies import (
    ARRIVAL_SLACK_MIN,
    CHECK_IN_MIN,
    is_within_access,
    next_status,
)
from wijkspil.calls.selectors.calls import lock_call
from wijkspil.calls.services.alerts import (
    LONGEST_EXPECTED_MIN,
    check_code,
    check_goes,
    goes,
    set_check_in,
)
from wijkspil.calls.services.telling import tell_done
from wijkspil.calls.services.trail import add_event
from wijkspil.calls.types import CallEventKind, CallOutcome, CallStatus, Finish
from wijkspil.core.errors import Conflict

#: A visit is not longer; more is a slip of the finger.
LONGEST_MIN = 720
LONGEST_REPORT = 2000


@transaction.atomic
def leave(
    *,
    actor: Actor,
    number: str,
    at: datetime,
    expected_minutes: int | None = None,
) -> Call:
    """Say that the nurse is on the way; pressing twice changes nothing.

    Raises
    ------
    UnknownCall, AnotherNurseGoes
        If the actor has nothing to do with it, or another nurse goes.
    CallNotNow
        If nobody accepted, or the nurse has arrived.
    InvalidCall
        If the minutes are not from 0 to 600.
    """
    _check_minutes("expected_minutes", expected_minutes, LONGEST_EXPECTED_MIN)
    call = lock_call(number)
    check_goes(actor, call)
    if call.status == CallStatus.ON_THE_WAY:
        return call
    call.status = next_status("leave", call.status)
    call.left_at = at
    if expected_minutes is not None:
        call.expected_arrival_at = at + timedelta(minutes=expected_minutes)
    expected = max(call.expected_arrival_at or at, at)
    set_check_in(call, due=expected + timedelta(minutes=ARRIVAL_SLACK_MIN))
    call.save()
    _add(call, CallEventKind.LEFT, actor=actor, at=at)
    return call


@transaction.atomic
def arrive(
    *, actor: Actor, number: str, at: datetime, care_minutes: int | None = None
) -> Call:
    """Say that the nurse is there; a sign of being safe is due after ``care_minutes``.

    Raises
    ------
    UnknownCall, AnotherNurseGoes
        If the actor has nothing to do with it, or another nurse goes.
    CallNotNow
        If nobody accepted, or it has ended.
    InvalidCall
        If the minutes are not from 0 to 600.
    """
    _check_minutes("care_minutes", care_minutes, LONGEST_EXPECTED_MIN)
    call = lock_call(number)
    check_goes(actor, call)
    if call.status == CallStatus.ARRIVED:
        return call
    call.status = next_status("arrive", call.status)
    call.arrived_at = at
    minutes = CHECK_IN_MIN if care_minutes is None else max(care_minutes, 1)
    set_check_in(call, due=at + timedelta(minutes=minutes))
    call.save()
    _add(call, CallEventKind.ARRIVED, actor=actor, at=at)
    return call


@transaction.atomic
def check_in(*, actor: Actor, number: str, at: datetime) -> Call:
    """Say that the nurse is safe; the next sign is due in half an hour.

    Raises
    ------
    UnknownCall, AnotherNurseGoes
        If the actor has nothing to do with it, or another nurse goes.
    CallNotNow
        If no nurse goes, or it has ended.
    """
    call = lock_call(number)
    check_goes(actor, call)
    call.status = next_status("check in", call.status)
    set_check_in(call, due=at + timedelta(minutes=CHECK_IN_MIN))
    call.save()
    _add(call, CallEventKind.CHECKED_IN, actor=actor, at=at)
    return call


@transaction.atomic
def finish(*, actor: Actor, number: str, ended: Finish, at: datetime) -> Call:
    """End the visit: how it ended, the minutes to settle, and a word for the team.

    Minutes that are not given follow from the moments, rounded up. Pressing twice
    changes nothing; ``write_report`` changes the report.

    Raises
    ------
    UnknownCall, AnotherNurseGoes, NotPermitted
        If the actor is not of the team that goes.
    CallNotNow
        If the nurse has not arrived.
    InvalidCall
        With every field that breaks a rule.
    """
    check_code("outcome", ended.outcome, CallOutcome.values)
    _check_minutes("travel_minutes", ended.travel_minutes, LONGEST_MIN)
    _check_minutes("care_minutes", ended.care_minutes, LONGEST_MIN)
    _check_report(ended.report)
    call = lock_call(number)
    check_goes(actor, call)
    if not goes(actor, call):
        next_status("finish", call.status)
        check_can_answer_call(actor, Target(service_id=call.nurse_service_id))
    if call.status == CallStatus.DONE:
        return call
    call.status = next_status("finish", call.status)
    arrived = call.arrived_at or at
    left = call.left_at or call.accepted_at or arrived
    call.done_at = at
    call.outcome = ended.outcome
    call.report = ended.report.strip()
    call.travel_minutes = (
        _minutes(left, arrived)
        if ended.travel_minutes is None
        else ended.travel_minutes
    )
    call.care_minutes = (
        _minutes(arrived, at) if ended.care_minutes is None else ended.care_minutes
    )
    set_check_in(call, due=None)
    call.due_at = None
    call.save()
    _add(
        call,
        CallEventKind.DONE,
        actor=actor,
        at=at,
        outcome=ended.outcome,
        travel_minutes=call.travel_minutes,
        care_minutes=call.care_minutes,
    )
    tell_done(call, at=at)
    return call


@transaction.atomic
def write_report(*, actor: Actor, number: str, report: str, at: datetime) -> Call:
    """Write or correct the report, until 48 hours after the call was entered.

    Raises
    ------
    UnknownCall
        If the actor is not of the team that went.
    Conflict
        If the access is over, or the visit has not ended.
    InvalidCall
        If the report is too long.
    """
    _check_report(report)
    call = lock_call(number)
    if not goes(actor, call):
        raise unknown_call(number)
    if call.status != CallStatus.DONE or not is_within_access(call.started_at, at=at):
        raise Conflict(
            _(
                "The report can be changed from the end of the visit until 48 hours "
                "after the call. Call the client's own team."
            )
        )
    call.report = report.strip()
    call.save(update_fields=["report"])
    return call


def _add(
    call: Call, kind: CallEventKind, *, actor: Actor, at: datetime, **detail: object
) -> None:
    add_event(
        call,
        kind,
        actor=actor,
        at=at,
        service_id=call.nurse_service_id,
        by_phone=not goes(actor, call),
        **detail,
    )


def _minutes(start: datetime, end: datetime) -> int:
    """Return whole minutes, rounded up, at most what is allowed."""
    return min(max(math.ceil((end - start).total_seconds() / 60), 0), LONGEST_MIN)


def _check_minutes(field: str, minutes: int | None, most: int) -> None:
    if minutes is not None and not 0 <= minutes <= most:
        raise InvalidCall(
            {
                field: [
                    _("Give a number of minutes from 0 to %(most)d.") % {"most": most}
                ]
            }
        )


def _check_report(report: str) -> None:
    if len(report) > LONGEST_REPORT or "\0" in report:
        raise InvalidCall(
            {
                "report": [
                    _("Write at most %(most)d characters.") % {"most": LONGEST_REPORT}
                ]
            }
        )
