"""What a lane's producer makes of aiokafka's ways to fail."""

import asyncio

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from hub.errors import Unavailable
from hub.record import Output
from hub.transactions import BATCH_BYTES, LaneProducer, _batched


class Kafka:
    """What makes batches, as a lane's producer has it."""

    def create_batch(self):
        return BatchBuilder(BATCH_BYTES, 0, is_transactional=True)


def read(builder):
    records = MemoryRecords(bytes(builder._build()))
    while records.has_next():
        yield from records.next_batch()


def test_what_does_not_fit_into_one_batch_goes_into_the_next_in_order():
    outputs = [Output("a", b"%d" % n, b"x" * 300_000, [("n", b"%d" % n)]) for n in range(10)]
    builders = _batched([*outputs, Output("b", None, b"y", [])], Kafka())
    assert [builder.record_count() for builder in builders["a"]] == [3, 3, 3, 1]
    found = [(record.key, record.value, list(record.headers)) for builder in builders["a"] for record in read(builder)]
    assert found == [(output.key, output.value, output.headers) for output in outputs]
    assert [record.value for builder in builders["b"] for record in read(builder)] == [b"y"]


def test_a_record_longer_than_a_batch_has_one_of_its_own():
    outputs = [Output("a", None, b"x" * size, []) for size in (10, BATCH_BYTES + 1, 10)]
    builders = _batched(outputs, Kafka())["a"]
    assert [builder.record_count() for builder in builders] == [1, 1, 1]


@pytest.mark.parametrize("failure", [AssertionError("Did we not perform bootstrap?"), TimeoutError(), OSError()])
def test_a_broker_that_knows_of_no_broker_yet_is_waited_for(failure):
    async def fence():
        producer = LaneProducer(
            {"bootstrap_servers": "127.0.0.1:1"},
            transactional_id="dolen-lane-0",
            transaction_timeout_ms=20_000,
            request_timeout_ms=1_000,
        )

        async def start():
            raise failure

        producer._kafka.start = start
        await producer.fence()

    with pytest.raises(Unavailable):
        asyncio.run(fence())
