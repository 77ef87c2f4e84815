"""What the console's pages say of a simulated network's real traffic, and what they do with bad questions."""

import csv
import io
import re

import pytest

from contracts.access import Act
from hub.demo.operations import opened_by
from hub.store.find import LARGEST_PAGE
from tests.console_ground import RECORDS, Browser, Ground

pytestmark = pytest.mark.connected

PAGES = ("now", "find", "dead-letters", "redrives", "parked", "agencies", "balance", "policy", "audit")

OPENED = """
SELECT r.subject, r.correlation_id, r.event_id, r.topic, r.lane, r.record_offset, d.recipient, d.delivery, d.opened_ms
FROM decisions d JOIN records r USING (lane, position, at_ms)
WHERE d.opened_ms IS NOT NULL AND d.refused_ms IS NULL AND r.subject IS NOT NULL ORDER BY d.opened_ms LIMIT 1
"""


def test_from_a_senders_reference_to_opened_by_whom_and_when_in_three_clicks(console: Ground) -> None:
    (opened,) = console.rows(OPENED)
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        listed = browser.get("/en/find", id=opened.subject)  # typed, and one click
        at = f"{opened.topic}/{opened.lane}/{opened.record_offset}"
        assert f'href="/en/notifications/{at}"' in listed.text
        page = browser.get(f"/en/notifications/{at}")  # the second
    row = next(part for part in page.text.split("<tr") if f">{opened.recipient}</span>" in part)
    assert re.search(r"(opened|taken on)</span> <span class=\"quiet\">\d\d:\d\d", row)
    assert [(each.what, each.about) for each in console.reports()][-2:] == [
        ("find", str(opened.subject)),
        ("notification", at),
    ]


def test_the_notice_that_the_demo_names_was_opened_by_that_school_at_that_time(console: Ground) -> None:
    schools = [row.recipient for row in console.rows("SELECT DISTINCT recipient FROM decisions WHERE told")]
    followed = opened_by(console.settings, sorted(party for party in schools if party.startswith("/schools/")))
    assert followed is not None
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as browser:
        listed = browser.get("/en/find", id=followed.reference).text
        pages = [browser.get(path).text for path in re.findall(r'href="(/en/notifications/[^"]+)"', listed)]
    rows = [part for page in pages for part in page.split("<tr") if f">{followed.school}</span>" in part]
    assert any(re.search(rf">(opened|taken on)</span> .*{followed.at}", row, re.DOTALL) for row in rows)


def test_every_id_of_an_event_leads_to_it(console: Ground) -> None:
    (opened,) = console.rows(OPENED)
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        for asked in (opened.event_id, opened.delivery, str(opened.event_id).upper()):
            page = browser.get(f"/en/notifications/{asked}")
            assert page.status_code == 200
            assert str(opened.event_id) in page.text


@pytest.mark.parametrize(
    "typed",
    ["Mali Enghraifft", "'; DROP TABLE records; --", "<script>alert(1)</script>", "x" * 20_000, "\0", "%00", "é́ 🙂",
     "referrals.v1/99999/1", "/../../etc/passwd"],
)  # fmt: skip
def test_text_that_is_no_id_finds_nothing_runs_nothing_and_is_kept_nowhere(console: Ground, typed: str) -> None:
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        answer = browser.get("/en/find", id=typed)
        assert answer.status_code == 200
        assert "form of no id" in answer.text
        assert "<script>alert" not in answer.text
    assert all(typed not in each.about for each in console.reports())


