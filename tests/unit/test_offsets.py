"""What Kafka does not say of a position is no position: a lane waits for it, and asks again."""

import asyncio
from types import SimpleNamespace

import pytest

from hub.errors import Unavailable
from hub.offsets import Offsets

PLACE = ("referrals.v1", 0)


def client(offset):
    def offsets_for_times(asked, **_):
        return [SimpleNamespace(topic=one.topic, partition=one.partition, offset=offset, error=None) for one in asked]

    return SimpleNamespace(offsets_for_times=offsets_for_times)


@pytest.mark.parametrize(("question", "level"), [("beginnings", "_all"), ("ends", "_all"), ("stable_ends", "_decided")])
def test_a_leader_that_answers_without_an_offset_is_asked_again_later(question, level):
    """-1 without an error, as three brokers gave it while they elected leaders: a lane that sought there ended."""
    offsets = Offsets({"bootstrap.servers": "127.0.0.1:1"}, group="g", inbound=[PLACE])
    asker = getattr(offsets, level)
    asker._consumer = first = client(-1)
    with pytest.raises(Unavailable, match="referrals"):
        asyncio.run(getattr(offsets, question)([PLACE]))
    assert asker._consumer is not first, "a client that knows an old leader alone never gets over it"
    asker._consumer = client(7)
    assert asyncio.run(getattr(offsets, question)([PLACE])) == {PLACE: 7}
