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

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least
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
    """Return a part of the list by risk (at most four queries).

    Late first: clients without a team before what a team has. Then what has the least
    time left: the date, less the time that is still needed. What a team has is on the
    list only when its date has passed. ``Show.INSURER`` is what an insurer looks for
    now, the longest there first. ``horizon``: as ``WorklistCounts.horizon_of`` says.
    """
    chosen = _chosen(wanted, at=at)
    if wanted.show is Show.INSURER:
        ordered = chosen.order_by("closed_at", "pk")
    else:
        if horizon is not None:
            chosen = chosen.filter(_late(at) | Q(due_at__lte=at + horizon))
        ordered = _by_risk(chosen, at=at).order_by(*_RISK)
    # Only ids are sorted: rows are wide.
    ids = list(ordered.values_list("pk", flat=True)[start : start + limit])
    return _as_items(ids)


def count_worklist(
    wanted: Wanted, *, at: datetime, since: datetime | None = None
) -> WorklistCounts:
    """Return how many requests each filter gives (two queries)."""
    there = _there(wanted)
    mine = there & _owned_by(wanted)
    shown = mine & _shown(wanted.show, at=at)
    with_insurer = ServiceRequest.objects.filter(
        mine, status=RequestStatus.MEDIATION, region_id__in=wanted.region_ids
    ).count()
    answer = ServiceRequest.objects.filter(
        _on_list(at), region_id__in=wanted.region_ids
    ).aggregate(
        **{
            f"show_{show.name}": _count(mine & _shown(show, at=at))
            for show in Show
            if show is not Show.INSURER
        },
        **{
            f"whose_{whose.name}": _count(there & _whose(whose, wanted))
            for whose in Whose
        },
        n_all=Count("pk"),
        n_late=_count(_late(at)),
        n_own=_count(Q(owner_id=wanted.user_id or 0, status__in=[*map(str, UNPLACED)])),
        n_new=_count(shown & Q(submitted_at__gt=since or at)),
        n_shown_late=_count(shown & _late(at)),
        **{
            f"within_{hours}": _count(
                shown & ~_late(at) & Q(due_at__lt=at + timedelta(hours=hours))
            )
            for hours in _HORIZONS
        },
    )
    return WorklistCounts(
        shows={show: answer.get(f"show_{show.name}", with_insurer) for show in Show},
        whose={whose: answer[f"whose_{whose.name}"] for whose in Whose},
        n_all=answer["n_all"],
        n_late=answer["n_late"],
        n_own=answer["n_own"],
        n_new=answer["n_new"],
        n_shown_late=answer["n_shown_late"],
        n_shown_within=[answer[f"within_{hours}"] for hours in _HORIZONS],
    )


def find_row(wanted: Wanted, number: str, *, at: datetime) -> int | None:
    """Return how many requests of the list come before this one (two queries).

    None if it is not on the list.
    """
    if wanted.show is Show.INSURER:
        return None
    rows = _by_risk(_chosen(wanted, at=at), at=at)
    key = rows.filter(number=number[:12]).values_list(*_RISK).first()
    if key is None:
        return None
    before, same = Q(), Q()
    for name, value in zip(_RISK, key, strict=True):
        before |= same & Q(**{f"{name}__lt": value})
        same &= Q(**{name: value})
    return rows.filter(before).count()


def count_per_wijk(
    region_ids: Sequence[int], *, at: datetime
) -> dict[WijkName, OpenInWijk]:
    """Return how many requests are open in each wijk that has one (three queries)."""
    rows = list(
        ServiceRequest.objects.filter(_on_list(at), region_id__in=region_ids)
        .order_by()
        .values_list("place_id")
        .annotate(
            n=Count("pk"),
            late=Count("pk", filter=_late(at)),
            no_team=Count("pk", filter=Q(status=RequestStatus.OPEN)),
        )
    )
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
    rows = ServiceRequest.objects.filter(
        region_id=region_id,
        status__in=[RequestStatus.OPEN, RequestStatus.BRIDGED],
    ).select_related("place")
    return list(_by_risk(rows, at=at).order_by(*_RISK)[:MOST_ITEMS])


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


def _count(which: Q) -> Count:
    return Count("pk", filter=which) if which else Count("pk")


def _on_list(at: datetime) -> Q:
    return Q(status__in=[*map(str, UNPLACED)]) | Q(
        status__in=[*map(str, _WITH_TEAM)], due_at__lte=at
    )


def _late(at: datetime) -> Q:
    return Q(overdue_since__isnull=False) | Q(due_at__lte=at)


def _shown(show: Show, *, at: datetime) -> Q:
    return {
        Show.INSURER: Q(status=RequestStatus.MEDIATION),
        Show.ALL: Q(),
        Show.OVERDUE: _late(at),
        Show.TODAY: Q(due_at__lt=_end_of_day(at)),
        Show.WAITING: Q(status=RequestStatus.OFFERED),
        Show.NO_TEAM: Q(status=RequestStatus.OPEN),
        Show.BRIDGED: Q(status=RequestStatus.BRIDGED),
        Show.URGENT: Q(urgency__in=[Urgency.TODAY, Urgency.TOMORROW]),
    }[show]


def _end_of_day(at: datetime) -> datetime:
    return datetime.combine(localdate(at) + timedelta(days=1), time(), AMSTERDAM)


def _whose(whose: Whose, wanted: Wanted) -> Q:
    in_hand = Q(
        owner_kind=OwnerKind.COORDINATOR, owner_id__in=[*wanted.coordinator_ids]
    )
    return {
        Whose.ALL: Q(),
        Whose.MINE: Q(owner_id=wanted.user_id or 0),
        Whose.NOBODY: ~in_hand | Q(owner_id__isnull=True),
    }[whose]


