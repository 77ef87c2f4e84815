"""Names and numbers that occur nowhere else pass through a hub that is killed, and are found in payloads alone."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest
from redis import Redis as RedisClient
from sqlalchemy import make_url

from contracts.topics import Family
from hub.bench.load import SENDER
from hub.local.postgres import find_postgres
from hub.local.stack import Stack
from tests.canaries import send_canaries, spellings
from tests.faults.ground import Ground

pytestmark = [
    pytest.mark.faults,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Found = Iterator[tuple[str, str]]
"""Places, and all that is there."""


def test_no_name_and_no_number_of_a_child_is_anywhere_but_in_the_payloads(ground: Ground, stack):
    ground.start(DOLEN_FAILPOINT="before-commit:3")
    asyncio.run(_taken(ground))
    payloads = asyncio.run(_topic(ground, ground.names.outbound("south-wales-police", Family.CIRCUMSTANCES)))
    assert any(spelling in payloads for spelling in spellings()), "the search finds nothing where they must be"
    found = {
        (where, spelling)
        for where, text in _everything(ground, stack)
        for spelling in spellings()
        if spelling.lower() in text.lower()
    }
    assert not found, sorted(found)


async def _taken(ground: Ground) -> None:
    """Accepted, refused in several ways, repeated, and in conflict; the hub is killed on the way and Redis emptied."""
    await send_canaries(ground.load, ground.root.kafka_client(), times=6)
    while ground.workers[0].poll() is None:
        await asyncio.sleep(0.05)
    RedisClient.from_url(ground.redis_url).flushall()
    ground.start()
    await ground.settled()
    await ground.look()


def _everything(ground: Ground, stack: Stack) -> Iterator[tuple[str, str]]:
    for place in PLACES:
        yield from place(ground, stack)


def _logs(ground: Ground, stack: Stack) -> Found:
    for log in (*ground.state.glob("hub-*.log"), *stack.state_dir.glob("*.log")):
        yield log.name, log.read_text(errors="replace")


def _marks(ground: Ground, stack: Stack) -> Found:
    yield "Redis", "\n".join(_redis(ground.redis_url))


def _topics(ground: Ground, stack: Stack) -> Found:
    kept = [ground.names.ledger, ground.names.dead_letters, ground.names.outbound(SENDER, Family.RECEIPTS)]
    for topic in kept:
        yield topic, asyncio.run(_topic(ground, topic))
    police = ground.names.outbound("south-wales-police", Family.CIRCUMSTANCES)
    yield f"keys and headers of {police}", asyncio.run(_topic(ground, police, values=False))


def _checkpoints(ground: Ground, stack: Stack) -> Found:
    for file in ground.settings.checkpoints.glob("*"):
        yield file.name, file.read_text(encoding="utf-8")


def _database(ground: Ground, stack: Stack) -> Found:
    """Every row of every database, whoever wrote it. What pg_dumpall starts takes no password from the URL."""
    command = [str(find_postgres() / "pg_dumpall"), "--no-role-passwords", "--dbname", stack.postgres.url]
    env = os.environ | {"PGPASSWORD": make_url(stack.postgres.url).password or ""}
    dump = subprocess.run(command, env=env, capture_output=True, text=True, check=True, errors="replace")
    yield "PostgreSQL", dump.stdout


PLACES: tuple[Callable[[Ground, Stack], Found], ...] = (_logs, _marks, _topics, _checkpoints, _database)
"""All places but payloads: what keeps something of an event in another place is added here."""


def _redis(url: str) -> Iterator[str]:
    client = RedisClient.from_url(url)
    for key in client.scan_iter(count=1000):
        yield key.decode("latin-1")
        yield (client.dump(key) or b"").decode("latin-1")


async def _topic(ground: Ground, topic: str, *, values: bool = True) -> str:
    lanes = await ground._by_lane(topic)
    parts = []
    for record in (record for records in lanes.values() for record in records):
        parts += [record.key or b"", repr(record.headers).encode(), (record.value or b"") if values else b""]
    return b"\n".join(parts).decode(errors="replace")
