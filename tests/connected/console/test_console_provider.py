"""What the console takes from an identity provider, and from a proxy in front of it: no more than either may say."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from hub.console import signing_in
from hub.console.app import create_app
from hub.console.bounded import MOST_BYTES
from hub.console.serving import serve_console
from hub.console.signing_in import FAILURES
from hub.store.database import connect
from tests.console_ground import Ground
from tests.provider import ELSEWHERE, Provider, provided

pytestmark = pytest.mark.connected

CLIENT = "dolen-console"
PATHS = {"about itself": "/.well-known/openid-configuration", "its keys": "/keys", "a token": "/token"}
ONE, ANOTHER = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def provider(console: Ground) -> Iterator[Provider]:
    with provided(CLIENT) as found:
        console.more = {"development": False, "issuer": found.issuer, "client_id": CLIENT}
        found.claims = {"sub": "vera-viewer", "roles": ["viewer"]}
        yield found


def comes_in(where: str, provider: Provider) -> bool:
    """Somebody signs in from the beginning; where that is not to be, the page says why."""
    with httpx.Client(base_url=where, timeout=30) as client:
        if client.get("/en/sign-in/go").status_code == 503:
            return False
        answer = client.get(provider.begun(client))
        assert answer.status_code in (303, 403)
        return answer.status_code == 303 and "dolen-console" in client.cookies


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_an_answer_that_is_longer_than_any_has_reason_to_be_is_not_read(
    console: Ground, provider: Provider, path: str
) -> None:
    with console.served() as where:
        provider.padded = {path: MOST_BYTES}
        assert not comes_in(where, provider)
        provider.padded = {path: MOST_BYTES // 2}
        assert comes_in(where, provider)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_provider_that_sends_the_console_elsewhere_is_not_followed(
    console: Ground, provider: Provider, path: str
) -> None:
    with console.served() as where:
        provider.moved = path
        assert not comes_in(where, provider)
        assert not any(asked.startswith(ELSEWHERE) for asked in provider.asked)
        provider.moved = ""
        assert comes_in(where, provider)


def test_a_provider_that_dawdles_is_not_waited_for(
    console: Ground, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "PROVIDER_LIMIT_S", 0.5)
    with console.served() as where, httpx.Client(base_url=where, timeout=30) as client:
        provider.bytewise, began = True, time.monotonic()
        assert client.get("/en/sign-in/go").status_code == 503
        provider.bytewise = False
        back = provider.begun(client)
        provider.bytewise = True
        assert client.get(back).status_code == 403
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("metadata", [{"authorization_endpoint": None}, {"jwks_uri": None}], ids=["no page", "no keys"])
def test_a_provider_that_does_not_say_where_it_is_asked_lets_nobody_in(
    console: Ground, provider: Provider, metadata: dict[str, None]
) -> None:
    provider.metadata = metadata
    with console.served() as where:
        assert not comes_in(where, provider)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        ([], [f"198.51.100.{number}" for number in range(FAILURES)], 429),
        (["10.0.0.0/8"], [f"198.51.100.{number}" for number in range(FAILURES)], 429),
        (["127.0.0.1"], [f"198.51.100.{number}, {ONE}" for number in range(FAILURES)], 429),
        (["127.0.0.1"], [*[ONE] * (FAILURES - 1), ANOTHER], 403),
    ],
    ids=["no proxy is set", "it comes from none of the proxies", "a forged beginning", "another person"],
)
def test_only_a_proxy_that_is_named_says_whose_sign_ins_failed(
    console: Ground, proxies: list[str], forwarded: list[str], expected: int
) -> None:
    console.more = {"proxies": proxies}
    assert _last_of(console, forwarded) == expected


def _last_of(console: Ground, forwarded: list[str]) -> int:
    """The status of the last of sign-ins that fail, by the console as it is served."""

    async def asked() -> int:
        stop, own = asyncio.Event(), console.settings.console
        engine = connect(console.settings)
        app = create_app(console.console(engine), secret=b"s" * 32)
        serving = asyncio.create_task(serve_console(app, own, stop))
        await asyncio.sleep(0)  # it listens
        try:
            async with httpx.AsyncClient(base_url=own.address, timeout=30) as client:
                for each in forwarded:
                    answer = await client.get("/sign-in/back?state=y", headers={"X-Forwarded-For": each})
                return answer.status_code
        finally:
            stop.set()
            await serving
            engine.dispose()

    return asyncio.run(asked())
