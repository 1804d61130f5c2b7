"""A private link with a code, for who has no account: little by the link, more by both.

Only digests are kept. Five wrong codes close what is behind the code for a quarter of
an hour; what the link alone shows stays open, so a stranger cannot shut anybody out.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from wijkspil.core.errors import InvalidValue

MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)


class WrongCode(InvalidValue):
    """The code does not belong to the link, or was tried too often."""

    code = "wrong-code"


@dataclass(frozen=True, slots=True)
class LinkSecrets:
    """What is told once and never kept: the token of the link, and six digits."""

    token: str
    code: str


class PrivateLink(models.Model):
    """The columns of a link; the table says whose it is."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of link.")
    code_hash = models.CharField(max_length=128, help_text="Hash of the second factor.")
    failures = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField()

    class Meta:
        abstract = True

    @classmethod
    def make(cls, *, valid_until: datetime, **whose: Any) -> LinkSecrets:
        """Store a new link in place of the old one; ``whose`` are its key columns."""
        told = LinkSecrets(
            token=secrets.token_urlsafe(24),
            code=f"{secrets.randbelow(1_000_000):06d}",
        )
        replaced = {
            "digest": _digest(told.token),
            "code_hash": _code_digest(told.token, told.code),
            "failures": 0,
            "locked_until": None,
            "valid_until": valid_until,
        }
        cls._rows().bulk_create(
            [cls(**whose, **replaced)],
            update_conflicts=True,
            unique_fields=list(whose),
            update_fields=list(replaced),
        )
        return told

    @classmethod
    def find(cls, token: str, *, at: datetime) -> Self | None:
        """Return the link of a token while it holds, or None (one query)."""
        return cls._rows().filter(digest=_digest(token), valid_until__gt=at).first()

    @classmethod
    def _rows(cls) -> models.QuerySet[Self]:
        return cls._default_manager.all()

    def check_code(self, token: str, code: str, *, at: datetime) -> None:
        """Count a guess. Locks the row, so that guesses are counted one by one.

        Raises
        ------
        WrongCode
            If the code is not right, or was tried too often.
        """
        with transaction.atomic():
            row = self._rows().select_for_update().get(pk=self.pk)
            is_locked = row.locked_until is not None and row.locked_until > at
            is_right = not is_locked and constant_time_compare(
                _code_digest(token, code.strip()), row.code_hash
            )
            if not is_locked:
                row.failures = 0 if is_right else row.failures + 1
                if row.failures >= MAX_FAILURES:
                    row.failures, row.locked_until = 0, at + LOCKED_FOR
                row.save(update_fields=["failures", "locked_until"])
        if is_locked:
            raise WrongCode(
                _(
                    "There were too many wrong codes. Try again in a quarter of an "
                    "hour."
                ),
                field="code",
            )
        if not is_right:
            raise WrongCode(
                _("This code is not right. It has six digits and came with the link."),
                field="code",
            )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _code_digest(token: str, code: str) -> str:
    # A million codes are soon tried, whatever the hash: the key of the site, which is
    # not in the database, and the limit on guesses are what protect them.
    return salted_hmac(
        "wijkspil.private-link", f"{token}:{code}", algorithm="sha256"
    ).hexdigest()
