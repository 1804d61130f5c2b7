"""Organization: a care organization, a neighborhood alliance, or a region's RESV."""

from collections.abc import Mapping
from typing import Any

from wijkspil.directory.types import OrganizationType
from wijkspil.fhir.mapping.codes import (
    NL_GF,
    ORGANIZATION_TYPE,
    OWN_ORGANIZATION_TYPE,
    WORKING_AREA,
)
from wijkspil.fhir.mapping.coding import (
    ORGANIZATION_CODES,
    SBI_PARTNERSHIP,
    Concept,
    to_area_identifier,
    to_concept,
)
from wijkspil.fhir.mapping.datatypes import (
    clean_text,
    drop_empty,
    is_live,
    to_meta,
    to_reference,
)
from wijkspil.fhir.mapping.elements import join
from wijkspil.fhir.mapping.identifiers import (
    has_custodian,
    to_organization_identifiers,
    to_own_identifier,
)
from wijkspil.fhir.types import DirectoryType, Resource

PROFILE = f"{NL_GF}/nl-gf-organization"

_PROVIDER = Concept(ORGANIZATION_TYPE, "prov", "Healthcare Provider")
#: Kinds of partnership: code of ours -> (English, Dutch).
PARTNERSHIPS = {
    "hecht-wijkverband": ("Tight neighborhood alliance", "Hecht wijkverband"),
    "resv": (
        "Regional primary-care partnership",
        "Regionaal eerstelijnssamenwerkingsverband (RESV)",
    ),
}


def to_organization(fhir_id: str, source: Mapping[str, Any]) -> Resource:
    """Return the Organization of a row of the directory with what was fed of it."""
    if "organization" not in source:
        kind = "hecht-wijkverband" if "alliance" in source else "resv"
        return _to_partnership(fhir_id, source, kind)
    own = source["organization"]
    parent = source.get("part_of") or {}
    resource = {
        "meta": to_meta(own, *([PROFILE] if has_custodian(own) or parent else [])),
        "identifier": to_organization_identifiers(fhir_id, own, parent),
        "active": is_live(source, own),
        "type": [
            to_concept(
                OWN_ORGANIZATION_TYPE,
                OrganizationType,
                own["type"],
                *([ORGANIZATION_CODES[own["type"]]] if own["type"] in _KNOWN else []),
                _PROVIDER,
            )
        ],
        "name": clean_text(own["name"]) or fhir_id,
        "partOf": to_reference("Organization", parent["fhir_id"]) if parent else None,
    }
    return join(
        DirectoryType.ORGANIZATION, drop_empty(resource), source.get("elements")
    )


_KNOWN = frozenset(ORGANIZATION_CODES)


def _to_partnership(fhir_id: str, source: Mapping[str, Any], kind: str) -> Resource:
    own = source.get("alliance") or source.get("region") or {}
    english, dutch = PARTNERSHIPS[kind]
    return drop_empty(
        {
            "meta": to_meta(own),
            "extension": [
                {
                    "url": WORKING_AREA,
                    "valueIdentifier": to_area_identifier(source["area"]),
                }
            ],
            "identifier": [to_own_identifier(fhir_id, {})],
            "active": is_live(source, own),
            "type": [
                {
                    "coding": [
                        SBI_PARTNERSHIP.to_coding(),
                        Concept(OWN_ORGANIZATION_TYPE, kind, english).to_coding(),
                    ],
                    "text": dutch,
                }
            ],
            "name": clean_text(own["name"]) or fhir_id,
        }
    )
