"""The operations console in a real Chromium: every page in both languages, by keyboard, small and large; its walks."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from hub.console.signing_in import FAILURES
from hub.console.words.catalogue import speech
from tests.browser.looking import picture, runs_off, violations
from tests.browser.windows import SignIn, windows
from tests.connected.console.test_console_pages import OPENED
from tests.connected.console.test_console_policy import AGREEMENT, TOLD_BY_IT, ended, summed
from tests.console_ground import Ground, World, console_world, ground

__all__ = ["console_world"]

WIDTHS = (375, 1280)
ONE_TRACE = """
UPDATE records SET trace_id = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'
WHERE event_id IN (SELECT event_id FROM records WHERE outcome = 'accepted' AND subject IS NOT NULL LIMIT 3)
"""
"""As a sender does that makes several events of one act."""
PATIENCE_MS = 20_000
"""For what the page does by itself: it renews itself every few seconds, and this machine may be busy."""


@pytest.fixture(scope="module")
def console(console_world: World) -> Iterator[Ground]:
    """One console for all of these tests, served: with an agency of each kind, and Kafka asked."""
    with ground(console_world) as made, made.served():
        made.beat("cardiff-social-services")
        made.beat("wales-probation", ago_ms=400_000)
        made.beat("cardiff-education", inbox_waiting=3, inbox_oldest_ms=600_000, parked=2, parked_children=1)
        made.run(ONE_TRACE)
        made.look_at_kafka()
        yield made


@pytest.fixture
def enter(chromium: Browser, console: Ground) -> Iterator[SignIn]:
    """Call it with somebody's `sub`: that person's window, at the beginning."""
    with windows(chromium, console.settings.console.address) as open_window:

        def entered(subject: str, *, language: str = "en", scripts: bool = True, axe: bool = False) -> Page:
            page = open_window(subject, language=language, locale="en-GB", java_script_enabled=scripts, bypass_csp=axe)
            page.wait_for_url(f"**/{language}/now")
            return page

        yield entered


def pages(console: Ground) -> Iterator[tuple[str, str, str]]:
    """Who looks, at what, and what its picture is called; no name: the picture would show nothing new."""
    (opened,) = console.rows(OPENED)
    (shared,) = console.rows("SELECT trace_id FROM records GROUP BY trace_id HAVING count(DISTINCT event_id) > 2")
    (invalid,) = console.rows(
        "SELECT topic, lane, record_offset FROM letters WHERE signer IS NOT NULL ORDER BY at_ms DESC LIMIT 1"
    )
    (mended,) = console.rows("SELECT topic, lane, record_offset FROM letters ORDER BY at_ms LIMIT 1")
    at, wrong, right = (f"{each.topic}/{each.lane}/{each.record_offset}" for each in (opened, invalid, mended))
    for path, name in {
        "now": "now",
        "find": "",
        f"find?id={opened.subject}": "find",
        "find?id=nobody&since=x&recipient=%3F": "",
        "find?recipient=cardiff-social-services": "",
        "find?outcome=conflict&type=wales.child-protection.notices.sent.v1": "",
        f"notifications/{at}": "notification",
        f"notifications/{at}?check=kafka": "",
        f"notifications/{wrong}": "",
        f"notifications/{str(shared.trace_id).replace('-', '')}": "several",
        "agencies": "agencies",
        "agencies/cardiff-education": "agency",
        "parked": "parked",
        "balance": "balance",
        "policy": "policy",
        "redrives": "",
        "audit": "audit",
        "audit?act=exported&since=2031-01-01T00:00": "",
        "accessibility": "",
        "nothing": "",
    }.items():
        yield "arwel-auditor", path, name
    for path, name in {
        "dead-letters": "dead-letters",
        "dead-letters?code=HUB-105": "",
        f"dead-letters/{wrong}": "dead-letter",
        f"dead-letters/{right}": "",
        "audit": "not-allowed",
    }.items():
        yield "olwen-operator", path, name


def held(page: Page, wrong: list[str]) -> None:
    """Hold one page against the rules, small and large."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wrong += [f"{width} {found}" for found in violations(page)]
        if runs_off(page):
            wrong.append(f"{width} {page.url}: runs off")


@pytest.mark.parametrize("language", ["cy", "en"])
def test_no_page_of_the_console_breaks_a_rule_of_accessibility_or_runs_off(
    console: Ground, enter: SignIn, language: str
) -> None:
    wrong: list[str] = []
    windows: dict[str, Page] = {}
    for who, path, name in pages(console):
        page = windows.get(who) or windows.setdefault(who, enter(who, language=language, axe=True))
        page.goto(f"/{language}/{path}")
        held(page, wrong)
        if name:
            picture(page, f"console-{name}-{language}")
    assert wrong == []


