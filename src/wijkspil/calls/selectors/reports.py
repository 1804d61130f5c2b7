"""Calls of which the client's own team has not heard yet, or can read the report."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from wijkspil.calls.models import Call, CallPatient
from wijkspil.calls.types import CallStatus

_ENDED = (CallStatus.DONE, CallStatus.CANCELLED)


def list_unreported() -> list[Call]:
    """Return ended calls of a known team that was not told yet (one query)."""
    return list(
        Call.objects.filter(
            status__in=_ENDED, own_service__isnull=False, reported_at=None
        )
        .select_related("own_service")
        .order_by("own_service_id", "started_at", "pk")
    )


def list_reports(
    *,
    service_ids: Collection[int],
    organization_ids: Collection[int],
    since: datetime,
) -> list[Call]:
    """Return ended calls for clients of these teams since a moment, newest first."""
    return list(
        Call.objects.filter(
            Q(own_service_id__in=service_ids)
            | Q(own_service__organization_id__in=organization_ids),
            started_at__gte=since,
            status__in=_ENDED,
        )
        .select_related("own_service", "nurse_service__organization", "place")
        .order_by("-started_at", "-pk")
    )


def list_patient_names(call_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return call id -> (name, address) of those still kept (one query)."""
    return {
        pk: (name, address)
        for pk, name, address in CallPatient.objects.filter(
            pk__in=call_ids
        ).values_list("pk", "name", "address")
    }
