"""Opening hours: is a service open at this moment, when, and when again?

Opening hours are local clock times per weekday (FHIR ``availableTime``); everything
that comes out is in UTC. The rules:

- An empty list means that no opening hours are known, which counts as never open.
- On a public holiday a service is closed the whole local day, unless it says it is
  open on holidays; then its usual hours of that weekday hold.
- A clock time stands for the first moment of that local day at which the clock in
  Amsterdam shows that time or a later one. So 02:30 is 03:00 in the night that the
  clock goes forward, and the first of the two 02:30s in the night that it goes back;
  a full day has 23 or 25 hours, and lines that touch on the clock touch in time.

It does not know who is on duty: outside opening hours a duty period may answer.
No clock and no database: the moment and the holidays are arguments.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays as public_holidays

from wijkspil.core.errors import InvalidValue
from wijkspil.core.periods import Period
from wijkspil.directory.types import WEEKDAYS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

#: Lines as kept in ``HealthcareService.opening_hours``:
#: ``{"days": ["mon"], "from": "08:00", "until": "17:00"}``; "24:00" ends a day.
OpeningHours = Sequence[Mapping[str, Any]]

#: Days looked ahead for the next opening. The longest run of closed days of a service
#: that opens one day a week is three weeks (25 December and 1 January).
HORIZON_DAYS = 35

_DAY = timedelta(days=1)


def dutch_holidays(years: Iterable[int]) -> frozenset[date]:
    """Return the local dates on which Dutch offices are closed.

    New Year's Day, both Easter days, King's Day, Liberation Day (5 May) in years that
    divide by five, Ascension Day, both Whit days and both Christmas days: the feast
    days of the collective agreement for nursing and home care (cao VVT). Good Friday
    is left out: it is no general day off.
    """
    return frozenset(day for year in years for day in _dutch_holidays(year))


@lru_cache(maxsize=4096)
def _dutch_holidays(year: int) -> frozenset[date]:
    # The names decide, so the language is fixed: by default it follows the locale.
    named = public_holidays.country_holidays("NL", years=year, language="en_US")
    return frozenset(day for day, name in named.items() if name != "Good Friday")


def local_years(period: Period) -> range:
    """Return the local years that ``period`` touches, to ask the holidays of."""
    return range(
        period.start.astimezone(AMSTERDAM).year,
        period.end.astimezone(AMSTERDAM).year + 1,
    )


def is_open(
    opening_hours: OpeningHours,
    is_open_on_holidays: bool,
    moment: datetime,
    *,
    holidays: AbstractSet[date],
) -> bool:
    """Return whether ``moment`` falls within the opening hours.

    ``holidays`` must hold those of the local year of ``moment``.

    Raises
    ------
    InvalidValue
        If ``moment`` has no time zone.
    """
    moment = _in_utc(moment)
    day = moment.astimezone(AMSTERDAM).date()
    return any(
        start <= moment < end
        for start, end in _spans_of_day(
            opening_hours, is_open_on_holidays, day, holidays
        )
    )


def open_spans(
    opening_hours: OpeningHours,
    is_open_on_holidays: bool,
    period: Period,
    holidays: AbstractSet[date],
) -> list[Period]:
    """Return when it is open within ``period``: UTC, in order, merged, disjoint.

    ``holidays`` must hold those of every local year in ``period``.
    """
    start, end = period.start.astimezone(UTC), period.end.astimezone(UTC)
    spans = sorted(
        span
        for day in _local_days(start, end)
        for span in _spans_of_day(opening_hours, is_open_on_holidays, day, holidays)
    )
    merged: list[tuple[datetime, datetime]] = []
    for span_start, span_end in spans:
        if merged and span_start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span_end))
        else:
            merged.append((span_start, span_end))
    return [
        Period(max(span_start, start), min(span_end, end))
        for span_start, span_end in merged
        if span_start < end and span_end > start
    ]


def next_opening(
    opening_hours: OpeningHours,
    is_open_on_holidays: bool,
    moment: datetime,
    *,
    holidays: AbstractSet[date],
) -> datetime | None:
    """Return the first moment from ``moment`` on that it is open, in UTC.

    That is ``moment`` itself when it is open then, and None when it does not open in
    the next 35 days. ``holidays`` must hold those of the local years of that stretch.

    Raises
    ------
    InvalidValue
        If ``moment`` has no time zone.
    """
    moment = _in_utc(moment)
    for day in _local_days(moment, moment + HORIZON_DAYS * _DAY):
        starts = [
            max(start, moment)
            for start, end in _spans_of_day(
                opening_hours, is_open_on_holidays, day, holidays
            )
            if end > moment
        ]
        if starts:
            return min(starts)
    return None


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidValue(f"{moment.isoformat()} has no time zone: add one.")
    return moment.astimezone(UTC)


def _local_days(start: datetime, end: datetime) -> Iterator[date]:
    day = start.astimezone(AMSTERDAM).date()
    last = end.astimezone(AMSTERDAM).date()
    while day <= last:
        yield day
        day += _DAY


def _spans_of_day(
    opening_hours: OpeningHours,
    is_open_on_holidays: bool,
    day: date,
    holidays: AbstractSet[date],
) -> list[tuple[datetime, datetime]]:
    if day in holidays and not is_open_on_holidays:
        return []
    weekday = WEEKDAYS[day.weekday()]
    spans = [
        (clock_moment(day, line["from"]), clock_moment(day, line["until"]))
        for line in opening_hours
        if weekday in line["days"]
    ]
    # A line inside the skipped hour of spring has no length.
    return [(start, end) for start, end in spans if start < end]


@lru_cache(maxsize=4096)
def clock_moment(day: date, clock: str) -> datetime:
    """Return in UTC when the clock of ``day`` first shows ``clock`` or later.

    ``clock`` is ``HH:MM``; ``24:00`` is the next midnight.

    Raises
    ------
    InvalidValue
        If ``clock`` is not written so.
    """
    try:
        hour, minute = int(clock[:2]), int(clock[3:])
        if clock == "24:00":
            return clock_moment(day + _DAY, "00:00")
        local = datetime.combine(day, time(hour, minute), AMSTERDAM)
    except (ValueError, TypeError, IndexError) as error:
        raise InvalidValue(
            f"“{clock}” is not a clock time: write it as 08:00, at most 24:00."
        ) from error
    moment = local.astimezone(UTC)
    if moment.astimezone(AMSTERDAM).time() == local.time():
        return moment
    # The clock skips this time; it changes at 01:00 UTC (Directive 2000/84/EC).
    return datetime.combine(day, time(1), UTC)
