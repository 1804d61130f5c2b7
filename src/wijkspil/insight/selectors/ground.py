"""Who lives where, and where care is given: what engines are fed with.

Made from the database, as ``services.open_data`` makes it from files. Places are the
wijken of the newest division in use. What the database does not know is filled in from
national figures, and named in ``assumptions``:

- use of district nursing now follows from age, since most care was not placed through
  Wijkspil; so of need and capacity only the difference is counted (what was asked and
  not taken, less what is free), and their level is an estimate;
- ``given`` has ``need_hours``, ``clients``, ``asked_hours`` (small numbers spread over
  more wijken) and ``free_hours``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.utils.translation import gettext_noop

from wijkspil.directory.selectors.insight import (
    Box,
    Holder,
    WijkGround,
    list_gp_points_in,
    list_holders,
    list_wijken_in_use,
)
from wijkspil.directory.types import AreaKind, RegionPurpose
from wijkspil.insight.selectors.national import read_national, spread_ages
from wijkspil.insight.selectors.room import (
    Demand,
    Room,
    count_demand,
    count_room,
    spread_small,
)
from wijkspil.insight.types import AGE_BANDS, Assumption, Ground, Place, Site
from wijkspil.registrations.selectors.insight import list_sizes

#: People go this far to a GP, and come from this far: 30 minutes by car.
REACH_KM = 30.0
_ASSUMED_ROOM = Assumption(
    key="stale-report",
    text=gettext_noop("A team that never told its room, or too long ago, has no room."),
    source=gettext_noop("Reports of teams in Wijkspil"),
    status="assumed",
)
_ASSUMED_SPREAD = Assumption(
    key="team-over-wijken",
    text=gettext_noop(
        "A team that works in more than one wijk is spread over them by inhabitants."
    ),
    source=gettext_noop("Coverage in Wijkspil"),
    status="assumed",
)
_ASSUMED_SMALL = Assumption(
    key="few-requests",
    text=gettext_noop(
        "Hours asked in a wijk with fewer than 5 open requests are put together with "
        "those of other such wijken and divided by use."
    ),
    source=gettext_noop("Protection of small numbers"),
    status="assumed",
)


@dataclass(frozen=True, eq=False)
class CountedGround:
    """A ground with what it was counted from; ``holders`` by id, of all wijken."""

    ground: Ground
    wijken: tuple[WijkGround, ...]
    holders: dict[int, Holder]
    room: Room
    demand: Demand


def read_ground(*, region_id: int | None, at: datetime) -> Ground:
    """Return the ground of a region (places are its wijken); None: the country.

    Practices are those within reach of the region (``REACH_KM``). Ten queries.
    """
    return count_ground(region_id=region_id, at=at).ground


def read_wide_ground(ground: CountedGround, *, at: datetime) -> Ground:
    """Return the ground with who lives around it: they share its practices.

    Only population and practices; capacity and use are not known in it. Six queries.
    """
    box = _box_of(ground.wijken).wider(REACH_KM)
    wijken = list_wijken_in_use(box=box)
    return _plain_ground(
        wijken,
        list_holders({pk for wijk in wijken for pk in wijk.within}),
        name=ground.ground.name,
        sites=read_sites(box.wider(REACH_KM), at=at),
    )


def count_ground(*, region_id: int | None, at: datetime) -> CountedGround:
    """Return the ground of a region with what it was counted from."""
    wijken = list_wijken_in_use(within=region_id)
    holders = list_holders({pk for wijk in wijken for pk in wijk.within})
    if region_id is not None and region_id in holders:
        name = holders[region_id].name
    else:
        name = wijken[0].name if region_id is not None and wijken else "Nederland"
    box = _box_of(wijken).wider(REACH_KM) if region_id is not None and wijken else None
    plain = _plain_ground(
        wijken, holders, name=name, sites=read_sites(box, at=at) if wijken else ()
    )
    room = count_room(wijken, at=at)
    demand = count_demand(wijken, at=at)
    national = read_national()
    by_age = plain.population.sum(axis=1)
    used = by_age @ national.hours_per_head
    asked = spread_small(
        demand.hours,
        demand.requests,
        weight=used,
        groups=_groups(wijken, holders),
    )
    ground = Ground(
        name=plain.name,
        year=plain.year,
        places=plain.places,
        population=plain.population,
        gp_sites=plain.gp_sites,
        capacity_hours=used + room.free_hours,
        used_hours=used,
        assumptions=(
            *plain.assumptions,
            *(
                national.assumption(key)
                for key in (
                    "clients-a-month",
                    "clients-at-a-moment",
                    "use-by-age",
                    "hours-of-a-client",
                    "hours-of-a-place",
                )
            ),
            _ASSUMED_ROOM,
            _ASSUMED_SPREAD,
            _ASSUMED_SMALL,
        ),
        income_low_share=plain.income_low_share,
        given={
            "need_hours": used + asked,
            "clients": by_age @ national.clients_per_head,
            "asked_hours": asked,
            "free_hours": room.free_hours,
        },
    )
    return CountedGround(ground, tuple(wijken), holders, room, demand)


def read_sites(box: Box | None, *, at: datetime) -> tuple[Site, ...]:
    """Return GP practices with the people they can hold (two queries).

    That is the list they tell; of an open one without a number, and of silent ones,
    as in the country. ``takes_new`` is None where a practice says nothing.
    """
    points = list_gp_points_in(box)
    sizes = list_sizes([pk for pk, *_ in points], at=at)
    usual = read_national().people_of_practice
    sites = []
    for pk, name, _postcode, lon, lat in points:
        size = sizes.get(pk)
        sites.append(
            Site(
                code=str(pk),
                name=name,
                lon=lon,
                lat=lat,
                capacity=float((size and size.people) or usual),
                takes_new=None if size is None else size.takes_new,
            )
        )
    return tuple(sites)


def _plain_ground(
    wijken: Sequence[WijkGround],
    holders: dict[int, Holder],
    *,
    name: str,
    sites: tuple[Site, ...],
) -> Ground:
    """Return a ground of people and practices only."""
    count = len(wijken)
    population = np.zeros((count, 2, len(AGE_BANDS)))
    has_wide_bands = False
    for number, wijk in enumerate(wijken):
        population[number] = spread_ages(dict(wijk.population_by_age), wijk.population)
        has_wide_bands |= len(wijk.population_by_age) < len(AGE_BANDS)
    population.flags.writeable = False
    national = read_national()
    assumptions = [national.assumption("people-of-a-practice")]
    if has_wide_bands:
        assumptions.append(national.assumption("age-profile"))
    unknown = np.full(count, np.nan)
    return Ground(
        name=name,
        year=wijken[0].year if wijken else 0,
        places=tuple(
            Place(
                code=wijk.code,
                name=wijk.name,
                kind=AreaKind.WIJK,
                gemeente=wijk.gemeente,
                lon=wijk.lon,
                lat=wijk.lat,
                within=frozenset(
                    holders[pk].code for pk in wijk.within if pk in holders
                ),
            )
            for wijk in wijken
        ),
        population=population,
        gp_sites=sites,
        capacity_hours=unknown,
        used_hours=unknown,
        assumptions=tuple(assumptions),
        income_low_share=unknown,
        given={},
    )


def _groups(
    wijken: Sequence[WijkGround], holders: dict[int, Holder]
) -> list[list[int]]:
    """Return the gemeente, the zorgkantoor and the whole of each wijk."""

    def find(wijk: WijkGround, kind: str, purpose: str) -> int:
        return min(
            (
                pk
                for pk in wijk.within
                if pk in holders
                and holders[pk].kind == kind
                and holders[pk].purpose == purpose
            ),
            default=0,
        )

    return [
        [find(wijk, AreaKind.GEMEENTE, "") for wijk in wijken],
        [find(wijk, AreaKind.REGION, RegionPurpose.ZORGKANTOOR) for wijk in wijken],
        [0] * len(wijken),
    ]


def _box_of(wijken: Sequence[WijkGround]) -> Box:
    return Box(
        min(wijk.lon for wijk in wijken),
        min(wijk.lat for wijk in wijken),
        max(wijk.lon for wijk in wijken),
        max(wijk.lat for wijk in wijken),
    )
