"""Calls, nurses, wijken and teams as files: the format of the command line.

Told in ``docs/algorithms/dispatch.md``. CSV in UTF-8, a header, one row each; a list
in one cell is separated by ``;``. Errors say ``file:line:column``.
"""

import csv
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TextIO, TypeVar

from wijkspil_engines.csvfile import InvalidFile, Row, check_unique, read_rows
from wijkspil_engines.dispatch.checks import InvalidProblem
from wijkspil_engines.dispatch.choose import choose
from wijkspil_engines.dispatch.night import (
    MODES,
    QUANTILES,
    Mode,
    NightParams,
    NightProblem,
    NightResult,
    NightTeam,
    Wijk,
)
from wijkspil_engines.dispatch.problem import (
    Call,
    CallProblem,
    Choice,
    Nurse,
    Overhead,
)
from wijkspil_engines.dispatch.simulate import simulate_night
from wijkspil_engines.dispatch.tables import read_table
from wijkspil_engines.dispatch.travel import Place, StraightLine, TravelTable
from wijkspil_engines.dispatch.verify import verify_choice, verify_night

_Made = TypeVar("_Made")

CALL_COLUMNS = ("key", "hour", "lon", "lat", "tasks", "allowed_min", "objected")
NURSE_COLUMNS = (
    "key", "organization", "team", "lon", "lat", "tasks", "free_from_min", "on_duty",
    "duty_ends_min", "covers", "answer",
)  # fmt: skip
WIJK_COLUMNS = (
    "key", "lon", "lat", "calls_per_night", "residents", "shares", "area_km2",
)  # fmt: skip
TEAM_COLUMNS = ("key", "provider", "lon", "lat", "n_nurses", "covers")

#: Unplanned calls a night for 1,000 residents, where a file has residents only. An
#: assumption: no figures are published that we know of.
CALLS_PER_1000 = 0.05


def run_choose(
    calls_file: Path,
    nurses_file: Path,
    *,
    table_file: Path | None = None,
    csv_file: Path | None = None,
    json_file: Path | None = None,
    overhead: Overhead | None = None,
) -> tuple[tuple[CallProblem, Choice], ...]:
    """Choose for each call of a file, each as if it were the only one.

    ``table_file``: answer of OSRM or Valhalla from all nurses (rows) to all calls
    (columns), in the order of the files.

    Raises
    ------
    InvalidFile
        If a file cannot be read or written, or has a wrong value.
    """
    calls = _read(calls_file, ("key", "hour"), CALL_COLUMNS, _Row.call)
    nurses = _read(nurses_file, ("key", "organization"), NURSE_COLUMNS, _Row.nurse)
    check_unique(calls_file, [call.key for call in calls])
    check_unique(nurses_file, [nurse.key for nurse in nurses])
    travel: TravelTable = StraightLine()
    if table_file is not None:
        travel = read_table(
            table_file,
            [Place(nurse.key, nurse.lon, nurse.lat) for nurse in nurses],
            [Place(call.key, call.lon, call.lat) for call in calls],
        )
    made = []
    for call in calls:
        problem = CallProblem(call, tuple(nurses), travel, overhead or Overhead())
        choice = choose(problem)
        _refuse_wrong(verify_choice(problem, choice))
        made.append((problem, choice))
    if csv_file is not None:
        _write(csv_file, lambda stream: write_choices(stream, made))
    if json_file is not None:
        figures = [
            {
                "call": problem.call.key,
                "status": choice.status,
                "terms": dict(choice.terms),
                "algorithm": f"{choice.algorithm} {choice.version}",
                "input_hash": choice.input_hash,
            }
            for problem, choice in made
        ]
        _write(json_file, lambda stream: _dump(figures, stream))
    return tuple(made)


def run_night(
    wijken_file: Path,
    teams_file: Path,
    *,
    params_file: Path | None = None,
    table_file: Path | None = None,
    seed: int = 0,
    n_nights: int = 10_000,
    modes: Sequence[Mode] = MODES,
    csv_file: Path | None = None,
    json_file: Path | None = None,
) -> tuple[NightProblem, NightResult]:
    """Simulate the nights of a region.

    ``table_file``: answer of OSRM or Valhalla between all places, as rows and as
    columns: the teams, then the wijken, in the order of the files. ``params_file``:
    JSON with names of ``NightParams``.

    Raises
    ------
    InvalidFile
        If a file cannot be read or written, or has a wrong value.
    InvalidProblem
        If a driving time is not known.
    """
    problem, params = read_night(
        wijken_file, teams_file, params_file=params_file, table_file=table_file
    )
    result = simulate_night(
        problem, params=params, seed=seed, n_nights=n_nights, modes=modes
    )
    _refuse_wrong(verify_night(problem, result))
    if csv_file is not None:
        _write(csv_file, lambda stream: write_night(stream, problem, result))
    if json_file is not None:
        figures = to_figures(problem, result)
        _write(json_file, lambda stream: _dump(figures, stream))
    return problem, result


