"""Looks at what an agency was sent, without a group: nothing that is shown counts as received."""

import ssl
from collections.abc import AsyncIterator, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from adapters.sdk.connection import connection, knock
from adapters.sdk.credentials import Credentials
from adapters.sdk.errors import NotAllowed
from adapters.sdk.subscriber import Received, received
from contracts.topics import outbound_topics

MARKERS = 4
"""Offsets to go back for one record: markers of transactions have offsets too."""


async def look(
    credentials: Credentials,
    *,
    last: int | None = None,
    follow: bool = False,
    prefix: str | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> AsyncIterator[Received]:
    """What there is for the agency, in broker-time order: the `last` records, or all; then, if `follow`, what comes.

    Raises NotConnected or NotAllowed.
    """
    prefix = credentials.topic_prefix if prefix is None else prefix
    topics = [prefix + topic for topic in outbound_topics(credentials.agency)]
    await knock(credentials, ssl_context)
    consumer = AIOKafkaConsumer(
        *topics,
        **connection(credentials, ssl_context),
        client_id=f"dolen-{credentials.agency}-look",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        await consumer.start()
        ends = await _begin(consumer, last)
        for record in _newest(await _all_until(consumer, ends), last):
            yield received(record)
        while follow:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    yield received(record)
    except (KafkaError, OSError) as failure:
        raise NotAllowed(
            f"Kafka doesn't show {credentials.agency} its topics ({type(failure).__name__}); "
            "`dolen provision --check` shows what it may read"
        ) from None
    finally:
        await consumer.stop()


async def _begin(consumer: AIOKafkaConsumer, last: int | None) -> dict[TopicPartition, int]:
    """Go to where reading begins; gives each partition's end, as far as transactions are decided."""
    places = consumer.assignment()
    ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
    begins: Mapping[TopicPartition, int] = await consumer.beginning_offsets(places)
    for place, end in ends.items():
        consumer.seek(place, begins[place] if last is None else max(begins[place], end - MARKERS * last))
    return ends


async def _all_until(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> list[ConsumerRecord]:
    found: list[ConsumerRecord] = []
    left = set(ends)
    while left := {place for place in left if await consumer.position(place) < ends[place]}:
        for records in (await consumer.getmany(*left, timeout_ms=200)).values():
            found += records
    return found


def _newest(records: list[ConsumerRecord], last: int | None) -> list[ConsumerRecord]:
    ordered = sorted(records, key=lambda record: (record.timestamp, record.topic, record.partition, record.offset))
    return ordered if last is None else ordered[max(0, len(ordered) - last) :]
