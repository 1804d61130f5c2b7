"""Write bundles by joining JSON texts that are there already.

A resource is never parsed to be listed; only ``_elements`` and ``_summary`` ask for
parts of it, and then it is cut.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wijkspil.fhir.types import Resource, etag_of, instant_of

_DISTANCE = "http://hl7.org/fhir/StructureDefinition/location-distance"
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
#: What every type keeps when it is cut.
_KEPT = frozenset({"resourceType", "id", "meta"})
#: Elements of ``_summary=true`` per type (R4: those marked as summary).
_SUMMARY: Mapping[str, frozenset[str]] = {
    "Organization": frozenset({"identifier", "active", "type", "name"}),
    "Location": frozenset(
        {
            "identifier",
            "status",
            "operationalStatus",
            "name",
            "description",
            "mode",
            "type",
            "physicalType",
            "managingOrganization",
        }
    ),
    "HealthcareService": frozenset(
        {
            "identifier",
            "active",
            "providedBy",
            "category",
            "type",
            "specialty",
            "location",
            "name",
            "comment",
            "photo",
        }
    ),
    "Endpoint": frozenset(
        {
            "identifier",
            "status",
            "connectionType",
            "name",
            "managingOrganization",
            "period",
            "payloadType",
            "payloadMimeType",
            "address",
        }
    ),
    "OrganizationAffiliation": frozenset(
        {
            "identifier",
            "active",
            "period",
            "organization",
            "participatingOrganization",
            "network",
            "code",
            "specialty",
            "location",
        }
    ),
    "CareTeam": frozenset(
        {
            "identifier",
            "status",
            "category",
            "name",
            "subject",
            "encounter",
            "period",
            "managingOrganization",
        }
    ),
    "Practitioner": frozenset(
        {"identifier", "active", "name", "telecom", "address", "gender"}
    ),
    "PractitionerRole": frozenset(
        {
            "identifier",
            "active",
            "period",
            "practitioner",
            "organization",
            "code",
            "specialty",
            "location",
            "telecom",
        }
    ),
    "Provenance": frozenset({"target", "recorded", "agent"}),
}
#: Elements a type must have, kept also where others are asked for.
_MANDATORY: Mapping[str, frozenset[str]] = {
    "Endpoint": frozenset({"status", "connectionType", "payloadType", "address"}),
    "Provenance": frozenset({"target", "recorded", "agent"}),
}


@dataclass(frozen=True)
class Cut:
    """Which part of resources is given."""

    summary: str = ""
    elements: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.elements and self.summary in {"", "false"}


def cut_body(body: str, cut: Cut) -> str:
    """Return a resource with the asked part of it, marked as such."""
    if cut.is_whole:
        return body
    resource: Resource = json.loads(body)
    type_ = resource["resourceType"]
    must = _KEPT | _MANDATORY.get(type_, frozenset())
    if cut.summary == "data":
        kept = frozenset(resource) - {"text"}
    elif cut.summary == "text":
        kept = must | {"text"}
    elif cut.summary == "true":
        kept = must | _SUMMARY.get(type_, frozenset())
    else:
        kept = must | cut.elements
    resource = {
        name: value
        for name, value in resource.items()
        if name in kept or name.removeprefix("_") in kept
    }
    meta = dict(resource.get("meta", {}))
    meta["tag"] = [*meta.get("tag", []), _SUBSETTED]
    resource["meta"] = meta
    return to_json(resource)


def to_json(value: object) -> str:
    """Return JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def to_bundle(
    type_: str,
    *,
    horizon: int,
    links: Sequence[tuple[str, str]],
    total: int | None,
    entries: Iterable[str],
) -> str:
    """Return the text of a bundle; ``entries`` are texts themselves."""
    parts = [
        f'{{"resourceType":"Bundle","meta":{{"lastUpdated":"{instant_of(horizon)}"}}'
        f',"type":"{type_}"'
    ]
    if total is not None:
        parts.append(f',"total":{total}')
    parts.append(
        f',"link":{to_json([{"relation": name, "url": url} for name, url in links])}'
    )
    # An empty list is no FHIR: then there is no list.
    if joined := ",".join(entries):
        parts.append(f',"entry":[{joined}]')
    parts.append("}")
    return "".join(parts)


def to_search_entry(
    base_url: str,
    type_: str,
    fhir_id: str,
    body: str,
    *,
    mode: str = "match",
    distance_m: float | None = None,
) -> str:
    """Return one entry of a searchset."""
    search = f'{{"mode":"{mode}"}}'
    if distance_m is not None:
        quantity = {
            "value": round(distance_m / 1000, 3),
            "unit": "km",
            "system": "http://unitsofmeasure.org",
            "code": "km",
        }
        search = to_json(
            {
                "extension": [{"url": _DISTANCE, "valueDistance": quantity}],
                "mode": mode,
            }
        )
    return (
        f'{{"fullUrl":"{base_url}/{type_}/{fhir_id}","resource":{body}'
        f',"search":{search}}}'
    )


def to_outcome_entry(outcome: Resource) -> str:
    """Return the entry that says what was not used of a search."""
    return f'{{"resource":{to_json(outcome)},"search":{{"mode":"outcome"}}}}'


def to_history_entry(
    base_url: str, type_: str, fhir_id: str, version: int, tick: int, body: str
) -> str:
    """Return one entry of a history: a version and how it came about."""
    is_first = version == 1
    request = (
        f'{{"method":"POST","url":"{type_}"}}'
        if is_first
        else f'{{"method":"PUT","url":"{type_}/{fhir_id}"}}'
    )
    etag = etag_of(version).replace('"', '\\"')
    return (
        f'{{"fullUrl":"{base_url}/{type_}/{fhir_id}","resource":{body}'
        f',"request":{request},"response":{{"status":"{"201" if is_first else "200"}"'
        f',"etag":"{etag}","lastModified":"{instant_of(tick)}"}}}}'
    )
