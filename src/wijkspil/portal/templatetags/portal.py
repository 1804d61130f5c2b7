"""Filters and small parts of the public pages: ``{% load portal %}``.

The parts are drawn dozens of times on one page, so without a template each.
"""

from datetime import datetime
from typing import Literal

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from wijkspil.directory.signposts.types import LocalizedText, Signpost
from wijkspil.directory.wording import say_capacity
from wijkspil.portal.signposts import find_own_page
from wijkspil.portal.tiles import Tile
from wijkspil.portal.who_helps import Entry
from wijkspil.ui.markup import draw_badge, shown
from wijkspil.ui.moments import say_exactly
from wijkspil.ui.templatetags import ui

register = template.Library()


@register.filter
def localized(text: LocalizedText) -> str:
    """Return a text of a data file in the language of the page."""
    language: Literal["nl", "en"] = (
        "en" if (get_language() or "nl").startswith("en") else "nl"
    )
    return text.in_language(language)


@register.filter
def spaced_postcode(postcode: str) -> str:
    """Write a PC6 as people do: 2512 AB."""
    return f"{postcode[:4]} {postcode[4:]}".strip()


@register.filter
def exactly_said(moment: datetime) -> str:
    """Return the full date and time in words."""
    return say_exactly(moment)


@register.simple_tag
def reach_state(entry: Entry) -> SafeString:
    """Show whether somebody answers: open, closed or on duty."""
    word, tone, icon = gettext("Closed"), "unknown", "clock"
    if entry.on_duty_until:
        word, tone, icon = gettext("On duty"), "good", "room"
    elif entry.is_open:
        word, tone, icon = gettext("Open"), "good", "room"
    return SafeString(f"{draw_badge(word, tone=tone, icon=icon)}\n")


@register.simple_tag(takes_context=True)
def opening(context: Context, entry: Entry) -> SafeString:
    """Say when a service opens again, else the hours behind "open"."""
    if entry.is_reachable or not entry.opens_at:
        return SafeString(f"{shown(entry.hours_now)}\n")
    opens = ui.when(context, entry.opens_at)
    words = gettext("open %(opens)s") % {"opens": opens}
    return SafeString(f"{words}\n")


@register.simple_tag(takes_context=True)
def team_room(context: Context, entry: Entry) -> SafeString:
    """Show the room of a team, what it can take and how old that is."""
    report = entry.room_report
    words = "" if report is None else f"<span>{shown(say_capacity(report))}</span>"
    age = ui.freshness(
        context,
        None if report is None else report.reported_at,
        stale=report is not None and entry.is_stale,
    )
    return SafeString(
        '<div class="wp-stack wp-stack--tight">\n'
        f'  <p class="wp-row">{ui.room(entry.room, stale=entry.is_stale)}{words}</p>\n'
        f"  <p>{age}</p>\n</div>\n"
    )


@register.simple_tag
def own_page(signpost: Signpost, postcode: str) -> Tile | None:
    """Return the page of this site that answers a signpost, if it has one."""
    return find_own_page(signpost, postcode)