@pytest.mark.parametrize(
    "query",
    ["rows=999999999999999999999", "rows=-1", "rows=x", "before=1.2", "before=" + "9" * 400, "type=nothing",
     "outcome=x", "since=yesterday", "since=9999-12-31T23:59", "until=0001-01-01T00:00", "recipient=%00",
     "source=" + "x" * 5000],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_answered_all_the_same(console: Ground, query: str) -> None:
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        answer = browser.get(f"/en/find?{query}")
        assert answer.status_code == 200
        assert answer.text.count("<tr") <= LARGEST_PAGE + 1


def test_pages_follow_one_another_and_miss_nothing(console: Ground) -> None:
    seen: list[str] = []
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        path = "/en/find?rows=90"
        while path:
            text = browser.get(path).text
            seen += re.findall(r'href="/en/notifications/([^"]+)"', text)
            older = re.search(r'rel="next" href="([^"]+)"', text)
            path = older[1].replace("&amp;", "&") if older else ""
        exported = browser.get("/en/find.csv").text
    assert len(seen) == len(set(seen)) == RECORDS
    assert [row["coordinates"] for row in csv.DictReader(io.StringIO(exported))] == seen
    assert [each.act for each in console.reports()][-1] is Act.EXPORTED


@pytest.mark.parametrize("asked", ["0" * 32, "nothing", "a/b/c", "x" * 190, "referrals.v1/0/999999999999999999", "%00"])
def test_what_does_not_exist_is_not_there(console: Ground, asked: str) -> None:
    with console.served() as where, Browser.signed_in(where, "olwen-operator") as browser:
        for page in ("notifications", "dead-letters"):
            assert browser.get(f"/en/{page}/{asked}").status_code == 404
        assert browser.get("/en/agencies/nobody-at-all").status_code == 404


def test_a_record_that_does_not_match_its_hash_is_shown_in_red_and_is_an_alarm(console: Ground) -> None:
    (opened,) = console.rows(OPENED)
    at = f"{opened.topic}/{opened.lane}/{opened.record_offset}"
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        whole = browser.get(f"/en/notifications/{at}?check=kafka").text
        assert "The chain of hashes is broken here" not in whole
        assert "the same, byte for byte" in whole
        assert "row-stop" not in whole
        console.run("UPDATE records SET chain_holds = false WHERE event_id = :id", id=str(opened.event_id))
        broken = browser.get(f"/en/notifications/{at}").text
        assert "The chain of hashes is broken here" in broken
        assert "row-stop" in broken
        console.run("UPDATE records SET hash = :hash WHERE event_id = :id", hash=b"x" * 32, id=str(opened.event_id))
        assert "other bytes" in browser.get(f"/en/notifications/{at}?check=kafka").text


def test_a_payload_is_shown_to_an_operator_for_a_reason_that_is_recorded_first(console: Ground) -> None:
    (letter,) = console.rows(
        "SELECT topic, lane, record_offset FROM letters WHERE event_type IS NOT NULL ORDER BY at_ms DESC LIMIT 1"
    )
    path = f"/en/dead-letters/{letter.topic}/{letter.lane}/{letter.record_offset}"
    with console.served() as where:
        with Browser.signed_in(where, "olwen-operator") as browser:
            assert "<pre" not in browser.get(path).text
            short = browser.post(path, why="x")
            assert (short.status_code, "<pre" in short.text) == (422, False)
            shown = browser.post(path, why="The sender asks which field was wrong")
            assert (shown.status_code, "<pre" in shown.text) == (200, True)
            assert "specversion" in shown.text
        kept = [each for each in console.reports() if each.what == "dead-letter.payload"]
        assert [(each.by, each.why) for each in kept] == [("olwen-operator", "The sender asks which field was wrong")]
        with Browser.signed_in(where, "vera-viewer") as viewer:
            assert viewer.post(path, why="I would like to see it").status_code == 403


def test_an_agency_that_has_gone_quiet_is_an_alarm_and_one_behind_is_to_be_looked_at(console: Ground) -> None:
    console.beat("cardiff-social-services")
    console.beat("south-wales-police", ago_ms=61_000)
    console.beat("cardiff-education", inbox_waiting=3, inbox_oldest_ms=600_000, parked=2, parked_children=1)
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        console.look_at_kafka()
        now = browser.get("/en/now").text
        assert "1 agency has gone quiet" in now
        assert "1 agency is behind" in now
        assert "2 notifications are parked" in now
        assert "nothing waits" in now
        assert "stands still" not in now
        assert "South Wales Police" in browser.get("/en/agencies").text.split("row-stop")[1].split("</tr>")[0]
        assert "Cardiff" in browser.get("/en/parked").text.split("<tbody>")[1]


def test_what_an_adapter_tells_no_more_needs_a_person_and_does_not_make_its_agency_late(console: Ground) -> None:
    console.beat("schools", unreached=2)
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        now = browser.get("/en/now").text
        assert re.search(r'href="/en/agencies/schools">\s*2 systems or contacts are told no more', now)
        assert "is behind" not in now
        assert "2 systems or contacts" in browser.get("/en/agencies/schools").text
        assert "ni hysbysir 2 o systemau neu gysylltiadau mwyach" in browser.get("/cy/now").text


def test_an_adapter_whose_clock_is_an_hour_off_is_alive_and_said_to_be_off(console: Ground) -> None:
    console.beat("cardiff-social-services", at_ms=console.now_ms - 3_600_000)
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        page = browser.get("/en/agencies/cardiff-social-services").text
        assert "Its clock is off by 59 min" in page
        assert "quiet</span>" not in page


def test_books_that_are_off_by_one_are_an_alarm(console: Ground) -> None:
    console.now_ms += 120_000
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        assert "The books balance" in browser.get("/en/balance").text
        console.run("UPDATE tallies SET told = told + 1 WHERE ctid = (SELECT ctid FROM tallies LIMIT 1)")
        assert "The books are off" in browser.get("/en/balance").text
        assert "the balance is off in 1 place" in browser.get("/en/now").text


@pytest.mark.parametrize("page", ["now", "balance"])
def test_a_live_page_sends_itself_anew_and_stops_with_the_session(console: Ground, page: str) -> None:
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as browser:
        with browser.client.stream("GET", f"/en/{page}/live") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            assert next(lines) == "event: now"
            assert next(line for line in lines if '<p class="live">' in line)
            console.run("DELETE FROM console_sessions")
            assert "event: now" not in list(lines)  # it ends
        assert browser.get(f"/en/{page}").url.path == "/en/sign-in"


def test_each_page_has_a_twin_in_the_other_language(console: Ground) -> None:
    with console.served() as where, Browser.signed_in(where, "arwel-auditor") as browser:
        for page in (*PAGES, "find?outcome=rejected", "agencies/cardiff-education", "accessibility"):
            for language, other in (("cy", "en"), ("en", "cy")):
                answer = browser.get(f"/{language}/{page}")
                assert (answer.status_code, answer.headers["content-language"]) == (200, language)
                assert f'<html lang="{language}">' in answer.text
                assert f'<a href="/{other}/{page}" lang="{other}"' in answer.text


def test_no_page_has_a_script_or_a_style_of_its_own_or_anything_from_elsewhere(console: Ground) -> None:
    (opened,) = console.rows(OPENED)
    with console.served() as where, Browser.signed_in(where, "arwel-auditor") as browser:
        for page in (*PAGES, f"notifications/{opened.event_id}"):
            text = browser.get(f"/en/{page}").text
            assert re.findall(r"<script[^>]*>", text) == [
                '<script src="/static/htmx.min.js" defer>',
                '<script src="/static/sse.min.js" defer>',
            ]
            assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", text)


def test_reports_reach_the_hub_signed_and_the_audit_page_shows_them(console: Ground) -> None:
    import asyncio

    from hub.access_log import hub_key
    from hub.app import marks_secret
    from hub.console.reporting import Reporter
    from hub.observe.services import catch_up, make_access_chain
    from hub.store.database import connect

    with console.served() as where:
        with Browser.signed_in(where, "olwen-operator") as browser:
            browser.get("/en/notifications/" + "0" * 32)
        made = [report.id for report in console.reports()]
        waiting = len(made)
        engine = connect(console.settings)

        async def bring() -> None:
            sent = await Reporter(console.settings, engine, hub_key(marks_secret(console.settings))).send_all()
            assert sent == waiting
            chain = make_access_chain(console.settings)
            running = asyncio.create_task(chain.run())
            for _ in range(100):
                await asyncio.sleep(0.2)
                await catch_up(console.settings)
                if len(console.rows("SELECT 1 FROM accesses WHERE id::text = ANY(:made)", made=made)) == waiting:
                    break
            chain.stop()
            await running

        asyncio.run(bring())
        engine.dispose()
        assert console.reports() == []
        kept = console.rows(
            "SELECT reader, signer, fault, chain_holds FROM accesses WHERE id::text = ANY(:made)", made=made
        )
        assert {tuple(row) for row in kept} == {("olwen-operator", "hub", None, True)}
        with Browser.signed_in(where, "arwel-auditor") as auditor:
            page = auditor.get("/en/audit", reader="olwen-operator").text
            assert page.count("olwen-operator") > waiting
            assert "0" * 32 in page
