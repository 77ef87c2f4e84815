"""The ways in which hubs are commonly built wrong, each put over the right one."""

import asyncio
import dataclasses
import os
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer, TopicPartition

from hub import answers, lane, pipeline, worker
from hub.answers import duplicate
from hub.failpoints import failpoint
from hub.names import Names
from hub.pipeline import conclude, examine

STRANGER = "/agencies/cardiff-education"


class PlainProducer:
    """Idempotent, acknowledged, and without transactions."""

    def __init__(self, client, **_):
        self._kafka = AIOKafkaProducer(**client, acks="all", enable_idempotence=True)

    async def fence(self):
        await self._kafka.start()

    async def write(self, outputs, partition):
        for each in outputs:
            await self._kafka.send(each.topic, each.value, key=each.key, headers=each.headers, partition=partition)
        await self._kafka.flush()

    async def throw_away(self):
        await self._kafka.stop()


class StockProducer(PlainProducer):
    """Transactional, as aiokafka has it."""

    def __init__(self, client, *, transactional_id, transaction_timeout_ms, request_timeout_ms):
        self._kafka = AIOKafkaProducer(
            **client,
            transactional_id=transactional_id,
            transaction_timeout_ms=transaction_timeout_ms,
            request_timeout_ms=request_timeout_ms,
        )

    async def write(self, outputs, partition):
        await self._kafka.begin_transaction()
        await super().write(outputs, partition)

    async def add_offsets(self, offsets, group):
        await self._kafka.send_offsets_to_transaction(dict(offsets), group)

    async def commit(self):
        await self._kafka.commit_transaction()

    async def throw_away(self):
        self._kafka._closed = True
        await self._kafka.client.close()
        await asyncio.wait_for(self._kafka._sender.close(), timeout=2)


def mark_then_publish() -> None:
    """Marks in Redis and then publishes; whatever is marked is a repeat, its own mark too."""
    _without_transactions()
    pipeline._answer = _always_a_repeat

    async def transact(self, records):
        rules, cases = self._rules(), examine(records, self._rules())
        found = await self._claimed(_claims(cases), _upto(records), rules)
        failpoint("after-claim")
        await _publish(self, cases, found, records)

    lane.Lane._transact = transact


def publish_then_mark() -> None:
    """Looks in Redis, publishes, and marks afterwards."""
    _without_transactions()

    async def transact(self, records):
        rules, cases = self._rules(), examine(records, self._rules())
        claims = _claims(cases)
        async with self._seen._talking() as redis:
            found = [await redis.get(self._seen._key(claim)) for claim in claims]
        batch = conclude(cases, _own_are_repeats(claims, found), rules=rules, head=self._head, worker=self._worker)
        await self._producer.write(batch.outputs, self.number)
        failpoint("before-offsets")
        await self._claimed(claims, _upto(records), rules)
        await _group[0].commit({TopicPartition(*place): offset for place, offset in _upto(records).items()})
        self._moved(batch, _upto(records))

    lane.Lane._transact = transact


def one_id_per_worker() -> None:
    """The transactional id names the worker, so that nobody fences the lane's earlier owner."""
    own = Names.transactional_id
    Names.transactional_id = lambda self, number: f"{own(self, number)}-{os.getpid()}"  # type: ignore[method-assign]
    _trusting()


def no_fail_fast() -> None:
    """aiokafka's own producer: it sends a transactional request again after an unheard answer, on the same epoch."""
    lane.LaneProducer = StockProducer  # type: ignore[misc, assignment]
    _trusting()  # the right hub's checks find what it did, and stop the lane


def policy_off_by_one() -> None:
    """The last who is told is somebody else."""
    right = answers.route

    def route(event, **known):
        decisions = right(event, **known)
        last = [decision for decision in decisions if decision.told][-1]
        return tuple(
            dataclasses.replace(each, recipient=STRANGER) if each is last else each
            for each in decisions
            if each.recipient != STRANGER
        )

    answers.route = route


WRONG: dict[str, Callable[[], None]] = {
    "mark-then-publish": mark_then_publish,
    "publish-then-mark": publish_then_mark,
    "one-id-per-worker": one_id_per_worker,
    "no-fail-fast": no_fail_fast,
    "policy-off-by-one": policy_off_by_one,
}


_group: list = []
"""The worker's member of the group, by which it commits."""


def _without_transactions() -> None:
    lane.LaneProducer = PlainProducer  # type: ignore[misc, assignment]
    right = worker.Worker._make_consumer

    def make_consumer(self):
        _group.append(right(self))
        return _group[0]

    worker.Worker._make_consumer = make_consumer  # type: ignore[method-assign]
    _trusting()


def _trusting() -> None:
    """A hub that is built so has none of the right one's checks when it takes a lane over."""
    read_head = lane.read_head

    async def head_alone(*place):
        _, head = await read_head(*place)
        return None, head

    async def nothing(self):
        pass

    lane.read_head = head_alone  # type: ignore[assignment]
    lane.Lane._nothing_undecided = nothing  # type: ignore[method-assign]


async def _publish(self, cases, found, records) -> None:
    batch = conclude(cases, found, rules=self._rules(), head=self._head, worker=self._worker)
    await self._producer.write(batch.outputs, self.number)
    failpoint("before-offsets")
    await _group[0].commit({TopicPartition(*place): offset for place, offset in _upto(records).items()})
    self._moved(batch, _upto(records))


def _always_a_repeat(case, found, rules):
    if case.claim is None or found is None:
        return case.answer
    return duplicate(case.about, rules.marks.first(found), rules)


def _own_are_repeats(claims: Sequence, found: Sequence) -> list:
    """What stands in Redis, and repeats within the batch itself."""
    first: dict[bytes, bytes] = {}
    return [mark or first.setdefault(claim.key, claim.mark) for claim, mark in zip(claims, found, strict=True)]


def _claims(cases: Sequence) -> list:
    return [case.claim for case in cases if case.claim is not None]


def _upto(records) -> dict:
    return {(record.topic, record.partition): record.offset + 1 for record in records}
