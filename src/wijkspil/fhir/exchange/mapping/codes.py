"""Code systems, extensions and names of the exchange, and where they come from.

Own ones lie under ``OWN``; every value is a word of ``referrals.types``. Codes of the
Dutch nursing hand-over (eOverdracht, Nictiz) are given beside ours.
"""

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from wijkspil.fhir.mapping.codes import OWN
from wijkspil.fhir.mapping.coding import Concept
from wijkspil.fhir.types import Resource
from wijkspil.referrals.types import (
    AdmissionPlace,
    ChangeReason,
    CloseReason,
    ConsentDecision,
    ConsentGiver,
    DeclineReason,
    OfferStatus,
    OwnerKind,
    Presence,
    ReopenReason,
    RequesterKind,
    RequestStatus,
    SafetyGround,
    Urgency,
    UrgencyReason,
)

_SYSTEM = f"{OWN}/CodeSystem"
_EXTENSION = f"{OWN}/StructureDefinition"

REQUEST_STATUS = f"{_SYSTEM}/request-status"
OFFER_STATUS = f"{_SYSTEM}/offer-status"
DECLINE_REASON = f"{_SYSTEM}/decline-reason"
CLOSE_REASON = f"{_SYSTEM}/close-reason"
REOPEN_REASON = f"{_SYSTEM}/reopen-reason"
SAFETY_GROUND = f"{_SYSTEM}/safety-ground"
CHANGE_REASON = f"{_SYSTEM}/change-reason"
URGENCY = f"{_SYSTEM}/urgency"
URGENCY_REASON = f"{_SYSTEM}/urgency-reason"
ADMISSION_PLACE = f"{_SYSTEM}/admission-place"
CONSENT_DECISION = f"{_SYSTEM}/consent-decision"
CONSENT_GIVER = f"{_SYSTEM}/consent-giver"
QUESTION_END = f"{_SYSTEM}/question-end"
TASK_CODE = f"{_SYSTEM}/task-code"
TASK_VALUE = f"{_SYSTEM}/task-value"
PRESENCE = f"{_SYSTEM}/presence"
REQUESTER_KIND = f"{_SYSTEM}/requester-kind"
OWNER_KIND = f"{_SYSTEM}/owner-kind"

#: Number of a request, as people say it.
REQUEST_NUMBER = f"{OWN}/NamingSystem/request-number"

#: On ServiceRequest.
EXT_URGENCY = f"{_EXTENSION}/urgency"
EXT_LANGUAGE = f"{_EXTENSION}/language"
EXT_AGE = f"{_EXTENSION}/age"
EXT_AGE_BAND = f"{_EXTENSION}/age-band"
EXT_CARE_LAW = f"{_EXTENSION}/care-law"
EXT_INSURER = f"{_EXTENSION}/insurer"
EXT_ORDER_PRESENT = f"{_EXTENSION}/order-present"
EXT_MATERIALS_PRESENT = f"{_EXTENSION}/materials-present"
EXT_KNOWN = f"{_EXTENSION}/known-provider"
EXT_REFUSED = f"{_EXTENSION}/refused-provider"
EXT_REQUESTER_KIND = f"{_EXTENSION}/requester-kind"
EXT_PHONE_AGREEMENT = f"{_EXTENSION}/phone-agreement"
EXT_OWNER = f"{_EXTENSION}/in-hand"
EXT_REVIEW_ON = f"{_EXTENSION}/review-on"
EXT_HOURS_EXPECTED = f"{_EXTENSION}/hours-expected"
EXT_ROOM_KEPT_UNTIL = f"{_EXTENSION}/room-kept-until"
EXT_DISTANCE = f"{_EXTENSION}/distance"
EXT_CLIENT_LINK = f"{_EXTENSION}/client-link"
EXT_CHANGE_REASON = f"{_EXTENSION}/change-reason"
EXT_ADMITTED_TO = f"{_EXTENSION}/admitted-to"
EXT_HOME_ON = f"{_EXTENSION}/home-on"
#: On Consent: who said it.
EXT_GIVEN_BY = f"{_EXTENSION}/given-by"
#: Why a ServiceRequest has its status (HL7).
EXT_STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
HL7_TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
EVENT_TIMING = "http://hl7.org/fhir/event-timing"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"

