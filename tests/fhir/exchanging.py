"""Systems of a hospital and of providers, as they speak FHIR with the exchange."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils.timezone import localdate
from fhir.resources.R4B import get_fhir_model_class

from tests.apps.directory.signing_in import token_header
from tests.factories.referrals import PATIENT, ReferralsWijk
from wijkspil.directory.models import Organization
from wijkspil.fhir.exchange.mapping import codes
from wijkspil.fhir.mapping.codes import CARE_TASK

JSON = "application/fhir+json"
PATCH = "application/json-patch+json"


class System:
    """An organization's own system: a client with a token."""

    def __init__(self, organization: Organization | None) -> None:
        self.client = Client(
            headers={} if organization is None else token_header(organization)
        )

    def get(self, path: str, **query: Any) -> Any:
        """Read below /fhir; what comes is valid R4."""
        headers = query.pop("headers", {})
        return valid(self.client.get(f"/fhir/{path}", query, headers=headers))

    def send(
        self, method: str, path: str, body: Any, type_: str = JSON, **headers: str
    ) -> Any:
        """Write below /fhir; what comes back is valid R4."""
        return valid(
            self.client.generic(
                method,
                f"/fhir/{path}",
                json.dumps(body),
                content_type=type_,
                headers={n.replace("_", "-"): v for n, v in headers.items()},
            )
        )

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """Create, or call an operation."""
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        """Update."""
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, *steps: dict[str, Any], **headers: str) -> Any:
        """Patch."""
        return self.send("PATCH", path, list(steps), PATCH, **headers)

    def only(self, type_: str, **query: Any) -> dict[str, Any]:
        """Return the one resource that a search finds."""
        (found,) = self.all(type_, **query)
        return found

    def all(self, type_: str, **query: Any) -> list[dict[str, Any]]:
        """Return what a search finds."""
        answer = self.get(type_, **query)
        assert answer.status_code == 200, answer.content
        return [entry["resource"] for entry in answer.json().get("entry", [])]


def valid(answer: Any) -> Any:
    """Check that an answer is R4 by the models of fhir.resources, and return it."""
    if answer.content:
        assert answer["Content-Type"].startswith(JSON), answer.content
        resource = answer.json()
        model = get_fhir_model_class(resource["resourceType"])
        model.model_validate(resource)
    return answer


def outcome_of(answer: Any, status: int) -> dict[str, Any]:
    """Return the first issue of a refusal with this status."""
    assert answer.status_code == status, answer.content
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    issue: dict[str, Any] = outcome["issue"][0]
    return issue


def concept(system: str, code: str) -> dict[str, Any]:
    """Return a CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]}


def patient_resource(**changes: Any) -> dict[str, Any]:
    """Return the client, as a hospital's system knows the person."""
    return {
        "resourceType": "Patient",
        "id": "client",
        "name": [{"text": PATIENT.name}],
        "birthDate": PATIENT.birth_date.isoformat(),
        "address": [{"use": "home", "text": PATIENT.address, "postalCode": "2512 AB"}],
        "telecom": [{"system": "phone", "value": PATIENT.phone}],
        "contact": [
            {
                "name": {"text": PATIENT.representative_name},
                "telecom": [{"system": "phone", "value": PATIENT.representative_phone}],
            }
        ],
        "generalPractitioner": [{"display": PATIENT.gp_name}],
        **changes,
    }


def consent_resource(decision: str = "agreed", **changes: Any) -> dict[str, Any]:
    """Return the basis."""
    return {
        "resourceType": "Consent",
        "id": "consent",
        "status": "active",
        "scope": concept(codes.CONSENT_SCOPE, "patient-privacy"),
        "category": [concept(codes.LOINC, "59284-0")],
        "patient": {"reference": "#client"},
        "policyRule": concept(codes.CONSENT_DECISION, decision),
        **changes,
    }


def request_resource(wijk: ReferralsWijk, **changes: Any) -> dict[str, Any]:
    """Return an ordinary request, with all it needs contained."""
    return {
        "resourceType": "ServiceRequest",
        "contained": [
            patient_resource(),
            consent_resource(),
            {
                "resourceType": "PractitionerRole",
                "id": "requester",
                "practitioner": {"display": "Transferpunt Aanvraagster"},
                "telecom": [{"system": "phone", "value": "070 555 0744"}],
            },
        ],
        "status": "active",
        "intent": "order",
        "priority": "urgent",
        "orderDetail": [
            concept(CARE_TASK, "stockings"),
            concept(CARE_TASK, "medication"),
        ],
        "reasonCode": [concept(codes.URGENCY_REASON, "discharge")],
        "subject": {"reference": "#client"},
        "requester": {"reference": "#requester"},
        "occurrenceTiming": {
            "repeat": {
                "boundsPeriod": {
                    "start": (localdate(wijk.at) + timedelta(days=2)).isoformat()
                },
                "when": ["MORN"],
            }
        },
        **changes,
    }


def output(type_: str, **value: Any) -> dict[str, Any]:
    """Return an output of a Task."""
    return {"type": concept(codes.TASK_VALUE, type_), **value}


def hours_outputs(wijk: ReferralsWijk, hours: float = 2.5) -> list[dict[str, Any]]:
    """Return the outputs of an intake."""
    review = (localdate(wijk.at) + timedelta(days=30)).isoformat()
    return [
        output("hours-per-week", valueQuantity={"value": hours, "unit": "h/wk"}),
        output("review-on", valueDate=review),
    ]