def read_night(
    wijken_file: Path,
    teams_file: Path,
    *,
    params_file: Path | None = None,
    table_file: Path | None = None,
) -> tuple[NightProblem, NightParams]:
    """Read a region and the parameters of its night.

    Raises
    ------
    InvalidFile
        If a file, a column, a value or a key is missing or wrong.
    """
    params = NightParams() if params_file is None else read_params(params_file)
    wijken = _read(wijken_file, ("key",), WIJK_COLUMNS, _Row.wijk)
    teams = _read(teams_file, ("key", "provider"), TEAM_COLUMNS, _Row.team)
    check_unique(wijken_file, [wijk.key for wijk in wijken])
    check_unique(teams_file, [team.key for team in teams])
    travel: TravelTable = StraightLine()
    if table_file is not None:
        places = [team.place for team in teams] + [wijk.place for wijk in wijken]
        travel = read_table(table_file, places, places)
    try:
        return NightProblem(tuple(wijken), tuple(teams), travel), params
    except InvalidProblem as error:
        raise InvalidFile(f"{teams_file}: {error}") from error


def read_params(file: Path) -> NightParams:
    """Read parameters of a night from JSON; what is absent has its default.

    Raises
    ------
    InvalidFile
        If the file is no JSON object, or a name or value is not known.
    """
    try:
        values = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InvalidFile(f"{file}: is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise InvalidFile(
            f"{file}:{error.lineno}:{error.colno}: is no JSON ({error.msg})"
        ) from error
    if not isinstance(values, dict):
        raise InvalidFile(f"{file}: is no JSON object")
    known = [item.name for item in fields(NightParams)]
    for name in values:
        if name not in known:
            raise InvalidFile(
                f"{file}: {name[:40]!r} is not known; use {', '.join(known)}"
            )
    given: dict[str, Any] = dict(values)
    try:
        if "overhead" in given:
            if not isinstance(given["overhead"], dict):
                raise InvalidFile(f"{file}: overhead is no JSON object")
            given["overhead"] = replace(Overhead(), **given["overhead"])
        if not isinstance(given.get("hour_weights", []), list):
            raise InvalidFile(f"{file}: hour_weights is no list")
        return replace(NightParams(), **given)
    except TypeError as error:
        names = ", ".join(item.name for item in fields(Overhead))
        raise InvalidFile(f"{file}: overhead has only {names}") from error
    except InvalidProblem as error:
        raise InvalidFile(f"{file}: {error}") from error


def write_choices(stream: TextIO, made: Sequence[tuple[CallProblem, Choice]]) -> None:
    """Write one row for each nurse of each call: candidates first, best first."""
    writer = csv.writer(stream)
    writer.writerow(
        ("call", "place", "nurse", "organization", "arrival_min", "travel_min",
         "in_time", "excluded_by")
    )  # fmt: skip
    for problem, choice in made:
        key = problem.call.key
        for place, candidate in enumerate(choice.candidates, 1):
            in_time = {True: "yes", False: "no", None: ""}[candidate.in_time]
            writer.writerow(
                (
                    key,
                    place,
                    candidate.key,
                    candidate.organization,
                    _rounded(candidate.arrival_min),
                    _rounded(candidate.travel_min),
                    in_time,
                    "",
                )
            )
        for row, codes in choice.excluded.items():
            nurse = problem.nurses[row]
            writer.writerow(
                (key, "", nurse.key, nurse.organization, "", "", "", ";".join(codes))
            )


def write_night(stream: TextIO, problem: NightProblem, result: NightResult) -> None:
    """Write one row for each wijk: calls, and chances with their intervals by mode."""
    writer = csv.writer(stream)
    header = ["wijk", "calls"]
    for name in result.modes:
        header += [f"{part}_{name}" for part in ("chance", "low", "high", "unserved")]
    writer.writerow(header)
    first = next(iter(result.modes.values()))
    for i, wijk in enumerate(problem.wijken):
        row: list[Any] = [wijk.key, int(first.calls[i])]
        for mode in result.modes.values():
            values = (mode.chance[i], mode.chance_low[i], mode.chance_high[i])
            row += ["" if math.isnan(v) else round(float(v), 5) for v in values]
            row.append(int(mode.unserved[i]))
        writer.writerow(row)


