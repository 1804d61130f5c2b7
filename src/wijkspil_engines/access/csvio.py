"""Origins, supply and costs as CSV files: the format of the command line.

Told in ``docs/algorithms/access.md``. UTF-8, a header, one row each; ``x`` and ``y``
are metres on a flat grid (RD). A table of costs may have millions of rows: it is read
as columns, and only when something is wrong row by row, to say in which.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.access.measures import Result
from wijkspil_engines.access.problem import AccessProblem, Travel
from wijkspil_engines.csvfile import InvalidFile, Row, read_rows

ORIGIN_COLUMNS = ("area_id", "demand", "x", "y")
SUPPLY_COLUMNS = ("site_id", "supply", "x", "y", "open")
COST_COLUMNS = ("area_id", "site_id", "cost")


@dataclass(frozen=True, eq=False)
class _Places:
    """One file of places: ids, amounts, metres (NaN: not given), open or not."""

    ids: tuple[str, ...]
    amounts: NDArray[np.float64]
    xy_m: NDArray[np.float64]
    is_open: NDArray[np.bool_]


def read_problem(
    origins_file: Path,
    supply_file: Path,
    costs_file: Path | None,
    *,
    threshold: float,
    unit: Literal["minutes", "metres"] = "minutes",
    travel: Travel | None = None,
    supply_unit: str = "places",
) -> AccessProblem:
    """Read the files; without costs these come from the places.

    Parameters
    ----------
    threshold
        Pairs of places above it are left out; not used with a file of costs.
    unit
        Of the costs, in the file or to be made.

    Raises
    ------
    InvalidFile
        If a file, a column, a value or an id is missing or wrong: file, line, column.
    """
    areas = _read_places(origins_file, "area_id", "demand", ORIGIN_COLUMNS)
    sites = _read_places(supply_file, "site_id", "supply", SUPPLY_COLUMNS)
    if costs_file is None:
        for file, places in ((origins_file, areas), (supply_file, sites)):
            if np.isnan(places.xy_m).any():
                line = int(np.argmax(np.isnan(places.xy_m).any(1)))
                raise InvalidFile(
                    f"{file}: x: {places.ids[line][:40]!r} has no x and y in metres; "
                    "give them, or a file with costs"
                )
        return AccessProblem.from_points(
            areas.ids,
            areas.amounts,
            areas.xy_m,
            sites.ids,
            sites.amounts,
            sites.xy_m,
            threshold=threshold,
            travel=travel,
            is_open=sites.is_open,
            supply_unit=supply_unit,
            cost_unit=unit,
        )

    def make(costs: Mapping[str, Any]) -> AccessProblem:
        return AccessProblem.from_tables(
            {"area_id": areas.ids, "demand": areas.amounts},
            {"site_id": sites.ids, "supply": sites.amounts, "open": sites.is_open},
            costs,
            open_column="open",
            supply_unit=supply_unit,
            cost_unit=unit,
        )

    try:
        return make(_read_columns(costs_file))
    except ValueError:
        # Row by row it may be right after all, as with spaces around the numbers.
        return make(_read_cost_rows(costs_file, areas.ids, sites.ids))


def write_values(stream: TextIO, result: Result) -> None:
    """Write ``area_id,value``; empty where the measure is not defined."""
    writer = csv.writer(stream)
    writer.writerow(("area_id", "value"))
    for area, value in result.by_area.items():
        writer.writerow((area, "" if math.isnan(value) else repr(value)))


def _read_places(file: Path, key: str, amount: str, known: Sequence[str]) -> _Places:
    ids: dict[str, int] = {}
    amounts, places, is_open = [], [], []
    for row in read_rows(file, (key, amount), known, Row):
        text = row.text(key)
        if not text:
            raise row.wrong(key, "an id")
        if text in ids:
            raise row.wrong(key, f"new: it is there twice, use each {key} once")
        ids[text] = len(ids)
        amounts.append(_amount(row, amount))
        place = [row.number_or_none(column) for column in ("x", "y")]
        if (place[0] is None) != (place[1] is None):
            missing = "x" if place[0] is None else "y"
            raise row.wrong(missing, "a number of metres; give both x and y")
        places.append([math.nan if each is None else each for each in place])
        is_open.append(row.yes("open"))
    if not ids:
        raise InvalidFile(f"{file}:2:{key}: there are no rows; give at least one")
    return _Places(
        tuple(ids),
        np.array(amounts, np.float64),
        np.array(places, np.float64).reshape(-1, 2),
        np.array(is_open, np.bool_),
    )


def _amount(row: Row, column: str) -> float:
    if not row.text(column):
        raise row.wrong(column, "a number, 0 or more")
    value = row.number(column, 0.0)
    if value < 0:
        raise row.wrong(column, "a number, 0 or more")
    return value


def _read_columns(file: Path) -> dict[str, Any]:
    """Read a plain table of costs, fast.

    Raises
    ------
    ValueError
        If anything is unusual.
    """
    import polars

    try:
        frame = polars.read_csv(
            file,
            schema_overrides={"cost": polars.Float64},
            infer_schema=False,
        )
    except (polars.exceptions.PolarsError, OSError) as error:
        raise ValueError(str(error)) from error
    if sorted(frame.columns) != sorted(COST_COLUMNS) or frame["cost"].null_count():
        raise ValueError("columns or costs are missing")
    return {
        "area_id": frame["area_id"].str.strip_chars(),
        "site_id": frame["site_id"].str.strip_chars(),
        "cost": frame["cost"].to_numpy(),
    }


def _read_cost_rows(
    file: Path, area_ids: Sequence[str], site_ids: Sequence[str]
) -> dict[str, Any]:
    """Read a table of costs row by row.

    Raises
    ------
    InvalidFile
        If a row is wrong.
    """
    known = {"area_id": frozenset(area_ids), "site_id": frozenset(site_ids)}
    costs: dict[tuple[str, str], float] = {}
    for row in read_rows(file, COST_COLUMNS, COST_COLUMNS, Row):
        for column, of in (("area_id", "origins"), ("site_id", "supply")):
            if row.text(column) not in known[column]:
                raise row.wrong(column, f"in the file of {of}")
        pair = row.text("area_id"), row.text("site_id")
        if pair in costs:
            raise row.wrong("site_id", f"new for {pair[0]!r}; give each pair once")
        costs[pair] = _amount(row, "cost")
    return {
        "area_id": [area for area, _ in costs],
        "site_id": [site for _, site in costs],
        "cost": np.array(list(costs.values()), np.float64),
    }
