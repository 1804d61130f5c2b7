"""A practice near somebody in words: how far, whether it takes people, what next."""

from datetime import date

from django.utils.formats import number_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.directory.wording import join_words, say_date
from wijkspil.registrations.selectors.lists import ListNow
from wijkspil.registrations.selectors.nearby import PracticeOption, Way
from wijkspil.registrations.types import AgeBand, Conditions, ListStatus

#: Tone of a badge, by what a household can do at a practice.
_TONES = {Way.REGISTER: "good", Way.WISH: "full", Way.ASK: "unknown", Way.OWN: "info"}


def say_way(option: PracticeOption) -> tuple[str, str]:
    """Return (words, tone): whether this household can go there now."""
    now = option.list_now
    if option.way is Way.OWN:
        return _("Your practice now"), "info"
    if now is None:
        return _("Not known: call them"), "unknown"
    if option.way is Way.REGISTER:
        if option.why_not:
            return _("Only with somebody of your household there"), "limited"
        if now.status == ListStatus.LIMITED:
            return _("Takes new patients, with conditions"), "limited"
        return _("Takes new patients"), "good"
    if option.why_not:
        return _("Not from your address"), "limited"
    if now.status != ListStatus.CLOSED:
        return _("Full this month: swapping is possible"), "full"
    return _("Full: swapping is possible"), _TONES[Way.WISH]


def say_distance(option: PracticeOption) -> str:
    """Say how far a practice is: "1,2 km, about 4 minutes by car (estimated)"."""
    return _("%(km)s, about %(minutes)s by car (estimated)") % {
        "km": say_km(option.km),
        "minutes": say_minutes(option.minutes),
    }


def say_km(km: float) -> str:
    """Say a distance in a straight line, to one decimal below ten."""
    if km < 0.1:
        return _("less than 100 metres")
    if km >= 10:
        return _("%(km)s km") % {"km": round(km)}
    return _("%(km)s km") % {"km": number_format(km, decimal_pos=1)}


def say_minutes(minutes: float) -> str:
    """Say minutes by car, at least one."""
    whole = max(1, round(minutes))
    return ngettext("%(n)s minute", "%(n)s minutes", whole) % {"n": whole}


def say_conditions(conditions: Conditions) -> list[str]:
    """Say who a list is for, one line for each condition."""
    lines = []
    if conditions.postcodes:
        shown = [_spaced(code) for code in conditions.postcodes[:6]]
        more = len(conditions.postcodes) - len(shown)
        if more:
            shown.append(_("%(n)s more") % {"n": more})
        lines.append(_("Only from postcode %(codes)s") % {"codes": join_words(shown)})
    if conditions.most_minutes is not None:
        lines.append(
            _("Only within %(minutes)s by car")
            % {"minutes": say_minutes(conditions.most_minutes)}
        )
    if conditions.only_with_member:
        lines.append(_("Only when somebody of your household is a patient there"))
    for band, cap in conditions.most_of_band.items():
        lines.append(
            ngettext(
                "At most %(n)s person a month of %(band)s years",
                "At most %(n)s people a month of %(band)s years",
                cap,
            )
            % {"n": cap, "band": str(AgeBand(band).label)}
        )
    return lines


def say_why_not(option: PracticeOption) -> str:
    """Say why a practice does not fit, or is closed; empty where it takes people."""
    now = option.list_now
    if now is None or option.way in (Way.REGISTER, Way.OWN):
        return ""
    if option.why_not:
        return ". ".join(str(code.label) for code in option.why_not) + "."
    if now.status == ListStatus.CLOSED:
        return f"{now.reason_label}."
    return _("The places of this month are taken.")


def say_expected(now: ListNow, today: date) -> str:
    """Say until when a list is expected to be so, where that was said."""
    if now.expected_until is None or now.expected_until <= today:
        return ""
    return _("Expected until %(day)s.") % {"day": say_date(now.expected_until)}


def say_places(now: ListNow) -> str:
    """Say how many places are left this month, where the practice limits them."""
    left = now.places_left_this_month
    if left is None or left == 0:
        return ""
    return ngettext(
        "%(n)s place left this month.", "%(n)s places left this month.", left
    ) % {"n": left}


def say_published(now: ListNow) -> str:
    """Say how old this is: "told on 3 May 2026"."""
    return _("Told by the practice on %(day)s.") % {
        "day": say_date(localdate(now.published_at))
    }


def _spaced(postcode: str) -> str:
    return f"{postcode[:4]} {postcode[4:]}".strip()
