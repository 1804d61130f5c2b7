"""Play the re-housing of a practice that stops, half done: some days have passed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.utils.timezone import localdate

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import GpPractice
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.registrations.fictional.figures import figure
from wijkspil.registrations.fictional.households import Ground, draw_ages
from wijkspil.registrations.fictional.lists import pick
from wijkspil.registrations.models import RehousedHousehold, Rehousing
from wijkspil.registrations.services.rehousing import (
    RehousingGiven,
    TakerGiven,
    load_households,
    mark_moved,
    plan_rehousing,
    set_takers,
    start_rehousing,
)

_TAKERS = 6
#: Days before the moment of the demo on which it was opened, and moving began.
_OPENED, _BEGAN = 9, 4
#: A patient lives about so near, in km (normal, each way); assumption.
_AROUND_KM = 1.2
_DAY = timedelta(days=1)


def play_stopping_practice(
    ground: Ground, practice: GpPractice, *, coordinator: Actor, at: datetime, seed: int
) -> Rehousing:
    """Re-house the people of a practice; who was planned before today has moved."""
    rng = np.random.default_rng([seed, 4806])
    opened = at - _OPENED * _DAY
    row = start_rehousing(
        actor=coordinator,
        given=RehousingGiven(
            name=f"{practice.name} stopt",
            region_id=ground.region_id,
            failing=[practice.id],
            starts_on=localdate(at - _BEGAN * _DAY),
        ),
        at=opened,
    )
    Rehousing.objects.filter(pk=row.pk).update(is_fictional=True)
    load_households(
        actor=coordinator,
        rehousing_id=row.pk,
        service_id=practice.id,
        content=_make_file(rng, ground, practice),
        at=opened,
    )
    near = _nearest(ground.practices, practice)[:_TAKERS]
    households = figure("stopping_households")
    set_takers(
        actor=coordinator,
        rehousing_id=row.pk,
        given=[
            TakerGiven(
                service_id=one.id,
                places=round(households * 2.4 / _TAKERS),
                per_day=max(4, households // 16),
                is_temporary=number == _TAKERS - 1,
            )
            for number, one in enumerate(near)
        ],
        at=opened + _DAY,
    )
    plan_rehousing(rehousing_id=row.pk, at=opened + _DAY, clock=lambda: at)
    passed = RehousedHousehold.objects.filter(rehousing=row, move_on__lt=localdate(at))
    mark_moved(
        actor=coordinator,
        rehousing_id=row.pk,
        household_ids=list(passed.values_list("pk", flat=True)),
        at=at - 3 * timedelta(hours=1),
    )
    return row


def _make_file(rng: np.random.Generator, ground: Ground, practice: GpPractice) -> bytes:
    """Return the households as the practice sends them: no names."""
    assert practice.lon is not None
    assert practice.lat is not None
    away = np.array(
        [
            distance_km(practice.lon, practice.lat, one.lon, one.lat)
            for one in ground.addresses
        ]
    )
    weights = ground.weights * np.exp(-((away / _AROUND_KM) ** 2) / 2) + 1e-12
    places = rng.choice(
        len(away), size=figure("stopping_households"), p=weights / weights.sum()
    )
    lines = ["key;postcode;size;frailty;ages"]
    for number, place in enumerate(places, start=1):
        ages = draw_ages(rng)
        frailty = pick(rng, figure("frailty")) if max(ages) >= 65 else "geen"
        lines.append(
            f"H{number:04d};{ground.addresses[int(place)].code};{len(ages)};"
            f"{frailty};{' '.join(map(str, ages))}"
        )
    return "\n".join(lines).encode()


def _nearest(practices: Sequence[GpPractice], practice: GpPractice) -> list[GpPractice]:
    def away(one: GpPractice) -> float:
        assert one.lon is not None
        assert one.lat is not None
        assert practice.lon is not None
        assert practice.lat is not None
        return distance_km(practice.lon, practice.lat, one.lon, one.lat)

    others = [one for one in practices if one.id != practice.id]
    return sorted(others, key=away)
