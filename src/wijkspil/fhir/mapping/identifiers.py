"""Identifiers of the Dutch profile: the register's, and the custodian's.

The profile wants exactly one identifier "assigned by the custodian": the party that
keeps the original. For an organization that is its own URA or KVK number; for what
belongs to it, its URA or KVK number vouches for our logical id. Who has neither (a
practice known by its AGB code only, an alliance) gets the same identifier without a
custodian, and does not meet the Dutch profile.
"""

from collections.abc import Mapping
from typing import Any

from wijkspil.fhir.mapping.codes import (
    AGB,
    DIRECTORY_ID,
    KVK,
    PARTICIPANT_TYPE,
    URA,
    URA_OID,
)
from wijkspil.fhir.types import Resource


def has_custodian(organization: Mapping[str, Any]) -> bool:
    """Whether an organization can vouch for identifiers in the Dutch profile."""
    return bool(organization.get("ura") or organization.get("kvk_number"))


def _to_custodian(organization: Mapping[str, Any]) -> Resource:
    system, value = (
        (URA_OID, organization["ura"])
        if organization.get("ura")
        else (KVK, organization["kvk_number"])
    )
    return {
        "identifier": {
            "type": {"coding": [{"system": PARTICIPANT_TYPE, "code": "custodian"}]},
            "system": system,
            "value": value,
        }
    }


def to_own_identifier(fhir_id: str, organization: Mapping[str, Any]) -> Resource:
    """Return our logical id as identifier, vouched for by its organization."""
    identifier: Resource = {
        "use": "official",
        "system": DIRECTORY_ID,
        "value": fhir_id,
    }
    if has_custodian(organization):
        identifier["assigner"] = _to_custodian(organization)
    return identifier


def to_organization_identifiers(
    fhir_id: str, organization: Mapping[str, Any], parent: Mapping[str, Any]
) -> list[Resource]:
    """Return URA, AGB and KVK number, of which one is the custodian's."""
    identifiers: list[Resource] = []
    if organization.get("ura"):
        identifiers.append(
            {
                "use": "official",
                "system": URA_OID,
                "value": organization["ura"],
                "assigner": _to_custodian(organization),
            }
        )
        identifiers.append({"system": URA, "value": organization["ura"]})
    if organization.get("kvk_number"):
        identifier: Resource = {"system": KVK, "value": organization["kvk_number"]}
        if not organization.get("ura"):
            identifier = {
                "use": "official",
                **identifier,
                "assigner": _to_custodian(organization),
            }
        identifiers.append(identifier)
    if organization.get("agb_code"):
        identifiers.append({"system": AGB, "value": organization["agb_code"]})
    if not has_custodian(organization):
        identifiers.append(to_own_identifier(fhir_id, parent))
    return identifiers
