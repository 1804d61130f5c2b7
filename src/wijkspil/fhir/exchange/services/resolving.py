"""Find organizations and services by what another system calls them."""

from collections.abc import Mapping
from typing import Any

from wijkspil.directory.selectors.logical_ids import (
    find_organization,
    find_organization_by_number,
    find_service,
)
from wijkspil.fhir.mapping.codes import AGB, KVK, SYNONYMS, URA, URA_OID


def resolve_organization(reference: Mapping[str, Any]) -> int | None:
    """Return our number of an organization: by address, or by URA, AGB or KvK.

    A service stands for its organization. None if it is not in the directory.
    """
    type_, id_ = split_reference(reference)
    if type_ == "Organization" and id_:
        found = find_organization(id_)
        return found.id if found else None
    if type_ == "HealthcareService" and id_:
        service = find_service(id_)
        return service.organization_id if service else None
    system, value = _identifier(reference)
    keys = {URA: "ura", URA_OID: "ura", AGB: "agb_code", KVK: "kvk_number"}
    name = keys.get(SYNONYMS.get(system, system))
    if name is None or not value:
        return None
    by_number = find_organization_by_number(**{name: value})
    return by_number.id if by_number else None


def resolve_service(reference: Mapping[str, Any]) -> int | None:
    """Return our number of a service, or None if it is not in the directory."""
    type_, id_ = split_reference(reference)
    service = find_service(id_) if type_ == "HealthcareService" and id_ else None
    return service.id if service else None


def split_reference(reference: Mapping[str, Any]) -> tuple[str, str]:
    """Return type and id of a reference, relative or absolute; empty if neither."""
    parts = str(reference.get("reference", "")).split("/_history/")[0].split("/")
    return (parts[-2], parts[-1]) if len(parts) > 1 else ("", "")


def _identifier(reference: Mapping[str, Any]) -> tuple[str, str]:
    found = reference.get("identifier") or {}
    return str(found.get("system", "")), str(found.get("value", ""))
