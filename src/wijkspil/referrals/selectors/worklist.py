"""What the coordinators of a region must keep moving, most at risk first.

Without identity: the wijk where the care is given is the nearest that is told. The
order is made by the database, so that a page costs the same number of queries however
many requests are open.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db.models import OuterRef, Q
from django.utils.timezone import localdate

from wijkspil.core.prepared import columns_of, fetch_instances, fetch_row, fetch_rows
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.wijken import WijkName, list_wijken_of_places
from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.types import (
    RESTING,
    UNPLACED,
    EventKind,
    OfferStatus,
    OwnerKind,
    RequestStatus,
    Urgency,
)

#: No more than this is divided at once, and put on the sheet of a shift.
MOST_ITEMS = 500
#: A team has it; it comes back on the list when its date has passed.
_WITH_TEAM = (
    RequestStatus.ACCEPTED,
    RequestStatus.INTAKE_DONE,
    RequestStatus.PAUSED,
)

#: The time that is still needed, which comes off the date: what goes first is what has
#: the least left. By what must still happen: without a team everything, and a bridge
#: only has to be followed by a team. Assumptions of Wijkspil, said on the page.
HOURS_WITHOUT_TEAM: Final = 8
HOURS_BRIDGED: Final = 4
#: For each team that said no or nothing while others still have the question.
HOURS_PER_REFUSAL: Final = 1
MOST_HOURS_REFUSED: Final = 4
HOURS_OF_URGENCY: Final[Mapping[str, int]] = {
    Urgency.TODAY: 6,
    Urgency.TOMORROW: 4,
    Urgency.DAYS: 2,
}
#: Who waits longer goes first: an hour for each day, up to this.
MOST_HOURS_WAITED: Final = 8
#: More than this never comes off a date.
_MOST_NEEDED = timedelta(
    hours=HOURS_WITHOUT_TEAM + max(HOURS_OF_URGENCY.values()) + MOST_HOURS_WAITED
)
#: Hours from now for which it is counted how much is due.
_HORIZONS: Final = (3, 12, 36)


class Show(StrEnum):
    """Which requests a coordinator looks at."""

    ALL = ""
    OVERDUE = "te-laat"
    TODAY = "vandaag"
    WAITING = "wacht-op-antwoord"
    NO_TEAM = "geen-team"
    BRIDGED = "overbrugd"
    URGENT = "spoed"
    INSURER = "verzekeraar"


class Whose(StrEnum):
    """In whose hands what a coordinator looks at is."""

    ALL = ""
    MINE = "mij"
    NOBODY = "niemand"


@dataclass(frozen=True)
class Wanted:
    """Which part of the worklist: filters that hold together.

    ``coordinator_ids`` are who coordinates the regions now: what nobody of them has in
    hand is nobody's.
    """

    region_ids: Sequence[int]
    show: Show = Show.ALL
    whose: Whose = Whose.ALL
    user_id: int | None = None
    coordinator_ids: Sequence[int] = ()
    wijk_id: int | None = None
    urgency: str = ""


@dataclass(frozen=True)
class WorklistCounts:
    """How many requests each filter gives, the other filters as they are.

    ``n_all``, ``n_late`` and ``n_own`` (in hand, without a team) are of the regions as
    a whole; ``n_new`` came on the shown list since the moment that was asked about.
    """

    shows: Mapping[Show, int]
    whose: Mapping[Whose, int]
    n_all: int
    n_late: int
    n_own: int
    n_new: int
    n_shown_late: int
    n_shown_within: Sequence[int]

    def horizon_of(self, rows: int) -> timedelta | None:
        """Return how far ahead the first ``rows`` of the shown list can be due.

        None when that is not known. A list that is read no further than this costs the
        database a fraction.
        """
        if rows <= self.n_shown_late:
            return timedelta(0)
        for hours, n in zip(_HORIZONS, self.n_shown_within, strict=True):
            if rows <= self.n_shown_late + n:
                # What is due later goes first when it needs more time.
                return timedelta(hours=hours) + _MOST_NEEDED
        return None


@dataclass(frozen=True)
class WorkItem:
    """One request on the worklist, without identity.

    ``n_waiting`` teams have the question now, ``n_refused`` said no or did not answer.
    """

    id: int
    number: str
    wijk: WijkName | None
    tasks: Sequence[str]
    parts_of_day: Sequence[str]
    urgency: str
    first_visit_on: date
    status: str
    owner_id: int | None
    owner_name: str
    owner_kind: str
    due_at: datetime | None
    overdue_since: datetime | None
    bridged_by: str
    submitted_at: datetime | None
    closed_at: datetime | None
    n_waiting: int
    n_refused: int
    answer_by: datetime | None

    @property
    def is_unplaced(self) -> bool:
        """Whether nobody takes the client yet."""
        return self.status in UNPLACED

    @property
    def is_urgent(self) -> bool:
        """Whether the first visit must be today or within 24 hours."""
        return self.urgency in (Urgency.TODAY, Urgency.TOMORROW)

    def late_since(self, at: datetime) -> datetime | None:
        """Return the date that passed without anybody moving it, or None."""
        if self.overdue_since is not None:
            return self.overdue_since
        return self.due_at if self.due_at is not None and self.due_at <= at else None

    def has_bridge_ended(self, at: datetime) -> bool:
        """Whether who helped for now did so until a day that has passed."""
        return (
            self.status == RequestStatus.BRIDGED
            and self.due_at is not None
            and self.due_at <= at
        )


@dataclass(frozen=True)
class OpenInWijk:
    """How many requests are open in a wijk, and how many of these need a person."""

    n: int = 0
    late: int = 0
    no_team: int = 0


def list_worklist(
    wanted: Wanted,
    *,
    at: datetime,
    start: int = 0,
    limit: int = MOST_ITEMS,
    horizon: timedelta | None = None,
) -> list[WorkItem]:
    """Return a part of the list by risk (four queries).

    Late first: clients without a team before what a team has. Then what has the least
    time left: the date, less the time that is still needed. What a team has is on the
    list only when its date has passed. ``Show.INSURER`` is what an insurer looks for
    now, the longest there first. ``horizon``: as ``WorklistCounts.horizon_of`` says.
    """
    values = _values(wanted, at=at) | {"limit": limit, "start": start}
    order, soon = _BY_RISK, ""
    if wanted.show is Show.INSURER:
        order = "r.closed_at, r.id"
    elif horizon is not None:
        soon = f"AND ({_LATE} OR r.due_at <= %(horizon)s)"
        values["horizon"] = at + horizon
    # Only ids are sorted: rows are wide.
    rows = fetch_rows(
        f"SELECT r.id {_from(wanted)} WHERE {_chosen(wanted)} {soon} "
        f"ORDER BY {order} LIMIT %(limit)s OFFSET %(start)s",
        values,
    )
    return _as_items([pk for (pk,) in rows])


def count_worklist(
    wanted: Wanted, *, at: datetime, since: datetime | None = None
) -> WorklistCounts:
    """Return how many requests each filter gives (one query)."""
    there = _there(wanted)
    mine = f"{there} AND {_WHOSE[wanted.whose]}"
    shown = f"{mine} AND {_SHOWN[wanted.show]}"
    shows = [show for show in Show if show is not Show.INSURER]
    counted = [
        *(f"{mine} AND {_SHOWN[show]}" for show in shows),
        *(f"{there} AND {_WHOSE[whose]}" for whose in Whose),
        *(
            f"{shown} AND NOT {_LATE} AND r.due_at < %(at)s + interval '{hours} hours'"
            for hours in _HORIZONS
        ),
        "true",
        _LATE,
        f"{_WHOSE[Whose.MINE]} AND {_UNPLACED}",
        f"{shown} AND r.submitted_at > %(since)s",
        f"{shown} AND {_LATE}",
    ]
    columns = ", ".join(f"count(*) FILTER (WHERE {which})" for which in counted)
    row = fetch_row(
        f"SELECT {columns}, (SELECT count(*) {_from(wanted)} WHERE {mine}"
        f" AND {_SHOWN[Show.INSURER]} AND {_IN_REGIONS})"
        f" {_from(wanted)} WHERE {_ON_LIST} AND {_IN_REGIONS}",
        _values(wanted, at=at) | {"since": since or at},
    )
    assert row is not None
    rest = iter(row)
    by_show: dict[Show, int] = {show: next(rest) for show in shows}
    by_whose = {whose: next(rest) for whose in Whose}
    within = [next(rest) for _hours in _HORIZONS]
    n_all, n_late, n_own, n_new, n_shown_late, with_insurer = rest
    return WorklistCounts(
        shows={**by_show, Show.INSURER: with_insurer},
        whose=by_whose,
        n_all=n_all,
        n_late=n_late,
        n_own=n_own,
        n_new=n_new,
        n_shown_late=n_shown_late,
        n_shown_within=within,
    )


def find_row(wanted: Wanted, number: str, *, at: datetime) -> int | None:
    """Return how many requests of the list come before this one (one query).

    None if it is not on the list.
    """
    if wanted.show is Show.INSURER:
        return None
    row = fetch_row(
        f"SELECT place FROM (SELECT r.number, row_number() OVER (ORDER BY {_BY_RISK})"
        f" - 1 AS place {_from(wanted)} WHERE {_chosen(wanted)}) ranked"
        " WHERE number = %(number)s",
        _values(wanted, at=at) | {"number": number[:12]},
    )
    return None if row is None else row[0]


def count_per_wijk(
    region_ids: Sequence[int], *, at: datetime
) -> dict[WijkName, OpenInWijk]:
    """Return how many requests are open in each wijk that has one (three queries)."""
    rows = fetch_rows(_PER_PLACE, {"regions": list(region_ids), "at": at})
    wijken = list_wijken_of_places(place_id for place_id, *_counts in rows)
    found: dict[WijkName, Counter[str]] = {}
    for place_id, n, late, no_team in rows:
        if place_id in wijken:
            counts = found.setdefault(wijken[place_id], Counter())
            counts.update(n=n, late=late, no_team=no_team)
    return {
        wijk: OpenInWijk(counts["n"], counts["late"], counts["no_team"])
        for wijk, counts in found.items()
    }


def get_last_event_id() -> int:
    """Return the id of what happened last to any request; 0 if nothing did.

    One query. Every act on a request adds an event, so while this stays the same only
    the clock changes a worklist.
    """
    row = fetch_row("SELECT max(id) FROM referrals_requestevent", {})
    assert row is not None
    last_id: int | None = row[0]
    return last_id or 0


def count_in_hand(user_ids: Iterable[int]) -> dict[int, int]:
    """Return how much each has in hand that nobody takes yet (one query).

    Who has nothing is left out.
    """
    wanted = {"users": list(user_ids), "unplaced": [*map(str, UNPLACED)]}
    return dict(fetch_rows(_IN_HAND, wanted))


_IN_HAND = """
SELECT owner_id, count(*) FROM referrals_servicerequest
 WHERE owner_id = ANY(%(users)s::bigint[]) AND status = ANY(%(unplaced)s::text[])
 GROUP BY owner_id
