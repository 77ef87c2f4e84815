"""Serves the pages within the adapter's own process, until it is told to stop."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence

import structlog
import uvicorn
from fastapi import FastAPI

log = structlog.get_logger("dolen.schools")

KEEP_ALIVE_S = 75
"""Longer than a proxy in front keeps a connection that nobody uses: it would else send a request into a closed one."""

MOST_AT_ONCE = 500
"""Requests; more are told to come again at once, so that those who are in are answered."""


async def serve(app: FastAPI, *, host: str, port: int, stop: asyncio.Event, proxies: Sequence[object] = ()) -> None:
    """Answer requests until `stop`; raises OSError where the port is another's.

    `proxies`: networks from which `X-Forwarded-For` is believed, from its end up to the first that is none of them.
    """
    listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    with listening:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=[str(proxy) for proxy in proxies],
                limit_concurrency=MOST_AT_ONCE,
                timeout_keep_alive=KEEP_ALIVE_S,
                lifespan="off",
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        log.info("portal.serves", host=host, port=listening.getsockname()[1])
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Signals are the adapter's to hear."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()
