"""Practices, wishes, moves and the report as files: the format of the command line.

Told in ``docs/algorithms/exchange.md``. CSV in UTF-8, a header, one row each; choices
are separated by ``|``. An error begins with ``file:line:column`` and says the value and
what was expected. Made for 600,000 rows: every different text is read once.
"""

import csv
import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange.problem import (
    LEVELS,
    LOAD_UNIT,
    MECHANISMS,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
)
from wijkspil_engines.exchange.result import (
    LevelValue,
    Result,
    level_value,
)
from wijkspil_engines.exchange.verify import Failure

PRACTICE_COLUMNS = ("practice_id", "free_places", "max_inflow", "free_load")
WISH_COLUMNS = (
    "wish_id", "household_size", "current_practice_id", "priority_class",
    "waiting_since", "choices", "load",
)  # fmt: skip
MOVE_COLUMNS = ("wish_id", "from_practice_id", "to_practice_id", "choice_rank")

_MOST_PLACES = 10_000_000
_MOST_LOAD = 10_000_000
_MOST_SIZE = 1000
_ROWS = 4096
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

_Made = TypeVar("_Made")


class _Wrong(ValueError):
    """A text is not what was expected; says what is."""


@dataclass(frozen=True, eq=False)
class _Table:
    """A file with its columns, each a sequence of texts without spaces around."""

    file: Path
    text: str
    columns: Mapping[str, Sequence[str]]
    n: int

    def wrong(self, row: int, column: str, expected: str) -> InvalidFile:
        value = self.columns[column][row]
        return InvalidFile(
            f"{self.file}:{self.line_of(row)}:{column}: {value[:40]!r} is not "
            f"{expected}"
        )

    def line_of(self, row: int) -> int:
        """Return the line on which a row ends; reads the text anew."""
        reader = csv.reader(io.StringIO(self.text, newline=""))
        next(reader)
        count = -1
        for cells in reader:
            count += bool(cells)
            if count == row:
                break
        return reader.line_num

    def read(
        self, column: str, read: Callable[[str], _Made], default: _Made | None = None
    ) -> list[_Made]:
        """Return what each text of a column stands for; an absent column is empty."""
        texts = self.columns.get(column)
        if texts is None:
            if default is None:
                raise InvalidFile(f"{self.file}:1:{column}: the column is missing")
            return [default] * self.n
        known: dict[str, _Made] = {}
        for text in set(texts):
            try:
                known[text] = read(text)
            except _Wrong as error:
                row = next(k for k, each in enumerate(texts) if each == text)
                for other in set(texts):  # Name the first one in the file.
                    if other not in known and other != text:
                        try:
                            read(other)
                        except _Wrong:
                            row = min(row, texts.index(other))
                raise self.wrong(row, column, self._says(read, texts[row])) from error
        return [known[text] for text in texts]

    @staticmethod
    def _says(read: Callable[[str], Any], text: str) -> str:
        try:
            read(text)
        except _Wrong as error:
            return str(error)
        return "what is expected"

    def keys(self, column: str) -> tuple[str, ...]:
        """Return the ids of a file: each not empty, each once."""
        texts = self.columns[column]
        if len(set(texts)) != len(texts) or "" in texts:
            seen: set[str] = set()
            for row, text in enumerate(texts):
                if not text:
                    raise self.wrong(row, column, "a name; fill it in")
                if text in seen:
                    raise self.wrong(row, column, "new here; use each name once")
                seen.add(text)
        return tuple(texts)


