"""Calls one address of a school's own system: signed, to a public address alone, no redirect, no long wait."""

import asyncio
import functools
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from standardwebhooks.webhooks import Webhook

LIMIT_S = 10.0
MOST_ANSWER_BYTES = 64 * 1024

_HTTPS = 443


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call."""

    taken: bool
    said: str
    """A status, or what went wrong; never what the other side wrote."""
    gone: bool = False
    """It asked never to be called again (410)."""
    retry_after_s: float | None = None
    """When it asked to be called again."""


class NotAllowed(Exception):
    """The address is none that may be called."""


async def call(
    url: str, body: bytes, headers: dict[str, str], *, loopback: bool = False, context: ssl.SSLContext | None = None
) -> Answer:
    """Make one call. `loopback` lets this machine be called, by plain HTTP too."""
    try:
        async with asyncio.timeout(LIMIT_S):
            return await _called(httpx.URL(url), body, headers, loopback=loopback, context=context)
    except TimeoutError:
        return Answer(False, "no answer in 10 s")
    except NotAllowed as reason:
        return Answer(False, str(reason))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as failure:  # a name that is none: ValueError
        return Answer(False, type(failure).__name__)


def signed(identity: str, at: datetime, body: bytes, secrets: list[str]) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature by each secret."""
    at = at.astimezone(UTC)  # the library takes the clock's face for UTC
    signatures = (Webhook(secret).sign(identity, at, body.decode()) for secret in secrets)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
    }


async def pinned(url: httpx.URL, *, loopback: bool) -> str:
    """The one IP address to call; raises NotAllowed where the name has any that is not public.

    Asked once and then used: a name that is looked up again for the call could have moved in between.
    """
    if url.scheme != "https" and not (loopback and url.scheme == "http"):
        raise NotAllowed("not https")
    if url.userinfo:
        raise NotAllowed("a user in the address")
    found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port or _HTTPS, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not _may_be_called(address, loopback=loopback):
            raise NotAllowed("not a public address")
    return str(addresses[0])


def _may_be_called(address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, loopback: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _may_be_called(inner, loopback=loopback)
        if address in _TRANSLATED:
            return _may_be_called(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF), loopback=loopback)
    if address.is_loopback:
        return loopback
    return address.is_global and not address.is_multicast


_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 by NAT64 (RFC 6052)."""


async def _called(
    url: httpx.URL, body: bytes, headers: dict[str, str], *, loopback: bool, context: ssl.SSLContext | None
) -> Answer:
    address = await pinned(url, loopback=loopback)
    host = url.host if url.port is None else f"{url.host}:{url.port}"
    async with (
        httpx.AsyncClient(
            verify=context or _context(), trust_env=False, follow_redirects=False, timeout=LIMIT_S
        ) as client,
        client.stream(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers={**headers, "host": host, "user-agent": "Dolen-Webhooks"},
            extensions={"sni_hostname": url.host},
        ) as response,
    ):
        read = 0
        async for chunk in response.aiter_raw():
            read += len(chunk)
            if read > MOST_ANSWER_BYTES:
                return Answer(False, "the answer is too long")
        return Answer(
            taken=response.is_success,
            said=str(response.status_code),
            gone=response.status_code == httpx.codes.GONE,
            retry_after_s=_retry_after(response.headers.get("retry-after", "")),
        )


@functools.cache
def _context() -> ssl.SSLContext:
    """Made once: it takes as long as many calls."""
    return httpx.create_ssl_context(trust_env=False)


def _retry_after(written: str) -> float | None:
    """Seconds, or the time of day that HTTP writes; None for nonsense."""
    if written.isascii() and written.isdigit() and len(written) < 9:
        return float(written)
    try:
        at = parsedate_to_datetime(written)
    except (ValueError, OverflowError):  # of a year or an offset that is none
        return None
    return (at - datetime.now(UTC)).total_seconds() if at.tzinfo else None
