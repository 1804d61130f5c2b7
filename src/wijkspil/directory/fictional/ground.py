"""The ground that fictional providers are laid on: areas as arrays.

Answers which wijken, gemeenten, postcodes and regions there are, where they lie and
how many people live there, whether the areas are invented or loaded from open data.
Reads only; the places in these arrays stand for areas everywhere in this package.
"""

from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict, NotFound
from wijkspil.directory.fictional.hexmap import Floats, Ints
from wijkspil.directory.types import AreaKind, RegionPurpose


@dataclass(frozen=True, eq=False)
class Places:
    """Areas of one kind: ids, codes, names, points (degrees) and inhabitants.

    ``elderly`` are 65 and older; ``oldest`` 75 and older, NaN where ages are not known
    so finely.
    """

    ids: Ints
    codes: list[str]
    names: list[str]
    lon: Floats
    lat: Floats
    people: Floats
    elderly: Floats
    oldest: Floats

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def km(self) -> Floats:
        """Points on a flat map around the middle of the country, in km (n, 2)."""
        return to_km(self.lon, self.lat)


@dataclass(frozen=True, eq=False)
class Ground:
    """All areas of one division; numbers are places in ``wijken``, ``regions``, ...

    ``wijk_gemeente`` (n_wijken,); ``pc4_wijk`` and ``pc6_wijk`` the wijk a postcode
    lies in. ``region_of_wijk`` maps a purpose to the region per wijk, -1 for none.
    """

    wijken: Places
    gemeenten: Places
    pc4: Places
    pc6: Places
    regions: Places
    region_purposes: list[str]
    wijk_gemeente: Ints
    pc4_wijk: Ints
    pc6_wijk: Ints
    region_of_wijk: dict[str, Ints]
    #: Fictional alliance regions there already are: (area id, wijken).
    alliances: list[tuple[int, list[int]]]

    @property
    def people(self) -> float:
        """Inhabitants of all wijken."""
        return float(self.wijken.people.sum())

    def region_ids(self, purpose: str) -> list[int]:
        """Return the ids of the regions of a purpose that hold a wijk."""
        places = {
            place for place in self.region_of_wijk[purpose].tolist() if place >= 0
        }
        return sorted(int(self.regions.ids[place]) for place in places)


def to_km(lon: Floats, lat: Floats) -> Floats:
    """Return points on a flat map in km: good to 1 % within the Netherlands."""
    return np.stack((lon * 111.32 * np.cos(np.radians(52.3)), lat * 111.2), axis=1)


def read_ground(*, region_code: str | None = None) -> Ground:
    """Read the areas of the newest division (seven queries).

    With ``region_code`` only the wijken of that region (code or name).

    Raises
    ------
    NotFound
        If no region has that code or name.
    Conflict
        If there are no wijken with inhabitants to lay providers on.
    """
    wijken, wijk_parent, wijk_within = _read_places(AreaKind.WIJK)
    regions, _parents, _within = _read_places(AreaKind.REGION)
    gemeenten, _parents, _within = _read_places(AreaKind.GEMEENTE)
    purposes = _read_purposes(regions)
    keep = np.ones(len(wijken), dtype=bool)
    if region_code is not None:
        wanted = _find_region(regions, purposes, region_code)
        keep = np.array([wanted in within for within in wijk_within], dtype=bool)
    keep &= np.isfinite(wijken.lon)
    if not (keep & (wijken.people > 0)).any():
        raise Conflict(
            _(
                "There are no wijken with inhabitants to lay providers on. Load areas "
                "first (`wijkspil load`), or start with an empty database."
            )
        )
    kept = np.flatnonzero(keep)
    wijken = _take(wijken, kept)
    wijk_within = [wijk_within[number] for number in kept.tolist()]
    gemeente_place = {area: place for place, area in enumerate(gemeenten.ids.tolist())}
    used = np.array([gemeente_place[wijk_parent[n]] for n in kept.tolist()])
    gemeente_numbers, wijk_gemeente = np.unique(used, return_inverse=True)
    gemeenten = _take(gemeenten, gemeente_numbers)
    wijk_place = {area: place for place, area in enumerate(wijken.ids.tolist())}
    pc4, pc4_wijk = _read_postcodes(AreaKind.PC4, wijk_place)
    pc6, pc6_wijk = _read_postcodes(AreaKind.PC6, wijk_place)
    region_of_wijk = {
        purpose.value: np.full(len(wijken), -1, dtype=np.int64)
        for purpose in RegionPurpose
    }
    region_place = {area: place for place, area in enumerate(regions.ids.tolist())}
    for wijk, within in enumerate(wijk_within):
        for area in within:
            place = region_place.get(area)
            if place is not None:
                region_of_wijk[purposes[place]][wijk] = place
    return Ground(
        wijken=wijken,
        gemeenten=gemeenten,
        pc4=pc4,
        pc6=pc6,
        regions=regions,
        region_purposes=purposes,
        wijk_gemeente=wijk_gemeente,
        pc4_wijk=pc4_wijk,
        pc6_wijk=pc6_wijk,
        region_of_wijk=region_of_wijk,
        alliances=_read_alliances(wijk_place),
    )


