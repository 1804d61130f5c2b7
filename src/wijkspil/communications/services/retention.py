"""Remove messages that have been there for half a year, with their deliveries."""

from datetime import datetime, timedelta

from wijkspil.communications.models import Communication, Delivery

KEPT = timedelta(days=183)


def remove_old_messages(*, at: datetime) -> int:
    """Remove messages older than ``KEPT`` and return how many (two queries)."""
    old = Communication.objects.filter(created_at__lt=at - KEPT)
    Delivery.objects.filter(communication__created_at__lt=at - KEPT).delete()
    removed, _per_table = old.delete()
    return removed
