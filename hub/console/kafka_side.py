"""Asks Kafka what the tables can't tell: how far the lanes are behind, and a record's own bytes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from hub.errors import Unavailable
from hub.names import Names
from hub.offsets import Offsets, Place
from hub.scan import reader
from hub.settings import Settings

READ_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Seen:
    """What Kafka said at one moment."""

    at_ms: int
    away: bool = False
    """It didn't answer: the rest is of before."""
    waiting: Mapping[int, int] = field(default_factory=dict)
    """Inbound records that the hub has not committed, by lane."""
    moved_ms: Mapping[int, int] = field(default_factory=dict)
    """When each lane was last seen to commit something, or to have nothing to do."""
    ends: Mapping[Place, int] = field(default_factory=dict)
    """Where the ledger and the dead letters end."""


class KafkaSide:
    """Kafka, as the console asks it; what it said last is kept."""

    def __init__(self, settings: Settings) -> None:
        self._client = settings.kafka_client()
        names = Names(settings.topic_prefix)
        lanes = range(settings.lanes)
        self._inbound = [(topic, lane) for topic in names.inbound for lane in lanes]
        self._own = [(topic, lane) for topic in (names.ledger, names.dead_letters) for lane in lanes]
        self._offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=self._inbound)
        self._committed: Mapping[Place, int] = {}
        self.seen: Seen | None = None

    async def look(self, at_ms: int) -> None:
        """Ask how far everything is; where Kafka is away, keep what was known and say so."""
        try:
            committed = await self._offsets.committed()
            ends = await self._offsets.stable_ends([*self._inbound, *self._own])
            missing = [place for place in self._inbound if place not in committed]
            committed |= await self._offsets.beginnings(missing)
        except Unavailable:
            before = self.seen or Seen(at_ms)
            self.seen = Seen(before.at_ms, True, before.waiting, before.moved_ms, before.ends)
            return
        before = self.seen or Seen(at_ms)
        waiting: dict[int, int] = {}
        moved = {lane: before.moved_ms.get(lane, at_ms) for _, lane in self._inbound}
        for place in self._inbound:
            waiting[place[1]] = waiting.get(place[1], 0) + max(0, ends[place] - committed[place])
            if committed[place] != self._committed.get(place):
                moved[place[1]] = at_ms
        moved |= {lane: at_ms for lane, count in waiting.items() if count == 0}
        self._committed = committed
        self.seen = Seen(at_ms, False, waiting, moved, {place: ends[place] for place in self._own})

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
