"""REST of unplanned calls: a triage system enters and follows, a provider's answers.

Only translates: every rule lives in the services, so that a page and a supplier's
system get the same answer. Reading also works with the session of a signed-in person;
writing takes a token. What one may not know of answers 404.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Status

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.accounts.types import Actor
from wijkspil.calls.permissions import (
    can_answer_call,
    entering_organization,
    steers,
)
from wijkspil.calls.schemas import (
    AcceptIn,
    CallIn,
    CallOut,
    CallPatientIn,
    CallPatientOut,
    CancelCallIn,
    DeclineCallIn,
    FinishIn,
    GiveBackCallIn,
    KeySafeOut,
    LeaveIn,
    NurseOut,
    NursesOut,
)
from wijkspil.calls.selectors.calls import list_alerts
from wijkspil.calls.services import alerts, course
from wijkspil.calls.services.calls import (
    add_patient,
    cancel_call,
    look_for_nurses,
    start_call,
)
from wijkspil.calls.services.disclosure import (
    get_visible_call,
    knows_nurse,
    show_key_safe,
    show_patient,
)
from wijkspil.core.api import Problem
from wijkspil.core.errors import NotFound

if TYPE_CHECKING:
    from wijkspil.calls.models import Call

router = Router(by_alias=True, tags=["calls"])

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


@router.post(
    "/call-checks",
    response={200: NursesOut, **_REFUSALS},
    summary="Which nurses can come now: before anything is entered",
)
def write_call_check(request: HttpRequest, body: CallIn) -> NursesOut:
    """Choose among who is on duty; nobody is alerted, nothing is stored."""
    actor = get_writing_actor(request)
    _place, found = look_for_nurses(
        actor=actor,
        call=body.as_call(organization_id=entering_organization(actor)),
        at=timezone.now(),
    )
    return NursesOut(items=[NurseOut.of(nurse) for nurse in found.candidates])


@router.post(
    "/calls",
    response={201: CallOut, **_REFUSALS},
    summary="Enter an unplanned call; the nurse who can be there first is alerted",
)
def write_call(request: HttpRequest, body: CallIn) -> Status[CallOut]:
    """Store the call, and the client if given, and alert the first nurse."""
    actor = get_writing_actor(request)
    call = start_call(
        actor=actor,
        call=body.as_call(organization_id=entering_organization(actor)),
        patient=body.patient.as_details() if body.patient else None,
        duty_id=body.duty_id,
        at=timezone.now(),
    )
    return Status(201, _out(actor, call))


@router.get(
    "/calls/{number}",
    response={200: CallOut, **_REFUSALS},
    summary="Where a call stands",
)
def read_call(request: HttpRequest, number: str) -> CallOut:
    """Answer who entered it, its coordinators, and the providers alerted."""
    actor = get_request_actor(request)
    return _out(actor, get_visible_call(actor=actor, number=number))


@router.get(
    "/calls/{number}/patient",
    response={200: CallPatientOut, **_REFUSALS},
    summary="Who it is about, for who goes; logged",
)
def read_call_patient(request: HttpRequest, number: str) -> CallPatientOut:
    """Answer during the call, and until 48 hours after its start."""
    shown = show_patient(
        actor=get_request_actor(request), number=number, at=timezone.now()
    )
    if shown is None:
        raise NotFound(_("Nobody said yet who it is about."))
    return CallPatientOut.of(shown)


@router.post(
    "/calls/{number}/patient",
    response={200: CallOut, **_REFUSALS},
    summary="Say who it is about, or correct it",
)
def write_call_patient(
    request: HttpRequest, number: str, body: CallPatientIn
) -> CallOut:
    """Store it apart; the nurse who goes can read it."""
    return _act(request, number, add_patient, patient=body.as_details())


@router.get(
    "/calls/{number}/key-safe",
    response={200: KeySafeOut, **_REFUSALS},
    summary="How to get in, for the nurse who goes, during the call; logged by itself",
)
def read_key_safe(request: HttpRequest, number: str) -> KeySafeOut:
    """Answer only between accepting and the end of the visit."""
    return KeySafeOut(
        key_safe=show_key_safe(
            actor=get_request_actor(request), number=number, at=timezone.now()
        )
    )


@router.post(
    "/calls/{number}/accept",
    response={200: CallOut, **_REFUSALS},
    summary="The nurse comes",
)
def write_acceptance(request: HttpRequest, number: str, body: AcceptIn) -> CallOut:
    """Take the call; the first to accept goes."""
    return _act(request, number, alerts.accept_call, **dict(body))


@router.post(
    "/calls/{number}/decline",
    response={200: CallOut, **_REFUSALS},
    summary="The nurse cannot come",
)
def write_decline(request: HttpRequest, number: str, body: DeclineCallIn) -> CallOut:
    """Decline with a coded reason; the next nurse is alerted at once."""
    return _act(request, number, alerts.decline_call, **dict(body))


@router.post(
    "/calls/{number}/give-back",
    response={200: CallOut, **_REFUSALS},
    summary="The nurse who would come cannot after all",
)
def write_given_back_call(
    request: HttpRequest, number: str, body: GiveBackCallIn
) -> CallOut:
    """Take it back with a coded reason, until arriving; the next nurse is alerted."""
    return _act(request, number, alerts.give_back_call, reason=body.reason.value)


@router.post(
    "/calls/{number}/leave",
    response={200: CallOut, **_REFUSALS},
    summary="The nurse is on the way",
)
def write_leaving(request: HttpRequest, number: str, body: LeaveIn) -> CallOut:
    """Say so, with a new expected arrival if it is known."""
    return _act(request, number, course.leave, **dict(body))


@router.post(
    "/calls/{number}/arrive",
    response={200: CallOut, **_REFUSALS},
    summary="The nurse has arrived",
)
def write_arrival(request: HttpRequest, number: str) -> CallOut:
    """Say so; within half an hour a sign of being safe is due."""
    return _act(request, number, course.arrive)


@router.post(
    "/calls/{number}/check-in",
    response={200: CallOut, **_REFUSALS},
    summary="The nurse is safe",
)
def write_check_in(request: HttpRequest, number: str) -> CallOut:
    """Say so; the next sign is due in half an hour."""
    return _act(request, number, course.check_in)


@router.post(
    "/calls/{number}/finish",
    response={200: CallOut, **_REFUSALS},
    summary="The visit has ended",
)
def write_finish(request: HttpRequest, number: str, body: FinishIn) -> CallOut:
    """Say how it ended; the report is for the client's own team."""
    return _act(request, number, course.finish, ended=body.as_finish())


