"""Make, read, change and end subscriptions of a system's own organization."""

import json
import re
import secrets
import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_noop

from wijkspil.accounts.types import Actor, Role
from wijkspil.communications.outside import check_url
from wijkspil.core.sealing import seal
from wijkspil.fhir.errors import FhirError, refuse, unknown_resource
from wijkspil.fhir.mapping.codes import OWN
from wijkspil.fhir.models import Subscription
from wijkspil.fhir.selectors.versions import get_horizon
from wijkspil.fhir.subscriptions.criteria import read_filters
from wijkspil.fhir.subscriptions.resource import (
    CONTENT,
    FILTER,
    HEARTBEAT,
    to_status,
    to_subscription,
)
from wijkspil.fhir.types import FHIR_JSON, Answer, Call, Resource, etag_of

#: More would only be a mistake.
MAX_SUBSCRIPTIONS = 100
#: Shown once, in the answer to creating: with it notifications are signed.
SECRET = f"{OWN}/StructureDefinition/signature-secret"
CONTENTS = ("empty", "id-only", "full-resource")
_AFTER_ALL = 2**63 - 1
_HEADER = re.compile(r"^([A-Za-z0-9-]{1,60}): ?([\x20-\x7e]{0,1000})$")
#: Headers of the connection itself, and those by which we prove who sends.
_OUR_HEADERS = ("host", "content-", "transfer-", "connection", "wijkspil-")


def create(call: Call) -> Answer:
    """Make a subscription; it becomes active when its address has answered.

    Raises
    ------
    FhirError
        401 for a visitor, 422 for what cannot be followed or sent to.
    """
    organization_id = _own_organization(call.actor)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        running = Subscription.objects.filter(organization_id=organization_id)
        if running.exclude(status="off").count() >= MAX_SUBSCRIPTIONS:
            raise refuse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "too-costly",
                gettext_noop("Your organization has %(most)s subscriptions. End one."),
                most=MAX_SUBSCRIPTIONS,
            )
        row = Subscription(
            fhir_id=str(uuid.uuid4()),
            organization_id=organization_id,
            owner_label=call.actor.label,
            secret=seal(secret),
            cursor_tick=get_horizon(),
            cursor_id=_AFTER_ALL,  # of that tick
            next_try_at=call.at,
        )
        _fill(row, call.body or {}, at=call.at)
        row.status = "requested"
        row.save()
    resource = to_subscription(row)
    resource["channel"].setdefault("extension", []).append(
        {"url": SECRET, "valueString": secret}
    )
    return _answer(
        resource,
        status=HTTPStatus.CREATED,
        location=f"{call.base_url}/Subscription/{row.fhir_id}/_history/{row.version}",
    )


def read(call: Call) -> Answer:
    """Return a subscription of one's own organization.

    Raises
    ------
    FhirError
        404 if there is none.
    """
    return _answer(to_subscription(_find(call)))


def search(call: Call) -> Answer:
    """Return the subscriptions of one's own organization, by ``status`` and ``url``."""
    rows = Subscription.objects.filter(
        organization_id=_own_organization(call.actor)
    ).order_by("pk")
    for name, value in call.params:
        if name == "status":
            rows = rows.filter(status__in=value.split(","))
        elif name == "url":
            rows = rows.filter(url=value)
        elif name == "_id":
            rows = rows.filter(fhir_id__in=value.split(","))
    resources = [to_subscription(row) for row in rows]
    return Answer(
        text=json.dumps(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(resources),
                "link": [{"relation": "self", "url": f"{call.base_url}/Subscription"}],
                "entry": [
                    {
                        "fullUrl": f"{call.base_url}/Subscription/{resource['id']}",
                        "resource": resource,
                        "search": {"mode": "match"},
                    }
                    for resource in resources
                ],
            }
        )
    )


def update(call: Call) -> Answer:
    """Change a subscription; ``requested`` starts one again that failed or was off.

    It goes on where it stopped: what happened meanwhile is still told.

    Raises
    ------
    FhirError
        404, 412 for a stale ``If-Match``, 422 as for ``create``.
    """
    with transaction.atomic():
        row = _find(call, is_locked=True)
        expected = call.headers.get("If-Match")
        if expected and expected != etag_of(row.version):
            raise refuse(
                HTTPStatus.PRECONDITION_FAILED,
                "conflict",
                gettext_noop("It has version %(version)s by now. Read it again."),
                version=row.version,
            )
        body = call.body or {}
        _fill(row, body, at=call.at)
        row.status = "off" if body.get("status") == "off" else "requested"
        row.attempts, row.next_try_at = 0, call.at
        row.version += 1
        row.save()
    return _answer(to_subscription(row))


def end(call: Call) -> Answer:
    """Stop a subscription. It stays, with status off."""
    with transaction.atomic():
        row = _find(call, is_locked=True)
        if row.status != "off":
            row.status, row.changed_at = "off", call.at
            row.version += 1
            row.save()
    return Answer(text="", status=HTTPStatus.NO_CONTENT)


