"""Invent households that want another practice, or one at all; names are made up.

Written to the tables at once: by the services a demo would take minutes. What a
household wants follows the instance of the exchange: a practice is worth more when it
is near and liked, and a list holds the best one to five of the twenty-five nearest.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.utils.timezone import localdate

from wijkspil.core.sealing import seal
from wijkspil.directory.selectors.gp_areas import GpAddress, list_gp_addresses
from wijkspil.directory.selectors.gp_practices import (
    GpPractice,
    list_gp_practices_of_region,
)
from wijkspil.registrations.fictional.figures import figure
from wijkspil.registrations.fictional.lists import pick
from wijkspil.registrations.models import Wish, WishChoice, WishEvent, WishMember
from wijkspil.registrations.policies import age_on, band_of, load_of
from wijkspil.registrations.services.household import KEEP_AFTER, member_key
from wijkspil.registrations.types import (
    CLASS_OF_REASON,
    CONSENT_AGE,
    Consent,
    ContactKind,
    MemberGiven,
    WishReason,
    WishStatus,
)

_NEAREST = 25
_BATCH = 1000
_YEAR = timedelta(days=365)
_FIRST = tuple("ABCDEFGHJKLMNPRSTW")
_LAST = (
    *("Vuurvlieg", "Zandloper", "Regenboog", "Windvaan", "Sterrenberg", "Maanlicht"),
    *("Duinroos", "Kiezelsteen", "Waterval", "Zonnedauw", "Wolkenveld", "Meidoorn"),
    *("Hagelkruis", "IJsvogel", "Klaproos", "Lindebloem", "Morgenrood", "Nevelland"),
    *("Oeverzwaluw", "Poolster", "Rietkraag", "Sneeuwklok", "Tuinfluiter", "Veenmos"),
)
#: Signs of a number, see ``core.spoken_numbers``.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Ground:
    """The addresses and practices of a region, with what makes a practice liked."""

    region_id: int
    addresses: tuple[GpAddress, ...]
    weights: "np.ndarray[Any, np.dtype[np.float64]]"
    practices: tuple[GpPractice, ...]
    at_practices: "np.ndarray[Any, np.dtype[np.float64]]"
    liked: "np.ndarray[Any, np.dtype[np.float64]]"

    @property
    def people(self) -> float:
        """Inhabitants, as far as they are known."""
        return float(sum(one.population or 0 for one in self.addresses))


@dataclass(frozen=True)
class _Want:
    """What one household wants: places of practices, best first."""

    address: GpAddress
    reason: WishReason
    current: int | None
    choices: tuple[int, ...]


def read_ground(region_id: int, *, at: datetime, seed: int) -> Ground | None:
    """Return what there is to draw from, or None where people or practices miss."""
    addresses = list_gp_addresses(region_id)
    practices = [
        one
        for one in list_gp_practices_of_region(region_id, at=at)
        if one.lon is not None and one.lat is not None
    ]
    if not addresses or len(practices) < 2:
        return None
    known = [float(one.population or 0) for one in addresses]
    weights = np.array(known if sum(known) else [1.0] * len(known))
    rng = np.random.default_rng([seed, 4802])
    return Ground(
        region_id=region_id,
        addresses=tuple(addresses),
        weights=weights / weights.sum(),
        practices=tuple(practices),
        at_practices=_plane([(one.lon, one.lat) for one in practices]),
        liked=rng.lognormal(0.0, 0.8, len(practices)),
    )


def count_wishes(ground: Ground) -> int:
    """Return how many wishes are made: by the figures, and at most as many as these."""
    adults = ground.people * figure("adults")
    wanted = adults * (figure("share_wants_another") + figure("share_without_gp"))
    return int(min(figure("most_wishes"), max(wanted, 40)))


def make_wishes(
    ground: Ground,
    *,
    count: int,
    since: datetime,
    until: datetime,
    seed: int,
    swap_between: tuple[int, int] | None = None,
    swaps: int = 0,
) -> list[Wish]:
    """Write wishes down that began between two moments and wait; first come first.

    The first ``swaps`` go back and forth between two practices (ids of services), so
    that both have something to answer.
    """
    rng = np.random.default_rng([seed, 4803, int(since.timestamp()) % 2**31])
    wants = [_draw_want(rng, ground) for _wish in range(count)]
    if swap_between is not None:
        for place in range(min(swaps, count)):
            wants[place] = _swap(ground, wants[place], swap_between, place)
    days = np.sort(rng.uniform(0, (until - since).total_seconds(), count))
    order = rng.permutation(count)
    wishes, members = [], []
    for want, place in zip(wants, order, strict=True):
        began = since + timedelta(seconds=float(days[place]))
        wish, people = _make_wish(rng, ground, want, began)
        wishes.append(wish)
        members += people
    Wish.objects.bulk_create(wishes, batch_size=_BATCH)
    WishMember.objects.bulk_create(members, batch_size=_BATCH)
    WishChoice.objects.bulk_create(
        (
            WishChoice(wish=wish, service_id=ground.practices[choice].id, rank=rank)
            for wish, want in zip(wishes, wants, strict=True)
            for rank, choice in enumerate(want.choices, start=1)
        ),
        batch_size=_BATCH,
    )
    WishEvent.objects.bulk_create(
        (
            WishEvent(
                wish=wish,
                at=wish.created_at + timedelta(minutes=minutes),
                kind=kind,
                actor_name=f"bewoner {wish.number}",
            )
            for wish in wishes
            for minutes, kind in ((0, "started"), (3, "confirmed"))
        ),
        batch_size=_BATCH,
    )
    return wishes


def reach_by_mail(wishes: Sequence[Wish]) -> None:
    """Give wishes the address they are reached at, once what was played is over."""
    for wish in wishes:
        address = f"bewoner-{wish.number[2:].lower()}@example.nl"
        wish.contact = seal(address)
    Wish.objects.bulk_update(wishes, ["contact"], batch_size=_BATCH)


def _draw_want(rng: np.random.Generator, ground: Ground) -> _Want:
    place = int(rng.choice(len(ground.addresses), p=ground.weights))
    address = ground.addresses[place]
    here = _plane([(address.lon, address.lat)])[0]
    km = np.hypot(*(ground.at_practices - here).T)
    near = np.argsort(km, kind="stable")[:_NEAREST]
    share = figure("share_without_gp")
    reason = WishReason.NO_GP
    current: int | None = None
    if rng.random() >= share / (share + figure("share_wants_another")):
        reason = WishReason(pick(rng, figure("reasons_of_wish")))
        # Who moved house has a practice anywhere, the others one that is near.
        around = (
            np.arange(len(ground.practices))
            if reason == WishReason.MOVED
            else near[:10]
        )
        current = int(rng.choice(around))
    gain = np.log(ground.liked[near]) - km[near] / 2 + rng.gumbel(0, 1, len(near))
    best = [int(near[n]) for n in np.argsort(-gain, kind="stable")]
    length = 1 + int(rng.choice(5, p=figure("choices")))
    choices = [one for one in best if one != current][:length]
    return _Want(address, reason, current, tuple(choices))


def _swap(ground: Ground, want: _Want, between: tuple[int, int], place: int) -> _Want:
    """Return a household that lives near the one practice and goes to the other."""
    ids = [one.id for one in ground.practices]
    if not set(between) <= set(ids):
        return want
    one, other = (ids.index(pk) for pk in between)
    here, there = (one, other) if place % 2 else (other, one)
    homes = _plane([(home.lon, home.lat) for home in ground.addresses])
    away = np.hypot(*(homes - ground.at_practices[there]).T)
    near = np.argsort(away, kind="stable")[:_NEAREST]
    home = ground.addresses[int(near[(7 * place) % len(near)])]
    more = [choice for choice in want.choices if choice not in (here, there)][:2]
    return _Want(home, WishReason.NEARER, here, (there, *more))


def _make_wish(
    rng: np.random.Generator, ground: Ground, want: _Want, began: datetime
) -> tuple[Wish, list[WishMember]]:
    on = localdate(began)
    people = _draw_people(rng, on)
    bands = [band_of(age_on(one.birth_date, on)) for one in people]
    confirmed = began + timedelta(minutes=3)
    is_helped = rng.random() < figure("share_helped")
    # A wish of more than a year was confirmed again in between.
    still = on + timedelta(days=365)
    signs = "".join(_SIGNS[int(n)] for n in rng.integers(0, len(_SIGNS), 6))
    wish = Wish(
        number=f"H-{signs}",
        status=WishStatus.WAITING,
        reason=want.reason,
        priority_class=CLASS_OF_REASON[want.reason],
        region_id=ground.region_id,
        place_id=want.address.id,
        postcode=want.address.code,
        current_practice_id=(
            None if want.current is None else ground.practices[want.current].id
        ),
        size=len(people),
        load=load_of(bands),
        waiting_since=began,
        created_at=began,
        reconfirm_until=still,
        contact_kind=ContactKind.DESK if is_helped else ContactKind.EMAIL,
        contact_confirmed_at=confirmed,
        retain_until=still + KEEP_AFTER,
        is_fictional=True,
    )
    members = [
        WishMember(
            wish=wish,
            row=row,
            identity=seal(
                json.dumps({"name": one.name, "birth_date": one.birth_date.isoformat()})
            ),
            key=member_key(one, postcode=wish.postcode),
            age_band=band,
            consents_self=age_on(one.birth_date, on) >= CONSENT_AGE,
            consent=Consent.AGREED,
            consent_at=confirmed + timedelta(hours=5 * (row - 1)),
        )
        for row, (one, band) in enumerate(zip(people, bands, strict=True), start=1)
    ]
    return wish, members


def draw_ages(rng: np.random.Generator) -> list[int]:
    """Return the ages of a household: one or two adults, then children."""
    size = 1 + int(rng.choice(4, p=figure("household_sizes")))
    if size <= 2:
        low, high = map(int, pick(rng, figure("adult_ages")).split("-"))
        ages = [int(rng.integers(low, high + 1))]
        return ages + [max(18, ages[0] + int(rng.integers(-5, 6)))] * (size - 1)
    ages = [int(rng.integers(27, 52)) for _adult in range(2)]
    return ages + [int(rng.integers(0, 18)) for _child in range(size - 2)]


def _draw_people(rng: np.random.Generator, on: date) -> list[MemberGiven]:
    ages = draw_ages(rng)
    last = str(rng.choice(_LAST))
    firsts = rng.permutation(len(_FIRST))[: len(ages)]
    return [
        MemberGiven(
            name=f"{_FIRST[int(first)]}. {last} (verzonnen)",
            birth_date=on - age * _YEAR - timedelta(days=int(rng.integers(20, 340))),
        )
        for first, age in zip(firsts, ages, strict=True)
    ]


def _plane(
    places: Sequence[tuple[float | None, float | None]],
) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return places in km, near enough at the latitude of the Netherlands."""
    degrees = np.array(places, np.float64).reshape(-1, 2)
    scaled: np.ndarray[Any, np.dtype[np.float64]] = degrees * (68.0, 111.2)
    return scaled
