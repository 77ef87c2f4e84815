"""Says every fifteen seconds that an adapter is alive, and what waits in it."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from adapters.sdk.clock import Clock, moment, system_clock
from adapters.sdk.errors import AdapterError
from adapters.sdk.inbox import Inbox
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.publisher import Publisher
from adapters.sdk.store import Store
from adapters.sdk.waits import stopped_within
from contracts.heartbeat import EVERY_S, Heartbeat
from contracts.topics import HEARTBEATS

log = structlog.get_logger("dolen.adapter")


@dataclass(frozen=True, slots=True)
class Pulse:
    """What an adapter knew of itself at its last heartbeat."""

    at: int
    """Milliseconds since 1970."""
    heartbeat: Heartbeat | None
    """What waits; None: the store did not say."""
    failure: AdapterError | None
    """Why the heartbeat did not reach Kafka; None: it did."""


class Heartbeats:
    """One adapter's; the next replaces the one before, so what can't be sent is not kept."""

    def __init__(
        self,
        store: Store,
        outbox: StoredOutbox,
        inbox: Inbox,
        publisher: Publisher,
        *,
        agency: str,
        adapter: str,
        clock: Clock = system_clock,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._inbox = inbox
        self._publisher = publisher
        self._agency = agency
        self._adapter = adapter
        self._clock = clock
        self._started_at = clock()
        self.pulse: Pulse | None = None
        """None before the first heartbeat."""

    async def run(self, stop: asyncio.Event) -> None:
        """Report until `stop`."""
        while not stop.is_set():
            try:
                await self.beat()
            except AdapterError as failure:
                log.warning("heartbeat.not_sent", error=type(failure).__name__)
            await stopped_within(stop, EVERY_S)

    async def beat(self) -> None:
        """Report once; raises NotConnected, NotAllowed, NotSent or NotStored."""
        heartbeat = None
        try:
            heartbeat = await self._store.read(self.now)
            await self._publisher.report(
                heartbeat.model_dump_json().encode(), topic=HEARTBEATS, key=f"{self._agency}/{self._adapter}"
            )
        except AdapterError as failure:
            self.pulse = Pulse(self._clock(), heartbeat, failure)
            raise
        self.pulse = Pulse(self._clock(), heartbeat, None)

    def now(self, connection: Connection) -> Heartbeat:
        """What there is to report."""
        now = self._clock()
        outbox, inbox = self._outbox.counts(connection), self._inbox.counts(connection)
        return Heartbeat(
            agency=self._agency,
            adapter=self._adapter,
            at=moment(now),
            started_at=moment(self._started_at),
            outbox_waiting=outbox.waiting,
            outbox_oldest_s=_age(outbox.oldest_at, now),
            outbox_refused=outbox.rejected + outbox.untranslated,
            inbox_waiting=inbox.waiting,
            inbox_oldest_s=_age(inbox.oldest_at, now),
            parked_children=inbox.parked_children,
            parked=inbox.parked,
        )


def _age(at: int | None, now: int) -> float | None:
    return None if at is None else max(0.0, (now - at) / 1000)