"""


def list_own_unplaced(user_id: int, *, region_ids: Iterable[int]) -> list[int]:
    """Return the ids of what somebody has in hand in the regions (one query)."""
    return list(
        ServiceRequest.objects.filter(
            owner_id=user_id,
            status__in=[*map(str, UNPLACED)],
            region_id__in=list(region_ids),
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def lock_own_unplaced(user_id: int, *, region_ids: Iterable[int]) -> list[int]:
    """Return the same, with their rows locked until the transaction ends.

    One query, in the order in which all locks are taken.
    """
    return list(
        ServiceRequest.objects.select_for_update()
        .filter(
            owner_id=user_id,
            status__in=[*map(str, UNPLACED)],
            region_id__in=list(region_ids),
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def list_notes(request_ids: Iterable[int], *, each: int = 3) -> list[RequestEvent]:
    """Return the last notes and new dates of requests, newest first (one query).

    At most ``each`` of a request.
    """
    kinds = [EventKind.NOTE.value, EventKind.DATE_MOVED.value]
    newest = (
        RequestEvent.objects.filter(request=OuterRef("request"), kind__in=kinds)
        .order_by("-at", "-pk")
        .values("pk")[:each]
    )
    return list(
        RequestEvent.objects.filter(
            request_id__in=list(request_ids), pk__in=newest
        ).order_by("-at", "-pk")
    )


def list_unplaced(region_id: int, *, at: datetime) -> list[ServiceRequest]:
    """Return the requests for which nobody is asked now, most at risk first.

    One query; at most ``MOST_ITEMS``.
    """
    found = []
    for request, place in fetch_instances(
        _NOT_ASKED, {"region": region_id, "at": at}, ServiceRequest, _PLACE
    ):
        request.place = place
        found.append(request)
    return found


def count_unplaced(region_id: int) -> int:
    """Return for how many requests nobody is asked now (one query)."""
    return ServiceRequest.objects.filter(
        region_id=region_id,
        status__in=[RequestStatus.OPEN, RequestStatus.BRIDGED],
    ).count()


def list_asked_pairs(
    request_ids: Iterable[int], *, since: datetime
) -> list[tuple[int, int]]:
    """Return (request id, service id) of who has the question or answered ``since``.

    One query.
    """
    return list(
        Offer.objects.filter(
            Q(status__in=[OfferStatus.OPEN, OfferStatus.ACCEPTED])
            | Q(
                status__in=[*map(str, RESTING)],
                answered_at__gt=since,
            ),
            request_id__in=list(request_ids),
        ).values_list("request_id", "service_id")
    )


def list_offers(request_id: int) -> list[Offer]:
    """Return the questions to teams, newest first (one query)."""
    rows = fetch_instances(_OFFERS_OF, {"request": request_id}, Offer)
    return [offer for (offer,) in rows]


def list_last_events(request_id: int, *, limit: int = 4) -> list[RequestEvent]:
    """Return what happened last, newest first (one query)."""
    wanted = {"request": request_id, "limit": limit}
    return [event for (event,) in fetch_instances(_EVENTS_OF, wanted, RequestEvent)]


_OFFERS_OF = f"""
SELECT {columns_of(Offer, "o")} FROM referrals_offer o
 WHERE o.request_id = %(request)s ORDER BY o.id DESC
