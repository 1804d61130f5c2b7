"""Periods of partial dates, in microseconds since 1970, half-open."""

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wijkspil.fhir.types import tick_of

#: Where a date without offset is read.
_ZONE = ZoneInfo("Europe/Amsterdam")
#: Begin and end of what has none.
ALWAYS_BEFORE = -(2**62)
ALWAYS_AFTER = 2**62

_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})"
    r"([T ](?P<hour>\d{2}):(?P<minute>\d{2})(:(?P<second>\d{2})(\.(?P<part>\d+))?)?"
    r"(?P<zone>Z|[+ -]\d{2}:\d{2})?)?)?)?"
)


def period_of_date(text: str) -> tuple[int, int] | None:
    """Return the period a date of any precision names, or None if it is no date.

    ``2026-07`` is the whole month; a moment is as long as its last digit says. A blank
    for the plus of an offset is read as a plus, as addresses often lose it.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return _period_of(match)
    except (ValueError, OverflowError):
        return None


def _period_of(match: re.Match[str]) -> tuple[int, int]:
    year, month, day = (int(match[name] or 0) for name in ("year", "month", "day"))
    if not match["hour"]:
        first = date(year, month or 1, day or 1)
        if day:
            days = 1
        elif month:
            days = calendar.monthrange(year, month)[1]
        else:
            days = 366 if calendar.isleap(year) else 365
        return _start_of(first), _start_of(first + timedelta(days=days))
    zone = _zone_of(match["zone"])
    moment = datetime(  # noqa: DTZ001 - the zone follows
        year, month, day, int(match["hour"]), int(match["minute"])
    ).replace(tzinfo=zone, second=int(match["second"] or 0))
    start = tick_of(moment.astimezone(UTC))
    if not match["second"]:
        return start, start + 60_000_000
    digits = (match["part"] or "")[:6]
    start += int(digits.ljust(6, "0"))
    return start, start + 10 ** (6 - len(digits))


def _start_of(day: date) -> int:
    return tick_of(datetime(day.year, day.month, day.day, tzinfo=_ZONE).astimezone(UTC))


def _zone_of(text: str | None) -> Any:
    if text is None:
        return _ZONE
    if text == "Z":
        return UTC
    return datetime.strptime(text.replace(" ", "+"), "%z").tzinfo


def period_of_element(element: Any) -> tuple[int, int] | None:
    """Return the period of a date, dateTime, instant or Period."""
    if isinstance(element, str):
        return period_of_date(element)
    if not isinstance(element, dict):
        return None
    start = period_of_date(str(element.get("start", "")))
    end = period_of_date(str(element.get("end", "")))
    return start[0] if start else ALWAYS_BEFORE, end[1] if end else ALWAYS_AFTER
