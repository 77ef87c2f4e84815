"""Sends an agency's events: signs the exact bytes, keys them by child, and says where Kafka put them."""

import asyncio
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import RecordMetadata
from faststream.kafka import KafkaBroker

from adapters.sdk.connection import kafka_broker, knock
from adapters.sdk.credentials import Credentials
from adapters.sdk.errors import NotAllowed, NotSent
from contracts.envelope import CONTENT_TYPE
from contracts.headers import SIGNATURE, TRACEPARENT, sign
from contracts.topics import Family, inbound

_REFUSALS = (
    ClusterAuthorizationFailedError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """Where Kafka put a record, and its broker time in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Publisher:
    """One agency's way to the hub; use it as an async context manager."""

    def __init__(
        self, credentials: Credentials, *, prefix: str | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        """`prefix` stands before every topic name; if not given, the credentials say."""
        self._credentials = credentials
        self._prefix = credentials.topic_prefix if prefix is None else prefix
        self._ssl_context = ssl_context
        self._broker: KafkaBroker | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._connected()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of Kafka; the next send connects again."""
        await self._let_go(self._broker)

    async def publish(self, value: bytes, *, family: Family, subject: str, traceparent: bytes | None = None) -> Sent:
        """Send one event and wait until Kafka has it; raises NotConnected, NotAllowed or NotSent.

        `value` is the event's JSON, `subject` its `subject`, `traceparent` the current hop's W3C header.
        """
        return await (await self.send(value, family=family, subject=subject, traceparent=traceparent))

    async def send(
        self, value: bytes, *, family: Family, subject: str, traceparent: bytes | None = None
    ) -> Awaitable[Sent]:
        """Put one event on its way, for many at once; await the answer to know where it is. One child's keep order."""
        headers = {"content-type": CONTENT_TYPE.decode()}
        if traceparent is not None:
            headers[TRACEPARENT] = traceparent.decode()
        return await self._put(value, inbound(family), key=subject, headers=headers)

    async def report(self, value: bytes, *, topic: str, key: str) -> Sent:
        """Send one signed record that is no event, as heartbeats are; raises as `publish` does."""
        return await (await self._put(value, topic, key=key, headers={"content-type": "application/json"}))

    async def _put(self, value: bytes, topic: str, *, key: str, headers: dict[str, str]) -> Awaitable[Sent]:
        broker = await self._connected()
        topic = self._prefix + topic
        signature = sign(value, key_id=self._credentials.key_id, secret=self._credentials.secret).decode()
        try:
            on_its_way = await broker.publish(
                value, topic, key=key.encode(), headers={SIGNATURE: signature, **headers}, no_confirm=True
            )
        except KafkaError as failure:
            await self._let_go(broker)
            raise self._explained(failure, topic) from None
        return self._confirmed(on_its_way, broker, topic)

    async def _confirmed(self, on_its_way: "asyncio.Future[RecordMetadata]", broker: KafkaBroker, topic: str) -> Sent:
        try:
            placed = await on_its_way
        except KafkaError as failure:
            await self._let_go(broker)
            raise self._explained(failure, topic) from None
        return Sent(placed.topic, placed.partition, placed.offset, placed.timestamp)

    async def _connected(self) -> KafkaBroker:
        async with self._opening:
            if self._broker is None:
                await knock(self._credentials, self._ssl_context)
                broker = kafka_broker(self._credentials, ssl_context=self._ssl_context)
                await broker.connect()
                self._broker = broker
            return self._broker

    async def _let_go(self, broker: KafkaBroker | None) -> None:
        # An idempotent producer never recovers from a lost sequence (aiokafka#1017): the next send has a new one.
        if broker is not None and broker is self._broker:
            self._broker = None
            await broker.stop()

    def _explained(self, failure: Exception, topic: str) -> NotAllowed | NotSent:
        agency, kind = self._credentials.agency, type(failure).__name__
        if isinstance(failure, _REFUSALS):
            return NotAllowed(
                f"Kafka refuses {agency} on {topic} ({kind}); an agency sends the families of its kind, at most "
                "256 KiB an event: `dolen provision --check` shows its rules"
            )
        return NotSent(
            f"Kafka did not confirm what {agency} sent to {topic} ({kind}); "
            "see that it can be reached, then send the same bytes again: the hub knows a repeat"
        )
