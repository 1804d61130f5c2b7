"""How a request is said in words: what happened, what is asked, why this team.

Pure: values in, text out, in the active language; the present is an argument. A code
without words is left out (``tests/apps/referrals/test_wording.py`` fails on it), so
that a new code of the engine never breaks a page.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from wijkspil.directory.selectors.capacity import RoomLeft
from wijkspil.directory.types import (
    CareLaw,
    CareTask,
    NoRoomReason,
    PartOfDay,
    SizeBand,
)
from wijkspil.directory.wording import (
    join_words,
    say_choices,
    say_hours,
    say_number,
    say_short_moment,
)
from wijkspil.referrals.models import RequestEvent, ServiceRequest
from wijkspil.referrals.types import (
    CloseReason,
    DeclineReason,
    EventKind,
    Need,
    OfferOrigin,
    Presence,
    ReopenReason,
    SafetyGround,
    Urgency,
    UrgencyReason,
)
from wijkspil.ui.moments import say_deadline

#: Text, or a translation that is made when it is shown.
Words = str | Promise


# --- days, moments, amounts


def say_day(day: date, today: date) -> str:
    """Return "today", "tomorrow", or the weekday with the date."""
    days = (day - today).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days == -1:
        return _("yesterday")
    if day.year == today.year:
        return date_format(day, pgettext("format of a date", "l j F"))
    return date_format(day, pgettext("format of a date", "l j F Y"))


def say_until(moment: datetime, at: datetime) -> str:
    """Return until when: "within 35 minutes", "today before 17:00"."""
    return say_deadline(moment, at)


def say_age(age: int | tuple[int, int] | None) -> str:
    """Return the ten years an age falls in, as teams see it: "80 to 90 years"."""
    if age is None:
        return _("age not known")
    start, end = age if isinstance(age, tuple) else _ten_years(age)
    return _("%(from)s to %(until)s years") % {"from": start, "until": end}


def _ten_years(age: int) -> tuple[int, int]:
    start = min(age, 99) // 10 * 10
    return start, start + 10


def say_band(low: Decimal | float, high: Decimal | float) -> str:
    """Return a provisional band: "2 to 3.25 hours a week, provisional"."""
    if low == high:
        return _("%(hours)s hours a week, provisional") % {
            "hours": say_hours(float(high))
        }
    return _("%(low)s to %(high)s hours a week, provisional") % {
        "low": say_hours(float(low)),
        "high": say_hours(float(high)),
    }


def say_hours_a_week(hours: Decimal | float) -> str:
    """Return "3.5 hours a week": as the nurse set them."""
    return _("%(hours)s hours a week") % {"hours": say_hours(float(hours))}


# --- what is asked


def say_tasks(tasks: Iterable[str]) -> str:
    """Return tasks in one phrase: "medication and compression stockings"."""
    return say_choices(CareTask, list(tasks))


def say_parts(parts: Iterable[str]) -> str:
    """Return parts of the day in one phrase."""
    chosen = list(parts)
    if set(chosen) == set(PartOfDay.values):
        return _("all parts of the day")
    return say_choices(PartOfDay, chosen)


def say_language(code: str) -> str:
    """Return the name of a language, or its code when Django has no name for it."""
    try:
        return str(get_language_info(code)["name_translated"]).lower()
    except KeyError:
        return code


def say_need(request: ServiceRequest | Need) -> list[str]:
    """Return what is asked, one sentence per line; nothing in it says who or where.

    The note comes last, in the words of who asks.
    """
    lines = [
        _upper_first(say_tasks(request.tasks)),
        _("In the: %(parts)s") % {"parts": say_parts(request.parts_of_day)},
        _("First visit: %(day)s")
        % {"day": date_format(request.first_visit_on, _long_date())},
        _("How soon: %(urgency)s (%(why)s)")
        % {
            "urgency": _label(Urgency, request.urgency),
            "why": _label(UrgencyReason, request.urgency_reason),
        },
        _("Paid by: %(law)s") % {"law": CareLaw(request.care_law).label},
    ]
    if request.language not in ("", "nl"):
        lines.append(_("Language: %(name)s") % {"name": say_language(request.language)})
    lines += [
        str(_ORDER[Presence(request.order_present)]),
        str(_MATERIALS[Presence(request.materials_present)]),
    ]
    if request.note:
        lines.append(_("Note: %(text)s") % {"text": request.note})
    return [line for line in lines if line]


_ORDER: Mapping[Presence, Words] = {
    Presence.YES: gettext_lazy(
        "The instruction for reserved acts (uitvoeringsverzoek) is there"
    ),
    Presence.NO: gettext_lazy(
        "The instruction for reserved acts (uitvoeringsverzoek) is not there yet"
    ),
    Presence.NOT_NEEDED: "",
}
_MATERIALS: Mapping[Presence, Words] = {
    Presence.YES: gettext_lazy("The materials are there"),
    Presence.NO: gettext_lazy("The materials are not there yet"),
    Presence.NOT_NEEDED: "",
}


# --- teams: room, reasons, warnings, conditions


def say_room(room: RoomLeft | None) -> str:
    """Return what a team can take now: "2 new clients, up to 5 hours a week"."""
    if room is None or not room.is_known:
        return _("not known how much room there is")
    if room.clients <= 0:
        if room.no_room_reason:
            reason = _label(NoRoomReason, room.no_room_reason)
            return _("no room for new clients: %(reason)s") % {"reason": reason}
        return _("no room for new clients")
    words = [
        ngettext("%(n)d new client", "%(n)d new clients", room.clients)
        % {"n": room.clients}
    ]
    if room.size_band:
        words.append(str(SizeBand(room.size_band).label))
    if room.parts_of_day:
        words.append(say_parts(room.parts_of_day))
    return ", ".join(words)


#: Why a team comes before others; ``%(...)s`` are the values that go with the code.
_REASONS: dict[str, Words] = {
    "own-team": gettext_lazy("This is the team of the neighborhood."),
    "continuity": gettext_lazy("This provider already cares for the client."),
    "preference": gettext_lazy("The client prefers this provider."),
    "distance": gettext_lazy("The team is %(km)s km away."),
}


def say_reasons(reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return why this team, one sentence per reason, in the order of the engine."""
    return [text for text in map(_say_reason, reasons) if text]


