"""A hub as FastStream's first page has it: one message at a time, its default acknowledgement, a plain publish."""

import asyncio
import signal

from aiokafka import TopicPartition
from faststream import FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.security import SASLScram512

from contracts.topics import DAY_MS
from hub.app import marks_secret
from hub.chain import read_head
from hub.ledger import ChainHead
from hub.offsets import Offsets
from hub.pipeline import conclude, examine
from hub.rebuild import rebuild
from hub.rules import Rules, RulesFiles
from hub.seen import Seen
from hub.settings import Settings
from tests.faults.controls.wrong import PlainProducer


async def run_consumer(settings: Settings) -> None:
    """Consume the load's topic until SIGTERM."""
    rules = RulesFiles(settings, marks_secret=marks_secret(settings)).current
    seen = await _connected(settings, rules)
    producer = PlainProducer(settings.kafka_client())
    await producer.fence()
    heads: dict[int, ChainHead] = {}
    kafka = settings.kafka
    assert kafka.username is not None
    assert kafka.password is not None
    broker = KafkaBroker(
        kafka.bootstrap_servers,
        security=SASLScram512(username=kafka.username, password=kafka.password.get_secret_value(), use_ssl=False),
    )
    places = [TopicPartition(*place) for place in rules.names.inbound_places(settings.lanes)]

    @broker.subscriber(
        *{place.topic for place in places}, group_id=rules.names.group, auto_offset_reset="earliest", title="events"
    )
    async def take(message: KafkaMessage) -> None:
        record = message.raw_message
        lane = record.partition
        if lane not in heads:
            _, heads[lane] = await read_head(settings.kafka_client(), rules.names.ledger, lane)
        cases = examine([record], rules)
        claims = [case.claim for case in cases if case.claim is not None]
        upto = {(record.topic, lane): record.offset + 1}
        found = await seen.claim(claims, committed={}, upto=upto)
        batch = conclude(cases, found, rules=rules, head=heads[lane], worker="faststream")
        await producer.write(batch.outputs, lane)
        heads[lane] = batch.head

    print("lane.owned " * settings.lanes, flush=True)  # noqa: T201 - what the rig waits for
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    await FastStream(broker).run()


async def _connected(settings: Settings, rules: Rules) -> Seen:
    offsets = Offsets(
        settings.kafka_admin(),
        group=rules.names.group,
        inbound=rules.names.inbound_places(settings.lanes),
    )
    prefix = f"{rules.names.redis}{rules.marks.name}:"
    seen = Seen(settings.redis.url.get_secret_value(), prefix=prefix, window_ms=settings.seen_window_days * DAY_MS)

    async def no_progress() -> dict:
        return {}

    for _ in range(100):
        try:
            await seen.connect(no_progress)
        except Exception:
            await rebuild(seen, settings=settings, rules=rules, offsets=offsets)
            await asyncio.sleep(0.05)
        else:
            break
    return seen
