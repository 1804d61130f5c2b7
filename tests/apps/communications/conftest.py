"""The topics of ``topics`` are declared while a test of this folder runs, no longer."""

import pytest

from tests.apps.communications.topics import CALM, URGENT
from wijkspil.communications import types


@pytest.fixture(autouse=True)
def _topics(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "test_webhook_description" not in request.node.nodeid:
        for topic in (CALM, URGENT):
            monkeypatch.setitem(types._CATALOGUE, topic.code, topic)
