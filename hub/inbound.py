"""Reads one lane's partition of every inbound topic, with a consumer of its own that no group moves.

A fetch of aiokafka's names all partitions of its consumer, and each event that comes ends it: one consumer for all
lanes of a worker spent a quarter of the hub's time on that (decision 0030).
"""

import asyncio
import contextlib
import heapq
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from hub.errors import Unavailable
from hub.offsets import Place

READ_TIMEOUT_MS = 500
CLOSE_WITHIN_S = 2.0
FETCH_WAIT_MS = 500
"""How long the broker holds a fetch that finds nothing: what comes meanwhile ends it at once."""


class Inbound:
    """A lane's reader; thrown away with its producer after any error."""

    def __init__(self, client: Mapping[str, Any], *, limit_s: float) -> None:
        self._limit_s = limit_s
        self._consumer = AIOKafkaConsumer(
            **client,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # never used: positions are given before anything is read
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            retry_backoff_ms=50,
        )
        self._places: list[TopicPartition] = []

    async def open(self, positions: Mapping[Place, int]) -> None:
        """Begin to read, each partition at its position."""
        try:
            async with asyncio.timeout(self._limit_s):
                await self._consumer.start()
        except (KafkaError, TimeoutError, OSError) as failure:
            raise Unavailable(f"Kafka doesn't start the lane's reader ({type(failure).__name__})") from None
        self._places = [TopicPartition(*place) for place in positions]
        self._consumer.assign(self._places)
        for place, position in positions.items():
            self._consumer.seek(TopicPartition(*place), position)

    async def read(self, most: int) -> Sequence[ConsumerRecord]:
        """What is there now, never waited for longer than it takes the first record to come, in broker-time order.

        Merged by the heads of the partitions, not sorted: a broker clock that jumps back must not change the order
        within one.
        """
        fetched = await self._consumer.getmany(timeout_ms=READ_TIMEOUT_MS, max_records=most)
        if len(fetched) == 1:
            records: Sequence[ConsumerRecord] = next(iter(fetched.values()))
            return records
        return list(heapq.merge(*fetched.values(), key=attrgetter("timestamp")))

    async def close(self) -> None:
        """Close the connections at once.

        aiokafka 0.14 cancels a fetch that is on its way, waits for it, and so is cancelled too, before it has closed
        them: so they are closed first, and it stops in a task of its own.
        """
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._consumer._client.close(), timeout=CLOSE_WITHIN_S)
        await asyncio.wait([asyncio.create_task(self._consumer.stop())], timeout=CLOSE_WITHIN_S)
