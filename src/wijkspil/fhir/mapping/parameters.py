"""Which search parameters each type has: the one table for all that searches.

Terms (``mapping.terms``), the query compiler, the CapabilityStatement, the
SearchParameter resources and the reference page are all made from it. Those of IHE
mCSD 4.0 (ITI-90) and FHIR R4 keep FHIR's definition; our own are defined under
``codes.OWN``. ``source`` is the FHIRPath of the element, without the type.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop

from wijkspil.fhir.mapping.codes import (
    CAPACITY,
    CARE,
    CARE_LAW,
    CARE_TASK,
    TEAM_SERVICE,
    UZOVI,
)
from wijkspil.fhir.types import DirectoryType


class Kind(StrEnum):
    """Kinds of search parameters, with FHIR's names."""

    TOKEN = "token"
    STRING = "string"
    REFERENCE = "reference"
    DATE = "date"
    NUMBER = "number"
    URI = "uri"
    SPECIAL = "special"


@dataclass(frozen=True)
class Parameter:
    """One search parameter of one type.

    ``for_known`` are shown to who is known only: a visitor is refused (403).
    """

    name: str
    kind: Kind
    source: str
    about: str
    targets: tuple[str, ...] = ()
    for_known: bool = False
    is_own: bool = False

    @property
    def definition_name(self) -> str:
        """The name in the address of its definition."""
        return self.name.lstrip("_")


#: Modifiers per kind.
MODIFIERS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TOKEN: ("missing", "not"),
    Kind.STRING: ("missing", "contains", "exact"),
    Kind.REFERENCE: ("missing", "identifier"),
    Kind.DATE: ("missing",),
    Kind.NUMBER: ("missing",),
    Kind.URI: ("missing",),
    Kind.SPECIAL: (),
}

#: Prefixes of dates and numbers.
PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb")

_ORGANIZATION = (DirectoryType.ORGANIZATION.value,)
_LOCATION = (DirectoryType.LOCATION.value,)
_ENDPOINT = (DirectoryType.ENDPOINT.value,)
_SERVICE = (DirectoryType.HEALTHCARE_SERVICE.value,)
_PERSON = (DirectoryType.PRACTITIONER.value,)


def _token(name: str, source: str, about: str) -> Parameter:
    return Parameter(name, Kind.TOKEN, source, about)


def _string(name: str, source: str, about: str) -> Parameter:
    return Parameter(name, Kind.STRING, source, about)


def _reference(
    name: str, source: str, about: str, targets: tuple[str, ...]
) -> Parameter:
    return Parameter(name, Kind.REFERENCE, source, about, targets)


def _own(
    name: str, kind: Kind, source: str, about: str, *, for_known: bool = False
) -> Parameter:
    return Parameter(name, kind, source, about, for_known=for_known, is_own=True)


#: Of every type.
COMMON = (
    Parameter("_id", Kind.TOKEN, "id", gettext_noop("Logical id.")),
    Parameter(
        "_lastUpdated",
        Kind.DATE,
        "meta.lastUpdated",
        gettext_noop("When it last changed."),
    ),
    Parameter("_profile", Kind.URI, "meta.profile", gettext_noop("Profile it claims.")),
    _token("_tag", "meta.tag", gettext_noop("Tag.")),
)

_ACTIVE = _token("active", "active", gettext_noop("Whether it is in use."))
_IDENTIFIER = _token("identifier", "identifier", gettext_noop("Identifier."))
_STATUS = _token("status", "status", gettext_noop("Status."))
_NAME = _string("name", "name", gettext_noop("Name, or a word of it."))
_ALIASED = _string("name", "name | alias", gettext_noop("Name or alias."))
_ADDRESS = (
    _string("address", "address", gettext_noop("Any part of the address.")),
    _string("address-city", "address.city", gettext_noop("City.")),
    _string("address-state", "address.state", gettext_noop("Province.")),
    _string("address-postalcode", "address.postalCode", gettext_noop("Postcode.")),
    _string("address-country", "address.country", gettext_noop("Country.")),
    _token("address-use", "address.use", gettext_noop("Use of the address.")),
)
_ENDPOINTS = _reference("endpoint", "endpoint", gettext_noop("Endpoint."), _ENDPOINT)
_MANAGER = _reference(
    "organization",
    "managingOrganization",
    gettext_noop("Organization that manages it."),
    _ORGANIZATION,
)
_TELECOM = (
    _token("telecom", "telecom", gettext_noop("Contact address.")),
    _token("email", "telecom.where(system='email')", gettext_noop("E-mail address.")),
    _token("phone", "telecom.where(system='phone')", gettext_noop("Telephone number.")),
)