"""
_EVENTS_OF = f"""
SELECT {columns_of(RequestEvent, "e")} FROM referrals_requestevent e
 WHERE e.request_id = %(request)s ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s
"""


# --- which


def _texts(codes: Iterable[str]) -> str:
    return ", ".join(f"'{code!s}'" for code in codes)


_UNPLACED = f"r.status IN ({_texts(UNPLACED)})"
_ON_LIST = f"""
({_UNPLACED} OR r.status IN ({_texts(_WITH_TEAM)}) AND r.due_at <= %(at)s)
"""
_IN_REGIONS = "r.region_id = ANY(%(regions)s::bigint[])"
_LATE = "(r.overdue_since IS NOT NULL OR r.due_at <= %(at)s)"
_SHOWN: Final[Mapping[Show, str]] = {
    Show.ALL: "true",
    Show.OVERDUE: _LATE,
    Show.TODAY: "r.due_at < %(end_of_day)s",
    Show.WAITING: f"r.status = '{RequestStatus.OFFERED.value}'",
    Show.NO_TEAM: f"r.status = '{RequestStatus.OPEN.value}'",
    Show.BRIDGED: f"r.status = '{RequestStatus.BRIDGED.value}'",
    Show.URGENT: f"r.urgency IN ({_texts((Urgency.TODAY, Urgency.TOMORROW))})",
    Show.INSURER: f"r.status = '{RequestStatus.MEDIATION.value}'",
}
_WHOSE: Final[Mapping[Whose, str]] = {
    Whose.ALL: "true",
    Whose.MINE: "r.owner_id = %(user)s",
    Whose.NOBODY: f"""
