"""A subscription, its state and its notifications, as FHIR writes them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wijkspil.fhir.models import Subscription
from wijkspil.fhir.types import Resource, instant_of, tick_of

_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
PROFILE = f"{_BACKPORT}/backport-subscription"
FILTER = f"{_BACKPORT}/backport-filter-criteria"
CONTENT = f"{_BACKPORT}/backport-payload-content"
HEARTBEAT = f"{_BACKPORT}/backport-heartbeat-period"
_STATUS = f"{_BACKPORT}/backport-subscription-status-r4"
_NOTIFICATION = f"{_BACKPORT}/backport-subscription-notification-r4"

#: Ids of notifications: the same for the same version, however often it is sent.
_NAMESPACE = uuid.UUID("a2a4c1c8-7a0b-4d0b-9a53-6f6f3c1f2b11")


@dataclass(frozen=True)
class Event:
    """One change that is told: its number, the version and its text."""

    number: int
    type: str
    fhir_id: str
    version: int
    tick: int
    body: str

    @property
    def reference(self) -> str:
        """The resource that changed."""
        return f"{self.type}/{self.fhir_id}"


def to_subscription(row: Subscription) -> Resource:
    """Return a subscription as its owner reads it; headers are not shown again."""
    channel: Resource = {"type": "rest-hook", "endpoint": row.url}
    if row.payload:
        channel["payload"] = row.payload
    resource: Resource = {
        "resourceType": "Subscription",
        "id": row.fhir_id,
        "meta": {
            "versionId": str(row.version),
            "lastUpdated": instant_of(tick_of(row.changed_at)),
        },
        "status": row.status,
        "reason": row.reason,
        "criteria": row.criteria,
        "channel": channel,
    }
    if row.ends_at:
        resource["end"] = instant_of(tick_of(row.ends_at))
    if row.error:
        resource["error"] = row.error
    if row.topic:
        resource["meta"]["profile"] = [PROFILE]
        if row.narrowing:
            resource["_criteria"] = {
                "extension": [
                    {"url": FILTER, "valueString": text} for text in row.narrowing
                ]
            }
        channel["_payload"] = {
            "extension": [{"url": CONTENT, "valueCode": row.content}]
        }
        if row.heartbeat_s:
            channel["extension"] = [
                {"url": HEARTBEAT, "valueUnsignedInt": row.heartbeat_s}
            ]
    return resource


def to_status(
    row: Subscription, *, kind: str, base_url: str, events: Sequence[Event] = ()
) -> Resource:
    """Return the state of a subscription: ``kind`` handshake, heartbeat, ..."""
    parameters: list[Resource] = [
        {
            "name": "subscription",
            "valueReference": {"reference": f"{base_url}/Subscription/{row.fhir_id}"},
        },
        {"name": "topic", "valueCanonical": row.topic},
        {
            "name": "status",
            "valueCode": "active" if kind == "event-notification" else row.status,
        },
        {"name": "type", "valueCode": kind},
        {
            "name": "events-since-subscription-start",
            "valueString": str(events[-1].number if events else row.events),
        },
    ]
    parameters += [
        {
            "name": "notification-event",
            "part": [
                {"name": "event-number", "valueString": str(event.number)},
                {"name": "timestamp", "valueInstant": instant_of(event.tick)},
                *(
                    [
                        {
                            "name": "focus",
                            "valueReference": {
                                "reference": f"{base_url}/{event.reference}"
                            },
                        }
                    ]
                    if row.content != "empty"
                    else []
                ),
            ],
        }
        for event in events
    ]
    if row.error:
        parameters.append(
            {"name": "error", "valueCodeableConcept": {"text": row.error}}
        )
    return {
        "resourceType": "Parameters",
        "id": str(uuid.uuid5(_NAMESPACE, f"{row.fhir_id} {kind} {row.events}")),
        "meta": {"profile": [_STATUS]},
        "parameter": [one for one in parameters if one.get("valueCanonical") != ""],
    }


def to_notification(
    row: Subscription,
    *,
    kind: str,
    base_url: str,
    at: datetime,
    events: Sequence[Event] = (),
) -> tuple[str, Resource]:
    """Return (stable id, Bundle) of a notification; bodies are put in by the caller.

    An entry of an event has ``resource`` None where its text belongs.
    """
    status = to_status(row, kind=kind, base_url=base_url, events=events)
    key = f"{row.fhir_id} {kind} " + (
        " ".join(f"{event.reference}/{event.version}" for event in events)
        or instant_of(tick_of(at))
    )
    notification_id = str(uuid.uuid5(_NAMESPACE, key))
    entries: list[Resource] = [
        {
            "fullUrl": f"urn:uuid:{status['id']}",
            "resource": status,
            "request": {
                "method": "GET",
                "url": f"{base_url}/Subscription/{row.fhir_id}/$status",
            },
            "response": {"status": "200"},
        }
    ]
    if row.content != "empty":
        for event in events:
            entry: Resource = {"fullUrl": f"{base_url}/{event.reference}"}
            if row.content == "full-resource":
                entry["resource"] = None
            entry["request"] = (
                {"method": "POST", "url": event.type}
                if event.version == 1
                else {"method": "PUT", "url": event.reference}
            )
            entry["response"] = {"status": "201" if event.version == 1 else "200"}
            entries.append(entry)
    return notification_id, {
        "resourceType": "Bundle",
        "id": notification_id,
        "meta": {
            "profile": [_NOTIFICATION],
            "lastUpdated": instant_of(tick_of(at)),
        },
        "type": "history",
        "timestamp": instant_of(tick_of(at)),
        "entry": entries,
    }
