"""Close and open a text that the database must not be able to read.

Fernet (AES-128-CBC with HMAC-SHA256) of the ``cryptography`` library. The keys come
from the setting ``FIELD_KEYS``: the first seals, all of them open, so that a key can be
replaced. Without any the key is derived from the key that signs sessions. Losing the
keys is losing the texts.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Unreadable(ImproperlyConfigured):
    """A text was sealed with a key that is no longer among the settings."""


def seal(text: str) -> bytes:
    """Return the text, encrypted; twice the same text gives two different results.

    Raises
    ------
    ImproperlyConfigured
        If a key is no key.
    """
    return seal_bytes(text.encode())


def seal_bytes(content: bytes) -> bytes:
    """Return the content, encrypted, as ``seal`` does a text."""
    return _box().encrypt(content)


def unseal(sealed: bytes | memoryview) -> str:
    """Return the text.

    Raises
    ------
    Unreadable
        If it was sealed with a key that is no longer set, or was changed.
    ImproperlyConfigured
        If a key is no key.
    """
    return unseal_bytes(sealed).decode()


def unseal_bytes(sealed: bytes | memoryview) -> bytes:
    """Return the content that ``seal_bytes`` closed.

    Raises
    ------
    Unreadable, ImproperlyConfigured
        As for ``unseal``.
    """
    try:
        return _box().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise Unreadable(
            "An encrypted field cannot be opened: the key it was closed with is not in "
            "WIJKSPIL_FIELD_KEYS. Put the old key back, after the new one."
        ) from error


def _box() -> MultiFernet:
    try:
        return MultiFernet(
            [Fernet(key) for key in settings.FIELD_KEYS or [_derived_key()]]
        )
    except ValueError as error:
        raise ImproperlyConfigured(
            "WIJKSPIL_FIELD_KEYS holds a key that is not 32 bytes in URL-safe base64. "
            "Make one with cryptography.fernet.Fernet.generate_key()."
        ) from error


def _derived_key() -> str:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wijkspil field keys")
    key = kdf.derive(settings.SECRET_KEY.encode())
    return base64.urlsafe_b64encode(key).decode()
