"""Post to an address that somebody typed, without being led astray.

The name is looked up once, every address found must be public, and the connection
goes to that very address: a name that leads elsewhere a moment later, a redirect or a
proxy of the environment changes nothing. Ten seconds in all, however slowly the other
side answers.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _

from wijkspil.communications.errors import InvalidAddress

TIMEOUT_S = 10.0
#: Addresses that carry an IPv4 address inside, beside those that Python knows.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotReached(Exception):
    """Nobody answered; ``code`` says why ("timeout", "no-address", ...)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PrivateAddress(NotReached):
    """The name leads to this machine or to a network that is not public."""

    def __init__(self) -> None:
        super().__init__("private-address")


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse what is no address of a system on the public internet.

    Names are not looked up here: that is done each time something is sent.

    Raises
    ------
    InvalidAddress
        If it is not https, has no host, holds a password, or names a private address.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidAddress(
            _("“%(url)s” cannot be read as an address.") % {"url": url}, field="url"
        ) from error
    schemes = {"https", "http"} if allow_private else {"https"}
    if parts.scheme not in schemes or not host:
        raise InvalidAddress(
            _("“%(url)s” is no secure address. Write https://name/path.")
            % {"url": url},
            field="url",
        )
    if parts.username is not None or parts.fragment:
        raise InvalidAddress(
            _(
                "Leave out the name, the password and what follows “#”: who sends is "
                "proven by the signature."
            ),
            field="url",
        )
    if allow_private:
        return
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        is_private = host == "localhost" or host.endswith((".localhost", ".local"))
    else:
        is_private = not is_public(literal)
    if is_private:
        raise InvalidAddress(
            _("“%(host)s” is not on the public internet.") % {"host": host},
            field="url",
        )


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, also when it wraps another."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            return False
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
    )


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], allow_private: bool
) -> int:
    """Post and return the HTTP status; the answer's body is not read.

    Not to be called where an event loop runs.

    Raises
    ------
    PrivateAddress
        If the name leads to an address that is not public.
    NotReached
        If there is no answer within ten seconds.
    """
    return asyncio.run(_post_in_time(url, body, dict(headers), allow_private))


async def _post_in_time(
    url: str, body: bytes, headers: dict[str, str], allow_private: bool
) -> int:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await _post(url, body, headers, allow_private)
    except TimeoutError as error:
        raise NotReached("timeout") from error
    except httpx.TimeoutException as error:
        raise NotReached("timeout") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotReached("no-connection") from error


async def _post(
    url: str, body: bytes, headers: dict[str, str], allow_private: bool
) -> int:
    target = httpx.URL(url)
    address = await _look_up(target, allow_private=allow_private)
    async with (
        httpx.AsyncClient(
            timeout=TIMEOUT_S, follow_redirects=False, trust_env=False
        ) as client,
        client.stream(
            "POST",
            target.copy_with(host=str(address)),
            content=body,
            headers={**headers, "Host": target.netloc.decode("ascii")},
            # The certificate is checked against the name, not the address.
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        ) as answer,
    ):
        return answer.status_code


async def _look_up(target: httpx.URL, *, allow_private: bool) -> Address:
    port = target.port or (443 if target.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            target.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise NotReached("no-address") from error
    addresses = [ipaddress.ip_address(entry[4][0].split("%")[0]) for entry in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise PrivateAddress
    return addresses[0]
