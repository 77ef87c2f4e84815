"""The whole way on real servers: police to hub to a school's page, and what became of it back into the trace."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from playwright.sync_api import expect

from adapters.sdk.credentials import credentials_path
from contracts.access import AccessRecord
from contracts.directory import DATA
from contracts.heartbeat import Heartbeat
from contracts.topics import ACCESS_REPORTS, HEARTBEATS
from hub.vitals.figures import Bounds
from tests import canaries
from tests.browser.windows import launched, windows
from tests.canaries import spellings
from tests.mail_server import Post, mail_server
from tests.rig import Rig
from tests.schools_ground import ENGLISH, EXAMPLES, Browser, Ground
from tests.scrape import Watched, samples, strays
from tests.servers import Servers
from tests.web import free_port, speaking

pytestmark = pytest.mark.connected

MERGED, NOBODY_DESIGNATED, CLOSED, UNKNOWN = "6812075", "6812111", "6812031", "6819999"
READER, ADDRESS, QUESTION = "Gwrandawes Enghraifft", "gwrandawes", "Quaestiosum"
"""Of whoever reads: said to nobody but colleagues, the mail server and the sender."""


@dataclass
class Portal:
    """A hub and the portal's adapter, each a process, to which the police told eight things of the night."""

    rig: Rig
    ground: Ground
    post: Post
    config: Path
    log: Path
    watched: Watched
    events: dict[str, str]
    """Ids of events by the school of their first child."""
    walked: dict[str, list[str]]
    """Of one child of Adamsdown's each, two for each language in which somebody reads them."""
    addresses: list[str] = field(default_factory=list)
    """All that was asked for, and answered in headers."""

    def trace(self, event: str) -> str:
        return _dolen(self.rig, "trace", event)

    def traced(self, event: str, *steps: str) -> str:
        """The trace, once it has all of these."""
        _until(lambda: all(step in self.trace(event) for step in steps))
        return self.trace(event)

    def ref(self, event: str, party: str) -> str:
        """The page's name of what a school was told of an event, once it is there."""
        query = "SELECT ref FROM schools.notices WHERE origin = :event AND recipient = :party"
        _until(lambda: bool(self.ground.rows(query, event=event, party=party)))
        return str(self.ground.rows(query, event=event, party=party)[0].ref)

    @contextlib.contextmanager
    def reader(self, subject: str = "dsp") -> Iterator[Browser]:
        with Browser.signed_in(self.ground.settings.address, subject) as browser:
            browser.client.event_hooks = {"response": [self._note]}
            yield browser

    def _note(self, answer: httpx.Response) -> None:
        self.addresses += [str(answer.request.url), str(answer.headers)]


