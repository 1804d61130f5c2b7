"""Pages behind a private link: kept out of caches, opened by a code for half an hour.

After the code a session of this browser keeps that this link was opened; the code
itself is not kept.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

#: So long the rest of a page stays open after the code.
OPEN_FOR = timedelta(minutes=30)
_SESSION_KEY = "private-links"
_TOLD_KEY = "private-told"


class CodeForm(forms.Form):
    """Six digits that came with the link."""

    code = forms.CharField(
        label=_("Code of six digits"),
        help_text=_("You got the code together with this link."),
        max_length=12,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "data-no-draft": "",
            }
        ),
        error_messages={
            "required": _("Fill in the code of six digits."),
            "max_length": _("The code has six digits."),
        },
    )

    def clean_code(self) -> str:
        """Return the digits; people write a code with a space or a dash."""
        code: str = self.cleaned_data["code"]
        return "".join(sign for sign in code if sign not in " -.")


def private_page(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """Keep a page out of search machines and caches, and its address to itself.

    The address goes to no other site (``SECURE_REFERRER_POLICY``). A stricter
    "no-referrer" makes browsers send the forms of this page without their origin,
    and those are refused.
    """

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
    return hashlib.sha256(f"private-link:{token}".encode()).hexdigest()
