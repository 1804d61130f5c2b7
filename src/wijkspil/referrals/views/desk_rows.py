"""The rows of the worklist as text: fifty on a page that is asked all day.

A row is kept by all that stands in it, so that who looks at the same list gets the
same row; nobody's rights are in it. No row tells who a client is.
"""

from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import partial
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.timezone import localdate, localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from wijkspil.core.kept import Kept
from wijkspil.referrals.selectors.worklist import WorkItem
from wijkspil.referrals.types import RequestStatus, Urgency
from wijkspil.referrals.wording import say_tasks, say_until
from wijkspil.ui.markup import draw_badge, draw_icon
from wijkspil.ui.moments import say_day as say_near_day
from wijkspil.ui.moments import say_exactly, say_moment

_KEPT = Kept(most=4096)
_MINUTE_S = 60


def draw_row(
    item: WorkItem, *, url: str, at: datetime, is_own: bool, is_chosen: bool
) -> SafeString:
    """Return a request as a row of the list; ``url`` is where it is shown."""
    key: Hashable = (
        *(item, url, is_own, is_chosen, get_language()),
        # "Within 35 minutes" holds for a minute; what is late, from that moment on.
        *(int(at.timestamp()) // _MINUTE_S, item.late_since(at)),
        item.has_bridge_ended(at),
    )
    return _KEPT.get(key, partial(_draw, item, url, at, is_own, is_chosen))


def _draw(
    item: WorkItem, url: str, at: datetime, is_own: bool, is_chosen: bool
) -> SafeString:
    row = describe_row(item, url=url, at=at, is_own=is_own)
    number = escape(item.number)
    late = " wr-row--late" if row["is_late"] else ""
    alarming = " wr-late-words" if row["is_alarming"] else ""
    wijk, gemeente = (item.wijk.name, item.wijk.gemeente) if item.wijk else ("", "")
    in_gemeente = (
        f' <span class="wr-row__soft">{escape(gemeente)}</span>' if gemeente else ""
    )
    urgent = (
        f'<span class="wr-row__urgent wr-urgent">{draw_icon("clock")} '
        f"{escape(row['urgency'])}</span>\n"
        if item.is_urgent
        else ""
    )
    return SafeString(
        f'<li class="wr-row{late}" id="rij-{number}" data-desk-row="{number}"'
        f"{' data-current' if is_chosen else ''}>\n{_draw_due(row)}\n{urgent}"
        '<p class="wr-row__place"><a class="wr-row__link" '
        f'href="{escape(row["url"])}" data-desk-link><span class="wr-number">'
        f"{number}</span> {escape(wijk)}</a>{in_gemeente}</p>\n"
        '<p class="wr-row__need"><span class="wr-row__tasks">'
        f"{escape(_capitalized(row['tasks']))}</span>"
        f'<span class="wr-row__visit">{escape(_("first visit"))} '
        f"{escape(row['first_visit'])}</span></p>\n"
        '<div class="wr-row__who">\n'
        f'<p class="wr-row__stands{alarming}">{escape(row["stands"])}</p>\n'
        '<p class="wr-row__owner"><span class="wp-visually-hidden">'
        f"{escape(_('In hand'))}: </span>{escape(row['owner'])}</p>\n</div>\n</li>\n"
    )


def _draw_due(row: Mapping[str, Any]) -> str:
    if not row["is_late"]:
        words = escape(_capitalized(row["due"]))
        return f'<strong class="wr-row__due">{words}</strong>'
    badge = draw_badge(_("Too late"), tone="now", icon="alert")
    return (
        f'<span class="wr-row__late">{badge}</span><time class="wr-row__since" '
        f'datetime="{localtime(row["late"]).isoformat()}" '
        f'title="{escape(row["late_exactly"])}">{escape(row["late_words"])}</time>'
    )


def _capitalized(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def describe_row(
    item: WorkItem, *, url: str, at: datetime, is_own: bool
) -> dict[str, Any]:
    """Return what is said of a request on the list and on the sheet of a shift."""
    late = item.late_since(at)
    return {
        "item": item,
        "url": url,
        "tasks": say_tasks(item.tasks),
        "urgency": say_urgency(item.urgency),
        "first_visit": say_near_day(item.first_visit_on, localdate(at)),
        "stands": _say_stands(item, at=at),
        "is_alarming": item.has_bridge_ended(at) or item.status == RequestStatus.OPEN,
        "is_late": late is not None,
        "late_words": say_late(late, at) if late is not None else "",
        "late_exactly": say_exactly(late) if late is not None else "",
        "due": say_until(item.due_at, at)
        if item.due_at is not None and item.due_at > at
        else "",
        "late": late,
        "owner": _("you") if is_own else item.owner_name,
    }


def say_late(late: datetime, at: datetime) -> str:
    """Say since when it is late: the hour counts today only."""
    if localdate(late) == localdate(at):
        return say_moment(late, at)
    return say_near_day(localdate(late), localdate(at))


def _say_stands(item: WorkItem, *, at: datetime) -> str:
    """Say in a few words what is with this request; the detail says the rest."""
    if item.status == RequestStatus.OPEN:
        if not item.n_refused:
            return _("No team can take it")
        return ngettext(
            "No room: %(n)d team said no",
            "No room: %(n)d teams said no",
            item.n_refused,
        ) % {"n": item.n_refused}
    if item.status == RequestStatus.OFFERED and item.answer_by is not None:
        return ngettext(
            "%(n)d team asked, answer %(until)s",
            "%(n)d teams asked, answer %(until)s",
            item.n_waiting,
        ) % {"n": item.n_waiting, "until": say_until(item.answer_by, at)}
    if item.status == RequestStatus.BRIDGED:
        if item.has_bridge_ended(at):
            return _("The bridge has ended")
        return str(RequestStatus.BRIDGED.label)
    if item.status == RequestStatus.MEDIATION:
        if item.closed_at is None:
            return str(RequestStatus.MEDIATION.label)
        day = say_near_day(localdate(item.closed_at), localdate(at))
        return _("With the insurer since %(day)s") % {"day": day}
    if item.status == RequestStatus.PAUSED:
        return str(RequestStatus.PAUSED.label)
    if item.status == RequestStatus.ACCEPTED:
        return _("The first visit was not reported")
    return _("The start of care was not reported")


def say_urgency(urgency: str) -> str:
    """Return how soon, in words that also stand alone."""
    if urgency == Urgency.PLANNED:
        return _("Can be planned")
    return str(Urgency(urgency).label)
