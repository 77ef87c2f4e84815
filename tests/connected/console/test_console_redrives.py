"""Dead letters sent on from the console's pages: tried first, for a reason, agreed to by another person, once."""

import asyncio
import re
import time

import httpx
import pytest

from contracts.access import Act
from tests.console_ground import Browser, Ground

pytestmark = pytest.mark.connected

WHY = "the sender's key is known now"


def test_one_letter_is_tried_and_goes_at_once_and_who_comes_second_is_told_who_was_first(console: Ground) -> None:
    *_, letter = console.mended()
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as olwen:
        tried = olwen.post("/en/redrives/try", letter=letter)
        assert (tried.status_code, "goes</span>" in tried.text) == (200, True)
        assert "told</span> South Wales Police" in tried.text
        assert "at most 3" in tried.text
        short = olwen.post("/en/redrives", letter=letter, why="x")
        assert (short.status_code, "at least ten characters" in short.text) == (422, True)
        assert console.rows("SELECT 1 FROM redrives") == []
        sent = olwen.post("/en/redrives", letter=letter, why=WHY)
        assert "1 of 1 sent on" in sent.text
        with Browser.signed_in(where, "bethan-both") as bethan:
            second = bethan.post("/en/redrives", letter=letter, why="I know the key is there")
            assert (second.status_code, "somebody else was quicker" in second.text) == (409, True)
            assert f"olwen-operator, {console_day(second.text)}" in second.text
            assert str(sent.url).removeprefix(where) in second.text
        assert "sent on</span>" in olwen.get(f"/en/dead-letters/{letter}").text
    (row,) = console.rows("SELECT topic, lane, sent_offset, times FROM redrive_letters")
    assert row.times == 1
    console.taken(f"{row.topic}/{row.lane}/{row.sent_offset}")


def console_day(text: str) -> str:
    """The day and time beside whoever asked, as the page writes it."""
    found = re.search(r"olwen-operator, (\d+ \w+ \d+, \d\d:\d\d)", text)
    assert found is not None
    return found[1]


def test_several_letters_wait_for_another_person_who_sees_what_it_comes_to(console: Ground) -> None:
    letters = console.mended()[:2]
    with console.served() as where, Browser.signed_in(where, "bethan-both") as bethan:
        asked = bethan.post("/en/redrives", letter=[*reversed(letters)], why=WHY)
        page = str(asked.url).removeprefix(where)
        assert "waits for a second person" in asked.text
        assert "another person has to decide" in asked.text
        own = bethan.post(f"{page}/approve", why="I say so myself, twice")
        assert (own.status_code, "another person has to" in own.text) == (409, True)
        assert "1 re-drive waits for a second person" in bethan.get("/en/now").text
        with Browser.signed_in(where, "olwen-operator") as olwen:
            assert olwen.post(f"{page}/approve", why="let me agree to it").status_code == 403
            assert olwen.post("/en/redrives/aside", letter=letters[0], why="it is not wanted").status_code == 409
        with Browser.signed_in(where, "aled-approver") as aled:
            seen = aled.get(page)
            assert seen.text.count("goes</span>") == 2
            assert aled.post(f"{page}/approve", why="yes").status_code == 422
            assert "2 of 2" not in aled.get(page).text
            aled.post(f"{page}/approve", why="looked at with the sender")
            done = until(aled, page, "2 of 2 sent on")
            assert "aled-approver" in done.text
            again = aled.post(f"{page}/decline", why="I have changed my mind")
            assert (again.status_code, "waits for nobody" in again.text) == (409, True)
    rows = console.rows("SELECT topic, lane, record_offset, sent_offset FROM redrive_letters ORDER BY ordinal")
    assert [f"{row.topic}/{row.lane}/{row.record_offset}" for row in rows] == letters
    assert rows[0].sent_offset < rows[1].sent_offset
    assert every_act(console, page.rpartition("/")[2]) == {
        ("bethan-both", "approver", "refused", "dead-letter.redrive-approved"),
        ("aled-approver", "approver", "changed", "dead-letter.redrive-approved"),
    }


def until(browser: Browser, page: str, said: str) -> httpx.Response:
    for _ in range(100):
        shown = browser.get(page)
        if said in shown.text:
            return shown
        time.sleep(0.1)
    raise AssertionError(f"never said: {said}")


