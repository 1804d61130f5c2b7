"""What a system is sent, as the ``webhooks`` of the OpenAPI description.

Made from the catalogue of topics, so that a topic that is declared is described.
"""

from http import HTTPStatus
from typing import Any

from django.utils.translation import override

from wijkspil.communications.schemas import WebhookMessage
from wijkspil.communications.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
)
from wijkspil.communications.types import Topic, list_topics

SCHEMA_NAME = "WebhookMessage"

_HEADERS: dict[str, dict[str, Any]] = {
    "WebhookId": {
        "name": ID_HEADER,
        "description": "The id of the message: the same at every try. Remember it.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "WebhookTimestamp": {
        "name": TIMESTAMP_HEADER,
        "description": (
            "When this was sent, in seconds since 1970. Refuse what is older than "
            "five minutes."
        ),
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1795338000",
    },
    "WebhookSignature": {
        "name": SIGNATURE_HEADER,
        "description": (
            "“v1=” and the HMAC-SHA256, in hexadecimal, with the secret of the address "
            "over the timestamp, a full stop and the body as it came. Check it before "
            "you read the body."
        ),
        "schema": {"type": "string", "pattern": "^v1=[0-9a-f]{64}$"},
    },
}
_RESPONSES: dict[str, dict[str, str]] = {
    "2XX": {"description": "Taken, within ten seconds. It is not sent again."},
    str(int(HTTPStatus.GONE)): {
        "description": "The address is ended: nothing is sent to it any more."
    },
    "default": {
        "description": "Tried again for a bit over a day, with the same id: after 1, "
        "2, 4, ... minutes, at most 6 hours apart."
    },
}


def add_webhooks(schema: dict[str, Any]) -> None:
    """Add every topic to an OpenAPI description as a webhook; changes it."""
    components = schema["components"]
    components["schemas"][SCHEMA_NAME] = WebhookMessage.model_json_schema()
    components.setdefault("parameters", {}).update(
        {
            name: {"in": "header", "required": True, **header}
            for name, header in _HEADERS.items()
        }
    )
    with override("en"):  # the description is written in English
        schema["webhooks"] = {
            topic.code: {"post": _describe(topic)} for topic in list_topics()
        }


def _describe(topic: Topic) -> dict[str, Any]:
    room, _dot, what = topic.code.partition(".")
    urgent = " A person must know it now." if topic.urgent else ""
    return {
        "operationId": f"webhook_{room}_{what.replace('-', '_')}",
        "summary": str(topic.title),
        "description": (
            f"Sent to the addresses of an organization that asked for `{topic.code}`, "
            f"or for every topic. Nothing in it identifies a client.{urgent}"
        ),
        "tags": ["communications"],
        "parameters": [
            {"$ref": f"#/components/parameters/{name}"} for name in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "allOf": [
                            {"$ref": f"#/components/schemas/{SCHEMA_NAME}"},
                            {"properties": {"topic": {"const": topic.code}}},
                        ]
                    },
                    "example": {
                        "id": "0d9d2c9e-4c0a-5f4e-8a27-3f0f1c3d9b11",
                        "topic": topic.code,
                        "createdAt": "2026-11-22T09:00:00+00:00",
                        "link": "https://wijkspil.example/api/v1/communications/"
                        "0d9d2c9e-4c0a-5f4e-8a27-3f0f1c3d9b11",
                    },
                }
            },
        },
        "responses": _RESPONSES,
    }
