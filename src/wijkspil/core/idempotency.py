"""Do a write through the REST interface once, however often it is sent.

A system that got no answer does not know whether its write arrived. It sends the
write again with the same ``Idempotency-Key`` and gets the first answer, while nothing
is done twice. After draft-ietf-httpapi-idempotency-key-header-07, "The Idempotency-Key
HTTP Header Field": 400 without a key, 422 for a key of another request, 409 while the
first is still running. The draft writes the value as a structured string, in double
quotes; the same text without quotes is the same key.

The act and its record are one transaction, so a crash leaves both or neither. Only an
answer 2xx is kept; any other undoes whatever the act had stored, and the same key may
be sent again. Kept are status, body and content type; other headers are not. The
answer is sealed, since one may hold a secret that is shown once; of what was sent only
a digest under the key of the site is kept, so that nobody who reads the table can try
which code of a key safe was in it.

WijkspilError
├── InvalidValue
│   ├── MissingIdempotencyKey    the header is not there
│   ├── MalformedIdempotencyKey  it cannot be a key
│   └── ReusedIdempotencyKey     the caller used the key for another request
└── Conflict
    └── RequestInProgress        the first request with the key is still running
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict, InvalidValue
from wijkspil.core.models import IdempotencyRecord
from wijkspil.core.prepared import columns_of, fetch_instances
from wijkspil.core.sealing import seal_bytes, unseal_bytes

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
MAX_KEY_CHARACTERS = 255
#: An answer is kept at least so long; older ones a periodic job removes.
KEPT_HOURS = 24

_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e]+")
#: A structured string (RFC 9651, 3.3.3): quotes and backslashes are escaped.
_STRUCTURED_STRING = re.compile(r'"((?:[^"\\]|\\["\\])*)"')


class MissingIdempotencyKey(InvalidValue):
    """A write came without the header."""

    code = "idempotency-key-missing"


class MalformedIdempotencyKey(InvalidValue):
    """The header is empty, too long, or holds characters a key cannot have."""

    code = "idempotency-key-malformed"


class ReusedIdempotencyKey(InvalidValue):
    """The caller used this key for a request that was not the same."""

    code = "idempotency-key-reused"


class RequestInProgress(Conflict):
    """The first request with this key has not been answered yet."""

    code = "request-in-progress"


@dataclass(frozen=True)
class Attempt:
    """One sending of a write: who sent it, under which key, and what it says."""

    caller: str
    key: str
    method: str
    path: str
    body_sha256: str


def read_key(header: str | None) -> str:
    """Return the key in the value of the header.

    Raises
    ------
    MissingIdempotencyKey
        If there is no header.
    MalformedIdempotencyKey
        If it is empty, longer than 255 characters or not printable ASCII, or its
        quotes do not close.
    """
    if header is None:
        raise MissingIdempotencyKey(
            _(
                "Every write takes the header Idempotency-Key, so that it is done "
                "once also when it is sent twice. Send a new UUID with each write, "
                "and the same one when you send that write again."
            )
        )
    key = header.strip()
    if key.startswith('"'):
        quoted = _STRUCTURED_STRING.fullmatch(key)
        key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    if len(key) > MAX_KEY_CHARACTERS or not _PRINTABLE_ASCII.fullmatch(key):
        raise MalformedIdempotencyKey(
            _(
                "“%(value)s” is no Idempotency-Key. Send 1 to 255 printable "
                "characters of ASCII, for example a UUID."
            )
            % {"value": ascii(header[:40])[1:-1]}
        )
    return key


def digest_body(body: bytes) -> str:
    """Return 64 hex digits that tell two bodies apart and cannot be guessed back."""
    return salted_hmac(
        "wijkspil.core.idempotency", body, algorithm="sha256"
    ).hexdigest()


def answer_once(
    *, attempt: Attempt, act: Callable[[], HttpResponseBase], at: datetime
) -> HttpResponseBase:
    """Return the stored answer to this attempt, or act and store the answer.

    Runs ``act`` in a transaction and rolls it back unless it answers 2xx. Takes an
    advisory lock on caller and key until the end of the transaction; who finds it
    taken is refused at once, and keeps no worker waiting. Three queries besides those
    of the act.

    Raises
    ------
    RequestInProgress
        If another request with this key is running.
    ReusedIdempotencyKey
        If the key was used with another method, path or body.
    """
    with transaction.atomic():
        _lock(attempt)
        # A statement of its own: its snapshot is taken after the lock, so it sees
        # what the previous holder stored.
        wanted = {"caller": attempt.caller, "key": attempt.key}
        for (record,) in fetch_instances(_STORED, wanted, IdempotencyRecord):
            _check_same_request(record, attempt)
            return _as_response(record)
        response = act()
        if 200 <= response.status_code < 300:
            _store(attempt, response, at=at)
        else:
            transaction.set_rollback(True)
        return response


_STORED = f"""
SELECT {columns_of(IdempotencyRecord, "i")} FROM core_idempotencyrecord i
 WHERE i.caller = %(caller)s AND i.key = %(key)s
"""


def remove_old_idempotency_records(*, before: datetime) -> int:
    """Remove the records made before this moment and return how many (one query).

    For a periodic job, with the moment ``KEPT_HOURS`` ago.
    """
    removed, _per_table = IdempotencyRecord.objects.filter(
        created_at__lt=before
    ).delete()
    return removed


def _lock(attempt: Attempt) -> None:
    name = f"idempotency\0{attempt.caller}\0{attempt.key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (is_free,) = cursor.fetchone()
    if not is_free:
        raise RequestInProgress(
            _(
                "The first request with Idempotency-Key “%(key)s” is still running. "
                "Wait a second and send the same again."
            )
            % {"key": attempt.key}
        )


def _check_same_request(record: IdempotencyRecord, attempt: Attempt) -> None:
    if (record.method, record.path, record.body_sha256) == (
        attempt.method,
        attempt.path,
        attempt.body_sha256,
    ):
        return
    raise ReusedIdempotencyKey(
        _(
            "Idempotency-Key “%(key)s” was used before with another request: "
            "%(method)s %(path)s. Send a new key with each new write, and exactly the "
            "same body when you send a write again."
        )
        % {"key": attempt.key, "method": record.method, "path": record.path}
    )


def _store(attempt: Attempt, response: HttpResponseBase, *, at: datetime) -> None:
    if not isinstance(response, HttpResponse):
        raise TypeError(
            f"{attempt.method} {attempt.path} answers with {type(response).__name__}: "
            "a write answers with a whole body, so that the answer can be kept."
        )
    IdempotencyRecord.objects.create(
        caller=attempt.caller,
        key=attempt.key,
        method=attempt.method,
        path=attempt.path,
        body_sha256=attempt.body_sha256,
        response_status=response.status_code,
        response_body=seal_bytes(response.content),
        response_content_type=response.get("Content-Type", ""),
        created_at=at,
    )


def _as_response(record: IdempotencyRecord) -> HttpResponse:
    response = HttpResponse(
        unseal_bytes(record.response_body),
        status=record.response_status,
        content_type=record.response_content_type,
    )
    response[REPLAYED_HEADER] = "true"
    return response
