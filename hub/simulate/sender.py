"""Sends planned records as they are, bad ones too, each as its agency's own Kafka user, many in flight."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from adapters.sdk.connection import connection
from adapters.sdk.credentials import Credentials
from hub.errors import Unavailable
from hub.record import Coordinates
from hub.simulate.planned import Planned

IN_FLIGHT = 1000
LARGEST_REQUEST = 12 * 1024 * 1024
"""The adapters' SDK sends nothing so large; here somebody does."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A planned record where Kafka put it."""

    planned: Planned
    at: Coordinates
    time_ms: int
    """Broker time, milliseconds since 1970."""


async def send(
    records: Iterable[Planned],
    credentials: Mapping[str, Credentials],
    *,
    rate: float | None = None,
    on_placed: Callable[[Placed], None],
) -> None:
    """Send in order, at `rate` records a second or as fast as it goes; raises Unavailable.

    One agency's records keep their order in each partition: it has one idempotent producer.
    """
    under_way: deque[_OnItsWay] = deque()
    async with AsyncExitStack() as stack:
        producers = _Producers(credentials, stack)
        begun = time.monotonic()
        try:
            for number, record in enumerate(records):
                if rate is not None:
                    await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                under_way.append(await _put(await producers.of(record.agency), record))
                while under_way and (under_way[0].is_there or len(under_way) > IN_FLIGHT):
                    on_placed(await under_way.popleft().placed())
            while under_way:
                on_placed(await under_way.popleft().placed())
        except (KafkaError, OSError) as failure:
            raise Unavailable(f"Kafka does not take what is sent ({type(failure).__name__})") from None


@dataclass(frozen=True, slots=True)
class _OnItsWay:
    """A record that Kafka has not confirmed yet."""

    planned: Planned
    confirmation: "asyncio.Future[RecordMetadata]"

    @property
    def is_there(self) -> bool:
        return self.confirmation.done()

    async def placed(self) -> Placed:
        found = await self.confirmation
        return Placed(self.planned, Coordinates(found.topic, found.partition, found.offset), found.timestamp)


class _Producers:
    """One producer for each agency that sends something, started when it first does."""

    def __init__(self, credentials: Mapping[str, Credentials], stack: AsyncExitStack) -> None:
        self._credentials = credentials
        self._stack = stack
        self._started: dict[str, AIOKafkaProducer] = {}

    async def of(self, agency: str) -> AIOKafkaProducer:
        if agency not in self._started:
            producer = AIOKafkaProducer(
                **connection(self._credentials[agency], None),
                client_id=f"dolen-simulate-{agency}",
                acks="all",
                enable_idempotence=True,
                max_request_size=LARGEST_REQUEST,
            )
            self._started[agency] = await self._stack.enter_async_context(producer)
        return self._started[agency]


async def _put(producer: AIOKafkaProducer, record: Planned) -> _OnItsWay:
    confirmation = await producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
    return _OnItsWay(record, confirmation)
