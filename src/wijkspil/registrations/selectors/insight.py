"""What the picture of a region counts in GP lists: stops, sizes and who waits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum

from wijkspil.registrations.models import PracticeList, Wish
from wijkspil.registrations.types import ListStatus, WishStatus


@dataclass(frozen=True, slots=True)
class ListSize:
    """Whether a practice takes new people, and how many are on its list (if told)."""

    takes_new: bool
    people: int | None


def list_sizes(service_ids: Collection[int], *, at: datetime) -> dict[int, ListSize]:
    """Return service -> what it tells of its list; silent ones are left out (a query).

    A limited list takes new people, if not all.
    """
    return {
        service_id: ListSize(status != ListStatus.CLOSED, people)
        for service_id, status, people in PracticeList.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=at),
            valid_from__lte=at,
            service_id__in=service_ids,
        ).values_list("service_id", "status", "people")
    }


def count_waiting_by_place() -> dict[int, int]:
    """Return place -> people of households that wait or have a proposal (one query).

    True numbers, not to be shown as they are.
    """
    return dict(
        Wish.objects.filter(
            status__in=[WishStatus.WAITING, WishStatus.PROPOSED], is_direct=False
        )
        .order_by()
        .values_list("place_id")
        .annotate(Sum("size"))
    )
