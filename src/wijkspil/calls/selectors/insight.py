"""What the picture of a region counts in unplanned calls: rows without a person."""

from wijkspil.calls.models import Call
from wijkspil.core.periods import Period


def list_arrivals(period: Period) -> list[tuple[int, float]]:
    """Return (place, minutes from the call until a nurse was there) (one query).

    Of calls of a half-open period in which a nurse came. True values, not to be shown
    one by one.
    """
    return [
        (place_id, (arrived_at - started_at).total_seconds() / 60)
        for place_id, started_at, arrived_at in Call.objects.filter(
            started_at__gte=period.start,
            started_at__lt=period.end,
            arrived_at__isnull=False,
        ).values_list("place_id", "started_at", "arrived_at")
        if arrived_at is not None
    ]
