"""Ask another FHIR server: to copy it, or to tell it of our own resources.

The address is set by an administrator. As for webhooks the name is looked up once and
must lead to the public internet, unless ``WEBHOOK_PRIVATE``; the connection goes to
that very address, redirects are not followed, and a secret goes to no other host than
the one that was set, whatever a link in an answer says.
"""

import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from wijkspil.communications.outside import Address, check_url, is_public
from wijkspil.core.errors import WijkspilError
from wijkspil.fhir.types import FHIR_JSON, Resource

#: Of an answer: connecting, and each pause within it.
TIMEOUT_S = 30.0
#: A page of 500 resources is about 1 MB.
LARGEST_ANSWER_BYTES = 64 * 2**20
#: Waits that a server may ask of us, at most.
LONGEST_WAIT_S = 3600.0

_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class RemoteFault(WijkspilError):
    """The other server did not do what was asked; trying again later may help."""

    code = "remote-fault"


class NoAnswer(RemoteFault):
    """Nobody answered in time, or what came is no answer of a FHIR server."""

    code = "remote-no-answer"


class Busy(RemoteFault):
    """The server asks to come back later."""

    code = "remote-busy"

    def __init__(self, message: str, *, wait_s: float | None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Refused(RemoteFault):
    """The server refused, with its OperationOutcome if it gave one."""

    code = "remote-refused"

    def __init__(self, message: str, *, status: int, outcome: Resource | None) -> None:
        super().__init__(message)
        self.status = status
        self.outcome = outcome


@dataclass(frozen=True)
class Reply:
    """What came back: names of headers in lower case, and the JSON if it is that."""

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def resource(self) -> Resource:
        """The resource of a successful answer.

        Raises
        ------
        NoAnswer
            If it is none.
        """
        if isinstance(self.content, dict) and "resourceType" in self.content:
            return self.content
        raise NoAnswer(_("The answer is no FHIR resource."))


class RemoteServer:
    """One FHIR server, for the length of a block."""

    def __init__(
        self,
        address: str,
        *,
        secret: str = "",
        allow_private: bool | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.address = address.rstrip("/")
        self._allow_private = (
            settings.WEBHOOK_PRIVATE if allow_private is None else allow_private
        )
        check_url(self.address, allow_private=self._allow_private)
        self._base = urlsplit(self.address)
        self._secret = secret
        self._pinned: Address | None = None
        self._client = httpx.Client(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            verify=client_context(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: str) -> Reply:
        """Return what an address of this server answers.

        Raises
        ------
        NoAnswer, Busy
            See there.
        Refused
            For every other answer than 200.
        """
        reply = self.send("GET", url)
        if reply.status != HTTPStatus.OK:
            raise refused(reply, url)
        return reply

    def send(
        self,
        method: str,
        url: str,
        *,
        body: Resource | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer, whatever its status but 429, 503 and other 5xx.

        Raises
        ------
        NoAnswer, Busy
            See there.
        """
        target = httpx.URL(self.address_of(url))
        asked = {
            "Accept": FHIR_JSON,
            "Host": target.netloc.decode("ascii"),
            **(headers or {}),
        }
        if self._secret:
            asked["Authorization"] = f"Bearer {self._secret}"
        content = None
        if body is not None:
            asked["Content-Type"] = FHIR_JSON
            content = json.dumps(body, ensure_ascii=False).encode()
        try:
            status, told, text = self._exchange(method, target, asked, content)
        except httpx.TimeoutException as error:
            raise NoAnswer(
                _("%(address)s did not answer in time.") % {"address": target}
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NoAnswer(
                _("%(address)s cannot be reached: %(reason)s.")
                % {"address": target, "reason": error}
            ) from error
        if status in _BUSY:
            raise Busy(
                _("%(address)s is busy (%(status)s) and asks to come back later.")
                % {"address": target, "status": status},
                wait_s=_read_wait(told),
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NoAnswer(
                _("%(address)s answered %(status)s.")
                % {"address": target, "status": status}
            )
        return Reply(status, told, _read_json(text))

    def address_of(self, url: str) -> str:
        """Return an address as it is on this server, whatever host a link names.

        Servers behind a proxy give links with the name they have inside. What follows
        the base is kept; where it cannot be told, only the query.
        """
        parts = urlsplit(url)
        base = self._base.path.rstrip("/")
        if not parts.netloc:
            # Given by us: what follows the base, or a query of the base.
            path = parts.path.lstrip("/")
            path = f"{base}/{path}" if path else base or "/"
        elif parts.path == base or parts.path.startswith(f"{base}/"):
            path = parts.path or "/"
        else:
            path = f"{base}{_after_base(parts.path)}" or "/"
        return urlunsplit((self._base.scheme, self._base.netloc, path, parts.query, ""))

    def _exchange(
        self, method: str, target: httpx.URL, headers: dict[str, str], body: Any
    ) -> tuple[int, dict[str, str], bytes]:
        pinned = self._pinned = self._pinned or self._look_up(target)
        with self._client.stream(
            method,
            target.copy_with(host=str(pinned)),
            content=body,
            headers=headers,
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        ) as answer:
            parts, size = [], 0
            for part in answer.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > LARGEST_ANSWER_BYTES:
                    raise NoAnswer(
                        _("%(address)s sent more than is read here.")
                        % {"address": target}
                    )
            return (
                answer.status_code,
                {name.lower(): value for name, value in answer.headers.items()},
                b"".join(parts),
            )

    def _look_up(self, target: httpx.URL) -> Address:
        port = target.port or (443 if target.scheme == "https" else 80)
        host = target.raw_host.decode("ascii")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NoAnswer(
                _("There is no address of “%(host)s”.") % {"host": host}
            ) from error
        addresses = [
            ipaddress.ip_address(str(entry[4][0]).split("%")[0]) for entry in found
        ]
        if not self._allow_private and not all(map(is_public, addresses)):
            raise NoAnswer(
                _("“%(host)s” is not on the public internet.") % {"host": host}
            )
        # IPv4 first: many a machine has no way out by IPv6.
        return min(addresses, key=lambda one: one.version)


def client_context() -> ssl.SSLContext:
    """Return how TLS is done: who is trusted, and our certificate if there is one.

    Raises
    ------
    ImproperlyConfigured
        If a file of the settings cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=settings.FHIR_CA_FILE or None)
        if settings.FHIR_CERTIFICATE_FILE:
            context.load_cert_chain(
                settings.FHIR_CERTIFICATE_FILE, settings.FHIR_KEY_FILE or None
            )
    except (OSError, ssl.SSLError) as error:
        raise ImproperlyConfigured(
            "WIJKSPIL_FHIR_CERTIFICATE, WIJKSPIL_FHIR_KEY or WIJKSPIL_FHIR_CA names "
            f"no usable PEM file: {error}."
        ) from error
    return context


def refused(reply: Reply, url: str) -> Refused:
    """Return the error for an answer that is a refusal."""
    outcome = (
        reply.content
        if isinstance(reply.content, dict)
        and reply.content.get("resourceType") == "OperationOutcome"
        else None
    )
    said = ""
    for issue in (outcome or {}).get("issue") or []:
        if isinstance(issue, dict):
            said = str(issue.get("diagnostics") or issue.get("code") or "")
            break
    return Refused(
        _("%(url)s was refused with %(status)s. %(said)s")
        % {"url": url, "status": reply.status, "said": said[:300]},
        status=reply.status,
        outcome=outcome,
    )


def _after_base(path: str) -> str:
    """Return what follows the base in an address of another base."""
    segments = path.split("/")
    for place, segment in enumerate(segments):
        if (segment[:1].isupper() and segment.isalpha()) or segment == "_history":
            return "/" + "/".join(segments[place:])
    return ""


def _read_json(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _read_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After; a moment counts from the server's Date."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
        sent_at = parsedate_to_datetime(headers.get("date", ""))
        seconds = (until - sent_at).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT_S)
