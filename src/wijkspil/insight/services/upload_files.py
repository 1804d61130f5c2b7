"""Read a file of quality indicators that a provider or analyst brings in.

A CSV in UTF-8, separated by ``;``, ``,`` or a tab, with a header:

========== ==========================================================================
agb_code   AGB code of the provider, 8 digits
indicator  a code of ``catalogue.UPLOADED``
first_day  first day it is about, 2026-03-01
last_day   last day it is about
count      how many people it rests on; 0 takes the figure back
number     of these, how many it is true for (shares only)
score      mean score, 1 to 10 (prem_score only)
deviation  standard deviation of the scores (prem_score; may be empty: no interval)
========== ==========================================================================

Every fault is told at once, with line, column, value and what to do.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext as _

from wijkspil.insight.catalogue import UPLOADED
from wijkspil.insight.errors import InvalidUpload

MOST_BYTES = 1_000_000
MOST_ROWS = 2_000
MOST_DAYS = 366
MOST_PEOPLE = 1_000_000
COLUMNS = (
    "agb_code",
    "indicator",
    "first_day",
    "last_day",
    "count",
    "number",
    "score",
    "deviation",
)
_NEEDED = COLUMNS[:5]
#: Of these the mean score is brought in; of the others a number out of a count.
SCORES = frozenset({"prem_score"})
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}([.,][0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that cannot be taken; ``str`` says where, what it is and what to do."""

    line: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        return _("line %(line)d, %(column)s “%(value)s”: %(expected)s") % {
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "expected": self.expected,
        }


@dataclass(frozen=True, slots=True)
class UploadLine:
    """One line of the file, checked by itself. The period is half-open."""

    line: int
    agb_code: str
    indicator: str
    valid_from: date
    valid_until: date
    count: int
    number: int | None
    score: float | None
    deviation: float | None


@dataclass(frozen=True, slots=True)
class ReadUpload:
    """What stands in a file: lines that are right, and faults."""

    lines: tuple[UploadLine, ...]
    faults: tuple[Fault, ...]


def read_upload(name: str, content: bytes, *, today: date) -> ReadUpload:
    """Return the lines of a file and its faults.

    Raises
    ------
    InvalidUpload
        If the file as a whole cannot be read: too large, no text in UTF-8, no CSV,
        no lines, or another header.
    """
    rows = _rows(name, _decode(name, content))
    _number, head = next(rows)
    places = _read_header(name, head)
    lines: list[UploadLine] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str, date], int] = {}
    count = 0
    for number, cells in rows:
        count += 1
        if count > MOST_ROWS:
            raise InvalidUpload(
                _("%(file)s has more than %(most)d lines: split it.")
                % {"file": name, "most": MOST_ROWS}
            )
        reader = _Line(number, cells, places, today)
        line = reader.read()
        faults += reader.faults
        if line is None:
            continue
        key = (line.agb_code, line.indicator, line.valid_from)
        if key in seen:
            faults.append(
                Fault(
                    number,
                    "first_day",
                    line.valid_from.isoformat(),
                    _("the same figure stands in line %(line)d: keep one of the two.")
                    % {"line": seen[key]},
                )
            )
            continue
        seen[key] = number
        lines.append(line)
    if not count:
        raise InvalidUpload(
            _("%(file)s has a header and no lines: add the figures.") % {"file": name}
        )
    return ReadUpload(tuple(lines), tuple(faults))


def write_template(agb_code: str, *, today: date) -> list[tuple[str, ...]]:
    """Return the rows of a file to fill in: the header and a line per indicator."""
    year = today.year
    first, last = f"{year}-03-01", f"{year}-09-30"
    if last > today.isoformat():
        first, last = f"{year - 1}-03-01", f"{year - 1}-09-30"
    rows: list[tuple[str, ...]] = [COLUMNS]
    for code in UPLOADED:
        values = ("50", "", "8.4", "1.1") if code in SCORES else ("50", "9", "", "")
        rows.append((agb_code, code, first, last, *values))
    return rows


