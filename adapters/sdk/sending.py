"""Sends what the outbox holds: children side by side, each child's in order, again where no receipt comes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import structlog
from sqlalchemy import Connection

from adapters.sdk.clock import Clock, system_clock
from adapters.sdk.errors import AdapterError, NotAllowed, NotConnected, NotSent, NotStored
from adapters.sdk.outbox import Leaving, StoredOutbox
from adapters.sdk.publisher import Publisher, Sent
from adapters.sdk.rounds import Rounds
from adapters.sdk.store import Store
from adapters.sdk.waits import backoff_ms, either, stopped_within

log = structlog.get_logger("dolen.adapter")

ROUND = 500
"""Events on their way at a time."""
IDLE_S = 0.5
"""How long an event that another connection put into the store may go unseen."""
REFUSED_WAIT_MS = 60_000
"""Before an event is offered again that Kafka does not let the agency write."""
HOUR_MS = 60 * 60 * 1000


@dataclass
class Sending:
    """Works through the outbox of one adapter."""

    store: Store
    outbox: StoredOutbox
    publisher: Publisher
    resend_after_ms: int
    """After this without a receipt the same bytes go out again; doubles each time, up to an hour."""
    clock: Clock = system_clock
    random: Random = field(default_factory=Random)
    rounds: Rounds = field(default_factory=Rounds)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`."""
        failed = 0
        while not stop.is_set():
            self.rounds.came("sending")
            try:
                sent = await self.round()
            except (NotConnected, NotSent, NotStored) as failure:
                failed += 1
                wait = backoff_ms(failed, first_ms=500, longest_ms=30_000, random=self.random) / 1000
                self.rounds.came("sending")
                log.warning("outbox.waits", error=type(failure).__name__, tries=failed, wait_s=round(wait, 1))
                await stopped_within(stop, wait)
            else:
                failed = 0
                if not sent:
                    await either(stop, self.outbox.stirred, IDLE_S)
                    self.outbox.stirred.clear()

    async def round(self) -> int:
        """Send what is due now; how many Kafka took. Raises NotConnected, NotSent or NotStored."""
        due = await self.store.read(lambda connection: self.outbox.leaving(connection, ROUND))
        if len(due) < ROUND:
            due += await self.store.read(lambda connection: self.outbox.unanswered(connection, ROUND))
        if not due:
            return 0
        outcomes = await self._send(due)
        gone = [(event, str(sent), self._missed_at(event)) for event, sent in outcomes if isinstance(sent, Sent)]
        refused = [event for event, failure in outcomes if isinstance(failure, NotAllowed)]
        for event in refused:
            log.error("outbox.kafka_refuses", event_id=event.event_id, family=event.family)
        again_at = self.clock() + REFUSED_WAIT_MS

        def write_down(connection: Connection) -> None:
            self.outbox.sent(connection, gone)
            for event in refused:
                self.outbox.held_back(connection, event.line, again_at)

        await self.store.write(write_down)
        for _, failure in outcomes:
            if isinstance(failure, NotConnected | NotSent):
                raise failure
        return len(gone)

    async def _send(self, due: Sequence[Leaving]) -> list[tuple[Leaving, Sent | AdapterError]]:
        async def one(event: Leaving) -> Sent | AdapterError:
            try:
                return await self.publisher.publish(
                    event.value, family=event.family, subject=event.subject, traceparent=event.hop
                )
            except (NotAllowed, NotConnected, NotSent) as failure:
                return failure

        first = await one(due[0])  # where Kafka is away, one event finds out, not all
        if isinstance(first, NotConnected | NotSent):
            return [(due[0], first)]
        rest = await asyncio.gather(*(one(event) for event in due[1:]))
        return list(zip(due, [first, *rest], strict=True))

    def _missed_at(self, event: Leaving) -> int:
        return self.clock() + min(HOUR_MS, self.resend_after_ms << min(event.attempts, 12))
