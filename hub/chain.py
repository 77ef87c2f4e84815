"""Reads the end of a lane's chain in the ledger: what the next record has to name."""

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from hub.ledger import ChainHead, LedgerEntry, record_hash
from hub.record import Coordinates
from hub.scan import reader

FIRST_STEP = 64
"""How many offsets before the end to look first; doubled until a record is found (transactions leave markers)."""


async def read_head(client: Mapping[str, Any], ledger: str, lane: int) -> tuple[Coordinates | None, ChainHead]:
    """Coordinates of the inbound record that the lane's last ledger record is about, and the chain's head."""
    value = await last_value(client, ledger, lane)
    if value is None:
        return None, ChainHead()
    entry = LedgerEntry.model_validate_json(value)
    at = Coordinates(entry.at.topic, entry.at.partition, entry.at.offset)
    return at, ChainHead(entry.number, record_hash(value))


async def last_value(client: Mapping[str, Any], topic: str, lane: int) -> bytes | None:
    """The last committed record of a partition; None where there is none."""
    place = TopicPartition(topic, lane)
    async with reader(client) as consumer:
        consumer.assign([place])
        return await _last_value(consumer, place)


async def _last_value(consumer: AIOKafkaConsumer, place: TopicPartition) -> bytes | None:
    beginning = (await consumer.beginning_offsets([place]))[place]
    end = (await consumer.end_offsets([place]))[place]
    step = FIRST_STEP
    while end > beginning:
        start = max(beginning, end - step)
        last = await _last_between(consumer, place, start, end)
        if last is not None or start == beginning:
            return last
        step *= 2
    return None


async def _last_between(consumer: AIOKafkaConsumer, place: TopicPartition, start: int, end: int) -> bytes | None:
    consumer.seek(place, start)
    last: bytes | None = None
    while await consumer.position(place) < end:
        for records in (await consumer.getmany(place, timeout_ms=200)).values():
            last = records[-1].value
    return last
