"""Reads topics to a given end, from their beginning or a given start, committed records only."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from hub.errors import Unavailable
from hub.offsets import Place

STANDS_S = 180.0
"""Longer than the broker leaves any transaction undecided."""


async def scan(
    client: Mapping[str, Any], ends: Mapping[Place, int], *, starts: Mapping[Place, int] | None = None
) -> AsyncIterator[Sequence[ConsumerRecord]]:
    """Records of each (topic, partition) up to its end offset, some of one partition at a time, in its order.

    They begin at `starts`, or where a partition does. Where an end lies behind an undecided transaction, waits until
    that is decided; raises `Unavailable` where nothing moves for `STANDS_S`.
    """
    places = {TopicPartition(*place): end for place, end in ends.items() if end > 0}
    async with reader(client) as consumer:
        consumer.assign(list(places))
        known = {TopicPartition(*place): offset for place, offset in (starts or {}).items()}
        if fresh := [place for place in places if place not in known]:
            await consumer.seek_to_beginning(*fresh)
        for place in places.keys() & known.keys():
            consumer.seek(place, known[place])
        moved = time.monotonic()
        while places:
            for records in (await consumer.getmany(*places, timeout_ms=200, max_records=2000)).values():
                yield records
                moved = time.monotonic()
            places = {place: end for place, end in places.items() if await consumer.position(place) < end}
            if time.monotonic() - moved > STANDS_S:
                raise Unavailable(f"{next(iter(places)).topic} can't be read to its end: nothing moves in it")


@contextlib.asynccontextmanager
async def reader(client: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer of committed records without a group; raises `Unavailable` where Kafka is away."""
    consumer = AIOKafkaConsumer(
        **client, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        yield consumer
    except (KafkaError, OSError) as failure:
        raise Unavailable(f"Kafka doesn't let itself be read ({type(failure).__name__})") from None
    finally:
        # aiokafka 0.14: stopped before its tasks have begun, a consumer raises CancelledError in its caller.
        await asyncio.sleep(0)
        await consumer.stop()
