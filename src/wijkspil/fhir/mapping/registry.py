"""From what the tables held to a resource: one function per type, and its view for all.

A mapper is a pure function of a source (``sql/sources.sql``); it knows no clock, so a
version reads the same whenever it is rendered.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wijkspil.fhir.mapping.organization import to_organization
from wijkspil.fhir.types import DirectoryType, Resource, instant_of

Source = Mapping[str, Any]

MAPPERS: Mapping[str, Callable[[Source], Resource]] = {
    DirectoryType.ORGANIZATION: to_organization,
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
    made = (
        MAPPERS[type_](source)
        if type_ in MAPPERS
        else dict(source.get("elements") or {})
    )
    resource["meta"] |= made.pop("meta", {})
    resource |= made
    public = make_public(resource)
    return Rendered(
        body=json.dumps(resource, ensure_ascii=False, separators=(",", ":")),
        public_body=json.dumps(public, ensure_ascii=False, separators=(",", ":")),
        resource=resource,
        public_resource=public,
    )


def make_public(resource: Resource) -> Resource:
    """Return what a visitor may see of a resource."""
    return resource
