"""Check an e-mail address with a password, and slow down whoever guesses.

After ``MAX_FAILURES`` wrong passwords for an address within ``WINDOW`` the address
waits, right password or not. The failures are counted in the trail itself, where
the address stands as a digest: what somebody typed is kept by nobody.
"""

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import Max
from django.http import HttpRequest
from django.utils.translation import gettext as _

from wijkspil.accounts.models import User
from wijkspil.core.audit import record_access
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent

MAX_FAILURES = 5
WINDOW = timedelta(minutes=15)
_ENTITY_TYPE = "sign-in-name"


class TooManyFailures(NotPermitted):
    """Too many wrong passwords for this address; ``wait_until`` says when again."""

    code = "too-many-failures"

    def __init__(self, message: str, *, wait_until: datetime) -> None:
        super().__init__(message)
        self.wait_until = wait_until


def check_password(
    *, request: HttpRequest, email: str, password: str, at: datetime
) -> User | None:
    """Return who this is, or None; both are written in the trail.

    Tries for one address come one by one (a lock of the transaction), so that five
    at the same time count as five. Holds the lock while the password is checked.

    Raises
    ------
    TooManyFailures
        If this address must wait; nothing is tried then.
    """
    name = digest_of(email)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
        _check_failures(name, at=at)
        # Scrypt also runs for an unknown address: the answer takes as long.
        user = authenticate(request, username=_spell(email), password=password)
        known = user if isinstance(user, User) else None
        record_access(
            at=at,
            actor_id=known.pk if known else None,
            actor_label=known.name if known else "unknown",
            action=AuditEvent.Action.SIGN_IN
            if known
            else AuditEvent.Action.SIGN_IN_FAILED,
            entity_type=_ENTITY_TYPE,
            entity_ids=[name],
            purpose="page.sign-in",
        )
    return known


def _spell(email: str) -> str:
    """Return the address as the account spells it; capitals do not matter."""
    typed = email.strip()
    known = list(
        User.objects.filter(email__iexact=typed).values_list("email", flat=True)
    )
    return typed if typed in known or not known else known[0]


def digest_of(email: str) -> str:
    """Return the name under which tries for an address are counted."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:40]


def _check_failures(name: str, *, at: datetime) -> None:
    """Refuse when the last successful sign-in is followed by too many failures."""
    tries = AuditEvent.objects.filter(
        entity_type=_ENTITY_TYPE, entity_id=name, at__gt=at - WINDOW
    )
    last_success = tries.filter(action=AuditEvent.Action.SIGN_IN).aggregate(
        moment=Max("at")
    )["moment"]
    failures = tries.filter(action=AuditEvent.Action.SIGN_IN_FAILED)
    if last_success is not None:
        failures = failures.filter(at__gt=last_success)
    moments = list(failures.order_by("at").values_list("at", flat=True))
    if len(moments) < MAX_FAILURES:
        return
    # The fifth from the end leaves the window first.
    wait_until = moments[-MAX_FAILURES] + WINDOW
    minutes = max(1, -(-int((wait_until - at).total_seconds()) // 60))
    raise TooManyFailures(
        _(
            "The password was wrong %(count)d times. Wait %(minutes)d minutes and try "
            "again, or ask the manager of your organization for help."
        )
        % {"count": MAX_FAILURES, "minutes": minutes},
        wait_until=wait_until,
    )
