"""What the pages that ask for care read: who was asked, and how much was sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.types import OfferStatus


@dataclass(frozen=True)
class AskedTeam:
    """A team that has the question now, and until when."""

    name: str
    organization_name: str
    answer_by: datetime


def list_asked_teams(request_id: int) -> list[AskedTeam]:
    """Return the teams that have the question now, first one first (one query)."""
    return [
        AskedTeam(*row)
        for row in Offer.objects.filter(request_id=request_id, status=OfferStatus.OPEN)
        .order_by("rank", "pk")
        .values_list("service__name", "service__organization__name", "answer_by")
    ]


def count_sent(request_ids: Iterable[int], *, since: datetime) -> int:
    """Return how many of these requests were sent since a moment (one query)."""
    return ServiceRequest.objects.filter(
        pk__in=list(request_ids), submitted_at__gt=since
    ).count()
