"""How a request is said in words: what happened, what is asked, why this team.

Pure: values in, text out, in the active language; the present is an argument. A code
without words is left out (``tests/apps/referrals/test_wording.py`` fails on it), so
that a new code of the engine never breaks a page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import (
    get_language,
    get_language_info,
    gettext_lazy,
    ngettext,
    pgettext,
)
from django.utils.translation import gettext as _

from wijkspil.core.models import AuditEvent
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
    say_short_moment,
)
from wijkspil.referrals.models import RequestEvent, ServiceRequest
from wijkspil.referrals.types import (
    AdmissionPlace,
    CallOutcome,
    ChangeReason,
    CloseReason,
    DeclineReason,
    EventKind,
    Need,
    OfferOrigin,
    OfferStatus,
    Presence,
    ReopenReason,
    RequestStatus,
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
        return _write_day(get_language(), day, pgettext("format of a date", "l j F"))
    return _write_day(get_language(), day, pgettext("format of a date", "l j F Y"))


# The same days come back on each page.
@lru_cache(maxsize=4096)
def _write_day(_language: str | None, day: date, form: str) -> str:
    return date_format(day, form)


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
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def say_need(request: ServiceRequest | Need) -> list[str]:
    """Return what is asked, one sentence per line; nothing in it says who or where.

    The note comes last, in the words of who asks.
    """
    lines = [
        _upper_first(say_tasks(request.tasks)),
        _("Part of the day: %(parts)s") % {"parts": say_parts(request.parts_of_day)},
        _("First visit: %(day)s")
        % {"day": _write_day(get_language(), request.first_visit_on, _long_date())},
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
REASON_WORDS: dict[str, Words] = {
    "own-team": gettext_lazy("This is the team of the neighborhood."),
    "regular-team": gettext_lazy("This team works in the neighborhood."),
    "back-up-team": gettext_lazy("This team steps in when the others are full."),
    "region-team": gettext_lazy("This team works in the whole region."),
    "known": gettext_lazy("This provider already cares for the client."),
    "preferred": gettext_lazy("The client prefers this provider."),
    "room": gettext_lazy("Room for new clients: %(clients)s."),
    "size": gettext_lazy(
        "It takes care up to %(largest_hours)s hours a week; this takes %(hours)s."
    ),
    "in-time": gettext_lazy("It can make the first visit in time."),
    "distance": gettext_lazy("The team is %(km)s km away."),
}
#: The same, said to the team itself; what a team is not told has no words here.
REASON_WORDS_FOR_TEAM: dict[str, Words] = {
    "own-team": gettext_lazy("You are the team of this neighborhood."),
    "regular-team": gettext_lazy("You work in this neighborhood."),
    "back-up-team": gettext_lazy("You step in here when the others are full."),
    "region-team": gettext_lazy("You work in the whole region."),
    "room": gettext_lazy("You reported room for new clients: %(clients)s."),
    "size": gettext_lazy(
        "You take care up to %(largest_hours)s hours a week; this takes %(hours)s."
    ),
    "in-time": gettext_lazy("You can make the first visit in time."),
}
#: Ingredients that are figures of the ranking, not something to read.
UNSAID_REASONS = frozenset({"load", "score"})


def say_reasons(
    reasons: Iterable[Mapping[str, Any]],
    audience: Literal["referrer", "team"] = "referrer",
) -> list[str]:
    """Return why this team, one sentence per reason, in the order of the engine.

    To the ``audience`` "team" they speak to the team itself.
    """
    known = REASON_WORDS_FOR_TEAM if audience == "team" else REASON_WORDS
    return [text for reason in reasons if (text := _say_reason(reason, known))]


def _say_reason(reason: Mapping[str, Any], known: Mapping[str, Words]) -> str:
    words = known.get(str(reason.get("code")))
    if words is None:
        return ""
    try:
        return str(words) % _said_values(reason)
    except KeyError:
        return ""


def _said_values(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: say_hours(float(value))
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
    if event.actor_name == "client":
        return _("The client")
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
    if detail.get("reason") == CloseReason.DIED:
        return _say_died(event, detail, names)
    return _("Withdrawn at the client's wish: %(reason)s.") % {
        "reason": _label(CloseReason, detail.get("reason"))
    }


def _say_cancelled(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s cancelled the request: %(reason)s.") % {
        "who": _who(event),
        "reason": _label(CloseReason, detail.get("reason")),
    }


def _say_ended(event: RequestEvent, detail: Detail, names: Names) -> str:
    if detail.get("reason") == CloseReason.DIED:
        return _say_died(event, detail, names)
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
    if detail.get("code") == "objection":
        return _("The client objects to %(organization)s; it is not asked.") % {
            "organization": detail.get("organization", "")
        }
    return _("%(who)s wrote: %(text)s") % {
        "who": _who(event),
        "text": detail.get("text", ""),
    }


def _say_called(event: RequestEvent, detail: Detail, names: Names) -> str:
    values = {
        "who": _who(event),
        "team": _team(event, names),
        "person": detail.get("spoke_with", ""),
        "outcome": str(_label(CallOutcome, detail.get("outcome"))).lower(),
    }
    if values["person"]:
        return _("%(who)s called %(team)s (%(person)s): %(outcome)s.") % values
    return _("%(who)s called %(team)s: %(outcome)s.") % values


def _say_visit_moved(event: RequestEvent, detail: Detail, names: Names) -> str:
    values = {
        "who": _who(event),
        "before": _day_of(detail.get("before")),
        "day": _day_of(detail.get("first_visit_on")),
        "reason": _label(ChangeReason, detail.get("reason")),
    }
    if not values["reason"]:
        return _("%(who)s moved the first visit.") % values
    return (
        _("%(who)s moved the first visit from %(before)s to %(day)s: %(reason)s.")
        % values
    )


def _say_need_changed(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("%(who)s changed which care is asked, to %(tasks)s: %(reason)s.") % {
        "who": _who(event),
        "tasks": say_tasks(detail.get("tasks", ())) or _("what is above"),
        "reason": _label(ChangeReason, detail.get("reason")) or _("no reason given"),
    }


def _say_paused(event: RequestEvent, detail: Detail, names: Names) -> str:
    values = {
        "who": _who(event),
        "place": _label(AdmissionPlace, detail.get("place")) or _("somewhere"),
        "day": _day_of(detail.get("home_on")),
    }
    if not values["day"]:
        return (
            _("The client is admitted (%(place)s); %(who)s put the request on hold.")
            % values
        )
    return (
        _(
            "The client is admitted (%(place)s), home again expected %(day)s; %(who)s "
            "put the request on hold."
        )
        % values
    )


def _say_resumed(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("The client comes home; the first visit is on %(day)s.") % {
        "day": _day_of(detail.get("first_visit_on")) or _("a day to agree on")
    }


def _say_room_released(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _(
        "%(team)s no longer keeps the place: the time that was agreed has passed."
    ) % {"team": _upper_first(_team(event, names))}


def _say_died(event: RequestEvent, detail: Detail, names: Names) -> str:
    return _("The client has died. %(who)s recorded it, and everything stopped.") % {
        "who": _who(event)
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
    EventKind.CALLED: _say_called,
    EventKind.VISIT_MOVED: _say_visit_moved,
    EventKind.NEED_CHANGED: _say_need_changed,
    EventKind.PAUSED: _say_paused,
    EventKind.RESUMED: _say_resumed,
    EventKind.ROOM_RELEASED: _say_room_released,
    EventKind.DIED: _say_died,
}


# --- where it stands


#: Color and icon of a state; the word is the label of the state.
STATUS_TONES: Mapping[RequestStatus, str] = {
    RequestStatus.DRAFT: "unknown",
    RequestStatus.OPEN: "limited",
    RequestStatus.OFFERED: "info",
    RequestStatus.BRIDGED: "limited",
    RequestStatus.ACCEPTED: "good",
    RequestStatus.INTAKE_DONE: "good",
    RequestStatus.IN_CARE: "good",
    RequestStatus.PAUSED: "limited",
    RequestStatus.ENDED: "unknown",
    RequestStatus.TEMPORARY_STAY: "info",
    RequestStatus.MEDIATION: "info",
    RequestStatus.WITHDRAWN: "unknown",
    RequestStatus.CANCELLED: "unknown",
}
OFFER_TONES: Mapping[OfferStatus, str] = {
    OfferStatus.OPEN: "info",
    OfferStatus.ACCEPTED: "good",
    OfferStatus.DECLINED: "full",
    OfferStatus.EXPIRED: "limited",
    OfferStatus.WITHDRAWN: "unknown",
    OfferStatus.RETURNED: "limited",
}


def say_status(request: ServiceRequest) -> str:
    """Return the word of a state; a death is not called a wish of the client."""
    if request.close_reason == CloseReason.DIED:
        return _("Closed")
    return str(RequestStatus(request.status).label)


def say_kept_place(team: str, until: date | None) -> str:
    """Say until which day a team keeps the place of an admitted client."""
    if until is None:
        return _("%(team)s keeps the place.") % {"team": team}
    return _("%(team)s keeps the place until %(day)s.") % {
        "team": team,
        "day": date_format(until, _long_date()),
    }


def say_standing(
    request: ServiceRequest, *, team: str = "", asked: Sequence[str] = ()
) -> str:
    """Say in one sentence where a request stands.

    ``team`` has the client; ``asked`` are the teams that have the question now.
    """
    values = {
        "team": team or _("a team"),
        "asked": join_words(asked) or _("a team"),
        "help": request.bridged_by,
        "hours": ""
        if request.hours_set is None
        else say_hours(float(request.hours_set)),
        "why": _label(CloseReason, request.close_reason),
    }
    if request.close_reason == CloseReason.DIED:
        return _("The client has died. The request is closed.")
    if request.status == RequestStatus.PAUSED and request.placed_service_id:
        kept = say_kept_place(values["team"], request.room_kept_until)
        return _("The client is admitted. %(kept)s") % {"kept": _upper_first(kept)}
    if request.status == RequestStatus.OFFERED:
        words = ngettext(
            "%(asked)s has the question.",
            "%(asked)s have the question.",
            max(1, len(asked)),
        )
        return _upper_first(words % values)
    return _upper_first(str(_STANDING[RequestStatus(request.status)]) % values)


_STANDING: Mapping[RequestStatus, Words] = {
    RequestStatus.DRAFT: gettext_lazy("This request was not sent yet."),
    RequestStatus.OPEN: gettext_lazy("No team has the client yet."),
    RequestStatus.BRIDGED: gettext_lazy(
        "%(help)s helps for now; there is no permanent team yet."
    ),
    RequestStatus.ACCEPTED: gettext_lazy("%(team)s takes the client."),
    RequestStatus.INTAKE_DONE: gettext_lazy(
        "%(team)s did the intake: %(hours)s hours a week."
    ),
    RequestStatus.IN_CARE: gettext_lazy("%(team)s gives care, %(hours)s hours a week."),
    RequestStatus.PAUSED: gettext_lazy(
        "The client is admitted. The search for a team waits until there is news."
    ),
    RequestStatus.ENDED: gettext_lazy("Care by %(team)s has ended: %(why)s."),
    RequestStatus.TEMPORARY_STAY: gettext_lazy(
        "The client has moved to a temporary stay. We no longer look for a team."
    ),
    RequestStatus.MEDIATION: gettext_lazy(
        "The client's insurer looks for care now (mediation)."
    ),
    RequestStatus.WITHDRAWN: gettext_lazy("Withdrawn by the client: %(why)s."),
    RequestStatus.CANCELLED: gettext_lazy("Cancelled: %(why)s."),
}


def say_otherwise(status: str) -> str:
    """Say what happens if nobody does anything before the date; "" when closed."""
    return str(_OTHERWISE.get(RequestStatus(status), ""))


_OTHERWISE: Mapping[RequestStatus, Words] = {
    RequestStatus.OPEN: gettext_lazy(
        "When this moment passes, the request is marked as late and the coordinator "
        "of the region has it in hand."
    ),
    RequestStatus.OFFERED: gettext_lazy(
        "When nobody answers in time, the next team is asked by itself. When no team "
        "is left, the coordinator of the region takes it over."
    ),
    RequestStatus.BRIDGED: gettext_lazy(
        "Before this moment the coordinator finds a permanent team, or extends the "
        "help."
    ),
    RequestStatus.ACCEPTED: gettext_lazy(
        "The team comes for the intake before this moment and then sets the hours."
    ),
    RequestStatus.INTAKE_DONE: gettext_lazy("The team starts care and tells it here."),
    RequestStatus.PAUSED: gettext_lazy(
        "Before this moment who has it in hand asks how the client is, and whether the "
        "day of coming home is known."
    ),
}


# --- who saw it


@dataclass(frozen=True)
class Access:
    """Somebody who saw the name and address; the same by the same person is one."""

    who: str
    what: str
    at: datetime
    times: int


def say_accesses(events: Iterable[AuditEvent], names: Names) -> list[Access]:
    """Say who saw it, in the order of the events (newest first)."""
    folded: dict[tuple[str, str], Access] = {}
    for event in events:
        what, who = say_access(event, names), say_accessor(event.actor_label)
        seen = folded.get((who, what))
        folded[who, what] = Access(
            who=who,
            what=what,
            at=event.at if seen is None else seen.at,
            times=1 if seen is None else seen.times + 1,
        )
    return list(folded.values())


def say_access(event: AuditEvent, names: Names) -> str:
    """Say what somebody did with who the client is, and why."""
    service_id = service_of_purpose(event.purpose)
    if service_id is not None:
        return _("was given the name and address, for %(team)s") % {
            "team": names.get(service_id, _("the team"))
        }
    return str(_ACCESSES.get(event.purpose, _("saw the name and address")))


_ACCESSES: Mapping[str, Words] = {
    "request.submit": gettext_lazy("filled in the name and address"),
    "page.request": gettext_lazy("looked at the name and address"),
    "client-page": gettext_lazy("looked at the page of this request"),
    "client-link.renew": gettext_lazy("made a new link for the client"),
    "mediation": gettext_lazy("handed the request to the insurer"),
    "mediation-dossier": gettext_lazy("saved the dossier for the insurer"),
    "retention": gettext_lazy(
        "removed the name and address; the time to keep them is over"
    ),
}


def say_accessor(label: str) -> str:
    """Return who it was: a person's name, the client, or this system."""
    return _("the client, with link and code") if label == "client" else label


def service_of_purpose(purpose: str) -> int | None:
    """Return the service that a release of identity was for, if it was one."""
    head, _dash, number = purpose.rpartition("-")
    is_release = head == "release-to-service" and number.isdigit()
    return int(number) if is_release else None


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
