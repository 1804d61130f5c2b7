"""Keep the secrets of webhooks unreadable in the database.

Fernet (AES-128-CBC with HMAC-SHA256). The keys are those of ``WIJKSPIL_WEBHOOK_KEYS``;
without it one is derived from Django's ``SECRET_KEY``.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableSecret(Exception):
    """The secret was sealed with a key that is no longer among the settings."""


def seal(secret: str) -> bytes:
    """Return the secret encrypted with the first key."""
    return _fernet().encrypt(secret.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """Return the secret.

    Raises
    ------
    UnreadableSecret
        If none of the keys fits.
    """
    try:
        return _fernet().decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise UnreadableSecret(
            "No key of WIJKSPIL_WEBHOOK_KEYS decrypts this secret: add the key it was "
            "made with, or make the address anew."
        ) from error


def _fernet() -> MultiFernet:
    phrases = settings.WEBHOOK_KEYS or [f"webhooks\0{settings.SECRET_KEY}"]
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(phrase.encode()).digest()))
        for phrase in phrases
    )
