"""Tell subscribers of what changed: in order, at least once, never skipping one.

The versions are the queue: each subscription remembers up to where it was told, and
goes on from there. A try takes the row (``FOR UPDATE SKIP LOCKED``), puts the next try
ahead and commits; only then something is sent; then the outcome is written. A worker
that dies in between leaves a row that is taken again after ``LEASE``: the same
notification with the same id may then come twice. What keeps failing waits longer each
time, and then stops with status error: nothing is lost, starting it again tells what
was missed.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.communications.outside import NotReached, post
from wijkspil.communications.services.delivering import (
    LEASE,
    MAX_ATTEMPTS,
    wait_before,
)
from wijkspil.communications.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    sign,
)
from wijkspil.core.prepared import fetch_rows
from wijkspil.core.sealing import unseal
from wijkspil.fhir.exchange.selectors.tasks import find_task
from wijkspil.fhir.models import Subscription
from wijkspil.fhir.selectors.versions import get_horizon
from wijkspil.fhir.services.rendering import render_pending
from wijkspil.fhir.subscriptions.criteria import TASK, Filter, matches, read_filters
from wijkspil.fhir.subscriptions.resource import Event, to_notification
from wijkspil.fhir.types import FHIR_JSON

#: Events told in one notification of a topic; the older form tells one at a time.
MAX_EVENTS = 50
_LOOKED_AT_ONCE = 500
_GONE = 410

_NEXT = """
SELECT id, type, fhir_id, version, tick, body FROM fhir_version
 WHERE (tick, id) > (%(tick)s, %(id)s) AND tick <= %(horizon)s
   AND type = ANY(%(types)s)
 ORDER BY tick, id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Told:
    """What one try did: which subscription, how many events, and why it failed."""

    subscription_id: int
    events: int
    error: str = ""


@dataclass(frozen=True)
class _Found:
    events: list[Event]
    tick: int
    id: int
    has_more: bool


def notify_next(*, at: datetime, skip: frozenset[int] = frozenset()) -> Told | None:
    """Tell the subscriber that waits longest of what is next; None if none is due.

    Call it outside a transaction. A subscription with nothing to tell is looked at
    again when something changed, or after a minute.
    """
    row = _take(at=at, skip=skip)
    if row is None:
        return None
    if row.ends_at is not None and row.ends_at <= at:
        return _stop(row, status="off", error="", at=at)
    if row.status == "requested":
        return _shake_hands(row, at=at)
    _topic, filters = read_filters(row.criteria, row.narrowing)
    found = _find_events(row, filters)
    if not found.events:
        return _rest(row, found, at=at)
    error = _send_events(row, found.events, at=at)
    if error:
        return _fail(row, error, at=at)
    _advance(
        row,
        found,
        at=at,
        next_at=at if found.has_more else at + timedelta(minutes=1),
    )
    return Told(row.pk, len(found.events))


def _take(*, at: datetime, skip: frozenset[int]) -> Subscription | None:
    with transaction.atomic():
        row: Subscription | None = (
            Subscription.objects.select_for_update(skip_locked=True)
            .filter(status__in=("requested", "active"))
            .filter(
                Q(next_try_at__lte=at)
                # Something changed since it was looked at, and it did not fail.
                | Q(
                    attempts=0,
                    status="active",
                    cursor_tick__lt=get_horizon(),
                    looked_at__lt=at,
                )
            )
            .exclude(pk__in=skip)
            .order_by("next_try_at", "pk")
            .first()
        )
        if row is None:
            return None
        Subscription.objects.filter(pk=row.pk).update(
            attempts=F("attempts") + 1, next_try_at=at + LEASE
        )
    row.attempts += 1
    return row


def _find_events(row: Subscription, filters: list[Filter]) -> _Found:
    render_pending()
    horizon = get_horizon()
    most = MAX_EVENTS if row.topic else 1
    events: list[Event] = []
    tick, key = row.cursor_tick, row.cursor_id
    while True:
        rows = fetch_rows(
            _NEXT,
            {
                "tick": tick,
                "id": key,
                "horizon": horizon,
                "types": [one.type for one in filters],
                "most": _LOOKED_AT_ONCE,
            },
        )
        for key_, type_, fhir_id, version, tick_, body in rows:
            resource = json.loads(body)
            if matches(filters, resource) and may_be_told(row, type_, fhir_id):
                if len(events) == most:
                    return _Found(events, tick, key, has_more=True)
                number = row.events + len(events) + 1
                events.append(Event(number, type_, fhir_id, version, tick_, body))
            tick, key = tick_, key_
        if len(rows) < _LOOKED_AT_ONCE:
            return _Found(events, max(tick, horizon), key, has_more=False)