def read_problem(
    practices_file: Path, wishes_file: Path, *, date: Date
) -> ExchangeProblem:
    """Read a round as of a date.

    Raises
    ------
    InvalidFile
        If a file cannot be read, or a value is not as the format says.
    """
    digest = hashlib.sha256()
    practices = _read_table(
        practices_file, PRACTICE_COLUMNS, ("max_inflow", "free_load"), digest
    )
    wishes = _read_table(wishes_file, WISH_COLUMNS, ("load",), digest)
    if practices.n == 0:
        raise InvalidFile(f"{practices_file}:1: has no practices; give one row each")
    practice_ids = practices.keys("practice_id")
    for row, name in enumerate(practice_ids):
        if "|" in name:
            raise practices.wrong(row, "practice_id", "a name without |")
    number = {name: row for row, name in enumerate(practice_ids)}
    wish_ids = wishes.keys("wish_id")
    size = np.array(wishes.read("household_size", _size), dtype=np.int32)

    def current(text: str) -> int:
        if not text:
            return NONE
        if text not in number:
            raise _Wrong("a practice of the practices file, nor empty")
        return number[text]

    def days(text: str) -> int:
        if not _DAY.fullmatch(text):
            raise _Wrong("a date, as in 2026-01-31")
        try:
            since = Date.fromisoformat(text)
        except ValueError:
            raise _Wrong("a date, as in 2026-01-31") from None
        if since > date:
            raise _Wrong(f"a day up to the date of the round, {date.isoformat()}")
        return (date - since).days

    def load(text: str) -> int:
        return -1 if not text else _thousandths(text)

    origin = np.array(wishes.read("current_practice_id", current), dtype=np.int32)
    first_option, option = _read_choices(wishes, number)
    loads = np.array(wishes.read("load", load, -1), dtype=np.int64)
    return ExchangeProblem(
        practice_ids=practice_ids,
        free_places=np.array(practices.read("free_places", _places), dtype=np.int64),
        max_inflow=np.array(
            practices.read("max_inflow", _places_or_no_limit, NO_LIMIT), dtype=np.int64
        ),
        free_load=np.array(
            practices.read("free_load", _load_or_no_limit, NO_LIMIT), dtype=np.int64
        ),
        wish_ids=wish_ids,
        size=size,
        origin=origin,
        priority_class=np.array(wishes.read("priority_class", _class), dtype=np.int8),
        waiting_days=np.array(wishes.read("waiting_since", days), dtype=np.int32),
        load=np.where(loads < 0, size.astype(np.int64) * LOAD_UNIT, loads),
        first_option=first_option,
        option=option,
        input_hash=digest.hexdigest(),
        date=date,
    )


