"""From what the tables held to a resource: one function per type, and its view for all.

A mapper is a pure function of an id and a source (``sql/sources.sql``); it knows no
clock, so a version reads the same whenever it is rendered. What others fed is joined
by ``mapping.elements``; a resource without a row is shown as it was fed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wijkspil.directory.types import Audience
from wijkspil.fhir.exchange.mapping.task import to_task
from wijkspil.fhir.mapping.care_team import to_care_team
from wijkspil.fhir.mapping.codes import CAPACITY, CONTACT_AUDIENCE
from wijkspil.fhir.mapping.endpoint import to_endpoint
from wijkspil.fhir.mapping.healthcare_service import to_healthcare_service
from wijkspil.fhir.mapping.location import to_location
from wijkspil.fhir.mapping.organization import to_organization
from wijkspil.fhir.mapping.organization_affiliation import to_organization_affiliation
from wijkspil.fhir.types import DirectoryType, Resource, instant_of

Source = Mapping[str, Any]

MAPPERS: Mapping[str, Callable[[str, Source], Resource]] = {
    DirectoryType.ORGANIZATION: to_organization,
    DirectoryType.HEALTHCARE_SERVICE: to_healthcare_service,
    DirectoryType.LOCATION: to_location,
    DirectoryType.ENDPOINT: to_endpoint,
    DirectoryType.CARE_TEAM: to_care_team,
    DirectoryType.ORGANIZATION_AFFILIATION: to_organization_affiliation,
    "Task": to_task,
}


@dataclass(frozen=True)
class Rendered:
    """A version as text, for professionals and for visitors."""

    body: str
    public_body: str
    resource: Resource
    public_resource: Resource


def render(
    type_: str, fhir_id: str, *, version: int, tick: int, source: Source
) -> Rendered:
    """Return a version as JSON text."""
    resource: Resource = {
        "resourceType": type_,
        "id": fhir_id,
        "meta": {"versionId": str(version), "lastUpdated": instant_of(tick)},
    }
    made = make_resource(type_, fhir_id, source)
    resource["meta"] |= {
        name: value
        for name, value in made.pop("meta", {}).items()
        if name not in resource["meta"]
    }
    resource |= made
    public = make_public(resource)
    body = _to_text(resource)
    return Rendered(
        body=body,
        public_body=body if public is resource else _to_text(public),
        resource=resource,
        public_resource=public,
    )


def make_resource(type_: str, fhir_id: str, source: Source) -> Resource:
    """Return what a source shows, without id, version and moment.

    Without ``elements`` in the source: what the directory shows by itself.
    """
    if type_ in MAPPERS and (set(source) - {"elements", "removed"}):
        return MAPPERS[type_](fhir_id, source)
    elements = dict(source.get("elements") or {})
    made = {name: value for name, value in elements.items() if name not in _NAMED}
    if source.get("removed"):
        name, value = _GONE.get(type_, ("active", False))
        made[name] = value
    return made


_NAMED = frozenset({"resourceType", "id"})
#: How a type says that it is no longer there; others by ``active``.
_GONE: Mapping[str, tuple[str, str]] = {
    DirectoryType.LOCATION: ("status", "inactive"),
    DirectoryType.ENDPOINT: ("status", "off"),
    DirectoryType.CARE_TEAM: ("status", "inactive"),
}


def make_public(resource: Resource) -> Resource:
    """Return what a visitor may see of a resource: itself, if that is all of it.

    Left out are room, and contacts that are not meant for residents. Of a Task a
    visitor sees nothing at all; it is never asked for one.
    """
    if resource["resourceType"] == "Task":
        return {name: resource[name] for name in ("resourceType", "id", "meta")}
    public = dict(resource)
    if "extension" in resource:
        public["extension"] = [
            item for item in resource["extension"] if item.get("url") != CAPACITY
        ]
    if "telecom" in resource:
        public["telecom"] = [
            item for item in resource["telecom"] if _is_for_residents(item)
        ]
    for name in ("extension", "telecom"):
        if public.get(name) == []:
            del public[name]
    return resource if public == resource else public


def _is_for_residents(telecom: Mapping[str, Any]) -> bool:
    """Whether anyone may see a contact; one that does not say is of a register."""
    return all(
        extension.get("valueCode") == Audience.RESIDENT
        for extension in telecom.get("extension") or ()
        if extension.get("url") == CONTACT_AUDIENCE
    )


def _to_text(resource: Resource) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
