"""Files of re-housing: who takes, who moves, the plan and the report.

An error says file, line, column, value and what was expected.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wijkspil_engines.csvfile import InvalidFile, Row, check_unique, read_rows
from wijkspil_engines.exchange.problem import LOAD_UNIT, NO_LIMIT, NONE
from wijkspil_engines.exchange.rehouse import (
    MovingHousehold,
    Rehousing,
    TakingPractice,
)
from wijkspil_engines.exchange.result import VERSION

PRACTICE_COLUMNS = (
    "practice_id",
    "lon",
    "lat",
    "pc4",
    "places",
    "most_per_day",
    "temporary",
    "free_load",
)
HOUSEHOLD_COLUMNS = (
    "household_id",
    "size",
    "lon",
    "lat",
    "pc4",
    "load",
    "ill",
    "house_bound",
)
PLAN_COLUMNS = ("household_id", "practice_id", "day", "km", "choice_rank")

Places = Mapping[str, tuple[float, float]]


def read_postcodes(file: Path) -> dict[str, tuple[float, float]]:
    """Read where postcode areas are: columns ``pc4``, ``lon``, ``lat``, others too."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            for name in ("pc4", "lon", "lat"):
                if name not in (reader.fieldnames or ()):
                    raise InvalidFile(f"{file}:1:{name}: the column is missing")
            return {
                row["pc4"]: (float(row["lon"]), float(row["lat"]))
                for row in reader
                if row["lon"] and row["lat"]
            }
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        if isinstance(error, InvalidFile):
            raise
        raise InvalidFile(f"{file}: is no CSV with places ({error})") from error


def read_practices(file: Path, postcodes: Places | None = None) -> list[TakingPractice]:
    """Read the practices that take people.

    Raises
    ------
    InvalidFile
        If a value is not as it must be.
    """
    needed = ("practice_id", "places", "most_per_day")
    made = []
    for row in read_rows(file, needed, PRACTICE_COLUMNS, Row):
        lon, lat = _place(row, postcodes)
        made.append(
            TakingPractice(
                practice_id=_identifier(row, "practice_id"),
                lon=lon,
                lat=lat,
                places=_whole(row, "places", 0, 1_000_000),
                most_per_day=_whole(row, "most_per_day", 1, 1_000_000),
                is_temporary=_is_yes(row, "temporary"),
                free_load=_thousandths(row, "free_load", NO_LIMIT // LOAD_UNIT),
            )
        )
    if not made:
        raise InvalidFile(f"{file}:1: no practice follows; name at least one")
    check_unique(file, [each.practice_id for each in made])
    return made


def read_households(
    file: Path, postcodes: Places | None = None
) -> list[MovingHousehold]:
    """Read the households that lose their practice.

    Raises
    ------
    InvalidFile
        If a value is not as it must be.
    """
    made = []
    for row in read_rows(file, ("household_id", "size"), HOUSEHOLD_COLUMNS, Row):
        lon, lat = _place(row, postcodes)
        made.append(
            MovingHousehold(
                household_id=_identifier(row, "household_id"),
                lon=lon,
                lat=lat,
                size=_whole(row, "size", 1, 1000),
                load=_thousandths(row, "load", 1000),
                is_ill=_is_yes(row, "ill"),
                is_house_bound=_is_yes(row, "house_bound"),
            )
        )
    if not made:
        raise InvalidFile(f"{file}:1: no household follows; name at least one")
    check_unique(file, [each.household_id for each in made])
    return made


def plan_file(
    practices: Sequence[TakingPractice],
    households: Sequence[MovingHousehold],
    found: Rehousing,
) -> bytes:
    """Return who goes where on which day; empty for nowhere."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(PLAN_COLUMNS)
    for row, household in enumerate(households):
        b, day = int(found.practice[row]), found.day[row]
        if b == NONE or day is None:
            writer.writerow((household.household_id, "", "", "", ""))
            continue
        writer.writerow(
            (
                household.household_id,
                practices[b].practice_id,
                day.isoformat(),
                f"{found.km[row]:.2f}",
                int(found.result.choice[row]) + 1,
            )
        )
    return stream.getvalue().encode()


def report_of(
    practices: Sequence[TakingPractice],
    households: Sequence[MovingHousehold],
    found: Rehousing,
) -> dict[str, Any]:
    """Return the report: counts, days, practices. Names no household."""
    size = np.array([each.size for each in households], np.int64)
    first = np.array([each.goes_first for each in households], bool)
    placed = found.practice != NONE
    temporary = np.array([each.is_temporary for each in practices], bool)
    at_temporary = placed & temporary[np.maximum(found.practice, 0)]
    km = np.repeat(found.km[placed], size[placed])
    result = found.result
    return {
        "status": result.status,
        "households": len(households),
        "people": int(size.sum()),
        "placed_households": int(placed.sum()),
        "placed_people": int(size[placed].sum()),
        "bound_people": result.bound_people,
        "first_people": int(size[first].sum()),
        "placed_first_people": int(size[first & placed].sum()),
        "temporary_people": int(size[at_temporary].sum()),
        "without_practice_in_reach": int(
            size[np.diff(found.problem.first_option) == 0].sum()
        ),
        "mean_km": round(float(km.mean()), 3) if km.size else None,
        "p90_km": round(float(np.quantile(km, 0.9)), 3) if km.size else None,
        "levels": [
            {"name": each.name, "value": each.value, "bound": each.bound}
            for each in result.levels
        ],
        "late_people": found.late_people,
        "last_day": found.progress[-1].day.isoformat() if found.progress else None,
        "progress": [
            {
                "day": each.day.isoformat(),
                "households": each.households,
                "people": each.people,
                "people_done": each.people_done,
                "first_people_done": each.first_people_done,
            }
            for each in found.progress
        ],
        "practices": [
            {
                "practice_id": each.practice_id,
                "temporary": each.is_temporary,
                "places": each.places,
                "people": int(size[found.practice == row].sum()),
            }
            for row, each in enumerate(practices)
        ],
        "seconds": round(found.seconds, 3),
        "seed": result.seed,
        "version": VERSION,
    }


def _identifier(row: Row, column: str) -> str:
    if not row.text(column):
        raise row.wrong(column, "a name; give each its own")
    return row.text(column)


def _whole(row: Row, column: str, least: int, most: int) -> int:
    value = row.whole(column, least - 1)
    if not least <= value <= most:
        raise row.wrong(column, f"a whole number from {least} to {most}")
    return value


def _thousandths(row: Row, column: str, most: int) -> int | None:
    value = row.number_or_none(column)
    if value is None:
        return None
    if not 0 <= value <= most:
        raise row.wrong(column, f"a number from 0 to {most}")
    return round(value * LOAD_UNIT)


def _is_yes(row: Row, column: str) -> bool:
    return bool(row.text(column)) and row.yes(column)


def _place(row: Row, postcodes: Places | None) -> tuple[float, float]:
    """Return degrees of a row: its own, or those of its postcode area."""
    if row.text("lon") or row.text("lat"):
        lon, lat = row.number("lon", math.inf), row.number("lat", math.inf)
        if not -180 <= lon <= 180:
            raise row.wrong("lon", "degrees from -180 to 180")
        if not -90 <= lat <= 90:
            raise row.wrong("lat", "degrees from -90 to 90")
        return lon, lat
    code = row.text("pc4")
    if not code:
        raise row.wrong("lon", "a place: give lon and lat, or pc4")
    if postcodes is None:
        raise row.wrong("pc4", "known without a file of postcodes; give lon and lat")
    if code not in postcodes:
        raise row.wrong("pc4", "in the file of postcodes")
    return postcodes[code]
