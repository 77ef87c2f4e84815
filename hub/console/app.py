"""Puts the console together: pages, sign-in, and what is shown where something goes wrong."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from hub.console import (
    agencies,
    audit,
    balance,
    development,
    find,
    letters,
    notification,
    now,
    policy,
    redrives,
    signing_in,
)
from hub.console.console import Console, NotAllowed, NotFromOurPage, NotSignedIn, NotThere
from hub.console.pages import STATIC, page
from hub.console.security import Guard
from hub.errors import Unavailable

log = structlog.get_logger("dolen.console")

_A_DANCE_S = 600
"""A sign-in that takes longer begins again."""


def create_app(console: Console, *, secret: bytes) -> FastAPI:
    """The console; `secret` seals the cookie that lives while somebody signs in."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.include_router(signing_in.router(console))
    if console.own.development:
        app.include_router(development.router(console))
    for pages in (find, now, notification, letters, redrives, agencies, balance, policy, audit):
        app.include_router(pages.router(console))
    _explain(app, console)
    app.add_middleware(
        SessionMiddleware,
        secret_key=secret.hex(),
        session_cookie="dolen-console-sign-in",
        max_age=_A_DANCE_S,
        same_site="lax",
        https_only=console.is_secure,
    )
    app.add_middleware(Guard, secure=console.is_secure)
    # Their lines would hold addresses with ids in them.
    logging.getLogger("uvicorn.access").disabled = True
    return app


def _explain(app: FastAPI, console: Console) -> None:
    def shown(template: str, status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def explained(request: Request, _: Exception) -> Response:
            return page(request, console, template, language=language_of(request), status=status)

        return explained

    async def asked_to_sign_in(request: Request, _: Exception) -> Response:
        asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        going_to = f"?to={quote(asked, safe='')}" if request.method == "GET" else ""
        return RedirectResponse(f"/{language_of(request)}/sign-in{going_to}", status_code=303)

    async def away(request: Request, why: Exception) -> Response:
        log.warning("console.database_away", reason=str(why) if isinstance(why, Unavailable) else type(why).__name__)
        return page(request, console, "away.html", language=language_of(request), status=503)

    app.exception_handler(NotSignedIn)(asked_to_sign_in)
    app.exception_handler(NotAllowed)(shown("not_allowed.html", 403))
    app.exception_handler(NotThere)(shown("not_found.html", 404))
    app.exception_handler(HTTPException)(shown("not_found.html", 404))
    app.exception_handler(RequestValidationError)(shown("not_found.html", 404))
    app.exception_handler(NotFromOurPage)(shown("begin_again.html", 403))
    app.exception_handler(Unavailable)(away)
    app.exception_handler(SQLAlchemyError)(away)


def language_of(request: Request) -> str:
    """Of a page, by its path; elsewhere what the browser asks for, and Welsh where it asks for neither."""
    for language in ("cy", "en"):
        if request.url.path.startswith(f"/{language}/"):
            return language
    asked = request.headers.get("accept-language", "").lower()
    return "en" if asked.startswith("en") else "cy"
