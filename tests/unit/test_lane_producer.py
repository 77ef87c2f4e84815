"""What a lane's producer makes of aiokafka's ways to fail."""

import asyncio

import pytest

from hub.errors import Unavailable
from hub.transactions import LaneProducer


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
