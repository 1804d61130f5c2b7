"""What every page needs to know about who looks at it: the entries of the menu."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.requests import UnknownToken, get_request_actor
from wijkspil.accounts.types import VISITOR, Actor
from wijkspil.communications.selectors.inbox import count_unread
from wijkspil.portal import tiles
from wijkspil.ui.navigation import MenuItem

#: Short words for the bar; the tiles say more.
VISITOR_MENU: tuple[tuple[Any, tiles.Page], ...] = (
    (_("Who helps here now?"), tiles.WHO_HELPS),
    (_("Questions"), tiles.SIGNPOSTS),
    (_("Ask for care"), tiles.ASK),
    (_("Find a GP"), tiles.FIND_GP),
)
WORK_MENU: tuple[tuple[Any, tiles.Page], ...] = (
    (_("Who helps here now?"), tiles.WHO_HELPS),
    (_("Inbox"), tiles.INBOX),
    (_("Clients"), tiles.CLIENTS),
    (_("Requests"), tiles.REQUESTS),
    (_("Desk"), tiles.DESK),
    (_("Night calls"), tiles.NIGHT),
    (_("Calls"), tiles.CALLS),
    (_("Stay"), tiles.STAY),
    (_("My practice"), tiles.PRACTICE),
    (_("Swap rounds"), tiles.SWAP_ROUNDS),
    (_("Re-housing"), tiles.REHOUSINGS),
    (_("Capacity"), tiles.CAPACITY),
    (_("Coverage"), tiles.COVERAGE),
    (_("Duties"), tiles.DUTIES),
    (_("Room"), tiles.ROOM),
    (_("Figures"), tiles.STATISTICS),
    (_("Picture of the region"), tiles.PICTURE),
    (_("Agreements"), tiles.APPROVE),
    (_("Directory"), tiles.DIRECTORY),
    (_("Log"), tiles.AUDIT),
)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the menu this visitor may use (no query for a visitor)."""
    try:
        actor = get_request_actor(request)
    except UnknownToken:  # the page that refuses the token has a menu as well
        actor = VISITOR
    menu = [
        MenuItem(label, url, current=_is_within(request.path, url))
        for label, page in (WORK_MENU if actor.is_professional else VISITOR_MENU)
        if page.is_for(actor) and (url := tiles.find_url(page.url_name))
    ]
    if (
        actor.user_id is not None
        and tiles.MESSAGES.is_for(actor)
        and (url := tiles.find_url(tiles.MESSAGES.url_name))
    ):
        label = SimpleLazyObject(lambda: _messages_label(actor))
        menu.append(MenuItem(label, url, current=_is_within(request.path, url)))
    if actor.user_id is not None and (url := tiles.find_url("portal:my-page")):
        menu.append(MenuItem(_("My page"), url, current=_is_within(request.path, url)))
    return {"menu": menu}


def _messages_label(actor: Actor) -> str:
    """Say how many messages wait (one query, only where the menu is drawn)."""
    unread = count_unread(actor)
    return f"{_('Messages')} ({unread})" if unread else str(_("Messages"))


def _is_within(path: str, url: str) -> bool:
    """Whether a page is the one of the menu, or lies below it."""
    return path == url or path.startswith(f"{url.rstrip('/')}/")
