"""Webhooks against a real receiver that verifies with the standard's own library, well behaved and ill."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from adapters.schools import calling
from adapters.schools.calling import Answer, call, signed
from adapters.schools.hooking import FAILING_FOR, JITTER, WAITS, call_one, wait_after
from adapters.schools.roles import Role
from adapters.schools.settings import SchoolsSettings
from adapters.schools.store import webhooks
from tests.schools_ground import DESK, ENGLISH, WELSH, Browser, Ground, encompass
from tests.web import speaking

pytestmark = pytest.mark.connected


@dataclass
class Receiver:
    """A school's own system."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    slow_s: float = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((dict(self.headers), content))
            time.sleep(found.slow_s)
            self.send_response(found.status)
            for name, value in {**found.headers, "content-length": str(len(found.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # the caller may have heard enough
                self.wfile.write(found.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def secret(schools: Ground, receiver: Receiver) -> str:
    """Adamsdown's system takes webhooks; gives its secret."""
    schools.now = datetime.now(UTC)  # the receiver's library looks at the wall clock
    schools.more = {
        "webhooks_to_this_machine": True,
        "mail": {"host": "127.0.0.1", "sender": "porth@dolen.example"},
    }
    schools.person("dsp", (ENGLISH, Role.DSP))
    schools.person("desk", (DESK, Role.DESK), email="desk@cardiff.example")
    return schools.run(
        lambda connection: webhooks.set_up(
            connection, ENGLISH, url=receiver.url, owner="owner@adamsdown.example", whole=False
        )
    )


def make_calls(schools: Ground, *, most: int = 10) -> int:
    async def calling_on(database: AsyncEngine) -> int:
        portal, made = schools.portal(database), 0
        while made < most and await call_one(database, addressing=portal.addressing, clock=portal.clock):
            made += 1
        return made

    return schools.run_with(calling_on)


def hook(schools: Ground) -> Any:
    (found,) = schools.rows("SELECT * FROM schools.webhooks")
    return found


def test_a_call_is_verified_by_the_standards_own_library_and_says_little(
    schools: Ground, receiver: Receiver, secret: str
) -> None:
    ref = schools.receive(encompass())
    assert make_calls(schools) == 1
    headers, body = receiver.got[0]
    said = Webhook(secret).verify(body, headers)
    assert said["type"] == "wales.child-protection.notices.domestic-abuse-incident.v1"
    assert said["data"].keys() == {"id", "link", "due"}
    assert said["data"]["link"].endswith(f"/n/{ref}")
    for personal in (b"Mal", b"Enghraifft", b"A681"):
        assert personal not in body
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    assert make_calls(schools) == 0


def test_by_agreement_the_whole_notification_is_sent(schools: Ground, receiver: Receiver, secret: str) -> None:
    schools.run(lambda c: webhooks.set_up(c, ENGLISH, url=receiver.url, owner="o@x.example", whole=True))
    schools.receive(encompass())
    make_calls(schools)
    assert (
        json.loads(receiver.got[0][1])["data"]["notification"]["data"]["children"][0]["child"]["upn"] == "A681200321001"
    )


def test_another_schools_notice_calls_nobody(schools: Ground, receiver: Receiver, secret: str) -> None:
    schools.receive(encompass(WELSH))
    assert make_calls(schools) == 0


def test_while_a_secret_changes_both_verify_and_then_the_new_one_alone(
    schools: Ground, receiver: Receiver, secret: str
) -> None:
    new = schools.run(lambda connection: webhooks.rotate(connection, ENGLISH, schools.now))
    assert new is not None
    schools.receive(encompass())
    make_calls(schools)
    for each in (secret, new):
        Webhook(each).verify(receiver.got[0][1], receiver.got[0][0])
    # The week is over: the old secret's end is moved, not the clock, which the receiver's library looks at.
    schools.rows("UPDATE schools.webhooks SET old_secret_ends_at = :at RETURNING 1", at=schools.now)
    schools.receive(encompass(number=2))
    make_calls(schools)
    headers, body = receiver.got[1]
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (500, {}),
        (404, {}),
        (302, {"location": "/elsewhere"}),
        (307, {"location": "http://127.0.0.1:1/"}),
        (199 + 101, {}),
    ],
)
def test_what_is_not_taken_is_sent_again_with_the_same_id_and_no_redirect_is_followed(
    schools: Ground, receiver: Receiver, secret: str, status: int, headers: dict[str, str]
) -> None:
    receiver.status, receiver.headers = status, headers
    schools.receive(encompass())
    assert make_calls(schools) == 1
    assert make_calls(schools) == 0
    receiver.status, receiver.headers = 200, {}
    schools.now += WAITS[0] * (1 + JITTER)
    assert make_calls(schools) == 1
    assert len(receiver.got) == 2
    assert len({got["webhook-id"] for got, _ in receiver.got}) == 1
    (made,) = schools.rows("SELECT tries, answer, taken_at FROM schools.calls")
    assert (made.tries, made.answer, made.taken_at is not None) == (2, "200", True)
    assert hook(schools).failing_since is None


def _rubbish(caller: socket.socket) -> None:
    caller.sendall(b"\x00\xff\x16 200 MALI\r\n\r\n" * 50)


def _closes(caller: socket.socket) -> None:
    """Without a word."""


def _headers_without_end(caller: socket.socket) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        caller.sendall(b"X-More: " + b"x" * 4000 + b"\r\n")


def _a_body_without_end(caller: socket.socket) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        caller.sendall(b"x" * 4096)


def _a_byte_now_and_then(caller: socket.socket) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        caller.sendall(b"x")
        time.sleep(0.05)


def _a_wish_for_no_day(caller: socket.socket) -> None:
    caller.sendall(b"HTTP/1.1 503 Later\r\nretry-after: Mon, 01 Jan 2024 00:00:00 +99999999999999999999\r\n\r\n")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (_rubbish, "RemoteProtocolError"),
        (_closes, "RemoteProtocolError"),
        (_headers_without_end, "RemoteProtocolError"),
        (_a_body_without_end, "the answer is too long"),
        (_a_byte_now_and_then, "no answer in 10 s"),
        (_a_wish_for_no_day, "503"),
    ],
)
def test_what_is_no_answer_is_tried_again_and_after_five_days_people_are_told(
    schools: Ground, secret: str, monkeypatch: pytest.MonkeyPatch, how: Callable[[socket.socket], None], said: str
) -> None:
    if how is _a_byte_now_and_then:
        monkeypatch.setattr(calling, "LIMIT_S", 0.3)
    with speaking(how) as url:
        schools.run(lambda c: webhooks.set_up(c, ENGLISH, url=url, owner="owner@adamsdown.example", whole=False))
        schools.receive(encompass())
        assert (make_calls(schools), make_calls(schools)) == (1, 0)
        schools.now += WAITS[0] * (1 + JITTER)
        assert make_calls(schools) == 1
        (made,) = schools.rows("SELECT tries, answer, taken_at FROM schools.calls")
        assert (made.tries, made.answer, made.taken_at) == (2, said, None)
        schools.now += FAILING_FOR
        make_calls(schools)
    assert hook(schools).disabled_at is not None
    told = schools.rows("SELECT address FROM schools.pointers WHERE why = 'webhook-off' ORDER BY address")
    assert [row.address for row in told] == ["desk@cardiff.example", "owner@adamsdown.example"]