def _say_reason(reason: Mapping[str, Any]) -> str:
    words = _REASONS.get(str(reason.get("code")))
    if words is None:
        return ""
    try:
        return str(words) % _said_values(reason)
    except KeyError:
        return ""


def _said_values(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: say_number(float(value), 1)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else str(value)
        for name, value in values.items()
    }


#: Why a team cannot take a request.
CONDITION_WORDS: dict[str, Words] = {
    "not-covering": gettext_lazy("does not come at this address"),
    "objected": gettext_lazy("the client objects to this provider"),
    "task": gettext_lazy("does not do all that is asked"),
    "care-law": gettext_lazy("does not give care from this law"),
    "no-room": gettext_lazy("no room for new clients"),
    "too-large": gettext_lazy("not enough hours free"),
    "part-of-day": gettext_lazy("no room at the part of the day that is asked"),
    "unknown-room": gettext_lazy("not known how much room there is"),
}
#: What does not exclude a team but must be said.
WARNING_WORDS: dict[str, Words] = {
    "no-contract": gettext_lazy(
        "No contract with the client's insurer: the client may have to pay a part."
    ),
    "contract-unknown": gettext_lazy(
        "Not known whether there is a contract with the client's insurer."
    ),
    "language": gettext_lazy("Nobody in the team is known to speak the language."),
    "first-visit-late": gettext_lazy("The first visit may be later than asked."),
    "unknown-room": gettext_lazy(
        "It is not known how much room the team has; ask the team."
    ),
}


def say_condition(code: str) -> str:
    """Return why a team cannot take it; an unknown code stays as it is."""
    return str(CONDITION_WORDS.get(code, code))


def say_warning(code: str) -> str:
    """Return what must be said about a team; an unknown code stays as it is."""
    return str(WARNING_WORDS.get(code, code))


# --- what happened


def say_event(event: RequestEvent, names: Mapping[int, str]) -> str:
    """Say in a sentence what happened.

    ``names`` are the teams by id of their service (``selectors.timeline.team_names``).
    """
    say = _EVENTS.get(EventKind(event.kind))
    return "" if say is None else say(event, event.detail, names)


Detail = Mapping[str, Any]
Names = Mapping[int, str]


def _team(event: RequestEvent, names: Names) -> str:
    if event.service_id is None:
        return _("the team")
    return names.get(event.service_id, _("the team"))


def _who(event: RequestEvent) -> str:
    return event.actor_name or _("Somebody")


