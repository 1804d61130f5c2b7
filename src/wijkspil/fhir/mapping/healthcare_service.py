"""HealthcareService: what an organization offers, where, when, to whom, with what room.

``providedBy``, ``active`` and ``name`` are the directory's; see ``mapping.elements``
for what others may feed.
"""

from collections.abc import Mapping
from typing import Any

from wijkspil.directory.types import Care, CareLaw, CareTask, ContactSystem
from wijkspil.fhir.mapping.capacity import to_capacity
from wijkspil.fhir.mapping.codes import (
    CARE,
    CARE_LAW,
    CARE_TASK,
    CONTACT_AREA,
    CONTACT_AUDIENCE,
    CONTACT_USE,
    COVERAGE,
    LANGUAGE,
    NL_GF,
    OPEN_ON_HOLIDAYS,
    UZOVI,
)
from wijkspil.fhir.mapping.coding import (
    SERVICE_CODES,
    to_area_identifier,
    to_concept,
)
from wijkspil.fhir.mapping.datatypes import (
    clean_text,
    drop_empty,
    is_live,
    to_meta,
    to_period,
    to_reference,
)
from wijkspil.fhir.mapping.elements import join
from wijkspil.fhir.mapping.identifiers import has_custodian, to_own_identifier
from wijkspil.fhir.types import DirectoryType, Resource

PROFILE = f"{NL_GF}/nl-gf-healthcareservice"

#: Contact system -> FHIR; contacts of system "fhir" are Endpoints.
_TELECOM = {
    ContactSystem.PHONE: "phone",
    ContactSystem.EMAIL: "email",
    ContactSystem.WEB: "url",
}
_CLOSED_ON_HOLIDAYS = "Gesloten op feestdagen."
_END_OF_DAY = "24:00"
#: FHIR has no 24:00; this says the same but for a second.
END_OF_DAY = "23:59:59"


def to_healthcare_service(fhir_id: str, source: Mapping[str, Any]) -> Resource:
    """Return the HealthcareService of a row of the directory with what was fed."""
    if "service" not in source:
        return dict(source.get("elements") or {})
    own, organization = source["service"], source["organization"]
    contacts = source.get("contacts") or []
    resource = {
        "meta": to_meta(own, *([PROFILE] if has_custodian(organization) else [])),
        "extension": _to_extensions(own, source.get("capacity")),
        "identifier": [to_own_identifier(fhir_id, organization)],
        "active": is_live(source, own, organization),
        "providedBy": to_reference("Organization", organization["fhir_id"]),
        "type": [
            to_concept(CARE, Care, own["care"], *SERVICE_CODES.get(own["care"], ()))
        ],
        "specialty": [{"text": text}] if (text := clean_text(own["specialty"])) else [],
        "location": [to_reference("Location", fhir_id)] if _has_place(own) else [],
        "name": clean_text(own["name"]) or fhir_id,
        "comment": clean_text(own["description"]),
        "telecom": [
            _to_telecom(contact)
            for contact in contacts
            if contact["system"] in _TELECOM and clean_text(contact["value"])
        ],
        "coverageArea": [_to_coverage(c) for c in source.get("coverages") or ()],
        "eligibility": [
            {"code": {"coding": [{"system": UZOVI, "code": code}]}}
            for code in own["insurers"]
        ],
        "program": [to_concept(CARE_LAW, CareLaw, law) for law in own["care_laws"]],
        "characteristic": [
            to_concept(CARE_TASK, CareTask, task) for task in own["tasks"]
        ],
        "communication": [
            {"coding": [{"system": LANGUAGE, "code": code}]}
            for code in own["languages"]
        ],
        "availableTime": [_to_available(line) for line in own["opening_hours"]],
        "availabilityExceptions": _CLOSED_ON_HOLIDAYS
        if own["opening_hours"] and not own["is_open_on_holidays"]
        else "",
        "endpoint": [
            to_reference("Endpoint", contact["endpoint"])
            for contact in contacts
            if contact.get("endpoint")
        ],
    }
    return join(
        DirectoryType.HEALTHCARE_SERVICE, drop_empty(resource), source.get("elements")
    )


def _has_place(service: Mapping[str, Any]) -> bool:
    """Whether there is a Location of this service (as in ``sql/sources.sql``)."""
    return bool(service["postcode"]) or service["lat"] is not None


def _to_extensions(
    service: Mapping[str, Any], report: Mapping[str, Any] | None
) -> list[Resource]:
    extensions: list[Resource] = []
    if service["opening_hours"]:
        extensions.append(
            {
                "url": OPEN_ON_HOLIDAYS,
                "valueBoolean": bool(service["is_open_on_holidays"]),
            }
        )
    if report:
        extensions.append(to_capacity(report))
    return extensions


def _to_telecom(contact: Mapping[str, Any]) -> Resource:
    extensions: list[Resource] = [
        {"url": CONTACT_AUDIENCE, "valueCode": contact["audience"]},
        {"url": CONTACT_USE, "valueCode": contact["purpose"]},
    ]
    if contact.get("area"):
        extensions.append(
            {"url": CONTACT_AREA, "valueIdentifier": to_area_identifier(contact)}
        )
    return drop_empty(
        {
            "extension": extensions,
            "system": _TELECOM[contact["system"]],
            "value": clean_text(contact["value"]),
            "use": "work",
            "period": to_period(contact),
        }
    )


def _to_coverage(coverage: Mapping[str, Any]) -> Resource:
    """Return a logical reference to an area, with the part the service plays there."""
    return drop_empty(
        {
            "extension": [
                {
                    "url": COVERAGE,
                    "extension": [
                        {"url": "role", "valueCode": coverage["role"]},
                        {"url": "care", "valueCode": coverage["care"]},
                        {
                            "url": "rank",
                            "valuePositiveInt": max(1, int(coverage["rank"])),
                        },
                        {"url": "area-year", "valueInteger": coverage["area_year"]},
                        {"url": "period", "valuePeriod": to_period(coverage)},
                    ],
                }
            ],
            "type": "Location",
            "identifier": to_area_identifier(coverage),
            "display": clean_text(coverage.get("area_name")),
        }
    )


def _to_available(line: Mapping[str, Any]) -> Resource:
    if line["from"] == "00:00" and line["until"] == _END_OF_DAY:
        return {"daysOfWeek": list(line["days"]), "allDay": True}
    return {
        "daysOfWeek": list(line["days"]),
        "availableStartTime": f"{line['from']}:00",
        "availableEndTime": END_OF_DAY
        if line["until"] == _END_OF_DAY
        else f"{line['until']}:00",
    }
