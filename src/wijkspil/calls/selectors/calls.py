"""Calls as rows: one by its number, the running ones of a nurse, a region, a caller."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from wijkspil.calls.errors import unknown_call
from wijkspil.calls.models import BreakGlass, Call, CallAlert, CallEvent
from wijkspil.calls.types import MAY_ACCEPT, RUNNING, WITH_NURSE, WITHOUT_NURSE
from wijkspil.core.spoken_numbers import read_number


def get_call(number: str) -> Call:
    """Return a call with its place and region (one query).

    Raises
    ------
    UnknownCall
        If there is none with this number.
    """
    row = (
        Call.objects.select_related("place", "region", "own_service", "nurse_service")
        .filter(number=read_number(number))
        .first()
    )
    if row is None:
        raise unknown_call(number)
    return row


def lock_call(number: str) -> Call:
    """Return a call with its row locked until the transaction ends.

    Every act on a call starts here, so two people never act on the same state.

    Raises
    ------
    UnknownCall
        If there is none with this number.
    """
    row = Call.objects.select_for_update().filter(number=read_number(number)).first()
    if row is None:
        raise unknown_call(number)
    return row


@dataclass(frozen=True)
class Busy:
    """Where a nurse is with a running call, and since when."""

    service_id: int
    person_name: str
    lon: float | None
    lat: float | None
    arrived_at: datetime | None
    expected_arrival_at: datetime | None


def list_busy(region_id: int, *, but: int | None = None) -> list[Busy]:
    """Return the nurses who have a running call in a region (one query)."""
    rows = Call.objects.filter(
        region_id=region_id,
        status__in=WITH_NURSE,
        nurse_service__isnull=False,
    )
    if but is not None:
        rows = rows.exclude(pk=but)
    return [
        Busy(*row)
        for row in rows.values_list(
            "nurse_service_id",
            "nurse_name",
            "place__lon",
            "place__lat",
            "arrived_at",
            "expected_arrival_at",
        )
    ]


def list_asked(call_id: int) -> dict[tuple[int, str], str]:
    """Return (service, person) -> status of who was alerted for a call (one query)."""
    return {
        (service_id, name): status
        for service_id, name, status in CallAlert.objects.filter(call_id=call_id)
        .order_by("pk")
        .values_list("service_id", "person_name", "status")
    }


def list_alerts(call_id: int) -> list[CallAlert]:
    """Return who was alerted, in the order of alerting (one query)."""
    return list(
        CallAlert.objects.filter(call_id=call_id)
        .select_related("service__organization")
        .order_by("rank", "pk")
    )


def list_events(call_id: int) -> list[CallEvent]:
    """Return what happened, first things first (one query)."""
    return list(
        CallEvent.objects.filter(call_id=call_id)
        .select_related("service")
        .order_by("at", "pk")
    )


def list_waiting_alerts(
    *, service_ids: Collection[int], organization_ids: Collection[int]
) -> list[CallAlert]:
    """Return the alerts these teams can still answer, newest call first (one query)."""
    return list(
        CallAlert.objects.filter(
            _of_services("service", service_ids, organization_ids),
            status__in=MAY_ACCEPT,
            call__status__in=WITHOUT_NURSE,
        )
        .select_related("call__place__parent", "service")
        .order_by("answer_by", "pk")
    )


def list_calls_of_nurses(
    *,
    service_ids: Collection[int],
    organization_ids: Collection[int],
    at: datetime,
) -> list[Call]:
    """Return the running calls these teams go to, what is due first (one query)."""
    return list(
        Call.objects.filter(
            _of_services("nurse_service", service_ids, organization_ids),
            status__in=WITH_NURSE,
        )
        .select_related("place", "nurse_service")
        .order_by("due_at", "pk")
    )


def list_recent_calls_of_nurses(
    *,
    service_ids: Collection[int],
    organization_ids: Collection[int],
    since: datetime,
    limit: int = 20,
) -> list[Call]:
    """Return the calls these teams finished since a moment, newest first."""
    return list(
        Call.objects.filter(
            _of_services("nurse_service", service_ids, organization_ids),
            done_at__gte=since,
        )
        .select_related("place", "nurse_service")
        .order_by("-done_at")[:limit]
    )


def list_calls_of_callers(
    *,
    user_id: int | None,
    organization_ids: Collection[int],
    since: datetime,
    limit: int = 50,
) -> list[Call]:
    """Return the calls entered since a moment, running ones first (one query)."""
    who = Q(caller_organization_id__in=organization_ids)
    if user_id is not None:
        who |= Q(caller_id=user_id)
    return _running_first(Call.objects.filter(who), since=since, limit=limit)


def list_calls_of_regions(
    region_ids: Collection[int], *, since: datetime, limit: int = 100
) -> list[Call]:
    """Return the calls of regions, running ones first, then the newest (one query)."""
    return _running_first(
        Call.objects.filter(region_id__in=region_ids), since=since, limit=limit
    )


def list_broken_glass(
    *, region_ids: Collection[int] | None, limit: int = 200
) -> list[BreakGlass]:
    """Return emergency accesses, newest first; None for every region (one query)."""
    rows = BreakGlass.objects.select_related("call__region", "call__nurse_service")
    if region_ids is not None:
        rows = rows.filter(call__region_id__in=region_ids)
    return list(rows.order_by("-at", "-pk")[:limit])


def is_glass_open(call_id: int, *, user_id: int | None, at: datetime) -> bool:
    """Whether this person has emergency access now (one query)."""
    return (
        user_id is not None
        and BreakGlass.objects.filter(
            call_id=call_id, actor_id=user_id, at__lte=at, open_until__gt=at
        ).exists()
    )


def _running_first(rows: QuerySet[Call], *, since: datetime, limit: int) -> list[Call]:
    found = list(
        rows.filter(Q(status__in=RUNNING) | Q(started_at__gte=since))
        .select_related("place", "region", "nurse_service")
        .order_by("-started_at", "-pk")[:limit]
    )
    return sorted(found, key=lambda call: (call.status not in RUNNING, _due(call)))


def _due(call: Call) -> tuple[bool, float]:
    """Order running calls by their date, ended ones by their start, newest first."""
    if call.status in RUNNING and call.due_at is not None:
        return (False, call.due_at.timestamp())
    return (True, -call.started_at.timestamp())


def _of_services(
    path: str, service_ids: Collection[int], organization_ids: Collection[int]
) -> Q:
    return Q(**{f"{path}_id__in": service_ids}) | Q(
        **{f"{path}__organization_id__in": organization_ids}
    )
