"""The description of the interface: complete, with examples that can be sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import validate
from pydantic import ValidationError

from wijkspil.config.api_examples import EXAMPLES
from wijkspil.core.api import CamelSchema


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(Client().get("/api/v1/openapi.json").content)
    return body


def operations(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_openapi_3_1_and_valid(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    validate(description)


def test_every_operation_says_what_it_is_and_what_it_does(
    description: dict[str, Any],
) -> None:
    found = operations(description)
    assert len(found) > 100
    for name, operation in found:
        for part in ("summary", "description", "operationId", "tags"):
            assert operation.get(part), f"{name} has no {part}"
    ids = [operation["operationId"] for _name, operation in found]
    assert sorted(set(ids)) == sorted(ids)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_can_be_sent(name: str, description: dict[str, Any]) -> None:
    schema = next(one for one in kinds_below(CamelSchema) if one.__name__ == name)
    schema.model_validate(EXAMPLES[name])
    assert description["components"]["schemas"][name]["examples"] == [EXAMPLES[name]]


def kinds_below(kind: type[CamelSchema]) -> list[type[CamelSchema]]:
    return [
        one for child in kind.__subclasses__() for one in (child, *kinds_below(child))
    ]


def schemas_in(part: Any) -> Iterator[dict[str, Any]]:
    children = part.values() if isinstance(part, dict) else part
    if isinstance(part, dict) and "type" in part:
        yield part
    if isinstance(part, dict | list):
        for child in children:
            yield from schemas_in(child)


def test_limits_are_said_in_the_words_of_json_schema(
    description: dict[str, Any],
) -> None:
    found = list(schemas_in(description))
    assert any("maximum" in schema for schema in found)
    assert [
        s for s in found if {"ge", "gt", "le", "lt", "multiple_of"} & s.keys()
    ] == []


def is_described_as_flag(schema: dict[str, Any]) -> bool:
    choices = [schema, *schema.get("anyOf", [])]
    return any(choice.get("type") == "boolean" for choice in choices)


def test_a_number_is_no_answer_to_yes_or_no(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    kinds = {one.__name__: one for one in kinds_below(CamelSchema)}
    asked = [
        (name, field)
        for name, schema in schemas.items()
        if name.endswith(("In", "Body")) and name in kinds
        for field, said in schema.get("properties", {}).items()
        if is_described_as_flag(said)
    ]
    assert ("AcceptanceIn", "overCapacity") in asked
    for name, field in asked:
        with pytest.raises(ValidationError) as refused:
            kinds[name].model_validate({field: 0})
        assert (field,) in [error["loc"] for error in refused.value.errors()], name
