"""Which systems are told, and what did not arrive?"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from wijkspil.accounts.types import Actor
from wijkspil.communications.errors import unknown_endpoint
from wijkspil.communications.models import Delivery, WebhookEndpoint
from wijkspil.communications.selectors.inbox import title_of
from wijkspil.communications.types import Channel, DeliveryStatus


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of a system, without its secret."""

    id: int
    organization_id: int
    organization_name: str
    url: str
    topics: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None
    ending: str
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class OutgoingRow:
    """One delivery: where it stands and why."""

    id: int
    message_id: uuid.UUID
    topic: str
    title: str
    channel: str
    url: str
    organization_id: int | None
    organization_name: str
    status: str
    attempts: int
    created_at: datetime
    next_try_at: datetime
    last_error: str
    sent_at: datetime | None
    endpoint_has_ended: bool


def list_endpoints(
    organization_ids: Collection[int] | None, *, include_ended: bool = True
) -> list[Endpoint]:
    """Return the addresses, those in use first (one query). None: of everybody."""
    return [_as_endpoint(row) for row in _endpoints(organization_ids, include_ended)]


def get_endpoint(endpoint_id: int) -> Endpoint:
    """Return one address (one query).

    Raises
    ------
    UnknownEndpoint
        If there is none.
    """
    row = _endpoints(None, include_ended=True).filter(pk=endpoint_id).first()
    if row is None:
        raise unknown_endpoint()
    return _as_endpoint(row)


def list_dead_letters(
    organization_ids: Collection[int] | None, *, limit: int = 200
) -> list[OutgoingRow]:
    """Return what did not arrive, newest first (one query). None: of everybody.

    Of an organization what was for its systems; of everybody mail and text as well.
    """
    return _list(organization_ids, (DeliveryStatus.DEAD,), limit=limit)


def list_outgoing(
    organization_ids: Collection[int] | None, *, limit: int = 50
) -> list[OutgoingRow]:
    """Return what waits or was delivered, newest first (one query)."""
    return _list(
        organization_ids,
        (DeliveryStatus.WAITING, DeliveryStatus.SENT, DeliveryStatus.CANCELLED),
        limit=limit,
    )


def managed_organizations(actor: Actor, codes: Collection[str]) -> list[int]:
    """Return the organizations an actor holds one of these roles for, in order."""
    return sorted(
        {
            grant.organization_id
            for grant in actor.grants
            if grant.role in codes and grant.organization_id is not None
        }
    )


def _endpoints(
    organization_ids: Collection[int] | None, include_ended: bool
) -> QuerySet[WebhookEndpoint]:
    found: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.select_related(
        "organization"
    ).annotate(
        waiting=Count(
            "deliveries", filter=Q(deliveries__status=DeliveryStatus.WAITING)
        ),
        dead=Count("deliveries", filter=Q(deliveries__status=DeliveryStatus.DEAD)),
    )
    if organization_ids is not None:
        found = found.filter(organization_id__in=organization_ids)
    if not include_ended:
        found = found.filter(valid_until=None)
    return found.order_by(F("valid_until").desc(nulls_first=True), "-valid_from", "pk")


def _as_endpoint(row: WebhookEndpoint) -> Endpoint:
    return Endpoint(
        id=row.pk,
        organization_id=row.organization_id,
        organization_name=row.organization.name,
        url=row.url,
        topics=tuple(row.topics),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        ending=row.ending,
        waiting=getattr(row, "waiting", 0),
        dead=getattr(row, "dead", 0),
    )


def _list(
    organization_ids: Collection[int] | None,
    statuses: Collection[DeliveryStatus],
    *,
    limit: int,
) -> list[OutgoingRow]:
    found = Delivery.objects.select_related(
        "communication", "endpoint__organization"
    ).filter(status__in=statuses)
    if organization_ids is not None:
        found = found.filter(endpoint__organization_id__in=organization_ids)
    return [
        OutgoingRow(
            id=row.pk,
            message_id=row.communication_id,
            topic=row.communication.topic,
            title=title_of(row.communication.topic),
            channel=Channel(row.channel).value,
            url=row.endpoint.url if row.endpoint else "",
            organization_id=row.endpoint.organization_id if row.endpoint else None,
            organization_name=row.endpoint.organization.name if row.endpoint else "",
            status=row.status,
            attempts=row.attempts,
            created_at=row.communication.created_at,
            next_try_at=row.next_try_at,
            last_error=row.last_error,
            sent_at=row.sent_at,
            endpoint_has_ended=row.endpoint is not None
            and row.endpoint.valid_until is not None,
        )
        for row in found.order_by("-communication__created_at", "-pk")[:limit]
    ]