def test_a_name_that_is_none_is_a_failure_like_any_other() -> None:
    assert asyncio.run(call(f"https://{'x' * 64}.example/", b"{}", {})).said == "UnicodeError"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_where_a_redirect_points_nobody_is_called(receiver: Receiver, status: int) -> None:
    called = []

    def elsewhere(caller: socket.socket) -> None:
        called.append(1)
        caller.sendall(b"HTTP/1.1 204 Taken\r\n\r\n")

    with speaking(elsewhere) as there:
        receiver.status, receiver.headers = status, {"location": there}
        assert asyncio.run(call(receiver.url, b"{}", {}, loopback=True)) == Answer(False, str(status))
    assert called == []


def test_waits_grow_from_five_seconds_to_ten_hours_with_jitter() -> None:
    failed = Answer(False, "500")
    for tries in range(9):
        base = WAITS[min(tries, 5)]
        waits = {wait_after(tries, failed) for _ in range(50)}
        assert len(waits) > 10
        assert all(base <= wait <= base * (1 + JITTER) for wait in waits)
    assert (WAITS[0], WAITS[-1]) == (timedelta(seconds=5), timedelta(hours=10))


@pytest.mark.parametrize(("asked", "least"), [(120.0, 120), (1e9, 86_400), (-5.0, 5), (None, 5)])
def test_retry_after_is_honoured_up_to_a_day(asked: float | None, least: float) -> None:
    wait = wait_after(0, Answer(False, "503", retry_after_s=asked))
    assert least <= wait.total_seconds() <= least * (1 + JITTER)


