"""OrganizationAffiliation: who takes part in an alliance or in a region's RESV."""

from collections.abc import Mapping
from typing import Any

from wijkspil.directory.types import AllianceRole
from wijkspil.fhir.mapping.codes import ALLIANCE_ROLE, NL_GF, ORGANIZATION_ROLE
from wijkspil.fhir.mapping.coding import Concept, to_concept
from wijkspil.fhir.mapping.datatypes import (
    drop_empty,
    is_live,
    to_meta,
    to_reference,
)
from wijkspil.fhir.mapping.identifiers import has_custodian, to_own_identifier
from wijkspil.fhir.types import Resource

PROFILE = f"{NL_GF}/nl-gf-organizationaffiliation"

_MEMBER = Concept(ORGANIZATION_ROLE, "member", "Member")


def to_organization_affiliation(fhir_id: str, source: Mapping[str, Any]) -> Resource:
    """Return the affiliation of a member; a fed one as it was fed."""
    if "organization" not in source:
        return dict(source.get("elements") or {})
    organization = source["organization"]
    partnership = source.get("alliance") or source["partnership"]
    service = source.get("service")
    role = source.get("role")
    return drop_empty(
        {
            "meta": to_meta(
                partnership, *([PROFILE] if has_custodian(organization) else [])
            ),
            "identifier": [to_own_identifier(fhir_id, organization)],
            "active": is_live(source, partnership, service or {}, organization),
            "organization": to_reference("Organization", partnership["fhir_id"]),
            "participatingOrganization": to_reference(
                "Organization", organization["fhir_id"]
            ),
            "code": [
                to_concept(ALLIANCE_ROLE, AllianceRole, role, _MEMBER)
                if role
                else {"coding": [_MEMBER.to_coding()]}
            ],
            "healthcareService": [to_reference("HealthcareService", service["fhir_id"])]
            if service
            else None,
        }
    )
