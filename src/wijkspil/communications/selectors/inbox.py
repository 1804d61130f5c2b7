"""Which messages are for this reader? Own ones, and those of team and organization."""

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.communications.errors import unknown_message
from wijkspil.communications.models import Communication
from wijkspil.communications.types import INBOX_SCOPES, find_topic
from wijkspil.core.permissions import Scope
from wijkspil.core.prepared import fetch_row

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a reader sees it."""

    id: uuid.UUID
    topic: str
    title: str
    sentence: str
    is_urgent: bool
    link: str
    about: str
    params: dict[str, Any]
    created_at: datetime
    read_at: datetime | None
    read_by_name: str
    organization_name: str
    service_name: str
    region_name: str


def list_inbox(
    actor: Actor, *, unread_only: bool = False, page: int = 1, page_size: int = 30
) -> tuple[list[Message], int]:
    """Return a page of messages and how many there are: unread first, newest first.

    Two queries; none for a visitor.
    """
    found = inbox_of(actor)
    if found is None:
        return [], 0
    if unread_only:
        found = found.filter(read_at=None)
    start = (page - 1) * page_size
    rows = (
        _with_names(found)
        .alias(
            is_read=ExpressionWrapper(
                Q(read_at__isnull=False), output_field=BooleanField()
            )
        )
        .order_by("is_read", "-created_at", "pk")[start : start + page_size]
    )
    return [_as_message(row) for row in rows], found.count()


def count_unread(actor: Actor) -> int:
    """Return how many messages the actor has not read (one query on indexes).

    No query for a visitor.
    """
    held = _list_held(actor)
    if actor.user_id is None and not any(held.values()):
        return 0
    row = fetch_row(
        _COUNT_UNREAD,
        {
            "user": actor.user_id,
            "services": list(held[Scope.SERVICE]),
            "organizations": list(held[Scope.ORGANIZATION]),
            "regions": list(held[Scope.REGION]),
        },
    )
    assert row is not None
    count: int = row[0]
    return count


#: Of each page. What ``inbox_of`` returns, as far as it was not read.
_COUNT_UNREAD = """
SELECT count(*) FROM communications_communication
WHERE read_at IS NULL AND (
  to_user_id = %(user)s::bigint OR to_service_id = ANY(%(services)s::bigint[])
  OR to_organization_id = ANY(%(organizations)s::bigint[])
  OR to_region_id = ANY(%(regions)s::bigint[])
)
"""


def _list_held(actor: Actor) -> dict[Scope, set[int]]:
    """Return the services, organizations and regions the actor reads messages of."""
    held: dict[Scope, set[int]] = {scope: set() for scope in Scope}
    for grant in actor.grants:
        scope = INBOX_SCOPES.get(grant.role)
        if scope is None:
            continue
        bound_to = {
            Scope.SERVICE: grant.service_id,
            Scope.ORGANIZATION: grant.organization_id,
            Scope.REGION: grant.region_id,
        }[scope]
        if bound_to is not None:
            held[scope].add(bound_to)
    return held


def get_message(actor: Actor, message_id: uuid.UUID) -> Message:
    """Return one message (one query).

    Raises
    ------
    UnknownMessage
        If there is none, or it is for others.
    """
    found = inbox_of(actor)
    row = None if found is None else _with_names(found).filter(pk=message_id).first()
    if row is None:
        raise unknown_message()
    return _as_message(row)


def inbox_of(actor: Actor) -> QuerySet[Communication] | None:
    """Return the messages the actor may read; None for a visitor: there are none."""
    mine = [Q(to_user_id=actor.user_id)] if actor.user_id is not None else []
    held = _list_held(actor)
    for scope, column in (
        (Scope.SERVICE, "to_service_id"),
        (Scope.ORGANIZATION, "to_organization_id"),
        (Scope.REGION, "to_region_id"),
    ):
        if held[scope]:
            mine.append(Q(**{f"{column}__in": held[scope]}))
    if not mine:
        return None
    wanted = mine[0]
    for other in mine[1:]:
        wanted |= other
    return Communication.objects.filter(wanted)


def title_of(topic_code: str) -> str:
    """Return what is said outside the app; also of a topic that is no longer sent."""
    topic = find_topic(topic_code)
    return _("A message") if topic is None else str(topic.title)


def _with_names(found: QuerySet[Communication]) -> QuerySet[Communication]:
    return found.select_related("read_by", "to_organization", "to_service", "to_region")


def _said(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters as people say them: a day as 5 December 2026."""
    return {name: _say_day(value) for name, value in params.items()}


def _say_day(value: Any) -> Any:
    if not (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    try:
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    except ValueError:  # looks like a day and is none
        return value


def _as_message(row: Communication) -> Message:
    topic = find_topic(row.topic)
    title = title_of(row.topic)
    try:
        sentence = title if topic is None else str(topic.sentence % _said(row.params))
    except (KeyError, TypeError, ValueError):  # the sentence asks for more than then
        sentence = title
    return Message(
        id=row.pk,
        topic=row.topic,
        title=title,
        sentence=sentence,
        is_urgent=topic is not None and topic.urgent,
        link=row.link,
        about=row.about,
        params=row.params,
        created_at=row.created_at,
        read_at=row.read_at,
        read_by_name="" if row.read_by is None else row.read_by.name,
        organization_name=getattr(row.to_organization, "name", ""),
        service_name=getattr(row.to_service, "name", ""),
        region_name=getattr(row.to_region, "name", ""),
    )
