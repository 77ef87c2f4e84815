"""Whoever can write to Redis can neither suppress an event nor have one delivered twice."""

import asyncio
import os

import pytest
from aiokafka import AIOKafkaProducer
from redis import Redis as RedisClient

from hub.bench.load import Loaded
from tests.faults.ground import Ground

pytestmark = [pytest.mark.faults]


def test_marks_that_somebody_wrote_over_let_no_repeat_through(ground: Ground):
    events = [ground.load.event() for _ in range(120)]

    async def everything():
        ground.start()
        await _sent(ground, events)
        await ground.settled()
        client = RedisClient.from_url(ground.redis_url)
        marks = list(client.scan_iter(match=f"{ground.names.redis}*:seen:*", count=1000))
        for key in marks:
            client.set(key, os.urandom(46))
        await _sent(ground, events)
        await ground.settled()
        return len(marks), await ground.judged()

    marks, found = asyncio.run(everything())
    assert marks == 120
    assert ground.words("seen.foreign_marks")
    assert found.clean, found
    assert found.accepted == 120


async def _sent(ground: Ground, events: list[Loaded]) -> None:
    async with AIOKafkaProducer(**ground.root.kafka_client(), acks="all") as producer:
        for event in events:
            await producer.send(ground.load.topic, event.value, key=event.key, headers=[*event.headers])
        await producer.flush()
