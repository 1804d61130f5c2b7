"""How a round, its steps and its outcomes are said."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wijkspil.registrations.models import Round, RoundEvent
from wijkspil.registrations.selectors.round_report import LEAST_TOLD
from wijkspil.registrations.types import RoundStatus, WishReason

GROUPS: Mapping[tuple[str, str], Any] = {
    ("class", "without-practice"): gettext_lazy("Without a GP"),
    ("class", "moved-or-practice-stops"): gettext_lazy(
        "Moved house, or the practice stops"
    ),
    ("class", "other"): gettext_lazy("With a GP, wants another"),
    ("current-practice", "none"): gettext_lazy("No practice in this round"),
    ("current-practice", "more-leave-than-want-in"): gettext_lazy(
        "At a practice that more people leave than want"
    ),
    ("current-practice", "other"): gettext_lazy("At another practice"),
    ("household", "1"): gettext_lazy("One person"),
    ("household", "2"): gettext_lazy("Two people"),
    ("household", "3"): gettext_lazy("Three people"),
    ("household", "4+"): gettext_lazy("Four people or more"),
    ("income", "lowest"): gettext_lazy("Wijk with a low income"),
    ("income", "middle"): gettext_lazy("Wijk with a middle income"),
    ("income", "highest"): gettext_lazy("Wijk with a high income"),
    ("channel", "assisted"): gettext_lazy("Helped at a desk or by phone"),
    ("channel", "digital"): gettext_lazy("Did it themselves online"),
}
GROUPINGS: Mapping[str, Any] = {
    "class": gettext_lazy("By what they need"),
    "current-practice": gettext_lazy("By where they are now"),
    "household": gettext_lazy("By size of the household"),
    "income": gettext_lazy("By income of the wijk"),
    "channel": gettext_lazy("By how they asked"),
    "reason": gettext_lazy("By reason"),
}
LEVELS: Mapping[str, Any] = {
    "class0": gettext_lazy("People without a GP who get one"),
    "class1": gettext_lazy("People who moved house or whose practice stops"),
    "moved": gettext_lazy("All people who move"),
    "waiting": gettext_lazy("Days they waited, added up"),
    "rank": gettext_lazy("Places down their own lists, added up"),
}
EVENTS: Mapping[str, Any] = {
    "opened": gettext_lazy("The round was opened"),
    "joined": gettext_lazy("A practice joined"),
    "left": gettext_lazy("A practice left the round"),
    "reminded-join": gettext_lazy("Practices that had not joined were reminded"),
    "taken": gettext_lazy("Wishes and places were fixed"),
    "solved": gettext_lazy("The places were divided"),
    "verified": gettext_lazy("The division was checked by other code"),
    "published": gettext_lazy("Proposals were sent"),
    "closed": gettext_lazy("The time to answer was over"),
    "nothing-left": gettext_lazy("Nobody more can move"),
    "executed": gettext_lazy("The round was carried out"),
    "cancelled": gettext_lazy("The round was cancelled"),
}


def say_people(people: int) -> str:
    """Say a number of people in public: small numbers are not told."""
    if 0 < people < LEAST_TOLD:
        return _("fewer than %(n)s") % {"n": LEAST_TOLD}
    return str(people)


def say_group(grouping: str, label: str) -> str:
    """Say a group of the fairness table."""
    if grouping == "reason" and label in WishReason.values:
        return str(WishReason(label).label)
    return str(GROUPS.get((grouping, label), label))


def say_event(event: RoundEvent) -> str:
    """Say what happened to a round, and its figures."""
    kind = event.kind
    detail = event.detail
    if kind.startswith("reminded-answer"):
        return _("Households that had not answered were reminded")
    words = str(EVENTS.get(kind, kind))
    if kind == "taken":
        figures = _("%(households)s households, %(practices)s practices")
    elif kind == "solved":
        figures = _("%(moved_people)s people can move, at most %(bound_people)s could")
    elif kind == "published":
        figures = _("%(households)s proposals")
    elif kind == "closed":
        figures = _("%(confirmed)s confirmed, %(broken)s not")
    elif kind == "executed":
        figures = _("%(households)s households moved")
    else:
        return words
    try:
        return f"{words}: {figures % detail}"
    except KeyError:
        return words


def say_day(moment: datetime) -> str:
    """Say the last day before a moment that ends a day."""
    return date_format(localdate(moment - timedelta(seconds=1)), "j F Y")


def say_result(row: Round, *, executed_people: int) -> str:
    """Say what came of a round, in one sentence."""
    receipt = row.receipt or {}
    moved = receipt.get("moved_people", 0)
    bound = receipt.get("bound_people", moved)
    if row.status == RoundStatus.EXECUTED:
        return ngettext(
            "%(n)s person goes to a practice of their own choice, from %(day)s on.",
            "%(n)s people go to a practice of their own choice, from %(day)s on.",
            executed_people,
        ) % {
            "n": say_people(executed_people),
            "day": date_format(row.effective_on, "j F Y"),
        }
    if moved == 0:
        return _("Nobody can move in this round: no practice has a place to give.")
    if bound == moved:
        return ngettext(
            "%(n)s person can move. No other division helps more people.",
            "%(n)s people can move. No other division helps more people.",
            moved,
        ) % {"n": say_people(moved)}
    return _(
        "%(n)s people can move. At most %(bound)s could by any division: the "
        "difference is %(gap)s."
    ) % {"n": say_people(moved), "bound": bound, "gap": bound - moved}