def _read_choices(
    wishes: _Table, number: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    flat: list[int] = []
    first = [0]
    rows = zip(
        wishes.columns["choices"], wishes.columns["current_practice_id"], strict=True
    )
    for row, (text, current) in enumerate(rows):
        names = text.split("|")
        try:
            chosen = [number[name] for name in names]
        except KeyError:
            names = [name.strip() for name in names]
            unknown = [name for name in names if name not in number]
            if unknown:
                raise wishes.wrong(
                    row,
                    "choices",
                    f"practices of the practices file, best first, joined by |: "
                    f"{unknown[0][:40]!r} is not in it",
                ) from None
            chosen = [number[name] for name in names]
        if len(chosen) > 100:
            raise wishes.wrong(row, "choices", "at most 100 practices")
        if len(set(chosen)) < len(chosen):
            raise wishes.wrong(row, "choices", "a list that names each practice once")
        if current in names:
            raise wishes.wrong(
                row, "choices", "a list without the current practice; leave that out"
            )
        flat += chosen
        first.append(len(flat))
    return np.array(first, dtype=np.int64), np.array(flat, dtype=np.int32)


def _read_table(
    file: Path, known: Sequence[str], may_lack: Sequence[str], digest: Any = None
) -> _Table:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be read ({error.strerror})") from error
    if digest is not None:
        digest.update(data)
    if not data.strip():
        raise InvalidFile(
            f"{file}:1: is empty; the first line names the columns {', '.join(known)}"
        )
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise InvalidFile(f"{file}:{line}: is no text; save it as CSV UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidFile(
            f"{file}:{line}: is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
        ) from error
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [name.strip() for name in next(reader)]
        for name in known:
            if name not in header and name not in may_lack:
                raise InvalidFile(
                    f"{file}:1:{name}: the column is missing; the first line names "
                    f"the columns {', '.join(known)}"
                )
        for name in header:
            if name not in known:
                raise InvalidFile(
                    f"{file}:1:{name[:40]}: the column is not known; use "
                    f"{', '.join(known)}"
                )
            if header.count(name) > 1:
                raise InvalidFile(f"{file}:1:{name}: the column is named twice")
        width = len(header)
        columns: list[list[str]] = [[] for _ in header]
        n = 0
        # Some rows at a time: a list kept for each row slows down everything.
        while chunk := list(islice(reader, _ROWS)):
            if not set(map(len, chunk)) <= {width}:
                chunk = [cells for cells in chunk if cells]
                _check_widths(file, text, header, chunk)
            n += len(chunk)
            for column, cells in zip(columns, zip(*chunk, strict=True), strict=False):
                column.extend(map(str.strip, cells))
    except csv.Error as error:
        raise InvalidFile(f"{file}:{reader.line_num}: is no CSV ({error})") from error
    return _Table(file, text, dict(zip(header, columns, strict=True)), n)


def _check_widths(
    file: Path, text: str, header: Sequence[str], chunk: Sequence[Sequence[str]]
) -> None:
    """Raise at the first row of all with another number of cells than the header."""
    width = len(header)
    if all(len(cells) == width for cells in chunk):
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    for cells in reader:
        if cells and len(cells) != width:
            raise InvalidFile(
                f"{file}:{reader.line_num}:{header[min(len(cells), width) - 1]}: "
                f"has {len(cells)} cells; the first line has {width}"
            )


def _places(text: str) -> int:
    if not _WHOLE.fullmatch(text) or int(text) > _MOST_PLACES:
        raise _Wrong("a whole number of people, 0 or more, as in 3")
    return int(text)


def _places_or_no_limit(text: str) -> int:
    if not text:
        return NO_LIMIT
    try:
        return _places(text)
    except _Wrong:
        raise _Wrong(
            "a whole number of people, 0 or more, nor empty for no limit"
        ) from None


def _load_or_no_limit(text: str) -> int:
    return _thousandths(text) if text else NO_LIMIT


def _thousandths(text: str) -> int:
    if not _DECIMAL.fullmatch(text) or float(text) > _MOST_LOAD:
        raise _Wrong("a number of 0 or more with at most three decimals, as in 1.25")
    whole, _, rest = text.partition(".")
    return int(whole) * LOAD_UNIT + int(rest.ljust(3, "0"))


def _size(text: str) -> int:
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= _MOST_SIZE:
        raise _Wrong("a whole number of people, 1 or more, as in 2")
    return int(text)


def _class(text: str) -> int:
    if text not in ("0", "1", "2"):
        raise _Wrong("0 (without a practice), 1 (moved, practice stops) or 2 (other)")
    return int(text)


def _rank(text: str) -> int:
    if not _WHOLE.fullmatch(text) or int(text) < 1:
        raise _Wrong("a place on the list, 1 or more")
    return int(text)


# Writing


def problem_files(problem: ExchangeProblem) -> tuple[bytes, bytes]:
    """Return a problem as the bytes of both files; needs its date."""
    if problem.date is None:
        raise ValueError("a problem without a date has no day to write")
    day = np.datetime64(problem.date.isoformat())

    def limit(values: NDArray[np.int64], write: Callable[[int], str]) -> Iterator[str]:
        return ("" if each >= NO_LIMIT else write(each) for each in values.tolist())

    practices = zip(
        problem.practice_ids,
        problem.free_places.tolist(),
        limit(problem.max_inflow, str),
        limit(problem.free_load, _decimal),
        strict=True,
    )
    since = (day - problem.waiting_days.astype("timedelta64[D]")).astype(str).tolist()
    names = problem.practice_ids
    option = problem.option.tolist()
    begins = problem.first_option.tolist()
    choices = (
        "|".join(names[b] for b in option[begins[i] : begins[i + 1]])
        for i in range(problem.n_wishes)
    )
    loads = (
        "" if load == size * LOAD_UNIT else _decimal(load)
        for load, size in zip(problem.load.tolist(), problem.size.tolist(), strict=True)
    )
    wishes = zip(
        problem.wish_ids,
        problem.size.tolist(),
        ("" if each == NONE else names[each] for each in problem.origin.tolist()),
        problem.priority_class.tolist(),
        since,
        choices,
        loads,
        strict=True,
    )
    return _csv(PRACTICE_COLUMNS, practices), _csv(WISH_COLUMNS, wishes)


def moves_file(problem: ExchangeProblem, choice: NDArray[np.int32]) -> bytes:
    """Return who moves where as the bytes of a file."""
    moved = np.flatnonzero(choice >= 0)
    names = problem.practice_ids
    into = problem.option[problem.first_option[moved] + choice[moved]]
    rows = zip(
        (problem.wish_ids[i] for i in moved.tolist()),
        ("" if b == NONE else names[b] for b in problem.origin[moved].tolist()),
        (names[b] for b in into.tolist()),
        (choice[moved] + 1).tolist(),
        strict=True,
    )
    return _csv(MOVE_COLUMNS, rows)


def report_of(
    problem: ExchangeProblem,
    result: Result,
    *,
    required: NDArray[np.bool_] | None = None,
    peak_mb: float | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the report: what happened and what proves it. Names no person.

    Prices are by practice; a practice that is not named has price 0. ``required``
    wishes are named, for ``verify``.
    """

    def by_practice(prices: NDArray[np.int64] | None) -> dict[str, int] | None:
        if prices is None:
            return None
        found = np.flatnonzero(prices)
        return {problem.practice_ids[b]: int(prices[b]) for b in found.tolist()}

    levels: list[dict[str, Any]] = []
    for level in result.levels:
        entry: dict[str, Any] = {
            "name": level.name,
            "value": level.value,
            "bound": level.bound,
            "prices": by_practice(level.prices),
        }
        for name in ("entry_prices", "load_prices"):
            if getattr(level, name) is not None:
                entry[name] = by_practice(getattr(level, name))
        if level.scale != 1:
            entry["scale"] = level.scale
        if level.earlier:
            entry["earlier"] = list(level.earlier)
        if level.proof != "prices":
            entry["proof"] = level.proof
        levels.append(entry)
    for name in () if levels else LEVELS:
        value = level_value(problem, result.choice, name)
        levels.append({"name": name, "value": value, "bound": None, "prices": None})
    report: dict[str, Any] = {
        "status": result.status,
        "levels": levels,
        "moved_households": result.moved_households,
        "moved_people": result.moved_people,
        "moved_people_by_class": list(result.moved_people_by_class),
        "first_choices": result.first_choices,
        "bound_people": result.bound_people,
        "gap_people": result.gap_people,
        "seat_prices": by_practice(result.seat_prices),
        "seconds": round(result.seconds, 3),
        "peak_mb": peak_mb,
        "mechanism": result.mechanism,
        "seed": result.seed,
        "version": result.version,
        "input_sha256": result.input_sha256,
        "date": problem.date.isoformat() if problem.date else None,
    }
    if required is not None and required.any():
        report["required"] = [
            problem.wish_ids[i] for i in np.flatnonzero(required).tolist()
        ]
    if result.lottery is not None:
        report["lottery"] = result.lottery.tolist()
    return report | dict(more or {})


def report_file(report: Mapping[str, Any]) -> bytes:
    """Return a report as the bytes of a file."""
    return (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode()


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files so that none is there half: beside them first, then renamed.

    Raises
    ------
    InvalidFile
        If one cannot be written; then none is.
    """
    made: list[tuple[str, Path]] = []
    file = Path()
    try:
        for file, data in files.items():
            if file.is_dir():
                raise IsADirectoryError(21, "is a folder")
            handle, name = tempfile.mkstemp(
                dir=file.parent, prefix=f".{file.name}.", suffix=".part"
            )
            made.append((name, file))
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
        while made:
            name, file = made[0]
            os.replace(name, file)
            made.pop(0)
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be written ({error.strerror})") from error
    finally:
        for name, _ in made:
            Path(name).unlink(missing_ok=True)


def _decimal(load: int) -> str:
    whole, rest = divmod(load, LOAD_UNIT)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


def _csv(header: Sequence[str], rows: Any) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode()


# Reading back


def read_moves(
    problem: ExchangeProblem, file: Path
) -> tuple[NDArray[np.int32], tuple[Failure, ...]]:
    """Read who moves where, and what does not belong to the wishes.

    Raises
    ------
    InvalidFile
        If it cannot be read.
    """
    table = _read_table(file, MOVE_COLUMNS, ())
    choice = np.full(problem.n_wishes, -1, dtype=np.int32)
    table.keys("wish_id")
    number = {name: i for i, name in enumerate(problem.wish_ids)}
    names = problem.practice_ids
    ranks = table.read("choice_rank", _rank)
    wrong: list[Failure] = []
    begins = problem.first_option.tolist()
    origin = problem.origin.tolist()
    option = problem.option.tolist()
    columns = (table.columns[name] for name in MOVE_COLUMNS[:3])
    for wish, come_from, into, rank in zip(*columns, ranks, strict=True):
        i = number.get(wish)
        if i is None:
            wrong.append(Failure("wish", f"{wish[:40]!r} is no wish"))
            continue
        here = "" if origin[i] == NONE else names[origin[i]]
        if come_from != here:
            wrong.append(
                Failure("from", f"{wish}: is at {here!r}, not {come_from[:40]!r}")
            )
        at = begins[i] + rank - 1
        if at >= begins[i + 1] or names[option[at]] != into:
            wrong.append(
                Failure("option", f"{wish}: {into[:40]!r} is not its choice {rank}")
            )
            continue
        choice[i] = rank - 1
    return choice, tuple(wrong)


def read_report(file: Path) -> dict[str, Any]:
    """Read a report as it is.

    Raises
    ------
    InvalidFile
        If it is no report.
    """
    try:
        report = json.loads(file.read_bytes())
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InvalidFile(f"{file}: is no JSON ({error})") from error
    if not isinstance(report, dict) or not isinstance(report.get("levels"), list):
        raise InvalidFile(f"{file}: is no report of a round: 'levels' is missing")
    return report


def levels_of(
    problem: ExchangeProblem, file: Path, report: Mapping[str, Any]
) -> tuple[LevelValue, ...]:
    """Return the levels of a report; practices that are gone are left out.

    Raises
    ------
    InvalidFile
        If a level is not as the format says.
    """
    number = {name: b for b, name in enumerate(problem.practice_ids)}

    def prices(entry: Mapping[str, Any], key: str) -> NDArray[np.int64] | None:
        given = entry.get(key)
        if given is None:
            return None
        if not isinstance(given, dict):
            raise InvalidFile(f"{file}: levels: {key} is not an object of numbers")
        made = np.zeros(problem.n_practices, dtype=np.int64)
        for name, price in given.items():
            if type(price) is not int or abs(price) > 2**40:
                raise InvalidFile(
                    f"{file}: levels: {key}: {name[:40]!r}: {str(price)[:40]!r} is "
                    "not a whole number"
                )
            if name in number:
                made[number[name]] = price
        return made

    made = []
    for entry in report["levels"]:
        if not isinstance(entry, dict) or entry.get("name") not in LEVELS:
            raise InvalidFile(f"{file}: levels: each has a name of {', '.join(LEVELS)}")
        value, scale = entry.get("value"), entry.get("scale", 1)
        bound = value if entry.get("bound") is None else entry["bound"]
        if not (type(value) is int and type(bound) is int and type(scale) is int):
            raise InvalidFile(
                f"{file}: levels: {entry['name']}: value, bound and scale are whole "
                "numbers"
            )
        earlier, proof = entry.get("earlier", []), entry.get("proof", "prices")
        if not isinstance(earlier, list) or any(
            type(each) is not int for each in earlier
        ):
            raise InvalidFile(
                f"{file}: levels: {entry['name']}: earlier is not whole numbers"
            )
        if proof not in ("prices", "search"):
            raise InvalidFile(
                f"{file}: levels: {entry['name']}: proof: {str(proof)[:40]!r} is not "
                "prices or search"
            )
        made.append(
            LevelValue(
                name=entry["name"],
                value=value,
                bound=bound,
                prices=prices(entry, "prices"),
                entry_prices=prices(entry, "entry_prices"),
                load_prices=prices(entry, "load_prices"),
                scale=scale,
                earlier=tuple(earlier),
                proof=proof,
            )
        )
    return tuple(made)


def required_of(
    problem: ExchangeProblem, file: Path, report: Mapping[str, Any]
) -> NDArray[np.bool_] | None:
    """Return the wishes a report says were required to move, (W,).

    Raises
    ------
    InvalidFile
        If one is no wish.
    """
    named = report.get("required")
    if named is None:
        return None
    if not isinstance(named, list):
        raise InvalidFile(f"{file}: required: is not a list of wishes")
    number = {name: i for i, name in enumerate(problem.wish_ids)}
    made = np.zeros(problem.n_wishes, dtype=np.bool_)
    for name in named:
        if name not in number:
            raise InvalidFile(f"{file}: required: {str(name)[:40]!r} is no wish")
        made[number[name]] = True
    return made


def result_of(
    problem: ExchangeProblem,
    choice: NDArray[np.int32],
    file: Path,
    report: Mapping[str, Any],
) -> Result:
    """Return what a report and its moves say, unchecked: for ``verify``.

    Raises
    ------
    InvalidFile
        If the report is not as the format says.
    """
    levels = levels_of(problem, file, report)

    def whole(key: str) -> int:
        value = report.get(key)
        if type(value) is not int:
            raise InvalidFile(f"{file}: {key}: {str(value)[:40]!r} is no whole number")
        return value

    by_class = report.get("moved_people_by_class")
    if (
        not isinstance(by_class, list)
        or len(by_class) != 3
        or any(type(each) is not int for each in by_class)
    ):
        raise InvalidFile(f"{file}: moved_people_by_class: is not three whole numbers")
    if report.get("status") not in ("optimal", "feasible", "timed_out"):
        raise InvalidFile(f"{file}: status: is not optimal, feasible or timed_out")
    if report.get("mechanism") not in MECHANISMS:
        raise InvalidFile(f"{file}: mechanism: is not one of {', '.join(MECHANISMS)}")
    seats = report.get("seat_prices")
    made = np.zeros(problem.n_practices, dtype=np.int64)
    if isinstance(seats, dict):
        number = {name: b for b, name in enumerate(problem.practice_ids)}
        for name, price in seats.items():
            if type(price) is not int or name not in number or abs(price) > 2**40:
                raise InvalidFile(
                    f"{file}: seat_prices: {name[:40]!r}: {str(price)[:40]!r} is not "
                    "a whole number of a practice of the practices file"
                )
            made[number[name]] = price
    return Result(
        status=report["status"],
        choice=choice,
        levels=levels,
        moved_households=whole("moved_households"),
        moved_people=whole("moved_people"),
        moved_people_by_class=(by_class[0], by_class[1], by_class[2]),
        first_choices=whole("first_choices"),
        bound_people=whole("bound_people"),
        seat_prices=made if isinstance(seats, dict) else None,
        seconds=float(report.get("seconds") or 0.0),
        mechanism=report["mechanism"],
        seed=whole("seed"),
        input_sha256=str(report.get("input_sha256")),
        version=str(report.get("version")),
    )
