"""A lane's producer: transactional, its own id, each request written once, and gone at the first doubt.

aiokafka's own speaks Kafka's first protocol for transactions, and sends a request again on the same epoch when it
didn't hear the answer: a delayed EndTxn then commits the *next* transaction, even one that was aborted meanwhile. So
its connections and record batches are used here, and not its sender. Each transaction has an epoch of its own
(KIP-890), and a request is sent again only where the broker has said that it did nothing. Any other answer, or none,
ends the producer; a new one with the same id makes the broker settle what was open.

The client is not among aiokafka's documented names: it is pinned exactly, and tests fail when it changes.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import (
    ConcurrentTransactions,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    InvalidProducerEpoch,
    KafkaError,
    NodeNotReadyError,
    NoError,
    NotCoordinatorError,
    NotEnoughReplicasError,
    ProducerFenced,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from hub.errors import DolenError, LaneLost, StartRefused, Unavailable
from hub.failpoints import failpoint
from hub.record import Output
from hub.transaction_requests import EndTxn, Produce, TxnOffsetCommit

BATCH_BYTES = 1024 * 1024
"""The most bytes of one partition in one produce request."""
REQUEST_BYTES = 16 * BATCH_BYTES
"""The most bytes of a produce request: the broker takes 100 MiB."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.002, 0.1
"""Before a request is sent again: the previous transaction's markers take two or three milliseconds."""

PRODUCER_FENCED = 90
"""An error that aiokafka knows by name and not by number."""
SEQUENCES = 2**31

_NOT_DONE = frozenset({ConcurrentTransactions, CoordinatorLoadInProgressError, UnknownTopicOrPartitionError})
"""What a coordinator answers when it did nothing yet and may do it soon."""
_ELSEWHERE = frozenset({NotCoordinatorError})
"""What a node answers that is not the coordinator. (`CoordinatorNotAvailableError` may come when all is done.)"""
_NOT_WRITTEN = frozenset({ConcurrentTransactions, NotEnoughReplicasError})
"""What a partition's leader answers then; the first while the transaction before has not all of its markers."""

Batches = dict[TopicPartition, bytes]
"""One record batch for each partition."""