_CAPACITY = (
    _own(
        "capacity-available",
        Kind.NUMBER,
        f"extension('{CAPACITY}').extension('number').value",
        gettext_noop("New clients it can take now, those promised taken off."),
        for_known=True,
    ),
    _own(
        "capacity-status",
        Kind.TOKEN,
        f"extension('{CAPACITY}').extension('status').value",
        gettext_noop("Whether there is room."),
        for_known=True,
    ),
    _own(
        "capacity-updated",
        Kind.DATE,
        f"extension('{CAPACITY}').extension('updated').value",
        gettext_noop("When room was last reported."),
        for_known=True,
    ),
    _own(
        "capacity-part-of-day",
        Kind.TOKEN,
        f"extension('{CAPACITY}').extension('part-of-day').value",
        gettext_noop("Part of the day there is room in."),
        for_known=True,
    ),
)

_OWN_SERVICE = (
    _own(
        "care",
        Kind.TOKEN,
        f"type.coding.where(system='{CARE}')",
        gettext_noop("Kind of care, as this directory works with it."),
    ),
    _own(
        "task",
        Kind.TOKEN,
        f"characteristic.coding.where(system='{CARE_TASK}')",
        gettext_noop("Nursing task it does."),
    ),
    _own(
        "insurer",
        Kind.TOKEN,
        f"eligibility.code.coding.where(system='{UZOVI}')",
        gettext_noop("Insurer it has a contract with."),
    ),
    _own(
        "care-law",
        Kind.TOKEN,
        f"program.coding.where(system='{CARE_LAW}')",
        gettext_noop("Care law it works under."),
    ),
    _own(
        "covers",
        Kind.TOKEN,
        "coverageArea.identifier",
        gettext_noop("Code of an area it serves."),
    ),
)

