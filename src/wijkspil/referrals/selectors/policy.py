"""What a region agreed on asking teams, with national values where it did not.

The times are assumptions of Wijkspil (no national norm is published); a region's own
values replace them, one by one. A version that is approved holds from its start until
the next one starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time, timedelta
from typing import Any

from wijkspil.core.prepared import fetch_row
from wijkspil.referrals.models import PolicyVersion
from wijkspil.referrals.types import AnswerHours, PolicyStatus, Urgency

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
#: How many teams see the question at the same time; 1 is one after another.
TEAMS_AT_ONCE = {
    Urgency.TODAY: 3,
    Urgency.TOMORROW: 3,
    Urgency.DAYS: 1,
    Urgency.WEEK: 1,
    Urgency.PLANNED: 1,
}


@dataclass(frozen=True)
class Agreed:
    """The agreements of a region; ``ranking`` is what the engine's policy takes.

    ``teams_at_once``, ``answer_minutes`` and ``coordinator_minutes`` are per urgency;
    what is absent is national. ``day_from`` and ``day_until`` are local hours ("08:00")
    in which a question that is not urgent can be answered. ``fallback_user_id`` owns
    what nobody takes; without, the coordinator with the fewest in hand. ``reach_phone``
    is where referrers reach somebody day and night.
    """

    region_id: int | None = None
    version: int = 0
    ranking: Mapping[str, Any] = field(default_factory=dict)
    own_team_first: bool = False
    teams_at_once: Mapping[str, int] = field(default_factory=dict)
    min_residents: int = 50
    answer_minutes: Mapping[str, int] = field(default_factory=dict)
    coordinator_minutes: Mapping[str, int] = field(default_factory=dict)
    answer_hours: str = AnswerHours.DAYTIME.value
    day_from: str = "08:00"
    day_until: str = "20:00"
    room_kept_days: int = 14
    retention_days: int = 365
    fallback_user_id: int | None = None
    reach_name: str = ""
    reach_phone: str = ""

    def time_to_answer(self, urgency: str) -> timedelta:
        """Return how long a team has to answer."""
        national = ANSWER_MINUTES[Urgency(urgency)]
        return timedelta(minutes=self.answer_minutes.get(urgency, national))

    def time_to_move(self, urgency: str) -> timedelta:
        """Return how long an owner has before a request counts as overdue."""
        national = COORDINATOR_MINUTES[Urgency(urgency)]
        return timedelta(minutes=self.coordinator_minutes.get(urgency, national))

    def wave_of(self, urgency: str) -> int:
        """Return how many teams are asked at the same time."""
        return self.teams_at_once.get(urgency, TEAMS_AT_ONCE[Urgency(urgency)])

    @property
    def daytime(self) -> tuple[time, time]:
        """The local hours in which a question that is not urgent can be answered."""
        return time.fromisoformat(self.day_from), time.fromisoformat(self.day_until)

    @property
    def terms(self) -> dict[str, Any]:
        """What differs from the national values, as a version keeps it."""
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name in TERMS
            if (value := getattr(self, name)) != getattr(DEFAULT, name)
        }


#: What a version can change.
TERMS = tuple(
    one.name for one in fields(Agreed) if one.name not in ("region_id", "version")
)
#: What holds in a region that agreed on nothing.
DEFAULT = Agreed()


def get_agreed(region_id: int, *, at: datetime) -> Agreed:
    """Return what holds in a region at a moment (one query)."""
    row = fetch_row(_AGREED, {"region": region_id, "at": at})
    return Agreed(region_id) if row is None else _agreed(region_id, *row)


_AGREED = f"""
SELECT number, terms::json FROM referrals_policyversion
 WHERE region_id = %(region)s AND status = '{PolicyStatus.APPROVED.value}'
   AND effective_from <= %(at)s
 ORDER BY effective_from DESC, number DESC LIMIT 1
"""


def as_agreed(row: PolicyVersion) -> Agreed:
    """Return a version as the agreements it makes."""
    return _agreed(row.region_id, row.number, row.terms)


def _agreed(region_id: int, number: int, terms: Mapping[str, Any]) -> Agreed:
    return Agreed(
        region_id=region_id,
        version=number,
        **{name: value for name, value in terms.items() if name in TERMS},
    )


#: Terms per urgency, with what holds nationally.
PER_URGENCY: Mapping[str, Mapping[Urgency, int]] = {
    "teams_at_once": TEAMS_AT_ONCE,
    "answer_minutes": ANSWER_MINUTES,
    "coordinator_minutes": COORDINATOR_MINUTES,
}


def list_changed_terms(before: Agreed, after: Agreed) -> list[str]:
    """Return the names of the terms that differ in what they do."""
    return [name for name in TERMS if _does(before, name) != _does(after, name)]


def _does(agreed: Agreed, name: str) -> Any:
    value = getattr(agreed, name)
    national = PER_URGENCY.get(name)
    if national is None:
        return value
    return [value.get(urgency.value, national[urgency]) for urgency in Urgency]


def get_newest_agreed(region_id: int) -> Agreed:
    """Return what was approved last, also when it has not started (one query).

    The start of a new draft: what holds now may be replaced already.
    """
    row = (
        PolicyVersion.objects.filter(region_id=region_id, status=PolicyStatus.APPROVED)
        .order_by("-number")
        .first()
    )
    return Agreed(region_id=region_id) if row is None else as_agreed(row)


def get_base(row: PolicyVersion) -> Agreed:
    """Return what a version changes: what was approved before it (one query)."""
    before = (
        PolicyVersion.objects.filter(
            region_id=row.region_id,
            status=PolicyStatus.APPROVED,
            number__lt=row.number,
        )
        .order_by("-number")
        .first()
    )
    return Agreed(region_id=row.region_id) if before is None else as_agreed(before)
