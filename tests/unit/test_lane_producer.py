"""What a lane's producer makes of its records, of aiokafka's ways to fail, and of a broker that is too old."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import (
    ConcurrentTransactions,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    IncompatibleBrokerVersion,
    InvalidProducerEpoch,
    InvalidTxnState,
    NoError,
    NotCoordinatorError,
    ProducerFenced,
    RequestTimedOutError,
)
from aiokafka.record.memory_records import MemoryRecords

from hub.errors import DolenError, LaneLost, StartRefused, Unavailable
from hub.record import Output
from hub.transaction_requests import EndTxn, EndTxnAnswer, Produce, TxnOffsetCommit
from hub.transactions import BATCH_BYTES, REQUEST_BYTES, LaneProducer, _Asked, _by_topic, _error


def with_producer(use):
    async def used():
        producer = LaneProducer(
            {"bootstrap_servers": "127.0.0.1:1"},
            transactional_id="dolen-lane-0",
            transaction_timeout_ms=20_000,
            request_timeout_ms=1_000,
        )
        producer._producer = 7, 3
        found = use(producer)
        return await found if asyncio.iscoroutine(found) else found

    return asyncio.run(used())


def requests(outputs):
    return with_producer(lambda producer: list(producer._requests(_by_topic(outputs), 4)))


def batch(value):
    return MemoryRecords(bytes(value)).next_batch()


def test_what_does_not_fit_into_one_batch_goes_into_the_next_request_in_order():
    outputs = [Output("a", b"%d" % n, b"x" * 300_000, [("n", b"%d" % n)]) for n in range(10)]
    made = requests([*outputs, Output("b", None, b"y", [])])
    of_a = [batch(request[TopicPartition("a", 4)]) for request in made]
    assert [each.base_sequence for each in of_a] == [0, 3, 6, 9]
    assert {(each.producer_id, each.producer_epoch, each.is_transactional) for each in of_a} == {(7, 3, True)}
    found = [(record.key, record.value, list(record.headers)) for each in of_a for record in each]
    assert found == [(output.key, output.value, output.headers) for output in outputs]
    assert [record.value for record in batch(made[0][TopicPartition("b", 4)])] == [b"y"]
    assert all(TopicPartition("b", 4) not in request for request in made[1:])


def test_a_request_holds_no_more_than_a_broker_takes():
    made = requests([Output(f"t{n}", None, b"x" * 900_000, []) for n in range(40)])
    assert [place.topic for request in made for place in request] == [f"t{n}" for n in range(40)]
    assert max(sum(map(len, request.values())) for request in made) <= REQUEST_BYTES + BATCH_BYTES
    assert len(made) == 3


def test_a_record_longer_than_a_batch_has_one_of_its_own():
    made = requests([Output("a", None, b"x" * size, []) for size in (10, BATCH_BYTES + 1, 10)])
    assert [len(list(batch(request[TopicPartition("a", 4)]))) for request in made] == [1, 1, 1]


@pytest.mark.parametrize("failure", [AssertionError("Did we not perform bootstrap?"), TimeoutError(), OSError()])
def test_a_broker_that_knows_of_no_broker_yet_is_waited_for(failure):
    async def fence(producer):
        async def bootstrap():
            raise failure

        producer._client.bootstrap = bootstrap
        await producer.fence()

    with pytest.raises(Unavailable):
        with_producer(fence)


def test_each_transaction_has_an_epoch_and_sequences_of_its_own():
    def next_one(producer):
        producer._sequences[TopicPartition("a", 4)] = 5
        producer._next_transaction(7, 4)
        return producer._producer, producer._sequences

    assert with_producer(next_one) == ((7, 4), {})


def test_a_cluster_that_keeps_the_epoch_ends_the_worker_with_the_remedy():
    with pytest.raises(StartRefused, match=r"transaction\.version=2"):
        with_producer(lambda producer: producer._next_transaction(7, 3))


@pytest.mark.parametrize("kind", [Produce, TxnOffsetCommit, EndTxn])
def test_a_broker_without_the_second_protocol_is_refused(kind):
    request = kind(*(None for _ in kind.SCHEMA.names))
    assert request.prepare({kind.API_KEY: (0, kind.API_VERSION)}) is request
    for versions in ({}, {kind.API_KEY: (0, kind.API_VERSION - 1)}, {kind.API_KEY: (kind.API_VERSION + 1, 99)}):
        with pytest.raises(IncompatibleBrokerVersion, match=r"Kafka 4\.0"):
            request.prepare(versions)


def test_sequences_begin_anew_after_the_last():
    def wrapped(producer):
        producer._sequences[TopicPartition("a", 4)] = 2**31 - 1
        made = list(producer._builders(TopicPartition("a", 4), [Output("a", None, b"x", [])]))
        return batch(made[0]).base_sequence, producer._sequences[TopicPartition("a", 4)]

    assert with_producer(wrapped) == (2**31 - 1, 0)


def answered(*errors):
    """A coordinator that gives these answers, one after the other; how often it was asked, and what came of it."""
    asked = []

    async def use(producer):
        async def ask(kind, key, request):
            async def answer():
                return EndTxnAnswer(0, errors[len(asked) - 1].errno, 7, 4, {})

            asked.append(key)
            return _Asked(kind, key, request, answer())

        producer._asked = ask
        producer._coordinators[CoordinationType.TRANSACTION, "dolen-lane-0"] = 1
        await producer.commit()
        return len(asked), producer._producer

    try:
        return with_producer(use)
    except DolenError as refused:
        return len(asked), type(refused)


@pytest.mark.parametrize("not_done", [ConcurrentTransactions, CoordinatorLoadInProgressError, NotCoordinatorError])
def test_what_a_coordinator_has_not_done_is_asked_again(not_done):
    assert answered(not_done, not_done, NoError) == (3, (7, 4))


@pytest.mark.parametrize(
    ("refused", "becomes"),
    [
        (CoordinatorNotAvailableError, Unavailable),
        (RequestTimedOutError, Unavailable),
        (InvalidTxnState, Unavailable),
        (InvalidProducerEpoch, LaneLost),
    ],
)
def test_what_a_coordinator_may_have_done_is_never_asked_again(refused, becomes):
    assert answered(refused, NoError) == (1, becomes)


def test_a_producer_that_was_fenced_is_known_by_number():
    assert _error(90) is ProducerFenced
