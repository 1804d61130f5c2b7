"""All definitions that this server serves: extensions, profiles, codes, parameters.

Made once from the tables that the mappers and the search use themselves, so that what
is described is what is done.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from wijkspil.fhir.exchange.mapping.definitions import (
    EXCHANGE_CODES,
    EXCHANGE_EXTENSIONS,
    EXCHANGE_NAMES,
)
from wijkspil.fhir.mapping.code_systems import (
    CODE_SYSTEMS,
    NAMING_SYSTEMS,
    to_code_system,
    to_naming_system,
    to_value_set,
)
from wijkspil.fhir.mapping.codes import OWN
from wijkspil.fhir.mapping.described import describe
from wijkspil.fhir.mapping.extensions import (
    EXTENSIONS,
    PROFILES,
    to_profile,
    to_structure_definition,
)
from wijkspil.fhir.mapping.parameters import (
    MODIFIERS,
    PARAMETERS,
    PREFIXES,
    Kind,
    Parameter,
)
from wijkspil.fhir.types import Resource

CONFORMANCE_TYPES = (
    "StructureDefinition",
    "SearchParameter",
    "CodeSystem",
    "ValueSet",
    "NamingSystem",
)


@cache
def find_definitions(type_: str) -> Mapping[str, Resource]:
    """Return the definitions of a type by id; do not change them."""
    return {
        resource["id"]: resource
        for resource in _definitions()
        if resource["resourceType"] == type_
    }


def _definitions() -> Iterator[Resource]:
    for extension in (*EXTENSIONS, *EXCHANGE_EXTENSIONS):
        yield to_structure_definition(extension)
    for profile in PROFILES:
        yield to_profile(profile)
    for system in (*CODE_SYSTEMS, *EXCHANGE_CODES):
        yield to_code_system(system)
        yield to_value_set(system)
    for names in (*NAMING_SYSTEMS, *EXCHANGE_NAMES):
        yield to_naming_system(names)
    for type_, parameters in PARAMETERS.items():
        for parameter in parameters.values():
            if parameter.is_own:
                yield to_search_parameter(type_, parameter)


def search_parameter_url(type_: str, parameter: Parameter) -> str:
    """Return the address of the definition of one of our search parameters."""
    return f"{OWN}/SearchParameter/{_parameter_id(type_, parameter)}"


def _parameter_id(type_: str, parameter: Parameter) -> str:
    return f"{type_.lower()}-{parameter.name.lstrip('_')}"


def to_search_parameter(type_: str, parameter: Parameter) -> Resource:
    """Return the SearchParameter of one of our own parameters."""
    resource = describe(
        "SearchParameter",
        _parameter_id(type_, parameter),
        title=parameter.about,
        about=parameter.about,
        code=parameter.name,
        base=[type_],
        type=parameter.kind.value,
        expression=" | ".join(
            f"{type_}.{part.strip()}" for part in parameter.source.split(" | ")
        ),
        xpathUsage="normal",
        multipleOr=True,
        multipleAnd=True,
    )
    # A SearchParameter has no title in R4, and wants its description in Markdown.
    for name in ("title", "_title"):
        del resource[name]
    if parameter.targets:
        resource["target"] = list(parameter.targets)
    if parameter.kind in {Kind.DATE, Kind.NUMBER}:
        resource["comparator"] = list(PREFIXES)
    if MODIFIERS[parameter.kind]:
        resource["modifier"] = list(MODIFIERS[parameter.kind])
    return resource