def _shake_hands(row: Subscription, *, at: datetime) -> Told:
    """Try the address of a new subscription; of the older form nothing is sent."""
    if row.topic:
        error = _send_bundle(row, kind="handshake", events=[], at=at)
        if error:
            return _fail(row, error, at=at)
    Subscription.objects.filter(pk=row.pk, version=row.version).update(
        status="active",
        version=F("version") + 1,
        changed_at=at,
        error="",
        attempts=0,
        next_try_at=at,
        told_at=at,
    )
    return Told(row.pk, 0)


def _rest(row: Subscription, found: _Found, *, at: datetime) -> Told:
    """Nothing to tell: beat if that is due, and wait."""
    if (
        row.topic
        and row.heartbeat_s
        and (
            row.told_at is None
            or row.told_at + timedelta(seconds=row.heartbeat_s) <= at
        )
    ):
        error = _send_bundle(row, kind="heartbeat", events=[], at=at)
        if error:
            return _fail(row, error, at=at)
        Subscription.objects.filter(pk=row.pk).update(told_at=at)
    _advance(row, found, at=at, next_at=at + timedelta(minutes=1))
    return Told(row.pk, 0)


def _advance(
    row: Subscription, found: _Found, *, at: datetime, next_at: datetime
) -> None:
    told = {"told_at": at} if found.events else {}
    Subscription.objects.filter(pk=row.pk).update(
        cursor_tick=found.tick,
        cursor_id=found.id,
        events=F("events") + len(found.events),
        attempts=0,
        error="",
        next_try_at=next_at,
        looked_at=at,
        **told,
    )


def _send_events(row: Subscription, events: list[Event], *, at: datetime) -> str:
    if row.topic:
        return _send_bundle(row, kind="event-notification", events=events, at=at)
    (event,) = events
    body = event.body.encode() if row.payload else b""
    return _send(row, f"{event.reference}/{event.version}", body, at=at)


def _send_bundle(
    row: Subscription, *, kind: str, events: list[Event], at: datetime
) -> str:
    notification_id, bundle = to_notification(
        row, kind=kind, base_url=f"{settings.SITE_URL}/fhir", at=at, events=events
    )
    bodies = iter(events)
    for entry in bundle["entry"]:
        if "resource" in entry and entry["resource"] is None:
            entry["resource"] = json.loads(next(bodies).body)
    return _send(row, notification_id, json.dumps(bundle).encode(), at=at)


def _send(row: Subscription, notification_id: str, body: bytes, *, at: datetime) -> str:
    """Post, signed; return why it failed, or nothing."""
    timestamp_s = int(at.timestamp())
    own = json.loads(unseal(row.headers)) if row.headers else []
    headers = {
        **dict(own),
        "User-Agent": "Wijkspil",
        ID_HEADER: notification_id,
        TIMESTAMP_HEADER: str(timestamp_s),
        SIGNATURE_HEADER: sign(unseal(row.secret), timestamp_s=timestamp_s, body=body),
    }
    if body:
        headers["Content-Type"] = FHIR_JSON
    try:
        status = post(
            row.url, body=body, headers=headers, allow_private=settings.WEBHOOK_PRIVATE
        )
    except NotReached as error:
        return error.code
    return "" if 200 <= status < 300 else f"http-{status}"


def _fail(row: Subscription, error: str, *, at: datetime) -> Told:
    if error in {f"http-{_GONE}", "private-address"} or row.attempts >= MAX_ATTEMPTS:
        return _stop(row, status="error", error=error, at=at)
    Subscription.objects.filter(pk=row.pk, attempts=row.attempts).update(
        next_try_at=at + wait_before(row.attempts, delivery_id=row.pk), error=error
    )
    return Told(row.pk, 0, error)


def _stop(row: Subscription, *, status: str, error: str, at: datetime) -> Told:
    Subscription.objects.filter(pk=row.pk, version=row.version).update(
        status=status, version=F("version") + 1, changed_at=at, error=error, attempts=0
    )
    return Told(row.pk, 0, error)


def may_be_told(row: Subscription, type_: str, fhir_id: str) -> bool:
    """Whether the subscriber may know of this: of a Task who asked or was asked."""
    if type_ != TASK:
        return True
    return find_task(_system_of(row), fhir_id) is not None


def _system_of(row: Subscription) -> Actor:
    grant = Grant(Role.PROVIDER_SYSTEM, organization_id=row.organization_id)
    return Actor(label=row.owner_label, grants=(grant,))
