"""The definitions this server serves: valid, complete, and what is really sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from fhir.resources.R4B import get_fhir_model_class

from tests.fhir.mapping_sources import EVERY_KIND, TICK
from wijkspil.directory.types import Care
from wijkspil.fhir.mapping.codes import CAPACITY, CARE, OWN
from wijkspil.fhir.mapping.conformance import CONFORMANCE_TYPES, find_definitions
from wijkspil.fhir.mapping.parameters import PARAMETERS
from wijkspil.fhir.mapping.registry import render

ALL = [
    resource
    for type_ in CONFORMANCE_TYPES
    for resource in find_definitions(type_).values()
]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Give every object within a resource."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def sent() -> Iterator[dict[str, Any]]:
    """Give every object of one resource of each kind."""
    for type_, id_, source in EVERY_KIND.values():
        yield from walk(
            render(type_, id_, version=1, tick=TICK, source=source).resource
        )


@pytest.mark.parametrize(
    "resource", ALL, ids=lambda r: f"{r['resourceType']}/{r['id']}"
)
def test_every_definition_is_valid_and_says_itself_in_dutch(
    resource: dict[str, Any],
) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    english = resource["description"]
    (translated,) = resource["_description"]["extension"]
    dutch = translated["extension"][1]["valueString"]
    assert english
    assert dutch


def test_every_extension_that_is_sent_is_defined() -> None:
    defined = {r["url"] for r in find_definitions("StructureDefinition").values()}
    urls = {o["url"] for o in sent() if str(o.get("url", "")).startswith(OWN)}
    assert CAPACITY in urls
    assert urls <= defined


def test_every_part_of_room_that_is_sent_is_in_its_definition() -> None:
    definition = find_definitions("StructureDefinition")["capacity"]
    slices = {
        e["sliceName"] for e in definition["snapshot"]["element"] if "sliceName" in e
    }
    (extension,) = [o for o in sent() if o.get("url") == CAPACITY]
    assert {part["url"] for part in extension["extension"]} <= slices


def test_every_own_code_that_is_sent_is_in_its_code_system() -> None:
    codes = {
        (system["url"], concept["code"])
        for system in find_definitions("CodeSystem").values()
        for concept in system["concept"]
    }
    used = {
        (o["system"], o["code"])
        for o in sent()
        if str(o.get("system", "")).startswith(f"{OWN}/CodeSystem")
    }
    assert used
    assert used <= codes


def test_every_own_identifier_system_that_is_sent_is_named() -> None:
    named = {
        unique["value"]
        for system in find_definitions("NamingSystem").values()
        for unique in system["uniqueId"]
    }
    used = {
        o["system"]
        for o in sent()
        if str(o.get("system", "")).startswith(f"{OWN}/NamingSystem")
    }
    assert used
    assert used <= named


def test_every_value_set_that_is_bound_is_served() -> None:
    served = {value_set["url"] for value_set in find_definitions("ValueSet").values()}
    bound = {o["valueSet"] for o in walk(ALL) if o.get("strength")}
    assert bound
    assert bound <= served


def test_every_own_search_parameter_has_a_definition() -> None:
    own = {
        (type_, name)
        for type_, parameters in PARAMETERS.items()
        for name, parameter in parameters.items()
        if parameter.is_own
    }
    defined = {
        (base, resource["code"])
        for resource in find_definitions("SearchParameter").values()
        for base in resource["base"]
    }
    assert own == defined
    assert ("HealthcareService", "capacity-available") in own


def test_codes_have_an_english_display_and_a_dutch_designation() -> None:
    concepts = {
        concept["code"]: concept
        for concept in find_definitions("CodeSystem")["care"]["concept"]
    }
    assert set(concepts) == set(Care.values)
    nursing = concepts["district-nursing"]
    assert nursing["display"] == "District nursing"
    assert nursing["designation"] == [{"language": "nl", "value": "Wijkverpleging"}]


@pytest.mark.django_db
def test_a_definition_is_read_by_its_id_and_found_by_its_address(
    client: Client,
) -> None:
    read = client.get("/fhir/StructureDefinition/capacity")
    assert read.status_code == 200
    assert read.json()["url"] == CAPACITY
    again = client.get(
        "/fhir/StructureDefinition/capacity", headers={"If-None-Match": read["ETag"]}
    )
    assert again.status_code == 304
    found = client.get("/fhir/CodeSystem", {"url": CARE}).json()
    get_fhir_model_class("Bundle").model_validate(found)
    assert found["total"] == 1
    assert found["entry"][0]["resource"]["id"] == "care"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("StructureDefinition?type=CareTeam", 1),
        ("StructureDefinition?_id=capacity,coverage", 2),
        ("StructureDefinition?context=HealthcareService.coverageArea", 1),
        ("SearchParameter?base=HealthcareService&code=care", 1),
        ("CodeSystem?code=district-nursing", 1),
        ("ValueSet?name=wijkspilcaretask", 1),
        ("ValueSet?name:contains=CARETASK", 1),
        ("ValueSet?name:exact=wijkspilcaretask", 0),
        ("NamingSystem?value=https://wijkspil.nl/fhir/NamingSystem/pc4", 1),
        ("ValueSet?status=draft", 0),
        ("ValueSet?url=https://wijkspil.nl/fhir/ValueSet/care|1.0.0", 1),
        ("ValueSet?url=https://wijkspil.nl/fhir/ValueSet/care|9.9.9", 0),
    ],
)
def test_definitions_are_searched(client: Client, query: str, total: int) -> None:
    assert client.get(f"/fhir/{query}").json()["total"] == total


@pytest.mark.django_db
def test_what_is_not_there_is_refused_in_fhir(client: Client) -> None:
    assert client.get("/fhir/ValueSet/nope").status_code == 404
    refused = client.get("/fhir/ValueSet?weather=fine")
    assert refused.status_code == 400
    assert refused.json()["resourceType"] == "OperationOutcome"
    counted = client.get("/fhir/ValueSet?_summary=count").json()
    assert "entry" not in counted
    assert json.dumps(counted)