def _owned_by(wanted: Wanted) -> Q:
    return _whose(wanted.whose, wanted)


def _there(wanted: Wanted) -> Q:
    where = Q()
    if wanted.wijk_id is not None:
        where &= Q(place__within__contains=[wanted.wijk_id])
    if wanted.urgency:
        where &= Q(urgency=wanted.urgency)
    return where


def _chosen(wanted: Wanted, *, at: datetime) -> QuerySet[ServiceRequest]:
    base = (
        Q(status=RequestStatus.MEDIATION)
        if wanted.show is Show.INSURER
        else _on_list(at)
    )
    return ServiceRequest.objects.filter(
        base,
        _there(wanted),
        _owned_by(wanted),
        _shown(wanted.show, at=at),
        region_id__in=wanted.region_ids,
    )


# --- in which order

_RISK = ("risk_is_ahead", "risk_is_placed", "risk_start_at", "pk")


def _by_risk(
    rows: QuerySet[ServiceRequest], *, at: datetime
) -> QuerySet[ServiceRequest]:
    """Add what the list is ordered by; all of it is worked out in the query.

    ``risk_start_at`` is the moment somebody should have begun: the date (or the date
    that passed) less the time that is still needed.
    """
    refused = (
        Offer.objects.filter(
            request=OuterRef("pk"),
            status__in=[OfferStatus.DECLINED, OfferStatus.EXPIRED],
        )
        .order_by()
        .values("request")
        .annotate(n=Count("pk"))
        .values("n")
    )
    without_team = Case(
        When(status=RequestStatus.OPEN, then=Value(HOURS_WITHOUT_TEAM)),
        When(status=RequestStatus.BRIDGED, then=Value(HOURS_BRIDGED)),
        # Counted for these alone: it is what the order costs most.
        When(
            status=RequestStatus.OFFERED,
            then=Least(
                Value(MOST_HOURS_REFUSED),
                HOURS_PER_REFUSAL * Coalesce(Subquery(refused), Value(0)),
            ),
        ),
        default=Value(0),
        output_field=IntegerField(),
    )
    urgency = Case(
        *(
            When(urgency=urgency, then=Value(hours))
            for urgency, hours in HOURS_OF_URGENCY.items()
        ),
        default=Value(0),
        output_field=IntegerField(),
    )
    hours = ExpressionWrapper(
        Value(timedelta(hours=1)) * (without_team + urgency),
        output_field=DurationField(),
    )
    # An hour for each day: a twenty-fourth of the time until its date.
    waited = Least(
        Value(timedelta(hours=MOST_HOURS_WAITED)),
        ExpressionWrapper(
            (F("due_at") - F("submitted_at")) / Value(24.0),
            output_field=DurationField(),
        ),
    )
    return rows.annotate(
        risk_is_ahead=_as_bool(~_late(at)),
        risk_is_placed=_as_bool(~Q(status__in=[*map(str, UNPLACED)])),
        risk_start_at=ExpressionWrapper(
            Coalesce(F("overdue_since"), F("due_at")) - hours - waited,
            output_field=DateTimeField(),
        ),
    )


def _as_bool(condition: Q) -> Any:
    return Case(
        When(condition, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


# --- with what belongs to it


@dataclass(frozen=True)
class _Asked:
    waiting: int = 0
    refused: int = 0
    answer_by: datetime | None = None


_NOBODY = _Asked()


def _as_items(ids: Sequence[int]) -> list[WorkItem]:
    """Three queries; the order of the ids is kept."""
    found = fetch_instances(_REQUESTS, {"ids": list(ids)}, ServiceRequest)
    rows: dict[int, ServiceRequest] = {row.pk: row for (row,) in found}
    wijken = list_wijken_of_places(row.place_id for row in rows.values())
    asked = _count_offers(ids)
    return [
        _as_item(rows[pk], wijken, asked.get(pk, _NOBODY)) for pk in ids if pk in rows
    ]


def _count_offers(request_ids: Sequence[int]) -> dict[int, _Asked]:
    rows = fetch_rows(_ASKED, {"ids": list(request_ids)})
    return {pk: _Asked(*counts) for pk, *counts in rows}


_REQUESTS = f"""
SELECT {columns_of(ServiceRequest, "r")} FROM referrals_servicerequest r
 WHERE r.id = ANY(%(ids)s::bigint[])
"""
_ASKED = f"""
SELECT request_id, count(*) FILTER (WHERE status = '{OfferStatus.OPEN.value}'),
       count(*) FILTER (WHERE status IN ('{OfferStatus.DECLINED.value}',
                                         '{OfferStatus.EXPIRED.value}')),
       min(answer_by) FILTER (WHERE status = '{OfferStatus.OPEN.value}')
  FROM referrals_offer WHERE request_id = ANY(%(ids)s::bigint[]) GROUP BY request_id
"""


def _as_item(
    row: ServiceRequest, wijken: Mapping[int, WijkName], asked: _Asked
) -> WorkItem:
    return WorkItem(
        id=row.pk,
        number=row.number,
        wijk=wijken.get(row.place_id),
        tasks=tuple(row.tasks),
        parts_of_day=tuple(row.parts_of_day),
        urgency=row.urgency,
        first_visit_on=row.first_visit_on,
        status=row.status,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        owner_kind=row.owner_kind,
        due_at=row.due_at,
        overdue_since=row.overdue_since,
        bridged_by=row.bridged_by,
        submitted_at=row.submitted_at,
        closed_at=row.closed_at,
        n_waiting=asked.waiting,
        n_refused=asked.refused,
        answer_by=asked.answer_by,
    )
