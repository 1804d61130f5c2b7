"""How can people reach a GP practice that takes them, per PC4, gemeente and region?

A practice counts where it is, whoever it is for. What counts for a postcode is the
nearest practice that would take somebody new from there: its list has room this month
and the postcode meets its conditions, by the rule that also serves who asks. Minutes by
car are an estimate from the middle of the postcode area, see ``policies``; of a
gemeente they are the mean over its inhabitants.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import cos, radians
from typing import Any

import numpy as np
from django.db import models
from django.utils.translation import gettext_lazy as _

from wijkspil.directory.selectors.gp_areas import (
    GpGround,
    GpPostcode,
    GpRegion,
    GpSpot,
    get_gp_ground,
    list_gp_spots,
)
from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.selectors.access import count_waiting_people
from wijkspil.registrations.selectors.lists import ListNow, list_lists
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import Conditions, ListReason, ListStatus

Floats = np.ndarray[Any, np.dtype[np.float64]]

#: A GP should be able to reach a patient within so many minutes (the norm for
#: emergencies of the GP profession; limits of postcode derive from it).
NEAR_MINUTES = 15
#: About two kilometres: what most people call near. Assumption.
CLOSE_MINUTES = 5
#: Practices outside a region count as far as this, in degrees (about 25 km).
_MARGIN_LON, _MARGIN_LAT = 0.37, 0.23
_KM_PER_DEGREE = 111.195
#: Fewer people are not told, and more are told in steps of this.
STEP = 5


class Level(models.TextChoices):
    """What a row of the figures is."""

    REGION = "regio", _("Regions")
    GEMEENTE = "gemeente", _("Municipalities")
    PC4 = "pc4", _("Postcodes")


class Reach(models.TextChoices):
    """What somebody new finds, best first."""

    OPEN = "good", _("An open practice within 5 minutes")
    LIMITED = "limited", _("Farther away, or with conditions")
    NONE = "full", _("No practice with room within 15 minutes")
    UNKNOWN = "unknown", _("Nothing was told")


@dataclass(frozen=True, slots=True)
class AreaAccess:
    """The figures of one area. ``minutes`` and ``share_near`` are over inhabitants.

    ``share_near`` leaves out who lives where no practice told anything; ``places`` are
    those left this month, of the lists that say how many.
    """

    code: str
    name: str
    within: str
    population: int | None
    practices: int
    by_status: Mapping[str, int]
    places: int | None
    reach: Reach
    minutes: float | None
    share_near: float | None
    waiting: int | None
    region_id: int | None = None

    @property
    def open(self) -> int:
        """Practices whose list is open."""
        return self.by_status.get(ListStatus.OPEN, 0)

    @property
    def limited(self) -> int:
        """Practices that take people on conditions."""
        return self.by_status.get(ListStatus.LIMITED, 0)

    @property
    def closed(self) -> int:
        """Practices that take nobody for now."""
        return self.by_status.get(ListStatus.CLOSED, 0)

    @property
    def untold(self) -> int:
        """Practices that told nothing of their list."""
        return self.practices - self.open - self.limited - self.closed

    @property
    def people_per_practice(self) -> int | None:
        """Inhabitants for each practice."""
        return _share(self.population, self.practices)

    @property
    def people_per_place(self) -> int | None:
        """Inhabitants for each place that is left this month."""
        return _share(self.population, self.places or 0)


@dataclass(frozen=True, slots=True)
class Access:
    """The figures of all areas of a level, and of all of them together."""

    level: Level
    rows: tuple[AreaAccess, ...]
    total: AreaAccess
    reasons: tuple[tuple[ListReason, int], ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What one postcode finds."""

    reach: Reach
    minutes: float | None


@dataclass(slots=True)
class _Sum:
    """What is added up over the postcodes of an area."""

    people: list[tuple[int, _Found]] = field(default_factory=list)
    lists: list[ListNow] = field(default_factory=list)
    practices: int = 0
    waiting: int = 0


