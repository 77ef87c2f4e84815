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


Went = tuple[Leaving, Sent | AdapterError]
"""An event that was sent, and what came of it."""


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

    def __post_init__(self) -> None:
        self._due: Sequence[Leaving] = ()
        """What was asked for when the last was written down."""
        self._reached = False
        """Whether Kafka took all that it was given last."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`."""
        failed = 0
        while not stop.is_set():
            self.rounds.came("sending")
            try:
                more = await self.round()
            except (NotConnected, NotSent, NotStored) as failure:
                failed += 1
                wait = backoff_ms(failed, first_ms=500, longest_ms=30_000, random=self.random) / 1000
                self.rounds.came("sending")
                log.warning("outbox.waits", error=type(failure).__name__, tries=failed, wait_s=round(wait, 1))
                await stopped_within(stop, wait)
            else:
                failed = 0
                if not more:
                    await either(stop, self.outbox.stirred, IDLE_S)

    async def round(self) -> bool:
        """Send what is due now; whether more is due after it. Raises NotConnected, NotSent or NotStored."""
        due, self._due = self._due or await self._write_down(()), ()
        if not due:
            return False
        went = await self._send(due)
        more = await self._write_down(went)
        for _, failure in went:
            if isinstance(failure, NotConnected | NotSent):
                raise failure
        self._due = more
        return bool(more)

    async def _write_down(self, went: Sequence[Went]) -> list[Leaving]:
        """What went, and what is due next, in one transaction."""
        self.outbox.stirred.clear()
        gone = [(event, str(sent), self._missed_at(event)) for event, sent in went if isinstance(sent, Sent)]
        refused = [event for event, failure in went if isinstance(failure, NotAllowed)]
        for event in refused:
            log.error("outbox.kafka_refuses", event_id=event.event_id, family=event.family)
        again_at = self.clock() + REFUSED_WAIT_MS

        def turn(connection: Connection) -> list[Leaving]:
            self.outbox.sent(connection, gone)
            for event in refused:
                self.outbox.held_back(connection, event.line, again_at)
            due = self.outbox.leaving(connection, ROUND)
            return due if len(due) == ROUND else due + self.outbox.unanswered(connection, ROUND)

        return await self.store.write(turn)

    async def _send(self, due: Sequence[Leaving]) -> list[Went]:
        async def one(event: Leaving) -> Sent | AdapterError:
            try:
                return await self.publisher.publish(
                    event.value, family=event.family, subject=event.subject, traceparent=event.hop
                )
            except (NotAllowed, NotConnected, NotSent) as failure:
                return failure

        came: list[Sent | AdapterError] = []
        if not self._reached:  # where Kafka may be away, one event finds out, not all
            came = [await one(due[0])]
        self._reached = not any(map(_is_away, came))
        if self._reached:
            came += await asyncio.gather(*(one(event) for event in due[len(came) :]))
            self._reached = not any(map(_is_away, came))
        return list(zip(due, came, strict=False))  # the first alone, where that found Kafka away

    def _missed_at(self, event: Leaving) -> int:
        return self.clock() + min(HOUR_MS, self.resend_after_ms << min(event.attempts, 12))


def _is_away(came: Sent | AdapterError) -> bool:
    return isinstance(came, NotConnected | NotSent)
