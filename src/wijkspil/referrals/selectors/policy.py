"""What a region agreed on asking teams, with national values where it did not.

The times are assumptions of Wijkspil (no national norm is published); a region's own
values replace them, one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from wijkspil.referrals.models import RoutingPolicy
from wijkspil.referrals.types import Urgency

#: Minutes a team has to answer, by urgency.
ANSWER_MINUTES = {
    Urgency.TODAY: 45,
    Urgency.TOMORROW: 120,
    Urgency.DAYS: 240,
    Urgency.WEEK: 480,
    Urgency.PLANNED: 1440,
}
#: Minutes within which the owner must have moved a request that no team took.
COORDINATOR_MINUTES = {
    Urgency.TODAY: 60,
    Urgency.TOMORROW: 180,
    Urgency.DAYS: 480,
    Urgency.WEEK: 1440,
    Urgency.PLANNED: 2880,
}


@dataclass(frozen=True)
class Agreed:
    """The agreements of a region; ``ranking`` is what the engine's policy takes."""

    region_id: int | None = None
    ranking: Mapping[str, Any] = field(default_factory=dict)
    teams_at_once: int = 3
    min_residents: int = 50
    answer_minutes: Mapping[str, int] = field(default_factory=dict)
    coordinator_minutes: Mapping[str, int] = field(default_factory=dict)
    retention_days: int = 365
    approved_by: str = ""
    approved_on: date | None = None

    def time_to_answer(self, urgency: str) -> timedelta:
        """Return how long a team has to answer."""
        national = ANSWER_MINUTES[Urgency(urgency)]
        return timedelta(minutes=self.answer_minutes.get(urgency, national))

    def time_to_move(self, urgency: str) -> timedelta:
        """Return how long an owner has before a request counts as overdue."""
        national = COORDINATOR_MINUTES[Urgency(urgency)]
        return timedelta(minutes=self.coordinator_minutes.get(urgency, national))


#: What holds in a region that agreed on nothing.
DEFAULT = Agreed()


def get_agreed(region_id: int) -> Agreed:
    """Return what holds in a region (one query)."""
    row = RoutingPolicy.objects.filter(pk=region_id).first()
    if row is None:
        return Agreed(region_id=region_id)
    return Agreed(
        region_id=region_id,
        ranking=row.ranking,
        # Nobody is asked by a region that writes 0: then one team is.
        teams_at_once=max(1, row.teams_at_once),
        min_residents=row.min_residents,
        answer_minutes=row.answer_minutes,
        coordinator_minutes=row.coordinator_minutes,
        retention_days=row.retention_days,
        approved_by=row.approved_by,
        approved_on=row.approved_on,
    )