@pytest.fixture(scope="module")
def portal(servers: Servers, schools_ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    schools_ground.clear()
    rig = Rig(servers.state_dir, folder / "rig")
    with contextlib.ExitStack() as ends:
        ends.callback(rig.close)
        rig.start()
        post = ends.enter_context(mail_server(folder))
        hook = ends.enter_context(speaking(lambda caller: caller.sendall(canaries.NAMES[0].encode() * 9)))
        gone = ends.enter_context(speaking(lambda caller: caller.sendall(b"HTTP/1.1 410 Gone\r\n\r\n")))
        config, log = _configured(rig, schools_ground, post, folder), folder / "adapter.log"
        person = ("schools", "person", "add", str(config))
        _dolen(rig, *person, "--subject", "dsp", "--name", READER, "--at", "6812003", "--role", "dsp",
               "--email", f"{ADDRESS}@adamsdown.example")  # fmt: skip
        _dolen(rig, *person, "--subject", "desk", "--name", "Dilys Desg", "--at", "cardiff-education", "--role", "desk",
               "--email", "desk@cardiff.example")  # fmt: skip
        for school, url in (("6812003", hook), (NOBODY_DESIGNATED, gone)):
            _dolen(rig, "schools", "webhook", "set", str(config), "--at", school, "--url", url,
                   "--owner", "it@adamsdown.example")  # fmt: skip
        post.answers = {f"{ADDRESS}@adamsdown.example": f"451 4.7.1 {canaries.NAMES[1]} is asked to come again"}
        _reply(folder / "returns")
        watched = Watched(free_port())
        ends.enter_context(_running(config, log, watched))
        events = {school: _incident(school) for school in ("6812003", MERGED, CLOSED, UNKNOWN)}
        walked = {language: [_incident("6812003", alone=True) for _ in range(2)] for language in ("cy", "en")}
        sent = rig.state / "events.jsonl"
        told = [*events.values(), *(event for two in walked.values() for event in two)]
        sent.write_text("\n".join(map(json.dumps, told)), encoding="utf-8")
        _dolen(rig, "publish", str(sent), "--as", "south-wales-police", "--unchecked")
        ids = {school: event["id"] for school, event in events.items()}
        walks = {language: [event["id"] for event in two] for language, two in walked.items()}
        yield Portal(rig, schools_ground, post, config, log, watched, ids, walks)
    schools_ground.clear()


def test_a_notification_reaches_a_designated_person_and_its_three_receipts_are_in_the_trace(portal: Portal) -> None:
    event = portal.events["6812003"]
    ref = portal.ref(event, ENGLISH)
    with portal.reader() as browser:
        assert f"{canaries.NAMES[0]} {canaries.NAMES[1]}" in browser.get(f"/en/notices/{ref}").text
        browser.post(f"/en/notices/{ref}/accept")
    portal.traced(event, "delivered", "opened", "taken on by a team")


def test_the_process_says_what_it_reaches_and_what_waits_and_that_it_gets_on(portal: Portal) -> None:
    for page in ("live", "ready", "progress"):
        portal.watched.until(page, 200)
    assert [portal.watched.value("dolen_server_up", server=server) for server in ("store", "kafka", "system")] == [
        1
    ] * 3
    assert portal.watched.value("dolen_agency_parked", agency="schools") == 0
    assert strays(samples(portal.watched.text()), Bounds(0, frozenset({"schools"}))) == []


def test_what_is_for_a_school_that_merged_is_opened_at_the_one_that_took_its_place(portal: Portal) -> None:
    event = portal.events[MERGED]
    ref = portal.ref(event, f"/schools/{MERGED}")
    with portal.reader() as browser:
        browser.get(f"/en/notices/{ref}")
    trace = portal.traced(event, "opened")
    assert f"/schools/{MERGED}" in trace
    assert "passed on" not in trace


@pytest.mark.parametrize(
    ("school", "event_of", "why"),
    [
        (NOBODY_DESIGNATED, "6812003", "nobody is designated there"),
        (CLOSED, CLOSED, "the school is not known"),
    ],
    ids=["nobody is designated", "the school has closed"],
)
def test_where_no_school_can_be_told_the_desk_is_and_the_trace_says_why(
    portal: Portal, school: str, event_of: str, why: str
) -> None:
    event = portal.events[event_of]
    ref = portal.ref(event, f"/schools/{school}")
    portal.traced(event, "passed on to somebody else", why)
    _until(lambda: any(mail["to"] == "desk@cardiff.example" for mail in portal.post.mails))
    with portal.reader("desk") as browser:
        assert f'href="/en/notices/{ref}"' in browser.get("/en/desks/cardiff-education").text


def test_a_number_of_no_school_is_refused_and_its_sender_told(portal: Portal) -> None:
    trace = portal.traced(portal.events[UNKNOWN], "rejected")
    assert "receipt to the sender" in trace
    assert "/agencies/south-wales-police" in trace
    assert "/schools/" not in trace


@pytest.mark.parametrize("language", ["cy", "en"])
def test_what_people_do_in_a_browser_is_in_the_trace_of_each_notification(portal: Portal, language: str) -> None:
    kept, passed_on = portal.walked[language]
    ours, not_ours = (portal.ref(event, ENGLISH) for event in (kept, passed_on))
    with launched() as chromium, windows(chromium, portal.ground.settings.address) as open_window:
        school = open_window("dsp", language=language)
        school.goto(f"/{language}/schools/6812003")
        for ref in (ours, not_ours):
            school.locator(f"li.notice-new a[href='/{language}/notices/{ref}']").click()
            expect(school.locator("main")).to_contain_text(f"{canaries.NAMES[0]} {canaries.NAMES[1]}")
            school.goto(f"/{language}/schools/6812003")
        school.goto(f"/{language}/notices/{ours}")
        school.locator("summary").click()
        school.locator("textarea").fill(QUESTION)
        school.locator("form[action$=ask] button").click()
        expect(school.locator(".history blockquote")).to_have_text(QUESTION)
        school.locator("form[action$=accept] button").click()
        expect(school.locator(".message-good")).to_contain_text(READER)
        school.goto(f"/{language}/notices/{not_ours}")
        school.locator("a[href$=not-ours]").click()
        school.locator("input[type=checkbox]").check()
        school.locator("button.button-stop").click()
        desk = open_window("desk", language=language)
        desk.goto(f"/{language}/desks/cardiff-education")
        desk.locator(f"li.notice-new a[href$='{not_ours}']").click()
        desk.locator("form[action$=accept] button").click()
        expect(desk.locator(".message-good")).to_contain_text("Dilys Desg")
    portal.traced(kept, "delivered", "opened", "asked by the recipient", "taken on by a team")
    passed = ("refused by the recipient", "passed on to somebody else", "not our child")
    portal.traced(passed_on, "delivered", "opened", *passed, "taken on by a team")


def test_that_a_schools_own_system_is_off_is_in_the_trace_and_the_heartbeat(portal: Portal) -> None:
    portal.traced(portal.events["6812003"], "its own system is called no more", "it asked for no more")

    def beats() -> list[Heartbeat]:
        return [Heartbeat.model_validate_json(beat) for beat in asyncio.run(_reports(portal.rig, HEARTBEATS))]

    _until(lambda: [beat.unreached for beat in beats()][-1:] == [1])


def test_no_name_and_no_number_is_anywhere_but_before_those_who_may_read_it(portal: Portal) -> None:
    event = portal.events["6812003"]
    ref = portal.ref(event, ENGLISH)
    with portal.reader() as browser:
        secrets = [ref, browser.client.cookies["dolen"], browser.csrf(), *_badly_behaved(portal, browser, ref)]
        assert QUESTION in browser.get(f"/en/notices/{ref}").text
    waiting = "SELECT seq FROM schools.access_reports WHERE sent_at IS NULL"
    _until(lambda: portal.ground.rows(waiting) == [])
    logs = portal.log.read_text(encoding="utf-8")
    for said in ("page.failed", "webhook.failed", "pointer.not_sent", "bounce.not_understood", "sign_in.failed"):
        assert said in logs, f"{said} is not in the log, so that its words were not searched"
    records = asyncio.run(_reports(portal.rig, ACCESS_REPORTS))
    assert [AccessRecord.model_validate_json(record) for record in records] == portal.ground.accesses()
    places = {
        "the adapter's log": logs,
        "the hub's log": portal.rig.logs(),
        "access records": b"\n".join(records).decode(),
        "heartbeats": b"\n".join(asyncio.run(_reports(portal.rig, HEARTBEATS))).decode(),
        "the trace": portal.trace(event),
        "figures": portal.watched.text(),
    }
    assert all(places.values())
    _search(places, READER, ADDRESS, QUESTION, *secrets)
    mails = "".join(f"{mail['subject']}\n{mail.get_content()}" for mail in portal.post.mails)
    _search({"mails": mails, "addresses": "\n".join(portal.addresses)}, READER, QUESTION)


def _badly_behaved(portal: Portal, browser: Browser, ref: str) -> list[str]:
    """Everything that could have a name written down: words where none belong, failures; gives secrets that it used."""
    name, surname, street, text = canaries.NAMES
    address, cookies = portal.ground.settings.address, browser.client.cookies
    browser.post(f"/en/notices/{ref}/ask", words=QUESTION, written_in="en")
    headers = {"user-agent": text, "referer": street.encode()}
    with httpx.Client(base_url=address, cookies=cookies, headers=headers) as careless:
        for path in (f"/en/notices/{name}", f"/cy/schools/6812003?before={surname}", f"/{name}"):
            careless.get(path)
        for form, fields in (("ask", {"words": text}), ("not-ours", {"place": canaries.NHS_NUMBER})):
            careless.post(f"/en/notices/{ref}/{form}", data={**fields, "csrf": surname})
        portal.ground.run(_renamed("sessions", "elsewhere"))
        assert careless.get(f"/cy/notices/{ref}").status_code == 500
        portal.ground.run(_renamed("elsewhere", "sessions"))
    with httpx.Client(base_url=address) as stranger:
        stranger.get(f"/en/sign-in?to=/{name}")
        begun = stranger.get("/en/sign-in/go").headers["location"]
        stranger.get(f"/sign-in/back?code={surname}&state={name}")
        stranger.get(f"/sign-in/back?error={name}&error_description={street}")
        return re.findall(r"(?:state|nonce)=([\w-]+)", begun)


def _renamed(table: str, name: str) -> Callable[[Any], Any]:
    async def rename(connection: Any) -> None:
        await connection.exec_driver_sql(f"ALTER TABLE schools.{table} RENAME TO {name}")

    return rename


def _search(places: dict[str, str], *more: str) -> None:
    found = {
        (where, spelling)
        for where, text in places.items()
        for spelling in spellings(*more)
        if spelling.lower() in text.lower()
    }
    assert not found, sorted(found)


def _incident(school: str, *, alone: bool = False) -> dict[str, Any]:
    """One of the night, of names that occur nowhere else; the second child's school has nobody designated."""
    now = datetime.now(UTC)
    text = (EXAMPLES / "wales.child-protection.notices.domestic-abuse-incident.v1.json").read_text(encoding="utf-8")
    for reference in ("1338f11c-3196-5796-9ded-d26e68bf4d52", "437fa993-c6cc-5f3f-bd16-a753b680869d"):
        text = text.replace(reference, str(uuid.uuid4()))
    event: dict[str, Any] = json.loads(text)
    event |= {"id": str(uuid.uuid4()), "time": now.isoformat(timespec="seconds"), "sequence": 1}
    data = event["data"]
    data["incident_at"] = (now - timedelta(hours=1)).isoformat(timespec="seconds")
    first = data["children"][0]
    first["child"] |= {
        "names": [{"given": canaries.NAMES[0], "family": canaries.NAMES[1]}],
        "nhs_number": canaries.NHS_NUMBER,
        "home_address": {"lines": [canaries.NAMES[2]], "postcode": canaries.POSTCODE},
    }
    first["child"]["education"]["school"] = school
    first["circumstances"]["text"] = first["child_voice"]["words"] = canaries.NAMES[3]
    if alone or school != "6812003":
        data["children"] = [first]
    if alone:
        del first["child"]["upn"]  # a child of its own, whom no other notification of the night is about
    return event


def _configured(rig: Rig, schools: Ground, post: Post, folder: Path) -> Path:
    """Its file; the portal's list of schools is of after the closing of one."""
    listed = (DATA / "schools.csv").read_text(encoding="utf-8-sig").splitlines(keepends=True)
    (folder / "schools.csv").write_text("".join(line for line in listed if CLOSED not in line), encoding="utf-8")
    path = rig.state / "schools.toml"
    path.write_text(
        f"""
adapter = "schools"
credentials = "{credentials_path(rig.state, "schools")}"
store = "{schools.url}"
store_schema = "sdk_{rig.settings.topic_prefix.rstrip(".")}"
pseudonym_key = "pseudonyms"

[schools]
database_url = "{schools.url}"
credentials = "{credentials_path(rig.state, "schools")}"
address = "http://127.0.0.1:{schools.port}"
port = {schools.port}
secret_file = "{rig.state / "portal.secret"}"
development = true
webhooks_to_this_machine = true
schools_csv = "{folder / "schools.csv"}"
successors = {{ "{MERGED}" = "6812003" }}

[schools.mail]
host = "127.0.0.1"
port = {post.port}
ca_file = "{post.ca}"
sender = "porth@dolen.example"
bounces = "{folder / "returns"}"
"""
    )
    return path


def _reply(maildir: Path) -> None:
    """What somebody wrote back, which is no report of a mail server."""
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    mail = EmailMessage()
    mail["From"], mail["Subject"] = f"{ADDRESS}@adamsdown.example", canaries.NAMES[0]
    mail.set_content(canaries.NAMES[3])
    (maildir / "new" / "1").write_bytes(mail.as_bytes())


@contextlib.contextmanager
def _running(config: Path, log: Path, watched: Watched) -> Iterator[None]:
    with log.open("wb") as written:
        command = [sys.executable, "-m", "hub", "run", "adapter", str(config)]
        environment = os.environ | {"DOLEN_METRICS__PORT": str(watched.port)}
        process = subprocess.Popen(command, stdout=written, stderr=written, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not true():
        assert time.monotonic() < until
        time.sleep(0.2)


def _dolen(rig: Rig, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub", *arguments],
        env=rig.environment | {"COLUMNS": "240"},  # no word of a table is broken
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def _reports(rig: Rig, topic: str) -> list[bytes]:
    """What is on the topic, in order, signed or not: the projector checks that."""
    consumer = AIOKafkaConsumer(
        rig.settings.topic_prefix + topic, **rig.root.kafka_client(), auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found = []
        for partition, end in ends.items():
            while end > await consumer.position(partition):
                for records in (await consumer.getmany(partition, timeout_ms=500)).values():
                    found += records
        assert all(any(name == "dolen-signature" for name, _ in record.headers) for record in found)
        return [record.value for record in found]
    finally:
        await consumer.stop()
