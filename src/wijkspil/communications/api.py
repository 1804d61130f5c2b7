"""REST of communications: messages of your organization, and systems to tell.

Only translates. Reading also works with the session of a signed-in person; writing
takes a token. What one may not know of answers 404.
"""

import uuid

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from wijkspil.accounts.requests import get_request_actor, get_writing_actor
from wijkspil.accounts.types import Actor, Target
from wijkspil.communications.errors import unknown_endpoint
from wijkspil.communications.permissions import (
    MANAGE_WEBHOOKS,
    can_manage_webhooks,
    check_can_manage_webhooks,
    check_can_read_messages,
)
from wijkspil.communications.schemas import (
    CommunicationOut,
    CommunicationsOut,
    DeadLetterOut,
    DeadLettersOut,
    EndpointIn,
    EndpointOut,
    EndpointsOut,
    InboxQuery,
    NewEndpointOut,
    TestOut,
    TopicsIn,
)
from wijkspil.communications.selectors.endpoints import (
    Endpoint,
    get_endpoint,
    list_dead_letters,
    list_endpoints,
    managed_organizations,
)
from wijkspil.communications.selectors.inbox import get_message, list_inbox
from wijkspil.communications.services.endpoints import (
    add_endpoint,
    choose_topics,
    end_endpoint,
    send_again,
    send_test_message,
)
from wijkspil.communications.services.reading import mark_read
from wijkspil.core.api import Problem, refuse_unknown_parameters

router = Router(by_alias=True, tags=["communications"])

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


@router.get(
    "/communications",
    response={200: CommunicationsOut, **_REFUSALS},
    summary="Messages to you and your organization, unread first",
)
def read_communications(
    request: HttpRequest, query: Query[InboxQuery]
) -> CommunicationsOut:
    """Answer a page, newest first within read and unread."""
    refuse_unknown_parameters(request, query)
    actor = get_request_actor(request)
    check_can_read_messages(actor)
    messages, total = list_inbox(
        actor, unread_only=query.unread, page=query.page, page_size=query.page_size
    )
    return CommunicationsOut(
        page=query.page,
        page_size=query.page_size,
        total=total,
        items=[CommunicationOut.of(message) for message in messages],
    )


@router.get(
    "/communications/{communication_id}",
    response={200: CommunicationOut, **_REFUSALS},
    summary="One message: where the link of a webhook leads",
)
def read_communication(
    request: HttpRequest, communication_id: uuid.UUID
) -> CommunicationOut:
    """Answer with its parameters and what it is about."""
    actor = get_request_actor(request)
    check_can_read_messages(actor)
    return CommunicationOut.of(get_message(actor, communication_id))


@router.post(
    "/communications/{communication_id}/read",
    response={200: CommunicationOut, **_REFUSALS},
    summary="Mark a message of your organization as read",
)
def write_communication_read(
    request: HttpRequest, communication_id: uuid.UUID
) -> CommunicationOut:
    """Mark it; who was first counts."""
    actor = get_writing_actor(request)
    mark_read(actor=actor, message_id=communication_id, at=timezone.now())
    return CommunicationOut.of(get_message(actor, communication_id))


@router.get(
    "/webhook-endpoints",
    response={200: EndpointsOut, **_REFUSALS},
    summary="Systems of your organization that are told of messages",
)
def read_webhook_endpoints(request: HttpRequest) -> EndpointsOut:
    """Answer those in use first; ended ones stay in the list."""
    rows = list_endpoints(_own_organizations(get_request_actor(request)))
    return EndpointsOut(items=[EndpointOut.of(row) for row in rows])


@router.post(
    "/webhook-endpoints",
    response={201: NewEndpointOut, **_REFUSALS},
    summary="Connect a system of your organization",
)
def write_webhook_endpoint(
    request: HttpRequest, body: EndpointIn
) -> Status[NewEndpointOut]:
    """Add an address; the secret that signs is in this answer only."""
    actor = get_writing_actor(request)
    check_can_manage_webhooks(actor)
    (organization_id,) = _own_organizations(actor) or [0]
    added = add_endpoint(
        actor=actor,
        organization_id=organization_id,
        url=body.url,
        topics=body.topics,
        at=timezone.now(),
    )
    shown = EndpointOut.of(get_endpoint(added.id))
    return Status(201, NewEndpointOut(**shown.model_dump(), secret=added.secret))


@router.get(
    "/webhook-endpoints/{endpoint_id}",
    response={200: EndpointOut, **_REFUSALS},
    summary="One system of your organization",
)
def read_webhook_endpoint(request: HttpRequest, endpoint_id: int) -> EndpointOut:
    """Answer without the secret."""
    return EndpointOut.of(_find(get_request_actor(request), endpoint_id))


@router.put(
    "/webhook-endpoints/{endpoint_id}/topics",
    response={200: EndpointOut, **_REFUSALS},
    summary="Choose what a system is told of",
)
def write_webhook_topics(
    request: HttpRequest, endpoint_id: int, body: TopicsIn
) -> EndpointOut:
    """Change the topics; an empty list means every message."""
    actor = get_writing_actor(request)
    choose_topics(
        actor=actor, endpoint_id=endpoint_id, topics=body.topics, at=timezone.now()
    )
    return EndpointOut.of(_find(actor, endpoint_id))


@router.delete(
    "/webhook-endpoints/{endpoint_id}",
    response={200: EndpointOut, **_REFUSALS},
    summary="End a system: it is told nothing more",
)
def write_webhook_end(request: HttpRequest, endpoint_id: int) -> EndpointOut:
    """End it; what was on its way to it is dropped."""
    actor = get_writing_actor(request)
    end_endpoint(actor=actor, endpoint_id=endpoint_id, at=timezone.now())
    return EndpointOut.of(_find(actor, endpoint_id))


@router.post(
    "/webhook-endpoints/{endpoint_id}/test",
    response={202: TestOut, **_REFUSALS},
    summary="Send a test message to one system",
)
def write_webhook_test(request: HttpRequest, endpoint_id: int) -> Status[TestOut]:
    """Send it as every message goes: signed, and tried again if it fails."""
    message = send_test_message(
        actor=get_writing_actor(request), endpoint_id=endpoint_id, at=timezone.now()
    )
    return Status(202, TestOut(id=message.pk))


@router.get(
    "/dead-letters",
    response={200: DeadLettersOut, **_REFUSALS},
    summary="Messages that did not arrive at your systems",
)
def read_dead_letters(request: HttpRequest) -> DeadLettersOut:
    """Answer newest first, with why the last try failed."""
    rows = list_dead_letters(_own_organizations(get_request_actor(request)))
    return DeadLettersOut(items=[DeadLetterOut.of(row) for row in rows])


@router.post(
    "/dead-letters/{delivery_id}/send-again",
    response={202: None, **_REFUSALS},
    summary="Send a message that did not arrive again, with the same id",
)
def write_send_again(request: HttpRequest, delivery_id: int) -> Status[None]:
    """Start anew: at once, and then for about a day."""
    send_again(
        actor=get_writing_actor(request), delivery_id=delivery_id, at=timezone.now()
    )
    return Status(202, None)


def _own_organizations(actor: Actor) -> list[int]:
    check_can_manage_webhooks(actor)
    return managed_organizations(actor, tuple(MANAGE_WEBHOOKS.grants))


def _find(actor: Actor, endpoint_id: int) -> Endpoint:
    check_can_manage_webhooks(actor)
    endpoint = get_endpoint(endpoint_id)
    if not can_manage_webhooks(actor, Target(organization_id=endpoint.organization_id)):
        raise unknown_endpoint()
    return endpoint
