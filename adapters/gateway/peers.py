"""Tells the application which client certificate a connection was opened with; uvicorn itself does not."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

EXTENSION = "dolen.peer"
"""In the ASGI scope's `extensions`: `{"certificate": <DER>}` where there is one, checked by TLS."""

App = Callable[[Any, Any, Any], Awaitable[None]]


class PeerProtocol(H11Protocol):
    """HTTP/1.1 over one connection, whose peer is known for as long as it lasts."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if certificate is not None:
            self.app = _with_peer(self.app, certificate)


def _with_peer(app: Any, certificate: bytes) -> App:
    async def called(scope: Any, receive: Any, send: Any) -> None:
        extensions = {**scope.get("extensions", {}), EXTENSION: {"certificate": certificate}}
        await app({**scope, "extensions": extensions}, receive, send)

    return called
