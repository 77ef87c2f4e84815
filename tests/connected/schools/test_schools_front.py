"""What stands between people and the portal: a proxy that says who comes, TLS, and the cookies that go over it."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
import trustme
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.portal.app import create_app
from adapters.schools.roles import Role
from adapters.schools.serving import serve
from adapters.schools.settings import FAILURES, SchoolsSettings
from tests.schools_ground import ENGLISH, Browser, Ground

pytestmark = pytest.mark.connected

Came = list[tuple[str, str]]
"""Headers of one request."""


def forwarded(*lines: str) -> Came:
    return [("X-Forwarded-For", line) for line in lines]


def answers(schools: Ground, came: list[Came]) -> list[int]:
    """Statuses of sign-ins that fail, one after the other, by the portal as its adapter serves it."""

    async def asked(database: AsyncEngine) -> list[int]:
        stop, settings = asyncio.Event(), schools.settings
        app = create_app(schools.portal(database), secret=b"s" * 32)
        serving = asyncio.create_task(
            serve(app, host=settings.host, port=settings.port, stop=stop, proxies=settings.proxies)
        )
        await asyncio.sleep(0)  # it listens
        try:
            async with httpx.AsyncClient(base_url=settings.address, timeout=30) as client:
                return [(await client.get("/sign-in/back?state=y", headers=headers)).status_code for headers in came]
        finally:
            stop.set()
            await serving

    return schools.run_with(asked)


SCHOOL, ANOTHER = "203.0.113.7", "203.0.113.8"
TOO_OFTEN = [403] * (FAILURES - 1) + [429]


@pytest.mark.parametrize(
    ("proxies", "came"),
    [
        ([], [forwarded(f"198.51.100.{number}") for number in range(FAILURES)]),
        (["10.0.0.0/8"], [forwarded(f"198.51.100.{number}") for number in range(FAILURES)]),
        (["127.0.0.1"], [forwarded(f"198.51.100.{number}, {SCHOOL}") for number in range(FAILURES)]),
        (["127.0.0.1"], [forwarded(f"198.51.100.{number}", SCHOOL) for number in range(FAILURES)]),
        (["127.0.0.1"], [forwarded(f"127.0.0.{number}, {SCHOOL}:{4000 + number}") for number in range(FAILURES)]),
        (["127.0.0.1", "10.0.0.0/8"], [forwarded(f"{SCHOOL}, 10.1.0.{number}") for number in range(FAILURES)]),
        (["127.0.0.1"], [forwarded(f"2001:db8::{number}") for number in range(FAILURES)]),
        (["127.0.0.1"], [forwarded(f"unknown, {SCHOOL}") for _ in range(FAILURES)]),
        (["127.0.0.1"], [[] for _ in range(FAILURES)]),
    ],
    ids=[
        "no proxy is set",
        "it comes from none of the proxies",
        "a forged beginning",
        "a forged line before the proxy's",
        "the proxy writes ports",
        "two proxies",
        "addresses of one network",
        "a word in the place of an address",
        "the proxy says nothing",
    ],
)
def test_a_forged_header_gives_nobody_more_tries(schools: Ground, proxies: list[str], came: list[Came]) -> None:
    schools.more = {"proxies": proxies}
    assert answers(schools, came) == TOO_OFTEN


def test_behind_a_proxy_one_schools_failures_keep_no_other_out(schools: Ground) -> None:
    schools.more = {"proxies": ["127.0.0.1"]}
    came = [forwarded(SCHOOL)] * FAILURES + [forwarded(ANOTHER), forwarded(f"{SCHOOL}, {ANOTHER}"), forwarded(SCHOOL)]
    assert answers(schools, came) == [*TOO_OFTEN, 403, 403, 429]


def test_where_many_share_an_address_more_may_fail(schools: Ground) -> None:
    schools.more = {"failures": FAILURES + 1}
    assert answers(schools, [[]] * (FAILURES + 1)) == [403, *TOO_OFTEN]


@pytest.fixture
def over_tls(schools: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """The portal by https; gives what a browser trusts. The portal trusts it too, since it asks its own provider."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    schools.more = {"address": f"https://127.0.0.1:{schools.port}"}
    schools.person("dsp", (ENGLISH, Role.DSP))
    with schools.served(ssl_certfile=str(tmp_path / "server.pem")):
        yield ssl.create_default_context(cafile=tmp_path / "ca.pem")


def set_by(answer: httpx.Response) -> dict[str, dict[str, str]]:
    """Each cookie of an answer, with its attributes in small letters."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        ((name, morsel),) = SimpleCookie(line).items()
        found[name] = {key: str(value).lower() for key, value in morsel.items() if value}
    return found


def sign_in(client: httpx.Client) -> list[httpx.Response]:
    """The answers that set something: where it begins, and where it ends."""
    begun = client.get("/en/sign-in/go")
    asked = client.get(begun.headers["location"])
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    back = client.post("/development/authorize", data={**fields, "subject": "dsp"})
    return [begun, client.get(back.headers["location"])]


def sign_out(client: httpx.Client) -> httpx.Response:
    return client.post("/en/sign-out", data={"csrf": Browser(client, "dsp").csrf()})


def test_over_tls_no_other_site_can_set_or_read_a_cookie_of_ours(schools: Ground, over_tls: ssl.SSLContext) -> None:
    """A browser takes `__Host-` only with Secure, the path `/` and no domain (RFC 6265bis, 4.1.3.2)."""
    with httpx.Client(base_url=schools.settings.address, verify=over_tls) as client:
        answers = [*sign_in(client), sign_out(client)]
        assert [set(set_by(answer)) for answer in answers] == [
            {"__Host-dolen-sign-in"},
            {"__Host-dolen-sign-in", "__Host-dolen"},
            {"__Host-dolen"},
        ]
        for answer in answers:
            for attributes in set_by(answer).values():
                assert attributes["secure"] == attributes["httponly"] == "true"
                assert (attributes["path"], attributes["samesite"]) == ("/", "lax")
                assert "domain" not in attributes
            assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_over_tls_a_cookie_of_the_name_for_loopback_signs_nobody_in(schools: Ground, over_tls: ssl.SSLContext) -> None:
    with httpx.Client(base_url=schools.settings.address, verify=over_tls) as client:
        session = sign_in(client)[1].cookies["__Host-dolen"]
        client.cookies.clear()
        for name, status in (("dolen", 303), ("__Host-dolen", 200)):
            asked = client.get("/en/schools/6812003", headers={"cookie": f"{name}={session}"})
            assert asked.status_code == status, name


def test_without_tls_on_this_machine_the_names_say_so_and_nothing_else_differs(schools: Ground) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP))
    with schools.served() as address, httpx.Client(base_url=address) as client:
        answers = [*sign_in(client), sign_out(client)]
        assert [set(set_by(answer)) for answer in answers] == [
            {"dolen-sign-in"},
            {"dolen-sign-in", "dolen"},
            {"dolen"},
        ]
        for answer in answers:
            for attributes in set_by(answer).values():
                assert (attributes["httponly"], attributes["samesite"]) == ("true", "lax")
                assert "secure" not in attributes
            assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    "wrong", [{"proxies": ["anywhere"]}, {"sign_in": {"issuer": "http://x.wales", "client_id": "x"}}]
)
def test_settings_that_would_have_a_stranger_believed_are_refused(schools: Ground, wrong: dict[str, object]) -> None:
    given = schools.settings.model_dump() | wrong
    with pytest.raises(ValidationError):
        SchoolsSettings.model_validate(given)
