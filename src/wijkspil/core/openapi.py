"""What holds for the whole description of the REST interface (OpenAPI 3.1).

Rooms describe their own questions and answers; what is the same for all of them is
put in here, so that it cannot be forgotten: the address with the major version, the
version header, refusals as problem+json, who may ask, the key of a write, and links
from an answer to what can be asked about it.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from wijkspil.core.idempotency import (
    KEPT_HOURS,
    KEY_HEADER,
    MAX_KEY_CHARACTERS,
    REPLAYED_HEADER,
)

WRITING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PROBLEM_TYPE = "application/problem+json"

_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
_KEY_PARAMETER = {
    "in": "header",
    "name": KEY_HEADER,
    "required": True,
    "description": (
        "A new UUID with each write, and the same one when that write is sent again: "
        f"then the first answer comes back with the header {REPLAYED_HEADER}, and "
        f"nothing is done twice. Kept for {KEPT_HOURS} hours, per token."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_KEY_CHARACTERS,
        # Printable ASCII; a value that starts with a quote is a structured string.
        "pattern": "^[!#-~]([ -~]*[!-~])?$",
    },
    "example": "4b3f0c1e-6a51-4f0e-9a53-0d6f7f3f2c11",
}
_HEADERS = {
    "ApiVersion": {
        "description": "The full version of this interface.",
        "schema": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
    },
    "IdempotencyReplayed": {
        "description": "There when this answer was given before.",
        "schema": {"type": "string", "const": "true"},
    },
    "WwwAuthenticate": {
        "description": "How to say who you are.",
        "schema": {"type": "string", "const": "Bearer"},
    },
    "RetryAfter": {
        "description": "Seconds to wait; there when waiting helps.",
        "schema": {"type": "integer", "minimum": 0},
    },
}
_TOKEN_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "The token of your organization's system. Without one you read what every "
        "visitor may read; writing always takes one."
    ),
}

Operation = dict[str, Any]


def complete(schema: dict[str, Any], *, root: str) -> None:
    """Add to a description what holds for every operation.

    Parameters
    ----------
    schema
        As django-ninja makes it, with paths below ``root``; is changed.
    root
        Path of the interface on its site, with the major version.
    """
    schema["servers"] = [
        {"url": root.rstrip("/"), "description": "The site that serves this."}
    ]
    components = schema["components"]
    components["parameters"] = {"IdempotencyKey": _KEY_PARAMETER}
    components["headers"] = _HEADERS
    components["securitySchemes"] = {"token": _TOKEN_SCHEME}
    done: list[Operation] = []
    for method, _path, operation in operations_of(schema):
        # One operation for two methods is one object here.
        if any(operation is one for one in done):
            continue
        done.append(operation)
        is_write = method in WRITING_METHODS
        operation["security"] = [{"token": []}] if is_write else [{}, {"token": []}]
        if is_write:
            _add_refusals(operation, _REFUSALS_OF_A_WRITE)
            operation["parameters"].append(
                {"$ref": "#/components/parameters/IdempotencyKey"}
            )
        elif operation["parameters"]:
            _add_refusals(operation, (HTTPStatus.BAD_REQUEST,))
        for status, response in operation["responses"].items():
            _complete_response(int(status), response, is_write=is_write)
    _add_links(schema)


def operations_of(schema: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Yield (method in capitals, path, operation) of a description."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if method.upper() in WRITING_METHODS | {"GET"}:
                yield method.upper(), path, operation


_REFUSALS_OF_A_WRITE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


def _add_refusals(operation: Operation, statuses: tuple[HTTPStatus, ...]) -> None:
    for status in statuses:
        operation["responses"].setdefault(
            int(status),
            {
                "description": status.phrase,
                "content": {"application/json": _PROBLEM},
            },
        )


def _complete_response(
    status: int, response: dict[str, Any], *, is_write: bool
) -> None:
    headers = response.setdefault("headers", {})
    headers["API-Version"] = _header("ApiVersion")
    if is_write and 200 <= status < 300:
        headers[REPLAYED_HEADER] = _header("IdempotencyReplayed")
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _header("WwwAuthenticate")
    if status == HTTPStatus.CONFLICT:
        headers["Retry-After"] = _header("RetryAfter")
    content = response.get("content", {})
    if status >= 400 and "application/json" in content:
        content[PROBLEM_TYPE] = content.pop("application/json")


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


# --- links: what an answer lets you ask next


def _add_links(schema: dict[str, Any]) -> None:
    """Link each answer that names a thing to the operations on that thing.

    ``POST /requests`` answers with a number, so it leads to everything below
    ``/requests/{number}``; ``GET /requests`` does so by its first item.
    """
    on_things: dict[tuple[str, str], list[str]] = {}
    for _method, path, operation in operations_of(schema):
        found = re.match(r"^(/[^{}]+)/\{(\w+)\}(?:/[^{}]*)?$", path)
        if found:
            on_things.setdefault((found[1], found[2]), []).append(
                operation["operationId"]
            )
    for _method, path, operation in operations_of(schema):
        for (collection, parameter), linked in on_things.items():
            if path != collection:
                continue
            for status, response in operation["responses"].items():
                if not 200 <= int(status) < 300:
                    continue
                place = _place_of(schema, response, parameter)
                if place is not None:
                    response["links"] = {
                        name: {
                            "operationId": name,
                            "parameters": {parameter: f"$response.body#{place}"},
                        }
                        for name in linked
                    }


def _place_of(
    schema: dict[str, Any], response: dict[str, Any], parameter: str
) -> str | None:
    """Return where an answer names a thing, as a JSON pointer."""
    content = response.get("content", {}).get("application/json", {})
    properties = _resolve(schema, content.get("schema", {})).get("properties", {})
    for prefix, found in (
        ("", properties),
        (
            "/items/0",
            _resolve(schema, properties.get("items", {}).get("items", {})).get(
                "properties", {}
            ),
        ),
    ):
        for name in _names_of(parameter):
            if name in found:
                return f"{prefix}/{name}"
    return None


def _names_of(parameter: str) -> tuple[str, ...]:
    first, *others = parameter.split("_")
    camel = first + "".join(word.capitalize() for word in others)
    return (camel, "id") if parameter.endswith("_id") else (camel,)


def _resolve(schema: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    reference = one.get("$ref")
    if reference is None:
        return one
    found: dict[str, Any] = schema["components"]["schemas"].get(
        reference.rsplit("/", 1)[-1], {}
    )
    return found
