"""What do practices say of their lists now, and which places are left this month?

A month is a calendar month in Amsterdam. Off its places go: people of direct
registrations proposed in it (refused ones come back), what the rounds executed in it
added on balance (a swap brings its own place), and places that are set apart for a
round that still runs.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum
from django.utils.timezone import localtime

from wijkspil.registrations.models import (
    Move,
    PracticeList,
    RoundPractice,
    WishMember,
)
from wijkspil.registrations.types import (
    LIVE_MOVES,
    LIVE_ROUNDS,
    Conditions,
    ListReason,
    ListStatus,
    MoveStatus,
)

#: These take a place on the list, or took it.
TAKING = (*LIVE_MOVES, MoveStatus.EXECUTED)


@dataclass(frozen=True, slots=True)
class ListNow:
    """What a practice says of its list, and what is left of it this month.

    ``taken_people`` and ``taken_load`` (thousandths) are of this month, places set
    apart for rounds included; ``taken_of_band`` only has bands that have a cap.
    """

    service_id: int
    list_id: int
    status: ListStatus
    reason: str
    expected_until: date | None
    places_per_month: int | None
    load_per_month: int | None
    conditions: Conditions
    people: int | None
    published_at: datetime
    publisher: str
    taken_people: int = 0
    taken_load: int = 0
    set_apart: int = 0
    taken_of_band: Mapping[str, int] = field(default_factory=dict)

    @property
    def status_label(self) -> str:
        """The state in words."""
        return str(self.status.label)

    @property
    def reason_label(self) -> str:
        """Why it is limited or closed, in words; empty for an open list."""
        return str(ListReason(self.reason).label) if self.reason else ""

    @property
    def places_left_this_month(self) -> int | None:
        """People who can still be taken this month; None: not limited."""
        if self.status == ListStatus.CLOSED:
            return 0
        if self.places_per_month is None:
            return None
        return max(0, self.places_per_month - self.taken_people)

    @property
    def load_left(self) -> int | None:
        """Load (thousandths) that can still be taken; None: not limited."""
        if self.status == ListStatus.CLOSED:
            return 0
        if self.load_per_month is None:
            return None
        return max(0, self.load_per_month - self.taken_load)

    @property
    def has_room(self) -> bool:
        """Whether anybody can be taken now, conditions aside."""
        return self.places_left_this_month != 0 and self.load_left != 0

    def can_take(self, *, people: int, load: int) -> bool:
        """Whether a household of this size and load fits in what is left."""
        places, load_left = self.places_left_this_month, self.load_left
        return (places is None or people <= places) and (
            load_left is None or load <= load_left
        )


def list_lists(service_ids: Iterable[int], at: datetime) -> dict[int, ListNow]:
    """Return service id -> list; a practice that said nothing is not in it.

    At most five queries, however many practices.
    """
    rows = {
        row.service_id: row
        for row in PracticeList.objects.at(at).filter(service_id__in=set(service_ids))
    }
    if not rows:
        return {}
    start, end = month_of(at)
    people, load = _taken_directly(rows, start, end)
    _add_rounds_of_month(rows, start, end, people, load)
    apart = _set_apart(rows)
    capped = [pk for pk, row in rows.items() if row.most_of_band]
    of_band = _taken_of_band(capped, start, end) if capped else {}
    return {
        pk: ListNow(
            service_id=pk,
            list_id=row.pk,
            status=ListStatus(row.status),
            reason=row.reason,
            expected_until=row.expected_until,
            places_per_month=row.places_per_month,
            load_per_month=row.load_per_month,
            conditions=conditions_of(row),
            people=row.people,
            published_at=row.valid_from,
            publisher=row.publisher_name,
            taken_people=people[pk] + apart.get(pk, (0, 0))[0],
            taken_load=load[pk] + apart.get(pk, (0, 0))[1],
            set_apart=apart.get(pk, (0, 0))[0],
            taken_of_band=of_band.get(pk, {}),
        )
        for pk, row in rows.items()
    }


def get_list(service_id: int, at: datetime) -> ListNow | None:
    """Return what one practice says of its list, or None (at most five queries)."""
    return list_lists([service_id], at).get(service_id)


def list_history(service_id: int, *, limit: int = 12) -> list[PracticeList]:
    """Return what a practice published, newest first (one query)."""
    return list(
        PracticeList.objects.filter(service_id=service_id).order_by(
            "-valid_from", "-pk"
        )[:limit]
    )


def conditions_of(row: PracticeList) -> Conditions:
    """Return who a list is for."""
    return Conditions(
        postcodes=tuple(row.postcodes),
        most_minutes=row.most_minutes,
        only_with_member=row.only_with_member,
        most_of_band=dict(row.most_of_band),
    )


def month_of(at: datetime) -> tuple[datetime, datetime]:
    """Return the calendar month around a moment, half-open, in the current zone."""
    start = localtime(at).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0, fold=0
    )
    # Made from its parts: across a change of the clock days are not 24 hours.
    later = start.replace(day=28) + timedelta(days=4)
    return start, later.replace(day=1, tzinfo=start.tzinfo)


def _direct(service_ids: Iterable[int], start: datetime, end: datetime) -> Q:
    return Q(
        to_service_id__in=list(service_ids),
        round=None,
        status__in=[*map(str, TAKING)],
        proposed_at__gte=start,
        proposed_at__lt=end,
    )


def _taken_directly(
    service_ids: Iterable[int], start: datetime, end: datetime
) -> tuple[defaultdict[int, int], defaultdict[int, int]]:
    people: defaultdict[int, int] = defaultdict(int)
    load: defaultdict[int, int] = defaultdict(int)
    for pk, of_people, of_load in (
        Move.objects.filter(_direct(service_ids, start, end))
        .values_list("to_service_id")
        .annotate(Sum("size"), Sum("load"))
    ):
        people[pk], load[pk] = of_people, of_load
    return people, load


def _add_rounds_of_month(
    service_ids: Iterable[int],
    start: datetime,
    end: datetime,
    people: defaultdict[int, int],
    load: defaultdict[int, int],
) -> None:
    ids = list(service_ids)
    net: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for round_id, to_id, from_id, size, of_load in Move.objects.filter(
        Q(to_service_id__in=ids) | Q(from_service_id__in=ids),
        round__isnull=False,
        status=MoveStatus.EXECUTED,
        closed_at__gte=start,
        closed_at__lt=end,
    ).values_list("round_id", "to_service_id", "from_service_id", "size", "load"):
        for pk, sign in ((to_id, 1), (from_id, -1)):
            if pk is not None:
                net[round_id, pk][0] += sign * size
                net[round_id, pk][1] += sign * of_load
    for (_round_id, pk), (of_people, of_load) in net.items():
        people[pk] += max(0, of_people)
        load[pk] += max(0, of_load)


def _set_apart(service_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    return {
        pk: (places, load or 0)
        for pk, places, load in RoundPractice.objects.filter(
            service_id__in=list(service_ids),
            round__status__in=[*map(str, LIVE_ROUNDS)],
        )
        .values_list("service_id")
        .annotate(Sum("free_places"), Sum("free_load"))
    }


def _taken_of_band(
    service_ids: Iterable[int], start: datetime, end: datetime
) -> dict[int, dict[str, int]]:
    ids = list(service_ids)
    taken: dict[int, dict[str, int]] = {}
    moves = Move.objects.filter(
        _direct(ids, start, end)
        | Q(
            to_service_id__in=ids,
            round__isnull=False,
            status=MoveStatus.EXECUTED,
            closed_at__gte=start,
            closed_at__lt=end,
        )
    )
    for pk, band, count in (
        WishMember.objects.filter(wish__moves__in=moves)
        .values_list("wish__moves__to_service_id", "age_band")
        .annotate(Count("pk"))
    ):
        if pk in ids:
            taken.setdefault(pk, {})[band] = count
    return taken
