"""Who sends this request: a visitor, a signed-in person or a provider's system."""

import hashlib
from datetime import datetime
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import (
    get_actor,
    get_certificate_actor,
    get_token_actor,
)
from wijkspil.accounts.types import VISITOR, Actor
from wijkspil.core.errors import NotPermitted, WijkspilError


class UnknownToken(WijkspilError):
    """The bearer token is not known, or no longer valid."""

    code = "unknown-token"


#: Scope by which a token that is limited to scopes may use the REST interface.
REST_SCOPE = "api/v1"


def get_request_actor(request: HttpRequest) -> Actor:
    """Return who acts; looked up once per request (no query for a visitor).

    Raises
    ------
    UnknownToken
        If the request carries a bearer token that does not hold now.
    NotPermitted
        If the token is limited to scopes without ``REST_SCOPE``.
    """
    actor: Actor | None = getattr(request, "_actor", None)
    if actor is None:
        actor = _find_actor(request, at=timezone.now())
        if actor.scopes is not None and REST_SCOPE not in actor.scopes:
            raise NotPermitted(
                _("This token may not be used here: it lacks the scope “%(scope)s”.")
                % {"scope": REST_SCOPE}
            )
        request._actor = actor  # type: ignore[attr-defined]  # noqa: SLF001
    return actor


def get_machine_actor(request: HttpRequest, *, at: datetime) -> Actor:
    """Return the system that calls, by its token or its certificate; else a visitor.

    A session counts for nothing here. At most one query.

    Raises
    ------
    UnknownToken
        If the token does not hold now, or nobody has registered the certificate.
    """
    if request.headers.get("Authorization"):
        return _get_token_holder(request, at=at)
    if settings.CLIENT_CERTIFICATE_HEADER and (
        shown := request.headers.get(settings.CLIENT_CERTIFICATE_HEADER)
    ):
        actor = get_certificate_actor(sha256=read_thumbprint(shown), at=at)
        if actor is None:
            raise UnknownToken(
                _(
                    "The certificate is not known here. Ask the administrator to "
                    "register its SHA-256 for your organization's system."
                )
            )
        return actor
    return VISITOR


def read_thumbprint(shown: str) -> str:
    """Return the SHA-256 of a certificate as a TLS proxy passes it on: PEM, escaped.

    Raises
    ------
    UnknownToken
        If it is no certificate.
    """
    try:
        certificate = x509.load_pem_x509_certificate(unquote(shown).encode())
    except ValueError as error:
        raise UnknownToken(
            _("The certificate that was passed on cannot be read: %(reason)s.")
            % {"reason": error}
        ) from error
    return certificate.fingerprint(hashes.SHA256()).hex()


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
        return _get_token_holder(request, at=at)
    user = request.user
    if not user.is_authenticated:
        return get_actor(user_id=None, label="", at=at)
    return get_actor(user_id=user.pk, label=str(user), at=at)


def _get_token_holder(request: HttpRequest, *, at: datetime) -> Actor:
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
