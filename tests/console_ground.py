"""A console of a test's own: a copy of a simulated network's tables, a clock that stands still, and who signs in."""

import asyncio
import base64
import contextlib
import json
import secrets
import time
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from sqlalchemy import Engine, text

from contracts.access import AccessRecord
from contracts.headers import SIGNATURE, sign
from contracts.parties import SCHOOLS
from hub.bench.load import SENDER
from hub.console.app import create_app
from hub.console.console import Console
from hub.console.kafka_side import KafkaSide
from hub.console.serving import make_console
from hub.credentials import CredentialFiles
from hub.names import Names
from hub.observe.services import catch_up
from hub.settings import ConsoleSettings, DatabaseSettings, Settings
from hub.store.database import connect
from tests import web
from tests.connected.store.projected import play
from tests.rig import Rig
from tests.servers import Servers
from tests.unit.contracts.examples import example
from tests.web import free_port

EVENTS = 400
MENDED = 4
"""Dead letters whose cause is mended: their sender's key came late. Two are of one child, in their order."""

TO_A_SCHOOL = """
SELECT r.event_id, r.source, r.type, d.recipient, d.delivery
FROM decisions d JOIN records r USING (lane, position, at_ms)
WHERE d.told AND d.recipient LIKE '/schools/%' AND r.subject IS NOT NULL AND d.refused_ms IS NULL
ORDER BY d.at_ms, d.ordinal LIMIT 1
"""
RECORDS = EVENTS + MENDED + 1
"""One more: a school says that somebody there opened a notice."""


@dataclass(frozen=True)
class World:
    """What a hub made of a simulated network's traffic, on Kafka and in a database that is copied for each test."""

    settings: Settings
    server: str
    """The database server, as its owner."""
    template: str
    at_ms: int
    """A moment just after the last record."""
    environment: Mapping[str, str]
    """For the command line."""


