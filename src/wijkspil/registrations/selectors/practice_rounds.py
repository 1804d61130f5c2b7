"""In which rounds can a practice take part, and what do they come to for it?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from wijkspil.registrations.models import Round, RoundPractice, Wish
from wijkspil.registrations.types import LIVE_ROUNDS, RoundStatus, WishStatus

#: What a round came to is shown so long after it was carried out.
SHOWN_AFTER = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class RoundOfPractice:
    """A round, and what the practice gives to it; None where it did not join."""

    round: Round
    joined: RoundPractice | None

    @property
    def status(self) -> RoundStatus:
        """Where the round stands."""
        return RoundStatus(self.round.status)

    def can_join(self, at: datetime) -> bool:
        """Whether the practice can join, change or leave now."""
        return self.status == RoundStatus.OPEN and at < self.round.join_until

    @property
    def has_proposals(self) -> bool:
        """Whether there are proposals to count, or were."""
        return self.status in (
            RoundStatus.PUBLISHED,
            RoundStatus.CLOSED,
            RoundStatus.EXECUTED,
        ) or (self.round.passes > 0 and self.status != RoundStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Wanting:
    """People who wait for a place: of this practice, and at this practice."""

    leaving: int = 0
    coming: int = 0


def list_rounds_of_practice(
    service_id: int, *, region_id: int | None, at: datetime
) -> list[RoundOfPractice]:
    """Return rounds that run, and lately carried out ones it joined, soonest first.

    Two queries.
    """
    joined = {
        row.round_id: row for row in RoundPractice.objects.filter(service_id=service_id)
    }
    ours = Q(region=None)
    if region_id is not None:
        ours |= Q(region_id=region_id)
    rows = (
        Round.objects.filter(
            (ours | Q(pk__in=list(joined))) & Q(status__in=[*map(str, LIVE_ROUNDS)])
            | Q(
                pk__in=list(joined),
                status=RoundStatus.EXECUTED,
                executed_at__gte=at - SHOWN_AFTER,
            )
        )
        .select_related("region")
        .defer("practices_csv", "wishes_csv", "moves_csv", "receipt", "fairness")
        .order_by("effective_on", "pk")
    )
    return [RoundOfPractice(row, joined.get(row.pk)) for row in rows]


def find_joined(round_id: int, service_id: int) -> RoundPractice | None:
    """Return what a practice gave to a round, or None (one query)."""
    return RoundPractice.objects.filter(
        round_id=round_id, service_id=service_id
    ).first()


def find_last_joined(service_id: int, *, besides: int) -> RoundPractice | None:
    """Return what a practice gave to another round, newest first (one query)."""
    return (
        RoundPractice.objects.filter(service_id=service_id)
        .exclude(round_id=besides)
        .order_by("-joined_at", "-pk")
        .first()
    )


def count_wanting(service_ids: Collection[int]) -> dict[int, Wanting]:
    """Return practice -> people who wait to leave it or to come (two queries)."""
    ids = list(service_ids)
    waiting = Wish.objects.filter(status=WishStatus.WAITING)
    leaving: dict[int | None, int] = dict(
        waiting.filter(current_practice_id__in=ids)
        .values_list("current_practice_id")
        .annotate(Sum("size"))
        .order_by()
    )
    coming: dict[int, int] = dict(
        waiting.filter(choices__service_id__in=ids)
        .values_list("choices__service_id")
        .annotate(Sum("size"))
        .order_by()
    )
    return {pk: Wanting(leaving.get(pk, 0), coming.get(pk, 0)) for pk in ids}
