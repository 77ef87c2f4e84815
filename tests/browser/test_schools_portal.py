"""The schools' portal in a real Chromium: every page in both languages, by keyboard, small and large, no scripts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from adapters.schools.roles import Role
from adapters.schools.settings import FAILURES
from adapters.schools.store import webhooks
from tests.browser.looking import runs_off, violations
from tests.browser.windows import SignIn
from tests.schools_ground import DESK, ENGLISH, WELSH, WELSH_DESK, Ground, encompass, told


@pytest.fixture
def filled(schools: Ground) -> dict[str, str]:
    """A portal with people and notices of many kinds; paths by a name."""
    schools.person("dsp", (ENGLISH, Role.DSP), name="Sam Enghraifft")
    schools.person("nia", (WELSH, Role.DSP), name="Nia Enghraifft")
    schools.person("both", (ENGLISH, Role.DSP), (WELSH, Role.DEPUTY), name="Bethan Dwy Ysgol")
    schools.person("desk", (DESK, Role.DESK), name="Dilys Desg")
    schools.run(
        lambda connection: webhooks.set_up(
            connection, ENGLISH, url="https://record.adamsdown.example/hook", owner="it@adamsdown.example", whole=False
        )
    )
    kinds = {
        "incident": encompass(),
        "scheduled": told("conferences.scheduled", ENGLISH, view="school"),
        "held": told("conferences.held", ENGLISH, view="school"),
        "registered": told("register-changes.registered", ENGLISH, view="school"),
        "moved": told("circumstances.child-moved", ENGLISH, view="school"),
        "enquiries": told("enquiries.started", ENGLISH, view="school"),
    }
    paths = {name: f"/notices/{schools.receive(delivery)}" for name, delivery in kinds.items()}
    schools.receive(encompass("/schools/6812111"))
    schools.receive(encompass(WELSH))
    return paths


def pages(filled: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Who looks, and at what."""
    for path in ("/schools/6812003", *filled.values(), f"{filled['incident']}/print", f"{filled['incident']}/not-ours"):
        yield "dsp", path
    yield "dsp", "/schools/6812003/webhook"
    yield "both", "/schools/6732178/webhook"  # a school without one
    yield "dsp", "/accessibility"
    yield "dsp", "/notices/" + "0" * 32
    yield "dsp", "/schools/6812003"  # once more: now all is opened
    yield "both", "/places"
    yield "desk", "/desks/cardiff-education"
    yield "desk", "/desks/cardiff-education/held-back"


