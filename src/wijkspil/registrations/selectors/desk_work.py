"""What does the desk of a practice have to enter or send, on which day?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from wijkspil.registrations.models import Move, PracticeList
from wijkspil.registrations.types import MoveStatus

#: What a desk enters a day where nothing is known: at half an hour each (Buurtdokters,
#: see docs/algorithms/exchange.md) three hours of work; assumption.
USUAL_PER_DAY = 6
#: What a desk usually enters is looked up over so many days.
USUAL_OVER = timedelta(days=90)
#: Work that was done is shown so long.
SHOWN_DONE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One household to enter, or whose record is to be sent; without who it is."""

    move_id: int
    wish_id: int
    number: str
    is_in: bool
    size: int
    other_id: int | None
    effective_on: date
    work_on: date
    done_at: datetime | None

    def is_late(self, today: date) -> bool:
        """Whether it should have been done before today."""
        return self.done_at is None and self.work_on < today


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How much work waits at a practice, in people."""

    to_enter: int = 0
    to_send: int = 0
    due: int = 0
    next_on: date | None = None

    @property
    def open(self) -> int:
        """People whose registration or record still waits."""
        return self.to_enter + self.to_send


def list_work(service_id: int, *, today: date, with_done: bool = True) -> list[WorkRow]:
    """Return the work of a practice by day, with what was done lately (one query)."""
    since = today - SHOWN_DONE
    rows = (
        Move.objects.filter(status=MoveStatus.EXECUTED)
        .filter(Q(to_service_id=service_id) | Q(from_service_id=service_id))
        .select_related("wish")
        .only(
            "to_service_id",
            "from_service_id",
            "size",
            "effective_on",
            "work_on",
            "worked_at",
            "record_on",
            "record_sent_at",
            "wish__number",
        )
    )
    found = []
    for move in rows:
        is_in = move.to_service_id == service_id
        day = move.work_on if is_in else move.record_on
        done_at = move.worked_at if is_in else move.record_sent_at
        if done_at is not None and (not with_done or done_at.date() < since):
            continue
        found.append(
            WorkRow(
                move_id=move.pk,
                wish_id=move.wish_id,
                number=move.wish.number,
                is_in=is_in,
                size=move.size,
                other_id=move.from_service_id if is_in else move.to_service_id,
                effective_on=move.effective_on,
                work_on=day or move.effective_on,
                done_at=done_at,
            )
        )
    found.sort(
        key=lambda row: (row.work_on, not row.is_in, row.effective_on, row.move_id)
    )
    return found


def count_work(service_ids: Collection[int], *, today: date) -> dict[int, WorkCounts]:
    """Return practice -> work that waits (two queries)."""
    ids = list(service_ids)
    counts: dict[int, dict[str, int]] = {pk: {} for pk in ids}
    days: dict[int, list[date]] = {pk: [] for pk in ids}
    for service, day, done, name in (
        ("to_service_id", "work_on", "worked_at", "to_enter"),
        ("from_service_id", "record_on", "record_sent_at", "to_send"),
    ):
        for pk, planned, people in (
            Move.objects.filter(
                **{f"{service}__in": ids, f"{done}__isnull": True},
                status=MoveStatus.EXECUTED,
            )
            .values_list(service, day)
            .annotate(Sum("size"))
            .order_by()
        ):
            told = counts[pk]
            told[name] = told.get(name, 0) + people
            if planned is not None:
                days[pk].append(planned)
                if planned <= today:
                    told["due"] = told.get("due", 0) + people
    return {
        pk: WorkCounts(**counts[pk], next_on=min(days[pk], default=None)) for pk in ids
    }


def list_planned_work(service_id: int, *, today: date) -> dict[date, int]:
    """Return day -> registrations planned at a desk from today on (one query)."""
    return {
        day: people
        for day, people in Move.objects.filter(
            to_service_id=service_id, status=MoveStatus.EXECUTED, work_on__gte=today
        )
        .values_list("work_on")
        .annotate(Sum("size"))
        .order_by()
        if day is not None
    }


def list_planned_records(service_id: int, *, today: date) -> dict[date, int]:
    """Return day -> records planned to be sent from today on (one query)."""
    return {
        day: people
        for day, people in Move.objects.filter(
            from_service_id=service_id,
            status=MoveStatus.EXECUTED,
            record_on__gte=today,
        )
        .values_list("record_on")
        .annotate(Sum("size"))
        .order_by()
        if day is not None
    }


def get_usual_per_day(service_id: int, *, at: datetime) -> int:
    """Return how many registrations a desk usually enters on a day (two queries).

    What the practice said; else what it did lately on days that it entered some, but
    never less than ``USUAL_PER_DAY``: a quiet past does not hold up a round.
    """
    said = (
        PracticeList.objects.at(at)
        .filter(service_id=service_id)
        .values_list("work_per_day", flat=True)
        .first()
    )
    if said:
        return int(said)
    done = (
        Move.objects.filter(
            to_service_id=service_id,
            status=MoveStatus.EXECUTED,
            worked_at__gte=at - USUAL_OVER,
        )
        .annotate(day=TruncDate("worked_at"))
        .aggregate(people=Sum("size"), days=Count("day", distinct=True))
    )
    if not done["days"]:
        return USUAL_PER_DAY
    return max(USUAL_PER_DAY, round(int(done["people"]) / int(done["days"])))


def count_people_since(service_id: int, *, since: datetime, at: datetime) -> int:
    """Return by how many people moves changed a list in a time (one query)."""
    found = Move.objects.filter(
        Q(to_service_id=service_id) | Q(from_service_id=service_id),
        status=MoveStatus.EXECUTED,
        closed_at__gte=since,
        closed_at__lt=at,
    ).aggregate(
        came=Sum("size", filter=Q(to_service_id=service_id)),
        went=Sum("size", filter=Q(from_service_id=service_id)),
    )
    return int(found["came"] or 0) - int(found["went"] or 0)
