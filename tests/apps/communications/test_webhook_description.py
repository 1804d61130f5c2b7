"""The webhooks in the OpenAPI description say what is really sent."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.test import Client
from django.utils import timezone
from openapi_spec_validator import validate

from wijkspil.communications.models import Communication
from wijkspil.communications.schemas import WebhookMessage
from wijkspil.communications.services.delivering import webhook_body
from wijkspil.communications.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    sign,
)
from wijkspil.communications.types import list_topics

SOURCES = Path(__file__).resolve().parents[3] / "src" / "wijkspil"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    body: dict[str, Any] = Client().get("/api/v1/openapi.json").json()
    return body


def test_every_topic_in_the_code_is_a_webhook(described: dict[str, Any]) -> None:
    declared = {
        code
        for file in SOURCES.rglob("*.py")
        for code in re.findall(
            r'declare_topic\(\s*"([a-z]+\.[a-z-]+)"', file.read_text()
        )
    }
    assert len(declared) > 30
    assert set(described["webhooks"]) == declared
    assert declared <= {topic.code for topic in list_topics()}


def test_the_description_with_webhooks_is_valid_openapi(
    described: dict[str, Any],
) -> None:
    validate(described)
    ids = [one["post"]["operationId"] for one in described["webhooks"].values()]
    assert len(set(ids)) == len(ids)
    assert described["webhooks"]["referrals.accepted"]["post"]["summary"] == (
        "A team takes your request"
    )


def test_what_is_sent_is_what_is_described(described: dict[str, Any]) -> None:
    message = cast(
        "Communication",
        SimpleNamespace(
            pk="0d9d2c9e-4c0a-5f4e-8a27-3f0f1c3d9b11",
            topic="referrals.accepted",
            created_at=timezone.now(),
        ),
    )
    body = webhook_body(message)
    told = WebhookMessage.model_validate_json(body)
    assert told.topic in described["webhooks"]
    told_of = described["components"]["schemas"]["WebhookMessage"]
    assert set(told_of["properties"]) == set(told_of["required"])
    assert set(told_of["properties"]) == {"id", "topic", "createdAt", "link"}
    headers = described["components"]["parameters"]
    assert {ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER} == {
        headers[name]["name"] for name in headers if name.startswith("Webhook")
    }
    assert re.match(
        headers["WebhookSignature"]["schema"]["pattern"],
        sign("secret", timestamp_s=1795338000, body=body),
    )
