"""Endpoint: where a service can be reached by systems."""

from collections.abc import Mapping
from typing import Any

from wijkspil.fhir.mapping.codes import CONNECTION_TYPE, NL_GF, PAYLOAD_TYPE
from wijkspil.fhir.mapping.coding import Concept
from wijkspil.fhir.mapping.datatypes import (
    clean_text,
    drop_empty,
    is_live,
    to_meta,
    to_period,
    to_reference,
)
from wijkspil.fhir.mapping.identifiers import to_own_identifier
from wijkspil.fhir.types import Resource

PROFILE = f"{NL_GF}/nl-gf-endpoint"

_FHIR_REST = Concept(CONNECTION_TYPE, "hl7-fhir-rest", "HL7 FHIR")
_ANY = Concept(PAYLOAD_TYPE, "any", "Any")


def to_endpoint(fhir_id: str, source: Mapping[str, Any]) -> Resource:
    """Return the Endpoint of a contact of a service; a fed one as it was fed."""
    if "contact" not in source:
        return dict(source.get("elements") or {})
    contact, organization = source["contact"], source["organization"]
    live = is_live(source, source["service"], organization)
    return drop_empty(
        {
            "meta": to_meta(source["service"], PROFILE),
            "identifier": [to_own_identifier(fhir_id, organization)],
            "status": "active" if live else "off",
            "connectionType": _FHIR_REST.to_coding(),
            "name": clean_text(source["service"]["name"]),
            "managingOrganization": to_reference(
                "Organization", organization["fhir_id"]
            ),
            "period": to_period(contact),
            "payloadType": [{"coding": [_ANY.to_coding()]}],
            "payloadMimeType": ["application/fhir+json"],
            "address": "".join(clean_text(contact["value"]).split()),
        }
    )
