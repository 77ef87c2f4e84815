"""Opens one address for all agencies whose files name the same door, and decides whose a request is.

The runtime knows one agency an adapter. Agencies that share a door share a process (`dolen run adapter a.toml b.toml`),
an HTTP server and nothing else: each has its own store, its own credentials at the hub and its own clients.
"""

import asyncio
import hashlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn
from starlette.requests import Request

from adapters.gateway.counter import Counter
from adapters.gateway.peers import PeerProtocol
from adapters.gateway.problems import Refused, Trouble
from adapters.gateway.rates import Rates
from adapters.gateway.secret import matches
from adapters.gateway.settings import DoorSettings, load_door
from adapters.gateway.tokens import IssuersKeys, OwnKey, Tokens
from adapters.sdk.errors import ConfigurationRefused

log = structlog.get_logger("dolen.adapter.gateway")

_GUESSES_A_SECOND = 0.2
_GUESSES_AT_ONCE = 10
"""Of one address, that were wrong."""


class Door:
    """One address with the agencies behind it."""

    def __init__(self, settings: DoorSettings, *, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since 1970. Raises ConfigurationRefused."""
        self.settings = settings
        self.own_key = None
        if settings.jwks is None:
            assert settings.signing_key is not None  # noqa: S101 - the settings see to it
            self.own_key = OwnKey(settings.signing_key, settings, clock=clock)
            self.tokens = Tokens(settings, self.own_key, clock=clock)
        else:
            self.tokens = Tokens(settings, IssuersKeys(settings.jwks, httpx.AsyncClient(timeout=10)), clock=clock)
        self._counters: dict[str, Counter] = {}
        self._rates = Rates(a_second=settings.requests_a_second, burst=settings.burst, clock=clock)
        self._guesses = Rates(a_second=_GUESSES_A_SECOND, burst=_GUESSES_AT_ONCE, clock=clock)

    @contextmanager
    def behind(self, counter: Counter) -> Iterator[None]:
        """Let an agency's clients in; raises ConfigurationRefused where another agency has one of them."""
        for other in self._counters.values():
            ids = {client.id for client in counter.settings.clients} & {one.id for one in other.settings.clients}
            if ids or set(counter.settings.certificates) & set(other.settings.certificates):
                raise ConfigurationRefused(
                    f"{counter.agency} and {other.agency} have a client or certificate in common; one token is one "
                    "agency's: give each its own"
                )
        self._counters[counter.agency] = counter
        try:
            yield
        finally:
            del self._counters[counter.agency]

    @property
    def is_empty(self) -> bool:
        return not self._counters

    async def counter_of(self, request: Request) -> Counter:
        """The agency whose a request is; raises Refused."""
        counter = await self._by_token(request) or self._by_certificate(request)
        if counter is None:
            self._count_a_guess(request)
            raise Refused(Trouble.NOT_AUTHENTICATED)
        wait = self._rates.wait(counter.agency)
        if wait:
            raise Refused(Trouble.TOO_MANY, after_s=wait)
        return counter

    def issue(self, request: Request, client: str, secret: str) -> tuple[str, int] | None:
        """A token of the door's own, and its seconds, for a client that knows its secret; raises Refused."""
        if self.own_key is None:
            raise Refused(Trouble.NOT_FOUND)
        for counter in self._counters.values():
            for known in counter.settings.clients:
                if known.id == client and known.secret_sha256 and matches(secret, known.secret_sha256):
                    return self.own_key.issue(client)
        self._count_a_guess(request)
        return None

    async def _by_token(self, request: Request) -> Counter | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            return None
        client = await self.tokens.client_of(token.strip()) if scheme.lower() == "bearer" else None
        found = client and self._of_client(client)
        if not found:
            self._count_a_guess(request)
            raise Refused(Trouble.NOT_AUTHENTICATED)
        return found

    def _of_client(self, client: str) -> Counter | None:
        counters = self._counters.values()
        return next((one for one in counters if any(known.id == client for known in one.settings.clients)), None)

    def _by_certificate(self, request: Request) -> Counter | None:
        der = request.scope.get("extensions", {}).get("dolen.peer", {}).get("certificate")
        if der is None:
            return None
        fingerprint = hashlib.sha256(der).hexdigest()
        return next((one for one in self._counters.values() if fingerprint in one.settings.certificates), None)

    def _count_a_guess(self, request: Request) -> None:
        host = request.client.host if request.client else ""
        wait = self._guesses.wait(host)
        log.warning("gateway.not_authenticated")
        if wait:
            raise Refused(Trouble.TOO_MANY, after_s=wait)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The adapter's runtime has them."""
        yield


class _Open:
    """A door that stands open as long as an agency is behind it."""

    def __init__(self, door: Door) -> None:
        from adapters.gateway.app import create_app  # which knows what a door is

        self.door = door
        self._app = create_app(door)
        self._server: _Server | None = None
        self.task: asyncio.Task[None] | None = None

    def serve(self) -> None:
        """Listen; raises OSError where the address can't be had (uvicorn by itself would end the process)."""
        settings = self.door.settings
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        try:
            listening = socket.create_server((settings.host, settings.port), family=family, backlog=256)
        except OSError as failure:
            log.error("gateway.cannot_listen", listen=settings.listen, error=failure.strerror)
            raise
        self._server = _Server(_config(settings, self._app))
        self.task = asyncio.create_task(self._server.serve(sockets=[listening]))
        log.info("gateway.opens", listen=settings.listen, tls=settings.certificate is not None)

    async def close(self) -> None:
        """Finish what is being answered, and listen no more."""
        if self._server is not None and self.task is not None:
            self._server.should_exit = True
            await self.task


_open: dict[Path, _Open] = {}
"""The doors of this process, by their files."""


async def stand_behind(counter: Counter, stop: asyncio.Event) -> None:
    """Serve an agency at its door until `stop`; the first to come opens it, the last to go closes it."""
    file = counter.settings.door.resolve()
    opened = _open.get(file) or _open.setdefault(file, _Open(Door(load_door(file))))
    try:
        with opened.door.behind(counter):
            if opened.task is None:
                opened.serve()
            assert opened.task is not None  # noqa: S101
            await _until(stop, opened.task)
    finally:
        if opened.door.is_empty:
            _open.pop(file, None)
            await opened.close()


async def _until(stop: asyncio.Event, serving: "asyncio.Task[None]") -> None:
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()


def _config(settings: DoorSettings, app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=PeerProtocol,
        ws="none",
        lifespan="off",
        access_log=False,  # addresses of notifications are ids, but who asked when is nobody else's to read
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
        limit_concurrency=256,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        ssl_ca_certs=str(settings.client_authorities) if settings.client_authorities else None,
        ssl_cert_reqs=ssl.CERT_OPTIONAL if settings.client_authorities else ssl.CERT_NONE,
    )
