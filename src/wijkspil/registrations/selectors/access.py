"""How many people ask for another practice, per postcode? Counts only."""

from django.db.models import Sum
from django.db.models.functions import Left

from wijkspil.registrations.models import Wish
from wijkspil.registrations.types import WishStatus


def count_waiting_people() -> dict[str, int]:
    """Return PC4 -> people of households that wait or have a proposal (one query)."""
    return dict(
        Wish.objects.filter(status__in=[WishStatus.WAITING, WishStatus.PROPOSED])
        .annotate(pc4=Left("postcode", 4))
        .values_list("pc4")
        .annotate(Sum("size"))
    )
