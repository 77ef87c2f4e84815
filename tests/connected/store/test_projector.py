"""The projector on real Kafka and PostgreSQL: each record once, whatever ends it, and the same again from nothing."""

import asyncio
import json
import random
import subprocess
import sys
import time
import uuid
from collections import Counter

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import func, select

from contracts.headers import SIGNATURE, sign
from hub.access_log import AccessEntry, hub_key
from hub.app import marks_secret
from hub.keyring import SigningKey
from hub.ledger import GENESIS, LedgerEntry, record_hash
from hub.observe.services import rebuild_tables
from hub.store.accesses import find_accesses
from hub.store.balance import balance
from hub.store.database import reading
from hub.store.tables import accesses, records
from tests.connected.store.projected import dump, play, with_database

pytestmark = pytest.mark.connected

EVENTS = 700
REPORTS = 40


class ProjectorProcess:
    """`dolen run projector` as its own process, to be killed."""

    def __init__(self, rig, database_url: str) -> None:
        self._log = (rig.state / "projector.log").open("ab")
        own = rig.environment | {"DOLEN_DATABASE__URL": database_url}
        command = [sys.executable, "-m", "hub", "run", "projector", "--debug"]
        self._process = subprocess.Popen(command, env=own, stdout=self._log, stderr=self._log)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


def test_killed_again_and_again_the_projector_and_the_access_chain_miss_nothing_and_double_nothing(
    rig, database_url, engine
):
    rig.start()
    asyncio.run(traffic_while_killed(rig, database_url))
    running = ProjectorProcess(rig, database_url)
    try:
        until = time.monotonic() + 120
        while (count(engine, records), count(engine, accesses)) != (EVENTS, REPORTS):
            assert time.monotonic() < until, (rig.state / "projector.log").read_text()[-3000:]
            time.sleep(0.2)
        time.sleep(1)
    finally:
        running.kill()
    entries = asyncio.run(ledger(rig))
    tables = dump(engine)
    assert len(tables["records"]) == len(entries) == EVENTS
    assert len(tables["decisions"]) == sum(len(entry.decisions) for entry in entries)
    outcomes = Counter(entry.outcome for entry in entries)
    assert len(tables["letters"]) == outcomes["rejected"] + outcomes["conflict"] > 0
    assert tables["oddities"] == []
    with reading(engine) as connection:
        names, later = rig.names, time.time_ns() // 1_000_000 + 10**6
        assert balance(connection, ledger=names.ledger, dead_letters=names.dead_letters, now_ms=later).holds
        kept = find_accesses(connection, limit=1000).rows
    assert Counter(access.fault for access in kept) == {None: REPORTS - 1, "HUB-104": 1}
    assert len({access.id for access in kept}) == REPORTS
    asyncio.run(chain_holds(rig))

    taken = asyncio.run(rebuild_tables(with_database(rig, database_url)))
    assert taken == EVENTS + len(tables["letters"]) + REPORTS
    assert dump(engine) == tables


async def traffic_while_killed(rig, database_url: str) -> None:
    sending = asyncio.create_task(play(rig, EVENTS, rate=60))
    reporting = asyncio.create_task(report(rig))
    moments = random.Random(5)
    while not sending.done():
        running = ProjectorProcess(rig, database_url)
        await asyncio.sleep(4 + moments.random() * 4)
        running.kill()
    await asyncio.gather(sending, reporting)
    await rig.settled()


async def report(rig) -> None:
    """Say who looked at what, as the console does; the last report is forged."""
    key = hub_key(marks_secret(rig.settings))
    async with AIOKafkaProducer(**rig.root.kafka_client(), acks="all") as producer:
        for number in range(REPORTS):
            forged = number == REPORTS - 1
            value = json.dumps(report_of(number)).encode()
            signed_with = SigningKey(key.key_id, key.agency, b"forged", 0, 1) if forged else key
            headers = [(SIGNATURE, sign(value, key_id=key.key_id, secret=signed_with.secret))]
            await producer.send_and_wait(rig.names.access_reports, value, partition=number % 3, headers=headers)
            await asyncio.sleep(0.2)


def report_of(number: int) -> dict:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))),
        "at": "2026-11-24T08:12:00Z",
        "by": "operator-1",
        "role": "operator",
        "for_party": "/hub",
        "act": "viewed",
        "what": "notification",
        "about": str(number),
    }


async def ledger(rig) -> list[LedgerEntry]:
    lanes = await rig._by_lane(rig.names.ledger)
    return [LedgerEntry.model_validate_json(record.value) for records in lanes.values() for record in records]


async def chain_holds(rig) -> None:
    for lane in (await rig._by_lane(rig.names.access_log)).values():
        before = GENESIS
        for number, record in enumerate(lane, start=1):
            entry = AccessEntry.model_validate_json(record.value)
            assert (entry.number, entry.prev) == (number, before)
            before = record_hash(record.value)


def count(engine, table) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()