def _say_submitted(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s sent the request.") % {"who": _who(event)}


def _say_offered(event: RequestEvent, detail: Detail, names: Names) -> str:
    teams = join_words(
        [names.get(pk, _("a team")) for pk in detail.get("services", [])]
    )
    until = _moment_of(detail.get("answer_by"))
    values = {
        "who": _who(event),
        "teams": teams or _("a team"),
        "until": "" if until is None else say_short_moment(until),
    }
    if detail.get("origin") == OfferOrigin.COORDINATOR:
        return _("%(who)s asked %(teams)s. An answer is due %(until)s.") % values
    return _("%(teams)s got the question. An answer is due %(until)s.") % values


def _say_accepted(event: RequestEvent, detail: Detail, names: Names) -> str:
    values = {"who": _who(event), "team": _team(event, names)}
    if detail.get("origin") == OfferOrigin.PHONE:
        return _("%(team)s took the client by phone; %(who)s recorded it.") % values
    if detail.get("origin") == OfferOrigin.AGREEMENT:
        return _("%(who)s assigned the client to %(team)s, by agreement.") % values
    return _("%(team)s accepted; %(who)s answered.") % values


def _say_declined(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(team)s cannot take the client: %(reason)s.") % {
        "team": _upper_first(_team(event, names)),
        "reason": _label(DeclineReason, detail.get("reason")),
    }


def _say_expired(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(team)s did not answer in time.") % {
        "team": _upper_first(_team(event, names))
    }


def _say_no_team(event: RequestEvent, detail: Detail, names: Names) -> str:
    excluded = detail.get("excluded") or {}
    if not excluded:
        return _("No team is left to ask.")
    why = "; ".join(
        ngettext("%(n)d team: %(why)s", "%(n)d teams: %(why)s", count)
        % {"n": count, "why": say_condition(code)}
        for code, count in sorted(excluded.items(), key=lambda item: -item[1])
    )
    return _("No team is left to ask (%(why)s).") % {"why": why}


def _say_owner(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(owner)s has it in hand from now on.") % {
        "owner": detail.get("owner") or _("the coordinator")
    }


def _say_date(event: RequestEvent, detail: Detail, names: Names) -> str:
    moment = _moment_of(detail.get("due_at"))
    return _("%(who)s gave it a new date, %(day)s: %(why)s") % {
        "who": _who(event),
        "day": "" if moment is None else say_short_moment(moment),
        "why": detail.get("why", ""),
    }


def _say_intake(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s did the intake and set the hours. Review: %(day)s.") % {
        "who": _who(event),
        "day": _day_of(detail.get("review_on")),
    }


def _say_hours_changed(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s changed the hours. Next review: %(day)s.") % {
        "who": _who(event),
        "day": _day_of(detail.get("review_on")),
    }


def _say_care_started(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("Care by %(team)s has started.") % {"team": _team(event, names)}


def _say_bridged(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("Until %(day)s this help fills the gap: %(help)s.") % {
        "day": _day_of(detail.get("until")),
        "help": detail.get("helped_by", ""),
    }


def _say_stay(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("The client moved to a temporary stay: %(where)s.") % {
        "where": detail.get("where", "")
    }


def _say_mediation(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _(
        "%(who)s handed it to the client's insurer (%(insurer)s), which looks further."
    ) % {"who": _who(event), "insurer": detail.get("insurer", "")}


def _say_withdrawn(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("Withdrawn at the client's wish: %(reason)s.") % {
        "reason": _label(CloseReason, detail.get("reason"))
    }


def _say_cancelled(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s cancelled the request: %(reason)s.") % {
        "who": _who(event),
        "reason": _label(CloseReason, detail.get("reason")),
    }


def _say_ended(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("Care by %(team)s has ended: %(reason)s.") % {
        "team": _team(event, names),
        "reason": _label(CloseReason, detail.get("reason")),
    }


def _say_reopened(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s opened the request again: %(reason)s.") % {
        "who": _who(event),
        "reason": _label(ReopenReason, detail.get("reason")),
    }


def _say_stopped(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("A nurse of %(team)s stopped the assignment: %(ground)s.") % {
        "team": _team(event, names),
        "ground": _label(SafetyGround, detail.get("ground")),
    }


def _say_overdue(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("The date passed while %(owner)s had it in hand.") % {
        "owner": detail.get("owner") or _("somebody")
    }


def _say_note(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s wrote: %(text)s") % {
        "who": _who(event),
        "text": detail.get("text", ""),
    }


_EVENTS: dict[EventKind, Callable[[RequestEvent, Detail, Names], str]] = {
    EventKind.SUBMITTED: _say_submitted,
    EventKind.OFFERED: _say_offered,
    EventKind.ACCEPTED: _say_accepted,
    EventKind.DECLINED: _say_declined,
    EventKind.EXPIRED: _say_expired,
    EventKind.NO_TEAM: _say_no_team,
    EventKind.OWNER_CHANGED: _say_owner,
    EventKind.DATE_MOVED: _say_date,
    EventKind.INTAKE: _say_intake,
    EventKind.CARE_STARTED: _say_care_started,
    EventKind.HOURS_CHANGED: _say_hours_changed,
    EventKind.BRIDGED: _say_bridged,
    EventKind.TEMPORARY_STAY: _say_stay,
    EventKind.MEDIATION: _say_mediation,
    EventKind.WITHDRAWN: _say_withdrawn,
    EventKind.CANCELLED: _say_cancelled,
    EventKind.ENDED: _say_ended,
    EventKind.REOPENED: _say_reopened,
    EventKind.STOPPED: _say_stopped,
    EventKind.OVERDUE: _say_overdue,
    EventKind.NOTE: _say_note,
}


# --- small words


def _label(choices: Any, value: object) -> str:
    """Return the label of a choice inside a sentence, or "" for an unknown one."""
    label = str(dict(choices.choices).get(value, ""))
    # An abbreviation keeps its capitals.
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _long_date() -> str:
    return pgettext("format of a date", "l j F Y")


def _day_of(text: object) -> str:
    """Return a day of a detail (ISO) with its weekday; "" if there is none."""
    return date_format(date.fromisoformat(str(text)), _long_date()) if text else ""


def _moment_of(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