#: Inhabitants of 65 and older: bands start with their lowest age.
_ELDERLY = """
    (SELECT sum(value::float) FROM jsonb_each_text(population_by_age)
      WHERE substring(key FROM '^[0-9]+')::int >= 65)
"""
#: Inhabitants of 75 and older; null where no band begins there.
_OLDEST = """
    (SELECT sum(value::float) FILTER (WHERE substring(key FROM '^[0-9]+')::int >= 75)
       FROM jsonb_each_text(population_by_age)
     HAVING bool_or(substring(key FROM '^[0-9]+')::int = 75))
"""
#: The newest division in use: later years may come with figures but without points.
_NEWEST = """
    year = (SELECT max(year) FROM directory_area
             WHERE kind = %(kind)s AND lon IS NOT NULL)
"""


def _read_places(kind: AreaKind) -> tuple[Places, list[int], list[list[int]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id, code, name, coalesce(lon, 'nan'), coalesce(lat, 'nan'),
                   coalesce(population, 0), coalesce({_ELDERLY}, 0),
                   coalesce({_OLDEST}, 'nan'), parent_id, within
              FROM directory_area
             WHERE kind = %(kind)s AND (kind = 'region' OR {_NEWEST})
               AND purpose <> 'alliance'
             ORDER BY purpose, code, id
            """,
            {"kind": kind.value},
        )
        rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 10
    return (
        _places(columns[:8]),
        list(columns[8]),
        list(columns[9]),
    )


def _places(columns: list[tuple[object, ...]]) -> Places:
    ids, codes, names, lon, lat, people, elderly, oldest = columns
    people_array = np.array(people, dtype=float)
    elderly_array = np.array(elderly, dtype=float)
    return Places(
        ids=np.array(ids, dtype=np.int64),
        codes=[str(code) for code in codes],
        names=[str(name) for name in names],
        lon=np.array(lon, dtype=float),
        lat=np.array(lat, dtype=float),
        people=people_array,
        # Where no ages are known, as in the whole country (CBS 2022: 20 %).
        elderly=np.where(elderly_array > 0, elderly_array, 0.2 * people_array),
        oldest=np.array(oldest, dtype=float),
    )


def _read_purposes(regions: Places) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, purpose FROM directory_area WHERE kind = 'region'",
        )
        purposes = dict(cursor.fetchall())
    return [purposes[area] for area in regions.ids.tolist()]


def _read_alliances(wijk_place: dict[int, int]) -> list[tuple[int, list[int]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, array_agg(m.area_id ORDER BY w.code)
              FROM directory_area a
              JOIN directory_regionmember m ON m.region_id = a.id
              JOIN directory_area w ON w.id = m.area_id
             WHERE a.kind = 'region' AND a.purpose = 'alliance' AND a.is_fictional
             GROUP BY a.id, a.code
             ORDER BY a.code
            """
        )
        rows = cursor.fetchall()
    found = [
        (area, [wijk_place[wijk] for wijk in members if wijk in wijk_place])
        for area, members in rows
    ]
    return [(area, members) for area, members in found if members]


def _read_postcodes(kind: AreaKind, wijk_place: dict[int, int]) -> tuple[Places, Ints]:
    """Read the postcodes that lie in one of the wijken, with their wijk."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (p.code)
                   p.id, p.code, p.name, coalesce(p.lon, 'nan'),
                   coalesce(p.lat, 'nan'), coalesce(p.population, 0),
                   0, 'nan'::float, w.id
              FROM directory_area p
              CROSS JOIN unnest(p.within) AS around (id)
              JOIN unnest(%(wijken)s::bigint[]) AS w (id) ON w.id = around.id
             WHERE p.kind = %(kind)s
             ORDER BY p.code, p.year DESC, p.id
            """,
            {"kind": kind.value, "wijken": list(wijk_place)},
        )
        rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 9
    places = _places(columns[:8])
    return places, np.array([wijk_place[wijk] for wijk in columns[8]], dtype=np.int64)


def _find_region(regions: Places, purposes: list[str], code: str) -> int:
    """Return the id of a region; of equal codes that of the zorgkantoor."""
    wanted = code.casefold()
    found = [
        place
        for place, names in enumerate(zip(regions.codes, regions.names, strict=True))
        if wanted in {name.casefold() for name in names}
    ]
    if found:
        found.sort(key=lambda place: purposes[place] != RegionPurpose.ZORGKANTOOR)
        return int(regions.ids[found[0]])
    raise NotFound(
        _("There is no region “%(code)s”. Regions here: %(names)s.")
        % {"code": code, "names": ", ".join(sorted(set(regions.codes))[:40])},
        field="region",
    )


def _take(places: Places, numbers: Ints) -> Places:
    return Places(
        ids=places.ids[numbers],
        codes=[places.codes[number] for number in numbers.tolist()],
        names=[places.names[number] for number in numbers.tolist()],
        lon=places.lon[numbers],
        lat=places.lat[numbers],
        people=places.people[numbers],
        elderly=places.elderly[numbers],
        oldest=places.oldest[numbers],
    )
