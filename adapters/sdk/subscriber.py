"""Receives an agency's notifications: each is stored before its offset is committed, and again after any failure."""

import asyncio
import dataclasses
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog
from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from adapters.sdk.connection import kafka_broker, knock
from adapters.sdk.credentials import Credentials
from contracts.headers import TRACEPARENT, parse_traceparent
from contracts.topics import DAY_MS, outbound_topics

log = structlog.get_logger("dolen.adapter")

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 30.0
BATCH = 500
"""The most records that are stored at once."""
POLL_MS = 20
"""After an empty poll FastStream looks away for as long again."""


@dataclass(frozen=True, slots=True)
class Received:
    """One record of a topic that the agency reads; the hub alone writes there."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """Broker time."""
    key: bytes | None
    value: bytes
    traceparent: bytes | None
    """The hop's, where the record has one."""


def received(record: ConsumerRecord) -> Received:
    """What an adapter sees of a record of aiokafka's."""
    hops = _hops(record)
    return Received(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=record.value or b"",
        traceparent=hops[0][1] if hops else None,
    )


Store = Callable[[Sequence[Received]], Awaitable[None]]
"""Puts records where they survive a crash, all or none, and returns only then. May be given the same ones twice."""


class Subscriber:
    """Reads all of one agency's topics, in each partition's order; use it as an async context manager.

    `store` is called with what is there: records of several partitions, those of one partition in its order. While it
    fails it is called again, with growing waits, and nothing behind those records is read: an inbox that can't store
    has to be mended, not passed by.
    """

    def __init__(
        self,
        credentials: Credentials,
        store: Store,
        *,
        prefix: str | None = None,
        group: str = "inbox",
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """`group` is the agency's own name for its consumer group; the agency's id is put before it."""
        prefix = credentials.topic_prefix if prefix is None else prefix
        self._credentials = credentials
        self._ssl_context = ssl_context
        self._store = store
        self._stopping = asyncio.Event()
        self.broker = kafka_broker(credentials, consumer_only=True, ssl_context=ssl_context)
        """For FastStream's AsyncAPI document."""
        _subscribe(
            self.broker,
            self._stored,
            topics=[prefix + topic for topic in outbound_topics(credentials.agency)],
            group=f"{prefix}{credentials.agency}.{group}",
            title=f"{credentials.agency} notifications",
        )

    async def __aenter__(self) -> Self:
        """Raises NotConnected."""
        await knock(self._credentials, self._ssl_context)
        await self.broker.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        await self.broker.stop()

    async def _stored(self, records: list[Received]) -> None:
        """Returns once the records are stored; only then does FastStream commit. It never returns a value to send."""
        agency, wait = self._credentials.agency, FIRST_WAIT_S
        while True:
            try:
                return await self._store(records)
            except Exception as failure:  # whatever the agency's own store raises, the records are not lost for it
                at = f"{records[0].topic}/{records[0].partition}/{records[0].offset}"
                log.error(
                    "inbox.not_stored",
                    agency=agency,
                    at=at,
                    records=len(records),
                    error=type(failure).__name__,
                    wait_s=wait,
                )
                if await self._stopped_within(wait):
                    raise  # FastStream goes back to the records and commits nothing
                wait = min(2 * wait, LONGEST_WAIT_S)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _subscribe(
    broker: KafkaBroker,
    handler: Callable[[list[Received]], Awaitable[None]],
    *,
    topics: list[str],
    group: str,
    title: str,
) -> None:
    subscribed = broker.subscriber(
        *topics,
        group_id=group,
        title=title,
        description="What the hub tells this agency; each is stored before its offset is committed.",
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=POLL_MS,
        isolation_level="read_committed",  # else an aborted notification would be read: no access rule can see to it
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,  # the default commits first, ACK commits even what failed
        no_reply=True,  # else a record's `reply_to` header has the handler's return value sent to any topic
        max_poll_interval_ms=DAY_MS,  # a store that is being mended is not a dead consumer
        parser=_parse,
        decoder=_decode,
    )
    subscribed(handler)


_Records = tuple[ConsumerRecord, ...]


async def _parse(records: _Records, original: Callable[[_Records], Awaitable[KafkaMessage]]) -> KafkaMessage:
    # FastStream's parser fails at a header that isn't UTF-8, and the record is then committed unread (FastStream#2458);
    # it also takes `reply_to` from the headers. It is shown the one header that means something here.
    return await original(tuple(dataclasses.replace(record, headers=tuple(_hops(record))) for record in records))


async def _decode(message: KafkaMessage) -> list[Received]:
    records: Any = message.raw_message
    return [received(record) for record in records]


def _hops(record: ConsumerRecord) -> list[tuple[str, bytes]]:
    return [
        (name, value)
        for name, value in record.headers
        if name == TRACEPARENT and value is not None and parse_traceparent(value)
    ]
