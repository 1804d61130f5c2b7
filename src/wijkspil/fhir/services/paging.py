"""Where the next page begins, in a token that only this server can make.

A token holds for the search it was made for: the same type, parameters and viewer.
"""

from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import FhirError, refuse

_SALT = "wijkspil.fhir.page"
PAGE = "_page"


@dataclass(frozen=True)
class Page:
    """How far a client is: the horizon and total of its first page, and last keys."""

    horizon: int
    total: int | None
    after: tuple[Any, ...]


def write_page(page: Page, *, of: str) -> str:
    """Return the token of a page of the search ``of``."""
    return signing.dumps(
        [_digest(of), page.horizon, page.total, list(page.after)], salt=_SALT
    )


def read_page(token: str, *, of: str) -> Page:
    """Return the page a token stands for.

    Raises
    ------
    FhirError
        400 if it was not made here, or for another search.
    """
    try:
        digest, horizon, total, after = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise _unknown() from None
    if digest != _digest(of):
        raise _unknown()
    return Page(horizon=horizon, total=total, after=tuple(after))


def _unknown() -> FhirError:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "value",
        gettext_noop(
            "This page is not one of this search. Begin again without “_page”."
        ),
        expression=PAGE,
    )


def _digest(of: str) -> str:
    return blake2b(of.encode(), digest_size=8).hexdigest()


def to_link(
    base_url: str, path: str, params: list[tuple[str, str]], *, token: str = ""
) -> str:
    """Return the address of a page."""
    query = urlencode([*params, (PAGE, token)] if token else params)
    address = f"{base_url}/{path}" if path else base_url
    return f"{address}?{query}" if query else address