@pytest.mark.parametrize("language", ["cy", "en"])
def test_no_page_around_sign_in_breaks_a_rule_of_accessibility_or_runs_off(
    chromium: Browser, console: Ground, language: str
) -> None:
    wrong: list[str] = []
    with chromium.new_context(base_url=console.settings.console.address, bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        for path, name in (("/", "welcome"), (f"/{language}/sign-in", "sign-in"), (f"/{language}/sign-in/go", "")):
            page.goto(path)
            held(page, wrong)
            if name:
                picture(page, f"console-{name}-{language}")
        page.locator('button[value="nia-nobody"]').click()
        held(page, wrong)  # no role
        for failure in range(FAILURES - 1):
            page.goto("/sign-in/back?code=x&state=y")
            if failure in (0, FAILURES - 2):
                held(page, wrong)  # the sign-in did not work; too often
        console.run("DELETE FROM console_failures")
        with _away(console):
            page.goto(f"/{language}/find")
            held(page, wrong)
            picture(page, f"console-away-{language}")
    assert wrong == []


def test_from_a_senders_reference_to_opened_by_the_school_and_when_in_three_clicks(
    console: Ground, enter: SignIn
) -> None:
    by_school = "d.accepted_ms IS NULL AND d.recipient LIKE '/schools/%'"
    (opened,) = console.rows(f"{OPENED.partition('ORDER BY')[0]} AND {by_school} LIMIT 1")
    page = enter("vera-viewer", scripts=False)
    page.get_by_role("link", name="Find", exact=True).click()  # the first
    page.get_by_label("Any id").fill(str(opened.subject))
    page.get_by_role("button", name="Find", exact=True).click()  # the second
    page.locator(f"a[href$='/{opened.topic}/{opened.lane}/{opened.record_offset}']").click()  # the third
    recipient = page.locator("table.stack tbody tr", has=page.get_by_text(opened.recipient, exact=True))
    expect(recipient.locator("td").nth(1)).to_have_text(f"opened {speech('en').clock(opened.opened_ms)}")
    expect(page.locator("table.path")).to_contain_text("hub decided")
    page.get_by_role("link", name="Cymraeg").click()
    expect(page.locator("table.path")).to_contain_text("penderfynodd yr hyb")


@pytest.mark.parametrize(("language", "which"), [("en", slice(0, 2)), ("cy", slice(2, 4))])
def test_dead_letters_are_sent_on_once_a_second_person_has_agreed(
    console: Ground, enter: SignIn, language: str, which: slice
) -> None:
    say, letters, wrong = speech(language), console.mended()[which], list[str]()

    def look(page: Page, name: str) -> None:
        held(page, wrong)
        picture(page, f"console-{name}-{language}")

    olwen = enter("olwen-operator", language=language, axe=True)
    olwen.goto(f"/{language}/dead-letters?rows=500")
    for letter in letters:
        olwen.locator(f'input[type="checkbox"][value="{letter}"]').check()
    olwen.get_by_role("button", name=say("Try those chosen")).click()
    expect(olwen.locator("tbody .tag", has_text=say("goes"))).to_have_count(2)
    look(olwen, "trial")
    olwen.locator("#why-send").fill("the sender's key is known now")
    olwen.get_by_role("button", name=say("Ask for a second person's agreement")).click()
    expect(olwen.locator("dl.facts")).to_contain_text(say("waits for a second person"))
    look(olwen, "redrive-asked")
    aled = enter("aled-approver", language=language, axe=True)
    aled.goto(f"/{language}/redrives")
    look(aled, "redrives")
    aled.locator("tr.row-warm th a").click()
    expect(aled.locator("section tbody .tag", has_text=say("goes"))).to_have_count(2)
    look(aled, "redrive-decide")
    aled.locator("#why-agree").fill("looked at together with the sender")
    aled.get_by_role("button", name=say("Agree: send them on")).click()
    said = say("%(sent)s of %(count)s sent on", sent=2, count=2)
    expect(aled.locator("dl.facts")).to_contain_text(said, timeout=PATIENCE_MS)
    look(aled, "redrive")
    sent_to = aled.locator("td a.id").all_inner_texts()
    first = aled.locator("tbody th a.id").first.inner_text()
    for at in sent_to:
        console.taken(at)
    aled.locator("td a.id").first.click()
    expect(aled.locator("h1")).to_contain_text(say("accepted"))
    olwen.goto(f"/{language}/dead-letters/{first}")
    expect(olwen.locator("main")).to_contain_text(sent_to[0])
    assert wrong == []


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_draft_of_the_policy_shows_whom_it_would_no_longer_tell(
    console: Ground, enter: SignIn, language: str
) -> None:
    say, wrong = speech(language), list[str]()
    page = enter("vera-viewer", language=language, axe=True)
    page.goto(f"/{language}/policy")
    page.get_by_text(say("Hold a draft against what agencies really sent")).click()
    page.get_by_text(say("Versions that decided anything")).click()
    expect(page.locator("#versions tbody tr")).to_have_count(1)
    held(page, wrong)
    page.get_by_label(say("Files of the draft")).set_input_files(
        {"name": "agreements.toml", "mimeType": "application/toml", "buffer": ended().encode()}
    )
    page.get_by_role("button", name=say("Show what it would change")).click()
    table = page.locator("section[aria-labelledby=diff] tbody")
    expect(table).to_contain_text(say.reason("agreement-lapsed"), timeout=PATIENCE_MS)
    numbers = [int(text) for text in table.locator("td.number").all_inner_texts()]
    told = {row.recipient: row.number for row in console.rows(TOLD_BY_IT, agreement=AGREEMENT)}
    assert summed(zip(table.locator("th .id").all_inner_texts(), numbers, strict=True)) == told
    held(page, wrong)
    picture(page, f"console-policy-diff-{language}")
    page.get_by_label(say("Files of the draft")).set_input_files([])
    page.get_by_text(say("Hold a draft against what agencies really sent")).click()
    page.get_by_label(say("Or paste one of them here, instead of")).select_option("views.toml")
    page.get_by_label(say("The file's text")).fill("[[view]]\nid = 7\n")
    page.get_by_role("button", name=say("Show what it would change")).click()
    expect(page.get_by_role("alert")).to_contain_text("views.toml")
    held(page, wrong)
    assert wrong == []


def test_an_agency_that_goes_quiet_shows_by_itself_and_is_found_and_no_script_breaks_the_policy(
    console: Ground, enter: SignIn
) -> None:
    page = enter("vera-viewer")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/en/now")
    expect(page.locator(".needs")).to_contain_text("1 agency has gone quiet")
    console.run("UPDATE heartbeats SET received_ms = received_ms - 300000 WHERE agency = 'cardiff-social-services'")
    needs = page.get_by_role("link", name="2 agencies have gone quiet")
    needs.wait_for(timeout=PATIENCE_MS)
    needs.click()
    row = page.locator("tr.row-stop", has_text="Cardiff Council")
    row.get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("quiet")
    page.get_by_role("link", name="What it was told").click()
    expect(page.locator("#recipient")).to_have_value("cardiff-social-services")
    assert page.locator("tbody tr").count() > 0
    assert [text for text in said if "Content Security Policy" in text] == []


def test_everything_can_be_done_by_keyboard_alone(console: Ground, enter: SignIn) -> None:
    (opened,) = console.rows(OPENED)
    page = enter("olwen-operator")
    page.goto("/en/find")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("Tab")
    page.keyboard.type(str(opened.subject))
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/find?id=*")
    at = f"{opened.topic}/{opened.lane}/{opened.record_offset}"
    reached = _tab_to(page, lambda found: found["href"].endswith(at))
    assert {"Told", "Sent by", "Type", "Outcome", "From", "Before", "Find"} <= {each["name"] for each in reached}
    assert [each for each in reached if each["outline"] == "none"] == []
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_be_visible()
    reached = _tab_to(page, lambda found: found["name"] == "Hold them against Kafka now")
    assert {"Sign out", "Cymraeg", "Dead letters", "Balance"} <= {each["name"] for each in reached}
    assert [each for each in reached if each["outline"] == "none"] == []
    page.keyboard.press("Enter")
    expect(page.get_by_text("the same, byte for byte").first).to_be_visible()


def _tab_to(page: Page, wanted: Callable[[dict[str, str]], bool]) -> list[dict[str, str]]:
    """Press Tab until something is reached; all that was reached on the way."""
    found: list[dict[str, str]] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        found.append(
            page.evaluate(
                """(e => ({
                  name: (e.labels && e.labels.length ? e.labels[0].firstChild.textContent : e.innerText || "").trim(),
                  href: e.href || "", outline: getComputedStyle(e).outlineStyle,
                }))(document.activeElement)"""
            )
        )
        if wanted(found[-1]):
            return found
    raise AssertionError(f"not reached by Tab: {[each['name'] for each in found]}")


class _away:  # noqa: N801 - read as a word: with _away(console)
    """PostgreSQL without the console's database."""

    def __init__(self, console: Ground) -> None:
        self._server = console.world.server
        self._name = console.url.rpartition("/")[2]

    def __enter__(self) -> None:
        self._rename(self._name, f"{self._name}_away")

    def __exit__(self, *_: object) -> None:
        self._rename(f"{self._name}_away", self._name)

    def _rename(self, name: str, to: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            server.execute(f'ALTER DATABASE "{name}" RENAME TO "{to}"'.encode())