(r.owner_id IS NULL OR r.owner_kind <> '{OwnerKind.COORDINATOR.value}'
 OR r.owner_id <> ALL(%(coordinators)s::bigint[]))
""",
}


def _from(wanted: Wanted) -> str:
    if wanted.wijk_id is None:
        return "FROM referrals_servicerequest r"
    return "FROM referrals_servicerequest r JOIN directory_area a ON a.id = r.place_id"


def _there(wanted: Wanted) -> str:
    where = ["true"]
    if wanted.wijk_id is not None:
        where.append("%(wijk)s = ANY(a.within)")
    if wanted.urgency:
        where.append("r.urgency = %(urgency)s")
    return " AND ".join(where)


def _chosen(wanted: Wanted) -> str:
    base = "true" if wanted.show is Show.INSURER else _ON_LIST
    return " AND ".join(
        (base, _there(wanted), _WHOSE[wanted.whose], _SHOWN[wanted.show], _IN_REGIONS)
    )


def _values(wanted: Wanted, *, at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "end_of_day": _end_of_day(at),
        "regions": list(wanted.region_ids),
        "user": wanted.user_id or 0,
        "coordinators": list(wanted.coordinator_ids),
        "wijk": wanted.wijk_id,
        "urgency": wanted.urgency,
    }


def _end_of_day(at: datetime) -> datetime:
    return datetime.combine(localdate(at) + timedelta(days=1), time(), AMSTERDAM)


_PER_PLACE = f"""
SELECT r.place_id, count(*), count(*) FILTER (WHERE {_LATE}),
       count(*) FILTER (WHERE {_SHOWN[Show.NO_TEAM]})
  FROM referrals_servicerequest r WHERE {_ON_LIST} AND {_IN_REGIONS}
 GROUP BY r.place_id
