"""Write invented rows to the database, fast and in the caller's transaction.

Rows go in by COPY; ids of tables that others refer to are taken from their sequence
first. The history triggers run as for any other insert, so that history begins when
a row does.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from wijkspil.core.progress import Progress
from wijkspil.directory import models
from wijkspil.directory.fictional.geography import (
    SOURCE,
    YEAR,
    Geography,
    alliance_code,
)
from wijkspil.directory.fictional.ground import Ground
from wijkspil.directory.fictional.history import TRACKED
from wijkspil.directory.fictional.rows import AreaPlace, Invention
from wijkspil.directory.types import AreaKind, CapacitySource, RegionPurpose


def take_ids(table: str, count: int) -> list[int]:
    """Take ``count`` ids from the sequence of a table (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id'))"
            " FROM generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def copy_rows(
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    progress: Progress,
) -> None:
    """COPY rows into a table; progress counts rows."""
    names = ", ".join(f'"{column}"' for column in columns)
    done = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)
            done += 1
            if done % 5_000 == 0:
                progress.advance(5_000)
    progress.advance(done % 5_000)


def analyze(*tables: str) -> None:
    """Count rows for the planner, which else thinks that new tables are empty.

    Without it a query over fresh rows can take minutes, until autovacuum comes by.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def store_geography(geography: Geography, progress: Progress) -> None:
    """Write an invented geography: areas, shapes, overlaps, regions."""
    areas, pc6 = geography.areas, geography.pc6
    progress.start(_("Storing areas"), 2 * len(areas) + 2 * len(pc6))
    ids = take_ids("directory_area", len(areas))
    pc6_ids = take_ids("directory_area", len(pc6))
    columns = (
        *("id", "kind", "purpose", "code", "name", "year", "parent_id", "within"),
        *("within_is_estimate", "lon", "lat", "population", "population_by_age"),
        *("source", "is_fictional"),
    )
    copy_rows(
        "directory_area",
        columns,
        (
            (
                ids[place],
                area.kind.value,
                area.purpose,
                area.code,
                area.name,
                YEAR,
                None if area.parent is None else ids[area.parent],
                sorted(ids[number] for number in area.within),
                False,
                area.lon,
                area.lat,
                area.population,
                json.dumps(area.population_by_age),
                SOURCE,
                True,
            )
            for place, area in enumerate(areas)
        ),
        progress,
    )
    above = [sorted(ids[number] for number in area.within) for area in areas]
    copy_rows(
        "directory_area",
        columns,
        (
            (
                pc6_ids[place],
                AreaKind.PC6.value,
                "",
                code,
                street,
                YEAR,
                ids[pc4],
                sorted([pc6_ids[place], ids[pc4], *above[buurt]]),
                False,
                lon,
                lat,
                people,
                "{}",
                SOURCE,
                True,
            )
            for place, (code, street, pc4, buurt, lon, lat, people) in enumerate(
                zip(
                    pc6.codes.tolist(),
                    pc6.streets.tolist(),
                    pc6.pc4.tolist(),
                    pc6.buurt.tolist(),
                    pc6.lon.tolist(),
                    pc6.lat.tolist(),
                    pc6.population.tolist(),
                    strict=True,
                )
            )
        ),
        progress,
    )
    copy_rows(
        "directory_areashape",
        ("area_id", "geometry"),
        ((ids[place], json.dumps(area.geometry)) for place, area in enumerate(areas)),
        progress,
    )
    copy_rows(
        "directory_areaoverlap",
        ("part_id", "whole_id", "share_of_part", "share_of_whole"),
        [
            *(
                (ids[part], ids[whole], share, share_of_whole)
                for part, whole, share, share_of_whole in geography.overlaps
            ),
            # A postcode lies wholly in one buurt; how much of it, nobody measures.
            *(
                (pc6_ids[place], ids[buurt], 1.0, 0.0)
                for place, buurt in enumerate(pc6.buurt.tolist())
            ),
        ],
        progress,
    )
    copy_rows(
        "directory_regionmember",
        ("region_id", "area_id"),
        ((ids[region], ids[area]) for region, area in geography.members),
        progress,
    )
    analyze("directory_area", "directory_areaoverlap", "directory_regionmember")


class Stored:
    """The ids under which an invention was stored."""

    def __init__(self, organizations: list[int], services: list[int]) -> None:
        self.organizations = organizations
        self.services = services


def store_invention(made: Invention, ground: Ground, progress: Progress) -> Stored:
    """Write every invented row; the ids come back in the order of the lists."""
    total = sum(len(rows) for rows in made.tables().values())
    # Each alliance has a region of its own, with its members.
    total += sum(1 + len(row.wijken) for row in made.alliances if row.known is None)
    progress.start(_("Storing providers"), total)
    since = made.valid_from
    area_ids: dict[str, list[int]] = {
        "wijk": ground.wijken.ids.tolist(),
        "gemeente": ground.gemeenten.ids.tolist(),
        "pc4": ground.pc4.ids.tolist(),
        "region": ground.regions.ids.tolist(),
    }

    def area_id(area: AreaPlace) -> int:
        return area_ids[area[0]][area[1]]

    organizations = take_ids("directory_organization", len(made.organizations))
    services = take_ids("directory_healthcareservice", len(made.services))
    copy_rows(
        "directory_organization",
        (
            *("id", "name", "type", "agb_code", "ura", "kvk_number"),
            *("is_active", "is_fictional"),
        ),
        (
            (organizations[place], *row, True, True)
            for place, row in enumerate(made.organizations)
        ),
        progress,
    )
    copy_rows(
        "directory_healthcareservice",
        (
            *("id", "organization_id", "care", "name", "description", "specialty"),
            *("tasks", "languages", "insurers", "care_laws", "opening_hours"),
            *("is_open_on_holidays", "postcode", "lon", "lat"),
            *("is_active", "is_fictional"),
        ),
        (
            (services[place], organizations[row.organization], *row[1:], True, True)
            for place, row in enumerate(made.services)
        ),
        progress,
    )
    copy_rows(
        "directory_careteam",
        ("service_id", "name", "composition"),
        ((services[row.service], *row[1:]) for row in made.teams),
        progress,
    )
    copy_rows(
        "directory_contactpoint",
        (
            *("service_id", "area_id", "audience", "purpose", "system", "value"),
            *("person_name", "valid_from"),
        ),
        (
            (
                services[row.service],
                None if row.area is None else area_id(row.area),
                *row[2:],
                since,
            )
            for row in made.contacts
        ),
        progress,
    )
    copy_rows(
        "directory_coverage",
        ("service_id", "area_id", "care", "role", "rank", "valid_from"),
        (
            (services[row.service], area_id(row.area), *row[2:], since)
            for row in made.coverages
        ),
        progress,
    )
    copy_rows(
        "directory_dutyperiod",
        (
            *("service_id", "area_id", "care", "rank", "person_name", "phone"),
            *("valid_from", "valid_until"),
        ),
        ((services[row.service], area_id(row.area), *row[2:]) for row in made.duties),
        progress,
    )
    copy_rows(
        "directory_capacityreport",
        (
            *("service_id", "new_clients", "size_band", "parts_of_day"),
            *("tasks_excluded", "hours_per_week", "no_room_reason", "no_room_until"),
            *("reported_at", "valid_until", "reporter_label", "source"),
        ),
        (
            (services[row.service], *row[1:], CapacitySource.GENERATED.value)
            for row in made.capacity_reports
        ),
        progress,
    )
    _store_alliances(made, ground, services, progress)
    analyze(*TRACKED, "directory_capacityreport")
    return Stored(organizations, services)


def _store_alliances(
    made: Invention, ground: Ground, services: list[int], progress: Progress
) -> None:
    wijken = ground.wijken
    regions = [
        (
            alliance_code(wijken.codes[row.wijken[0]]),
            row.name,
            [int(wijken.ids[wijk]) for wijk in row.wijken],
            int(wijken.people[row.wijken].sum()),
        )
        for row in made.alliances
        if row.known is None
    ]
    new_ids = store_regions(RegionPurpose.ALLIANCE, regions, progress)
    extend_within(new_ids)
    new = iter(new_ids)
    region_ids = [
        next(new) if row.known is None else ground.alliances[row.known][0]
        for row in made.alliances
    ]
    alliances = take_ids("directory_alliance", len(made.alliances))
    copy_rows(
        "directory_alliance",
        (
            *("id", "area_id", "name", "complex_care_name", "complex_care_phone"),
            *("is_active", "is_fictional"),
        ),
        (
            (
                alliances[place],
                region_ids[place],
                row.name,
                row.complex_care_name,
                row.complex_care_phone,
                True,
                True,
            )
            for place, row in enumerate(made.alliances)
        ),
        progress,
    )
    copy_rows(
        "directory_alliancemember",
        ("alliance_id", "service_id", "role"),
        (
            (alliances[row.alliance], services[row.service], row.role)
            for row in made.alliance_members
        ),
        progress,
    )


def store_regions(
    purpose: RegionPurpose,
    regions: Sequence[tuple[str, str, list[int], int]],
    progress: Progress,
) -> list[int]:
    """Write fictional regions as (code, name, member ids, inhabitants); return ids.

    Call ``extend_within`` for them afterwards.
    """
    ids = take_ids("directory_area", len(regions))
    copy_rows(
        "directory_area",
        (
            *("id", "kind", "purpose", "code", "name", "year", "within"),
            *("within_is_estimate", "population", "population_by_age", "source"),
            *("is_fictional",),
        ),
        (
            (
                *(ids[place], AreaKind.REGION.value, purpose.value, code, name, YEAR),
                *([ids[place]], False, people, "{}", SOURCE, True),
            )
            for place, (code, name, _members, people) in enumerate(regions)
        ),
        progress,
    )
    copy_rows(
        "directory_regionmember",
        ("region_id", "area_id"),
        (
            (ids[place], member)
            for place, (_code, _name, members, _people) in enumerate(regions)
            for member in members
        ),
        progress,
    )
    return ids


def extend_within(region_ids: Sequence[int]) -> None:
    """Add new regions to ``within`` of all that lies in their members."""
    if not region_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH added AS (
                SELECT a.id, array_agg(m.region_id) AS regions
                  FROM directory_area a
                 CROSS JOIN unnest(a.within) AS around (id)
                  JOIN directory_regionmember m ON m.area_id = around.id
                 WHERE m.region_id = ANY (%s) AND a.kind <> 'region'
                 GROUP BY a.id
            )
            UPDATE directory_area a
               SET within = (SELECT array_agg(DISTINCT n ORDER BY n)
                               FROM unnest(a.within || added.regions) n)
              FROM added WHERE added.id = a.id
            """,
            [list(region_ids)],
        )


def is_generated() -> bool:
    """Return whether fictional providers are stored."""
    return models.Organization.objects.filter(is_fictional=True).exists()


def has_areas() -> bool:
    """Return whether there are any areas."""
    return models.Area.objects.exists()