#: eOverdracht 4: Task, aanmeldbericht and overdrachtsbericht.
TRANSFER = Concept(SNOMED, "308292007", "Overdracht van zorg")
ADVANCE_NOTICE = Concept(LOINC, "57830-2", "Admission request")
NURSING_HANDOFF = Concept(SNOMED, "371535009", "verslag van overdracht")
FULFILL = Concept(HL7_TASK_CODE, "fulfill", "Fulfill the focal request")
CONSENT_DOCUMENT = Concept(LOINC, "59284-0", "Consent Document")
PATIENT_PRIVACY = Concept(CONSENT_SCOPE, "patient-privacy", "Privacy Consent")


class TaskCode(TextChoices):
    """What a Task is for."""

    COORDINATION = "coordination", _("Find a team")
    QUESTION = "question", _("Take this client")


class TaskValue(TextChoices):
    """What goes in and out of a Task (``input.type`` and ``output.type``)."""

    ADVANCE_NOTICE = "advance-notice", _("Advance notice, without identity")
    NURSING_HANDOFF = "nursing-handoff", _("Nursing hand-over, with identity")
    HOURS = "hours-per-week", _("Hours a week, set by the nurse")
    HOURS_EXPECTED = "hours-expected", _("Hours a week expected at the review")
    REVIEW_ON = "review-on", _("Day of the review")
    ROOM_AGAIN_ON = "room-again-on", _("Day on which there is room again")
    NEW_CLIENTS = "new-clients", _("Places that are left")
    PART_LEFT = "part-left", _("Part of the day with room left")
    TASK_EXCLUDED = "task-excluded", _("What cannot be done now")
    OVER_CAPACITY = "over-capacity", _("Taken also without room left")
    FIRST_VISIT_ON = "first-visit-on", _("Day of the first visit")
    ADMITTED_TO = "admitted-to", _("Where the client is admitted")
    HOME_ON = "home-on", _("Day on which the client is expected home")
    EXPLANATION = "explanation", _("Explanation")


class QuestionEnd(TextChoices):
    """Why a question to a team ended without its answer."""

    TAKEN = "taken", _("Another team was first")
    NOT_NEEDED = "not-needed", _("No longer needed")
    EXPIRED = "expired", _("No answer in time")
    ROOM_RELEASED = "room-released", _("The place is no longer kept")


class FhirStatus(StrEnum):
    """Task.status, as far as it is used."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: Code systems of the exchange, to be served: address -> words.
CODE_SYSTEMS: Mapping[str, type[TextChoices]] = {
    REQUEST_STATUS: RequestStatus,
    OFFER_STATUS: OfferStatus,
    DECLINE_REASON: DeclineReason,
    CLOSE_REASON: CloseReason,
    REOPEN_REASON: ReopenReason,
    SAFETY_GROUND: SafetyGround,
    CHANGE_REASON: ChangeReason,
    URGENCY: Urgency,
    URGENCY_REASON: UrgencyReason,
    ADMISSION_PLACE: AdmissionPlace,
    CONSENT_DECISION: ConsentDecision,
    CONSENT_GIVER: ConsentGiver,
    QUESTION_END: QuestionEnd,
    TASK_CODE: TaskCode,
    TASK_VALUE: TaskValue,
    PRESENCE: Presence,
    REQUESTER_KIND: RequesterKind,
    OWNER_KIND: OwnerKind,
}
#: Task.priority and ServiceRequest.priority of our urgency.
PRIORITY_OF: Mapping[str, str] = {
    Urgency.TODAY: "stat",
    Urgency.TOMORROW: "asap",
    Urgency.DAYS: "urgent",
    Urgency.WEEK: "routine",
    Urgency.PLANNED: "routine",
}
#: Timing.repeat.when of our parts of the day.
WHEN_OF: Mapping[str, str] = {
    "morning": "MORN",
    "afternoon": "AFT",
    "evening": "EVE",
    "night": "NIGHT",
}


def extension(url: str, **value: object) -> Resource:
    """Return an extension with one value, as in ``valueCode="nl"``."""
    return {"url": url, **value}
