"""The client's private link: progress for who holds it, more with the code.

Only digests are kept. Five wrong codes close the second half for a quarter of an hour;
the first half (how far it is) stays open, it says nothing about health.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from wijkspil.referrals.errors import UnknownRequest, WrongCode
from wijkspil.referrals.models import ClientLink

MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)


def make_client_link(*, request_id: int, valid_until: datetime) -> tuple[str, str]:
    """Make a link and a six-digit code for the client; return both, once.

    A new link replaces the old one.
    """
    token = secrets.token_urlsafe(24)
    code = f"{secrets.randbelow(1_000_000):06d}"
    ClientLink.objects.update_or_create(
        request_id=request_id,
        defaults={
            "digest": _digest(token),
            "code_hash": _code_digest(token, code),
            "failures": 0,
            "locked_until": None,
            "valid_until": valid_until,
        },
    )
    return token, code


def find_by_link(token: str, *, at: datetime) -> int:
    """Return the id of the request behind a link (one query).

    Raises
    ------
    UnknownRequest
        If the link is not known or has ended.
    """
    link = ClientLink.objects.filter(digest=_digest(token), valid_until__gt=at).first()
    if link is None:
        raise UnknownRequest(
            _(
                "This link does not work (any more). Ask who sent the request for a "
                "new one."
            )
        )
    return link.request_id


def check_code(token: str, code: str, *, at: datetime) -> int:
    """Return the id of the request if the code belongs to the link.

    Locks the link, so that guesses are counted one by one.

    Raises
    ------
    UnknownRequest
        If the link is not known or has ended.
    WrongCode
        If the code is not right, or was tried too often.
    """
    request_id = find_by_link(token, at=at)
    with transaction.atomic():
        link = ClientLink.objects.select_for_update().get(pk=request_id)
        if link.locked_until is not None and link.locked_until > at:
            is_locked, is_right = True, False
        else:
            is_locked = False
            is_right = constant_time_compare(
                _code_digest(token, code.strip()), link.code_hash
            )
            link.failures = 0 if is_right else link.failures + 1
            if link.failures >= MAX_FAILURES:
                link.failures, link.locked_until = 0, at + LOCKED_FOR
            link.save(update_fields=["failures", "locked_until"])
    if is_locked:
        raise WrongCode(
            _("There were too many wrong codes. Try again in a quarter of an hour."),
            field="code",
        )
    if not is_right:
        raise WrongCode(
            _("This code is not right. It has six digits and came with the link."),
            field="code",
        )
    return request_id


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _code_digest(token: str, code: str) -> str:
    # A million codes are soon tried, whatever the hash: the key of the site, which is
    # not in the database, and the limit on guesses are what protect them.
    return salted_hmac(
        "wijkspil.referrals.client-link", f"{token}:{code}", algorithm="sha256"
    ).hexdigest()