@contextlib.contextmanager
def world(servers: Servers, folder: Path) -> Iterator[World]:
    """Play some traffic through a real hub, once for a session."""
    template = f"console_{secrets.token_hex(4)}"
    rig = Rig(servers.state_dir, folder / "rig")
    with psycopg.connect(servers.endpoints.database_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{template}"'.encode())
        try:
            url = _sibling(servers.endpoints.database_url, template)
            settings = rig.settings.model_copy(update={"database": DatabaseSettings.model_validate({"url": url})})
            _mended_letters(rig)
            asyncio.run(play(rig, EVENTS))
            asyncio.run(rig.settled())
            asyncio.run(catch_up(settings))
            _opened_by_a_school(rig, url)
            asyncio.run(rig.settled())
            asyncio.run(catch_up(settings))
            (last,) = _rows(url, "SELECT max(last_ms) AS ms FROM positions")
            own = rig.environment | {"DOLEN_DATABASE__URL": url}
            yield World(settings, servers.endpoints.database_url, template, last.ms + 5_000, own)
        finally:
            rig.close()
            server.execute(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)'.encode())


def _mended_letters(rig: Rig) -> None:
    """Start the hub without one agency's key, have it refuse some events, and give it the key."""
    files = CredentialFiles(rig.state)
    keys = files.keys()
    files.write_keys(key for key in keys if key.agency != SENDER)
    rig.start()
    child = str(uuid.uuid4())
    events = [rig.load.event(child), rig.load.event(child), *(rig.load.event() for _ in range(MENDED - 2))]

    async def refused() -> None:
        async with AIOKafkaProducer(**rig.root.kafka_client(), acks="all") as producer:
            for event in events:
                await producer.send_and_wait(rig.load.topic, event.value, key=event.key, headers=event.headers)
                await asyncio.sleep(0.002)  # each has a millisecond of the broker's of its own, by which they are told
        await rig.settled()

    asyncio.run(refused())
    files.write_keys(keys)


def _opened_by_a_school(rig: Rig, url: str) -> None:
    """Answer one notification of a school's, as its portal does when somebody opens it."""
    (told,) = _rows(url, TO_A_SCHOOL)
    child, now = str(uuid.uuid4()), datetime.now(UTC).isoformat()
    answer = example("receipts.opened") | {
        "id": str(uuid.uuid4()), "source": told.recipient, "subject": child, "time": now, "sequence": 1,
    }  # fmt: skip
    answer["data"] |= {
        "delivery": str(told.delivery), "original": {"source": told.source, "id": str(told.event_id)},
        "original_type": told.type, "opened_at": now,
    }  # fmt: skip
    own = CredentialFiles(rig.state).agency(SCHOOLS)
    assert own is not None
    value = json.dumps(answer).encode()
    signature = sign(value, key_id=own.key_id, secret=base64.b64decode(own.key_secret))

    async def sent() -> None:
        async with AIOKafkaProducer(**rig.root.kafka_client(), acks="all") as producer:
            topic = rig.settings.topic_prefix + "receipts.v1"
            await producer.send_and_wait(topic, value, key=child.encode(), headers=[(SIGNATURE, signature)])

    asyncio.run(sent())


@dataclass
class Ground:
    """One database, one clock, one address."""

    world: World
    url: str
    now_ms: int
    port: int = field(default_factory=free_port)
    more: dict[str, Any] = field(default_factory=dict)
    kafka: KafkaSide | None = None

    @property
    def settings(self) -> Settings:
        own = ConsoleSettings.model_validate(
            {"address": f"http://127.0.0.1:{self.port}", "port": self.port, "development": True, **self.more}
        )
        database = DatabaseSettings.model_validate({"url": self.url})
        return self.world.settings.model_copy(update={"database": database, "console": own})

    @property
    def names(self) -> Names:
        return Names(self.settings.topic_prefix)

    def console(self, engine: Engine) -> Console:
        made = make_console(self.settings, engine)
        self.kafka = made.kafka
        return Console(made.settings, made.database, made.parties, made.kafka, lambda: self.now_ms)

    def app(self) -> FastAPI:
        """The console without a socket, to look at its routes."""
        return create_app(self.console(connect(self.settings)), secret=b"s" * 32)

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """The console on a real socket; gives its address."""
        engine = connect(self.settings, size=10)
        app = create_app(self.console(engine), secret=b"s" * 32)
        try:
            with web.served(app, self.port, timeout_graceful_shutdown=1):
                yield self.settings.console.address
        finally:
            engine.dispose()

    def look_at_kafka(self) -> None:
        """Have the console ask Kafka now, as it does every few seconds in service."""
        assert self.kafka is not None
        _run(self.kafka.look(self.now_ms))

    def taken(self, at: str) -> None:
        """Read on, as the projector does, until the hub has taken the record at these coordinates."""
        _, lane, offset = at.rsplit("/", 2)
        query = (
            "SELECT outcome FROM records WHERE lane = :lane AND record_offset = :offset AND topic || '/' || lane || "
        )
        for _ in range(100):
            _run(catch_up(self.settings))
            found = self.rows(f"{query} '/' || record_offset = :at", lane=int(lane), offset=int(offset), at=at)
            if found:
                assert [row.outcome for row in found] == ["accepted"]
                return
            time.sleep(0.2)
        raise AssertionError(f"{at} is not in the ledger")

    def mended(self) -> list[str]:
        """The dead letters whose cause is mended, by their ids; the first two are of one child."""
        found = self.rows(
            "SELECT topic, lane, record_offset FROM letters ORDER BY at_ms, record_offset LIMIT :n", n=MENDED
        )
        return [f"{row.topic}/{row.lane}/{row.record_offset}" for row in found]

    def rows(self, query: str, **values: Any) -> list[Any]:
        """What stands in the tables."""
        return _rows(self.url, query, **values)

    def run(self, statement: str, **values: Any) -> None:
        """Change the tables."""
        engine = connect(self.settings)
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()

    def beat(self, agency: str, *, ago_ms: int = 5_000, **changed: Any) -> None:
        """A heartbeat of an agency's adapter, as the projector keeps it."""
        row = {
            "agency": agency, "adapter": "social_care", "received_ms": self.now_ms - ago_ms,
            "at_ms": self.now_ms - ago_ms, "started_ms": self.now_ms - 86_400_000, "outbox_waiting": 0,
            "outbox_oldest_ms": None, "outbox_refused": 0, "inbox_waiting": 0, "inbox_oldest_ms": None,
            "parked_children": 0, "parked": 0, "unreached": 0, **changed,
        }  # fmt: skip
        columns = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        self.run(f"INSERT INTO heartbeats ({columns}) VALUES ({values})", **row)  # noqa: S608 - our own names

    def reports(self) -> list[AccessRecord]:
        """Access reports that wait for Kafka, in order."""
        found = self.rows("SELECT report FROM console_reports ORDER BY number")
        return [AccessRecord.model_validate_json(bytes(row.report)) for row in found]


class Browser(web.Browser):
    """One who reads the console."""

    own_page = "/en/find"


@contextlib.contextmanager
def ground(made: World) -> Iterator[Ground]:
    """A database of a test's own."""
    name = f"console_{secrets.token_hex(4)}"
    with psycopg.connect(made.server, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{made.template}"'.encode())
        try:
            yield Ground(made, _sibling(made.server, name), made.at_ms)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="session")
def console_world(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(servers, tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture
def console(console_world: World) -> Iterator[Ground]:
    with ground(console_world) as made:
        yield made


def _run(work: Coroutine[Any, Any, Any]) -> None:
    """In a thread of its own: the browser's library has a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _sibling(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"


def _rows(url: str, query: str, **values: Any) -> list[Any]:
    engine = connect(Settings(database=DatabaseSettings.model_validate({"url": url})))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query), values))
    finally:
        engine.dispose()
