"""An identity provider for one machine: anybody may have any role, and every page says so. Never in service."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.console.console import Console
from hub.console.pages import page
from hub.console.rights import Role

PATH = "/development"
_A_CODE_S = 60

PEOPLE: dict[str, tuple[Role, ...]] = {
    "olwen-operator": (Role.OPERATOR,),
    "aled-approver": (Role.APPROVER,),
    "arwel-auditor": (Role.AUDITOR,),
    "vera-viewer": (Role.VIEWER,),
    "bethan-both": (Role.OPERATOR, Role.APPROVER),
    "nia-nobody": (),
}
"""Invented, by their `sub`: one for each role, one with two, one with none."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What a code was given for."""

    subject: str
    nonce: str
    challenge: str
    redirect_uri: str
    at: float


@dataclass
class _Codes:
    given: dict[str, _Given] = field(default_factory=dict)

    def give(self, what: _Given) -> str:
        code = secrets.token_urlsafe(24)
        self.given[code] = what
        return code

    def take(self, code: str, verifier: str, redirect_uri: str) -> _Given | None:
        """Each code once, with the secret that belongs to its challenge."""
        found = self.given.pop(code, None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if found is None or found.at + _A_CODE_S < time.time() or found.redirect_uri != redirect_uri:
            return None
        return found if secrets.compare_digest(found.challenge, digest) else None


def router(console: Console) -> APIRouter:
    """Its endpoints, below `/development`."""
    routes = APIRouter(prefix=PATH)
    key = RSAKey.generate_key(2048, parameters={"use": "sig", "kid": "development"})
    codes = _Codes()
    issuer = console.own.address + PATH
    client = console.own.client_id
    ours = f"{console.own.address}/sign-in/back"

    @routes.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    @routes.get("/keys")
    async def keys() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False)]}

    @routes.get("/authorize")
    async def authorize(
        request: Request,
        state: Annotated[str, Query(max_length=200)],
        nonce: Annotated[str, Query(max_length=200)],
        code_challenge: Annotated[str, Query(max_length=100)],
    ) -> Response:
        asked = {"state": state, "nonce": nonce, "code_challenge": code_challenge}
        language = request.session.get("language", "en")
        return page(request, console, "development.html", language=language, people=PEOPLE, asked=asked)

    @routes.post("/authorize")
    async def authorized(
        subject: Annotated[str, Form(max_length=120)],
        state: Annotated[str, Form(max_length=200)],
        nonce: Annotated[str, Form(max_length=200)],
        code_challenge: Annotated[str, Form(max_length=100)],
    ) -> Response:
        code = codes.give(_Given(subject, nonce, code_challenge, ours, time.time()))
        return RedirectResponse(f"{ours}?{urlencode({'code': code, 'state': state})}", status_code=303)

    @routes.post("/token")
    async def token(
        code: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        client_id: Annotated[str, Form()],
    ) -> Response:
        found = codes.take(code, code_verifier, redirect_uri) if client_id == client else None
        if found is None:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": issuer,
            "aud": client,
            "sub": found.subject,
            "nonce": found.nonce,
            "iat": now,
            "exp": now + _A_CODE_S,
        }
        _set(claims, console.own.roles_claim, [role.value for role in PEOPLE.get(found.subject, ())])
        signed = jwt.encode({"alg": "RS256", "kid": "development"}, claims, key)
        return JSONResponse(
            {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": 60, "id_token": signed}
        )

    return routes


def _set(claims: dict[str, Any], path: str, value: object) -> None:
    """Put a claim where the setting says that roles are."""
    *into, last = path.split(".")
    for name in into:
        claims = claims.setdefault(name, {})
    claims[last] = value