"""


# --- in which order

#: Refusals are counted for these alone: it is what the order costs most.
_HOURS_WITHOUT_TEAM = f"""
CASE r.status
WHEN '{RequestStatus.OPEN.value}' THEN {HOURS_WITHOUT_TEAM}
WHEN '{RequestStatus.BRIDGED.value}' THEN {HOURS_BRIDGED}
WHEN '{RequestStatus.OFFERED.value}' THEN least({MOST_HOURS_REFUSED},
  {HOURS_PER_REFUSAL} * (
    SELECT count(*) FROM referrals_offer o WHERE o.request_id = r.id
       AND o.status IN ({_texts((OfferStatus.DECLINED, OfferStatus.EXPIRED))})))
ELSE 0 END
"""
_HOURS_OF_URGENCY = f"""
CASE r.urgency
{" ".join(f"WHEN '{code!s}' THEN {n}" for code, n in HOURS_OF_URGENCY.items())}
ELSE 0 END
"""
#: What is late, what nobody takes, then the moment somebody should have begun: the date
#: (or the date that passed) less the time that is still needed. For who waits that is
#: an hour for each day: a twenty-fourth of the time until its date.
_BY_RISK = f"""
NOT coalesce({_LATE}, false), NOT {_UNPLACED},
coalesce(r.overdue_since, r.due_at)
  - interval '1 hour' * ({_HOURS_WITHOUT_TEAM} + {_HOURS_OF_URGENCY})
  - least(interval '{MOST_HOURS_WAITED} hours', (r.due_at - r.submitted_at) / 24.0),
r.id
"""
_PLACE: Any = ServiceRequest._meta.get_field("place").related_model  # noqa: SLF001
_NOT_ASKED = f"""
SELECT {columns_of(ServiceRequest, "r")}, {columns_of(_PLACE, "a")}
  FROM referrals_servicerequest r JOIN directory_area a ON a.id = r.place_id
 WHERE r.region_id = %(region)s
   AND r.status IN ({_texts((RequestStatus.OPEN, RequestStatus.BRIDGED))})
 ORDER BY {_BY_RISK} LIMIT {MOST_ITEMS}
"""


# --- with what belongs to it


@dataclass(frozen=True)
class _Asked:
    waiting: int = 0
    refused: int = 0
    answer_by: datetime | None = None


_NOBODY = _Asked()


def _as_items(ids: Sequence[int]) -> list[WorkItem]:
    """Three queries; the order of the ids is kept."""
    rows = {row[0]: row for row in fetch_rows(_REQUESTS, {"ids": list(ids)})}
    wijken = list_wijken_of_places(row[1] for row in rows.values())
    asked = _count_offers(ids)
    return [
        _as_item(rows[pk], wijken, asked.get(pk, _NOBODY)) for pk in ids if pk in rows
    ]


def _count_offers(request_ids: Sequence[int]) -> dict[int, _Asked]:
    rows = fetch_rows(_ASKED, {"ids": list(request_ids)})
    return {pk: _Asked(*counts) for pk, *counts in rows}


_REQUESTS = """
SELECT id, place_id, number, tasks, parts_of_day, urgency, first_visit_on, status,
       owner_id, owner_name, owner_kind, due_at, overdue_since, bridged_by,
       submitted_at, closed_at
  FROM referrals_servicerequest WHERE id = ANY(%(ids)s::bigint[])
"""
_ASKED = f"""
SELECT request_id, count(*) FILTER (WHERE status = '{OfferStatus.OPEN.value}'),
       count(*) FILTER (WHERE status IN ('{OfferStatus.DECLINED.value}',
                                         '{OfferStatus.EXPIRED.value}')),
       min(answer_by) FILTER (WHERE status = '{OfferStatus.OPEN.value}')
  FROM referrals_offer WHERE request_id = ANY(%(ids)s::bigint[]) GROUP BY request_id
"""


def _as_item(
    row: tuple[Any, ...], wijken: Mapping[int, WijkName], asked: _Asked
) -> WorkItem:
    (
        pk,
        place_id,
        number,
        tasks,
        parts_of_day,
        urgency,
        first_visit_on,
        status,
        owner_id,
        owner_name,
        owner_kind,
        due_at,
        overdue_since,
        bridged_by,
        submitted_at,
        closed_at,
    ) = row
    return WorkItem(
        id=pk,
        number=number,
        wijk=wijken.get(place_id),
        tasks=tuple(tasks),
        parts_of_day=tuple(parts_of_day),
        urgency=urgency,
        first_visit_on=first_visit_on,
        status=status,
        owner_id=owner_id,
        owner_name=owner_name,
        owner_kind=owner_kind,
        due_at=due_at,
        overdue_since=overdue_since,
        bridged_by=bridged_by,
        submitted_at=submitted_at,
        closed_at=closed_at,
        n_waiting=asked.waiting,
        n_refused=asked.refused,
        answer_by=asked.answer_by,
    )
