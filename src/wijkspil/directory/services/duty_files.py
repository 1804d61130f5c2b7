"""Duties as a file: read and write CSV (for spreadsheets) and ICS (RFC 5545).

Answers what stands on each line and what on it cannot be read. It knows no database:
whether a service or an area exists, and who may enter what, is in ``duty_exchange``.

CSV: UTF-8, with or without BOM, separated by ``;`` or ``,``, columns in any order.
ICS: one VEVENT per duty; repeating events are refused, because every duty must stand
in the roster by itself.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

import icalendar  # type: ignore[import-untyped]
from django.utils.translation import gettext as _

from wijkspil.core.errors import InvalidValue
from wijkspil.core.spreadsheets import guarded, unguarded
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.duty import WrittenDuty
from wijkspil.directory.types import AreaKind, Care

#: Columns of the CSV; the last ones may be absent or empty.
REQUIRED = ("area_kind", "area_code", "person_name", "phone", "start", "end")
OPTIONAL = ("service_code", "care", "rank", "uid")
COLUMNS = (
    *("service_code", "area_kind", "area_code", "care", "rank"),
    *("person_name", "phone", "start", "end", "uid"),
)
#: Largest file and longest roster that is taken at once.
MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
MOST_RANK = 99

_DUTCH = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})[ T](\d{1,2}):(\d{2})")
_DIGITS_OF_PHONE = re.compile(r"\+?\d[\d ().-]{1,20}\d")


class BadCell(NamedTuple):
    """One value that cannot be taken: where it stands, what it is, what is expected."""

    file: str
    line: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        return _("%(file)s, line %(line)d, %(column)s: “%(value)s”. %(expected)s") % {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "value": printable(self.value),
            "expected": self.expected,
        }


class FileDuty(NamedTuple):
    """One duty as a line of the file gives it; ``service`` and ``area`` unchecked."""

    line: int
    uid: str
    service: str
    area_kind: str
    area_code: str
    care: str
    rank: int
    person_name: str
    phone: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class ReadFile:
    """What a file holds: duties, and what on other lines cannot be read."""

    name: str
    duties: tuple[FileDuty, ...]
    refused: tuple[BadCell, ...]


class UnreadableDutyFile(InvalidValue):
    """The file as a whole cannot be read; the message says why and what to do."""

    code = "unreadable-duty-file"


def printable(value: str, *, longest: int = 60) -> str:
    """Return a value fit for a message: short, without control characters."""
    short = value if len(value) <= longest else f"{value[: longest - 3]}..."
    return "".join(sign if sign.isprintable() else "�" for sign in short)


def read_duty_file(name: str, content: bytes) -> ReadFile:
    """Return the duties of a CSV or ICS file; which it is shows in its content.

    Raises
    ------
    UnreadableDutyFile
        If it is too large, no text in UTF-8, empty, or of another form.
    """
    name = printable(name.replace("\\", "/").rpartition("/")[2]) or "-"
    if len(content) > MOST_BYTES:
        raise UnreadableDutyFile(
            _(
                "%(file)s has %(size)d kB; at most %(most)d kB is taken. Split it by "
                "month."
            )
            % {"file": name, "size": len(content) // 1000, "most": MOST_BYTES // 1000}
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableDutyFile(
            _("%(file)s, line %(line)d is not UTF-8. Save the file as “CSV UTF-8”.")
            % {"file": name, "line": line}
        ) from None
    if "\0" in text:
        raise UnreadableDutyFile(
            _("%(file)s is no text file. Export the roster as CSV or ICS.")
            % {"file": name}
        )
    if not text.strip():
        raise UnreadableDutyFile(
            _("%(file)s is empty. Export the roster again.") % {"file": name}
        )
    if text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        return _read_ics(name, text)
    return _read_csv(name, text)


# --- CSV


def _read_csv(name: str, text: str) -> ReadFile:
    lines = text.splitlines()
    head = next((line for line in lines if line.strip()), "")
    separator = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    duties: list[FileDuty] = []
    refused: list[BadCell] = []
    places: dict[str, int] = {}
    count = 0
    line = 1
    try:
        for cells in reader:
            first_line, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not places:
                places = _check_header(name, cells)
                continue
            count += 1
            _check_count(name, count)
            row = _CsvRow(name, first_line, cells, places)
            duty = row.duty()
            refused += row.refused
            if duty is not None:
                duties.append(duty)
    except csv.Error as error:
        raise UnreadableDutyFile(
            _(
                "%(file)s, line %(line)d is not CSV (%(reason)s). Often a quotation "
                "mark is missing there or before."
            )
            % {"file": name, "line": reader.line_num, "reason": error}
        ) from None
    if not count:
        raise UnreadableDutyFile(
            _("%(file)s has a header and no duties. Export the roster again.")
            % {"file": name}
        )
    return ReadFile(name, tuple(duties), tuple(refused))


def _check_count(name: str, count: int) -> None:
    if count > MOST_ROWS:
        raise UnreadableDutyFile(
            _("%(file)s has more than %(most)d duties. Split it by month.")
            % {"file": name, "most": MOST_ROWS}
        )


def _check_header(name: str, cells: Sequence[str]) -> dict[str, int]:
    header = [cell.strip().lower() for cell in cells]
    missing = [column for column in REQUIRED if column not in header]
    twice = [column for column in COLUMNS if header.count(column) > 1]
    unknown = [column for column in header if column and column not in COLUMNS]
    if missing:
        raise UnreadableDutyFile(
            _("%(file)s, line 1: the column %(missing)s is missing. Found: %(found)s.")
            % {
                "file": name,
                "missing": ", ".join(missing),
                "found": printable(", ".join(header), longest=200) or "-",
            }
        )
    if twice or unknown:
        raise UnreadableDutyFile(
            _(
                "%(file)s, line 1: the column “%(column)s” is not known or there "
                "twice. Columns are: %(known)s."
            )
            % {
                "file": name,
                "column": printable((twice or unknown)[0]),
                "known": ", ".join(COLUMNS),
            }
        )
    return {column: place for place, column in enumerate(header) if column}


class _CsvRow:
    """One line of the CSV; collects everything on it that cannot be read."""

    def __init__(
        self, file: str, line: int, cells: Sequence[str], places: Mapping[str, int]
    ) -> None:
        self.refused: list[BadCell] = []
        self._file = file
        self._line = line
        self._cells = cells
        self._places = places

    def duty(self) -> FileDuty | None:
        """Return the duty, or None with ``refused`` filled."""
        surplus = [c for c in self._cells[len(self._places) :] if c.strip()]
        if surplus and len(self._cells) > max(self._places.values()) + 1:
            self._refuse(
                "-",
                surplus[0],
                _("There are more values than columns: is a separator in a value?"),
            )
        kind = self._choice("area_kind", AreaKind.values, AreaKind.WIJK)
        care = self._choice("care", Care.values, "")
        duty = FileDuty(
            line=self._line,
            uid=self._uid(),
            service=self._cell("service_code"),
            area_kind=kind,
            area_code=self._filled("area_code", _("Give the code of the area.")),
            care=care,
            rank=self._rank(),
            person_name=self._filled(
                "person_name", _("Give the name of who is on duty."), longest=120
            ),
            phone=self._filled("phone", _("Give the number to call."), longest=30),
            start=self._moment("start"),
            end=self._moment("end"),
        )
        return None if self.refused else duty

    def _cell(self, column: str) -> str:
        place = self._places.get(column)
        if place is None or place >= len(self._cells):
            return ""
        return unguarded(self._cells[place].strip())

    def _refuse(self, column: str, value: str, expected: str) -> None:
        self.refused.append(BadCell(self._file, self._line, column, value, expected))

    def _filled(self, column: str, expected: str, *, longest: int = 60) -> str:
        value = self._cell(column)
        if not value:
            self._refuse(column, value, expected)
        elif len(value) > longest:
            self._refuse(column, value, _("At most %(n)d characters.") % {"n": longest})
        return value

    def _choice(self, column: str, known: Sequence[str], default: str) -> str:
        value = self._cell(column).lower()
        if value and value not in known:
            self._refuse(
                column,
                value,
                _("Choose from: %(known)s.") % {"known": ", ".join(known)},
            )
        return value or default

    def _uid(self) -> str:
        uid = self._cell("uid")
        if len(uid) > 255:
            self._refuse("uid", uid, _("At most %(n)d characters.") % {"n": 255})
        return uid

    def _rank(self) -> int:
        value = self._cell("rank") or "1"
        rank = parse_rank(value)
        if rank is None:
            self._refuse(
                "rank", value, _("A whole number from 1, who is called first.")
            )
        return rank or 1

    def _moment(self, column: str) -> datetime:
        value = self._cell(column)
        try:
            return parse_moment(value)
        except ValueError as error:
            self._refuse(column, value, str(error))
            return datetime.min.replace(tzinfo=UTC)


def parse_rank(text: str) -> int | None:
    """Return a place in the line, 1 to 99, or None."""
    if text.isascii() and text.isdigit() and len(text) < 4:
        rank = int(text)
        return rank if 1 <= rank <= MOST_RANK else None
    return None


def parse_moment(text: str) -> datetime:
    """Return a moment: ISO 8601 or 24-11-2026 23:00; without zone it is local.

    Raises
    ------
    ValueError
        If it is no moment, or a local one that the change of the clock makes unclear;
        the message says what is expected.
    """
    found = _DUTCH.fullmatch(text)
    try:
        if found:
            day, month, year, hour, minute = map(int, found.groups())
            moment = datetime(year, month, day, hour, minute)  # noqa: DTZ001
        elif re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", text):
            moment = datetime.fromisoformat(text)
        else:
            raise ValueError
    except ValueError:
        raise ValueError(
            _("Write it as 2026-11-24T23:00, or as 2026-11-24T23:00+01:00.")
        ) from None
    if not 2000 <= moment.year <= 2200:
        raise ValueError(_("Give a year between 2000 and 2200."))
    return moment if moment.tzinfo else localized(moment, AMSTERDAM)


def localized(moment: datetime, zone: tzinfo) -> datetime:
    """Return a wall-clock moment in its zone.

    Raises
    ------
    ValueError
        If the clock never shows it, or shows it twice, that night.
    """
    early = moment.replace(tzinfo=zone, fold=0)
    late = moment.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise ValueError(
                _("The clock goes forward here: this time does not exist. Choose 3:00.")
            )
        raise ValueError(
            _("The clock goes back here: this time comes twice. Add +02:00 or +01:00.")
        )
    return early


def write_csv(duties: Iterable[WrittenDuty]) -> str:
    """Return the duties as CSV that ``read_duty_file`` takes back."""
    out = io.StringIO()
    out.write("\ufeff")  # tells Excel that this is UTF-8
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for duty in duties:
        writer.writerow(
            [
                duty.service_id,
                duty.area_kind,
                guarded(duty.area_code),
                duty.care,
                duty.rank,
                guarded(duty.person_name),
                guarded(duty.phone),
                duty.start.astimezone(AMSTERDAM).isoformat(timespec="minutes"),
                duty.end.astimezone(AMSTERDAM).isoformat(timespec="minutes"),
                guarded(duty.uid),
            ]
        )
    return out.getvalue()


# --- ICS


def write_ics(
    duties: Iterable[WrittenDuty],
    *,
    name: str,
    with_names: bool,
    with_phone: bool,
) -> str:
    """Return the duties as a calendar; moments in UTC.

    With names it can be read back. Without, it holds initials only: for a calendar
    program that others may look into. A phone number only ``with_phone``. The UID
    stays through changes; SEQUENCE only ever grows.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Wijkspil//duties//NL")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "Europe/Amsterdam")
    for duty in duties:
        event = icalendar.Event()
        role = _("on duty, number %(rank)d") % {"rank": duty.rank}
        event.add("uid", duty.uid)
        event.add("dtstamp", duty.changed_at.astimezone(UTC))
        event.add("last-modified", duty.changed_at.astimezone(UTC))
        event.add("sequence", duty.version)
        event.add("dtstart", duty.start.astimezone(UTC))
        event.add("dtend", duty.end.astimezone(UTC))
        event.add(
            "summary",
            duty.person_name if with_names else f"{initials(duty.person_name)}, {role}",
        )
        event.add("location", duty.area_name)
        event.add("transp", "OPAQUE")
        event.add("categories", [role])
        event.add("x-wijkspil-area", f"{duty.area_kind}/{duty.area_code}")
        event.add("x-wijkspil-care", duty.care)
        event.add("x-wijkspil-rank", str(duty.rank))
        if with_phone:
            event.add("contact", duty.phone)
            event.add("x-wijkspil-phone", duty.phone)
        calendar.add_component(event)
    return str(calendar.to_ical().decode())


