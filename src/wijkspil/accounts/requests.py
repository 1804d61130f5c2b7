"""Who sends this request: a visitor, a signed-in person or a provider's system."""

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


def _find_actor(request: HttpRequest, *, at: datetime) -> Actor:
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _space, secret = header.partition(" ")
        actor = (
            get_token_actor(secret=secret.strip(), at=at)
            if scheme.lower() == "bearer"
            else None
        )
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
