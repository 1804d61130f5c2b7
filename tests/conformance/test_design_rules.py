"""The Dutch API Design Rules: our description keeps them, and each rule can fail."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from conformance.rest.design_rules import lint, list_rules
from tests.apps.directory.signing_in import token_header
from tests.factories.directory import OrganizationFactory
from wijkspil.config.references import openapi_document
from wijkspil.core.api import API_VERSION

Document = dict[str, Any]

_HEADERS = {"API-Version": {"schema": {"type": "string"}}}
_PROBLEM = {
    "description": "Refused",
    "headers": _HEADERS,
    "content": {
        "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
        }
    },
}
GOOD: Document = {
    "openapi": "3.1.0",
    "info": {
        "title": "Sample",
        "version": "1.2.3",
        "contact": {"name": "Sample", "url": "https://example.org/"},
    },
    "servers": [{"url": "https://example.org/api/v1"}],
    "tags": [{"name": "things"}],
    "paths": {
        "/small-things/{thing_id}": {
            "get": {
                "operationId": "readThing",
                "parameters": [
                    {
                        "in": "path",
                        "name": "thing_id",
                        "required": True,
                        "schema": {"type": "integer"},
                    },
                    {
                        "in": "query",
                        "name": "pageSize",
                        "schema": {"type": "integer"},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Found",
                        "headers": _HEADERS,
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Thing"}
                            }
                        },
                    },
                    "400": _PROBLEM,
                },
            },
            "put": {
                "operationId": "writeThing",
                "security": [{"token": []}],
                "parameters": [
                    {
                        "in": "path",
                        "name": "thing_id",
                        "required": True,
                        "schema": {"type": "integer"},
                    }
                ],
                "responses": {
                    "200": {"description": "Done", "headers": _HEADERS},
                    "400": _PROBLEM,
                },
            },
        }
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": {
                    "birthDate": {"type": "string", "format": "date"},
                    "endedAt": {"type": "string", "format": "date-time"},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                },
            },
            "Problem": {
                "type": "object",
                "properties": {
                    "status": {"type": "integer"},
                    "title": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def _path(document: Document) -> Document:
    item: Document = document["paths"]["/small-things/{thing_id}"]
    return item


def _thing(document: Document) -> Document:
    properties: Document = document["components"]["schemas"]["Thing"]["properties"]
    return properties


def _rename_path(document: Document, name: str) -> None:
    document["paths"] = {name: _path(document)}


#: Rule -> how a good description comes to break it.
BREAKING: dict[str, Callable[[Document], object]] = {
    "oas3-schema": lambda d: d["info"].pop("title"),
    "oas3-valid-media-example": lambda d: _path(d)["get"]["responses"]["200"][
        "content"
    ]["application/json"].update(example={"kind": 1}),
    "oas3-valid-schema-example": lambda d: _thing(d)["kind"].update(example=1),
    "oas3-server-variables": lambda d: d["servers"][0].update(
        url="https://{host}/api/v1"
    ),
    "oas3-api-servers": lambda d: d.update(servers=[]),
    "operation-operationId": lambda d: _path(d)["get"].pop("operationId"),
    "operation-operationId-unique": lambda d: _path(d)["put"].update(
        operationId="readThing"
    ),
    "operation-success-response": lambda d: _path(d)["get"]["responses"].pop("200"),
    "path-params": lambda d: _path(d)["put"]["parameters"].clear(),
    "duplicated-entry-in-enum": lambda d: _thing(d)["kind"].update(enum=["a", "a"]),
    "typed-enum": lambda d: _thing(d)["kind"].update(enum=["a", 2]),
    "openapi-tags-uniqueness": lambda d: d["tags"].append({"name": "things"}),
    "adr-openapi-3": lambda d: d.update(openapi="3.1"),
    "adr-has-paths": lambda d: d.update(paths={}),
    "adr-contact": lambda d: d["info"]["contact"].pop("url"),
    "adr-semver": lambda d: d["info"].update(version="v1"),
    "adr-major-version-in-address": lambda d: d["servers"][0].update(
        url="https://example.org/api/v1.2"
    ),
    "adr-server-by-tls": lambda d: d["servers"][0].update(url="http://a.example/v1"),
    "adr-version-header": lambda d: _path(d)["get"]["responses"]["200"].pop("headers"),
    "adr-no-trailing-slash": lambda d: _rename_path(d, "/small-things/{thing_id}/"),
    "adr-methods": lambda d: _path(d).update(
        trace={"operationId": "trace", "responses": {"200": {"description": "x"}}}
    ),
    "adr-paths-kebab-case": lambda d: _rename_path(d, "/smallThings/{thing_id}"),
    "adr-query-camel-case": lambda d: _path(d)["get"]["parameters"][1].update(
        name="page_size"
    ),
    "adr-properties-camel-case": lambda d: _thing(d).update(
        full_name={"type": "string"}
    ),
    "adr-schemas-pascal-case": lambda d: d["components"]["schemas"].update(
        small_thing={"type": "object"}
    ),
    "adr-problem-details": lambda d: _path(d)["get"]["responses"]["400"].update(
        content={"application/json": {"schema": {"type": "object"}}}
    ),
    "adr-problem-members": lambda d: d["components"]["schemas"]["Problem"][
        "properties"
    ].pop("detail"),
    "adr-bad-request-of-writes": lambda d: _path(d)["put"]["responses"].pop("400"),
    "adr-bad-request-of-questions": lambda d: _path(d)["get"]["responses"].pop("400"),
    "adr-moment-with-zone": lambda d: _thing(d)["endedAt"].update(
        format="date-time-local"
    ),
    "adr-date-is-a-date": lambda d: _thing(d)["birthDate"].update(format="date-time"),
    "adr-nothing-sensitive-in-addresses": lambda d: _path(d)["get"]["parameters"][
        1
    ].update(name="bsn"),
    "adr-writes-name-who-may": lambda d: _path(d)["put"].pop("security"),
}


@pytest.fixture(scope="module")
def broken_rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return rule -> the rules that Spectral sees broken in its bad description."""
    folder = tmp_path_factory.mktemp("adr")
    for name, break_it in BREAKING.items():
        document = copy.deepcopy(GOOD)
        break_it(document)
        (folder / f"{name}.json").write_text(json.dumps(document))
    (folder / "good.json").write_text(json.dumps(GOOD))
    (folder / "ours.json").write_text(openapi_document())
    found: dict[str, set[str]] = {}
    for one in lint(sorted(folder.glob("*.json"))):
        found.setdefault(Path(one["source"]).stem, set()).add(one["code"])
    return found


