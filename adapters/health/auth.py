"""Decides how the adapter proves to the FHIR server who it is: TLS, and a token kept until shortly before it ends."""

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable

import httpx
from pydantic_core import from_json

from adapters.health.settings import Oauth, Settings
from adapters.sdk.errors import AdapterError

LEEWAY_S = 30.0
"""A token is renewed this long before it ends: it must not end on its way."""
SHORTEST_S = 5.0
ASSERTION_S = 240
"""SMART Backend Services: at most five minutes."""
MAX_TOKEN_BYTES = 64 * 1024


class NoToken(AdapterError):
    """The authorisation server gave no token: the adapter waits and asks again."""


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """TLS that always checks the server's certificate and name, with the adapter's own certificate for mTLS."""
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.client_certificate_file is not None:
        context.load_cert_chain(settings.client_certificate_file)
    return context


class Token:
    """OAuth 2.0 client credentials (RFC 6749 section 4.4), with a secret or SMART Backend Services' assertion.

    authlib's client for httpx warns with each import that it is written against httpx2; what it signs with is used.
    """

    def __init__(self, settings: Oauth, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._settings = settings
        self._clock = clock
        self._token = ""
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def current(self, http: httpx.AsyncClient, *, refused: str | None = None) -> str:
        """The token, asked for where there is none or it ends soon; `refused` is one that the server didn't take.

        Raises NoToken, or what httpx raises.
        """
        async with self._asking:
            if self._clock() >= self._until or self._token == refused:
                self._token, lasts = await self._asked(http)
                self._until = self._clock() + max(SHORTEST_S, lasts - LEEWAY_S)
            return self._token

    async def _asked(self, http: httpx.AsyncClient) -> tuple[str, float]:
        settings, basic = self._settings, None
        form = {"grant_type": "client_credentials", "scope": settings.scope}
        if settings.private_key_file is not None:
            form |= {
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self._assertion(settings.private_key_file.read_bytes()),
            }
        elif settings.client_secret_file is not None:
            basic = httpx.BasicAuth(settings.client_id, settings.client_secret_file.read_text().strip())
        headers, body = {"accept": "application/json"}, bytearray()
        async with http.stream("POST", settings.token_url, data=form, headers=headers, auth=basic) as answer:
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_TOKEN_BYTES:
                    raise NoToken("the token endpoint's answer is too long; see that token_url is right")
        try:
            token = from_json(bytes(body)) if answer.status_code == httpx.codes.OK else {}
            return str(token["access_token"]), float(token.get("expires_in", 60))
        except (ValueError, KeyError, TypeError):
            raise NoToken(
                f"the token endpoint gave no token (status {answer.status_code}); see client id, key and scope, and "
                "that they are still registered"
            ) from None

    def _assertion(self, pem: bytes) -> str:
        from joserfc import jwt  # slow to import, and most servers take a secret or a certificate
        from joserfc.jwk import ECKey, RSAKey

        settings = self._settings
        key = (RSAKey if settings.algorithm.startswith("RS") else ECKey).import_key(pem)
        header = {"alg": settings.algorithm, "typ": "JWT"}
        if settings.key_id is not None:
            header["kid"] = settings.key_id
        now = int(time.time())
        claims = {
            "iss": settings.client_id,
            "sub": settings.client_id,
            "aud": settings.token_url,
            "jti": secrets.token_urlsafe(24),
            "iat": now,
            "exp": now + ASSERTION_S,
        }
        return jwt.encode(header, claims, key, algorithms=[settings.algorithm])
