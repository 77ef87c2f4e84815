"""An identity provider that lies, dawdles and rambles, on a real socket: nobody comes in, and the page says so."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapters.schools.portal import provider as asking
from adapters.schools.portal.provider import MOST_BYTES, ProviderFailed
from adapters.schools.roles import Role
from adapters.schools.settings import FAILURES
from contracts.access import Act
from tests.provider import KEY, SHOWN_KEY, Provider, provided
from tests.schools_ground import ENGLISH, Ground

pytestmark = pytest.mark.connected

CLIENT = "dolen-schools"
OTHERS_KEY = RSAKey.generate_key(2048, parameters={"use": "sig", "kid": "one"})

SAID = {
    ("failed", "en"): "The sign-in did not work",
    ("failed", "cy"): "Ni weithiodd y mewngofnodi",
    ("provider", "en"): "The sign-in service can&#39;t be used just now",
    ("provider", "cy"): "Ni ellir defnyddio&#39;r gwasanaeth mewngofnodi ar hyn o bryd",
}


@pytest.fixture
def provider(schools: Ground) -> Iterator[Provider]:
    with provided(CLIENT) as found:
        schools.person("dsp", (ENGLISH, Role.DSP))
        schools.more = {
            "development": False,
            "sign_in": {"issuer": found.issuer, "client_id": CLIENT, "client_secret": "of-the-tests"},
        }
        yield found


def comes_in(client: httpx.Client, provider: Provider) -> bool:
    return client.get(provider.begun(client)).status_code == 303 and "dolen" in client.cookies


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


def by_a_key_of_everybody(claims: dict[str, Any]) -> str:
    """HS256, rightly, with a secret that the provider itself shows to all who ask for its keys."""
    return jwt.encode({"alg": "HS256", "kid": "shown"}, claims, SHOWN_KEY, algorithms=["HS256"])


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
    "signed with a secret that is no secret": {"sign": by_a_key_of_everybody},
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
            back = provider.begun(client, language)
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
            back = provider.begun(client, language)
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
        back = provider.begun(client)
        provider.status, provider.body = 500, b""
        for _ in range(FAILURES + 1):
            assert client.get(back).status_code == 503
            back = provider.begun(client)
        provider.status, provider.body = 200, None
        assert comes_in(client, provider)


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_sign_in_that_was_not_begun_here_is_refused(schools: Ground, provider: Provider, language: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        back = provider.begun(client, language)
        refused(schools, client, client.get(back[:-3] + "xyz"), "failed", language)
        back = provider.begun(client, language)
        client.cookies.clear()
        refused(schools, client, client.get(back), "failed", "cy")


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_code_that_was_used_is_used_no_more(schools: Ground, provider: Provider, language: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        back = provider.begun(client, language)
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
        provider.begun(client)
        answer = client.get("/sign-in/back?error=access_denied&error_description=<b>Call+0800</b>&state=x")
        refused(schools, client, answer, "failed", "en")
        assert "0800" not in answer.text


@pytest.mark.parametrize("subject", ["stranger", "a\x00b", "x" * 5000, "dsp "])
def test_whom_the_portal_does_not_know_stays_out_whatever_the_name(
    schools: Ground, provider: Provider, subject: str
) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        back = provider.begun(client)
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
