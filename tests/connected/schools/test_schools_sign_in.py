"""Who gets in: by the identity provider and the portal's own list, for as long as somebody is there."""

import re
from datetime import timedelta

import httpx
import pytest
from pydantic import ValidationError

from adapters.schools.portal.security import MOST_BYTES
from adapters.schools.roles import Role
from adapters.schools.settings import FAILURES, SchoolsSettings
from contracts.access import Act
from tests.schools_ground import ENGLISH, WELSH, Browser, Ground, encompass

pytestmark = pytest.mark.connected


@pytest.fixture
def ref(schools: Ground) -> str:
    schools.person("dsp", (ENGLISH, Role.DSP))
    found = schools.receive(encompass())
    assert found is not None
    return found


def test_nobody_sees_anything_without_signing_in(schools: Ground, ref: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address, follow_redirects=True) as client:
        for path in (f"/en/notices/{ref}", "/cy/schools/6812003", "/en/desks/cardiff-education", f"/n/{ref}", "/cy/"):
            answer = client.get(path)
            assert answer.url.path.endswith("/sign-in")
            assert "Mal" not in answer.text
        assert client.post(f"/en/notices/{ref}/accept").url.path == "/en/sign-in"
    assert schools.steps("accepted") == []


def test_after_sign_in_a_person_is_where_the_link_pointed(schools: Ground, ref: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address, follow_redirects=True) as client:
        asked = client.get(f"/n/{ref}")
        going = re.search(r'href="(/\w+/sign-in/go\?to=[^"]+)"', asked.text)
        assert going is not None
        provider = client.get(going[1])
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', provider.text))
        end = client.post("/development/authorize", data={**fields, "subject": "dsp"})
        assert end.url.path == f"/en/notices/{ref}"


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/en/../x", "javascript:x"]
)
def test_nobody_is_sent_to_another_site_after_sign_in(schools: Ground, ref: str, to: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address, follow_redirects=True) as client:
        assert "evil" not in client.get("/en/sign-in", params={"to": to}).text
        provider = client.get("/en/sign-in/go", params={"to": to})
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', provider.text))
        end = client.post("/development/authorize", data={**fields, "subject": "dsp"})
        assert str(end.url).startswith(address)
        assert end.status_code == 200


def test_a_person_whom_the_portal_does_not_know_stays_out_and_it_is_recorded(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "stranger") as browser:
        assert "not on this portal" in browser.sign_in().text
        assert "/sign-in" in str(browser.get("/en/schools/6812003").url)
    (first, *_) = schools.accesses()
    assert (first.by, first.act, first.what) == ("stranger", Act.REFUSED, "sign-in")


