"""Decides how much of a request is read, whatever it says of its own length, and what is shown of a mistake of ours."""

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.gateway.problems import Refused, Trouble, problem
from contracts.envelope import MAX_EVENT_BYTES
from contracts.faults import Fault, FaultCode

log = structlog.get_logger("dolen.adapter.gateway")


class Guarded:
    """ASGI: a mistake of ours is a problem like any other, and its text, which may hold data, is not logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as failure:
            log.error("gateway.unexpected", error=type(failure).__name__)
            if not begun:
                await problem(Request(scope), Refused(Trouble.UNEXPECTED))(scope, receive, send)


class Capped:
    """ASGI: refuses a body before anything is parsed, by its stated length or as soon as more has come."""

    def __init__(self, app: ASGIApp, *, most: int = MAX_EVENT_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        body = None if length.isdigit() and int(length) > self._most else await self._read(receive)
        if body is None:
            refused = Refused(Trouble.TOO_LARGE, Fault(FaultCode.TOO_LARGE))
            answer = problem(Request(scope), refused)
            answer.headers["connection"] = "close"  # the rest of the body is not read
            await answer(scope, receive, send)
            return
        await self._app(scope, _given(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"".join(parts)
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > self._most:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _given(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once, and then what the connection says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