def tell_status(call: Call) -> Answer:
    """Answer ``$status`` of one subscription."""
    row = _find(call)
    status = to_status(row, kind="query-status", base_url=call.base_url)
    return Answer(
        text=json.dumps(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": 1,
                "entry": [
                    {
                        "fullUrl": f"urn:uuid:{status['id']}",
                        "resource": status,
                        "search": {"mode": "match"},
                    }
                ],
            }
        )
    )


def _own_organization(actor: Actor) -> int:
    """Return the organization whose system acts."""
    for grant in actor.grants:
        if grant.role == Role.PROVIDER_SYSTEM and grant.organization_id is not None:
            return grant.organization_id
    raise refuse(
        HTTPStatus.UNAUTHORIZED,
        "login",
        gettext_noop("Subscriptions are for systems: send a token."),
        headers=[("WWW-Authenticate", "Bearer")],
    )


def _find(call: Call, *, is_locked: bool = False) -> Subscription:
    rows = Subscription.objects.filter(
        organization_id=_own_organization(call.actor), fhir_id=call.id
    )
    row: Subscription | None = (rows.select_for_update() if is_locked else rows).first()
    if row is None:
        raise unknown_resource("Subscription", call.id)
    return row


def _fill(row: Subscription, body: Resource, *, at: datetime) -> None:
    """Take over what was sent, after checking all of it.

    Raises
    ------
    FhirError
        422 with the place.
    """
    if body.get("resourceType") != "Subscription":
        raise _wrong(
            "resourceType",
            gettext_noop("A Subscription was expected, and “%(value)s” came."),
            value=body.get("resourceType"),
        )
    channel = body.get("channel")
    if not isinstance(channel, dict) or channel.get("type") != "rest-hook":
        raise _wrong(
            "channel.type", gettext_noop("Only the channel “rest-hook” is there.")
        )
    payload = channel.get("payload", "")
    if payload not in {"", FHIR_JSON, "application/json"}:
        raise _wrong(
            "channel.payload",
            gettext_noop("“%(value)s” is not sent. Choose %(known)s, or leave it out."),
            value=payload,
            known=FHIR_JSON,
        )
    criteria = body.get("criteria")
    if not isinstance(criteria, str) or not criteria:
        raise _wrong("criteria", gettext_noop("Say what you want to be told of."))
    narrowing = _extensions(body.get("_criteria"), FILTER, "valueString")
    row.topic, _filters = read_filters(criteria, narrowing)
    row.criteria, row.narrowing, row.payload = criteria, narrowing, payload
    row.content = next(
        iter(_extensions(channel.get("_payload"), CONTENT, "valueCode")), "id-only"
    )
    if row.content not in CONTENTS:
        raise _wrong(
            "channel.payload.extension",
            gettext_noop("“%(value)s” is no content. Choose from: %(known)s."),
            value=row.content,
            known=", ".join(CONTENTS),
        )
    seconds = next(iter(_extensions(channel, HEARTBEAT, "valueUnsignedInt")), 0)
    if not isinstance(seconds, int) or not (seconds == 0 or 60 <= seconds <= 86_400):
        raise _wrong(
            "channel.extension",
            gettext_noop("The heartbeat is 60 to 86,400 seconds, not %(value)s."),
            value=seconds,
        )
    row.heartbeat_s = seconds
    row.reason = str(body.get("reason", ""))[:200]
    row.url = str(channel.get("endpoint", ""))[:500]
    check_url(row.url, allow_private=settings.WEBHOOK_PRIVATE)
    if "header" in channel:
        row.headers = seal(json.dumps(_read_headers(channel["header"])))
    row.ends_at = _read_end(body.get("end"), at=at)
    row.error, row.changed_at = "", at


def _extensions(element: Any, url: str, value: str) -> list[Any]:
    found = element.get("extension", []) if isinstance(element, dict) else []
    return [
        one[value]
        for one in found
        if isinstance(one, dict) and one.get("url") == url and value in one
    ]


def _read_headers(lines: Any) -> list[list[str]]:
    headers = []
    for line in lines if isinstance(lines, list) else [lines]:
        match = _HEADER.match(line) if isinstance(line, str) else None
        if match is None or match[1].lower().startswith(_OUR_HEADERS):
            raise _wrong(
                "channel.header",
                gettext_noop("This header cannot be sent along. Write Name: value."),
            )
        headers.append([match[1], match[2]])
    return headers


def _read_end(text: Any, *, at: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment <= at:
        raise _wrong(
            "end",
            gettext_noop("“%(value)s” is no moment in the future with a time zone."),
            value=text,
        )
    return moment


def _wrong(place: str, message: str, **values: Any) -> FhirError:
    return refuse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "value",
        message,
        expression=f"Subscription.{place}",
        **values,
    )


def _answer(
    resource: Resource, *, status: int = HTTPStatus.OK, location: str = ""
) -> Answer:
    headers = {"ETag": etag_of(resource["meta"]["versionId"])}
    if location:
        headers["Location"] = location
    return Answer(text=json.dumps(resource), status=status, headers=headers)
