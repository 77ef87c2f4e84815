"""Sends a page's changing part anew every few seconds, as server-sent events, while the reader's session lasts."""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from hub.console.console import Console, NotSignedIn
from hub.errors import Unavailable

EVERY_S = 3.0
LONGEST_S = 15 * 60
"""Then the browser comes anew: no stream outlives its session by more than one turn."""


def live(console: Console, request: Request, draw: Callable[[], str], *, every_s: float = EVERY_S) -> StreamingResponse:
    """A stream of what `draw` makes; it ends with the session, which it does not keep alive."""

    async def events() -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_S
        while loop.time() < until and not await request.is_disconnected():
            try:
                await run_in_threadpool(console.session, request, touch=False)
                yield _event(await run_in_threadpool(draw))
            except NotSignedIn:
                return
            except Unavailable:
                yield ": the database is away\n\n"
            await asyncio.sleep(every_s)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _event(html: str) -> str:
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: now\n{lines}\n"
