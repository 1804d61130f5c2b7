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

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.referrals.errors import NotNow, UnknownRequest, WrongCode
from wijkspil.referrals.models import ClientLink, Patient
from wijkspil.referrals.permissions import can_see_patient
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import lock_request, team_target
from wijkspil.referrals.services.trail import record_patient_access

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


@transaction.atomic
def renew_client_link(
    *, actor: Actor, request_id: int, at: datetime
) -> tuple[str, str]:
    """Make a new link and code for whoever may see who the client is; logged.

    The old link ends. Both are returned once.

    Raises
    ------
    UnknownRequest
        If there is no such request.
    NotPermitted
        If the actor neither sent it, nor coordinates its region, nor has the client.
    NotNow
        If it was not sent yet, or who it is about was removed.
    """
    request = lock_request(request_id)
    if not can_see_patient(actor, request, team_target(request)):
        raise NotPermitted(
            _("A new link is made by who sent the request, a coordinator or the team.")
        )
    if not Patient.objects.filter(pk=request_id).exists():
        raise NotNow(_("There is no client to make a link for (any more)."))
    record_patient_access(
        request_id,
        actor=actor,
        action=AuditEvent.Action.UPDATE,
        purpose="client-link.renew",
        at=at,
    )
    days = get_agreed(request.region_id, at=at).retention_days
    return make_client_link(
        request_id=request_id, valid_until=at + timedelta(days=days)
    )


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
