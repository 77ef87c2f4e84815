"""A lane's producer: transactional, its own id, and gone at the first doubt.

aiokafka resends a transactional request on the same epoch after an indefinite error (the request may still be on its
way), and a delayed EndTxn then commits the *next* transaction, even one that was aborted meanwhile. No client in Python
has KIP-890's epoch bump. So here any failure to hear the answer ends the producer; a new one with the same id makes the
broker settle what was open, under a new epoch that fences the old requests.

The names overridden here are private: aiokafka is pinned exactly, and a test fails when they change.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced
from aiokafka.producer import sender as aiokafka_sender
from aiokafka.producer.message_accumulator import BatchBuilder

from hub.errors import DolenError, LaneLost, Unavailable
from hub.failpoints import failpoint
from hub.record import Output

BATCH_BYTES = 1024 * 1024
"""The most bytes of one partition in one produce request's batch."""

CONCURRENT_TRANSACTIONS_WAIT_S = 0.002
"""How long to wait for the previous transaction's markers: aiokafka waits 20 ms, three times as long as they take."""

RETRY_BACKOFF_MS = 5

logging.getLogger("aiokafka.producer.sender").setLevel(logging.CRITICAL)  # says at every first produce what is harmless


class _FailFast:
    """Ends the producer when a transactional request's answer isn't heard."""

    async def do(self, node_id: int) -> bool:
        request = self.create_request()  # type: ignore[attr-defined]
        sender = self._sender  # type: ignore[attr-defined]
        response = await sender.client.send(node_id, request, group=self.group)  # type: ignore[attr-defined]
        backoff = self.handle_response(response)  # type: ignore[attr-defined]
        if backoff is None:
            return True
        await asyncio.sleep(min(backoff, CONCURRENT_TRANSACTIONS_WAIT_S))
        return False


class _AddPartitions(_FailFast, aiokafka_sender.AddPartitionsToTxnHandler):  # type: ignore[misc]
    pass


class _AddOffsets(_FailFast, aiokafka_sender.AddOffsetsToTxnHandler):  # type: ignore[misc]
    pass


class _CommitOffsets(_FailFast, aiokafka_sender.TxnOffsetCommitHandler):  # type: ignore[misc]
    pass


class _EndTransaction(_FailFast, aiokafka_sender.EndTxnHandler):  # type: ignore[misc]
    pass


class _FailFastSender(aiokafka_sender.Sender):  # type: ignore[misc]
    """aiokafka's sender, with handlers that fail fast."""

    group = ""
    """The group whose offsets the transaction will hold: it is added beside the partitions, not after the outputs."""

    async def _do_add_partitions_to_txn(self, tps: Any) -> bool:
        node = await self._find_coordinator(
            aiokafka_sender.CoordinationType.TRANSACTION, self._txn_manager.transactional_id
        )
        adding = [_AddPartitions(self, tps).do(node)]
        if self.group and self._txn_manager._txn_consumer_group is None:
            adding.append(_AddOffsets(self, self.group).do(node))
        return all(await asyncio.gather(*adding))

    async def _send_produce_req(self, node_id: int, batches: dict[TopicPartition, Any]) -> None:
        """Send nothing to a partition that the broker has not taken into this transaction.

        aiokafka forgets what it was to add when the broker refuses to, and then sends the batches all the same. Until
        the transaction before has its markers, the broker takes them for part of that, and commits them with it.
        """
        if batches.keys() <= self._txn_manager.txn_partitions:
            await super()._send_produce_req(node_id, batches)
            return
        for batch in batches.values():
            batch.failure(IllegalOperation("a partition is not in the transaction: nothing was written"))
        self._in_flight.remove(node_id)
        self._muted_partitions -= batches.keys()

    async def _do_add_offsets_to_txn(self, group_id: str) -> bool:
        node = await self._find_coordinator(
            aiokafka_sender.CoordinationType.TRANSACTION, self._txn_manager.transactional_id
        )
        return await _AddOffsets(self, group_id).do(node)

    async def _do_txn_offset_commit(self, offsets: Any, group_id: str) -> bool:
        node = await self._find_coordinator(aiokafka_sender.CoordinationType.GROUP, group_id)
        return await _CommitOffsets(self, offsets, group_id).do(node)

    async def _do_txn_commit(self, commit_result: int) -> bool:
        await self._message_accumulator.flush_for_commit()
        if self._txn_manager.is_empty_transaction():
            self._txn_manager.complete_transaction()
            return True
        node = await self._find_coordinator(
            aiokafka_sender.CoordinationType.TRANSACTION, self._txn_manager.transactional_id
        )
        return await _EndTransaction(self, commit_result).do(node)


