"""Organization: a care organization, or a neighborhood alliance."""

from collections.abc import Mapping
from typing import Any

from wijkspil.fhir.mapping.codes import AGB, KVK, URA
from wijkspil.fhir.types import Resource


def to_organization(source: Mapping[str, Any]) -> Resource:
    """Return the Organization of a row of the directory with what was fed of it."""
    own = source.get("organization") or source["alliance"]
    resource: Resource = dict(source.get("elements") or {})
    resource["active"] = bool(own["is_active"]) and not source.get("removed")
    resource["name"] = own["name"]
    identifiers = [
        {"system": system, "value": own[name]}
        for system, name in ((URA, "ura"), (AGB, "agb_code"), (KVK, "kvk_number"))
        if own.get(name)
    ]
    if identifiers:
        resource["identifier"] = identifiers
    if source.get("part_of"):
        resource["partOf"] = {"reference": f"Organization/{source['part_of']}"}
    return resource
