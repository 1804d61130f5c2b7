"""Minutes to settle between providers: to those concerned, as a page and a file."""

from collections.abc import Collection, Iterator
from datetime import date, datetime

from django.db import transaction

from wijkspil.accounts.types import Actor, Target
from wijkspil.calls.permissions import can_settle, check_can_settle
from wijkspil.calls.selectors.settlement import SettledCall, list_settled_calls
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.core.spreadsheets import guarded

COLUMNS = (
    "month",
    "region",
    "call",
    "done_at",
    "own_organization",
    "helping_organization",
    "travel_minutes",
    "care_minutes",
    "total_minutes",
)


def show_settlement(
    *,
    actor: Actor,
    month: date,
    region_ids: Collection[int],
    organization_ids: Collection[int],
) -> list[SettledCall]:
    """Return the calls of a month that the actor settles (one query).

    Raises
    ------
    NotPermitted
        If the actor settles nothing, or not there.
    """
    check_can_settle(actor)
    for region_id in region_ids:
        check_can_settle(actor, Target(region_ids=frozenset({region_id})))
    for organization_id in organization_ids:
        check_can_settle(actor, Target(organization_id=organization_id))
    return list_settled_calls(
        month=month, region_ids=region_ids, organization_ids=organization_ids
    )


@transaction.atomic
def export_settlement(
    *,
    actor: Actor,
    month: date,
    region_ids: Collection[int],
    organization_ids: Collection[int],
    at: datetime,
) -> Iterator[list[str]]:
    """Return the header and the rows of the file; taking it out is logged.

    Raises
    ------
    NotPermitted
        As for ``show_settlement``.
    """
    calls = show_settlement(
        actor=actor,
        month=month,
        region_ids=region_ids,
        organization_ids=organization_ids,
    )
    record_access(
        at=at,
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=AuditEvent.Action.EXPORT,
        entity_type="settlement",
        entity_ids=[f"{month:%Y-%m}"],
        purpose="call.settlement",
    )
    return _rows(calls, month)


def can_settle_region(actor: Actor, region_id: int) -> bool:
    """Whether the actor sees single calls of a whole region."""
    return can_settle(actor, Target(region_ids=frozenset({region_id})))


def _rows(calls: list[SettledCall], month: date) -> Iterator[list[str]]:
    yield list(COLUMNS)
    for call in calls:
        yield [
            f"{month:%Y-%m}",
            guarded(call.region_name),
            call.number,
            call.done_at.isoformat(timespec="seconds"),
            guarded(call.own_organization),
            guarded(call.helping_organization),
            str(call.travel_minutes),
            str(call.care_minutes),
            str(call.minutes),
        ]
