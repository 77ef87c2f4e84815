"""The load of a campaign: who sent what, and what Kafka said of it (acknowledged, failed, or nothing: unknown)."""

import asyncio
import contextlib
import json
import random
import time
from collections import deque
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.headers import SIGNATURE
from hub.bench.load import Load, Loaded
from hub.settings import Settings

OUTSTANDING = 4000
CONFLICTS = 0.01


@dataclass(frozen=True, slots=True)
class Sent:
    """One event that Kafka has acknowledged; the verdict asks for its id."""

    event_id: str


@dataclass
class Journal:
    """All sends of a campaign."""

    acknowledged: list[Sent] = field(default_factory=list)
    sends: int = 0
    failed: int = 0
    unknown: int = 0
    conflicts: int = 0
    hostile: int = 0
    """Records that have to be refused, on other topics than the load's."""
    step_of: dict[str, int] = field(default_factory=dict)
    """During which step of the plan an event was first sent."""
    step: int = 0


class Sender:
    """Sends at a steady rate until told to stop; what was not confirmed is sent again, as an outbox does.

    One event in ten is a repeat, one in a hundred has the id of another and other content.
    """

    def __init__(self, settings: Settings, load: Load, journal: Journal, *, rate: float, seed: int) -> None:
        self._settings = settings
        self._load = load
        self._journal = journal
        self._rate = rate
        self._random = random.Random(seed)
        self._again: deque[Loaded] = deque()
        self._stopping = False
        self._limit: int | None = None
        self.twins: list[deque[Loaded]] = []
        """Other places that send the very same, a little later."""

    def stop(self) -> None:
        """Send what is still unconfirmed, and end."""
        self._stopping = True

    async def run(self) -> None:
        """Send until stopped and everything is acknowledged."""
        fresh = self._events()
        while not self._stopping or self._again:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await self._life(fresh)
            if not self._stopping or self._again:
                await asyncio.sleep(0.3)

    async def _life(self, fresh) -> None:
        """One producer's life: until its first failure."""
        producer = AIOKafkaProducer(
            **self._settings.kafka_client(), acks="all", enable_idempotence=True, request_timeout_ms=5000, linger_ms=2
        )
        waiting: set[asyncio.Future] = set()
        broken = asyncio.Event()
        try:
            await producer.start()
            begun, count = time.monotonic(), 0
            while not broken.is_set() and (self._again or not self._stopping):
                event = self._again.popleft() if self._again else next(fresh)
                self._journal.sends += 1
                try:
                    answer = await producer.send(self._load.topic, event.value, key=event.key, headers=[*event.headers])
                except BaseException:
                    self._again.appendleft(event)
                    self._journal.failed += 1
                    raise
                waiting.add(answer)
                answer.add_done_callback(lambda done, sent=event: self._heard(done, sent, broken, waiting))
                count += 1
                late = begun + count / self._rate - time.monotonic()
                if late > 0:
                    await asyncio.sleep(late)
                elif late < -1:
                    begun, count = time.monotonic(), 0  # the broker was away: no burst afterwards
                while len(waiting) > OUTSTANDING and not broken.is_set():
                    await asyncio.sleep(0.05)
        finally:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(producer.stop(), 10)
            await producer.client.close()  # where the broker went away, stop() leaves connections open
            for answer in [*waiting]:
                if not answer.done():
                    answer.cancel()
            await asyncio.sleep(0)

    def _heard(self, answer: asyncio.Future, event: Loaded, broken: asyncio.Event, waiting: set) -> None:
        waiting.discard(answer)
        if answer.cancelled() or answer.exception() is not None:
            self._journal.unknown += 1
            self._again.append(event)
            broken.set()
            return
        self._journal.acknowledged.append(Sent(event.event_id))
        for twin in self.twins:
            twin.append(event)

    def _events(self):
        while True:
            chunk: deque[Loaded] = deque(maxlen=50)
            for event in self._load.events(2000):
                self._journal.step_of.setdefault(event.event_id, self._journal.step)
                yield event
                chunk.append(event)
                if self._random.random() < CONFLICTS:
                    self._journal.conflicts += 1
                    yield self._otherwise(self._random.choice(chunk))

    def _otherwise(self, event: Loaded) -> Loaded:
        """The same id with other content, rightly signed."""
        document = json.loads(event.value)
        document["sequence"] += 1_000_000
        value = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        return Loaded(event.event_id, event.key, value, [(SIGNATURE, self._load.signature(value))])


class Twin:
    """Another place that sends what a sender sends, every event of it, on a connection of its own."""

    def __init__(self, settings: Settings, load: Load, journal: Journal) -> None:
        self._settings, self._load, self._journal = settings, load, journal
        self.queue: deque[Loaded] = deque()

    async def run(self, seconds: float) -> int:
        """Send along for so long; how many."""
        sent = 0
        async with AIOKafkaProducer(**self._settings.kafka_client(), acks="all", enable_idempotence=True) as producer:
            until = time.monotonic() + seconds
            while time.monotonic() < until or self.queue:
                if not self.queue:
                    await asyncio.sleep(0.01)
                    continue
                event = self.queue.popleft()
                await producer.send(self._load.topic, event.value, key=event.key, headers=[*event.headers])
                self._journal.sends += 1
                sent += 1
            await producer.flush()
        return sent
