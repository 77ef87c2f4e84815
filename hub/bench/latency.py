"""How long until a `read_committed` reader can read it: an event through the hub, and a bare transaction."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import jiter
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from hub.bench.copy import COPIES, GROUP, lane_producer
from hub.bench.load import RECIPIENTS, Load
from hub.names import Names
from hub.record import Output
from hub.settings import Settings

RATE = 200
"""Events a second."""
SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float


def percentiles(milliseconds: list[float]) -> Latency:
    """The median and the 99th percentile."""
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return Latency(round(cuts[49], 2), round(cuts[98], 2))


async def through_the_hub(settings: Settings, load: Load, seconds: float) -> list[float]:
    """Milliseconds from handing an event to the producer to its notification being readable, the hub running idle."""
    names = Names(settings.topic_prefix)
    sent: dict[str, float] = {}
    async with AIOKafkaProducer(**settings.kafka_client(), acks="all", enable_idempotence=True) as producer:

        async def send() -> None:
            event = load.event()
            sent[event.event_id] = time.perf_counter()
            await producer.send(load.topic, event.value, key=event.key, headers=event.headers)

        topic = names.outbound(RECIPIENTS[0], "circumstances")
        return await _measured(
            settings, topic, seconds, send, lambda value: sent.pop(jiter.from_json(value)["origin"], None)
        )


async def bare_transactions(settings: Settings, seconds: float) -> list[float]:
    """The same for three records and an offset in a transaction, lane after lane at the same rate."""
    topics = [settings.topic_prefix + name for name in COPIES]
    producers = [lane_producer(settings, f"dolen-bare-{lane}") for lane in range(settings.lanes)]
    locks = [asyncio.Lock() for _ in producers]
    for producer in producers:
        await producer.fence()
    sent: dict[bytes, float] = {}
    tasks: set[asyncio.Task[None]] = set()
    number = 0

    async def transact(lane: int, name: bytes) -> None:
        async with locks[lane]:
            producer, group = producers[lane], settings.topic_prefix + GROUP
            await producer.write([Output(topic, None, name + b" " * 1000, []) for topic in topics], lane)
            await producer.add_offsets({TopicPartition(topics[0], lane): number}, group)
            await producer.commit()

    async def send() -> None:
        nonlocal number
        number += 1
        name = b"%020d" % number
        sent[name] = time.perf_counter()
        task = asyncio.create_task(transact(number % len(producers), name))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    try:
        return await _measured(settings, topics[0], seconds, send, lambda value: sent.pop(value[:20], None))
    finally:
        await asyncio.gather(*tasks, return_exceptions=True)
        for producer in producers:
            await producer.throw_away()


async def _measured(
    settings: Settings,
    topic: str,
    seconds: float,
    send: Callable[[], Awaitable[None]],
    sent_at: Callable[[bytes], float | None],
) -> list[float]:
    lanes = [TopicPartition(topic, lane) for lane in range(settings.lanes)]
    consumer = AIOKafkaConsumer(**settings.kafka_client(), isolation_level="read_committed", fetch_max_wait_ms=100)
    await consumer.start()
    consumer.assign(lanes)
    await consumer.seek_to_end(*lanes)
    waited: list[float] = []

    async def read() -> None:
        while True:
            fetched = await consumer.getmany(timeout_ms=1000)
            now = time.perf_counter()
            for records in fetched.values():
                for record in records:
                    began = sent_at(record.value)
                    if began is not None:
                        waited.append((now - began) * 1000)

    reading = asyncio.create_task(read())
    try:
        begun = time.perf_counter()
        for tick in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, begun + tick / RATE - time.perf_counter()))
            await send()
        await asyncio.sleep(SETTLE_S)
    finally:
        reading.cancel()
        await consumer.stop()
    return waited
