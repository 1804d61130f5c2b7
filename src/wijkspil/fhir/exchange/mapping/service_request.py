"""ServiceRequest: in full for who may know of the request, else a profile of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from wijkspil.directory.types import Care, CareTask
from wijkspil.fhir.exchange.mapping.codes import (
    CLOSE_REASON,
    EXT_AGE,
    EXT_AGE_BAND,
    EXT_CARE_LAW,
    EXT_DISTANCE,
    EXT_HOURS_EXPECTED,
    EXT_INSURER,
    EXT_KNOWN,
    EXT_LANGUAGE,
    EXT_MATERIALS_PRESENT,
    EXT_ORDER_PRESENT,
    EXT_OWNER,
    EXT_REFUSED,
    EXT_REQUESTER_KIND,
    EXT_REVIEW_ON,
    EXT_ROOM_KEPT_UNTIL,
    EXT_STATUS_REASON,
    EXT_URGENCY,
    PRIORITY_OF,
    REQUEST_NUMBER,
    URGENCY_REASON,
    WHEN_OF,
    extension,
)
from wijkspil.fhir.mapping.codes import CARE, CARE_TASK, PC4, PC6, UCUM, UZOVI
from wijkspil.fhir.mapping.coding import to_concept
from wijkspil.fhir.types import Resource, instant_of, tick_of
from wijkspil.referrals.selectors.inbox import Question
from wijkspil.referrals.types import CloseReason, OfferStatus, RequestStatus
from wijkspil.referrals.types import UrgencyReason as Why

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest

S = RequestStatus

#: Of the request itself, for who may know of it.
STATUS_OF: Mapping[str, str] = {
    S.DRAFT: "draft",
    **dict.fromkeys(
        (S.OPEN, S.OFFERED, S.BRIDGED, S.ACCEPTED, S.INTAKE_DONE, S.IN_CARE), "active"
    ),
    **dict.fromkeys((S.PAUSED, S.TEMPORARY_STAY, S.MEDIATION), "on-hold"),
    S.ENDED: "completed",
    **dict.fromkeys((S.WITHDRAWN, S.CANCELLED), "revoked"),
}
#: Shown instead of who the client is.
PSEUDONYM = "Cliënt (nog niet bekendgemaakt)"


@dataclass(frozen=True)
class Names:
    """Logical ids of what a request refers to, and numbers others gave it."""

    patient_id: str = ""
    requester: str = ""
    preferred: str = ""
    known: str = ""
    refused: Sequence[str] = ()
    placed: str = ""
    consents: Sequence[str] = ()
    identifiers: Sequence[Mapping[str, str]] = field(default=())


def to_service_request(
    row: "ServiceRequest", names: Names, *, version: int, changed_at: datetime
) -> Resource:
    """Return a request in full, for who sent it, its team and the coordinator.

    Who the client is stands apart (Patient), for every view of that is logged.
    """
    extensions = [
        extension(EXT_URGENCY, valueCode=row.urgency),
        extension(EXT_LANGUAGE, valueCode=row.language),
        extension(EXT_CARE_LAW, valueCode=row.care_law),
        extension(EXT_ORDER_PRESENT, valueCode=row.order_present),
        extension(EXT_MATERIALS_PRESENT, valueCode=row.materials_present),
        extension(EXT_REQUESTER_KIND, valueCode=row.requester_kind),
    ]
    if row.age is not None:
        extensions.append(extension(EXT_AGE, valueAge=_years(row.age)))
    if row.insurer:
        insurer = {"system": UZOVI, "value": row.insurer}
        extensions.append(extension(EXT_INSURER, valueIdentifier=insurer))
    if names.known:
        extensions.append(
            extension(EXT_KNOWN, valueReference=_organization(names.known))
        )
    extensions += [
        extension(EXT_REFUSED, valueReference=_organization(refused))
        for refused in names.refused
    ]
    extensions += _course_of(row)
    performer = (
        f"HealthcareService/{names.placed}"
        if names.placed
        else f"Organization/{names.preferred}"
        if names.preferred
        else ""
    )
    return _without_empty(
        {
            **_head(row.number, version, changed_at),
            "contained": [_requester(row, names)],
            "extension": extensions,
            "identifier": [
                {"use": "official", "system": REQUEST_NUMBER, "value": row.number},
                *map(dict, names.identifiers),
            ],
            "status": STATUS_OF[row.status],
            **_asked(
                tasks=row.tasks,
                parts_of_day=row.parts_of_day,
                first_visit_on=row.first_visit_on,
                urgency=row.urgency,
                urgency_reason=row.urgency_reason,
            ),
            **_hours(row),
            "subject": {"reference": f"Patient/{names.patient_id}"}
            if names.patient_id
            else {"type": "Patient", "display": PSEUDONYM},
            "authoredOn": _instant(row.submitted_at or row.created_at),
            "requester": {"reference": "#requester"},
            "performer": [{"reference": performer}] if performer else [],
            "locationCode": [_postcode(row.postcode)],
            "supportingInfo": [
                {"reference": f"Consent/{consent}"} for consent in names.consents
            ],
            "note": _note(row.note),
        }
    )


def to_profile(question: Question, *, version: int, changed_at: datetime) -> Resource:
    """Return what a team that was only asked sees: nothing that says who it is."""
    profile = question.profile
    extensions = [
        extension(EXT_URGENCY, valueCode=profile.urgency),
        extension(EXT_LANGUAGE, valueCode=profile.language),
        extension(EXT_CARE_LAW, valueCode=profile.care_law),
        extension(EXT_ORDER_PRESENT, valueCode=profile.order_present),
        extension(EXT_MATERIALS_PRESENT, valueCode=profile.materials_present),
    ]
    if profile.ages is not None:
        low, high = profile.ages
        band = {"low": _years(low), "high": _years(high)}
        extensions.append(extension(EXT_AGE_BAND, valueRange=band))
    if question.km is not None:
        distance = {"value": question.km, "unit": "km", "system": UCUM, "code": "km"}
        extensions.append(extension(EXT_DISTANCE, valueQuantity=distance))
    area: Resource = {"text": profile.area_name or profile.region_name}
    if profile.area_is_postcode:
        area["coding"] = [{"system": PC4, "code": profile.area_name}]
    return _without_empty(
        {
            **_head(question.number, version, changed_at),
            "extension": extensions,
            "identifier": [
                {"use": "official", "system": REQUEST_NUMBER, "value": question.number}
            ],
            "status": "active"
            if question.status in (OfferStatus.OPEN, OfferStatus.ACCEPTED)
            else "unknown",
            **_asked(
                tasks=profile.tasks,
                parts_of_day=profile.parts_of_day,
                first_visit_on=profile.first_visit_on,
                urgency=profile.urgency,
                urgency_reason=profile.urgency_reason,
            ),
            "quantityRange": _hours_range(profile.hours_low, profile.hours_high),
            "subject": {"type": "Patient", "display": PSEUDONYM},
            "authoredOn": _instant(question.offered_at),
            "locationCode": [area],
            "note": _note(profile.note),
        }
    )


def _head(number: str, version: int, changed_at: datetime) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": number,
        "meta": {"versionId": str(version), "lastUpdated": _instant(changed_at)},
        "intent": "order",
        "requisition": {"system": REQUEST_NUMBER, "value": number},
        "category": [to_concept(CARE, Care, Care.DISTRICT_NURSING)],
        "code": to_concept(CARE, Care, Care.DISTRICT_NURSING),
    }


def _asked(
    *,
    tasks: Iterable[str],
    parts_of_day: Iterable[str],
    first_visit_on: date,
    urgency: str,
    urgency_reason: str,
) -> Resource:
    return {
        "priority": PRIORITY_OF[urgency],
        "orderDetail": [to_concept(CARE_TASK, CareTask, task) for task in tasks],
        "occurrenceTiming": {
            "repeat": {
                "boundsPeriod": {"start": first_visit_on.isoformat()},
                "when": [WHEN_OF[part] for part in parts_of_day],
            }
        },
        "reasonCode": [to_concept(URGENCY_REASON, Why, urgency_reason)],
    }


def _course_of(row: "ServiceRequest") -> list[Resource]:
    """Return how it goes: who has it in hand, review, end."""
    found = []
    if row.owner_name and row.due_at is not None:
        parts = [
            extension("kind", valueCode=row.owner_kind),
            extension("name", valueString=row.owner_name),
            extension("until", valueDateTime=_instant(row.due_at)),
        ]
        found.append({"url": EXT_OWNER, "extension": parts})
    if row.hours_expected is not None:
        found.append(
            extension(EXT_HOURS_EXPECTED, valueQuantity=_weekly(row.hours_expected))
        )
    for url, day in (
        (EXT_REVIEW_ON, row.review_on),
        (EXT_ROOM_KEPT_UNTIL, row.room_kept_until),
    ):
        if day is not None:
            found.append(extension(url, valueDate=day.isoformat()))
    if row.close_reason:
        why = to_concept(CLOSE_REASON, CloseReason, row.close_reason)
        found.append(extension(EXT_STATUS_REASON, valueCodeableConcept=why))
    return found


def _requester(row: "ServiceRequest", names: Names) -> Resource:
    contained: Resource = {
        "resourceType": "PractitionerRole",
        "id": "requester",
        "practitioner": {"display": row.requester_name or "-"},
    }
    if names.requester:
        contained["organization"] = _organization(names.requester)
    if row.requester_phone:
        contained["telecom"] = [{"system": "phone", "value": row.requester_phone}]
    return contained


def _hours(row: "ServiceRequest") -> Resource:
    if row.hours_set is not None:
        return {"quantityQuantity": _weekly(row.hours_set)}
    return {"quantityRange": _hours_range(row.hours_low, row.hours_high)}


def _hours_range(low: Decimal, high: Decimal) -> Resource:
    return {"low": _weekly(low), "high": _weekly(high)}


def _weekly(hours: Decimal) -> Resource:
    return {"value": float(hours), "unit": "h/wk", "system": UCUM, "code": "h/wk"}


def _years(value: int) -> Resource:
    return {"value": value, "unit": "jaar", "system": UCUM, "code": "a"}


def _postcode(postcode: str) -> Resource:
    system = PC6 if len(postcode) > len("2512") else PC4
    return {"coding": [{"system": system, "code": postcode}], "text": postcode}


def _organization(fhir_id: str) -> Resource:
    return {"reference": f"Organization/{fhir_id}"}


def _note(text: str) -> list[Resource]:
    return [{"text": text}] if text else []


def _instant(moment: datetime) -> str:
    return instant_of(tick_of(moment))


def _without_empty(resource: Resource) -> Resource:
    return {
        name: value for name, value in resource.items() if value not in ([], {}, "")
    }
