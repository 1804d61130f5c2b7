"""What a resource is found by: each search parameter is a few terms.

A term is ``name|value``: for a token ``identifier|system|code``, ``identifier||code``
and so on; a search is then one lookup in one index.
"""

from dataclasses import dataclass

from wijkspil.fhir.types import Resource


@dataclass(frozen=True)
class Found:
    """Terms of one resource, its name to sort by and its place."""

    terms: list[str]
    name: str
    lon: float | None
    lat: float | None


def find_terms(resource: Resource) -> Found:
    """Return what a resource is found by."""
    position = resource.get("position") or {}
    return Found(
        terms=[],
        name=str(resource.get("name", "")).casefold(),
        lon=position.get("longitude"),
        lat=position.get("latitude"),
    )
