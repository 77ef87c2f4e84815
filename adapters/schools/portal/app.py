"""Puts the portal together: pages, sign-in, and what is shown where something goes wrong."""

import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from adapters.schools.portal import board, development, inbox, lifting, notice, signing_in, webhook
from adapters.schools.portal.pages import STATIC, page
from adapters.schools.portal.portal import NotFromOurPage, NotSignedIn, NotTheirs, Portal
from adapters.schools.portal.security import guard

_A_DANCE_S = 600
"""A sign-in that takes longer begins again."""


def create_app(portal: Portal, *, secret: bytes) -> FastAPI:
    """The portal; `secret` seals the cookie that lives while somebody signs in."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.include_router(signing_in.router(portal))
    if portal.settings.development:
        app.include_router(development.router(portal))
    for pages in (inbox, notice, board, lifting, webhook):
        app.include_router(pages.router(portal))
    _explain(app, portal)
    app.add_middleware(
        SessionMiddleware,
        secret_key=secret.hex(),
        session_cookie=f"{portal.cookie}-sign-in",
        max_age=_A_DANCE_S,
        same_site="lax",
        https_only=portal.is_secure,
    )

    def failed(request: Request) -> Response:
        return page(request, portal, "failed.html", language=language_of(request), status=500)

    app.middleware("http")(guard(secure=portal.is_secure, failed=failed))
    # Their lines would hold addresses with a notification's ref.
    logging.getLogger("uvicorn.access").disabled = True
    return app


def _explain(app: FastAPI, portal: Portal) -> None:
    def shown(template: str, status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def explained(request: Request, _: Exception) -> Response:
            return page(request, portal, template, language=language_of(request), status=status)

        return explained

    async def asked_to_sign_in(request: Request, _: Exception) -> Response:
        going_to = request.url.path if request.method == "GET" else ""
        return RedirectResponse(f"/{language_of(request)}/sign-in?to={going_to}", status_code=303)

    app.exception_handler(NotSignedIn)(asked_to_sign_in)
    app.exception_handler(NotTheirs)(shown("not_found.html", 404))
    app.exception_handler(HTTPException)(shown("not_found.html", 404))
    app.exception_handler(RequestValidationError)(shown("not_found.html", 404))
    app.exception_handler(NotFromOurPage)(shown("begin_again.html", 403))


def language_of(request: Request) -> str:
    """Of a page, by its path; elsewhere what the browser asks for, and Welsh where it asks for neither."""
    for language in ("cy", "en"):
        if request.url.path.startswith(f"/{language}/"):
            return language
    asked = request.headers.get("accept-language", "").lower()
    return "en" if asked.startswith("en") else "cy"
