"""Task: the coordination of a request, or the question to one team.

Made of impersonal facts (``sql/tasks.sql``), so that everybody who may see a Task sees
the same, in every version.
"""

from collections.abc import Mapping
from typing import Any

from wijkspil.directory.types import Care
from wijkspil.fhir.exchange.mapping.codes import (
    CLOSE_REASON,
    DECLINE_REASON,
    FULFILL,
    OFFER_STATUS,
    PRIORITY_OF,
    QUESTION_END,
    REOPEN_REASON,
    REQUEST_NUMBER,
    REQUEST_STATUS,
    TASK_CODE,
    TASK_VALUE,
    TRANSFER,
    FhirStatus,
    QuestionEnd,
    TaskCode,
    TaskValue,
)
from wijkspil.fhir.mapping.codes import CARE, UCUM
from wijkspil.fhir.mapping.coding import to_concept
from wijkspil.fhir.types import Resource
from wijkspil.referrals.types import (
    CloseReason,
    DeclineReason,
    OfferStatus,
    ReopenReason,
    RequestStatus,
)

S, F = RequestStatus, FhirStatus

#: The coordination of a request, per state of the request.
STATUS_OF_REQUEST: Mapping[str, FhirStatus] = {
    S.OPEN: F.REQUESTED,
    S.OFFERED: F.REQUESTED,
    S.BRIDGED: F.REQUESTED,
    S.ACCEPTED: F.ACCEPTED,
    S.INTAKE_DONE: F.IN_PROGRESS,
    S.IN_CARE: F.IN_PROGRESS,
    S.PAUSED: F.ON_HOLD,
    S.TEMPORARY_STAY: F.ON_HOLD,
    S.MEDIATION: F.ON_HOLD,
    S.ENDED: F.COMPLETED,
    S.WITHDRAWN: F.CANCELLED,
    S.CANCELLED: F.CANCELLED,
}
#: The question to a team, while the team has not taken the client.
_STATUS_OF_OFFER: Mapping[str, FhirStatus] = {
    OfferStatus.OPEN: F.REQUESTED,
    OfferStatus.DECLINED: F.REJECTED,
    OfferStatus.EXPIRED: F.CANCELLED,
    OfferStatus.WITHDRAWN: F.CANCELLED,
    OfferStatus.RETURNED: F.FAILED,
}
_HOURS_PER_WEEK = {"unit": "h/wk", "system": UCUM, "code": "h/wk"}


def to_task(_fhir_id: str, source: Mapping[str, Any]) -> Resource:
    """Return the Task of the facts of a request or of a question."""
    own = _of_offer(source) if source["kind"] == "offer" else _of_request(source)
    number = source["number"]
    return {
        "groupIdentifier": {"system": REQUEST_NUMBER, "value": number},
        "basedOn": [{"reference": f"ServiceRequest/{number}"}],
        "intent": "order",
        "priority": PRIORITY_OF.get(source.get("urgency", ""), "routine"),
        "focus": {"reference": f"ServiceRequest/{number}"},
        **{name: value for name, value in own.items() if value},
    }


def task_id_of_offer(number: str, offer_id: int) -> str:
    """Return the id of the Task of a question."""
    return f"{number}.{offer_id}"


def read_task_id(task_id: str) -> tuple[str, int | None]:
    """Return the number of the request and, of a question, the id of the offer."""
    number, dot, offer = task_id.partition(".")
    if not dot:
        return number, None
    return number, int(offer) if offer.isascii() and offer.isdecimal() else -1


def _of_request(source: Mapping[str, Any]) -> Resource:
    status = STATUS_OF_REQUEST.get(source["status"], F.REQUESTED)
    return {
        "status": status.value,
        "statusReason": _reason(CLOSE_REASON, CloseReason, source.get("reason")),
        "businessStatus": to_concept(REQUEST_STATUS, RequestStatus, source["status"]),
        "code": to_concept(TASK_CODE, TaskCode, TaskCode.COORDINATION, TRANSFER),
        "authoredOn": source["submitted_at"],
        "requester": _reference("Organization", source.get("requester")),
        "owner": _reference("HealthcareService", source.get("service")),
        "performerType": [to_concept(CARE, Care, Care.DISTRICT_NURSING)],
        "executionPeriod": _period(source.get("placed_at"), source.get("closed_at")),
    }


