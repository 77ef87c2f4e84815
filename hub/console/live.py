"""A page whose changing part is sent anew every few seconds, as server-sent events, while the session lasts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hub.console.console import Console, NotSignedIn
from hub.console.pages import fragment, page_of
from hub.console.paths import Language
from hub.errors import Unavailable
from hub.store.database import reading

EVERY_S = 3.0
LONGEST_S = 15 * 60
"""Then the browser comes anew: no stream outlives its session by more than one turn."""


def add_live_page(
    routes: APIRouter, console: Console, name: str, shown: Callable[[Console, Connection], dict[str, Any]]
) -> None:
    """The page `name` of what is `shown` at its moment, and its stream: templates `<name>.html`, `<name>_live.html`."""

    @routes.get(f"/{{language}}/{name}")
    def page(request: Request, language: Language) -> Response:
        with console.visit(request, language, what=name) as visit:
            found = shown(console, visit.connection)
            visit.record()
        return page_of(request, visit, f"{name}.html", **found)

    @routes.get(f"/{{language}}/{name}/live")
    def renewed(request: Request, language: Language) -> Response:
        console.session(request, touch=False)

        def draw() -> str:
            with reading(console.database) as connection:
                found = shown(console, connection)
            return fragment(console, f"{name}_live.html", language=language, **found)

        return stream(console, request, draw)


def stream(console: Console, request: Request, draw: Callable[[], str]) -> StreamingResponse:
    """What `draw` makes, again and again; it ends with the session, which it does not keep alive."""

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
            await asyncio.sleep(EVERY_S)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _event(html: str) -> str:
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: now\n{lines}\n"
