"""The worklist of an organization as a file for a spreadsheet, without identity.

What each column means is in ``docs/howto/files.md``.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from wijkspil.core.spreadsheets import guarded
from wijkspil.referrals.models import ServiceRequest

REQUEST_COLUMNS = (
    *("number", "status", "urgency", "first_visit_on", "tasks", "parts_of_day"),
    *("hours_low", "hours_high", "hours_per_week", "review_on"),
    *("owner", "due_at", "is_overdue", "organization_id", "service_id"),
    *("close_reason", "submitted_at", "placed_at", "closed_at"),
)


def request_rows(requests: Iterable[ServiceRequest]) -> Iterator[Sequence[Any]]:
    """Yield the header and a row for each request; nothing of who it is about."""
    yield REQUEST_COLUMNS
    for row in requests:
        yield (
            row.number,
            row.status,
            row.urgency,
            row.first_visit_on.isoformat(),
            " ".join(row.tasks),
            " ".join(row.parts_of_day),
            row.hours_low,
            row.hours_high,
            "" if row.hours_set is None else row.hours_set,
            "" if row.review_on is None else row.review_on.isoformat(),
            guarded(row.owner_name),
            _moment(row.due_at),
            "no" if row.overdue_since is None else "yes",
            row.requester_organization_id or "",
            row.placed_service_id or "",
            row.close_reason,
            _moment(row.submitted_at),
            _moment(row.placed_at),
            _moment(row.closed_at),
        )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else localtime(moment).isoformat(timespec="minutes")
