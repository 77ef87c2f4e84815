"""Follows the ledger while the demo runs, and says when all is at rest: decided, delivered and answered."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.parties import agency_of
from hub.demo.far.system import System
from hub.demo.process import Service
from hub.errors import DolenError
from hub.ledger import LedgerEntry
from hub.names import Names
from hub.offsets import Offsets
from hub.outcomes import Outcome
from hub.scan import reader
from hub.settings import Settings

PATIENCE_S = 60.0
"""How long nothing may come further while something waits."""
LOOK_EVERY_S = 0.5


class HubIsStuck(DolenError):
    """Nothing comes further any more, and something is left to be done."""


class Ledger:
    """What the hub has decided so far."""

    def __init__(self, settings: Settings, on_decided: Callable[[int], None]) -> None:
        self.decided = 0
        self.told: Counter[str] = Counter()
        """Notifications by the agency that reads them."""
        self._settings = settings
        self._on_decided = on_decided

    async def follow(self) -> None:
        """Read the ledger until cancelled."""
        names = Names(self._settings.topic_prefix)
        async with reader(self._settings.kafka_client()) as consumer:
            consumer.assign([TopicPartition(names.ledger, lane) for lane in range(self._settings.lanes)])
            while True:
                await self._read(consumer)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                entry = LedgerEntry.model_validate_json(record.value)
                if entry.outcome == Outcome.ACCEPTED:
                    self.told.update(agency_of(one.recipient) for one in entry.decisions if one.told)
            self.decided += len(records)
            self._on_decided(len(records))


async def until_at_rest(
    settings: Settings, ledger: Ledger, systems: Mapping[str, System], services: Sequence[Service]
) -> int:
    """Wait until the hub has decided all that was said, the systems have all that was told, and all is answered.

    Gives the number of records that were said. Raises HubIsStuck.
    """
    names = Names(settings.topic_prefix)
    offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=())
    loop = asyncio.get_running_loop()
    before, last, rested = "", loop.time(), False
    while True:
        said = sum((await offsets.ends(names.inbound_places(settings.lanes))).values())
        left = {"hub": said - ledger.decided} if said > ledger.decided else {}
        for agency, system in systems.items():
            await asyncio.to_thread(system.look)  # what it fetches is answered
            standing = await asyncio.to_thread(system.place.standing)
            waits = standing.unsettled + standing.waiting + max(0, ledger.told[agency] - standing.received)
            left |= {agency: waits} if waits else {}
        if not left and rested:
            return said
        rested = not left  # and nothing new a moment later: what is handled last may be answered
        now = f"{said} {ledger.decided} {left}"
        if now != before:
            before, last = now, loop.time()
        ended = [service for service in services if not service.alive]
        if ended or loop.time() - last > PATIENCE_S:
            raise HubIsStuck(_stuck(left, ended))
        await asyncio.sleep(LOOK_EVERY_S)


def _stuck(left: Mapping[str, int], ended: Sequence[Service]) -> str:
    waiting = ", ".join(f"{agency} {number}" for agency, number in left.items())
    told = [f"{service.name} has ended; {service.log} ends:\n{service.last_words()}" for service in ended]
    return "\n".join([f"nothing comes further; still to be done: {waiting}", *told])