def count_access(
    *,
    level: Level,
    region: GpRegion | None,
    regions: Sequence[GpRegion],
    at: datetime,
) -> Access:
    """Return the figures of a region, or of the country; at most nine queries.

    ``regions`` are all regions of GP organizations. People who wait are left out per
    PC4: they would be too few to stay unknown.
    """
    ground = get_gp_ground(None if region is None else region.id)
    spots, lists = _read_practices(ground.postcodes, at=at)
    found = _find_nearest(ground.postcodes, spots, lists)
    waiting = count_waiting_people()
    key = _KEYS[level]
    sums: defaultdict[int, _Sum] = defaultdict(_Sum)
    total = _Sum()
    of_pc4 = {postcode.code: postcode for postcode in ground.postcodes}
    for postcode in ground.postcodes:
        for one in (sums[key(postcode)], total):
            one.people.append((postcode.population or 0, found[postcode.id]))
            one.waiting += waiting.get(postcode.code, 0)
    for spot in spots:
        postcode_of = of_pc4.get(spot.pc4)
        if postcode_of is None:
            continue
        for one in (sums[key(postcode_of)], total):
            one.practices += 1
            if spot.id in lists:
                one.lists.append(lists[spot.id])
    names = _names(level, ground, regions)
    rows = [
        _row(sums[pk], with_waiting=level is not Level.PC4, **names[pk])
        for pk in sums
        if pk in names
    ]
    return Access(
        level=level,
        rows=tuple(sorted(rows, key=lambda row: (row.within, row.name, row.code))),
        total=_row(
            total,
            with_waiting=True,
            code="" if region is None else region.code,
            name="" if region is None else region.name,
            within="",
            population=_add(g.population for g in ground.gemeenten.values()),
        ),
        reasons=tuple(
            (ListReason(reason), count)
            for reason, count in Counter(
                one.reason for one in total.lists if one.reason
            ).most_common()
        ),
        sources=ground.sources,
    )


#: Of which area a postcode is counted in.
_KEYS: dict[Level, Callable[[GpPostcode], int]] = {
    Level.PC4: lambda postcode: postcode.id,
    Level.GEMEENTE: lambda postcode: postcode.gemeente_id,
    Level.REGION: lambda postcode: postcode.region_id,
}


def round_people(people: int) -> int | None:
    """Return a number of people as it is told in public; None: fewer than five."""
    return None if people < STEP else STEP * round(people / STEP)


def _read_practices(
    postcodes: Sequence[GpPostcode], *, at: datetime
) -> tuple[list[GpSpot], dict[int, ListNow]]:
    if not postcodes:
        return [], {}
    spots = list_gp_spots(
        west=min(p.lon for p in postcodes) - _MARGIN_LON,
        south=min(p.lat for p in postcodes) - _MARGIN_LAT,
        east=max(p.lon for p in postcodes) + _MARGIN_LON,
        north=max(p.lat for p in postcodes) + _MARGIN_LAT,
    )
    return spots, list_lists([spot.id for spot in spots], at)


def _find_nearest(
    postcodes: Sequence[GpPostcode],
    spots: Sequence[GpSpot],
    lists: Mapping[int, ListNow],
) -> dict[int, _Found]:
    """Return id of PC4 -> what its people find."""
    if not postcodes:
        return {}
    lat = sum(p.lat for p in postcodes) / len(postcodes)
    with_room = [s for s in spots if s.id in lists and lists[s.id].has_room]
    is_open = {s.id: lists[s.id].status == ListStatus.OPEN for s in with_room}
    bound = [
        s
        for s in with_room
        if not is_open[s.id] and not lists[s.id].conditions.only_with_member
    ]
    around = _Around(
        open=_plane([s for s in with_room if is_open[s.id]], lat),
        bound=_plane(bound, lat),
        conditions=[lists[s.id].conditions for s in bound],
        told=_plane([s for s in spots if s.id in lists], lat),
        all=_plane(spots, lat),
    )
    here = _plane(postcodes, lat)
    return {
        postcode.id: _find(postcode.code, here[row], around)
        for row, postcode in enumerate(postcodes)
    }


@dataclass(frozen=True, slots=True)
class _Around:
    """Places of practices, in km: open, with conditions, that told, and all."""

    open: Floats
    bound: Floats
    conditions: Sequence[Conditions]
    told: Floats
    all: Floats


