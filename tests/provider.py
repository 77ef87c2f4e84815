"""An identity provider on a real socket: well behaved until it is told otherwise."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

KEY = RSAKey.generate_key(2048, parameters={"use": "sig", "kid": "one"})
SHOWN_KEY = OctKey.generate_key(256, parameters={"use": "sig", "kid": "shown"})
"""A secret that is shown to all who ask for the keys."""

ELSEWHERE = "/elsewhere"


@dataclass
class Provider:
    """What it says, and what it was asked."""

    client: str
    issuer: str = ""
    nonce: str = ""
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """What the token endpoint says instead of a token."""
    padded: dict[str, int] = field(default_factory=dict)
    """So many bytes more than it takes are in the answers at these paths, which else are right."""
    moved: str = ""
    """The path at which it says that the answer is elsewhere; there it is, and right."""
    bytewise: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        if path == self.moved:
            return 307, {"location": ELSEWHERE + path}, b""
        path = path.removeprefix(ELSEWHERE)
        right = self._right(path)
        if right is None:
            return self.status, self.headers, self.body or b"{}"
        padding = {"more": "x" * self.padded[path]} if path in self.padded else {}
        status, headers = (self.status, self.headers) if path == "/token" else (200, {})
        return status, headers, json.dumps(right | padding).encode()

    def token(self) -> str:
        """A new ID token."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client,
            "sub": "dsp",
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 60,
        }
        return self.sign({name: value for name, value in (claims | self.claims).items() if value is not None})

    def begun(self, client: httpx.Client, language: str = "en") -> str:
        """Go as far as the provider; gives the path by which it sends a visitor back."""
        there = client.get(f"/{language}/sign-in/go").headers["location"]
        query = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
        self.nonce = query["nonce"]
        return f"/sign-in/back?code=the-code&state={query['state']}"

    def _right(self, path: str) -> dict[str, Any] | None:
        match path:
            case "/.well-known/openid-configuration":
                return self._says_of_itself() | self.metadata
            case "/keys":
                return {"keys": [*(key.as_dict(private=False) for key in self.keys), SHOWN_KEY.as_dict()]}
            case "/token" if self.body is None:
                return {"access_token": "x", "id_token": self.token()}
        return None

    def _says_of_itself(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }


@contextlib.contextmanager
def provided(client: str) -> Iterator[Provider]:
    """A provider that knows one client."""
    found = Provider(client)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            self.rfile.read(int(self.headers.get("content-length", 0)))
            found.asked.append(path)
            status, headers, body = found.answer(path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asks may have heard enough
                for each in [body[i : i + 1] for i in range(len(body))] if found.bytewise else [body]:
                    self.wfile.write(each)
                    time.sleep(0.05 if found.bytewise else 0)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()