def to_figures(problem: NightProblem, result: NightResult) -> dict[str, Any]:
    """Return the figures of a result as plain values for JSON."""
    modes = {}
    for name, mode in result.modes.items():
        arrivals = zip(QUANTILES, mode.arrival_quantiles_min, strict=True)
        modes[name] = {
            "chance": [_plain(value) for value in mode.region],
            "calls": int(mode.calls.sum()),
            "unserved": int(mode.unserved.sum()),
            "arrival_quantiles_min": {f"{q:g}": _plain(value) for q, value in arrivals},
            "arrival_mean_min": _plain(mode.arrival_mean_min),
            "wait_mean_min": _plain(mode.wait_mean_min),
            "waited_share": _plain(mode.waited_share),
            "histogram_5_min": mode.histogram.tolist(),
            "utilisation": {
                team.key: _plain(float(part))
                for team, part in zip(problem.teams, mode.utilisation, strict=True)
            },
            "wijken": {
                wijk.key: [
                    _plain(float(values[i]))
                    for values in (mode.chance, mode.chance_low, mode.chance_high)
                ]
                for i, wijk in enumerate(problem.wijken)
            },
        }
    return {
        "status": result.status,
        "within_min": result.params.within_min,
        "modes": modes,
        "gain": None if result.gain is None else [_plain(v) for v in result.gain],
        "n_nights": result.n_nights,
        "seed": result.seed,
        "runtime_s": round(result.runtime_s, 3),
        "algorithm": f"{result.algorithm} {result.version}",
        "input_hash": result.input_hash,
    }


class _Row(Row):
    """One row of a file, as what it stands for."""

    def hour(self, column: str) -> float:
        """Read ``3.2`` or ``03:12``."""
        hours, colon, minutes = self.text(column).partition(":")
        if not colon:
            if not hours:
                raise self.wrong(column, "an hour, as in 03:12 or 3.2")
            return self.number(column, 0.0)
        fits = hours.isdigit() and minutes.isdigit()
        if not fits or int(hours) > 23 or int(minutes) > 59:
            raise self.wrong(column, "an hour, as in 03:12 or 3.2")
        return int(hours) + int(minutes) / 60

    def call(self) -> Call:
        return Call(
            key=self.text("key"),
            hour=self.hour("hour"),
            lon=self.number_or_none("lon"),
            lat=self.number_or_none("lat"),
            tasks=self.codes("tasks"),
            allowed_min=self.number("allowed_min", 30.0),
            objected=self.codes("objected"),
        )

    def nurse(self) -> Nurse:
        answer = self.text("answer")
        if answer not in ("", "alerted", "refused"):
            raise self.wrong("answer", "empty, alerted or refused")
        return Nurse(
            key=self.text("key"),
            organization=self.text("organization"),
            team=self.text("team"),
            lon=self.number_or_none("lon"),
            lat=self.number_or_none("lat"),
            tasks=self.codes("tasks"),
            free_from_min=self.number("free_from_min", 0.0),
            on_duty=self.yes("on_duty"),
            duty_ends_min=self.number_or_none("duty_ends_min"),
            covers=self.yes("covers"),
            answer=answer,  # type: ignore[arg-type]
        )

    def wijk(self) -> Wijk:
        calls = self.number_or_none("calls_per_night")
        if calls is None:
            if not self.text("residents"):
                raise self.wrong("calls_per_night", "a number; or give residents")
            calls = self.number("residents", 0.0) / 1000 * CALLS_PER_1000
        shares = {}
        for item in sorted(self.codes("shares")):
            provider, _, share = item.rpartition("=")
            try:
                shares[provider] = float(share)
            except ValueError:
                provider = ""
            if not provider:
                raise self.wrong("shares", "provider=share, as in Zon=0.6;Maan=0.4")
        return Wijk(
            key=self.text("key"),
            lon=self.number_or_none("lon"),
            lat=self.number_or_none("lat"),
            calls_per_night=calls,
            shares=shares,
            area_km2=self.number("area_km2", 0.0),
        )

    def team(self) -> NightTeam:
        return NightTeam(
            key=self.text("key"),
            provider=self.text("provider"),
            lon=self.number_or_none("lon"),
            lat=self.number_or_none("lat"),
            n_nurses=self.whole("n_nurses", 1),
            covers=self.codes("covers") or None,
        )


def _read(
    file: Path,
    needed: Sequence[str],
    known: Sequence[str],
    make: Callable[[_Row], _Made],
) -> list[_Made]:
    made = []
    for row in read_rows(file, needed, known, _Row):
        for column in needed:
            if not row.text(column):
                raise row.wrong(column, "filled in")
        try:
            made.append(make(row))
        except InvalidProblem as error:
            column = error.field.rpartition(".")[2].partition("[")[0]
            raise InvalidFile(f"{row.place}:{column}: {error}") from error
    return made


def _refuse_wrong(wrong: Sequence[str]) -> None:
    if wrong:
        raise InvalidFile("The result does not verify: " + " ".join(wrong))


def _write(file: Path, write: Callable[[TextIO], None]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as stream:
            write(stream)
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be written ({error.strerror})") from error


def _dump(figures: Any, stream: TextIO) -> None:
    json.dump(figures, stream, indent=1, allow_nan=False)
    stream.write("\n")


def _plain(value: float) -> float | None:
    """JSON knows no infinity and no NaN: null."""
    return round(value, 6) if math.isfinite(value) else None


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 2)