def every_act(console: Ground, about: str) -> set[tuple[str, ...]]:
    """What access records say that was done about something, once the reports are chained."""
    from hub.observe.services import catch_up, make_access_chain

    async def chained() -> None:
        chain = make_access_chain(console.settings)
        running = asyncio.create_task(chain.run())
        for _ in range(100):
            await asyncio.sleep(0.2)
            await catch_up(console.settings)
            if len(console.rows("SELECT 1 FROM accesses WHERE about = :about", about=about)) >= 2:
                break
        chain.stop()
        await running

    asyncio.run(chained())
    query = "SELECT reader, role, act, what FROM accesses WHERE about = :about AND act IN ('changed', 'refused')"
    return {tuple(row) for row in console.rows(query, about=about)}


def test_what_is_declined_is_free_again_and_what_is_set_aside_stays_so(console: Ground) -> None:
    letters = console.mended()[2:]
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as olwen:
        page = str(olwen.post("/en/redrives", letter=letters, why=WHY).url).removeprefix(where)
        with Browser.signed_in(where, "aled-approver") as aled:
            declined = aled.post(f"{page}/decline", why="not before the sender has answered")
            assert "declined</span>" in declined.text
        assert olwen.post("/en/redrives/try", listed=letters, every="1").text.count("goes</span>") == 2
        short = olwen.post("/en/redrives/aside", letter=letters[0], why="x")
        assert (short.status_code, "<details open>" in short.text) == (422, True)
        aside = olwen.post("/en/redrives/aside", letter=letters[0], why="the sender has withdrawn it")
        assert re.search(r"set aside</span>\s+olwen-operator", aside.text)
        tried = olwen.post("/en/redrives/try", letter=letters)
        assert tried.text.count("does not go</span>") == 1
        assert "the sender has withdrawn it" in tried.text


def test_how_often_a_letter_was_sent_on_is_shown_and_when_it_is_too_often(console: Ground) -> None:
    letter = console.mended()[0]
    sent_on = "UPDATE records SET redrive_times = :times WHERE topic || '/' || lane || '/' || record_offset = :letter"
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as olwen:
        assert "sent this on" not in olwen.get(f"/en/dead-letters/{letter}").text
        console.run(sent_on, times=2, letter=letter)
        shown = olwen.get(f"/en/dead-letters/{letter}").text
        assert "sent this on 2 times" in shown
        assert "in quarantine" not in shown
        console.run(sent_on, times=3, letter=letter)
        assert "in quarantine" in olwen.get(f"/en/dead-letters/{letter}").text
        assert "sent on 3 times before" in olwen.get("/en/dead-letters?rows=500").text


@pytest.mark.parametrize(("letter", "status"), [("referrals.v1/0/999999999", 404), ("nothing", 404), (None, 422)])
def test_what_is_no_letter_is_not_sent_on(console: Ground, letter: str | None, status: int) -> None:
    chosen = {} if letter is None else {"letter": letter}
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as olwen:
        for place in ("redrives/try", "redrives", "redrives/aside"):
            assert olwen.post(f"/en/{place}", why=WHY, **chosen).status_code == status
        assert olwen.get("/en/redrives/try").status_code == 404


def test_a_console_without_the_key_of_redrives_says_so_and_nothing_is_asked_for(console: Ground) -> None:
    letter, key = console.mended()[0], console.settings.redrive_key
    hidden = key.rename(key.with_suffix(".away"))
    try:
        with console.served() as where, Browser.signed_in(where, "olwen-operator") as olwen:
            answer = olwen.post("/cy/redrives", letter=letter, why=WHY)
            assert (answer.status_code, "Nis gwnaed" in answer.text) == (503, True)
    finally:
        hidden.rename(key)
    assert console.rows("SELECT 1 FROM redrives") == []


def test_reading_about_redrives_is_recorded_too(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as vera:
        assert "Try those chosen" not in vera.get("/en/dead-letters").text
        assert vera.get("/en/redrives").status_code == 200
        assert vera.get("/en/redrives/00000000-0000-4000-8000-000000000000").status_code == 404
    assert [(each.act, each.what) for each in console.reports()][-2:] == [
        (Act.VIEWED, "dead-letters"),
        (Act.VIEWED, "redrives"),
    ]