class LaneProducer:
    """One life of a lane's transactional producer; after any error it is thrown away."""

    def __init__(
        self, client: Mapping[str, Any], *, transactional_id: str, transaction_timeout_ms: int, request_timeout_ms: int
    ) -> None:
        self._limit_s = 2 * request_timeout_ms / 1000
        self._kafka = AIOKafkaProducer(
            **client,
            transactional_id=transactional_id,
            enable_idempotence=True,
            acks="all",
            transaction_timeout_ms=transaction_timeout_ms,
            request_timeout_ms=request_timeout_ms,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=8 * BATCH_BYTES,
        )
        plain = self._kafka._sender
        self._kafka._sender = _FailFastSender(
            self._kafka.client,
            acks=plain._acks,
            txn_manager=self._kafka._txn_manager,
            message_accumulator=self._kafka._message_accumulator,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            request_timeout_ms=request_timeout_ms,
        )

    async def fence(self) -> None:
        """Start: every earlier producer of this id is fenced, and what it left open is settled before this returns."""
        try:
            await asyncio.wait_for(self._kafka.start(), timeout=self._limit_s)
        except (KafkaError, TimeoutError, OSError, AssertionError) as failure:  # it asserts that there is a broker
            await self.throw_away()
            raise Unavailable(f"Kafka doesn't start the lane's producer ({type(failure).__name__})") from None

    async def begin(self, topics: Iterable[str], partition: int, group: str) -> None:
        """Begin a transaction, and tell the broker where it will write; doesn't wait for the broker's answer.

        A topic that is named here and not written to costs a marker; one that is written to may be left out.
        """
        async with _sorted_errors(self._limit_s):
            self._kafka._sender.group = group
            await self._kafka.begin_transaction()
            for topic in topics:
                self._kafka._txn_manager.maybe_add_partition_to_txn(TopicPartition(topic, partition))
            failpoint("begun")

    async def write(self, outputs: Iterable[Output], partition: int) -> None:
        """Write every output to `partition` of its topic; returns when all are acknowledged."""
        async with _sorted_errors(self._limit_s):
            await self._acknowledged(await self._submit(_batched(outputs, self._kafka), partition))

    async def add_offsets(self, offsets: Mapping[TopicPartition, int], group: str) -> None:
        """Put the offsets into the transaction: last, so that whatever commits it by mistake loses nothing."""
        async with _sorted_errors(self._limit_s):
            await self._kafka.send_offsets_to_transaction(dict(offsets), group)
            failpoint("after-offsets")

    async def commit(self) -> None:
        """Commit the transaction."""
        async with _sorted_errors(self._limit_s):
            await self._kafka.commit_transaction()

    async def throw_away(self) -> None:
        """Close the connections at once, send nothing more, not even an abort: the next producer's start settles it."""
        self._kafka._closed = True
        with contextlib.suppress(Exception):
            await self._kafka.client.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._kafka._sender.close(), timeout=2)

    async def _submit(self, batches: Mapping[str, list[BatchBuilder]], partition: int) -> list[asyncio.Future[Any]]:
        # All first batches are queued without a pause between, so that one AddPartitionsToTxn names all partitions.
        waiting = []
        first = [(topic, builders[0]) for topic, builders in batches.items()]
        rest = [(topic, builder) for topic, builders in batches.items() for builder in builders[1:]]
        for topic, builder in (*first, *rest):
            answer = await self._kafka.send_batch(builder, topic, partition=partition)
            answer.add_done_callback(_heard)
            waiting.append(answer)
            failpoint("queued")
        return waiting

    async def _acknowledged(self, waiting: list[asyncio.Future[Any]]) -> None:
        # aiokafka commits a transaction although a batch of it failed: so each one is asked.
        for answer in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise answer


@contextlib.asynccontextmanager
async def _sorted_errors(limit_s: float) -> AsyncIterator[None]:
    """Say what happens next after any error within; what takes longer than `limit_s` counts as unheard."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except ProducerFenced:
        raise LaneLost("another worker has started this lane's producer") from None
    except (KafkaError, IllegalOperation, AssertionError, TimeoutError, OSError) as failure:
        if isinstance(failure.__cause__, ProducerFenced):
            raise LaneLost("another worker has started this lane's producer") from None
        raise Unavailable(f"a transaction failed ({type(failure).__name__}); the lane starts anew") from None


def _heard(answer: "asyncio.Future[Any]") -> None:
    """Look at an answer that nobody may come to ask for, since another failed first."""
    if not answer.cancelled():
        answer.exception()
    failpoint("acknowledged")


def _batched(outputs: Iterable[Output], kafka: AIOKafkaProducer) -> dict[str, list[BatchBuilder]]:
    by_topic: dict[str, list[Output]] = {}
    for output in outputs:
        by_topic.setdefault(output.topic, []).append(output)
    return {topic: list(_builders(of_topic, kafka)) for topic, of_topic in by_topic.items()}


def _builders(outputs: list[Output], kafka: AIOKafkaProducer) -> Iterator[BatchBuilder]:
    """As many batches as one topic's records need."""
    at = 0
    while at < len(outputs):
        builder = kafka.create_batch()
        # aiokafka's compiled builder, without the layer above it that would serialise keys and values.
        append, number = builder._builder.append, 0
        for _, key, value, headers in itertools.islice(outputs, at, None):
            if append(number, None, key, value, headers) is None:
                break
            number += 1
        if not number:
            raise DolenError(f"a record of {len(outputs[at].value)} bytes doesn't fit into an empty batch")
        builder._relative_offset = number
        builder.close()
        at += number
        yield builder
