"""Sign-in by OpenID Connect, and sign-out: who comes must be known to the provider and have one of our roles."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Form, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.access import Act
from hub.access_report import access_record
from hub.console import development
from hub.console.bounded import Bounded
from hub.console.console import Console
from hub.console.pages import page
from hub.console.paths import Language
from hub.console.rights import Role, roles_of
from hub.store.database import writing
from hub.store.reports import keep_report
from hub.store.sessions import begin_session, end_session, failed_too_often

log = structlog.get_logger("dolen.console")

FAILURES = 10
"""Failed sign-ins from one address before it has to wait."""
WITHIN_MS = 5 * 60_000
PROVIDER_LIMIT_S = 20.0
"""For all that one step of a sign-in asks of the provider."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that nobody but the provider can make."""

_OURS = re.compile(r"/(cy|en)/[A-Za-z0-9/._-]{0,200}(\?[A-Za-z0-9=&%+._:/-]{0,500})?")
_SUBJECT = re.compile(r"[A-Za-z0-9._:|@-]{1,120}")


@dataclass(frozen=True, slots=True)
class _Comer:
    """Who has come, as the provider signed it."""

    subject: str
    roles: tuple[Role, ...]


def router(console: Console) -> APIRouter:
    """The pages around sign-in."""
    routes = APIRouter()
    provider = _provider(console)

    @routes.get("/")
    def welcome(request: Request) -> Response:
        """Both languages side by side: nobody has chosen yet."""
        return page(request, console, "welcome.html", language="cy")

    @routes.get("/{language}/sign-in")
    def sign_in(request: Request, language: Language, to: Annotated[str, Query()] = "") -> Response:
        return page(request, console, "sign_in.html", language=language, to=_ours(to), problem="")

    @routes.get("/{language}/sign-in/go")
    async def go(request: Request, language: Language, to: Annotated[str, Query()] = "") -> Response:
        request.session.clear()
        request.session["to"] = _ours(to) or f"/{language}/"
        request.session["language"] = language
        try:
            async with asyncio.timeout(PROVIDER_LIMIT_S):
                answer: Response = await provider.authorize_redirect(request, f"{console.own.address}/sign-in/back")
        except Exception as away:  # Authlib may stumble over anything that a provider writes; its text may show it
            log.warning("sign_in.provider_away", error=type(away).__name__)
            return page(request, console, "sign_in.html", language=language, status=503, to="", problem="away")
        return answer

    @routes.get("/sign-in/back")
    async def back(request: Request) -> Response:
        language = "en" if request.session.get("language") == "en" else "cy"
        if await run_in_threadpool(_has_failed_too_often, console, request, count=False):
            return page(request, console, "too_many.html", language=language, status=429)
        comer = await _comer(console, provider, request)
        going_to = _ours(str(request.session.get("to", ""))) or f"/{language}/"
        request.session.clear()
        token = await run_in_threadpool(_admitted, console, comer)
        if token is None:
            waits = await run_in_threadpool(_has_failed_too_often, console, request, count=True)
            log.warning("sign_in.refused", known_to_provider=comer is not None)
            if waits:
                return page(request, console, "too_many.html", language=language, status=429)
            problem = "unknown" if comer else "failed"
            return page(request, console, "sign_in.html", language=language, status=403, to="", problem=problem)
        response = RedirectResponse(going_to, status_code=303)
        response.set_cookie(console.cookie, token, httponly=True, samesite="lax", secure=console.is_secure, path="/")
        return response

    @routes.post("/{language}/sign-out")
    def sign_out(request: Request, language: Language, csrf: Annotated[str, Form()] = "") -> Response:
        with console.visit(request, language, what="sign-out") as visit:
            visit.check(csrf)
        with writing(console.database) as connection:
            end_session(connection, request.cookies.get(console.cookie, ""))
        response = RedirectResponse(f"/{language}/sign-in", status_code=303)
        response.delete_cookie(console.cookie, path="/", secure=console.is_secure, httponly=True, samesite="lax")
        return response

    @routes.get("/{language}/accessibility")
    def accessibility(request: Request, language: Language) -> Response:
        return page(request, console, "accessibility.html", language=language)

    return routes


def claimed_roles(claims: Mapping[str, Any], path: str) -> tuple[Role, ...]:
    """Our roles among an ID token's claims; a single word counts as a list of one."""
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return roles_of([found])
    return roles_of(found) if isinstance(found, Iterable) else ()


def _issuer(console: Console) -> str | None:
    own = console.own
    return own.address + development.PATH if own.development else own.issuer


def _provider(console: Console) -> Any:
    own = console.own
    secret = own.client_secret.get_secret_value() if own.client_secret and not own.development else None
    return OAuth().register(
        "provider",
        client_id=own.client_id,
        client_secret=secret,
        server_metadata_url=f"{_issuer(console)}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            "transport": Bounded(),
        },
    )


async def _comer(console: Console, provider: Any, request: Request) -> _Comer | None:
    """None where the provider's answer does not hold together."""
    # Of itself Authlib looks at no audience, and takes the algorithms from what the provider says of itself.
    held_to = {
        "iss": {"essential": True, "value": _issuer(console)},
        "aud": {"essential": True, "value": console.own.client_id},
    }
    try:
        async with asyncio.timeout(PROVIDER_LIMIT_S):
            said = await provider.load_server_metadata()
            offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
            said["id_token_signing_alg_values_supported"] = [each for each in ALGORITHMS if each in offered]
            token = await provider.authorize_access_token(request, claims_options=held_to)
        claims = token["userinfo"]
        subject = str(claims["sub"])
    except Exception as wrong:  # as above
        log.warning("sign_in.failed", error=type(wrong).__name__)
        return None
    if not _SUBJECT.fullmatch(subject):
        log.warning("sign_in.failed", error="subject of another form")
        return None
    return _Comer(subject, claimed_roles(claims, console.own.roles_claim))


def _admitted(console: Console, comer: _Comer | None) -> str | None:
    """A session for somebody with a role; the attempt is recorded either way."""
    if comer is None:
        return None
    at = console.clock()
    with writing(console.database) as connection:
        if not comer.roles:
            keep_report(connection, access_record(at, by=comer.subject, role="none", act=Act.REFUSED, what="sign-in"))
            return None
        record = access_record(at, by=comer.subject, role=comer.roles[0], act=Act.SIGNED_IN, what="console")
        keep_report(connection, record)
        longest = console.own.longest_hours * 3_600_000
        return begin_session(connection, reader=comer.subject, roles=comer.roles, at_ms=at, longest_ms=longest)


def _has_failed_too_often(console: Console, request: Request, *, count: bool) -> bool:
    caller = request.client.host if request.client else ""
    with writing(console.database) as connection:
        return failed_too_often(
            connection, caller, at_ms=console.clock(), most=FAILURES, within_ms=WITHIN_MS, count=count
        )


def _ours(path: str) -> str:
    """A path of the console's own; empty for anything else: nobody is sent to another site from here."""
    return path if _OURS.fullmatch(path) and "//" not in path else ""
