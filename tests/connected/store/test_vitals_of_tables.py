"""What projector and tables say of themselves on real Kafka and PostgreSQL: sums that equal the rows, and no name."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, make_url, text

from hub.names import Names
from hub.observe.services import catch_up
from hub.observe.vitals.question import Question, is_there
from hub.observe.vitals.tables import tables_sheet
from hub.settings import Settings
from hub.store.database import connect, reading, writing
from hub.vitals.bounds import bounds_of
from tests.canaries import send_canaries, spellings
from tests.connected.store.projected import play, with_database
from tests.faults.pipe import Pipe
from tests.rig import Rig
from tests.scrape import Watched, by_labels, samples, samples_of, strays
from tests.web import free_port

pytestmark = pytest.mark.connected

EVENTS = 300


@contextlib.contextmanager
def running(rig: Rig, settings: Settings, *words: str, **more: str) -> Iterator[Watched]:
    """A service as its own process, asked over HTTP."""
    assert settings.database.url is not None
    watched = Watched(free_port())
    own = rig.environment | {
        "DOLEN_DATABASE__URL": settings.database.url.get_secret_value(),
        "DOLEN_METRICS__PORT": str(watched.port),
        **more,
    }
    with (rig.state / f"{words[0]}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "hub", "run", *words], env=own, stdout=log, stderr=log)
    try:
        yield watched
    finally:
        process.terminate()
        assert process.wait(30) == 0


def insert_beat(engine: Engine, agency: str, adapter: str, **changed: object) -> None:
    row = {
        "agency": agency, "adapter": adapter, "received_ms": 1_000_000, "at_ms": 1_000_000, "started_ms": 0,
        "outbox_waiting": 0, "outbox_oldest_ms": None, "outbox_refused": 0, "inbox_waiting": 0,
        "inbox_oldest_ms": None, "parked_children": 0, "parked": 0, "unreached": 0, **changed,
    }  # fmt: skip
    names = ", ".join(row)
    with writing(engine) as connection:
        connection.execute(
            text(f"INSERT INTO heartbeats ({names}) VALUES ({', '.join(f':{name}' for name in row)})"),  # noqa: S608 - our own names
            row,
        )


def said(engine: Engine, settings: Settings, *, now_ms: int) -> dict[tuple[str, ...], float]:
    with reading(engine) as connection:
        sheet = tables_sheet(connection, Names(settings.topic_prefix), bounds_of(settings), now_ms=now_ms)
    found = list(samples_of(sheet.metrics()))
    assert strays(found, bounds_of(settings)) == []
    return by_labels(found)


def rows(engine: Engine, query: str) -> list:
    with reading(engine) as connection:
        return list(connection.execute(text(query)))


def test_the_projector_says_how_hub_and_agencies_stand_and_no_name(rig, database_url, engine):
    settings = with_database(rig, database_url)
    rig.start()
    asyncio.run(send_canaries(rig.load, rig.root.kafka_client()))
    asyncio.run(play(rig, EVENTS))
    asyncio.run(rig.settled())
    asyncio.run(catch_up(settings))
    insert_beat(
        engine, "south-wales-police", "police", outbox_waiting=3, outbox_oldest_ms=90_000, parked=2, unreached=1
    )
    insert_beat(engine, "south-wales-police", "other", received_ms=900_000, outbox_waiting=4, inbox_oldest_ms=7_000)
    insert_beat(engine, "gwenhwyfarch", "police", parked=9)
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO oddities VALUES ('hub.ledger.v1', 0, 5, 'chain', 1)"))

    later = time.time_ns() // 1_000_000 + 120_000
    found = said(engine, settings, now_ms=later)
    assert found["dolen_agency_last_heartbeat_timestamp_seconds", "south-wales-police"] == 900
    assert found["dolen_agency_outbox_waiting", "south-wales-police"] == 7
    assert found["dolen_agency_outbox_oldest_seconds", "south-wales-police"] == 90
    assert found["dolen_agency_inbox_oldest_seconds", "south-wales-police"] == 7
    assert found["dolen_agency_parked", "south-wales-police"] == 2
    assert found["dolen_agency_unreached", "south-wales-police"] == 1
    assert found["dolen_odd_records", "chain"] == 1
    assert found["dolen_odd_records", "unreadable"] == 0
    assert found["dolen_dead_letters_expiring",] == 0

    unopened = rows(engine, "SELECT family, sum(told - opened) FROM tallies GROUP BY family")
    assert sum(count for _, count in unopened) > 0
    for family, count in unopened:
        assert (
            sum(value for key, value in found.items() if key[:2] == ("dolen_unopened_notifications", family)) == count
        )
    for agency, last_ms in rows(engine, "SELECT agency, max(last_ms) FROM senders GROUP BY agency"):
        assert found.get(("dolen_agency_last_sent_timestamp_seconds", agency)) == (
            None if agency == "unproven" else last_ms / 1000
        )

    with running(rig, settings, "projector") as watched:
        watched.until("ready", 200)
        assert watched.get("progress").status_code == 200
        scraped = watched.text()
    assert [spelling for spelling in spellings() if spelling.lower() in scraped.lower()] == []
    assert strays(samples(scraped), bounds_of(settings)) == []
    assert "dolen_balance_off" in scraped
    assert {line for line in scraped.splitlines() if line.startswith("dolen_projector_state")} == {
        'dolen_projector_state{state="standby"} 0.0',
        'dolen_projector_state{state="working"} 1.0',
        'dolen_projector_state{state="waiting"} 0.0',
        'dolen_projector_state{state="stopped"} 0.0',
    }
    assert json.loads((rig.state / "projector.log").read_text().splitlines()[0])["event"] == "vitals.serves"


def test_a_balance_that_is_off_by_one_is_said_and_so_is_one_that_holds(rig, database_url, engine):
    settings = with_database(rig, database_url)
    rig.start()
    asyncio.run(play(rig, 60))
    asyncio.run(rig.settled())
    asyncio.run(catch_up(settings))
    later = time.time_ns() // 1_000_000 + 120_000
    assert said(engine, settings, now_ms=later)["dolen_balance_off",] == 0
    with writing(engine) as connection:
        connection.execute(
            text("UPDATE tallies SET told = told + 1 WHERE ctid = (SELECT ctid FROM tallies LIMIT 1)"),
        )
    assert said(engine, settings, now_ms=later)["dolen_balance_off",] == 1


def test_without_a_collector_the_export_is_not_ready_and_says_how_much_waits(rig, database_url, engine):
    settings = with_database(rig, database_url)
    rig.start()
    asyncio.run(play(rig, 60))
    asyncio.run(rig.settled())
    asyncio.run(catch_up(settings))
    nobody = f"http://127.0.0.1:{free_port()}"
    more = {"DOLEN_TRACES__ENDPOINT": nobody, "DOLEN_TRACES__TIMEOUT_S": "1"}
    with running(rig, settings, "traces", **more) as watched:
        answer = watched.until("ready", 503)
        deadline = time.monotonic() + 30
        while not any("collector" in reason for reason in answer.json()["reasons"]):
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.2)
            answer = watched.until("ready", 503)
        assert watched.value("dolen_traces_state", state="waiting") == 1
        assert watched.value("dolen_server_up", server="postgresql") == 1
        assert strays(samples(watched.text()), bounds_of(settings)) == []


def test_a_database_that_hangs_is_said_to_be_away_and_is_not_asked_again_until_it_answers(
    database_url, engine, tmp_path
):
    asyncio.run(ask_a_database_that_hangs(database_url, tmp_path))


async def ask_a_database_that_hangs(database_url: str, tmp_path) -> None:
    url = make_url(database_url)
    async with Pipe(f"{url.host}:{url.port}") as pipe:
        host, _, port = pipe.address.rpartition(":")
        by_pipe = url.set(host=host, port=int(port)).render_as_string(hide_password=False)
        database = connect(Settings.model_validate({"state_dir": tmp_path, "database": {"url": by_pipe}}))
        question = Question(database, is_there, limit_s=0.5)
        assert question.away == "PostgreSQL was not asked yet"
        await question.look()
        assert (question.away, question.answer) == ("", True)
        pipe.silent(True)
        for _ in range(3):
            await question.look()
            assert question.away == "PostgreSQL doesn't answer within 0.5 s"
        assert len(pipe.connections) == 1
        pipe.silent(False)
        await question.look()
        assert question.away == ""
        database.dispose()
