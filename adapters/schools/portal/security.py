"""What every answer carries and no request may exceed: no script, no framing, no copy kept, no large body."""

import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

log = structlog.get_logger("dolen.schools")

MOST_BYTES = 64 * 1024
"""Of a form: a question is at most 8,000 characters."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",  # an address names a notification
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

_LONG = "max-age=31536000; includeSubDomains"

_STATIC = "public, max-age=3600"

Next = Callable[[Request], Awaitable[Response]]


def guard(*, secure: bool, failed: Callable[[Request], Response]) -> Callable[[Request, Next], Awaitable[Response]]:
    """The middleware around every page; `failed` makes the one that is shown where a page could not be made."""

    async def guarded(request: Request, following: Next) -> Response:
        response = _too_large(request) or _not_for_people(request)
        try:
            response = response or await following(request)
        except Exception as failure:  # its text may hold what a page shows
            log.error("page.failed", error=type(failure).__name__, at=_where(failure))
            response = failed(request)
        for name, value in _HEADERS.items():
            response.headers[name] = value
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = _STATIC
        if secure:
            response.headers["Strict-Transport-Security"] = _LONG
        return response

    return guarded


def _where(failure: Exception) -> str:
    """File and line at which it came about."""
    last = traceback.extract_tb(failure.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _too_large(request: Request) -> Response | None:
    length = request.headers.get("content-length", "0")
    chunked = "transfer-encoding" in request.headers
    if chunked or not length.isdecimal() or int(length) > MOST_BYTES:
        return PlainTextResponse("413", status_code=413)
    return None


def _not_for_people(request: Request) -> Response | None:
    """A page that is fetched ahead would count as opened though nobody saw it."""
    ahead = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return PlainTextResponse("503", status_code=503) if "prefetch" in ahead else None
