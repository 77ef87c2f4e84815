"""What a real hub says of itself: figures that equal its ledger, no name in them, and health that sees what stands."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.directory import Directory
from contracts.network import Network
from hub.ledger import LedgerEntry
from hub.local.redis import Redis
from hub.local.state import new
from hub.vitals.figures import Bounds
from tests.canaries import send_canaries, spellings
from tests.rig import NETWORK, Rig
from tests.scrape import Watched, by_labels, samples, strays
from tests.web import free_port

pytestmark = pytest.mark.connected


@pytest.fixture
def watched() -> Watched:
    return Watched(free_port())


def start(rig: Rig, watched: Watched, **more: str) -> None:
    """A worker that says how it is."""
    rig.start(DOLEN_METRICS__PORT=str(watched.port), **more)


async def ledger(rig: Rig) -> list[LedgerEntry]:
    lanes = await rig._by_lane(rig.names.ledger)
    return [LedgerEntry.model_validate_json(record.value) for records in lanes.values() for record in records]


def test_a_hub_that_took_names_and_numbers_says_none_of_them_and_counts_what_its_ledger_says(rig, watched):
    start(rig, watched)
    asyncio.run(send_canaries(rig.load, rig.root.kafka_client()))
    asyncio.run(rig.settled())
    watched.until("ready", 200)
    scraped = watched.text()
    assert [spelling for spelling in spellings() if spelling.lower() in scraped.lower()] == []
    found = list(samples(scraped))
    agencies = frozenset(Network.load(NETWORK, Directory.packaged()).agencies)
    assert strays(found, Bounds(rig.settings.lanes, agencies)) == []

    entries = asyncio.run(ledger(rig))
    counted = {key: value for key, value in by_labels(found).items() if value}
    for outcome, count in Counter(entry.outcome for entry in entries).items():
        assert counted.pop(("dolen_events_total", "circumstances", outcome)) == count
    for code, count in Counter(code for entry in entries for code in {fault.code for fault in entry.faults}).items():
        assert counted.pop(("dolen_faults_total", code)) == count
    told = sum(decision.told for entry in entries for decision in entry.decisions)
    assert counted.pop(("dolen_notifications_total", "circumstances")) == told > 0
    kinds = {"dolen_events_total", "dolen_faults_total", "dolen_notifications_total"}
    assert [key for key in counted if key[0] in kinds] == []
    assert sum(value for key, value in counted.items() if key[0] == "dolen_batch_seconds_count") > 0


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that this test may hurt."""
    server = Redis(new(tmp_path / "redis"))
    server.start()
    yield server
    server.stop()


def test_with_redis_paused_the_hub_is_not_ready_and_then_stands_and_both_pass(rig, watched, own_redis):
    start(
        rig,
        watched,
        DOLEN_REDIS__URL=own_redis.url,
        DOLEN_REDIS__TIMEOUT_S="1",
        DOLEN_METRICS__STANDS_AFTER_S="6",
    )
    watched.until("ready", 200)
    asyncio.run(rig.publish(50))
    asyncio.run(rig.settled())
    assert watched.until("progress", 200).json() == {"status": "getting on"}
    own_redis.pause()
    try:
        lacks = watched.until("ready", 503, within_s=30)
        assert any(reason.startswith("Redis doesn't answer") for reason in lacks.json()["reasons"])
        assert watched.value("dolen_server_up", server="redis") == 0
        assert watched.value("dolen_server_up", server="kafka") == 1
        assert watched.get("progress").status_code == 200, "nothing waits, so nothing stands"
        asyncio.run(rig.publish(60))
        stands = watched.until("progress", 503, within_s=40)
        assert all("records wait" in reason for reason in stands.json()["reasons"])
        assert watched.get("live").status_code == 200
    finally:
        own_redis.resume()
    asyncio.run(rig.settled())
    watched.until("progress", 200, within_s=30)
    watched.until("ready", 200, within_s=30)
    assert asyncio.run(rig.verdict()).clean


def test_where_no_port_is_set_nothing_is_served(rig, watched):
    rig.start()
    rig.working()
    with pytest.raises(httpx.ConnectError):
        watched.get("live")
    assert "vitals.serves" not in rig.logs()


def test_a_port_that_is_anothers_is_refused_before_a_lane_is_owned(rig):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        worker = rig.start(DOLEN_METRICS__PORT=str(taken.getsockname()[1]))
        assert worker.wait(60) == 2
    assert "set DOLEN_METRICS__PORT" in rig.logs()
    assert "lane.owned" not in rig.logs()