@pytest.mark.parametrize("language", ["cy", "en"])
def test_no_page_breaks_a_rule_of_accessibility(
    schools: Ground, filled: dict[str, str], sign_in: SignIn, language: str
) -> None:
    wrong: list[str] = []
    windows: dict[str, Page] = {}
    for who, path in pages(filled):
        page = windows.get(who) or windows.setdefault(who, sign_in(who, scripts=True))
        page.goto(f"/{language}{path}")
        wrong += violations(page)
    page = windows["dsp"]
    page.goto(f"/{language}{filled['incident']}")
    page.locator("summary").click()
    wrong += violations(page)
    page.locator("textarea").evaluate("e => { e.value = ' '; e.required = false }")
    page.locator("form[action$=ask] button").click()
    wrong += violations(page)  # a question without words
    page.goto(f"/{language}{filled['incident']}/not-ours")
    page.locator("button.button-stop").click()
    wrong += violations(page)  # no child chosen
    page.locator("input[type=checkbox]").check()
    page.locator("button.button-stop").click()
    wrong += violations(page)  # passed on
    page.goto(f"/{language}/schools/6812003/webhook")
    page.locator("input[name=csrf]").last.evaluate("e => { e.value = 'old' }")
    page.locator("main button").click()
    wrong += violations(page)  # to be done again
    schools.receive(told("enquiries.started", DESK, view="education-desk", conflicts_of_interest=[ENGLISH]))
    page = windows["desk"]
    page.goto(f"/{language}/desks/cardiff-education/held-back")
    for summary in page.locator("summary").all():
        summary.click()
    wrong += violations(page)
    page.locator("input[name=reason]").first.evaluate("e => { e.required = false }")
    page.locator("details button").first.click()
    wrong += violations(page)  # no reason
    schools.now = schools.now.replace(day=27, hour=9)
    schools.pass_on()
    page = sign_in("desk", scripts=True)
    page.goto(f"/{language}/desks/cardiff-education")
    wrong += violations(page)
    outside = page.context.browser
    assert outside is not None
    stranger = outside.new_context(base_url=schools.settings.address, bypass_csp=True).new_page()
    for path in ("/", f"/{language}/sign-in", f"/{language}/sign-in/go"):
        stranger.goto(path)
        wrong += violations(stranger)
    for failure in range(FAILURES):
        stranger.goto("/sign-in/back?code=x&state=y")
        if failure in (0, FAILURES - 1):
            wrong += violations(stranger)  # the sign-in did not work; too often
    stranger.context.close()
    assert wrong == []


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_runs_off_a_narrow_page_or_one_at_twice_the_size(
    filled: dict[str, str], sign_in: SignIn, width: int
) -> None:
    """640 pixels are what a window of 1280 has at 200 per cent."""
    windows: dict[str, Page] = {}
    wide = []
    for who, path in pages(filled):
        page = windows.get(who) or windows.setdefault(who, sign_in(who, width=width, scripts=True))
        for language in ("cy", "en"):
            page.goto(f"/{language}{path}")
            if runs_off(page):
                wide.append(page.url)
    assert wide == []


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_notice_is_received_opened_and_taken_on_without_scripts(
    schools: Ground, filled: dict[str, str], sign_in: SignIn, language: str
) -> None:
    page = sign_in("dsp", language=language)
    page.goto(f"/{language}/schools/6812003")
    unread = page.locator("li.notice-new")
    before = unread.count()
    page.goto(f"/{language}{filled['incident']}")
    expect(page.locator("blockquote[lang=cy]")).to_have_text("Dw i ddim eisiau mynd adref heno.")
    page.locator("form[action$=accept] button").click()
    expect(page.locator(".message-good")).to_contain_text("Sam Enghraifft")
    page.goto(f"/{language}/schools/6812003")
    assert unread.count() == before - 1
    assert [kind for kind, _ in schools.steps() if kind in ("opened", "accepted")] == ["opened", "accepted"]


@pytest.mark.parametrize("language", ["cy", "en"])
def test_what_is_no_pupil_of_the_school_is_passed_on_and_gone(
    schools: Ground, filled: dict[str, str], sign_in: SignIn, language: str
) -> None:
    page = sign_in("dsp", language=language)
    page.goto(f"/{language}{filled['incident']}/not-ours")
    page.locator("input[type=checkbox]").check()
    page.locator("button.button-stop").click()
    expect(page.locator("h1")).to_be_visible()
    assert page.goto(f"/{language}{filled['incident']}").status == 404  # type: ignore[union-attr]
    desk = sign_in("desk", language=language)
    desk.goto(f"/{language}/desks/cardiff-education")
    desk.locator(f"li.notice a[href$='{filled['incident']}']").click()
    expect(desk.locator("main")).to_contain_text("Mal Enghraifft")


@pytest.mark.parametrize("language", ["cy", "en"])
def test_what_nobody_opens_reaches_the_desk(
    schools: Ground, filled: dict[str, str], sign_in: SignIn, language: str
) -> None:
    schools.person("fro", (WELSH_DESK, Role.DESK), name="Ffion Desg")
    schools.now = schools.now.replace(day=27, hour=8, minute=30)
    schools.pass_on()
    page = sign_in("fro", language=language)
    page.goto(f"/{language}/desks/vale-of-glamorgan-education")
    page.locator("li.notice-new a").click()
    expect(page.locator("main")).to_contain_text("Ysgol Gymraeg Sant Curig")
    assert ("desk-opened", None) in schools.steps()


