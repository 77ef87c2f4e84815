"""The copy limit: the same records merely copied to three topics in transactions, with the hub's own producer."""

import asyncio
import signal
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from hub.errors import StartRefused
from hub.names import Names
from hub.record import Output
from hub.settings import Settings, load_settings
from hub.transactions import LaneProducer

COPIES = ("copy.a", "copy.b", "copy.c")
GROUP = "dolen-bench-copy"


def as_administrator(settings: Settings) -> Settings:
    """The same settings, signed in as the administrator: what is measured beside the hub needs no rules of its own."""
    kafka = settings.kafka
    if kafka.admin is None:
        raise StartRefused("the bench needs Kafka's administrator: start the local stack with `dolen up`")
    user = {"username": kafka.admin.username, "password": kafka.admin.password}
    return settings.model_copy(update={"kafka": kafka.model_copy(update=user)})


def lane_producer(settings: Settings, name: str) -> LaneProducer:
    """A transactional producer as the hub's lanes have it."""
    return LaneProducer(
        settings.kafka_client(),
        transactional_id=f"{settings.topic_prefix}{name}",
        transaction_timeout_ms=settings.transaction_timeout_ms,
        request_timeout_ms=settings.request_timeout_ms,
    )


async def copy(settings: Settings, topic: str) -> None:
    """Copy every lane of `topic` until told to stop."""
    lanes = [TopicPartition(topic, lane) for lane in range(settings.lanes)]
    consumer = AIOKafkaConsumer(
        **settings.kafka_client(), isolation_level="read_committed", auto_offset_reset="earliest", fetch_max_wait_ms=100
    )
    await consumer.start()
    consumer.assign(lanes)
    await consumer.seek_to_beginning(*lanes)
    await asyncio.gather(*(_copy_lane(settings, consumer, lane) for lane in lanes))


async def _copy_lane(settings: Settings, consumer: AIOKafkaConsumer, lane: TopicPartition) -> None:
    producer = lane_producer(settings, f"dolen-copy-{lane.partition}")
    await producer.fence()
    topics = [settings.topic_prefix + name for name in COPIES]
    while True:
        fetched = await consumer.getmany(lane, timeout_ms=500, max_records=settings.batch_max_records)
        for records in fetched.values():
            await producer.write(_copies(records, topics), lane.partition)
            await producer.add_offsets({lane: records[-1].offset + 1}, settings.topic_prefix + GROUP)
            await producer.commit()


def _copies(records: Sequence[object], topics: Sequence[str]) -> list[Output]:
    return [
        Output(topic, record.key, record.value, list(record.headers))  # type: ignore[attr-defined]
        for record in records
        for topic in topics
    ]


def main() -> None:
    """Run as a process of its own, as a worker is."""
    settings = as_administrator(load_settings())
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(copy(settings, Names(settings.topic_prefix).inbound[5]))


if __name__ == "__main__":
    main()
