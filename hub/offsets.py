"""What Kafka says of positions: how far the group has committed, where partitions end, and what is undecided."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, OFFSET_INVALID, Consumer, KafkaException, TopicPartition

from hub.errors import Unavailable

Place = tuple[str, int]
"""A topic and a partition number."""

TIMEOUT_S = 10.0


class Offsets:
    """Asks with confluent-kafka's consumers; aiokafka can't ask for stable committed offsets (KIP-447).

    Of consumers that never join the group, since both calls of the AdminClient can end the process (confluent-kafka
    2.16): `list_consumer_group_offsets` where the group's coordinator is not ready, `list_offsets` now and then.
    """

    def __init__(self, client: Mapping[str, Any], *, group: str, inbound: Iterable[Place]) -> None:
        asking = {**client, "log_level": 0, "group.id": group, "enable.auto.commit": False}
        self._decided = Asker(asking | {"isolation.level": "read_committed"})
        self._all = Asker(asking | {"isolation.level": "read_uncommitted"})
        self._inbound = tuple(inbound)

    async def committed(self) -> dict[Place, int]:
        """The next offset to be read of every inbound partition, by what is decided; left out where there is none."""
        return await self._all.committed(self._inbound)

    async def settled(self, places: Iterable[Place]) -> dict[Place, int]:
        """The same for some partitions; raises `Unavailable` while a transaction that moves one is undecided."""
        return await self._decided.committed(places)

    async def stable_ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Each partition's last stable offset: what a `read_committed` reader can get to."""
        return await self._decided.found(places, OFFSET_END)

    async def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Each partition's high watermark, undecided transactions included."""
        return await self._all.found(places, OFFSET_END)

    async def beginnings(self, places: Iterable[Place]) -> dict[Place, int]:
        """Each partition's first offset that is still kept."""
        return await self._all.found(places, OFFSET_BEGINNING)

    async def since(self, places: Iterable[Place], at_ms: int) -> dict[Place, int]:
        """Each partition's first offset whose broker time is not before a moment; left out where there is none."""
        return await self._decided.since(places, at_ms)

    async def undecided(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """Partitions that hold a transaction which is neither committed nor aborted."""
        asked = tuple(places)
        ends = await self.ends(asked)  # first: what comes between the two calls can only raise the other
        stable = await self.stable_ends(asked)
        return tuple(place for place in asked if stable[place] < ends[place])


class Asker:
    """One isolation level's client; a new one after a failure, for it may hold a leader epoch that is fenced."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = dict(arguments)
        self._consumer = Consumer(self._arguments)

    async def committed(self, places: Iterable[Place]) -> dict[Place, int]:
        """The group's next offset of each partition; left out where there is none."""
        asked = [TopicPartition(*place) for place in places]
        answers = await self._asked(lambda consumer: consumer.committed(asked, timeout=TIMEOUT_S))
        for answer in answers:
            if answer.error is not None:
                raise Unavailable(f"Kafka doesn't tell the committed offset of {answer.topic} ({answer.error.name()})")
        return {(answer.topic, answer.partition): answer.offset for answer in answers if answer.offset >= 0}

    async def found(self, places: Iterable[Place], which: int) -> dict[Place, int]:
        """Each partition's first or last offset."""
        return await self._by_time(places, which, lambda offset: offset < 0)

    async def since(self, places: Iterable[Place], at_ms: int) -> dict[Place, int]:
        """Each partition's first offset at or after a moment; left out where there is none."""
        found = await self._by_time(places, at_ms, lambda offset: offset in (at_ms, OFFSET_INVALID))
        return {place: offset for place, offset in found.items() if offset != OFFSET_END}

    async def _by_time(self, places: Iterable[Place], when: int, is_none: Callable[[int], bool]) -> dict[Place, int]:
        """Offsets by broker time, or by `which`; `is_none` knows what stands where no offset was told."""
        asked = [TopicPartition(*place, when) for place in places]
        if not asked:
            return {}
        answers = await self._asked(lambda consumer: consumer.offsets_for_times(asked, timeout=TIMEOUT_S))
        for answer in answers:
            if answer.error is not None or is_none(answer.offset):
                # Without an error: no answer in time, or of a broker that leads no longer (seen with three).
                self._consumer = Consumer(self._arguments)
                why = f" ({answer.error.name()})" if answer.error is not None else ""
                raise Unavailable(f"Kafka doesn't tell an offset of {answer.topic} yet{why}")
        return {(answer.topic, answer.partition): answer.offset for answer in answers}

    async def _asked(self, ask: Callable[[Consumer], list[TopicPartition]]) -> list[TopicPartition]:
        try:
            return await asyncio.to_thread(ask, self._consumer)
        except KafkaException as failure:
            self._consumer = Consumer(self._arguments)
            raise Unavailable(f"Kafka doesn't tell its offsets ({failure.args[0].name()})") from None
