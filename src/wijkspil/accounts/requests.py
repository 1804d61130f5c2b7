"""Who sends this request: a visitor, a signed-in person or a provider's system."""

import hashlib
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import get_actor, get_token_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.errors import WijkspilError


class UnknownToken(WijkspilError):
    """The bearer token is not known, or no longer valid."""

    code = "unknown-token"


def get_request_actor(request: HttpRequest) -> Actor:
    """Return who acts; looked up once per request (no query for a visitor).

    Raises
    ------
    UnknownToken
        If the request carries a bearer token that does not hold now.
    """
    actor: Actor | None = getattr(request, "_actor", None)
    if actor is None:
        actor = _find_actor(request, at=timezone.now())
        request._actor = actor  # type: ignore[attr-defined]  # noqa: SLF001
    return actor


def get_writing_actor(request: HttpRequest) -> Actor:
    """Return the system whose token comes with a writing request.

    Raises
    ------
    UnknownToken
        If there is no token, also when a person is signed in, or it does not hold.
    """
    if not request.headers.get("Authorization"):
        raise UnknownToken(
            _(
                "Writing takes a token of your organization's system: send "
                "“Authorization: Bearer <token>”. In a browser, use the pages."
            )
        )
    return get_request_actor(request)


def get_writing_caller(request: HttpRequest) -> str:
    """Return which token comes with a writing request, as a text that names only it.

    Raises
    ------
    UnknownToken
        As for ``get_writing_actor``.
    """
    get_writing_actor(request)
    return f"token:{hashlib.sha256(_get_secret(request).encode()).hexdigest()}"


def _get_secret(request: HttpRequest) -> str:
    """Return the bearer token of the request; empty if it has none."""
    header = request.headers.get("Authorization", "")
    scheme, _space, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _find_actor(request: HttpRequest, *, at: datetime) -> Actor:
    if request.headers.get("Authorization"):
        secret = _get_secret(request)
        actor = get_token_actor(secret=secret, at=at) if secret else None
        if actor is None:
            raise UnknownToken(
                _(
                    "The token is not known or has ended. Send "
                    "“Authorization: Bearer <token>” with a token of your organization."
                )
            )
        return actor
    user = request.user
    if not user.is_authenticated:
        return get_actor(user_id=None, label="", at=at)
    return get_actor(user_id=user.pk, label=str(user), at=at)
