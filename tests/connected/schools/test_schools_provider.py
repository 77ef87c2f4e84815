"""An identity provider that lies, dawdles and rambles, on a real socket: nobody comes in, and the page says so."""

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapters.schools.portal import provider as asking
from adapters.schools.portal.provider import MOST_BYTES, ProviderFailed
from adapters.schools.roles import Role
from adapters.schools.settings import FAILURES
from contracts.access import Act
from tests.schools_ground import ENGLISH, Ground

pytestmark = pytest.mark.connected

CLIENT = "dolen-schools"
KEY = RSAKey.generate_key(2048, parameters={"use": "sig", "kid": "one"})
OTHERS_KEY = RSAKey.generate_key(2048, parameters={"use": "sig", "kid": "one"})

SAID = {
    ("failed", "en"): "The sign-in did not work",
    ("failed", "cy"): "Ni weithiodd y mewngofnodi",
    ("provider", "en"): "The sign-in service can&#39;t be used just now",
    ("provider", "cy"): "Ni ellir defnyddio&#39;r gwasanaeth mewngofnodi ar hyn o bryd",
}


@dataclass
class Provider:
    """Well behaved until it is told otherwise."""

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
    bytewise: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/.well-known/openid-configuration":
            return 200, {}, json.dumps(self._says_of_itself() | self.metadata).encode()
        if path == "/keys":
            return 200, {}, json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        if path == "/token" and self.body is None:
            return self.status, self.headers, json.dumps({"access_token": "x", "id_token": self.token()}).encode()
        return self.status, self.headers, self.body or b"{}"

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "dsp", "nonce": self.nonce, "iat": now, "exp": now + 60}
        return self.sign({name: value for name, value in (claims | self.claims).items() if value is not None})

    def _says_of_itself(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }


@pytest.fixture
def provider(schools: Ground) -> Iterator[Provider]:
    found = Provider()

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
            with contextlib.suppress(OSError):  # the portal may have heard enough
                for each in [body[i : i + 1] for i in range(len(body))] if found.bytewise else [body]:
                    self.wfile.write(each)
                    time.sleep(0.05 if found.bytewise else 0)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    schools.person("dsp", (ENGLISH, Role.DSP))
    schools.more = {
        "development": False,
        "sign_in": {"issuer": found.issuer, "client_id": CLIENT, "client_secret": "of-the-tests"},
    }
    yield found
    server.shutdown()
    server.server_close()


def begin(client: httpx.Client, provider: Provider, language: str = "en") -> str:
    """As far as the provider; gives the path by which it sends a visitor back."""
    there = client.get(f"/{language}/sign-in/go").headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    provider.nonce = query["nonce"]
    return f"/sign-in/back?code=the-code&state={query['state']}"


def comes_in(client: httpx.Client, provider: Provider) -> bool:
    return client.get(begin(client, provider)).status_code == 303 and "dolen" in client.cookies


def refused(schools: Ground, client: httpx.Client, answer: httpx.Response, problem: str, language: str) -> None:
    """Nobody is in, the page says why in its language, and there is a record of it."""
    assert answer.status_code == (403 if problem == "failed" else 503)
    assert f'<html lang="{language}">' in answer.text
    assert SAID[problem, language] in answer.text
    assert "dolen" not in client.cookies
    record = schools.accesses()[-1]
    assert (record.by, record.act, record.what) == ("nobody", Act.REFUSED, "sign-in")


def unsigned(claims: dict[str, Any]) -> str:
    return ".".join([*(_coded(json.dumps(each).encode()) for each in ({"alg": "none"}, claims)), ""])


def by_the_public_key(claims: dict[str, Any]) -> str:
    """HS256 with what everybody can fetch as the secret."""
    said = ".".join(_coded(json.dumps(each).encode()) for each in ({"alg": "HS256", "kid": "one"}, claims))
    secret = KEY.as_pem(private=False)
    return f"{said}.{_coded(hmac.digest(secret, said.encode(), hashlib.sha256))}"


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


MISCHIEF: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://login.example.org"}},
    "no issuer": {"claims": {"iss": None}},
    "another audience": {"claims": {"aud": "somebody-else"}},
    "another audience, and we as the authorised party": {"claims": {"aud": "somebody-else", "azp": CLIENT}},
    "expired": {"claims": {"exp": 1_700_000_000}},
    "never expires": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": 32_503_680_000}},
    "no nonce": {"claims": {"nonce": None}},
    "the nonce of another sign-in": {"claims": {"nonce": "of-yesterday"}},
    "nobody": {"claims": {"sub": None}},
    "a number": {"claims": {"sub": 7}},
    "unsigned": {"sign": unsigned},
    "signed with the public key": {"sign": by_the_public_key},
    "signed with another key": {"sign": lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, OTHERS_KEY)},
    "no ID token": {"body": b'{"access_token": "x"}'},
    "rubbish": {"body": b"\x00\xff<html>"},
    "a list": {"body": b"[]"},
    "too deep": {"body": b"[" * 100_000},
    "too much": {"body": b'{"access_token": "' + b"x" * (MOST_BYTES + 1) + b'"}'},
    "out of order": {"status": 500, "body": b"{}"},
    "a redirect": {"status": 307, "headers": {"location": "/elsewhere"}},
    "a redirect with a token": {"status": 302, "headers": {"location": "/elsewhere"}},
}


