"""Asks the identity provider who has come, and believes it only where all of its answer holds together."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from starlette.requests import Request
from starlette.responses import Response

from adapters.schools.settings import SignIn

LIMIT_S = 10.0
"""For all that one step of a sign-in asks of the provider."""

MOST_BYTES = 256 * 1024
"""Of one answer; keys and addresses of the largest providers take a tenth of it."""

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that nobody but the provider can make: not `none`, and none by a key that others have too."""

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class NotSignedInThere(Exception):
    """The provider let nobody in, or the visitor did not begin this sign-in here; the text is a code for the log."""


class ProviderFailed(Exception):
    """The provider is away, or what it says can't be believed; the text is a code for the log."""


class Provider:
    """The provider of the settings; what it says of itself is asked once and kept."""

    def __init__(self, settings: SignIn) -> None:
        self._issuer, self._client = settings.issuer, settings.client_id
        secret = settings.client_secret.get_secret_value() if settings.client_secret else None
        self._app: Any = OAuth().register(
            "provider",
            client_id=settings.client_id,
            client_secret=secret,
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
                "transport": _Bounded(),
            },
        )

    async def send_there(self, request: Request, *, back: str) -> Response:
        """Send a visitor to the provider, which sends the visitor on to `back`; raises ProviderFailed."""
        async with self._judged():
            answer: Response = await self._app.authorize_redirect(request, back)
            return answer

    async def who_came(self, request: Request) -> str:
        """`sub` of whoever comes back from the provider; raises NotSignedInThere or ProviderFailed."""
        if not await self._app.framework.get_state_data(request.session, request.query_params.get("state")):
            raise NotSignedInThere("not-begun-here")  # before the provider is asked anything
        async with self._judged():
            token = await self._app.authorize_access_token(request, claims_options=self._claims())
            subject: str = token["userinfo"]["sub"]
            return subject

    def _claims(self) -> dict[str, dict[str, object]]:
        """What Authlib holds an ID token to beside its time and nonce: of itself it looks at no audience."""
        return {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client},
            "sub": {"essential": True},
        }

    @asynccontextmanager
    async def _judged(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._know()
                yield
        except OAuthError as refusal:
            raise NotSignedInThere(type(refusal).__name__) from None
        except Exception as failure:  # a library may stumble over anything that a provider writes; its text may show it
            self._forget()
            raise failure if isinstance(failure, ProviderFailed) else ProviderFailed(type(failure).__name__) from None

    async def _know(self) -> None:
        """Have what the provider says of itself, and take no more of it than may be believed."""
        said = await self._app.load_server_metadata()
        check(said, self._issuer)
        offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        said["id_token_signing_alg_values_supported"] = [each for each in ALGORITHMS if each in offered]

    def _forget(self) -> None:
        """Ask the provider again next time: what it said of itself, or its keys, may have been wrong."""
        for name in ("_loaded_at", "jwks"):
            self._app.server_metadata.pop(name, None)


def check(said: Mapping[str, Any], issuer: str) -> None:
    """Hold what a provider says of itself to its address; raises ProviderFailed."""
    if said.get("issuer") != issuer:
        raise ProviderFailed("another-issuer")
    schemes = ("https://",) if issuer.startswith("https://") else ("https://", "http://")
    if not all(str(said.get(endpoint)).startswith(schemes) for endpoint in ENDPOINTS):
        raise ProviderFailed("an-endpoint-missing-or-without-tls")


class _Bounded(httpx.AsyncBaseTransport):
    """Makes each request by itself: no redirect is taken, and no more is read than an answer may have."""

    def __init__(self) -> None:
        self._context = httpx.create_ssl_context()  # it takes as long to make as a whole page does

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["accept-encoding"] = "identity"
        async with httpx.AsyncHTTPTransport(verify=self._context) as transport:
            response = await transport.handle_async_request(request)
            if response.is_redirect:
                raise ProviderFailed("a-redirect")
            content = await _read(response)
        return httpx.Response(response.status_code, content=content)


async def _read(response: httpx.Response) -> bytes:
    read = bytearray()
    async for chunk in response.aiter_bytes():
        read += chunk
        if len(read) > MOST_BYTES:
            raise ProviderFailed("too-long")
    return bytes(read)