def test_everything_can_be_done_by_keyboard_alone(schools: Ground, filled: dict[str, str], sign_in: SignIn) -> None:
    page = sign_in("dsp", scripts=True)
    page.goto(f"/en{filled['incident']}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(e => [e.tagName, e.innerText || e.name || '', getComputedStyle(e).outlineStyle])(document.activeElement)"
        )
        if found[0] == "BODY":
            break
        reached.append(found)
    assert {"I take it on", "Ask the sender something", "This is not our pupil", "Print view"} <= {
        text for _, text, _ in reached
    }
    assert all(outline != "none" for _, _, outline in reached)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Who collects the child?")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".history blockquote")).to_have_text("Who collects the child?")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, and can be seen there."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            break
    style = page.evaluate("selector => getComputedStyle(document.querySelector(selector)).outlineStyle", selector)
    assert style != "none", f"{selector} was not reached, or nobody sees that it was"


def take_on(page: Page, path: str) -> None:
    """By keyboard alone: from a list with it to the notice, and to its button."""
    tab_to(page, f"li.notice-new a[href$='{path}']")
    page.keyboard.press("Enter")
    expect(page.locator(".avoid")).to_be_visible()
    tab_to(page, "form[action$=accept] button")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_notice_is_found_opened_and_taken_on_by_keyboard_alone(
    schools: Ground, filled: dict[str, str], sign_in: SignIn, language: str
) -> None:
    page = sign_in("dsp", language=language, scripts=True)
    page.goto(f"/{language}/schools/6812003")
    take_on(page, filled["incident"])
    expect(page.locator(".message-good")).to_contain_text("Sam Enghraifft")
    assert "accepted" in [kind for kind, _ in schools.steps()]


@pytest.mark.parametrize("language", ["cy", "en"])
def test_what_was_passed_on_to_a_desk_is_found_opened_and_taken_on_by_keyboard_alone(
    schools: Ground, filled: dict[str, str], sign_in: SignIn, language: str
) -> None:
    schools.now = schools.now.replace(day=27, hour=8, minute=30)
    schools.pass_on()
    page = sign_in("desk", language=language, scripts=True)
    page.goto(f"/{language}/desks/cardiff-education")
    take_on(page, filled["incident"])
    expect(page.locator(".message-good")).to_contain_text("Dilys Desg")
    done = [kind for kind, _ in schools.steps()]
    assert [kind for kind in done if kind in ("desk-opened", "accepted")] == ["desk-opened", "accepted"]


@pytest.mark.parametrize("language", ["cy", "en"])
def test_a_desk_gives_back_what_a_school_wrongly_called_no_pupil_by_keyboard_alone(
    schools: Ground, filled: dict[str, str], sign_in: SignIn, language: str
) -> None:
    school = sign_in("dsp", language=language)
    school.goto(f"/{language}{filled['incident']}/not-ours")
    school.locator("input[type=checkbox]").focus()
    school.keyboard.press("Space")
    school.keyboard.press("Tab")
    school.keyboard.press("Enter")
    expect(school.locator(".message-good")).to_be_visible()
    desk = sign_in("desk", language=language)
    desk.goto(f"/{language}/desks/cardiff-education")
    desk.locator("main a[href$=held-back]").focus()
    desk.keyboard.press("Enter")
    desk.locator("summary").focus()
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Confirmed with the school by telephone.")
    desk.keyboard.press("Enter")
    expect(desk.locator(".nothing")).to_have_count(2)
    school.goto(f"/{language}/schools/6812003")
    expect(school.locator(f"li.notice-new a[href$='{filled['incident']}']")).to_be_visible()


@pytest.mark.parametrize("language", ["cy", "en"])
def test_the_print_view_is_the_notice_alone(filled: dict[str, str], sign_in: SignIn, language: str) -> None:
    page = sign_in("dsp", language=language)
    page.goto(f"/{language}{filled['incident']}/print")
    page.emulate_media(media="print")
    for hidden in ("header", "footer", ".skip", ".back"):
        expect(page.locator(hidden)).to_be_hidden()
    for shown in (".confidential", "blockquote[lang=cy]", ".expected", ".avoid", ".call"):
        expect(page.locator(shown).first).to_be_visible()
    assert len(page.locator("button, form, details").all()) == len(page.locator("header button, header form").all())


def test_the_languages_are_one_click_apart_and_the_choice_is_kept(filled: dict[str, str], sign_in: SignIn) -> None:
    page = sign_in("nia", language="cy")
    assert page.url.endswith("/cy/schools/6732178")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    again = sign_in("nia", language="cy")
    assert again.url.endswith("/en/schools/6732178")
