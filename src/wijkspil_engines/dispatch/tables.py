"""What did OSRM or Valhalla answer? Reads their tables into a ``MatrixTable``.

Reads files only; asking a router is not done here. Formats: OSRM 5 ``table`` service
(``durations`` in seconds, null where there is no way) and Valhalla
``sources_to_targets``, both its forms (``time`` in seconds per pair, or ``durations``
as rows). Neither says keys: rows and columns are in the order that was asked.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.dispatch.checks import InvalidProblem
from wijkspil_engines.dispatch.travel import MatrixTable, Place, distance_km

Format = Literal["osrm", "valhalla"]
#: A router moves a place to the nearest road; further off, the order is wrong.
MOST_MOVED_KM = 5.0


def read_table(
    file: Path,
    origins: Sequence[Place],
    destinations: Sequence[Place],
    *,
    format: Format | None = None,
) -> MatrixTable:
    """Read the answer of a router in a JSON file.

    Parameters
    ----------
    origins, destinations
        The places of the rows and of the columns, in the order that was asked.
    format
        Recognized by what is in the file when None.

    Raises
    ------
    InvalidFile
        If the file cannot be read, is an error answer, or does not fit the places.
    """
    try:
        answer = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InvalidFile(f"{file}: is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise InvalidFile(
            f"{file}:{error.lineno}:{error.colno}: is no JSON ({error.msg})"
        ) from error
    return parse_table(answer, origins, destinations, format=format, name=str(file))


def parse_table(
    answer: Any,
    origins: Sequence[Place],
    destinations: Sequence[Place],
    *,
    format: Format | None = None,
    name: str = "table",
) -> MatrixTable:
    """Read the answer of a router that is already parsed; see ``read_table``.

    Raises
    ------
    InvalidFile
        If it is an error answer, or does not fit the places; ``name`` comes first.
    """
    if not isinstance(answer, Mapping):
        raise InvalidFile(f"{name}: is no JSON object; give the answer of the router")
    if format is None:
        is_valhalla = "sources_to_targets" in answer or "error_code" in answer
        format = "valhalla" if is_valhalla else "osrm"
    if format == "osrm":
        rows = _osrm_rows(answer, name)
    else:
        rows = _valhalla_rows(answer, name)
    if len(rows) != len(origins):
        raise InvalidFile(
            f"{name}: has {len(rows)} rows for {len(origins)} origins; ask for the "
            "same places"
        )
    values = np.empty((len(origins), len(destinations)))
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(destinations):
            has = f"has {len(row)} values" if isinstance(row, list) else "is no list"
            raise InvalidFile(
                f"{name}: row {i} {has} for {len(destinations)} destinations"
            )
        for k, value in enumerate(row):
            values[i, k] = _minutes(value, f"{name}: row {i}, column {k}")
    _check_places(answer.get("sources"), origins, f"{name}: sources")
    where = "destinations" if format == "osrm" else "targets"
    _check_places(answer.get(where), destinations, f"{name}: {where}")
    try:
        return MatrixTable(
            tuple(place.key for place in origins),
            tuple(place.key for place in destinations),
            values,
        )
    except InvalidProblem as error:
        raise InvalidFile(f"{name}: {error}") from error


def _osrm_rows(answer: Mapping[str, Any], name: str) -> list[Any]:
    code = answer.get("code")
    if code != "Ok":
        said = answer.get("message", "no message")
        raise InvalidFile(f"{name}: code is {code!r}, not 'Ok' ({said})")
    rows = answer.get("durations")
    if not isinstance(rows, list):
        raise InvalidFile(
            f"{name}: durations is missing; ask with annotations=duration"
        )
    return rows


def _valhalla_rows(answer: Mapping[str, Any], name: str) -> list[Any]:
    if "error_code" in answer or "error" in answer:
        code, said = answer.get("error_code"), answer.get("error", "no message")
        raise InvalidFile(f"{name}: error {code} ({said})")
    found = answer.get("sources_to_targets")
    if isinstance(found, Mapping):
        found = found.get("durations")
        if not isinstance(found, list):
            raise InvalidFile(f"{name}: sources_to_targets.durations is missing")
        return found
    if not isinstance(found, list):
        raise InvalidFile(f"{name}: sources_to_targets is missing")
    rows: list[Any] = []
    for i, row in enumerate(found):
        if not isinstance(row, list):
            raise InvalidFile(f"{name}: row {i} is no list")
        for k, cell in enumerate(row):
            place = f"{name}: row {i}, column {k}"
            if not isinstance(cell, Mapping) or "time" not in cell:
                raise InvalidFile(f"{place}: time is missing")
            if (cell.get("from_index", i), cell.get("to_index", k)) != (i, k):
                raise InvalidFile(
                    f"{place}: says from {cell.get('from_index')} to "
                    f"{cell.get('to_index')}; rows or columns are left out"
                )
        rows.append([cell["time"] for cell in row])
    return rows


def _minutes(value: Any, place: str) -> float:
    if value is None:
        return math.inf
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:
        raise InvalidFile(
            f"{place}: {value!r} is not a number of seconds of 0 or more, or null"
        )
    return float(value) / 60.0


def _check_places(found: Any, places: Sequence[Place], name: str) -> None:
    """Compare the places of the answer, if it has them, with those expected."""
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]  # As some versions of Valhalla nest it.
    if not isinstance(found, list) or len(found) != len(places):
        return
    for i, (item, place) in enumerate(zip(found, places, strict=True)):
        if not isinstance(item, Mapping):
            continue
        at = item.get("location")
        lon, lat = item.get("lon"), item.get("lat")
        if isinstance(at, list) and len(at) == 2:
            lon, lat = at
        try:
            km = distance_km(Place("", lon, lat), Place("", place.lon, place.lat))
        except InvalidProblem as error:
            raise InvalidFile(f"{name}[{i}]: {error}") from error
        if km is not None and km > MOST_MOVED_KM:
            raise InvalidFile(
                f"{name}[{i}]: is {km:.0f} km from {place.key!r}; give the places in "
                "the order that was asked"
            )
