"""Patient and Consent of a request, for who may see them."""

from typing import TYPE_CHECKING

from wijkspil.fhir.exchange.mapping.codes import (
    CONSENT_DECISION,
    CONSENT_DOCUMENT,
    EXT_GIVEN_BY,
    PATIENT_PRIVACY,
    REQUEST_NUMBER,
    extension,
)
from wijkspil.fhir.mapping.codes import LANGUAGE
from wijkspil.fhir.mapping.coding import to_concept
from wijkspil.fhir.types import Resource, instant_of, tick_of
from wijkspil.referrals.types import ConsentDecision

if TYPE_CHECKING:
    from wijkspil.referrals.models import Consent, Patient, ServiceRequest


def to_patient(
    patient: "Patient", request: "ServiceRequest", *, fhir_id: str, version: int
) -> Resource:
    """Return who the client of a request is."""
    moment = request.submitted_at or request.created_at
    resource: Resource = {
        "resourceType": "Patient",
        "id": fhir_id,
        "meta": {"versionId": str(version), "lastUpdated": instant_of(tick_of(moment))},
        "identifier": [{"system": REQUEST_NUMBER, "value": request.number}],
        "name": [{"use": "usual", "text": patient.name}],
        "birthDate": patient.birth_date.isoformat(),
        "address": [
            {"use": "home", "text": patient.address, "postalCode": request.postcode}
        ],
        "communication": [
            {"language": {"coding": [{"system": LANGUAGE, "code": request.language}]}}
        ],
    }
    if patient.phone:
        resource["telecom"] = [{"system": "phone", "value": patient.phone}]
    contact: Resource = {}
    if patient.representative_name:
        contact["name"] = {"text": patient.representative_name}
    if patient.representative_phone:
        contact["telecom"] = [
            {"system": "phone", "value": patient.representative_phone}
        ]
    if contact:
        resource["contact"] = [contact]
    if patient.gp_name:
        resource["generalPractitioner"] = [{"display": patient.gp_name}]
    return resource


def to_consent(
    consent: "Consent", request: "ServiceRequest", *, patient_id: str, organization: str
) -> Resource:
    """Return what was said; ``organization`` if it was about one provider only."""
    moment = instant_of(tick_of(consent.recorded_at))
    objected = consent.decision == ConsentDecision.OBJECTED
    provision: Resource = {
        "type": "deny" if objected else "permit",
        "period": {
            "start": moment,
            "end": consent.retain_until.isoformat(),
        },
    }
    if organization:
        role = {"coding": [{"system": _ROLE, "code": "IRCP"}]}
        provision["actor"] = [
            {"role": role, "reference": {"reference": f"Organization/{organization}"}}
        ]
    return {
        "resourceType": "Consent",
        "id": consent_id(request.number, consent.pk),
        "meta": {"versionId": "1", "lastUpdated": moment},
        "extension": [extension(EXT_GIVEN_BY, valueCode=consent.given_by)],
        "identifier": [{"system": REQUEST_NUMBER, "value": request.number}],
        "status": "active",
        "scope": {"coding": [PATIENT_PRIVACY.to_coding()]},
        "category": [{"coding": [CONSENT_DOCUMENT.to_coding()]}],
        "patient": {"reference": f"Patient/{patient_id}"},
        "dateTime": moment,
        "policyRule": to_concept(CONSENT_DECISION, ConsentDecision, consent.decision),
        "provision": provision,
    }


def consent_id(number: str, pk: int) -> str:
    """Return the id of a Consent of a request."""
    return f"{number}.{pk}"


_ROLE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
