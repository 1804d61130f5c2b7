"""Remove messages of half a year ago, and all of what is removed itself."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from wijkspil.communications.models import Communication, Delivery, WebhookEndpoint

KEPT = timedelta(days=183)


def remove_old_messages(*, at: datetime) -> int:
    """Remove messages older than ``KEPT`` and return how many (two queries)."""
    old = Communication.objects.filter(created_at__lt=at - KEPT)
    Delivery.objects.filter(communication__created_at__lt=at - KEPT).delete()
    removed, _per_table = old.delete()
    return removed


def remove_messages_of(
    *,
    organization_ids: Collection[int],
    service_ids: Collection[int],
    region_ids: Collection[int],
) -> None:
    """Remove messages to, and systems of, what is about to be removed itself."""
    Communication.objects.filter(
        Q(to_organization_id__in=organization_ids)
        | Q(to_service_id__in=service_ids)
        | Q(to_region_id__in=region_ids)
    ).delete()
    WebhookEndpoint.objects.filter(organization_id__in=organization_ids).delete()


def remove_messages_about(subjects: Collection[str]) -> None:
    """Remove messages about what is removed itself: "request:A-7K3F9Q" and the like."""
    Communication.objects.filter(about__in=subjects).delete()
