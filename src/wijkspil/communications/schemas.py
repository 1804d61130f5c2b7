"""Bodies of the REST interface: messages, and the systems that are told of them."""

import uuid
from datetime import datetime
from typing import Self

from pydantic import Field

from wijkspil.communications.selectors.endpoints import Endpoint, OutgoingRow
from wijkspil.communications.selectors.inbox import Message
from wijkspil.core.api import CamelSchema, Text


class InboxQuery(CamelSchema):
    """Which messages."""

    unread: bool = Field(False, description="Only what nobody has read.")
    page: int = Field(1, ge=1, le=10_000)
    page_size: int = Field(25, ge=1, le=100)


class CommunicationOut(CamelSchema):
    """One message, with what stays inside: parameters and what it is about."""

    id: uuid.UUID = Field(description="Stable: the same in a webhook and here.")
    topic: str
    title: str
    sentence: str = Field(description="In the language of the request.")
    urgent: bool
    about: str = Field(description="What it is about, as in request:A-7K3F9Q.")
    params: dict[str, str | int | float | None]
    path: str = Field(description="Page in the app that it leads to; may be empty.")
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, message: Message) -> Self:
        """Return the body for a message."""
        return cls(
            id=message.id,
            topic=message.topic,
            title=message.title,
            sentence=message.sentence,
            urgent=message.is_urgent,
            about=message.about,
            params=message.params,
            path=message.link,
            created_at=message.created_at,
            read_at=message.read_at,
        )


class CommunicationsOut(CamelSchema):
    """A page of messages, unread first, and how many there are."""

    page: int
    page_size: int
    total: int
    items: list[CommunicationOut]


class EndpointIn(CamelSchema):
    """A system to tell."""

    url: Text = Field(max_length=500, description="Address with https.")
    topics: list[str] = Field([], max_length=200, description="Empty: all messages.")


class TopicsIn(CamelSchema):
    """What a system is told of."""

    topics: list[str] = Field(max_length=200, description="Empty: all messages.")


class EndpointOut(CamelSchema):
    """A system that is told, without its secret."""

    id: int
    url: str
    topics: list[str]
    valid_from: datetime
    valid_until: datetime | None
    ending: str = Field(description="Why it ended: by-person or gone; empty: in use.")
    waiting: int = Field(description="Messages on their way.")
    dead: int = Field(description="Messages that did not arrive.")

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """Return the body for an address."""
        return cls(
            id=endpoint.id,
            url=endpoint.url,
            topics=list(endpoint.topics),
            valid_from=endpoint.valid_from,
            valid_until=endpoint.valid_until,
            ending=endpoint.ending,
            waiting=endpoint.waiting,
            dead=endpoint.dead,
        )


class NewEndpointOut(EndpointOut):
    """A system that was added; the secret is in this answer only."""

    secret: str


class EndpointsOut(CamelSchema):
    """The systems of your organization."""

    items: list[EndpointOut]


class TestOut(CamelSchema):
    """The test message that was sent."""

    id: uuid.UUID


class WebhookMessage(CamelSchema):
    """What a system of an organization is sent: no client, no parameter."""

    id: uuid.UUID = Field(description="Stable: the same at every try.")
    topic: str = Field(description="What kind of message it is.")
    created_at: datetime
    link: str = Field(
        description="Where to read it with a token: GET, answers a CommunicationOut."
    )


class DeadLetterOut(CamelSchema):
    """A message that did not arrive."""

    id: int
    communication_id: uuid.UUID
    topic: str
    url: str
    attempts: int
    created_at: datetime
    last_error: str

    @classmethod
    def of(cls, row: OutgoingRow) -> Self:
        """Return the body for a delivery."""
        return cls(
            id=row.id,
            communication_id=row.message_id,
            topic=row.topic,
            url=row.url,
            attempts=row.attempts,
            created_at=row.created_at,
            last_error=row.last_error,
        )


class DeadLettersOut(CamelSchema):
    """What did not arrive, newest first, at most 200."""

    items: list[DeadLetterOut]