def test_sign_in_that_fails_too_often_has_to_wait_and_then_works(schools: Ground, ref: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        for _ in range(FAILURES - 1):
            assert client.get("/sign-in/back?code=x&state=y").status_code == 403
        assert client.get("/sign-in/back?code=x&state=y").status_code == 429
        assert client.get("/sign-in/back?code=x&state=y").status_code == 429
        with Browser.signed_in(address, "dsp") as browser:
            assert browser.sign_in().status_code == 429
            schools.now += timedelta(minutes=5, seconds=1)
            assert browser.sign_in().status_code == 200


def test_a_code_works_once_and_for_its_own_sign_in_alone(schools: Ground, ref: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address, follow_redirects=True) as client:
        provider = client.get("/en/sign-in/go")
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', provider.text))
        answer = client.post("/development/authorize", data={**fields, "subject": "dsp"}, follow_redirects=False)
        with httpx.Client(base_url=address) as another:
            assert another.get(answer.headers["location"]).status_code == 403
        assert client.get(answer.headers["location"]).status_code == 200
        client.cookies.clear()
        assert client.get(answer.headers["location"]).status_code == 403


def test_a_session_ends_when_nobody_is_there_and_after_a_working_day_whatever_is_done(
    schools: Ground, ref: str
) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        schools.now += timedelta(minutes=19)
        assert browser.get("/en/schools/6812003").url.path == "/en/schools/6812003"
        schools.now += timedelta(minutes=19)
        assert browser.get("/en/schools/6812003").url.path == "/en/schools/6812003"
        schools.now += timedelta(minutes=21)
        assert browser.get("/en/schools/6812003").url.path == "/en/sign-in"
        browser.sign_in()
        for _ in range(50):
            schools.now += timedelta(minutes=12)
            browser.get("/en/schools/6812003")
        schools.now += timedelta(minutes=12)
        assert browser.get("/en/schools/6812003").url.path == "/en/sign-in"


def test_sign_out_ends_the_session_in_the_store_too(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        cookie = browser.client.cookies["dolen"]
        browser.post("/en/sign-out")
        browser.client.cookies.set("dolen", cookie)
        assert browser.get("/en/schools/6812003").url.path == "/en/sign-in"
    assert schools.rows("SELECT token FROM schools.sessions") == []


def test_the_store_holds_no_token_that_would_sign_anybody_in(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        (kept,) = schools.rows("SELECT token FROM schools.sessions")
        assert kept.token != browser.client.cookies["dolen"]
        browser.client.cookies.set("dolen", kept.token)
        assert browser.get("/en/schools/6812003").url.path == "/en/sign-in"


def test_cookies_can_not_be_read_by_a_script_or_sent_by_another_site(schools: Ground, ref: str) -> None:
    with schools.served() as address, httpx.Client(base_url=address) as client:
        begun = client.get("/en/sign-in/go")
        (dance,) = begun.headers.get_list("set-cookie")
        assert "httponly" in dance.lower()
        assert "samesite=lax" in dance.lower()
        fields = dict(
            re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get(begun.headers["location"]).text)
        )
        code = client.post("/development/authorize", data={**fields, "subject": "dsp"}).headers["location"]
        cookies = client.get(code).headers.get_list("set-cookie")
        (session,) = [cookie for cookie in cookies if cookie.startswith("dolen=")]
        assert "httponly" in session.lower()
        assert "samesite=lax" in session.lower()


@pytest.mark.parametrize("token", [None, "", "x", "0" * 43])
def test_a_form_without_its_sessions_token_changes_nothing(schools: Ground, ref: str, token: str | None) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        fields = {} if token is None else {"csrf": token}
        for form in ("accept", "ask", "not-ours"):
            answer = browser.client.post(f"/en/notices/{ref}/{form}", data={**fields, "words": "x", "place": "0"})
            assert answer.status_code == 403
        assert browser.client.post("/en/sign-out", data=fields).status_code == 403
    assert schools.steps() == [("received", None)]
    attempts = [record.what for record in schools.accesses() if record.act is Act.REFUSED]
    assert attempts == ["form"] * 4


def test_every_answer_forbids_scripts_frames_and_copies(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        for path in ("/", "/en/sign-in", f"/en/notices/{ref}", "/en/nothing", "/en/schools/6812003"):
            headers = browser.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "script-src" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"


def test_no_page_has_a_script_or_a_style_of_its_own_or_anything_from_elsewhere(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        for path in ("/", "/cy/sign-in", f"/en/notices/{ref}", f"/cy/notices/{ref}/print", "/en/schools/6812003"):
            text = browser.get(path).text
            assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", text)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        answer = browser.client.post(f"/en/notices/{ref}/ask", data={"words": "x" * MOST_BYTES})
        assert answer.status_code == 413
        chunks = iter([b"x" * 1000] * 10)
        assert browser.client.post(f"/en/notices/{ref}/ask", content=chunks).status_code == 413


def test_a_page_that_is_fetched_ahead_is_not_opened(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        answer = browser.client.get(f"/en/notices/{ref}", headers={"Sec-Purpose": "prefetch"})
        assert answer.status_code == 503
    assert schools.steps("opened") == []


def test_the_language_is_the_schools_until_a_person_chooses_and_then_the_persons(schools: Ground, ref: str) -> None:
    schools.person("nia", (WELSH, Role.DSP))
    with schools.served() as address, Browser.signed_in(address, "nia") as browser:
        assert browser.get("/en/").url.path == "/cy/schools/6732178"
        assert 'lang="cy"' in browser.get("/cy/schools/6732178").text
        browser.get("/en/schools/6732178?choose")
        assert browser.get("/cy/").url.path == "/en/schools/6732178"
    with schools.served() as address, Browser.signed_in(address, "nia") as browser:
        assert browser.get("/cy/").url.path == "/en/schools/6732178"
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        assert browser.get("/cy/").url.path == "/en/schools/6812003"


def test_each_page_links_to_its_twin(schools: Ground, ref: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        for path in ("/schools/6812003", f"/notices/{ref}", f"/notices/{ref}/not-ours", "/places", "/accessibility"):
            for language, other in (("cy", "en"), ("en", "cy")):
                page = browser.get(f"/{language}{path}")
                assert page.headers["content-language"] == language
                assert f'<html lang="{language}">' in page.text
                assert f'href="/{other}{path}?choose"' in page.text


def test_the_development_provider_is_not_there_in_service(schools: Ground, ref: str) -> None:
    schools.more = {
        "development": False,
        "sign_in": {"issuer": "https://login.example.wales", "client_id": "x", "client_secret": "y"},
    }
    with schools.served() as address, httpx.Client(base_url=address) as client:
        assert client.get("/development/authorize").status_code == 404
        assert client.post("/development/token").status_code == 404
        assert "Development" not in client.get("/en/sign-in").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "https://notifications.example.wales", "development": True},
        {"address": "http://notifications.example.wales", "sign_in": {"issuer": "https://x", "client_id": "x"}},
        {"address": "https://notifications.example.wales"},
    ],
    ids=["development elsewhere", "no TLS", "no provider"],
)
def test_settings_that_would_let_anybody_in_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SchoolsSettings.model_validate(
            {"database_url": "postgresql://x", "credentials": "x", "secret_file": "x", **wrong}
        )
