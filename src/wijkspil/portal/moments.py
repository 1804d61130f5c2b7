"""The moment a page answers for: now, or one somebody chose, by the local clock.

Pure: the present is an argument.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.core.errors import InvalidValue
from wijkspil.directory.opening_hours import AMSTERDAM, clock_moment

#: Coverage is agreed for years at most; further away an answer would be made up.
FURTHEST = timedelta(days=2 * 366)
_NIGHT = "03:00"
_MORNING = "10:00"


@dataclass(frozen=True, slots=True)
class MomentChoice:
    """A moment that is one tap away; ``value`` goes into the address."""

    label: object
    value: str


def read_moment(text: str, *, now: datetime) -> datetime:
    """Return the moment somebody chose; empty is now.

    ``text`` is local time as a browser sends it (``2026-11-21T03:00``); an offset is
    understood. A time the clock skips is taken as the first moment after it.

    Raises
    ------
    InvalidValue
        If it is no moment, or more than two years away.
    """
    text = text.strip()
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(
            _("“%(value)s” is not a date with a time. Write it as 2026-11-21T03:00.")
            % {"value": text[:40]},
            field="moment",
        ) from None
    # Years first: the ends of the calendar have no time zone to go to.
    is_near = abs(moment.year - now.year) <= 3
    if is_near and moment.tzinfo is None:
        moment = clock_moment(moment.date(), f"{moment:%H:%M}")
    if not is_near or abs(moment - now) > FURTHEST:
        raise InvalidValue(
            _("%(value)s is too far away. Choose a moment within two years.")
            % {"value": text[:40]},
            field="moment",
        )
    return moment


def write_moment(moment: datetime) -> str:
    """Return a moment as a browser's field for date and time holds it."""
    return f"{moment.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M}"


def next_night(now: datetime) -> datetime:
    """Return the next 3 o'clock at night after ``now``."""
    return _next_clock(now, _NIGHT)


def next_working_day(now: datetime, *, holidays: frozenset[date]) -> datetime:
    """Return 10 o'clock on the next working day after today."""
    day = now.astimezone(AMSTERDAM).date() + timedelta(days=1)
    while day.weekday() > 4 or day in holidays:
        day += timedelta(days=1)
    return clock_moment(day, _MORNING)


def list_choices(now: datetime) -> list[MomentChoice]:
    """Return the moments one tap away: now, tonight at 3, tomorrow at 10."""
    tomorrow = now.astimezone(AMSTERDAM).date() + timedelta(days=1)
    return [
        MomentChoice(gettext_lazy("now"), ""),
        MomentChoice(gettext_lazy("tonight at 3:00"), write_moment(next_night(now))),
        MomentChoice(
            gettext_lazy("tomorrow at 10:00"),
            write_moment(clock_moment(tomorrow, _MORNING)),
        ),
    ]


def _next_clock(now: datetime, clock: str) -> datetime:
    today = now.astimezone(AMSTERDAM).date()
    moment = clock_moment(today, clock)
    return moment if moment > now else clock_moment(today + timedelta(days=1), clock)
