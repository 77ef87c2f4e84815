"""Serves an application on a socket until it is told to stop; signals are for whoever runs it to hear."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import uvicorn

from hub.errors import StartRefused


def listen(host: str, port: int, *, setting: str) -> socket.socket:
    """A socket that listens; raises `StartRefused` where it can't, naming the setting of the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as wrong:
        raise StartRefused(f"{host}:{port} can't be listened on ({wrong.strerror}); set {setting}") from None


async def serve(
    app: Any,
    listening: socket.socket,
    stop: asyncio.Event,
    *,
    most_at_once: int,
    keep_alive_s: int = 5,
    proxies: Sequence[object] = (),
) -> None:
    """Answer requests (`app` is an ASGI application) until `stop`.

    `proxies`: networks from which `X-Forwarded-For` is believed, from its end up to the first that is none of them.
    """
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=[str(proxy) for proxy in proxies],
            limit_concurrency=most_at_once,
            timeout_keep_alive=keep_alive_s,
            timeout_graceful_shutdown=5,
            lifespan="off",
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    server.should_exit = True
    await serving


def is_this_machine(host: str) -> bool:
    """Whether a name or address is the loopback's."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(uvicorn.Server):
    """Signals are ours to hear."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()