class LaneProducer:
    """One life of a lane's transactional producer; after any error it is thrown away.

    `add_offsets` writes its request and returns: `commit` waits for that answer too.
    """

    def __init__(
        self, client: Mapping[str, Any], *, transactional_id: str, transaction_timeout_ms: int, request_timeout_ms: int
    ) -> None:
        self._client = AIOKafkaClient(**client, request_timeout_ms=request_timeout_ms)
        self._id = transactional_id
        self._timeout_ms = transaction_timeout_ms
        self._request_timeout_ms = request_timeout_ms
        self._limit_s = 2 * request_timeout_ms / 1000
        self._producer: tuple[int, ...] = (-1, -1)
        """Id and epoch, from the broker."""
        self._coordinators: dict[tuple[int, str], int] = {}
        self._sequences: dict[TopicPartition, int] = {}
        """Of the next record of each partition; each transaction's begin at 0."""
        self._offsets: _Asked | None = None

    async def fence(self) -> None:
        """Start: every earlier producer of this id is fenced, and what it left open is settled before this returns."""
        try:
            async with asyncio.timeout(self._limit_s):
                await self._client.bootstrap()
                request = InitProducerIdRequest(self._id, self._timeout_ms)
                asked = await self._asked(CoordinationType.TRANSACTION, self._id, request)
                # If it was done all the same, asking again fences nobody but this producer, which has done nothing yet.
                answer = await self._done(asked, elsewhere=_ELSEWHERE | {CoordinatorNotAvailableError})
                self._producer = answer.producer_id, answer.producer_epoch
        except (KafkaError, TimeoutError, OSError, AssertionError) as failure:  # it asserts that there is a broker
            await self.throw_away()
            raise Unavailable(f"Kafka doesn't start the lane's producer ({type(failure).__name__})") from None

    async def write(self, outputs: Iterable[Output], partition: int) -> None:
        """Write every output to `partition` of its topic, in this transaction; returns when all are acknowledged."""
        async with _sorted_errors(self._limit_s):
            by_topic = _by_topic(outputs)
            for topic in by_topic:
                await self._client._wait_on_metadata(topic)
            for batches in self._requests(by_topic, partition):
                failpoint("queued")
                await self._written(batches)

    async def add_offsets(self, offsets: Mapping[TopicPartition, int], group: str) -> None:
        """Put the offsets into the transaction: last, so that whatever commits it by mistake loses nothing."""
        async with _sorted_errors(self._limit_s):
            by_topic: dict[str, list[Any]] = {}
            for place, offset in offsets.items():
                by_topic.setdefault(place.topic, []).append((place.partition, offset, -1, None, {}))
            topics: list[Any] = [(topic, partitions, {}) for topic, partitions in by_topic.items()]
            request = TxnOffsetCommit(self._id, group, *self._producer, -1, "", None, topics, {})
            self._offsets = await self._asked(CoordinationType.GROUP, group, request)

    async def commit(self) -> None:
        """Commit the transaction."""
        async with _sorted_errors(self._limit_s):
            if self._offsets is not None:
                await self._done(self._offsets)
            self._offsets = None
            failpoint("after-offsets")
            request = EndTxn(self._id, *self._producer, True, {})
            failpoint("before-commit")
            answer = await self._done(await self._asked(CoordinationType.TRANSACTION, self._id, request))
            self._next_transaction(answer.producer_id, answer.producer_epoch)

    async def throw_away(self) -> None:
        """Close the connections at once, send nothing more, not even an abort: the next producer's start settles it."""
        if self._offsets is not None:
            self._offsets.answer.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._client.close(), timeout=2)

    def _next_transaction(self, *producer: int) -> None:
        if producer == self._producer:
            raise StartRefused(
                "each transaction must have an epoch of its own; this cluster keeps the last one's: raise its feature "
                "`transaction.version` to 2 (kafka-features.sh upgrade --feature transaction.version=2)"
            )
        self._producer = producer
        self._sequences.clear()

    async def _coordinator(self, kind: int, key: str) -> int:
        """The node that coordinates this id's transactions, or the group."""
        if (kind, key) not in self._coordinators:
            for wait in _waits():
                with contextlib.suppress(CoordinatorNotAvailableError):
                    self._coordinators[kind, key] = await self._client.coordinator_lookup(kind, key)
                    break
                await asyncio.sleep(wait)
        return self._coordinators[kind, key]

    async def _asked(self, kind: int, key: str, request: Any) -> "_Asked":
        """Write a request to its coordinator; the answer is for later."""
        node = await self._coordinator(kind, key)
        connection = await self._client._get_conn(node, group=ConnectionGroup.COORDINATION)
        if connection is None:
            raise NodeNotReadyError
        return _Asked(kind, key, request, connection.send(request))

    async def _done(self, asked: "_Asked", *, elsewhere: frozenset[type[KafkaError]] = _ELSEWHERE) -> Any:
        """The answer once the coordinator has done what it was asked; raises where it refuses."""
        for wait in _waits():
            answer = await asked.answer
            errors = _errors(answer) - {NoError}
            if not errors:
                return answer
            if refused := errors - _NOT_DONE - elsewhere:
                raise refused.pop()
            if errors & elsewhere:
                self._coordinators.pop((asked.kind, asked.key), None)
            await asyncio.sleep(wait)
            asked = await self._asked(asked.kind, asked.key, asked.request)
        raise AssertionError("only a time limit ends the waits")

    def _requests(self, by_topic: Mapping[str, list[Output]], partition: int) -> Iterator[Batches]:
        """What goes into one produce request after the other: of each partition one batch at most."""
        places = {TopicPartition(topic, partition): outputs for topic, outputs in by_topic.items()}
        builders = {place: self._builders(place, outputs) for place, outputs in places.items()}
        while builders:
            batches: Batches = {}
            for place, builder in tuple(builders.items()):
                if sum(map(len, batches.values())) > REQUEST_BYTES:
                    break
                batch = next(builder, None)
                if batch is None:
                    del builders[place]
                else:
                    batches[place] = batch
            if batches:
                yield batches

    def _builders(self, place: TopicPartition, outputs: list[Output]) -> Iterator[bytes]:
        """As many batches as one partition's records need."""
        at = 0
        while at < len(outputs):
            sequence = self._sequences.get(place, 0)
            builder = DefaultRecordBatchBuilder(2, 0, 1, *self._producer, sequence, BATCH_BYTES)
            append, number = builder.append, 0
            for _, key, value, headers in itertools.islice(outputs, at, None):
                if append(number, None, key, value, headers) is None:
                    break
                number += 1
            if not number:
                raise DolenError(f"a record of {len(outputs[at].value)} bytes doesn't fit into an empty batch")
            self._sequences[place] = (sequence + number) % SEQUENCES
            at += number
            yield builder.build()

    async def _written(self, batches: Batches) -> None:
        """Send batches to the leaders of their partitions until each is acknowledged."""
        by_node: dict[int, Batches] = {}
        for place, batch in batches.items():
            by_node.setdefault(self._client.cluster.leader_for_partition(place), {})[place] = batch
        if len(by_node) == 1:
            await self._acknowledged(*by_node.popitem())
        else:
            await asyncio.gather(*(self._acknowledged(*each) for each in by_node.items()))

    async def _acknowledged(self, node: int, batches: Batches) -> None:
        left = dict(batches)
        for wait in _waits():
            topics: list[Any] = [(place.topic, [(place.partition, batch, {})], {}) for place, batch in left.items()]
            answer = await self._client.send(node, Produce(self._id, -1, self._request_timeout_ms, topics, {}))
            failpoint("acknowledged")
            for topic, (partition, code, *_) in _by_place(answer):
                error = _error(code)
                if error is NoError:
                    del left[TopicPartition(topic, partition)]
                elif error not in _NOT_WRITTEN:
                    raise error
            if not left:
                return
            await asyncio.sleep(wait)