@pytest.mark.parametrize("mischief", MISCHIEF)
def test_what_a_provider_must_not_say_lets_nobody_in(schools: Ground, provider: Provider, mischief: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        good = dict(vars(provider))
        for language in ("cy", "en"):
            back = begin(client, provider, language)
            vars(provider).update(MISCHIEF[mischief])
            refused(schools, client, client.get(back), "provider", language)
            vars(provider).update({name: good[name] for name in MISCHIEF[mischief]})
        assert "/elsewhere" not in provider.asked
        assert comes_in(client, provider)


def test_a_provider_that_dawdles_is_not_waited_for(
    schools: Ground, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        for language in ("cy", "en"):
            back = begin(client, provider, language)
            provider.bytewise = True
            monkeypatch.setattr(asking, "LIMIT_S", 0.5)
            began = time.monotonic()
            refused(schools, client, client.get(back), "provider", language)
            assert time.monotonic() - began < 5
            provider.bytewise = False
            monkeypatch.undo()
        assert comes_in(client, provider)


def test_a_failing_provider_has_nobody_wait_as_if_it_were_the_visitors_doing(
    schools: Ground, provider: Provider
) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        back = begin(client, provider)
        provider.status, provider.body = 500, b""
        for _ in range(FAILURES + 1):
            assert client.get(back).status_code == 503
            back = begin(client, provider)
        provider.status, provider.body = 200, None
        assert comes_in(client, provider)


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_sign_in_that_was_not_begun_here_is_refused(schools: Ground, provider: Provider, language: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        back = begin(client, provider, language)
        refused(schools, client, client.get(back[:-3] + "xyz"), "failed", language)
        back = begin(client, provider, language)
        client.cookies.clear()
        refused(schools, client, client.get(back), "failed", "cy")


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_code_that_was_used_is_used_no_more(schools: Ground, provider: Provider, language: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        back = begin(client, provider, language)
        dance = client.cookies["dolen-sign-in"]
        assert client.get(back).status_code == 303
        client.cookies.clear()
        client.get(f"/{language}/sign-in/go")
        refused(schools, client, client.get(back), "failed", language)
        client.cookies.clear()
        client.cookies.set("dolen-sign-in", dance)  # whoever has the cookie too: the provider knows its codes
        provider.status, provider.body = 400, b'{"error": "invalid_grant"}'
        refused(schools, client, client.get(back), "failed", language)


def test_what_a_provider_says_of_a_refusal_is_not_shown(schools: Ground, provider: Provider) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        begin(client, provider)
        answer = client.get("/sign-in/back?error=access_denied&error_description=<b>Call+0800</b>&state=x")
        refused(schools, client, answer, "failed", "en")
        assert "0800" not in answer.text


@pytest.mark.parametrize("subject", ["stranger", "a\x00b", "x" * 5000, "dsp "])
def test_whom_the_portal_does_not_know_stays_out_whatever_the_name(
    schools: Ground, provider: Provider, subject: str
) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        back = begin(client, provider)
        provider.claims = {"sub": subject}
        answer = client.get(back)
        assert (answer.status_code, "dolen" in client.cookies) == (403, False)
        assert "not on this portal" in answer.text
    assert schools.accesses()[-1].by == ("stranger" if subject == "stranger" else "unreadable")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://login.example.org"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"more": "x" * (MOST_BYTES + 1)},
    ],
    ids=["another issuer", "no issuer", "no token endpoint", "keys in a file", "too much"],
)
@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_provider_that_says_what_it_is_not_is_not_gone_to(
    schools: Ground, provider: Provider, metadata: dict[str, Any], language: str
) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        provider.metadata = metadata
        answer = client.get(f"/{language}/sign-in/go")
        assert answer.status_code == 503
        assert SAID["provider", language] in answer.text
        provider.metadata = {}
        assert comes_in(client, provider)


def test_keys_that_change_are_fetched_again(schools: Ground, provider: Provider) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        assert comes_in(client, provider)
        new = RSAKey.generate_key(2048, parameters={"use": "sig", "kid": "two"})
        provider.keys, provider.sign = [new], lambda claims: jwt.encode({"alg": "RS256", "kid": "two"}, claims, new)
        client.cookies.clear()
        assert comes_in(client, provider)


def test_a_provider_with_tls_has_no_endpoint_without() -> None:
    said = dict.fromkeys(asking.ENDPOINTS, "https://login.example.wales/x") | {"issuer": "https://x.wales"}
    asking.check(said, "https://x.wales")
    with pytest.raises(ProviderFailed, match="without-tls"):
        asking.check(said | {"token_endpoint": "http://login.example.wales/x"}, "https://x.wales")
