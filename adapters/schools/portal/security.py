"""What every answer carries and no request may exceed: no script, no framing, no copy kept, no large body."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

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


def guard(*, secure: bool) -> Callable[[Request, Next], Awaitable[Response]]:
    """The middleware around every page."""

    async def guarded(request: Request, following: Next) -> Response:
        response = _too_large(request) or _not_for_people(request) or await following(request)
        for name, value in _HEADERS.items():
            response.headers[name] = value
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = _STATIC
        if secure:
            response.headers["Strict-Transport-Security"] = _LONG
        return response

    return guarded


def _too_large(request: Request) -> Response | None:
    length = request.headers.get("content-length", "0")
    chunked = "transfer-encoding" in request.headers
    if chunked or not length.isdigit() or int(length) > MOST_BYTES:
        return PlainTextResponse("413", status_code=413)
    return None


def _not_for_people(request: Request) -> Response | None:
    """A page that is fetched ahead would count as opened though nobody saw it."""
    ahead = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return PlainTextResponse("503", status_code=503) if "prefetch" in ahead else None
