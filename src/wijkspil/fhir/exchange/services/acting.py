"""Act on a Task: the team that was asked answers, who asked may stop or choose.

Only the fulfiller changes what becomes of a question; who asked may choose whom to ask
next (owner of the coordination) or stop it. What may follow what is in
``referrals.policies``; this names the act that a change of status stands for.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from wijkspil.accounts.types import Actor
from wijkspil.fhir.errors import FhirError, refuse
from wijkspil.fhir.exchange.mapping.asking import code_of
from wijkspil.fhir.exchange.mapping.codes import (
    CLOSE_REASON,
    DECLINE_REASON,
    REOPEN_REASON,
    REQUEST_STATUS,
    SAFETY_GROUND,
    FhirStatus,
    TaskValue,
)
from wijkspil.fhir.exchange.mapping.outputs import Given, note_of
from wijkspil.fhir.exchange.mapping.structure import check_structure
from wijkspil.fhir.exchange.services.following_tasks import read_task, see_task
from wijkspil.fhir.exchange.services.refusing import fields_as_issues
from wijkspil.fhir.exchange.services.resolving import resolve_service
from wijkspil.fhir.exchange.services.staging import check_version
from wijkspil.fhir.exchange.types import Seen
from wijkspil.fhir.mapping.patching import CannotPatch, apply_patch
from wijkspil.fhir.types import Answer, Call, Resource
from wijkspil.referrals.policies import can
from wijkspil.referrals.selectors.requests import lock_request
from wijkspil.referrals.services.changes import (
    pause_request,
    report_death,
    resume_request,
)
from wijkspil.referrals.services.correction import RoomCorrection
from wijkspil.referrals.services.course import (
    end_care,
    reopen_request,
    set_hours,
    start_care,
    stop_assignment,
)
from wijkspil.referrals.services.offers import accept_offer, ask_teams, decline_offer
from wijkspil.referrals.services.steering import cancel_request, withdraw_request
from wijkspil.referrals.types import CloseReason, RequestStatus

F = FhirStatus

#: Not part of what somebody asks for when it sends a Task back.
_OURS = frozenset(
    {"meta", "text", "lastModified", "language", "implicitRules", "executionPeriod"}
)
#: What the team that was asked may change, and who asked.
_OF_FULFILLER = frozenset(
    {"status", "statusReason", "businessStatus", "output", "note"}
)
_OF_PLACER = frozenset({"status", "statusReason", "businessStatus", "owner"})


@dataclass(frozen=True)
class Act:
    """One change of status a team can make: the act of ``policies`` it stands for.

    An empty act is weighed by the state of the question alone.
    """

    before: FhirStatus
    after: FhirStatus
    act: str
    do: Callable[["Change"], object]


@dataclass(frozen=True)
class Change:
    """A Task as it was sent, beside what it is now."""

    call: Call
    seen: Seen
    now: Resource
    wanted: Resource
    given: Given

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.call.actor

    def reason(self, *systems: str) -> str:
        """Return the code of the reason, in the first system that has one."""
        concept = self.wanted.get("statusReason")
        return next((c for s in systems if (c := code_of(concept, s))), "")

    @property
    def of_request(self) -> dict[str, Any]:
        """What every act on a request takes."""
        return {
            "actor": self.actor,
            "request_id": self.seen.request_id,
            "at": self.call.at,
        }


def update_task(call: Call) -> Answer:
    """Change a Task to what was sent (PUT)."""
    body = check_structure(call.body, "Task")
    if body.get("id") not in {None, call.id}:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop("The id in the body is not the one in the address."),
            expression="Task.id",
        )
    return _change(call, lambda _now: body)


def patch_task(call: Call) -> Answer:
    """Change a Task by a JSON Patch."""

    def apply(now: Resource) -> Resource:
        return check_structure(patched(call, now), "Task")

    return _change(call, apply)


def patched(call: Call, now: Resource) -> Resource:
    """Return a resource with the patch of a call applied.

    Raises
    ------
    FhirError
        415 if the body is no JSON Patch, 422 if it does not fit.
    """
    if call.patch is None:
        raise refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not-supported",
            gettext_noop("PATCH takes a JSON Patch, as application/json-patch+json."),
        )
    try:
        return apply_patch(now, call.patch)
    except CannotPatch as error:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "processing",
            error.message,
            number=error.number,
            path=error.path,
        ) from None


def _change(call: Call, make: Callable[[Resource], Resource]) -> Answer:
    """Do what the change stands for, under the lock of the request.

    Two who change the same come one after the other; the second is told (412) if it
    said which version it saw, and else hears what its act meets.
    """
    seen = see_task(call)
    with fields_as_issues(), transaction.atomic():
        lock_request(seen.request_id)
        answer = read_task(call)
        now: Resource = json.loads(answer.text)
        check_version(call, int(now["meta"]["versionId"]))
        wanted = make(now)
        changed = sorted(_changed(now, wanted))
        if changed:
            change = Change(call, see_task(call), now, wanted, Given.of_task(wanted))
            _do(change, changed)
            change.given.faults.check()
    return read_task(call)


def _changed(now: Resource, wanted: Resource) -> set[str]:
    """Return the elements that differ; what is left out of a list of ours stays."""
    names = (set(now) | set(wanted)) - _OURS - {"id", "resourceType"}
    return {
        name
        for name in names
        if _plain(now.get(name)) != _plain(wanted.get(name))
        and not (name in {"output", "input"} and not wanted.get(name))
    }


def _plain(value: Any) -> Any:
    """Return a value without displays and texts, which are ours to write."""
    if isinstance(value, dict):
        return {n: _plain(v) for n, v in value.items() if n not in {"display", "text"}}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _do(change: Change, changed: Sequence[str]) -> None:
    seen = change.seen
    if seen.offer_id is not None and seen.answers:
        _check_elements(changed, _OF_FULFILLER)
        _answer(change)
    elif seen.offer_id is None and seen.steers:
        _check_elements(changed, _OF_PLACER)
        _steer(change, changed)
    elif seen.steers:
        raise _not_yours(
            change,
            gettext_noop(
                "Only the team that was asked changes this Task. Change "
                "Task/%(number)s or ServiceRequest/%(number)s instead."
            ),
        )
    else:
        raise _not_yours(
            change,
            gettext_noop(
                "Only who asked changes this Task. Change the Task of your own team."
            ),
        )


def _check_elements(changed: Sequence[str], allowed: frozenset[str]) -> None:
    wrong = [name for name in changed if name not in allowed]
    if wrong:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop("You cannot change %(wrong)s here, only: %(allowed)s."),
            expression=f"Task.{wrong[0]}",
            wrong=", ".join(wrong),
            allowed=", ".join(sorted(allowed)),
        )


def _not_yours(change: Change, message: str) -> FhirError:
    return refuse(HTTPStatus.FORBIDDEN, "forbidden", message, number=change.seen.number)


# --- the team that was asked


def _answer(change: Change) -> None:
    """Do the act that the change of status stands for."""
    before, after = F(change.now["status"]), change.wanted["status"]
    if after in {F.ACCEPTED, F.REJECTED} and before not in _RUNNING:
        # Also of a closed question: the answer then says what happened to it.
        _accept(change) if after == F.ACCEPTED else _decline(change)
        return
    state = lock_request(change.seen.request_id).status
    for act in ACTS:
        if (act.before, act.after) == (before, after) and can(act.act, state):
            act.do(change)
            return
    raise _impossible(before, permitted(before, state))


def permitted(before: str, state: str) -> list[str]:
    """Return which statuses a team can give a Task, by the state of the request."""
    found = [
        act.after.value
        for act in ACTS
        if act.before == before and (not act.act or can(act.act, state))
    ]
    return list(dict.fromkeys(found))


def _impossible(before: str, after: Sequence[str]) -> FhirError:
    return refuse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "business-rule",
        gettext_noop(
            "From “%(before)s” a Task can go to: %(after)s. See the table in the guide."
        ),
        expression="Task.status",
        before=before,
        after=", ".join(after) or "-",
    )


def _accept(change: Change) -> None:
    assert change.seen.offer_id is not None
    accept_offer(
        actor=change.actor,
        offer_id=change.seen.offer_id,
        at=change.call.at,
        over_capacity=change.given.is_set(TaskValue.OVER_CAPACITY),
    )


def _decline(change: Change) -> None:
    assert change.seen.offer_id is not None
    given = change.given
    left = given.number(TaskValue.NEW_CLIENTS)
    parts = given.codes(TaskValue.PART_LEFT)
    excluded = given.codes(TaskValue.TASK_EXCLUDED)
    correction = None
    if left is not None or parts or excluded:
        correction = RoomCorrection(
            new_clients=None if left is None else int(left),
            parts_of_day=list(parts) or None,
            tasks_excluded=tuple(excluded),
        )
    room_again_on = given.day(TaskValue.ROOM_AGAIN_ON)
    given.faults.check()
    decline_offer(
        actor=change.actor,
        offer_id=change.seen.offer_id,
        reason=change.reason(DECLINE_REASON),
        at=change.call.at,
        note=note_of(change.wanted),
        room_again_on=room_again_on,
        correction=correction,
    )


def _set_hours(change: Change) -> None:
    given = change.given
    hours = given.number(TaskValue.HOURS, is_needed=True)
    expected = given.number(TaskValue.HOURS_EXPECTED)
    review_on = given.needed_day(TaskValue.REVIEW_ON)
    assert hours is not None
    set_hours(
        **change.of_request,
        hours_per_week=hours,
        review_on=review_on,
        hours_expected=expected,
    )


def _go_on(change: Change) -> None:
    """Start care if the business status says so, else set the hours anew."""
    in_care = code_of(change.wanted.get("businessStatus"), REQUEST_STATUS)
    was = code_of(change.now.get("businessStatus"), REQUEST_STATUS)
    outputs = _plain(change.wanted.get("output"))
    has_hours = bool(outputs) and outputs != _plain(change.now.get("output"))
    starts = in_care == RequestStatus.IN_CARE and was != in_care
    if has_hours or not starts:
        _set_hours(change)
    if starts:
        start_care(**change.of_request)


def _pause(change: Change) -> None:
    where = change.given.code(TaskValue.ADMITTED_TO, is_needed=True)
    home_on = change.given.day(TaskValue.HOME_ON)
    change.given.faults.check()
    pause_request(**change.of_request, where=where, home_on=home_on)


def _resume(change: Change) -> None:
    day = change.given.needed_day(TaskValue.FIRST_VISIT_ON)
    resume_request(**change.of_request, first_visit_on=day)


def _end(change: Change) -> None:
    reason = change.reason(CLOSE_REASON)
    if reason == CloseReason.DIED:
        report_death(**change.of_request)
    else:
        end_care(**change.of_request, reason=reason)


def _give_back(change: Change) -> None:
    ground = change.reason(SAFETY_GROUND)
    if ground:
        explanation = change.given.code(TaskValue.EXPLANATION) or note_of(change.wanted)
        stop_assignment(**change.of_request, ground=ground, explanation=explanation)
    else:
        reopen_request(**change.of_request, reason=change.reason(REOPEN_REASON))


#: What a team can do with its Task; the table of the guide is made from it.
ACTS: Sequence[Act] = (
    Act(F.REQUESTED, F.ACCEPTED, "accept", _accept),
    Act(F.REQUESTED, F.REJECTED, "", _decline),
    Act(F.ACCEPTED, F.IN_PROGRESS, "set hours", _set_hours),
    Act(F.IN_PROGRESS, F.IN_PROGRESS, "set hours", _go_on),
    Act(F.ACCEPTED, F.ON_HOLD, "pause", _pause),
    Act(F.IN_PROGRESS, F.ON_HOLD, "pause", _pause),
    Act(F.ON_HOLD, F.ACCEPTED, "resume with the team", _resume),
    Act(F.IN_PROGRESS, F.COMPLETED, "end care", _end),
    Act(F.ON_HOLD, F.COMPLETED, "end care", _end),
    Act(F.ACCEPTED, F.FAILED, "re-open", _give_back),
    Act(F.IN_PROGRESS, F.FAILED, "re-open", _give_back),
)
#: The team has the client.
_RUNNING = frozenset({F.ACCEPTED, F.IN_PROGRESS, F.ON_HOLD})


# --- who asked

#: How BSeR says it: who asked may ask to stop without touching the status.
ASKS_TO_STOP = "cancellation-requested"


def _steer(change: Change, changed: Sequence[str]) -> None:
    """Choose whom to ask, or stop."""
    before, after = change.now["status"], change.wanted["status"]
    if "owner" in changed:
        service_id = resolve_service(change.wanted.get("owner") or {})
        if service_id is None:
            raise refuse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "value",
                gettext_noop("Give the HealthcareService to ask."),
                expression="Task.owner",
            )
        ask_teams(**change.of_request, service_ids=[service_id])
    business = change.wanted.get("businessStatus") or {}
    asks = any(c.get("code") == ASKS_TO_STOP for c in business.get("coding") or [])
    if after == F.CANCELLED or (after == before and asks):
        stop(change.of_request, change.reason(CLOSE_REASON))
    elif after != before or "businessStatus" in changed:
        raise _impossible(before, [F.CANCELLED.value])


def stop(of_request: Mapping[str, Any], reason: str) -> None:
    """Stop a request for a coded reason.

    A death closes everything; what was sent by mistake is cancelled while nobody has
    the client; all else is withdrawn.
    """
    state = lock_request(of_request["request_id"]).status
    if reason == CloseReason.DIED:
        report_death(**of_request)
    elif reason == CloseReason.MISTAKE and can("cancel", state):
        cancel_request(**of_request, reason=reason)
    else:
        withdraw_request(**of_request, reason=reason)
