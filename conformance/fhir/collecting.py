"""Every resource that the server gives out, as visitors and systems get it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from conformance.proof import Stage

#: Types that are shown to everybody, and those of the exchange.
DIRECTORY = (
    "Organization", "Location", "HealthcareService", "Endpoint",
    "OrganizationAffiliation", "CareTeam", "Practitioner", "PractitionerRole",
    "Provenance",
)  # fmt: skip
EXCHANGE = ("Task", "ServiceRequest", "Subscription")
DEFINITIONS = (
    "StructureDefinition", "SearchParameter", "CodeSystem", "ValueSet", "NamingSystem",
)  # fmt: skip
_REFUSED = (
    "Nothing/1", "Organization/unknown", "Organization?name:nonsense=x",
    "HealthcareService?near=here", "Organization/_history?_since=yesterday",
)  # fmt: skip


def write_all(stage: Stage, file: Path) -> int:
    """Write every resource to a file, one a line, and return how many there are."""
    number = 0
    with file.open("w") as out:
        for resource in collect(stage):
            out.write(json.dumps(resource) + "\n")
            number += 1
    return number


def collect(stage: Stage) -> Iterator[dict[str, Any]]:
    """Yield what is given out; of a Bundle the page and what is in it."""
    with httpx.Client(base_url=f"{stage.address}/fhir/", timeout=120) as http:
        yield http.get("metadata").json()
        for path in _REFUSED:
            yield http.get(path, headers={"Prefer": "handling=strict"}).json()
        for type_ in DEFINITIONS:
            yield from _pages(http, type_, "")
        for who in ("", "provider"):
            for type_ in DIRECTORY:
                yield from _pages(http, type_, stage.tokens.get(who, ""))
        yield from _pages(http, "_history", stage.tokens["provider"], most=2)
        for who in ("hospital", "practice", "provider"):
            for type_ in EXCHANGE:
                for resource in _pages(http, type_, stage.tokens[who]):
                    yield resource
                    yield from _beside(http, resource, stage.tokens[who])


def _pages(
    http: httpx.Client, path: str, token: str, *, most: int = 10_000
) -> Iterator[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url: str | None = f"{path}?_count=500"
    is_first = True
    while url and most > 0:
        answer = http.get(url, headers=headers)
        answer.raise_for_status()
        bundle = answer.json()
        most -= 1
        for entry in bundle.get("entry", []):
            if "resource" in entry:
                yield entry["resource"]
        if is_first:  # a page as a whole; the others are made alike
            yield bundle
            is_first = False
        url = next(
            (link["url"] for link in bundle["link"] if link["relation"] == "next"), None
        )


def _beside(
    http: httpx.Client, resource: dict[str, Any], token: str
) -> Iterator[dict[str, Any]]:
    """Yield what hangs on a request or Task and is not found by searching."""
    id_ = resource.get("id")
    paths = {
        "ServiceRequest": [
            resource.get("subject", {}).get("reference", ""),
            f"Consent?identifier={id_}",
        ],
        "Task": [f"Composition/{id_}", f"Composition/{id_}/$document"],
    }.get(resource["resourceType"], [])
    for path in paths:
        if path and not path.startswith("#"):
            # Whoever may not see it gets an OperationOutcome: that counts as well.
            headers = {"Authorization": f"Bearer {token}"}
            yield http.get(path, headers=headers).json()
