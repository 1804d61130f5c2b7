"""Systems of a hospital and of providers, as they call the REST interface."""

import json
import uuid
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils.timezone import localdate

from tests.apps.directory.signing_in import token_header
from tests.factories.referrals import PATIENT, ReferralsWijk
from wijkspil.directory.models import Organization

API = "/api/v1"


class System:
    """An organization's own system: a client with a token."""

    def __init__(self, organization: Organization) -> None:
        self.client = Client(headers=token_header(organization))

    def get(self, path: str, **query: Any) -> Any:
        """Read a path below /api/v1."""
        return self.client.get(API + path, query)

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        """Write; text is sent as it is, without a body nothing is."""
        return self.client.post(
            API + path,
            body
            if isinstance(body, str)
            else ("" if body is None else json.dumps(body)),
            content_type="application/json",
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
        )


def need_body(wijk: ReferralsWijk, **changes: Any) -> dict[str, Any]:
    """Return an ordinary need as a system sends it."""
    return {
        "postcode": "2512AB",
        "tasks": ["stockings", "medication"],
        "partsOfDay": ["morning"],
        "firstVisitOn": (localdate(wijk.at) + timedelta(days=2)).isoformat(),
        "urgency": "days",
        "urgencyReason": "discharge",
        **changes,
    }


def request_body(wijk: ReferralsWijk, **changes: Any) -> dict[str, Any]:
    """Return a whole request; a change of a part is merged into that part."""
    body: dict[str, Any] = {
        "need": need_body(wijk),
        "requester": {"name": "Transferpunt Aanvraagster", "phone": "070 555 0744"},
        "patient": {
            "name": PATIENT.name,
            "birthDate": PATIENT.birth_date.isoformat(),
            "address": PATIENT.address,
            "phone": PATIENT.phone,
            "representativeName": PATIENT.representative_name,
            "representativePhone": PATIENT.representative_phone,
            "gpName": PATIENT.gp_name,
        },
        "consent": {"decision": "agreed", "givenBy": "client"},
    }
    for part, change in changes.items():
        body[part] = (
            {**body[part], **change}
            if isinstance(change, dict) and part in body
            else change
        )
    return body


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """Return the body of a refusal with this status."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["detail"]
    return body
