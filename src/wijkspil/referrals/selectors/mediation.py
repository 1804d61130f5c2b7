"""What was handed to the insurer's mediation, since when, and what came of it.

For the insurer and the coordinators: the number, the area that teams may see, what is
asked and how soon. No identity, no postcode and no note. How long it takes is counted
in working days (Monday to Friday, without Dutch public holidays).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Q, Subquery

from wijkspil.core.spoken_numbers import read_number
from wijkspil.directory.opening_hours import AMSTERDAM, dutch_holidays
from wijkspil.referrals.models import RequestEvent, ServiceRequest
from wijkspil.referrals.types import EventKind, RequestStatus

#: Assumption of Wijkspil: insurers name no limit; a week of work without a word is
#: longer than a bridge lasts.
WORKING_DAYS = 5
#: What the insurer writes down is a note on the timeline with this code.
CODE = "mediation"
PASSED_ON, FOUND, NOBODY = "passed-on", "found", "nobody"
#: What came back from mediation is shown for so long.
SHOWN_AFTERWARDS = timedelta(weeks=13)


@dataclass(frozen=True)
class Step:
    """What was written down during mediation."""

    at: datetime
    actor_name: str
    step: str
    text: str


@dataclass(frozen=True)
class Mediation:
    """A request that was handed over. ``owner_name`` is who handed it over.

    ``due_on`` is the last day on which somebody should have been found; ``ended`` how
    it ended (``FOUND``, ``NOBODY``), empty while it runs or when another ended it.
    """

    request: ServiceRequest
    handed_at: datetime
    handed_by: str
    due_on: date
    working_days: int
    steps: tuple[Step, ...]

    @property
    def is_running(self) -> bool:
        """Whether it is with the insurer now."""
        return self.request.status == RequestStatus.MEDIATION

    @property
    def is_late(self) -> bool:
        """Whether it runs for more working days than was agreed."""
        return self.is_running and self.working_days > WORKING_DAYS

    @property
    def ended(self) -> str:
        """How it ended, as coded; empty without a word of the insurer."""
        return next(
            (s.step for s in reversed(self.steps) if s.step in {FOUND, NOBODY}), ""
        )

    @property
    def owner_name(self) -> str:
        """Who answers for it meanwhile: who handed it over."""
        return self.request.owner_name or self.handed_by


def list_mediations(region_ids: Iterable[int], *, at: datetime) -> list[Mediation]:
    """Return what runs, the longest first, then what came back (two queries)."""
    handed = (
        RequestEvent.objects.filter(
            request=OuterRef("pk"), kind=EventKind.MEDIATION, at__lte=at
        )
        .order_by("-at", "-pk")
        .values("at")[:1]
    )
    rows = list(
        ServiceRequest.objects.filter(region_id__in=list(region_ids))
        .annotate(handed_at=Subquery(handed))
        .filter(
            Q(status=RequestStatus.MEDIATION, handed_at__isnull=False)
            | Q(handed_at__gt=at - SHOWN_AFTERWARDS)
        )
        .select_related("region", "profile_area", "placed_service__organization")
        .order_by("handed_at", "pk")
    )
    return _with_steps(rows, at=at)


def find_mediation(number: str, *, at: datetime) -> Mediation | None:
    """Return the last handing over of a request; None without one (two queries)."""
    row = (
        ServiceRequest.objects.filter(number=read_number(number))
        .select_related("region", "profile_area", "placed_service__organization")
        .first()
    )
    found = _with_steps([row], at=at) if row is not None else []
    return found[0] if found else None


def count_late(region_ids: Iterable[int], *, at: datetime) -> int:
    """Return how many mediations run too long (two queries)."""
    return sum(one.is_late for one in list_mediations(region_ids, at=at))


def count_working_days(since: date, until: date) -> int:
    """Return the working days after ``since`` up to and including ``until``."""
    free = dutch_holidays(range(since.year, until.year + 1))
    days = (since + timedelta(days=n) for n in range(1, (until - since).days + 1))
    return sum(day.weekday() < 5 and day not in free for day in days)


def add_working_days(since: date, n: int) -> date:
    """Return the ``n``-th working day after a day."""
    free = dutch_holidays((since.year, since.year + 1))
    day = since
    while n:
        day += timedelta(days=1)
        n -= day.weekday() < 5 and day not in free
    return day


def _with_steps(rows: Sequence[ServiceRequest], *, at: datetime) -> list[Mediation]:
    events: dict[int, list[RequestEvent]] = {row.pk: [] for row in rows}
    for event in RequestEvent.objects.filter(
        Q(kind=EventKind.MEDIATION) | Q(kind=EventKind.NOTE, detail__code=CODE),
        request_id__in=events,
        at__lte=at,
    ).order_by("at", "pk"):
        events[event.request_id].append(event)
    found = []
    for row in rows:
        handed = next(
            (e for e in reversed(events[row.pk]) if e.kind == EventKind.MEDIATION), None
        )
        if handed is None:
            continue
        day = handed.at.astimezone(AMSTERDAM).date()
        found.append(
            Mediation(
                request=row,
                handed_at=handed.at,
                handed_by=handed.actor_name,
                due_on=add_working_days(day, WORKING_DAYS),
                working_days=count_working_days(day, at.astimezone(AMSTERDAM).date()),
                steps=tuple(
                    Step(
                        e.at,
                        e.actor_name,
                        str(e.detail.get("step", "")),
                        str(e.detail.get("text", "")),
                    )
                    for e in events[row.pk]
                    if e.kind == EventKind.NOTE and e.at >= handed.at
                ),
            )
        )
    return sorted(found, key=lambda one: (not one.is_running, one.handed_at))
