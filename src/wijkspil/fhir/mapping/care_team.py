"""CareTeam: the named team that carries out a service, without persons."""

from collections.abc import Mapping
from typing import Any

from wijkspil.fhir.mapping.codes import PROFESSION, TEAM_SERVICE, TEAM_SIZE
from wijkspil.fhir.mapping.datatypes import (
    clean_text,
    drop_empty,
    is_live,
    to_meta,
    to_reference,
)
from wijkspil.fhir.mapping.elements import join
from wijkspil.fhir.mapping.identifiers import to_own_identifier
from wijkspil.fhir.types import DirectoryType, Resource


def to_care_team(fhir_id: str, source: Mapping[str, Any]) -> Resource:
    """Return the CareTeam of a row of the directory; a fed one as it was fed."""
    if "team" not in source:
        return dict(source.get("elements") or {})
    team, service = source["team"], source["service"]
    organization = source["organization"]
    resource = {
        "meta": to_meta(service),
        "extension": [
            {
                "url": TEAM_SERVICE,
                "valueReference": to_reference("HealthcareService", service["fhir_id"]),
            }
        ],
        "identifier": [to_own_identifier(fhir_id, organization)],
        "status": "active" if is_live(source, service, organization) else "inactive",
        "name": clean_text(team["name"]) or fhir_id,
        "participant": [
            _to_participant(code, count)
            for code, count in sorted((team.get("composition") or {}).items())
            if clean_text(code) and isinstance(count, int) and count > 0
        ],
        "managingOrganization": [
            to_reference("Organization", organization["fhir_id"]),
        ],
    }
    return join(DirectoryType.CARE_TEAM, drop_empty(resource), source.get("elements"))


def _to_participant(profession: str, count: int) -> Resource:
    """Return how many of a profession are in a team."""
    code = "-".join(clean_text(profession).split())
    return {
        "extension": [{"url": TEAM_SIZE, "valuePositiveInt": count}],
        "role": [{"coding": [{"system": PROFESSION, "code": code}]}],
    }