def _find(code: str, here: Floats, around: _Around) -> _Found:
    to_open = _nearest_minutes(around.open, here)
    km = np.hypot(*(around.bound - here).T)
    nearest = to_open
    # Only what is nearer than the nearest open list can still be the nearest.
    for place in sorted(_nearer(km, to_open), key=lambda place: float(km[place])):
        minutes = drive_minutes(float(km[place]))
        if not check_conditions(
            around.conditions[place],
            postcode=code,
            minutes=minutes,
            has_member=False,
            bands=(),
            taken_of_band={},
        ):
            nearest = minutes
            break
    if to_open is not None and to_open <= CLOSE_MINUTES:
        return _Found(Reach.OPEN, nearest)
    if nearest is not None and nearest <= NEAR_MINUTES:
        return _Found(Reach.LIMITED, nearest)
    # Where a practice is near but none of them told anything, nobody knows.
    is_known = _has_near(around.told, here) or not _has_near(around.all, here)
    return _Found(Reach.NONE if is_known else Reach.UNKNOWN, nearest)


def _nearest_minutes(places: Floats, here: Floats) -> float | None:
    km = np.hypot(*(places - here).T)
    return drive_minutes(float(km.min())) if km.size else None


def _nearer(km: Floats, minutes: float | None) -> list[int]:
    if minutes is None:
        return list(range(km.size))
    nearer: list[int] = np.flatnonzero(km < minutes / drive_minutes(1.0)).tolist()
    return nearer


def _has_near(places: Floats, here: Floats) -> bool:
    minutes = _nearest_minutes(places, here)
    return minutes is not None and minutes <= NEAR_MINUTES


def _plane(places: Iterable[GpSpot | GpPostcode], lat: float) -> Floats:
    """Return places in km on a plane that touches the earth at a latitude."""
    degrees = np.array([(p.lon, p.lat) for p in places], np.float64).reshape(-1, 2)
    scaled: Floats = degrees * (
        _KM_PER_DEGREE * cos(radians(lat)),
        _KM_PER_DEGREE,
    )
    return scaled


def _names(
    level: Level, ground: GpGround, regions: Sequence[GpRegion]
) -> dict[int, dict[str, Any]]:
    """Return what an area is called and how many live there, by id."""
    if level is Level.PC4:
        return {
            postcode.id: {
                "code": postcode.code,
                "name": postcode.code,
                "within": ground.gemeenten[postcode.gemeente_id].name,
                "population": postcode.population,
            }
            for postcode in ground.postcodes
        }
    if level is Level.GEMEENTE:
        return {
            gemeente.id: {
                "code": gemeente.code,
                "name": gemeente.name,
                "within": "",
                "population": gemeente.population,
            }
            for gemeente in ground.gemeenten.values()
        }
    of_region: defaultdict[int, set[int]] = defaultdict(set)
    for postcode in ground.postcodes:
        of_region[postcode.region_id].add(postcode.gemeente_id)
    return {
        region.id: {
            "code": region.code,
            "name": region.name,
            "within": "",
            "population": _add(
                ground.gemeenten[pk].population for pk in of_region[region.id]
            ),
            "region_id": region.id,
        }
        for region in regions
    }


def _row(one: _Sum, *, with_waiting: bool, **names: Any) -> AreaAccess:
    places = [
        left for told in one.lists if (left := told.places_left_this_month) is not None
    ]
    known = [(people, f.minutes) for people, f in one.people if f.minutes is not None]
    people = sum(weight for weight, _minutes in known)
    told = sum(
        weight for weight, found in one.people if found.reach is not Reach.UNKNOWN
    )
    near = sum(
        weight
        for weight, found in one.people
        if found.reach in (Reach.OPEN, Reach.LIMITED)
    )
    return AreaAccess(
        practices=one.practices,
        by_status=Counter(str(now.status) for now in one.lists),
        places=sum(places) if places else None,
        reach=_reach_of(one.people),
        minutes=(
            sum(weight * minutes for weight, minutes in known) / people
            if people
            else min((minutes for _weight, minutes in known), default=None)
        ),
        share_near=near / told if told else None,
        waiting=one.waiting if with_waiting else None,
        **names,
    )


def _reach_of(people: Sequence[tuple[int, _Found]]) -> Reach:
    """Return the best that at least half of the people find."""
    weights = Counter[Reach]()
    for weight, found in people:
        weights[found.reach] += max(weight, 1)
    half = sum(weights.values()) / 2
    so_far = 0
    for reach in Reach:
        so_far += weights[reach]
        if so_far >= half and so_far:
            return reach
    return Reach.UNKNOWN


def _share(people: int | None, among: int) -> int | None:
    return None if people is None or not among else round(people / among)


def _add(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
