"""Says every fifteen seconds that an adapter is alive, and what waits in it."""

import asyncio
from collections.abc import Awaitable, Callable
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


Unreached = Callable[[], Awaitable[int]]
"""How many systems and contacts are told no more, as an edge knows it; it raises nothing."""


async def none_unreached() -> int:
    """Of an edge that tells nobody by itself."""
    return 0


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
        unreached: Unreached = none_unreached,
        clock: Clock = system_clock,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._inbox = inbox
        self._publisher = publisher
        self._agency = agency
        self._adapter = adapter
        self._unreached = unreached
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
        unreached = await self._unreached()
        try:
            heartbeat = await self._store.read(lambda connection: self.now(connection, unreached=unreached))
            await self._publisher.report(
                heartbeat.model_dump_json().encode(), topic=HEARTBEATS, key=f"{self._agency}/{self._adapter}"
            )
        except AdapterError as failure:
            self.pulse = Pulse(self._clock(), heartbeat, failure)
            raise
        self.pulse = Pulse(self._clock(), heartbeat, None)

    def now(self, connection: Connection, *, unreached: int) -> Heartbeat:
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
            unreached=unreached,
        )


def _age(at: int | None, now: int) -> float | None:
    return None if at is None else max(0.0, (now - at) / 1000)
