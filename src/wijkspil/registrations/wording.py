"""How lists, households and promises are said, to practices and in public."""

from collections import Counter
from collections.abc import Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.directory.wording import join_words
from wijkspil.registrations.models import PracticeList
from wijkspil.registrations.nearby_wording import say_conditions, say_places
from wijkspil.registrations.selectors.lists import ListNow, conditions_of
from wijkspil.registrations.types import (
    LOAD_UNIT,
    AgeBand,
    ListReason,
    ListStatus,
    MoveStatus,
)

#: Fewer people than this are not counted out: one could be known by it.
LEAST_TOLD = 5
#: Tone of the badge of a list.
LIST_TONES = {
    ListStatus.OPEN: "good",
    ListStatus.LIMITED: "limited",
    ListStatus.CLOSED: "full",
}
#: Tone of the badge of a proposal, as its practice sees it.
MOVE_TONES = {
    MoveStatus.PROPOSED: "info",
    MoveStatus.CONFIRMED: "good",
    MoveStatus.EXECUTED: "good",
    MoveStatus.DECLINED: "unknown",
    MoveStatus.REFUSED: "unknown",
    MoveStatus.EXPIRED: "unknown",
    MoveStatus.FALLEN: "unknown",
}


def say_list(now: ListNow | None) -> list[str]:
    """Say in public what a practice says of its list: the state, who for, how many."""
    if now is None:
        return [_("This practice has not said whether it takes new patients.")]
    lines = [_say_state(now.status, now.reason, now.has_room)]
    if now.status != ListStatus.CLOSED:
        lines += [f"{line}." for line in say_conditions(now.conditions)]
        places = say_places(now)
        if places:
            lines.append(places)
    elif not now.conditions.is_empty:
        lines += [
            _("By swapping: %(condition)s.") % {"condition": _lower_first(line)}
            for line in say_conditions(now.conditions)
        ]
    return lines


def say_published_row(row: PracticeList) -> str:
    """Say one line of the history of a list."""
    parts = [str(ListStatus(row.status).label)]
    if row.reason:
        parts.append(_lower_first(str(ListReason(row.reason).label)))
    if row.places_per_month is not None:
        parts.append(
            ngettext(
                "%(n)s person a month", "%(n)s people a month", row.places_per_month
            )
            % {"n": row.places_per_month}
        )
    parts += [_lower_first(line) for line in say_conditions(conditions_of(row))]
    return ", ".join(parts)


def say_household(size: int, bands: Sequence[str]) -> str:
    """Say who a household is without saying who: "3 people: 2 of 0–64 years, ..."."""
    people = say_people(size)
    counted = Counter(bands)
    if not counted:
        return people
    if len(counted) == 1:
        band = _short(next(iter(counted)))
        return _("%(people)s of %(band)s years") % {"people": people, "band": band}
    words = [
        _("%(n)s of %(band)s years") % {"n": counted[band], "band": _short(band)}
        for band in AgeBand.values
        if counted[band]
    ]
    return f"{people}: {join_words(words)}"


def say_people(people: int) -> str:
    """Say a number of people."""
    return ngettext("%(n)s person", "%(n)s people", people) % {
        "n": number_format(people, force_grouping=True)
    }


def say_few(people: int) -> str:
    """Say a number of people that may be small: then not how small."""
    if 0 < people < LEAST_TOLD:
        return _("fewer than %(n)s people") % {"n": LEAST_TOLD}
    return say_people(people)


def say_load(load: int) -> str:
    """Say a load as people under 65: "2,3", or "11"."""
    tenths = round(load * 10 / LOAD_UNIT)
    return number_format(tenths / 10, decimal_pos=1 if tenths % 10 else 0)


def say_change(people: int) -> str:
    """Say by how much a list changes: "+3", "0", "-2"."""
    return f"+{people}" if people > 0 else str(people).replace("-", "−")


def say_load_change(load: int) -> str:
    """Say by how much a load changes, as ``say_load`` does."""
    if abs(load) < LOAD_UNIT // 20:
        return "0"
    sign = "+" if load > 0 else "−"
    return f"{sign}{say_load(abs(load))}"


def _say_state(status: ListStatus, reason: str, has_room: bool) -> str:
    words = _lower_first(str(ListReason(reason).label)) if reason else ""
    if status == ListStatus.CLOSED:
        return _("Takes no new patients now: %(reason)s. Swapping is possible.") % {
            "reason": words
        }
    if not has_room:
        return _("The places of this month are taken. Swapping is possible.")
    if status == ListStatus.LIMITED:
        return _("Takes new patients, with conditions: %(reason)s.") % {"reason": words}
    return _("Takes new patients.")


def _short(band: str) -> str:
    return band.replace("-", "–")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
