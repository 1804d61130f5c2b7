"""Why a wish got no place, how long it may wait, and what would help: in plain words.

Where a wish stands and its next step are in ``wish_wording``; this is what a round and
the rounds that were played ahead say of it. Never a promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.directory.selectors.gp_practices import list_gp_practices
from wijkspil.directory.wording import join_words
from wijkspil.registrations.engine_io import WaitingBand
from wijkspil.registrations.models import RoundWish, Wish
from wijkspil.registrations.selectors.rounds import get_latest_round_wish
from wijkspil.registrations.services.outlook import (
    Advice,
    get_advice,
    get_band,
    get_made_at,
)
from wijkspil.registrations.types import LeftOut, Unmet, WishStatus

_WEEKS_OF_MONTH = 4.35
#: Up to so many weeks are said in weeks.
_MOST_WEEKS = 9


@dataclass(frozen=True)
class WhatNext:
    """What may be told of a wish that waits; empty where nothing is known.

    ``round_name`` and ``reasons``: the last round it took part in; ``waiting``: the
    band; ``helps``: choices that raise the chance, each a sentence.
    """

    round_name: str
    reasons: Sequence[str]
    waiting: str
    chance: str
    helps: Sequence[str]
    made_at: datetime | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.reasons or self.waiting or self.helps)


def what_next(wish: Wish, at: datetime) -> WhatNext:
    """Return what may be told of a wish (at most fifteen queries)."""
    if wish.status != WishStatus.WAITING:
        return WhatNext("", (), "", "", (), None)
    last = get_latest_round_wish(wish)
    band = get_band(wish, at)
    advice = get_advice(wish, at)
    return WhatNext(
        round_name="" if last is None else last.round.name,
        reasons=() if last is None else say_outcome(last, at=at),
        waiting="" if band is None else say_band(band),
        chance="" if advice is None else _say_chance_now(advice),
        helps=() if advice is None else say_advice(advice),
        made_at=None if band is None else get_made_at(wish.region_id),
    )


def say_outcome(last: RoundWish, *, at: datetime) -> list[str]:
    """Say why a wish got no place in a round; nothing if it did or nobody knows."""
    outcome = last.outcome
    if outcome is None or outcome["code"].startswith("placed"):
        return []
    ids = {one["service"] for one in last.left_out}
    if "practice" in outcome:
        ids.add(outcome["practice"])
    names = {pk: one.name for pk, one in list_gp_practices(ids, at=at).items()}
    said = []
    main = _say_code(
        outcome["code"],
        outcome.get("level") or "",
        names.get(outcome.get("practice", 0), _("the practice")),
    )
    if main:
        said.append(main)
    for one in last.left_out:
        said += [
            _say_left_out(code, names.get(one["service"], _("A practice")))
            for code in one["why"]
        ]
    return said


def say_band(band: WaitingBand) -> str:
    """Say how long it may take, as a band."""
    longest = _say_weeks(band.longest_weeks)
    if band.chance == 0 or band.p10_weeks is None:
        return _(
            "In our calculations there was hardly ever a place for you within "
            "%(longest)s."
        ) % {"longest": longest}
    shortest = _say_weeks(band.p10_weeks)
    if band.p90_weeks is None:
        return _(
            "It differs much: from %(shortest)s to longer than %(longest)s. Within "
            "%(longest)s there was a place in %(tenths)s of 10 calculations."
        ) % {
            "shortest": shortest,
            "longest": longest,
            "tenths": _tenths(band.chance),
        }
    if band.p90_weeks == band.p10_weeks:
        return _("Usually within %(longest)s (8 of 10 times).") % {
            "longest": _say_weeks(band.p90_weeks)
        }
    return _("Usually between %(shortest)s and %(longest)s (8 of 10 times).") % {
        "shortest": shortest,
        "longest": _say_weeks(band.p90_weeks),
    }


def say_advice(advice: Advice) -> list[str]:
    """Say which more choices would help; best first."""
    said = [
        _("With %(name)s on your list as well: %(tenths)s of 10.")
        % {"name": practice.name, "tenths": _tenths(chance)}
        for practice, chance in advice.one[:2]
        if _tenths(chance) > _tenths(advice.chance_now)
    ]
    if advice.two:
        practices, chance = advice.two[0]
        best_one = max((_tenths(one) for _p, one in advice.one), default=0)
        if _tenths(chance) > max(best_one, _tenths(advice.chance_now)):
            said.append(
                _("With %(names)s as well: %(tenths)s of 10.")
                % {
                    "names": join_words([one.name for one in practices]),
                    "tenths": _tenths(chance),
                }
            )
    return said


def _say_chance_now(advice: Advice) -> str:
    return _("Your chance of a place within %(time)s is now %(tenths)s of 10.") % {
        "time": _say_weeks(advice.within_weeks),
        "tenths": _tenths(advice.chance_now),
    }


def _say_code(code: str, level: str, practice: str) -> str:
    before = {
        "class0": _(
            "People without a GP go first. The places at your practices went to them."
        ),
        "class1": _(
            "People who moved house, or whose practice stops, go before you. The "
            "places at your practices went to them."
        ),
    }
    words = {
        "no-option": _("None of your practices could be used in this round."),
        "no-option-open": _(
            "Nobody could come at your practices: there was no place, and nobody left."
        ),
        "costs-more-than-frees": before.get(level)
        or _(
            "The places at your practices were given in such a way that most people "
            "could move. A place for you would have cost others theirs."
        ),
        "others-waited-longer": _(
            "Others who wanted a place at %(name)s have waited longer than you."
        )
        % {"name": practice},
        "others-named-it-higher": _(
            "Others who wanted a place at %(name)s put it higher on their list."
        )
        % {"name": practice},
        "next-in-line": _(
            "You came just too late in line: one more place at %(name)s could have "
            "been yours."
        )
        % {"name": practice},
        "others-before": _("Others came before you in line."),
    }
    return words.get(code, "")


def _say_left_out(code: str, practice: str) -> str:
    words = {
        LeftOut.NOT_JOINED: _("%(name)s did not join this round."),
        LeftOut.OWN: _("%(name)s is your practice already."),
        Unmet.POSTCODE: _("%(name)s only takes people from other postcodes."),
        Unmet.MINUTES: _("%(name)s finds your address too far away."),
        Unmet.MEMBER: _(
            "%(name)s only takes people with somebody of the household there already."
        ),
        Unmet.BAND: _("%(name)s had no place left for your age this month."),
    }
    sentence = words.get(code)  # type: ignore[call-overload]
    return str(sentence or _("%(name)s could not be used.")) % {"name": practice}


def _tenths(chance: float) -> int:
    return round(chance * 10)


def _say_weeks(weeks: float) -> str:
    if weeks <= _MOST_WEEKS:
        n = max(1, round(weeks))
        return ngettext("%(n)s week", "%(n)s weeks", n) % {"n": n}
    months = round(weeks / _WEEKS_OF_MONTH)
    if months % 12 == 0:
        years = months // 12
        return ngettext("%(n)s year", "%(n)s years", years) % {"n": years}
    return ngettext("%(n)s month", "%(n)s months", months) % {"n": months}