def test_every_rule_has_a_description_that_breaks_it() -> None:
    assert set(BREAKING) == set(list_rules())


@pytest.mark.parametrize("rule", list_rules())
def test_a_rule_sees_what_breaks_it(
    rule: str, broken_rules: dict[str, set[str]]
) -> None:
    assert rule in broken_rules.get(rule, set())


@pytest.mark.parametrize("name", ["good", "ours"])
def test_what_keeps_the_rules_is_let_through(
    name: str, broken_rules: dict[str, set[str]]
) -> None:
    assert broken_rules.get(name, set()) == set()


# --- rules that take a running server


@pytest.mark.django_db
class TestOnTheWire:
    def test_the_description_is_where_the_rules_put_it_and_any_site_may_read_it(self):
        answer = Client().get("/api/v1/openapi.json")
        assert answer["Content-Type"] == "application/json"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["API-Version"] == answer.json()["info"]["version"]

    def test_an_address_with_a_slash_too_many_is_unknown(self):
        answer = Client().get("/api/v1/services/")
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/services", 200),
            ("HEAD", "/services", 200),
            ("GET", "/services?page=x", 400),
            ("POST", "/requests", 401),
            ("GET", "/requests", 403),
            ("GET", "/nothing/here", 404),
            ("GET", "/services/0", 404),
            ("PATCH", "/services", 405),
        ],
    )
    def test_every_answer_has_its_version_and_every_refusal_is_a_problem(
        self, method, path, status
    ):
        answer = Client().generic(method, f"/api/v1{path}")
        assert answer.status_code == status
        assert answer["API-Version"] == API_VERSION
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            body = json.loads(answer.content)
            assert body["status"] == status
            assert body["title"]
            assert body["detail"]

    def test_what_is_not_taken_names_what_is(self):
        answer = Client().patch("/api/v1/services/1/capacity")
        assert answer["Allow"] == "GET, HEAD, POST"

    def test_a_body_of_another_kind_is_refused(self):
        headers = token_header(OrganizationFactory()) | {"Idempotency-Key": "k"}
        answer = Client().post(
            "/api/v1/room-checks", "a=b", content_type="text/plain", headers=headers
        )
        assert answer.status_code == 415
        assert "application/json" in answer.json()["detail"]
