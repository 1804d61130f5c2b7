"""Which events are in the trail? For the auditor; permission is checked by the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from wijkspil.core.models import AuditEvent
from wijkspil.core.prepared import columns_of, fetch_instances
from wijkspil.core.spreadsheets import guarded

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
#: A file larger than this no longer opens in a spreadsheet.
MAX_EXPORT_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What the auditor looks for; empty fields do not narrow. Days are local."""

    words: str = ""
    action: str = ""
    first_day: date | None = None
    last_day: date | None = None


def find_events(wanted: TrailFilter) -> QuerySet[AuditEvent]:
    """Return the events that fit, newest first; nothing is read yet.

    ``words`` must occur in the actor, the thing or the purpose.
    """
    events = AuditEvent.objects.order_by("-at", "-pk")
    if wanted.action:
        events = events.filter(action=wanted.action)
    if wanted.first_day:
        events = events.filter(at__gte=_start_of(wanted.first_day))
    if wanted.last_day:
        events = events.filter(at__lt=_start_of(wanted.last_day + timedelta(days=1)))
    for word in wanted.words.split():
        events = events.filter(_holds(word))
    return events


def list_events_of(
    entity_type: str, entity_id: int | str, *, limit: int = 200
) -> list[AuditEvent]:
    """Return the newest events of one thing, newest first (one query)."""
    wanted = {"type": entity_type, "id": str(entity_id), "limit": limit}
    return [event for (event,) in fetch_instances(_EVENTS_OF, wanted, AuditEvent)]


_EVENTS_OF = f"""
SELECT {columns_of(AuditEvent, "e")} FROM core_auditevent e
 WHERE e.entity_type = %(type)s AND e.entity_id = %(id)s
 ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s
"""


def list_rows(events: QuerySet[AuditEvent]) -> Iterator[list[str]]:
    """Yield the header and the rows of an export, read in pieces."""
    yield ["at", "actor", "action", "entity_type", "entity_id", "purpose", "fields"]
    for event in events[:MAX_EXPORT_ROWS].iterator(chunk_size=2000):
        yield [
            event.at.astimezone(_AMSTERDAM).isoformat(timespec="seconds"),
            guarded(event.actor_label),
            event.action,
            event.entity_type,
            guarded(event.entity_id),
            guarded(event.purpose),
            " ".join(map(str, event.detail.get("fields", ()))),
        ]


def _holds(word: str) -> Q:
    return (
        Q(actor_label__icontains=word)
        | Q(entity_type__icontains=word)
        | Q(entity_id__icontains=word)
        | Q(purpose__icontains=word)
    )


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=_AMSTERDAM)