class _Asked(NamedTuple):
    """A request that was written, and its answer to come."""

    kind: int
    key: str
    request: Any
    answer: Coroutine[Any, Any, Any]


@contextlib.asynccontextmanager
async def _sorted_errors(limit_s: float) -> AsyncIterator[None]:
    """Say what happens next after any error within; what takes longer than `limit_s` counts as unheard."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except (ProducerFenced, InvalidProducerEpoch):
        raise LaneLost("another worker has started this lane's producer") from None
    except (KafkaError, AssertionError, TimeoutError, OSError) as failure:
        raise Unavailable(f"a transaction failed ({type(failure).__name__}); the lane starts anew") from None


def _error(code: int) -> type[KafkaError]:
    error: type[KafkaError] = ProducerFenced if code == PRODUCER_FENCED else for_code(code)
    return error


def _errors(answer: Any) -> set[type[KafkaError]]:
    """What a coordinator answered: one error, or one for each partition."""
    if hasattr(answer, "error_code"):
        return {_error(answer.error_code)}
    return {_error(code) for _, (_, code, *_) in _by_place(answer)}


def _by_place(answer: Any) -> Iterator[tuple[str, Any]]:
    """What was answered for each partition, with its topic."""
    return ((topic, each) for topic, partitions, _ in answer.topics for each in partitions)


def _waits() -> Iterator[float]:
    """How long to wait before a request is sent again, each time; seconds."""
    wait = FIRST_WAIT_S
    while True:
        yield wait
        wait = min(1.5 * wait, LONGEST_WAIT_S)


def _by_topic(outputs: Iterable[Output]) -> dict[str, list[Output]]:
    by_topic: dict[str, list[Output]] = {}
    for output in outputs:
        by_topic.setdefault(output.topic, []).append(output)
    return by_topic