def _decode(name: str, content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise InvalidUpload(
            _("%(file)s is larger than 1 MB: split it.") % {"file": name}
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidUpload(
            _("%(file)s, line %(line)d is not UTF-8. Save the file as “CSV UTF-8”.")
            % {"file": name, "line": line}
        ) from None
    if "\0" in text:
        raise InvalidUpload(
            _("%(file)s is no text file. Save it as CSV.") % {"file": name}
        )
    if not text.strip():
        raise InvalidUpload(_("%(file)s is empty.") % {"file": name})
    return text


def _rows(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of every line that holds something."""
    head = next(line for line in text.splitlines() if line.strip())
    separator = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            first, line = line, reader.line_num + 1
            if any(cell.strip() for cell in cells):
                yield first, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InvalidUpload(
            _(
                "%(file)s, line %(line)d is not CSV (%(reason)s). Often a quotation "
                "mark is missing there or before."
            )
            % {"file": name, "line": reader.line_num, "reason": error}
        ) from None


def _read_header(name: str, cells: Sequence[str]) -> dict[str, int]:
    names = [cell.lower() for cell in cells]
    missing = [column for column in _NEEDED if column not in names]
    if missing:
        raise InvalidUpload(
            _(
                "%(file)s, line 1: column %(missing)s is missing. The columns are "
                "%(columns)s."
            )
            % {
                "file": name,
                "missing": ", ".join(missing),
                "columns": "; ".join(COLUMNS),
            }
        )
    strange = [one for one in names if one not in COLUMNS]
    twice = [one for one in COLUMNS if names.count(one) > 1]
    if strange or twice:
        raise InvalidUpload(
            _("%(file)s, line 1: “%(column)s” is no column of this file, or twice.")
            % {"file": name, "column": _shown((strange + twice)[0])}
        )
    return {one: names.index(one) for one in names}


@dataclass(slots=True)
class _Line:
    number: int
    cells: Sequence[str]
    places: Mapping[str, int]
    today: date
    faults: list[Fault] = field(default_factory=list)

    def read(self) -> UploadLine | None:
        """Return the line, or None with what is wrong in ``faults``."""
        if len(self.cells) > len(self.places):
            self._refuse(
                "agb_code",
                self.cells[-1],
                _("the line has more cells than the header."),
            )
            return None
        agb_code = self._cell("agb_code")
        if not (len(agb_code) == 8 and _WHOLE.fullmatch(agb_code)):
            self._refuse("agb_code", agb_code, _("give 8 digits."))
        indicator = self._cell("indicator")
        if indicator not in UPLOADED:
            self._refuse(
                "indicator",
                indicator,
                _("give one of %(codes)s.") % {"codes": ", ".join(UPLOADED)},
            )
            return None
        first, last = self._day("first_day"), self._day("last_day")
        if first and last:
            self._check_period(first, last)
        count = self._whole("count", most=MOST_PEOPLE)
        number, score, deviation = self._values(indicator, count)
        if self.faults or first is None or last is None or count is None:
            return None
        return UploadLine(
            line=self.number,
            agb_code=agb_code,
            indicator=indicator,
            valid_from=first,
            valid_until=last + timedelta(days=1),
            count=count,
            number=number,
            score=score,
            deviation=deviation,
        )

    def _values(
        self, indicator: str, count: int | None
    ) -> tuple[int | None, float | None, float | None]:
        if indicator in SCORES:
            self._empty("number", _("leave it empty: this indicator has a score."))
            if count == 0:
                return None, None, None
            low, high = UPLOADED[indicator]
            score = self._decimal("score", low, high)
            deviation = (
                self._decimal("deviation", 0.0, (high - low) / 2)
                if self._cell("deviation")
                else None
            )
            return None, score, deviation
        for column in ("score", "deviation"):
            self._empty(column, _("leave it empty: this indicator has a number."))
        if count == 0:
            return None, None, None
        number = self._whole("number", most=MOST_PEOPLE)
        if number is not None and count is not None and number > count:
            self._refuse(
                "number",
                str(number),
                _("it cannot be more than count (%(count)d).") % {"count": count},
            )
        return number, None, None

    def _check_period(self, first: date, last: date) -> None:
        if last < first:
            self._refuse(
                "last_day", last.isoformat(), _("it lies before first_day: mend one.")
            )
        elif (last - first).days >= MOST_DAYS:
            self._refuse(
                "last_day",
                last.isoformat(),
                _("the period is longer than a year: split it."),
            )
        if last > self.today:
            self._refuse(
                "last_day",
                last.isoformat(),
                _("it lies in the future: bring it in when the period is over."),
            )

    def _cell(self, column: str) -> str:
        place = self.places.get(column)
        return (
            self.cells[place] if place is not None and place < len(self.cells) else ""
        )

    def _refuse(self, column: str, value: str, expected: str) -> None:
        self.faults.append(Fault(self.number, column, _shown(value), expected))

    def _empty(self, column: str, expected: str) -> None:
        if self._cell(column):
            self._refuse(column, self._cell(column), expected)

    def _day(self, column: str) -> date | None:
        text = self._cell(column)
        try:
            # Only 2026-03-01: other forms of ISO are easily misread.
            if len(text) == 10:
                return date.fromisoformat(text)
        except ValueError:
            pass
        self._refuse(column, text, _("write the day as 2026-03-01."))
        return None

    def _whole(self, column: str, *, most: int) -> int | None:
        text = self._cell(column)
        if _WHOLE.fullmatch(text) and int(text) <= most:
            return int(text)
        self._refuse(
            column,
            text,
            _("give a whole number from 0 to %(most)d.") % {"most": most},
        )
        return None

    def _decimal(self, column: str, low: float, high: float) -> float | None:
        text = self._cell(column)
        if _DECIMAL.fullmatch(text):
            value = float(text.replace(",", "."))
            if low <= value <= high:
                return value
        self._refuse(
            column,
            text,
            _("give a number from %(low)g to %(high)g.") % {"low": low, "high": high},
        )
        return None


def _shown(value: str) -> str:
    """Return a value fit for a message: short, without control characters."""
    short = value if len(value) <= 60 else f"{value[:57]}..."
    return "".join(sign if sign.isprintable() else "?" for sign in short)