#: type -> its parameters, without those of every type.
_OF_TYPE: Mapping[str, tuple[Parameter, ...]] = {
    DirectoryType.ORGANIZATION: (
        _ACTIVE,
        _IDENTIFIER,
        _ALIASED,
        _reference("partof", "partOf", gettext_noop("Larger whole."), _ORGANIZATION),
        _token("type", "type", gettext_noop("Type of organization.")),
        _ENDPOINTS,
        *_ADDRESS,
    ),
    DirectoryType.LOCATION: (
        _IDENTIFIER,
        _ALIASED,
        _MANAGER,
        _reference("partof", "partOf", gettext_noop("Larger whole."), _LOCATION),
        _STATUS,
        _token("operational-status", "operationalStatus", gettext_noop("Use now.")),
        _token("type", "type", gettext_noop("Type of location.")),
        Parameter(
            "near",
            Kind.SPECIAL,
            "position",
            gettext_noop("Within a distance: latitude|longitude|distance|unit."),
        ),
        _ENDPOINTS,
        *_ADDRESS,
    ),
    DirectoryType.HEALTHCARE_SERVICE: (
        _ACTIVE,
        _IDENTIFIER,
        _reference("location", "location", gettext_noop("Where."), _LOCATION),
        _NAME,
        _reference(
            "organization",
            "providedBy",
            gettext_noop("Who provides it."),
            _ORGANIZATION,
        ),
        _token("service-category", "category", gettext_noop("Broad category.")),
        _token("service-type", "type", gettext_noop("Type of service.")),
        _token("specialty", "specialty", gettext_noop("Specialty.")),
        _token("characteristic", "characteristic", gettext_noop("Characteristic.")),
        _token("program", "program", gettext_noop("Program.")),
        _ENDPOINTS,
        _reference(
            "coverage-area", "coverageArea", gettext_noop("Area it serves."), _LOCATION
        ),
        *_OWN_SERVICE,
        *_CAPACITY,
    ),
    DirectoryType.ENDPOINT: (
        _IDENTIFIER,
        _NAME,
        _MANAGER,
        _STATUS,
        _token("connection-type", "connectionType", gettext_noop("Protocol.")),
        _token("payload-type", "payloadType", gettext_noop("What is exchanged.")),
    ),
    DirectoryType.ORGANIZATION_AFFILIATION: (
        _ACTIVE,
        Parameter("date", Kind.DATE, "period", gettext_noop("When it holds.")),
        _IDENTIFIER,
        _reference(
            "participating-organization",
            "participatingOrganization",
            gettext_noop("Organization that takes part."),
            _ORGANIZATION,
        ),
        _reference(
            "primary-organization",
            "organization",
            gettext_noop("Organization it takes part in."),
            _ORGANIZATION,
        ),
        _reference("network", "network", gettext_noop("Network."), _ORGANIZATION),
        _token("role", "code", gettext_noop("Role.")),
        _token("specialty", "specialty", gettext_noop("Specialty.")),
        _reference("service", "healthcareService", gettext_noop("Service."), _SERVICE),
        _reference("location", "location", gettext_noop("Where."), _LOCATION),
        _ENDPOINTS,
        *_TELECOM,
    ),
    DirectoryType.CARE_TEAM: (
        _IDENTIFIER,
        _STATUS,
        _token("category", "category", gettext_noop("Kind of team.")),
        Parameter("date", Kind.DATE, "period", gettext_noop("When it holds.")),
        _reference(
            "participant",
            "participant.member",
            gettext_noop("Who takes part."),
            (*_ORGANIZATION, *_PERSON, DirectoryType.PRACTITIONER_ROLE.value),
        ),
        _own("name", Kind.STRING, "name", gettext_noop("Name, or a word of it.")),
        Parameter(
            "managing-organization",
            Kind.REFERENCE,
            "managingOrganization",
            gettext_noop("Organization that manages it."),
            _ORGANIZATION,
            is_own=True,
        ),
        Parameter(
            "service",
            Kind.REFERENCE,
            f"extension('{TEAM_SERVICE}').value",
            gettext_noop("Service it carries out."),
            _SERVICE,
            is_own=True,
        ),
    ),
    DirectoryType.PRACTITIONER: (
        _ACTIVE,
        _IDENTIFIER,
        _string("name", "name", gettext_noop("Any part of the name.")),
        _string("given", "name.given", gettext_noop("Given name.")),
        _string("family", "name.family", gettext_noop("Family name.")),
        *_TELECOM,
    ),
    DirectoryType.PRACTITIONER_ROLE: (
        _ACTIVE,
        Parameter("date", Kind.DATE, "period", gettext_noop("When it holds.")),
        _IDENTIFIER,
        _reference("practitioner", "practitioner", gettext_noop("Who."), _PERSON),
        _reference(
            "organization", "organization", gettext_noop("For whom."), _ORGANIZATION
        ),
        _reference("location", "location", gettext_noop("Where."), _LOCATION),
        _reference("service", "healthcareService", gettext_noop("Service."), _SERVICE),
        _token("role", "code", gettext_noop("Role.")),
        _token("specialty", "specialty", gettext_noop("Specialty.")),
        _ENDPOINTS,
        *_TELECOM,
    ),
    DirectoryType.PROVENANCE: (
        _reference(
            "target",
            "target",
            gettext_noop("What it is about."),
            tuple(
                type_.value
                for type_ in DirectoryType
                if type_ is not DirectoryType.PROVENANCE
            ),
        ),
        Parameter("recorded", Kind.DATE, "recorded", gettext_noop("When recorded.")),
        _reference(
            "agent",
            "agent.who",
            gettext_noop("Who was involved."),
            (*_ORGANIZATION, *_PERSON),
        ),
    ),
}

#: type -> name -> parameter.
PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    type_.value: {
        parameter.name: parameter for parameter in (*COMMON, *_OF_TYPE[type_])
    }
    for type_ in DirectoryType
}


def references_of(type_: str) -> Mapping[str, Parameter]:
    """Return the parameters of a type that refer to others: what can be included."""
    return {
        name: parameter
        for name, parameter in PARAMETERS.get(type_, {}).items()
        if parameter.kind is Kind.REFERENCE
    }
