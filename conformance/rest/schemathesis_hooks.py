"""What schemathesis needs to know of us; loaded by its command (``hooks``).

Who asks is told by ``WIJKSPIL_ASKS_AS``: the name of one system, or ``each``: every
operation by the system it is meant for.
"""

import json
import os
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from schemathesis import (
    AuthContext,
    Case,
    CheckContext,
    GenerationMode,
    HookContext,
    Response,
)
from schemathesis.core.parameters import ParameterLocation

TOKENS: dict[str, str] = json.loads(os.environ.get("WIJKSPIL_TOKENS", "{}"))
AS = os.environ.get("WIJKSPIL_ASKS_AS", "")
#: The service that each system keeps up itself.
OWN_SERVICES: dict[str, int] = json.loads(os.environ.get("WIJKSPIL_SERVICES", "{}"))
POSTCODE = os.environ.get("WIJKSPIL_POSTCODE", "")
KEY = "Idempotency-Key"

#: Whose work an operation is, by its path; all others are the hospital's.
WHOSE = (
    (r"/requests/[^/]+/(hours|care-start|care-end)$", "provider"),
    (r"/(offers|services|duties)\b", "provider"),
    (r"/gp-(practices|proposals)/", "practice"),
    (r"/calls/[^/]+/(accept|decline|leave|arrive|check-in|finish|key-safe)$", "night"),
    (r"/calls?\b|/call-checks", "triage"),
    (r"/services/[^/]+/beds/|/stays/[^/]+/(arrival|end|cannot-deliver)$", "stay"),
)


def who(path: str) -> str:
    """Return the system that an operation is meant for."""
    if AS != "each":
        return AS
    # The last that fits: a bed is a service of the one that offers stays.
    fitting = [name for pattern, name in WHOSE if re.search(pattern, path)]
    return fitting[-1] if fitting else "hospital"


if AS:

    @schemathesis.auth()
    class Token:
        """The bearer token of a system."""

        def get(self, case: Case[Any], context: AuthContext) -> str:
            """Return the token of whose work this is."""
            return TOKENS[who(context.operation.path)]

        def set(self, case: Case[Any], data: str, context: AuthContext) -> None:
            """Send it."""
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Send each write once, and in words of this week and this region.

    Without it nearly every valid body is refused for its day or its postcode, and
    what is behind that is not reached. What was made to be wrong is left as it is.
    """
    if _is_positive(case, ParameterLocation.HEADER) and KEY in (case.headers or {}):
        case.headers[KEY] = str(uuid.uuid4())
    if isinstance(case.body, dict) and _is_positive(case, ParameterLocation.BODY):
        case.body = _of_this_week(case.body)
    asking = who(case.operation.path)
    if (
        AS == "each"
        and "service_id" in (case.path_parameters or {})
        and asking in OWN_SERVICES
        and _is_positive(case, ParameterLocation.PATH)
    ):
        case.path_parameters["service_id"] = OWN_SERVICES[asking]
    if _is_positive(case, ParameterLocation.QUERY) and "postcode" in (case.query or {}):
        case.query["postcode"] = POSTCODE


@schemathesis.check
def description_says_what_is_read(
    ctx: CheckContext, response: Response, case: Case[Any]
) -> None:
    """Fail where a value fits the description and still cannot be read."""
    if response.status_code != 400 or case.meta is None:
        return
    if any(
        one.mode == GenerationMode.NEGATIVE for one in case.meta.components.values()
    ):
        return
    # A link to what is null in an answer leads nowhere: "None" is no number.
    if None in (case.path_parameters or {}).values():
        return
    body = response.json()
    assert body["code"] != "unreadable-request", body


def _is_positive(case: Case[Any], part: ParameterLocation) -> bool:
    info = case.meta.components.get(part) if case.meta else None
    return info is not None and info.mode == GenerationMode.POSITIVE


def _of_this_week(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body with days to come, a postcode of the region and our own webhook.

    No message leaves for an address that was made up: it may be somebody's.
    """
    soon = datetime.now(UTC) + timedelta(days=2)  # noqa: TID251 - an edge
    told: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            told[name] = _of_this_week(value)
        elif name == "postcode":
            told[name] = POSTCODE
        elif name == "url" and str(value).startswith("http"):
            told[name] = f"https://hook-{uuid.uuid4().hex}.invalid/in"
        elif name in _DAYS and isinstance(value, str) and value:
            told[name] = (soon + timedelta(days=_DAYS[name])).date().isoformat()
        elif name in _MOMENTS and isinstance(value, str) and value:
            told[name] = (soon + timedelta(days=_MOMENTS[name])).isoformat()
        else:
            told[name] = value
    return told


_DAYS = {
    "firstVisitOn": 0,
    "homeOn": 3,
    "neededOn": 0,
    "noRoomUntil": 20,
    "plannedEnd": 10,
    "reviewOn": 40,
    "roomAgainOn": 5,
}
_MOMENTS = {"validFrom": 0, "validUntil": 1, "arrivesAt": 0}
