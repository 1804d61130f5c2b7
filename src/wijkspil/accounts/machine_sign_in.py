"""A system signs in by itself: SMART Backend Services (HL7 SMART App Launch 2.2).

The system signs a request with its own key (RFC 7523), we give an access token of a few
minutes for the scopes it asks for and has. Each signed request counts once. What a
scope lets it do is decided where the scope is used.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.models import ApiToken, MachineClient, UsedAssertion
from wijkspil.accounts.services import issue_token
from wijkspil.core.errors import InvalidValue, NotFound, WijkspilError

TOKEN_VALID_S = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384")
#: Longest life of a signed request (SMART: five minutes), and clocks that differ.
_LONGEST = timedelta(minutes=5)
_LEEWAY = timedelta(seconds=30)


class RefusedClient(WijkspilError):
    """The signed request does not hold (OAuth ``invalid_client``)."""

    code = "invalid_client"


class RefusedScope(WijkspilError):
    """None of the scopes asked for is the client's (OAuth ``invalid_scope``)."""

    code = "invalid_scope"


def register_client(
    *,
    organization_id: int,
    name: str,
    scopes: Sequence[str],
    jwks: dict[str, Any] | None = None,
    certificates: Sequence[str] = (),
    at: datetime,
) -> str:
    """Register a system of an organization and return its client id.

    Parameters
    ----------
    jwks
        Its public keys; private ones are refused.
    certificates
        SHA-256 of certificates it may show, hexadecimal.

    Raises
    ------
    InvalidValue
        If a key cannot be read or is private, or there is no key and no certificate.
    """
    keys = (jwks or {}).get("keys", [])
    if not keys and not certificates:
        raise InvalidValue(
            _("A system needs a public key (JWKS) or a certificate."), field="jwks"
        )
    for key in keys:
        _check_key(key)
    client = MachineClient.objects.create(
        organization_id=organization_id,
        client_id=secrets.token_hex(16),
        name=name,
        jwks={"keys": keys},
        certificates=[print_.replace(":", "").lower() for print_ in certificates],
        scopes=list(scopes),
        valid_from=at,
    )
    return client.client_id


def end_client(*, client_id: str, at: datetime) -> None:
    """Let a system sign in no more; tokens that it has end as well.

    Raises
    ------
    NotFound
        If no client has this id now.
    """
    with transaction.atomic():
        ended = (
            MachineClient.objects.at(at)
            .filter(client_id=client_id)
            .update(valid_until=at)
        )
        if not ended:
            raise NotFound(_("No client is registered with this id."))
        ApiToken.objects.filter(client__client_id=client_id).delete()


def _check_key(key: Any) -> None:
    try:
        jwt.PyJWK(key)
    except jwt.PyJWTError as error:
        raise InvalidValue(
            _("This key cannot be read: %(reason)s.") % {"reason": error}, field="jwks"
        ) from error
    if "d" in key or key.get("kty") == "oct":
        raise InvalidValue(
            _(
                "This key is secret. Keep it in your system, and give the public part "
                "of an RSA or EC key."
            ),
            field="jwks",
        )


def sign_in_client(
    *, assertion: str, scopes: Collection[str], audience: str, at: datetime
) -> tuple[str, list[str]]:
    """Return an access token and its scopes for a signed request.

    Raises
    ------
    RefusedClient
        If the request is not signed by a key of a client, is not for ``audience``
        (this token address), lives too long, has ended or was used before.
    RefusedScope
        If the client has none of ``scopes``.
    """
    client = _find_client(assertion, at=at)
    claims = _check_assertion(assertion, client, audience=audience, at=at)
    granted = sorted(scope for scope in scopes if scope in client.scopes)
    if not granted:
        raise RefusedScope(
            _("This client has none of these scopes. It has: %(scopes)s.")
            % {"scopes": " ".join(client.scopes) or "-"}
        )
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    UsedAssertion.objects.filter(client=client, expires_at__lt=at - _LEEWAY).delete()
    ApiToken.objects.filter(client=client, valid_until__lte=at).delete()
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(
                client=client, jti=claims["jti"], expires_at=expires
            )
            token_id, secret = issue_token(
                organization_id=client.organization_id,
                name=client.name,
                at=at,
                valid_until=at + timedelta(seconds=TOKEN_VALID_S),
            )
            ApiToken.objects.filter(pk=token_id).update(client=client, scopes=granted)
    except IntegrityError as error:
        raise RefusedClient(
            _("This signed request was used before. Sign a new one, with a new jti.")
        ) from error
    return secret, granted


def _find_client(assertion: str, *, at: datetime) -> MachineClient:
    try:
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError as error:
        raise RefusedClient(
            _("The signed request cannot be read: %(reason)s.") % {"reason": error}
        ) from error
    client: MachineClient | None = (
        MachineClient.objects.at(at).filter(client_id=str(issuer)).first()
    )
    if client is None:
        raise RefusedClient(_("No client is registered with this id."))
    return client


def _check_assertion(
    assertion: str, client: MachineClient, *, audience: str, at: datetime
) -> dict[str, Any]:
    """Return the claims of a request that holds."""
    header = jwt.get_unverified_header(assertion)
    keys = [
        key
        for key in client.jwks.get("keys", [])
        if "kid" not in header or key.get("kid") == header["kid"]
    ]
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                jwt.PyJWK(key, algorithm=header.get("alg")).key
                if header.get("alg") in ALGORITHMS
                else "",
                algorithms=list(ALGORITHMS),
                audience=audience,
                issuer=client.client_id,
                options={
                    "require": ["iss", "sub", "aud", "exp", "jti"],
                    # Against the moment of the call, not the clock of the library.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise RefusedClient(
                _("The signed request does not hold: %(reason)s.") % {"reason": error}
            ) from error
        _check_moments(claims, client, at=at)
        return claims
    raise RefusedClient(_("The signed request is not signed by a key of this client."))


def _check_moments(
    claims: dict[str, Any], client: MachineClient, *, at: datetime
) -> None:
    now = at.timestamp()
    expires = claims["exp"]
    if claims["sub"] != client.client_id:
        raise RefusedClient(_("The subject (sub) must be the client id."))
    if not isinstance(expires, int | float) or expires <= now - _LEEWAY.total_seconds():
        raise RefusedClient(_("The signed request has ended (exp)."))
    if expires > now + (_LONGEST + _LEEWAY).total_seconds():
        raise RefusedClient(
            _("The signed request lives too long: at most five minutes (exp).")
        )
    if not isinstance(claims["jti"], str) or not 1 <= len(claims["jti"]) <= 255:
        raise RefusedClient(_("The number (jti) is a text of 1 to 255 characters."))
