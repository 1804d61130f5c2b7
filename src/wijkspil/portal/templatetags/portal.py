"""Filters and small parts of the public pages: ``{% load portal %}``.

The parts are drawn dozens of times on one page, so without a template each.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from wijkspil.directory.signposts.types import LocalizedText, Signpost
from wijkspil.directory.wording import say_capacity
from wijkspil.portal.signposts import find_own_page
from wijkspil.portal.tiles import Tile
from wijkspil.portal.who_helps import Entry
from wijkspil.ui.markup import draw_badge, draw_card, shown
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
    if entry.on_duty_until:
        drawn = draw_badge(gettext("On duty"), tone="good", icon="room")
    elif entry.is_open:
        drawn = draw_badge(gettext("Open"), tone="good", icon="room")
    else:
        drawn = draw_badge(gettext("Closed"), tone="unknown", icon="clock")
    return SafeString(f"{drawn}\n")


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


@register.simple_tag(takes_context=True)
def team_rows(
    context: Context, entries: Iterable[Entry], shows_room: bool
) -> SafeString:
    """Draw the services of an address as the rows of their table."""
    part_word, state_word, phone_word, room_word = (
        f'<td data-label="{shown(word)}">'
        for word in (
            gettext("Part"),
            gettext("State"),
            gettext("Phone"),
            pgettext("room for clients", "Room"),
        )
    )
    rows = []
    for entry in entries:
        organization = (
            '<br><span class="wp-small wp-soft">'
            f"{shown(entry.organization_name)}</span>"
            if entry.organization_name != entry.name
            else ""
        )
        team = f"{room_word}{team_room(context, entry)}</td>" if shows_room else ""
        rows.append(
            f'<tr><th scope="row">{shown(entry.name)}{organization}</th>'
            f"{part_word}{shown(entry.part)}</td>"
            f"{state_word}<span>{reach_state(entry)}<br>"
            f'<span class="wp-small wp-soft">{opening(context, entry)}</span></span>'
            f"</td>{team}"
            f"{phone_word}{ui.phone(entry.phone) if entry.phone else '–'}</td></tr>\n"
        )
    return SafeString("".join(rows))


@register.simple_tag(takes_context=True)
def care_cards(
    context: Context, other_care: Iterable[tuple[Entry, str]], url: str
) -> SafeString:
    """Draw the other kinds of care of an address, with the query of each."""
    cards = []
    for entry, query in other_care:
        content = (
            f"<p>{shown(entry.name)}</p>"
            f'<p class="wp-row">{reach_state(entry)}'
            f'<span class="wp-small wp-soft">{opening(context, entry)}</span></p>'
            f"{f'<p>{ui.phone(entry.phone)}</p>' if entry.phone else ''}"
        )
        card = draw_card(
            SafeString(content),
            title=entry.care_words,
            url=f"{url}?{query}",
            level=3,
            tone="",
        )
        cards.append(f"<li>{card}</li>\n")
    return SafeString("".join(cards))


@register.simple_tag
def map_rows(entries: Iterable[Entry]) -> SafeString:
    """Draw the services of the map as the rows of the table that is equal to it."""
    return SafeString(
        "".join(
            f'<tr data-map-area="service-{entry.id}"><th scope="row">'
            f'{shown(entry.name)}<br><span class="wp-small wp-soft">'
            f"{shown(entry.care_words)}</span></th>"
            f'<td><span class="wp-row">{reach_state(entry)}'
            f"{ui.phone(phone) if (phone := entry.resident_phone) else ''}"
            "</span></td></tr>\n"
            for entry in entries
        )
    )


@register.simple_tag
def own_page(signpost: Signpost, postcode: str) -> Tile | None:
    """Return the page of this site that answers a signpost, if it has one."""
    return find_own_page(signpost, postcode)
