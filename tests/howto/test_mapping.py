"""The mapping note names what the interface really takes: fields, needs and codes."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.test import Client
from pydantic import BaseModel

from tests.howto.conftest import ROOT
from wijkspil.config.api import api
from wijkspil.core.api import CamelSchema
from wijkspil.directory.types import CareTask, NoRoomReason, PartOfDay, SizeBand
from wijkspil.fhir.exchange.mapping.task import STATUS_OF_REQUEST
from wijkspil.referrals.types import RequestStatus

PAGE = (ROOT / "docs" / "howto" / "mapping.md").read_text()
#: Codes that the description gives as text.
CODES_IN_WORDS = {
    ("CapacityIn", "sizeBand"): SizeBand,
    ("CapacityIn", "partsOfDay"): PartOfDay,
    ("CapacityIn", "tasksExcluded"): CareTask,
    ("CapacityIn", "noRoomReason"): NoRoomReason,
}


class Row(NamedTuple):
    """A line of the note."""

    form: str
    name: str
    needed: str
    codes: tuple[str, ...]


def rows_of(text: str) -> list[Row]:
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 5 and cells[0] != "on the form":
            found.append(
                Row(
                    cells[0],
                    cells[1].strip("`"),
                    cells[3],
                    tuple(re.findall(r"`([^`]+)`", cells[4])),
                )
            )
    return found


def parts() -> dict[str, list[Row]]:
    """Return body -> its rows, by the headings of the note."""
    return {
        heading[1]: rows_of(part)
        for part in PAGE.split("\n## ")[1:]
        if (heading := re.match(r"[^\n]*`(\w+In)`", part))
    }


class Field(NamedTuple):
    """A field of a body as the description has it."""

    needed: str
    codes: tuple[str, ...]


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    body = json.loads(Client().get("/api/v1/openapi.json").content)
    found: dict[str, Any] = body["components"]["schemas"]
    return found


def fields_of(schemas: dict[str, Any], name: str) -> dict[str, Field]:
    """Return every field that can be sent, as ``need.postcode``."""

    def plain(one: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in one:
            return plain(schemas[one["$ref"].rsplit("/", 1)[-1]])
        for choice in [*one.get("anyOf", ()), *one.get("allOf", ())]:
            if choice.get("type") != "null":
                return plain(choice)
        return one

    def walk(schema: dict[str, Any], prefix: str, above: str) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for key, raw in schema["properties"].items():
            is_needed = key in schema.get("required", ())
            needed = above if is_needed else "no"
            one = plain(raw)
            if "properties" in one:
                found |= walk(
                    one, f"{prefix}{key}.", "yes" if needed == "yes" else "if given"
                )
                continue
            inner = plain(one["items"]) if one.get("type") == "array" else one
            codes = inner.get("enum") or ([inner["const"]] if "const" in inner else [])
            found[prefix + key] = Field(needed, tuple(codes))
        return found

    return walk(schemas[name], "", "yes")


@pytest.mark.parametrize("body", parts())
def test_every_field_of_a_body_has_one_line_and_no_other(
    body: str, schemas: dict[str, Any]
) -> None:
    told = [row.name for row in parts()[body]]
    assert sorted(told) == sorted(fields_of(schemas, body))


@pytest.mark.parametrize("body", parts())
def test_what_is_needed_and_every_code_is_as_the_interface_has_it(
    body: str, schemas: dict[str, Any]
) -> None:
    fields = fields_of(schemas, body)
    for row in parts()[body]:
        assert row.needed == fields[row.name].needed, row
        words = CODES_IN_WORDS.get((body, row.name))
        codes = tuple(words.values) if words else fields[row.name].codes
        assert row.codes == codes, row


def test_the_note_tells_every_state_and_what_it_is_in_fhir() -> None:
    part = PAGE.split("\n## States that come back\n")[1]
    rows = re.findall(r"^\| `([a-z-]+)` \|[^|]+\| (\S+) \|", part, re.MULTILINE)
    assert [state for state, _fhir in rows] == list(RequestStatus.values)
    assert {state: fhir.strip("`") for state, fhir in rows if fhir != "–"} == {
        str(state): str(fhir) for state, fhir in STATUS_OF_REQUEST.items()
    }


def test_every_extension_in_the_note_is_one_of_ours() -> None:
    codes = (ROOT / "src/wijkspil/fhir/exchange/mapping/codes.py").read_text()
    own = set(re.findall(r'f"\{_EXTENSION\}/([a-z-]+)"', codes))
    values = set(re.findall(r'^    [A-Z_]+ = "([a-z-]+)"', codes, re.MULTILINE))
    assert set(re.findall(r"`StructureDefinition/([a-z-]+)`", PAGE)) <= own
    named = re.findall(r"`Task\.(?:in|out)put` `([a-z-]+)`", PAGE)
    assert len(named) > 5
    assert set(named) <= values


def test_no_two_bodies_and_no_two_lists_of_codes_have_one_name() -> None:
    """Two schemas of one name would be one in the description, and one would lie."""
    where: dict[str, set[str]] = {}

    def walk(kind: type[CamelSchema]) -> None:
        for one in kind.__subclasses__():
            where.setdefault(one.__name__, set()).add(one.__module__)
            walk(one)

    walk(CamelSchema)
    assert {name: at for name, at in where.items() if len(at) > 1} == {}
    codes: dict[str, set[tuple[str, ...]]] = {}
    for model in models_of_operations():
        for name, one in model.model_json_schema().get("$defs", {}).items():
            if "enum" in one:
                codes.setdefault(name, set()).add(tuple(one["enum"]))
    assert len(codes) > 20
    assert {name: found for name, found in codes.items() if len(found) > 1} == {}


def models_of_operations() -> Iterator[type[BaseModel]]:
    """Yield what each operation takes and answers."""
    for _prefix, router in api._routers:
        for path_view in router.path_operations.values():
            for operation in path_view.operations:
                yield from operation.models
                for model in operation.response_models.values():
                    if isinstance(model, type) and issubclass(model, BaseModel):
                        yield model
