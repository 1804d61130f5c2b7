"""What may a wish expect, and what would help? Asked of rounds that were played ahead.

Each night, and after each round, rounds to come are played for a region from who waits
and what practices publish; only the prices of places are kept, no person. One question
then costs a few milliseconds. It is a band, never a promise.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localdate

from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    list_gp_practices_near,
    list_gp_practices_of_region,
)
from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.engine_io import (
    Expected,
    OutlookGiven,
    WaitingBand,
    WishRow,
    ask_outlook,
    play_outlook,
)
from wijkspil.registrations.models import Outlook, Wish, WishChoice
from wijkspil.registrations.selectors.lists import list_lists
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import MOST_CHOICES, ListStatus, WishStatus

RUNS, ROUNDS, DAYS_BETWEEN = 20, 12, 60
#: Within so many weeks advice compares chances; the nearest practices are looked at.
WITHIN_WEEKS = 26.0
NEARBY_MINUTES, MOST_NEARBY = 15, 25
#: What is older says too little about who waits now.
LONGEST_KEPT = timedelta(days=14)
#: A practice that takes people and says no number takes so many a month.
USUAL_PLACES = 10
DAYS_OF_MONTH = 30.4


@dataclass(frozen=True)
class Advice:
    """More choices that raise the chance of a place within ``within_weeks``."""

    within_weeks: int
    chance_now: float
    one: tuple[tuple[GpPractice, float], ...]
    two: tuple[tuple[tuple[GpPractice, ...], float], ...]


def refresh_all_outlooks(*, at: datetime) -> int:
    """Play rounds for every region in which somebody waits; return how many."""
    regions = (
        Wish.objects.filter(status=WishStatus.WAITING)
        .values_list("region_id", flat=True)
        .distinct()
        .order_by("region_id")
    )
    return sum(refresh_outlook(region_id=pk, at=at) for pk in list(regions))


def refresh_outlook(*, region_id: int, at: datetime) -> bool:
    """Play rounds to come for a region and keep their prices; False without wishes.

    Done twice on a day it comes to the same: the seed is the day.
    """
    today = localdate(at)
    practices = [one.id for one in list_gp_practices_of_region(region_id, at=at)]
    if not practices:
        return False
    rows = list(
        Wish.objects.filter(region_id=region_id, created_at__gte=at - timedelta(365))
        | Wish.objects.filter(region_id=region_id, status=WishStatus.WAITING)
    )
    if not rows:
        return False
    waiting = [row for row in rows if row.status == WishStatus.WAITING]
    came = [
        row
        for row in rows
        if row.created_at >= at - timedelta(365) and not row.is_direct
    ]
    choices = _choices_of(rows)
    lists = list_lists(practices, at)
    places = {
        str(pk): (
            USUAL_PLACES if now.places_per_month is None else now.places_per_month
        )
        * DAYS_BETWEEN
        / DAYS_OF_MONTH
        for pk, now in lists.items()
        if now.status != ListStatus.CLOSED
    }
    days = max(30, (at - min((row.created_at for row in came), default=at)).days)
    content = play_outlook(
        OutlookGiven(
            practices=[str(pk) for pk in practices],
            places=places,
            waiting=[_as_row(row, choices[row.pk]) for row in waiting],
            came=[_as_row(row, choices[row.pk]) for row in came],
            came_per_round=len(came) / days * DAYS_BETWEEN,
            on=today,
        ),
        runs=RUNS,
        rounds=ROUNDS,
        days_between=DAYS_BETWEEN,
        seed=today.toordinal(),
    )
    Outlook.objects.update_or_create(
        region_id=region_id,
        defaults={
            "made_at": at,
            "practice_ids": practices,
            "content": content,
            "wishes": len(waiting),
            "seeds": RUNS,
        },
    )
    return True


def get_band(wish: Wish, at: datetime) -> WaitingBand | None:
    """Return how long a wish may wait, or None where nothing is known (two queries)."""
    expected = _ask(wish, (), at=at)
    return None if expected is None else expected[0].band


def get_made_at(region_id: int) -> datetime | None:
    """Return when rounds were played ahead for a region (one query)."""
    return (
        Outlook.objects.filter(region_id=region_id)
        .values_list("made_at", flat=True)
        .first()
    )


def get_advice(wish: Wish, at: datetime) -> Advice | None:
    """Return which more choices would help most, or None (at most ten queries).

    Only practices within a quarter of an hour by car whose conditions are met, and
    only as many as still fit on the list.
    """
    room = MOST_CHOICES - WishChoice.objects.filter(wish=wish).count()
    if room <= 0:
        return None
    nearby = list_fitting_nearby(wish, at=at)
    asked = _ask(wish, [one.id for one in nearby], at=at)
    if asked is None:
        return None
    expected, _made_at = asked
    names = {str(one.id): one for one in nearby}
    return Advice(
        within_weeks=round(expected.within_weeks),
        chance_now=expected.chance_now,
        one=tuple((names[one.practices[0]], one.chance) for one in expected.one),
        two=tuple(
            (tuple(names[name] for name in one.practices), one.chance)
            for one in expected.two
        )
        if room >= 2
        else (),
    )


def list_fitting_nearby(wish: Wish, *, at: datetime) -> list[GpPractice]:
    """Return practices near a household whose conditions are met, nearest first."""
    home = wish.place
    if home.lon is None or home.lat is None:
        return []
    named = set(
        WishChoice.objects.filter(wish=wish).values_list("service_id", flat=True)
    )
    named.add(wish.current_practice_id or 0)
    near = [
        one
        for one in list_gp_practices_near(home.lon, home.lat, at=at, limit=MOST_NEARBY)
        if one.id not in named
        and one.km is not None
        and drive_minutes(one.km) <= NEARBY_MINUTES
    ]
    lists = list_lists([one.id for one in near], at)
    bands = list(wish.members.values_list("age_band", flat=True))
    return [
        one
        for one in near
        if one.id not in lists
        or not check_conditions(
            lists[one.id].conditions,
            postcode=wish.postcode,
            minutes=None if one.km is None else drive_minutes(one.km),
            has_member=False,
            bands=bands,
            taken_of_band={},
        )
    ]


def _ask(
    wish: Wish, nearby: Sequence[int], *, at: datetime
) -> tuple[Expected, datetime] | None:
    row = Outlook.objects.filter(
        region_id=wish.region_id, made_at__gt=at - LONGEST_KEPT
    ).first()
    if row is None:
        return None
    choices = _choices_of([wish])[wish.pk]
    return (
        ask_outlook(
            bytes(row.content),
            [str(pk) for pk in row.practice_ids],
            wish=_as_row(wish, choices),
            nearby=[str(pk) for pk in nearby],
            on=localdate(at),
            within_weeks=WITHIN_WEEKS,
        ),
        row.made_at,
    )


def _choices_of(wishes: Iterable[Wish]) -> defaultdict[int, list[int]]:
    made: defaultdict[int, list[int]] = defaultdict(list)
    for wish_id, service_id in (
        WishChoice.objects.filter(wish_id__in=[wish.pk for wish in wishes])
        .order_by("wish_id", "rank")
        .values_list("wish_id", "service_id")
    ):
        made[wish_id].append(service_id)
    return made


def _as_row(wish: Wish, choices: Sequence[int]) -> WishRow:
    return WishRow(
        key=str(wish.pk),
        size=wish.size,
        current=str(wish.current_practice_id or ""),
        priority_class=wish.priority_class,
        waiting_since=localdate(wish.waiting_since),
        choices=tuple(map(str, choices)),
        load=wish.load,
    )
