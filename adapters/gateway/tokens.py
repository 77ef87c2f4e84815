"""Decides whose an access token is: the issuer's signature, for this door, in its time, and which client (RFC 9068)."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from adapters.gateway.problems import Refused, Trouble
from adapters.gateway.settings import DoorSettings
from adapters.sdk.errors import ConfigurationRefused

log = structlog.get_logger("dolen.adapter.gateway")

ALGORITHMS = ["ES256", "ES384", "RS256", "PS256", "EdDSA"]
"""Signatures alone: none without one, none by a shared secret."""
LEEWAY_S = 30
_OLDEST_KEYS_S = 3600.0
_SOONEST_AGAIN_S = 60.0


class Keys(Protocol):
    """Where the issuer's public keys come from."""

    async def current(self, *, unknown: bool) -> KeySet:
        """The keys; `unknown`: a token names one that is not among them. Raises Refused where they can't be had."""
        ...


class Tokens:
    """Reads the access tokens of one door."""

    def __init__(self, door: DoorSettings, keys: Keys, *, clock: Callable[[], float] = time.time) -> None:
        self._door = door
        self._keys = keys
        self._clock = clock

    async def client_of(self, token: str) -> str | None:
        """The client's id, or None where the token is not good here and now."""
        claims = await self._claims(token)
        found = claims.get(self._door.client_claim) if claims is not None else None
        return found if isinstance(found, str) else None

    async def _claims(self, token: str) -> dict[str, Any] | None:
        for unknown in (False, True):
            try:
                read = jwt.decode(token, await self._keys.current(unknown=unknown), algorithms=ALGORITHMS)
            except (JoseError, ValueError):  # perhaps a key that is new
                continue
            try:
                self._rules().validate(read.claims)
            except JoseError:
                return None
            return read.claims
        return None

    def _rules(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._door.issuer},
            aud={"essential": True, "value": self._door.audience},
            exp={"essential": True},
        )


class OwnKey:
    """The key with which the door signs tokens of its own."""

    def __init__(self, path: Path, door: DoorSettings, *, clock: Callable[[], float] = time.time) -> None:
        """Makes the key if there is none; raises ConfigurationRefused."""
        self._door = door
        self._clock = clock
        try:
            self._key = ECKey.import_key(_made(path) or path.read_bytes())
        except (OSError, ValueError, JoseError) as failure:
            raise ConfigurationRefused(
                f"{path}: the door's signing key can't be read or made ({type(failure).__name__}); it is an EC key "
                "(P-256) in PEM, in a folder that this user may write"
            ) from None
        self._key.ensure_kid()

    async def current(self, *, unknown: bool) -> KeySet:
        """The one key."""
        return KeySet([self._key])

    def issue(self, client: str) -> tuple[str, int]:
        """An access token for a client, and the seconds for which it is good."""
        now, seconds = int(self._clock()), self._door.token_minutes * 60
        claims = {
            "iss": self._door.issuer,
            "aud": self._door.audience,
            "sub": client,
            self._door.client_claim: client,
            "iat": now,
            "exp": now + seconds,
            "jti": os.urandom(16).hex(),
        }
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": self._key.kid}, claims, self._key), seconds


class IssuersKeys:
    """The keys of an issuer elsewhere, by its JWKS: fetched when needed, and again when a token names a new one."""

    def __init__(self, jwks: str, client: httpx.AsyncClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`jwks`: an https address, or a file."""
        self._jwks = jwks
        self._client = client
        self._clock = clock
        self._keys: KeySet | None = None
        self._at = 0.0

    async def current(self, *, unknown: bool) -> KeySet:
        """Keys at most an hour old; for an unknown one at most a minute, so that nobody makes us ask without end."""
        age = self._clock() - self._at
        if self._keys is None or age > _OLDEST_KEYS_S or (unknown and age > _SOONEST_AGAIN_S):
            try:
                self._keys = KeySet.import_key_set(json.loads(await self._fetched()))
            except (httpx.HTTPError, OSError, ValueError, JoseError):
                if self._keys is None:
                    raise Refused(Trouble.ISSUER_AWAY, after_s=_SOONEST_AGAIN_S) from None
                log.error("gateway.issuer_away")  # what it said last is good for a while
            self._at = self._clock()
        return self._keys

    async def _fetched(self) -> bytes:
        if self._jwks.startswith("https://"):
            return (await self._client.get(self._jwks)).raise_for_status().content
        return await asyncio.to_thread(Path(self._jwks).read_bytes)


def _made(path: Path) -> bytes | None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return None
    written: bytes = ECKey.generate_key("P-256", private=True).as_pem(private=True)
    with os.fdopen(handle, "wb") as file:
        file.write(written)
    return written
