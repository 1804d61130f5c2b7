"""Read a CSV of people: a header, one row each, and errors that say where.

What every engine's file format shares; which columns there are and what they mean is
the engine's. UTF-8; a list in one cell is separated by ``;``. An error begins with
``file:line:column`` and says the value and what was expected.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar


class InvalidFile(ValueError):
    """A file cannot be read; says file, line, column or place, and what is expected."""

    code = "invalid-file"


@dataclass(frozen=True)
class Row:
    """One row of a file, with the place to name in an error."""

    place: str
    cells: Mapping[str, str]

    def text(self, column: str, default: str = "") -> str:
        """Return a cell without spaces around it."""
        return (self.cells.get(column) or "").strip() or default

    def codes(self, column: str, default: str = "") -> frozenset[str]:
        """Return the items of a list."""
        items = self.text(column, default).split(";")
        return frozenset(item.strip() for item in items if item.strip())

    def number(self, column: str, default: float) -> float:
        """Return a finite number, or the default of an empty cell."""
        text = self.text(column)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.wrong(column, "a number, as in 2.5")
        return value

    def number_or_none(self, column: str) -> float | None:
        """Return a finite number, or None for an empty cell."""
        return self.number(column, 0.0) if self.text(column) else None

    def whole(self, column: str, default: int) -> int:
        """Return a whole number, or the default of an empty cell."""
        text = self.text(column)
        try:
            return int(text) if text else default
        except ValueError:
            raise self.wrong(column, "a whole number, as in 3") from None

    def yes(self, column: str) -> bool:
        """Return whether a cell says yes; an empty one does."""
        text = self.text(column, "yes").lower()
        if text not in ("yes", "no"):
            raise self.wrong(column, "yes or no")
        return text == "yes"

    def wrong(self, column: str, expected: str) -> InvalidFile:
        """Return the error that says where and what was expected."""
        return InvalidFile(
            f"{self.place}:{column}: {self.text(column)[:40]!r} is not {expected}"
        )


_Row = TypeVar("_Row", bound=Row)


def read_rows(
    file: Path, needed: Sequence[str], known: Sequence[str], row_type: type[_Row]
) -> Iterator[_Row]:
    """Yield the rows of a file.

    Raises
    ------
    InvalidFile
        If the file cannot be read, a column is missing or not known, or a row has
        another number of cells than the header.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restkey="")
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            for name in needed:
                if name not in header:
                    raise InvalidFile(
                        f"{file}:1:{name}: the column is missing; the first line names "
                        "the columns"
                    )
            for name in header:
                if name not in known:
                    raise InvalidFile(
                        f"{file}:1:{name[:40]}: the column is not known; use "
                        f"{', '.join(known)}"
                    )
            for cells in reader:
                place = f"{file}:{reader.line_num}"
                row: dict[Any, Any] = dict(cells)
                if "" in row or None in row.values():
                    raise InvalidFile(
                        f"{place}:{len(header)}: has another number of cells than the "
                        f"first line ({len(header)})"
                    )
                yield row_type(place, row)
    except OSError as error:
        raise InvalidFile(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InvalidFile(
            f"{file}: is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
        ) from error
    except csv.Error as error:
        raise InvalidFile(f"{file}: is no CSV ({error})") from error


def check_unique(file: Path, keys: Sequence[str]) -> None:
    """Raise InvalidFile if a key occurs twice."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise InvalidFile(f"{file}: the key {key!r} occurs twice; use each once")
        seen.add(key)
