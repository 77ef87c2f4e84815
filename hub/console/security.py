"""What every answer carries and no request may exceed: our own scripts alone, no framing, no copy, no large body."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""Of a form."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

_LONG = "max-age=31536000; includeSubDomains"

_STATIC = "public, max-age=3600"


class Guard:
    """The middleware around every page; plain ASGI, so that a stream of live updates passes through."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, "Strict-Transport-Security": _LONG} if secure else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers; a request that may not be is refused before it is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = _STATIC
            await send(message)

        status = _refusal(Headers(scope=scope))
        answer = self._app if status is None else PlainTextResponse(str(status), status_code=status)
        await answer(scope, receive, sending)


def _refusal(headers: Headers) -> int | None:
    length = headers.get("content-length", "0")
    chunked = "transfer-encoding" in headers
    if chunked or not (length.isascii() and length.isdigit() and len(length) < 12) or int(length) > MOST_BYTES:
        return 413
    # A page that is fetched ahead would be recorded as seen though nobody saw it.
    ahead = headers.get("sec-purpose", "") + headers.get("purpose", "")
    return 503 if "prefetch" in ahead else None
