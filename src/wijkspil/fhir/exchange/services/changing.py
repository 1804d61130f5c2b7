"""Change a request: as an update of the ServiceRequest, or by an operation.

An update names no act: what differs says which. Several may come in one update; they
are done together or not at all. The operations are the acts by name, one for each act
of the REST interface.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import FhirError, refuse
from wijkspil.fhir.exchange.mapping.asking import (
    Faults,
    code_of,
    read_first_visit,
    read_parts,
    read_tasks,
)
from wijkspil.fhir.exchange.mapping.codes import (
    CHANGE_REASON,
    CLOSE_REASON,
    EXT_ADMITTED_TO,
    EXT_CHANGE_REASON,
    EXT_HOME_ON,
    EXT_STATUS_REASON,
    REOPEN_REASON,
)
from wijkspil.fhir.exchange.mapping.outputs import Given
from wijkspil.fhir.exchange.mapping.structure import check_structure
from wijkspil.fhir.exchange.services.acting import patched, stop
from wijkspil.fhir.exchange.services.following_requests import (
    answer_with_request,
    see_request,
    to_request,
)
from wijkspil.fhir.exchange.services.placing import (
    change_draft,
    client_link,
    submit_draft,
)
from wijkspil.fhir.exchange.services.refusing import fields_as_issues
from wijkspil.fhir.exchange.services.resolving import (
    resolve_organization,
    resolve_service,
)
from wijkspil.fhir.exchange.services.staging import check_version
from wijkspil.fhir.exchange.types import Seen
from wijkspil.fhir.types import Answer, Call, Resource
from wijkspil.referrals.policies import can
from wijkspil.referrals.selectors.requests import lock_request
from wijkspil.referrals.services.changes import (
    change_asked_care,
    move_first_visit,
    pause_request,
    report_death,
    resume_request,
)
from wijkspil.referrals.services.consent import record_objection
from wijkspil.referrals.services.course import (
    end_care,
    reopen_request,
    set_hours,
    start_care,
    stop_assignment,
)
from wijkspil.referrals.services.links import renew_client_link
from wijkspil.referrals.services.offers import ask_teams, record_phone_agreement
from wijkspil.referrals.services.steering import (
    add_note,
    cancel_request,
    move_date,
    withdraw_request,
)
from wijkspil.referrals.types import ConsentGiver, RequestStatus

#: What an update may change; ``contained`` completes a draft.
_CHANGEABLE = frozenset({"status", "occurrenceTiming", "orderDetail", "extension"})
#: Ours to write; what is sent back of it is not looked at.
_OURS = frozenset(
    {"meta", "text", "language", "implicitRules", "contained", "id", "resourceType"}
)
#: What goes with a change and is not kept on the request.
_WITH_A_CHANGE = frozenset(
    {EXT_STATUS_REASON, EXT_CHANGE_REASON, EXT_ADMITTED_TO, EXT_HOME_ON}
)
_STOPPED = frozenset({"revoked", "entered-in-error"})


def update_request(call: Call) -> Answer:
    """Change a request to what was sent (PUT)."""
    body = check_structure(call.body, "ServiceRequest")
    if body.get("id") not in {None, call.id}:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop("The id in the body is not the one in the address."),
            expression="ServiceRequest.id",
        )
    return _update(call, lambda _now: body)


def patch_request(call: Call) -> Answer:
    """Change a request by a JSON Patch."""
    return _update(
        call, lambda now: check_structure(patched(call, now), "ServiceRequest")
    )


def _update(call: Call, make: Callable[[Resource], Resource]) -> Answer:
    seen = see_request(call)
    with fields_as_issues(), transaction.atomic():
        row = lock_request(seen.request_id)
        now = to_request(call, seen)
        check_version(call, int(now["meta"]["versionId"]))
        wanted = make(now)
        if not (seen.steers or seen.answers):
            raise refuse(
                HTTPStatus.FORBIDDEN,
                "forbidden",
                gettext_noop(
                    "Your team was only asked: answer on the Task, not on the request."
                ),
            )
        if row.status == RequestStatus.DRAFT and wanted["status"] in {
            "draft",
            "active",
        }:
            change_draft(call, wanted, row.pk)
            if wanted["status"] == "active":
                return submit_draft(call, wanted, row.pk, row.number)
        else:
            _do(call, seen, row.status, now, wanted)
    return answer_with_request(call, row.number, status=HTTPStatus.OK)


def _do(call: Call, seen: Seen, state: str, now: Resource, wanted: Resource) -> None:
    """Do each act that a difference stands for."""
    changed = _changed(now, wanted)
    wrong = sorted(changed - _CHANGEABLE)
    if wrong:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop("You cannot change %(wrong)s here, only: %(allowed)s."),
            expression=f"ServiceRequest.{wrong[0]}",
            wrong=", ".join(wrong),
            allowed=", ".join(sorted(_CHANGEABLE)),
        )
    of_request: dict[str, Any] = {
        "actor": call.actor,
        "request_id": seen.request_id,
        "at": call.at,
    }
    before, after = now["status"], wanted["status"]
    if after in _STOPPED and before not in _STOPPED:
        reason = _reason(wanted, EXT_STATUS_REASON, CLOSE_REASON)
        stop(of_request, reason or ("mistake" if after == "entered-in-error" else ""))
        return
    if before != after:
        _move(of_request, state, now, wanted)
    elif _first_visit(now) != _first_visit(wanted):
        day = _first_visit(wanted)
        reason = _reason(wanted, EXT_CHANGE_REASON, CHANGE_REASON)
        move_first_visit(**of_request, day=day, reason=reason)
    if _care(now) != _care(wanted):
        tasks, parts = _care(wanted)
        change_asked_care(
            **of_request,
            tasks=tasks,
            parts_of_day=parts,
            reason=_reason(wanted, EXT_CHANGE_REASON, CHANGE_REASON),
        )


def _move(
    of_request: Mapping[str, Any], state: str, now: Resource, wanted: Resource
) -> None:
    """Do what another status stands for."""
    before, after = now["status"], wanted["status"]
    if (before, after) == ("active", "on-hold"):
        home_on = _value(wanted, EXT_HOME_ON, "valueDate")
        given = Given(
            [("home-on", {"valueDate": home_on})] if home_on else [],
            place_of=lambda name: f"ServiceRequest.extension('{name}')",
        )
        day = given.day("home-on")
        given.faults.check()
        pause_request(
            **of_request,
            where=str(_value(wanted, EXT_ADMITTED_TO, "valueCode") or ""),
            home_on=day,
        )
    elif after == "active" and state == RequestStatus.PAUSED:
        resume_request(**of_request, first_visit_on=_first_visit(wanted))
    elif after == "active" and before != "draft":
        reason = _reason(wanted, EXT_STATUS_REASON, REOPEN_REASON)
        reopen_request(**of_request, reason=reason)
    elif after == "completed":
        reason = _reason(wanted, EXT_STATUS_REASON, CLOSE_REASON)
        if reason == "died":
            report_death(**of_request)
        else:
            end_care(**of_request, reason=reason)
    else:
        raise _impossible(before, permitted(state))


def permitted(state: str) -> list[str]:
    """Return which statuses a request can be given now."""
    found = {
        "revoked": can("withdraw", state) or can("cancel", state),
        "on-hold": can("pause", state),
        "active": can("resume with the team", state) or can("re-open", state),
        "completed": can("end care", state),
    }
    return [status for status, is_possible in found.items() if is_possible]


def _impossible(before: str, after: list[str]) -> FhirError:
    return refuse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "business-rule",
        gettext_noop("From “%(before)s” a request can go to: %(after)s."),
        expression="ServiceRequest.status",
        before=before,
        after=", ".join(after) or "-",
    )


def _changed(now: Resource, wanted: Resource) -> set[str]:
    names = (set(now) | set(wanted)) - _OURS
    changed = {n for n in names if _plain(now.get(n)) != _plain(wanted.get(n))}
    if "extension" in changed and not _other_extensions(now, wanted):
        changed.discard("extension")
    elif "extension" in changed:
        changed |= {"extension (urgency, language and the like)"}
    return changed


def _other_extensions(now: Resource, wanted: Resource) -> bool:
    """Whether a fact in an extension was changed; leaving one out changes nothing."""
    known = [_plain(one) for one in now.get("extension") or []]
    return any(
        _plain(one) not in known
        for one in wanted.get("extension") or []
        if one.get("url") not in _WITH_A_CHANGE
    )


def _plain(value: Any) -> Any:
    """Return a value without displays and texts of codes, which are ours to write."""
    if isinstance(value, dict):
        return {n: _plain(v) for n, v in value.items() if n not in {"display", "text"}}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _first_visit(resource: Resource) -> Any:
    faults = Faults()
    found = read_first_visit(resource, faults)
    faults.check()
    return found


def _care(resource: Resource) -> tuple[list[str], list[str]]:
    faults = Faults()
    repeat = (resource.get("occurrenceTiming") or {}).get("repeat") or {}
    found = sorted(read_tasks(resource, faults)), read_parts(repeat, faults)
    faults.check()
    return found


def _reason(resource: Resource, url: str, system: str) -> str:
    return code_of(_value(resource, url, "valueCodeableConcept"), system)


def _value(resource: Resource, url: str, name: str) -> Any:
    for one in resource.get("extension") or []:
        if one.get("url") == url and name in one:
            return one[name]
    return None


# --- operations


@dataclass(frozen=True)
class Operation:
    """An act by its name: which values it takes, and what does it."""

    takes: tuple[str, ...]
    do: Callable[[Mapping[str, Any], Given], object]


def _set_hours(of_request: Mapping[str, Any], given: Given) -> object:
    hours = given.number("hours-per-week", is_needed=True)
    expected = given.number("hours-expected")
    review_on = given.needed_day("review-on")
    return set_hours(
        **of_request,
        hours_per_week=hours or Decimal(0),
        hours_expected=expected,
        review_on=review_on,
    )


def _agreed_by_phone(of_request: Mapping[str, Any], given: Given) -> object:
    teams = given.resolved("team", resolve_service, is_needed=True)
    given.faults.check()
    return record_phone_agreement(
        **of_request, service_id=teams[0], spoke_with=given.code("spoke-with")
    )


def _ask_teams(of_request: Mapping[str, Any], given: Given) -> object:
    teams = given.resolved("team", resolve_service, is_needed=True)
    given.faults.check()
    return ask_teams(**of_request, service_ids=teams)


def _object(of_request: Mapping[str, Any], given: Given) -> object:
    providers = given.resolved("provider", resolve_organization, is_needed=True)
    given.faults.check()
    return record_objection(
        **of_request,
        organization_id=providers[0],
        given_by=given.code("given-by") or ConsentGiver.CLIENT.value,
    )


def _pause(of_request: Mapping[str, Any], given: Given) -> object:
    home_on = given.day("home-on")
    given.faults.check()
    return pause_request(**of_request, where=given.code("admitted-to"), home_on=home_on)


def _move_date(of_request: Mapping[str, Any], given: Given) -> object:
    return move_date(
        **of_request, due_at=given.needed_moment("until"), why=given.code("why")
    )


def _change_need(of_request: Mapping[str, Any], given: Given) -> object:
    return change_asked_care(
        **of_request,
        tasks=given.codes("task"),
        parts_of_day=given.codes("part-of-day"),
        reason=given.code("reason"),
    )


def _for_a_reason(service: Callable[..., object]) -> Operation:
    return Operation(
        ("reason",), lambda of, given: service(**of, reason=given.code("reason"))
    )


#: Operations on a request; the guide sets them beside the REST interface.
OPERATIONS: Mapping[str, Operation] = {
    "$withdraw": _for_a_reason(withdraw_request),
    "$cancel": _for_a_reason(cancel_request),
    "$reopen": _for_a_reason(reopen_request),
    "$move-first-visit": Operation(
        ("first-visit-on", "reason"),
        lambda of, given: move_first_visit(
            **of, day=given.needed_day("first-visit-on"), reason=given.code("reason")
        ),
    ),
    "$change-need": Operation(("task", "part-of-day", "reason"), _change_need),
    "$pause": Operation(("admitted-to", "home-on"), _pause),
    "$resume": Operation(
        ("first-visit-on",),
        lambda of, given: resume_request(
            **of, first_visit_on=given.needed_day("first-visit-on")
        ),
    ),
    "$report-death": Operation((), lambda of, _given: report_death(**of)),
    "$ask-teams": Operation(("team",), _ask_teams),
    "$agreed-by-phone": Operation(("team", "spoke-with"), _agreed_by_phone),
    "$object": Operation(("provider", "given-by"), _object),
    "$move-date": Operation(("until", "why"), _move_date),
    "$add-note": Operation(
        ("text",), lambda of, given: add_note(**of, text=given.code("text"))
    ),
    "$set-hours": Operation(
        ("hours-per-week", "hours-expected", "review-on"), _set_hours
    ),
    "$start-care": Operation((), lambda of, _given: start_care(**of)),
    "$end-care": _for_a_reason(end_care),
    "$stop-assignment": Operation(
        ("ground", "explanation"),
        lambda of, given: stop_assignment(
            **of, ground=given.code("ground"), explanation=given.code("explanation")
        ),
    ),
}


def operate(call: Call) -> Answer:
    """Do an operation on a request and answer with the request as it is then."""
    operation = OPERATIONS[call.operation]
    body = {"resourceType": "Parameters"} if call.body is None else call.body
    given = Given.of_parameters(check_structure(body, "Parameters"))
    seen = see_request(call)
    given.refuse_others(operation.takes)
    given.faults.check()
    with fields_as_issues(), transaction.atomic():
        lock_request(seen.request_id)
        if call.headers.get("If-Match"):
            now = to_request(call, seen)
            check_version(call, int(now["meta"]["versionId"]))
        of_request = {
            "actor": call.actor,
            "request_id": seen.request_id,
            "at": call.at,
        }
        operation.do(of_request, given)
        given.faults.check()
    return answer_with_request(call, seen.number, status=HTTPStatus.OK)


def renew_link(call: Call) -> Answer:
    """Make a new link and code for the client, shown once; the old one ends."""
    seen = see_request(call)
    token, code = renew_client_link(
        actor=call.actor, request_id=seen.request_id, at=call.at
    )
    return answer_with_request(
        call,
        seen.number,
        status=HTTPStatus.OK,
        extensions=[client_link(call, token, code)],
    )
