"""The description is valid OpenAPI 3.1, by openapi-spec-validator."""

import time
from importlib.metadata import version

import httpx
from openapi_spec_validator import OpenAPIV31SpecValidator

from conformance.proof import Outcome, Stage


def prove(stage: Stage) -> Outcome:
    """Validate the description that the site answers with."""
    started_s = time.monotonic()
    answer = httpx.get(f"{stage.address}/api/v1/openapi.json", timeout=60)
    body = answer.json()
    wrong = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in OpenAPIV31SpecValidator(body).iter_errors()
    ]
    return Outcome(
        name="OpenAPI 3.1 is valid",
        tool=f"openapi-spec-validator {version('openapi-spec-validator')}",
        command="openapi-spec-validator /api/v1/openapi.json",
        passed=len(body["paths"]) if not wrong else 0,
        failed=len(wrong),
        seconds=time.monotonic() - started_s,
        detail=[*wrong, f"{len(body['paths'])} paths, OpenAPI {body['openapi']}"],
    )
