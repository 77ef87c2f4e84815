"""Puts an agency behind its door, and its notifications into its inbox there."""

import asyncio

import structlog

from adapters.gateway.counter import Counter
from adapters.gateway.door import stand_behind
from adapters.gateway.native import Mail
from adapters.gateway.settings import GatewaySettings, load_door
from adapters.sdk.declaration import Notification, Outbox
from adapters.sdk.errors import NotStored
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.outcome import Kept, Outcome, Retry
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.waits import stopped_within

log = structlog.get_logger("dolen.adapter.gateway")

_AN_HOUR_S = 60 * 60.0


class GatewayEdge:
    """One agency at the gateway."""

    def __init__(self, settings: GatewaySettings, pseudonyms: Pseudonyms) -> None:
        """Raises ConfigurationRefused where the door's file is wrong."""
        load_door(settings.door)
        self._settings = settings
        self._pseudonyms = pseudonyms
        self._counter: Counter | None = None
        self._opened = asyncio.Event()

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Stand behind the door until `stop`: events come by request."""
        assert isinstance(outbox, StoredOutbox)  # noqa: S101 - the inbox's table is in the same store
        counter = Counter(self._settings, self._pseudonyms, outbox)
        await counter.open()
        self._counter = counter
        self._opened.set()
        async with asyncio.TaskGroup() as tasks:
            tidying = tasks.create_task(_tidy(counter, stop))
            await stand_behind(counter, stop)
            tidying.cancel()

    async def deliver(self, native: Mail, notification: Notification) -> Outcome:
        """Put a notification into the inbox; who fetches it makes it `delivered`."""
        await self._opened.wait()  # the runtime begins to deliver and to collect at the same time
        assert self._counter is not None  # noqa: S101
        try:
            await self._counter.keep(native, gap=notification.gap)
        except NotStored:
            return Retry("not-stored")
        return Kept()


async def _tidy(counter: Counter, stop: asyncio.Event) -> None:
    while True:
        try:
            await counter.tidy()
        except NotStored:
            log.error("gateway.not_tidied", agency=counter.agency)
        if await stopped_within(stop, _AN_HOUR_S):
            return
