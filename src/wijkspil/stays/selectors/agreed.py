"""What a region agreed on temporary stay, with our assumptions where it did not."""

from dataclasses import fields

from wijkspil.stays.models import StayPolicy
from wijkspil.stays.types import Agreed

DEFAULT = Agreed()


def get_agreed(region_id: int) -> Agreed:
    """Return what holds in a region (one query)."""
    row = StayPolicy.objects.filter(pk=region_id).first()
    return DEFAULT if row is None else _as_agreed(row)


def get_bed_valid_hours(region_ids: frozenset[int]) -> int:
    """Return how long a report of beds counts: by the strictest region (one query)."""
    hours = StayPolicy.objects.filter(pk__in=region_ids).values_list(
        "bed_valid_hours", flat=True
    )
    return min(hours, default=DEFAULT.bed_valid_hours)


def _as_agreed(row: StayPolicy) -> Agreed:
    return Agreed(**{one.name: getattr(row, one.name) for one in fields(Agreed)})
