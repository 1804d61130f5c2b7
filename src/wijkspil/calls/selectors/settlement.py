"""Which minutes did nurses of one provider give to clients of another? By month.

Nothing here identifies a client: a call is its number. Totals leave single calls out,
and counts below five, so that no call can be known again in them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet, Sum

from wijkspil.calls.models import Call
from wijkspil.calls.types import CallStatus
from wijkspil.directory.opening_hours import AMSTERDAM

#: Totals of fewer calls than this are not shown.
LEAST_CALLS = 5


@dataclass(frozen=True)
class SettledCall:
    """One call that ended in the month; minutes are whole."""

    number: str
    done_at: datetime
    region_name: str
    own_organization_id: int | None
    own_organization: str
    helping_organization_id: int
    helping_organization: str
    travel_minutes: int
    care_minutes: int

    @property
    def minutes(self) -> int:
        """Travel and care together."""
        return self.travel_minutes + self.care_minutes


@dataclass(frozen=True)
class SettledPair:
    """What one provider's nurses did for the clients of another in the month."""

    own_organization: str
    helping_organization: str
    calls: int
    travel_minutes: int
    care_minutes: int

    @property
    def minutes(self) -> int:
        """Travel and care together."""
        return self.travel_minutes + self.care_minutes


@dataclass(frozen=True)
class HelpingTotal:
    """What the nurses of one provider did in the month; None: too few to show."""

    helping_organization: str
    calls: int | None
    travel_minutes: int | None
    care_minutes: int | None


def month_around(month: date) -> tuple[datetime, datetime]:
    """Return the half-open moments of a local calendar month."""
    first = month.replace(day=1)
    after = (
        first.replace(year=first.year + 1, month=1)
        if first.month == 12
        else first.replace(month=first.month + 1)
    )
    return _midnight(first), _midnight(after)


def list_settled_calls(
    *,
    month: date,
    region_ids: Collection[int] = (),
    organization_ids: Collection[int] = (),
) -> list[SettledCall]:
    """Return the calls done in a month, of regions, or of organizations on either side.

    In order of the end of the visit (one query).
    """
    rows = _done(month).filter(
        Q(region_id__in=region_ids)
        | Q(own_organization_id__in=organization_ids)
        | Q(nurse_service__organization_id__in=organization_ids)
    )
    values = rows.order_by("done_at", "pk").values_list(
        "number",
        "done_at",
        "region__name",
        "own_organization_id",
        "own_organization__name",
        "nurse_service__organization_id",
        "nurse_service__organization__name",
        "travel_minutes",
        "care_minutes",
    )
    found = []
    for (
        number,
        done_at,
        region,
        own_id,
        own,
        helping_id,
        helping,
        travel,
        care,
    ) in values:
        # Constraint call_done_with_minutes.
        assert done_at is not None
        assert travel is not None
        assert care is not None
        found.append(
            SettledCall(
                number=number,
                done_at=done_at,
                region_name=region,
                own_organization_id=own_id,
                own_organization=own or "",
                helping_organization_id=helping_id,
                helping_organization=helping,
                travel_minutes=travel,
                care_minutes=care,
            )
        )
    return found


def pair_up(calls: Collection[SettledCall]) -> list[SettledPair]:
    """Return the totals per pair of providers, most minutes first."""
    totals: dict[tuple[str, str], list[int]] = {}
    for call in calls:
        pair = (call.own_organization, call.helping_organization)
        total = totals.setdefault(pair, [0, 0, 0])
        total[0] += 1
        total[1] += call.travel_minutes
        total[2] += call.care_minutes
    pairs = [SettledPair(*pair, *total) for pair, total in totals.items()]
    return sorted(pairs, key=lambda p: (-p.minutes, p.own_organization))


def list_helping_totals(
    *, month: date, region_ids: Collection[int]
) -> list[HelpingTotal]:
    """Return per helping provider what its nurses did in a month (one query)."""
    rows = (
        _done(month)
        .filter(region_id__in=region_ids)
        .order_by()
        .values(name=F("nurse_service__organization__name"))
        .annotate(
            calls=Count("pk"), travel=Sum("travel_minutes"), care=Sum("care_minutes")
        )
        .order_by("name")
    )
    return [
        HelpingTotal(row["name"], row["calls"], row["travel"], row["care"])
        if row["calls"] >= LEAST_CALLS
        else HelpingTotal(row["name"], None, None, None)
        for row in rows
    ]


def _done(month: date) -> QuerySet[Call]:
    start, end = month_around(month)
    return Call.objects.filter(
        status=CallStatus.DONE, done_at__gte=start, done_at__lt=end
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM)
