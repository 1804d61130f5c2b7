"""Give a case the number by which people talk of it, as in N-7K3F9Q.

It tells nothing and cannot be counted on from another: six signs at random, 30^6 for
each prefix.
"""

import secrets
from typing import Protocol

from django.db import IntegrityError, transaction

#: Without 0, 1, I, L, O, U: a number is read out on the phone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_SIGNS = 6


class Numbered(Protocol):
    """A row with a unique column ``number``."""

    number: str

    def save(self) -> None:
        """Store it."""


def save_with_number(row: Numbered, *, prefix: str) -> None:
    """Store a new row under a number nobody has yet; trying again is rare.

    In the caller's transaction.
    """
    while True:
        signs = "".join(secrets.choice(_ALPHABET) for _place in range(_SIGNS))
        row.number = f"{prefix}-{signs}"
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            if "number" not in str(error):
                raise
        else:
            return


def read_number(text: str) -> str:
    """Return a number as it is stored, however it was typed."""
    return text.replace("\0", "").strip().upper()
