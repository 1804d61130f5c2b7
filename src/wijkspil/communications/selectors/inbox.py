"""Which messages are for this reader? Own ones, and those of team and organization."""

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.communications.errors import unknown_message
from wijkspil.communications.models import Communication
from wijkspil.communications.types import INBOX_SCOPES, find_topic
from wijkspil.core.permissions import Scope
from wijkspil.core.prepared import fetch_row, fetch_rows

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

    One query, two for a full page; none for a visitor.
    """
    held = _held_by(actor)
    if held is None:
        return [], 0
    start = (page - 1) * page_size
    asked = {**held, "unread_only": unread_only, "size": page_size, "start": start}
    rows = fetch_rows(_LIST, asked)
    if rows and len(rows) < page_size:
        total = start + len(rows)
    else:
        (total,) = fetch_row(_COUNT, asked) or (0,)
    return [_as_message(*row) for row in rows], total


def count_unread(actor: Actor) -> int:
    """Return how many messages the actor has not read (one query on indexes).

    No query for a visitor.
    """
    held = _held_by(actor)
    if held is None:
        return 0
    (count,) = fetch_row(_COUNT_UNREAD, held) or (0,)
    return int(count)


#: What ``inbox_of`` returns.
_MINE = """
(c.to_user_id = %(user)s::bigint OR c.to_service_id = ANY(%(services)s::bigint[])
  OR c.to_organization_id = ANY(%(organizations)s::bigint[])
  OR c.to_region_id = ANY(%(regions)s::bigint[]))
"""
#: Of each page.
_COUNT_UNREAD = f"""
SELECT count(*) FROM communications_communication c
WHERE c.read_at IS NULL AND {_MINE}
"""
_COUNT = f"""
SELECT count(*) FROM communications_communication c
WHERE {_MINE} AND (c.read_at IS NULL OR NOT %(unread_only)s)
"""
_MESSAGES = """
SELECT c.id, c.topic, c.params::json, c.link, c.about, c.created_at, c.read_at,
  coalesce(reader.name, ''), coalesce(o.name, ''), coalesce(s.name, ''),
  coalesce(region.name, '')
FROM communications_communication c
LEFT JOIN accounts_user reader ON reader.id = c.read_by_id
LEFT JOIN directory_organization o ON o.id = c.to_organization_id
LEFT JOIN directory_healthcareservice s ON s.id = c.to_service_id
LEFT JOIN directory_area region ON region.id = c.to_region_id
"""
_LIST = f"""
{_MESSAGES} WHERE {_MINE} AND (c.read_at IS NULL OR NOT %(unread_only)s)
ORDER BY c.read_at IS NOT NULL, c.created_at DESC, c.id
LIMIT %(size)s OFFSET %(start)s
"""
_ONE = f"{_MESSAGES} WHERE {_MINE} AND c.id = %(id)s"


def _held_by(actor: Actor) -> dict[str, Any] | None:
    """Return whose messages the actor reads, for a statement; None if nobody's."""
    held = _list_held(actor)
    if actor.user_id is None and not any(held.values()):
        return None
    return {
        "user": actor.user_id,
        "services": list(held[Scope.SERVICE]),
        "organizations": list(held[Scope.ORGANIZATION]),
        "regions": list(held[Scope.REGION]),
    }


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
    held = _held_by(actor)
    row = None if held is None else fetch_row(_ONE, {**held, "id": message_id})
    if row is None:
        raise unknown_message()
    return _as_message(*row)


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


def _as_message(
    message_id: uuid.UUID,
    topic_code: str,
    params: dict[str, Any],
    link: str,
    about: str,
    created_at: datetime,
    read_at: datetime | None,
    *names: str,
) -> Message:
    """Return a row of ``_MESSAGES`` in words; ``names`` are those of ``Message``."""
    topic = find_topic(topic_code)
    title = title_of(topic_code)
    try:
        sentence = title if topic is None else str(topic.sentence % _said(params))
    except (KeyError, TypeError, ValueError):  # the sentence asks for more than then
        sentence = title
    return Message(
        message_id,
        topic_code,
        title,
        sentence,
        topic is not None and topic.urgent,
        link,
        about,
        params,
        created_at,
        read_at,
        *names,
    )
