"""Pages behind a private link: kept out of caches, opened by a code for half an hour.

After the code a session of this browser keeps that this link was opened; the code
itself is not kept.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

#: So long the rest of a page stays open after the code.
OPEN_FOR = timedelta(minutes=30)
_SESSION_KEY = "household-links"
_TOLD_KEY = "household-told"


def private_page(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """Keep a page out of search machines and caches, and its address to itself."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "same-origin"
        return response

    return page


def open_link(request: HttpRequest, token: str, *, at: datetime) -> None:
    """Keep that this browser opened the link with its code."""
    request.session.cycle_key()
    opened = _still_open(request, at=at)
    opened[_key_of(token)] = (at + OPEN_FOR).timestamp()
    request.session[_SESSION_KEY] = opened


def is_link_open(request: HttpRequest, token: str, *, at: datetime) -> bool:
    """Whether this browser opened the link less than half an hour ago."""
    return _key_of(token) in _still_open(request, at=at)


def close_link(request: HttpRequest, token: str) -> None:
    """Forget that this browser opened the link."""
    opened = request.session.get(_SESSION_KEY, {})
    opened.pop(_key_of(token), None)
    request.session[_SESSION_KEY] = opened


def keep_told(request: HttpRequest, **told: str) -> None:
    """Keep what is told once, for the next page this browser opens."""
    request.session[_TOLD_KEY] = told


def take_told(request: HttpRequest) -> dict[str, str]:
    """Return what is told once, and forget it; empty when it was told."""
    told: dict[str, str] = request.session.pop(_TOLD_KEY, {})
    return told


def _still_open(request: HttpRequest, *, at: datetime) -> dict[str, float]:
    kept: dict[str, float] = request.session.get(_SESSION_KEY, {})
    return {key: until for key, until in kept.items() if until > at.timestamp()}


def _key_of(token: str) -> str:
    return hashlib.sha256(f"household-link:{token}".encode()).hexdigest()