@router.post(
    "/calls/{number}/cancel",
    response={200: CallOut, **_REFUSALS},
    summary="Stop a call",
)
def write_call_cancellation(
    request: HttpRequest, number: str, body: CancelCallIn
) -> CallOut:
    """Stop it; whoever was alerted is told at once."""
    return _act(request, number, cancel_call, reason=body.reason.value)


def _act(
    request: HttpRequest, number: str, service: Callable[..., "Call"], **values: Any
) -> CallOut:
    actor = get_writing_actor(request)
    call = service(actor=actor, number=number, at=timezone.now(), **values)
    return _out(actor, call)


def _out(actor: Actor, call: "Call") -> CallOut:
    """Answer a call; a provider sees its own alerts, and a PC6 only when it goes.

    Who goes is told to who steers, goes, or is the client's own team.
    """
    rows = list_alerts(call.pk)
    if steers(actor, call):
        return CallOut.of(call, rows, with_pc6=True, with_nurse=True)
    own = [
        alert
        for alert in rows
        if can_answer_call(
            actor, alerts.team_target(alert.service_id, alert.service.organization_id)
        )
    ]
    return CallOut.of(
        call,
        own,
        with_pc6=alerts.goes(actor, call),
        with_nurse=knows_nurse(actor, call),
    )
