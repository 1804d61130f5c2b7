"""Invent what practices say of their lists: open, limited, closed, or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils.timezone import localdate

from wijkspil.directory.selectors.gp_areas import (
    GpPostcode,
    GpSpot,
    get_gp_ground,
    list_gp_spots,
)
from wijkspil.registrations.fictional.figures import figure
from wijkspil.registrations.models import PracticeList
from wijkspil.registrations.types import ListReason, ListStatus

#: Postcodes around the practice that a limited list is for.
_POSTCODES = 5
_PUBLISHER = "Praktijkmanager (verzonnen)"
_BATCH = 2000


@dataclass(frozen=True)
class _Draw:
    rng: np.random.Generator
    postcodes: Sequence[GpPostcode]
    at_postcodes: "np.ndarray[Any, np.dtype[np.float64]]"
    people: float


def make_lists(
    *, at: datetime, seed: int, fixed: Mapping[int, Mapping[str, Any]] | None = None
) -> int:
    """Publish a list for the practices of all regions; return how many now hold.

    Most said something else before. ``fixed`` gives what some practices say now, by id
    of the service. Practices that told something are left as they are.
    """
    ground = get_gp_ground()
    if not ground.postcodes:
        return 0
    told = set(PracticeList.objects.values_list("service_id", flat=True))
    spots = [
        spot
        for spot in list_gp_spots(west=-180, south=-90, east=180, north=90)
        if spot.id not in told
    ]
    people = sum(g.population or 0 for g in ground.gemeenten.values())
    draw = _Draw(
        rng=np.random.default_rng([seed, 4801]),
        postcodes=ground.postcodes,
        at_postcodes=np.array([(p.lon, p.lat) for p in ground.postcodes]),
        people=people / max(len(spots), 1),
    )
    rows: list[PracticeList] = []
    for spot in spots:
        rows += _draw_lists(draw, spot, (fixed or {}).get(spot.id, {}), at=at)
    PracticeList.objects.bulk_create(rows, batch_size=_BATCH)
    return sum(row.valid_until is None for row in rows)


def _draw_lists(
    draw: _Draw, spot: GpSpot, fixed: Mapping[str, Any], *, at: datetime
) -> Iterable[PracticeList]:
    rng = draw.rng
    is_silent = rng.random() < figure("share_silent")
    drawn = _draw_status(rng)
    people = int(draw.people * rng.normal(1.0, 0.15))
    first = at - timedelta(days=float(rng.uniform(360, 700)))
    changed = at - timedelta(days=float(rng.uniform(2, 200)))
    has_changed = rng.random() < 0.6
    values = _draw_values(draw, spot, drawn, at=at)
    other = _draw_values(draw, spot, _draw_status(rng), at=changed)
    if is_silent and not fixed:
        return
    if fixed:
        has_changed = True
        values = {"work_per_day": values["work_per_day"], **fixed}
    common = {
        "service_id": spot.id,
        "people": max(people, 900),
        "publisher_name": _PUBLISHER,
        "is_fictional": True,
    }
    if has_changed:
        yield PracticeList(**common, **other, valid_from=first, valid_until=changed)
    yield PracticeList(**common, **values, valid_from=changed if has_changed else first)


def _draw_status(rng: np.random.Generator) -> ListStatus:
    drawn = rng.random()
    if drawn < figure("share_closed"):
        return ListStatus.CLOSED
    return ListStatus.LIMITED if drawn < figure("share_not_open") else ListStatus.OPEN


def _draw_values(
    draw: _Draw, spot: GpSpot, status: ListStatus, *, at: datetime
) -> dict[str, Any]:
    rng = draw.rng
    reason = pick(rng, figure("reasons"))
    condition = pick(rng, figure("conditions"))
    places = {
        name: int(rng.integers(low, high + 1))
        for name, (low, high) in (
            (ListStatus.OPEN, figure("places_open")),
            (ListStatus.LIMITED, figure("places_limited")),
        )
    }
    low, high = figure("work_per_day")
    values: dict[str, Any] = {
        "status": status,
        "reason": "",
        "work_per_day": int(rng.integers(low, high + 1)),
    }
    ends = localdate(at) + timedelta(days=int(rng.integers(30, 240)))
    if status != ListStatus.OPEN:
        values["reason"] = ListReason(reason)
        values["expected_until"] = ends if rng.random() < 0.6 else None
    if status != ListStatus.CLOSED:
        values["places_per_month"] = places[status]
    if status == ListStatus.LIMITED:
        values[condition] = {
            "postcodes": _postcodes_around(draw, spot),
            "only_with_member": True,
            "most_minutes": int(rng.integers(6, 16)),
        }[condition]
    return values


def _postcodes_around(draw: _Draw, spot: GpSpot) -> list[str]:
    away = np.hypot(*((draw.at_postcodes - (spot.lon, spot.lat)) * (0.61, 1.0)).T)
    near = np.argsort(away, kind="stable")[:_POSTCODES]
    return sorted({draw.postcodes[int(place)].code for place in near})


def pick(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    """Return one of the keys, drawn by their shares."""
    names = list(shares)
    weights = np.array([shares[name] for name in names])
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]
