"""Who contributes what, fairly told: a provider sees itself, the region sees all.

A provider never sees another by name, and gets nothing from which one could be found
(``selectors.contribution.compare_own``); page, file and interface use the same. Who
may compare sees the names, and what repeats enough to talk about.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_number
from wijkspil.referrals.permissions import COORDINATE
from wijkspil.referrals.selectors.contribution import (
    AGAINST_OWN_ROOM,
    GIVEN_BACK,
    LATE_FIRST_VISIT,
    LEAST_ANSWERS,
    LEAST_TO_COMPARE,
    LEAST_TO_SPREAD,
    MEASURES,
    RULES,
    SILENCE,
    Contribution,
    Pattern,
    Rule,
    Spread,
    compare_own,
    list_contributions,
    list_own_patterns,
    list_patterns,
    make_spread,
    relative_loads,
)
from wijkspil.referrals.services.figures import (
    CONTRIBUTION_WEEKS,
    USUAL_WEEKS,
    ContributionQuestion,
    ask_contribution,
    own_of,
    weeks_until,
)
from wijkspil.referrals.types import DeclineReason
from wijkspil.referrals.views.desk import desk_tabs, ticked_ids
from wijkspil.ui.navigation import Chip


@dataclass(frozen=True)
class Words:
    """How a measure is called, said and explained."""

    title: Any
    definition: Any
    say: Callable[[float], str]
    is_share: bool = False


@dataclass(frozen=True)
class Mark:
    """A dot on a strip: where (percent of its width) and what it is."""

    x: str
    title: str


@dataclass(frozen=True)
class Strip:
    """One measure as a picture: all providers on a line, the own one marked.

    Places are percents as text. ``anchor`` says on which side of its dot the label
    stands so that it stays in the picture.
    """

    key: str
    words: Words
    n: int
    own: str
    own_x: str
    own_anchor: str
    median: str
    median_x: str
    median_anchor: str
    box_x: str
    box_width: str
    middle: str
    dots: Sequence[Mark]
    low: str
    high: str
    note: str
    summary: str


@dataclass(frozen=True)
class Talk:
    """A pattern in words: what repeats, how it compares, what helps."""

    name: str
    title: str
    fact: str
    compared: str
    advice: str


@require_safe
@professional_page
def show_contribution(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show a provider itself against the region, or who may compare all of them."""
    asked = _read_question(request, actor)
    at = timezone.now()
    everyone = list_contributions(asked.region.id, weeks_until(at, asked.weeks))
    own = own_of(asked, everyone)
    names = {one.organization_id: one.name for one in everyone}
    context: dict[str, Any] = {
        "now": at,
        "at": at,
        "asked": asked,
        "period_chips": [
            Chip(_say_weeks(n), f"?{_query(asked, weeks=n)}", active=n == asked.weeks)
            for n in CONTRIBUTION_WEEKS
        ],
        "region_chips": [
            Chip(r.name, f"?{_query(asked, region=r.id)}", active=r == asked.region)
            for r in asked.regions
        ]
        if len(asked.regions) > 1
        else [],
        "own_chips": [
            Chip(
                names.get(pk, _("Number %(id)s") % {"id": pk}),
                f"?{_query(asked, organization=pk)}",
                active=pk == asked.organization_id,
            )
            for pk in asked.organizations
        ]
        if asked.is_own and len(asked.organizations) > 1
        else [],
        "export_url": f"{reverse('referrals:contribution-export')}?{_query(asked)}",
        "tabs": desk_tabs("contribution") if actor.holds(COORDINATE) else [],
        "least_answers": LEAST_ANSWERS,
        "rule": say_rule(RULES[0]),
    }
    if own is None:
        patterns = list_patterns(asked.region.id, at=at)
        rows = _rows_of_all(everyone)
        context |= {
            "talks": [say_pattern(p, is_own=False) for p in patterns],
            "strips": strips_of_all(everyone),
            "rows": [row for row in rows if not row.is_small],
            "small_rows": [row for row in rows if row.is_small],
            "n_idle": sum(not (one.asked or one.capacity) for one in everyone),
        }
    else:
        context |= {
            "own": own,
            "talks": [
                say_pattern(pattern, is_own=True)
                for pattern in list_own_patterns(
                    asked.region.id, own.organization_id, at=at
                )
            ],
            "strips": strips_of_own(own, compare_own(own, everyone)),
            "reasons": _say_reasons(own),
        }
    return render(request, "referrals/contribution.html", context)


