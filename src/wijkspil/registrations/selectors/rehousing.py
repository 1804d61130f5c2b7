"""Where does the re-housing of a practice stand? Counts per day and practice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from wijkspil.registrations.errors import UnknownRehousing
from wijkspil.registrations.models import (
    RehousedHousehold,
    Rehousing,
    RehousingPractice,
)
from wijkspil.registrations.types import Frailty


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day of the plan, in people."""

    day: date
    households: int
    people: int
    done: int

    @property
    def is_done(self) -> bool:
        """Whether everybody of the day was moved."""
        return self.done == self.people


@dataclass(frozen=True, slots=True)
class Counts:
    """A re-housing in people; ``first``: ill or house-bound."""

    households: int = 0
    people: int = 0
    placed: int = 0
    moved: int = 0
    first: int = 0
    first_placed: int = 0
    first_moved: int = 0

    @property
    def without(self) -> int:
        """People without a practice in the plan."""
        return self.people - self.placed


def get_rehousing(rehousing_id: int) -> Rehousing:
    """Return a re-housing (one query).

    Raises
    ------
    UnknownRehousing
        If there is none.
    """
    found = Rehousing.objects.select_related("region").filter(pk=rehousing_id).first()
    if found is None:
        raise _unknown(rehousing_id)
    return found


def lock_rehousing(rehousing_id: int) -> Rehousing:
    """Return a re-housing, locked until the end of the transaction.

    Raises
    ------
    UnknownRehousing
        If there is none.
    """
    found = Rehousing.objects.select_for_update().filter(pk=rehousing_id).first()
    if found is None:
        raise _unknown(rehousing_id)
    return found


def list_rehousings(region_ids: Iterable[int]) -> list[Rehousing]:
    """Return re-housings of regions, newest first (one query)."""
    return list(
        Rehousing.objects.filter(region_id__in=list(region_ids))
        .select_related("region")
        .order_by("-opened_at", "-pk")[:50]
    )


def list_failing(rehousing_id: int) -> list[RehousingPractice]:
    """Return the practices that stop, by name (one query)."""
    return _list_practices(rehousing_id, is_failing=True)


def list_takers(rehousing_id: int) -> list[RehousingPractice]:
    """Return the practices that take people over, by name (one query)."""
    return _list_practices(rehousing_id, is_failing=False)


def count_people(rehousing_id: int) -> Counts:
    """Return the counts of a re-housing (one query)."""
    first = ~Q(frailty=Frailty.NONE)
    placed = Q(to_service__isnull=False)
    moved = Q(moved_at__isnull=False)
    found = RehousedHousehold.objects.filter(rehousing_id=rehousing_id).aggregate(
        households=Count("pk"),
        people=Sum("size", default=0),
        placed=Sum("size", filter=placed, default=0),
        moved=Sum("size", filter=moved, default=0),
        first=Sum("size", filter=first, default=0),
        first_placed=Sum("size", filter=first & placed, default=0),
        first_moved=Sum("size", filter=first & moved, default=0),
    )
    return Counts(**found)


def count_of_failing(rehousing_id: int) -> dict[int, tuple[int, int]]:
    """Return practice -> (households, people) that were read (one query)."""
    return {
        pk: (households, people)
        for pk, households, people in RehousedHousehold.objects.filter(
            rehousing_id=rehousing_id
        )
        .values_list("from_service_id")
        .annotate(Count("pk"), Sum("size"))
        .order_by()
    }


def list_days(rehousing_id: int) -> list[DayLine]:
    """Return the days of the plan, first first (one query)."""
    return [
        DayLine(day=day, households=households, people=people, done=done)
        for day, households, people, done in RehousedHousehold.objects.filter(
            rehousing_id=rehousing_id, move_on__isnull=False
        )
        .values_list("move_on")
        .annotate(
            n=Count("pk"),
            people=Sum("size"),
            done=Sum("size", filter=Q(moved_at__isnull=False), default=0),
        )
        .order_by("move_on")
    ]


def count_of_takers(rehousing_id: int) -> dict[int, tuple[int, int]]:
    """Return practice -> (people planned, people moved) (one query)."""
    return {
        pk: (people, moved)
        for pk, people, moved in RehousedHousehold.objects.filter(
            rehousing_id=rehousing_id, to_service__isnull=False
        )
        .values_list("to_service_id")
        .annotate(
            people=Sum("size"),
            moved=Sum("size", filter=Q(moved_at__isnull=False), default=0),
        )
        .order_by()
    }


def list_households_of_day(rehousing_id: int, day: date) -> list[RehousedHousehold]:
    """Return who goes on a day, per practice, who goes first on top (one query)."""
    rows = (
        RehousedHousehold.objects.filter(rehousing_id=rehousing_id, move_on=day)
        .select_related("to_service", "from_service")
        .order_by("to_service__name", "to_service_id", "key")
    )
    return sorted(
        rows,
        key=lambda row: (
            "" if row.to_service is None else row.to_service.name,
            row.frailty == Frailty.NONE,
        ),
    )


def list_households_of_taker(
    rehousing_id: int, service_id: int
) -> list[RehousedHousehold]:
    """Return who goes to a practice, by day (one query)."""
    return list(
        RehousedHousehold.objects.filter(
            rehousing_id=rehousing_id, to_service_id=service_id
        )
        .select_related("from_service")
        .order_by("move_on", "key")
    )


def list_households_of_failing(
    rehousing_id: int, service_id: int
) -> list[RehousedHousehold]:
    """Return where the households of a practice that stops go (one query)."""
    return list(
        RehousedHousehold.objects.filter(
            rehousing_id=rehousing_id, from_service_id=service_id
        )
        .select_related("to_service")
        .order_by("key")
    )


def list_without(rehousing_id: int, *, limit: int = 200) -> list[RehousedHousehold]:
    """Return households without a practice after planning, frail first (one query)."""
    rows = RehousedHousehold.objects.filter(
        rehousing_id=rehousing_id, to_service=None
    ).exclude(why_not="")
    return sorted(
        rows.order_by("key")[: limit * 5], key=lambda row: row.frailty == Frailty.NONE
    )[:limit]


def _list_practices(rehousing_id: int, *, is_failing: bool) -> list[RehousingPractice]:
    return list(
        RehousingPractice.objects.filter(
            rehousing_id=rehousing_id, is_failing=is_failing
        )
        .select_related("service")
        .order_by("service__name", "pk")
    )


def _unknown(rehousing_id: int) -> UnknownRehousing:
    return UnknownRehousing(
        _("There is no re-housing with number %(id)s.") % {"id": rehousing_id}
    )
