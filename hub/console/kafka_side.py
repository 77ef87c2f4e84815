"""Asks Kafka what the tables can't tell: how far the lanes are behind, and a record's own bytes."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from hub.backlog import Backlog
from hub.errors import Unavailable
from hub.names import Names
from hub.offsets import Offsets, Place
from hub.scan import reader
from hub.settings import Settings

READ_TIMEOUT_S = 10.0


class KafkaSide(Backlog):
    """Kafka, as the console asks it."""

    def __init__(self, settings: Settings) -> None:
        self._client = settings.kafka_client()
        names = Names(settings.topic_prefix)
        inbound = names.inbound_places(settings.lanes)
        own = [(topic, lane) for topic in (names.ledger, names.dead_letters) for lane in range(settings.lanes)]
        offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=inbound)
        super().__init__(offsets, inbound=inbound, also=own)

    async def record(self, place: Place, offset: int) -> ConsumerRecord | None:
        """One record; None where it has expired or never was. Raises `Unavailable`."""
        return next((found for found in await self.around(place, offset, before=0) if found.offset == offset), None)

    async def around(self, place: Place, offset: int, *, before: int) -> Sequence[ConsumerRecord]:
        """A record, those on up to `before` offsets ahead of it, and the next one; raises `Unavailable`."""
        try:
            async with asyncio.timeout(READ_TIMEOUT_S), reader(self._client) as consumer:
                return await _around(consumer, TopicPartition(*place), offset, before)
        except TimeoutError:
            raise Unavailable(f"Kafka doesn't give {place[0]}/{place[1]}/{offset}") from None


async def _around(
    consumer: AIOKafkaConsumer, place: TopicPartition, offset: int, before: int
) -> Sequence[ConsumerRecord]:
    consumer.assign([place])
    first = (await consumer.beginning_offsets([place]))[place]
    end = (await consumer.end_offsets([place]))[place]
    if not first <= offset < end:
        return []
    consumer.seek(place, max(first, offset - before))
    found: list[ConsumerRecord] = []
    while await consumer.position(place) < end and (not found or found[-1].offset <= offset):
        for records in (await consumer.getmany(place, timeout_ms=200)).values():
            found += records
    return found
