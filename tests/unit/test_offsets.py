"""What Kafka does not say of a position is no position: a lane waits for it, and asks again."""

import asyncio
from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from confluent_kafka import TopicPartition

from hub.errors import Unavailable
from hub.offsets import Offsets

PLACE = ("referrals.v1", 0)


def client(offset):
    def list_offsets(asked, **_):
        told: Future[object] = Future()
        told.set_result(SimpleNamespace(offset=offset))
        return {TopicPartition(*PLACE): told}

    return SimpleNamespace(list_offsets=list_offsets)


@pytest.mark.parametrize("question", ["beginnings", "ends", "stable_ends"])
def test_a_leader_that_answers_without_an_offset_is_asked_again_later(question):
    """-1 without an error, as three brokers gave it while they elected leaders: a lane that sought there ended."""
    offsets = Offsets({"bootstrap.servers": "127.0.0.1:1"}, group="g", inbound=[PLACE])
    offsets._admin = first = client(-1)
    with pytest.raises(Unavailable, match="referrals"):
        asyncio.run(getattr(offsets, question)([PLACE]))
    assert offsets._admin is not first, "a client that knows an old leader alone never gets over it"
    offsets._admin = client(7)
    assert asyncio.run(getattr(offsets, question)([PLACE])) == {PLACE: 7}
