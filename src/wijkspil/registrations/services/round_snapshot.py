"""Fix what is divided in a round: the wishes, their choices, and the places.

Each wish gets a name of this round only, so that the files of a round can be shown to
somebody who checks them without saying who is who. A choice that cannot be is left out
before anything is divided, and the reason is kept: the household reads it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.engine_io import (
    PracticeRow,
    WishRow,
    write_files,
)
from wijkspil.registrations.errors import NotNow
from wijkspil.registrations.models import (
    Round,
    RoundPractice,
    RoundWish,
    Wish,
    WishChoice,
    WishMember,
)
from wijkspil.registrations.policies import next_round_status
from wijkspil.registrations.selectors.lists import ListNow, list_lists
from wijkspil.registrations.selectors.rounds import lock_round
from wijkspil.registrations.services.trail import add_round_event
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import Consent, LeftOut, RoundStatus, WishStatus

_KEY_SIGNS = 12


@dataclass(frozen=True)
class _Place:
    """Where a practice is and what its list asks."""

    lon: float | None
    lat: float | None
    is_active: bool
    list_now: ListNow | None


@transaction.atomic
def take_snapshot(*, round_id: int, actor: Actor, at: datetime) -> Round:
    """Fix wishes and places. Done before: nothing happens.

    Locks the round. All in one transaction: killed halfway, nothing is fixed.

    Raises
    ------
    UnknownRound
        If there is no such round.
    NotNow
        If it was cancelled, or no practice joined.
    """
    row = lock_round(round_id)
    if row.status not in (RoundStatus.OPEN, RoundStatus.CANCELLED):
        return row
    row.status = next_round_status("take", row.status)
    joined = list(
        RoundPractice.objects.select_for_update(of=("self",))
        .filter(round=row)
        .select_related("service")
        .order_by("service_id")
    )
    if not joined:
        raise NotNow(
            _("No practice joined yet. Without practices there is nothing to divide.")
        )
    lists = list_lists([one.service_id for one in joined], at)
    places = {
        one.service_id: _Place(
            lon=one.service.lon,
            lat=one.service.lat,
            is_active=one.service.is_active,
            list_now=lists.get(one.service_id),
        )
        for one in joined
    }
    _keep_people_before(joined, lists)
    wishes = _list_wishes(row, places)
    kept, left_out = _filter_choices(wishes, places)
    keys = {wish.pk: key_of(row.pk, wish.number) for wish in wishes}
    RoundWish.objects.bulk_create(
        [
            RoundWish(
                round=row,
                wish=wish,
                key=keys[wish.pk],
                left_out=left_out[wish.pk],
                outcome=None if kept[wish.pk] else {"code": "no-option"},
            )
            for wish in wishes
        ],
        batch_size=2000,
    )
    rows = [
        WishRow(
            key=keys[wish.pk],
            size=wish.size,
            current=str(wish.current_practice_id)
            if wish.current_practice_id in places
            else "",
            priority_class=wish.priority_class,
            waiting_since=localdate(wish.waiting_since),
            choices=tuple(map(str, kept[wish.pk])),
            load=wish.load,
        )
        for wish in wishes
        if kept[wish.pk]
    ]
    row.practices_csv, row.wishes_csv = write_files(
        [
            PracticeRow(
                key=str(one.service_id),
                free_places=one.free_places,
                max_inflow=one.max_inflow,
                free_load=one.free_load,
            )
            for one in joined
        ],
        sorted(rows, key=lambda one: one.key),
        on=localdate(at),
    )
    row.taken_at = at
    row.save()
    add_round_event(
        row,
        "taken",
        actor=actor,
        at=at,
        practices=len(joined),
        households=len(wishes),
        people=sum(wish.size for wish in wishes),
        without_option=len(wishes) - len(rows),
        places=sum(one.free_places for one in joined),
    )
    return row


def key_of(round_id: int, number: str) -> str:
    """Return the name of a wish in one round: the same each time, told by nobody."""
    return salted_hmac(
        "wijkspil.round-wish", f"{round_id}:{number}", algorithm="sha256"
    ).hexdigest()[:_KEY_SIGNS]


def _keep_people_before(
    joined: Sequence[RoundPractice], lists: Mapping[int, ListNow]
) -> None:
    changed = []
    for one in joined:
        known = lists.get(one.service_id)
        if one.people_before is None and known is not None and known.people is not None:
            one.people_before = known.people
            changed.append(one)
    RoundPractice.objects.bulk_update(changed, ["people_before"])


def _list_wishes(row: Round, places: Mapping[int, _Place]) -> list[Wish]:
    """Return who waits in the region, and who waits for a practice that joined."""
    rows = Wish.objects.filter(status=WishStatus.WAITING)
    if row.region_id is not None:
        ids = WishChoice.objects.filter(
            service_id__in=list(places), wish__status=WishStatus.WAITING
        ).values("wish_id")
        rows = rows.filter(pk__in=ids) | rows.filter(region_id=row.region_id)
    return list(
        rows.select_related("place").defer("contact").order_by("waiting_since", "pk")
    )


def _filter_choices(
    wishes: Sequence[Wish], places: Mapping[int, _Place]
) -> tuple[dict[int, list[int]], dict[int, list[dict[str, Any]]]]:
    """Return wish -> practices that stay, and wish -> what was left out and why."""
    choices: defaultdict[int, list[WishChoice]] = defaultdict(list)
    ids = [wish.pk for wish in wishes]
    for choice in WishChoice.objects.filter(wish_id__in=ids).order_by("wish", "rank"):
        choices[choice.wish_id].append(choice)
    bands = _bands_of(ids)
    taken = {
        pk: dict(place.list_now.taken_of_band) if place.list_now else {}
        for pk, place in places.items()
    }
    kept: dict[int, list[int]] = {}
    left_out: dict[int, list[dict[str, Any]]] = {}
    # The caps of age bands go to who is served first, so that all who are left as a
    # choice may come together without breaking one.
    for wish in sorted(wishes, key=lambda one: (one.priority_class, one.waiting_since)):
        kept[wish.pk], left_out[wish.pk] = [], []
        for choice in choices[wish.pk]:
            place = places.get(choice.service_id)
            why = _why_not(
                wish, choice, place, bands[wish.pk], taken.get(choice.service_id, {})
            )
            if why:
                left_out[wish.pk].append({"service": choice.service_id, "why": why})
                continue
            kept[wish.pk].append(choice.service_id)
            assert place is not None
            if place.list_now is not None:
                of_band = taken[choice.service_id]
                for band in bands[wish.pk]:
                    if band in place.list_now.conditions.most_of_band:
                        of_band[band] = of_band.get(band, 0) + 1
    return kept, left_out


def _why_not(
    wish: Wish,
    choice: WishChoice,
    place: _Place | None,
    bands: Sequence[str],
    taken_of_band: Mapping[str, int],
) -> list[str]:
    if place is None or not place.is_active:
        return [str(LeftOut.NOT_JOINED)]
    if choice.service_id == wish.current_practice_id:
        return [str(LeftOut.OWN)]
    if place.list_now is None:
        return []
    return [
        str(code)
        for code in check_conditions(
            place.list_now.conditions,
            postcode=wish.postcode,
            minutes=_minutes(wish, place),
            has_member=choice.has_member,
            bands=bands,
            taken_of_band=taken_of_band,
        )
    ]


def _minutes(wish: Wish, place: _Place) -> float | None:
    home = wish.place
    if None in (home.lon, home.lat, place.lon, place.lat):
        return None
    assert home.lon is not None
    assert home.lat is not None
    assert place.lon is not None
    assert place.lat is not None
    return drive_minutes(distance_km(home.lon, home.lat, place.lon, place.lat))


def _bands_of(wish_ids: Iterable[int]) -> defaultdict[int, list[str]]:
    bands: defaultdict[int, list[str]] = defaultdict(list)
    for wish_id, band in (
        WishMember.objects.filter(wish_id__in=list(wish_ids))
        .exclude(consent=Consent.OBJECTED)
        .values_list("wish_id", "age_band")
    ):
        bands[wish_id].append(band)
    return bands
