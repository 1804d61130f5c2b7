"""How the directory says its values in words: room, choices, opening hours, periods.

Pure: values in, text out, in the active language. Used by pages and by the history,
so that "who changed what" reads like the page it was changed on.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from wijkspil.core.periods import Period
from wijkspil.directory.room import RoomReport
from wijkspil.directory.types import (
    WEEKDAYS,
    CareTask,
    NoRoomReason,
    PartOfDay,
    SizeBand,
)
from wijkspil.ui.moments import say_clock

#: Text, or a translation that is made when it is shown.
Words = str | Promise

WEEKDAY_NAMES: dict[str, Words] = dict(
    zip(
        WEEKDAYS,
        (
            gettext_lazy("Monday"),
            gettext_lazy("Tuesday"),
            gettext_lazy("Wednesday"),
            gettext_lazy("Thursday"),
            gettext_lazy("Friday"),
            gettext_lazy("Saturday"),
            gettext_lazy("Sunday"),
        ),
        strict=True,
    )
)


def join_words(words: Sequence[object]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    texts = [str(word) for word in words]
    if len(texts) < 2:
        return "".join(texts)
    return _("%(first)s and %(last)s") % {
        "first": ", ".join(texts[:-1]),
        "last": texts[-1],
    }


def say_choices(choices: Any, values: Sequence[str]) -> str:
    """Return the labels of ``values`` (a ``TextChoices``) in the catalogue's order."""
    return _say_choices(get_language(), choices, tuple(values))


# A list says the same few combinations over and over.
@lru_cache(maxsize=4096)
def _say_choices(_language: str | None, choices: Any, values: tuple[str, ...]) -> str:
    labels = dict(choices.choices)
    known = [labels[value] for value in choices.values if value in values]
    return join_words(
        [_lower_first(word) for word in [*known, *(set(values) - set(labels))]]
    )


def say_capacity(report: RoomReport) -> str:
    """Say what a team can take: "2 new clients, up to 5 hours a week, morning".

    After reservations: what is left, with what was reported and what was reserved.
    """
    if report.is_taken:
        full = _("full because of new requests")
        return f"{full} {_say_sum(report)}"
    if report.new_clients == 0:
        return _say_no_room(report)
    clients = ngettext("%(n)d new client", "%(n)d new clients", report.new_clients) % {
        "n": report.new_clients
    }
    parts = [f"{clients} {_say_sum(report)}" if report.reserved_clients else clients]
    if report.size_band:
        parts.append(str(SizeBand(report.size_band).label))
    if set(report.parts_of_day) == set(PartOfDay.values):
        parts.append(_("all parts of the day"))
    elif report.parts_of_day:
        parts.append(say_choices(PartOfDay, report.parts_of_day))
    if report.tasks_excluded:
        parts.append(
            _("no %(tasks)s") % {"tasks": say_choices(CareTask, report.tasks_excluded)}
        )
    if report.hours_per_week is not None:
        parts.append(
            _("%(hours)s hours a week free")
            % {"hours": say_hours(report.hours_per_week)}
        )
    return ", ".join(parts)


def _say_sum(report: RoomReport) -> str:
    return _("(%(reported)s reported, %(reserved)s reserved)") % {
        "reported": report.reported_clients,
        "reserved": report.reserved_clients,
    }


def _say_no_room(report: RoomReport) -> str:
    words = _("no room for new clients")
    if report.no_room_reason:
        reason = _lower_first(NoRoomReason(report.no_room_reason).label)
        words = f"{words}: {reason}"
    if report.no_room_until is not None:
        words = _("%(words)s; room expected from %(day)s") % {
            "words": words,
            "day": say_date(report.no_room_until),
        }
    return words


def say_date(day: date) -> str:
    """Return a day as 21 November 2026."""
    return date_format(day, pgettext("format of a date", "j F Y"))


def say_full_moment(moment: datetime) -> str:
    """Return a local moment: the day, with the clock when it is not midnight."""
    local = localtime(moment)
    day = say_date(local.date())
    if local.hour == local.minute == 0:
        return day
    return _("%(date)s at %(time)s") % {"date": day, "time": say_clock(moment)}


def say_period(valid_from: datetime, valid_until: datetime | None) -> str:
    """Return a half-open period in words."""
    if valid_until is None:
        return _("from %(start)s, no end known") % {
            "start": say_full_moment(valid_from)
        }
    return _("from %(start)s until %(end)s") % {
        "start": say_full_moment(valid_from),
        "end": say_full_moment(valid_until),
    }


def list_opening_lines(
    opening_hours: Sequence[Mapping[str, Any]],
) -> list[tuple[Words, str]]:
    """Return (weekday, "08:00–17:00") for each day of the week, in order."""
    return [
        (
            WEEKDAY_NAMES[day],
            ", ".join(
                f"{line['from']}–{line['until']}"
                for line in sorted(opening_hours, key=lambda line: line["from"])
                if day in line["days"]
            )
            or _("closed"),
        )
        for day in WEEKDAYS
    ]


def say_opening_hours(opening_hours: Sequence[Mapping[str, Any]]) -> str:
    """Return opening hours in one line, for the history."""
    if not opening_hours:
        return _("no opening hours known")
    return "; ".join(f"{day} {span}" for day, span in list_opening_lines(opening_hours))


def _lower_first(word: object) -> str:
    text = str(word)
    # An abbreviation keeps its capitals.
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def say_short_moment(moment: datetime) -> str:
    """Return "Wed 25 Nov 22:30", local."""
    day = date_format(localtime(moment), pgettext("format of a short date", "D j M"))
    return f"{day} {say_clock(moment)}"


def say_span(period: Period) -> str:
    """Say a stretch of time: "Wed 25 Nov 22:30 – 7:00 (8.5 hours)"."""
    # Less than a day needs one date: the clock says whether it is the next morning.
    end = say_clock if period.hours < 24 else say_short_moment
    return _("%(from)s – %(until)s (%(hours)s hours)") % {
        "from": say_short_moment(period.start),
        "until": end(period.end),
        "hours": say_number(period.hours, 1),
    }


def say_hours(hours: float) -> str:
    """Return hours in tenths, or in hundredths where quarters were taken off."""
    return say_number(hours, 1 if round(hours, 1) == round(hours, 2) else 2)


def say_number(value: float, decimals: int = 0) -> str:
    """Return a number in the reader's notation; a zero behind the comma is left out."""
    # Rounded here: Django cuts decimals off.
    rounded = round(value, decimals)
    n_decimals = 0 if rounded == round(value) else decimals
    text: str = number_format(rounded, n_decimals, force_grouping=True)
    return text
