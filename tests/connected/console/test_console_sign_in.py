"""Who gets in: by the identity provider's word, with a role that it gives, for as long as somebody is there."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from contracts.access import Act
from hub.console import development
from hub.console.rights import Role
from hub.console.security import MOST_BYTES
from hub.console.signing_in import FAILURES
from tests.console_ground import Browser, Ground

pytestmark = pytest.mark.connected

OPEN = {
    "/", "/{language}/sign-in", "/{language}/sign-in/go", "/sign-in/back", "/{language}/accessibility",
    "/development/.well-known/openid-configuration", "/development/keys", "/development/authorize",
    "/development/token",
}  # fmt: skip
"""What anybody may ask for."""

EVERYBODY = frozenset(Role)
ONLY: dict[str, frozenset[Role]] = {
    "/{language}/audit": frozenset({Role.AUDITOR}),
    "/{language}/audit.csv": frozenset({Role.AUDITOR}),
    "POST /{language}/dead-letters/{asked:path}": frozenset({Role.OPERATOR}),
    "POST /{language}/redrives/try": frozenset({Role.OPERATOR}),
    "POST /{language}/redrives": frozenset({Role.OPERATOR}),
    "POST /{language}/redrives/aside": frozenset({Role.OPERATOR}),
    "POST /{language}/redrives/{redrive_id}/resume": frozenset({Role.OPERATOR}),
    "POST /{language}/redrives/{redrive_id}/approve": frozenset({Role.APPROVER}),
    "POST /{language}/redrives/{redrive_id}/decline": frozenset({Role.APPROVER}),
}
"""Routes that not every role may use."""

WHO = {Role.VIEWER: "vera-viewer", Role.OPERATOR: "olwen-operator", Role.APPROVER: "aled-approver",
       Role.AUDITOR: "arwel-auditor"}  # fmt: skip
VALUES = {"language": "en", "asked": "0" * 32, "agency": "cardiff-social-services",
          "redrive_id": "00000000-0000-4000-8000-000000000000"}  # fmt: skip


def routes(app: FastAPI, path: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path."""
    for route in found_in(app.router):
        for method in sorted(route.methods - {"HEAD"}):
            yield method, route.path


