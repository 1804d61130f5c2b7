"""How are opening hours said in one line? "Mon-Fri 8:00-17:00; Sat 9:00-12:00"."""

from collections.abc import Iterable
from datetime import time
from functools import lru_cache

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import time_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from wijkspil.directory.opening_hours import OpeningHours
from wijkspil.directory.types import WEEKDAYS

#: Days, start and end as clock times; an end before the start is the next morning.
_Line = tuple[tuple[int, ...], str, str]


def say_opening_hours(lines: OpeningHours) -> str:
    """Return the hours in the active language; empty when none are known."""
    language = get_language()
    return "; ".join(_say_line(language, line) for line in _over_midnight(lines))


def _over_midnight(lines: OpeningHours) -> list[_Line]:
    """Join "17:00-24:00" and "0:00-8:00" of the same days into one night."""
    plain: list[_Line] = [
        (tuple(sorted(map(WEEKDAYS.index, line["days"]))), line["from"], line["until"])
        for line in lines
    ]
    mornings = {days: until for days, start, until in plain if start == "00:00"}
    joined: list[_Line] = []
    for days, start, until in plain:
        morning = mornings.get(days, "24:00")
        if until == "24:00" and start > morning:
            joined.append((days, start, morning))
        elif start == "00:00" and until != "24:00" and _has_evening(plain, days, until):
            continue
        else:
            joined.append((days, start, until))
    return joined


def _has_evening(lines: Iterable[_Line], days: tuple[int, ...], morning: str) -> bool:
    return any(
        other == days and until == "24:00" and start > morning
        for other, start, until in lines
    )


# Many services keep the same hours.
@lru_cache(maxsize=4096)
def _say_line(_language: str | None, line: _Line) -> str:
    days, start, until = line
    if (start, until) != ("00:00", "24:00"):
        return f"{_say_days(days)} {_say_clock(start)}–{_say_clock(until)}"
    if len(days) == len(WEEKDAYS):
        return _("always open")
    return _("%(days)s all day") % {"days": _say_days(days)}


def _say_days(days: tuple[int, ...]) -> str:
    """Return "daily", "Mon-Fri", or the days one by one."""
    if len(days) == len(WEEKDAYS):
        return _("daily")
    names = [str(WEEKDAYS_ABBR[number]).lower() for number in days]
    in_a_row = days == tuple(range(days[0], days[-1] + 1))
    if in_a_row and len(days) > 2:
        return f"{names[0]}–{names[-1]}"
    return ", ".join(names)


def _say_clock(clock: str) -> str:
    return _write_clock(clock, pgettext("format of a time of day", "G:i"))


@lru_cache(maxsize=4096)
def _write_clock(clock: str, form: str) -> str:
    if clock == "24:00":
        clock = "00:00"
    return time_format(time.fromisoformat(clock), form)
