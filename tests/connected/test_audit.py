"""The audit on the real broker: of a hub at rest, in mid-flight, killed, and one whose topics others write."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from aiokafka import AIOKafkaProducer

from hub.audit.codes import Code, Note
from hub.audit.kafka import KafkaSource
from hub.audit.of_hub import audit_hub
from hub.audit.report import Report
from hub.checkpoint import Checkpoints, load_checkpoint_key
from hub.ledger import ChainHead
from hub.simulate.generator import Plan, simulate
from hub.simulate.sender import send
from hub.simulate.stage import load_stage
from tests.rig import Rig

pytestmark = pytest.mark.connected


async def play(rig: Rig, count: int, *, rate: float | None = None) -> None:
    """Send a simulated network's records, bad ones, repeats and contradictions among them."""
    stage = load_stage(rig.settings)
    plan = Plan(seed=3, start=datetime.now(UTC) - timedelta(days=3), prefix=rig.settings.topic_prefix)
    records = simulate(stage.world, plan, keys=stage.keys)
    await send(islice(records, count), stage.credentials, rate=rate, on_placed=lambda placed: None)


async def checkpointed(rig: Rig) -> None:
    """Wait until the hub has kept the end of every lane's chain."""
    ends = await rig.offsets().stable_ends([(rig.names.ledger, lane) for lane in range(rig.settings.lanes)])
    used = [lane for lane in range(rig.settings.lanes) if ends[rig.names.ledger, lane]]
    for _ in range(200):
        files = [rig.settings.checkpoints / rig.names.checkpoint(lane) for lane in used]
        if all(file.exists() for file in files):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(rig.logs()[-2000:])


def test_a_worker_keeps_the_end_of_each_lane_when_it_stops_and_an_audit_finds_a_checkpoint_that_says_otherwise(rig):
    worker = rig.start()
    asyncio.run(play(rig, 300))
    asyncio.run(rig.settled())
    worker.terminate()
    assert worker.wait(30) == 0
    report = audit_hub(rig.settings)
    assert clean(report)
    assert not report.notes.total()
    lane = max(report.heads, key=lambda lane: report.heads[lane])
    key = load_checkpoint_key(rig.settings.checkpoint_key)
    number, _ = report.heads[lane]
    Checkpoints(rig.settings.checkpoints, names=rig.names, key=key).keep({lane: ChainHead(number + 1, "0" * 64)})
    assert set(audit_hub(rig.settings).counts) == {Code.CUT_OFF}
    (rig.settings.checkpoints / rig.names.checkpoint(lane)).write_text("{}\n")
    assert set(audit_hub(rig.settings).counts) == {Code.CHECKPOINT_FORGED}


def clean(report: Report) -> bool:
    assert report.clean, report.violations[:20]
    return True


async def write(rig: Rig, topic: str, lane: int, value: bytes, *, commit: bool) -> None:
    """Write to a topic that the hub alone may write, in a transaction, as the administrator can."""
    async with AIOKafkaProducer(**rig.root.kafka_client(), transactional_id=f"{rig.names.prefix}intruder") as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, value, key=b"x", partition=lane)
        await (producer.commit_transaction() if commit else producer.abort_transaction())


def test_what_a_hub_wrote_on_the_broker_has_nothing_wrong(rig):
    rig.start(DOLEN_CHECKPOINT_S="0.3")
    asyncio.run(play(rig, 1500))
    asyncio.run(rig.settled())
    asyncio.run(checkpointed(rig))
    report = audit_hub(rig.settings)
    assert report.notes[Note.NO_CHECKPOINT] == 0
    assert clean(report)
    assert report.inbound == 1500
    assert all(report.outcomes[outcome] for outcome in ("accepted", "duplicate", "conflict", "rejected"))
    assert report.outputs > 1500
    assert report.notes[Note.NOT_YET_READ] == 0


def test_a_hub_that_is_working_is_audited_as_far_as_it_has_got(rig):
    rig.start()
    rig.working(lanes=6)

    async def audit_meanwhile() -> list[Report]:
        playing = asyncio.create_task(play(rig, 3000, rate=400))
        reports = []
        while not playing.done():
            await asyncio.sleep(0.5)
            reports.append(await asyncio.to_thread(audit_hub, rig.settings))
        return reports

    reports = asyncio.run(audit_meanwhile())
    assert all(map(clean, reports))
    assert len({report.inbound for report in reports}) > 1


@pytest.mark.long
def test_a_hub_killed_again_and_again_has_nothing_wrong(rig):
    async def kill() -> None:
        for _ in range(4):
            worker = rig.start()
            await asyncio.sleep(4)
            worker.kill()
            worker.wait()
        rig.start()

    async def both() -> None:
        await asyncio.gather(play(rig, 3000, rate=250), kill())
        await rig.settled()

    asyncio.run(both())
    assert clean(audit_hub(rig.settings))


def test_what_others_write_to_the_hubs_topics_is_found_and_what_was_aborted_is_not_there(rig):
    rig.start()
    asyncio.run(play(rig, 300))
    asyncio.run(rig.settled())
    topic = rig.names.outbound("cardiff-social-services", "referrals")
    with closing(KafkaSource(rig.settings)) as source:
        record = next(source.read([(topic, lane) for lane in range(source.lanes)]))
        assert source.record((topic, record.partition), record.offset) == record

    asyncio.run(write(rig, topic, record.partition, record.value, commit=False))
    assert clean(audit_hub(rig.settings))

    asyncio.run(write(rig, topic, record.partition, record.value, commit=True))
    report = audit_hub(rig.settings)
    assert set(report.counts) == {Code.DOUBLED, Code.BALANCE}
    assert report.violations[0].at.startswith(f"{topic}/{record.partition}/")

    own = {"DOLEN_TOPIC_PREFIX": rig.settings.topic_prefix, "DOLEN_NETWORK": str(rig.settings.network)}
    command = [sys.executable, "-m", "hub", "audit", "--json", "--state", str(rig.state)]
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["counts"] == {"AUD-302": 1, "AUD-501": 1}