@require_safe
@professional_page
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Send the same as CSV: the own figures, or all with their names."""
    asked = _read_question(request, actor)
    at = timezone.now()
    everyone = list_contributions(asked.region.id, weeks_until(at, asked.weeks))
    own = own_of(asked, everyone)
    lines = _lines_of_all(everyone) if own is None else _lines_of_own(own, everyone)
    response = HttpResponse(
        _csv(lines, asked, at=at), content_type="text/csv; charset=utf-8"
    )
    name = f"eerlijk-aandeel-{asked.region.code}-{localdate(at).isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name.lower()}"'
    return response


def _read_question(request: HttpRequest, actor: Actor) -> ContributionQuestion:
    def number(name: str) -> int | None:
        return next(iter(ticked_ids([request.GET.get(name, "")])), None)

    return ask_contribution(
        actor,
        region_id=number("regio"),
        weeks=number("weken") or USUAL_WEEKS,
        organization_id=number("aanbieder"),
    )


# --- words


def _say_share(value: float) -> str:
    return _("%(n)s %%") % {"n": say_number(100 * value)}


def _say_minutes(value: float) -> str:
    if value < 120:
        return _("%(n)s minutes") % {"n": say_number(value)}
    if value < 48 * 60:
        return _("%(n)s hours") % {"n": say_number(value / 60, 1)}
    return _("%(n)s days") % {"n": say_number(value / 1440, 1)}


def _say_weight(value: float) -> str:
    return say_number(value, 2)


WORDS: Mapping[str, Words] = {
    "load-per-place": Words(
        gettext_lazy("Work per place"),
        gettext_lazy(
            "Clients taken, weighted by complexity, divided by the clients taken plus "
            "the places reported now. Counts the whole provider, also in other regions."
        ),
        _say_weight,
    ),
    "accepted": Words(
        gettext_lazy("Questions accepted"),
        gettext_lazy(
            "Of the questions that were answered or not in time: those accepted. "
            "Agreements by phone and questions that were withdrawn do not count."
        ),
        _say_share,
        is_share=True,
    ),
    "complexity": Words(
        gettext_lazy("How complex the clients are"),
        gettext_lazy(
            "Mean weight of the clients taken: 1 is a plain client. The weight follows "
            "from the tasks, the hours and the urgency asked."
        ),
        _say_weight,
    ),
    "minutes-to-answer": Words(
        gettext_lazy("Time to answer"),
        gettext_lazy(
            "From question to answer by the clock, nights included; the middle one of "
            "all answers."
        ),
        _say_minutes,
    ),
    "no-answer": Words(
        gettext_lazy("No answer in time"),
        gettext_lazy("Of the same questions: those not answered before the time."),
        _say_share,
        is_share=True,
    ),
    "against-own-room": Words(
        gettext_lazy("Declined against own room"),
        gettext_lazy(
            "Of the same questions: those declined although the team had said, not "
            "too long ago, that it had room."
        ),
        _say_share,
        is_share=True,
    ),
}

_TITLES: Mapping[str, Any] = {
    AGAINST_OWN_ROOM: gettext_lazy("Declined while room was reported"),
    SILENCE: gettext_lazy("Questions without an answer"),
    GIVEN_BACK: gettext_lazy("Clients given back"),
    LATE_FIRST_VISIT: gettext_lazy("First visit later than asked"),
}
#: For the coordinator: what to ask.
_TO_ASK: Mapping[str, Any] = {
    AGAINST_OWN_ROOM: gettext_lazy(
        "Talk about it: who reports the room, and when? Often nobody changes it after "
        "a client was taken elsewhere."
    ),
    SILENCE: gettext_lazy(
        "Talk about it: who reads the inbox in the evening and at the weekend? Is the "
        "e-mail address right?"
    ),
    GIVEN_BACK: gettext_lazy(
        "Talk about it: what was different from the request? Perhaps the requests say "
        "too little."
    ),
    LATE_FIRST_VISIT: gettext_lazy(
        "Talk about it: is the day asked too early, or is a nurse missing for intakes?"
    ),
}
#: For the provider: what mends it.
_TO_MEND: Mapping[str, Any] = {
    AGAINST_OWN_ROOM: gettext_lazy(
        "Set the room right as soon as it changes: it takes ten seconds. Who declines "
        "can do it in the same form."
    ),
    SILENCE: gettext_lazy(
        "Agree who reads the inbox at each part of the day, and let messages go to an "
        "address that several colleagues read."
    ),
    GIVEN_BACK: gettext_lazy(
        "Call the referrer before accepting when something is not clear. Tell the "
        "coordinator what was missing in the request."
    ),
    LATE_FIRST_VISIT: gettext_lazy(
        "Move the first day together with the referrer when it cannot be met. Then "
        "everybody knows, and it does not count as late."
    ),
}


def say_pattern(pattern: Pattern, *, is_own: bool) -> Talk:
    """Return a pattern in words, with what to ask, or for the provider what mends."""
    rule, own = pattern.rule, pattern.own
    advice = (_TO_MEND if is_own else _TO_ASK)[rule.kind]
    return Talk(
        name=pattern.name,
        title=str(_TITLES[rule.kind]),
        fact=_("%(times)s times in %(days)s days, of %(of)s (%(share)s %%)")
        % {
            "times": say_number(own.times),
            "days": say_number(rule.days),
            "of": say_number(own.of),
            "share": say_number(100 * own.share),
        },
        compared=_("The other providers together: %(share)s %%.")
        % {"share": say_number(100 * pattern.others.share)}
        if pattern.others is not None
        else "",
        advice=str(advice),
    )


def say_rule(rule: Rule) -> str:
    """Return when something counts as a pattern."""
    return _(
        "At least %(least)s times in %(days)s days, and more than %(times)s times the "
        "share of the other providers together."
    ) % {
        "least": say_number(rule.least),
        "days": say_number(rule.days),
        "times": say_number(rule.times),
    }


def _say_reasons(own: Contribution) -> list[tuple[str, int, int]]:
    words = dict(DeclineReason.choices)
    most = max((own.reasons or {}).values(), default=0)
    return [
        (str(words.get(code, code)), number, round(100 * number / most))
        for code, number in (own.reasons or {}).items()
    ]


def _say_weeks(weeks: int) -> str:
    return _("%(n)s weeks") % {"n": weeks}


# --- pictures


def strips_of_own(own: Contribution, spreads: Mapping[str, Spread]) -> list[Strip]:
    """Return each measure with the own value among others without a name."""
    return [
        _strip(key, MEASURES[key](own), spread, [(v, "") for v in spread.others])
        for key, spread in spreads.items()
    ]


def strips_of_all(everyone: Sequence[Contribution]) -> list[Strip]:
    """Return each measure with all providers by name."""
    strips = []
    for key, value_of in MEASURES.items():
        named = sorted(
            (value, one.name)
            for one in everyone
            if (value := value_of(one)) is not None
        )
        spread = make_spread(None, [value for value, _name in named])
        strips.append(_strip(key, None, spread, named))
    return strips


def _strip(
    key: str,
    own: float | None,
    spread: Spread,
    named: Sequence[tuple[float, str]],
) -> Strip:
    words = WORDS[key]
    values = [v for v, _name in named]
    values += [v for v in (own, spread.median) if v is not None]
    top = 1.0 if words.is_share else max([*values, 1.0]) * 1.05
    low, high = spread.quartiles or (None, None)

    def at(value: float | None) -> str:
        return "" if value is None else f"{100 * min(value / top, 1):.1f}%"

    def side(value: float | None) -> str:
        if value is None:
            return ""
        part = value / top
        return "start" if part < 0.2 else "end" if part > 0.8 else "middle"

    def say(value: float | None) -> str:
        return "" if value is None else words.say(value)

    middle = f"{say(low)} – {say(high)}" if low is not None else ""
    return Strip(
        key=key,
        words=words,
        n=spread.n,
        own=say(own),
        own_x=at(own),
        own_anchor=side(own),
        median=say(spread.median),
        median_x=at(spread.median),
        median_anchor=side(spread.median),
        box_x=at(low),
        box_width=""
        if low is None or high is None
        else f"{100 * (min(high / top, 1) - min(low / top, 1)):.1f}%",
        middle=middle,
        dots=[
            Mark(at(value), f"{name}: {say(value)}" if name else say(value))
            for value, name in named
        ],
        low=say(0.0) if words.is_share else "0",
        high=say(top) if words.is_share else "",
        note=_say_few(spread),
        summary=_say_strip(own, spread, words),
    )


def _say_strip(own: float | None, spread: Spread, words: Words) -> str:
    parts = []
    if own is not None:
        parts.append(_("You: %(value)s.") % {"value": words.say(own)})
    if spread.median is not None:
        parts.append(
            _("The middle one of the region: %(value)s.")
            % {"value": words.say(spread.median)}
        )
    if spread.quartiles is not None:
        parts.append(
            _("Half of the providers lie between %(low)s and %(high)s.")
            % {
                "low": words.say(spread.quartiles[0]),
                "high": words.say(spread.quartiles[1]),
            }
        )
    return " ".join(parts)


def _say_few(spread: Spread) -> str:
    if spread.quartiles is not None:
        return ngettext(
            "%(n)d provider has enough answers.",
            "%(n)d providers have enough answers.",
            spread.n,
        ) % {"n": spread.n}
    if spread.median is not None:
        return _("Fewer than %(n)s providers: only the middle one is told.") % {
            "n": LEAST_TO_SPREAD
        }
    return _("Fewer than %(n)s providers have enough answers: not compared.") % {
        "n": LEAST_TO_COMPARE
    }


@dataclass(frozen=True)
class Row:
    """A provider in the table of who may compare; small: too few to say much."""

    name: str
    is_small: bool
    ratio: str
    clients: str
    places: str
    asked: str
    values: Sequence[str]
    reason: str


def _rows_of_all(everyone: Sequence[Contribution]) -> list[Row]:
    relative = relative_loads(everyone)
    words = dict(DeclineReason.choices)
    shown = [one for one in everyone if one.asked or one.capacity]
    shown.sort(key=lambda one: (-relative.get(one.organization_id, 0.0), one.name))
    return [
        Row(
            name=one.name,
            is_small=max(one.asked, one.clients) < LEAST_ANSWERS,
            ratio=_("%(n)s ×") % {"n": say_number(relative[one.organization_id], 2)}
            if one.load_per_place is not None and one.organization_id in relative
            else "",
            clients=say_number(one.clients),
            places=say_number(one.free_places),
            asked=say_number(one.asked),
            values=[_say_value(key, one) for key in list(MEASURES)[1:]],
            reason=str(words.get(next(iter(one.reasons or {}), ""), "")),
        )
        for one in shown
    ]


def _say_value(key: str, one: Contribution) -> str:
    value = MEASURES[key](one)
    return "" if value is None else WORDS[key].say(value)


# --- file


def _lines_of_own(
    own: Contribution, everyone: Sequence[Contribution]
) -> Iterator[list[str]]:
    yield [
        _("figure"),
        _("own"),
        _("middle one of the region"),
        _("a quarter lies below"),
        _("a quarter lies above"),
        _("others, by size"),
        _("providers"),
        _("what it is"),
    ]
    for key, spread in compare_own(own, everyone).items():
        low, high = spread.quartiles or (None, None)
        yield [
            str(WORDS[key].title),
            _plain(MEASURES[key](own)),
            _plain(spread.median),
            _plain(low),
            _plain(high),
            " ".join(map(_plain, spread.others)),
            str(spread.n or ""),
            str(WORDS[key].definition),
        ]
    for label, number in (
        (_("questions"), own.asked),
        (_("accepted"), own.accepted),
        (_("declined"), own.declined),
        (_("no answer in time"), own.expired),
        (_("declined against own room"), own.against_own_room),
        (_("clients taken"), own.clients),
        (_("places reported now"), own.free_places),
    ):
        yield [label, str(number), "", "", "", "", "", ""]
    for reason, number, _length in _say_reasons(own):
        yield [_("declined: %(why)s") % {"why": reason}, str(number), *[""] * 6]


def _lines_of_all(everyone: Sequence[Contribution]) -> Iterator[list[str]]:
    relative = relative_loads(everyone)
    yield [
        _("provider"),
        _("times a fair share"),
        _("clients taken"),
        _("work, weighted"),
        _("places reported now"),
        _("questions"),
        _("accepted"),
        _("declined"),
        _("no answer in time"),
        _("declined against own room"),
        *(str(words.title) for words in WORDS.values()),
    ]
    for one in everyone:
        yield [
            _harmless(one.name),
            _plain(relative.get(one.organization_id)),
            str(one.clients),
            _plain(one.load),
            str(one.free_places),
            *map(str, (one.asked, one.accepted, one.declined, one.expired)),
            str(one.against_own_room),
            *(_plain(value_of(one)) for value_of in MEASURES.values()),
        ]


class _Line:
    """Hand back each written line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv(
    lines: Iterator[list[str]], asked: ContributionQuestion, *, at: datetime
) -> Iterator[str]:
    writer: Any = csv.writer(_Line(), delimiter=";")
    yield "\ufeff"  # tells Excel that this is UTF-8
    period = weeks_until(at, asked.weeks)
    said = f"{localdate(period.start).isoformat()}/{localdate(at).isoformat()}"
    counted = timezone.localtime(at).isoformat(timespec="minutes")
    head = [_("region"), _("period"), _("counted at")]
    for row, line in enumerate(lines):
        rest = head if row == 0 else [_harmless(asked.region.name), said, counted]
        yield writer.writerow([*line, *rest])


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _query(
    asked: ContributionQuestion,
    *,
    region: int | None = None,
    weeks: int | None = None,
    organization: int | None = None,
) -> str:
    values: dict[str, int] = {
        "regio": region or asked.region.id,
        "weken": weeks or asked.weeks,
    }
    chosen = organization or asked.organization_id
    if chosen is not None and region is None:
        values["aanbieder"] = chosen
    return urlencode(values)
