"""The small parts of a page as text: what stands on a page dozens of times.

A template for each took two thirds of the time of a page with many of them; these
give the same text, sign by sign. Larger parts have a template in ``ui/components``.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from html import escape

from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]
from django.utils.translation import gettext, pgettext_lazy

from wijkspil.ui.icons import find_icon
from wijkspil.ui.moments import say_exactly

ROOM_WORDS = {
    "room": pgettext_lazy("room for clients", "Room"),
    "limited": pgettext_lazy("room for clients", "Limited"),
    "full": pgettext_lazy("room for clients", "Full"),
    "unknown": pgettext_lazy("room for clients", "Unknown"),
}


def shown(value: object) -> str:
    """Return a value as ``{{ value }}`` shows it: local, and escaped if not safe."""
    if isinstance(value, SafeString):
        return value
    if type(value) is str:
        return escape(value)
    if type(value) is int and -1000 < value < 1000:  # no thousands to separate
        return str(value)
    return conditional_escape(localize(template_localtime(value)))


@lru_cache(maxsize=256)
def draw_icon(name: str) -> SafeString:
    """Return an icon; raises ``UnknownIcon`` if it was not drawn."""
    return SafeString(
        '<svg class="wp-icon" viewBox="0 0 24 24" aria-hidden="true" '
        f'focusable="false"><path d="{find_icon(name)}"/></svg>'
    )


def draw_badge(
    word: object, *, tone: str, icon: str, stale: bool = False
) -> SafeString:
    """Return a state in one or two words."""
    modifier = " wp-badge--stale" if stale else ""
    return SafeString(
        f'<span class="wp-badge wp-badge--{tone}{modifier}">'
        f"{draw_icon(icon)}{shown(word)}</span>\n"
    )


def draw_room(state: str, *, stale: bool = False) -> SafeString:
    """Return whether there is room: a word, an icon and a color."""
    tone = "good" if state == "room" else state
    return draw_badge(ROOM_WORDS[state], tone=tone, icon=state, stale=stale)


def draw_moment(moment: datetime, words: str) -> SafeString:
    """Return a moment in words, with the exact moment behind it."""
    return SafeString(
        f'<time datetime="{moment.isoformat()}" title="{shown(say_exactly(moment))}">'
        f"{shown(words)}</time>"
    )


def draw_facts(facts: Iterable[tuple[object, object]]) -> SafeString:
    """Return a list of facts: what it is, and its value."""
    rows = "".join(draw_fact(label, value) for label, value in facts)
    return SafeString(f'<dl class="wp-facts">{rows}</dl>')


def draw_fact(label: object, value: object) -> SafeString:
    """Return one fact of a list."""
    return SafeString(
        f'<div class="wp-facts__item"><dt>{shown(label)}</dt>'
        f"<dd>{shown(value)}</dd></div>"
    )


def draw_freshness(
    said: SafeString | None, *, by: object = "", stale: bool = False
) -> SafeString:
    """Return how old a figure is; ``said`` is the moment in words, None for never."""
    if said is None:
        words = gettext("never reported")
    elif by:
        words = gettext("reported %(said)s by %(by)s") % {
            "said": said,
            "by": shown(by),
        }
    else:
        words = gettext("reported %(said)s") % {"said": said}
    if said is not None and stale:
        words = f"{words}, <strong>{gettext('may be out of date')}</strong>"
    modifier = " wp-freshness--stale" if stale or said is None else ""
    return SafeString(
        f'<span class="wp-freshness{modifier}">{draw_icon("clock")}'
        f"<span>{words}</span></span>\n"
    )


def draw_phone(
    number: str, *, target: str, label: object, note: object, kind_class: str
) -> SafeString:
    """Return a phone number to press; a link, or with ``kind_class`` a button."""
    href, said = escape(target), escape(number)
    words = f'<span class="wp-phone__number">{said}</span>'
    if kind_class:
        label = shown(label) if label else gettext("Call")
        drawn = (
            f'<a class="utrecht-button utrecht-button--html-a {kind_class} '
            f'wp-phone-button" href="tel:{href}">{draw_icon("phone")}'
            f"<span>{label} {words}</span></a>"
        )
    else:
        before = f"{shown(label)} " if label else ""
        drawn = (
            f'<a class="wp-phone" href="tel:{href}">{draw_icon("phone")}'
            f"<span>{before}{words}</span></a>"
        )
    if note:
        drawn += f'<span class="wp-phone__note">{shown(note)}</span>'
    return SafeString(f"{drawn}\n")


def draw_button(
    label: object,
    *,
    kind_class: str,
    url: str = "",
    icon: str = "",
    icon_after: str = "",
    type: str = "submit",
    name: str = "",
    value: object = "",
    form: str = "",
    small: bool = False,
    wide: bool = False,
    describes: object = "",
) -> SafeString:
    """Return a button, or with ``url`` a link that looks like one."""
    size = (" wp-button--small" if small else "") + (" wp-button--wide" if wide else "")
    after = (
        f'<span class="wp-visually-hidden"> {shown(describes)}</span>'
        if describes
        else ""
    )
    inside = (
        f"{draw_icon(icon) if icon else ''}<span>{shown(label)}{after}</span>"
        f"{draw_icon(icon_after) if icon_after else ''}"
    )
    if url:
        return SafeString(
            f'<a class="utrecht-button utrecht-button--html-a {kind_class}{size}" '
            f'href="{shown(url)}">{inside}</a>\n'
        )
    # A machine reads the value: no thousands separator.
    named = (
        f' name="{shown(name)}" value="{conditional_escape(str(value))}"'
        if name
        else ""
    )
    of_form = f' form="{shown(form)}"' if form else ""
    return SafeString(
        f'<button class="utrecht-button utrecht-button--html-button {kind_class}'
        f'{size}" type="{type}"{named}{of_form}>{inside}</button>\n'
    )


def draw_action_link(label: object, *, url: str, icon: str, note: object) -> SafeString:
    """Return a link to a next step."""
    after = f'<span class="wp-action-link__note">{shown(note)}</span>' if note else ""
    return SafeString(
        f'<a class="wp-action-link" href="{shown(url)}">{draw_icon(icon)}<span>'
        f'<span class="wp-action-link__words">{shown(label)}</span>{after}</span></a>\n'
    )


def draw_card(
    content: str, *, title: object, url: str = "", level: int = 2, tone: str = ""
) -> SafeString:
    """Return a frame around what belongs together."""
    modifiers = (f" wp-card--{tone}" if tone else "") + (
        " wp-card--link" if url else ""
    )
    head = ""
    if title:
        words = shown(title)
        if url:
            words = (
                '<a class="utrecht-link utrecht-link--html-a" '
                f'href="{shown(url)}">{words}</a>'
            )
        head = (
            f'<h{level} class="utrecht-heading-{level} wp-card__title">'
            f"{words}</h{level}>"
        )
    return SafeString(
        f'<section class="wp-card{modifiers}">\n  {head}\n  {shown(content)}\n'
        "</section>\n"
    )


def draw_event(
    content: str, *, title: object, said: SafeString | str, tone: str
) -> SafeString:
    """Return one thing that happened, as a line of a timeline."""
    modifier = f" wp-timeline__item--{tone}" if tone else ""
    moment = f'<p class="wp-timeline__moment">{said}</p>' if said else ""
    body = (
        f'<div class="wp-timeline__body">{shown(content)}</div>'
        if content.strip()
        else ""
    )
    return SafeString(
        f'<li class="wp-timeline__item{modifier}">\n  {moment}\n'
        f'  <p class="wp-timeline__title">{shown(title)}</p>\n  {body}\n</li>\n'
    )


def draw_disclosure(content: str, *, summary: object, is_open: bool) -> SafeString:
    """Return what few people need, behind one line."""
    return SafeString(
        f'<details class="wp-disclosure"{" open" if is_open else ""}>\n'
        f'  <summary class="wp-disclosure__summary">{draw_icon("chevron-right")}'
        f"<span>{shown(summary)}</span></summary>\n"
        f'  <div class="wp-disclosure__body">{shown(content)}</div>\n</details>\n'
    )


def draw_column(
    label: object, *, url: str, state: str, number: bool, hidden: bool
) -> SafeString:
    """Return the head of a column; with ``url`` it sorts by a link."""
    kind = ' class="wp-number"' if number else ""
    sort = f' aria-sort="{state}"' if state != "none" else ""
    words = shown(label)
    if url:
        icon = {"ascending": "sort-up", "descending": "sort-down"}.get(state, "sort")
        words = (
            f'<a class="wp-sort" href="{shown(url)}"><span>{words}</span>'
            f"{draw_icon(icon)}</a>"
        )
    elif hidden:
        words = f'<span class="wp-visually-hidden">{words}</span>'
    return SafeString(f'<th scope="col"{kind}{sort}>{words}</th>\n')
