"""Read the pages of another server, as they come: not all of it is by the book.

Seen in practice: entries without ``request``, removed resources without a moment, the
same version twice, empty histories, a Bundle without ``meta``, links that name the host
a server has inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from wijkspil.fhir.services.remote import NoAnswer, Reply
from wijkspil.fhir.types import Resource, instant_of, tick_of

_ID_LENGTH = 64
#: Longer version numbers do not fit a bigint.
_NUMBER_LENGTH = 18


@dataclass(frozen=True)
class Entry:
    """One version of a resource; ``content`` is None when it was removed.

    ``tick``: lastUpdated in microseconds since 1970; ``version`` if it is a number.
    """

    type: str
    remote_id: str
    version_id: str
    version: int | None
    tick: int
    content: Resource | None


@dataclass(frozen=True)
class Page:
    """A page of a search or a history: entries in the order in which they came."""

    stamp: str
    next_url: str
    entries: tuple[Entry, ...]
    unread: int


def read_page(reply: Reply) -> Page:
    """Return what a page holds. Entries that cannot be read are only counted.

    Raises
    ------
    NoAnswer
        If it is no Bundle.
    """
    bundle = reply.resource
    if bundle.get("resourceType") != "Bundle":
        raise NoAnswer(
            _("A Bundle was expected, and %(type)s came.")
            % {"type": bundle.get("resourceType")}
        )
    listed = [one for one in _list(bundle, "entry") if not _is_beside(one)]
    found = _with_moments([_read_entry(one) for one in listed])
    return Page(
        stamp=_stamp_of(bundle, reply, found),
        next_url=_next_of(bundle),
        entries=tuple(found),
        unread=len(listed) - len(found),
    )


def oldest_first(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of a page, turned around if they came newest first."""
    return list(reversed(entries)) if _is_falling(entries) else list(entries)


def read_instant(text: Any) -> int | None:
    """Return an instant as tick, or None if it is none."""
    if not isinstance(text, str) or len(text) < len("2026-01-01"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return tick_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _read_entry(entry: dict[str, Any]) -> Entry | None:
    content = _dict(entry, "resource") or None
    request = _dict(entry, "request")
    response = _dict(entry, "response")
    if request.get("method") == "DELETE":
        content = None
    elif content is None:
        return None
    meta = _dict(content or {}, "meta")
    type_, remote_id, version_id = _key_of(entry, content, request)
    version_id = str(
        meta.get("versionId") or _bare(response.get("etag")) or version_id
    )[:_ID_LENGTH]
    if not type_ or not remote_id or len(remote_id) > _ID_LENGTH:
        return None
    tick = read_instant(meta.get("lastUpdated") or response.get("lastModified"))
    is_number = version_id.isascii() and version_id.isdecimal()
    return Entry(
        type=type_,
        remote_id=remote_id,
        version_id=version_id,
        version=int(version_id)
        if is_number and len(version_id) <= _NUMBER_LENGTH
        else None,
        tick=-1 if tick is None else tick,
        content=content,
    )


def _key_of(
    entry: dict[str, Any], content: Resource | None, request: dict[str, Any]
) -> tuple[str, str, str]:
    """Return type, id and version, from the resource or else from an address."""
    if content is not None:
        return str(content.get("resourceType", "")), str(content.get("id", "")), ""
    for address in (request.get("url"), entry.get("fullUrl")):
        parts = [one for one in str(address or "").split("?")[0].split("/") if one]
        version = ""
        if len(parts) > 2 and parts[-2] == "_history":
            version = parts[-1]
            parts = parts[:-2]
        if len(parts) >= 2 and parts[-2].isalpha() and parts[-2][:1].isupper():
            return parts[-2], parts[-1], version
    return "", "", ""


def _with_moments(entries: Sequence[Entry | None]) -> list[Entry]:
    """Give who has no moment that of the version before it."""
    read = [entry for entry in entries if entry is not None]
    known = [entry for entry in read if entry.tick >= 0]
    order = list(reversed(read)) if _is_falling(known) else list(read)
    before = min((entry.tick for entry in known), default=0)
    made: dict[int, Entry] = {}
    for entry in order:
        before = entry.tick if entry.tick >= 0 else before
        made[id(entry)] = replace(entry, tick=before)
    return [made[id(entry)] for entry in read]


def _is_falling(entries: Sequence[Entry]) -> bool:
    """Whether entries come newest first, as R4 asks; by how most neighbors lie."""
    steps = sum(
        (after.tick > before.tick) - (after.tick < before.tick)
        for before, after in pairwise(entries)
    )
    if steps:
        return steps < 0
    versions: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (entry.type, entry.remote_id)
        if entry.version is not None and key in versions:
            return entry.version < versions[key]
        if entry.version is not None:
            versions[key] = entry.version
    return True


def _stamp_of(bundle: Resource, reply: Reply, entries: Sequence[Entry]) -> str:
    """Return up to where the page is complete, as well as the server tells it."""
    said = _dict(bundle, "meta").get("lastUpdated")
    if isinstance(said, str) and read_instant(said) is not None:
        return said
    if entries:
        return instant_of(max(entry.tick for entry in entries))
    try:
        return instant_of(tick_of(parsedate_to_datetime(reply.headers.get("date", ""))))
    except (ValueError, TypeError):
        return ""


def _next_of(bundle: Resource) -> str:
    for link in _list(bundle, "link"):
        if link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return ""


def _is_beside(entry: dict[str, Any]) -> bool:
    """Whether an entry of a search is no match: included, or about the search."""
    if _dict(entry, "search").get("mode") in {"include", "outcome"}:
        return True
    return bool(_dict(entry, "resource").get("resourceType") == "OperationOutcome")


def _bare(etag: Any) -> str:
    return str(etag or "").removeprefix("W/").strip('"')


def _dict(holder: Resource, name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _list(holder: Resource, name: str) -> list[dict[str, Any]]:
    value = holder.get(name)
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict)]
