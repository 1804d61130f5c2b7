"""Sign what goes to another system, so that it can tell it came from here.

``v1=`` with the HMAC-SHA256 of ``<timestamp>.<body>``; ``docs/howto/messages.md``
shows how a receiver checks it.
"""

import hashlib
import hmac

ID_HEADER = "Wijkspil-Id"
TIMESTAMP_HEADER = "Wijkspil-Timestamp"
SIGNATURE_HEADER = "Wijkspil-Signature"


def sign(secret: str, *, timestamp_s: int, body: bytes) -> str:
    """Return the value of the header ``Wijkspil-Signature``."""
    signed = f"{timestamp_s}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
