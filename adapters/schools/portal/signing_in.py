"""Sign-in by OpenID Connect, and sign-out: who comes must be known to the provider and to the portal."""

import ipaddress
import re
from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.schools.portal import development
from adapters.schools.portal.pages import page
from adapters.schools.portal.paths import Language, path_of
from adapters.schools.portal.portal import EVERYBODY, Portal, access_record
from adapters.schools.portal.provider import NotSignedInThere, Provider, ProviderFailed
from adapters.schools.store import access, people, sessions
from contracts.access import Act

log = structlog.get_logger("dolen.schools")

WITHIN = timedelta(minutes=5)
"""In which so many failed sign-ins as the settings say have an address wait."""

_OURS = re.compile(r"/(cy|en)/[a-z0-9/-]{0,120}|/n/[0-9a-f]{32}")
_SUBJECT = re.compile(r"[A-Za-z0-9._:|@-]{1,120}")


def router(portal: Portal) -> APIRouter:
    """The pages around sign-in."""
    routes = APIRouter()
    provider = Provider(portal.settings.sign_in or development.as_provider(portal.settings.address))

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
        try:
            return await provider.send_there(request, back=f"{portal.settings.address}/sign-in/back")
        except ProviderFailed as failure:
            log.error("sign_in.provider_failed", error=str(failure))
            return page(
                request, portal, "sign_in.html", language=language, status=503, to=_ours(to), problem="provider"
            )

    @routes.get("/sign-in/back")
    async def back(request: Request) -> Response:
        language = request.session.get("language", "cy")
        if await _has_failed_too_often(portal, request, count=False):
            return page(request, portal, "too_many.html", language=language, status=429)
        going_to = request.session.get("to", f"/{language}/")
        by, problem = await _came(provider, request)
        request.session.clear()
        token = await _admitted(portal, by, trusted=not problem)
        if token is None:
            if problem != "provider" and await _has_failed_too_often(portal, request, count=True):
                return page(request, portal, "too_many.html", language=language, status=429)
            status, problem = (503 if problem == "provider" else 403), problem or "unknown"
            return page(request, portal, "sign_in.html", language=language, status=status, to="", problem=problem)
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


async def _came(provider: Provider, request: Request) -> tuple[str, str]:
    """`sub` of who has come, as an access record may have it, and what is wrong."""
    try:
        subject = await provider.who_came(request)
    except NotSignedInThere as refusal:
        log.warning("sign_in.failed", error=str(refusal))
        return "nobody", "failed"
    except ProviderFailed as failure:
        log.error("sign_in.provider_failed", error=str(failure))
        return "nobody", "provider"
    return subject if _SUBJECT.fullmatch(subject) else "unreadable", ""


async def _admitted(portal: Portal, by: str, *, trusted: bool) -> str | None:
    """A session for somebody whom the portal knows; the attempt is recorded either way."""
    at = portal.clock()
    async with portal.database.begin() as connection:
        reader = await people.by_subject(connection, by) if trusted else None
        if reader is None:
            log.warning("sign_in.refused", known_to_provider=trusted)
            refused = access_record(at, by=by, role="none", party=EVERYBODY, act=Act.REFUSED, what="sign-in")
            await access.keep(connection, refused)
            return None
        right = reader.rights[0]
        record = access_record(at, by=by, role=right.role.value, party=right.party, act=Act.SIGNED_IN, what="portal")
        await access.keep(connection, record)
        return await sessions.begin(connection, reader.id, at)


async def _has_failed_too_often(portal: Portal, request: Request, *, count: bool) -> bool:
    async with portal.database.begin() as connection:
        return await sessions.failed_too_often(
            connection, caller_of(request), portal.clock(), most=portal.settings.failures, within=WITHIN, count=count
        )


def caller_of(request: Request) -> str:
    """Whose failures are counted: an address or, in IPv6, the network within which anybody has addresses enough."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a proxy wrote something else
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _ours(path: str) -> str:
    """A path of the portal's own; empty for anything else: nobody is sent to another site from here."""
    return path if _OURS.fullmatch(path) else ""
