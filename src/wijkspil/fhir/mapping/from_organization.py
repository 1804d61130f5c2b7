"""From an Organization that came in to what the directory keeps of one (pure)."""

from wijkspil.directory.services.organizations import OrganizationDetails
from wijkspil.fhir.mapping.coding import find_organization_type
from wijkspil.fhir.mapping.references import numbers_of
from wijkspil.fhir.types import Resource


def from_organization(
    resource: Resource, *, type_: str = "", numbers: dict[str, str] | None = None
) -> OrganizationDetails:
    """Return the details of an organization.

    ``type_`` and ``numbers`` are what we know already: they stay where the resource
    has nothing we know. A registered number is not lost by leaving it out.
    """
    known = {name: value for name, value in (numbers or {}).items() if value}
    return OrganizationDetails(
        name=str(resource.get("name", "")),
        type=find_organization_type(resource.get("type", ())) or type_,
        **(known | numbers_of(resource.get("identifier", ()))),
    )
