"""What Kafka says of positions: how far the group has committed, where partitions end, and what is undecided."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from hub.errors import Unavailable

Place = tuple[str, int]
"""A topic and a partition number."""

TIMEOUT_S = 10.0


class Offsets:
    """Asks with confluent-kafka, as administration does; aiokafka can't ask for stable committed offsets (KIP-447).

    Committed offsets are asked of consumers that never join the group, since the AdminClient's own call ends the
    process: librdkafka 2.16 follows a null pointer when the group's coordinator is not ready (tried on a new broker).
    """

    def __init__(self, admin: Mapping[str, Any], *, group: str, inbound: Iterable[Place]) -> None:
        self._arguments = {**admin, "log_level": 0}
        self._admin = AdminClient(self._arguments)
        asking = self._arguments | {"group.id": group, "enable.auto.commit": False}
        self._stable = Consumer(asking | {"isolation.level": "read_committed"})
        self._last = Consumer(asking | {"isolation.level": "read_uncommitted"})
        self._inbound = tuple(inbound)

    async def committed(self) -> dict[Place, int]:
        """The next offset to be read of every inbound partition, by what is decided; left out where there is none."""
        return await self._committed(self._last, self._inbound)

    async def settled(self, places: Iterable[Place]) -> dict[Place, int]:
        """The same for some partitions; raises `Unavailable` while a transaction that moves one is undecided."""
        return await self._committed(self._stable, tuple(places))

    async def _committed(self, consumer: Consumer, places: Sequence[Place]) -> dict[Place, int]:
        asked = [TopicPartition(*place) for place in places]
        try:
            found = await asyncio.to_thread(consumer.committed, asked, timeout=TIMEOUT_S)
        except KafkaException as failure:
            raise Unavailable(f"Kafka doesn't tell committed offsets ({failure.args[0].name()})") from None
        for place in found:
            if place.error is not None:
                raise Unavailable(f"Kafka doesn't tell the committed offset of {place.topic} ({place.error.name()})")
        return {(place.topic, place.partition): place.offset for place in found if place.offset >= 0}

    async def stable_ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Each partition's last stable offset: what a `read_committed` reader can get to."""
        return await self._ends(places, IsolationLevel.READ_COMMITTED, OffsetSpec.latest())

    async def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Each partition's high watermark, undecided transactions included."""
        return await self._ends(places, IsolationLevel.READ_UNCOMMITTED, OffsetSpec.latest())

    async def beginnings(self, places: Iterable[Place]) -> dict[Place, int]:
        """Each partition's first offset that is still kept."""
        return await self._ends(places, IsolationLevel.READ_UNCOMMITTED, OffsetSpec.earliest())

    async def undecided(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """Partitions that hold a transaction which is neither committed nor aborted."""
        asked = tuple(places)
        ends = await self.ends(asked)  # first: what comes between the two calls can only raise the other
        stable = await self.stable_ends(asked)
        return tuple(place for place in asked if stable[place] < ends[place])

    async def _ends(self, places: Iterable[Place], isolation: IsolationLevel, which: OffsetSpec) -> dict[Place, int]:
        asked = {TopicPartition(*place): which for place in places}
        if not asked:
            return {}
        answer = await self._asked(
            lambda admin: admin.list_offsets(asked, isolation_level=isolation, request_timeout=TIMEOUT_S)
        )
        for place, found in answer.items():
            if found.offset < 0:  # no offset and no error: it asks a broker that leads no longer (seen with three)
                self._admin = AdminClient(self._arguments)
                raise Unavailable(f"Kafka doesn't tell an offset of {place.topic} yet")
        return {(place.topic, place.partition): found.offset for place, found in answer.items()}

    async def _asked(self, ask: Callable[[AdminClient], Mapping[Any, Any]]) -> dict[Any, Any]:
        admin = self._admin  # held until it has answered: the answers of a client that is gone never come
        futures = ask(admin)
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):
                answers = await asyncio.gather(*(asyncio.wrap_future(future) for future in futures.values()))
        except (KafkaException, TimeoutError) as failure:
            # After a broker's restart this client keeps a leader epoch that is fenced, and asks with it for ever
            # (seen with confluent-kafka 2.16): a new one learns the new epoch.
            self._admin = AdminClient(self._arguments)
            why = failure.args[0].name() if isinstance(failure, KafkaException) else "no answer"
            raise Unavailable(f"Kafka doesn't tell its offsets ({why})") from None
        return dict(zip(futures, answers, strict=True))
