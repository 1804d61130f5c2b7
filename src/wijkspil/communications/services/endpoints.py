"""Connect a system of an organization, try it, end it, and send again."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from wijkspil.accounts.types import Actor, Target
from wijkspil.communications.errors import (
    EndpointExists,
    EndpointHasEnded,
    NotDead,
    TooManyEndpoints,
    UnknownTopic,
    unknown_endpoint,
)
from wijkspil.communications.models import Communication, Delivery, WebhookEndpoint
from wijkspil.communications.outside import check_url
from wijkspil.communications.permissions import (
    can_manage_webhooks,
    check_can_manage_webhooks,
)
from wijkspil.communications.services.delivering import close_endpoint
from wijkspil.communications.services.sending import DELIVER
from wijkspil.communications.types import (
    TEST_MESSAGE,
    Channel,
    DeliveryStatus,
    find_topic,
)
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.core.sealing import seal

#: More would only be a mistake: each is told of every message.
MAX_ENDPOINTS = 20


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An address that was added. ``secret`` is not to be had again."""

    id: int
    secret: str


def add_endpoint(
    *,
    actor: Actor,
    organization_id: int,
    url: str,
    topics: Collection[str] = (),
    at: datetime,
) -> NewEndpoint:
    """Connect a system; without topics it is told of every message.

    Raises
    ------
    NotPermitted
        If the actor does not manage this organization.
    InvalidAddress, UnknownTopic
        If the address or a topic cannot be used.
    EndpointExists, TooManyEndpoints
        If this address is in use already, or twenty are.
    """
    check_can_manage_webhooks(actor, Target(organization_id=organization_id))
    check_url(url, allow_private=settings.WEBHOOK_PRIVATE)
    _check_topics(topics)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        in_use = WebhookEndpoint.objects.at(at).filter(organization_id=organization_id)
        if in_use.filter(url=url).exists():
            raise EndpointExists(
                _("“%(url)s” is connected already. End it first to get a new secret.")
                % {"url": url},
                field="url",
            )
        if in_use.count() >= MAX_ENDPOINTS:
            raise TooManyEndpoints(
                _("Your organization has %(most)s addresses. End one first.")
                % {"most": MAX_ENDPOINTS}
            )
        endpoint = WebhookEndpoint.objects.create(
            organization_id=organization_id,
            url=url,
            secret=seal(secret),
            topics=sorted(set(topics)),
            valid_from=at,
        )
        _record(actor, endpoint, AuditEvent.Action.CREATE, at=at)
    return NewEndpoint(id=endpoint.pk, secret=secret)


def choose_topics(
    *, actor: Actor, endpoint_id: int, topics: Collection[str], at: datetime
) -> None:
    """Change what a system is told of; without topics every message.

    Raises
    ------
    UnknownEndpoint
        If there is none, or it is not the actor's.
    EndpointHasEnded
        If nothing is sent to it any more.
    UnknownTopic
        If no room sends about a topic.
    """
    _check_topics(topics)
    with transaction.atomic():
        endpoint = _own_endpoint(actor, endpoint_id)
        _check_in_use(endpoint)
        endpoint.topics = sorted(set(topics))
        endpoint.save(update_fields=["topics"])
        _record(actor, endpoint, AuditEvent.Action.UPDATE, at=at)


def end_endpoint(*, actor: Actor, endpoint_id: int, at: datetime) -> None:
    """Tell a system nothing more; what is on its way to it is dropped.

    Ending twice does no harm.

    Raises
    ------
    UnknownEndpoint
        If there is none, or it is not the actor's.
    """
    with transaction.atomic():
        endpoint = _own_endpoint(actor, endpoint_id)
        if endpoint.valid_until is None:
            close_endpoint(endpoint, WebhookEndpoint.Ending.BY_PERSON, at=at)
            _record(actor, endpoint, AuditEvent.Action.DELETE, at=at)


def send_test_message(*, actor: Actor, endpoint_id: int, at: datetime) -> Communication:
    """Send a test message to one system and return it.

    Raises
    ------
    UnknownEndpoint
        If there is none, or it is not the actor's.
    EndpointHasEnded
        If nothing is sent to it any more.
    """
    with transaction.atomic():
        endpoint = _own_endpoint(actor, endpoint_id)
        _check_in_use(endpoint)
        message = Communication.objects.create(
            topic=TEST_MESSAGE.code,
            to_organization_id=endpoint.organization_id,
            created_at=at,
            read_at=at,  # who asked for it knows of it; nobody else need look
            read_by_id=actor.user_id,
        )
        Delivery.objects.create(
            communication=message,
            channel=Channel.WEBHOOK,
            endpoint=endpoint,
            next_try_at=at,
        )
        app.configure_task(DELIVER).defer(communication_ids=[str(message.pk)])
    return message


def send_again(*, actor: Actor, delivery_id: int, at: datetime) -> None:
    """Try a dead letter anew, as if it were sent now, with the same id.

    Raises
    ------
    UnknownEndpoint
        If there is no such delivery, or it is not the actor's.
    NotDead
        If it is on its way, delivered or no longer needed.
    EndpointHasEnded
        If nothing is sent to its address any more.
    """
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(of=("self",))
            .select_related("endpoint")
            .filter(pk=delivery_id)
            .first()
        )
        if delivery is None or not can_manage_webhooks(
            actor,
            Target(
                organization_id=delivery.endpoint.organization_id
                if delivery.endpoint
                else None
            ),
        ):
            raise unknown_endpoint()
        if delivery.status != DeliveryStatus.DEAD:
            raise NotDead(
                _("This message is already on its way, delivered or not needed.")
            )
        if delivery.endpoint is not None:
            _check_in_use(delivery.endpoint)
        delivery.status = DeliveryStatus.WAITING
        delivery.attempts = 0
        delivery.next_try_at = at
        delivery.save(update_fields=["status", "attempts", "next_try_at"])
        app.configure_task(DELIVER).defer(
            communication_ids=[str(delivery.communication_id)]
        )


def _own_endpoint(actor: Actor, endpoint_id: int) -> WebhookEndpoint:
    endpoint: WebhookEndpoint | None = (
        WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    )
    if endpoint is None or not can_manage_webhooks(
        actor, Target(organization_id=endpoint.organization_id)
    ):
        raise unknown_endpoint()
    return endpoint


def _check_topics(topics: Collection[str]) -> None:
    for code in topics:
        if find_topic(code) is None:
            raise UnknownTopic(
                _("There are no messages about “%(topic)s”.") % {"topic": code[:80]},
                field="topics",
            )


def _check_in_use(endpoint: WebhookEndpoint) -> None:
    if endpoint.valid_until is not None:
        raise EndpointHasEnded(
            _("This address has ended. Add it anew to send to it again.")
        )


def _record(
    actor: Actor,
    endpoint: WebhookEndpoint,
    action: AuditEvent.Action,
    *,
    at: datetime,
) -> None:
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type="webhook-endpoint",
        entity_ids=[endpoint.pk],
        purpose="connect-system",
    )
