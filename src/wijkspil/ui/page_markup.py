"""The frame of a page as text: menu, trail, heading, alerts and tables.

On every page, so without a template each; as ``wijkspil.ui.markup``.
"""

from collections.abc import Iterable

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from wijkspil.ui.markup import draw_icon, shown
from wijkspil.ui.navigation import Crumb, MenuItem

_CURRENT = ' aria-current="page"'


def draw_menu(items: Iterable[MenuItem]) -> SafeString:
    """Return the entries of the main menu."""
    return SafeString(
        "".join(
            f'<li><a class="wp-nav__link" href="{shown(item.url)}"'
            f"{_CURRENT if item.current else ''}>"
            f"{shown(item.label)}</a></li>\n"
            for item in items
        )
    )


def draw_breadcrumb(crumbs: Iterable[Crumb]) -> SafeString:
    """Return the trail above a page."""
    items = "".join(
        '<li class="wp-breadcrumb__item">'
        + (
            '<a class="utrecht-link utrecht-link--html-a" '
            f'href="{shown(crumb.url)}">{shown(crumb.label)}</a>'
            f"{draw_icon('chevron-right')}"
            if crumb.url
            else f"<span{_CURRENT}>{shown(crumb.label)}</span>"
        )
        + "</li>\n"
        for crumb in crumbs
    )
    return SafeString(
        f'<nav class="wp-breadcrumb" aria-label="{shown(gettext("You are here"))}">\n'
        f'  <ol class="wp-breadcrumb__list">\n{items}  </ol>\n</nav>\n'
    )


def draw_page_header(title: object, *, lead: object, kicker: object) -> SafeString:
    """Return the one h1 of a page with what stands around it."""
    above = f'<p class="wp-page-header__kicker">{shown(kicker)}</p>' if kicker else ""
    below = (
        f'<p class="utrecht-paragraph utrecht-paragraph--lead">{shown(lead)}</p>'
        if lead
        else ""
    )
    return SafeString(
        f'<div class="wp-page-header">\n  {above}\n'
        f'  <h1 class="utrecht-heading-1">{shown(title)}</h1>\n  {below}\n</div>\n'
    )


def draw_alert(
    content: str, *, title: object, kind: str, modifier: str, icon: str
) -> SafeString:
    """Return something to tell in a frame of its own."""
    role = ' role="alert"' if kind == "now" else ""
    head = f'<p class="wp-alert__title">{shown(title)}</p>' if title else ""
    return SafeString(
        f'<div class="utrecht-alert utrecht-alert--{modifier} wp-alert" '
        f'data-kind="{kind}"{role}>\n'
        f'  <div class="utrecht-alert__icon">{draw_icon(icon)}</div>\n'
        '  <div class="utrecht-alert__content">\n'
        '    <div class="utrecht-alert__message">\n'
        f"      {head}\n      <div>{shown(content)}</div>\n"
        "    </div>\n  </div>\n</div>\n"
    )


def draw_table(
    content: str, *, caption: object, show_caption: bool, cards: bool
) -> SafeString:
    """Return a table in its frame."""
    words = shown(caption)
    frame = (
        ' wp-table-frame--cards"'
        if cards
        else f'" role="group" aria-label="{words}" tabindex="0"'
    )
    hidden = "" if show_caption else ' class="wp-visually-hidden"'
    return SafeString(
        f'<div class="wp-table-frame{frame}>\n'
        '  <table class="utrecht-table utrecht-table--html-table wp-table">\n'
        f"    <caption{hidden}>{words}</caption>\n    {shown(content)}\n"
        "  </table>\n</div>\n"
    )
