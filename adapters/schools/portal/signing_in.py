"""Sign-in by OpenID Connect, and sign-out: who comes must be known to the provider and to the portal."""

import re
from datetime import timedelta
from typing import Annotated, Any

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.schools.portal import development
from adapters.schools.portal.pages import page
from adapters.schools.portal.paths import Language, path_of
from adapters.schools.portal.portal import EVERYBODY, Portal, access_record
from adapters.schools.store import access, people, sessions
from contracts.access import Act

log = structlog.get_logger("dolen.schools")

FAILURES = 10
"""Failed sign-ins from one address before it has to wait."""
WITHIN = timedelta(minutes=5)

_OURS = re.compile(r"/(cy|en)/[a-z0-9/-]{0,120}|/n/[0-9a-f]{32}")
_SUBJECT = re.compile(r"[A-Za-z0-9._:|@-]{1,120}")


def router(portal: Portal) -> APIRouter:
    """The pages around sign-in."""
    routes = APIRouter()
    provider = _provider(portal)

    @routes.get("/")
    async def welcome(request: Request) -> Response:
        """Both languages side by side: nobody has chosen yet."""
        return page(request, portal, "welcome.html", language="cy")

    @routes.get("/{language}/sign-in")
    async def sign_in(request: Request, language: Language, to: Annotated[str, Query()] = "") -> Response:
        return page(request, portal, "sign_in.html", language=language, to=_ours(to), problem="")

    @routes.get("/{language}/sign-in/go")
    async def go(request: Request, language: Language, to: Annotated[str, Query()] = "") -> Response:
        request.session.clear()
        request.session["to"] = _ours(to) or f"/{language}/"
        request.session["language"] = language
        answer: Response = await provider.authorize_redirect(request, f"{portal.settings.address}/sign-in/back")
        return answer

    @routes.get("/sign-in/back")
    async def back(request: Request) -> Response:
        language = request.session.get("language", "cy")
        if await _has_failed_too_often(portal, request, count=False):
            return page(request, portal, "too_many.html", language=language, status=429)
        subject = await _subject(provider, request)
        going_to = request.session.get("to", f"/{language}/")
        request.session.clear()
        token = await _admitted(portal, subject)
        if token is None:
            waits = await _has_failed_too_often(portal, request, count=True)
            log.warning("sign_in.refused", known_to_provider=subject is not None)
            if waits:
                return page(request, portal, "too_many.html", language=language, status=429)
            problem = "unknown" if subject else "failed"
            return page(request, portal, "sign_in.html", language=language, status=403, to="", problem=problem)
        response = RedirectResponse(going_to, status_code=303)
        response.set_cookie(portal.cookie, token, httponly=True, samesite="lax", secure=portal.is_secure, path="/")
        return response

    @routes.post("/{language}/sign-out")
    async def sign_out(request: Request, language: Language) -> Response:
        async with portal.visit(request, language) as visit:
            await portal.form(request, visit)
            await sessions.end(visit.connection, request.cookies.get(portal.cookie, ""))
        response = RedirectResponse(f"/{language}/sign-in", status_code=303)
        response.delete_cookie(portal.cookie, path="/", secure=portal.is_secure, httponly=True, samesite="lax")
        return response

    @routes.get("/n/{ref}")
    async def from_pointer(request: Request, ref: str) -> Response:
        """A pointer's link has no language: whoever follows it is shown the one chosen before."""
        async with portal.visit(request, "cy") as visit:
            reader = visit.reader
            language = reader.language or visit.place(reader.parties[0]).language
        return RedirectResponse(f"/{language}/notices/{ref}", status_code=303)

    @routes.get("/{language}/accessibility")
    async def accessibility(request: Request, language: Language) -> Response:
        return page(request, portal, "accessibility.html", language=language)

    return routes


def home_of(portal: Portal, language: str, parties: tuple[str, ...]) -> str:
    """Where a reader begins: at the only school or desk, or at the list of several."""
    return path_of(language, parties[0]) if len(parties) == 1 else f"/{language}/places"


def _provider(portal: Portal) -> Any:
    settings = portal.settings.sign_in
    oauth = OAuth()
    if settings is None:
        settings = development.as_provider(portal.settings.address)
    secret = settings.client_secret.get_secret_value() if settings.client_secret else None
    return oauth.register(
        "provider",
        client_id=settings.client_id,
        client_secret=secret,
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
        },
    )


async def _subject(provider: Any, request: Request) -> str | None:
    """Who has come, as the provider signed it; None where the answer does not hold together."""
    try:
        token = await provider.authorize_access_token(request)
        return str(token["userinfo"]["sub"])
    except (OAuthError, KeyError, ValueError) as wrong:
        log.warning("sign_in.failed", error=type(wrong).__name__)
        return None


async def _admitted(portal: Portal, subject: str | None) -> str | None:
    """A session for somebody whom the portal knows; the attempt is recorded either way."""
    if subject is None:
        return None
    at = portal.clock()
    async with portal.database.begin() as connection:
        reader = await people.by_subject(connection, subject)
        by = subject if _SUBJECT.fullmatch(subject) else "unreadable"
        if reader is None:
            refused = access_record(at, by=by, role="none", party=EVERYBODY, act=Act.REFUSED, what="sign-in")
            await access.keep(connection, refused)
            return None
        right = reader.rights[0]
        record = access_record(at, by=by, role=right.role.value, party=right.party, act=Act.SIGNED_IN, what="portal")
        await access.keep(connection, record)
        return await sessions.begin(connection, reader.id, at)


async def _has_failed_too_often(portal: Portal, request: Request, *, count: bool) -> bool:
    caller = request.client.host if request.client else ""
    async with portal.database.begin() as connection:
        return await sessions.failed_too_often(
            connection, caller, portal.clock(), most=FAILURES, within=WITHIN, count=count
        )


def _ours(path: str) -> str:
    """A path of the portal's own; empty for anything else: nobody is sent to another site from here."""
    return path if _OURS.fullmatch(path) else ""