def test_retry_after_is_read_in_both_its_forms(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 503, {"retry-after": "77"}
    assert asyncio.run(call(receiver.url, b"{}", {}, loopback=True)).retry_after_s == 77
    receiver.headers = {"retry-after": (datetime.now(UTC) + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")}
    asked = asyncio.run(call(receiver.url, b"{}", {}, loopback=True)).retry_after_s
    assert asked == pytest.approx(3600, abs=30)
    for nonsense in ("soon", "-5", "1.5", "9" * 400):
        receiver.headers = {"retry-after": nonsense}
        assert asyncio.run(call(receiver.url, b"{}", {}, loopback=True)).retry_after_s is None


def test_a_system_that_fails_for_five_days_is_turned_off_and_its_owner_and_the_desk_are_told(
    schools: Ground, receiver: Receiver, secret: str
) -> None:
    receiver.status = 500
    schools.receive(encompass())
    make_calls(schools)
    until = schools.now + FAILING_FOR
    while schools.now < until:
        assert hook(schools).disabled_at is None
        schools.now += timedelta(hours=12)
        make_calls(schools)
    assert hook(schools).disabled_at is not None
    told = schools.rows("SELECT address FROM schools.pointers WHERE why = 'webhook-off' ORDER BY address")
    assert [row.address for row in told] == ["desk@cardiff.example", "owner@adamsdown.example"]
    assert schools.steps("system-off") == [("system-off", "not-answering")]
    assert schools.run(webhooks.count_off) == 1
    schools.now += timedelta(days=1)
    schools.receive(encompass(number=2))
    assert make_calls(schools) == 0
    receiver.status = 200
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        assert "Turned off" in browser.get("/en/schools/6812003/webhook").text
        assert "turned off" in _board(address)
        browser.post("/en/schools/6812003/webhook/replay")
        assert make_calls(schools) == 2, "what came while it was off too"
        assert "Taken" in browser.get("/en/schools/6812003/webhook").text
        assert browser.get("/en/schools/6732178/webhook").status_code == 404
        assert "turned off" not in _board(address)


def _board(address: str) -> str:
    with Browser.signed_in(address, "desk") as browser:
        return browser.get("/en/desks/cardiff-education").text


def test_a_system_that_is_gone_is_called_no_more(schools: Ground, receiver: Receiver, secret: str) -> None:
    receiver.status = 410
    schools.receive(encompass())
    schools.receive(encompass(number=2))
    assert make_calls(schools) == 1
    assert hook(schools).disabled_at is not None
    assert schools.steps("system-off") == [("system-off", "asked-to-stop")] * 2, (
        "the trace of each that it has not says so"
    )


def test_a_slow_answer_and_a_long_one_are_not_waited_for(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "LIMIT_S", 0.3)
    receiver.slow_s = 1.0
    assert asyncio.run(call(receiver.url, b"{}", {}, loopback=True)) == Answer(False, "no answer in 10 s")
    monkeypatch.setattr(calling, "LIMIT_S", 10.0)
    receiver.slow_s, receiver.status, receiver.body = 0, 200, b"x" * (calling.MOST_ANSWER_BYTES + 1)
    assert asyncio.run(call(receiver.url, b"{}", {}, loopback=True)) == Answer(False, "the answer is too long")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://127.0.0.1/", "not a public address"),
        ("https://localhost/", "not a public address"),
        ("https://10.0.0.1/", "not a public address"),
        ("https://192.168.1.1/", "not a public address"),
        ("https://172.16.0.1/", "not a public address"),
        ("https://169.254.169.254/latest/meta-data", "not a public address"),
        ("https://100.64.0.1/", "not a public address"),
        ("https://0.0.0.0/", "not a public address"),
        ("https://224.0.0.1/", "not a public address"),
        ("https://[::1]/", "not a public address"),
        ("https://[::ffff:127.0.0.1]/", "not a public address"),
        ("https://[fd00::1]/", "not a public address"),
        ("https://[fe80::1]/", "not a public address"),
        ("https://[64:ff9b::7f00:1]/", "not a public address"),
        ("https://[2002:7f00:1::]/", "not a public address"),
        ("https://2130706433/", "not a public address"),
        ("https://0x7f.1/", "not a public address"),
        ("http://example.org/", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https://user:word@93.184.216.34/", "a user in the address"),
    ],
)
def test_no_address_within_a_network_is_called(url: str, said: str) -> None:
    assert asyncio.run(call(url, b"{}", {})) == Answer(False, said)


def test_a_name_is_looked_up_once_and_what_was_looked_at_is_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a name that is public at the first look could be this machine's at the second."""
    asked = []
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])

    async def looked_up(*_: object, **__: object) -> list[Any]:
        asked.append(1)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    async def run() -> Answer:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", looked_up, raising=False)
        return await call(f"http://school.example:{port}/hook", b"{}", {}, loopback=True)

    answer = asyncio.run(run())
    assert answer.taken
    assert asked == [1]
    assert receiver.got[0][0]["host"] == f"school.example:{port}"


def test_a_signature_is_of_the_moment_in_any_zone() -> None:
    secret = webhooks.new_secret()
    summer = datetime.now(UTC).astimezone()
    Webhook(secret).verify(b"{}", signed("x", summer, b"{}", [secret]))


def test_this_machine_is_called_in_development_alone() -> None:
    given = {
        "database_url": "postgresql://x", "credentials": "x", "secret_file": "x", "address": "https://x.wales",
        "sign_in": {"issuer": "https://x", "client_id": "x"}, "webhooks_to_this_machine": True,
    }  # fmt: skip
    with pytest.raises(ValueError, match="development alone"):
        SchoolsSettings.model_validate(given)
