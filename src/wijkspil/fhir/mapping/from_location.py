"""From a Location that came in to where a service is (pure)."""

from dataclasses import dataclass

from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode
from wijkspil.fhir.types import Resource


@dataclass(frozen=True)
class Place:
    """Where something is: a Dutch postcode or "", and a point in degrees WGS84."""

    postcode: str = ""
    lon: float | None = None
    lat: float | None = None


def from_location(resource: Resource) -> Place:
    """Return the place of a Location; a postcode of another country is left out."""
    address = resource.get("address") or {}
    position = resource.get("position") or {}
    try:
        postcode = clean_postcode(str(address.get("postalCode") or ""))
    except InvalidValue:
        postcode = ""
    lon, lat = position.get("longitude"), position.get("latitude")
    if lon is None or lat is None:
        return Place(postcode)
    return Place(postcode, float(lon), float(lat))
