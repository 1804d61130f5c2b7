"""What do practices say of their lists now, and which places are left this month?

A month is a calendar month in Amsterdam. Off its places go: people of direct
registrations proposed in it (refused ones come back), what the rounds executed in it
added on balance (a swap brings its own place), and places that are set apart for a
round that still runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.utils.timezone import localtime

from wijkspil.core.prepared import fetch_row
from wijkspil.registrations.models import Move, PracticeList, WishMember
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


#: Asked for every practice that somebody finds: one prepared statement, whose plan
#: costs more than its work otherwise. Month and states are given; a place that a round
#: brought on balance counts, one that a swap brought does not.
_LISTS = """
SELECT json_agg(json_build_array(
    list.service_id, list.id, list.status, list.reason, list.expected_until,
    list.places_per_month, list.load_per_month, list.postcodes, list.most_minutes,
    list.only_with_member, list.most_of_band, list.people, list.valid_from,
    list.publisher_name, coalesce(direct.people, 0) + coalesce(rounds.people, 0),
    coalesce(direct.load, 0) + coalesce(rounds.load, 0), coalesce(apart.places, 0),
    coalesce(apart.load, 0)))
FROM registrations_practicelist list
LEFT JOIN LATERAL (
    SELECT sum(size) AS people, sum(load) AS load FROM registrations_move
    WHERE to_service_id = list.service_id AND round_id IS NULL
      AND status = ANY (string_to_array(%(taking)s, ','))
      AND proposed_at >= %(start)s AND proposed_at < %(end)s
) direct ON true
LEFT JOIN LATERAL (
    SELECT sum(greatest(net.people, 0)) AS people, sum(greatest(net.load, 0)) AS load
    FROM (
        SELECT sum(CASE WHEN to_service_id = list.service_id THEN size ELSE -size END)
                 AS people,
               sum(CASE WHEN to_service_id = list.service_id THEN load ELSE -load END)
                 AS load
        FROM registrations_move
        WHERE (to_service_id = list.service_id OR from_service_id = list.service_id)
          AND round_id IS NOT NULL AND status = 'executed'
          AND closed_at >= %(start)s AND closed_at < %(end)s
        GROUP BY round_id
    ) net
) rounds ON true
LEFT JOIN LATERAL (
    SELECT sum(practice.free_places) AS places, sum(practice.free_load) AS load
    FROM registrations_roundpractice practice
    JOIN registrations_round round ON round.id = practice.round_id
     AND round.status = ANY (string_to_array(%(live_rounds)s, ','))
    WHERE practice.service_id = list.service_id
) apart ON true
WHERE list.service_id = ANY (string_to_array(%(ids)s, ',')::bigint[])
  AND list.valid_from <= %(at)s
  AND (list.valid_until IS NULL OR list.valid_until > %(at)s)
"""


def list_lists(service_ids: Iterable[int], at: datetime) -> dict[int, ListNow]:
    """Return service id -> list; a practice that said nothing is not in it.

    One query, and one more where a list has a cap per age band.
    """
    ids = set(service_ids)
    if not ids:
        return {}
    start, end = month_of(at)
    found = fetch_row(
        _LISTS,
        {
            # A text of our own numbers and codes is bound faster than an array.
            "ids": ",".join(map(str, ids)),
            "taking": ",".join(TAKING),
            "live_rounds": ",".join(LIVE_ROUNDS),
            "start": start,
            "end": end,
            "at": at,
        },
    )
    rows = (found[0] if found is not None else None) or ()
    capped = [row[0] for row in rows if row[10]]
    of_band = _taken_of_band(capped, start, end) if capped else {}
    return {
        row[0]: ListNow(
            service_id=row[0],
            list_id=row[1],
            status=ListStatus(row[2]),
            reason=row[3],
            expected_until=None if row[4] is None else date.fromisoformat(row[4]),
            places_per_month=row[5],
            load_per_month=row[6],
            conditions=Conditions(
                postcodes=tuple(row[7]),
                most_minutes=row[8],
                only_with_member=row[9],
                most_of_band=row[10],
            ),
            people=row[11],
            published_at=datetime.fromisoformat(row[12]),
            publisher=row[13],
            taken_people=int(row[14]) + int(row[16]),
            taken_load=int(row[15]) + int(row[17]),
            set_apart=int(row[16]),
            taken_of_band=of_band.get(row[0], {}),
        )
        for row in rows
    }


def get_list(service_id: int, at: datetime) -> ListNow | None:
    """Return what one practice says of its list, or None (at most two queries)."""
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