def found_in(router: Any) -> Iterator[APIRoute]:
    """Routes, those of included routers too."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from found_in(route.original_router)


def address(path: str) -> str:
    return re.sub(r"{(\w+)(:path)?}", lambda found: VALUES[found[1]], path)


def closed(console: Ground) -> list[tuple[str, str]]:
    found = [(method, path) for method, path in routes(console.app()) if path not in OPEN]
    assert len(found) >= 6
    return found


def test_no_route_answers_without_a_session(console: Ground) -> None:
    walked = closed(console)
    with console.served() as where, httpx.Client(base_url=where) as client:
        for method, path in walked:
            answer = client.request(method, address(path))
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/en/sign-in"), path
    assert console.reports() == []


@pytest.mark.parametrize("forged", ["", "x", "0" * 43, "a" * 4000, "%00", "é"])
def test_no_route_answers_with_a_forged_session(console: Ground, forged: str) -> None:
    walked = closed(console)
    with console.served() as where, httpx.Client(base_url=where) as client:
        for method, path in walked:
            cookie = f"dolen-console={forged}".encode()
            answer = client.request(method, address(path), headers=[(b"cookie", cookie)])
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/en/sign-in"), path


def test_what_a_role_may_not_do_it_can_not_and_the_attempt_is_recorded(console: Ground) -> None:
    walked = closed(console)
    with console.served() as where:
        for role, subject in WHO.items():
            with Browser.signed_in(where, subject) as browser:
                for method, path in walked:
                    if path.endswith(("/live", "/sign-out")):
                        continue
                    before = len([each for each in console.reports() if each.act is Act.REFUSED])
                    answer = browser.client.request(method, address(path), data={"csrf": "no"})
                    refused = len([each for each in console.reports() if each.act is Act.REFUSED]) - before
                    allowed = role in ONLY.get(f"POST {path}" if method == "POST" else path, EVERYBODY)
                    said = "does not allow this" in answer.text
                    assert (said, refused) == ((False, 0) if allowed else (True, 1)), (role, path)


def test_a_session_of_a_role_that_there_no_longer_is_signs_nobody_in(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as browser:
        console.run("UPDATE console_sessions SET roles = '{root}'")
        assert browser.get("/en/now").url.path == "/en/sign-in"


def test_after_sign_in_a_person_is_where_the_link_pointed(console: Ground) -> None:
    with console.served() as where, httpx.Client(base_url=where, follow_redirects=True, timeout=30) as client:
        asked = client.get("/en/find?outcome=rejected&source=south-wales-police")
        going = re.search(r'href="(/\w+/sign-in/go\?to=[^"]+)"', asked.text)
        assert going is not None
        provider = client.get(going[1])
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', provider.text))
        end = client.post("/development/authorize", data={**fields, "subject": "vera-viewer"})
        assert str(end.url).endswith("/en/find?outcome=rejected&source=south-wales-police")


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/en//evil.example", "javascript:x", "/en/x\n"]
)
def test_nobody_is_sent_to_another_site_after_sign_in(console: Ground, to: str) -> None:
    with console.served() as where, httpx.Client(base_url=where, follow_redirects=True, timeout=30) as client:
        assert "evil" not in client.get("/en/sign-in", params={"to": to}).text.partition("<main")[2]
        provider = client.get("/en/sign-in/go", params={"to": to})
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', provider.text))
        end = client.post("/development/authorize", data={**fields, "subject": "vera-viewer"})
        assert (str(end.url), end.status_code) == (f"{where}/en/now", 200)


def test_somebody_without_a_role_stays_out_and_it_is_recorded(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "nia-nobody") as browser:
        assert "You have no role here" in browser.sign_in().text
        assert browser.get("/en/now").url.path == "/en/sign-in"
    first = console.reports()[0]
    assert (first.by, first.act, first.what, first.for_party) == ("nia-nobody", Act.REFUSED, "sign-in", "/hub")


def test_sign_in_that_fails_too_often_has_to_wait_and_then_works(console: Ground) -> None:
    with console.served() as where, httpx.Client(base_url=where) as client:
        for _ in range(FAILURES - 1):
            assert client.get("/sign-in/back?code=x&state=y").status_code == 403
        assert client.get("/sign-in/back?code=x&state=y").status_code == 429
        with Browser.signed_in(where, "vera-viewer") as browser:
            assert browser.sign_in().status_code == 429
            console.now_ms += 5 * 60_000 + 1
            assert browser.sign_in().status_code == 200


def test_a_code_works_once_and_for_its_own_sign_in_alone(console: Ground) -> None:
    with console.served() as where, httpx.Client(base_url=where, follow_redirects=True, timeout=30) as client:
        provider = client.get("/en/sign-in/go")
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', provider.text))
        data = {**fields, "subject": "vera-viewer"}
        answer = client.post("/development/authorize", data=data, follow_redirects=False)
        with httpx.Client(base_url=where) as another:
            assert another.get(answer.headers["location"]).status_code == 403
        assert client.get(answer.headers["location"]).status_code == 200
        client.cookies.clear()
        assert client.get(answer.headers["location"]).status_code == 403


def test_a_session_ends_when_nobody_is_there_and_after_a_working_day_whatever_is_done(console: Ground) -> None:
    minute = 60_000
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        for _ in range(2):
            console.now_ms += 19 * minute
            assert browser.get("/en/find").url.path == "/en/find"
        console.now_ms += 21 * minute
        assert browser.get("/en/find").url.path == "/en/sign-in"
        browser.sign_in()
        for _ in range(50):
            console.now_ms += 12 * minute
            browser.get("/en/accessibility")
            browser.get("/en/notifications")
        console.now_ms += 12 * minute
        assert browser.get("/en/find").url.path == "/en/sign-in"


def test_sign_out_ends_the_session_in_the_store_too(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        cookie = browser.client.cookies["dolen-console"]
        assert browser.post("/en/sign-out").url.path == "/en/sign-in"
        browser.client.cookies.set("dolen-console", cookie)
        assert browser.get("/en/find").url.path == "/en/sign-in"
    assert console.rows("SELECT token FROM console_sessions") == []


def test_the_store_holds_no_token_that_would_sign_anybody_in(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        (kept,) = console.rows("SELECT token FROM console_sessions")
        browser.client.cookies.clear()
        browser.client.cookies.set("dolen-console", kept.token)
        assert browser.get("/en/find").url.path == "/en/sign-in"


def test_cookies_can_not_be_read_by_a_script_or_sent_by_another_site(console: Ground) -> None:
    with console.served() as where, httpx.Client(base_url=where, timeout=30) as client:
        begun = client.get("/en/sign-in/go")
        asked = client.get(begun.headers["location"])
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
        code = client.post("/development/authorize", data={**fields, "subject": "vera-viewer"}).headers["location"]
        cookies = [*begun.headers.get_list("set-cookie"), *client.get(code).headers.get_list("set-cookie")]
        assert {cookie.split("=")[0] for cookie in cookies} == {"dolen-console-sign-in", "dolen-console"}
        for cookie in cookies:
            assert "httponly" in cookie.lower()
            assert "samesite=lax" in cookie.lower()


def test_by_tls_the_cookie_is_this_hosts_alone(console: Ground) -> None:
    console.more = {"address": "https://console.example.wales", "development": False, "issuer": "https://login.example"}
    app = console.app()
    assert app is not None
    from hub.store.database import connect

    assert console.console(connect(console.settings)).cookie == "__Host-dolen-console"


@pytest.mark.parametrize("token", [None, "", "x", "0" * 43, "é"])
def test_a_form_without_its_sessions_token_changes_nothing(console: Ground, token: str | None) -> None:
    walked = [path for method, path in closed(console) if method == "POST"]
    assert walked
    fields = {"why": "to see what is wrong with it"} | ({} if token is None else {"csrf": token})
    with console.served() as where:
        for subject in WHO.values():
            with Browser.signed_in(where, subject) as browser:
                for path in walked:
                    assert browser.client.post(address(path), data=fields).status_code == 403
                assert browser.get("/en/find").url.path == "/en/find"
    assert [each for each in console.reports() if each.act is Act.CHANGED] == []


def test_every_answer_forbids_strange_scripts_frames_and_copies(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as browser:
        for path in ("/", "/en/sign-in", "/en/now", "/en/find", "/en/nothing", "/en/find.csv"):
            headers = browser.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'; script-src 'self'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as browser:
        answer = browser.client.post("/en/sign-out", data={"csrf": "x" * MOST_BYTES})
        assert answer.status_code == 413
        assert browser.client.post("/en/sign-out", content=iter([b"x" * 1000] * 10)).status_code == 413


def test_a_page_that_is_fetched_ahead_is_not_seen(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as browser:
        answer = browser.client.get("/en/now", headers={"Sec-Purpose": "prefetch"})
        assert answer.status_code == 503
    assert [each.what for each in console.reports()] == ["console", "now"]  # signed in, and then at the beginning


def test_the_development_provider_is_not_there_in_service(console: Ground) -> None:
    console.more = {"development": False, "issuer": "https://login.example.wales"}
    with console.served() as where, httpx.Client(base_url=where) as client:
        assert client.get("/development/authorize").status_code == 404
        assert client.post("/development/token").status_code == 404
        assert "Development" not in client.get("/en/sign-in").text
        assert "Development only" not in client.get("/").text


def test_an_identity_provider_that_is_away_is_said_to_be(console: Ground) -> None:
    console.more = {"development": False, "issuer": "http://127.0.0.1:1"}
    with console.served() as where, httpx.Client(base_url=where) as client:
        answer = client.get("/en/sign-in/go")
        assert answer.status_code == 503
        assert "identity provider does not answer" in answer.text


def test_postgresql_away_is_said_on_a_page_of_its_own_and_over_when_it_is_back(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as browser:
        name = console.url.rpartition("/")[2]
        console_away = f'ALTER DATABASE "{name}" RENAME TO "{name}_away"'
        import psycopg

        with psycopg.connect(console.world.server, autocommit=True) as server:
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            server.execute(cut, [name])
            server.execute(console_away.encode())
            try:
                for language, said in (("en", "The database does not answer"), ("cy", "Nid yw'r gronfa ddata yn ateb")):
                    answer = browser.get(f"/{language}/find")
                    assert answer.status_code == 503
                    assert said.replace("'", "&#39;") in answer.text
                assert browser.get("/en/sign-in").status_code == 200
            finally:
                server.execute(cut, [f"{name}_away"])
                server.execute(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"'.encode())
        assert browser.get("/en/find").status_code == 200


@pytest.mark.parametrize(
    "other",
    [{"aud": "another-client", "azp": "ours"}, {"iss": "https://another.example"}, {"exp": 1}, {"nonce": "another"}],
    ids=lambda other: next(iter(other)),
)
def test_a_token_that_was_made_for_somebody_else_lets_nobody_in(
    console: Ground, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    made = development.jwt.encode

    def encode(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
        azp = {"azp": claims["aud"]} if "azp" in other else {}
        return str(made(header, claims | other | azp, key))

    monkeypatch.setattr(development.jwt, "encode", encode)
    with console.served() as where, httpx.Client(base_url=where, follow_redirects=True, timeout=30) as client:
        provider = client.get("/en/sign-in/go")
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', provider.text))
        end = client.post("/development/authorize", data={**fields, "subject": "vera-viewer"})
        assert end.status_code == 403
        assert client.get("/en/now").url.path == "/en/sign-in"
