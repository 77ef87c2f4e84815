"""Kafka goes away under an adapter and comes back: the outbox fills, then drains in order, nothing lost or twice."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.sdk.configuration import load_configuration
from adapters.sdk.credentials import credentials_path
from adapters.sdk.runtime import Running, assemble
from contracts.topics import Family
from hub.ledger import LedgerEntry
from tests.adapter_parts import FakeEdge, declaration, draft
from tests.faults.wire import Wire
from tests.rig import Rig

pytestmark = pytest.mark.connected

POLICE = "south-wales-police"
CHILDREN = [f"00000000-0000-4000-8000-{number:012}" for number in range(8)]
LATE = "00000000-0000-4000-8000-0000000000ff"
EACH = 30
ENDS_WITHIN_S = 20


@asynccontextmanager
async def _adapter(rig: Rig, by: Wire) -> AsyncIterator[Running]:
    """One whose way to Kafka can be cut."""
    direct = credentials_path(rig.state, POLICE).read_text()
    credentials = rig.state / "by-wire.toml"
    credentials.write_text(direct.replace(rig.settings.kafka.bootstrap_servers, by.address))
    assert by.address in credentials.read_text()
    running = assemble(load_configuration(_file(rig.state, credentials)), declaration(FakeEdge()))
    stop = asyncio.Event()
    with running.store:
        task = asyncio.create_task(running.run(stop))
        try:
            yield running
        finally:
            stop.set()
            await asyncio.wait_for(task, ENDS_WITHIN_S)


def _file(folder: Path, credentials: Path) -> Path:
    path = folder / "adapter.toml"
    path.write_text(
        f'adapter = "fake"\ncredentials = "{credentials}"\nstore = "sqlite:///adapter.db"\npseudonym_key = "key"\n'
        "[outbox]\nresend_after_s = 5\n"
    )
    return path


async def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.02)


def _waiting(running: Running) -> int:
    return running.store.look(running.outbox.counts).waiting


def test_the_outbox_fills_while_kafka_is_away_and_drains_in_order_afterwards(rig: Rig) -> None:
    rig.start()
    rig.working()
    put: dict[str, list[str]] = defaultdict(list)

    async def fill(running: Running, numbers: range) -> None:
        for number in numbers:
            for child in CHILDREN:
                taken = await running.outbox.put(draft(f"{child} {number}", subject=child))
                put[child].append(taken.event_id)

    async def run() -> None:
        async with Wire(rig.settings.kafka.bootstrap_servers) as wire, _adapter(rig, wire) as running:
            await fill(running, range(2))
            await _until(lambda: _waiting(running) == 0)
            wire.away()
            await fill(running, range(2, EACH))
            await asyncio.sleep(1)
            assert _waiting(running) == len(CHILDREN) * (EACH - 2), "all of it is kept, and nothing has gone"
            await wire.back()
            await _until(lambda: _waiting(running) < len(CHILDREN) * (EACH - 2))
            wire.away()  # in the middle of it, so that the fate of some is not known
            assert _waiting(running) > 0
            await asyncio.sleep(0.5)
            await wire.back()
            await _until(lambda: _waiting(running) == 0)
            wire.away()  # it is asked to stop while it has something to tell and nobody hears it
            await running.outbox.put(draft("late", subject=LATE))
            await asyncio.sleep(1)

    asyncio.run(run())
    assert _accepted(rig) == put, "each once, each child's in order"
    assert _told(rig) == put


def _accepted(rig: Rig) -> dict[str, list[str]]:
    """What the hub took of each child, in its order."""
    found: dict[str, list[str]] = defaultdict(list)
    for records in asyncio.run(rig._by_lane(rig.names.ledger)).values():
        for entry in (LedgerEntry.model_validate_json(record.value) for record in records):
            assert entry.outcome in ("accepted", "duplicate")
            if entry.outcome == "accepted":
                found[str(entry.event.subject)].append(str(entry.event.id))
    return found


def _told(rig: Rig) -> dict[str, list[str]]:
    """What social services were told of each child, by the ids of the events."""
    found: dict[str, list[str]] = defaultdict(list)
    topic = rig.names.outbound("cardiff-social-services", Family.REFERRALS)
    for records in asyncio.run(rig._by_lane(topic)).values():
        for notification in (json.loads(record.value) for record in records):
            found[notification["subject"]].append(notification["origin"])
    assert not [origin for origins in found.values() for origin, count in Counter(origins).items() if count > 1]
    return found
