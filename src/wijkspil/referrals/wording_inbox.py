"""How a question to a team is said: what, when, where, how it fits, until when.

Pure, as ``wording``: values in, text out, in the active language. Nothing here knows
who the client is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.directory.types import CareTask
from wijkspil.directory.wording import say_choices, say_hours
from wijkspil.referrals.selectors.inbox import (
    AnsweredQuestion,
    Profile,
    Question,
    RoomFit,
)
from wijkspil.referrals.types import (
    DeclineReason,
    OfferOrigin,
    OfferStatus,
    Presence,
    Urgency,
    UrgencyReason,
)
from wijkspil.referrals.wording import (
    say_age,
    say_band,
    say_day,
    say_language,
    say_parts,
    say_reasons,
    say_room,
    say_tasks,
)
from wijkspil.ui.moments import NEARBY, say_clock, say_deadline, say_minutes

#: With less time than this left, the countdown stands out.
HURRY = timedelta(minutes=15)


@dataclass(frozen=True)
class Card:
    """A question in words, as the card, the page and the list of answered show it."""

    question: Question
    title: str
    first_visit: str
    when: str
    where: str
    client: str
    hours: str
    urgency: str
    why_now: str
    left: str
    is_hurry: bool
    fits: bool
    fit_words: Sequence[str]
    room_words: str
    reasons: Sequence[str]
    warnings: Sequence[str]
    outcome: str


def make_card(question: Question, *, at: datetime) -> Card:
    """Return a question in words."""
    profile, fit = question.profile, question.fit
    first_visit = say_day(profile.first_visit_on, localdate(at))
    return Card(
        question=question,
        title=say_title(profile.tasks),
        first_visit=first_visit,
        when=_("%(day)s, %(parts)s")
        % {"day": first_visit, "parts": say_parts(profile.parts_of_day)},
        where=_say_where(profile, question.km),
        client=_say_client(profile),
        hours=say_band(profile.hours_low, profile.hours_high),
        urgency=str(Urgency(profile.urgency).label),
        why_now=str(UrgencyReason(profile.urgency_reason).label),
        left=say_left(question.answer_by, at),
        is_hurry=question.answer_by - at < HURRY,
        fits=fit is not None and not fit.misfits,
        fit_words=[] if fit is None else say_misfits(fit, profile),
        room_words="" if fit is None else _say_room_left(fit),
        reasons=_say_why_you(question),
        warnings=_say_warnings(profile),
        outcome=say_outcome(question),
    )


def say_title(tasks: Sequence[str]) -> str:
    """Return what is asked, as the head of a card."""
    return _upper_first(say_tasks(tasks))


def say_left(answer_by: datetime, at: datetime) -> str:
    """Return how long there is to answer: "35 minutes left, until 14:20"."""
    if answer_by <= at:
        return _("The time is over: answer now")
    if answer_by - at < NEARBY:
        minutes = max(1, round((answer_by - at) / timedelta(minutes=1)))
        return _("%(span)s left, until %(time)s") % {
            "span": say_minutes(minutes),
            "time": say_clock(answer_by),
        }
    return _("answer %(deadline)s") % {"deadline": say_deadline(answer_by, at)}


def say_misfits(fit: RoomFit, profile: Profile) -> list[str]:
    """Return why a request does not fit in the room left, one line per reason."""
    if not fit.misfits:
        return []
    hours = say_hours(float(profile.hours_high))
    words = {
        "unknown": _("Your room is not known, or was reported too long ago."),
        "no-place": _("You have no place left for a new client."),
        "hours": _("This can take %(hours)s hours a week; you have %(left)s left.")
        % {"hours": hours, "left": say_hours(fit.room.hours or 0.0)},
        "size": _("This can take %(hours)s hours a week; you reported less per client.")
        % {"hours": hours},
        "part": _("You reported no room in this part of the day: %(parts)s.")
        % {"parts": say_parts(fit.parts_missing)},
        "task": _("You reported that you cannot take this on now: %(tasks)s.")
        % {"tasks": say_choices(CareTask, fit.tasks_excluded)},
    }
    return [words[code] for code in fit.misfits]


def say_outcome(question: Question | AnsweredQuestion) -> str:
    """Return what became of a closed question, without blame; empty while open."""
    status = question.status
    if status == OfferStatus.OPEN:
        return ""
    if status == OfferStatus.RETURNED:
        return _("Your team had this client and no longer has it.")
    if status == OfferStatus.ACCEPTED:
        if question.has_client:
            return _("Your team has this client.")
        return _("Your team accepted this; the request has been closed since.")
    if status == OfferStatus.DECLINED:
        return _("Your team could not take it: %(reason)s.") % {
            "reason": _lower_first(str(DeclineReason(question.decline_reason).label))
        }
    if status == OfferStatus.EXPIRED:
        return _("The time to answer passed, so other teams were asked.")
    if question.was_taken:
        return _("Another team was first. You do not need to do anything.")
    return _("No longer needed. You do not need to do anything.")


def _say_where(profile: Profile, km: int | None) -> str:
    if not profile.area_name:
        where = _("somewhere in the region %(name)s") % {"name": profile.region_name}
    elif profile.area_name.isdigit():
        where = _("postcode area %(name)s") % {"name": profile.area_name}
    else:
        where = profile.area_name
    if km is None:
        return where
    if km < 1:
        return _("%(where)s, less than 1 km from your team") % {"where": where}
    return _("%(where)s, about %(km)s km from your team") % {"where": where, "km": km}


def _say_client(profile: Profile) -> str:
    if profile.language in ("", "nl"):
        return say_age(profile.ages)
    return _("%(age)s, speaks %(language)s") % {
        "age": say_age(profile.ages),
        "language": say_language(profile.language),
    }


def _say_why_you(question: Question) -> list[str]:
    words = {
        OfferOrigin.COORDINATOR: _("The coordinator chose your team."),
        OfferOrigin.PHONE: _("You agreed on this by phone."),
        OfferOrigin.AGREEMENT: _("Assigned by the agreement that you signed."),
    }
    chosen = words.get(OfferOrigin(question.origin))
    return [*([chosen] if chosen else []), *say_reasons(question.reasons, "team")]


def _say_warnings(profile: Profile) -> list[str]:
    lines = []
    if profile.order_present == Presence.NO:
        lines.append(
            _("The instruction for reserved acts (uitvoeringsverzoek) is not there yet")
        )
    if profile.materials_present == Presence.NO:
        lines.append(_("The materials are not there yet"))
    if profile.language not in ("", "nl"):
        lines.append(
            _("Somebody who speaks %(language)s is needed")
            % {"language": say_language(profile.language)}
        )
    return lines


def _say_room_left(fit: RoomFit) -> str:
    """Return what is left; empty where the misfit says it already."""
    room = fit.room
    if not room.is_known or room.clients <= 0:
        return ""
    words = say_room(room)
    if room.hours is not None:
        words = _("%(room)s, %(hours)s hours a week free") % {
            "room": words,
            "hours": say_hours(room.hours),
        }
    return words


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
