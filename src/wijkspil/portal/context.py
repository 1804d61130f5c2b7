"""What every page needs to know about who looks at it: the entries of the menu."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy

from wijkspil.accounts.requests import UnknownToken, get_request_actor
from wijkspil.accounts.types import VISITOR, Actor
from wijkspil.core.permissions import Permission
from wijkspil.directory.permissions import (
    EDIT_DIRECTORY,
    REPORT_CAPACITY,
    VIEW_COVERAGE_GAPS,
)
from wijkspil.ui.navigation import MenuItem


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu; without ``needs`` it is for everybody."""

    label: Any
    url_name: str
    needs: Permission | None = None
    signed_in: bool = False

    def is_for(self, actor: Actor) -> bool:
        """Whether this actor can use the page."""
        if self.needs is not None:
            return actor.holds(self.needs)
        return actor.user_id is not None or not self.signed_in


ENTRIES = (
    Entry(gettext_lazy("Who helps here now?"), "portal:who-helps"),
    Entry(gettext_lazy("Questions"), "portal:signposts"),
    Entry(gettext_lazy("Room"), "directory:capacity-teams", REPORT_CAPACITY),
    Entry(gettext_lazy("Coverage"), "directory:coverage", VIEW_COVERAGE_GAPS),
    Entry(gettext_lazy("Directory"), "directory:home", EDIT_DIRECTORY),
    Entry(gettext_lazy("My page"), "portal:my-page", signed_in=True),
)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the menu entries this visitor may use (no query for a visitor)."""
    try:
        actor = get_request_actor(request)
    except UnknownToken:  # the page that refuses the token has a menu as well
        actor = VISITOR
    return {
        "menu": [
            MenuItem(entry.label, url, current=request.path == url)
            for entry in ENTRIES
            if entry.is_for(actor) and (url := find_url(entry.url_name))
        ]
    }


def find_url(name: str) -> str:
    """Return the address of a page, or nothing where this site does not have it."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