def initials(name: str) -> str:
    """Return the initials of a name, as shown where others may look on."""
    words = re.findall(r"[^\W\d_]+", name)
    return ".".join(word[0].upper() for word in words) + "." if words else "?"


def _read_ics(name: str, text: str) -> ReadFile:
    try:
        calendar: Any = icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError) as error:
        raise UnreadableDutyFile(
            _("%(file)s is no complete calendar (%(reason)s). Export it again as ICS.")
            % {"file": name, "reason": printable(str(error), longest=120)}
        ) from None
    events = calendar.walk("VEVENT")
    if not events:
        raise UnreadableDutyFile(
            _("%(file)s holds no events. Export the roster again.") % {"file": name}
        )
    _check_count(name, len(events))
    duties: list[FileDuty] = []
    refused: list[BadCell] = []
    for line, event in zip(_event_lines(text), events, strict=False):
        if str(event.get("status", "")).upper() == "CANCELLED":
            continue
        row = _IcsEvent(name, line, event)
        duty = row.duty()
        refused += row.refused
        if duty is not None:
            duties.append(duty)
    return ReadFile(name, tuple(duties), tuple(refused))


def _event_lines(text: str) -> Iterator[int]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().upper() == "BEGIN:VEVENT":
            yield number


class _IcsEvent:
    """One event of the calendar; collects what of it cannot be read."""

    def __init__(self, file: str, line: int, event: Any) -> None:
        self.refused: list[BadCell] = []
        self._file = file
        self._line = line
        self._event = event

    def duty(self) -> FileDuty | None:
        """Return the duty, or None with ``refused`` filled."""
        for name, value in self._event.errors:
            self._refuse(name or "-", str(value), _("This property cannot be read."))
        for name in ("RRULE", "RDATE", "RECURRENCE-ID"):
            if name in self._event:
                self._refuse(
                    name,
                    self._text(name) or "-",
                    _(
                        "Repeating events are not taken: export every duty as an "
                        "event of its own."
                    ),
                )
        kind, code = self._area()
        care = self._text("X-WIJKSPIL-CARE").lower()
        if care and care not in Care.values:
            self._refuse(
                "X-WIJKSPIL-CARE",
                care,
                _("Choose from: %(known)s.") % {"known": ", ".join(Care.values)},
            )
        rank_text = self._text("X-WIJKSPIL-RANK") or "1"
        rank = parse_rank(rank_text)
        if rank is None:
            self._refuse(
                "X-WIJKSPIL-RANK",
                rank_text,
                _("A whole number from 1, who is called first."),
            )
        start = self._moment("DTSTART")
        end = self._end(start)
        duty = FileDuty(
            line=self._line,
            uid=self._filled("UID", _("Every event has a UID."), longest=255),
            service="",
            area_kind=kind,
            area_code=code,
            care=care,
            rank=rank or 1,
            person_name=self._filled(
                "SUMMARY", _("Give the name of who is on duty."), longest=120
            ),
            phone=self._phone(),
            start=start,
            end=end,
        )
        return None if self.refused else duty

    def _refuse(self, column: str, value: str, expected: str) -> None:
        self.refused.append(BadCell(self._file, self._line, column, value, expected))

    def _text(self, name: str) -> str:
        value = self._event.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            return ""
        if hasattr(value, "to_ical") and not isinstance(value, str):
            return str(value.to_ical().decode()).strip()
        return str(value).strip()

    def _filled(self, name: str, expected: str, *, longest: int) -> str:
        value = self._text(name)
        if not value:
            self._refuse(name, value, expected)
        elif len(value) > longest:
            self._refuse(name, value, _("At most %(n)d characters.") % {"n": longest})
        return value

    def _area(self) -> tuple[str, str]:
        """Return kind and code; empty when the area is chosen on the form."""
        value = self._text("X-WIJKSPIL-AREA")
        kind, slash, code = value.rpartition("/")
        kind = kind.strip().lower() if slash else str(AreaKind.WIJK)
        if value and kind not in AreaKind.values:
            self._refuse(
                "X-WIJKSPIL-AREA",
                value,
                _("Write it as wijk/WK051801; kinds are: %(known)s.")
                % {"known": ", ".join(AreaKind.values)},
            )
        return (kind, code.strip()) if value else ("", "")

    def _phone(self) -> str:
        for name in ("X-WIJKSPIL-PHONE", "CONTACT"):
            if value := self._text(name):
                return value[:31]
        found = _DIGITS_OF_PHONE.search(self._text("DESCRIPTION"))
        if found:
            return found[0]
        self._refuse(
            "CONTACT",
            "",
            _("Give the number to call in CONTACT or X-WIJKSPIL-PHONE."),
        )
        return ""

    def _moment(self, name: str) -> datetime:
        value = self._event.get(name)
        moment = getattr(value, "dt", None)
        text = self._text(name)
        if not isinstance(moment, datetime):
            expected = (
                _("Give the time as well: a whole day is no duty.")
                if isinstance(moment, date)
                else _("Give a moment, as 20261124T230000.")
            )
            self._refuse(name, text, expected)
            return datetime.min.replace(tzinfo=UTC)
        if not 2000 <= moment.year <= 2200:
            self._refuse(name, text, _("Give a year between 2000 and 2200."))
            return datetime.min.replace(tzinfo=UTC)
        if moment.tzinfo is not None and not hasattr(moment.tzinfo, "key"):
            return moment
        zone = moment.tzinfo or AMSTERDAM
        try:
            return localized(moment.replace(tzinfo=None), zone)
        except ValueError as error:
            self._refuse(name, text, str(error))
            return datetime.min.replace(tzinfo=UTC)

    def _end(self, start: datetime) -> datetime:
        if "DTEND" in self._event:
            return self._moment("DTEND")
        lasts = getattr(self._event.get("DURATION"), "dt", None)
        if isinstance(lasts, timedelta) and abs(lasts) < timedelta(days=400):
            # A duration counts real hours, so it is added in UTC.
            return start.astimezone(UTC) + lasts if start.year > 1 else start
        self._refuse("DTEND", "", _("Give the end: DTEND or DURATION."))
        return start
