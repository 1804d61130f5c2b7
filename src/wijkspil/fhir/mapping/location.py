"""Location: the one place of a service of the directory."""

from collections.abc import Mapping
from typing import Any

from wijkspil.directory.types import Care
from wijkspil.fhir.mapping.codes import CARE, NL_GF, PHYSICAL_TYPE
from wijkspil.fhir.mapping.coding import PLACE_CODES, Concept, to_concept
from wijkspil.fhir.mapping.datatypes import (
    clean_text,
    drop_empty,
    is_live,
    to_meta,
    to_reference,
)
from wijkspil.fhir.mapping.elements import join
from wijkspil.fhir.mapping.identifiers import has_custodian, to_own_identifier
from wijkspil.fhir.types import DirectoryType, Resource

PROFILE = f"{NL_GF}/nl-gf-location"

_BUILDING = Concept(PHYSICAL_TYPE, "bu", "Building")


def to_location(fhir_id: str, source: Mapping[str, Any]) -> Resource:
    """Return the Location of a service; a fed one is shown as it was fed."""
    if "service" not in source:
        return dict(source.get("elements") or {})
    service, organization = source["service"], source["organization"]
    care = service.get("care") or ""
    resource = {
        "meta": to_meta(service, *([PROFILE] if has_custodian(organization) else [])),
        "identifier": [to_own_identifier(fhir_id, organization)],
        "status": "active" if is_live(source, service, organization) else "inactive",
        "name": clean_text(service["name"]) or fhir_id,
        "mode": "instance",
        "type": [
            to_concept(
                CARE, Care, care, *([PLACE_CODES[care]] if care in PLACE_CODES else [])
            )
        ]
        if care
        else None,
        "address": _to_address(service["postcode"]),
        "physicalType": {"coding": [_BUILDING.to_coding()]},
        "position": {"longitude": service["lon"], "latitude": service["lat"]}
        if service["lon"] is not None and service["lat"] is not None
        else None,
        "managingOrganization": to_reference("Organization", organization["fhir_id"]),
    }
    return join(DirectoryType.LOCATION, drop_empty(resource), source.get("elements"))


def _to_address(postcode: str) -> Resource:
    """Return the postcode as the Dutch profile writes it ("2512 AB")."""
    if not postcode:
        return {}
    written = f"{postcode[:4]} {postcode[4:]}".strip()
    return {"use": "work", "postalCode": written, "country": "NL"}