def _of_offer(source: Mapping[str, Any]) -> Resource:
    request = source.get("request") or {}
    number = source["number"]
    status, reason, business = _state(source)
    had_client = bool(request) or _had_client(source)
    ended_at = request.get("closed_at")
    if not request and had_client:
        ended_at = source["ending"]["at"]
    return {
        "partOf": [{"reference": f"Task/{number}"}],
        "status": status.value,
        "statusReason": reason,
        "businessStatus": business,
        "code": to_concept(TASK_CODE, TaskCode, TaskCode.QUESTION, FULFILL, TRANSFER),
        "authoredOn": source["offered_at"],
        "requester": _reference("Organization", request.get("requester")),
        "owner": _reference("HealthcareService", source["service"]),
        "executionPeriod": _period(request.get("placed_at"), ended_at),
        "restriction": {"repetitions": 1, "period": {"end": source["answer_by"]}},
        "input": [
            _value(
                TaskValue.ADVANCE_NOTICE,
                valueReference={"reference": f"Composition/{number}.{source['offer']}"},
            )
        ],
        "output": _outputs(source, request, number),
    }


def _state(source: Mapping[str, Any]) -> tuple[FhirStatus, Resource, Resource]:
    """Return status, reason and business status of a question."""
    offer = source["status"]
    request = source.get("request")
    if offer == OfferStatus.ACCEPTED and request:
        return (
            STATUS_OF_REQUEST.get(request["status"], F.ACCEPTED),
            _reason(CLOSE_REASON, CloseReason, request.get("reason")),
            to_concept(REQUEST_STATUS, RequestStatus, request["status"]),
        )
    ending = source.get("ending") or {}
    business = to_concept(OFFER_STATUS, OfferStatus, offer)
    if offer == OfferStatus.DECLINED:
        reason = _reason(DECLINE_REASON, DeclineReason, source.get("reason"))
        return F.REJECTED, reason, business
    if offer == OfferStatus.EXPIRED:
        return F.CANCELLED, _end(QuestionEnd.EXPIRED), business
    if offer == OfferStatus.RETURNED:
        return F.FAILED, _returned(ending.get("reason")), business
    if offer == OfferStatus.WITHDRAWN and _had_client(source):
        return _after_care(ending)
    if offer == OfferStatus.WITHDRAWN:
        taken = ending.get("kind") == "accepted"
        why = QuestionEnd.TAKEN if taken else QuestionEnd.NOT_NEEDED
        return F.CANCELLED, _end(why), business
    return _STATUS_OF_OFFER[offer], {}, business


def _had_client(source: Mapping[str, Any]) -> bool:
    ending = source.get("ending") or {}
    return source["status"] == OfferStatus.RETURNED or bool(ending.get("had_client"))


def _after_care(ending: Mapping[str, Any]) -> tuple[FhirStatus, Resource, Resource]:
    """Return how it stood when the team stopped having the client."""
    reason = _reason(CLOSE_REASON, CloseReason, ending.get("reason"))
    if ending["kind"] == "ended":
        return F.COMPLETED, reason, to_concept(REQUEST_STATUS, S, S.ENDED)
    if ending["kind"] == "died":
        reason = _reason(CLOSE_REASON, CloseReason, CloseReason.DIED)
    if ending["kind"] == "room-released":
        reason = _end(QuestionEnd.ROOM_RELEASED)
    return F.CANCELLED, reason, to_concept(OFFER_STATUS, OfferStatus, "withdrawn")


def _returned(reason: str | None) -> Resource:
    # Whom the client objects to is between the client and who wrote it down.
    if reason is None or reason == ReopenReason.OBJECTION:
        return _end(QuestionEnd.NOT_NEEDED)
    return to_concept(REOPEN_REASON, ReopenReason, reason)


def _end(why: QuestionEnd) -> Resource:
    return to_concept(QUESTION_END, QuestionEnd, why)


def _reason(system: str, words: Any, value: str | None) -> Resource:
    return to_concept(system, words, value) if value else {}


def _outputs(
    source: Mapping[str, Any], request: Mapping[str, Any], number: str
) -> list[Resource]:
    outputs = []
    if request:
        outputs.append(
            _value(
                TaskValue.NURSING_HANDOFF,
                valueReference={"reference": f"Composition/{number}"},
            )
        )
    for value, name in (
        (TaskValue.HOURS, "hours"),
        (TaskValue.HOURS_EXPECTED, "hours_expected"),
    ):
        if request.get(name) is not None:
            outputs.append(
                _value(value, valueQuantity={"value": request[name], **_HOURS_PER_WEEK})
            )
    if request.get("review_on"):
        outputs.append(_value(TaskValue.REVIEW_ON, valueDate=request["review_on"]))
    if source.get("room_again_on"):
        outputs.append(
            _value(TaskValue.ROOM_AGAIN_ON, valueDate=source["room_again_on"])
        )
    return outputs


def _value(type_: TaskValue, **value: Any) -> Resource:
    return {"type": to_concept(TASK_VALUE, TaskValue, type_), **value}


def _reference(type_: str, id_: str | None) -> Resource:
    return {"reference": f"{type_}/{id_}"} if id_ else {}


def _period(start: str | None, end: str | None) -> Resource:
    return {name: value for name, value in (("start", start), ("end", end)) if value}
