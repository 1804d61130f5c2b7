"""What a region agreed on, in words: term by term, and what differs between two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wijkspil.directory.wording import join_words, say_hours, say_number
from wijkspil.referrals.engine_io import full_ranking
from wijkspil.referrals.selectors.policy import PER_URGENCY, Agreed
from wijkspil.referrals.selectors.policy_history import Version
from wijkspil.referrals.types import AnswerHours, Urgency
from wijkspil.ui.moments import say_exactly

#: Terms of the ranking in words; what the engine weighs.
TERM_WORDS = {
    "own_team": gettext_lazy("The neighborhood's own team"),
    "continuity": gettext_lazy("A provider that already knows the client"),
    "preference": gettext_lazy("What the client prefers"),
    "first_visit": gettext_lazy("A first visit in time"),
    "travel": gettext_lazy("Little travel"),
    "fair_share": gettext_lazy("A fair share of the work"),
    "size_fit": gettext_lazy("Room that fits the size of the care"),
    "part_fit": gettext_lazy("Room at the part of the day"),
}


@dataclass(frozen=True)
class Term:
    """One thing that was agreed: ``value`` ends with ``unit`` where it has one."""

    key: str
    label: str
    value: str
    unit: str = ""


@dataclass(frozen=True)
class Difference:
    """What becomes other: "45" → "60 minutes"."""

    label: str
    before: str
    after: str


def list_terms(agreed: Agreed, *, names: Mapping[int, str]) -> list[Term]:
    """Return everything that was agreed, each in words; ``names`` of people by id."""
    return [
        *_asking(agreed),
        *_per_urgency(agreed),
        *_day(agreed),
        *_fallback(agreed, names),
        *_keeping(agreed),
        *_weighing(agreed),
    ]


def list_differences(
    before: Agreed, after: Agreed, *, names: Mapping[int, str]
) -> list[Difference]:
    """Return every term of which the words differ, in the order of the page."""
    old = {term.key: term for term in list_terms(before, names=names)}
    return [
        Difference(
            term.label,
            _without_unit(old[term.key], term.unit),
            term.value,
        )
        for term in list_terms(after, names=names)
        if old[term.key].value != term.value
    ]


def _without_unit(term: Term, unit: str) -> str:
    """Return "45" where "45 minutes" stands beside "60 minutes"."""
    same = bool(unit) and term.unit == unit
    return term.value.removesuffix(unit).rstrip() if same else term.value


def _asking(agreed: Agreed) -> list[Term]:
    ranking = full_ranking(agreed.ranking)
    return [
        Term(
            "own_team_first",
            _("The neighborhood's own team"),
            _("is asked first, alone")
            if agreed.own_team_first
            else _("has no turn of its own; the order decides"),
        ),
        Term(
            "order",
            _("Decides before the weights"),
            join_words([str(TERM_WORDS[t]).lower() for t in ranking["order"]])
            or _("nothing"),
        ),
        Term(
            "unknown_room",
            _("Teams whose room is not known"),
            _("come last, with a warning")
            if ranking["unknown_room"] == "ask"
            else _("are not asked"),
        ),
    ]


_URGENCY_LABELS = {
    "teams_at_once": gettext_lazy("teams at the same time, at “%(urgency)s”"),
    "answer_minutes": gettext_lazy("time to answer, at “%(urgency)s”"),
    "coordinator_minutes": gettext_lazy("late after, at “%(urgency)s”"),
}


def _per_urgency(agreed: Agreed) -> list[Term]:
    terms = []
    for name, national in PER_URGENCY.items():
        own: Mapping[str, int] = getattr(agreed, name)
        for urgency in Urgency:
            number = own.get(urgency.value, national[urgency])
            value, unit = (
                (say_number(number), "")
                if name == "teams_at_once"
                else say_span(number)
            )
            terms.append(
                Term(
                    f"{name}_{urgency.value}",
                    _URGENCY_LABELS[name] % {"urgency": urgency.label},
                    value,
                    unit,
                )
            )
    return terms


def say_span(minutes: int) -> tuple[str, str]:
    """Return a span with its unit: ("45 minutes", "minutes"), ("4 hours", "hours")."""
    if minutes >= 120:
        hours = minutes / 60
        unit = _("hours")
        return f"{say_number(hours, 1)} {unit}", unit
    unit = ngettext("minute", "minutes", minutes)
    return f"{say_number(minutes)} {unit}", unit


def _day(agreed: Agreed) -> list[Term]:
    return [
        Term(
            "answer_hours",
            _("The time to answer runs"),
            _("day and night, for everything")
            if agreed.answer_hours == AnswerHours.ALWAYS
            else _("in the day; only what is urgent also at night"),
        ),
        Term(
            "day",
            _("The day is"),
            _("from %(first)s to %(last)s")
            % {"first": agreed.day_from, "last": agreed.day_until},
        ),
    ]


def _fallback(agreed: Agreed, names: Mapping[int, str]) -> list[Term]:
    pk = agreed.fallback_user_id
    reach = " ".join(
        part for part in (agreed.reach_name, agreed.reach_phone) if part.strip()
    )
    return [
        Term(
            "fallback_user_id",
            _("What nobody takes goes to"),
            names.get(pk, _("somebody who no longer coordinates"))
            if pk
            else _("the coordinator with the fewest in hand"),
        ),
        Term(
            "reach",
            _("Referrers reach, day and night"),
            reach or _("nobody was named yet"),
        ),
    ]


def _keeping(agreed: Agreed) -> list[Term]:
    days = _("days")
    return [
        Term(
            "min_residents",
            _("Residents of the age band in the area that a team sees"),
            _("%(n)s or more") % {"n": say_number(agreed.min_residents)},
        ),
        Term(
            "room_kept_days",
            _("The place of an admitted client is kept for"),
            f"{say_number(agreed.room_kept_days)} {days}",
            days,
        ),
        Term(
            "retention_days",
            _("Who the client was is removed after"),
            f"{say_number(agreed.retention_days)} {days}",
            days,
        ),
    ]


def _weighing(agreed: Agreed) -> list[Term]:
    ranking = full_ranking(agreed.ranking)
    return [
        *(
            Term(
                f"weight_{term}",
                _("weight of “%(term)s”") % {"term": str(label).lower()},
                say_hours(ranking["weights"][term]),
            )
            for term, label in TERM_WORDS.items()
        ),
        Term(
            "travel_km",
            _("Travel counts for half at"),
            f"{say_hours(ranking['travel_km'])} km",
            "km",
        ),
        Term(
            "first_visit_days",
            _("A first visit counts for nothing when it is late by"),
            f"{say_hours(ranking['first_visit_days'])} {_('days')}",
            _("days"),
        ),
        Term(
            "tier_values",
            _("Value of a team by its part: region, back-up, regular, own"),
            " / ".join(say_hours(value) for value in ranking["tier_values"][1:]),
        ),
    ]


def describe_weights(agreed: Agreed) -> list[dict[str, Any]]:
    """Return the weights with their words, the heaviest first."""
    weights = full_ranking(agreed.ranking)["weights"]
    most = max(weights.values())
    return [
        {
            "label": label,
            "value": say_hours(weights[term]),
            "share": round(100 * weights[term] / most),
        }
        for term, label in sorted(TERM_WORDS.items(), key=lambda t: -weights[t[0]])
    ]


def describe_times(agreed: Agreed) -> list[dict[str, Any]]:
    """Return what holds per urgency, for a table."""
    return [
        {
            "urgency": urgency.label,
            "teams": say_number(agreed.wave_of(urgency)),
            "answer": _say_minutes(agreed.time_to_answer(urgency).total_seconds()),
            "move": _say_minutes(agreed.time_to_move(urgency).total_seconds()),
        }
        for urgency in Urgency
    ]


def _say_minutes(seconds: float) -> str:
    return say_span(round(seconds / 60))[0]


#: Shown apart: the times in a table, the weights as bars.
_APART = (*PER_URGENCY, "weight_")


def group_terms(terms: Sequence[Term]) -> list[tuple[str, list[Term]]]:
    """Return the terms under headings, without those that are shown apart."""
    groups: dict[str, tuple[str, list[Term]]] = {
        "asking": (_("Who is asked"), []),
        "night": (_("Day, night, and who can be reached"), []),
        "keeping": (_("Privacy and keeping a place"), []),
        "rest": (_("How it is weighed"), []),
    }
    place = {
        **dict.fromkeys(("own_team_first", "order", "unknown_room"), "asking"),
        **dict.fromkeys(("answer_hours", "day", "fallback_user_id", "reach"), "night"),
        **dict.fromkeys(
            ("min_residents", "room_kept_days", "retention_days"), "keeping"
        ),
    }
    for term in terms:
        if not term.key.startswith(_APART):
            groups[place.get(term.key, "rest")][1].append(term)
    return [group for group in groups.values() if group[1]]


def say_effect(version: Version, *, at: datetime) -> str:
    """Say when a version takes, took or would take effect."""
    start = version.effective_from
    if version.is_approved and start is not None:
        if version.starts_after(at):
            return _("Holds from %(moment)s.") % {"moment": say_exactly(start)}
        if version.effective_until is None or version.effective_until > at:
            return _("Holds since %(moment)s.") % {"moment": say_exactly(start)}
        return _("Held from %(start)s until %(end)s.") % {
            "start": say_exactly(start),
            "end": say_exactly(version.effective_until),
        }
    if version.is_proposed:
        if start is None:
            return _("Takes effect as soon as nurses and referrers both agree.")
        return _(
            "Takes effect on %(moment)s, if nurses and referrers have both agreed; "
            "later if they agree later."
        ) % {"moment": say_exactly(start)}
    if version.is_draft:
        return _("A draft changes nothing: first nurses and referrers must agree.")
    return _("Never took effect.")
