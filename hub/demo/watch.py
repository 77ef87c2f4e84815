"""Follows the ledger while the demo runs: how many events the hub has decided."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from hub.demo.process import HubProcess
from hub.errors import DolenError
from hub.names import Names
from hub.scan import reader
from hub.settings import Settings

PATIENCE_S = 60.0
"""How long the hub may decide nothing while something waits for it."""


class HubIsStuck(DolenError):
    """The hub decides nothing more, and there is something left to decide."""


async def follow(
    settings: Settings, *, until: "asyncio.Future[int]", on_decided: Callable[[int], None], hub: HubProcess
) -> None:
    """Count ledger records until there are as many as `until` comes to; raises HubIsStuck."""
    names = Names(settings.topic_prefix)
    async with reader(settings.kafka_client()) as consumer:
        consumer.assign([TopicPartition(names.ledger, lane) for lane in range(settings.lanes)])
        await _counted(consumer, until, on_decided, hub)


async def _counted(
    consumer: AIOKafkaConsumer,
    until: "asyncio.Future[int]",
    on_decided: Callable[[int], None],
    hub: HubProcess,
) -> None:
    loop = asyncio.get_running_loop()
    decided, last = 0, loop.time()
    while not (until.done() and decided >= until.result()):
        found = sum(len(records) for records in (await consumer.getmany(timeout_ms=200)).values())
        decided += found
        if found:
            last = loop.time()
            on_decided(found)
        elif not hub.alive or loop.time() - last > PATIENCE_S:
            raise HubIsStuck(f"the hub decided {decided} events and no more; its log ends:\n{hub.last_words()}")
