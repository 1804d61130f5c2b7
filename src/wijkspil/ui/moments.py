"""How do people say this moment? "vandaag voor 17.00 uur", "over 35 minuten".

Pure: the present is always an argument. Times are said in the current time zone and
in the active language; the clock has 24 hours in both.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, ngettext, pgettext

#: Nearer than this, a moment is said as a number of minutes.
NEARBY = timedelta(minutes=60)
#: Within this many days a weekday is clear enough.
WEEKDAY_DAYS = 6


def say_clock(moment: datetime) -> str:
    """Return the time of day: "8.12" in Dutch, "8:12" in English."""
    return _say_time(timezone.localtime(moment))


# A page says dozens of moments, and the same days and minutes come back on each.
def _say_time(local: datetime) -> str:
    form = pgettext("format of a time of day", "G:i")
    return _write_clock(local.hour, local.minute, form)


@lru_cache(maxsize=4096)
def _write_clock(hour: int, minute: int, form: str) -> str:
    return formats.time_format(time(hour, minute), form)


def _write_day(day: date, form: str) -> str:
    return _write_day_in(get_language(), day, form)


@lru_cache(maxsize=4096)
def _write_day_in(language: str | None, day: date, form: str) -> str:
    return formats.date_format(day, form)


def say_day(day: date, today: date) -> str:
    """Return the day in words: today, yesterday, Monday, 3 November."""
    days = (day - today).days
    if days == 0:
        return gettext("today")
    if days == -1:
        return gettext("yesterday")
    if days == 1:
        return gettext("tomorrow")
    if 1 < days <= WEEKDAY_DAYS:
        return _write_day(day, "l")
    if -WEEKDAY_DAYS <= days < -1:
        return gettext("last %(weekday)s") % {"weekday": _write_day(day, "l")}
    if day.year == today.year:
        return _write_day(day, pgettext("format of a date", "j F"))
    return _write_day(day, pgettext("format of a date", "j F Y"))


def _say_part_of_today(hour: int) -> str:
    if hour < 6:
        return gettext("in the night")
    if hour < 12:
        return gettext("this morning")
    if hour < 18:
        return gettext("this afternoon")
    return gettext("this evening")


def say_minutes(minutes: int) -> str:
    """Return a short span: "1 minute", "35 minutes"."""
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def say_moment(moment: datetime, now: datetime) -> str:
    """Say when something was or will be.

    "just now", "in 35 minutes", "this morning at 8:12", "yesterday at 22:10",
    "Monday at 9:00", "3 November at 9:00".
    """
    span = moment - now
    minutes = round(abs(span) / timedelta(minutes=1))
    if minutes == 0:
        return gettext("just now")
    if abs(span) < NEARBY:
        phrase = gettext("in %(span)s") if moment > now else gettext("%(span)s ago")
        return phrase % {"span": say_minutes(minutes)}
    return say_reported(moment, now)


def say_reported(moment: datetime, now: datetime) -> str:
    """Say when a figure was reported; always as a clock time, so that it stays true.

    "this morning at 8:12", "yesterday at 22:10". Unlike ``say_moment`` it does not
    count minutes: a page can stay open.
    """
    today = timezone.localtime(now).date()
    return _say_reported(get_language(), _local_minute(moment), today)


def _local_minute(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(second=0, microsecond=0, tzinfo=None)


@lru_cache(maxsize=4096)
def _say_reported(_language: str | None, local: datetime, today: date) -> str:
    if local.date() == today:
        day = _say_part_of_today(local.hour)
    else:
        day = say_day(local.date(), today)
    return gettext("%(day)s at %(time)s") % {"day": day, "time": _say_time(local)}


def say_deadline(moment: datetime, now: datetime) -> str:
    """Say until when something can be done: "today before 17:00", "until 12:40 ..."."""
    if moment <= now:
        return gettext("was due %(moment)s") % {"moment": say_moment(moment, now)}
    if moment - now < NEARBY:
        minutes = max(1, round((moment - now) / timedelta(minutes=1)))
        return gettext("within %(span)s") % {"span": say_minutes(minutes)}
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    if local.time() == time():  # the end of a day; nobody says "before 0:00"
        last = local.date() - timedelta(days=1)
        return gettext("up to and including %(day)s") % {"day": say_day(last, today)}
    return gettext("%(day)s before %(time)s") % {
        "day": say_day(local.date(), today),
        "time": say_clock(moment),
    }


def say_exactly(moment: datetime) -> str:
    """Return the full date and time, for hover, focus and screen readers."""
    return _say_exactly(get_language(), _local_minute(moment))


@lru_cache(maxsize=4096)
def _say_exactly(_language: str | None, local: datetime) -> str:
    return gettext("%(date)s at %(time)s") % {
        "date": _write_day(local.date(), pgettext("format of a date", "l j F Y")),
        "time": _say_time(local),
    }
